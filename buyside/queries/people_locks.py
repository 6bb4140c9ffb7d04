"""People for writing: locked, as fresh as the lock."""

from sqlalchemy import text
from sqlmodel import Session, select

from buyside.db.people import AppUser
from buyside.domain.refusals import NotFound, Stale

_ADMINISTRATORS = 0x61646D696E  # one transaction at a time takes administration away; the number only has to be ours


def lock_user(session: Session, user_id: int, version: int | None = None) -> AppUser:
    """A person, locked until the transaction ends. `version`: what the actor saw. Refuses: NotFound, Stale."""
    user = session.exec(
        select(AppUser).where(AppUser.id == user_id).with_for_update().execution_options(populate_existing=True)
    ).one_or_none()
    if user is None:
        raise NotFound(kind="user")
    if version is not None and user.version != version:
        raise Stale(kind="user")
    return user


def lock_administrators(session: Session) -> None:
    """Wait until nobody else is taking administration away, and let nobody begin before this transaction ends.

    Who reads the administrators after this sees them as they will stay: two who each remove the other cannot both go on.
    """
    session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADMINISTRATORS})
