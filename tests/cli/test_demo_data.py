"""The demo company in a database: loaded by import and operations, sound in every invariant, and planned once."""

from collections import Counter
from datetime import UTC, date, datetime

import pytest
from sqlmodel import Session, col, func, select

from buyside.cli import demo_data
from buyside.config import settings
from buyside.db.audit import AuditEvent
from buyside.db.demand import SalesOrderLine
from buyside.db.items import Item, ItemGroup, VendorItem
from buyside.db.orders import PurchaseOrder, PurchaseOrderSnapshot
from buyside.db.people import AppUser, UserInvitation, UserRole, VendorMembership
from buyside.db.plans import PlanLine, PlanningCoverage, PlanningProblem, PlanningRequirement, PlanningRun
from buyside.db.receipts import Receipt
from buyside.db.stock import StockBalance, StockEntry, Warehouse
from buyside.db.vendors import ExchangeRate, Vendor, VendorClosingDay
from buyside.domain.access import INTERNAL_ROLES, OPERATOR
from buyside.domain.items import VendorPolicy
from buyside.domain.orders import OrderState
from buyside.domain.plans import ProblemKind
from buyside.domain.stock import StockReason
from buyside.queries.checks import all_checks
from buyside.queries.read import ask
from tests.conftest import Database

TODAY = date(2026, 11, 21)


@pytest.fixture(scope="module")
def loaded(database: Database) -> Database:
    assert demo_data.load(today=TODAY, quiet=True)
    return database


def test_a_second_load_changes_nothing_and_says_so(
    loaded: Database, session: Session, capsys: pytest.CaptureFixture[str]
) -> None:
    before = session.exec(select(func.count(col(AuditEvent.id)))).one()
    assert not demo_data.load(today=TODAY, quiet=True)
    assert "not empty" in capsys.readouterr().out
    assert session.exec(select(func.count(col(AuditEvent.id)))).one() == before


def test_every_invariant_holds(loaded: Database) -> None:
    broken = [each for each in ask(all_checks, OPERATOR) if not each.holds]
    assert broken == []


def test_there_is_one_person_for_every_role_and_two_see_numbers_otherwise(loaded: Database, session: Session) -> None:
    staff = (
        select(UserRole.role, AppUser.locale)
        .join(AppUser, col(AppUser.id) == UserRole.user_id)
        .where(col(AppUser.issuer) == settings().demo_issuer, col(AppUser.is_vendor).is_(False))
    )
    found = session.exec(staff).all()
    assert sorted(role for role, _ in found) == sorted(role.value for role in INTERNAL_ROLES)
    assert {"de_DE", "en_US"} <= {locale for _, locale in found}


@pytest.mark.rule("POR-1")
def test_vendors_have_people_of_every_kind(loaded: Database, session: Session) -> None:
    now = datetime.now(UTC)
    rows = session.exec(
        select(AppUser.name, VendorMembership.ends_at)
        .join(VendorMembership, col(VendorMembership.user_id) == AppUser.id)
        .where(col(AppUser.is_vendor))
    ).all()
    active = Counter(name for name, ends_at in rows if ends_at is None or ends_at > now)
    ended = {name for name, ends_at in rows if ends_at is not None and ends_at <= now}
    assert len(active) >= 5
    assert max(active.values()) == 2
    assert len(ended - set(active)) == 1
    waiting = session.exec(
        select(AppUser.is_vendor)
        .join(UserInvitation, col(UserInvitation.user_id) == AppUser.id)
        .where(col(AppUser.subject).is_(None), col(UserInvitation.expires_at) > now)
    ).all()
    assert sorted(waiting) == [False, True]
    vendors_with_papers = session.exec(
        select(func.count(func.distinct(PurchaseOrder.vendor_id)))
        .join(VendorMembership, col(VendorMembership.vendor_id) == PurchaseOrder.vendor_id)
        .where(col(PurchaseOrder.issued_at).is_not(None), col(VendorMembership.ends_at).is_(None))
    ).one()
    assert vendors_with_papers >= 5


def test_master_data_stands_complete(loaded: Database, session: Session) -> None:
    assert session.exec(select(func.count(col(Item.id)))).one() > 250
    status = Counter(session.exec(select(Vendor.status)).all())
    assert status == {"active": 28, "on_hold": 1, "inactive": 1}


