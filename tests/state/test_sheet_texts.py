"""What people type into cells becomes canonical text, in their own locale; and what stands there is written for them (INT-3)."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buyside.domain.item_sheets import ITEM_SHEET
from buyside.domain.locales import known_locales, shown_number
from buyside.domain.order_days import WEEKDAYS
from buyside.domain.refusals import Unreadable
from buyside.domain.sheet_changes import CellProblem, RowChange
from buyside.domain.sheets import Sheet, SheetColumn
from buyside.domain.vendor_sheets import PRICE_BREAK_SHEET, VENDOR_CLOSING_DAY_SHEET, VENDOR_ITEM_SHEET, VENDOR_SHEET
from buyside.state.grid import GridChange, GridSave
from buyside.state.sheet_texts import canonical, for_people, read_changes, shown


def column(sheet: Sheet, name: str) -> SheetColumn:
    found = sheet.column(name)
    assert found is not None
    return found


STOCK, PRICE = column(ITEM_SHEET, "safety_stock"), column(PRICE_BREAK_SHEET, "unit_price")
SHARE, DAYS = column(VENDOR_ITEM_SHEET, "share_percent"), column(VENDOR_ITEM_SHEET, "lead_days")
FROM, ACTIVE = column(VENDOR_ITEM_SHEET, "valid_from"), column(VENDOR_ITEM_SHEET, "is_active")
ORDER_DAYS = column(VENDOR_SHEET, "order_weekdays")
CLOSED_FROM = column(VENDOR_CLOSING_DAY_SHEET, "from_day")
STATUS, NAME = column(VENDOR_SHEET, "status"), column(VENDOR_SHEET, "name")


@pytest.mark.rule("INT-3")
@pytest.mark.parametrize(
    ("where", "typed", "locale", "read"),
    [
        (STOCK, "1,234.50", "en_GB", "1234.5"),
        (STOCK, "1.234,50", "de_DE", "1234.5"),
        (STOCK, "1\N{RIGHT SINGLE QUOTATION MARK}234.5", "de_CH", "1234.5"),
        (STOCK, "1 234,5", "fr_FR", "1234.5"),
        (STOCK, "-0", "en_GB", "0"),
        (PRICE, "0,000001", "de_DE", "0.000001"),
        (SHARE, "12,5 %", "de_DE", "12.5"),
        (SHARE, "12.5%", "en_GB", "12.5"),
        (DAYS, " 7 ", "en_GB", "7"),
        (FROM, "2026-03-04", "en_US", "2026-03-04"),
        (FROM, "03.04.26", "de_DE", "2026-04-03"),
        (FROM, "3/4/26", "en_US", "2026-03-04"),
        (FROM, "03/04/2026", "en_GB", "2026-04-03"),
        (ORDER_DAYS, "mon,thu", "de_DE", "mon,thu"),
        (ORDER_DAYS, "Thu, Mon", "de_DE", "mon,thu"),
        (ORDER_DAYS, "Mo, Do", "de_DE", "mon,thu"),
        (ORDER_DAYS, "lun., jeu", "fr_FR", "mon,thu"),
        (ORDER_DAYS, "mon,Donnersday", "de_DE", "mon,Donnersday"),
        (STATUS, "On hold", "de_DE", "On hold"),
        (ACTIVE, "Yes", "de_DE", "Yes"),
        (NAME, "  1.234,50  ", "de_DE", "1.234,50"),
        (NAME, "   ", "en_GB", ""),
        (STOCK, "", "en_GB", ""),
    ],
)
def test_a_cell_is_read_as_its_writer_means_it(where: SheetColumn, typed: str, locale: str, read: str) -> None:
    assert canonical(where, typed, locale) == read


@pytest.mark.rule("INT-3")
@pytest.mark.parametrize(
    ("where", "typed", "locale"),
    [
        (STOCK, "1,2,3", "en_GB"),
        (STOCK, "1.50", "de_DE"),
        (STOCK, "many", "en_GB"),
        (STOCK, "NaN", "en_GB"),
        (STOCK, "1e5", "en_GB"),
        (STOCK, "1" * 60, "en_GB"),
        (PRICE, "12 %", "en_GB"),
        (FROM, "soon", "en_GB"),
        (FROM, "31.02.2026", "de_DE"),
    ],
)
def test_what_can_be_meant_in_two_ways_or_none_is_not_guessed(where: SheetColumn, typed: str, locale: str) -> None:
    with pytest.raises(Unreadable):
        canonical(where, typed, locale)


@given(
    number=st.decimals(min_value=-(10**11), max_value=10**11, places=6),
    locale=st.sampled_from(["en_GB", "de_DE", "de_CH", "fr_FR", "hi_IN", "sv_SE"]),
)
def test_a_number_that_was_shown_is_read_back_exactly(number: Decimal, locale: str) -> None:
    read = canonical(STOCK, shown_number(number, locale), locale)
    assert Decimal(read) == number
    assert canonical(STOCK, shown(STOCK, read, locale), locale) == read


@pytest.mark.rule("VEN-6")
def test_order_days_are_told_by_the_readers_short_names() -> None:
    told = [shown(ORDER_DAYS, "mon,thu", locale) for locale in ("en_GB", "de_DE", "fr_FR")]
    assert told == ["Mon, Thu", "Mo, Do", "lun., jeu."]


@pytest.mark.rule("VEN-6")
def test_order_days_are_read_back_as_they_are_told_wherever_the_reader_lives_and_as_they_are_kept() -> None:
    for locale, _ in known_locales():
        for kept in (*WEEKDAYS, "tue,sun", ",".join(WEEKDAYS)):
            assert canonical(ORDER_DAYS, shown(ORDER_DAYS, kept, locale), locale) == kept, locale
            assert canonical(ORDER_DAYS, kept, locale) == kept, locale


@pytest.mark.rule("VEN-6")
def test_closing_days_are_told_and_read_as_the_reader_writes_days_of_a_year() -> None:
    assert [shown(CLOSED_FROM, "12-24", locale) for locale in ("en_US", "en_GB", "de_DE")] == [
        "Dec 24",
        "24 Dec",
        "24. Dez.",
    ]
    for locale in ("en_US", "de_DE", "fr_FR", "sv_SE", "hi_IN", "ja_JP"):
        for kept in ("02-29", "12-24", "01-02"):
            assert canonical(CLOSED_FROM, shown(CLOSED_FROM, kept, locale), locale) == kept
            assert canonical(CLOSED_FROM, kept, locale) == kept
    assert canonical(CLOSED_FROM, "13-40", "de_DE") == shown(CLOSED_FROM, "13-40", "de_DE") == "13-40"


def save(act: str, *cells: dict[str, str]) -> GridSave:
    changes = [GridChange(key=str(place), version=place, cells=each) for place, each in enumerate(cells)]
    return GridSave(request="1", act=act, changes=changes)  # type: ignore[arg-type]


def test_changes_are_read_and_every_cell_that_cannot_be_is_told() -> None:
    changes, problems = read_changes(
        ITEM_SHEET,
        save(
            "paste",
            {"name": "Bolt", "safety_stock": "1,5"},
            {"safety_stock": "x", "standard_cost": "y"},
            {"nothing": "1,5"},
        ),
        "de_DE",
    )
    assert changes[0] == RowChange(key="0", version=0, cells={"name": "Bolt", "safety_stock": "1.5"})
    assert changes[2].cells == {"nothing": "1,5"}  # further down it is refused as no column
    told = [(each.row, each.key, each.column, each.code, each.says) for each in problems]
    assert told == [
        (1, "1", "safety_stock", "general.unreadable", "“x” is not a number."),
        (1, "1", "standard_cost", "general.unreadable", "“y” is not a number."),
    ]


def test_an_undo_is_canonical_already() -> None:
    changes, problems = read_changes(ITEM_SHEET, save("undo", {"safety_stock": "1.5"}), "de_DE")
    assert changes[0].cells == {"safety_stock": "1.5"}
    assert problems == ()


def test_what_somebody_else_wrote_is_shown_in_the_readers_own_way() -> None:
    theirs = {
        "safety_stock": "1234.5",
        "is_active": "false",
        "supply": "buy",
        "name": "Bolt",
        "reorder_point": "",
        "odd": "1.5",
    }
    problem = CellProblem(row=0, key="1", column="", value="", code="general.stale", says="", theirs=theirs)
    [told] = for_people(ITEM_SHEET, (problem,), "de_DE")
    assert told.theirs == {
        "safety_stock": "1.234,5", "is_active": "No", "supply": "Buy", "name": "Bolt", "reorder_point": "", "odd": "1.5",
    }  # fmt: skip
    assert shown(FROM, date(2026, 3, 4).isoformat(), "en_GB") == "4 Mar 2026"
    assert shown(FROM, "soon", "en_GB") == "soon"
