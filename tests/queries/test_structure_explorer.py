"""Any configuration exploded, as a plan would (ITM-6); demand that nothing covers, as of today (ITM-8)."""

import time
from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import insert
from sqlmodel import Session, col

from buyside.db.engine import sessions
from buyside.db.items import Item
from buyside.db.structure import BomRow, OptionRule, OptionRuleCondition, OptionValue, Product, Variant
from buyside.domain.access import OPERATOR, Actor, Role
from buyside.domain.refusals import NotAllowed, NotFound, NotPositive
from buyside.domain.sheet_changes import RowChange
from buyside.operations.plans import run_plan, start_run
from buyside.operations.run import perform
from buyside.operations.sheets import save_rows
from buyside.queries.plan_results import BomInCircle
from buyside.queries.read import ask
from buyside.queries.requirement_board import board_page
from buyside.queries.requirement_keys import BoardWanted
from buyside.queries.structure_explorer import (
    LINES_LIMIT,
    ExplodedConfiguration,
    OptionNotOffered,
    QuantityTooLarge,
    explode_configuration,
    first_variant,
    sellable,
)
from buyside.queries.structure_unmapped import Gap, UnmappedQueue, free_rule_code, unmapped_queue, waiting_lines
from tests.statements import statements
from tests.world import NOW, TODAY, World

BUYER = Actor(user_id=None, name="buyer", roles=frozenset({Role.BUYER}))
SOON = TODAY + timedelta(days=30)


@dataclass
class Shop:
    """Committed: a product with one variant, a frame made of tubes, a leather seat by rule, and what tests add."""

    world: World
    product: Product
    bike: Variant
    frame: Item
    tube: Item
    seat: Item
    leather_seat: Item
    leather: OptionValue
    red: OptionValue

    def rule(self, code: str, behaviour: str, when: OptionValue | None, **columns: object) -> OptionRule:
        amount = columns.pop("quantity", None)
        row: OptionRule = self.world.add(
            OptionRule(
                code=code,
                behaviour=behaviour,
                quantity=None if amount is None else Decimal(str(amount)),
                **{"product_id": self.product.id, **columns},
            )
        )
        if when is not None:
            self.world.add(OptionRuleCondition(rule_id=row.id, option_value_id=when.id))
        return row


def shop(world: World) -> Shop:
    bike = world.variant("Bike")
    product = world.session.get_one(Product, bike.product_id)
    frame, tube = world.item("Frame", supply="make", make_lead_days=5), world.item("Tube")
    seat, leather_seat = world.item("Seat"), world.item("Leather seat")
    world.bom(bike, frame)
    world.bom(product, seat)
    world.bom(frame, tube, 3, scrap_percent=Decimal(10))
    leather, red = world.option(product.id, "Seat", "Leather"), world.option(product.id, "Colour", "Red")
    return Shop(world, product, bike, frame, tube, seat, leather_seat, leather, red)


def explode(sku: str, *options: int, quantity: int | str = 1) -> ExplodedConfiguration:
    with sessions()() as session:
        return explode_configuration(
            session, BUYER, sku=sku, options=options, quantity=Decimal(quantity), needed_on=SOON, today=TODAY
        )


def queue() -> UnmappedQueue:
    with sessions()() as session:
        return unmapped_queue(session, BUYER, today=TODAY)


def of(sku: str) -> list[Gap]:
    return [each.gap for each in queue().waiting if sku in (each.code, *each.variants)]


@pytest.mark.rule("ITM-6")
def test_every_line_names_the_row_or_rule_that_put_it_there(database: object) -> None:
    with World.open() as world:
        given = shop(world)
        world.bom(given.bike, given.seat)
        given.rule(
            "LEATHER", "replace", given.leather, component_id=given.seat.id, replacement_id=given.leather_seat.id
        )
        given.rule("TUBES", "add", given.leather, component_id=given.tube.id, quantity="0.5")
        given.rule("NOSEAT", "remove", given.red, component_id=given.seat.id)
    found = explode(given.bike.sku, given.leather.id, quantity=4)
    lines = [
        (
            line.depth,
            line.item.code,
            line.row.parent if line.row else "",
            [rule.code for rule in line.rules],
            line.quantity,
        )
        for line in found.lines
    ]
    assert lines == [
        (1, given.frame.code, given.bike.sku, [], 4),
        (2, given.tube.code, given.frame.code, [], Decimal("13.2")),
        (1, given.leather_seat.code, given.bike.sku, ["LEATHER"], 4),
        (1, given.tube.code, "", ["TUBES"], 2),
    ]
    assert found.lines[1].needed_on == SOON - timedelta(days=5)
    assert {each.item.code: each.quantity for each in found.totals} == {
        given.frame.code: 4, given.leather_seat.code: 4, given.tube.code: Decimal("15.2"),
    }  # fmt: skip
    red = explode(given.bike.sku, given.red.id)
    assert [each.item.code for each in red.totals] == sorted([given.frame.code, given.tube.code])
    assert [each.code for each in red.holding] == ["NOSEAT"]
    assert (found.contradictions, found.uncovered, found.is_unmapped, found.dead_ends) == ((), (), False, ())


