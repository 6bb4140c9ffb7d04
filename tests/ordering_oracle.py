"""Whom to order from, how much and when, told slowly: vendors, shares, contracts, order days, prices (PLAN-6 to PLAN-9)."""

from collections import defaultdict
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from tests.oracles import PlanningAnswer, PlanningWorld, Row, counts_on, half_up, kept_in, up_to

Balances = dict[Any, Fraction | None]  # what is left, None without limit; by contract, or by contract and item


def order_all(world: PlanningWorld, answer: PlanningAnswer) -> None:
    """Plan lines of all bought items, day by day, on each day item by item and warehouse by warehouse."""
    amounts: Balances = defaultdict(lambda: None)
    amounts |= {row["contract"]: row["amount_left"] for row in world.contract_balances}
    quantities: Balances = {(row["contract"], row["item"]): row["quantity_left"] for row in world.contracts}
    asked: dict[tuple[int, int], dict[date, Fraction]] = {}
    items = {item["item"]: item for item in world.items if item["supply"] == "buy"}
    for item, warehouse in sorted((item, warehouse) for item in items for warehouse in world.warehouses):
        gross = {day: row[0] for (i, w, day), row in answer.requirements.items() if (i, w) == (item, warehouse)}
        if gross or kept_in(world, items[item], warehouse):
            asked[item, warehouse] = {world.as_of: Fraction(0)} | gross
    brought: dict[tuple[int, int], Fraction] = defaultdict(Fraction)
    for day in sorted({day for gross in asked.values() for day in gross}):
        for (number, warehouse), gross in asked.items():
            if day not in gross:
                continue
            item = items[number]
            there = in_and_on_order(world, number, warehouse) + brought[number, warehouse]
            need, trigger = needed(item, gross, there, day)
            if need > 0:
                for part, line in enumerate(lots(world, item, day, need, amounts, quantities), 1):
                    answer.plan_lines[number, warehouse, day, part] = line | {"trigger": trigger}
                    brought[number, warehouse] += line["stock_quantity"]


def in_and_on_order(world: PlanningWorld, item: int, warehouse: int) -> Fraction:
    """What lies there, and all open supply, even what arrives behind the need."""
    here = (item, warehouse)
    return sum(
        (row["on_hand"] for row in world.item_stock if (row["item"], row["warehouse"]) == here), Fraction(0)
    ) + sum((row["quantity"] for row in world.supply if (row["item"], row["warehouse"]) == here), Fraction(0))


def needed(item: Row, gross: dict[date, Fraction], there: Fraction, day: date) -> tuple[Fraction, str]:
    """What is needed on a day, and what asks for it."""
    balance = {until: there - sum(quantity for on, quantity in gross.items() if on <= until) for until in gross}
    need = item["safety_stock"] - balance[day]
    trigger = "shortage" if need > 0 else "reorder_point"
    if need > 0 and item["lot_policy"] == "period":
        last = day + timedelta(days=max(1, item["period_days"]) - 1)
        need = max(item["safety_stock"] - balance[on] for on in gross if day <= on <= last)
    point = item["reorder_point"] if item["kind"] == "inventory" else None
    if point is not None and balance[day] <= point:
        need = max(need, (point if item["order_up_to"] is None else item["order_up_to"]) - balance[day])
    return need, trigger


def lots(
    world: PlanningWorld, item: Row, day: date, need: Fraction, amounts: Balances, quantities: Balances
) -> list[Row]:
    """The lines that serve one need; contracts are drawn down on the way."""
    vendors, reason = ranked(world, item)
    drawn = draw(world, item, need, vendors, amounts, quantities)
    if drawn:
        return [line_of(world, item, day, need, vendors, "contract", drawn)]
    sharing = [vendor for vendor in vendors if vendor["share_percent"] > 0 and item["vendor_policy"] == "share"]
    if not sharing:
        return [line_of(world, item, day, need, vendors, reason)]
    total = sum(vendor["share_percent"] for vendor in sharing)
    lines: list[Row] = []
    for vendor in sharing:
        left = need - sum(line["stock_quantity"] for line in lines)
        part = left if vendor is sharing[-1] else min(left, half_up(need * vendor["share_percent"] / total))
        if part > 0:
            percent = half_up(vendor["share_percent"] / total) * 100  # to four decimals of a percent
            others = [vendor, *(each for each in vendors if each is not vendor)]
            line = line_of(world, item, day, part, others, "share")
            lines.append(line | {"split_need": need, "share_percent": percent})
    return lines


