"""Turns a folder of AdventureWorks tables (CSV with headers, gzip allowed) into a data pack, and tells what it decided.

It knows no database: it reads, decides, writes the files of a pack, and reports with counts what it found, what went
where, and what a pack cannot say. Nothing that the source leaves out is guessed: where a vendor's unit is not the stock
unit, a factor has to be given.
"""

import csv
import gzip
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path

from buyside.domain.money import ZERO, rounded
from buyside.domain.pack import BY_NAME
from buyside.domain.refusals import Refused

WAREHOUSE = "PLANT"
CURRENCY = "USD"
EACH = "EA"
_COUNTED = frozenset({"BOX", "BTL", "CAN", "CAR", "CR", "CS", "CTN", "DZ", "EA", "PAK", "PAL", "PC"})
_MEASURED_DIGITS = 3
_PAIRS_NAMED = 20

Row = dict[str, str]


class UnreadableSource(Refused):
    code = "adventureworks.unreadable"
    says = "{file}: {reason}"


class FactorsNeeded(Refused):
    """`pairs` are all (vendor, item, purchase unit, stock unit) without a factor."""

    code = "adventureworks.factors-needed"
    says = (
        "{count} vendor items are ordered in another unit than the stock unit, and the data has no factors. Give them in "
        "a file of vendor,item,unit,factor (vendor and item may be empty: for all), or assume one for all. They are: {first}"
    )

    def __init__(self, pairs: Sequence[tuple[str, str, str, str]]) -> None:
        self.pairs = tuple(pairs)
        shown = "; ".join(f"{vendor} {item} {unit} of {stock}" for vendor, item, unit, stock in pairs[:_PAIRS_NAMED])
        rest = f"; and {len(pairs) - _PAIRS_NAMED} more" if len(pairs) > _PAIRS_NAMED else ""
        super().__init__(count=len(pairs), first=shown + rest)


@dataclass(frozen=True, slots=True)
class Account:
    """What became of the rows of one source file: `rows` = the sum of `parts`."""

    file: str
    rows: int
    parts: dict[str, int]


@dataclass(slots=True)
class Told:
    """The report: every row accounted for, and what was found and decided, in sentences with counts."""

    accounts: list[Account] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)
    figures: dict[str, int | Decimal] = field(default_factory=dict)

    def account(self, file: str, rows: int, **parts: int) -> None:
        self.accounts.append(Account(file, rows, {name.replace("_", " "): count for name, count in parts.items()}))

    def find(self, name: str, figure: int | Decimal, sentence: str) -> None:
        self.figures[name] = figure
        self.findings.append(sentence.format(f"{figure:,}"))


@dataclass(frozen=True, slots=True)
class Factors:
    """Stock units in one purchase unit, by vendor, item and unit; an empty vendor or item stands for all."""

    given: dict[tuple[str, str, str], str] = field(default_factory=dict)
    assumed: Decimal | None = None

    def of(self, vendor: str, item: str, unit: str) -> str | None:
        """The factor that fits best; None where there is none."""
        for key in ((vendor, item, unit), ("", item, unit), (vendor, "", unit), ("", "", unit)):
            if key in self.given:
                return self.given[key]
        return None if self.assumed is None else format(self.assumed, "f")


def read_factors(path: Path) -> Factors:
    """Read a file of vendor,item,unit,factor. Refuses: UnreadableSource."""
    given = {}
    with _opened(path) as lines:
        for row in _rows(path.name, lines, ("unit", "factor")):
            if _decimal(path.name, row, "factor") <= 0:
                raise UnreadableSource(file=path.name, reason=f"the factor {row['factor']} is not above zero.")
            given[row.get("vendor", ""), row.get("item", ""), row["unit"]] = row["factor"]
    return Factors(given)


def write_pack(source: Path, target: Path, *, open_from: date | None = None, factors: Factors | None = None) -> Told:
    """Write the pack of an AdventureWorks folder into `target`.

    Sales orders of `open_from` and later stay open, earlier ones are fulfilled; without it all are, as the source has it.
    Refuses: UnreadableSource, FactorsNeeded.
    """
    return _Reader(source, target, open_from, factors or Factors()).run()


