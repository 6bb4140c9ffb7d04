"""Reading about the own organisation."""

from sqlalchemy import select
from sqlmodel import Session

from buyside.db.people import OrganisationAddress
from buyside.db.stock import StockEntry
from buyside.domain.access import Actor, Permission, needs


@needs(Permission.ORGANISATION_EDIT)
def is_unnamed(session: Session, actor: Actor) -> bool:
    """Whether nobody has said yet who buys: no address, and no stock that would tie the currency."""
    has_address = session.execute(select(OrganisationAddress).limit(1)).first() is not None
    return not has_address and session.execute(select(StockEntry).limit(1)).first() is None
