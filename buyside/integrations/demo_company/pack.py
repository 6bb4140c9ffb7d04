"""The demo company as a data pack and a script of its history: the same for the same day, to the last byte."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random

from buyside.domain.pack import BY_NAME
from buyside.integrations.demo_company.catalogue import GROUP_OF_MADE, GROUPS, UNITS, Item
from buyside.integrations.demo_company.demand import Order, sales_orders
from buyside.integrations.demo_company.history import History, write_history
from buyside.integrations.demo_company.products import (
    DISPLAY,
    DISPLAY_KIT,
    ITEMS,
    NEXT_DISPLAY,
    OFFERS,
    PRODUCTS,
    RULES,
    STRUCTURE,
    VARIANTS,
)
from buyside.integrations.demo_company.sourcing import DEARER_SOON, VENDORS, Offer, contracts, offers

SEED = 20_817
YEAR = 364
"""Days of history: whole weeks, so that it begins on the weekday of today."""
WAREHOUSES = (
    ("MAIN", "Plant Hainfelde"),
    ("WEST", "Assembly West, Lindau an der Rehe"),
    ("SERV", "Service and spare parts"),
)

Rows = list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class Company:
    """Everything about the demo company as of a day.

    `pack` holds the rows of each file of the pack, by its name; `later` those that hold from after the history on: the
    vendors that no longer receive orders.
    """

    today: date
    pack: dict[str, Rows]
    later: dict[str, Rows]
    history: History


def make_company(today: date) -> Company:
    """The company as of `today`: deterministic, no clock, no chance beyond a fixed seed."""
    rng = Random(SEED)
    start = today - timedelta(days=YEAR + today.weekday())  # a Monday
    sold = sales_orders(today, start, rng)
    bought = offers(today, rng)
    history = write_history(today, start, sold, bought, rng)
    pack: dict[str, Rows] = {
        "warehouses": [{"code": code, "name": name} for code, name in WAREHOUSES],
        "units": [
            dict(zip(("code", "name", "category", "factor", "digits"), map(str, row), strict=True)) for row in UNITS
        ],
        "items": _items(history, rng),
        "vendors": _vendors(final=False),
        "vendor_items": _vendor_items(bought),
        "price_breaks": _price_breaks(bought, today),
        "products": [
            {"code": code, "name": name, "cover_from_stock": _flag(covers)} for code, name, covers in PRODUCTS
        ],
        "variants": [{"sku": sku, "product": sku.split("-")[0], "name": name} for sku, name in VARIANTS],
        "options": [
            {"product": product, "group": group, "value": value}
            for group, by_product in OFFERS.items()
            for product, values in by_product.items()
            for value in values
        ],
        "bom": _bom(today),
        "rules": _rules(),
        "sales_orders": _sales_orders(sold),
        "sales_order_lines": _sales_order_lines(sold),
        "stock": _stock(history, rng),
    }
    pack["contracts"], pack["contract_items"] = _contracts(bought, today)
    later = {"vendors": [row for row in _vendors(final=True) if row["status"] != "active"]}
    return Company(today, pack, later, history)


def write_pack(pack: Mapping[str, Rows], folder: Path) -> None:
    """Write the files of a pack; a column stands in a file when some row fills it or the format requires it."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in pack.items():
        declared = BY_NAME[name]
        columns = [each.name for each in declared.columns if each.required or any(row.get(each.name) for row in rows)]
        text = io.StringIO()
        writer = csv.DictWriter(text, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)
        (folder / declared.file_name).write_bytes(text.getvalue().encode())


def _flag(value: bool) -> str:
    return str(value).lower()


def _text(value: Decimal) -> str:
    return format(value.normalize(), "f")


