"""A grid pages, sorts, filters, counts and exports; names and operators come from closed lists."""

from collections import OrderedDict
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from sqlalchemy import Date, Integer, Numeric, Select, case, cast, func, literal, select
from sqlmodel import Session

from buyside.documents.table_writes import csv_cell
from buyside.domain.access import Actor, Permission, Role
from buyside.domain.refusals import Refused
from buyside.domain.table_texts import unescaped
from buyside.domain.words import Kind
from buyside.queries import rows
from buyside.queries.rows import GridSource, RowColumn, RowsWanted, grid_csv, grid_page, grid_rows, grid_xlsx

BUYER = Actor(user_id=1, name="Bea", roles=frozenset({Role.BUYER}))
GERMAN = Actor(user_id=2, name="Gerd", roles=frozenset({Role.BUYER}), locale="de_DE")
SALES = Actor(user_id=3, name="Sam", roles=frozenset({Role.SALES}))
TODAY = date(2026, 11, 3)
MANY = 2500


def _numbers(actor: Actor) -> Select[Any]:
    """2,500 made rows: i, its name, a quantity that repeats, a date that is sometimes missing."""
    i = func.generate_series(1, MANY).column_valued("i")
    number = cast(i, Integer)
    return select(
        number.label("id"),
        (literal("Part ") + func.lpad(func.cast(number, type_=literal("").type), 4, "0")).label("name"),
        (cast(number % 7, Numeric(18, 6)) / 2).label("quantity"),
        func.nullif(cast(literal(TODAY), Date) + number % 10 - 5, cast(literal(TODAY), Date)).label("needed_on"),
        func.substr("ABC", number % 3 + 1, 1).label("state"),
        (number % 2 == 0).label("is_late"),
    )


ROWS = GridSource(
    "numbers",
    Permission.ORDER_VIEW,
    _numbers,
    columns=(
        RowColumn("id", Kind.KEY),
        RowColumn("name", searched=True, required=True),
        RowColumn("quantity", Kind.QUANTITY, required=True),
        RowColumn("needed_on", Kind.DATE),
        RowColumn("state", Kind.STATUS, required=True),
        RowColumn("is_late", Kind.FLAG, required=True),
    ),
    order=(("name", "asc"),),
    scopes=("state",),
)


def _page(session: Session, actor: Actor = BUYER, **wanted: Any) -> Any:
    return grid_page(session, actor, source=ROWS, wanted=RowsWanted(**wanted), today=TODAY)


def _every_id(session: Session, **wanted: Any) -> list[str]:
    """All rows, page after page, as a scrolling grid asks for them."""
    found: list[str] = []
    after = ""
    while True:
        page = _page(session, start=len(found), end=len(found) + 100, after=after, **wanted)
        found += [row["id"] for row in page.rows]
        after = page.after
        if len(found) >= page.total:
            return found


@pytest.mark.parametrize(
    "sort",
    [
        (),
        (("quantity", "asc"),),
        (("quantity", "desc"),),
        (("needed_on", "asc"),),
        (("needed_on", "desc"), ("quantity", "asc")),
        (("needed_on", "desc"), ("quantity", "desc")),
        (("quantity", "desc"), ("needed_on", "asc")),
        (("state", "asc"), ("quantity", "desc")),
    ],
)
def test_every_row_shows_exactly_once_however_it_is_sorted(session: Session, sort: Any) -> None:
    ids = _every_id(session, sort=sort)
    assert len(ids) == MANY
    assert len(set(ids)) == MANY
    made = _numbers(BUYER).subquery("made")
    order = [
        made.c[name].asc().nulls_last() if direction == "asc" else made.c[name].desc().nulls_last()
        for name, direction in sort or (("name", "asc"),)
    ]
    up = (sort or (("name", "asc"),))[-1][1] == "asc"
    whole = session.execute(select(made.c.id).order_by(*order, made.c.id.asc() if up else made.c.id.desc())).scalars()
    assert ids == [str(each) for each in whole]


@pytest.mark.parametrize(
    "sort", [(("quantity", "asc"),), (("needed_on", "desc"),), (("state", "asc"), ("quantity", "desc"))]
)
def test_a_page_goes_on_behind_the_last_row_seen_whatever_went_before_it(session: Session, sort: Any) -> None:
    """Rows that are narrowed away above, as if somebody had just ordered them, neither hide nor repeat any below."""
    first = _page(session, start=0, end=100, sort=sort)
    second = _page(session, start=100, end=200, sort=sort, after=first.after)
    gone = [int(row["id"]) for row in first.rows[:-1]]

    def fewer(actor: Actor) -> Select[Any]:
        made = _numbers(actor).subquery("made")
        return select(made).where(made.c.id.not_in(gone))

    wanted = RowsWanted(start=100, end=200, sort=sort, after=first.after)
    assert grid_page(session, BUYER, source=replace(ROWS, rows=fewer), wanted=wanted, today=TODAY).rows == second.rows


