"""The requirements board: its columns, its pivot against a slow one, its filters, its paging, its permission."""

import csv
import io
import random
import runpy
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session

from buyside.config import ROOT
from buyside.domain.access import Actor, Role
from buyside.domain.money import ZERO
from buyside.domain.refusals import Refused
from buyside.operations.plan_lines import leave_out_line
from buyside.operations.plans import run_plan, start_run
from buyside.operations.run import perform
from buyside.queries.item_stock import stock_over_time
from buyside.queries.plan_explanations import requirement_arithmetic
from buyside.queries.read import ask
from buyside.queries.requirement_board import BoardPage, BoardRow, board_choices, board_page, board_place
from buyside.queries.requirement_files import board_csv
from buyside.queries.requirement_keys import BoardSort, BoardView, BoardWanted
from buyside.queries.requirement_pivot import Bucket, NeedDay, Span, Step, buckets, pivot, window_before
from tests.world import NOW, TODAY, World

BUYER = Actor(user_id=None, name="buyer", roles=frozenset({Role.BUYER}))
SALES = Actor(user_id=None, name="sales", roles=frozenset({Role.SALES}))
RECEIVER = Actor(user_id=None, name="receiver", roles=frozenset({Role.RECEIVER}))


# --- columns --------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("step", list(Step))
def test_columns_hold_every_day_once_and_in_order(step: Step) -> None:
    as_of = date(2026, 2, 11)
    for since in (None, *(as_of + timedelta(days=n) for n in (1, 2, 30, 31, 400))):
        for ahead in (0, 1, 5, 200, 900):
            found = buckets(as_of, step, since=since, until=as_of + timedelta(days=ahead))
            assert found[0].first == as_of
            assert found[0].span is (Span.BEFORE if found[0].last != as_of else Span.DUE)
            for before, after in pairwise(found):
                assert before.last is not None
                assert after.first == before.last + timedelta(days=1)
            assert (found[-1].last is None) == (found[-1].span is Span.LATER)
            assert found[-1].last is None or found[-1].last >= min(found[-1].last, as_of + timedelta(days=ahead))


def test_weeks_begin_on_mondays_and_months_on_their_first() -> None:
    as_of = date(2026, 2, 11)  # a Wednesday
    weeks = buckets(as_of, Step.WEEK, since=None, until=date(2026, 3, 1))
    assert [(each.first, each.last) for each in weeks] == [
        (as_of, as_of),
        (date(2026, 2, 12), date(2026, 2, 15)),
        (date(2026, 2, 16), date(2026, 2, 22)),
        (date(2026, 2, 23), date(2026, 3, 1)),
    ]
    months = buckets(as_of, Step.MONTH, since=date(2026, 4, 9), until=date(2026, 12, 31))
    assert (months[0].span, months[0].last, months[1].first, months[1].last) == (
        Span.BEFORE,
        date(2026, 3, 31),
        date(2026, 4, 1),
        date(2026, 4, 30),
    )


@pytest.mark.parametrize("step", list(Step))
def test_the_window_before_ends_where_this_one_begins(step: Step) -> None:
    as_of, far = date(2026, 1, 1), date(2031, 1, 1)
    later = buckets(as_of, step, since=None, until=far)[-1].first
    assert window_before(as_of, step, later) is None
    second = buckets(as_of, step, since=later, until=far)[-1].first
    before = window_before(as_of, step, second)
    assert before == later
    assert buckets(as_of, step, since=before, until=far)[-1].first == second


