"""What rows of bills of material and rules of configuration must not say, by hand as by file."""

import time

import pytest
from sqlalchemy import text
from sqlmodel import Session, select

from buyside.db.audit import AuditEvent
from buyside.db.items import Item
from buyside.domain.all_sheets import sheet_named
from buyside.ledgers.sheet_batch import GivenRow
from buyside.ledgers.sheet_rows import good_rows, plan_rows
from buyside.queries.structure_place import contradictions, structure_notes
from tests.sheet_acts import Sheets
from tests.world import TODAY, World


@pytest.fixture
def sheets(session: Session) -> Sheets:
    """Made items A to D, a bought one Z, and a product P with variant P-1 that comes in two colours."""
    world = World(session)
    for code in "ABCD":
        world.item(code, code=code, supply="make")
    world.item("Z", code="Z")
    bike = world.variant()
    bike.sku = "P-1"
    world.add(bike)
    session.execute(text("UPDATE product SET code = 'P' WHERE id = :id"), {"id": bike.product_id})
    for value in ("Red", "Blue"):
        world.option(bike.product_id, "Colour", value)
    world.option(bike.product_id, "Seat", "Leather")
    return Sheets(session)


def row(parent: str, component: str, kind: str = "item", **cells: str) -> dict[str, str]:
    return {"parent_kind": kind, "parent": parent, "component": component, "quantity_per": "1"} | cells


def rule(code: str, behaviour: str, component: str = "", **cells: str) -> dict[str, str]:
    return {"code": code, "behaviour": behaviour, "component": component, "when": "Colour=Red", "product": "P"} | cells


@pytest.mark.rule("ITM-4")
def test_a_row_that_closes_a_circle_is_refused_with_the_path_in_words(sheets: Sheets) -> None:
    sheets.save("bom-rows", row("A", "B"), row("B", "C"))
    [problem] = sheets.refused("bom-rows", row("C", "A"))
    assert (problem.column, problem.code) == ("component", "bom-rows.circle")
    assert "C › A › B › C" in problem.says
    sheets.save("bom-rows", row("C", "Z"), row("A", "C"))


@pytest.mark.rule("ITM-4")
def test_an_item_is_never_its_own_component(sheets: Sheets) -> None:
    [problem] = sheets.refused("bom-rows", row("A", "A"))
    assert problem.code == "bom-rows.circle"
    assert "A › A" in problem.says


@pytest.mark.rule("ITM-4")
def test_rows_that_close_a_circle_only_together_refuse_the_last_and_name_the_others(sheets: Sheets) -> None:
    found = sheets.refused("bom-rows", row("A", "B"), row("B", "C"), row("A", "Z"), row("C", "A"))
    assert [(each.row, each.code) for each in found] == [(3, "bom-rows.circle")]
    assert "C › A › B › C. Saved with it: A › B, B › C." in found[0].says


@pytest.mark.rule("ITM-4")
def test_a_changed_row_can_close_a_circle_and_open_one_in_the_same_breath(sheets: Sheets) -> None:
    first, second = sheets.save("bom-rows", row("A", "B"), row("B", "Z"))
    assert sheets.codes("bom-rows", (second, {"component": "A"})) == [(0, "component", "bom-rows.circle")]
    sheets.save("bom-rows", (first, {"component": "Z"}), (second, {"component": "A"}))


@pytest.mark.rule("ITM-4")
def test_rows_that_are_never_valid_on_one_day_close_a_circle_all_the_same(sheets: Sheets) -> None:
    sheets.one("bom-rows", **row("A", "B", valid_to="2026-06-30"))
    assert sheets.codes("bom-rows", row("B", "A", valid_from="2026-07-01")) == [(0, "component", "bom-rows.circle")]


@pytest.mark.rule("ITM-4")
def test_only_what_is_made_has_components(sheets: Sheets) -> None:
    [problem] = sheets.refused("bom-rows", row("Z", "A"))
    assert (problem.column, problem.code) == ("parent", "bom-rows.bought-parent")


