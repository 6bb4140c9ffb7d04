"""Changing people: what is known of them, their roles, whether they come in."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlmodel import Session, col, func, select

from buyside.db.audit import AuditEvent, AuditSubject
from buyside.db.people import AppUser, UserInvitation, UserRole, UserSession
from buyside.domain.access import INTERNAL_ROLES, OPERATOR, Actor, Role
from buyside.domain.refusals import Refused
from buyside.identity.logins import find_login
from buyside.operations.people import add_user, change_user
from buyside.operations.people_access import disable_user, enable_user, forget_identity, set_roles
from buyside.operations.run import within
from tests.logins import open_login

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ISSUER = "https://login.example.com"


class People:
    """An administrator who acts, a second one, a buyer who signs in and a vendor's user."""

    def __init__(self, session: Session) -> None:
        self.session = session
        # Whoever administered before them is out of the story.
        for role in session.exec(select(UserRole).where(UserRole.role == Role.ADMIN.value)).all():
            session.delete(role)
        session.flush()
        self.actor = Actor(self.add("Ida Post", Role.ADMIN), "Ida Post", frozenset({Role.ADMIN}))
        self.other = self.add("Ole Moen", Role.ADMIN, Role.MANAGER)
        self.buyer = self.add("Ada Quill", Role.BUYER, email="ada@example.com", issuer=ISSUER, subject="ada")
        self.vendor = self.add("Vera Stone", Role.VENDOR)

    def add(self, name: str, *roles: Role, **more: Any) -> int:
        return within(self.session, add_user, OPERATOR, name=name, roles=roles, **more).user_id

    def row(self, user_id: int) -> AppUser:
        return self.session.get_one(AppUser, user_id)

    def roles(self, user_id: int) -> set[str]:
        return set(self.session.exec(select(UserRole.role).where(UserRole.user_id == user_id)).all())

    def does(self, operation: Any, user_id: int, **arguments: Any) -> Any:
        if "version" not in arguments:
            arguments["version"] = self.row(user_id).version
        return within(self.session, operation, self.actor, user_id=user_id, **arguments)

    def changes(self, user_id: int, **changes: Any) -> Any:
        user = self.row(user_id)
        known = {"name": user.name, "email": user.email, "locale": user.locale, "time_zone": user.time_zone}
        return self.does(change_user, user_id, **known | {"manager_id": user.manager_id, "at": NOW} | changes)

    def seen(self) -> tuple[Any, ...]:
        """Everything that a refusal must leave as it was."""
        self.session.expire_all()
        tables = (AppUser, UserRole, UserInvitation, UserSession, AuditEvent)
        rows = [[each.model_dump() for each in self.session.exec(select(table)).all()] for table in tables]
        return tuple(sorted(map(str, each)) for each in rows)

    def refused(self, operation: Any, user_id: int, **arguments: Any) -> str:
        before = self.seen()
        with pytest.raises(Refused) as refused, self.session.begin_nested():
            self.does(operation, user_id, **arguments)
        assert self.seen() == before
        return refused.value.code


@pytest.fixture
def people(session: Session) -> People:
    return People(session)


def test_what_is_known_of_a_person_is_changed(people: People) -> None:
    done = people.changes(
        people.buyer, name=" Ada Quill-Moen ", email="Ada.Moen@Example.com", locale="nb_NO", time_zone="Europe/Oslo",
        manager_id=people.other,
    )  # fmt: skip
    user = people.row(people.buyer)
    assert (user.name, user.email, user.locale) == ("Ada Quill-Moen", "ada.moen@example.com", "nb_NO")
    assert (user.time_zone, user.manager_id, user.version) == ("Europe/Oslo", people.other, done.version)
    assert user.subject == "ada"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"name": " "}, "people.name-missing"),
        ({"email": "ada at example.com"}, "people.no-such-address"),
        ({"locale": "xx_YY"}, "people.unknown-locale"),
        ({"time_zone": "Europe/Nowhere"}, "people.unknown-time-zone"),
        ({"manager_id": 987_654}, "access.not-found"),
        ({"manager_id": "vendor"}, "access.not-found"),
        ({"manager_id": "buyer"}, "people.manager-loop"),
        ({"manager_id": "other"}, "people.manager-loop"),
        ({"version": 77}, "general.stale"),
    ],
)
def test_a_change_that_cannot_be_made_leaves_the_person_as_they_were(
    people: People, changes: dict[str, Any], code: str
) -> None:
    people.changes(people.other, manager_id=people.buyer)  # Ole is below Ada
    if isinstance(changes.get("manager_id"), str):
        changes = {"manager_id": getattr(people, changes["manager_id"])}
    user = people.row(people.buyer)
    known = {"name": user.name, "email": user.email, "locale": user.locale, "time_zone": user.time_zone, "at": NOW}
    assert people.refused(change_user, people.buyer, **known | changes) == code


