"""AdventureWorks from the first of May 2014: its open demand becomes a plan that a slow, obvious calculation agrees with."""

import csv
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from sqlalchemy import text
from sqlmodel import select

from buyside.config import ROOT
from buyside.db.engine import sessions
from buyside.db.orders import PurchaseOrder
from buyside.db.stock import StockBalance
from buyside.domain.access import OPERATOR, Actor, Role
from buyside.domain.money import ZERO
from buyside.domain.refusals import NotAllowed
from buyside.integrations.adventureworks.factors import Factors
from buyside.integrations.adventureworks.pack import write_pack
from buyside.operations.orders import issue_order, save_order
from buyside.operations.packs import import_pack
from buyside.operations.people import Address, set_organisation
from buyside.operations.plan_conversion import convert_plan
from buyside.operations.plan_lines import change_plan_line
from buyside.operations.plans import RunDone, run_plan, start_run
from buyside.operations.receipts import OverReceipt, receive_order, void_receipt
from buyside.operations.run import perform
from buyside.planning.run import PlanInputs
from buyside.queries.checks import all_checks
from buyside.queries.pegging import line_serving
from buyside.queries.pegging_supplies import order_line_serves, plan_line_serves
from buyside.queries.plan_explanations import pegs_of_requirement, requirement_arithmetic
from buyside.queries.plan_export import write_result_files
from buyside.queries.plan_line_rows import PLAN_LINE_ROWS
from buyside.queries.plan_stored import inputs_of
from buyside.queries.plans import vendor_totals
from buyside.queries.read import ask
from buyside.queries.requirement_board import board_page
from buyside.queries.requirement_keys import BoardWanted
from buyside.queries.requirement_pivot import Step
from buyside.queries.rows import RowsWanted, grid_page
from buyside.queries.stock import ENTRY_ROWS
from buyside.queries.structure import structure_levels, structure_root
from buyside.queries.structure_explorer import explode_configuration
from buyside.queries.structure_unmapped import Gap, unmapped_queue
from tests.oracles import PlanningAnswer, PlanningWorld, planned
from tests.statements import statements

SOURCE = ROOT.parent / "shared" / "data" / "adventureworks"
AS_OF = date(2014, 5, 1)
AT = datetime(2014, 5, 1, 8, tzinfo=UTC)
BUYER = Actor(user_id=None, name="buyer", roles=frozenset({Role.BUYER}))

pytestmark = [
    pytest.mark.skipif(not SOURCE.is_dir(), reason="the AdventureWorks tables are not beside the project"),
    pytest.mark.timeout(900),
]


@dataclass(frozen=True)
class Planned:
    """The run, and what the oracle says of the same inputs."""

    done: RunDone
    expected: PlanningAnswer


@pytest.fixture(scope="module")
def adventure(database: object, tmp_path_factory: pytest.TempPathFactory) -> Planned:
    pack = tmp_path_factory.mktemp("pack")
    write_pack(SOURCE, pack, open_from=AS_OF, factors=Factors(assumed=Decimal(1)))
    perform(import_pack, OPERATOR, source=Path(pack), at=AT)
    started = perform(start_run, BUYER, as_of=AS_OF, at=AT)
    done = perform(run_plan, BUYER, run_id=started.run_id)
    with sessions()() as session:
        inputs = inputs_of(session, done.run_id)
    return Planned(done, planned(world_of(inputs)))


def world_of(inputs: PlanInputs) -> PlanningWorld:
    """The run's inputs in natural units, as the oracle reads them."""
    scales = {"scrap_percent": 10**4}
    exact = {
        *("quantity", "on_hand", "safety_stock", "reorder_point", "order_up_to", "quantity_per", "scrap_percent"),
        *("unit_factor", "minimum", "multiple", "from_quantity", "unit_price"),
    }

    def rows(frame: pl.DataFrame) -> Iterator[dict[str, Any]]:
        for row in frame.iter_rows(named=True):
            yield {
                name: Fraction(value, scales.get(name, 10**6)) if name in exact and value is not None else value
                for name, value in row.items()
            }

    tables = {name: list(rows(getattr(inputs, name))) for name in PlanInputs.__dataclass_fields__}
    pairs = {name: [tuple(row.values()) for row in tables.pop(name)] for name in ("line_options", "rule_conditions")}
    places = [row["warehouse"] for row in tables.pop("warehouses")]
    return PlanningWorld(AS_OF, warehouses=places, **tables, **pairs)


