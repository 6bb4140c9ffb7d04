"""What stands beside one line of a draft plan: its contracts, the larger order, its parts, the line that it continues (PLAN-11)."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, select
from sqlmodel import Session, col

from buyside.db.contracts import Contract
from buyside.db.items import Unit, VendorItem
from buyside.db.plans import PlanLine, PlanningRun
from buyside.db.vendors import Vendor
from buyside.domain.access import Actor, Permission, needs
from buyside.domain.plan_parts import lots_of_part
from buyside.domain.plans import LotTerms, PlanLineState
from buyside.domain.refusals import NotFound
from buyside.queries.answers import each_as
from buyside.queries.contract_balances import agreements_of
from buyside.queries.plan_lines import sources_of, terms_of


@dataclass(frozen=True, slots=True)
class ContractChoice:
    """A contract that a line may draw on. What the other lines of the plan leave of it is in its vendor's purchase `unit`, and in its
    currency; None: no limit."""

    contract_id: int
    number: str
    vendor_item_id: int
    unit_price: Decimal | None
    currency: str
    quantity_left: Decimal | None
    unit: str
    amount_left: Decimal | None
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class PartOfLine:
    """A line that one need was split over."""

    line_id: int
    quantity_packs: Decimal
    unit: str
    vendor: str
    needed_on: date
    state: str


@dataclass(frozen=True, slots=True)
class Offer:
    """A larger order that costs `saving` less in all; quantities in the purchase unit."""

    quantity_packs: Decimal
    more: Decimal
    unit_price: Decimal | None
    saving: Decimal


@dataclass(frozen=True, slots=True)
class LineMarks:
    """What stands beside one line. `continues_on` is the day of the plan in which it was locked."""

    contract: str
    suggested_contract: str
    arrives_on: date | None
    digits: int
    offer: Offer | None
    contracts: tuple[ContractChoice, ...]
    parts: tuple[PartOfLine, ...]
    continues_on: date | None
    suggested_stock: Decimal
    """What the run suggests now, in stock units, and what the line brings."""
    stock: Decimal


@needs(Permission.PLAN_VIEW)
def line_marks(session: Session, actor: Actor, *, line_id: int) -> LineMarks:
    """What stands beside a line. Refuses: NotFound."""
    line = session.get(PlanLine, line_id)
    if line is None:
        raise NotFound(kind="plan line")
    run = session.get_one(PlanningRun, line.run_id)
    named = select(col(Contract.id), col(Contract.number)).where(
        col(Contract.id).in_({line.contract_id, line.suggested_contract_id})
    )
    numbers = dict(session.execute(named).tuples().all())
    suggested = session.get(VendorItem, line.suggested_vendor_item_id) if line.suggested_vendor_item_id else None
    factor = suggested.unit_factor if suggested else line.unit_factor
    before = session.get(PlanLine, line.carried_from_id) if line.carried_from_id else None
    return LineMarks(
        contract=numbers.get(line.contract_id or 0, ""),
        suggested_contract=numbers.get(line.suggested_contract_id or 0, ""),
        arrives_on=line.arrives_on,
        digits=session.get_one(Unit, line.unit_id).digits,
        offer=_offer(line),
        contracts=_contracts(session, line, run),
        parts=_parts(session, line),
        continues_on=session.get_one(PlanningRun, before.run_id).as_of if before else None,
        suggested_stock=line.suggested_quantity_packs * factor,
        stock=line.quantity_packs * line.unit_factor,
    )


@dataclass(frozen=True, slots=True)
class PartTerms:
    """In which lots a vendor takes a part of a line, and what its purchase unit is called."""

    lots: LotTerms
    unit: str


@needs(Permission.PLAN_VIEW)
def part_terms(session: Session, actor: Actor, *, line_id: int) -> dict[int, PartTerms]:
    """By vendor item, what a part of a line would be ordered in; 0 is the line as it stands. Refuses: NotFound."""
    line = session.get(PlanLine, line_id)
    if line is None:
        raise NotFound(kind="plan line")
    terms = terms_of(session, session.get_one(PlanningRun, line.run_id), [line])
    found = {
        each.vendor_item_id: PartTerms(lots_of_part(line, each.vendor_item_id, terms), each.unit_code)
        for each in terms.sources.values()
    }
    return found | {0: PartTerms(lots_of_part(line, None, terms), terms.units[line.unit_id][0])}


def _offer(line: PlanLine) -> Offer | None:
    stands = (line.quantity_packs, line.vendor_item_id, line.unit_price, line.contract_id) == (
        line.suggested_quantity_packs,
        line.suggested_vendor_item_id,
        line.suggested_unit_price,
        line.suggested_contract_id,
    )
    if not stands or line.state != PlanLineState.OPEN or line.better_quantity_packs is None or line.saving is None:
        return None
    more = line.better_quantity_packs - line.quantity_packs
    return Offer(line.better_quantity_packs, more, line.better_unit_price, line.saving)


def _contracts(session: Session, line: PlanLine, run: PlanningRun) -> tuple[ContractChoice, ...]:
    """Valid contracts for the item, of vendors who can deliver it."""
    by_vendor = {
        each.vendor_id: each
        for each in reversed(sources_of(session, on=run.as_of, item_ids=[line.item_id]))
        if each.is_usable
    }
    found = agreements_of(session, item_ids=[line.item_id], on=run.as_of, run_id=run.id, but=[line.id])
    return tuple(
        ContractChoice(
            contract_id=each.contract_id,
            number=each.number,
            vendor_item_id=source.vendor_item_id,
            unit_price=each.unit_price,
            currency=each.currency_code,
            quantity_left=each.quantity_left(source.lots.factor),
            unit=source.unit_code,
            amount_left=each.amount_left,
            is_chosen=each.contract_id == line.contract_id,
        )
        for each in found
        if each.is_valid and (source := by_vendor.get(each.vendor_id)) is not None
    )


def _parts(session: Session, line: PlanLine) -> tuple[PartOfLine, ...]:
    root = line.split_from_id or line.id
    wanted: Select[*tuple[Any, ...]] = (
        select(
            col(PlanLine.id).label("line_id"),
            col(PlanLine.quantity_packs),
            col(Unit.code).label("unit"),
            col(Vendor.name).label("vendor"),
            col(PlanLine.needed_on),
            col(PlanLine.state),
        )
        .join(Unit, col(Unit.id) == col(PlanLine.unit_id))
        .join(VendorItem, col(VendorItem.id) == col(PlanLine.vendor_item_id), isouter=True)
        .join(Vendor, col(Vendor.id) == col(VendorItem.vendor_id), isouter=True)
        .where((col(PlanLine.id) == root) | (col(PlanLine.split_from_id) == root))
        .order_by(col(PlanLine.id))
    )
    found = each_as(session, lambda **row: PartOfLine(**(row | {"vendor": row["vendor"] or "No vendor"})), wanted)
    return tuple(found) if len(found) > 1 else ()
