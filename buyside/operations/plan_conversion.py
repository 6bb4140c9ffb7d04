"""From the draft plan to purchase orders: grouped, pegged, and each line once (PLAN-13)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import text
from sqlmodel import Session, select

from buyside.db.plans import PlanningRun
from buyside.domain.access import Actor, Permission, needs
from buyside.domain.drift import drift_shown
from buyside.domain.locales import shown_date, shown_money, shown_number
from buyside.domain.money import ZERO, rounded
from buyside.domain.plan_decisions import ContractExhausted
from buyside.domain.plans import RunOrigin, RunState
from buyside.domain.rates import Rates
from buyside.domain.refusals import NotFound, Refused
from buyside.ledgers.exchange_rates import rates_of
from buyside.ledgers.order_batch import Draft, Drafted, DraftedLine, write_drafts
from buyside.ledgers.orders import day_of
from buyside.queries.contract_balances import agreements_of
from buyside.queries.plan_orders import OrderableLine, OrderTerms, lock_orderable_lines, order_terms
from buyside.queries.plan_standing import superseded

if TYPE_CHECKING:  # the engine is loaded by the first conversion, not by whoever may start one
    from buyside.queries.plan_line_pegs import LinePegs

_NAMED = 5
_MONEY_DIGITS = 2


class NothingToConvert(Refused):
    code = "plans.nothing-to-convert"
    says = "None of these lines can be ordered. {why}"


class PlanDrifted(Refused):
    code = "plans.drifted"
    says = "Something moved since the plan was calculated: {what}. Run the plan again, or confirm to order as planned."


class PlanSuperseded(Refused):
    code = "plans.superseded"
    says = "A newer plan of {as_of} covers the same items. Convert that one, so that nothing is ordered twice."


class RunNotDone(Refused):
    code = "plans.run-not-done"
    says = "This planning run is {state}; there is no plan to convert."


class OnlyAScenario(Refused):
    code = "plans.only-a-scenario"
    says = "This is what would be if. Make a plan of it to order."


class BelowMinimum(Refused):
    code = "plans.below-minimum"
    says = "{which} Add lines to it, or confirm to order all the same."


@dataclass(frozen=True, slots=True)
class NewOrder:
    """A draft order that came out of a plan. `missing_to_free` freight is in its currency; None where there is no threshold."""

    order_id: int
    number: str
    vendor_code: str
    vendor_name: str
    warehouse_id: int
    currency_code: str
    lines: int
    total: Decimal
    contract: str
    next_order_day: date
    cutoff: str
    missing_to_free: Decimal | None


@dataclass(frozen=True, slots=True)
class NotConverted:
    """A line that was asked for and stays as it is, and why."""

    line_id: int
    item_code: str
    needed_on: date
    why: str


@dataclass(frozen=True, slots=True)
class Converted:
    """What came of a conversion."""

    orders: tuple[NewOrder, ...]
    lines: int
    not_converted: tuple[NotConverted, ...]


@needs(Permission.PLAN_CONVERT)
def convert_plan(
    session: Session,
    actor: Actor,
    *,
    run_id: int,
    line_ids: tuple[int, ...] | None = None,
    vendor_id: int | None = None,
    despite_drift: bool = False,
    despite_minimum: bool = False,
    at: datetime,
) -> Converted:
    """Make draft orders of a plan's lines: the given ones, else all open ones, of one vendor if one is named.

    One order per vendor, currency, warehouse and contract. Each line is converted once, by whoever locked it first; a
    line that cannot be is answered with the reason. Pegs go along.
    Refuses: NotFound, RunNotDone, OnlyAScenario, PlanSuperseded, NothingToConvert, PlanDrifted, ContractExhausted, BelowMinimum,
    and what write_drafts refuses.
    """
    run = _lock_run(session, run_id)
    moved = {} if despite_drift else _moved(session, actor, run_id)
    pegs = _pegs(session, run_id)
    lines = lock_orderable_lines(session, actor, run_id=run_id, on=run.as_of, line_ids=line_ids, vendor_id=vendor_id)
    asked, left = _sort_out(lines, vendor_id, is_picked=line_ids is not None)
    # Under the locks: a newer plan that takes locked lines over waits for them.
    gone = superseded(session, run_id=run_id, line_ids=[each.line_id for each in asked])
    chosen = [each for each in asked if each.line_id not in gone]
    left += [_taken_over(each, gone[each.line_id], actor.locale) for each in asked if each.line_id in gone]
    if gone and not chosen:
        raise PlanSuperseded(as_of=max(gone.values()))
    if not chosen:
        raise NothingToConvert(why=" ".join(f"{each.item_code}: {each.why}" for each in left[:_NAMED]))
    if not despite_drift:
        _refuse_drifted(chosen, moved)
    _refuse_exhausted(session, actor, run, chosen)
    groups = _groups(chosen)
    pegs.divide(session, [each for group in groups for each in group])
    terms = order_terms(session, {each[0].vendor_id for each in groups if each[0].vendor_id})
    today = day_of(session, at)
    rates = rates_of(
        session, {each[0].currency_code for each in groups} | {each.currency_code for each in terms.values()}
    )
    if not despite_minimum:
        _refuse_below_minimum(groups, terms, rates, today, actor.locale)
    drafts = [_draft(run, group, terms, actor.locale, today) for group in groups]
    drafted = write_drafts(session, actor, drafts, pegs, at=at)
    orders = [_told(each, group, terms, rates, today) for each, group in zip(drafted, groups, strict=True)]
    return Converted(tuple(orders), len(chosen), tuple(left))


def _lock_run(session: Session, run_id: int) -> PlanningRun:
    run = session.exec(select(PlanningRun).where(PlanningRun.id == run_id).with_for_update(read=True)).one_or_none()
    if run is None:
        raise NotFound(kind="planning run")
    if run.state != RunState.DONE:
        raise RunNotDone(state=run.state)
    if run.origin == RunOrigin.SCENARIO:
        raise OnlyAScenario
    return run


def _moved(session: Session, actor: Actor, run_id: int) -> dict[tuple[int, int], str]:
    """By item and warehouse, what moved since the run (PLAN-12), in the actor's numbers."""
    from buyside.queries.plan_drift import drifted

    found = drifted(session, actor, run_id=run_id)
    return {(each.item_id, each.warehouse_id): drift_shown(each.says, "", actor.locale) for each in found}