@contextmanager
def _opened(path: Path) -> Iterator[Iterator[str]]:
    packed = path.with_name(path.name + ".gz")
    try:
        if path.exists():
            with path.open(newline="", encoding="utf-8-sig") as stream:
                yield stream
        elif packed.exists():
            with gzip.open(packed, "rt", newline="", encoding="utf-8-sig") as stream:
                yield stream
        else:
            raise UnreadableSource(file=path.name, reason="there is no such file, nor one packed with gzip.")
    except (UnicodeDecodeError, csv.Error, EOFError, gzip.BadGzipFile) as error:
        raise UnreadableSource(file=path.name, reason=f"it cannot be read ({error}).") from None


def _rows(name: str, lines: Iterator[str], needed: Sequence[str]) -> Iterator[Row]:
    reader = csv.DictReader(lines, strict=True)
    missing = [each for each in needed if each not in (reader.fieldnames or ())]
    if missing:
        raise UnreadableSource(file=name, reason=f"the columns {', '.join(missing)} are missing.")
    for position, row in enumerate(reader, start=2):
        if None in row or None in row.values():
            raise UnreadableSource(file=name, reason=f"row {position} has not as many cells as the header.")
        yield row


def _decimal(file: str, row: Row, column: str) -> Decimal:
    try:
        return Decimal(row[column])
    except InvalidOperation:
        raise UnreadableSource(file=file, reason=f"“{row[column]}” in {column} is not a number.") from None