def test_pages_by_cursor_and_pages_by_position_are_the_same(session: Session) -> None:
    first = _page(session, start=0, end=100, sort=(("quantity", "desc"),))
    assert first.after
    by_cursor = _page(session, start=100, end=200, sort=(("quantity", "desc"),), after=first.after)
    by_position = _page(session, start=100, end=200, sort=(("quantity", "desc"),))
    assert by_cursor.rows == by_position.rows
    deep = _page(session, start=2000, end=2100, sort=(("quantity", "desc"),))
    assert len({row["id"] for row in deep.rows}) == 100


def test_pages_further_down_believe_the_count_of_the_first(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    kept: Any = OrderedDict()
    monkeypatch.setattr(rows, "_counts", kept)
    monkeypatch.setattr(rows, "_DEAR_COUNT", 60.0)
    assert _page(session).total == MANY
    [(known, counted)] = kept.items()
    kept[known] = replace(counted, total=MANY + 1)
    assert _page(session, start=100, end=200).total == MANY + 1
    assert _page(session, start=100, end=200, quick="0100").total == 1  # another filter, another count
    assert _page(session).total == MANY
    kept[known] = replace(counted, total=MANY + 1, at=counted.at - 31)
    assert _page(session, start=100, end=200).total == MANY


def test_rows_carry_raw_values_and_texts_in_the_readers_locale(session: Session) -> None:
    row = _page(session, GERMAN, start=0, end=1).rows[0]
    assert row["quantity"] == "0.5"
    assert row["shown"]["quantity"] == "0,5"
    assert row["needed_on"] == "2026-10-30"
    assert row["shown"]["needed_on"] == "30. Okt. 2026"
    assert row["is_late"] is False


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        ({"name": {"type": "contains", "filter": "001"}}, 13),
        ({"name": {"type": "startsWith", "filter": "part 25"}}, 1),
        ({"name": {"type": "contains", "filter": "%"}}, 0),
        ({"quantity": {"type": "equals", "filter": "0.5"}}, 358),
        ({"quantity": {"type": "greaterThan", "filter": 2}}, 714),
        ({"quantity": {"type": "inRange", "filter": "0.5", "filterTo": "1"}}, 715),
        ({"needed_on": {"type": "lessThan", "dateFrom": "today"}}, 1250),
        ({"needed_on": {"type": "equals", "dateFrom": "2026-11-04 00:00:00"}}, 250),
        ({"needed_on": {"type": "blank"}}, 250),
        ({"state": {"type": "in", "values": ["A", "B"]}}, 1667),
        ({"is_late": {"type": "in", "values": ["true"]}}, 1250),
    ],
)
def test_filters_keep_what_they_say(session: Session, filters: Any, count: int) -> None:
    assert _page(session, filters=filters).total == count


def test_the_quick_filter_wants_every_word(session: Session) -> None:
    assert _page(session, quick="part 12").total == 154
    assert _page(session, quick="part nothing").total == 0


def test_a_scope_fixes_a_column_and_only_a_named_one(session: Session) -> None:
    assert _page(session, scope={"state": "A"}).total == 833
    with pytest.raises(Refused) as refused:
        _page(session, scope={"quantity": "1"})
    assert refused.value.code == "general.unreadable"


@pytest.mark.parametrize(
    "wanted",
    [
        {"sort": (("name; drop table item", "asc"),)},
        {"sort": (("name", "asc; drop table item"),)},
        {"filters": {"secret": {"type": "equals", "filter": "1"}}},
        {"filters": {"name": {"type": "regex", "filter": ".*"}}},
        {"filters": {"name": {"type": "contains", "filter": ["a"]}}},
        {"filters": {"name": {"type": "contains", "filter": "x" * 300}}},
        {"filters": {"name": {"type": "contains", "filter": "a\0b"}}},
        {"filters": {"name": "x"}},
        {"filters": {"quantity": {"type": "equals", "filter": "NaN"}}},
        {"filters": {"quantity": {"type": "equals", "filter": True}}},
        {"filters": {"quantity": {"type": "equals", "filter": "1e400"}}},
        {"filters": {"needed_on": {"type": "equals", "dateFrom": "31/02"}}},
        {"filters": {"state": {"type": "in", "values": []}}},
        {"filters": {"state": {"type": "in", "values": [{"a": 1}]}}},
        {"start": -1},
        {"start": 0, "end": 5000},
        {"start": 600_000, "end": 600_100},
        {"after": "[1]"},
        {"after": "nonsense"},
        {"after": '["Part 0100", "x"]'},
        {"after": '["\\ud800", 1]'},
    ],
)
def test_what_is_not_on_the_lists_is_refused(session: Session, wanted: dict[str, Any]) -> None:
    with pytest.raises(Refused) as refused:
        _page(session, **wanted)
    assert refused.value.code == "general.unreadable"


