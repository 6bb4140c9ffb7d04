"""The draft plan: decisions on its lines, drift, and conversion into purchase orders."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import event, func, text
from sqlmodel import col, select

from buyside.db.engine import app_engine, sessions
from buyside.db.items import Item
from buyside.db.orders import PurchaseOrder, PurchaseOrderLine, PurchaseOrderPeg
from buyside.db.plans import PlanLine, PlanningRun
from buyside.db.stock import Warehouse
from buyside.db.vendors import Vendor
from buyside.domain.access import Actor, Role
from buyside.domain.locales import shown_date
from buyside.domain.refusals import Refused
from buyside.ledgers.orders import AmountTooLarge
from buyside.operations.orders import cancel_order
from buyside.operations.plan_conversion import Converted, NothingToConvert, convert_plan
from buyside.operations.plan_lines import change_plan_line, leave_out_line, lock_line, mark_drift, take_back_line
from buyside.operations.plans import run_plan, start_run
from buyside.operations.run import perform
from tests.world import NOW, TODAY, World

BUYER = Actor(user_id=None, name="buyer", roles=frozenset({Role.BUYER}))
NEEDED = TODAY + timedelta(days=30)


@dataclass
class Plan:
    """A run over a warehouse of its own: a frame of Acme (or Best), a bell of Acme, a lamp that nobody sells."""

    run_id: int
    warehouse_id: int
    frame: PlanLine
    bell: PlanLine
    lamp: PlanLine
    best_frame: int
    acme: int
    sales_lines: tuple[int, ...]


def lines_of(run_id: int) -> list[PlanLine]:
    with sessions()() as session:
        return list(session.exec(select(PlanLine).where(PlanLine.run_id == run_id).order_by(col(PlanLine.item_id))))


@pytest.fixture
def plan(database: object) -> Plan:
    with World.open() as world:
        main = world.warehouse("Main")
        frame, bell, lamp = (world.item(name, safety_stock=Decimal(0)) for name in ("Frame", "Bell", "Lamp"))
        bike = world.variant("Bike")
        for part in (frame, bell, lamp):
            world.bom(bike, part)
        acme = world.vendor("Acme").supplies(frame, price="80", breaks={10: "70", 100: "60"}, lead_days=7, multiple=5)
        acme.supplies(bell, pack=12, price="6.30", lead_days=7)
        world.vendor("Best").supplies(frame, pack=2, price="150", lead_days=40, preference=2, minimum=8)
        _, sold = world.sales_order(main, (bike, 4, NEEDED), (bike, 3, NEEDED))
        best = world.session.execute(text("SELECT max(id) FROM vendor_item")).scalar_one()
        made = (main.id, main.code, best, acme.id, tuple(each.id for each in sold))
    started = perform(start_run, BUYER, as_of=TODAY, warehouse_codes=(made[1],), at=NOW)
    perform(run_plan, BUYER, run_id=started.run_id)
    return Plan(started.run_id, made[0], *lines_of(started.run_id), *made[2:])


def converted(plan: Plan, **arguments: Any) -> Converted:
    return perform(convert_plan, BUYER, run_id=plan.run_id, at=NOW, **arguments)


def refusal(act: Callable[[], object]) -> str:
    with pytest.raises(Refused) as refused:
        act()
    return refused.value.code


@pytest.mark.rule("PLAN-11")
def test_a_changed_quantity_takes_the_price_of_its_break_and_leaves_the_suggestion(plan: Plan) -> None:
    done = perform(
        change_plan_line, BUYER, line_id=plan.frame.id, version=plan.frame.version, quantity_packs=Decimal(100)
    )
    assert (done.quantity_packs, done.unit_price, done.remarks) == (Decimal(100), Decimal(60), ())
    line = lines_of(plan.run_id)[0]
    assert (line.suggested_quantity_packs, line.suggested_unit_price, line.version) == (Decimal(10), Decimal(70), 2)


@pytest.mark.rule("PLAN-8")
def test_a_quantity_off_the_vendors_lot_is_remarked_and_stays_the_buyers_decision(plan: Plan) -> None:
    done = perform(
        change_plan_line, BUYER, line_id=plan.frame.id, version=plan.frame.version, quantity_packs=Decimal(7)
    )
    assert done.quantity_packs == 7
    assert done.remarks == ("Not a multiple of 5, in which the vendor delivers.",)


@pytest.mark.rule("PLAN-9")
def test_a_changed_date_moves_the_order_by_date_and_shows_how_late_it_is(plan: Plan) -> None:
    done = perform(
        change_plan_line,
        BUYER,
        line_id=plan.frame.id,
        version=plan.frame.version,
        needed_on=TODAY + timedelta(days=3),
    )
    assert (done.order_by, done.late_days) == (TODAY - timedelta(days=4), 4)
    assert done.unit_price == Decimal(70)


@pytest.mark.rule("PLAN-11")
def test_another_vendor_takes_the_need_over_in_its_own_lots_price_and_dates(plan: Plan) -> None:
    done = perform(
        change_plan_line, BUYER, line_id=plan.frame.id, version=plan.frame.version, vendor_item_id=plan.best_frame
    )
    # Seven frames are four packs of two; the vendor's minimum is eight packs.
    assert (done.quantity_packs, done.unit_price) == (Decimal(8), Decimal(150))
    assert (done.order_by, done.late_days) == (NEEDED - timedelta(days=40), 10)


def test_a_decision_on_an_old_version_is_refused(plan: Plan) -> None:
    perform(change_plan_line, BUYER, line_id=plan.frame.id, version=1, quantity_packs=Decimal(15))
    assert (
        refusal(lambda: perform(change_plan_line, BUYER, line_id=plan.frame.id, version=1, quantity_packs=Decimal(20)))
        == "general.stale"
    )
    assert lines_of(plan.run_id)[0].quantity_packs == 15


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"quantity_packs": Decimal(0)}, "general.not-positive"),
        ({"quantity_packs": Decimal(-1)}, "general.not-positive"),
        ({"quantity_packs": Decimal("1.5")}, "plans.too-fine"),
        ({"unit_price": Decimal(-1)}, "general.not-positive"),
        ({"vendor_item_id": 0}, "plans.vendor-needed"),
        ({"vendor_item_id": 987_654_321}, "access.not-found"),
        ({"contract_id": 987_654_321}, "access.not-found"),
    ],
)
def test_an_impossible_change_is_refused(plan: Plan, change: dict[str, Any], code: str) -> None:
    assert refusal(lambda: perform(change_plan_line, BUYER, line_id=plan.frame.id, version=1, **change)) == code
    assert lines_of(plan.run_id)[0].version == 1


@pytest.mark.rule("VEN-2")
def test_a_vendor_on_hold_takes_no_line_over(plan: Plan) -> None:
    with sessions()() as session, session.begin():
        session.execute(
            text(
                "UPDATE vendor SET status = 'on_hold' WHERE id = (SELECT vendor_id FROM vendor_item WHERE id = :best)"
            ),
            {"best": plan.best_frame},
        )
    assert (
        refusal(
            lambda: perform(change_plan_line, BUYER, line_id=plan.frame.id, version=1, vendor_item_id=plan.best_frame)
        )
        == "plans.vendor-not-usable"
    )


def test_a_vendor_item_of_another_item_is_refused(plan: Plan) -> None:
    assert (
        refusal(
            lambda: perform(
                change_plan_line, BUYER, line_id=plan.frame.id, version=1, vendor_item_id=plan.bell.vendor_item_id
            )
        )
        == "plans.other-item"
    )


@pytest.mark.rule("PLAN-11")
def test_a_line_is_left_out_with_a_reason_and_taken_back(plan: Plan) -> None:
    assert refusal(lambda: perform(leave_out_line, BUYER, line_id=plan.bell.id, version=1, reason=" ")) == (
        "plans.reason-missing"
    )
    left = perform(leave_out_line, BUYER, line_id=plan.bell.id, version=1, reason="Enough in the shop")
    assert left.state == "left_out"
    back = perform(take_back_line, BUYER, line_id=plan.bell.id, version=left.version)
    assert (back.state, lines_of(plan.run_id)[1].left_out_reason) == ("open", "")


@pytest.mark.rule("PLAN-11")
def test_a_locked_line_is_changed_only_after_unlocking(plan: Plan) -> None:
    locked = perform(lock_line, BUYER, line_id=plan.frame.id, version=1, locked=True)
    change = {"line_id": plan.frame.id, "quantity_packs": Decimal(20)}
    assert refusal(lambda: perform(change_plan_line, BUYER, version=locked.version, **change)) == "plans.line-locked"
    opened = perform(lock_line, BUYER, line_id=plan.frame.id, version=locked.version, locked=False)
    assert perform(change_plan_line, BUYER, version=opened.version, **change).quantity_packs == 20


@pytest.mark.rule("PLAN-13")
def test_lines_become_one_draft_order_per_vendor_with_their_pegs(plan: Plan) -> None:
    done = converted(plan)
    assert [(each.vendor_name, each.lines, each.total) for each in done.orders] == [("Acme", 2, Decimal("706.30"))]
    assert [(each.why, each.line_id) for each in done.not_converted] == [("It has no vendor.", plan.lamp.id)]
    with sessions()() as session:
        order = session.get_one(PurchaseOrder, done.orders[0].order_id)
        assert (order.state, order.warehouse_id) == ("draft", plan.warehouse_id)
        assert order.title == f"Plan of {shown_date(TODAY, BUYER.locale)}"
        rows = session.exec(
            select(PurchaseOrderLine)
            .where(PurchaseOrderLine.order_id == order.id)
            .order_by(col(PurchaseOrderLine.item_id))
        ).all()
        assert [(row.quantity, row.unit_factor, row.unit_price, row.needed_on, row.expected_on) for row in rows] == [
            (Decimal(10), Decimal(1), Decimal(70), NEEDED, NEEDED),
            (Decimal(1), Decimal(12), Decimal("6.30"), NEEDED, NEEDED),
        ]
        for row in rows:
            pegs = session.exec(select(PurchaseOrderPeg).where(PurchaseOrderPeg.order_line_id == row.id)).all()
            assert {peg.sales_order_line_id: peg.quantity for peg in pegs} == dict(
                zip(plan.sales_lines, (Decimal(4), Decimal(3)), strict=True)
            )
    assert [line.state for line in lines_of(plan.run_id)] == ["converted", "converted", "open"]


@pytest.mark.rule("PLAN-17")
def test_a_lowered_line_shares_what_it_still_covers_among_its_pegs(plan: Plan) -> None:
    perform(change_plan_line, BUYER, line_id=plan.frame.id, version=1, quantity_packs=Decimal(5))
    done = converted(plan, line_ids=(plan.frame.id,))
    with sessions()() as session:
        pegs = session.execute(
            text(
                "SELECT sales_order_line_id, peg.quantity FROM purchase_order_peg AS peg "
                "JOIN purchase_order_line AS line ON line.id = order_line_id WHERE order_id = :order ORDER BY 1"
            ),
            {"order": done.orders[0].order_id},
        ).all()
    # Five of the seven that are short: 4/7 and 3/7 of it, to six decimals, adding up exactly.
    assert [quantity for _, quantity in pegs] == [Decimal("2.857143"), Decimal("2.142857")]


@pytest.mark.rule("PLAN-13")
def test_a_line_is_converted_once_and_the_second_time_says_so(plan: Plan) -> None:
    converted(plan, line_ids=(plan.frame.id,))
    assert refusal(lambda: converted(plan, line_ids=(plan.frame.id,))) == "plans.nothing-to-convert"
    again = converted(plan, line_ids=(plan.frame.id, plan.bell.id))
    assert (again.lines, [each.why for each in again.not_converted]) == (1, ["It is on an order already."])


@pytest.mark.rule("PLAN-13")
def test_the_lines_to_order_are_sent_as_numbers(plan: Plan) -> None:
    """A list of thousands that is sent as a text is read anew for every row that a plan of the database looks at."""
    sent: list[str] = []

    def told(_c: object, _cursor: object, statement: str, *_: object) -> None:
        sent.append(statement)

    listening = app_engine()
    event.listen(listening, "before_cursor_execute", told)
    try:
        converted(plan, line_ids=(plan.frame.id, plan.bell.id))
    finally:
        event.remove(listening, "before_cursor_execute", told)
    lists = [each for each in sent if "AS int8[])" in each]
    assert any("FOR UPDATE" in each for each in lists)
    assert not [each for each in lists if "VARCHAR AS int8[]" in each]


@pytest.mark.rule("PLAN-13")
def test_many_people_who_press_at_once_order_each_line_once(plan: Plan) -> None:
    people = 6
    ready = Barrier(people)

    def press(_: int) -> int:
        ready.wait()
        try:
            return converted(plan, line_ids=(plan.frame.id, plan.bell.id)).lines
        except NothingToConvert:
            return 0

    with ThreadPoolExecutor(people) as crowd:
        assert sorted(crowd.map(press, range(people))) == [0, 0, 0, 0, 0, 2]
    with sessions()() as session:
        ordered = session.execute(
            text("SELECT count(*) FROM purchase_order_line WHERE item_id IN (:frame, :bell)"),
            {"frame": plan.frame.item_id, "bell": plan.bell.item_id},
        ).scalar_one()
    assert ordered == 2


@pytest.mark.rule("PLAN-13")
def test_an_order_beyond_every_column_is_refused_in_the_readers_money_and_changes_nothing(plan: Plan) -> None:
    reader = replace(BUYER, locale="de_DE")
    with sessions()() as session, session.begin():
        session.execute(
            text("UPDATE plan_line SET quantity_packs = 1e11, unit_price = 1e11 WHERE id = :id"), {"id": plan.frame.id}
        )
    with pytest.raises(AmountTooLarge) as refused:
        perform(convert_plan, reader, run_id=plan.run_id, line_ids=(plan.frame.id,), at=NOW)
    assert "100.000.000.000.000,00" in str(refused.value)
    frame, *_ = lines_of(plan.run_id)
    assert (frame.state, frame.purchase_order_line_id) == ("open", None)


def test_conversion_by_vendor_leaves_the_lines_of_others(plan: Plan) -> None:
    perform(change_plan_line, BUYER, line_id=plan.frame.id, version=1, vendor_item_id=plan.best_frame)
    done = converted(plan, vendor_id=plan.acme)
    assert (done.lines, done.not_converted) == (1, ())
    assert [line.state for line in lines_of(plan.run_id)] == ["open", "converted", "open"]


def test_lines_left_out_are_told_by_name(plan: Plan) -> None:
    perform(leave_out_line, BUYER, line_id=plan.bell.id, version=1, reason="Not now")
    done = converted(plan)
    assert {each.why for each in done.not_converted} == {"It was left out: Not now", "It has no vendor."}


@pytest.mark.rule("VEN-2")
def test_nothing_is_ordered_from_a_vendor_that_went_on_hold(plan: Plan) -> None:
    with sessions()() as session, session.begin():
        session.get_one(Vendor, plan.acme).status = "on_hold"
    assert refusal(lambda: converted(plan, line_ids=(plan.frame.id,), despite_drift=True)) == "plans.nothing-to-convert"


@pytest.mark.rule("PLAN-13")
@pytest.mark.rule("ITM-1")
def test_an_item_that_is_no_longer_bought_is_not_ordered(plan: Plan) -> None:
    with sessions()() as session, session.begin():
        session.get_one(Item, plan.frame.item_id).is_active = False
    done = converted(plan, despite_drift=True)
    assert [(each.line_id, "no longer bought" in each.why) for each in done.not_converted][:1] == [
        (plan.frame.id, True)
    ]
    assert plan.frame.id not in {each.id for each in lines_of(plan.run_id) if each.state == "converted"}


@pytest.mark.rule("PLAN-12")
def test_what_moved_since_the_run_is_marked_and_stops_conversion_until_confirmed(plan: Plan) -> None:
    assert perform(mark_drift, BUYER, run_id=plan.run_id).marked == 0
    with World.open() as world:
        world.session.execute(
            text("UPDATE sales_order_line SET quantity = quantity + 2 WHERE id = :line"), {"line": plan.sales_lines[0]}
        )
    found = perform(mark_drift, BUYER, run_id=plan.run_id)
    assert (found.marked, found.in_full) == (3, "")
    assert {line.drift for line in lines_of(plan.run_id)} == {"Demand +2"}
    assert refusal(lambda: converted(plan)) == "plans.drifted"
    assert converted(plan, despite_drift=True).lines == 2


@pytest.mark.rule("PLAN-12")
def test_stock_that_moved_marks_its_own_item_only(plan: Plan) -> None:
    with World.open() as world:
        frame = world.session.get_one(type(world.item("Other")), plan.frame.item_id)
        warehouse = world.session.get_one(type(world.warehouse("Else")), plan.warehouse_id)
        world.stock(warehouse, frame, 2)
    assert perform(mark_drift, BUYER, run_id=plan.run_id).marked == 1
    assert lines_of(plan.run_id)[0].drift == "On hand +2"
    assert perform(mark_drift, BUYER, run_id=plan.run_id).in_full == "the warehouses", (
        "one more, for which all was planned"
    )
    assert converted(plan, line_ids=(plan.bell.id,)).lines == 1


@pytest.mark.rule("PLAN-12")
def test_the_plans_own_orders_are_no_drift(plan: Plan) -> None:
    done = converted(plan, line_ids=(plan.frame.id,))
    with sessions()() as session, session.begin():
        session.execute(
            text("UPDATE purchase_order SET state = 'issued', ordered_on = :day WHERE id = :order"),
            {"day": TODAY, "order": done.orders[0].order_id},
        )
    assert perform(mark_drift, BUYER, run_id=plan.run_id).marked == 0


@pytest.mark.rule("PLAN-13")
def test_a_plan_that_a_newer_one_took_over_is_not_converted(plan: Plan) -> None:
    with sessions()() as session:
        code = session.execute(
            text("SELECT code FROM warehouse WHERE id = :id"), {"id": plan.warehouse_id}
        ).scalar_one()
    newer = perform(start_run, BUYER, as_of=TODAY, warehouse_codes=(code,), at=NOW)
    perform(run_plan, BUYER, run_id=newer.run_id)
    assert refusal(lambda: converted(plan)) == "plans.superseded"


@pytest.mark.rule("ACC-2")
def test_a_manager_decides_nothing(plan: Plan) -> None:
    manager = Actor(None, "manager", frozenset({Role.MANAGER}))
    assert refusal(lambda: perform(convert_plan, manager, run_id=plan.run_id, at=NOW)) == "access.not-allowed"
    assert (
        refusal(lambda: perform(leave_out_line, manager, line_id=plan.bell.id, version=1, reason="No"))
        == "access.not-allowed"
    )


@pytest.mark.rule("PLAN-13")
def test_what_a_plan_has_drafted_is_supply_to_the_next_one_until_the_draft_is_cancelled(plan: Plan) -> None:
    def shortages() -> dict[int, Decimal]:
        with sessions()() as session:
            code = session.get_one(Warehouse, plan.warehouse_id).code
        started = perform(start_run, BUYER, as_of=TODAY, warehouse_codes=(code,), at=NOW)
        perform(run_plan, BUYER, run_id=started.run_id)
        return {line.item_id: line.shortage for line in lines_of(started.run_id)}

    first = shortages()
    with sessions()() as session:
        newest = session.exec(select(func.max(PlanningRun.id))).one()
    done = perform(convert_plan, BUYER, run_id=newest, vendor_id=plan.acme, at=NOW)
    again = shortages()
    assert plan.frame.item_id in first
    assert plan.frame.item_id not in again
    assert plan.lamp.item_id in again
    for order in done.orders:
        perform(cancel_order, BUYER, order_id=order.order_id, reason="Not wanted after all", at=NOW)
    assert shortages() == first


@pytest.mark.rule("PLAN-13")
def test_a_vendors_lines_become_one_order_per_warehouse_and_currency(database: object) -> None:
    with World.open() as world:
        north, south = world.warehouse("North"), world.warehouse("South")
        rim, hub = world.item("Rim"), world.item("Hub")
        wheel = world.variant("Wheel")
        for part in (rim, hub):
            world.bom(wheel, part)
        vendor = world.vendor("Both").supplies(rim, price="3").supplies(hub, price="4", currency="USD")
        for place in (north, south):
            world.sales_order(place, (wheel, 2, NEEDED))
        codes, places, vendor_id = (north.code, south.code), (north.id, south.id), vendor.id
        items = {rim.id: "EUR", hub.id: "USD"}
    started = perform(start_run, BUYER, as_of=TODAY, warehouse_codes=codes, at=NOW)
    perform(run_plan, BUYER, run_id=started.run_id)
    done = perform(convert_plan, BUYER, run_id=started.run_id, vendor_id=vendor_id, at=NOW)
    assert done.lines == 4
    with sessions()() as session:
        found = {
            (order.warehouse_id, order.currency_code, line.item_id)
            for order, line in session.exec(
                select(PurchaseOrder, PurchaseOrderLine)
                .join(PurchaseOrderLine, col(PurchaseOrderLine.order_id) == col(PurchaseOrder.id))
                .where(PurchaseOrder.vendor_id == vendor_id)
            )
        }
    assert found == {(place, currency, item) for place in places for item, currency in items.items()}
    assert len(done.orders) == 4
