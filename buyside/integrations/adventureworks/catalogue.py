"""What the products of AdventureWorks are: bought, made of others, sold, or several of these at once."""

from collections.abc import Iterable
from dataclasses import dataclass

from buyside.integrations.adventureworks.source import Row, Source, UnreadableSource

WAREHOUSE = "PLANT"
CURRENCY = "USD"
_EACH = "EA"


@dataclass(frozen=True, slots=True)
class Part:
    """One file of the pack: its name, and its rows as texts."""

    file: str
    rows: Iterable[Row]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The tables that everything else refers to, by the source's keys."""

    products: dict[str, Row]
    vendors: dict[str, Row]
    sources: list[Row]
    """Which vendor sells which product."""
    bom_rows: int
    parts: list[Row]
    """Rows of bills of materials that have a parent."""
    items: frozenset[str]
    """Products that are bought, or components of others."""
    variants: frozenset[str]
    """Products that are finished goods; some are items as well."""
    stock_units: dict[str, str]
    """Units that bills of materials count a component in."""

    def code(self, product: str) -> str:
        """The number by which people know a product."""
        return self.products[product]["ProductNumber"]

    def stock_unit(self, product: str) -> str:
        """The unit that the bills of materials use, and EA where none does."""
        return self.stock_units.get(product, _EACH).strip()


def read_catalogue(source: Source) -> Catalogue:
    """Read what everything refers to, and check that it is there. Refuses: UnreadableSource."""
    products = {row["ProductID"]: row for row in source.table("Product")}
    bom = source.table("BillOfMaterials")
    sources = source.table("ProductVendor")
    vendors = {row["BusinessEntityID"]: row for row in source.table("Vendor")}
    parts = [row for row in bom if row["ProductAssemblyID"]]
    named = {row["ComponentID"] for row in parts} | {row["ProductID"] for row in sources}
    for key in sorted(named - set(products)):
        raise UnreadableSource(file="Product.csv", reason=f"product {key} is named elsewhere and not there.")
    for key in sorted({row["BusinessEntityID"] for row in sources} - set(vendors)):
        raise UnreadableSource(file="Vendor.csv", reason=f"vendor {key} is named elsewhere and not there.")
    return Catalogue(
        products=products,
        vendors=vendors,
        sources=sources,
        bom_rows=len(bom),
        parts=parts,
        items=frozenset(named),
        variants=frozenset(key for key, row in products.items() if row["FinishedGoodsFlag"] == "1"),
        stock_units={row["ComponentID"]: row["UnitMeasureCode"] for row in parts},
    )
