"""What needs attention today, for the roles of whoever asks (PO-10)."""

import json
from dataclasses import dataclass
from datetime import date
from urllib.parse import quote

from sqlalchemy import Executable, and_, func, select
from sqlmodel import Session, col

from buyside.db.demand import SalesOrder, SalesOrderLine
from buyside.db.orders import PurchaseOrder, PurchaseOrderLine
from buyside.db.plans import PlanLine
from buyside.db.stock import StockBalance
from buyside.domain.access import Actor, Permission, needs
from buyside.domain.orders import OrderState
from buyside.domain.plans import MessageKind, PlanLineState
from buyside.domain.words import MESSAGE_KIND_WORDS, Tone
from buyside.queries.answers import organisation_date, organisation_today
from buyside.queries.demand import is_demand, latest_run
from buyside.queries.messages import MessageCount, message_counts
from buyside.queries.orders import due_on, is_open

_OLD_DAYS = 7
_ASKED = {
    MessageKind.ORDER: "What the plan asks to order now",
    MessageKind.EXPEDITE: "Orders that come after they are needed",
    MessageKind.DEFER: "Orders that come long before they are needed",
    MessageKind.INCREASE: "Drafts to make larger",
    MessageKind.DECREASE: "Orders of more than is needed",
    MessageKind.CANCEL: "Orders that nothing needs",
}


@dataclass(frozen=True, slots=True)
class Attention:
    """One thing to look at: how many, in words, and the page that shows them. Zero is told too: nothing to do is news."""

    name: str
    count: int
    title: str
    says: str
    path: str
    tone: str


@dataclass(frozen=True, slots=True)
class StartPage:
    """What the start page shows; parts that the actor may not see are left out."""

    today: date
    attention: tuple[Attention, ...]
    run_id: int
    """The latest finished planning run that the actor may see, 0 where there is none."""
    run_as_of: date | None


@needs(Permission.START_VIEW)
def start_page(session: Session, actor: Actor) -> StartPage:
    """Counts of what is late, due and waiting, worst first."""
    found: list[Attention] = []
    if actor.may(Permission.EXPECTED_DELIVERY_VIEW):
        found += _deliveries(session)
    if actor.may(Permission.ORDER_VIEW):
        found += _orders(session, actor)
    run = latest_run(session) if actor.may(Permission.PLAN_VIEW) else None
    if run is not None:
        found += _plan(session, run.id)
        found += _messages(session, actor)
    if actor.may(Permission.DEMAND_VIEW):
        found += _demand(session)
    if actor.may(Permission.STOCK_VIEW):
        found += _stock(session)
    weight = {Tone.BAD: 0, Tone.WARN: 1, Tone.ACTIVE: 2}
    found.sort(key=lambda each: weight.get(Tone(each.tone), 3) if each.count else 4)
    return StartPage(
        today=session.execute(select(organisation_today())).scalar_one(),
        attention=tuple(found),
        run_id=run.id if run else 0,
        run_as_of=run.as_of if run else None,
    )


def _count(session: Session, statement: Executable) -> int:
    return int(session.execute(statement).scalar_one())


def _thing(name: str, count: int, title: str, says: str, path: str, tone: Tone) -> Attention:
    return Attention(name, count, title, says, path, tone.value if count else Tone.NEUTRAL.value)


def _deliveries(session: Session) -> list[Attention]:
    lines = (
        select(
            func.count().filter(due_on() < organisation_today()), func.count().filter(due_on() == organisation_today())
        )
        .select_from(PurchaseOrderLine)
        .join(PurchaseOrder, col(PurchaseOrder.id) == col(PurchaseOrderLine.order_id))
        .where(is_open())
    )
    late, today = session.execute(lines).one()
    return [
        _thing("late", late, "Late deliveries", "Order lines that are past their date", "/receiving", Tone.BAD),
        _thing("today", today, "Expected today", "Order lines that are due today", "/receiving", Tone.ACTIVE),
    ]


def _orders(session: Session, actor: Actor) -> list[Attention]:
    is_draft = col(PurchaseOrder.state) == OrderState.DRAFT.value
    today = organisation_today()
    drafts, overdue, old, held = session.execute(
        select(
            func.count().filter(is_draft),
            func.count().filter(and_(is_draft, col(PurchaseOrder.order_by) <= today)),
            func.count().filter(and_(is_draft, organisation_date(col(PurchaseOrder.changed_at)) < today - _OLD_DAYS)),
            func.count().filter(col(PurchaseOrder.is_on_hold)),
        ).where(is_draft | col(PurchaseOrder.is_on_hold))
    ).one()
    things = [_thing("on-hold", held, "On hold", "Orders that wait for a decision", "/orders", Tone.WARN)]
    if actor.may(Permission.ORDER_ISSUE):
        things += [
            _thing(
                "overdue-issue", overdue, "Order by today", "Drafts whose order-by date has come", "/orders", Tone.BAD
            ),
            _thing("to-issue", drafts, "Awaiting issue", "Draft orders", "/orders", Tone.ACTIVE),
            _thing("old-drafts", old, "Old drafts", "Untouched for more than a week", "/orders", Tone.WARN),
        ]
    return things


def _plan(session: Session, run_id: int) -> list[Attention]:
    open_lines, late, unmapped = session.execute(
        select(
            func.count(),
            func.count().filter(col(PlanLine.late_days) > 0),
            func.count().filter(col(PlanLine.vendor_item_id).is_(None)),
        ).where(col(PlanLine.run_id) == run_id, col(PlanLine.state) == PlanLineState.OPEN.value)
    ).one()
    return [
        _thing("late-shortages", late, "Late shortages", "Plan lines to be ordered in the past", "/plan", Tone.BAD),
        _thing("no-vendor", unmapped, "Without vendor", "Plan lines that nobody sells", "/plan", Tone.WARN),
        _thing("plan-lines", open_lines, "To decide", "Open lines of the latest plan", "/plan", Tone.ACTIVE),
    ]


def _messages(session: Session, actor: Actor) -> list[Attention]:
    """Action messages that wait, by kind; one word for all where there are none."""
    counted = message_counts(session, actor)
    if not counted:
        return [_thing("messages", 0, "Action messages", "", "/messages", Tone.NEUTRAL)]
    return [_counted(each) for each in counted]


def _counted(count: MessageCount) -> Attention:
    says = _ASKED[MessageKind(count.kind)]
    if count.overdue:
        says = f"{says}; {count.overdue} overdue"
    only = quote(json.dumps({"kind": ["in", count.kind]}), safe="")
    return _thing(
        f"messages-{count.kind}",
        count.waiting,
        f"To {MESSAGE_KIND_WORDS[count.kind][0].lower()}",
        says,
        f"/messages?view=open&filter={only}",
        Tone.BAD if count.overdue else Tone.ACTIVE,
    )


def _demand(session: Session) -> list[Attention]:
    overdue = _count(
        session,
        select(func.count())
        .select_from(SalesOrderLine)
        .join(SalesOrder, col(SalesOrder.id) == col(SalesOrderLine.order_id))
        .where(is_demand(), col(SalesOrderLine.needed_by) < organisation_today()),
    )
    return [
        _thing("overdue-demand", overdue, "Overdue demand", "Open lines past needed-by", "/sales-orders", Tone.WARN)
    ]


def _stock(session: Session) -> list[Attention]:
    waiting = _count(session, select(func.count()).where(col(StockBalance.in_inspection) > 0))
    return [_thing("inspection", waiting, "In inspection", "Stock that waits for a decision", "/stock", Tone.ACTIVE)]
