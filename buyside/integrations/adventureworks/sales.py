"""Sales orders, of which the later ones are demand, and the stock of the day after which nothing is recorded."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from buyside.domain.money import ZERO
from buyside.integrations.adventureworks.catalogue import WAREHOUSE, Catalogue, Part
from buyside.integrations.adventureworks.report import Told
from buyside.integrations.adventureworks.source import Row, Source, UnreadableSource, number

_NEVER = "9999-12-31"


def sales_and_stock(
    source: Source, catalogue: Catalogue, told: Told, open_from: date | None, last_purchase: str
) -> Iterator[Part]:
    """Orders, their lines, then stock. Refuses: UnreadableSource."""
    heads = {row["SalesOrderID"]: row for row in source.table("SalesOrderHeader")}
    yield Part(
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
    first_open = open_from.isoformat() if open_from else _NEVER
    is_open = {key: row["OrderDate"] >= first_open for key, row in heads.items()}
    counted: Counter[str] = Counter()
    lines = _lines(catalogue, heads, is_open, source.rows("SalesOrderDetail"), counted)
    yield Part("sales_order_lines", lines)
    later = sum(is_open.values())
    told.account("SalesOrderHeader", len(heads), fulfilled=len(heads) - later, open=later)
    told.account("SalesOrderDetail", counted.total(), fulfilled=counted["fulfilled"], open=counted["open"])
    told.findings.append(
        "All sales orders were shipped in the source. Those ordered before the day that demand opens are fulfilled, "
        "later ones open; needed by DueDate; selling prices are not represented."
    )
    last_sale = max((row["OrderDate"] for row in heads.values()), default="")
    yield from _stock(source, catalogue, told, max(last_sale, last_purchase))


def _lines(
    catalogue: Catalogue, heads: dict[str, Row], is_open: dict[str, bool], rows: Iterator[Row], counted: Counter[str]
) -> Iterator[Row]:
    position: Counter[str] = Counter()
    for row in rows:
        key = row["SalesOrderID"]
        if key not in heads or row["ProductID"] not in catalogue.variants:
            raise UnreadableSource(
                file="SalesOrderDetail.csv",
                reason=f"line {row['SalesOrderDetailID']} names an unknown order or what is not sold.",
            )
        position[key] += 1
        counted["open" if is_open[key] else "fulfilled"] += 1
        yield {
            "order": f"SO{key}",
            "line": str(position[key]),
            "sku": catalogue.code(row["ProductID"]),
            "qty": row["OrderQty"],
            "needed_by": heads[key]["DueDate"],
            "fulfilled_qty": "0" if is_open[key] else row["OrderQty"],
        }


def _stock(source: Source, catalogue: Catalogue, told: Told, day: str) -> Iterator[Part]:
    """Stock of a product that is item and variant is the item's; `day` is an ISO date."""
    places = source.table("ProductInventory")
    held: dict[str, Decimal] = defaultdict(Decimal)
    for row in places:
        held[row["ProductID"]] += number("ProductInventory", row, "Quantity")
    kept = {key: amount for key, amount in held.items() if key in catalogue.items or key in catalogue.variants}
    yield Part(
        "stock",
        [
            {
                "warehouse": WAREHOUSE,
                "kind": "item" if key in catalogue.items else "variant",
                "code": catalogue.code(key),
                "qty": format(amount, "f"),
                "unit_cost": catalogue.products[key]["StandardCost"],
                "date": day,
            }
            for key, amount in kept.items()
        ],
    )
    told.account(
        "ProductInventory",
        len(places),
        item_stock=sum(row["ProductID"] in catalogue.items for row in places),
        variant_stock=sum(row["ProductID"] in catalogue.variants - catalogue.items for row in places),
        of_nothing_that_was_loaded=sum(row["ProductID"] not in kept for row in places),
    )
    told.find("stock_units", sum(kept.values(), ZERO), "{} units of stock were loaded, each once.")
