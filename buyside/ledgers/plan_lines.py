"""The book of decisions on draft plans: how one is written into its line, whoever takes it."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal

from sqlmodel import Session

from buyside.db.plans import PlanLine
from buyside.domain.plan_decisions import Decision


@dataclass(frozen=True, slots=True)
class PlanLineDecided:
    """A plan line after a decision. Quantity in the purchase unit; `remarks` are what a vendor or a date may mind."""

    line_id: int
    version: int
    state: str
    is_locked: bool
    vendor_item_id: int | None
    contract_id: int | None
    quantity_packs: Decimal
    unit_price: Decimal | None
    currency_code: str | None
    needed_on: date
    order_by: date
    late_days: int
    arrives_on: date | None
    remarks: tuple[str, ...] = ()


def write_decision(line: PlanLine, decision: Decision) -> None:
    """Take a decision over into a line."""
    for each in fields(decision):
        setattr(line, each.name, getattr(decision, each.name))


def decided(session: Session, line: PlanLine, remarks: Sequence[str] = ()) -> PlanLineDecided:
    """Stamp a line that was decided on, and answer with it."""
    line.version += 1
    session.add(line)
    session.flush()
    return answer_of(line, remarks)


def answer_of(line: PlanLine, remarks: Sequence[str] = ()) -> PlanLineDecided:
    """A line as it stands."""
    return PlanLineDecided(
        line_id=line.id,
        version=line.version,
        state=line.state,
        is_locked=line.is_locked,
        vendor_item_id=line.vendor_item_id,
        contract_id=line.contract_id,
        quantity_packs=line.quantity_packs,
        unit_price=line.unit_price,
        currency_code=line.currency_code,
        needed_on=line.needed_on,
        order_by=line.order_by,
        late_days=line.late_days,
        arrives_on=line.arrives_on,
        remarks=tuple(remarks),
    )