@pytest.mark.rule("ITM-6")
def test_the_totals_are_what_a_run_asks_for(database: object) -> None:
    with World.open() as world:
        given = shop(world)
        given.rule("MORE", "scale", given.leather, component_id=given.frame.id, quantity="1.333333")
        given.rule("TUBE", "add", given.leather, component_id=given.tube.id, quantity="0.000001")
        main = world.warehouse()
        world.sales_order(main, (given.bike, 7, SOON), options=(given.leather,))
        code, wanted = main.code, {given.frame.code, given.tube.code}
    found = explode(given.bike.sku, given.leather.id, quantity=7)
    begun = perform(start_run, OPERATOR, as_of=TODAY, warehouse_codes=(code,), at=NOW)
    perform(run_plan, OPERATOR, run_id=begun.run_id)
    page = ask(board_page, BUYER, wanted=BoardWanted(run_id=begun.run_id, limit=200))
    planned = {row.item: row.gross for row in page.rows if row.item in wanted and row.warehouse == code}
    assert planned == {each.item.code: each.quantity for each in found.totals}
    by_level: dict[str, Decimal] = defaultdict(Decimal)
    for line in found.lines:
        by_level[line.item.code] += line.quantity
    assert all(abs(by_level[each] - planned[each]) <= Decimal("0.000002") for each in planned)


@pytest.mark.rule("ITM-5")
@pytest.mark.rule("ITM-6")
def test_rules_that_contradict_each_other_are_both_named_and_nothing_is_guessed(database: object) -> None:
    with World.open() as world:
        given = shop(world)
        given.rule("TWICE", "scale", given.leather, component_id=given.frame.id, quantity=2)
        given.rule("THRICE", "scale", given.leather, component_id=given.frame.id, quantity=3)
    found = explode(given.bike.sku, given.leather.id)
    [clash] = found.contradictions
    assert ({clash.rule.code, clash.other.code}, clash.component) == ({"TWICE", "THRICE"}, given.frame.code)
    assert found.lines == found.totals == ()
    assert explode(given.bike.sku).contradictions == ()


@pytest.mark.rule("ITM-3")
def test_what_is_not_offered_or_not_sold_is_refused(database: object) -> None:
    with World.open() as world:
        given = shop(world)
        other = world.option(world.variant("Trike").product_id, "Colour", "Green")
    with pytest.raises(OptionNotOffered) as refusal:
        explode(given.bike.sku, other.id)
    assert refusal.value.code == "structure.option-not-offered"
    assert "Colour=Green" in str(refusal.value)
    for number in (0, 10**15):
        with pytest.raises(OptionNotOffered):
            explode(given.bike.sku, number)
    with pytest.raises(NotFound):
        explode("NOWHERE")
    with pytest.raises(NotPositive):
        explode(given.bike.sku, quantity=0)
    with pytest.raises(QuantityTooLarge):
        explode(given.bike.sku, quantity=10**9)
    with sessions()() as session:
        offers = sellable(session, BUYER, sku=given.bike.sku).offers
        assert [(each.group, each.value) for each in offers] == [("Colour", "Red"), ("Seat", "Leather")]
        assert first_variant(session, BUYER, product=given.product.code) == given.bike.sku
        with pytest.raises(NotAllowed):
            sellable(session, Actor(None, "r", frozenset({Role.RECEIVER})), sku=given.bike.sku)


@pytest.mark.rule("ITM-6")
def test_what_would_not_be_planned_is_told(database: object) -> None:
    with World.open() as world:
        given = shop(world)
        dead = world.item("Dead", supply="make")
        world.bom(given.bike, dead)
        bare = world.variant("Bare")
    found = explode(given.bike.sku, given.red.id)
    assert [each.value for each in found.uncovered] == ["Red"]
    assert [each.code for each in found.dead_ends] == [dead.code]
    assert explode(bare.sku).is_unmapped


