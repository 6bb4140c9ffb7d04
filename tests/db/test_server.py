"""The embedded server: shared, safe, and recovering from whatever happened to it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil
import psycopg
import pytest

from buyside.db import server

PASSWORD = "a password"


@pytest.fixture
def folder() -> Iterator[Path]:
    with TemporaryDirectory(prefix="buyside server ") as parent:
        Path(parent).chmod(0o711)
        yield Path(parent) / "postgres"
        server.stop(Path(parent) / "postgres")


def connect(running: server.Server) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(
        host=str(running.socket_folder), user=server.ADMINISTRATOR, password=PASSWORD, dbname="postgres"
    )


def show(connection: psycopg.Connection[tuple[object, ...]], name: str) -> object:
    row = connection.execute("select current_setting(%s)", [name]).fetchone()
    assert row is not None
    return row[0]


def processes_of(folder: Path) -> list[psutil.Process]:
    return [each for each in psutil.process_iter(["cmdline"]) if str(folder) in (each.info["cmdline"] or [])]


def test_a_new_server_has_checksums_and_fsync_and_listens_nowhere(folder: Path) -> None:
    with server.running(folder, PASSWORD) as running, connect(running) as connection:
        shown = {name: show(connection, name) for name in ("data_checksums", "fsync", "listen_addresses", "TimeZone")}
    assert shown == {"data_checksums": "on", "fsync": "on", "listen_addresses": "", "TimeZone": "UTC"}
    assert not processes_of(folder)


def test_a_wrong_password_is_not_let_in(folder: Path) -> None:
    with server.running(folder, PASSWORD) as running, pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(host=str(running.socket_folder), user=server.ADMINISTRATOR, password="x", dbname="postgres")


def test_the_server_stops_with_its_last_user_only(folder: Path) -> None:
    first = server.start(folder, PASSWORD)
    second = server.start(folder, PASSWORD)
    assert first.process_id() == second.process_id()
    assert not server.release(first)
    connect(second).close()
    assert server.release(second)
    with pytest.raises(server.ServerProblem, match="has stopped"):
        second.process_id()


def test_a_killed_server_recovers_what_was_committed(folder: Path) -> None:
    first = server.start(folder, PASSWORD)
    with connect(first) as connection:
        connection.execute("create table kept (number int)")
        connection.execute("insert into kept values (7)")
    os.kill(first.process_id(), signal.SIGKILL)
    with server.running(folder, PASSWORD) as second, connect(second) as connection:
        assert connection.execute("select number from kept").fetchall() == [(7,)]
    server.release(first)


def test_a_server_that_outlived_its_killed_user_is_used_again(folder: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path; from buyside.db import server;"
        f"server.start(Path(sys.argv[1]), {PASSWORD!r}); print('up', flush=True); time.sleep(60)"
    )
    user = subprocess.Popen([sys.executable, "-c", script, str(folder)], stdout=subprocess.PIPE, text=True)
    assert user.stdout is not None
    assert user.stdout.readline() == "up\n"
    outlived = int((folder / "postmaster.pid").read_text().split()[0])
    user.kill()
    user.wait()
    user.stdout.close()
    again = server.start(folder, PASSWORD)
    assert again.process_id() == outlived
    assert server.release(again), "the killed user's claim must not keep the server alive"


def test_a_process_number_that_now_belongs_to_another_process_is_not_believed(folder: Path) -> None:
    with server.running(folder, PASSWORD):
        lines = (folder / "postmaster.pid").read_text().splitlines()
    # A sleeper of the server's own user: PostgreSQL itself would take it for a running server and refuse to start.
    owner = folder.stat().st_uid
    sleeper = subprocess.Popen(["sleep", "60"], user=owner if os.geteuid() == 0 else None)
    try:
        (folder / "postmaster.pid").write_text("\n".join([str(sleeper.pid), *lines[1:]]) + "\n")
        os.chown(folder / "postmaster.pid", owner, -1)
        with server.running(folder, PASSWORD) as running:
            assert running.process_id() != sleeper.pid
            connect(running).close()
        assert sleeper.poll() is None
    finally:
        sleeper.kill()
        sleeper.wait()


def test_data_of_another_major_version_is_told_and_left_as_it_is(folder: Path) -> None:
    with server.running(folder, PASSWORD):
        pass
    (folder / "PG_VERSION").write_text("17\n")
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    with pytest.raises(server.ServerProblem, match="holds data of PostgreSQL 17"):
        server.start(folder, PASSWORD)
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


def test_a_folder_with_other_things_in_it_is_not_taken(folder: Path) -> None:
    folder.mkdir()
    (folder / "letter.txt").write_text("dear")
    with pytest.raises(server.ServerProblem, match="holds no PostgreSQL data"):
        server.start(folder, PASSWORD)


def test_a_path_too_long_for_a_socket_gets_a_short_private_folder(folder: Path) -> None:
    deep = folder / ("d" * 60) / ("e" * 60)
    deep.mkdir(parents=True)
    with server.running(deep / "postgres", PASSWORD, durable=False) as running:
        assert len(str(running.socket_folder)) < 60
        assert running.socket_folder.stat().st_mode & 0o777 == 0o700
        connect(running).close()
    running.socket_folder.rmdir()


def test_many_processes_starting_at_once_share_one_server(folder: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from buyside.db import server;"
        f"s = server.start(Path(sys.argv[1]), {PASSWORD!r}, durable=False); print(s.process_id(), flush=True);"
        "sys.stdin.read(); server.release(s)"
    )
    users = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    numbers = {user.stdout.readline() for user in users if user.stdout is not None}
    for user in users:
        user.communicate("")
    assert len(numbers) == 1
    assert "" not in numbers
    deadline = time.monotonic() + 5
    while processes_of(folder) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not processes_of(folder)


def test_a_start_that_is_interrupted_leaves_no_server_behind(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    launch = server._launch

    def launch_and_interrupt(*words: Any) -> None:
        launch(*words)
        raise KeyboardInterrupt

    monkeypatch.setattr(server, "_launch", launch_and_interrupt)
    with pytest.raises(KeyboardInterrupt):
        server.start(folder, PASSWORD)
    assert not processes_of(folder)
    monkeypatch.undo()
    with server.running(folder, PASSWORD) as running:
        connect(running).close()
