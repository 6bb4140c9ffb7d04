"""The demo company as files and script: believable, complete, and the same for the same day."""

from collections import Counter, defaultdict
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from buyside.domain.pack import BY_NAME
from buyside.integrations.demo_company.history import Cancelled, Closed, Ordered, Production, Received
from buyside.integrations.demo_company.pack import Company, make_company, write_pack
from buyside.integrations.demo_company.products import RULES, STRUCTURE

TODAY = date(2026, 11, 21)  # a Saturday


@pytest.fixture(scope="module")
def company() -> Company:
    return make_company(TODAY)


def test_the_same_day_gives_the_same_bytes_and_the_same_script(company: Company, tmp_path: Path) -> None:
    again = make_company(TODAY)
    write_pack(company.pack, tmp_path / "one")
    write_pack(again.pack, tmp_path / "two")
    files = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert len(files) == 16
    assert all((tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes() for name in files)
    assert company.history.events == again.history.events


def test_another_day_gives_another_company(company: Company) -> None:
    other = make_company(date(2026, 11, 24))
    assert other.pack["sales_order_lines"] != company.pack["sales_order_lines"]
    assert other.pack["items"] != company.pack["items"]


@pytest.mark.parametrize("today", [date(2024, 2, 29), date(2025, 1, 1), date(2026, 12, 31), date(2027, 6, 14)])
def test_any_day_can_be_today(today: date) -> None:
    made = make_company(today)
    assert made.history.events[-1].on <= today
    assert min(made.history.closing.values()) > 0


def test_the_company_is_rich_enough(company: Company) -> None:
    pack = company.pack
    bought = [row for row in pack["items"] if row["supply"] == "buy"]
    assert len(bought) > 250
    assert len({row["group"] for row in pack["items"]}) >= 12
    assert {row["supply"] for row in pack["items"]} == {"buy", "make", "phantom"}
    assert len(pack["vendors"]) == 30
    assert len({row["currency"] for row in pack["vendors"]}) >= 8
    leads = {int(row["lead_days"]) for row in pack["vendor_items"]}
    assert min(leads) == 2
    assert max(leads) == 60
    assert {rule.behaviour for rule in RULES} == {"add", "remove", "replace", "scale"}
    assert max(Counter(row["item"] for row in pack["vendor_items"]).values()) == 3
    assert Counter(row["status"] for row in company.later["vendors"]) == {"on_hold": 1, "inactive": 1}


def test_structure_reaches_four_levels(company: Company) -> None:
    below: dict[str, list[str]] = defaultdict(list)
    for row in STRUCTURE:
        below[row.parent].append(row.component)

    def depth(parent: str) -> int:
        return 1 + max(map(depth, below[parent])) if parent in below else 0

    assert max(depth(row["sku"]) for row in company.pack["variants"]) == 4


def test_one_component_makes_way_for_another_on_the_first_of_next_month(company: Company) -> None:
    dated = {row["component"]: row for row in company.pack["bom"] if row.get("valid_from") or row.get("valid_to")}
    assert dated["ELE-DSP"]["valid_to"] == "2026-11-30"
    assert dated["ELE-DSP2"]["valid_from"] == "2026-12-01"


def test_open_demand_is_what_a_buyer_finds_in_the_morning(company: Company) -> None:
    status = {row["number"]: row["status"] for row in company.pack["sales_orders"]}
    still_open = [
        row
        for row in company.pack["sales_order_lines"]
        if status[row["order"]] == "approved" and int(row["qty"]) > int(row["fulfilled_qty"] or 0)
    ]
    assert 150 <= len(still_open) <= 300
    past_due = [row for row in still_open if row["needed_by"] < TODAY.isoformat()]
    assert 5 <= len(past_due) <= 60
    assert max(row["needed_by"] for row in still_open) > "2027-01-10"
    assert Counter(status.values())["draft"] >= 5
    assert Counter(status.values())["cancelled"] >= 5
    assert sum("Pearl Sand" in row["options"] for row in still_open) >= 2
    assert sum(row["sku"] == "NX-M" for row in still_open) == 2


def test_work_is_done_on_weekdays_and_in_order(company: Company) -> None:
    days = [event.on for event in company.history.events]
    assert days == sorted(days)
    assert all(day.weekday() < 5 for day in days)
    assert (days[-1] - days[0]).days > 340
    assert all(date.fromisoformat(row["needed_by"]).weekday() < 5 for row in company.pack["sales_order_lines"])


def test_no_order_is_received_beyond_what_was_ordered_nor_after_it_was_cancelled(company: Company) -> None:
    ordered: dict[tuple[int, int], Decimal] = {}
    received: Counter[tuple[int, int]] = Counter()
    ended: set[int] = set()
    for event in company.history.events:
        match event:
            case Ordered():
                ordered |= {(event.key, number): line.quantity for number, line in enumerate(event.lines, start=1)}
            case Received():
                assert event.key not in ended
                received.update({(event.key, number): quantity for number, quantity in event.lines})  # type: ignore[dict-item]
            case Cancelled() | Closed():
                ended.add(event.key)
            case Production():
                assert event.made
    assert all(quantity <= ordered[line] for line, quantity in received.items())


def test_what_can_go_wrong_went_wrong(company: Company) -> None:
    receipts = [event for event in company.history.events if isinstance(event, Received)]
    assert sum(bool(event.refused) for event in receipts) == 7
    assert sum(bool(event.voided) for event in receipts) == 7
    assert sum(not event.is_issued for event in company.history.events if isinstance(event, Ordered)) == 3


def test_every_column_of_the_pack_is_one_of_the_format(company: Company) -> None:
    for pack in (company.pack, company.later):
        for name, rows in pack.items():
            known = {column.name for column in BY_NAME[name].columns}
            assert all(row.keys() <= known for row in rows), name


def test_nobody_real_can_be_reached(company: Company) -> None:
    assert all(row["email"].endswith("@example.com") for row in company.pack["vendors"])