def _items(history: History, rng: Random) -> Rows:
    """Items with their stock policies, which follow from what a week uses and what lies there today."""
    at_plant = sorted(stock for stock in history.use if stock[0] == "MAIN")
    alone = [item for _, item in at_plant if sum(stock[1] == item for stock in history.use) == 1]
    short = set(rng.sample([item for item in alone if history.closing["MAIN", item] > 4], 14))
    rows = []
    for item in ITEMS:
        row = {
            "code": item.code,
            "name": item.name,
            "unit": item.unit,
            "kind": item.kind,
            "supply": item.supply,
            "group": GROUPS.get(item.group) or GROUP_OF_MADE[item.group],
            "standard_cost": _text(item.cost),
            "warehouse": "MAIN",
        }
        if item.make_days:
            row["make_lead_days"] = str(item.make_days)
        if item.supply == "buy" and item.kind == "inventory":
            row |= _policy(item, history, is_short=item.code in short)
        rows.append(row)
    return rows


def _policy(item: Item, history: History, *, is_short: bool) -> dict[str, str]:
    places = [stock for stock in history.use if stock[1] == item.code]
    policy: dict[str, str] = {}
    if places:
        week = min(history.use[stock] for stock in places)
        lies_there = min(history.closing[stock] for stock in places)
        safety = lies_there * Decimal("1.4") + 1 if is_short else min(week, lies_there * Decimal("0.8"))
        policy["safety_stock"] = _text(Decimal(int(safety)))
        if item.group in {"FAS", "PKG"}:
            policy["reorder_point"] = _text(Decimal(int(safety + 2 * week)))
            policy["order_up_to"] = _text(Decimal(int(safety + 8 * week) + 1))
    if not places:
        policy["warehouse"] = "MAIN"
    if item.group == "FAS":
        policy["over_receipt_pct"] = "5"
    elif item.group == "TUB":
        policy["over_receipt_pct"] = "3"
        policy |= {"lot_policy": "period", "period_days": "14"}
    elif item.group == "WHL":
        policy["lot_policy"] = "fixed_multiple"
    return policy


def _vendors(*, final: bool) -> Rows:
    return [
        {
            "code": vendor.code,
            "name": vendor.name,
            "currency": vendor.currency,
            "status": vendor.status if final else "active",
            "tax_id": vendor.tax_id,
            "language": vendor.language,
            "payment_terms": vendor.terms,
            "email": vendor.email,
        }
        for vendor in VENDORS
    ]


def _vendor_items(bought: Iterable[Offer]) -> Rows:
    return [
        {
            "vendor": each.vendor.code,
            "item": each.item.code,
            "vendor_part": each.part,
            "purchase_unit": each.unit,
            "unit_factor": _text(each.factor),
            "lead_days": str(each.lead_days),
            "moq": str(each.minimum),
            "multiple": str(each.multiple),
            "preference": str(each.preference),
            "valid_to": each.valid_to.isoformat() if each.valid_to else "",
        }
        for each in bought
    ]


def _next_month(today: date) -> date:
    return (today.replace(day=1) + timedelta(days=32)).replace(day=1)


def _price_breaks(bought: Iterable[Offer], today: date) -> Rows:
    first = _next_month(today)
    rows: Rows = []
    for each in bought:
        for start, price in each.breaks:
            row = {
                "vendor": each.vendor.code,
                "item": each.item.code,
                "from_qty": str(start),
                "unit_price": _text(price),
                "currency": each.vendor.currency,
            }
            if each.vendor.code != DEARER_SOON:
                rows.append(row)
                continue
            dearer = _text((price * Decimal("1.04")).quantize(Decimal("0.01")))
            rows.append(row | {"valid_to": (first - timedelta(days=1)).isoformat()})
            rows.append(row | {"unit_price": dearer, "valid_from": first.isoformat()})
    return rows


def _bom(today: date) -> Rows:
    rows = [
        {
            "parent_kind": row.kind,
            "parent": row.parent,
            "component": row.component,
            "qty": _text(row.quantity),
            "scrap_pct": _text(row.scrap) if row.scrap else "",
        }
        for row in STRUCTURE
    ]
    change = _next_month(today)
    display = {"parent_kind": "item", "parent": DISPLAY_KIT, "qty": "1"}
    rows.append(display | {"component": DISPLAY, "valid_to": (change - timedelta(days=1)).isoformat()})
    rows.append(display | {"component": NEXT_DISPLAY, "valid_from": change.isoformat()})
    return rows