@pytest.mark.rule("ITM-4")
def test_a_row_that_clashes_in_time_names_the_other(sheets: Sheets) -> None:
    sheets.one("bom-rows", **row("A", "Z", valid_from="2026-01-01", valid_to="2026-12-31"))
    [problem] = sheets.refused("bom-rows", row("A", "Z", valid_from="2026-12-31"))
    assert "2026-01-01" in problem.says
    assert sheets.codes("bom-rows", row("A", "B", valid_from="2026-05-02", valid_to="2026-05-01"))[0][1] == "valid_to"


@pytest.mark.rule("ITM-4")
def test_of_a_file_with_circles_the_good_rows_are_those_without_the_closing_ones(sheets: Sheets) -> None:
    given = [row("A", "B"), row("B", "A"), row("B", "C"), row("C", "D"), row("D", "B"), row("D", "Z")]
    batch = plan_rows(
        sheets.session, sheet_named("bom-rows"), [GivenRow(number, each) for number, each in enumerate(given, 2)]
    )
    assert [each.row for each in batch.problems] == [3, 6]
    assert [each.number for each in good_rows(sheets.session, batch).rows] == [2, 4, 5, 7]


@pytest.mark.rule("ITM-4")
def test_thirty_thousand_rows_are_checked_in_seconds(sheets: Sheets) -> None:
    unit = World(sheets.session).unit().id
    items = (Item(code=f"N{n}", name="N", unit_id=unit, supply="make") for n in range(10_000))
    sheets.session.add_all(items)
    sheets.session.flush()
    given = [row(f"N{n}", f"N{n + step}") for n in range(9990) for step in (1, 2, 3)]
    given += [row("N9990", "N0"), row("N5000", "N4000"), row("N9989", "Z")]
    begun = time.perf_counter()
    batch = plan_rows(
        sheets.session, sheet_named("bom-rows"), [GivenRow(number, each) for number, each in enumerate(given)]
    )
    taken = time.perf_counter() - begun
    assert sorted((each.row, each.code) for each in batch.problems) == [
        (29970, "bom-rows.circle"),
        (29971, "bom-rows.circle"),
    ]
    assert taken < 20, f"{taken:.1f} s"


@pytest.mark.rule("ITM-5")
@pytest.mark.parametrize(
    ("cells", "column", "code"),
    [
        (rule("R", "add", "Z"), "quantity", "option-rules.needed"),
        (rule("R", "scale", "Z"), "quantity", "option-rules.needed"),
        (rule("R", "replace", "Z"), "replacement", "option-rules.needed"),
        (rule("R", "remove"), "component", "option-rules.needed"),
        (rule("R", "remove", "Z", quantity="2"), "quantity", "option-rules.not-taken"),
        (rule("R", "add", "Z", quantity="2", replacement="A"), "replacement", "option-rules.not-taken"),
        (rule("R", "nothing", "Z"), "component", "option-rules.not-taken"),
        (rule("R", "replace", "Z", replacement="Z"), "replacement", "option-rules.replaced-by-itself"),
        (rule("R", "remove", "Z", variant="P-1"), "variant", "option-rules.two-scopes"),
        (rule("R", "remove", "Z", when=""), "when", "option-rules.no-options"),
        (rule("R", "nothing", when="", product=""), "when", "option-rules.no-options"),
        (rule("R", "remove", "Z", when="Colour=Mauve"), "when", "option-rules.unknown-option"),
    ],
)
def test_a_rule_says_what_its_behaviour_needs_and_no_more(
    sheets: Sheets, cells: dict[str, str], column: str, code: str
) -> None:
    assert sheets.codes("option-rules", cells) == [(0, column, code)]


