"""Whoever starts the demo finds somebody to sign in as, and people whom another provider signs in are left alone."""

from datetime import UTC, datetime, timedelta

from sqlmodel import Session, col, select

from buyside.cli import demo_people
from buyside.config import settings
from buyside.db.engine import sessions
from buyside.db.people import AppUser, UserInvitation, UserRole
from buyside.domain.access import INTERNAL_ROLES, OPERATOR, Role
from buyside.operations.run import within
from tests.conftest import Database

HERE = "http://localhost:9102"
ELSEWHERE = ("https://login.example.com", "http://localhost:8080/realms/buyside", "http://localhost.example.com:8302")


def person(session: Session, name: str, issuer: str | None = None, *, is_active: bool = True) -> AppUser:
    user = AppUser(name=name, issuer=issuer, subject=name.lower() if issuer else None, is_active=is_active)
    session.add(user)
    session.flush()
    session.add(UserRole(user_id=user.id, role=Role.BUYER))
    session.flush()
    return user


def meet(session: Session) -> int:
    return within(session, demo_people.meet_the_provider, OPERATOR, issuer=HERE)


def test_the_demos_people_follow_its_provider_to_another_port(session: Session) -> None:
    moved = person(session, "Ada", "http://localhost:8302")
    assert meet(session) == 1
    assert (moved.issuer, moved.subject, moved.version) == (HERE, "ada", 2)
    assert meet(session) == 0


def test_people_of_another_provider_stay_there_and_nobody_else_is_let_in_beside_them(session: Session) -> None:
    theirs = [person(session, f"Ada {number}", issuer) for number, issuer in enumerate(ELSEWHERE)]
    unknown = person(session, "Ben")
    assert meet(session) == 0
    assert tuple(each.issuer for each in theirs) == ELSEWHERE
    assert unknown.subject is None


def test_where_nobody_has_an_identity_everybody_gets_one_but_the_disabled_and_the_invited(session: Session) -> None:
    ada, ben, cleo = (person(session, "Ada"), person(session, "Ben", is_active=False), person(session, "Cleo"))
    now = datetime.now(UTC)
    session.add(
        UserInvitation(user_id=cleo.id, email="cleo@example.org", invited_at=now, expires_at=now + timedelta(days=1))
    )
    session.flush()
    assert meet(session) == 1
    assert (ada.issuer, ada.subject) == (HERE, f"user-{ada.id}")
    assert ben.subject is None
    assert cleo.subject is None


def test_data_without_people_gets_one_for_every_role_once(database: Database) -> None:
    for _ in range(2):
        demo_people.people_can_sign_in()
        with sessions()() as session:
            users = session.exec(select(AppUser)).all()
            roles = session.exec(select(UserRole.role).where(col(UserRole.user_id).in_([each.id for each in users])))
            assert sorted(roles.all()) == sorted(INTERNAL_ROLES)
        assert {each.issuer for each in users} == {settings().demo_issuer}
        assert {each.version for each in users} == {1}
