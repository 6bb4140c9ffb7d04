"""Sheets filled and changed in tests, as people do it: texts in, answers or problems out."""

from collections.abc import Mapping
from typing import Any

import pytest
from sqlmodel import Session

from buyside.domain.access import OPERATOR, Actor
from buyside.domain.all_sheets import sheet_named
from buyside.domain.sheet_changes import CellProblem, RowChange, RowSaved, RowsRefused
from buyside.ledgers.sheet_kept import load_rows
from buyside.operations.run import within
from buyside.operations.sheets import remove_rows, retire_rows, save_rows
from buyside.queries.rows import RowsWanted, grid_page
from buyside.queries.sheets import SHEET_ROWS
from tests.world import NOW, TODAY

Given = Mapping[str, str] | tuple[RowSaved, Mapping[str, str]]


class Sheets:
    """Master data of one session, by sheet."""

    def __init__(self, session: Session, actor: Actor = OPERATOR) -> None:
        self.session, self.actor = session, actor

    def save(self, sheet: str, *rows: Given) -> list[RowSaved]:
        """Save rows: cells make a new one, a saved row with cells changes that."""
        changes = tuple(
            RowChange(each[0].key, each[0].version, each[1]) if isinstance(each, tuple) else RowChange("", 0, each)
            for each in rows
        )
        return list(within(self.session, save_rows, self.actor, sheet=sheet, changes=changes, at=NOW))

    def one(self, sheet: str, **cells: str) -> RowSaved:
        """One new row."""
        return self.save(sheet, cells)[0]

    def change(self, sheet: str, row: RowSaved, **cells: str) -> RowSaved:
        """Change a row as it was saved last."""
        return self.save(sheet, (row, cells))[0]

    def remove(self, sheet: str, *rows: RowSaved) -> tuple[dict[str, str], ...]:
        named = tuple((each.key, each.version) for each in rows)
        return within(self.session, remove_rows, self.actor, sheet=sheet, rows=named, at=NOW)

    def retire(self, sheet: str, *rows: RowSaved) -> list[RowSaved]:
        named = tuple((each.key, each.version) for each in rows)
        return list(within(self.session, retire_rows, self.actor, sheet=sheet, rows=named, at=NOW))

    def cells(self, sheet: str, row: RowSaved) -> dict[str, str]:
        """A row as it is now."""
        return load_rows(self.session, sheet_named(sheet), [row.key])[row.key].cells

    def rows(self, sheet: str) -> list[dict[str, Any]]:
        """The first page of a sheet's grid."""
        return grid_page(
            self.session, self.actor, source=SHEET_ROWS[sheet], wanted=RowsWanted(end=500), today=TODAY
        ).rows

    def everything(self) -> dict[str, list[dict[str, Any]]]:
        """All rows of all sheets, to be compared."""
        return {name: sorted(self.rows(name), key=lambda row: str(row["id"])) for name in SHEET_ROWS}

    def refused(self, sheet: str, *rows: Given) -> list[CellProblem]:
        """What stands in the way of saving rows; nothing may be left behind by trying."""
        before = self.everything()
        with pytest.raises(RowsRefused) as refusal, self.session.begin_nested():
            self.save(sheet, *rows)
        assert self.everything() == before
        assert refusal.value.code == "sheets.refused"
        return list(refusal.value.problems)

    def codes(self, sheet: str, *rows: Given) -> list[tuple[int, str, str]]:
        """The same as (row, column, code)."""
        return [(each.row, each.column, each.code) for each in self.refused(sheet, *rows)]


def begun(session: Session) -> Sheets:
    """Two units, two items, a vendor that sells one of them, terms and places: a little of everything."""
    sheets = Sheets(session)
    sheets.save("units", {"code": "pcs", "category": "count"}, {"code": "doz", "category": "count", "factor": "12"})
    sheets.one("units", code="kg", category="weight", digits="3")
    sheets.one("item-groups", code="FIX", name="Fixings")
    sheets.one("warehouses", code="MAIN", name="Main")
    sheets.one("items", code="BOLT", name="Bolt", unit="pcs", group="FIX", default_warehouse="MAIN")
    sheets.one("items", code="FRAME", name="Frame", unit="pcs", supply="make")
    sheets.one("payment-terms", code="NET30", name="30 days")
    sheets.one("vendors", code="ACME", name="Acme", currency="EUR", payment_terms="NET30")
    sheets.one("vendors", code="BOND", name="Bond", currency="EUR")
    sheets.one("vendor-items", vendor="ACME", item="BOLT", lead_days="5")
    return sheets
