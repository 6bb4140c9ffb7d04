"""Reading people: the list of users, one of them with all that stands around them, and whom to choose (ACC-1)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, and_, case, func, literal, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from buyside.db.people import AppUser, Organisation, UserInvitation, UserRole, UserSession, VendorMembership
from buyside.db.vendors import Vendor
from buyside.domain.access import Actor, Permission, Role, needs
from buyside.domain.people import PersonKind, PersonStatus
from buyside.domain.refusals import NotFound
from buyside.domain.words import Kind
from buyside.queries.answers import columns, each_as, one_as
from buyside.queries.memberships import is_active_membership
from buyside.queries.rows import GridSource, RowColumn
from buyside.queries.sessions import is_live

_Manager = aliased(AppUser)
_Inviter = aliased(AppUser)


def _listed(words: Any, by: Any) -> ColumnElement[str]:
    """The words of several rows in one text, or an empty one."""
    return func.coalesce(func.string_agg(words, aggregate_order_by(literal(", "), by), type_=Text()), "", type_=Text())


def _of_user(statement: Select[Any]) -> ColumnElement[Any]:
    return statement.correlate(AppUser).scalar_subquery()


def _roles() -> ColumnElement[str]:
    """A person's roles in words."""
    named = func.initcap(UserRole.role, type_=Text())
    return _of_user(select(_listed(named, col(UserRole.role))).where(col(UserRole.user_id) == col(AppUser.id)))


def _vendors() -> ColumnElement[str]:
    """Whom a vendor's user acts for now, by code."""
    return _of_user(
        select(_listed(col(Vendor.code), col(Vendor.code)))
        .select_from(VendorMembership)
        .join(Vendor, col(Vendor.id) == col(VendorMembership.vendor_id))
        .where(col(VendorMembership.user_id) == col(AppUser.id), is_active_membership())
    )


def _live_sessions() -> ColumnElement[int]:
    return _of_user(
        select(func.count()).select_from(UserSession).where(col(UserSession.user_id) == col(AppUser.id), is_live())
    )


def _is_open() -> ColumnElement[bool]:
    """Whether an invitation was neither accepted nor taken back."""
    return and_(col(UserInvitation.accepted_at).is_(None), col(UserInvitation.revoked_at).is_(None))


def _status() -> ColumnElement[str]:
    """A person's status, where their open invitation is joined."""
    return case(
        (col(AppUser.is_active).is_(False), PersonStatus.DISABLED.value),
        (col(AppUser.subject).is_not(None), PersonStatus.ACTIVE.value),
        (col(UserInvitation.expires_at) > func.now(), PersonStatus.INVITED.value),
        (col(UserInvitation.id).is_not(None), PersonStatus.INVITATION_EXPIRED.value),
        else_=PersonStatus.NOT_INVITED.value,
    )


def _kind() -> ColumnElement[str]:
    return case((col(AppUser.is_vendor), PersonKind.VENDOR.value), else_=PersonKind.STAFF.value)


def _with_invitation(statement: Select[Any]) -> Select[Any]:
    return statement.select_from(AppUser).join(
        UserInvitation, and_(col(UserInvitation.user_id) == col(AppUser.id), _is_open()), isouter=True
    )


def _users() -> Select[Any]:
    return _with_invitation(
        columns(
            id=col(AppUser.id),
            name=col(AppUser.name),
            email=col(AppUser.email),
            roles=_roles(),
            kind=_kind(),
            vendors=_vendors(),
            status=_status(),
            last_sign_in_at=col(AppUser.last_sign_in_at),
            sessions=_live_sessions(),
        )
    )


def _has_role(key: ColumnElement[Any], roles: list[str]) -> ColumnElement[bool]:
    return key.in_(select(col(UserRole.user_id)).where(col(UserRole.role).in_(roles)))


USER_ROWS = GridSource(
    "users",
    Permission.USER_VIEW,
    lambda _actor: _users(),
    columns=(
        RowColumn("id", Kind.KEY, required=True),
        RowColumn("name", searched=True, required=True),
        RowColumn("email", searched=True, required=True),
        RowColumn("roles", searched=True, required=True),
        RowColumn("kind", Kind.STATUS, required=True),
        RowColumn("vendors", searched=True, required=True),
        RowColumn("status", Kind.STATUS, required=True),
        RowColumn("last_sign_in_at", Kind.INSTANT),
        RowColumn("sessions", Kind.NUMBER, required=True),
    ),
    order=(("name", "asc"),),
)


