"""The draft plan by vendor: values against minimum and free freight, order days, and what could come from others (VEN-6)."""

from collections import defaultdict
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import Session

from buyside.db.items import VendorItem
from buyside.db.plans import PlanLine
from buyside.db.stock import Warehouse
from buyside.db.vendors import ExchangeRate, Vendor
from buyside.domain.access import OPERATOR, Actor, Role
from buyside.domain.filters import is_true
from buyside.domain.refusals import NotFound
from buyside.operations.plan_conversion import BelowMinimum, convert_plan
from buyside.operations.plan_lines import change_plan_line
from buyside.queries.plan_board import By, board_columns
from buyside.queries.plan_line_rows import PLAN_LINE_ROWS, vendor_called
from buyside.queries.plan_vendor_groups import VendorGroup, fitting_lines, vendor_groups
from buyside.queries.rows import RowsWanted, grid_page
from tests.plan_world import a_draft, a_drawn_draft
from tests.world import NOW, TODAY, World

BUYER = Actor(user_id=None, name="buyer", roles=frozenset({Role.BUYER}))


def group_of(session: Session, run_id: int, vendor_id: int) -> VendorGroup:
    found = vendor_groups(session, BUYER, run_id=run_id, today=TODAY)
    return next(each for each in found if each.vendor_id == vendor_id)


@pytest.mark.rule("VEN-6")
@pytest.mark.parametrize("seed", [11, 12])
def test_groups_are_those_of_the_open_lines_added_up_one_by_one(session: Session, seed: int) -> None:
    draft = a_drawn_draft(World(session), seed)
    orders: dict[tuple[int | None, str], dict[tuple[str, int | None], list[Any]]] = defaultdict(dict)
    counted: dict[tuple[int | None, str], list[PlanLine]] = defaultdict(list)
    for line in draft.lines:
        if line.state != "open":
            continue
        mapping = session.get(VendorItem, line.vendor_item_id) if line.vendor_item_id else None
        key = (mapping.vendor_id if mapping else None, line.currency_code or "")
        counted[key].append(line)
        if line.unit_price is not None:
            place = (session.get_one(Warehouse, line.warehouse_id).code, line.contract_id)
            kept = orders[key].setdefault(place, [0, Decimal(0)])
            kept[0] += 1
            kept[1] += line.quantity_packs * line.unit_price
    found = vendor_groups(session, BUYER, run_id=draft.run.id, today=TODAY)
    assert {(each.vendor_id, each.currency) for each in found} == set(counted)
    for group in found:
        key = (group.vendor_id, group.currency)
        lines = counted[key]
        vendor = session.get(Vendor, group.vendor_id) if group.vendor_id else None
        assert (group.lines, group.late, group.drifted, group.locked) == (
            len(lines),
            sum(each.late_days > 0 for each in lines),
            sum(each.drift != "" for each in lines),
            sum(each.is_locked for each in lines),
        )
        assert group.unready == sum(each.unit_price is None for each in lines)
        assert sorted((each.warehouse, each.lines, each.total) for each in group.orders) == sorted(
            (place[0], *kept) for place, kept in orders[key].items()
        )
        minimum = vendor.minimum_order_value if vendor and group.currency == vendor.currency_code else None
        short = [max(Decimal(0), minimum - total) for _, total in orders[key].values()] if minimum else []
        assert group.missing == sum(short, Decimal(0))


@pytest.mark.rule("VEN-6")
def test_what_is_missing_is_told_per_order_and_is_what_conversion_refuses(session: Session) -> None:
    world = World(session)
    draft, main, north = a_draft(world), world.warehouse("Main"), world.warehouse("North")
    bolt = world.item()
    acme = world.vendor("Acme", minimum_order_value=Decimal(500), freight_free_value=Decimal(1000)).supplies(bolt)
    draft.line(bolt, main, acme, 60, price=Decimal(10))
    draft.line(bolt, north, acme, 38, price=Decimal(10))
    group = group_of(session, draft.run.id, acme.id)
    assert (group.total, group.minimum, group.missing) == (980, 500, 120)
    assert (group.freight_free, group.missing_to_freight_free) == (1000, 1020)
    assert sorted((each.warehouse, each.missing) for each in group.orders) == sorted(
        [(main.code, 0), (north.code, 120)]
    )
    with pytest.raises(BelowMinimum) as refused:
        convert_plan(session, OPERATOR, run_id=draft.run.id, vendor_id=acme.id, despite_drift=True, at=NOW)
    assert "120" in str(refused.value)
    more = draft.line(bolt, north, acme, 12, price=Decimal(10))
    assert group_of(session, draft.run.id, acme.id).missing == 0
    assert more.state == "open"
    done = convert_plan(session, OPERATOR, run_id=draft.run.id, vendor_id=acme.id, despite_drift=True, at=NOW)
    assert len(done.orders) == 2


