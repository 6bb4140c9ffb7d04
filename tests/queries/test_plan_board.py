"""The planning board: its columns and cards against slow Python over the same lines, and what a move would mean."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import Session

from buyside.db.contracts import Contract
from buyside.db.items import Item, ItemGroup, VendorItem
from buyside.db.plans import PlanLine, PlanningRequirement
from buyside.db.vendors import ExchangeRate, Vendor, VendorClosingDay
from buyside.domain.access import OPERATOR, Actor, Role
from buyside.domain.locales import shown_date
from buyside.domain.refusals import NotFound, Refused, Unreadable
from buyside.operations.plan_lines import change_plan_line
from buyside.queries.plan_board import BoardFilters, By, board_columns, monday_of
from buyside.queries.plan_board_cards import BoardCard, board_card, board_cards, board_place
from buyside.queries.plan_board_choices import board_choices
from buyside.queries.plan_board_moves import board_targets, item_balance, last_change
from tests.plan_world import a_draft, a_drawn_draft
from tests.statements import statements
from tests.world import TODAY, World

BUYER = Actor(user_id=None, name="buyer", roles=frozenset({Role.BUYER}))
MONDAY = monday_of(TODAY)
FILTERS = (
    BoardFilters(),
    BoardFilters(late=True),
    BoardFilters(drifted=True),
    BoardFilters(group="STEEL"),
    BoardFilters(planner="Ann"),
    BoardFilters(text="part 3"),
    BoardFilters(text="c-1"),
    BoardFilters(text="%"),
    BoardFilters(late=True, planner="Ben", text="part"),
)


def _slow(session: Session, lines: list[PlanLine], filters: BoardFilters) -> list[dict[str, Any]]:
    """The open lines that a filter leaves, with what the board says of them, one by one."""
    found = []
    for line in lines:
        item = session.get_one(Item, line.item_id)
        mapping = session.get(VendorItem, line.vendor_item_id) if line.vendor_item_id else None
        vendor = session.get_one(Vendor, mapping.vendor_id) if mapping else None
        contract = session.get(Contract, line.contract_id) if line.contract_id else None
        group = session.get(ItemGroup, item.group_id) if item.group_id else None
        texts = [item.code, item.name, *([vendor.name, mapping.vendor_part] if vendor and mapping else [])]
        texts += [contract.number] if contract else []
        if (
            line.state == "open"
            and (not filters.vendor or (vendor is not None and vendor.code == filters.vendor))
            and (not filters.group or (group is not None and group.code == filters.group))
            and (not filters.planner or item.planner == filters.planner)
            and (not filters.late or line.late_days > 0)
            and (not filters.drifted or line.drift != "")
            and all(any(word.lower() in text.lower() for text in texts) for word in filters.text.split())
        ):
            found.append({"line": line, "item": item, "vendor": vendor})
    return found


def _key(row: dict[str, Any], by: By) -> str:
    if by is By.WEEKS:
        return monday_of(row["line"].needed_on).isoformat()
    return str(row["vendor"].id) if row["vendor"] else "0"


@pytest.mark.rule("PLAN-11")
@pytest.mark.parametrize("seed", [1])
def test_columns_and_cards_are_those_of_the_open_lines_counted_one_by_one(session: Session, seed: int) -> None:
    draft = a_drawn_draft(World(session), seed)
    for by in By:
        for filters in (*FILTERS, BoardFilters(vendor=_some_vendor(session, draft.lines))):
            rows = _slow(session, draft.lines, filters)
            columns = board_columns(session, BUYER, run_id=draft.run.id, by=by, today=TODAY, filters=filters)
            assert [each.key for each in columns if each.lines] == _keys_in_order(rows, by)
            for column in columns:
                own = [each for each in rows if _key(each, by) == column.key]
                _same_column(column, own)
                page = board_cards(
                    session, BUYER, run_id=draft.run.id, by=by, column=column.key, filters=filters, limit=200
                )
                own.sort(key=lambda row: (row["line"].order_by, row["item"].code, row["line"].id))
                assert page.total == len(own)
                assert [each.line_id for each in page.cards] == [row["line"].id for row in own]
                for ahead, card in list(enumerate(page.cards))[:: max(1, len(page.cards) - 1)]:
                    assert card == board_card(session, BUYER, line_id=card.line_id)
                    place = board_place(session, BUYER, line_id=card.line_id, by=by, filters=filters)
                    assert place == (column.key, ahead)


def _some_vendor(session: Session, lines: list[PlanLine]) -> str:
    mapping = session.get_one(VendorItem, next(each.vendor_item_id for each in lines if each.vendor_item_id))
    return session.get_one(Vendor, mapping.vendor_id).code


def _keys_in_order(rows: list[dict[str, Any]], by: By) -> list[str]:
    if by is By.WEEKS:
        return sorted({_key(row, by) for row in rows})
    named = {_key(row, by): row["vendor"] for row in rows}
    return sorted(named, key=lambda key: (named[key] is not None, named[key].name.casefold() if named[key] else ""))


def _same_column(column: Any, rows: list[dict[str, Any]]) -> None:
    lines = [row["line"] for row in rows]
    assert column.lines == len(lines)
    assert column.late == sum(line.late_days > 0 for line in lines)
    assert column.drifted == sum(line.drift != "" for line in lines)
    assert column.unpriced == sum(line.unit_price is None for line in lines)
    totals: dict[str, Decimal] = {}
    for line in lines:
        if line.unit_price is not None:
            totals[line.currency_code] = (
                totals.get(line.currency_code, Decimal(0)) + line.quantity_packs * line.unit_price
            )
    assert {each.currency: each.amount for each in column.totals} == totals


def test_pages_of_a_column_continue_each_other(session: Session) -> None:
    draft = a_drawn_draft(World(session), 3)
    monday = board_columns(session, BUYER, run_id=draft.run.id, by=By.WEEKS, today=TODAY)[1].key
    whole = board_cards(session, BUYER, run_id=draft.run.id, by=By.WEEKS, column=monday, limit=200)
    parts: list[BoardCard] = []
    for start in range(0, whole.total, 3):
        page = board_cards(session, BUYER, run_id=draft.run.id, by=By.WEEKS, column=monday, start=start, limit=3)
        assert page.total == whole.total
        parts += page.cards
    assert tuple(parts) == whole.cards
    assert whole.after == ""
    assert board_cards(session, BUYER, run_id=draft.run.id, by=By.WEEKS, column=monday, start=999).cards == ()


def test_a_page_goes_on_behind_the_card_where_the_last_one_ended_whatever_left_before_it(session: Session) -> None:
    draft = a_drawn_draft(World(session), 3)
    monday = board_columns(session, BUYER, run_id=draft.run.id, by=By.WEEKS, today=TODAY)[1].key
    asked: dict[str, Any] = {"run_id": draft.run.id, "by": By.WEEKS, "column": monday, "limit": 3}
    whole = board_cards(session, BUYER, **asked | {"limit": 200})
    assert whole.total > 6
    first = board_cards(session, BUYER, **asked)
    gone = session.get_one(PlanLine, first.cards[0].line_id)
    gone.state, gone.left_out_reason = "left_out", "not needed"
    session.flush()
    parts, after = list(first.cards), first.after
    while after:
        with statements(session) as sent:
            page = board_cards(session, BUYER, **asked, after=after)
        assert not any("OFFSET" in each for each in sent)
        assert page.total == whole.total - 1
        parts, after = [*parts, *page.cards], page.after
    assert tuple(parts) == whole.cards


@pytest.mark.parametrize(
    "after", ["x", "[]", "[1, 2, 3]", '["2026-03-01", "A", "1"]', '["2026-03-01", 4, 1]', "[" * 300]
)
def test_a_place_that_no_page_told_is_refused(session: Session, after: str) -> None:
    with pytest.raises(Unreadable):
        board_cards(session, BUYER, run_id=1, by=By.VENDORS, column="1", after=after)


def test_weeks_stand_in_a_row_and_two_more_to_move_lines_to(session: Session) -> None:
    world = World(session)
    draft = a_draft(world)
    bolt, main = world.item(), world.warehouse()
    acme = world.vendor().supplies(bolt)
    draft.line(bolt, main, acme, 5, needed_on=MONDAY + timedelta(days=16))
    draft.line(bolt, main, acme, 5, needed_on=MONDAY + timedelta(weeks=300))
    columns = board_columns(session, BUYER, run_id=draft.run.id, by=By.WEEKS, today=TODAY)
    keys = [date.fromisoformat(each.key) for each in columns]
    assert keys[:4] == [MONDAY + timedelta(weeks=each) for each in range(4)]
    assert keys[-1] == MONDAY + timedelta(weeks=300)
    assert len(keys) == 105
    assert [each.lines for each in columns][:4] == [0, 0, 1, 0]


def test_a_column_of_several_currencies_comes_to_one_amount_at_the_days_rates(session: Session) -> None:
    world = World(session)
    world.organisation(currency_code="EUR")
    world.add(ExchangeRate(currency_code="USD", valid_from=TODAY, rate=Decimal("0.5")))
    draft, bolt, main = a_draft(world), world.item(), world.warehouse()
    acme, best = world.vendor("Acme").supplies(bolt), world.vendor("Best", currency="USD").supplies(bolt)
    draft.line(bolt, main, acme, 10, price=Decimal(2))
    draft.line(bolt, main, best, 10, price=Decimal(3))
    found = {each.key: each for each in board_columns(session, BUYER, run_id=draft.run.id, by=By.WEEKS, today=TODAY)}[
        monday_of(TODAY + timedelta(days=30)).isoformat()
    ]
    assert found.in_all is not None
    assert (found.in_all.currency, found.in_all.amount) == ("EUR", Decimal(35))
    before = board_columns(session, BUYER, run_id=draft.run.id, by=By.WEEKS, today=TODAY - timedelta(days=1))
    assert [each.in_all for each in before if each.lines] == [None]


def test_filters_offer_what_the_open_lines_have(session: Session) -> None:
    draft = a_drawn_draft(World(session), 4)
    rows = _slow(session, draft.lines, BoardFilters())
    found = board_choices(session, BUYER, run_id=draft.run.id)
    assert [each.code for each in found.vendors] == [
        each.code
        for each in sorted(
            {row["vendor"].id: row["vendor"] for row in rows if row["vendor"]}.values(),
            key=lambda each: each.name.casefold(),
        )
    ]
    assert set(found.planners) == {row["item"].planner for row in rows} - {""}
    groups = {row["item"].group_id for row in rows} - {None}
    assert {each.code for each in found.groups} == {session.get_one(ItemGroup, each).code for each in groups}


@pytest.mark.rule("PLAN-11")
@pytest.mark.parametrize("seed", [5, 6])
def test_what_a_column_says_a_move_would_mean_is_what_the_move_makes(session: Session, seed: int) -> None:
    draft = a_drawn_draft(World(session), seed, lines=14)
    session.add(VendorClosingDay(vendor_id=_acme(session, draft.lines), from_day="03-01", to_day="03-20"))
    session.flush()
    moved = 0
    for line in draft.lines:
        for by in By:
            targets = board_targets(session, BUYER, line_id=line.id, by=by)
            assert (targets.why_not == "") == (line.state == "open" and not line.is_locked)
            for target in targets.targets:
                if targets.why_not or target.why_not or target.is_here:
                    continue
                with session.begin_nested() as savepoint:
                    wanted: dict[str, Any] = (
                        {"vendor_item_id": target.vendor_item_id}
                        if by is By.VENDORS
                        else {"needed_on": target.needed_on}
                    )
                    change_plan_line(session, OPERATOR, line_id=line.id, version=line.version, **wanted)
                    card = board_card(session, BUYER, line_id=line.id)
                    assert card is not None
                    assert (card.quantity, card.unit, card.unit_price, card.value) == (
                        target.quantity, target.unit, target.unit_price, target.total,
                    )  # fmt: skip
                    assert (card.needed_on, card.order_by, card.late_days, card.arrives_on) == (
                        target.needed_on, target.order_by, target.late_days, target.arrives_on,
                    )  # fmt: skip
                    assert board_place(session, BUYER, line_id=line.id, by=by)[0] == target.key
                    moved += 1
                    savepoint.rollback()
                session.expire_all()
    assert moved > 30


def _acme(session: Session, lines: list[PlanLine]) -> int:
    return session.get_one(VendorItem, next(each.vendor_item_id for each in lines if each.vendor_item_id)).vendor_id


def test_only_vendors_of_the_item_take_a_line_and_those_who_cannot_say_why(session: Session) -> None:
    world = World(session)
    draft, bolt, main = a_draft(world), world.item(code="BOLT"), world.warehouse()
    acme = world.vendor("Acme").supplies(bolt, price="2", lead_days=20)
    held = world.vendor("Held", status="on_hold").supplies(bolt)
    gone = world.vendor("Gone").supplies(bolt, is_active=False)
    past = world.vendor("Past").supplies(bolt, valid_to=TODAY - timedelta(days=1))
    best = world.vendor("Best").supplies(bolt, pack=10, price="15", lead_days=40)
    world.vendor("Other").supplies(world.item())
    line = draft.line(bolt, main, acme, 25, price=Decimal(2))
    found = board_targets(session, BUYER, line_id=line.id, by=By.VENDORS)
    assert found.why_not == ""
    by_key = {each.key: each for each in found.targets}
    assert set(by_key) == {str(each.id) for each in (acme, held, gone, past, best)}
    assert by_key[str(acme.id)].is_here
    assert by_key[str(held.id)].why_not == "Held takes no new orders: on hold."
    assert by_key[str(gone.id)].why_not == "Gone no longer offers it."
    assert (
        by_key[str(past.id)].why_not == f"Past offered it until {shown_date(TODAY - timedelta(days=1), BUYER.locale)}."
    )
    there = by_key[str(best.id)]
    assert (there.quantity, there.unit_price, there.total, there.late_days) == (3, Decimal(15), Decimal(45), 10)
    assert (there.arrives_on, there.later_days) == (TODAY + timedelta(days=40), 10)


def test_a_week_takes_a_line_on_the_suggested_day_or_the_same_weekday_and_never_before_the_run(
    session: Session,
) -> None:
    world = World(session)
    as_of = MONDAY + timedelta(days=2)
    draft, bolt, main = a_draft(world, as_of=as_of), world.item(), world.warehouse()
    acme = world.vendor().supplies(bolt)
    line = draft.line(bolt, main, acme, 5, needed_on=MONDAY + timedelta(days=17))  # a Thursday
    line.needed_on = MONDAY + timedelta(days=22)  # moved to a Tuesday
    session.flush()
    found = board_targets(session, BUYER, line_id=line.id, by=By.WEEKS)
    days = {each.key: each for each in found.targets}

    def week(number: int) -> Any:
        return days[(MONDAY + timedelta(weeks=number)).isoformat()]

    assert week(0).needed_on == as_of
    assert week(1).needed_on == MONDAY + timedelta(days=8)
    assert week(2).needed_on == MONDAY + timedelta(days=17)
    assert week(3).is_here
    assert week(1).later_days == -8  # needed on the tenth, there a day later


def test_a_week_that_is_over_and_a_line_that_is_decided_say_so(session: Session) -> None:
    world = World(session)
    draft, bolt, main = a_draft(world), world.item(), world.warehouse()
    acme = world.vendor().supplies(bolt)
    past = draft.line(bolt, main, acme, 5, needed_on=MONDAY - timedelta(days=3))
    line = draft.line(bolt, main, acme, 5)
    first = board_targets(session, BUYER, line_id=line.id, by=By.WEEKS).targets[0]
    assert (first.key, first.why_not) == ((MONDAY - timedelta(weeks=1)).isoformat(), "That week is over.")
    assert board_targets(session, BUYER, line_id=past.id, by=By.WEEKS).targets[0].is_here
    line.is_locked = True
    session.flush()
    assert "locked" in board_targets(session, BUYER, line_id=line.id, by=By.WEEKS).why_not
    line.is_locked, line.state, line.left_out_reason = False, "left_out", "Not now"
    session.flush()
    assert "decided already" in board_targets(session, BUYER, line_id=line.id, by=By.VENDORS).why_not


@pytest.mark.rule("PLAN-14")
def test_the_balance_of_an_item_counts_plan_lines_from_the_day_they_really_come(session: Session) -> None:
    world = World(session)
    draft, bolt, main = a_draft(world), world.item(safety_stock=Decimal(4)), world.warehouse()
    acme = world.vendor().supplies(bolt, pack=10)

    def need(days: int, gross: int, projected: int) -> None:
        world.add(
            PlanningRequirement(
                run_id=draft.run.id, item_id=bolt.id, warehouse_id=main.id, on_date=TODAY + timedelta(days=days),
                gross=Decimal(gross), scheduled_receipts=Decimal(0), projected=Decimal(projected), shortage=Decimal(0),
            )
        )  # fmt: skip

    need(5, 6, 14)  # twenty on hand
    need(10, 12, 2)
    need(20, 12, -10)
    draft.line(bolt, main, acme, 1, needed_on=TODAY + timedelta(days=10))
    late = draft.line(bolt, main, acme, 1, needed_on=TODAY + timedelta(days=20), arrives_on=TODAY + timedelta(days=25))
    draft.line(bolt, main, acme, 9, state="left_out", left_out_reason="Not now")
    found = item_balance(session, BUYER, run_id=draft.run.id, item_id=bolt.id, warehouse_id=main.id)
    assert found is not None
    assert [((on - TODAY).days, left) for on, left in found.points] == [(5, 14), (10, 12), (20, 0), (25, 10)]
    assert (found.lowest, (found.lowest_on - TODAY).days, found.below_on) == (0, 20, TODAY + timedelta(days=20))
    late.arrives_on = TODAY + timedelta(days=12)
    session.flush()
    again = item_balance(session, BUYER, run_id=draft.run.id, item_id=bolt.id, warehouse_id=main.id)
    assert again is not None
    assert (again.lowest, again.below_on) == (10, None)
    assert item_balance(session, BUYER, run_id=draft.run.id, item_id=bolt.id, warehouse_id=main.id + 999) is None


def test_nobody_sees_the_board_who_may_not_see_plans(session: Session) -> None:
    draft = a_draft(World(session))
    stranger = Actor(user_id=None, name="sales", roles=frozenset({Role.VENDOR}))
    asked: list[Callable[[], object]] = [
        lambda: board_columns(session, stranger, run_id=draft.run.id, by=By.VENDORS, today=TODAY),
        lambda: board_cards(session, stranger, run_id=draft.run.id, by=By.VENDORS, column="0"),
        lambda: board_targets(session, stranger, line_id=1, by=By.VENDORS),
        lambda: item_balance(session, stranger, run_id=1, item_id=1, warehouse_id=1),
        lambda: last_change(session, stranger, line_id=1),
    ]
    for each in asked:
        with pytest.raises(Refused) as refused:
            each()
        assert refused.value.code == "access.not-allowed"


@pytest.mark.parametrize(
    ("by", "column"), [(By.VENDORS, "x"), (By.VENDORS, "9" * 30), (By.WEEKS, "9999-12-31"), (By.WEEKS, "")]
)
def test_a_column_that_is_none_is_refused(session: Session, by: By, column: str) -> None:
    draft = a_draft(World(session))
    with pytest.raises(Unreadable):
        board_cards(session, BUYER, run_id=draft.run.id, by=by, column=column)
    with pytest.raises(NotFound):
        board_columns(session, BUYER, run_id=draft.run.id + 999, by=by, today=TODAY)


def test_the_board_asks_a_fixed_number_of_questions_however_many_lines(session: Session) -> None:
    world = World(session)
    sent: list[int] = []
    for lines in (10, 80):
        draft = a_drawn_draft(world, lines, lines=lines)
        with statements(session) as said:
            columns = board_columns(session, BUYER, run_id=draft.run.id, by=By.VENDORS, today=TODAY)
            board_cards(session, BUYER, run_id=draft.run.id, by=By.VENDORS, column=columns[-1].key)
            board_targets(session, BUYER, line_id=draft.lines[0].id, by=By.WEEKS)
        sent.append(len(said))
    assert max(sent) <= 18
    assert asdict(columns[0])["lines"] > 0
