"""The long grid of sold lines: however it looks rows up, it finds what looking at every row finds."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session

from buyside.domain.access import OPERATOR
from buyside.queries.demand import SALES_LINE_ROWS
from buyside.queries.rows import RowsWanted, grid_page
from tests.world import TODAY, World

ROW_BY_ROW = replace(SALES_LINE_ROWS, keys_first=False, keys_found=None)


@pytest.fixture
def sold(session: Session) -> Session:
    """Sixty lines of customers and variants with texts that overlap, and with what is a wildcard elsewhere."""
    world = World(session)
    world.organisation()
    main = world.warehouse()
    variants = [world.variant(name) for name in ("Oak table", "Oak 100% chair", "Pine_shelf", "Lamp\\shade")]
    customers = ("Oakley", "Pine & Co", "50% off", "A_B", "Back\\slash")
    for number in range(20):
        lines = [(variants[(number + k) % 4], 1 + number % 3, TODAY + timedelta(days=number % 7)) for k in range(3)]
        world.sales_order(main, *lines, customer=customers[number % 5], status=("approved", "cancelled")[number % 2])
    return session


def _pages(session: Session, **wanted: Any) -> list[list[dict[str, Any]]]:
    asked = RowsWanted(**wanted)
    return [
        grid_page(session, OPERATOR, source=each, wanted=asked, today=TODAY).rows
        for each in (SALES_LINE_ROWS, ROW_BY_ROW)
    ]


@pytest.mark.parametrize(
    "word", ["oak", "OAK chair", "100%", "%", "_", "\\", "pine_", "oakley table", "SO-", "zzz", "'"]
)
def test_the_quick_filter_finds_what_looking_at_every_row_finds(sold: Session, word: str) -> None:
    found, expected = _pages(sold, quick=word)
    assert found == expected
    assert bool(found) == (word not in {"zzz", "'"})


@pytest.mark.parametrize("column", [each.name for each in SALES_LINE_ROWS.columns])
@pytest.mark.parametrize("direction", ["asc", "desc"])
def test_keys_found_first_give_the_same_pages(sold: Session, column: str, direction: str) -> None:
    sort = ((column, direction),)
    first, expected = _pages(sold, sort=sort, end=25)
    assert first == expected
    after = grid_page(sold, OPERATOR, source=SALES_LINE_ROWS, wanted=RowsWanted(sort=sort, end=25), today=TODAY).after
    second, expected = _pages(sold, sort=sort, start=25, end=50, after=after)
    assert second == expected == _pages(sold, sort=sort, start=25, end=50)[0]
    assert not {row["id"] for row in first} & {row["id"] for row in second}


def test_a_count_of_all_lines_looks_at_their_table_only(sold: Session) -> None:
    base = SALES_LINE_ROWS.rows(OPERATOR).subquery()
    counted = str(base.select().with_only_columns(base.c.id).compile(compile_kwargs={"literal_binds": True}))
    plan = "\n".join(sold.execute(text(f"EXPLAIN {counted}")).scalars())
    assert "sales_order_line" in plan
    assert "Join" not in plan
    assert "Nested Loop" not in plan
