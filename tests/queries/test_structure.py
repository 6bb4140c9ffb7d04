"""Bills of material level by level, down and up, on any day (ITM-4)."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import insert
from sqlmodel import Session

from buyside.db.items import Item
from buyside.db.structure import BomRow, OptionRule, OptionRuleCondition, Product, Variant
from buyside.domain.access import Actor, Role
from buyside.domain.refusals import NotAllowed, NotFound, Unreadable
from buyside.queries.structure import find_in_structure, structure_levels, structure_root
from buyside.queries.structure_place import place_detail
from buyside.queries.structure_up import variants_using
from buyside.queries.structure_ways import LEVEL_LIMIT, Level
from tests.statements import statements
from tests.world import TODAY, World

LATER = TODAY + timedelta(days=100)


@dataclass
class Bike:
    """A product with two variants: one made as the product says, one of its own rows; a frame is made of tubes and paint."""

    session: Session
    world: World
    buyer: Actor
    product: Product
    plain: Variant
    own: Variant
    frame: Item
    kit: Item
    tube: Item
    paint: Item

    def levels(self, *paths: str, on: date = TODAY, uses: bool = False, all_days: bool = False) -> dict[str, Level]:
        return structure_levels(self.session, self.buyer, paths=paths, on=on, uses=uses, all_days=all_days)

    def below(self, path: str, **more: object) -> list[tuple[str, str, Decimal | None]]:
        """(code, what it says, cumulated) of the places directly below one."""
        [level] = self.levels(path, **more).values()  # type: ignore[arg-type]
        return [(each.code, each.says, each.cumulated) for each in level.places]


@pytest.fixture
def bike(session: Session) -> Bike:
    world = World(session)
    plain = world.variant("Plain")
    product = session.get_one(Product, plain.product_id)
    own = world.variant("Own", product=product)
    frame, kit = world.item("Frame", supply="make"), world.item("Kit", supply="phantom")
    tube, paint = world.item("Tube"), world.item("Paint")
    world.bom(product, frame)
    world.bom(own, frame, 2)
    world.bom(own, kit, 1)
    world.bom(frame, tube, 3, scrap_percent=Decimal("2.5"))
    world.bom(frame, paint, "0.3", valid_to=TODAY)
    world.bom(kit, paint, "0.1")
    return Bike(session, world, world.user(Role.BUYER), product, plain, own, frame, kit, tube, paint)


@pytest.mark.rule("ITM-4")
def test_the_tree_goes_from_products_to_variants_to_components(bike: Bike) -> None:
    [all_products] = bike.levels("").values()
    assert bike.product.code in [each.code for each in all_products.places]
    product = f"p{bike.product.id}"
    assert [code for code, *_ in bike.below(product)] == [bike.own.sku, bike.plain.sku, bike.frame.code]
    variant = f"{product}/v{bike.own.id}"
    [level] = bike.levels(variant).values()
    assert [(each.code, each.cumulated, each.has_more) for each in level.places] == [
        (bike.frame.code, 2, True),
        (bike.kit.code, 1, True),
    ]


@pytest.mark.rule("ITM-4")
def test_quantities_multiply_down_the_tree_with_scrap_and_exactly(bike: Bike) -> None:
    [level] = bike.levels(f"v{bike.own.id}").values()
    found = {each.code: each for each in bike.levels(level.places[0].path)[level.places[0].path].places}
    assert found[bike.tube.code].quantity_per == 3
    assert found[bike.tube.code].scrap_percent == Decimal("2.5")
    assert found[bike.tube.code].cumulated == Decimal("6.15")  # 2 x 3 x 1.025
    assert found[bike.paint.code].cumulated == Decimal("0.6")


@pytest.mark.rule("ITM-4")
def test_a_variant_without_rows_of_its_own_shows_those_of_its_product(bike: Bike) -> None:
    assert bike.below(f"v{bike.plain.id}") == [(bike.frame.code, f"from product {bike.product.code}", 1)]
    assert all(says == "" for _, says, _ in bike.below(f"v{bike.own.id}"))
    told = place_detail(bike.session, bike.buyer, kind="variant", code=bike.plain.sku, row_id=0, on=TODAY)
    assert "is made as product" in told.says
    told = place_detail(bike.session, bike.buyer, kind="variant", code=bike.own.sku, row_id=0, on=TODAY)
    assert "do not count for it" in told.says


@pytest.mark.rule("ITM-4")
def test_only_rows_that_count_on_the_day_are_shown_unless_all_are_asked_for(bike: Bike) -> None:
    frame = f"i{bike.frame.id}"
    assert [code for code, *_ in bike.below(frame)] == [bike.paint.code, bike.tube.code]
    assert [code for code, *_ in bike.below(frame, on=LATER)] == [bike.tube.code]
    [level] = bike.levels(frame, on=LATER, all_days=True).values()
    assert [(each.code, each.counts) for each in level.places] == [(bike.paint.code, False), (bike.tube.code, True)]


@pytest.mark.rule("ITM-4")
def test_a_variants_own_rows_of_another_day_leave_it_to_its_product(bike: Bike) -> None:
    bike.world.bom(bike.plain, bike.tube, valid_from=LATER)
    assert [code for code, *_ in bike.below(f"v{bike.plain.id}")] == [bike.frame.code]
    assert [code for code, *_ in bike.below(f"v{bike.plain.id}", on=LATER)] == [bike.tube.code]


@pytest.mark.rule("ITM-4")
def test_where_used_goes_up_to_the_variants_that_are_sold(bike: Bike) -> None:
    start = f"i{bike.tube.id}"
    [(code, _, cumulated)] = bike.below(start, uses=True)
    assert (code, cumulated) == (bike.frame.code, Decimal("3.075"))
    [level] = bike.levels(start, uses=True).values()
    above = bike.levels(level.places[0].path, uses=True)[level.places[0].path].places
    assert [(each.kind, each.code, each.cumulated) for each in above] == [
        ("product", bike.product.code, Decimal("3.075")),
        ("variant", bike.own.sku, Decimal("6.15")),
    ]
    assert bike.below(above[0].path, uses=True) == [(bike.plain.sku, "through its product", Decimal("3.075"))]
    assert variants_using(bike.session, [bike.tube.id], TODAY) == 2
    assert variants_using(bike.session, [bike.kit.id], TODAY) == 1


@pytest.mark.rule("ITM-5")
def test_rules_stand_in_the_tree_where_they_can_change_it(bike: Bike) -> None:
    leather = bike.world.option(bike.product.id, "Seat", "Leather")
    added = bike.world.add(
        OptionRule(
            code="SEAT", product_id=bike.product.id, behaviour="add", component_id=bike.kit.id, quantity=Decimal(2)
        )
    )
    bike.world.add(OptionRuleCondition(rule_id=added.id, option_value_id=leather.id))
    place = next(each for each in bike.levels(f"v{bike.plain.id}")[f"v{bike.plain.id}"].places if each.kind == "rule")
    assert place.code == "SEAT"
    assert place.name == f"adds 2 pcs of {bike.kit.code} where Seat=Leather"
    assert bike.below(place.path) == [(bike.paint.code, "", Decimal("0.2"))]
    [level] = bike.levels(f"i{bike.kit.id}", uses=True).values()
    assert ("rule", "SEAT") in [(each.kind, each.code) for each in level.places]


def test_a_long_level_comes_in_parts(bike: Bike) -> None:
    for _ in range(LEVEL_LIMIT + 5):
        bike.world.variant("Many", product=bike.product)
    path = f"p{bike.product.id}"
    first = bike.levels(path)[path]
    assert (len(first.places), first.left) == (LEVEL_LIMIT, 8)  # two variants and a row more
    rest = bike.levels(f"{path}~{LEVEL_LIMIT}")[f"{path}~{LEVEL_LIMIT}"]
    assert (len(rest.places), rest.left) == (8, 0)
    assert not {each.path for each in first.places} & {each.path for each in rest.places}


def test_however_much_is_open_the_statements_are_as_few(bike: Bike) -> None:
    paths = (f"p{bike.product.id}", f"v{bike.own.id}", f"v{bike.plain.id}", f"i{bike.frame.id}", f"i{bike.kit.id}", "")
    with statements(bike.session) as sent:
        bike.levels(*paths)
    few = len(sent)
    assert few <= 8
    [level] = bike.levels(f"v{bike.own.id}").values()
    with statements(bike.session) as sent:
        bike.levels(*paths, *(each.path for each in level.places))
    assert len(sent) <= few + 1  # the rows on the way


@pytest.mark.parametrize("path", ["x1", "p1/", "i1; DROP TABLE item", "p1/v", "v" + "9" * 19, "i1" + "/r1" * 61])
def test_what_is_no_path_is_refused(bike: Bike, path: str) -> None:
    with pytest.raises(Unreadable):
        bike.levels(path)


def test_paths_to_nothing_lead_nowhere(bike: Bike) -> None:
    found = bike.levels("p999999", "v999999", "i999999/r999999", "i1/o999999")
    assert all(level.places == () for level in found.values())


def test_roots_and_places_are_found_by_code(bike: Bike) -> None:
    def root(kind: str, code: str) -> str:
        found = structure_root(bike.session, bike.buyer, kind=kind, code=code, on=TODAY)
        return found.path if found else ""

    assert root("item", bike.tube.code) == f"i{bike.tube.id}"
    assert root("variant", bike.own.sku) == f"v{bike.own.id}"
    assert root("product", bike.product.code) == f"p{bike.product.id}"
    assert root("item", "nowhere") == ""
    with pytest.raises(NotFound):
        place_detail(bike.session, bike.buyer, kind="item", code="nowhere", row_id=0, on=TODAY)
    found = find_in_structure(bike.session, bike.buyer, text=bike.tube.code.lower())
    assert [(each.kind, each.code) for each in found] == [("item", bike.tube.code)]
    assert find_in_structure(bike.session, bike.buyer, text="%") == ()


def test_a_place_tells_its_row_as_it_can_be_changed(bike: Bike) -> None:
    [level] = bike.levels(f"i{bike.frame.id}").values()
    tube = next(each for each in level.places if each.code == bike.tube.code)
    found = place_detail(bike.session, bike.buyer, kind="item", code=tube.code, row_id=tube.row_id, on=TODAY)
    assert (found.row["parent"], found.row["quantity_per"], found.row["scrap_percent"]) == (bike.frame.code, "3", "2.5")
    assert (found.version, found.takes_rows, found.variants) == (1, False, 2)


def test_who_may_not_see_structure_sees_none(bike: Bike) -> None:
    with pytest.raises(NotAllowed):
        structure_levels(bike.session, bike.world.user(Role.RECEIVER), paths=("",), on=TODAY)


def test_thirty_thousand_rows_are_walked_at_once(session: Session) -> None:
    world = World(session)
    unit = world.unit()
    items = [Item(code=f"N{n}", name="N", unit_id=unit.id, supply="make") for n in range(3_000)]
    session.add_all(items)
    session.flush()
    keys = [each.id for each in items]
    rows = [
        {"item_id": keys[n], "component_id": keys[(n * 7 + step) % 3_000], "quantity_per": Decimal(1)}
        for n in range(3_000)
        for step in range(1, 23)
        if (n * 7 + step) % 3_000 > n
    ]
    assert len(rows) > 30_000
    session.execute(insert(BomRow), rows)
    buyer = world.user(Role.BUYER)
    paths = tuple(f"i{each}" for each in keys[:100])
    with statements(session) as said:
        found = structure_levels(session, buyer, paths=paths, on=TODAY)
        up = structure_levels(session, buyer, paths=(f"i{keys[2_999]}",), on=TODAY, uses=True)
    assert sum(len(level.places) for level in found.values()) > 500
    assert up
    assert 2 <= len(said) < 20