def rows_of(statement: str, run_id: int) -> list[Any]:
    with sessions()() as session:
        return list(session.execute(text(statement), {"run": run_id}))


@pytest.mark.rule("PLAN-1")
def test_demand_is_the_open_lines_of_orders_from_that_day_on(adventure: Planned) -> None:
    (demand,) = rows_of(
        "SELECT (counts -> 'inputs' ->> 'lines')::int FROM planning_run WHERE id = :run", adventure.done.run_id
    )
    (open_lines,) = rows_of(
        "SELECT count(*) FROM sales_order_line AS line JOIN sales_order AS sold ON sold.id = line.order_id "
        "WHERE status = 'approved' AND quantity > fulfilled_quantity AND :run > 0",
        adventure.done.run_id,
    )
    assert demand[0] == open_lines[0] > 1000


@pytest.mark.rule("PLAN-2")
def test_coverage_is_what_the_oracle_says(adventure: Planned) -> None:
    found = rows_of(
        "SELECT sales_order_line_id, covered_from_stock, exploded FROM planning_coverage WHERE run_id = :run",
        adventure.done.run_id,
    )
    assert {
        line: (Fraction(covered), Fraction(exploded)) for line, covered, exploded in found
    } == adventure.expected.coverage


@pytest.mark.rule("PLAN-5")
@pytest.mark.rule("PLAN-16")
def test_every_requirement_is_what_the_oracle_says(adventure: Planned) -> None:
    found = rows_of(
        "SELECT item_id, warehouse_id, on_date, gross, scheduled_receipts, overdue_receipts, projected, shortage, "
        "to_order FROM planning_requirement WHERE run_id = :run",
        adventure.done.run_id,
    )
    stored = {(row[0], row[1], row[2]): tuple(map(Fraction, row[3:])) for row in found}
    assert stored == adventure.expected.requirements
    assert len(found) > 1000


@pytest.mark.rule("PLAN-4")
def test_every_peg_is_what_the_oracle_says(adventure: Planned) -> None:
    found = rows_of(
        "SELECT item_id, warehouse_id, on_date, nullif(sales_order_line_id, 0), quantity FROM planning_peg WHERE run_id = :run",
        adventure.done.run_id,
    )
    assert {tuple(key): Fraction(quantity) for *key, quantity in found} == adventure.expected.pegs


@pytest.mark.rule("PLAN-8")
def test_every_plan_line_is_what_the_oracle_says(adventure: Planned) -> None:
    found = rows_of(
        "SELECT item_id, warehouse_id, needed_on, order_by, late_days, shortage, vendor_item_id, quantity_packs, unit_price "
        "FROM plan_line WHERE run_id = :run",
        adventure.done.run_id,
    )
    expected = {
        (item, place, needed): (
            line["order_by"],
            line["late_days"],
            line["shortage"],
            line["vendor_item"],
            line["stock_quantity"] if line["quantity"] is None else line["quantity"],
            line["unit_price"],
        )
        for (item, place, needed, _part), line in adventure.expected.plan_lines.items()
    }
    assert {
        (item, place, needed): (
            by,
            late,
            Fraction(short),
            source,
            Fraction(packs),
            None if price is None else Fraction(price),
        )
        for item, place, needed, by, late, short, source, packs, price in found
    } == expected


@pytest.mark.rule("ITM-8")
def test_what_has_no_structure_is_the_oracles_list(adventure: Planned) -> None:
    found = rows_of(
        "SELECT sales_order_line_id FROM planning_problem WHERE run_id = :run AND kind = 'unmapped'",
        adventure.done.run_id,
    )
    assert {line for (line,) in found} == adventure.expected.unmapped


