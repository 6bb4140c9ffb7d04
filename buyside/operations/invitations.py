"""Inviting people: their first sign-in under the invited address binds the identity that signs in from then on (ACC-8)."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from buyside.db.people import AppUser, UserInvitation
from buyside.domain.access import Actor, Permission, needs
from buyside.domain.refusals import Refused, WrongState
from buyside.ledgers.invitations import find_open, revoke_open, surface_of, write_invitation
from buyside.queries.people_locks import lock_user


class SignsInAlready(Refused):
    code = "invitations.signs-in-already"
    says = "{name} has signed in before and needs no invitation. If that account is gone, forget it first."


class InvitedAlready(Refused):
    code = "invitations.invited-already"
    says = "{name} is invited already. Renew the invitation instead."


class NotInvited(Refused):
    code = "invitations.not-invited"
    says = "{name} has no open invitation."


@dataclass(frozen=True, slots=True)
class Invited:
    """An invitation that waits: which address, for which surface ("internal" or "portal"), until when."""

    user_id: int
    name: str
    email: str
    surface: str
    expires_at: datetime


@needs(Permission.USER_EDIT)
def invite_user(session: Session, actor: Actor, *, user_id: int, at: datetime) -> Invited:
    """Invite a person to sign in for the first time, within 14 days.

    Refuses, in this order: NotFound, WrongState, SignsInAlready, InvitedAlready, NoAddress, NoSuchAddress, AddressInvited.
    """
    user = _lock(session, user_id)
    if find_open(session, user.id) is not None:
        raise InvitedAlready(name=user.name)
    return _invited(user, write_invitation(session, actor, user, at=at))


@needs(Permission.USER_EDIT)
def renew_invitation(session: Session, actor: Actor, *, user_id: int, at: datetime) -> Invited:
    """Replace an open invitation, expired or not, by one that holds for another 14 days.

    Refuses, in this order: NotFound, WrongState, SignsInAlready, NotInvited, NoAddress, NoSuchAddress, AddressInvited.
    """
    user = _lock(session, user_id)
    if find_open(session, user.id) is None:
        raise NotInvited(name=user.name)
    return _invited(user, write_invitation(session, actor, user, at=at))


@needs(Permission.USER_EDIT)
def revoke_invitation(session: Session, actor: Actor, *, user_id: int, at: datetime) -> None:
    """Take an open invitation back: it binds nobody any more. Refuses, in this order: NotFound, NotInvited."""
    user = lock_user(session, user_id)
    if not revoke_open(session, user.id, at=at):
        raise NotInvited(name=user.name)


def _lock(session: Session, user_id: int) -> AppUser:
    """A person who may be invited, locked. Refuses: NotFound, WrongState, SignsInAlready."""
    user = lock_user(session, user_id)
    if not user.is_active:
        raise WrongState(kind="user", state="disabled", move="invite", needed="active")
    if user.subject is not None:
        raise SignsInAlready(name=user.name)
    return user


def _invited(user: AppUser, invitation: UserInvitation) -> Invited:
    return Invited(user.id, user.name, invitation.email, surface_of(user).value, invitation.expires_at)
