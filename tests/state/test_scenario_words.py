"""What a scenario changes and comes to, in the reader's words and numbers."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from buyside.domain.scenarios import Change, LeadTime, OpenSupply, StockLevel, StockPolicy
from buyside.queries.scenario_items import LateLine
from buyside.queries.scenario_preview import Preview
from buyside.queries.scenario_records import Named
from buyside.queries.scenarios import ScenarioRow
from buyside.state.scenario_rows import late_rows, listed
from buyside.state.scenario_words import Words, figure_rows, preview_says
from tests.world import NOW

GERMAN = "de_DE"
WORDS = Words(
    {
        ("item", 1): Named("FRAME", "Frame", "pcs"),
        ("variant", 2): Named("BIKE", "Bike"),
        ("warehouse", 3): Named("MAIN", "Main"),
        ("order_line", 1): Named("PO-1/2", "Tube", "m"),
    },
    GERMAN,
)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (LeadTime(item_id=1, days=1), "Lead time of FRAME is 1 day"),
        (LeadTime(item_id=1, days=21), "Lead time of FRAME is 21 days"),
        (LeadTime(item_id=1, more_days=1), "Lead time of FRAME is 1 day longer"),
        (LeadTime(item_id=1, more_days=-3), "Lead time of FRAME is 3 days shorter"),
        (OpenSupply(order_line_id=1, more_days=1), "Purchase order line PO-1/2 comes 1 day later"),
        (OpenSupply(order_line_id=1, quantity=Decimal("2.5")), "Purchase order line PO-1/2 is 2,5 m"),
        (StockLevel(item_id=1, warehouse_id=3, on_hand=Decimal(1200)), "Stock of FRAME in MAIN is 1.200 pcs"),
        (StockLevel(item_id=1, warehouse_id=3, more=Decimal(-2)), "Stock of FRAME in MAIN is 2 pcs less"),
        (StockLevel(variant_id=2, warehouse_id=3, more=Decimal(2)), "Stock of BIKE in MAIN is 2 more"),
        (
            StockPolicy(item_id=1, safety_stock=Decimal(5), period_days=1),
            "For FRAME: safety stock 5 pcs, 1 day in one order",
        ),
    ],
)
def test_a_change_is_said_with_its_units_and_its_days_counted(said: Change, told: str) -> None:
    assert WORDS.sentence(said) == told


PLAN = {
    "cost": "1000.00", "costs": [["EUR", 9, "600.00"], ["USD", 3, "400.00"]], "plan_lines": 12, "orders": 4, "late_lines": 6,
    "late_days": 40, "late_demand": 200, "late_demand_days": 900, "endless_demand": 0, "without_vendor": 0, "unmapped": 0,
    "unpriced_lines": 0, "stock_average": "10.00", "stock_end": "5.00",
}  # fmt: skip


def marks(**moved: object) -> dict[str, tuple[str, str]]:
    """What a scenario with other figures is said to be, where it differs: how, and as what."""
    rows = figure_rows(PLAN, [{**PLAN, **moved}], [PLAN], "EUR", GERMAN)
    return {
        each["label"]: (cell["differs"], cell["tone"]) for each in rows for cell in each["cells"] if cell["differs"]
    }


@pytest.mark.rule("PLAN-15")
def test_fewer_late_lines_are_better_only_if_they_did_not_lose_their_supply() -> None:
    assert marks(late_demand=66, late_demand_days=300) == {
        "Sales lines not served in time": ("134 less", "good"),
        "Sales lines served late": ("134 less", "good"),
        "Days late, all sales lines": ("600 less", "good"),
    }
    assert marks(late_demand=66, late_demand_days=300, endless_demand=150) == {
        "Sales lines not served in time": ("16 more", "warn"),
        "Sales lines served late": ("134 less", "active"),
        "Days late, all sales lines": ("600 less", "active"),
        "Sales lines without supply": ("150 more", "warn"),
    }
    told = marks(late_demand=66, unmapped=1)
    assert told["Sales lines not served in time"] == ("133 less", "good")
    assert told["Sales lines served late"] == ("134 less", "active")


@pytest.mark.rule("PLAN-15")
@pytest.mark.parametrize("gone", ["without_vendor", "unpriced_lines", "endless_demand", "unmapped"])
def test_what_costs_less_because_it_is_not_bought_is_not_told_as_better(gone: str) -> None:
    assert marks(cost="900.00")["Purchase cost"] == ("100,00 EUR less", "good")
    assert marks(**{"cost": "900.00", gone: 1})["Purchase cost"] == ("100,00 EUR less", "active")
    assert marks(**{"cost": "1100.00", gone: 1})["Purchase cost"] == ("100,00 EUR more", "warn")


@pytest.mark.rule("PLAN-15")
def test_what_is_spent_in_one_currency_less_may_be_spent_in_another() -> None:
    told = marks(cost="1001.00", costs=[["EUR", 6, "100.00"], ["USD", 6, "901.00"]])
    assert [told[f"of it in {each}"][1] for each in ("EUR", "USD")] == ["active", "active"]
    assert told["Purchase cost"] == ("1,00 EUR more", "warn")


def test_a_scenario_of_the_list_says_what_its_cost_is_in() -> None:
    figures = {"cost": "2500.00", "late_demand": 300, "endless_demand": 1001}
    row = ScenarioRow(
        id=1, name="Summer", note="", is_kept=False, is_mine=True, created_by="", created_at=NOW, base_run_id=1,
        base_as_of=NOW.date(), changes=1, result_run_id=2, figures=figures,
        base_figures={"cost": "1000.00", "late_demand": 2, "endless_demand": 0}, currency="EUR",
    )  # fmt: skip
    told = listed(row, GERMAN, "UTC")
    assert (told["cost"], told["late"]) == ("+1.500,00 EUR", "+1.299")
    told = listed(replace(row, base_figures=figures), GERMAN, "UTC")
    assert (told["cost"], told["late"]) == ("same", "same")


def test_a_line_that_is_served_later_leads_to_its_order_whatever_its_number() -> None:
    late = LateLine("SO/1 #7", 2, "Otto", date(2026, 5, 4), 0, 1)
    (told,) = late_rows([late], GERMAN)
    assert (told["path"], told["base"], told["days"]) == ("/sales-orders/SO%2F1%20%237?line=2", "in time", "1 day late")


def test_what_changes_would_do_is_counted_in_the_readers_numbers() -> None:
    found = Preview(items=1, lines=1, late_lines=1200, cost=Decimal(1000), unmapped=-1500)
    assert preview_says(found, "EUR", GERMAN) == (
        "Told at once: 1 item ordered otherwise, +1.000,00 EUR, 1 more plan line, 1.200 more late, "
        "1.500 fewer sales lines that nothing can be ordered for."
    )