def _refuse_drifted(chosen: Sequence[OrderableLine], moved: Mapping[tuple[int, int], str]) -> None:
    """Also of what was locked before and brings something else than is suggested now (PLAN-11)."""
    words = [
        f"{each.item_code} ({moved[each.place].lower() if each.place in moved else 'locked at another quantity'})"
        for each in chosen
        if each.place in moved or each.is_carried_otherwise
    ]
    unique = list(dict.fromkeys(words))
    if unique:
        more = f" and {len(unique) - _NAMED} more" if len(unique) > _NAMED else ""
        raise PlanDrifted(what=", ".join(unique[:_NAMED]) + more)


def _sort_out(
    lines: Sequence[OrderableLine], vendor_id: int | None, *, is_picked: bool
) -> tuple[list[OrderableLine], list[NotConverted]]:
    """Lines that can be ordered, and the others with the reason. Lines of other vendors are not asked for."""
    chosen, left = [], []
    for line in lines:
        if vendor_id is not None and line.vendor_id != vendor_id and not is_picked:
            continue
        if why := line.why_not(vendor_id):
            left.append(NotConverted(line.line_id, line.item_code, line.needed_on, why))
        else:
            chosen.append(line)
    return chosen, left


def _taken_over(line: OrderableLine, by: date, locale: str) -> NotConverted:
    why = f"A newer plan of {shown_date(by, locale)} has taken it over."
    return NotConverted(line.line_id, line.item_code, line.needed_on, why)


def _refuse_exhausted(session: Session, actor: Actor, run: PlanningRun, chosen: Sequence[OrderableLine]) -> None:
    """What all lines on a contract draw together is left of it; the contracts stay locked until the transaction ends."""
    drawing = [each for each in chosen if each.contract_id is not None]
    if not drawing:
        return
    contracts = sorted({each.contract_id for each in drawing if each.contract_id is not None})
    session.execute(text("SELECT id FROM contract WHERE id = ANY(:ids) ORDER BY id FOR UPDATE"), {"ids": contracts})
    items = {each.item_id for each in drawing}
    by_contract: dict[int, list[OrderableLine]] = {}
    by_item: dict[tuple[int, int], list[OrderableLine]] = {}
    for each in drawing:
        by_contract.setdefault(each.contract_id or 0, []).append(each)
        by_item.setdefault((each.contract_id or 0, each.item_id), []).append(each)
    values = {contract_id: _value(lines) for contract_id, lines in by_contract.items()}
    for agreed in agreements_of(session, item_ids=items, on=run.as_of):
        value = values.get(agreed.contract_id, ZERO)
        if agreed.amount_left is not None and value > agreed.amount_left:
            says = partial(shown_money, currency=agreed.currency_code, locale=actor.locale)
            raise ContractExhausted(contract=agreed.number, left=says(agreed.amount_left), asked=says(value))
        if of_item := by_item.get((agreed.contract_id, agreed.item_id)):
            factor = of_item[0].unit_factor
            left, asked = agreed.quantity_left(factor), sum((each.stock_quantity for each in of_item), ZERO) / factor
            if left is not None and asked > left:
                says = partial(shown_number, locale=actor.locale)
                raise ContractExhausted(contract=agreed.number, left=f"a quantity of {says(left)}", asked=says(asked))