def _rules() -> Rows:
    return [
        {
            "code": rule.code,
            "product": rule.product,
            "when": ";".join(f"{group}={value}" for group, value in rule.when),
            "behaviour": rule.behaviour,
            "component": rule.component,
            "replacement": rule.replacement,
            "qty": _text(rule.quantity) if rule.quantity else "",
        }
        for rule in RULES
    ]


def _sales_orders(sold: Iterable[Order]) -> Rows:
    return [
        {
            "number": order.number,
            "customer": order.customer,
            "status": order.status,
            "approved_at": f"{order.approved_on}T09:30:00Z" if order.approved_on else "",
            "warehouse": order.warehouse,
        }
        for order in sold
    ]


def _sales_order_lines(sold: Iterable[Order]) -> Rows:
    return [
        {
            "order": order.number,
            "line": str(number),
            "sku": line.sku,
            "qty": str(line.quantity),
            "needed_by": line.needed_by.isoformat(),
            "options": ";".join(f"{group}={value}" for group, value in line.options),
            "fulfilled_qty": str(line.fulfilled) if line.fulfilled else "",
        }
        for order in sold
        for number, line in enumerate(order.lines, start=1)
    ]


_FINISHED = {"LH-M": 3, "LH-L": 2, "PT-M": 4, "KO-U": 5, "UT-M": 4, "UT-L": 2, "TL-60": 6, "TL-90": 3}
_FINISHED_ELSEWHERE = {"TR-U": ("WEST", 2), "AC-RAIN": ("SERV", 9), "AC-STRAP": ("SERV", 12), "AC-WINTER": ("SERV", 4)}
_HALF_FINISHED = {"ASM-BOXW": 6, "ASM-RACK": 12, "ASM-HUBF": 30, "ASM-LOOMS": 8, "ASM-TLF": 4}


def _stock(history: History, rng: Random) -> Rows:
    """The opening stock of a year ago: items, some made parts, some finished goods."""
    costs = {item.code: item.cost for item in ITEMS}
    day = history.start.isoformat()

    def row(warehouse: str, kind: str, code: str, quantity: Decimal, cost: Decimal) -> dict[str, str]:
        amounts = {"qty": _text(quantity), "unit_cost": _text(cost), "date": day}
        return {"warehouse": warehouse, "kind": kind, "code": code} | amounts

    rows = [row(*stock[:1], "item", stock[1], quantity, costs[stock[1]]) for stock, quantity in history.opening.items()]
    used = {item for _, item in history.opening}
    for item in ITEMS:
        if item.code in _HALF_FINISHED:
            rows.append(row("MAIN", "item", item.code, Decimal(_HALF_FINISHED[item.code]), item.cost))
        elif item.supply == "buy" and item.kind == "inventory" and item.code not in used:
            rows.append(row("MAIN", "item", item.code, Decimal(rng.randint(4, 40)), item.cost))
    places = {sku: ("MAIN", count) for sku, count in _FINISHED.items()} | _FINISHED_ELSEWHERE
    for sku, (warehouse, count) in places.items():
        rows.append(
            row(warehouse, "variant", sku, Decimal(count), Decimal(1900 if sku[:2] not in {"TL", "AC"} else 140))
        )
    return rows


def _contracts(bought: Iterable[Offer], today: date) -> tuple[Rows, Rows]:
    heads, items = contracts(today)
    vendor_of = {head["number"]: head["vendor"] for head in heads}
    by_key = {(each.vendor.code, each.item.code): each for each in bought}
    rows = []
    for number, item, quantity, percent in items:
        price = by_key[vendor_of[number], item].breaks[0][1] * Decimal(percent) / 100
        agreed = _text(price.quantize(Decimal("0.01")))
        rows.append({"contract": number, "item": item, "qty": str(quantity), "unit_price": agreed})
    return list(heads), rows
