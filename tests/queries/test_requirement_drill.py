"""A quantity of demand opens down to what its configuration is made of (PLAN-14, ITM-6)."""

from datetime import date
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import pytest

from buyside.domain.access import Actor, Role
from buyside.operations.plans import run_plan, start_run
from buyside.operations.run import perform
from buyside.queries.read import ask
from buyside.queries.requirement_drill import demand_behind
from buyside.queries.structure_explorer import explode_configuration
from buyside.state.requirement_words import peg_in_words
from tests.conftest import Database
from tests.world import NOW, TODAY, World

BUYER = Actor(user_id=None, name="buyer", roles=frozenset({Role.BUYER}))


@pytest.mark.rule("PLAN-14", "ITM-6")
def test_what_a_line_asks_for_is_what_its_configuration_explodes_to(database: Database) -> None:
    with World.open() as world:
        tube, main, bike = world.item("Tube", unit=world.unit("m", digits=3)), world.warehouse("Main"), world.variant()
        world.bom(bike, tube, Decimal("1.25"), scrap_percent=Decimal(3))
        red = world.option(bike.product_id, "colour", "red")
        world.stock(main, bike, 2)
        world.sales_order(main, (bike, 5), customer="Jane", options=[red])
        places = {"item_id": tube.id, "warehouse_id": main.id}
        code = tube.code
    run_id = perform(start_run, BUYER, as_of=TODAY, at=NOW).run_id
    perform(run_plan, BUYER, run_id=run_id)
    (asking,) = ask(demand_behind, BUYER, run_id=run_id, **places)
    assert asking.options == (red.id,)
    address = urlsplit(peg_in_words(asking, "en_GB")["made_of"])
    told = {name: values[0] for name, values in parse_qs(address.query).items()}
    assert (address.path, told["quantity"]) == ("/configurator", "3" if asking.covered else "5")
    exploded = ask(
        explode_configuration,
        BUYER,
        sku=told["variant"],
        options=tuple(map(int, told["options"].split(","))),
        quantity=Decimal(told["quantity"]),
        needed_on=date.fromisoformat(told["on"]),
        today=TODAY,
    )
    assert {each.item.code: each.quantity for each in exploded.totals}[code] == asking.peg.quantity