class _Reader:
    def __init__(self, source: Path, target: Path, open_from: date | None, factors: Factors) -> None:
        self.source, self.target, self.factors = source, target, factors
        self.open_from = open_from.isoformat() if open_from else "9999-12-31"
        self.told = Told()

    def run(self) -> Told:
        self.target.mkdir(parents=True, exist_ok=True)
        self.products = {row["ProductID"]: row for row in self._read("Product", _PRODUCT)}
        self.bom = self._read("BillOfMaterials", _BOM)
        self.sources = self._read("ProductVendor", _SOURCE)
        self.vendors = {row["BusinessEntityID"]: row for row in self._read("Vendor", _VENDOR)}
        self.parts = [row for row in self.bom if row["ProductAssemblyID"]]
        components = {row["ComponentID"] for row in self.parts}
        bought = {row["ProductID"] for row in self.sources}
        self.items = {key for key in self.products if key in bought or key in components}
        self.variants = {key for key, row in self.products.items() if row["FinishedGoodsFlag"] == "1"}
        self.stock_units = {row["ComponentID"]: row["UnitMeasureCode"] for row in self.parts}
        self._check_references(bought | components)
        self._places_and_units()
        self._vendors()
        self._products()
        self._vendor_items()
        self._bom()
        self._purchase_orders()
        last = self._sales_orders()
        self._stock(max(last, self.last_order))
        self.told.findings.append(
            "Addresses, phones, territories, ship methods, employees and past costs are not read: a pack has no place for them."
        )
        return self.told

    def _read(self, name: str, needed: Sequence[str]) -> list[Row]:
        with _opened(self.source / f"{name}.csv") as lines:
            return list(_rows(f"{name}.csv", lines, needed))

    def _write(self, name: str, rows: Sequence[Row] | Iterator[Row]) -> int:
        columns = [each.name for each in BY_NAME[name].columns if not each.beyond]
        count = 0
        with (self.target / f"{name}.csv").open("w", newline="", encoding="utf-8") as stream:
            writer = csv.DictWriter(stream, columns, restval="", lineterminator="\n")
            writer.writeheader()
            for row in rows:
                writer.writerow(row)
                count += 1
        return count

    def _code(self, product: str) -> str:
        return self.products[product]["ProductNumber"]

    def _check_references(self, named: set[str]) -> None:
        for key in sorted(named - set(self.products)):
            raise UnreadableSource(file="Product.csv", reason=f"product {key} is named elsewhere and not there.")
        for key in sorted({row["BusinessEntityID"] for row in self.sources} - set(self.vendors)):
            raise UnreadableSource(file="Vendor.csv", reason=f"vendor {key} is named elsewhere and not there.")

    def _places_and_units(self) -> None:
        places = self._read("Location", ("LocationID",))
        self._write("warehouses", [{"code": WAREHOUSE, "name": "Plant", "allow_negative": "false"}])
        self.told.account("Location.csv", len(places), summed_into_one_warehouse=len(places))
        self.told.find(
            "locations",
            len(places),
            "{} locations are shop-floor places of one plant: their stock is summed into one warehouse.",
        )
        units = self._read("UnitMeasure", ("UnitMeasureCode", "Name"))
        self._write(
            "units",
            [
                {
                    "code": row["UnitMeasureCode"].strip(),
                    "name": row["Name"],
                    "category": row["UnitMeasureCode"].strip(),
                    "factor": "1",
                    "digits": "0" if row["UnitMeasureCode"].strip() in _COUNTED else str(_MEASURED_DIGITS),
                }
                for row in units
            ],
        )
        self.told.account("UnitMeasure.csv", len(units), units=len(units))
        self.told.findings.append(
            "Units carry no conversions: each is a category of its own, counted ones in whole numbers."
        )

    def _vendors(self) -> None:
        people = {row["BusinessEntityID"]: row["EmailAddress"] for row in self._read("EmailAddress", _EMAIL)}
        contacts = self._read("BusinessEntityContact", ("BusinessEntityID", "PersonID"))
        emails: dict[str, str] = {}
        for row in sorted(contacts, key=lambda each: int(each["PersonID"])):
            emails.setdefault(row["BusinessEntityID"], people.get(row["PersonID"], ""))
        self._write(
            "vendors",
            [
                {
                    "code": row["AccountNumber"],
                    "name": row["Name"],
                    "currency": CURRENCY,
                    "status": "active" if row["ActiveFlag"] == "1" else "inactive",
                    "email": emails.get(key, ""),
                }
                for key, row in self.vendors.items()
            ],
        )
        inactive = sum(row["ActiveFlag"] != "1" for row in self.vendors.values())
        self.told.account("Vendor.csv", len(self.vendors), active=len(self.vendors) - inactive, inactive=inactive)
        self.told.find(
            "inactive_vendors", inactive, "{} vendors are inactive: their orders are kept, they get no new ones."
        )
        used = sum(1 for each in emails.values() if each)
        self.told.account(
            "BusinessEntityContact.csv",
            len(contacts),
            address_of_their_vendor=used,
            not_represented=len(contacts) - used,
        )

    def _products(self) -> None:
        models = {row["ProductModelID"]: row["Name"] for row in self._read("ProductModel", ("ProductModelID", "Name"))}
        groups = {row["ProductSubcategoryID"]: row["Name"] for row in self._read("ProductSubcategory", _GROUP)}
        items = [
            {
                "code": row["ProductNumber"],
                "name": row["Name"],
                "unit": self.stock_units.get(key, EACH).strip(),
                "kind": "inventory",
                "supply": "make" if row["MakeFlag"] == "1" else "buy",
                "group": groups.get(row["ProductSubcategoryID"], ""),
                "safety_stock": row["SafetyStockLevel"],
                "reorder_point": row["ReorderPoint"],
                "make_lead_days": row["DaysToManufacture"] if row["MakeFlag"] == "1" else "0",
                "standard_cost": row["StandardCost"] if _decimal("Product.csv", row, "StandardCost") else "",
                "warehouse": WAREHOUSE,
                "active": "true",
            }
            for key, row in self.products.items()
            if key in self.items
        ]
        self._write("items", items)
        self.product_of = {
            key: f"MODEL-{model}" if (model := self.products[key]["ProductModelID"]) in models else self._code(key)
            for key in self.variants
        }
        names = {
            self.product_of[key]: models.get(self.products[key]["ProductModelID"], self.products[key]["Name"])
            for key in self.variants
        }
        self._write(
            "products",
            [{"code": code, "name": name, "cover_from_stock": "true"} for code, name in sorted(names.items())],
        )
        self._write(
            "variants",
            [
                {"sku": self._code(key), "product": self.product_of[key], "name": self.products[key]["Name"]}
                for key in self.products
                if key in self.variants
            ],
        )
        both = len(self.items & self.variants)
        neither = [key for key in self.products if key not in self.items and key not in self.variants]
        self.told.account(
            "Product.csv",
            len(self.products),
            items_only=len(self.items) - both,
            variants_only=len(self.variants) - both,
            items_and_variants=both,
            neither_bought_nor_a_component_nor_sold=len(neither),
        )
        self.told.account(
            "ProductModel.csv",
            len(models),
            products=sum(code.startswith("MODEL-") for code in names),
            without_a_finished_good=len(models) - sum(code.startswith("MODEL-") for code in names),
        )
        self.told.find(
            "items_and_variants",
            both,
            "{} finished goods are bought or components as well: the variant is made of one of the item, and its stock is the item's.",
        )
        assembled = {row["ProductAssemblyID"] for row in self.parts}
        bare = self.variants - self.items - assembled
        self.told.find(
            "variants_without_components",
            len(bare),
            "{} finished goods are neither bought nor made of anything: sold, they would be unmapped.",
        )

    def _vendor_items(self) -> None:
        pairs, rows, breaks = [], [], []
        by_item: dict[str, list[Row]] = defaultdict(list)
        for row in self.sources:
            by_item[row["ProductID"]].append(row)
        converted = 0
        for product, sources in by_item.items():
            for rank, row in enumerate(sorted(sources, key=self._preference), start=1):
                vendor, item = self.vendors[row["BusinessEntityID"]]["AccountNumber"], self._code(product)
                unit, stock_unit = row["UnitMeasureCode"].strip(), self.stock_units.get(product, EACH).strip()
                factor: str | None = "1"
                if unit != stock_unit:
                    converted += 1
                    factor = self.factors.of(vendor, item, unit)
                    if factor is None:
                        pairs.append((vendor, item, unit, stock_unit))
                rows.append(
                    {
                        "vendor": vendor,
                        "item": item,
                        "purchase_unit": unit,
                        "unit_factor": factor or "",
                        "lead_days": row["AverageLeadTime"],
                        "moq": row["MinOrderQty"],
                        "preference": str(rank),
                    }
                )
                breaks.append(
                    {
                        "vendor": vendor,
                        "item": item,
                        "from_qty": "0",
                        "unit_price": row["StandardPrice"],
                        "currency": CURRENCY,
                    }
                )
        if pairs:
            raise FactorsNeeded(sorted(pairs))
        self._write("vendor_items", rows)
        self._write("price_breaks", breaks)
        self.told.account("ProductVendor.csv", len(self.sources), vendor_items=len(rows))
        assumed = f", {self.factors.assumed} where none was given" if self.factors.assumed is not None else ""
        self.told.find(
            "converted_vendor_items",
            converted,
            f"{{}} vendor items are ordered in another unit than the stock unit: their factors were given{assumed}.",
        )
        self.told.findings.append(
            "The stock unit is the one that the bill of materials uses, and EA where none does. Preference: credit rating, "
            "preferred status, lead time, account number. The price is StandardPrice, at any quantity."
        )
        limits = sum(bool(row["MaxOrderQty"]) for row in self.sources)
        self.told.find("maximum_quantities", limits, "{} largest order quantities are not represented in a pack.")

    def _preference(self, row: Row) -> tuple[int, int, int, int, str]:
        vendor = self.vendors[row["BusinessEntityID"]]
        return (
            vendor["ActiveFlag"] != "1",
            int(_decimal("Vendor.csv", vendor, "CreditRating")),
            vendor["PreferredVendorStatus"] != "1",
            int(_decimal("ProductVendor.csv", row, "AverageLeadTime")),
            vendor["AccountNumber"],
        )

    def _bom(self) -> None:
        rows = [
            {
                "parent_kind": "item" if row["ProductAssemblyID"] in self.items else "variant",
                "parent": self._code(row["ProductAssemblyID"]),
                "component": self._code(row["ComponentID"]),
                "qty": row["PerAssemblyQty"],
                "valid_from": row["StartDate"],
                "valid_to": row["EndDate"],
            }
            for row in self.parts
        ]
        links = [
            {"parent_kind": "variant", "parent": self._code(key), "component": self._code(key), "qty": "1"}
            for key in self.products
            if key in self.variants and key in self.items
        ]
        self._write("bom", [*rows, *links])
        kinds = Counter(row["parent_kind"] for row in rows)
        self.told.account(
            "BillOfMaterials.csv",
            len(self.bom),
            rows_of_items=kinds["item"],
            rows_of_variants=kinds["variant"],
            top_level_marks_without_a_parent=len(self.bom) - len(rows),
        )
        ended = sum(bool(row["EndDate"]) for row in self.parts)
        self.told.find(
            "ended_bom_rows", ended, "{} rows have an end: it is their last day, as the next one begins the day after."
        )

    def _purchase_orders(self) -> None:
        heads = {row["PurchaseOrderID"]: row for row in self._read("PurchaseOrderHeader", _ORDER)}
        lines = self._read("PurchaseOrderDetail", _ORDER_LINE)
        by_order: dict[str, list[Row]] = defaultdict(list)
        for row in lines:
            if row["PurchaseOrderID"] not in heads:
                raise UnreadableSource(
                    file="PurchaseOrderDetail.csv", reason=f"there is no order {row['PurchaseOrderID']}."
                )
            by_order[row["PurchaseOrderID"]].append(row)
        states = {key: self._state(row, by_order[key]) for key, row in heads.items()}
        self._write(
            "purchase_orders",
            [
                {
                    "number": f"PO{key}",
                    "vendor": self.vendors[row["VendorID"]]["AccountNumber"],
                    "currency": CURRENCY,
                    "status": states[key],
                    "warehouse": WAREHOUSE,
                    "ordered_on": row["OrderDate"],
                }
                for key, row in heads.items()
            ],
        )
        self._write(
            "purchase_order_lines",
            [
                {
                    "order": f"PO{key}",
                    "line": str(position),
                    "item": self._code(row["ProductID"]),
                    "qty": row["OrderQty"],
                    "unit_price": row["UnitPrice"],
                    "received_qty": row["ReceivedQty"],
                    "rejected_qty": row["RejectedQty"],
                    "expected_on": row["DueDate"],
                    "promised_on": row["DueDate"],
                }
                for key in heads
                for position, row in enumerate(
                    sorted(by_order[key], key=lambda each: int(each["PurchaseOrderDetailID"])), start=1
                )
            ],
        )
        self.last_order = max((row["OrderDate"] for row in heads.values()), default="")
        self._tell_orders(heads, lines, states)

    @staticmethod
    def _state(head: Row, lines: Sequence[Row]) -> str:
        """Complete and rejected orders are closed; others stand where their receipts have brought them."""
        if head["Status"] in ("3", "4"):
            return "closed"
        received = [Decimal(row["ReceivedQty"]) for row in lines]
        if not any(received):
            return "issued" if head["Status"] == "2" else "draft"
        is_all = all(got >= Decimal(row["OrderQty"]) for got, row in zip(received, lines, strict=True))
        return "received" if is_all else "partly_received"

    def _tell_orders(self, heads: dict[str, Row], lines: Sequence[Row], states: dict[str, str]) -> None:
        told, by_status = self.told, Counter(row["Status"] for row in heads.values())
        told.account(
            "PurchaseOrderHeader.csv",
            len(heads),
            **{f"{name}_loaded_as_{state}": sum(row["Status"] == status and states[key] == state for key, row in heads.items())
               for status, name in _STATUSES.items() for state in sorted(set(states.values()))
               if any(row["Status"] == status and states[key] == state for key, row in heads.items())},
        )  # fmt: skip
        told.account("PurchaseOrderDetail.csv", len(lines), order_lines=len(lines))
        early = {
            row["PurchaseOrderID"]
            for row in lines
            if Decimal(row["ReceivedQty"]) and heads[row["PurchaseOrderID"]]["Status"] == "1"
        }
        told.find(
            "pending_orders_with_receipts",
            len(early),
            "{} pending orders have receipts: they count as issued, and stand where their receipts brought them.",
        )
        rejected = {
            row["PurchaseOrderID"]
            for row in lines
            if Decimal(row["ReceivedQty"]) and heads[row["PurchaseOrderID"]]["Status"] == "3"
        }
        told.find(
            "rejected_orders_with_receipts",
            len(rejected),
            f"{{}} of {by_status['3']:,} rejected orders have receipts: the goods were rejected, not the order, so they are closed with what came and was refused.",
        )
        short = [row for row in lines if Decimal(row["ReceivedQty"]) < Decimal(row["OrderQty"])]
        told.find(
            "short_lines",
            len(short),
            "{} lines received less than was ordered; those of complete orders are closed short.",
        )
        refused = sum(Decimal(row["RejectedQty"]) > 0 for row in lines)
        told.find("lines_with_rejects", refused, "{} lines have rejects; received quantities include them.")
        late = sum(row["DueDate"] < heads[row["PurchaseOrderID"]]["OrderDate"] for row in lines)
        told.find("due_before_ordered", late, "{} lines were due before their order was placed; both dates are kept.")
        far = sum(row["ModifiedDate"][:10] > row["DueDate"] for row in lines)
        told.find(
            "modified_after_due",
            far,
            "{} lines were modified after they were due, some by mass changes: ModifiedDate is no receipt date, and none is made of it.",
        )
        awaited = sum(
            (
                Decimal(row["OrderQty"]) - Decimal(row["ReceivedQty"])
                for row in short
                if states[row["PurchaseOrderID"]] == "partly_received"
            ),
            ZERO,
        )
        noted = sum(
            (_decimal("ProductVendor.csv", row, "OnOrderQty") for row in self.sources if row["OnOrderQty"]), ZERO
        )
        told.find("on_order_by_lines", awaited, "{} purchase units are on order by the order lines,")
        told.find(
            "on_order_as_stored",
            noted,
            "{} by ProductVendor.OnOrderQty: the stored total drifted, and the lines count.",
        )
        before = sum((_decimal("PurchaseOrderHeader.csv", row, "SubTotal") for row in heads.values()), ZERO)
        exact = sum((Decimal(row["OrderQty"]) * Decimal(row["UnitPrice"]) for row in lines), ZERO)
        cents = sum((rounded(Decimal(row["OrderQty"]) * Decimal(row["UnitPrice"]), 2) for row in lines), ZERO)
        told.find("subtotal_stored", before, "The orders' subtotals add up to {},")
        told.find("subtotal_of_lines", exact, "their lines to {},")
        told.find("subtotal_imported", cents, "and rounded to cents line by line, as documents are here, to {}.")
        own: dict[str, Decimal] = defaultdict(Decimal)
        for row in lines:
            own[row["PurchaseOrderID"]] += Decimal(row["OrderQty"]) * Decimal(row["UnitPrice"])
        unlike = sum(own[key] != Decimal(row["SubTotal"]) for key, row in heads.items())
        told.find(
            "subtotals_unlike_lines",
            unlike,
            "{} orders have a subtotal that is not the sum of their lines; the lines count.",
        )
        aside = sum((Decimal(row["TaxAmt"]) + Decimal(row["Freight"]) for row in heads.values()), ZERO)
        told.find("tax_and_freight", aside, "Tax and freight of {} in all stand on the heads alone and are not loaded.")

    def _sales_orders(self) -> str:
        heads = {row["SalesOrderID"]: row for row in self._read("SalesOrderHeader", _SALE)}
        self._write(
            "sales_orders",
            [
                {
                    "number": f"SO{key}",
                    "customer": row["CustomerID"],
                    "status": "approved",
                    "approved_at": f"{row['OrderDate']}T00:00:00Z",
                    "warehouse": WAREHOUSE,
                }
                for key, row in heads.items()
            ],
        )
        self.counted: Counter[str] = Counter()
        with _opened(self.source / "SalesOrderDetail.csv") as stream:
            self._write(
                "sales_order_lines", self._sales_lines(heads, _rows("SalesOrderDetail.csv", stream, _SALE_LINE))
            )
        later = sum(row["OrderDate"] >= self.open_from for row in heads.values())
        self.told.account("SalesOrderHeader.csv", len(heads), fulfilled=len(heads) - later, open=later)
        self.told.account(
            "SalesOrderDetail.csv",
            self.counted["fulfilled"] + self.counted["open"],
            fulfilled=self.counted["fulfilled"],
            open=self.counted["open"],
        )
        self.told.findings.append(
            "All sales orders were shipped in the source. Those ordered before the day that demand opens are fulfilled, "
            "later ones open; needed by DueDate; selling prices are not represented."
        )
        return max((row["OrderDate"] for row in heads.values()), default="")

    def _sales_lines(self, heads: dict[str, Row], rows: Iterator[Row]) -> Iterator[Row]:
        position: Counter[str] = Counter()
        for row in rows:
            key = row["SalesOrderID"]
            if key not in heads or row["ProductID"] not in self.variants:
                raise UnreadableSource(
                    file="SalesOrderDetail.csv",
                    reason=f"line {row['SalesOrderDetailID']} names an unknown order or what is not sold.",
                )
            position[key] += 1
            is_open = heads[key]["OrderDate"] >= self.open_from
            self.counted["open" if is_open else "fulfilled"] += 1
            yield {
                "order": f"SO{key}",
                "line": str(position[key]),
                "sku": self._code(row["ProductID"]),
                "qty": row["OrderQty"],
                "needed_by": heads[key]["DueDate"],
                "fulfilled_qty": "0" if is_open else row["OrderQty"],
            }

    def _stock(self, day: str) -> None:
        places = self._read("ProductInventory", ("ProductID", "Quantity"))
        held: dict[str, Decimal] = defaultdict(Decimal)
        for row in places:
            held[row["ProductID"]] += _decimal("ProductInventory.csv", row, "Quantity")
        kept = {key: amount for key, amount in held.items() if key in self.items or key in self.variants}
        self._write(
            "stock",
            [
                {
                    "warehouse": WAREHOUSE,
                    "kind": "item" if key in self.items else "variant",
                    "code": self._code(key),
                    "qty": format(amount, "f"),
                    "unit_cost": self.products[key]["StandardCost"],
                    "date": day,
                }
                for key, amount in kept.items()
            ],
        )
        self.told.account(
            "ProductInventory.csv",
            len(places),
            item_stock=sum(row["ProductID"] in self.items for row in places),
            variant_stock=sum(row["ProductID"] in self.variants - self.items for row in places),
            of_nothing_that_was_loaded=sum(row["ProductID"] not in kept for row in places),
        )
        self.told.find("stock_units", sum(kept.values(), ZERO), "{} units of stock were loaded, each once.")


