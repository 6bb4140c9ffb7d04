"""Rows of master data as files of sheets hold them, for tests to write, break and load: a bicycle maker's, or else the small sample's."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from buyside.config import ROOT
from buyside.domain.all_sheets import sheet_named
from buyside.integrations.adventureworks.factors import Factors
from buyside.integrations.adventureworks.pack import write_pack
from tests.pack_samples import SAMPLE

SOURCE = ROOT.parent / "shared" / "data" / "adventureworks"
FILES = {
    "units": "units",
    "vendors": "vendors",
    "items": "items",
    "vendor-items": "vendor_items",
    "price-breaks": "price_breaks",
    "bom-rows": "bom",
}
"""Sheets that a pack has too, in the order in which they are loaded, with the pack's word."""
_RENAMED = {
    "inspection": "inspection_required",
    "over_receipt_pct": "over_receipt_percent",
    "warehouse": "default_warehouse",
    "active": "is_active",
    "orderable": "is_orderable",
    "moq": "minimum_quantity",
    "multiple": "order_multiple",
    "share_pct": "share_percent",
    "from_qty": "from_quantity",
    "qty": "quantity_per",
    "scrap_pct": "scrap_percent",
}


@dataclass(frozen=True)
class Rows:
    """A file's header and its rows, as texts of the data pack's spelling."""

    header: list[str]
    rows: list[list[str]]


def sample_rows(folder: Path) -> dict[str, Rows]:
    """Real rows by sheet, where the bicycle maker's tables are; the sample's else. Columns are called as sheets call them."""
    texts = dict(SAMPLE)
    if SOURCE.is_dir():
        write_pack(SOURCE, folder, factors=Factors(assumed=Decimal(1)))
        texts |= {name: (folder / f"{name}.csv").read_text(encoding="utf-8") for name in FILES.values()}
    found = {}
    for sheet, name in FILES.items():
        header, *rows = csv.reader(io.StringIO(texts[name]))
        known = {each.name for each in sheet_named(sheet).written}
        columns = [_RENAMED.get(each, each) for each in header]
        assert set(columns) <= known, set(columns) - known
        if sheet == "vendors":  # files of lists are asked for the reason, packs are not
            columns.append("status_reason")
            at = columns.index("status")
            rows = [[*row, "said so" if row[at] in ("on_hold", "inactive") else ""] for row in rows]
        found[sheet] = Rows(columns, rows)
    return found


def as_csv(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    delimiter: str = ",",
    encoding: str = "utf-8",
    ending: str = "\n",
    quoting: int = csv.QUOTE_MINIMAL,
) -> bytes:
    """A file of texts."""
    text = io.StringIO(newline="")
    kind = csv.QUOTE_ALL if quoting == csv.QUOTE_ALL else csv.QUOTE_MINIMAL
    csv.writer(text, delimiter=delimiter, lineterminator=ending, quoting=kind).writerows([header, *rows])
    return text.getvalue().encode(encoding)
