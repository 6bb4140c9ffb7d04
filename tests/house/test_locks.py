"""The locks: every package pinned and named by hashes, and no word about where to get it from."""

import hashlib
import json
import re
import tomllib
from pathlib import Path

import pytest

from buyside.config import ROOT

LOCKS = ["requirements.lock", "requirements-dev.lock"]
# The page, and the provider that the sign-in is tried against.
NPM_LOCKS = {ROOT / "reflex.lock" / "package-lock.json": 50, ROOT / "tests/providers/certified/package-lock.json": 30}


def entries(lock: str) -> list[str]:
    """Every requirement of a lock with its hashes on one line."""
    return [line for line in (ROOT / lock).read_text().replace("\\\n", " ").splitlines() if line.strip()]


def pins(lock: str) -> set[tuple[str, str]]:
    return {match.group(1, 2) for line in entries(lock) if (match := re.match(r"([a-z0-9-]+)==([^ ;]+)", line))}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_is_pinned_and_has_hashes(lock: str) -> None:
    for line in entries(lock):
        assert re.match(r"[a-z0-9-]+(\[[a-z0-9,_-]+\])?==\S+( ;.*?)? +--hash=sha256:[0-9a-f]{64}", line), line


@pytest.mark.parametrize("lock", LOCKS)
def test_no_lock_names_an_address(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert "://" not in text
    assert not re.search(r"^\s*--(?!hash=)", text, re.MULTILINE), "only hashes, no options for an index"
    assert "@ " not in text


def test_what_runs_is_what_was_tested() -> None:
    assert pins("requirements.lock") <= pins("requirements-dev.lock")


def test_everything_that_is_asked_for_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for lock, wanted in {
        "requirements.lock": project["dependencies"],
        "requirements-dev.lock": project["dependencies"] + project["optional-dependencies"]["dev"],
    }.items():
        locked = {name for name, _ in pins(lock)}
        names = {re.split(r"[\[<>=!~ ;]", each, maxsplit=1)[0].lower() for each in wanted}
        assert names <= locked


@pytest.mark.parametrize("lock", NPM_LOCKS, ids=lambda lock: lock.parent.name)
def test_every_npm_package_has_a_hash_and_no_address(lock: Path) -> None:
    packages = json.loads(lock.read_text())["packages"]
    named = {name: package for name, package in packages.items() if name}
    assert len(named) > NPM_LOCKS[lock]
    assert not [name for name, package in named.items() if "resolved" in package]
    assert not [name for name, package in named.items() if not package.get("integrity", "").startswith("sha512-")]


@pytest.mark.parametrize("lock", NPM_LOCKS, ids=lambda lock: lock.parent.name)
def test_every_npm_package_that_is_asked_for_is_locked(lock: Path) -> None:
    asked = json.loads(lock.with_name("package.json").read_text())
    packages = json.loads(lock.read_text())["packages"]
    assert asked["dependencies"]
    for name in asked["dependencies"] | asked.get("devDependencies", {}):
        assert f"node_modules/{name}" in packages


def tracked_files() -> list[Path]:
    folders = ["buyside", "alembic", "docs", "tests", "assets", "scripts", ".ci", "benches"]
    loose = [path for path in ROOT.iterdir() if path.is_file()]
    return loose + [path for folder in folders for path in (ROOT / folder).rglob("*") if path.is_file()]


# SHA-256 of the hosts' names, so that this file does not name them either
REGISTRIES = {
    "0dc11026ac75c015aaa1deafff4a7a54ef6d0cf6b3c7f9b1d2c8f3502929aa9e",
    "c899567ee906851741bf7f3bde17a33777859ff9f53ff54d6f0ea54cf31ad636",
    "a4aa2ac280bb8d1a0ce7a1be5a7bfb10292b49fe9435ad5cff19f421f3c70e41",
}
HOST = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+")


def registries_in(text: str) -> set[str]:
    """Hosts of package registries that a text names."""
    return {host for host in set(HOST.findall(text)) if hashlib.sha256(host.encode()).hexdigest() in REGISTRIES}


def test_no_file_names_a_package_registry() -> None:
    for path in tracked_files():
        if path.suffix in {".py", ".md", ".lock", ".toml", ".json", ".ini", ".sh", ".jsx", ""}:
            assert registries_in(path.read_text(errors="ignore")) == set(), path


def test_a_registry_would_be_found() -> None:
    host = "gro.ipyp"[::-1]  # spelt backwards, for the same reason
    assert registries_in(f"see https://{host}/simple/polars for it") == {host}