@pytest.mark.rule("PLAN-5")
@pytest.mark.parametrize("seed", range(12))
def test_a_pivot_is_what_adding_up_every_day_gives(seed: int) -> None:
    rng = random.Random(seed)
    as_of = TODAY
    on_hand = balance = Decimal(rng.randrange(-5, 50))
    days = []
    for ahead in sorted(rng.sample(range(150), rng.randrange(40))):
        gross, receipts = Decimal(rng.randrange(9)), Decimal(rng.randrange(9))
        balance += receipts - gross
        short, order = Decimal(rng.randrange(3)), Decimal(rng.randrange(3))
        days.append(NeedDay(as_of + timedelta(days=ahead), gross, receipts, ZERO, balance, short, order))
    planned = {
        as_of + timedelta(days=rng.randrange(160)): Decimal(rng.randrange(1, 9)) for _ in range(rng.randrange(9))
    }
    since = rng.choice([None, as_of + timedelta(days=rng.randrange(1, 60))])
    for step in Step:
        across = buckets(as_of, step, since=since, until=as_of + timedelta(days=160))
        assert filled(pivot(across, on_hand, days, planned), across) == slowly(across, on_hand, days, planned)


def filled(cells: list[Any], across: list[Bucket]) -> list[tuple[Decimal, ...]]:
    """What a reader of the cells sees in every column."""
    found = {each.column: each for each in cells}
    shown, last = [], cells[0]
    for place in range(len(across)):
        here = found.get(place)
        last = here or last
        moves = (here.gross, here.receipts, here.shortage, here.to_order, here.planned) if here else (ZERO,) * 5
        lows = (here.lowest, here.lowest_with_plan) if here else (last.projected, last.with_plan)
        shown.append((*moves, last.projected, last.with_plan, *lows))
    return shown


def slowly(
    across: list[Bucket], on_hand: Decimal, days: list[NeedDay], planned: dict[date, Decimal]
) -> list[tuple[Decimal, ...]]:
    """The same, one day after the other, with no other thought."""
    by_day = {each.on_date: each for each in days}
    balance, brought, shown = on_hand, ZERO, []
    for column in across:
        sums = [ZERO] * 5
        lows: list[tuple[Decimal, Decimal]] = []
        day = column.first
        while day <= (column.last or across[0].first + timedelta(days=1000)):
            need = by_day.get(day)
            brought += planned.get(day, ZERO)
            sums[4] += planned.get(day, ZERO)
            if need is not None:
                balance += need.receipts - need.gross
                for at, value in enumerate((need.gross, need.receipts, need.shortage, need.to_order)):
                    sums[at] += value
            if need is not None or day in planned:
                lows.append((balance, balance + brought))
            day += timedelta(days=1)
        least = (min(one for one, _ in lows), min(two for _, two in lows)) if lows else (balance, balance + brought)
        shown.append((*sums, balance, balance + brought, *least))
    return shown


# --- rows -----------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Board:
    run_id: int
    vendor: str
    main: str
    annex: str


@pytest.fixture(scope="module")
def board(database: object) -> Board:
    """Thirty parts in two warehouses: some short, some late, some overdue, one made, one kept by its reorder point."""
    rng = random.Random(7)
    with World.open() as world:
        main, annex = world.warehouse("Main"), world.warehouse("Annex")
        acme, best = world.vendor("Acme"), world.vendor("Best")
        made = world.item("Wheel", supply="make")
        for number in range(30):
            part = world.item(
                f"Part {number:02}", safety_stock=Decimal(number % 4), group="Frames" if number % 4 else ""
            )
            bike = world.variant(f"Bike {number}")
            world.bom(bike, part, 1 + number % 3)
            if number == 0:
                world.bom(bike, made)
                world.bom(made, part, 2)
            if number % 3:
                acme.supplies(part, price=str(5 + number), lead_days=3 + number * 2)
            else:
                best.supplies(part, price=None)
            for place in (main, annex) if number % 2 else (main,):
                world.stock(place, part, rng.randrange(1, 40))
                sold = [(bike, rng.randrange(1, 15), TODAY + timedelta(days=rng.randrange(-3, 120))) for _ in range(4)]
                world.sales_order(place, *sold)
            if number % 5 == 0:
                world.order(best, main, (part, 6), issued=True, expected_on=TODAY - timedelta(days=2))
        kept = world.item("Kept by hand", reorder_point=Decimal(10), order_up_to=Decimal(30), planner="Ines")
        world.stock(main, kept, 4)
        acme.supplies(kept, price="1")
        names = (acme.row.code, main.code, annex.code)
    started = perform(start_run, BUYER, as_of=TODAY, at=NOW)
    perform(run_plan, BUYER, run_id=started.run_id)
    return Board(started.run_id, *names)


