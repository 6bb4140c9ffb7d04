"""What a draft plan, or some lines of it, come to: open lines, values by currency, what is late or not ready to be ordered."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import and_, func, or_, select
from sqlmodel import Session, col

from buyside.db.plans import PlanLine
from buyside.domain.access import Actor, Permission, needs
from buyside.domain.money import ZERO
from buyside.domain.plans import PlanLineState
from buyside.ledgers.exchange_rates import rates_of


@dataclass(frozen=True, slots=True)
class PlanTotals:
    """Open lines in numbers. `unready` have no vendor, no price or no quantity. `values` before tax, by currency.

    `in_own` is their sum in the organisation's currency at the day's rates; None where a rate is not known.
    """

    lines: int
    late: int
    unready: int
    values: tuple[tuple[str, Decimal], ...]
    in_own: tuple[str, Decimal] | None = None


@needs(Permission.PLAN_VIEW)
def plan_totals(
    session: Session, actor: Actor, *, run_id: int, today: date, line_ids: Collection[int] | None = None
) -> PlanTotals:
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
    values = tuple((code, amount) for code, *_, amount in rows if code and amount)
    rates = rates_of(session, [code for code, _ in values])
    known = [rates.on(code, today) for code, _ in values]
    own = [amount * rate.rate for (_, amount), rate in zip(values, known, strict=True) if rate is not None]
    return PlanTotals(
        lines=sum(lines for _, lines, *_ in rows),
        late=sum(late for _, _, late, *_ in rows),
        unready=sum(unready for *_, unready, _ in rows),
        values=values,
        in_own=(rates.own, sum(own, ZERO)) if len(own) == len(values) else None,
    )
