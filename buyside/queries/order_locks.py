"""Purchase orders for writing: in reach of the actor, locked in one order, as fresh as the lock."""

from sqlmodel import Session, col, select

from buyside.db.orders import PurchaseOrder, PurchaseOrderLine
from buyside.domain.access import Actor
from buyside.domain.orders import ORDER, OrderState
from buyside.domain.refusals import NotFound, Refused, Stale


class OrderOnHold(Refused):
    code = "orders.on-hold"
    says = "{number} is on hold. Release it first."


def lock_order(session: Session, actor: Actor, order_id: int, *, version: int | None = None) -> PurchaseOrder:
    """An order, locked until the transaction ends. `version`: what the actor saw. Refuses: NotFound, Stale."""
    order = session.exec(
        select(PurchaseOrder)
        .where(PurchaseOrder.id == order_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if order is None:
        raise NotFound(kind="purchase order")
    if version is not None and order.version != version:
        raise Stale(kind="purchase order")
    return order


def lock_lines(session: Session, order: PurchaseOrder) -> list[PurchaseOrderLine]:
    """The lines of a locked order, locked by id and given in their order."""
    lines = session.exec(
        select(PurchaseOrderLine)
        .where(PurchaseOrderLine.order_id == order.id)
        .order_by(col(PurchaseOrderLine.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    return sorted(lines, key=lambda each: each.line_number)


def lock_draft(session: Session, actor: Actor, order_id: int, version: int | None) -> PurchaseOrder:
    """An order that may still be changed, locked. Refuses: NotFound, Stale, WrongState."""
    order = lock_order(session, actor, order_id, version=version)
    ORDER.after("edit", OrderState(order.state))
    return order


def not_on_hold(order: PurchaseOrder) -> None:
    """Pass over an order that is not on hold. Refuses: OrderOnHold."""
    if order.is_on_hold:
        raise OrderOnHold(number=order.number)