@pytest.mark.rule("PLAN-14")
def test_every_number_opens_down_to_the_customers_and_adds_up_on_the_way(adventure: Planned) -> None:
    """What a buyer reads aloud to a colleague: a line, its need, each day's arithmetic, who asks, and back from the customer."""
    run_id = adventure.done.run_id
    chosen = rows_of(
        "SELECT id, item_id, warehouse_id, suggested_needed_on, shortage, quantity_packs * unit_factor FROM plan_line "
        "WHERE run_id = :run AND id % 9 = 0 ORDER BY id LIMIT 24",
        run_id,
    )
    assert len(chosen) >= 20
    traced = 0
    for line_id, item_id, warehouse_id, needed_on, need, brings in chosen:
        place = {"run_id": run_id, "item_id": item_id, "warehouse_id": warehouse_id}
        told = ask(requirement_arithmetic, BUYER, **place)
        on_order = sum((row.receipts for row in told.rows), ZERO)
        balance, gross, short, ordered, earlier = told.on_hand, ZERO, ZERO, ZERO, ZERO
        for row in told.rows:
            assert row.opening == balance
            balance += row.receipts - row.gross
            gross += row.gross
            assert row.projected == balance
            assert row.position == told.on_hand + on_order - gross
            assert row.shortage == max(ZERO, told.safety_stock - balance - short)
            assert row.to_order == max(ZERO, told.safety_stock - row.position - ordered)
            short, ordered = short + row.shortage, ordered + row.to_order
            if row.on_date < needed_on:
                earlier += row.planned
            elif row.on_date == needed_on:
                assert need >= told.safety_stock - row.position - earlier > 0
        asked = ask(pegs_of_requirement, BUYER, **place)
        for row in told.rows:
            assert sum((each.quantity for each in asked if each.on_date == row.on_date), ZERO) == row.gross
        serves = ask(plan_line_serves, BUYER, line_id=line_id)
        assert sum((each.quantity for each in serves.waiting), serves.spare) == serves.quantity == brings
        for each in serves.waiting[:3]:
            if each.sales_line_id is None:
                continue
            back = ask(line_serving, BUYER, number=each.sales_order, line=each.line_number)
            same = [part for part in back.parts if part.plan_line_id == line_id]
            assert sum((part.quantity for part in same), ZERO) >= each.quantity > 0
            assert back.customer == each.customer
            traced += 1
    assert traced >= 20


@pytest.mark.rule("PLAN-5")
def test_the_board_says_what_the_file_of_requirements_says(adventure: Planned, tmp_path: Path) -> None:
    ask(write_result_files, BUYER, run_id=adventure.done.run_id, folder=tmp_path)
    by_month: dict[tuple[str, str, str], list[Decimal]] = {}
    for row in csv.DictReader((tmp_path / "requirements.csv").read_text().splitlines()):
        month = by_month.setdefault((row["item"], row["warehouse"], row["date"][:7]), [Decimal(0)] * 4)
        for at, name in enumerate(("gross", "scheduled_receipts", "shortage")):
            month[at] += Decimal(row[name])
        month[3] = Decimal(row["projected"])
    shown: dict[tuple[str, str, str], list[Decimal]] = {}
    wanted, after = BoardWanted(run_id=adventure.done.run_id, step=Step.MONTH, limit=200), ""
    while True:
        page = ask(board_page, BUYER, wanted=replace(wanted, after=after))
        for row in page.rows:
            for cell in row.cells:
                if cell.gross or cell.receipts or cell.shortage:
                    key = (row.item, row.warehouse, page.columns[cell.column].first.isoformat()[:7])
                    month = shown.setdefault(key, [Decimal(0)] * 4)
                    for at, value in enumerate((cell.gross, cell.receipts, cell.shortage)):
                        month[at] += value
                    month[3] = cell.projected
        if not (after := page.after):
            break
    assert {key: month for key, month in by_month.items() if any(month[:3])} == shown
    assert len(shown) > 200


