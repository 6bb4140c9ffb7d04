"""What a run decides about vendors stands in the draft plan, in its reasons and in its files (PLAN-7, PLAN-8, PLAN-9)."""

import csv
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlmodel import Session, select

from buyside.db.contracts import Contract, ContractItem
from buyside.db.engine import sessions
from buyside.db.items import ItemGroup
from buyside.db.plans import PlanLine
from buyside.db.vendors import ExchangeRate
from buyside.domain.access import Actor, Role
from buyside.operations.plans import run_plan, start_run
from buyside.operations.run import perform
from buyside.queries.plan_export import write_result_files
from tests.world import NOW, TODAY, World

BUYER = Actor(user_id=None, name="buyer", roles=frozenset({Role.BUYER}))
NEEDED = TODAY + timedelta(days=40)


@dataclass(frozen=True)
class Story:
    run_id: int
    items: dict[str, int]
    contract: int

    def lines(self, session: Session, item: str) -> list[PlanLine]:
        rows = select(PlanLine).where(PlanLine.run_id == self.run_id, PlanLine.item_id == self.items[item])
        return list(session.exec(rows.order_by(PlanLine.id)))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def story(database: object) -> Story:
    """A bike of five items: split by share, cheapest in another currency, under contract, with a break, on order days."""
    with World.open() as world:
        world.organisation(currency_code="EUR")
        main, bike = world.warehouse("Main"), world.variant("Bike")
        items = {
            "tube": world.item("Tube", group="SHARED"),
            "bell": world.item("Bell", group="CHEAP"),
            "gear": world.item("Gear", group="LIKED"),
            "seat": world.item("Seat", group="LIKED"),
            "lamp": world.item("Lamp", group="LIKED"),
        }
        for code, policy in {"SHARED": "share", "CHEAP": "cheapest"}.items():
            group = world.session.exec(select(ItemGroup).where(ItemGroup.code == code)).one()
            group.vendor_policy = policy
        for item in items.values():
            world.bom(bike, item)
        world.sales_order(main, (bike, 100, NEEDED))
        one, two = world.vendor("One"), world.vendor("Two", currency="USD")
        one.supplies(items["tube"], share_percent=Decimal(60))
        two.supplies(items["tube"], share_percent=Decimal(40), preference=2)
        one.supplies(items["bell"], price="2")
        two.supplies(items["bell"], price="2.5", preference=2)
        world.add(ExchangeRate(currency_code="USD", valid_from=TODAY, rate=Decimal("0.7")))
        one.supplies(items["gear"], price="9", preference=5).supplies(items["seat"], price="4", breaks={110: "3"})
        world.vendor("Three").supplies(items["gear"], price="8")
        weekly = world.vendor("Weekly", order_weekdays="wed")
        weekly.supplies(items["lamp"], lead_days=9)
        contract = world.add(
            Contract(
                number="C-7",
                vendor_id=one.id,
                currency_code="EUR",
                valid_from=TODAY,
                valid_to=TODAY,
                amount=Decimal(1_000),
            )
        )
        world.add(ContractItem(contract_id=contract.id, item_id=items["gear"].id, unit_price=Decimal("6.8")))
        ids = {name: item.id for name, item in items.items()}
        number = contract.id
    started = perform(start_run, BUYER, as_of=TODAY, at=NOW)
    perform(run_plan, BUYER, run_id=started.run_id)
    return Story(started.run_id, ids, number)


@pytest.fixture
def session(story: Story) -> Session:
    return sessions()()


@pytest.mark.rule("PLAN-7")
def test_a_need_is_stored_in_the_parts_that_vendors_share(story: Story, session: Session) -> None:
    with session:
        parts = story.lines(session, "tube")
        assert [(line.quantity_packs, line.reason) for line in parts] == [
            (60, "Split by share: 60 % of 100 pcs."),
            (40, "Split by share: 40 % of 100 pcs."),
        ]
        assert len({line.vendor_item_id for line in parts}) == 2


@pytest.mark.rule("PLAN-7")
@pytest.mark.rule("INT-3")
def test_the_cheapest_vendor_is_so_in_the_organisations_money(story: Story, session: Session) -> None:
    with session:
        [line] = story.lines(session, "bell")
        assert (line.currency_code, line.unit_price) == ("USD", Decimal("2.5"))
        assert line.reason == "Cheapest of 2 vendors."


@pytest.mark.rule("PLAN-7")
@pytest.mark.rule("VEN-4")
def test_a_contract_goes_first_at_its_price_and_the_decision_begins_as_the_suggestion(
    story: Story, session: Session
) -> None:
    with session:
        [line] = story.lines(session, "gear")
        assert line.contract_id == line.suggested_contract_id == story.contract
        assert line.unit_price == line.suggested_unit_price == Decimal("6.8")
        assert line.reason == "Contract C-7 first: 320 EUR left after it."


@pytest.mark.rule("PLAN-8")
def test_a_larger_order_that_costs_less_is_stored_as_an_offer(story: Story, session: Session) -> None:
    with session:
        [line] = story.lines(session, "seat")
        assert (line.better_quantity_packs, line.better_unit_price, line.saving) == (110, 3, 70)
        assert "Ordering 110 at 3 would cost 70 EUR less in all." in line.reason
        [other] = story.lines(session, "lamp")
        assert (other.better_quantity_packs, other.better_unit_price, other.saving) == (None, None, None)


@pytest.mark.rule("PLAN-9")
@pytest.mark.rule("VEN-6")
def test_the_order_day_is_the_vendors_and_the_arrival_is_told(story: Story, session: Session) -> None:
    with session:
        [line] = story.lines(session, "lamp")
        assert line.order_by == date(2026, 4, 1)
        assert line.arrives_on == date(2026, 4, 10)
        assert line.trigger == "shortage"
        assert "Order day moved from Thursday 2 April to Wednesday 1 April." in line.reason


@pytest.mark.rule("PLAN-7")
def test_the_file_of_plan_lines_names_the_contract_and_every_part(
    story: Story, session: Session, tmp_path: Path
) -> None:
    with session:
        write_result_files(session, BUYER, run_id=story.run_id, folder=tmp_path)
    with (tmp_path / "plan_lines.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert sorted(row["contract"] for row in rows) == ["", "", "", "", "", "C-7"]
    [drawn] = [row for row in rows if row["contract"]]
    assert (drawn["unit_price"], drawn["currency"]) == ("6.8", "EUR")
    assert drawn["reason"] == "Contract C-7 first: 320 EUR left after it."
    assert [row["order_qty"] for row in rows if row["reason"].startswith("Split")] == ["60", "40"]