def test_somebody_who_is_not_there_cannot_be_changed(people: People) -> None:
    for operation, arguments in ((disable_user, {"at": NOW}), (set_roles, {"roles": (Role.BUYER,)})):
        assert people.refused(operation, 987_654_321, version=1, **arguments) == "access.not-found"


@pytest.mark.rule("ACC-8")
def test_a_changed_address_takes_the_invitation_to_the_old_one_back(people: People) -> None:
    invited = people.add("Bo Lind", Role.BUYER, email="bo@example.com", invite_at=NOW)
    assert people.changes(invited, name="Bo L. Lind").is_invitation_revoked is False
    assert people.changes(invited, email="bo.lind@example.com").is_invitation_revoked is True
    [row] = people.session.exec(select(UserInvitation).where(UserInvitation.user_id == invited)).all()
    assert (row.email, row.revoked_at) == ("bo@example.com", NOW)


@pytest.mark.rule("ACC-1")
def test_a_person_holds_exactly_the_roles_that_were_set(people: People) -> None:
    done = people.does(set_roles, people.buyer, roles=(Role.RECEIVER, Role.FINANCE))
    assert people.roles(people.buyer) == {"receiver", "finance"} == set(done.roles)
    assert people.row(people.buyer).version == done.version
    people.does(set_roles, people.buyer, roles=INTERNAL_ROLES)
    assert people.roles(people.buyer) == {role.value for role in INTERNAL_ROLES}


@pytest.mark.rule("ACC-1")
@pytest.mark.parametrize(
    ("who", "roles", "code"),
    [
        ("buyer", (), "people.no-role"),
        ("buyer", (Role.BUYER, Role.VENDOR), "people.vendor-and-internal"),
        ("buyer", (Role.VENDOR,), "people.kind-stays"),
        ("vendor", (Role.BUYER,), "people.kind-stays"),
        ("vendor", (Role.VENDOR, Role.ADMIN), "people.vendor-and-internal"),
    ],
)
def test_nobody_is_staff_and_a_vendors_user(people: People, who: str, roles: tuple[Role, ...], code: str) -> None:
    assert people.refused(set_roles, getattr(people, who), roles=roles) == code
    assert people.refused(set_roles, people.buyer, roles=(Role.SALES,), version=77) == "general.stale"


@pytest.mark.rule("ACC-4")
def test_changed_roles_hold_for_the_next_event_of_an_open_session(people: People) -> None:
    token = open_login(people.session, user_id=people.buyer)
    people.does(set_roles, people.buyer, roles=(Role.SALES,))
    login = find_login(people.session, token)
    assert login is not None
    assert login.actor.roles == {Role.SALES}


@pytest.mark.rule("ACC-1")
def test_the_last_administrator_stays_one(people: People) -> None:
    people.does(set_roles, people.other, roles=(Role.MANAGER,))
    operator = people.actor
    people.actor = OPERATOR  # at the command line it is nobody's own role
    last = operator.user_id
    assert last is not None
    assert people.refused(set_roles, last, roles=(Role.BUYER,)) == "people.last-administrator"
    assert people.refused(disable_user, last, at=NOW) == "people.last-administrator"
    people.does(set_roles, last, roles=(Role.ADMIN, Role.BUYER))  # more roles are no loss
    people.does(set_roles, people.other, roles=(Role.ADMIN,))
    people.does(disable_user, people.other, at=NOW)  # a disabled administrator does not count
    assert people.refused(disable_user, last, at=NOW) == "people.last-administrator"
    people.does(enable_user, people.other)
    people.does(set_roles, last, roles=(Role.BUYER,))
    assert people.roles(last) == {"buyer"}