def _groups(chosen: Sequence[OrderableLine]) -> list[list[OrderableLine]]:
    """One list per order, in a steady order: vendor, currency, warehouse, contract; lines by date and item."""
    groups: dict[tuple[int, str, int, int], list[OrderableLine]] = {}
    for each in sorted(chosen, key=lambda one: (one.needed_on, one.item_code, one.line_id)):
        key = (each.vendor_id or 0, each.currency_code, each.warehouse_id, each.contract_id or 0)
        groups.setdefault(key, []).append(each)
    return [groups[key] for key in sorted(groups)]


def _value(group: Sequence[OrderableLine]) -> Decimal:
    """What an order comes to before tax, in its currency."""
    return sum((each.quantity_packs * (each.unit_price or ZERO) for each in group), ZERO)


def _in_currency(amount: Decimal, currency: str, wanted: str, rates: Rates, today: date) -> Decimal | None:
    """An amount in another currency at today's rates; None where one is not known."""
    if currency == wanted:
        return amount
    of, into = rates.on(currency, today), rates.on(wanted, today)
    return amount * of.rate / into.rate if of and into else None


def _refuse_below_minimum(
    groups: Sequence[Sequence[OrderableLine]], terms: Mapping[int, OrderTerms], rates: Rates, today: date, locale: str
) -> None:
    """Every order that would stay below its vendor's minimum value is named (VEN-6), amounts as people of `locale` write them."""
    said = []
    says = partial(shown_money, locale=locale)
    for group in groups:
        vendor = terms[group[0].vendor_id or 0]
        value = _in_currency(_value(group), group[0].currency_code, vendor.currency_code, rates, today)
        if vendor.minimum_value is None or value is None or value >= vendor.minimum_value:
            continue
        unit = vendor.currency_code
        said.append(
            f"The order to {vendor.name} comes to {says(value, unit)}, and its minimum is {says(vendor.minimum_value, unit)}: "
            f"{says(vendor.minimum_value - value, unit)} are missing."
        )
    if said:
        more = [f"And {len(said) - _NAMED} more orders are below a minimum."] if len(said) > _NAMED else []
        raise BelowMinimum(which=" ".join([*said[:_NAMED], *more]))


def _pegs(session: Session, run_id: int) -> "LinePegs":
    from buyside.queries.plan_line_pegs import LinePegs

    return LinePegs(session, run_id)


def _draft(
    run: PlanningRun, group: Sequence[OrderableLine], terms: Mapping[int, OrderTerms], locale: str, today: date
) -> Draft:
    first = group[0]
    vendor = terms[first.vendor_id or 0]
    next_day = vendor.next_order_day(today)
    arrivals = {days: next_day + timedelta(days=days) for days in {each.days for each in group}}
    return Draft(
        vendor_id=vendor.vendor_id,
        warehouse_id=first.warehouse_id,
        currency_code=first.currency_code,
        contract_id=first.contract_id,
        title=f"Plan of {shown_date(run.as_of, locale)}",
        order_by=min(each.order_by for each in group),
        lines=[
            DraftedLine(
                each.line_id,
                each.item_id,
                each.quantity_packs,
                each.unit_price or ZERO,
                each.needed_on,
                max(each.needed_on, arrivals[each.days]),
                each.tolerance_percent,
            )
            for each in group
        ],
    )


def _told(
    drafted: Drafted,
    group: Sequence[OrderableLine],
    terms: Mapping[int, OrderTerms],
    rates: Rates,
    today: date,
) -> NewOrder:
    order, vendor = drafted.order, terms[group[0].vendor_id or 0]
    missing = None
    if vendor.freight_free_value is not None:
        free = _in_currency(vendor.freight_free_value, vendor.currency_code, order.currency_code, rates, today)
        missing = None if free is None else max(ZERO, rounded(free - _value(group), _MONEY_DIGITS))
    return NewOrder(
        order_id=order.id,
        number=order.number,
        vendor_code=vendor.code,
        vendor_name=vendor.name,
        warehouse_id=order.warehouse_id,
        currency_code=order.currency_code,
        lines=len(group),
        total=drafted.total,
        contract=group[0].contract,
        next_order_day=vendor.next_order_day(today),
        cutoff=vendor.cutoff,
        missing_to_free=missing,
    )
