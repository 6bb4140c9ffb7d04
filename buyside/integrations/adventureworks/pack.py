"""Turns a folder of AdventureWorks tables into a data pack, and tells what it decided.

It knows no database: `source` reads, `catalogue` says what the products are, `master`, `purchases` and `sales` decide what the
tables mean, and this writes the files of the pack. It reports with counts what it found, what went where, and what a pack
cannot say. Nothing that the source leaves out is guessed: where a vendor's unit is not the stock unit, a factor has to be given.
"""

import csv
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from buyside.domain.pack import BY_NAME
from buyside.integrations.adventureworks.catalogue import Part, read_catalogue
from buyside.integrations.adventureworks.factors import Factors
from buyside.integrations.adventureworks.master import master_data
from buyside.integrations.adventureworks.purchases import purchases
from buyside.integrations.adventureworks.report import Told
from buyside.integrations.adventureworks.sales import sales_and_stock
from buyside.integrations.adventureworks.source import Source


def write_pack(folder: Path, target: Path, *, open_from: date | None = None, factors: Factors | None = None) -> Told:
    """Write the pack of an AdventureWorks folder into `target`.

    Sales orders of `open_from` and later stay open, earlier ones are fulfilled; without it all are, as the source has it.
    Refuses: UnreadableSource, FactorsNeeded.
    """
    told = Told()
    target.mkdir(parents=True, exist_ok=True)
    for part in _parts(Source(folder), told, open_from, factors or Factors()):
        _write(target, part)
    told.findings.append(
        "Addresses, phones, territories, ship methods, employees and past costs are not read: a pack has no place for them."
    )
    return told


def _parts(source: Source, told: Told, open_from: date | None, factors: Factors) -> Iterator[Part]:
    """The files of the pack; each is taken whole before the next is decided."""
    catalogue = read_catalogue(source)
    yield from master_data(source, catalogue, told, factors)
    last_purchase = yield from purchases(source, catalogue, told)
    yield from sales_and_stock(source, catalogue, told, open_from, last_purchase)


def _write(target: Path, part: Part) -> None:
    columns = [each.name for each in BY_NAME[part.file].columns if not each.beyond]
    with (target / f"{part.file}.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(part.rows)
