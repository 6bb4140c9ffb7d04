"""Rules of configuration."""

import pytest

from buyside.planning.run import missing
from tests.unit.planning.shop import TODAY, Shop, gross, inputs_of


@pytest.mark.rule("ITM-5")
def test_an_option_adds_only_where_all_its_values_are_chosen() -> None:
    shop = Shop().item(1).item(2).row("variant 1", 1).rule("add", 2, when=(1, 2), quantity=3)
    shop.sell(1, on=1, options=(1, 2)).sell(1, on=2, options=(1,)).sell(1, on=3, options=(2,))
    assert gross(shop.plan(), 2) == {1: 3}


@pytest.mark.rule("ITM-5")
def test_order_of_application_is_remove_replace_scale_add() -> None:
    shop = Shop().item(1).item(2).item(3).row("variant 1", 1, per=2).row("variant 1", 3)
    shop.rule("add", 2, quantity=1).rule("scale", 2, quantity=10).rule("replace", 1, replacement=2).rule("remove", 3)
    results = shop.sell(1, options=(1,)).plan()
    assert gross(results, 2) == {10: 21}, "the replacement is scaled, what is added is not"
    assert gross(results, 1) == gross(results, 3) == {}


@pytest.mark.rule("ITM-5")
def test_within_a_behaviour_priority_decides() -> None:
    shop = Shop().item(1).item(2).item(3).row("variant 1", 1)
    shop.rule("replace", 1, replacement=2, priority=2).rule("replace", 1, replacement=3, priority=1)
    results = shop.sell(1, options=(1,)).plan()
    assert (gross(results, 2), gross(results, 3)) == ({}, {10: 1})


@pytest.mark.rule("ITM-5")
def test_a_replacement_keeps_quantity_and_scrap_unless_it_has_a_quantity_of_its_own() -> None:
    shop = (
        Shop().item(1).item(2).item(3).item(4).row("variant 1", 1, per=2, scrap=50).row("variant 1", 3, per=2, scrap=50)
    )
    shop.rule("replace", 1, replacement=2).rule("replace", 3, replacement=4, quantity=5)
    results = shop.sell(1, options=(1,)).plan()
    assert (gross(results, 2), gross(results, 4)) == ({10: 3}, {10: 5})


@pytest.mark.rule("ITM-5")
def test_rules_for_another_product_or_variant_do_not_hold() -> None:
    shop = (
        Shop()
        .item(1)
        .item(2)
        .row("variant 1", 1)
        .rule("add", 2, quantity=1, product=9)
        .rule("add", 2, quantity=1, variant=9)
    )
    assert gross(shop.sell(1, options=(1,)).plan(), 2) == {}


@pytest.mark.rule("ITM-5")
@pytest.mark.parametrize(
    "pair",
    [{"behaviour": "replace", "values": ("replacement", 2, 3)}, {"behaviour": "scale", "values": ("quantity", 2, 3)}],
)
def test_rules_that_contradict_each_other_are_reported_and_block_their_line_only(pair: dict[str, object]) -> None:
    name, one, other = pair["values"]  # type: ignore[misc]
    shop = Shop().item(1).item(2).item(3).row("variant 1", 1)
    shop.rule(pair["behaviour"], 1, **{name: one}).rule(pair["behaviour"], 1, **{name: other})
    results = shop.sell(1, options=(1,)).sell(1, on=11).plan()
    assert results.contradictions.rows() == [(1, 1, 2, 1)]
    assert gross(results, 1) == {11: 1}
    assert results.unmapped.is_empty()


@pytest.mark.rule("ITM-5")
def test_rules_with_the_same_result_or_for_what_is_not_there_do_not_contradict() -> None:
    shop = Shop().item(1).item(2).item(3).item(4).row("variant 1", 1)
    shop.rule("replace", 1, replacement=2).rule("replace", 1, replacement=2)
    shop.rule("replace", 4, replacement=2).rule("replace", 4, replacement=3)
    results = shop.sell(1, options=(1,)).plan()
    assert results.contradictions.is_empty()
    assert gross(results, 2) == {10: 1}


@pytest.mark.rule("ITM-8")
def test_an_option_that_no_rule_asks_about_is_told_and_blocks_nothing() -> None:
    shop = Shop().item(1).item(2).row("variant 1", 1).rule("add", 2, when=(1,), quantity=1)
    results = shop.sell(1, options=(1, 7)).sell(1, options=(7,)).plan()
    assert results.uncovered_options.rows() == [(1, 7, 2)]
    assert gross(results, 1) == {10: 2}


@pytest.mark.rule("ITM-8")
def test_an_option_said_to_need_nothing_is_covered_and_changes_nothing() -> None:
    shop = (
        Shop().item(1).row("variant 1", 1).rule("nothing", None, when=(7,)).rule("nothing", None, when=(8,), variant=2)
    )
    results = shop.sell(1, options=(7,)).sell(1, options=(8,)).plan()
    assert results.uncovered_options.rows() == [(1, 8, 1)]
    assert gross(results, 1) == {10: 2}


@pytest.mark.rule("ITM-8")
@pytest.mark.parametrize("scope", [{"variant": 1}, {"product": 1}])
def test_a_variant_said_to_need_nothing_is_not_unmapped(scope: dict[str, int]) -> None:
    shop = Shop().item(1).rule("nothing", None, when=(), **scope)
    results = shop.sell(2, options=(7,)).sell(3, variant=2, product=2).plan()
    assert results.unmapped["line"].to_list() == [2]
    assert results.requirements.is_empty() or gross(results, 1) == {}


@pytest.mark.rule("ITM-8")
def test_an_option_that_needs_nothing_does_not_hide_that_its_variant_has_no_structure() -> None:
    shop = Shop().item(1).rule("nothing", None, when=(7,), variant=1)
    assert shop.sell(2, options=(7,)).plan().unmapped["line"].to_list() == [1]


@pytest.mark.rule("ITM-8")
def test_what_cannot_be_mapped_is_told_line_by_line_and_as_the_plan_tells_it() -> None:
    shop = Shop().item(1).item(2, supply="make").row("variant 1", 1).row("variant 4", 2)
    shop.rule("scale", 1, quantity=2, when=(3,)).rule("scale", 1, quantity=3, when=(3,))
    shop.sell(1, options=(7,)).sell(2, options=(7,)).sell(3, variant=2, product=2).sell(4, options=(3,))
    shop.sell(5, variant=4, product=4)
    inputs, results = inputs_of(shop.world), shop.plan()
    found = missing(inputs, TODAY)
    assert found.uncovered.select("line", "variant", "option_value", "quantity").rows() == [
        (1, 1, 7, 1_000_000),
        (2, 1, 7, 2_000_000),
    ]
    assert found.unmapped.rows() == results.unmapped.rows() == [(3, 2, 2, 3_000_000)]
    assert found.contradictions.rows() == results.contradictions.rows() == [(4, 1, 2, 1)]
    assert found.dead_ends.rows() == results.dead_ends.rows()
    assert found.dead_ends["item"].to_list() == [2]
