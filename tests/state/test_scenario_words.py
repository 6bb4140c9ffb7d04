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
from buyside.state.scenario_words import Words, preview_says
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