@pytest.mark.rule("PLAN-13")
def test_a_buyer_changes_two_lines_and_orders_everything_once(adventure: Planned) -> None:
    run_id = adventure.done.run_id
    page = ask(
        grid_page, BUYER, source=PLAN_LINE_ROWS, wanted=RowsWanted(scope={"run_id": run_id}, end=500), today=AS_OF
    )
    first, second = [row for row in page.rows if row["vendor"]][:2]
    more = Decimal(first["quantity_packs"]) * 2
    perform(change_plan_line, BUYER, line_id=int(first["id"]), version=first["version"], quantity_packs=more)
    perform(change_plan_line, BUYER, line_id=int(second["id"]), version=second["version"], unit_price=Decimal("1.25"))
    convertible = sum(each.convertible_lines for each in ask(vendor_totals, BUYER, run_id=run_id))
    done = perform(convert_plan, BUYER, run_id=run_id, at=AT)
    assert done.lines == convertible > 10
    ordered = rows_of(
        "SELECT planned.id, line.quantity, line.unit_price, planned.quantity_packs, planned.unit_price, "
        "coalesce((SELECT sum(quantity) FROM purchase_order_peg WHERE order_line_id = line.id), 0) "
        "<= line.quantity * line.unit_factor FROM plan_line AS planned "
        "JOIN purchase_order_line AS line ON line.id = planned.purchase_order_line_id WHERE run_id = :run",
        run_id,
    )
    assert len(ordered) == done.lines
    assert all(
        quantity == planned and price == decided and fits for _, quantity, price, planned, decided, fits in ordered
    )
    assert {int(first["id"]): more}.items() <= {line: quantity for line, quantity, *_ in ordered}.items()


@pytest.mark.rule("PLAN-17")
def test_what_was_ordered_names_the_customers_who_wait_and_they_name_it(adventure: Planned) -> None:
    ordered = rows_of(
        "SELECT bought.number, line.line_number, line.quantity * line.unit_factor FROM plan_line AS planned "
        "JOIN purchase_order_line AS line ON line.id = planned.purchase_order_line_id "
        "JOIN purchase_order AS bought ON bought.id = line.order_id WHERE run_id = :run AND EXISTS (SELECT "
        "FROM purchase_order_peg AS peg WHERE peg.order_line_id = line.id AND peg.sales_order_line_id > 0) "
        "ORDER BY line.id LIMIT 12",
        adventure.done.run_id,
    )
    told_back = 0
    for number, line, quantity in ordered:
        told = ask(order_line_serves, BUYER, number=number, line=line)
        assert sum((each.quantity for each in told.waiting), told.spare) == told.quantity == quantity
        assert told.spare >= 0
        for each in [each for each in told.waiting if each.sales_line_id][:2]:
            back = ask(line_serving, BUYER, number=each.sales_order, line=each.line_number)
            parts = [part for part in back.parts if (part.order_number, part.order_line) == (number, line)]
            here = [other.quantity for other in told.waiting if other.sales_line_id == each.sales_line_id]
            assert sum(part.quantity for part in parts) == sum(here) > 0
            assert (back.customer, back.needed_by) == (each.customer, each.needed_by)
            assert back.expected_on is None or back.late_days == max(0, (back.expected_on - back.needed_by).days)
            told_back += 1
    assert told_back >= 10


