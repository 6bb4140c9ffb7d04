"""Ending the sessions of others."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlmodel import Session, col, select

from buyside.db.audit import AuditEvent, AuditSubject
from buyside.db.people import UserSession
from buyside.domain.access import Actor, Role
from buyside.domain.refusals import Refused
from buyside.identity.logins import find_login
from buyside.operations.run import within
from buyside.operations.sessions import end_session, end_sessions_of_user
from tests.logins import open_login
from tests.world import World

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ADMIN = Actor(user_id=None, name="An administrator", roles=frozenset({Role.ADMIN}))


class Setup:
    """A buyer with two browsers, and a colleague."""

    def __init__(self, session: Session) -> None:
        self.session, world = session, World(session)
        buyer, colleague = world.user(Role.BUYER), world.user(Role.BUYER)
        assert buyer.user_id is not None
        assert colleague.user_id is not None
        self.buyer, self.colleague = buyer.user_id, colleague.user_id
        self.tokens = [open_login(session, user_id=user) for user in (self.buyer, self.buyer, self.colleague)]
        logins = [find_login(session, token) for token in self.tokens]
        self.ids = [each.session_id for each in logins if each]

    def alive(self) -> list[bool]:
        self.session.expire_all()
        return [find_login(self.session, token) is not None for token in self.tokens]

    def refused(self, operation: Any, actor: Actor = ADMIN, **arguments: Any) -> str:
        before = self.alive()
        with pytest.raises(Refused) as refusal, self.session.begin_nested():
            within(self.session, operation, actor, at=NOW, **arguments)
        assert self.alive() == before
        return refusal.value.code


@pytest.fixture
def setup(session: Session) -> Setup:
    return Setup(session)


@pytest.mark.rule("ACC-4")
def test_one_session_ends_and_no_other(setup: Setup) -> None:
    done = within(setup.session, end_session, ADMIN, session_id=setup.ids[0], at=NOW)
    assert (done.user_id, done.session_ids) == (setup.buyer, (setup.ids[0],))
    assert setup.alive() == [False, True, True]
    row = setup.session.get_one(UserSession, setup.ids[0])
    assert (row.ended_at, row.ended_because, row.id_token) == (NOW, "ended by an administrator", None)


@pytest.mark.rule("ACC-4")
def test_all_sessions_of_a_person_end(setup: Setup) -> None:
    done = within(setup.session, end_sessions_of_user, ADMIN, user_id=setup.buyer, at=NOW)
    assert set(done.session_ids) == set(setup.ids[:2])
    assert setup.alive() == [False, False, True]
    again = within(setup.session, end_sessions_of_user, ADMIN, user_id=setup.buyer, at=NOW)
    assert again.session_ids == ()


@pytest.mark.rule("ACC-6")
def test_the_trail_tells_whose_session_who_ended(setup: Setup) -> None:
    within(setup.session, end_session, ADMIN, session_id=setup.ids[0], at=NOW)
    event = setup.session.exec(select(AuditEvent).order_by(col(AuditEvent.id).desc())).first()
    assert event is not None
    assert (event.operation, event.actor_name) == ("end_session", "An administrator")
    assert [each["after"]["sessions_ended"] for each in event.changes] == [[str(setup.ids[0])]]
    assert all(each["before"] for each in event.changes)  # nobody was added
    subject = setup.session.exec(select(AuditSubject).where(AuditSubject.event_id == event.id)).one()
    assert (subject.kind, subject.record_id) == ("app_user", setup.buyer)


def test_what_is_not_there_or_over_is_refused(setup: Setup) -> None:
    assert setup.refused(end_session, session_id=uuid4()) == "access.not-found"
    assert setup.refused(end_sessions_of_user, user_id=987_654_321) == "access.not-found"
    within(setup.session, end_session, ADMIN, session_id=setup.ids[0], at=NOW)
    assert setup.refused(end_session, session_id=setup.ids[0]) == "sessions.ended-already"


@pytest.mark.rule("ACC-2")
@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
def test_only_administrators_end_sessions(setup: Setup, role: Role) -> None:
    actor = Actor(user_id=setup.colleague, name="Somebody", roles=frozenset({role}))
    one: UUID = setup.ids[0]
    assert setup.refused(end_session, actor, session_id=one) == "access.not-allowed"
    assert setup.refused(end_sessions_of_user, actor, user_id=setup.buyer) == "access.not-allowed"
