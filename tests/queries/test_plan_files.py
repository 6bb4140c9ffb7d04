"""Files of a run that are made some rows at a time say what they would say at once."""

from datetime import date

import polars as pl
import pytest

from buyside.planning.frames import REQUIREMENTS
from buyside.queries import plan_files
from buyside.queries.plan_files import Codes, csv_bytes, requirements_file, requirements_in_parts, sha256_of


def _codes() -> Codes:
    empty = pl.DataFrame()
    return Codes(
        items=pl.DataFrame({"item": [1, 2, 3], "code": ["b", "a-2", "ä"], "unit": ["pcs"] * 3}),
        warehouses=pl.DataFrame({"warehouse": [1, 2], "code": ["NORTH", "MAIN"]}),
        vendor_items=empty,
        contracts=empty,
        lines=empty,
    )


def _requirements() -> pl.DataFrame:
    rows = [(i, w, date(2026, 3, d), i * d) for d in (9, 2) for i in (3, 1, 2) for w in (1, 2)]
    keys = pl.DataFrame(rows, ["item", "warehouse", "date", "gross"], orient="row")
    others = [name for name in REQUIREMENTS.columns if name not in keys.columns]
    return keys.with_columns(pl.lit(1_500_000).alias(name) for name in others)


@pytest.mark.rule("PLAN-10")
@pytest.mark.parametrize("rows", [1, 5, 100])
def test_requirements_in_parts_are_those_of_one_file(rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = requirements_file(_requirements(), _codes())
    monkeypatch.setattr(plan_files, "_PART", rows)
    parts = list(requirements_in_parts(_requirements(), _codes()))
    assert len(parts) == -(-whole.height // rows)
    assert pl.concat(parts).equals(whole)
    assert sha256_of(parts) == sha256_of([whole])


def test_a_file_without_rows_still_has_its_head() -> None:
    [part] = requirements_in_parts(_requirements().clear(), _codes())
    assert csv_bytes(part) == b"item,warehouse,date,gross,scheduled_receipts,projected,shortage\r\n"
