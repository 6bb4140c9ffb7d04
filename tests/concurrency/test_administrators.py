"""Two administrators who take each other out at the same moment leave one; two who invite one address invite one person."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlmodel import Session, col, select

from buyside.db.engine import sessions
from buyside.db.people import AppUser, UserInvitation, UserRole
from buyside.domain.access import OPERATOR, Actor, Role
from buyside.domain.refusals import Refused
from buyside.operations import people_access
from buyside.operations.invitations import invite_user
from buyside.operations.people import add_user
from buyside.operations.people_access import disable_user, set_roles
from buyside.operations.run import perform, within
from tests.conftest import Database

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
_LONG_ENOUGH = 0.5  # seconds in which somebody who need not wait has long been through

Act = Callable[[Session, Actor, Actor], Any]


def demote(session: Session, actor: Actor, other: Actor) -> Any:
    return within(session, set_roles, actor, user_id=other.user_id, version=1, roles=(Role.BUYER,))


def disable(session: Session, actor: Actor, other: Actor) -> Any:
    return within(session, disable_user, actor, user_id=other.user_id, version=1, at=NOW)


def administrators() -> list[int]:
    with sessions()() as session:
        found = select(AppUser.id).join(UserRole, col(UserRole.user_id) == col(AppUser.id))
        return list(session.exec(found.where(UserRole.role == "admin", col(AppUser.is_active))).all())


@pytest.fixture
def two(database: Database) -> tuple[Actor, Actor]:
    """The only two administrators; whoever was one before is none any more."""
    with sessions()() as session, session.begin():
        for role in session.exec(select(UserRole).where(UserRole.role == "admin")).all():
            session.delete(role)
    added = [perform(add_user, OPERATOR, name=name, roles=(Role.ADMIN,)) for name in ("Ida", "Ole")]
    ida, ole = (Actor(each.user_id, each.name, frozenset({Role.ADMIN})) for each in added)
    return ida, ole


def take_each_other_out(two: tuple[Actor, Actor], first: Act, second: Act, *, by: Actor | None = None) -> list[str]:
    """The second begins while the first has not committed; `by` does both, or each the other. Answers refusals' codes."""
    ida, ole = two

    def go() -> str:
        try:
            with sessions()() as session, session.begin():
                second(session, by or ole, ida)
        except Refused as refusal:
            return refusal.code
        return ""

    with ThreadPoolExecutor(1) as thread, sessions()() as session, session.begin():
        first(session, by or ida, ole)
        later = thread.submit(go)
        end = time.monotonic() + _LONG_ENOUGH
        while not later.done() and time.monotonic() < end:
            time.sleep(0.01)
        session.commit()
        return [code for code in [later.result(timeout=30)] if code]


@pytest.mark.rule("ACC-1")
@pytest.mark.parametrize("first", [demote, disable])
@pytest.mark.parametrize("second", [demote, disable])
@pytest.mark.parametrize("by", [None, OPERATOR], ids=["each other", "the operator"])
def test_two_who_take_each_other_out_leave_an_administrator(
    two: tuple[Actor, Actor], first: Act, second: Act, by: Actor | None
) -> None:
    assert take_each_other_out(two, first, second, by=by) == ["people.last-administrator"]
    assert administrators() == [two[0].user_id]


@pytest.mark.rule("ACC-1")
def test_without_the_lock_nobody_would_be_left(two: tuple[Actor, Actor], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people_access, "lock_administrators", lambda _session: None)
    assert take_each_other_out(two, demote, demote, by=OPERATOR) == []
    assert administrators() == []


@pytest.mark.rule("ACC-8")
def test_one_address_invited_by_two_at_once_waits_for_one_person(database: Database) -> None:
    people = [perform(add_user, OPERATOR, name=name, roles=(Role.BUYER,), email="a@example.com") for name in "AB"]

    def invite(user_id: int) -> str:
        try:
            perform(invite_user, OPERATOR, user_id=user_id, at=NOW)
        except Refused as refusal:
            return refusal.code
        return ""

    with ThreadPoolExecutor(2) as threads:
        codes = list(threads.map(invite, [each.user_id for each in people]))
    assert sorted(codes) == ["", "invitations.address-invited"]
    with sessions()() as session:
        assert len(session.exec(select(UserInvitation)).all()) == 1