def test_lines_in_another_currency_are_compared_at_the_days_rate_and_not_without_one(session: Session) -> None:
    world = World(session)
    world.organisation(currency_code="EUR")
    draft, main, bolt = a_draft(world), world.warehouse(), world.item()
    acme = world.vendor("Acme", minimum_order_value=Decimal(100)).supplies(bolt, currency="USD")
    draft.line(bolt, main, acme, 10, price=Decimal(15), currency_code="USD")
    assert (group_of(session, draft.run.id, acme.id).minimum, group_of(session, draft.run.id, acme.id).missing) == (
        None,
        0,
    )
    world.add(ExchangeRate(currency_code="USD", valid_from=TODAY, rate=Decimal("0.5")))
    group = group_of(session, draft.run.id, acme.id)
    assert (group.currency, group.unit, group.minimum, group.missing) == ("USD", "EUR", 100, 25)


@pytest.mark.rule("VEN-6")
def test_the_next_order_day_and_the_cut_off_stand_beside(session: Session) -> None:
    world = World(session)
    draft, main, bolt = a_draft(world), world.warehouse(), world.item()
    weekday = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")[(TODAY.weekday() + 2) % 7]
    acme = world.vendor("Acme", order_weekdays=weekday, order_cutoff="11:30").supplies(bolt)
    best = world.vendor("Best").supplies(bolt)
    draft.line(bolt, main, acme, 1, price=Decimal(1))
    draft.line(bolt, main, best, 1, price=Decimal(1))
    draft.line(bolt, main, None, 1)
    group = group_of(session, draft.run.id, acme.id)
    assert (group.next_order_on, group.takes_orders_today, group.cutoff) == (TODAY + timedelta(days=2), False, "11:30")
    assert group_of(session, draft.run.id, best.id).takes_orders_today
    last = vendor_groups(session, BUYER, run_id=draft.run.id, today=TODAY)[-1]
    assert (last.vendor_id, last.next_order_on, last.unready) == (None, None, 1)


@pytest.mark.rule("VEN-6")
def test_lines_of_others_that_fit_are_told_with_what_they_add_and_cost_and_moving_them_does_that(
    session: Session,
) -> None:
    world = World(session)
    draft, main, north = a_draft(world), world.warehouse("Main"), world.warehouse("North")
    bolt, nut, gem, own = world.item(), world.item("Nut"), world.item("Gem"), world.item("Own")
    acme = world.vendor("Acme", minimum_order_value=Decimal(500)).supplies(own, price="1")
    acme.supplies(bolt, pack=10, price="100", lead_days=2).supplies(nut, price="9", lead_days=40)
    best = world.vendor("Best", minimum_order_value=Decimal(200)).supplies(bolt, price="9", lead_days=4)
    best.supplies(nut, price="9.5").supplies(gem, price="1")
    draft.line(own, main, acme, 90, price=Decimal(1))
    fits = draft.line(bolt, main, best, 25, price=Decimal(9))
    late = draft.line(nut, main, best, 20, price=Decimal("9.5"))
    draft.line(bolt, north, best, 25, price=Decimal(9))  # another order: it helps nothing
    draft.line(bolt, main, best, 25, price=Decimal(9), is_locked=True)
    draft.line(gem, main, best, 50, price=Decimal(1))  # not sold here
    found = fitting_lines(session, BUYER, run_id=draft.run.id, vendor_id=acme.id, currency="EUR", today=TODAY)
    assert [each.line_id for each in found] == [fits.id, late.id]
    first, second = found
    assert (first.quantity, first.amount, first.difference, first.later_days) == (3, 300, 75, 0)
    assert (second.amount, second.difference, second.later_days) == (180, -10, 10)
    assert (first.leaves_short, second.leaves_short) == (0, 0)
    group = group_of(session, draft.run.id, acme.id)
    assert (group.missing, group.helping.lines, group.helping.amount) == (410, 2, 480)
    change_plan_line(
        session, OPERATOR, line_id=first.line_id, version=first.version, vendor_item_id=first.vendor_item_id
    )
    after = group_of(session, draft.run.id, acme.id)
    assert (after.total, after.missing) == (group.total + first.amount, group.missing - first.amount)


