"""Action messages as screens read them (PLAN-16, PLAN-17)."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import select

from buyside.db.plans import ActionMessage
from buyside.domain.access import Role
from buyside.domain.filters import is_true
from buyside.domain.refusals import NotAllowed, NotFound
from buyside.operations.messages import snooze_messages
from buyside.operations.plans import run_plan, start_run
from buyside.operations.run import perform
from buyside.queries.message_detail import message_detail
from buyside.queries.messages import MESSAGE_ROWS, find_item_id, message_counts, possible_owners
from buyside.queries.read import ask
from buyside.queries.rows import RowsWanted, grid_page
from buyside.queries.start import start_page
from tests.conftest import Database
from tests.world import NOW, TODAY, World


@pytest.fixture(scope="module")
def late(database: Database) -> dict[str, Any]:
    """Two customers wait for bolts of an order that comes too late for one of them; nuts are to be ordered now."""
    with World.open() as world:
        world.organisation()
        buyer = world.user(Role.BUYER, name="Bea")
        main, bolt, nut = world.warehouse(), world.item(planner="bea@own.example"), world.item("Nut")
        acme = world.vendor("Acme", language="de").supplies(bolt, part="B-10")
        world.vendor("Nuts Ltd").supplies(nut, lead_days=30)
        bike, trike = world.variant(), world.variant("Trike")
        world.bom(bike, bolt, 1)
        world.bom(trike, nut, 1)
        world.sales_order(main, (bike, 4, TODAY + timedelta(days=10)), customer="Early Riders")
        world.sales_order(main, (bike, 6, TODAY + timedelta(days=60)), customer="Late Riders")
        world.sales_order(main, (trike, 2, TODAY + timedelta(days=20)), customer="Three Wheels")
        order, _ = world.order(acme, main, (bolt, 10), issued=True, expected_on=TODAY + timedelta(days=30))
    run = perform(start_run, buyer, as_of=TODAY, at=NOW).run_id
    perform(run_plan, buyer, run_id=run)
    with World.open() as world:
        found = {each.kind: each.id for each in world.session.exec(select(ActionMessage)).all()}
    return {"buyer": buyer, "bolt": bolt, "nut": nut, "order": order, "ids": found}


def rows(late: dict[str, Any], **filters: Any) -> list[dict[str, Any]]:
    wanted = RowsWanted(filters=filters)
    return ask(grid_page, late["buyer"], source=MESSAGE_ROWS, wanted=wanted, today=late["buyer"].today()).rows


@pytest.mark.rule("PLAN-16")
def test_the_list_names_order_vendor_and_owner(late: dict[str, Any]) -> None:
    listed = {each["kind"]: each for each in rows(late)}
    assert set(listed) == {"expedite", "order"}
    assert (listed["expedite"]["vendor"], listed["expedite"]["order_number"]) == ("Acme", late["order"].number)
    assert (listed["expedite"]["owner"], listed["order"]["owner"]) == ("Bea", "")
    assert (listed["order"]["vendor"], listed["order"]["order_number"]) == ("Nuts Ltd", "")
    assert [each["kind"] for each in rows(late, is_mine=is_true())] == ["expedite"]
    assert [each["kind"] for each in rows(late, is_unassigned=is_true())] == ["order"]


@pytest.mark.rule("PLAN-17")
def test_a_slipped_promise_names_the_customers_that_it_endangers_and_no_others(late: dict[str, Any]) -> None:
    found = ask(message_detail, late["buyer"], message_id=late["ids"]["expedite"])
    assert [(each.customer, each.quantity) for each in found.waiting] == [("Early Riders", Decimal(4))]
    assert (found.waiting_lines, found.open_quantity, found.vendor_part) == (1, Decimal(10), "B-10")
    assert found.waiting_quantity == Decimal(4)
    assert (found.ordered_unit, found.unit_factor) == (found.unit, 1)
    ordered = ask(message_detail, late["buyer"], message_id=late["ids"]["order"])
    assert [each.customer for each in ordered.waiting] == ["Three Wheels"]
    assert (ordered.vendor, ordered.order_number) == ("Nuts Ltd", "")


@pytest.mark.rule("PLAN-16")
def test_a_message_knows_the_language_of_the_vendor_that_it_is_about(late: dict[str, Any]) -> None:
    languages = {
        kind: ask(message_detail, late["buyer"], message_id=number).vendor_language
        for kind, number in late["ids"].items()
    }
    assert languages == {"expedite": "de", "order": "en"}


@pytest.mark.rule("PLAN-16")
def test_counts_leave_out_what_is_put_aside(late: dict[str, Any]) -> None:
    counts = {each.kind: (each.waiting, each.overdue) for each in ask(message_counts, late["buyer"])}
    overdue = int(late["buyer"].today() > TODAY)
    assert counts == {"expedite": (1, overdue), "order": (1, overdue)}
    named = {each.name: each for each in ask(start_page, late["buyer"]).attention}
    assert named["messages-expedite"].count == 1
    assert "expedite" in named["messages-expedite"].path
    later = late["buyer"].today() + timedelta(days=3)
    perform(
        snooze_messages, late["buyer"], message_ids=(late["ids"]["order"],), until=later, today=late["buyer"].today()
    )
    assert [each.kind for each in ask(message_counts, late["buyer"])] == ["expedite"]
    assert [each["kind"] for each in rows(late, is_snoozed=is_true())] == ["order"]
    assert [each["kind"] for each in rows(late, is_at_work=is_true())] == ["expedite"]


@pytest.mark.rule("ACC-3")
def test_who_sees_no_plan_sees_no_message_and_nobody_a_customer_of_others(late: dict[str, Any]) -> None:
    with World.open() as world:
        receiver, finance = world.user(Role.RECEIVER), world.user(Role.FINANCE)
    for actor in (receiver, finance):
        with pytest.raises(NotAllowed):
            ask(message_detail, actor, message_id=late["ids"]["expedite"])
    with pytest.raises(NotFound):
        ask(message_detail, late["buyer"], message_id=0)
    assert "Bea" in [each.name for each in ask(possible_owners, late["buyer"])]
    assert receiver.name not in [each.name for each in ask(possible_owners, late["buyer"])]
    assert ask(find_item_id, late["buyer"], code=late["bolt"].code) == late["bolt"].id
    assert ask(find_item_id, late["buyer"], code="nowhere") == 0
