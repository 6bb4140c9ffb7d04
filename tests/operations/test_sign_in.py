"""Who signs in is known by issuer and subject; an invitation binds them once, by a verified address (ACC-1, ACC-8)."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, func, select

from buyside.db import engine
from buyside.db.audit import AuditEvent, AuditSubject
from buyside.db.people import AppUser, UserInvitation, UserRole, UserSession, VendorMembership
from buyside.domain.access import Role
from buyside.domain.refusals import Refused
from buyside.identity.logins import LONGEST, find_login, sign_in, token_digest
from tests.conftest import Database
from tests.logins import ISSUER, SURFACES, Stand, add_alone, in_turn, invite, verified
from tests.world import World

SOON = timedelta(minutes=10)


@pytest.fixture
def stand(database: Database) -> Iterator[Stand]:
    with in_turn() as opened:
        yield opened


@pytest.mark.rule("ACC-8")
@pytest.mark.parametrize("surface", SURFACES)
def test_an_invitation_binds_the_identity_and_the_trail_says_so(surface: str, stand: Stand) -> None:
    user = invite(stand, SURFACES[surface], email="Vera@Works.example")
    user_id, before = user.id, datetime.now(UTC)
    signed = sign_in(stand(surface), verified(), browser="A browser " * 100)
    assert find_login(stand(surface), signed.token) == signed.login
    assert (signed.login.actor.user_id, signed.login.actor.roles) == (user_id, {SURFACES[surface]})
    assert bool(signed.login.actor.vendor_ids) is (surface == "portal")
    assert signed.login.actor.proof == token_digest(signed.token).hex()
    assert signed.token not in repr(signed)

    session = stand("app")
    assert (user.issuer, user.subject, user.version) == (ISSUER, "s-1", 2)
    assert user.last_sign_in_at is not None
    assert user.last_sign_in_at >= before
    invitation = session.exec(select(UserInvitation).where(UserInvitation.user_id == user.id)).one()
    assert invitation.accepted_at == user.last_sign_in_at
    row = session.get_one(UserSession, signed.login.session_id)
    assert row.surface == {"app": "internal"}.get(surface, surface)
    assert (row.issuer, row.issuer_session, row.id_token, len(row.browser)) == (ISSUER, "sid-1", "a.b.c", 200)
    assert row.expires_at - row.created_at == LONGEST
    assert row.token_sha256 == token_digest(signed.token)

    event = session.exec(select(AuditEvent).where(AuditEvent.user_id == user.id)).one()
    assert (event.operation, event.actor_name) == ("accept_invitation", user.name)
    assert [(each["kind"], each["id"]) for each in event.changes] == [
        ("app_user", user.id), ("user_invitation", invitation.id)
    ]  # fmt: skip
    assert event.changes[0]["before"] == {"issuer": None, "subject": None, "version": 1}
    assert event.changes[0]["after"] == {"issuer": ISSUER, "subject": "s-1", "version": 2}
    subjects = session.exec(select(AuditSubject.kind).where(AuditSubject.event_id == event.id)).all()
    assert sorted(subjects) == ["app_user", "user_invitation"]


@pytest.mark.rule("ACC-8")
@pytest.mark.parametrize("surface", SURFACES)
def test_after_that_the_subject_counts_and_the_address_no_more(surface: str, stand: Stand) -> None:
    user_id = invite(stand, SURFACES[surface]).id
    first = sign_in(stand(surface), verified(), browser="")
    again = sign_in(stand(surface), verified(email="other@else.example", email_verified=False), browser="")
    assert again.login.actor.user_id == user_id
    assert again.token != first.token
    with pytest.raises(Refused) as refused:
        sign_in(stand(surface), verified("s-2"), browser="")
    assert refused.value.code == "identity.unknown-person"
    events = select(func.count(col(AuditEvent.id))).where(AuditEvent.user_id == user_id)
    assert stand("app").exec(events).one() == 1


DAYS_AGO = datetime.now(UTC) - timedelta(days=2)
STRANGE: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    # what is odd: (of the invitation, of the identity)
    "no such invitation": ({"email": "other@works.example"}, {}),
    "not verified": ({}, {"email_verified": False}),
    "no address": ({}, {"email": ""}),
    "expired": ({"invited_at": DAYS_AGO, "expires_at": DAYS_AGO + timedelta(days=1)}, {}),
    "revoked": ({"revoked_at": DAYS_AGO}, {}),
    "accepted": ({"accepted_at": DAYS_AGO}, {}),
    "blanks around": ({}, {"email": " vera@works.example"}),
    "a Kelvin sign for a k": ({}, {"email": "vera@wor\u212as.example"}),
    "a dotless i": ({"email": "vera@mine.example"}, {"email": "vera@m\u0131ne.example"}),
    "a pattern": ({}, {"email": "%"}),
}


@pytest.mark.rule("ACC-8")
@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize("odd", STRANGE)
def test_an_unknown_subject_without_a_fitting_invitation_is_refused(odd: str, surface: str, stand: Stand) -> None:
    of_invitation, of_identity = STRANGE[odd]
    user = invite(stand, SURFACES[surface], **of_invitation)
    with pytest.raises(Refused) as refused:
        sign_in(stand(surface), verified(**of_identity), browser="")
    assert refused.value.code == "identity.unknown-person"
    _left_nothing(stand, user)


def _left_nothing(stand: Stand, user: AppUser, *, sessions: int = 0) -> None:
    session = stand("app")
    assert session.exec(select(func.count()).where(UserSession.user_id == user.id)).one() == sessions
    assert user.last_sign_in_at is None
    assert session.exec(select(func.count(col(AuditEvent.id))).where(AuditEvent.user_id == user.id)).one() == 0


@pytest.mark.rule("ACC-1")
@pytest.mark.parametrize(("surface", "other"), [("app", "portal"), ("portal", "app")])
def test_each_surface_takes_its_own_people_only(surface: str, other: str, stand: Stand) -> None:
    user = invite(stand, SURFACES[other])
    with pytest.raises(Refused) as refused:  # invited there: unknown here
        sign_in(stand(surface), verified(), browser="")
    assert refused.value.code == "identity.unknown-person"
    stand("app")
    user.issuer, user.subject = ISSUER, "s-1"
    with pytest.raises(Refused) as refused:  # known there: sent there
        sign_in(stand(surface), verified(), browser="")
    assert refused.value.code == "identity.not-on-this-surface"
    _left_nothing(stand, user)


@pytest.mark.parametrize("surface", SURFACES)
def test_who_is_switched_off_does_not_sign_in(surface: str, stand: Stand) -> None:
    user = invite(stand, SURFACES[surface])
    user.is_active = False
    with pytest.raises(Refused) as refused:
        sign_in(stand(surface), verified(), browser="")
    assert refused.value.code == "identity.disabled"
    _left_nothing(stand, user)
    assert user.subject is None


@pytest.mark.rule("VEN-2")
def test_who_has_no_open_vendor_does_not_sign_in_on_the_portal(stand: Stand) -> None:
    user = invite(stand, Role.VENDOR, member=False)
    with pytest.raises(Refused) as refused:
        sign_in(stand("portal"), verified(), browser="")
    assert refused.value.code == "identity.no-vendor"
    _left_nothing(stand, user)
    assert user.subject is None
    world = World(stand("app"))
    closed = world.vendor("Closed", status="inactive")
    world.add(VendorMembership(vendor_id=closed.id, user_id=user.id, begins_at=datetime.now(UTC) - SOON))
    with pytest.raises(Refused) as refused:
        sign_in(stand("portal"), verified(), browser="")
    assert refused.value.code == "identity.no-vendor"


@pytest.mark.rule("ACC-1")
def test_the_database_keeps_the_two_kinds_of_people_apart(stand: Stand) -> None:
    session = stand("app")
    buyer, vendors = invite(stand, Role.BUYER, email="b@own.example"), invite(stand, Role.VENDOR)
    vendor, now = World(session).vendor(), datetime.now(UTC)
    seen = {"created_at": now, "last_seen_at": now, "expires_at": now + SOON}
    wrong: list[Any] = [
        UserRole(user_id=buyer.id, role="vendor"),
        *(UserRole(user_id=vendors.id, role=role.value) for role in Role if role is not Role.VENDOR),
        VendorMembership(vendor_id=vendor.id, user_id=buyer.id, begins_at=now),
        UserSession(id=func.gen_random_uuid(), user_id=buyer.id, surface="portal", token_sha256=b"1", **seen),
        UserSession(id=func.gen_random_uuid(), user_id=vendors.id, surface="internal", token_sha256=b"2", **seen),
    ]
    for row in wrong:
        with pytest.raises(IntegrityError, match="fits_the_kind_of_user"):
            add_alone(session, row)
    for person, kind in ((buyer.id, True), (vendors.id, False)):
        turned = text("UPDATE app_user SET is_vendor = :kind WHERE id = :id")
        with pytest.raises(IntegrityError, match="fits_the_kind_of_user"), session.begin_nested():
            session.execute(turned, {"kind": kind, "id": person})


def test_one_open_invitation_per_person_and_per_address(stand: Stand) -> None:
    first = invite(stand, Role.BUYER)
    session, now = stand("app"), datetime.now(UTC)
    other = World(session).user(Role.BUYER).user_id
    for user_id, email in ((first.id, "second@works.example"), (other, "VERA@works.example")):
        with pytest.raises(IntegrityError, match="one_open"):
            add_alone(session, UserInvitation(user_id=user_id, email=email, invited_at=now, expires_at=now + SOON))


def test_two_windows_accept_an_invitation_at_the_same_moment_and_both_are_in(database: Database) -> None:
    now = datetime.now(UTC)
    with World.open() as world:
        user_id = world.user(Role.BUYER).user_id
        world.add(
            UserInvitation(user_id=user_id, email="two@own.example", invited_at=now, expires_at=now + timedelta(days=1))
        )
    start, found = threading.Barrier(4), []

    def accept() -> None:
        with engine.sessions()() as session, session.begin():
            start.wait()
            found.append(sign_in(session, verified("s-two", email="two@own.example"), browser="").login.actor.user_id)

    windows = [threading.Thread(target=accept) for _ in range(4)]
    for each in windows:
        each.start()
    for each in windows:
        each.join()
    assert found == [user_id] * 4
    with engine.sessions()() as session:
        events = select(func.count(col(AuditEvent.id))).where(AuditEvent.user_id == user_id)
        assert session.exec(events).one() == 1
