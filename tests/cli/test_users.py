"""`buyside user`: the first administrator of a new server is invited here, and people are looked after without a page."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session, col, select

from buyside.cli import main
from buyside.config import settings
from buyside.db.audit import AuditEvent
from buyside.db.engine import sessions
from buyside.db.people import AppUser, UserInvitation, UserRole, VendorMembership
from buyside.identity.logins import VerifiedIdentity, find_login, sign_in
from tests.conftest import Database
from tests.logins import open_login
from tests.world import World

Out = pytest.CaptureFixture[str]


def run(capsys: Out, *arguments: str) -> tuple[int, str, str]:
    status = main.run(["user", *arguments])
    said = capsys.readouterr()
    return status, said.out, said.err


@pytest.fixture(autouse=True)
def company(database: Database) -> None:
    """Who buys."""
    with World.open() as world:
        world.organisation(name="Own Works")


def user(email: str) -> AppUser:
    with sessions()() as session:
        return session.exec(select(AppUser).where(AppUser.email == email)).one()


def roles(session: Session, user_id: int) -> list[str]:
    return sorted(session.exec(select(UserRole.role).where(UserRole.user_id == user_id)).all())


@pytest.mark.rule("ACC-8")
def test_the_first_administrator_is_invited_and_signs_in(database: Database, capsys: Out) -> None:
    status, said, _ = run(capsys, "invite", "--email", "Ida@Example.com", "--name", "Ida Post", "--role", "admin")
    assert status == main.DONE
    assert "Ida Post is invited. Send this to ida@example.com" in said
    assert f"Open {settings().public_url} and sign in with your account for ida@example.com" in said
    assert "the vendor portal" not in said
    assert "Nobody can sign in yet: no OpenID provider is set." in said
    who = VerifiedIdentity("https://login.example.com", "ida", email="ida@example.com", email_verified=True)
    with sessions()() as session, session.begin():
        assert sign_in(session, who, browser="a test").login.actor.name == "Ida Post"
        assert roles(session, user("ida@example.com").id) == ["admin"]
    status, _, error = run(capsys, "invite", "--email", "ida@example.com")
    assert (status, "needs no invitation" in error) == (main.REFUSED, True)


@pytest.mark.rule("ACC-8")
def test_the_same_command_again_renews_the_invitation(database: Database, capsys: Out) -> None:
    first = ("invite", "--email", "bo@example.com", "--name", "Bo Lind", "--role", "buyer", "--role", "receiver")
    assert run(capsys, *first)[0] == main.DONE
    with sessions()() as session, session.begin():
        known = user("bo@example.com").id
        open_one = session.exec(select(UserInvitation).where(UserInvitation.user_id == known)).one()
        open_one.invited_at -= timedelta(days=20)
        open_one.expires_at -= timedelta(days=20)
    status, said, _ = run(capsys, "invite", "--email", "bo@example.com", "--json")
    told = json.loads(said)
    assert (status, told["address"]) == (main.DONE, settings().public_url)
    assert datetime.fromisoformat(told["until"]) > datetime.now(UTC) + timedelta(days=13)
    with sessions()() as session:
        assert roles(session, user("bo@example.com").id) == ["buyer", "receiver"]


@pytest.mark.rule("VEN-1")
def test_a_vendors_user_is_invited_to_the_portal_with_the_vendors_open(database: Database, capsys: Out) -> None:
    with World.open() as world:
        acme, bolts = world.vendor("Acme"), world.vendor("Bolts")
    arguments = ("invite", "--email", "vera@acme.example", "--name", "Vera Stone")
    status, said, _ = run(capsys, *arguments, "--vendor", acme.row.code, "--vendor", bolts.row.code)
    assert status == main.DONE
    assert f"the vendor portal of Own Works. Open {settings().portal_public_url}" in said
    vera = user("vera@acme.example")
    assert vera.is_vendor
    with sessions()() as session:
        found = session.exec(select(VendorMembership.vendor_id).where(VendorMembership.user_id == vera.id)).all()
        assert sorted(found) == sorted([acme.id, bolts.id])
        assert session.exec(select(AuditEvent.actor_name).order_by(col(AuditEvent.id).desc())).first() == "operator"


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (("invite", "--email", "new@example.com"), main.REFUSED, "is new. Say who that is"),
        (("invite", "--email", "new@example.com", "--name", "N"), main.REFUSED, "is new. Say who that is"),
        (("invite", "--email", "new@example", "--name", "N", "--role", "buyer"), main.REFUSED, "no e-mail address"),
        (("invite", "--email", "n@example.com", "--name", "N", "--role", "king"), main.WRONG_USAGE, "is no role"),
        (("invite", "--email", "n@example.com", "--name", "N", "--role", "vendor"), main.WRONG_USAGE, "is no role"),
        (("invite", "--email", "n@example.com", "--name", "N", "--vendor", "nowhere"), main.REFUSED, "vendor nowhere"),
        (
            ("invite", "--email", "n@example.com", "--name", "N", "--role", "buyer", "--vendor", "X"),
            main.REFUSED,
            "is new. Say who that is",
        ),
        (("disable", "nobody@example.com"), main.REFUSED, "no such user"),
        (("roles", "nobody@example.com", "--role", "buyer"), main.REFUSED, "no such user"),
    ],
)
def test_what_cannot_be_done_is_refused_and_leaves_nobody(
    database: Database, capsys: Out, arguments: tuple[str, ...], status: int, says: str
) -> None:
    def people() -> int:
        with sessions()() as session:
            return len(session.exec(select(AppUser)).all())

    before = people()
    found, said, error = run(capsys, *arguments)
    assert (found, people()) == (status, before)
    assert says in " ".join((said + error).replace("│", " ").split())


@pytest.mark.rule("ACC-4")
def test_people_are_listed_and_their_access_changed(database: Database, capsys: Out) -> None:
    run(capsys, "invite", "--email", "cy@example.com", "--name", "Cy Ames", "--role", "buyer")
    [listed] = [each for each in json.loads(run(capsys, "list", "--json")[1]) if each["name"] == "Cy Ames"]
    assert (listed["roles"], listed["status"], listed["kind"]) == ("Buyer", "invited", "staff")
    assert run(capsys, "roles", "CY@example.com", "--role", "sales")[1] == "Cy Ames is sales now.\n"
    with sessions()() as session, session.begin():
        tokens = [open_login(session, user_id=user("cy@example.com").id) for _ in range(2)]
    assert run(capsys, "sign-out", "cy@example.com")[1] == "Cy Ames: sessions ended: 2.\n"
    assert run(capsys, "disable", "cy@example.com")[0] == main.DONE
    assert "disabled" in run(capsys, "list")[1]
    assert run(capsys, "enable", "cy@example.com")[0] == main.DONE
    with sessions()() as session:
        assert [find_login(session, token) for token in tokens] == [None, None]


def test_one_address_of_several_people_is_not_guessed(database: Database, capsys: Out) -> None:
    with World.open() as world:
        for name in ("Dee One", "Dee Two"):
            world.add(AppUser(name=name, email="dee@example.com"))
    status, _, error = run(capsys, "disable", "dee@example.com")
    assert (status, "Dee One, Dee Two" in error) == (main.REFUSED, True)
