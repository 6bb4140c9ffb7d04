"""Reading memberships: which vendors' users act for which vendor, from when until when (VEN-1)."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Interval, Select, and_, case, func, literal, or_
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from buyside.db.people import AppUser, VendorMembership
from buyside.db.vendors import Vendor
from buyside.domain.access import Actor, Permission, needs
from buyside.domain.people import MembershipStatus
from buyside.domain.vendors import VendorStatus
from buyside.domain.words import Kind
from buyside.queries.answers import columns, each_as, organisation_date
from buyside.queries.rows import GridSource, RowColumn

_Granter = aliased(AppUser)


def is_active_membership() -> ColumnElement[bool]:
    """Whether a membership opens its vendor now, where the vendor is joined."""
    return and_(
        col(VendorMembership.begins_at) <= func.statement_timestamp(),
        or_(col(VendorMembership.ends_at).is_(None), col(VendorMembership.ends_at) > func.statement_timestamp()),
        col(Vendor.status) != VendorStatus.INACTIVE.value,
    )


def membership_status() -> ColumnElement[str]:
    """Whether a membership opens its vendor now, in a word, where the user and the vendor are joined."""
    begins, ends = col(VendorMembership.begins_at), col(VendorMembership.ends_at)
    return case(
        (ends <= func.greatest(func.statement_timestamp(), begins), MembershipStatus.ENDED.value),
        (col(AppUser.is_active).is_(False), MembershipStatus.USER_DISABLED.value),
        (col(Vendor.status) == VendorStatus.INACTIVE.value, MembershipStatus.VENDOR_INACTIVE.value),
        (begins > func.statement_timestamp(), MembershipStatus.PLANNED.value),
        else_=MembershipStatus.ACTIVE.value,
    )


def last_day_of_membership() -> ColumnElement[Any]:
    """The day on which a membership still holds: one that ends at midnight holds on the day before."""
    moment = literal("1 microsecond").cast(Interval)
    return case((col(VendorMembership.ends_at).is_not(None), organisation_date(col(VendorMembership.ends_at) - moment)))


def _memberships() -> Select[Any]:
    return (
        columns(
            id=col(VendorMembership.id),
            user_id=col(VendorMembership.user_id),
            vendor_code=col(Vendor.code),
            vendor=col(Vendor.name),
            user=col(AppUser.name),
            email=col(AppUser.email),
            begins_on=organisation_date(col(VendorMembership.begins_at)),
            ends_on=last_day_of_membership(),
            status=membership_status(),
            granted_by=func.coalesce(_Granter.name, ""),
        )
        .select_from(VendorMembership)
        .join(Vendor, col(Vendor.id) == col(VendorMembership.vendor_id))
        .join(AppUser, col(AppUser.id) == col(VendorMembership.user_id))
        .join(_Granter, col(_Granter.id) == col(VendorMembership.granted_by), isouter=True)
    )


MEMBERSHIP_ROWS = GridSource(
    "memberships",
    Permission.USER_VIEW,
    lambda _actor: _memberships(),
    columns=(
        RowColumn("id", Kind.KEY, required=True),
        RowColumn("user_id", Kind.KEY, required=True),
        RowColumn("vendor_code", searched=True, required=True),
        RowColumn("vendor", searched=True, required=True),
        RowColumn("user", searched=True, required=True),
        RowColumn("email", searched=True, required=True),
        RowColumn("begins_on", Kind.DATE, required=True),
        RowColumn("ends_on", Kind.DATE),
        RowColumn("status", Kind.STATUS, required=True),
        RowColumn("granted_by", required=True),
    ),
    order=(("vendor", "asc"), ("user", "asc")),
    scopes=("user_id", "vendor_code"),
)


@dataclass(frozen=True, slots=True)
class OpenVendor:
    """A vendor whose portal is open."""

    id: int
    code: str
    name: str


@needs(Permission.MEMBERSHIP_EDIT)
def open_vendors(session: Session, actor: Actor) -> list[OpenVendor]:
    """Vendors whose portal is open, by name: all that are not inactive (VEN-2)."""
    chosen = columns(id=col(Vendor.id), code=col(Vendor.code), name=col(Vendor.name))
    found = chosen.where(col(Vendor.status) != VendorStatus.INACTIVE.value).order_by(col(Vendor.name), col(Vendor.id))
    return each_as(session, OpenVendor, found)