def line_of(
    world: PlanningWorld,
    item: Row,
    day: date,
    need: Fraction,
    vendors: list[Row],
    reason: str,
    drawn: Row | None = None,
) -> Row:
    """One line from the first of the vendors, or from the contract that was drawn."""
    vendor = drawn["vendor"] if drawn else vendors[0] if vendors else None
    quantity, brings = lot(need, item, vendor)
    lead = item["goods_in_days"] + (vendor["lead_days"] if vendor else 0)
    line: Row = {
        "shortage": need,
        "stock_quantity": brings,
        "reason": reason,
        "candidates": len(vendors),
        "vendor_item": vendor["vendor_item"] if vendor else None,
        "vendor": vendor["vendor"] if vendor else None,
        "quantity": quantity if vendor else None,
        "split_need": None,
        "share_percent": None,
        "contract": drawn["contract"] if drawn else None,
        "contract_amount_left": drawn["amount_left"] if drawn else None,
        "contract_quantity_left": drawn["quantity_left"] if drawn else None,
    }
    line |= dates_of(world, vendor["vendor"] if vendor else None, day, lead)
    line |= priced(world, vendor, quantity, drawn)
    return line


# --- who ------------------------------------------------------------------------------------------------------------
def ranked(world: PlanningWorld, item: Row) -> tuple[list[Row], str]:
    """The vendor items of an item in the order of its policy, and what decided on the first."""
    rows = [v for v in world.vendor_items if v["item"] == item["item"] and v["is_usable"] and counts_on(v, world.as_of)]
    if not rows:
        return [], "no_vendor"
    policy = item["vendor_policy"]
    prices = {v["vendor_item"]: comparable_price(world, v) for v in rows}

    def criteria(vendor: Row) -> dict[str, Any]:
        every = {
            "preference": vendor["preference"],
            "lead": vendor["lead_days"],
            "price": prices[vendor["vendor_item"]],
        }
        order = {"cheapest": ["price", "lead", "preference"], "fastest": ["lead", "preference", "price"]}
        return {name: every[name] for name in order.get(policy, ["preference", "lead", "price"])}

    rows.sort(key=lambda v: (*criteria(v).values(), v["vendor"], v["vendor_item"]))
    if len(rows) == 1:
        return rows, "only"
    one, two = criteria(rows[0]), criteria(rows[1])
    decided = next((name for name in one if one[name] != two[name]), None)
    if decided is None:
        return rows, "first"
    if decided == "price" and one["price"][0] != two["price"][0]:
        return rows, "priced"
    if decided == "price" and one["price"][1] != two["price"][1]:
        return rows, "no_rate"
    cheap = "no_price" if one["price"][0] == 2 else "lowest_price"
    return rows, {
        "cheapest": {"price": "lowest_price", "lead": f"{cheap}_fastest", "preference": f"{cheap}_preferred"},
        "fastest": {
            "lead": "shortest_time",
            "preference": "shortest_time_preferred",
            "price": "shortest_time_cheapest",
        },
    }.get(policy, {"preference": "preferred", "lead": "fastest", "price": "cheapest"})[decided]


def comparable_price(world: PlanningWorld, vendor: Row) -> tuple[int, str, Fraction]:
    """The price per stock unit of the smallest order: in own money, else in its own, else none; in this order."""
    prices = breaks_of(world, vendor["vendor_item"])
    if not prices:
        return 2, "", Fraction(0)
    reached = [price for price in prices if price["from_quantity"] <= vendor["minimum"]]
    price = reached[-1] if reached else prices[0]
    per_unit = price["unit_price"] / vendor["unit_factor"]
    rates = [rate for rate in world.rates if rate["currency"] == price["currency"]]
    rates = [rate for rate in rates if (rate["valid_from"] or date.min) <= world.as_of]
    if not rates:
        return 1, price["currency"], per_unit
    return 0, "", per_unit * max(rates, key=lambda rate: rate["valid_from"] or date.min)["rate"]


def draw(
    world: PlanningWorld, item: Row, need: Fraction, vendors: list[Row], amounts: Balances, quantities: Balances
) -> Row | None:
    """The first contract that suffices, drawn down by the lot."""
    if not item["contracts_first"]:
        return None
    contracts = [
        c for c in world.contracts if c["item"] == item["item"] and c["is_usable"] and counts_on(c, world.as_of)
    ]
    seen: set[int] = set()
    for vendor in vendors:
        if vendor["vendor"] in seen:
            continue
        seen.add(vendor["vendor"])
        for row in sorted((c for c in contracts if c["vendor"] == vendor["vendor"]), key=lambda c: int(c["contract"])):
            quantity, _ = lot(need, item, vendor)
            price = row["unit_price"]
            if price is None:
                reached = [p for p in breaks_of(world, vendor["vendor_item"]) if p["from_quantity"] <= quantity]
                if reached and reached[-1]["currency"] != row["currency"]:
                    continue
                price = reached[-1]["unit_price"] if reached else None
            amount, free = amounts[row["contract"]], quantities[row["contract"], item["item"]]
            if free is not None and free < quantity:
                continue
            if amount is not None:
                if price is None or amount < half_up(quantity * price):
                    continue
                amount -= half_up(quantity * price)
            if free is not None:
                free -= quantity
            amounts[row["contract"]], quantities[row["contract"], item["item"]] = amount, free
            return row | {"vendor": vendor, "amount_left": amount, "quantity_left": free}
    return None


