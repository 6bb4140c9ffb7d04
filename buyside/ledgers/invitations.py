"""The book of invitations: an address and a person wait for the identity that will sign in under it first (ACC-8)."""

from datetime import datetime

from sqlalchemy import text
from sqlmodel import Session, col, func, select

from buyside.db.people import AppUser, UserInvitation
from buyside.domain.access import Actor
from buyside.domain.people import INVITED_FOR, Surface, email_address
from buyside.domain.refusals import Refused


class NoAddress(Refused):
    code, field = "invitations.no-address", "email"
    says = "{name} has no e-mail address yet, and the invitation is bound to one. Enter it first."


class AddressInvited(Refused):
    code, field = "invitations.address-invited", "email"
    says = "{email} is invited already, as {name}. One address can wait for one person at a time."


def surface_of(user: AppUser) -> Surface:
    """Where a person signs in."""
    return Surface.PORTAL if user.is_vendor else Surface.INTERNAL


def find_open(session: Session, user_id: int) -> UserInvitation | None:
    """The invitation of a person that was neither accepted nor revoked, expired or not; locked."""
    return session.exec(
        select(UserInvitation)
        .where(
            col(UserInvitation.user_id) == user_id,
            col(UserInvitation.accepted_at).is_(None),
            col(UserInvitation.revoked_at).is_(None),
        )
        .with_for_update()
    ).one_or_none()


def revoke_open(session: Session, user_id: int, *, at: datetime) -> bool:
    """Take back a person's open invitation, if there is one. Answers whether there was."""
    waiting = find_open(session, user_id)
    if waiting is None:
        return False
    waiting.revoked_at = at
    session.add(waiting)
    session.flush()
    return True


def write_invitation(session: Session, actor: Actor, user: AppUser, *, at: datetime) -> UserInvitation:
    """Invite a person, whose row the caller has locked; an invitation that waits for them gives way to the new one.

    Refuses, in this order: NoAddress, NoSuchAddress, AddressInvited.
    """
    if not user.email:
        raise NoAddress(name=user.name)
    email = email_address(user.email)
    _only_one_waits(session, user, email, at)
    revoke_open(session, user.id, at=at)
    invitation = UserInvitation(
        user_id=user.id, email=email, invited_by=actor.user_id, invited_at=at, expires_at=at + INVITED_FOR
    )
    session.add(invitation)
    session.flush()
    return invitation


def _only_one_waits(session: Session, user: AppUser, email: str, at: datetime) -> None:
    """Pass if nobody else waits under an address; two who invite it at once come one by one. Expired ones give way."""
    session.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:waiting, 0))"), {"waiting": f"invitation {email}"}
    )
    other = session.exec(
        select(UserInvitation, AppUser.name)
        .join(AppUser, col(AppUser.id) == col(UserInvitation.user_id))
        .where(
            col(AppUser.id) != user.id,
            func.lower(col(UserInvitation.email)) == email,
            col(UserInvitation.accepted_at).is_(None),
            col(UserInvitation.revoked_at).is_(None),
        )
        .with_for_update(of=UserInvitation)
    ).first()
    if other is None:
        return
    invitation, name = other
    if invitation.expires_at > at:
        raise AddressInvited(email=email, name=name)
    invitation.revoked_at = at
    session.add(invitation)
    session.flush()