def test_a_line_whose_own_vendor_would_fall_below_its_minimum_says_so(session: Session) -> None:
    world = World(session)
    draft, main, bolt, nut = a_draft(world), world.warehouse(), world.item(), world.item("Nut")
    acme = world.vendor("Acme", minimum_order_value=Decimal(500)).supplies(bolt, price="10").supplies(nut, price="1")
    best = world.vendor("Best", minimum_order_value=Decimal(100)).supplies(bolt, price="9").supplies(nut, price="9")
    draft.line(nut, main, acme, 10, price=Decimal(1))
    draft.line(bolt, main, best, 10, price=Decimal(9))
    draft.line(nut, main, best, 2, price=Decimal(9))
    found = fitting_lines(session, BUYER, run_id=draft.run.id, vendor_id=acme.id, currency="EUR", today=TODAY)
    assert {each.quantity: each.leaves_short for each in found} == {Decimal(10): Decimal(82), Decimal(2): Decimal(10)}


def test_nothing_fits_where_nothing_is_missing_and_no_run_is_refused(session: Session) -> None:
    world = World(session)
    draft, main, bolt = a_draft(world), world.warehouse(), world.item()
    acme, best = world.vendor("Acme").supplies(bolt), world.vendor("Best").supplies(bolt)
    draft.line(bolt, main, acme, 1, price=Decimal(1))
    draft.line(bolt, main, best, 1, price=Decimal(1))
    asked = {"vendor_id": acme.id, "currency": "EUR", "today": TODAY}
    assert fitting_lines(session, BUYER, run_id=draft.run.id, **asked) == []
    with pytest.raises(NotFound):
        fitting_lines(session, BUYER, run_id=draft.run.id + 99, **asked)
    with pytest.raises(NotFound):
        vendor_groups(session, BUYER, run_id=draft.run.id + 99, today=TODAY)


@pytest.mark.rule("PLAN-14")
def test_each_count_of_a_vendor_is_that_of_the_lines_it_leads_to(session: Session) -> None:
    world = World(session)
    draft, main = a_draft(world), world.warehouse()
    bolt, nut = world.item("Bolt"), world.item("Nut")
    acme = world.vendor("Acme", code="ACME").supplies(bolt, price="2", lead_days=35).supplies(nut, pack=10, price="4")
    draft.line(bolt, main, acme, 10, price=Decimal(2))
    draft.line(bolt, main, acme, 20, price=Decimal(2), drift="Demand +5")
    was = draft.line(nut, main, acme, 3, price=Decimal(4), state="left_out", left_out_reason="Enough")
    carried = draft.line(nut, main, acme, 3, price=Decimal(4), carried_from_id=was.id, is_locked=True)
    carried.suggested_quantity_packs = Decimal(2)  # locked at 30 pcs, suggested now 20
    draft.line(nut, main, None, 7)
    session.flush()
    open_ = {"state": {"type": "in", "values": ["open"]}}
    views = {"lines": open_, "late": {**open_, "is_late": is_true()}, "drifted": {**open_, "is_moved": is_true()}}
    of_acme, of_none = vendor_groups(session, BUYER, run_id=draft.run.id, today=TODAY)
    assert (of_acme.lines, of_acme.late, of_acme.drifted) == (3, 2, 2)
    assert (of_none.vendor_id, of_none.lines) == (None, 1)
    for group in (of_acme, of_none):
        scope = {"run_id": draft.run.id, "vendor_id": group.vendor_id or 0, "currency": group.currency}
        for name, filters in views.items():
            wanted = RowsWanted(scope=scope, filters=filters)
            assert grid_page(session, BUYER, source=PLAN_LINE_ROWS, wanted=wanted, today=TODAY).total == getattr(
                group, name
            )
    [board] = [
        each for each in board_columns(session, BUYER, run_id=draft.run.id, by=By.VENDORS, today=TODAY) if each.code
    ]
    assert (board.lines, board.late, board.drifted) == (3, 2, 2)
    assert vendor_called(session, BUYER, code="ACME") == (acme.id, "Acme")
    assert vendor_called(session, BUYER, code="nobody") == (-1, "")
