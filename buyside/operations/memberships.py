"""Which vendors a vendor's user acts for, from when until when (VEN-1)."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, func, or_, select

from buyside.db.people import Organisation, VendorMembership
from buyside.db.vendors import Vendor
from buyside.domain.access import Actor, Permission, needs
from buyside.domain.refusals import NotFound, OutOfRange, Refused, WrongState
from buyside.domain.vendors import VendorStatus
from buyside.queries.people_locks import lock_user


class OnlyVendorsUsers(Refused):
    code, field = "memberships.only-vendors-users", "user_id"
    says = "{name} is one of the staff; only a vendor's user can act for a vendor."


class VendorInactive(Refused):
    code, field = "memberships.vendor-inactive", "vendor_id"
    says = "{vendor} is inactive, and its portal is closed."


class MemberAlready(Refused):
    code, field = "memberships.member-already", "user_id"
    says = "{name} acts for {vendor} already in that time. End that membership first."


class EndedAlready(Refused):
    code = "memberships.ended-already"
    says = "This membership has ended already."


@dataclass(frozen=True, slots=True)
class Membership:
    """Somebody's access to one vendor. `ends_at` is when it stops, None while nobody said so."""

    membership_id: int
    vendor_id: int
    user_id: int
    begins_at: datetime
    ends_at: datetime | None


@needs(Permission.MEMBERSHIP_EDIT)
def grant_membership(
    session: Session,
    actor: Actor,
    *,
    vendor_id: int,
    user_id: int,
    begins_on: date | None = None,
    ends_on: date | None = None,
) -> Membership:
    """Let a vendor's user act for a vendor: from now or the beginning of a later day, until the end of `ends_on` or for good.

    Days are the organisation's. Refuses, in this order: NotFound, OnlyVendorsUsers, WrongState, VendorInactive, OutOfRange,
    MemberAlready.
    """
    user = lock_user(session, user_id)
    if not user.is_vendor:
        raise OnlyVendorsUsers(name=user.name)
    if not user.is_active:
        raise WrongState(kind="user", state="disabled", move="grant", needed="active")
    vendor = session.exec(select(Vendor).where(Vendor.id == vendor_id).with_for_update(read=True)).one_or_none()
    if vendor is None:
        raise NotFound(kind="vendor", field="vendor_id")
    if vendor.status == VendorStatus.INACTIVE:
        raise VendorInactive(vendor=vendor.name)
    now = _database_now(session)
    zone, today = _organisation_day(session, now)
    if begins_on is not None and begins_on < today:
        raise OutOfRange(what="The first day", range="today or later", field="begins_on")
    if ends_on is not None and ends_on < (begins_on or today):
        raise OutOfRange(what="The last day", range="the first day or later", field="ends_on")
    begins_at = now if begins_on is None or begins_on == today else _midnight(begins_on, zone)
    ends_at = _midnight(ends_on + timedelta(days=1), zone) if ends_on else None
    overlapping = select(VendorMembership.id).where(
        col(VendorMembership.user_id) == user.id,
        col(VendorMembership.vendor_id) == vendor.id,
        or_(col(VendorMembership.ends_at).is_(None), col(VendorMembership.ends_at) > begins_at),
        *([col(VendorMembership.begins_at) < ends_at] if ends_at else []),
    )
    if session.exec(overlapping).first() is not None:
        raise MemberAlready(name=user.name, vendor=vendor.name)
    granted = VendorMembership(
        vendor_id=vendor.id, user_id=user.id, begins_at=begins_at, ends_at=ends_at, granted_by=actor.user_id
    )
    session.add(granted)
    session.flush()
    return _membership(granted)


@needs(Permission.MEMBERSHIP_EDIT)
def end_membership(session: Session, actor: Actor, *, membership_id: int, ends_on: date | None = None) -> Membership:
    """End a membership at once, or with the end of a day of the organisation; one that had not begun never does.

    At once means the next event of an open page (ACC-4). Refuses, in this order: NotFound, EndedAlready, OutOfRange.
    """
    found = session.exec(
        select(VendorMembership)
        .where(VendorMembership.id == membership_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise NotFound(kind="membership")
    now = _database_now(session)
    zone, today = _organisation_day(session, now)
    if found.ends_at is not None and found.ends_at <= max(now, found.begins_at):
        raise EndedAlready
    if ends_on is not None and ends_on < today:
        raise OutOfRange(what="The last day", range="today or later", field="ends_on")
    ends_at = _midnight(ends_on + timedelta(days=1), zone) if ends_on else now
    found.ends_at = max(found.begins_at, ends_at)
    session.add(found)
    session.flush()
    return _membership(found)


def _database_now(session: Session) -> datetime:
    """The database's clock, by which every server looks at memberships."""
    now: datetime = session.scalars(select(func.clock_timestamp())).one()
    return now


def _organisation_day(session: Session, now: datetime) -> tuple[ZoneInfo, date]:
    zone = ZoneInfo(session.get_one(Organisation, 1).time_zone)
    return zone, now.astimezone(zone).date()


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone)


def _membership(row: VendorMembership) -> Membership:
    return Membership(row.id, row.vendor_id, row.user_id, row.begins_at, row.ends_at)
