"""Adding people with their roles, and saying who buys."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import Session, col, func, select

from buyside.db.audit import AuditEvent
from buyside.db.people import AppUser, Organisation, OrganisationAddress, UserRole
from buyside.domain.access import OPERATOR, Actor, Role
from buyside.domain.refusals import Refused
from buyside.domain.stock import StockReason
from buyside.ledgers import stock
from buyside.ledgers.orders import write_draft
from buyside.operations.people import Address, add_user, set_organisation
from buyside.operations.run import within
from tests.world import World

PLANT = Address("Works", "Works\nMill Lane 1", "Goods in", "in@example.com", is_bill_to=True, is_ship_to=True)


def add(session: Session, **changes: Any) -> int:
    person: dict[str, Any] = {"name": "Ada Quill", "roles": (Role.BUYER,)} | changes
    return within(session, add_user, OPERATOR, **person).user_id


def organise(session: Session, **changes: Any) -> int:
    what: dict[str, Any] = {
        "name": "Works",
        "currency_code": "EUR",
        "time_zone": "UTC",
        "addresses": (PLANT,),
    } | changes
    return within(session, set_organisation, OPERATOR, **what).version


def test_a_person_holds_any_set_of_internal_roles(session: Session) -> None:
    user_id = add(session, roles=(Role.BUYER, Role.RECEIVER, Role.BUYER), locale="de_DE", time_zone="Europe/Berlin")
    roles = session.exec(select(UserRole.role).where(UserRole.user_id == user_id)).all()
    assert sorted(roles) == ["buyer", "receiver"]
    user = session.get_one(AppUser, user_id)
    assert (user.locale, user.time_zone, user.is_active) == ("de_DE", "Europe/Berlin", True)


@pytest.mark.rule("ACC-1")
def test_a_vendors_user_is_only_that(session: Session) -> None:
    user_id = add(session, roles=(Role.VENDOR,))
    assert session.exec(select(UserRole.role).where(UserRole.user_id == user_id)).all() == ["vendor"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"name": "  "}, "people.name-missing"),
        ({"roles": ()}, "people.no-role"),
        pytest.param(
            {"roles": (Role.VENDOR, Role.BUYER)}, "people.vendor-and-internal", marks=pytest.mark.rule("ACC-1")
        ),
        ({"locale": "xx_YY"}, "people.unknown-locale"),
        ({"locale": "quite wrong"}, "people.unknown-locale"),
        ({"time_zone": "Europe/Nowhere"}, "people.unknown-time-zone"),
        ({"time_zone": "../etc/passwd"}, "people.unknown-time-zone"),
        ({"manager_id": 987_654}, "access.not-found"),
        ({"issuer": "https://id.example.com", "subject": "7"}, "people.identity-taken"),
    ],
)
def test_a_person_that_cannot_be_added_leaves_nothing_behind(
    session: Session, changes: dict[str, Any], code: str
) -> None:
    add(session, name="First", issuer="https://id.example.com", subject="7")
    before = session.exec(select(func.count(col(AppUser.id)))).one()
    with pytest.raises(Refused) as refused:
        add(session, **changes)
    assert refused.value.code == code
    assert session.exec(select(func.count(col(AppUser.id)))).one() == before


@pytest.mark.rule("ACC-2")
@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
def test_only_administrators_add_people_and_change_the_organisation(session: Session, role: Role) -> None:
    actor = Actor(user_id=None, name="Somebody", roles=frozenset({role}))
    for operation, arguments in (
        (add_user, {"name": "X", "roles": (Role.BUYER,)}),
        (set_organisation, {"name": "X", "currency_code": "EUR", "time_zone": "UTC", "addresses": ()}),
    ):
        with pytest.raises(Refused) as refused:
            within(session, operation, actor, **arguments)
        assert refused.value.code == "access.not-allowed"


@pytest.mark.rule("ACC-6")
def test_adding_a_person_is_told_in_the_audit_trail(session: Session) -> None:
    user_id = add(session)
    event = session.exec(select(AuditEvent).order_by(col(AuditEvent.id).desc())).first()
    assert event is not None
    assert event.operation == "add_user"
    assert ("app_user", user_id) in {(change["kind"], change["id"]) for change in event.changes}


@pytest.mark.rule("PO-2")
def test_new_orders_take_the_flagged_addresses(session: Session) -> None:
    office = Address("Office", "Office\nHigh Street 2", is_bill_to=True)
    organise(session, addresses=(office, replace(PLANT, is_bill_to=False)))
    world = World(session)
    vendor, warehouse, at = world.vendor(), world.warehouse(), datetime(2026, 3, 2, 9, tzinfo=UTC)
    order, _ = write_draft(
        session, OPERATOR, vendor_id=vendor.id, warehouse_id=warehouse.id, currency_code="EUR", lines=(), at=at
    )
    assert (order.bill_to_address, order.ship_to_address) == (office.lines, PLANT.lines)


def test_addresses_replace_the_earlier_ones_and_the_version_moves(session: Session) -> None:
    first = organise(session)
    assert organise(session, addresses=(replace(PLANT, account="New works"),), version=first) == first + 1
    assert session.exec(select(OrganisationAddress.account)).all() == ["New works"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"name": ""}, "people.name-missing"),
        ({"time_zone": "Mars/Olympus"}, "people.unknown-time-zone"),
        ({"over_receipt_percent": Decimal("-0.5")}, "general.out-of-range"),
        ({"addresses": (PLANT, PLANT)}, "people.two-defaults"),
        ({"version": 99_999}, "general.stale"),
        ({"currency_code": "XXX"}, "access.not-found"),
    ],
)
def test_an_organisation_that_cannot_be_saved_stays_as_it_was(
    session: Session, changes: dict[str, Any], code: str
) -> None:
    version = organise(session)
    with pytest.raises(Refused) as refused:
        organise(session, **changes)
    assert refused.value.code == code
    assert session.exec(select(Organisation.version)).one() == version


def test_the_currency_stays_once_stock_is_valued_in_it(session: Session) -> None:
    organise(session, currency_code="CHF")
    world = World(session)
    item, warehouse = world.item(), world.warehouse()
    opening = stock.Movement(
        warehouse.id, Decimal(1), StockReason.OPENING, date(2026, 3, 2), item_id=item.id, unit_cost=Decimal(2)
    )
    stock.post(session, OPERATOR, [opening])
    with pytest.raises(Refused) as refused:
        organise(session, currency_code="EUR")
    assert refused.value.code == "people.currency-in-use"