@dataclass(frozen=True, slots=True)
class UserDetail:
    """One person. `version` is what a change must name; the invitation is the open one, expired or not."""

    id: int
    version: int
    name: str
    email: str
    kind: str
    roles: tuple[Role, ...]
    vendors: str
    status: str
    locale: str
    time_zone: str
    manager_id: int | None
    manager: str
    issuer: str
    last_sign_in_at: datetime | None
    sessions: int
    invited_at: datetime | None
    invited_until: datetime | None
    invited_email: str
    invited_by: str


@needs(Permission.USER_VIEW)
def user_detail(session: Session, actor: Actor, *, user_id: int) -> UserDetail:
    """One person with roles, invitation and sessions. Refuses: NotFound."""
    roles = session.scalars(select(col(UserRole.role)).where(col(UserRole.user_id) == user_id)).all()
    held = tuple(role for role in Role if role.value in roles)
    statement = (
        _with_invitation(
            columns(
                id=col(AppUser.id),
                version=col(AppUser.version),
                name=col(AppUser.name),
                email=col(AppUser.email),
                kind=_kind(),
                vendors=_vendors(),
                status=_status(),
                locale=col(AppUser.locale),
                time_zone=col(AppUser.time_zone),
                manager_id=col(AppUser.manager_id),
                manager=func.coalesce(_Manager.name, ""),
                issuer=case((col(AppUser.subject).is_not(None), func.coalesce(AppUser.issuer, "")), else_=""),
                last_sign_in_at=col(AppUser.last_sign_in_at),
                sessions=_live_sessions(),
                invited_at=col(UserInvitation.invited_at),
                invited_until=col(UserInvitation.expires_at),
                invited_email=func.coalesce(UserInvitation.email, ""),
                invited_by=func.coalesce(_Inviter.name, ""),
            )
        )
        .join(_Manager, col(_Manager.id) == col(AppUser.manager_id), isouter=True)
        .join(_Inviter, col(_Inviter.id) == col(UserInvitation.invited_by), isouter=True)
        .where(col(AppUser.id) == user_id)
    )
    found = one_as(session, lambda **values: UserDetail(roles=held, **values), statement)
    if found is None:
        raise NotFound(kind="user")
    return found


@dataclass(frozen=True, slots=True)
class PersonChoice:
    """Somebody to choose."""

    id: int
    name: str
    email: str


def _choices(session: Session, *which: Any) -> list[PersonChoice]:
    chosen = columns(id=col(AppUser.id), name=col(AppUser.name), email=col(AppUser.email))
    found = chosen.where(col(AppUser.is_active), *which).order_by(col(AppUser.name), col(AppUser.id))
    return each_as(session, PersonChoice, found)


@needs(Permission.USER_VIEW)
def manager_choices(session: Session, actor: Actor) -> list[PersonChoice]:
    """The active staff, by name: whoever can be somebody's manager."""
    return _choices(session, col(AppUser.is_vendor).is_(False))


@needs(Permission.MEMBERSHIP_EDIT)
def member_choices(session: Session, actor: Actor) -> list[PersonChoice]:
    """Active users of vendors, by name."""
    return _choices(session, col(AppUser.is_vendor))


@dataclass(frozen=True, slots=True)
class ListedUser:
    """A person in a line; disabled people stand in lists too."""

    id: int
    version: int
    name: str
    email: str
    kind: str
    roles: str
    vendors: str
    status: str
    last_sign_in_at: datetime | None


@needs(Permission.USER_VIEW)
def listed_users(session: Session, actor: Actor, *, email: str = "") -> list[ListedUser]:
    """Everybody, or those with an e-mail address in whatever letters, by name."""
    chosen = _with_invitation(
        columns(
            id=col(AppUser.id),
            version=col(AppUser.version),
            name=col(AppUser.name),
            email=col(AppUser.email),
            kind=_kind(),
            roles=_roles(),
            vendors=_vendors(),
            status=_status(),
            last_sign_in_at=col(AppUser.last_sign_in_at),
        )
    )
    if email:
        chosen = chosen.where(func.lower(col(AppUser.email)) == email.strip().lower())
    return each_as(session, ListedUser, chosen.order_by(col(AppUser.name), col(AppUser.id)))


@needs(Permission.USER_VIEW)
def organisation_name(session: Session, actor: Actor) -> str:
    """What the own organisation is called."""
    return session.get_one(Organisation, 1).name
