"""One revision of an order as a paper to be set (PO-6), for people of the house."""

from sqlalchemy import select
from sqlmodel import Session, col

from buyside.db.orders import PurchaseOrderSnapshot
from buyside.documents.order_paper import OrderPaper, Standing
from buyside.domain.access import Actor, Permission, needs
from buyside.domain.refusals import NotFound
from buyside.ledgers.order_snapshots import content_of
from buyside.queries.orders import find_order


@needs(Permission.ORDER_VIEW)
def order_paper(session: Session, actor: Actor, *, number: str, revision: int | None) -> OrderPaper:
    """The paper of a revision; None is the latest. What has no frozen paper is set as it stands today, and says so.

    Refuses: NotFound.
    """
    order = find_order(session, actor, number=number)
    frozen = session.scalars(
        select(PurchaseOrderSnapshot)
        .where(col(PurchaseOrderSnapshot.order_id) == order.id)
        .order_by(col(PurchaseOrderSnapshot.revision).desc())
    ).all()
    if not frozen and not revision:
        standing = Standing.DRAFT if order.issued_at is None and order.ordered_on is None else Standing.TAKEN_OVER
        return OrderPaper(content_of(session, order, revision=0), order.changed_at, standing)
    found = next((each for each in frozen if revision in {None, each.revision}), None)
    if found is None:
        raise NotFound(kind="revision")
    standing = Standing.IN_FORCE if found is frozen[0] else Standing.REPLACED
    return OrderPaper(found.content, found.issued_at, standing)
