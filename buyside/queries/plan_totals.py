"""What a draft plan, or some lines of it, come to: open lines, values by currency, what is late or not ready to be ordered."""

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import and_, func, or_, select
from sqlmodel import Session, col

from buyside.db.plans import PlanLine
from buyside.domain.access import Actor, Permission, needs
from buyside.domain.plans import PlanLineState


@dataclass(frozen=True, slots=True)
class PlanTotals:
    """Open lines in numbers. `unready` have no vendor, no price or no quantity. `values` before tax, by currency."""

    lines: int
    late: int
    unready: int
    values: tuple[tuple[str, Decimal], ...]


@needs(Permission.PLAN_VIEW)
def plan_totals(session: Session, actor: Actor, *, run_id: int, line_ids: Collection[int] | None = None) -> PlanTotals:
    """What the open lines of a run come to; of some of its lines, if they are given."""
    value = col(PlanLine.quantity_packs) * col(PlanLine.unit_price)
    is_ready = and_(col(PlanLine.vendor_item_id).is_not(None), value > 0)
    currency = func.coalesce(PlanLine.currency_code, "")
    wanted = (
        select(
            currency,
            func.count(),
            func.count().filter(col(PlanLine.late_days) > 0),
            func.count().filter(or_(~is_ready, value.is_(None))),
            func.coalesce(func.sum(value), 0),
        )
        .where(col(PlanLine.run_id) == run_id, col(PlanLine.state) == PlanLineState.OPEN.value)
        .group_by(currency)
        .order_by(currency)
    )
    if line_ids is not None:
        wanted = wanted.where(col(PlanLine.id) == func.any(sorted(set(line_ids))))
    rows = session.execute(wanted).all()
    return PlanTotals(
        lines=sum(lines for _, lines, *_ in rows),
        late=sum(late for _, _, late, *_ in rows),
        unready=sum(unready for *_, unready, _ in rows),
        values=tuple((code, amount) for code, *_, amount in rows if code and amount),
    )
