"""The demo's people: whom its own sign-in provider knows, and at which of the two surfaces. Exists only in demo mode (ACC-8)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlmodel import Session, col, or_, select

from buyside.config import Surface, settings
from buyside.db.engine import sessions
from buyside.db.people import AppUser, UserInvitation, UserRole, VendorMembership
from buyside.db.vendors import Vendor
from buyside.domain.access import Role
from buyside.domain.refusals import NotFound

_ORDER = tuple(Role)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whom the provider knows. `subject` is theirs for good; `vendors` are names, of a vendor's person only."""

    subject: str
    name: str
    email: str
    roles: tuple[Role, ...]
    vendors: tuple[str, ...] = ()
    is_invited: bool = False


def people(surface: Surface, *, issuer: str) -> list[Person]:
    """Active people of a surface who are bound to `issuer`, or invited and not bound yet; in the order of their first role.

    People whom another provider signs in are none of this one's. Refuses: NotFound outside demo mode.
    """
    given = settings()
    if not given.demo or not given.is_loopback:
        raise NotFound(kind="page")
    with sessions()() as session:
        now = datetime.now(UTC)
        invited = (
            select(UserInvitation.user_id)
            .where(col(UserInvitation.accepted_at).is_(None), col(UserInvitation.revoked_at).is_(None))
            .where(col(UserInvitation.expires_at) > now)
        )
        users = session.exec(
            select(AppUser)
            .where(col(AppUser.is_active), col(AppUser.is_vendor) == (surface == "portal"))
            .where(
                or_(
                    col(AppUser.issuer) == issuer,
                    col(AppUser.subject).is_(None) & col(AppUser.id).in_(invited),
                )
            )
        ).all()
        roles = _roles(session, users)
        vendors = _vendors(session, users, now) if surface == "portal" else {}
    found = [
        Person(
            subject=user.subject or f"invited-{user.id}",
            name=user.name,
            email=user.email,
            roles=roles[user.id],
            vendors=vendors.get(user.id, ()),
            is_invited=user.subject is None,
        )
        for user in users
        if user.id in roles
    ]
    return sorted(found, key=lambda person: (_ORDER.index(person.roles[0]), person.vendors, person.name))


def _roles(session: Session, users: Sequence[AppUser]) -> dict[int, tuple[Role, ...]]:
    held: dict[int, list[Role]] = {}
    wanted = col(UserRole.user_id).in_([each.id for each in users])
    for user_id, role in session.exec(select(UserRole.user_id, UserRole.role).where(wanted)):
        held.setdefault(user_id, []).append(Role(role))
    return {user_id: tuple(sorted(roles, key=_ORDER.index)) for user_id, roles in held.items()}


def _vendors(session: Session, users: Sequence[AppUser], now: datetime) -> dict[int, tuple[str, ...]]:
    """Names of the vendors whose membership is active, by user."""
    active = (
        select(VendorMembership.user_id, Vendor.name)
        .join(Vendor, col(Vendor.id) == col(VendorMembership.vendor_id))
        .where(col(VendorMembership.user_id).in_([each.id for each in users]), col(VendorMembership.begins_at) <= now)
        .where(or_(col(VendorMembership.ends_at).is_(None), col(VendorMembership.ends_at) > now))
        .order_by(col(Vendor.name))
    )
    names: dict[int, tuple[str, ...]] = {}
    for user_id, name in session.exec(active):
        names[user_id] = (*names.get(user_id, ()), name)
    return names
