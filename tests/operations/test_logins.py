"""A session is a row, looked up anew for each event."""

from datetime import timedelta

import pytest
from sqlmodel import select

from buyside.db.people import AppUser, UserRole, UserSession
from buyside.domain.access import Role
from buyside.identity.logins import IDLE, LONGEST, end_login, find_login
from tests.logins import open_login


@pytest.fixture
def user(session):
    user = AppUser(name="Ines Buyer", email="ines@example.com", locale="de_DE")
    session.add(user)
    session.flush()
    session.add(UserRole(user_id=user.id, role=Role.BUYER.value))
    session.flush()
    return user


@pytest.mark.rule("ACC-4")
def test_the_cookie_leads_to_the_user_with_the_roles_of_this_moment(session, user):
    token = open_login(session, user_id=user.id)
    actor = find_login(session, token).actor
    assert (actor.user_id, actor.name, actor.roles, actor.locale) == (
        user.id,
        "Ines Buyer",
        frozenset({Role.BUYER}),
        "de_DE",
    )
    session.add(UserRole(user_id=user.id, role=Role.MANAGER.value))
    session.flush()
    assert find_login(session, token).actor.roles == {Role.BUYER, Role.MANAGER}


@pytest.mark.rule("ACC-4")
def test_the_cookie_itself_is_stored_nowhere(session, user):
    token = open_login(session, user_id=user.id)
    row = session.exec(select(UserSession).where(UserSession.user_id == user.id)).one()
    assert token.encode() not in row.token_sha256
    assert find_login(session, row.token_sha256.hex()) is None


@pytest.mark.rule("ACC-4")
@pytest.mark.parametrize("end", ["logout", "disabled", "expired", "idle"])
def test_an_ended_session_leads_nowhere(session, user, end):
    token = open_login(session, user_id=user.id)
    row = session.exec(select(UserSession).where(UserSession.user_id == user.id)).one()
    assert find_login(session, token) is not None
    if end == "logout":
        assert end_login(session, row.id)
    elif end == "disabled":
        user.is_active = False
    elif end == "expired":
        row.expires_at -= LONGEST
    else:
        row.last_seen_at -= IDLE + timedelta(seconds=1)
    session.flush()
    assert find_login(session, token) is None
