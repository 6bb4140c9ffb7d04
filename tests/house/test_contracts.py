"""The rooms and who may import whom, as STYLE.md has it and pyproject.toml states it."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from buyside.config import ROOT

SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text())
CONTRACTS = {contract["id"]: contract for contract in SETTINGS["tool"]["importlinter"]["contracts"]}


IMPORTED = {
    "buyside.db.engine", "buyside.queries.read", "buyside.queries.orders", "buyside.planning.lots",
    "buyside.operations.orders", "buyside.state.orders",
}  # fmt: skip


def lint(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    program = Path(sys.executable).with_name("lint-imports")
    return subprocess.run(
        [program, "--no-logo", "--no-cache", *words], cwd=folder, capture_output=True, text=True, check=False
    )


def named_modules() -> set[Path]:
    """Files of ours that a contract or a case below names one by one."""
    names = {
        name
        for contract in CONTRACTS.values()
        for kind in ("source_modules", "forbidden_modules")
        for name in contract.get(kind, ())
    }
    names |= {f"buyside.{layer}" for layer in ("config", "buyside")} | IMPORTED
    files = {ROOT.joinpath(*name.split(".")).with_suffix(".py") for name in names if name.startswith("buyside.")}
    return {path for path in files if path.is_file()}


def test_every_import_contract_is_kept() -> None:
    finished = lint(ROOT)
    assert finished.returncode == 0, finished.stdout


def test_every_room_has_its_place() -> None:
    layers = CONTRACTS["rooms"]["layers"]
    placed = {word.strip(" ()") for layer in layers for word in layer.replace(":", "|").split("|")}
    rooms = {path.name for path in (ROOT / "buyside").iterdir() if path.is_dir() and (path / "__init__.py").exists()}
    assert rooms <= placed
    assert CONTRACTS["rooms"]["exhaustive"]


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("domain/orders.py", "import sqlalchemy", "domain, planning and documents know no framework and no database"),
        ("planning/lots.py", "import buyside.db.engine", "Each room looks down, never up"),
        ("operations/orders.py", "import polars", "polars appears in planning and queries only"),
        ("web/gate.py", "import reflex", "reflex appears in pages, state and buyside.py only"),
        ("pages/orders.py", "import buyside.queries.read", "pages call neither operations nor queries"),
        (
            "state/portal/orders.py",
            "import buyside.planning.lots",
            "no chain of imports leads from the portal to planning",
        ),
        (
            "pages/portal/orders.py",
            "import buyside.state.orders",
            "the portal imports no page and no state of the internal surface",
        ),
        (
            "pages/kit/grid.py",
            "import buyside.state.orders",
            "the portal imports no page and no state of the internal surface",
        ),
        (
            "state/portal/orders.py",
            "import buyside.operations.orders",
            "the portal reads through queries of its own and writes nothing",
        ),
        (
            "queries/portal_orders.py",
            "import buyside.queries.orders",
            "the portal reads through queries of its own and writes nothing",
        ),
        ("operations/stock.py", "import buyside.operations.orders", "operations import neither each other"),
    ],
)
def test_a_forbidden_import_breaks_its_contract(tmp_path: Path, module: str, line: str, contract: str) -> None:
    for room in (path for path in (ROOT / "buyside").rglob("__init__.py")):
        copy = tmp_path / room.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.touch()
    for path in named_modules():
        (tmp_path / path.relative_to(ROOT)).touch()
    (tmp_path / "buyside" / module).write_text(line + "\n")
    (tmp_path / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
    finished = lint(tmp_path)
    assert finished.returncode == 1, finished.stdout + finished.stderr
    assert any(contract in each and each.endswith("BROKEN") for each in finished.stdout.splitlines()), finished.stdout
