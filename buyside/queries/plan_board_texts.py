"""Columns, cards and targets of the planning board as the browser takes them: texts written for the reader, and what it counts with."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from buyside.domain.drift import drift_shown
from buyside.domain.locales import shown_date, shown_day, shown_days, shown_money, shown_number, shown_price
from buyside.queries.plan_board import BoardColumn, By
from buyside.queries.plan_board_cards import BoardCard
from buyside.queries.plan_board_choices import BoardChoices
from buyside.queries.plan_board_moves import ItemBalance, Target, Targets
from buyside.queries.plan_vendor_groups import VendorGroup

_NO_VENDOR = "No vendor"
_NEAR_DAYS = 180


def columns_shown(
    columns: Sequence[BoardColumn], groups: Sequence[VendorGroup], by: By, locale: str
) -> list[dict[str, Any]]:
    """Columns with what the vendor asks of an order beside them."""
    of_vendor: dict[str, list[VendorGroup]] = {}
    for each in groups:
        of_vendor.setdefault(str(each.vendor_id or 0), []).append(each)
    return [_column(each, of_vendor.get(each.key, []), by, locale) for each in columns]


def _column(column: BoardColumn, groups: Sequence[VendorGroup], by: By, locale: str) -> dict[str, Any]:
    title, says, tone = column.title or _NO_VENDOR, "", "neutral"
    if by is By.WEEKS:
        title, says = week_shown(column.key, locale)
    else:
        says, tone = _vendor_says(groups, locale)
    return {
        "key": column.key,
        "title": title,
        "says": says,
        "tone": tone,
        "lines": column.lines,
        "lines_text": shown_number(Decimal(column.lines), locale),
        "late": column.late,
        "drifted": column.drifted,
        "unpriced": column.unpriced,
        "total": _total(column, locale),
        "totals": " + ".join(shown_money(each.amount, each.currency, locale) for each in column.totals),
    }


def _total(column: BoardColumn, locale: str) -> str:
    """The value of a column: of several currencies, about what they come to in the organisation's own."""
    if len(column.totals) > 1 and column.in_all is not None:
        return f"≈ {shown_money(column.in_all.amount, column.in_all.currency, locale)}"
    return " + ".join(shown_money(each.amount, each.currency, locale) for each in column.totals) or "–"


def week_shown(key: str, locale: str) -> tuple[str, str]:
    """A week by its Monday: its number, and its first and last day."""
    monday = date.fromisoformat(key)
    sunday = monday + timedelta(days=6)
    return f"Week {monday.isocalendar().week}", f"{shown_date(monday, locale)} – {shown_date(sunday, locale)}"


def _vendor_says(groups: Sequence[VendorGroup], locale: str) -> tuple[str, str]:
    """What is missing to the minimum, else when the vendor takes orders next."""
    for each in groups:
        if each.missing > 0:
            return f"{shown_money(each.missing, each.unit, locale)} below minimum", "warn"
    for each in groups:
        if each.next_order_on is not None and not each.takes_orders_today:
            return f"Takes orders on {shown_date(each.next_order_on, locale)}", "neutral"
    for each in groups:
        if each.missing_to_freight_free > 0:
            return f"{shown_money(each.missing_to_freight_free, each.unit, locale)} to free freight", "neutral"
    return "", "neutral"


def card_shown(card: BoardCard, locale: str, today: date) -> dict[str, Any]:
    """One card; days near today stand on it without their year."""

    def day(on: date) -> str:
        return shown_day(on, locale) if abs((on - today).days) < _NEAR_DAYS else shown_date(on, locale)

    return {
        "line": card.line_id,
        "version": card.version,
        "item": card.item,
        "name": card.name,
        "warehouse": card.warehouse,
        "vendor": card.vendor or _NO_VENDOR,
        "quantity": f"{shown_number(card.quantity, locale)} {card.unit}",
        "value": "No price" if card.value is None else shown_money(card.value, card.currency, locale),
        "needed_on": shown_date(card.needed_on, locale),
        "order_by": shown_date(card.order_by, locale),
        "needed": day(card.needed_on),
        "by": day(card.order_by),
        "late": card.late_days,
        "is_locked": card.is_locked,
        "is_part": card.is_part,
        "is_changed": card.is_changed,
        "drift": drift_shown(card.drift, card.stock_unit, locale),
        "contract": card.contract,
    }


def targets_shown(targets: Targets, now: BoardCard, by: By, locale: str) -> dict[str, Any]:
    """Where a card could go: its targets by their column's key, and the sentence for every other column."""
    return {
        "line": targets.line_id,
        "version": targets.version,
        "why_not": targets.why_not,
        "otherwise": f"does not sell {targets.item}." if by is By.VENDORS else "is not a week of this plan.",
        "targets": [_target(each, now, by, locale) for each in targets.targets],
    }


def _target(target: Target, now: BoardCard, by: By, locale: str) -> dict[str, Any]:
    total, before = target.total, now.value
    change = ""
    if total is not None and before is not None and target.currency == now.currency and not target.is_here:
        sign = "+" if total > before else "−" if total < before else "±"
        change = f"{sign}{shown_money(abs(total - before), target.currency, locale)}"
    return {
        "key": target.key,
        "title": week_shown(target.key, locale)[0] if by is By.WEEKS else target.title,
        "is_here": target.is_here,
        "why_not": target.why_not,
        "quantity": f"{shown_number(target.quantity, locale)} {target.unit}",
        "price": "No price" if target.unit_price is None else shown_price(target.unit_price, target.currency, locale),
        "total": "–" if total is None else shown_money(total, target.currency, locale),
        "change": change,
        "needed_on": shown_date(target.needed_on, locale),
        "order_by": shown_date(target.order_by, locale),
        "late": target.late_days,
        "arrives": shown_date(target.arrives_on, locale) if target.arrives_on else "",
        "later": target.later_days,
        "lateness": _against_suggestion(target.later_days),
        "remark": target.remark,
    }


def _against_suggestion(days: int) -> str:
    if not days:
        return "as suggested"
    return f"{shown_days(abs(days))} {'after' if days > 0 else 'before'} the suggestion"


def choices_shown(choices: BoardChoices) -> Mapping[str, Any]:
    """What the filters offer, each as pairs of value and word."""
    return {
        "vendors": [[each.code, each.name] for each in choices.vendors],
        "groups": [[each.code, each.name] for each in choices.groups],
        "planners": [[each, each] for each in choices.planners],
    }


def balance_shown(balance: ItemBalance, locale: str) -> dict[str, Any]:
    """The projected balance of an item with the plan: steps to draw, and what they come to in words."""

    def quantity(value: Decimal) -> str:
        return f"{shown_number(value, locale)} {balance.unit}"

    lowest = f"Lowest {quantity(balance.lowest)} on {shown_date(balance.lowest_on, locale)}"
    if balance.below_on is not None:
        word = "zero" if balance.safety_stock == 0 else f"the safety stock of {quantity(balance.safety_stock)}"
        says = f"{lowest}; below {word} from {shown_date(balance.below_on, locale)} on."
    else:
        says = f"{lowest}; never below the safety stock of {quantity(balance.safety_stock)}."
    return {
        "item": balance.item,
        "name": balance.name,
        "warehouse": balance.warehouse,
        "says": says,
        "is_short": balance.below_on is not None,
        "safety": str(balance.safety_stock),
        "points": [
            [on.toordinal(), f"{left:f}", shown_date(on, locale), quantity(left)] for on, left in balance.points
        ],
    }
