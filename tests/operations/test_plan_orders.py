"""What conversion respects: minimum order values, order days, contracts, carried lines, parts that share one need."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from decimal import Decimal
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session, col, select

from buyside.db.contracts import Contract, ContractItem
from buyside.db.engine import sessions
from buyside.db.items import Item, VendorItem
from buyside.db.orders import PurchaseOrder, PurchaseOrderLine, PurchaseOrderPeg
from buyside.db.plans import PlanLine, PlanningPeg, PlanningRequirement, PlanningRun
from buyside.db.vendors import ExchangeRate
from buyside.domain.access import Actor, Role
from buyside.domain.locales import shown_date
from buyside.domain.refusals import Refused
from buyside.operations.plan_conversion import Converted, NothingToConvert, convert_plan
from buyside.operations.plan_splits import LinePart, split_plan_line
from buyside.operations.run import perform, within
from tests.world import NOW, TODAY, AVendor, World

BUYER = Actor(user_id=None, name="buyer", roles=frozenset({Role.BUYER}))
NEEDED = TODAY + timedelta(days=30)


class Story:
    """A run of one warehouse, whose lines the story writes."""

    def __init__(self, session: Session, **run: Any) -> None:
        self.session, self.world = session, World(session)
        run = {"as_of": TODAY, "scope": {}, "state": "done", "counts": {"pegs": 1}, "started_at": NOW} | run
        self.run = self.world.add(PlanningRun(**run))
        self.main = self.world.warehouse("Main")

    def line(self, vendor: AVendor, item: Item, quantity: str, price: str, **columns: Any) -> PlanLine:
        """A line as a run stores one."""
        mapping = self.session.exec(
            select(VendorItem).where(VendorItem.vendor_id == vendor.id, VendorItem.item_id == item.id)
        ).one()
        on = columns.pop("needed_on", NEEDED)
        return self.world.add(
            PlanLine(
                run_id=self.run.id, item_id=item.id, warehouse_id=self.main.id, suggested_needed_on=on,
                suggested_vendor_item_id=mapping.id, suggested_quantity_packs=Decimal(columns.pop("suggested", quantity)),
                suggested_unit_price=Decimal(price), shortage=Decimal(quantity) * mapping.unit_factor, reason="Short.",
                needed_on=on, order_by=on - timedelta(days=7), vendor_item_id=mapping.id, unit_id=mapping.purchase_unit_id,
                unit_factor=mapping.unit_factor, quantity_packs=Decimal(quantity), unit_price=Decimal(price),
                currency_code=columns.pop("currency", vendor.row.currency_code), **columns,
            )
        )  # fmt: skip

    def need(self, item: Item, asks: dict[int, str], *, more: str = "0", on: date = NEEDED) -> None:
        """What an item is short of on a day: by sales order line, and what nobody asks for."""
        gross = sum(map(Decimal, asks.values()), Decimal(0))
        short = gross + Decimal(more)
        self.world.add(
            PlanningRequirement(
                run_id=self.run.id, item_id=item.id, warehouse_id=self.main.id, on_date=on, gross=gross,
                scheduled_receipts=Decimal(0), projected=-gross, shortage=short, to_order=short,
            )
        )  # fmt: skip
        for line_id, quantity in asks.items():
            self.world.add(
                PlanningPeg(
                    run_id=self.run.id, item_id=item.id, warehouse_id=self.main.id, on_date=on,
                    sales_order_line_id=line_id, quantity=Decimal(quantity),
                )
            )  # fmt: skip

    def convert(self, **arguments: Any) -> Converted:
        arguments = {"despite_drift": True} | arguments
        return within(self.session, convert_plan, BUYER, run_id=self.run.id, at=NOW, **arguments)


@pytest.fixture
def story(session: Session) -> Story:
    made = Story(session)
    made.world.organisation(currency_code="EUR")
    return made


def refusal(act: Callable[[], object]) -> str:
    with pytest.raises(Refused) as refused:
        act()
    return refused.value.code


@pytest.mark.rule("VEN-6")
def test_an_order_below_the_vendors_minimum_value_is_made_only_if_somebody_says_so(story: Story) -> None:
    bolt = story.world.item()
    acme = story.world.vendor("Acme", minimum_order_value=Decimal(1250)).supplies(bolt)
    story.line(acme, bolt, "100", "2.05")
    with pytest.raises(
        Refused, match=r"Acme comes to 205\.00 EUR, and its minimum is 1,250\.00 EUR: 1,045\.00 EUR are missing"
    ) as refused:
        story.convert()
    assert refused.value.code == "plans.below-minimum"
    assert story.session.exec(select(PurchaseOrder)).all() == []
    [order] = story.convert(despite_minimum=True).orders
    assert order.total == 205


@pytest.mark.rule("VEN-6")
@pytest.mark.parametrize(("rate", "is_refused"), [("0.9", True), ("1.1", False), (None, False)])
def test_a_minimum_is_compared_at_todays_rate_and_not_without_one(
    story: Story, rate: str | None, is_refused: bool
) -> None:
    bolt = story.world.item()
    acme = story.world.vendor("Acme", minimum_order_value=Decimal(200)).supplies(bolt, currency="USD")
    story.line(acme, bolt, "100", "2", currency="USD")
    if rate:
        story.world.add(ExchangeRate(currency_code="USD", valid_from=TODAY, rate=Decimal(rate)))
    if is_refused:
        assert refusal(story.convert) == "plans.below-minimum"
    else:
        assert story.convert().lines == 1


@pytest.mark.rule("VEN-6")
def test_an_order_tells_the_vendors_next_order_day_and_what_is_missing_to_free_freight(story: Story) -> None:
    bolt = story.world.item()
    vendor = story.world.vendor(
        "Acme", order_weekdays="thu", order_cutoff="11:30", freight_free_value=Decimal(500)
    ).supplies(bolt, lead_days=7)
    story.line(vendor, bolt, "100", "2", needed_on=TODAY + timedelta(days=8))
    [order] = story.convert().orders
    thursday = TODAY + timedelta(days=3)
    assert (order.next_order_day, order.cutoff, order.missing_to_free) == (thursday, "11:30", Decimal(300))
    [line] = story.session.exec(select(PurchaseOrderLine).where(PurchaseOrderLine.order_id == order.order_id)).all()
    assert line.expected_on == thursday + timedelta(days=7)  # the day that is needed cannot be met


@pytest.mark.rule("PLAN-13")
@pytest.mark.rule("CON-3")
def test_lines_on_a_contract_are_an_order_of_their_own_and_draw_no_more_than_is_left(story: Story) -> None:
    bolt, nut = story.world.item("Bolt"), story.world.item("Nut")
    acme = story.world.vendor("Acme").supplies(bolt).supplies(nut)
    contract = story.world.add(
        Contract(
            number="C-1", vendor_id=acme.id, currency_code="EUR", amount=Decimal(300),
            valid_from=TODAY, valid_to=TODAY + timedelta(days=9),
        )
    )  # fmt: skip
    for item in (bolt, nut):
        story.world.add(ContractItem(contract_id=contract.id, item_id=item.id, quantity=Decimal(120)))
    on_it = {"contract_id": contract.id}
    first = story.line(acme, bolt, "100", "2", **on_it)
    second = story.line(acme, nut, "60", "2", **on_it)
    free = story.line(acme, nut, "5", "2")
    with pytest.raises(Refused, match=r"C-1 has 300\.00 EUR left; this line asks for 320\.00 EUR") as refused:
        story.convert()
    assert refused.value.code == "plans.contract-exhausted"
    done = story.convert(line_ids=(first.id, free.id))
    assert [(each.contract, each.lines) for each in done.orders] == [("", 1), ("C-1", 1)]
    assert refusal(lambda: story.convert(line_ids=(second.id,))) == "plans.contract-exhausted"
    contract.status = "suspended"
    story.world.add(contract)
    assert refusal(lambda: story.convert(line_ids=(second.id,))) == "plans.nothing-to-convert"


@pytest.mark.rule("PLAN-11")
@pytest.mark.rule("PLAN-12")
def test_a_carried_line_that_brings_something_else_asks_before_it_is_ordered(story: Story, monkeypatch: Any) -> None:
    monkeypatch.setattr("buyside.operations.plan_conversion._moved", lambda *_: {})
    bolt = story.world.item()
    acme = story.world.vendor().supplies(bolt)
    before = story.line(acme, bolt, "90", "2")
    carried = story.line(acme, bolt, "90", "2", suggested="100", carried_from_id=before.id, is_locked=True)
    same = story.line(acme, bolt, "90", "2", carried_from_id=before.id, is_locked=True)
    ask = {"despite_drift": False}
    assert refusal(lambda: story.convert(line_ids=(carried.id,), **ask)) == "plans.drifted"
    assert story.convert(line_ids=(same.id,), **ask).lines == 1


@pytest.mark.rule("PLAN-15")
def test_what_would_be_if_is_never_ordered(session: Session) -> None:
    story = Story(session, origin="scenario")
    assert refusal(story.convert) == "plans.only-a-scenario"


@pytest.mark.rule("PLAN-10")
@pytest.mark.rule("PLAN-13")
@pytest.mark.parametrize(
    ("groups", "warehouses", "origin", "is_taken_over"),
    [
        (("Own", "Other"), (), "person", True),
        (("Other",), (), "person", False),
        (("Own",), ("Else",), "schedule", False),
        ((), (), "schedule", True),
        ((), (), "scenario", False),
    ],
)
def test_a_newer_plan_takes_over_what_its_scope_meets(
    story: Story, groups: tuple[str, ...], warehouses: tuple[str, ...], origin: str, is_taken_over: bool
) -> None:
    world, bolt, other = story.world, story.world.item(group="Own"), story.world.item(group="Other")
    story.line(world.vendor().supplies(bolt), bolt, "5", "2")
    places = {"Own": bolt.group_id, "Other": other.group_id, "Else": world.warehouse("Else").id}
    named = {"groups": [places[each] for each in groups], "warehouses": [places[each] for each in warehouses]}
    scope = {name: ids for name, ids in named.items() if ids}
    world.add(PlanningRun(as_of=TODAY, scope=scope, origin=origin, state="done", counts={}, started_at=NOW))
    if is_taken_over:
        assert refusal(story.convert) == "plans.superseded"
    else:
        assert story.convert().lines == 1


@pytest.mark.rule("PLAN-10")
@pytest.mark.rule("PLAN-13")
def test_lines_that_a_newer_plan_took_over_stay_while_the_others_are_ordered(story: Story) -> None:
    bolt, nut = story.world.item(group="Own"), story.world.item(group="Other")
    acme = story.world.vendor().supplies(bolt).supplies(nut)
    taken, kept = story.line(acme, bolt, "5", "2"), story.line(acme, nut, "5", "2")
    newer = {"as_of": TODAY + timedelta(days=1), "scope": {"groups": [bolt.group_id]}, "state": "done", "counts": {}}
    story.world.add(PlanningRun(**newer, started_at=NOW))
    done = story.convert()
    assert [(each.line_id, each.why) for each in done.not_converted] == [
        (taken.id, f"A newer plan of {shown_date(TODAY + timedelta(days=1), BUYER.locale)} has taken it over.")
    ]
    assert done.lines == 1
    assert refusal(lambda: story.convert(line_ids=(kept.id,))) == "plans.nothing-to-convert"


@pytest.mark.rule("PLAN-13")
@pytest.mark.rule("PLAN-17")
def test_parts_of_a_line_share_its_pegs_exactly_in_one_conversion_or_in_several(story: Story) -> None:
    bolt = story.world.item()
    acme, best = story.world.vendor("Acme").supplies(bolt), story.world.vendor("Best").supplies(bolt)
    _, sold = story.world.sales_order(story.main, (story.world.variant(), 3), (story.world.variant(), 4))
    one, other = (each.id for each in sold)
    story.need(bolt, {one: "3", other: "4"}, more="2")
    line = story.line(acme, bolt, "9", "2")
    wanted = story.session.exec(select(VendorItem.id).where(VendorItem.vendor_id == best.id)).one()
    split = within(
        story.session, split_plan_line, BUYER, line_id=line.id, version=1,
        parts=(LinePart(Decimal(5)), LinePart(Decimal(3), wanted), LinePart(Decimal(1))),
    )  # fmt: skip
    first, second, third = (each.line_id for each in split.lines)
    assert story.convert(line_ids=(first, third)).lines == 2
    assert story.convert(line_ids=(second,)).lines == 1
    pegs = story.session.exec(select(PurchaseOrderPeg)).all()
    asked: dict[int | None, Decimal] = {}
    by_line: dict[int, Decimal] = {}
    for peg in pegs:
        asked[peg.sales_order_line_id] = asked.get(peg.sales_order_line_id, Decimal(0)) + peg.quantity
        by_line[peg.order_line_id] = by_line.get(peg.order_line_id, Decimal(0)) + peg.quantity
    assert sorted(by_line.values()) == [1, 3, 5]
    assert asked[None] == 2
    assert abs(asked[one] - 3) <= Decimal("0.000002")
    assert asked[one] + asked[other] == 7


@pytest.mark.rule("PO-6")
def test_numbers_go_on_after_those_that_an_import_brought(story: Story) -> None:
    bolt = story.world.item()
    acme = story.world.vendor("Acme").supplies(bolt)
    taken, _ = story.world.order(acme, story.main, (bolt, 1))
    taken.number = f"{TODAY.year}-{acme.row.code}-0003"
    story.world.add(taken)
    for currency in ("EUR", "USD", "GBP"):
        story.line(acme, bolt, "5", "2", currency=currency)
    numbers = sorted(each.number[-4:] for each in story.convert().orders)
    assert numbers == ["0002", "0004", "0005"]


@pytest.mark.rule("PLAN-13")
def test_parts_that_many_people_order_at_once_are_ordered_once_each(database: object) -> None:
    people = 6
    with sessions()() as session, session.begin():
        story = Story(session)
        bolt = story.world.item()
        line = story.line(story.world.vendor().supplies(bolt), bolt, "9", "2")
        run_id, at = story.run.id, {"line_id": line.id, "version": 1}
    parts = tuple(LinePart(Decimal(3)) for _ in range(3))
    perform(split_plan_line, BUYER, parts=parts, **at)
    with sessions()() as session:
        ids = tuple(session.exec(select(PlanLine.id).where(PlanLine.run_id == run_id).order_by(col(PlanLine.id))))
    ready = Barrier(people)

    def press(turn: int) -> int:
        ready.wait()
        own = ids if turn % 2 else ids[:2]
        try:
            return perform(
                convert_plan, BUYER, run_id=run_id, line_ids=own, despite_drift=True, despite_minimum=True, at=NOW
            ).lines
        except NothingToConvert:
            return 0

    with ThreadPoolExecutor(people) as crowd:
        assert sum(crowd.map(press, range(people))) == len(ids)
    with sessions()() as session:
        ordered = session.execute(
            text("SELECT count(*), sum(quantity) FROM purchase_order_line WHERE item_id = :item"), {"item": bolt.id}
        ).one()
    assert tuple(ordered) == (3, 9)