def page_of(board: Board, **wanted: Any) -> BoardPage:
    return ask(board_page, BUYER, wanted=BoardWanted(run_id=board.run_id, limit=wanted.pop("limit", 200), **wanted))


def everything(board: Board) -> dict[tuple[int, int], BoardRow]:
    return {(row.item_id, row.warehouse_id): row for row in page_of(board).rows}


@pytest.mark.rule("PLAN-5", "PLAN-14")
@pytest.mark.parametrize("step", list(Step))
def test_the_board_says_what_the_arithmetic_of_each_item_says(board: Board, step: Step) -> None:
    page = page_of(board, step=step)
    for row in page.rows:
        if not (row.gross or row.receipts or row.shortage):
            continue
        told = ask(
            requirement_arithmetic, BUYER, run_id=board.run_id, item_id=row.item_id, warehouse_id=row.warehouse_id
        )
        assert (row.on_hand, row.safety_stock, row.unit) == (told.on_hand, told.safety_stock, told.unit)
        days = [
            NeedDay(each.on_date, each.gross, each.receipts, ZERO, each.projected, each.shortage, each.to_order)
            for each in told.rows
        ]
        planned = {each.on_date: each.planned for each in told.rows if each.planned}
        across = list(page.columns)
        assert filled(list(row.cells), across) == slowly(across, told.on_hand, days, planned)
        assert row.shortage == sum(each.shortage for each in told.rows)
        assert row.to_order == sum(each.to_order for each in told.rows)
        assert row.lowest == min(told.on_hand, *(each.projected for each in told.rows))
        assert row.short_on == next((each.on_date for each in told.rows if each.shortage), None)
        assert row.overdue == sum(each.overdue_receipts for each in told.rows)
    assert sum(row.shortage for row in page.rows) > 0


def test_an_item_that_only_its_reorder_point_orders_stands_on_the_board(board: Board) -> None:
    (kept,) = page_of(board, planner="Ines").rows
    assert [kept.on_hand, kept.gross, kept.planned, kept.order_value] == [4, 0, 26, 26]
    (cell,) = kept.cells
    assert [cell.column, cell.planned, cell.projected, cell.with_plan] == [0, 26, 4, 30]


@pytest.mark.parametrize("sort", list(BoardSort))
@pytest.mark.parametrize("view", [BoardView.ALL, BoardView.SHORT])
def test_paging_visits_every_row_once_in_order_whichever_way_one_goes_on(
    board: Board, sort: BoardSort, view: BoardView
) -> None:
    whole = page_of(board, sort=sort, view=view)
    keys = [(row.item_id, row.warehouse_id) for row in whole.rows]
    assert len(set(keys)) == len(keys) == whole.total > 20
    for limit in (1, 7, whole.total):
        by_end, by_number, after = [], [], ""
        for start in range(0, whole.total, limit):
            page = page_of(board, sort=sort, view=view, limit=limit, after=after, counted=start and whole.total)
            jumped = page_of(board, sort=sort, view=view, limit=limit, start=start)
            by_end += [(row.item_id, row.warehouse_id) for row in page.rows]
            by_number += [(row.item_id, row.warehouse_id) for row in jumped.rows]
            assert (page.total, page.after) == (whole.total, jumped.after)
            after = page.after
        assert after == ""
        assert by_end == by_number == keys
    orders: dict[BoardSort, Callable[[BoardRow], Any]] = {
        BoardSort.SHORT: lambda row: (row.short_on is None, row.short_on or TODAY),
        BoardSort.VALUE: lambda row: (row.order_value is None, -(row.order_value or 0)),
        BoardSort.CODE: lambda row: row.item,
    }
    first = orders[sort]
    assert [first(row) for row in whole.rows] == sorted(first(row) for row in whole.rows)
    for place, (item, warehouse) in enumerate(keys):
        wanted = BoardWanted(run_id=board.run_id, sort=sort, view=view)
        assert ask(board_place, BUYER, wanted=wanted, item_id=item, warehouse_id=warehouse) == place