def test_a_value_is_never_sql(session: Session) -> None:
    assert _page(session, quick="' or 1=1 --").total == 0
    assert _page(session, filters={"name": {"type": "equals", "filter": "' or '1'='1"}}).total == 0


@pytest.mark.rule("ACC-3")
def test_a_grid_needs_its_own_permission(session: Session) -> None:
    for ask in (
        lambda: _page(session, SALES),
        lambda: grid_rows(session, SALES, source=ROWS, ids=("1",), scope={}),
        lambda: grid_csv(session, SALES, source=ROWS, wanted=RowsWanted(), today=TODAY),
    ):
        with pytest.raises(Refused) as refused:
            ask()
        assert refused.value.code == "access.not-allowed"


def test_single_rows_are_fetched_again_by_key(session: Session) -> None:
    rows = grid_rows(session, BUYER, source=ROWS, ids=("7", "9", "999999"), scope={})
    assert {row["id"] for row in rows} == {"7", "9"}
    with pytest.raises(Refused):
        grid_rows(session, BUYER, source=ROWS, ids=("1; drop",), scope={})


def test_the_export_has_all_rows_of_the_filter_with_plain_values(session: Session) -> None:
    with grid_csv(
        session,
        GERMAN,
        source=ROWS,
        wanted=RowsWanted(filters={"quantity": {"type": "equals", "filter": "0.5"}}),
        today=TODAY,
    ) as file:
        lines = file.read().decode().splitlines()
    assert lines[0] == "name,quantity,needed_on,state,is_late"
    assert lines[1] == "Part 0001,0.5,2026-10-30,B,false"
    assert len(lines) == 359


@pytest.mark.rule("VEN-5")
def test_a_workbook_holds_numbers_as_numbers_dates_as_dates_and_texts_as_texts(session: Session) -> None:
    wanted = RowsWanted(filters={"quantity": {"type": "equals", "filter": "0.5"}})
    with grid_xlsx(session, GERMAN, source=ROWS, wanted=wanted, today=TODAY) as file:
        [header, first, *rest] = openpyxl.load_workbook(file).active.iter_rows()  # type: ignore[union-attr]
    assert [each.value for each in header] == ["name", "quantity", "needed_on", "state", "is_late"]
    assert [each.value for each in first] == ["Part 0001", 0.5, datetime(2026, 10, 30), "B", False]  # noqa: DTZ001 - as read
    assert [each.data_type for each in first] == ["s", "n", "d", "s", "b"]
    assert len(rest) == 357


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "\nx", "'=1+1", "''@x", "＝1+1"])
def test_no_exported_text_is_a_formula(text: str) -> None:
    assert csv_cell(text) == f"'{text}"
    assert unescaped(csv_cell(text)) == text
    assert csv_cell(Decimal("-1.50")) == "-1.5"


def test_money_and_prices_have_the_decimals_of_their_currency(session: Session) -> None:
    def priced(_actor: Actor) -> Select[Any]:
        i = cast(func.generate_series(1, 3).column_valued("i"), Integer)
        currency = case((i == 1, "EUR"), (i == 2, "JPY"), else_="")
        return select(
            i.label("id"),
            cast(literal("1234.5"), Numeric(18, 6)).label("total"),
            cast(literal("0.0125"), Numeric(18, 6)).label("fine"),
            cast(literal("300"), Numeric(18, 6)).label("unit_price"),
            currency.label("currency"),
        )

    of = {"currency": "currency"}
    source = GridSource(
        "priced",
        Permission.ORDER_VIEW,
        priced,
        columns=(
            RowColumn("total", Kind.MONEY, **of),
            *(RowColumn(name, Kind.PRICE, **of) for name in ("fine", "unit_price")),
            RowColumn("currency"),
        ),
        order=(),
    )
    page = grid_page(session, GERMAN, source=source, wanted=RowsWanted(), today=TODAY)
    shown = {row["currency"]: [row["shown"][name] for name in ("total", "fine", "unit_price")] for row in page.rows}
    assert shown["EUR"] == ["1.234,50", "0,0125", "300,00"]
    assert shown["JPY"] == ["1.235", "0,0125", "300"]
    assert shown[""] == ["1.234,50", "0,0125", "300,00"]  # no currency yet
