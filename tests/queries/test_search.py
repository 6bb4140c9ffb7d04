"""One search over everything that a person may look at."""

import pytest
from sqlmodel import Session

from buyside.domain.access import Role
from buyside.queries.search import find_anything
from tests.world import World


@pytest.mark.rule("ACC-2")
def test_everything_is_found_by_code_name_and_vendor_part_as_far_as_roles_reach(session: Session) -> None:
    world = World(session)
    main, bolt, bike = world.warehouse(), world.item("Hex bolt", code="HB-8"), world.variant("Hexabike")
    acme = world.vendor("Hexagon").supplies(bolt, part="ZZ-4711")
    order, _ = world.order(acme, main)
    demand, _ = world.sales_order(main, (bike, 1), customer="Hexenhaus")
    buyer, sales, receiver = (world.user(role) for role in (Role.BUYER, Role.SALES, Role.RECEIVER))

    def found(actor: object, text: str) -> set[tuple[str, str]]:
        return {(each.kind, each.name) for each in find_anything(session, actor, text=text)}  # type: ignore[arg-type]

    assert found(buyer, "hex") == {
        ("item", "HB-8"),
        ("vendor", acme.row.code),
        ("variant", bike.sku),
        ("order", order.number),
    }
    assert found(buyer, "zz-47") == {("item", "HB-8")}
    assert found(buyer, demand.number) == {("sales order", demand.number)}
    assert found(sales, "hex") == set()
    assert found(receiver, "hex") == {("variant", bike.sku)}
    assert found(buyer, "%") == set()
