"""Plan lines and orders of a plan as texts for a page, in the person's locale; and what was typed into cells, read."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, TypedDict
from urllib.parse import quote

from buyside.domain.drift import drift_shown
from buyside.domain.locales import (
    PRICE_DIGITS,
    price_writer,
    read_date,
    read_number,
    shown_date,
    shown_days,
    shown_money,
    shown_number,
    shown_price,
)
from buyside.domain.refusals import Unreadable
from buyside.domain.sheet_changes import CellProblem, RowChange, RowsRefused
from buyside.operations.plan_conversion import NewOrder
from buyside.queries.plan_alternatives import Alternative
from buyside.queries.plan_explanations import PlanLineDetail
from buyside.queries.plan_line_marks import LineMarks
from buyside.queries.plan_totals import PlanTotals
from buyside.state.grid import GridSave
from buyside.state.plan_reasons import in_locale, lot_in_words, order_day_in_words, price_in_words

_CURRENCIES = 2  # more are told as one sum
_NUMBERS = frozenset({"quantity_packs", "unit_price"})


class Other(TypedDict):
    """Who else could deliver."""

    vendor_item_id: int
    vendor: str
    quantity: str
    unit: str
    price: str
    total: str
    lead: str
    order_by: str
    says: str
    tone: str
    can_take: bool


class OnContract(TypedDict):
    """A contract that a line may draw on."""

    contract_id: int
    vendor_item_id: int
    number: str
    price: str
    left: str
    says: str
    can_take: bool


class Piece(TypedDict):
    """One of the lines that a need was split over."""

    line_id: str
    quantity: str
    unit: str
    vendor: str
    needed_on: str
    state: str
    is_this: bool


class Made(TypedDict):
    """A draft order that came out of the plan."""

    number: str
    path: str
    vendor: str
    lines: str
    total: str
    send: str
    freight: str


def plain(number: Decimal) -> str:
    """A number as machines write it."""
    return f"{number.normalize():f}"


def changes_of(save: GridSave, locale: str) -> tuple[RowChange, ...]:
    """The changes of a save in canonical text; an undo sends that already. Refuses: RowsRefused, with every unreadable cell."""
    changes, problems = [], []
    for place, change in enumerate(save.changes):
        cells = dict(change.cells)
        if save.act != "undo":
            for name, typed in change.cells.items():
                try:
                    cells[name] = _canonical(name, typed.strip(), locale)
                except Unreadable as refusal:
                    problems.append(CellProblem(place, change.key, name, typed, refusal.code, str(refusal)))
        changes.append(RowChange(change.key, change.version, cells))
    if problems:
        raise RowsRefused(problems)
    return tuple(changes)


def _canonical(name: str, typed: str, locale: str) -> str:
    if not typed:
        return ""
    if name in _NUMBERS:
        return plain(read_number(typed, locale))
    return read_date(typed, locale).isoformat() if name == "needed_on" else typed


def for_person(problems: tuple[CellProblem, ...], locale: str) -> tuple[CellProblem, ...]:
    """The same problems, with what somebody else decided meanwhile written for the person who has to choose."""
    return tuple(
        replace(each, theirs={name: _shown(name, value, locale) for name, value in each.theirs.items()})
        for each in problems
    )


def _shown(name: str, canonical: str, locale: str) -> str:
    try:
        if canonical and name in _NUMBERS:
            return shown_number(Decimal(canonical), locale, PRICE_DIGITS if name == "unit_price" else (0, 6))
        return shown_date(date.fromisoformat(canonical), locale) if canonical and name == "needed_on" else canonical
    except (ValueError, InvalidOperation):
        return canonical


def facts_of(line: PlanLineDetail, marks: LineMarks, locale: str) -> dict[str, str]:
    """A line, its suggestion and what stands beside it."""

    def priced(value: Decimal | None) -> str:
        return shown_price(value, line.currency, locale) if value is not None else "–"

    def amount(value: Decimal) -> str:
        return shown_number(value, locale)

    offer = marks.offer
    carried = ""
    if marks.continues_on is not None:
        carried = f"Locked in the plan of {shown_date(marks.continues_on, locale)} and taken over."
        if marks.stock != marks.suggested_stock:
            carried += f" It brings {amount(marks.stock)} {line.stock_unit}; suggested now are {amount(marks.suggested_stock)}."
    return {
        "title": f"{line.item} · {line.name}",
        "item": line.item,
        "path": "/requirements?"
        f"run={line.run_id}&item={quote(line.item, safe='')}&warehouse={quote(line.warehouse, safe='')}",
        "what_if": f"/scenarios?new=1&kind=lead_time&run={line.run_id}&item={quote(line.item, safe='')}",
        "warehouse": line.warehouse,
        "reason": in_locale(line.reason, locale),
        "lot": lot_in_words(line, locale) if marks.suggested_stock else "",
        "order_day": order_day_in_words(line, locale),
        "price_from": price_in_words(line, marks, locale),
        "drift": drift_shown(line.drift, line.stock_unit, locale),
        "carried": carried,
        "left_out_reason": line.left_out_reason,
        "order": line.order_number,
        "order_path": "/orders/" + quote(line.order_number, safe=""),
        "late": f"{shown_days(line.late_days)} late" if line.late_days else "",
        "vendor": line.vendor or "No vendor",
        "suggested_vendor": line.suggested_vendor or "No vendor",
        "quantity": f"{amount(line.quantity_packs)} {line.unit}",
        "suggested_quantity": f"{amount(line.suggested_quantity)} {line.unit}",
        "needed_on": shown_date(line.needed_on, locale),
        "suggested_needed_on": shown_date(line.suggested_needed_on, locale),
        "order_by": shown_date(line.order_by, locale),
        "arrives_on": shown_date(marks.arrives_on, locale) if marks.arrives_on else "–",
        "price": priced(line.unit_price),
        "suggested_price": priced(line.suggested_unit_price),
        "contract": marks.contract or "None",
        "suggested_contract": marks.suggested_contract or "None",
        "total": shown_money(line.total, line.currency, locale) if line.total is not None else "–",
        "offer": ""
        if offer is None
        else f"{amount(offer.more)} more lower the total by {shown_money(offer.saving, line.currency, locale)}.",
        "offer_takes": "" if offer is None else f"Order {amount(offer.quantity_packs)} {line.unit}",
    }


def other_of(each: Alternative, locale: str, *, is_editable: bool, contract: str = "") -> Other:
    """Another way to get what a line is short of, at list prices; `contract` is the one that the line draws on instead."""
    unit_price = each.unit_price
    said = [f"{each.late_days} d late"] if each.late_days else []
    said += [f"no price for {shown_number(each.quantity_packs, locale)} {each.unit}"] if unit_price is None else []
    is_unrated = unit_price is not None and not each.has_rate
    said += (
        [f"no exchange rate of {each.currency}, so not compared by price"] if is_unrated and each.is_price_asked else []
    )
    tone = "warn" if said else "neutral"
    said += (
        [f"no exchange rate of {each.currency}; price did not decide"] if is_unrated and not each.is_price_asked else []
    )
    if each.why_not is not None:
        said, tone = [each.why_not.to(locale)], "neutral"
    if each.is_chosen:
        chosen = f"chosen, at the price of contract {contract}" if contract else "chosen"
        said, tone = [chosen, *said], "active" if tone == "neutral" else tone
    says = "; ".join(said)
    return Other(
        vendor_item_id=each.vendor_item_id,
        vendor=each.vendor,
        quantity=shown_number(each.quantity_packs, locale),
        unit=each.unit,
        price=price_writer(locale, each.currency)(each.unit_price) if each.unit_price is not None else "–",
        total=shown_money(each.total, each.currency, locale) if each.total is not None else "–",
        lead=f"{each.lead_days} d",
        order_by=shown_date(each.order_by, locale),
        says=says[:1].upper() + says[1:],
        tone=tone,
        can_take=is_editable and each.is_usable and not each.is_chosen,
    )


def contracts_of(marks: LineMarks, locale: str, *, is_editable: bool) -> list[OnContract]:
    """The contracts that a line may draw on, with what is left of them."""
    found = []
    for each in marks.contracts:
        left = [] if each.quantity_left is None else [f"{shown_number(each.quantity_left, locale)} {each.unit}"]
        left += [shown_money(each.amount_left, each.currency, locale)] if each.amount_left is not None else []
        found.append(
            OnContract(
                contract_id=each.contract_id,
                vendor_item_id=each.vendor_item_id,
                number=each.number,
                price="List price" if each.unit_price is None else shown_price(each.unit_price, each.currency, locale),
                left=" and ".join(left) or "No limit",
                says="Chosen" if each.is_chosen else "",
                can_take=is_editable and not each.is_chosen,
            )
        )
    return found


def pieces_of(marks: LineMarks, line_id: int, locale: str) -> list[Piece]:
    """The lines that one need was split over."""
    return [
        Piece(
            line_id=str(each.line_id),
            quantity=shown_number(each.quantity_packs, locale),
            unit=each.unit,
            vendor=each.vendor,
            needed_on=shown_date(each.needed_on, locale),
            state=each.state,
            is_this=each.line_id == line_id,
        )
        for each in marks.parts
    ]


def lines_said(count: int, locale: str) -> str:
    """As in "1 line" or "1,200 lines"."""
    return f"{shown_number(Decimal(count), locale)} {'line' if count == 1 else 'lines'}"


def come_to(totals: PlanTotals, locale: str) -> str:
    """What lines come to, in words."""

    def count(number: int) -> str:
        return shown_number(Decimal(number), locale)

    parts = [f"{count(totals.lines) if totals.lines else 'no'} open {'line' if totals.lines == 1 else 'lines'}"]
    if len(totals.values) > _CURRENCIES and totals.in_own is not None:
        currency, amount = totals.in_own
        parts.append(f"about {shown_money(amount, currency, locale)} in {count(len(totals.values))} currencies")
    else:
        parts += [shown_money(amount, currency, locale) for currency, amount in totals.values]
    parts += [f"{count(totals.late)} late"] if totals.late else []
    parts += [f"{count(totals.unready)} not ready to order"] if totals.unready else []
    return " · ".join(parts)


def made_of(each: NewOrder, locale: str) -> Made:
    """A draft order that came out of the plan, and when its vendor takes it."""
    send = shown_date(each.next_order_day, locale) + (f", until {each.cutoff}" if each.cutoff else "")
    freight = ""
    if each.missing_to_free is not None:
        missing = shown_money(each.missing_to_free, each.currency_code, locale)
        freight = f"{missing} more for free freight" if each.missing_to_free else "Freight is free"
    return Made(
        number=each.number,
        path="/orders/" + quote(each.number, safe=""),
        vendor=each.vendor_name + (f" · {each.contract}" if each.contract else ""),
        lines=str(each.lines),
        total=shown_money(each.total, each.currency_code, locale),
        send=send,
        freight=freight,
    )


def not_made_of(done: Any, locale: str) -> list[dict[str, str]]:
    """Lines that were asked for and stay in the plan, with the reason."""
    return [
        {"item": each.item_code, "day": shown_date(each.needed_on, locale), "why": each.why}
        for each in done.not_converted
    ]
