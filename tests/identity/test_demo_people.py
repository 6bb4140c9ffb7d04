"""Whom the demo's provider knows, read from the database."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session

from buyside.config import settings
from buyside.db.people import AppUser, UserInvitation, UserRole, VendorMembership
from buyside.db.vendors import Vendor
from buyside.domain.access import Role
from buyside.domain.refusals import NotFound
from buyside.identity import demo_people
from buyside.identity.demo_people import people
from tests.world import World

HERE = "http://localhost:8302"
NOW = datetime.now(UTC)
DAY = timedelta(days=1)


@pytest.fixture
def demo(session: Session, monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    """Demo mode, and a transaction that the provider reads in."""
    monkeypatch.setenv("BUYSIDE_DEMO", "1")
    settings.cache_clear()
    monkeypatch.setattr(demo_people, "sessions", lambda: lambda: Session(session.connection()))
    yield session
    monkeypatch.undo()
    settings.cache_clear()


def person(session: Session, name: str, *roles: Role, issuer: str | None = HERE, is_active: bool = True) -> AppUser:
    user = AppUser(
        name=name,
        email=f"{name.lower()}@example.org",
        issuer=issuer,
        subject=name.lower() if issuer else None,
        is_active=is_active,
        is_vendor=Role.VENDOR in roles,
    )
    session.add(user)
    session.flush()
    session.add_all(UserRole(user_id=user.id, role=role) for role in roles)
    session.flush()
    return user


def invite(session: Session, user: AppUser, **changed: datetime) -> None:
    times = {"invited_at": NOW - DAY, "expires_at": NOW + DAY} | changed
    session.add(UserInvitation(user_id=user.id, email=user.email, **times))
    session.flush()


def join(session: Session, user: AppUser, vendor: Vendor, begins: timedelta, ends: timedelta | None = None) -> None:
    begins_at, ends_at = NOW + begins, NOW + ends if ends is not None else None
    session.add(VendorMembership(vendor_id=vendor.id, user_id=user.id, begins_at=begins_at, ends_at=ends_at))
    session.flush()


def test_staff_are_shown_with_their_roles_and_by_them(demo: Session) -> None:
    person(demo, "Zoe", Role.BUYER)
    person(demo, "Ada", Role.ADMIN, Role.BUYER)
    person(demo, "Rut", Role.RECEIVER)
    shown = [(each.name, each.subject, each.roles) for each in people("internal", issuer=HERE)]
    assert shown == [
        ("Ada", "ada", (Role.BUYER, Role.ADMIN)),
        ("Zoe", "zoe", (Role.BUYER,)),
        ("Rut", "rut", (Role.RECEIVER,)),
    ]
    assert people("portal", issuer=HERE) == []


@pytest.mark.rule("ACC-8")
def test_nobody_is_shown_who_cannot_sign_in_by_this_provider(demo: Session) -> None:
    person(demo, "Elsewhere", Role.BUYER, issuer="https://login.example.com")
    person(demo, "Disabled", Role.BUYER, is_active=False)
    person(demo, "Unknown", Role.BUYER, issuer=None)
    for name, changed in {
        "Accepted": {"accepted_at": NOW},
        "Revoked": {"revoked_at": NOW},
        "Expired": {"invited_at": NOW - 2 * DAY, "expires_at": NOW - DAY},
    }.items():
        invite(demo, person(demo, name, Role.BUYER, issuer=None), **changed)
    assert people("internal", issuer=HERE) == []


def test_who_is_invited_is_shown_as_such_with_a_subject_that_stays(demo: Session) -> None:
    ivo = person(demo, "Ivo", Role.RECEIVER, issuer=None)
    invite(demo, ivo)
    (first,), (again,) = people("internal", issuer=HERE), people("internal", issuer=HERE)
    assert first == again
    assert first.is_invited
    assert first.email == "ivo@example.org"
    ivo.issuer, ivo.subject = HERE, first.subject  # as the first sign-in does
    demo.flush()
    (bound,) = people("internal", issuer=HERE)
    assert (bound.subject, bound.is_invited) == (first.subject, False)


def test_vendors_people_are_shown_with_the_vendors_that_they_act_for_now(demo: Session) -> None:
    world = World(demo)
    acme, bolts, chains = (world.vendor(name).row for name in ("Acme", "Bolts", "Chains"))
    vera = person(demo, "Vera", Role.VENDOR)
    join(demo, vera, bolts, -DAY)
    join(demo, vera, acme, -DAY, DAY)
    join(demo, vera, chains, -2 * DAY, -DAY)
    person(demo, "Left", Role.VENDOR)
    later = person(demo, "Later", Role.VENDOR)
    join(demo, later, acme, DAY)
    shown = {each.name: each.vendors for each in people("portal", issuer=HERE)}
    assert shown == {"Vera": ("Acme", "Bolts"), "Left": (), "Later": ()}
    assert people("internal", issuer=HERE) == []


@pytest.mark.rule("ACC-8")
def test_outside_demo_mode_there_is_nobody() -> None:
    settings.cache_clear()
    with pytest.raises(NotFound):
        people("internal", issuer=HERE)