@pytest.mark.rule("ITM-4")
def test_a_circle_that_came_some_other_way_is_told_with_its_path(database: object) -> None:
    with World.open() as world:
        given = shop(world)
        left = world.item("Left", supply="make")
        rows = [world.bom(given.frame, left), world.bom(left, given.frame)]
    try:
        with pytest.raises(BomInCircle) as refusal:
            explode(given.bike.sku)
        assert f"{given.frame.code} › {left.code}" in str(refusal.value)
        with pytest.raises(BomInCircle):
            queue()
    finally:
        with sessions()() as session, session.begin():
            for row in rows:
                session.delete(session.get_one(BomRow, row.id))


# --- the queue -----------------------------------------------------------------------------------------------------------
def decide(sheet: str, **cells: str) -> None:
    perform(save_rows, OPERATOR, sheet=sheet, changes=(RowChange("", 0, cells),), at=NOW)


@pytest.mark.rule("ITM-8")
def test_an_uncovered_variant_waits_until_it_has_a_row(database: object) -> None:
    with World.open() as world:
        main, bolt, bare = world.warehouse(), world.item(), world.variant("Bare")
        _, [later, sooner] = world.sales_order(main, (bare, 2, SOON), (bare, "1.5", TODAY), customer="Hill Riders")
        world.sales_order(main, (bare, 9), status="draft")
    [found] = [each for each in queue().waiting if each.code == bare.sku]
    assert (found.gap, found.blocks, found.lines, found.quantity) == (Gap.VARIANT, True, 2, Decimal("3.5"))
    assert found.first_needed_by == TODAY
    assert found.line_ids == (sooner.id, later.id)
    with sessions()() as session:
        lines = waiting_lines(session, BUYER, line_ids=found.line_ids)
        assert [(each.customer, each.open) for each in lines] == [("Hill Riders", Decimal("1.5")), ("Hill Riders", 2)]
    decide("bom-rows", parent_kind="variant", parent=bare.sku, component=bolt.code, quantity_per="1")
    assert of(bare.sku) == []


@pytest.mark.rule("ITM-8")
@pytest.mark.parametrize("scope", ["variant", "product"])
def test_a_variant_that_needs_nothing_leaves_the_queue_and_the_next_run(database: object, scope: str) -> None:
    with World.open() as world:
        main, bare = world.warehouse(), world.variant("Bare")
        world.sales_order(main, (bare, 2))
        product, warehouse = world.session.get_one(Product, bare.product_id).code, main.code
    assert of(bare.sku) == [Gap.VARIANT]
    who = {"variant": bare.sku} if scope == "variant" else {"product": product}
    decide("option-rules", code=f"NONE-{bare.sku}", behaviour="nothing", **who)
    assert of(bare.sku) == []
    begun = perform(start_run, OPERATOR, as_of=TODAY, warehouse_codes=(warehouse,), at=NOW)
    assert perform(run_plan, OPERATOR, run_id=begun.run_id).unmapped == 0


@pytest.mark.rule("ITM-8")
def test_an_uncovered_option_is_told_once_per_product_and_decided_by_a_rule(database: object) -> None:
    with World.open() as world:
        given = shop(world)
        main, other = world.warehouse(), world.variant("Bike", product=given.product)
        world.sales_order(main, (given.bike, 2, SOON), (other, 3, TODAY), options=(given.leather, given.red))
    found = {each.option: each for each in queue().waiting if each.product == given.product.code}
    assert set(found) == {"Seat=Leather", "Colour=Red"}
    leather = found["Seat=Leather"]
    assert (leather.gap, leather.blocks, leather.lines, leather.quantity) == (Gap.OPTION, False, 2, 5)
    assert leather.variants == tuple(sorted([given.bike.sku, other.sku]))
    assert leather.first_needed_by == TODAY
    decide(
        "option-rules", code=f"{given.product.code}-L", product=given.product.code, when="Seat=Leather", behaviour="add",
        component=given.seat.code, quantity="1",
    )  # fmt: skip
    decide(
        "option-rules",
        code=f"{given.product.code}-R",
        product=given.product.code,
        when="Colour=Red",
        behaviour="nothing",
    )
    assert [each for each in queue().waiting if each.product == given.product.code] == []