_STATUSES = {"1": "pending", "2": "approved", "3": "rejected", "4": "complete"}
_PRODUCT = [
    "ProductID",
    "Name",
    "ProductNumber",
    "MakeFlag",
    "FinishedGoodsFlag",
    "SafetyStockLevel",
    "ReorderPoint",
    "StandardCost",
    "DaysToManufacture",
    "ProductSubcategoryID",
    "ProductModelID",
]
_BOM = ["ProductAssemblyID", "ComponentID", "StartDate", "EndDate", "UnitMeasureCode", "PerAssemblyQty"]
_SOURCE = [
    "ProductID",
    "BusinessEntityID",
    "AverageLeadTime",
    "StandardPrice",
    "MinOrderQty",
    "MaxOrderQty",
    "OnOrderQty",
    "UnitMeasureCode",
]
_VENDOR = ["BusinessEntityID", "AccountNumber", "Name", "CreditRating", "PreferredVendorStatus", "ActiveFlag"]
_EMAIL = ("BusinessEntityID", "EmailAddress")
_GROUP = ("ProductSubcategoryID", "Name")
_ORDER = ["PurchaseOrderID", "Status", "VendorID", "OrderDate", "SubTotal", "TaxAmt", "Freight"]
_ORDER_LINE = [
    "PurchaseOrderID",
    "PurchaseOrderDetailID",
    "DueDate",
    "OrderQty",
    "ProductID",
    "UnitPrice",
    "ReceivedQty",
    "RejectedQty",
    "ModifiedDate",
]
_SALE = ["SalesOrderID", "OrderDate", "DueDate", "CustomerID"]
_SALE_LINE = ["SalesOrderID", "SalesOrderDetailID", "OrderQty", "ProductID"]
