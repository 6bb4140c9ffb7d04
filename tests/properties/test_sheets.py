"""Whatever people save, in whatever order: a sheet is what a simple model says, and a refused request changes nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from itertools import combinations
from random import Random

import pytest
from sqlmodel import Session

from buyside.domain.sheet_cells import canonical
from buyside.domain.sheet_changes import RowChange, RowsRefused
from buyside.operations.run import within
from buyside.operations.sheets import remove_rows, save_rows
from tests.sheet_acts import Sheets
from tests.world import NOW, World

_DAYS = ("", "2026-01-01", "2026-01-02", "2026-02-01", "2026-02-28", "2026-13-01")
_VALUES: dict[str, tuple[str, ...]] = {  # what is never right stands last, and is drawn seldom
    "vendor": ("A", "B"),
    "item": ("X", "Y", "?"),
    "lead_days": ("3", "7", "soon"),
    "share_percent": ("", "40", "70", "101"),
    "valid_from": _DAYS,
    "valid_to": _DAYS,
    "is_active": ("true", "false", "perhaps"),
}
_BEGINS = {"share_percent": "", "valid_from": "", "valid_to": "", "is_active": "true"}
_Request = list[tuple[int, bool, dict[str, str]]]
"""(which row: 0 makes a new one, n changes the n-th of those there; whether its version is the one there; cells)"""


def _value(random: Random, name: str) -> str:
    values = _VALUES[name]
    return values[-1] if random.random() < 0.01 else random.choice(values[:-1] if len(values) > 2 else values)


def _request(random: Random, count: int) -> _Request:
    request: _Request = []
    for _ in range(random.choice((1, 1, 2, 3))):
        place = random.randint(0, count)
        if place == 0 or random.random() < 0.02:
            request.append((0, True, {name: _value(random, name) for name in _VALUES if random.random() < 0.98}))
        else:
            names = random.sample(["lead_days", *_BEGINS], random.choice((1, 2, 3)))
            names += ["vendor"] if random.random() < 0.02 else []
            request.append((place, random.random() < 0.97, {name: _value(random, name) for name in names}))
    return request


def _swap(random: Random, rows: list[Row]) -> _Request:
    """Two rows that take each other's days."""
    one, other = random.sample(range(len(rows)), 2)
    days = [{name: rows[each].cells[name] for name in ("valid_from", "valid_to")} for each in (other, one)]
    return [(one + 1, True, days[0]), (other + 1, True, days[1])]


@dataclass
class Row:
    """A vendor item of the model."""

    key: str
    version: int
    cells: dict[str, str] = field(default_factory=dict)


def _fits(cells: dict[str, str]) -> bool:
    """Whether a row can be by itself."""
    begins, ends = cells["valid_from"], cells["valid_to"]
    return (
        cells.get("vendor") in ("A", "B")
        and cells.get("item") in ("X", "Y")
        and cells.get("lead_days") in ("3", "7")
        and cells["share_percent"] in ("", "40", "70")
        and cells["is_active"] in ("true", "false")
        and "2026-13-01" not in (begins, ends)
        and (not begins or not ends or begins <= ends)
    )


def _holds(one: dict[str, str], day: str) -> bool:
    return (not one["valid_from"] or one["valid_from"] <= day) and (not one["valid_to"] or day <= one["valid_to"])


def _fit_together(rows: list[dict[str, str]]) -> bool:
    """Whether rows that fit by themselves can be at the same time."""
    days = ("0001-01-01", *_DAYS[1:5], "2026-01-31", "9999-01-01")
    for one, other in combinations(rows, 2):
        alike = (one["vendor"], one["item"]) == (other["vendor"], other["item"])
        if alike and any(_holds(one, day) and _holds(other, day) for day in days):
            return False
    for item in ("X", "Y"):
        shared = [row for row in rows if row["item"] == item and row["share_percent"] and row["is_active"] == "true"]
        for day in days:
            if sum((Decimal(row["share_percent"]) for row in shared if _holds(row, day)), Decimal(0)) > 100:
                return False
    return True


class Model:
    """Vendor items as a list."""

    def __init__(self) -> None:
        self.rows: list[Row] = []

    def after(self, request: _Request) -> list[Row] | None:
        """The rows after a request, new ones without a key; None where it is refused."""
        rows = [Row(row.key, row.version, dict(row.cells)) for row in self.rows]
        written: set[str] = set()
        for place, is_fresh, cells in request:
            if not 0 < place <= len(self.rows):
                new = _BEGINS | cells
                if not _fits(new):
                    return None
                rows.append(Row("", 1, new))
                continue
            row = rows[place - 1]
            then = row.cells | {name: text or _BEGINS.get(name, "") for name, text in cells.items()}
            moved = any(then[name] != row.cells[name] for name in ("vendor", "item"))
            if not is_fresh or moved or not _fits(then) or row.key in written:
                return None
            written.add(row.key)
            row.version += then != row.cells
            row.cells = then
        return rows if _fit_together([row.cells for row in rows]) else None


def _save(sheets: Sheets, model: Model, request: _Request) -> bool:
    """Save, and see that the sheet does as the model; whether it was accepted."""
    changes = []
    for place, is_fresh, cells in request:
        row = model.rows[place - 1] if 0 < place <= len(model.rows) else None
        changes.append(
            RowChange(row.key, row.version if is_fresh else row.version + 1, cells) if row else RowChange("", 0, cells)
        )
    expected = model.after(request)
    if expected is None:
        with pytest.raises(RowsRefused), sheets.session.begin_nested():
            within(sheets.session, save_rows, sheets.actor, sheet="vendor-items", changes=tuple(changes), at=NOW)
        return False
    saved = within(sheets.session, save_rows, sheets.actor, sheet="vendor-items", changes=tuple(changes), at=NOW)
    fresh = iter(each for each, change in zip(saved, changes, strict=True) if not change.key)
    for row in expected:
        row.key = row.key or next(fresh).key
    model.rows = expected
    return True


def _remove(sheets: Sheets, model: Model, place: int) -> None:
    if place < len(model.rows):
        row = model.rows.pop(place)
        gone = within(
            sheets.session, remove_rows, sheets.actor, sheet="vendor-items", rows=((row.key, row.version),), at=NOW
        )
        assert {name: gone[0][name] for name in row.cells} == row.cells


@pytest.mark.rule("VEN-3")
@pytest.mark.parametrize("seed", range(6))
def test_any_sequence_of_saves_equals_the_model(session: Session, seed: int) -> None:
    random, sheets, model = Random(seed), Sheets(session), Model()
    World(session).organisation()
    sheets.one("units", code="pcs", category="count")
    sheets.save("items", *({"code": each, "name": each, "unit": "pcs"} for each in "XY"))
    sheets.save("vendors", *({"code": each, "name": each, "currency": "EUR"} for each in "AB"))
    accepted = 0
    for _ in range(60):
        if random.random() < 0.05 and model.rows:
            _remove(sheets, model, random.randrange(len(model.rows)))
        elif random.random() < 0.2 and len(model.rows) > 1:
            accepted += _save(sheets, model, _swap(random, model.rows))
        else:
            accepted += _save(sheets, model, _request(random, len(model.rows)))
        there = {row["id"]: row for row in sheets.rows("vendor-items")}
        assert set(there) == {row.key for row in model.rows}
        for row in model.rows:
            shown = there[row.key]
            kept = {name: canonical(shown[name]) for name in row.cells}
            assert (kept, shown["version"]) == (row.cells, row.version)
    assert 15 < accepted < 60
