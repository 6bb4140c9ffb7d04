"""Places, units, vendors, items, variants, who sells what, and what is made of what: what the tables come to in a pack."""

from collections import Counter, defaultdict
from collections.abc import Iterator

from buyside.integrations.adventureworks.catalogue import CURRENCY, WAREHOUSE, Catalogue, Part
from buyside.integrations.adventureworks.factors import Factors, FactorsNeeded
from buyside.integrations.adventureworks.report import Told
from buyside.integrations.adventureworks.source import Row, Source, number

_COUNTED = frozenset({"BOX", "BTL", "CAN", "CAR", "CR", "CS", "CTN", "DZ", "EA", "PAK", "PAL", "PC"})
_MEASURED_DIGITS = 3


def master_data(source: Source, catalogue: Catalogue, told: Told, factors: Factors) -> Iterator[Part]:
    """Everything that is no document. Refuses: UnreadableSource, FactorsNeeded."""
    yield from _places(source, told)
    yield from _units(source, told)
    yield from _vendors(source, catalogue, told)
    yield from _products(source, catalogue, told)
    yield from _vendor_items(catalogue, told, factors)
    yield from _bom(catalogue, told)


def _places(source: Source, told: Told) -> Iterator[Part]:
    places = source.table("Location")
    yield Part("warehouses", [{"code": WAREHOUSE, "name": "Plant", "allow_negative": "false"}])
    told.account("Location", len(places), summed_into_one_warehouse=len(places))
    told.find(
        "locations",
        len(places),
        "{} locations are shop-floor places of one plant: their stock is summed into one warehouse.",
    )


def _units(source: Source, told: Told) -> Iterator[Part]:
    units = [(row["UnitMeasureCode"].strip(), row["Name"]) for row in source.table("UnitMeasure")]
    yield Part(
        "units",
        [
            {
                "code": code,
                "name": name,
                "category": code,
                "factor": "1",
                "digits": "0" if code in _COUNTED else str(_MEASURED_DIGITS),
            }
            for code, name in units
        ],
    )
    told.account("UnitMeasure", len(units), units=len(units))
    told.findings.append("Units carry no conversions: each is a category of its own, counted ones in whole numbers.")


def _vendors(source: Source, catalogue: Catalogue, told: Told) -> Iterator[Part]:
    people = {row["BusinessEntityID"]: row["EmailAddress"] for row in source.table("EmailAddress")}
    contacts = source.table("BusinessEntityContact")
    emails: dict[str, str] = {}
    for row in sorted(contacts, key=lambda each: int(each["PersonID"])):
        emails.setdefault(row["BusinessEntityID"], people.get(row["PersonID"], ""))
    yield Part(
        "vendors",
        [
            {
                "code": row["AccountNumber"],
                "name": row["Name"],
                "currency": CURRENCY,
                "status": "active" if row["ActiveFlag"] == "1" else "inactive",
                "email": emails.get(key, ""),
            }
            for key, row in catalogue.vendors.items()
        ],
    )
    inactive = sum(row["ActiveFlag"] != "1" for row in catalogue.vendors.values())
    told.account("Vendor", len(catalogue.vendors), active=len(catalogue.vendors) - inactive, inactive=inactive)
    told.find("inactive_vendors", inactive, "{} vendors are inactive: their orders are kept, they get no new ones.")
    used = sum(1 for each in emails.values() if each)
    told.account(
        "BusinessEntityContact", len(contacts), address_of_their_vendor=used, not_represented=len(contacts) - used
    )


def _products(source: Source, catalogue: Catalogue, told: Told) -> Iterator[Part]:
    models = {row["ProductModelID"]: row["Name"] for row in source.table("ProductModel")}
    groups = {row["ProductSubcategoryID"]: row["Name"] for row in source.table("ProductSubcategory")}
    products, items, variants = catalogue.products, catalogue.items, catalogue.variants
    yield Part("items", [_item(catalogue, key, groups) for key in products if key in items])
    product_of = {
        key: f"MODEL-{model}" if (model := products[key]["ProductModelID"]) in models else catalogue.code(key)
        for key in variants
    }
    names = {product_of[key]: models.get(products[key]["ProductModelID"], products[key]["Name"]) for key in variants}
    yield Part(
        "products",
        [{"code": code, "name": name, "cover_from_stock": "true"} for code, name in sorted(names.items())],
    )
    yield Part(
        "variants",
        [
            {"sku": catalogue.code(key), "product": product_of[key], "name": row["Name"]}
            for key, row in products.items()
            if key in variants
        ],
    )
    both = len(items & variants)
    told.account(
        "Product",
        len(products),
        items_only=len(items) - both,
        variants_only=len(variants) - both,
        items_and_variants=both,
        neither_bought_nor_a_component_nor_sold=len(products.keys() - items - variants),
    )
    of_models = sum(code.startswith("MODEL-") for code in names)
    told.account("ProductModel", len(models), products=of_models, without_a_finished_good=len(models) - of_models)
    told.find(
        "items_and_variants",
        both,
        "{} finished goods are bought or components as well: the variant is made of one of the item, and its stock is the item's.",
    )
    bare = variants - items - {row["ProductAssemblyID"] for row in catalogue.parts}
    told.find(
        "variants_without_components",
        len(bare),
        "{} finished goods are neither bought nor made of anything: sold, they would be unmapped.",
    )


