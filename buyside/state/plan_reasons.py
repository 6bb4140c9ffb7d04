"""Why a plan line orders so much, by such a day and at such a price, in the words and numbers of whoever asks (PLAN-14)."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

from buyside.domain.locales import shown_date, shown_days, shown_number, shown_price
from buyside.queries.plan_explanations import OrderDayReason, PlanLineDetail
from buyside.queries.plan_line_marks import LineMarks

_DECIMAL = re.compile(r"(?<!ontract )(?<![\w.,/-])-?\d+\.\d+(?= [^\d\s])")


def in_locale(sentence: str, locale: str) -> str:
    """A kept sentence with its amounts as people of a locale write them.

    A run keeps its reasons in one form for everybody: 29.245 m is twenty-nine metres there, and would be thousands to a German.
    An amount is a number with decimals in front of its unit; what else looks like one is the number of a contract.
    """
    return _DECIMAL.sub(lambda found: shown_number(Decimal(found[0]), locale), sentence)


def lot_in_words(line: PlanLineDetail, locale: str) -> str:
    """As in "Short of 7 pcs; 1 box holds 2 pcs; at least 8 box; in multiples of 4 box; so 8 box, which is 16 pcs."."""
    lot, lots, stock = line.lot, line.lot.lots, line.stock_unit

    def amount(value: Decimal, unit: str) -> str:
        return f"{shown_number(value, locale)} {unit}"

    short = f"Short of {amount(lot.shortage, stock)}"
    if lot.gathered_days > 1:
        last = shown_date(line.suggested_needed_on + timedelta(days=lot.gathered_days - 1), locale)
        short += f": what is short until {last} is ordered together, as the item says ({lot.gathered_days} days)"
    elif lot.filled_up_to is not None:
        short += f" up to the order-up-to level of {amount(lot.filled_up_to, stock)}"
    if not lot.unit:
        return short + "."
    is_other_unit = lots.factor != 1 or lot.unit != stock
    parts = [short]
    if is_other_unit:
        parts.append(f"1 {lot.unit} holds {amount(lots.factor, stock)}")
    if lots.minimum:
        parts.append(f"at least {amount(lots.minimum, lot.unit)}")
    if (
        lots.multiple and max(lot.shortage / lots.factor, lots.minimum or 0) % lots.multiple
    ):  # else it rounds nothing up
        parts.append(f"in multiples of {amount(lots.multiple, lot.unit)}")
    brings = f", which is {amount(lot.quantity * lots.factor, stock)}" if is_other_unit else ""
    parts.append(f"so {amount(lot.quantity, lot.unit)}{brings}")
    return "; ".join(parts) + "."


def order_day_in_words(line: PlanLineDetail, locale: str) -> str:
    """How the order-by date comes from the needed date; empty where nobody delivers."""
    if line.order_day is None:
        return ""
    why = line.order_day
    words = f"Needed {shown_date(line.needed_on, locale)}, less {_days(why)}: {shown_date(why.latest_on, locale)}."
    if why.order_by != why.latest_on:
        words += f" The vendor's last order day until then is {shown_date(why.order_by, locale)}."
    if why.order_by != line.order_by:
        words += f" The plan was made by other terms, with {shown_date(line.order_by, locale)}."
    return words


def _days(why: OrderDayReason) -> str:
    inside = f" and {shown_days(why.goods_in_days)} of goods-in" if why.goods_in_days else ""
    return f"{shown_days(why.lead_days)} of delivery{inside}"


def price_in_words(line: PlanLineDetail, marks: LineMarks, locale: str) -> str:
    """Where the price of a line comes from."""
    if line.unit_price is None:
        return "No price is kept for this quantity." if line.vendor else ""
    drawn = next((each for each in marks.contracts if each.is_chosen), None)
    if drawn is not None and drawn.unit_price == line.unit_price:
        return f"The price is agreed in contract {drawn.number}."
    listed = line.listed_price
    if listed is None or (listed.unit_price, listed.currency_code) != (line.unit_price, line.currency):
        decided = line.unit_price != line.suggested_unit_price
        return "The price was decided in this plan." if decided else "The price was kept when the plan was made."
    words = "The price is the vendor's list price"
    if listed.from_quantity:
        words += f" from {shown_number(listed.from_quantity, locale)} {line.unit} on"
    if listed.valid_from is not None:
        words += f", valid from {shown_date(listed.valid_from, locale)}"
    if listed.valid_to is not None:
        words += f" to {shown_date(listed.valid_to, locale)}"
    price = shown_price(line.unit_price, line.currency, locale)
    return f"{words}: {shown_number(line.quantity_packs, locale)} {line.unit} at {price}."