def test_it_is_agreed_how_vendors_and_groups_work(loaded: Database, session: Session) -> None:
    policies = Counter(session.exec(select(ItemGroup.vendor_policy)).all())
    assert set(policies) == {each.value for each in VendorPolicy}
    assert session.exec(select(func.sum(col(VendorItem.share_percent)))).one() >= 200
    bought_in = set(session.exec(select(Vendor.currency_code)).all()) - {"EUR"}
    assert set(session.exec(select(ExchangeRate.currency_code)).all()) == bought_in
    assert session.exec(select(func.count()).where(col(Vendor.minimum_order_value) > 0)).one() >= 10
    assert session.exec(select(func.count()).where(col(Vendor.order_weekdays) != "")).one() >= 8
    assert session.exec(select(func.count(col(VendorClosingDay.id)))).one() == 8
    planners = set(session.exec(select(Item.planner)).all())
    assert session.exec(select(AppUser.name).where(col(AppUser.name).in_(planners))).one() == "Jonas Wiegand"


def test_a_year_of_orders_ended_in_every_way(loaded: Database, session: Session) -> None:
    states = Counter(session.exec(select(PurchaseOrder.state)).all())
    for state in (OrderState.CLOSED, OrderState.RECEIVED, OrderState.PARTLY_RECEIVED, OrderState.ISSUED):
        assert states[state.value] >= 2, states
    assert states[OrderState.DRAFT.value] == 3
    assert states[OrderState.CANCELLED.value] == 4
    issued = sum(states.values()) - states[OrderState.DRAFT.value]
    assert session.exec(select(func.count(col(PurchaseOrderSnapshot.id)))).one() == issued
    assert session.exec(select(func.count(col(Receipt.id))).where(col(Receipt.reverses_id).is_not(None))).one() == 7


def test_balances_are_plausible(loaded: Database, session: Session) -> None:
    worth = session.exec(
        select(Warehouse.code, func.sum(col(StockBalance.value)))
        .join(Warehouse, col(Warehouse.id) == StockBalance.warehouse_id)
        .group_by(Warehouse.code)
    ).all()
    values = dict(worth)
    assert set(values) == {"MAIN", "WEST", "SERV"}
    assert 100_000 < values["MAIN"] < 900_000
    assert 50_000 < values["WEST"] < 600_000
    assert session.exec(select(func.min(col(StockBalance.on_hand)))).one() >= 0
    assert session.exec(select(func.min(col(StockBalance.value)))).one() >= 0


def test_the_ledger_tells_the_year(loaded: Database, session: Session) -> None:
    reasons = set(session.exec(select(StockEntry.reason).distinct()).all())
    wanted = {StockReason.RECEIPT, StockReason.RECEIPT_VOID, StockReason.ISSUE, StockReason.MAKE}
    assert {reason.value for reason in wanted | {StockReason.FULFILMENT}} <= reasons
    first, last = session.exec(
        select(func.min(col(StockEntry.effective_on)), func.max(col(StockEntry.effective_on)))
    ).one()
    assert (TODAY - first).days > 360
    assert (TODAY - last).days < 8


def test_the_plan_has_something_of_everything(loaded: Database, session: Session) -> None:
    run = session.exec(select(PlanningRun)).one()
    assert (run.state, run.as_of) == ("done", TODAY)
    lines = session.exec(select(PlanLine)).all()
    assert len(lines) > 100
    assert 5 <= sum(line.late_days > 0 for line in lines) < len(lines)
    assert len({line.vendor_item_id for line in lines}) > 50
    short = select(func.count()).select_from(PlanningRequirement).where(col(PlanningRequirement.shortage) > 0)
    assert session.exec(short).one() > 100
    covered = select(func.count()).select_from(PlanningCoverage).where(col(PlanningCoverage.covered_from_stock) > 0)
    assert session.exec(covered).one() >= 5
    problems = Counter(session.exec(select(PlanningProblem.kind)).all())
    assert problems[ProblemKind.UNMAPPED.value] == 2
    assert problems[ProblemKind.UNCOVERED_OPTION.value] >= 1
    assert problems[ProblemKind.CONTRADICTION.value] == problems[ProblemKind.DEAD_END.value] == 0


def test_some_items_lie_below_their_safety_stock(loaded: Database, session: Session) -> None:
    below = session.exec(
        select(Item.code)
        .join(StockBalance, col(StockBalance.item_id) == Item.id)
        .where(col(StockBalance.on_hand) < col(Item.safety_stock))
    ).all()
    assert 10 <= len(below) <= 60


def test_demand_is_open_delivered_and_in_between(loaded: Database, session: Session) -> None:
    lines = session.exec(select(SalesOrderLine.quantity, SalesOrderLine.fulfilled_quantity)).all()
    assert sum(done == asked for asked, done in lines) > 500
    assert sum(done == 0 for asked, done in lines) > 100
    assert sum(0 < done < asked for asked, done in lines) >= 2