# --- when -----------------------------------------------------------------------------------------------------------
def dates_of(world: PlanningWorld, vendor: int | None, day: date, lead: int) -> Row:
    """When to order what is needed on a day, and when it comes."""
    latest = day - timedelta(days=lead)
    order_by = open_day(world, vendor, latest, -1)
    goes_out = open_day(world, vendor, max(world.as_of, order_by), 1)
    return {
        "latest_order_on": latest,
        "order_by": order_by,
        "late_days": max(0, (world.as_of - order_by).days),
        "arrives_on": goes_out + timedelta(days=lead),
    }


def open_day(world: PlanningWorld, vendor: int | None, start: date, step: int) -> date:
    """The nearest day in a direction on which a vendor takes orders; the day itself where none is within 370 days."""
    for n in range(371):
        day = start + timedelta(days=n * step)
        if is_open(world, vendor, day):
            return day
    return start


def is_open(world: PlanningWorld, vendor: int | None, day: date) -> bool:
    """Whether a vendor takes orders on a day."""
    for row in world.vendors:
        if row["vendor"] == vendor and row["order_weekdays"]:
            names = [number for number in range(7) if row["order_weekdays"] // 2**number % 2]
            if day.weekday() not in names:
                return False
    for row in world.vendor_closings:
        if row["vendor"] == vendor:
            first, last = divmod(row["from_day"], 100), divmod(row["to_day"], 100)
            today = (day.month, day.day)
            over_new_year = first > last
            if (first <= today <= last) if not over_new_year else not (last < today < first):
                return False
    return True


# --- how much, at what price ----------------------------------------------------------------------------------------
def breaks_of(world: PlanningWorld, vendor_item: int) -> list[Row]:
    """Price breaks that count today, lowest first."""
    rows = [row for row in world.prices if row["vendor_item"] == vendor_item and counts_on(row, world.as_of)]
    return sorted(rows, key=lambda row: row["from_quantity"])


def lot(need: Fraction, item: Row, vendor: Row | None) -> tuple[Fraction, Fraction]:
    """Quantity in purchase units and what it brings in stock units."""
    if vendor is None:
        quantity = up_to(need, Fraction(1, 10 ** item["unit_digits"]))
        return quantity, quantity
    digit = Fraction(1, 10 ** vendor["unit_digits"])
    quantity = max(up_to(need / vendor["unit_factor"], digit), vendor["minimum"])
    step = multiple_of(vendor)
    quantity = up_to(quantity, step)
    return quantity, half_up(quantity * vendor["unit_factor"])


def multiple_of(vendor: Row) -> Fraction:
    """The smallest quantity that is a multiple of the vendor's and has no more digits than the unit."""
    digit = Fraction(1, 10 ** vendor["unit_digits"])
    if not vendor["multiple"]:
        return digit
    step = vendor["multiple"]
    while step % digit:
        step += vendor["multiple"]
    return step


def priced(world: PlanningWorld, vendor: Row | None, quantity: Fraction, drawn: Row | None) -> Row:
    """Price of a quantity, and the larger order that would cost least, if any costs less."""
    answer: Row = dict.fromkeys(("unit_price", "currency", "better_quantity", "better_price", "saving"))
    if drawn:
        answer |= {"currency": drawn["currency"], "unit_price": drawn["unit_price"]}
    breaks = breaks_of(world, vendor["vendor_item"]) if vendor else []
    reached = [row for row in breaks if row["from_quantity"] <= quantity]
    if vendor is None or not reached or (drawn and drawn["unit_price"] is not None):
        return answer
    now = reached[-1]
    found = []
    for row in breaks:
        if row["from_quantity"] > quantity:
            larger = up_to(row["from_quantity"], multiple_of(vendor))
            if drawn and drawn["quantity_left"] is not None and larger - quantity > drawn["quantity_left"]:
                continue
            price = [p for p in breaks if p["from_quantity"] <= larger][-1]
            saving = quantity * now["unit_price"] - larger * price["unit_price"]
            if saving > 0 and price["currency"] == now["currency"]:
                found.append((-saving, larger, price["unit_price"]))
    answer |= {"unit_price": now["unit_price"], "currency": now["currency"]}
    if found:
        saving, larger, price = min(found)
        answer |= {"better_quantity": larger, "better_price": price, "saving": half_up(-saving)}
    return answer
