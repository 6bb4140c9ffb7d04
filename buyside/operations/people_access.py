"""What a person may do and whether they come in at all: roles, disabling, and forgetting an identity (ACC-1, ACC-4)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from buyside.db.people import AppUser, UserRole
from buyside.domain.access import Actor, Permission, Role, needs
from buyside.domain.people import checked_roles
from buyside.domain.refusals import Refused, WrongState
from buyside.ledgers.invitations import revoke_open
from buyside.ledgers.sessions import end_sessions
from buyside.queries.people_locks import lock_administrators, lock_user


class LastAdministrator(Refused):
    code, field = "people.last-administrator", "roles"
    says = "{name} is the last administrator. Make somebody else one first."


class OwnAccount(Refused):
    code = "people.own-account"
    says = "Nobody can {act}. Another administrator has to."


class KindStays(Refused):
    code, field = "people.kind-stays", "roles"
    says = "{name} is {kind} and stays one: what they did was done as that. Add them again as {other}."


class NoIdentity(Refused):
    code = "people.no-identity"
    says = "{name} has not signed in yet, so there is nothing to forget."


@dataclass(frozen=True, slots=True)
class SavedAccess:
    """A person's access after a change: `version` is what the next change must name."""

    user_id: int
    name: str
    version: int
    roles: tuple[str, ...]
    is_active: bool
    sessions_ended: int = 0


@needs(Permission.USER_EDIT)
def set_roles(session: Session, actor: Actor, *, user_id: int, version: int, roles: Collection[Role]) -> SavedAccess:
    """Give a person exactly these roles; the next event of an open page has them (ACC-4).

    Staff stay staff and vendors' users stay that. Refuses, in this order: NotFound, Stale, NoRole, VendorAndInternal,
    KindStays, OwnAccount, LastAdministrator.
    """
    user = lock_user(session, user_id, version)
    wanted = checked_roles(user.name, roles)
    if user.is_vendor != (Role.VENDOR in wanted):
        kinds = ("a vendor's user", "one of the staff")
        kind, other = kinds if user.is_vendor else kinds[::-1]
        raise KindStays(name=user.name, kind=kind, other=other)
    held = session.exec(select(UserRole).where(UserRole.user_id == user.id)).all()
    if Role.ADMIN in {each.role for each in held} and Role.ADMIN not in wanted:
        if user.id == actor.user_id:
            raise OwnAccount(field="roles", act="take administration from themselves")
        _somebody_else_administers(session, user)
    for each in held:
        if each.role not in wanted:
            session.delete(each)
    session.add_all(
        UserRole(user_id=user.id, role=role.value) for role in sorted(wanted - {each.role for each in held})
    )
    return _saved(session, user)


@needs(Permission.USER_EDIT)
def disable_user(session: Session, actor: Actor, *, user_id: int, version: int, at: datetime) -> SavedAccess:
    """Let a person in no more: their sessions end with this transaction, and an open invitation is taken back.

    Refuses, in this order: NotFound, Stale, WrongState, OwnAccount, LastAdministrator.
    """
    user = lock_user(session, user_id, version)
    if not user.is_active:
        raise WrongState(kind="user", state="disabled", move="disable", needed="active")
    if user.id == actor.user_id:
        raise OwnAccount(act="disable themselves")
    if session.get(UserRole, (user.id, Role.ADMIN.value)) is not None:
        _somebody_else_administers(session, user)
    revoke_open(session, user.id, at=at)
    ended = end_sessions(session, user_id=user.id, because="user disabled", at=at)
    user.is_active = False
    return _saved(session, user, sessions_ended=len(ended))


@needs(Permission.USER_EDIT)
def enable_user(session: Session, actor: Actor, *, user_id: int, version: int) -> SavedAccess:
    """Let a disabled person in again, by the identity they had; without one they need a new invitation.

    Refuses, in this order: NotFound, Stale, WrongState.
    """
    user = lock_user(session, user_id, version)
    if user.is_active:
        raise WrongState(kind="user", state="active", move="enable", needed="disabled")
    user.is_active = True
    return _saved(session, user)


@needs(Permission.USER_EDIT)
def forget_identity(session: Session, actor: Actor, *, user_id: int, version: int, at: datetime) -> SavedAccess:
    """Unbind a person from the identity that signs in for them, so that an invitation can bind another. Ends their sessions.

    For somebody whose account at the provider was replaced. Refuses, in this order: NotFound, Stale, NoIdentity, OwnAccount.
    """
    user = lock_user(session, user_id, version)
    if user.subject is None:
        raise NoIdentity(name=user.name)
    if user.id == actor.user_id:
        raise OwnAccount(act="forget their own sign-in")
    ended = end_sessions(session, user_id=user.id, because="sign-in forgotten", at=at)
    user.issuer = user.subject = None
    return _saved(session, user, sessions_ended=len(ended))


def _somebody_else_administers(session: Session, user: AppUser) -> None:
    """Pass if another active person has the role; nobody takes it from them before this transaction ends."""
    lock_administrators(session)
    others = (
        select(AppUser.id)
        .join(UserRole, col(UserRole.user_id) == col(AppUser.id))
        .where(col(UserRole.role) == Role.ADMIN.value, col(AppUser.is_active), col(AppUser.id) != user.id)
    )
    if session.exec(others.limit(1)).first() is None:
        raise LastAdministrator(name=user.name)


def _saved(session: Session, user: AppUser, *, sessions_ended: int = 0) -> SavedAccess:
    user.version += 1
    session.add(user)
    session.flush()
    roles = session.exec(select(UserRole.role).where(UserRole.user_id == user.id)).all()
    return SavedAccess(user.id, user.name, user.version, tuple(sorted(roles)), user.is_active, sessions_ended)