@pytest.mark.rule("ITM-3")
@pytest.mark.rule("ITM-5")
def test_a_rule_of_a_product_asks_only_for_what_that_product_offers(sheets: Sheets) -> None:
    world = World(sheets.session)
    other = world.variant("Trike")
    world.option(other.product_id, "Colour", "Green")
    [problem] = sheets.refused("option-rules", rule("R", "remove", "Z", when="Colour=Green;Seat=Leather"))
    assert (problem.column, problem.code) == ("when", "option-rules.not-offered")
    [problem] = sheets.refused("option-rules", rule("R", "remove", "Z", when="Colour=Green", product="", variant="P-1"))
    assert problem.code == "option-rules.not-offered"
    sheets.one("option-rules", **rule("R", "remove", "Z", when="Colour=Green", product="", variant=other.sku))
    sheets.one("option-rules", **rule("S", "remove", "Z", when="Colour=Green", product=""))


@pytest.mark.rule("ITM-8")
def test_the_decision_that_something_needs_nothing_is_kept_and_audited(sheets: Sheets) -> None:
    sheets.one("option-rules", **rule("NONE-RED", "nothing"))
    whole = sheets.one("option-rules", **rule("NONE-P", "nothing", when=""))
    assert sheets.cells("option-rules", whole)["component"] == ""
    entry = sheets.session.exec(select(AuditEvent).order_by(AuditEvent.id.desc())).first()  # type: ignore[union-attr]
    assert entry is not None
    assert entry.operation == "save_rows"
    assert any(
        each["kind"] == "option_rule" and each["after"]["behaviour"] == "nothing"
        for each in entry.changes
        if each["after"]
    )


@pytest.mark.rule("ITM-5")
def test_rules_that_contradict_each_other_are_saved_and_reported(sheets: Sheets) -> None:
    one = sheets.one("option-rules", **rule("ONE", "scale", "Z", quantity="2"))
    assert structure_notes(sheets.session, sheets.actor, sheet="option-rules", keys=(one.key,), today=TODAY) == ()
    two = sheets.one(
        "option-rules", **rule("TWO", "scale", "Z", quantity="3", product="", variant="P-1", when="Seat=Leather")
    )
    [says] = structure_notes(sheets.session, sheets.actor, sheet="option-rules", keys=(two.key,), today=TODAY)
    assert "ONE multiplies Z by 2" in says
    assert "TWO multiplies Z by 3" in says
    assert [(each.rule.code, each.other.code) for each in contradictions(sheets.session, sheets.actor)] == [
        ("ONE", "TWO")
    ]
    sheets.change("option-rules", two, priority="1")
    assert contradictions(sheets.session, sheets.actor) == ()


@pytest.mark.rule("ITM-5")
@pytest.mark.parametrize(
    "other",
    [
        rule("TWO", "replace", "Z", replacement="A", priority="0"),
        rule("TWO", "replace", "Z", replacement="B", priority="1"),
        rule("TWO", "replace", "Z", replacement="B", when="Colour=Blue"),
        rule("TWO", "remove", "Z"),
        rule("TWO", "add", "Z", quantity="4"),
        rule("TWO", "replace", "C", replacement="B"),
    ],
    ids=["same result", "other priority", "never chosen together", "removes", "adds", "other component"],
)
def test_rules_that_get_on_with_each_other_are_not_reported(sheets: Sheets, other: dict[str, str]) -> None:
    sheets.save("option-rules", rule("ONE", "replace", "Z", replacement="A"), other)
    assert contradictions(sheets.session, sheets.actor) == ()


@pytest.mark.rule("ITM-4")
def test_the_first_row_of_a_variant_tells_that_its_products_rows_no_longer_count(sheets: Sheets) -> None:
    general = sheets.one("bom-rows", **row("P", "A", "product"))
    own = sheets.one("bom-rows", **row("P-1", "B", "variant"))

    def notes(key: str) -> tuple[str, ...]:
        return structure_notes(sheets.session, sheets.actor, sheet="bom-rows", keys=(key,), today=TODAY)

    assert notes(general.key) == ()
    [says] = notes(own.key)
    assert says.startswith("P-1 has rows of its own")