@pytest.mark.rule("ITM-5")
@pytest.mark.rule("ITM-8")
def test_contradictions_and_items_without_rows_wait_too(database: object) -> None:
    with World.open() as world:
        given = shop(world)
        dead = world.item("Dead", supply="make")
        world.bom(given.bike, dead, 2)
        one = given.rule(f"{given.bike.sku}-1", "scale", given.leather, component_id=given.frame.id, quantity=2)
        two = given.rule(f"{given.bike.sku}-2", "scale", given.leather, component_id=given.frame.id, quantity=3)
        main = world.warehouse()
        world.sales_order(main, (given.bike, 1), options=(given.leather,))
        world.sales_order(main, (given.bike, 4))
    waiting = queue().waiting
    [clash] = [each for each in waiting if each.gap is Gap.CONTRADICTION and each.variants == (given.bike.sku,)]
    assert ([each.id for each in clash.rules], clash.blocks, clash.lines) == ([one.id, two.id], True, 1)
    [item] = [each for each in waiting if each.code == dead.code]
    assert (item.gap, item.quantity) == (Gap.ITEM, 8)
    change = RowChange(str(two.id), 1, {"priority": "1"})
    perform(save_rows, OPERATOR, sheet="option-rules", changes=(change,), at=NOW)
    assert Gap.CONTRADICTION not in of(given.bike.sku)


@pytest.mark.rule("ITM-8")
def test_stock_of_what_is_sold_waits_for_nothing(database: object) -> None:
    with World.open() as world:
        main, bare = world.warehouse(), world.variant("Bare")
        world.stock(main, bare, 5)
        world.sales_order(main, (bare, 5))
    assert of(bare.sku) == []


def test_customers_are_named_to_those_who_may_see_demand(session: Session) -> None:
    world = World(session)
    _, [line] = world.sales_order(world.warehouse(), (world.variant(), 1), customer="Hill Riders")
    manager = world.user(Role.MANAGER)
    assert [each.customer for each in waiting_lines(session, manager, line_ids=(line.id,))] == ["Hill Riders"]
    with pytest.raises(NotAllowed):
        waiting_lines(session, world.user(Role.SALES), line_ids=(line.id,))
    with pytest.raises(NotAllowed):
        unmapped_queue(session, world.user(Role.RECEIVER), today=TODAY)


def test_a_new_rule_gets_a_code_that_nobody_has(session: Session) -> None:
    world = World(session)
    bolt = world.item()
    for code in ("RED", "RED-2", "RED-X"):
        world.add(OptionRule(code=code, behaviour="remove", component_id=bolt.id))
    assert free_rule_code(session, BUYER, stem="RED") == "RED-3"
    assert free_rule_code(session, BUYER, stem="R_D") == "R_D"


@pytest.mark.rule("ITM-6")
def test_thirty_thousand_rows_explode_and_are_looked_through_in_bounded_time(database: object) -> None:
    with World.open() as world:
        unit = world.unit()
        named = [
            {"code": f"X{n}", "name": "X", "unit_id": unit.id, "supply": "make" if n < 2_700 else "buy"}
            for n in range(3_000)
        ]
        keys = list(world.session.scalars(insert(Item).returning(col(Item.id), sort_by_parameter_order=True), named))
        rows = [
            {"item_id": keys[n], "component_id": keys[n + 300 + step - 11], "quantity_per": Decimal("0.5")}
            for n in range(2_700)
            for step in range(12)
        ]
        assert len(rows) > 30_000
        world.session.execute(insert(BomRow), rows)
        bike = world.variant("Big")
        top = world.session.get_one(Item, keys[0])
        world.bom(bike, top)
        world.sales_order(world.warehouse(), (bike, 3))
    explode(bike.sku)  # the compiled steps are loaded by whoever is first
    begun = time.perf_counter()
    found = explode(bike.sku)
    exploded = time.perf_counter()
    with sessions()() as session:
        with statements(session) as sent:
            unmapped_queue(session, BUYER, today=TODAY)
        assert len(sent) <= 20
    looked = time.perf_counter()
    assert len(found.totals) > 500
    assert (found.is_cut, len(found.lines)) == (True, LINES_LIMIT)
    assert exploded - begun < 6, f"{exploded - begun:.2f} s"
    assert looked - exploded < 6, f"{looked - exploded:.2f} s"