def _item(catalogue: Catalogue, key: str, groups: dict[str, str]) -> Row:
    row = catalogue.products[key]
    is_made = row["MakeFlag"] == "1"
    return {
        "code": row["ProductNumber"],
        "name": row["Name"],
        "unit": catalogue.stock_unit(key),
        "kind": "inventory",
        "supply": "make" if is_made else "buy",
        "group": groups.get(row["ProductSubcategoryID"], ""),
        "safety_stock": row["SafetyStockLevel"],
        "reorder_point": row["ReorderPoint"],
        "make_lead_days": row["DaysToManufacture"] if is_made else "0",
        "standard_cost": row["StandardCost"] if number("Product", row, "StandardCost") else "",
        "warehouse": WAREHOUSE,
        "active": "true",
    }


def _vendor_items(catalogue: Catalogue, told: Told, factors: Factors) -> Iterator[Part]:
    pairs: list[tuple[str, str, str, str]] = []
    rows: list[Row] = []
    breaks: list[Row] = []
    converted = 0
    by_item: dict[str, list[Row]] = defaultdict(list)
    for row in catalogue.sources:
        by_item[row["ProductID"]].append(row)
    for product, sources in by_item.items():
        ranked = sorted(sources, key=lambda each: _preference(catalogue, each))
        for rank, row in enumerate(ranked, start=1):
            vendor, item = catalogue.vendors[row["BusinessEntityID"]]["AccountNumber"], catalogue.code(product)
            unit, stock_unit = row["UnitMeasureCode"].strip(), catalogue.stock_unit(product)
            factor: str | None = "1"
            if unit != stock_unit:
                converted += 1
                factor = factors.of(vendor, item, unit)
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
    yield Part("vendor_items", rows)
    yield Part("price_breaks", breaks)
    told.account("ProductVendor", len(catalogue.sources), vendor_items=len(rows))
    assumed = f", {factors.assumed} where none was given" if factors.assumed is not None else ""
    told.find(
        "converted_vendor_items",
        converted,
        f"{{}} vendor items are ordered in another unit than the stock unit: their factors were given{assumed}.",
    )
    told.findings.append(
        "The stock unit is the one that the bill of materials uses, and EA where none does. Preference: credit rating, "
        "preferred status, lead time, account number. The price is StandardPrice, at any quantity."
    )
    limits = sum(bool(row["MaxOrderQty"]) for row in catalogue.sources)
    told.find("maximum_quantities", limits, "{} largest order quantities are not represented in a pack.")


def _preference(catalogue: Catalogue, row: Row) -> tuple[int, int, int, int, str]:
    vendor = catalogue.vendors[row["BusinessEntityID"]]
    return (
        vendor["ActiveFlag"] != "1",
        int(number("Vendor", vendor, "CreditRating")),
        vendor["PreferredVendorStatus"] != "1",
        int(number("ProductVendor", row, "AverageLeadTime")),
        vendor["AccountNumber"],
    )


def _bom(catalogue: Catalogue, told: Told) -> Iterator[Part]:
    rows = [
        {
            "parent_kind": "item" if row["ProductAssemblyID"] in catalogue.items else "variant",
            "parent": catalogue.code(row["ProductAssemblyID"]),
            "component": catalogue.code(row["ComponentID"]),
            "qty": row["PerAssemblyQty"],
            "valid_from": row["StartDate"],
            "valid_to": row["EndDate"],
        }
        for row in catalogue.parts
    ]
    links = [
        {"parent_kind": "variant", "parent": catalogue.code(key), "component": catalogue.code(key), "qty": "1"}
        for key in catalogue.products
        if key in catalogue.variants and key in catalogue.items
    ]
    yield Part("bom", [*rows, *links])
    kinds = Counter(row["parent_kind"] for row in rows)
    told.account(
        "BillOfMaterials",
        catalogue.bom_rows,
        rows_of_items=kinds["item"],
        rows_of_variants=kinds["variant"],
        top_level_marks_without_a_parent=catalogue.bom_rows - len(rows),
    )
    ended = sum(bool(row["EndDate"]) for row in catalogue.parts)
    told.find(
        "ended_bom_rows", ended, "{} rows have an end: it is their last day, as the next one begins the day after."
    )