def test_each_filter_leaves_the_rows_that_fit_it(board: Board) -> None:
    rows = everything(board)

    def left(**wanted: Any) -> set[tuple[int, int]]:
        found = page_of(board, **wanted)
        assert found.total == len(found.rows)
        return {(row.item_id, row.warehouse_id) for row in found.rows}

    def fit(test: Callable[[BoardRow], object]) -> set[tuple[int, int]]:
        found = {key for key, row in rows.items() if test(row)}
        assert 0 < len(found) < len(rows)
        return found

    assert left(view=BoardView.SHORT) == fit(lambda row: row.shortage and row.supply == "buy")
    assert left(view=BoardView.ORDER) == fit(lambda row: row.to_order and row.supply == "buy")
    assert left(view=BoardView.LATE) == fit(lambda row: row.late_days)
    assert left(view=BoardView.OVERDUE) == fit(lambda row: row.overdue)
    assert left(view=BoardView.MADE) == fit(lambda row: row.supply == "make")
    assert left(place=board.annex) == fit(lambda row: row.warehouse == board.annex)
    number = fit(lambda row: row.name.startswith("Part") and int(row.name[-2:]) % 3)
    assert left(vendor=board.vendor) == number | fit(lambda row: row.planner)
    assert left(group="Frames") == fit(lambda row: row.name.startswith("Part") and int(row.name[-2:]) % 4)
    named = fit(
        lambda row: all(word in f"{row.item} {row.name}".lower() for word in ("part", "07"))
    )  # codes are counted on
    assert left(text="part 07") == named != set()
    assert left(text="%") == left(vendor="nobody") == left(group="nothing") == set()
    both = fit(lambda row: row.warehouse == board.main and row.shortage and row.supply == "buy")
    assert left(place=board.main, view=BoardView.SHORT) == both
    choices = ask(board_choices, BUYER, run_id=board.run_id)
    assert ({code for code, _ in choices.places}, choices.planners) == ({board.main, board.annex}, ("Ines",))
    assert ("Frames", "Frames") in choices.groups


def test_a_decision_on_the_plan_is_seen_at_once_and_leaves_the_runs_own_numbers(board: Board, session: Session) -> None:
    before = next(row for row in everything(board).values() if row.late_days and row.planned)
    line_id, version = session.execute(
        text(
            "SELECT id, version FROM plan_line WHERE run_id = :run AND item_id = :item AND warehouse_id = :place "
            "AND late_days > 0 ORDER BY id LIMIT 1"
        ),
        {"run": board.run_id, "item": before.item_id, "place": before.warehouse_id},
    ).one()
    perform(leave_out_line, BUYER, line_id=line_id, version=version, reason="Another one is found.")
    after = everything(board)[before.item_id, before.warehouse_id]
    assert after.planned < before.planned
    assert replace(after, planned=before.planned, late_days=before.late_days, cells=before.cells) == before


@pytest.mark.rule("PLAN-5")
def test_the_item_page_projects_what_the_board_does_while_nothing_moves(board: Board) -> None:
    compared = 0
    for row in page_of(board, step=Step.DAY).rows:
        told = ask(stock_over_time, BUYER, item_id=row.item_id, warehouse_id=row.warehouse_id, today=TODAY)
        if told.run_id != board.run_id:
            continue
        arithmetic = ask(
            requirement_arithmetic, BUYER, run_id=board.run_id, item_id=row.item_id, warehouse_id=row.warehouse_id
        )
        days = {each.on_date: (each.projected, each.projected_with_plan) for each in arithmetic.rows}
        assert {each.on_date: (each.projected, each.with_plan) for each in told.coming} == days
        assert told.on_hand == row.on_hand
        compared += 1
    assert compared > 20