@pytest.mark.rule("PO-6")
@pytest.mark.rule("STK-1")
@pytest.mark.rule("STK-5")
def test_one_of_the_orders_is_issued_received_partly_and_fully_and_a_manager_only_looks(adventure: Planned) -> None:
    site = Address(account="Cycles", lines="Cycles\nBothell", is_bill_to=True, is_ship_to=True)
    perform(set_organisation, OPERATOR, name="Cycles", currency_code="EUR", time_zone="UTC", addresses=[site])
    (order_id, line_id, quantity, item_id, place) = rows_of(
        "SELECT ordered.id, line.id, line.quantity * line.unit_factor, line.item_id, ordered.warehouse_id "
        "FROM plan_line AS planned JOIN purchase_order_line AS line ON line.id = planned.purchase_order_line_id "
        "JOIN purchase_order AS ordered ON ordered.id = line.order_id WHERE run_id = :run ORDER BY ordered.id, line.id",
        adventure.done.run_id,
    )[0]
    address = {"bill_to_address": site.lines, "ship_to_address": site.lines}  # drafted before anybody had said where
    with sessions()() as session:
        version = session.get_one(PurchaseOrder, order_id).version
    perform(save_order, BUYER, order_id=order_id, version=version, head=address, at=AT)
    issued = perform(issue_order, BUYER, order_id=order_id, at=AT)
    assert (issued.state, issued.revision, issued.ordered_on) == ("issued", 1, AS_OF)

    def on_hand() -> Decimal:
        with sessions()() as session:
            found = session.exec(
                select(StockBalance.on_hand).where(StockBalance.item_id == item_id, StockBalance.warehouse_id == place)
            ).one_or_none()
        return found if found is not None else Decimal(0)

    before = on_hand()
    part = perform(
        receive_order,
        BUYER,
        order_id=order_id,
        warehouse_id=place,
        lines={line_id: Decimal(1)},
        effective_on=AS_OF,
        at=AT,
    )
    assert part.order_state == "partly_received"
    with pytest.raises(OverReceipt):
        perform(receive_order, BUYER, order_id=order_id, warehouse_id=place, lines={line_id: quantity * 10}, at=AT)
    rest = perform(receive_order, BUYER, order_id=order_id, warehouse_id=place, effective_on=AS_OF, at=AT)
    assert rest.order_state == "received"
    assert on_hand() == before + quantity
    manager = Actor(user_id=None, name="manager", roles=frozenset({Role.MANAGER}))
    seen = ask(
        grid_page,
        manager,
        source=ENTRY_ROWS,
        wanted=RowsWanted(scope={"item_id": item_id, "warehouse_id": place}),
        today=AS_OF,
    )
    assert {part.number, rest.number} <= {str(_raw(row["source"])) for row in seen.rows}
    with pytest.raises(NotAllowed):
        perform(void_receipt, manager, receipt_id=rest.receipt_id, reason="Not mine to say", at=AT)
    broken = [each for each in ask(all_checks, OPERATOR) if not each.holds]
    assert broken == []


def _raw(cell: Any) -> Any:
    return cell[0] if isinstance(cell, list) else cell


@pytest.mark.rule("ITM-4")
@pytest.mark.rule("ITM-6")
def test_its_structure_is_walked_and_explodes_as_the_run_had_it(adventure: Planned) -> None:
    """2,679 rows: whole levels in a few statements, and the totals of one sold line are the pegs of a plan for it alone."""
    with sessions()() as session:
        with statements(session) as sent:
            products = structure_levels(session, BUYER, paths=("",), on=AS_OF)[""]
        assert len(sent) <= 2
        assert products.places
        sku = session.execute(
            text("SELECT sku FROM bom_row JOIN variant ON variant.id = variant_id ORDER BY sku LIMIT 1")
        )
        variant = str(sku.scalar_one())
        root = structure_root(session, BUYER, kind="variant", code=variant, on=AS_OF)
        assert root is not None
        paths, seen, begun = [root.path], 0, time.perf_counter()
        while paths:
            with statements(session) as sent:
                found = structure_levels(session, BUYER, paths=tuple(paths[:100]), on=AS_OF)
            assert len(sent) <= 8
            places = [each for level in found.values() for each in level.places]
            seen, paths = seen + len(places), [*paths[100:], *(each.path for each in places if each.has_more)]
        walked = time.perf_counter()
        exploded = explode_configuration(
            session, BUYER, sku=variant, options=(), quantity=Decimal(1), needed_on=AS_OF, today=AS_OF
        )
        shown = time.perf_counter()
        queue = unmapped_queue(session, BUYER, today=AS_OF)
        looked = time.perf_counter()
    assert len(exploded.lines) == seen
    assert queue.open_lines > 1000
    assert sum(each.lines for each in queue.waiting if each.gap is Gap.VARIANT) == adventure.done.unmapped
    assert walked - begun < 5
    assert shown - walked < 5
    assert looked - shown < 5