@pytest.mark.rule("ACC-1")
def test_nobody_takes_their_own_access_away(people: People) -> None:
    own = people.actor.user_id
    assert own is not None
    people.row(own).issuer, people.row(own).subject = ISSUER, "ida"
    people.session.flush()
    assert people.refused(set_roles, own, roles=(Role.BUYER,)) == "people.own-account"
    assert people.refused(disable_user, own, at=NOW) == "people.own-account"
    assert people.refused(forget_identity, own, at=NOW) == "people.own-account"
    people.does(set_roles, own, roles=(Role.ADMIN, Role.BUYER))
    assert people.roles(own) == {"admin", "buyer"}


@pytest.mark.rule("ACC-4")
def test_disabling_ends_every_session_at_once(people: People) -> None:
    tokens = [open_login(people.session, user_id=people.buyer) for _ in range(2)]
    other = open_login(people.session, user_id=people.other)
    done = people.does(disable_user, people.buyer, at=NOW)
    assert (done.sessions_ended, done.is_active) == (2, False)
    assert [find_login(people.session, token) for token in tokens] == [None, None]
    assert find_login(people.session, other) is not None
    rows = people.session.exec(select(UserSession).where(UserSession.user_id == people.buyer)).all()
    assert {(each.ended_at, each.ended_because) for each in rows} == {(NOW, "user disabled")}
    people.does(enable_user, people.buyer)
    assert [find_login(people.session, token) for token in tokens] == [None, None]  # what ended stays ended
    assert find_login(people.session, open_login(people.session, user_id=people.buyer)) is not None


@pytest.mark.rule("ACC-6")
def test_the_trail_tells_of_a_disabled_person_and_their_sessions(people: People) -> None:
    open_login(people.session, user_id=people.buyer)
    people.does(disable_user, people.buyer, at=NOW)
    event = people.session.exec(select(AuditEvent).order_by(col(AuditEvent.id).desc())).first()
    assert event is not None
    assert (event.operation, event.user_id) == ("disable_user", people.actor.user_id)
    told = [each for each in event.changes if each["kind"] == "app_user"]
    assert {"is_active": False, "version": 2} in [each["after"] for each in told]
    assert [len(each["after"]["sessions_ended"]) for each in told if "sessions_ended" in each["after"]] == [1]
    subjects = people.session.exec(select(AuditSubject).where(AuditSubject.event_id == event.id)).all()
    assert ("app_user", people.buyer) in {(each.kind, each.record_id) for each in subjects}


def test_disabling_takes_an_open_invitation_back(people: People) -> None:
    invited = people.add("Bo Lind", Role.BUYER, email="bo@example.com", invite_at=NOW)
    people.does(disable_user, invited, at=NOW)
    [row] = people.session.exec(select(UserInvitation).where(UserInvitation.user_id == invited)).all()
    assert row.revoked_at == NOW


def test_a_person_is_disabled_and_enabled_once(people: People) -> None:
    assert people.refused(enable_user, people.buyer) == "lifecycle.wrong-state"
    people.does(disable_user, people.buyer, at=NOW)
    assert people.refused(disable_user, people.buyer, at=NOW) == "lifecycle.wrong-state"
    assert people.refused(enable_user, people.buyer, version=1) == "general.stale"


@pytest.mark.rule("ACC-8")
def test_a_forgotten_identity_signs_in_no_more(people: People) -> None:
    token = open_login(people.session, user_id=people.buyer)
    done = people.does(forget_identity, people.buyer, at=NOW)
    assert done.sessions_ended == 1
    assert find_login(people.session, token) is None
    user = people.row(people.buyer)
    assert (user.issuer, user.subject, user.is_active) == (None, None, True)
    assert people.refused(forget_identity, people.buyer, at=NOW) == "people.no-identity"


@pytest.mark.rule("ACC-2")
@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
def test_only_administrators_decide_about_people(people: People, role: Role) -> None:
    people.actor = Actor(user_id=people.buyer, name="Somebody", roles=frozenset({role}))
    for operation, arguments in (
        (set_roles, {"roles": (Role.ADMIN,)}),
        (disable_user, {"at": NOW}),
        (enable_user, {}),
        (forget_identity, {"at": NOW}),
        (change_user, {"name": "X", "email": "", "locale": "en_GB", "time_zone": "UTC", "at": NOW}),
    ):
        assert people.refused(operation, people.vendor, **arguments) == "access.not-allowed"
    assert people.session.exec(select(func.count(col(UserRole.role))).where(UserRole.role == "admin")).one() == 2