def test_a_file_holds_every_row_and_the_measure_of_every_column(board: Board) -> None:
    wanted = BoardWanted(run_id=board.run_id, view=BoardView.SHORT, limit=1)
    page = page_of(board, view=BoardView.SHORT)
    with ask(board_csv, BUYER, wanted=wanted, measure="projected") as file:
        rows = list(csv.DictReader(io.StringIO(file.read().decode())))
    assert [(row["item"], row["warehouse"]) for row in rows] == [(each.item, each.warehouse) for each in page.rows]
    for row, each in zip(rows, page.rows, strict=True):
        shown = [Decimal(value) for name, value in row.items() if name.startswith("projected ")]
        assert shown == [cells[5] for cells in filled(list(each.cells), list(page.columns))]
        assert Decimal(row["shortage"]) == each.shortage
    for actor, measure, code in ((SALES, "gross", "access.not-allowed"), (BUYER, "cost", "general.unreadable")):
        with pytest.raises(Refused) as refused:
            ask(board_csv, actor, wanted=wanted, measure=measure)
        assert refused.value.code == code


def test_the_board_is_for_those_who_may_see_plans_and_of_runs_that_are_done(board: Board) -> None:
    wanted = BoardWanted(run_id=board.run_id)
    for refused_to, asked, code in (
        (RECEIVER, wanted, "access.not-allowed"),
        (BUYER, replace(wanted, run_id=0), "access.not-found"),
        (BUYER, replace(wanted, after="nothing"), "general.unreadable"),
        (BUYER, replace(wanted, after='["x", 1, 2]'), "general.unreadable"),
    ):
        with pytest.raises(Refused) as refused:
            ask(board_page, refused_to, wanted=asked)
        assert refused.value.code == code


def test_runs_from_before_the_sums_were_kept_are_given_the_same_ones(board: Board, session: Session) -> None:
    migration = runpy.run_path(str(ROOT / "alembic" / "versions" / "0010_requirements_are_summed.py"))
    kept = (
        "SELECT run_id, item_id, warehouse_id, on_hand, safety_stock, reorder_point, gross, scheduled_receipts, "
        "overdue_receipts, shortage, to_order, lowest, order_value, short_on, order_on FROM planning_item_total AS total "
        "WHERE EXISTS (SELECT FROM planning_requirement AS need WHERE need.run_id = total.run_id "
        "AND need.item_id = total.item_id AND need.warehouse_id = total.warehouse_id) ORDER BY 1, 2, 3"
    )
    before = session.execute(text(kept)).all()
    session.execute(text("DELETE FROM planning_item_total"))
    session.execute(text(migration["_FILL"]))
    assert session.execute(text(kept)).all() == before
    assert len(before) > 30


def test_finished_goods_are_told_in_what_they_hold_of_each_item(database: object) -> None:
    with World.open() as world:
        main = world.warehouse("Store")
        bolt, wheel, bike = world.item("Bolt"), world.item("Rim", supply="make"), world.variant("Tandem")
        world.bom(bike, wheel, 2)
        world.bom(wheel, bolt, 3)
        world.stock(main, bike, 4)
        world.stock(main, wheel, 5)
        world.sales_order(main, (bike, 10))
        code, ids = main.code, (bolt.id, wheel.id)
    started = perform(start_run, BUYER, as_of=TODAY, warehouse_codes=(code,), at=NOW)
    perform(run_plan, BUYER, run_id=started.run_id)
    found = ask(board_page, BUYER, wanted=BoardWanted(run_id=started.run_id)).rows
    rows = {row.item_id: row for row in found}
    assert [[rows[each].covered, rows[each].gross] for each in ids] == [[24, 21], [8, 12]]
