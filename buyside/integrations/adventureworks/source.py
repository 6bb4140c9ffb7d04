"""Reads the tables of AdventureWorks: CSV files with headers, packed with gzip or not. It decides nothing."""

import csv
import gzip
from collections.abc import Iterator, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path

from buyside.domain.refusals import Refused

Row = dict[str, str]
COLUMNS: dict[str, tuple[str, ...]] = {
    "Product": (
        "ProductID", "Name", "ProductNumber", "MakeFlag", "FinishedGoodsFlag", "SafetyStockLevel", "ReorderPoint",
        "StandardCost", "DaysToManufacture", "ProductSubcategoryID", "ProductModelID",
    ),
    "ProductModel": ("ProductModelID", "Name"),
    "ProductSubcategory": ("ProductSubcategoryID", "Name"),
    "BillOfMaterials": (
        "ProductAssemblyID", "ComponentID", "StartDate", "EndDate", "UnitMeasureCode", "PerAssemblyQty",
    ),
    "UnitMeasure": ("UnitMeasureCode", "Name"),
    "Location": ("LocationID",),
    "ProductInventory": ("ProductID", "Quantity"),
    "Vendor": ("BusinessEntityID", "AccountNumber", "Name", "CreditRating", "PreferredVendorStatus", "ActiveFlag"),
    "BusinessEntityContact": ("BusinessEntityID", "PersonID"),
    "EmailAddress": ("BusinessEntityID", "EmailAddress"),
    "ProductVendor": (
        "ProductID", "BusinessEntityID", "AverageLeadTime", "StandardPrice", "MinOrderQty", "MaxOrderQty", "OnOrderQty",
        "UnitMeasureCode",
    ),
    "PurchaseOrderHeader": ("PurchaseOrderID", "Status", "VendorID", "OrderDate", "SubTotal", "TaxAmt", "Freight"),
    "PurchaseOrderDetail": (
        "PurchaseOrderID", "PurchaseOrderDetailID", "DueDate", "OrderQty", "ProductID", "UnitPrice", "ReceivedQty",
        "RejectedQty", "ModifiedDate",
    ),
    "SalesOrderHeader": ("SalesOrderID", "OrderDate", "DueDate", "CustomerID"),
    "SalesOrderDetail": ("SalesOrderID", "SalesOrderDetailID", "OrderQty", "ProductID"),
}  # fmt: skip
"""The tables that are read, and the columns of each without which it is refused."""


class UnreadableSource(Refused):
    code = "adventureworks.unreadable"
    says = "{file}: {reason}"


class Source:
    """A folder of tables. Refuses, whatever is read: UnreadableSource."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def rows(self, table: str) -> Iterator[Row]:
        """The rows of a table one after another, for one that is better not held whole."""
        return read_rows(self._folder / f"{table}.csv", COLUMNS[table])

    def table(self, table: str) -> list[Row]:
        """A whole table."""
        return list(self.rows(table))


def read_rows(path: Path, needed: Sequence[str]) -> Iterator[Row]:
    """The rows of a CSV file, or of the one beside it that is packed. Refuses: UnreadableSource."""
    packed = path.with_name(path.name + ".gz")
    try:
        if path.exists():
            with path.open(newline="", encoding="utf-8-sig") as stream:
                yield from _rows(path.name, stream, needed)
        elif packed.exists():
            with gzip.open(packed, "rt", newline="", encoding="utf-8-sig") as stream:
                yield from _rows(path.name, stream, needed)
        else:
            raise UnreadableSource(file=path.name, reason="there is no such file, nor one packed with gzip.")
    except (UnicodeDecodeError, csv.Error, EOFError, gzip.BadGzipFile) as error:
        raise UnreadableSource(file=path.name, reason=f"it cannot be read ({error}).") from None


def number(table: str, row: Row, column: str) -> Decimal:
    """A cell as a number. Refuses: UnreadableSource."""
    try:
        return Decimal(row[column])
    except InvalidOperation:
        raise UnreadableSource(file=f"{table}.csv", reason=f"“{row[column]}” in {column} is not a number.") from None


def _rows(name: str, lines: Iterator[str], needed: Sequence[str]) -> Iterator[Row]:
    reader = csv.DictReader(lines, strict=True)
    missing = [each for each in needed if each not in (reader.fieldnames or ())]
    if missing:
        raise UnreadableSource(file=name, reason=f"the columns {', '.join(missing)} are missing.")
    for position, row in enumerate(reader, start=2):
        if None in row or None in row.values():
            raise UnreadableSource(file=name, reason=f"row {position} has not as many cells as the header.")
        yield row
