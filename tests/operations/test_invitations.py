"""Invitations: who waits under which address until when, and that the first sign-in binds the identity."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session, col, select

from buyside.db.people import AppUser, UserInvitation, UserRole, VendorMembership
from buyside.domain.access import OPERATOR, Actor, Role
from buyside.domain.refusals import Refused
from buyside.identity.logins import VerifiedIdentity, sign_in
from buyside.operations.invitations import invite_user, renew_invitation, revoke_invitation
from buyside.operations.people import add_user
from buyside.operations.people_access import disable_user, forget_identity
from buyside.operations.run import within

NOW = datetime.now(UTC)
ISSUER = "https://login.example.com"
ADMIN = Actor(user_id=None, name="An administrator", roles=frozenset({Role.ADMIN}))


def add(session: Session, name: str, email: str = "", role: Role = Role.BUYER, **more: Any) -> int:
    return within(session, add_user, OPERATOR, name=name, roles=(role,), email=email, **more).user_id


def invitations(session: Session, user_id: int) -> list[UserInvitation]:
    session.expire_all()
    found = select(UserInvitation).where(UserInvitation.user_id == user_id).order_by(col(UserInvitation.id))
    return list(session.exec(found).all())


def refused(session: Session, operation: Any, user_id: int, actor: Actor = ADMIN, at: datetime = NOW) -> str:
    before = [each.model_dump() for each in session.exec(select(UserInvitation)).all()]
    with pytest.raises(Refused) as refusal, session.begin_nested():
        within(session, operation, actor, user_id=user_id, at=at)
    session.expire_all()
    assert [each.model_dump() for each in session.exec(select(UserInvitation)).all()] == before
    return refusal.value.code


def arrives(session: Session, email: str, *, subject: str = "s1", is_verified: bool = True) -> str:
    """What becomes of somebody whom the provider sends: the name of who they are here, or the code of the refusal."""
    who = VerifiedIdentity(issuer=ISSUER, subject=subject, email=email, email_verified=is_verified)
    try:
        with session.begin_nested():
            return sign_in(session, who, browser="a test").login.actor.name
    except Refused as refusal:
        return refusal.code
    finally:
        session.expire_all()


@pytest.mark.rule("ACC-8")
def test_an_invitation_holds_for_fourteen_days(session: Session) -> None:
    ada = add(session, "Ada Quill", "Ada@Example.com")
    done = within(session, invite_user, ADMIN, user_id=ada, at=NOW)
    assert (done.email, done.surface, done.expires_at) == ("ada@example.com", "internal", NOW + timedelta(days=14))
    [row] = invitations(session, ada)
    assert (row.email, row.invited_by, row.invited_at, row.expires_at) == (
        "ada@example.com",
        None,
        NOW,
        done.expires_at,
    )


@pytest.mark.rule("ACC-8")
def test_the_first_sign_in_under_the_address_binds_the_identity(session: Session) -> None:
    ada = add(session, "Ada Quill", "ada@example.com", invite_at=NOW)
    assert arrives(session, "ada@example.com", is_verified=False) == "identity.unknown-person"
    assert arrives(session, "bo@example.com") == "identity.unknown-person"
    assert arrives(session, "ADA@example.com", subject="s1") == "Ada Quill"
    assert (session.get_one(AppUser, ada).issuer, session.get_one(AppUser, ada).subject) == (ISSUER, "s1")
    assert (
        arrives(session, "other@example.com", subject="s1") == "Ada Quill"
    )  # from now on the address is only for mail
    assert arrives(session, "ada@example.com", subject="s2") == "identity.unknown-person"


@pytest.mark.rule("ACC-8")
def test_a_revoked_or_expired_invitation_lets_nobody_in(session: Session) -> None:
    add(session, "Ada Quill", "ada@example.com", invite_at=NOW - timedelta(days=14, minutes=1))
    assert arrives(session, "ada@example.com") == "identity.unknown-person"
    bo = add(session, "Bo Lind", "bo@example.com", invite_at=NOW)
    within(session, revoke_invitation, ADMIN, user_id=bo, at=NOW)
    assert arrives(session, "bo@example.com") == "identity.unknown-person"


def test_a_renewed_invitation_takes_the_place_of_the_old_one(session: Session) -> None:
    ada = add(session, "Ada Quill", "ada@example.com", invite_at=NOW - timedelta(days=20))
    done = within(session, renew_invitation, ADMIN, user_id=ada, at=NOW)
    assert done.expires_at == NOW + timedelta(days=14)
    old, new = invitations(session, ada)
    assert (old.revoked_at, new.revoked_at) == (NOW, None)
    assert arrives(session, "ada@example.com") == "Ada Quill"


def test_only_who_waits_can_be_renewed_or_revoked(session: Session) -> None:
    ada = add(session, "Ada Quill", "ada@example.com")
    assert refused(session, renew_invitation, ada) == "invitations.not-invited"
    assert refused(session, revoke_invitation, ada) == "invitations.not-invited"
    within(session, invite_user, ADMIN, user_id=ada, at=NOW)
    assert refused(session, invite_user, ada) == "invitations.invited-already"
    within(session, revoke_invitation, ADMIN, user_id=ada, at=NOW)
    assert refused(session, revoke_invitation, ada) == "invitations.not-invited"
    within(session, invite_user, ADMIN, user_id=ada, at=NOW)  # a fresh one after the revoked one
    assert len(invitations(session, ada)) == 2


def test_nobody_is_invited_without_an_address(session: Session) -> None:
    assert refused(session, invite_user, add(session, "Ada Quill")) == "invitations.no-address"
    with pytest.raises(Refused) as refusal, session.begin_nested():
        add(session, "Bo Lind", invite_at=NOW)
    assert refusal.value.code == "invitations.no-address"
    assert session.exec(select(AppUser).where(AppUser.name == "Bo Lind")).first() is None
    assert refused(session, invite_user, 987_654_321) == "access.not-found"


@pytest.mark.rule("ACC-8")
@pytest.mark.parametrize("role", [Role.BUYER, Role.VENDOR])
def test_one_address_waits_for_one_person(session: Session, role: Role) -> None:
    add(session, "Ada Quill", "ada@example.com", invite_at=NOW)
    second = add(session, "Another Ada", "ADA@example.com", role)
    assert refused(session, invite_user, second) == "invitations.address-invited"


def test_an_expired_invitation_gives_its_address_free(session: Session) -> None:
    first = add(session, "Ada Quill", "ada@example.com", invite_at=NOW - timedelta(days=15))
    second = add(session, "Another Ada", "ada@example.com", invite_at=NOW)
    assert [each.revoked_at for each in invitations(session, first)] == [NOW]
    assert arrives(session, "ada@example.com") == "Another Ada"
    assert session.get_one(AppUser, second).subject == "s1"


@pytest.mark.rule("ACC-8")
def test_who_signs_in_already_is_invited_again_only_after_the_identity_was_forgotten(session: Session) -> None:
    ada = add(session, "Ada Quill", "ada@example.com", issuer=ISSUER, subject="old")
    assert refused(session, invite_user, ada) == "invitations.signs-in-already"
    within(session, forget_identity, ADMIN, user_id=ada, version=1, at=NOW)
    assert arrives(session, "ada@example.com", subject="old") == "identity.unknown-person"
    within(session, invite_user, ADMIN, user_id=ada, at=NOW)
    assert arrives(session, "ada@example.com", subject="new") == "Ada Quill"


def test_a_disabled_person_is_not_invited(session: Session) -> None:
    ada = add(session, "Ada Quill", "ada@example.com", invite_at=NOW)
    within(session, disable_user, ADMIN, user_id=ada, version=1, at=NOW)
    assert refused(session, invite_user, ada) == "lifecycle.wrong-state"
    assert arrives(session, "ada@example.com") in {"identity.disabled", "identity.unknown-person"}


@pytest.mark.rule("ACC-2")
@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
def test_only_administrators_invite(session: Session, role: Role) -> None:
    ada = add(session, "Ada Quill", "ada@example.com", invite_at=NOW)
    actor = Actor(user_id=None, name="Somebody", roles=frozenset({role}))
    for operation in (invite_user, renew_invitation, revoke_invitation):
        assert refused(session, operation, ada, actor) == "access.not-allowed"


@pytest.mark.rule("ACC-1")
def test_a_vendors_user_is_invited_to_the_portal(session: Session) -> None:
    vera = add(session, "Vera Stone", "vera@example.com", Role.VENDOR)
    assert within(session, invite_user, ADMIN, user_id=vera, at=NOW).surface == "portal"
    assert session.get_one(AppUser, vera).is_vendor
    assert arrives(session, "vera@example.com") != "Vera Stone"  # this is the internal surface
    assert session.exec(select(VendorMembership).where(VendorMembership.user_id == vera)).all() == []
    assert session.exec(select(UserRole.role).where(UserRole.user_id == vera)).all() == ["vendor"]
