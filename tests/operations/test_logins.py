"""A session is a row, looked up anew for each event, and ended by whoever may (ACC-4)."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from sqlmodel import col, select

from buyside.db.people import AppUser, UserRole, UserSession, VendorMembership
from buyside.domain.access import Role
from buyside.identity.logins import (
    IDLE,
    LONGEST,
    end_login,
    end_logins_of,
    find_login,
    keep_attempt,
    sign_in,
    sign_out_hint,
    take_attempt,
    use_logout_token,
)
from tests.conftest import Database
from tests.logins import ISSUER, SURFACES, Stand, in_turn, invite, open_login, verified
from tests.world import World

SOON = timedelta(minutes=10)


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


@pytest.mark.rule("ACC-4")
@pytest.mark.parametrize("ago", [timedelta(0), timedelta(seconds=50), timedelta(seconds=70), timedelta(minutes=80)])
def test_being_seen_is_written_once_a_minute(session, user, ago):
    token = open_login(session, user_id=user.id)
    row = session.exec(select(UserSession).where(UserSession.user_id == user.id)).one()
    row.last_seen_at = seen = row.last_seen_at - ago
    session.flush()
    assert find_login(session, token) is not None
    session.refresh(row)
    assert (row.last_seen_at > seen) is (ago > timedelta(minutes=1))


@pytest.fixture
def stand(database: Database) -> Iterator[Stand]:
    with in_turn() as opened:
        yield opened


@pytest.mark.rule("ACC-5")
def test_neither_login_finds_the_other_surfaces_sessions_and_the_portal_ends_its_own_only(stand: Stand) -> None:
    session = stand("app")
    buyer, vendors = invite(stand, Role.BUYER, email="b@own.example"), invite(stand, Role.VENDOR)
    inside, outside = open_login(session, user_id=buyer.id), open_login(session, user_id=vendors.id)
    assert find_login(stand("app"), outside) is None
    own = find_login(stand("app"), inside)
    assert find_login(stand("portal"), inside) is None
    theirs = find_login(stand("portal"), outside)
    assert own is not None
    assert theirs is not None
    assert find_login(stand("owner"), inside) is find_login(stand("owner"), outside) is None
    portal = stand("portal")
    assert sign_out_hint(portal, own.session_id) is None
    assert not end_login(portal, own.session_id)
    assert find_login(stand("app"), inside) is not None
    assert end_login(stand("app"), theirs.session_id, because="ended by an administrator")
    assert not end_login(stand("app"), theirs.session_id)
    assert find_login(stand("portal"), outside) is None
    row = stand("app").get_one(UserSession, theirs.session_id)
    assert (row.ended_because, row.ended_at is not None) == ("ended by an administrator", True)


@pytest.mark.parametrize("surface", SURFACES)
def test_the_provider_ends_what_it_names(surface: str, stand: Stand) -> None:
    invite(stand, SURFACES[surface])
    one, two = (
        sign_in(stand(surface), verified(issuer_session=sid), browser="").login.session_id for sid in ("x", "y")
    )
    session, other = stand(surface), {"app": "portal", "portal": "app"}[surface]
    why = {"because": "signed out at the provider"}
    assert end_logins_of(stand(other), issuer=ISSUER, subject="s-1", **why) == []
    assert end_logins_of(stand(surface), issuer="https://else.example", subject="s-1", **why) == []
    assert end_logins_of(session, issuer=ISSUER, issuer_session="x", subject="s-2", **why) == []
    with pytest.raises(ValueError, match="neither"):
        end_logins_of(session, issuer=ISSUER, **why)
    hint = sign_out_hint(session, one)
    assert hint is not None
    assert (hint.issuer, hint.issuer_session, hint.id_token) == (ISSUER, "x", "a.b.c")
    assert end_logins_of(session, issuer=ISSUER, issuer_session="x", **why) == [one]
    assert sign_out_hint(session, one).id_token is None  # type: ignore[union-attr]
    assert end_logins_of(session, issuer=ISSUER, subject="s-1", **why) == [two]
    assert end_logins_of(session, issuer=ISSUER, subject="s-1", **why) == []


def test_an_attempt_is_taken_once_by_its_browser_on_its_surface_in_time(stand: Stand) -> None:
    kept = {"nonce": "n", "verifier": "v", "next": "/orders?x=\u00e4"}
    keep_attempt(stand("app"), state="s", browser="b", content=kept, expires_at=datetime.now(UTC) + SOON)
    for surface, state, browser in (("app", "s", "other"), ("app", "other", "b"), ("portal", "s", "b")):
        assert take_attempt(stand(surface), state=state, browser=browser) is None
    assert take_attempt(stand("app"), state="s", browser="b") == kept
    assert take_attempt(stand("app"), state="s", browser="b") is None
    keep_attempt(stand("app"), state="late", browser="b", content={}, expires_at=datetime.now(UTC))
    assert take_attempt(stand("app"), state="late", browser="b") is None
    keep_attempt(stand("app"), state="next", browser="b", content={}, expires_at=datetime.now(UTC) + SOON)
    stand("owner")
    assert stand("owner").execute(text("SELECT count(*) FROM sign_in_attempt")).scalar() == 1


def test_a_logout_token_is_obeyed_once_on_each_surface(stand: Stand) -> None:
    until = {"expires_at": datetime.now(UTC) + SOON}
    for surface in SURFACES:
        assert use_logout_token(stand(surface), issuer=ISSUER, jti="1", **until)
        assert not use_logout_token(stand(surface), issuer=ISSUER, jti="1", **until)
        assert use_logout_token(stand(surface), issuer=ISSUER, jti="2", **until)
        assert use_logout_token(stand(surface), issuer="https://else.example", jti="1", **until)
    assert use_logout_token(stand("app"), issuer=ISSUER, jti="3", expires_at=datetime.now(UTC))
    assert use_logout_token(stand("app"), issuer=ISSUER, jti="3", **until)  # the first was over, and swept


@pytest.mark.parametrize("table", ["sign_in_attempt", "used_logout_token"])
def test_the_functions_alone_reach_what_they_keep(table: str, stand: Stand) -> None:
    for surface in SURFACES:
        session = stand(surface)
        with pytest.raises(ProgrammingError, match="permission denied"), session.begin_nested():
            session.execute(text(f"SELECT count(*) FROM {table}"))


@pytest.mark.parametrize(
    "rows", ["DELETE FROM user_session", "DELETE FROM user_invitation", "DELETE FROM vendor_membership"]
)
def test_what_was_is_not_deleted_by_the_application(rows: str, stand: Stand) -> None:
    session = stand("app")
    with pytest.raises(ProgrammingError, match="permission denied"), session.begin_nested():
        session.execute(text(rows))


@pytest.mark.rule("ACC-4")
def test_every_end_is_told_to_whoever_listens(database: Database) -> None:
    now = datetime.now(UTC)
    with World.open() as world:
        vendor, buyer = world.vendor(), world.user(Role.BUYER).user_id
        members = [world.user(Role.VENDOR).user_id for _ in range(2)]
        for each in members:
            world.add(VendorMembership(vendor_id=vendor.id, user_id=each, begins_at=now - SOON))
        for each in (buyer, *members):
            open_login(world.session, user_id=each or 0)
        found = world.session.exec(select(UserSession).where(col(UserSession.user_id).in_([buyer, *members]))).all()
        ids = {row.user_id: str(row.id) for row in found}
    acts = (
        (f"UPDATE app_user SET name = 'Other' WHERE id = {buyer}", set()),
        (f"UPDATE app_user SET is_active = false WHERE id = {buyer}", {buyer}),
        (f"UPDATE vendor_membership SET ends_at = now() WHERE user_id = {members[0]}", {members[0]}),
        (f"UPDATE vendor SET status = 'on_hold' WHERE id = {vendor.id}", set()),
        (f"UPDATE vendor SET status = 'inactive' WHERE id = {vendor.id}", set(members)),
        (f"SELECT end_login('{ids[members[0]]}', 'x')", {members[0]}),
        (f"SELECT end_login('{ids[members[0]]}', 'x')", set()),
        (f"UPDATE user_session SET last_seen_at = now() WHERE user_id = {members[1]}", set()),
        (
            f"UPDATE vendor_membership SET ends_at = now() WHERE user_id = {members[0]}",
            set(),
        ),  # nothing of theirs is open
    )
    with psycopg.connect(database.portal_url, autocommit=True) as ear:
        ear.execute("LISTEN session_ended")
        with psycopg.connect(database.app_url, autocommit=True) as app:
            for act, told in acts:
                app.execute(act)  # type: ignore[arg-type]
                # A slow machine is waited for; one word too many is heard at the next act at the latest.
                wait = {"timeout": 20, "stop_after": len(told)} if told else {"timeout": 0.3}
                heard = {each.payload for each in ear.notifies(**wait)}
                assert heard == {ids[each] for each in told}, act
