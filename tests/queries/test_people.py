"""What administrators read: people with their status, memberships in their time, sessions with their browsers."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from buyside.db.people import UserSession
from buyside.domain.access import GRANTS, OPERATOR, Actor, Permission, Role
from buyside.domain.people import IDLE_FOR
from buyside.domain.refusals import Refused
from buyside.domain.vendors import VendorStatus
from buyside.identity.logins import IDLE, find_login
from buyside.operations.memberships import end_membership, grant_membership
from buyside.operations.people import add_user
from buyside.operations.people_access import disable_user, enable_user
from buyside.operations.run import within
from buyside.queries.memberships import MEMBERSHIP_ROWS, open_vendors
from buyside.queries.people import USER_ROWS, listed_users, manager_choices, member_choices, user_detail
from buyside.queries.rows import GridSource, RowsWanted, grid_page, grid_rows
from buyside.queries.sessions import SESSION_ROWS
from tests.logins import open_login
from tests.world import World

ADMIN = Actor(user_id=None, name="An administrator", roles=frozenset({Role.ADMIN}))
CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"


def add(session: Session, name: str, *roles: Role, **more: Any) -> int:
    return within(session, add_user, OPERATOR, name=name, roles=roles or (Role.BUYER,), **more).user_id


def rows(session: Session, source: GridSource, actor: Actor = ADMIN, **wanted: Any) -> dict[str, dict[str, Any]]:
    session.expire_all()
    found = grid_page(session, actor, source=source, wanted=RowsWanted(**wanted), today=actor.today())
    return {str(each["id"]): each for each in found.rows}


@pytest.mark.rule("ACC-8")
def test_the_status_tells_whether_somebody_can_sign_in(session: Session) -> None:
    now = datetime.now(UTC)
    ids = {
        "active": add(session, "A", issuer="https://login.example.com", subject="a"),
        "invited": add(session, "B", email="b@example.com", invite_at=now),
        "invitation_expired": add(session, "C", email="c@example.com", invite_at=now - timedelta(days=15)),
        "not_invited": add(session, "D"),
        "disabled": add(session, "E", issuer="https://login.example.com", subject="e"),
    }
    within(session, disable_user, ADMIN, user_id=ids["disabled"], version=1, at=now)
    found = rows(session, USER_ROWS)
    assert {status: found[str(key)]["status"] for status, key in ids.items()} == {each: each for each in ids}
    assert {status: user_detail(session, ADMIN, user_id=key).status for status, key in ids.items()} == {
        each: each for each in ids
    }


def test_a_person_is_read_with_all_that_stands_around_them(session: Session) -> None:
    world = World(session)
    acme, bolts = world.vendor("Acme"), world.vendor("Bolts")
    boss = add(session, "Bo Boss", Role.MANAGER)
    ada = add(
        session, "Ada Quill", Role.SALES, Role.BUYER, email="ada@example.com", manager_id=boss, locale="nb_NO",
        invite_at=datetime.now(UTC),
    )  # fmt: skip
    vera = add(session, "Vera Stone", Role.VENDOR)
    for each in (acme, bolts):
        within(session, grant_membership, ADMIN, vendor_id=each.id, user_id=vera)
    found = user_detail(session, ADMIN, user_id=ada)
    assert (found.roles, found.manager, found.locale) == ((Role.BUYER, Role.SALES), "Bo Boss", "nb_NO")
    assert (found.kind, found.invited_email, found.issuer) == ("staff", "ada@example.com", "")
    listed = rows(session, USER_ROWS)
    assert listed[str(ada)]["roles"] == "Buyer, Sales"
    assert (listed[str(vera)]["kind"], listed[str(vera)]["roles"]) == ("vendor", "Vendor")
    assert listed[str(vera)]["vendors"] == ", ".join(sorted([acme.row.code, bolts.row.code]))
    assert set(rows(session, USER_ROWS, quick=acme.row.code)) == {str(vera)}
    assert [each.id for each in listed_users(session, ADMIN, email="ADA@Example.com")] == [ada]
    with pytest.raises(Refused) as refused:
        user_detail(session, ADMIN, user_id=987_654_321)
    assert refused.value.code == "access.not-found"


@pytest.mark.rule("ACC-1")
def test_staff_manage_and_vendors_users_act_for_vendors(session: Session) -> None:
    world = World(session)
    closed, held = world.vendor("Closed"), world.vendor("Held")
    closed.row.status, held.row.status = VendorStatus.INACTIVE.value, VendorStatus.ON_HOLD.value
    staff, vera = add(session, "Ada Quill"), add(session, "Vera Stone", Role.VENDOR)
    gone = add(session, "Gone Away")
    within(session, disable_user, ADMIN, user_id=gone, version=1, at=datetime.now(UTC))
    managers = {each.id for each in manager_choices(session, ADMIN)}
    assert (staff in managers, vera in managers, gone in managers) == (True, False, False)
    members = {each.id for each in member_choices(session, ADMIN)}
    assert (staff in members, vera in members) == (False, True)
    vendors = {each.id for each in open_vendors(session, ADMIN)}
    assert (closed.id in vendors, held.id in vendors) == (False, True)


@pytest.mark.rule("VEN-1")
def test_a_membership_tells_from_when_until_when_and_whether_it_holds(session: Session) -> None:
    world = World(session)
    world.organisation(time_zone="Pacific/Auckland")
    today = Actor(user_id=None, name="", roles=frozenset(), dates_zone="Pacific/Auckland").today()
    acme = world.vendor("Acme")
    people = {name: add(session, name, Role.VENDOR) for name in ("Now", "Later", "Over", "Never", "Off", "Until")}

    def grant(name: str, **days: Any) -> str:
        granted = within(session, grant_membership, ADMIN, vendor_id=acme.id, user_id=people[name], **days)
        return str(granted.membership_id)

    soon = today + timedelta(days=4)
    ids = {
        "Now": grant("Now"),
        "Later": grant("Later", begins_on=soon),
        "Over": grant("Over"),
        "Never": grant("Never", begins_on=soon),
        "Off": grant("Off"),
        "Until": grant("Until", ends_on=soon),
    }
    for name in ("Over", "Never"):
        within(session, end_membership, ADMIN, membership_id=int(ids[name]))
    within(session, disable_user, ADMIN, user_id=people["Off"], version=1, at=datetime.now(UTC))
    found = rows(session, MEMBERSHIP_ROWS, scope={"vendor_code": acme.row.code})
    assert {name: found[key]["status"] for name, key in ids.items()} == {
        "Now": "active",
        "Later": "planned",
        "Over": "ended",
        "Never": "ended",
        "Off": "user_disabled",
        "Until": "active",
    }
    assert (found[ids["Until"]]["begins_on"], found[ids["Until"]]["ends_on"]) == (today.isoformat(), soon.isoformat())
    assert found[ids["Now"]]["ends_on"] is None
    acme.row.status = VendorStatus.INACTIVE.value
    session.flush()
    assert rows(session, MEMBERSHIP_ROWS)[ids["Now"]]["status"] == "vendor_inactive"
    within(session, enable_user, ADMIN, user_id=people["Off"], version=2)


def test_sessions_idle_as_long_here_as_at_the_door() -> None:
    assert IDLE_FOR == IDLE


@pytest.mark.rule("ACC-4")
def test_a_session_is_listed_as_live_just_as_long_as_it_carries_somebody(session: Session) -> None:
    ada = add(session, "Ada Quill")
    tokens = [open_login(session, user_id=ada) for _ in range(4)]
    logins = [find_login(session, token) for token in tokens]
    live, idle, expired, ended = (str(each.session_id) for each in logins if each)
    now = datetime.now(UTC)
    for key, column, value in (
        (idle, "last_seen_at", now - IDLE - timedelta(seconds=5)),
        (expired, "expires_at", now - timedelta(seconds=5)),
        (ended, "ended_at", now),
    ):
        row = session.exec(select(UserSession).where(UserSession.id == key)).one()
        setattr(row, column, value)
    session.flush()
    found = rows(session, SESSION_ROWS, scope={"user_id": ada})
    assert {key: found[key]["status"] for key in (live, idle, expired, ended)} == {
        live: "live",
        idle: "idle",
        expired: "expired",
        ended: "ended",
    }
    assert [find_login(session, token) is not None for token in tokens] == [True, False, False, False]
    assert rows(session, USER_ROWS)[str(ada)]["sessions"] == 1


def test_ones_own_session_is_marked(session: Session) -> None:
    ada = add(session, "Ada Quill", Role.ADMIN)
    logins = [find_login(session, open_login(session, user_id=ada)) for _ in range(2)]
    own, other = (each for each in logins if each)
    found = rows(session, SESSION_ROWS, own.actor)
    assert (found[str(own.session_id)]["whose"], found[str(other.session_id)]["whose"]) == ("own", None)
    [again] = grid_rows(session, own.actor, source=SESSION_ROWS, ids=(str(own.session_id),), scope={})
    assert again["whose"] == "own"


@pytest.mark.parametrize(
    ("said", "browser"),
    [
        (CHROME, "Chrome on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:127.0) Gecko/20100101 Firefox/127.0", "Firefox on Windows"),
        (CHROME.replace("X11; Linux x86_64", "Windows NT 10.0") + " Edg/126.0.0.0", "Edge on Windows"),
        (CHROME.replace("X11; Linux x86_64", "Linux; Android 14; Pixel 8"), "Chrome on Android"),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15",
            "Safari on macOS",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Version/17.5 Mobile Safari/604.1",
            "Safari on iPhone",
        ),
        ("curl/8.5.0", "curl/8.5.0"),
        ("x" * 180, "x" * 60),
        ("", ""),
    ],
)
def test_a_browser_is_told_in_readable_words(session: Session, said: str, browser: str) -> None:
    ada = add(session, "Ada Quill")
    open_login(session, user_id=ada, browser=said)
    [found] = rows(session, SESSION_ROWS, scope={"user_id": ada}).values()
    assert found["browser"] == browser


@pytest.mark.rule("ACC-2")
@pytest.mark.parametrize("source", [USER_ROWS, MEMBERSHIP_ROWS, SESSION_ROWS], ids=lambda source: source.name)
@pytest.mark.parametrize("role", list(Role))
def test_lists_of_people_are_for_administrators(session: Session, role: Role, source: GridSource) -> None:
    actor = Actor(user_id=None, name="Somebody", roles=frozenset({role}))
    assert (source.permission in GRANTS[role]) is (role is Role.ADMIN)
    if role is Role.ADMIN:
        rows(session, source, actor)
        return
    with pytest.raises(Refused) as refused:
        rows(session, source, actor)
    assert refused.value.code == "access.not-allowed"
    assert Permission.USER_EDIT not in GRANTS[role]
