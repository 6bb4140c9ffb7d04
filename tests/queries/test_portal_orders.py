"""A vendor reads the orders that were issued to it, under the portal's own login, and nothing else of anybody."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict, replace
from datetime import timedelta
from decimal import Decimal
from statistics import median
from time import perf_counter
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from sqlmodel import Session

from buyside.documents.order_paper import Standing, order_pdf
from buyside.domain.access import Actor, Role
from buyside.domain.refusals import NotAllowed, NotFound, Unreadable
from buyside.queries.portal_grids import GRIDS
from buyside.queries.portal_orders import PORTAL_ORDER_ROWS, portal_order, portal_orders_in_reach, portal_paper
from buyside.queries.portal_vendors import portal_reach
from buyside.queries.rows import RowsWanted, portal_grid_page, portal_grid_rows
from tests.conftest import Database
from tests.portal_world import FOREIGN, INTERNAL, PortalWorld, as_vendor, sign_in, write
from tests.world import TODAY, World

Opens = Callable[[int], AbstractContextManager[tuple[Session, Actor]]]


@pytest.fixture(scope="module")
def story(database: Database) -> PortalWorld:
    with World.open() as world:
        return write(world)


@pytest.fixture
def acting(database: Database) -> Opens:
    """Opens a portal session of a user: `with acting(story.of_both) as (session, actor)`."""
    return lambda user_id: as_vendor(database.portal_url, sign_in(user_id))


def _rows(session: Session, actor: Actor, vendor: str, **wanted: Any) -> list[dict[str, Any]]:
    asked = RowsWanted(scope={"vendor": vendor}, **wanted)
    return portal_grid_page(session, actor, source=PORTAL_ORDER_ROWS, wanted=asked, today=TODAY).rows


def _text(value: Any) -> str:
    return json.dumps(value, default=str)


@pytest.mark.rule("POR-1")
def test_a_person_of_two_vendors_reads_the_orders_of_each_and_of_no_other(story: PortalWorld, acting: Opens) -> None:
    with acting(story.of_both) as (session, actor):
        reach = portal_reach(session, actor)
        assert reach.buyer == "Own Works Ltd"
        assert [(each.code, each.name) for each in reach.vendors] == [
            (story.acme, "Acme Metals"),
            (story.beta, "Beta Parts"),
        ]
        assert [row["number"] for row in _rows(session, actor, story.acme)] == [story.order, story.old_order]
        assert [row["number"] for row in _rows(session, actor, story.beta)] == [story.beta_order]
        assert _rows(session, actor, story.foreign) == _rows(session, actor, "NO-SUCH-VENDOR") == []
    with acting(story.of_acme) as (session, actor):
        assert [each.code for each in portal_reach(session, actor).vendors] == [story.acme]
        assert _rows(session, actor, story.beta) == []


@pytest.mark.rule("POR-1")
def test_a_row_says_how_far_the_order_is(story: PortalWorld, acting: Opens) -> None:
    with acting(story.of_acme) as (session, actor):
        new, old = _rows(session, actor, story.acme)
    assert (new["id"], new["revision"], new["issued_on"], new["title"]) == (
        story.order, 2, (TODAY + timedelta(days=1)).isoformat(), "Spring steel, changed",
    )  # fmt: skip
    assert (new["state"], new["received_percent"], new["open_percent"]) == ("partly_received", "25", "75")
    assert (new["expected_on"], Decimal(new["total"]), new["currency"]) == (
        (TODAY + timedelta(days=7)).isoformat(), Decimal(30), "EUR",
    )  # fmt: skip
    assert (old["revision"], old["issued_on"]) == (None, (TODAY - timedelta(days=90)).isoformat())


@pytest.mark.rule("POR-3")
def test_rows_carry_business_numbers_and_nothing_that_counts(story: PortalWorld, acting: Opens) -> None:
    with acting(story.of_acme) as (session, actor):
        row = _rows(session, actor, story.acme)[0]
        again = portal_grid_rows(
            session, actor, source=PORTAL_ORDER_ROWS,
            ids=(story.order, story.foreign_order, story.draft, "x"), scope={"vendor": story.acme},
        )  # fmt: skip
    assert row["id"] == row["number"]
    assert set(row) == {each.name for each in PORTAL_ORDER_ROWS.columns} | {"id", "shown"}
    assert [each["number"] for each in again] == [story.order]


@pytest.mark.rule("POR-1")
def test_lists_are_of_one_vendor_and_say_so(story: PortalWorld, acting: Opens) -> None:
    with acting(story.of_both) as (session, actor), pytest.raises(Unreadable):
        portal_grid_page(session, actor, source=PORTAL_ORDER_ROWS, wanted=RowsWanted(), today=TODAY)


@pytest.mark.parametrize(
    "wanted",
    [
        *({"sort": ((column.name, way),)} for column in PORTAL_ORDER_ROWS.columns for way in ("asc", "desc")),
        {"quick": "spring"},
        {"filters": {"state": {"type": "in", "values": ["partly_received"]}}},
        {"filters": {"expected_on": {"type": "lessThan", "dateFrom": "today+10"}}, "quick": "steel"},
        {"filters": {"received_percent": {"type": "lessThan", "filter": "100"}}},
        {"start": 1000, "end": 1100},
    ],
    ids=str,
)
def test_the_list_sorts_filters_and_pages_with_what_the_login_may_read(
    story: PortalWorld, acting: Opens, wanted: dict[str, Any]
) -> None:
    with acting(story.of_acme) as (session, actor):
        found = {row["number"] for row in _rows(session, actor, story.acme, **wanted)}
    assert found <= {story.order, story.old_order}
    assert (story.order in found) is ("start" not in wanted)


@pytest.mark.rule("PO-6")
def test_an_order_shows_its_paper_as_issued_and_how_far_each_line_is(story: PortalWorld, acting: Opens) -> None:
    with acting(story.of_acme) as (session, actor):
        order = portal_order(session, actor, number=story.order)
        first = portal_order(session, actor, number=story.order, revision=1)
    assert (order.vendor_code, order.state, order.revision) == (story.acme, "partly_received", 2)
    assert [each.revision for each in order.revisions] == [2, 1]
    assert order.paper["title"] == "Spring steel, changed"
    assert order.paper["vendor"]["name"] == "Acme Metals"
    assert [(each["line"], each["quantity"], each["total"]) for each in order.paper["lines"]] == [
        (1, "10", "25"),
        (2, "4", "5"),
    ]
    assert [(each.line_number, each.received_quantity, each.rejected_quantity) for each in order.lines] == [
        (1, Decimal(5), Decimal(1)),
        (2, Decimal(0), Decimal(0)),
    ]
    assert (first.revision, first.paper["title"]) == (1, "Spring steel")


@pytest.mark.rule("POR-1")
def test_an_order_from_before_papers_were_kept_shows_as_it_stands(story: PortalWorld, acting: Opens) -> None:
    with acting(story.of_acme) as (session, actor):
        order = portal_order(session, actor, number=story.old_order)
        kept = portal_order(session, actor, number=story.order)
        with pytest.raises(NotFound):
            portal_paper(session, actor, number=story.old_order, revision=None)
    assert (order.revision, order.revisions) == (0, ())
    assert order.paper["buyer"] == {"name": "Own Works Ltd"}
    assert [(each["line"], Decimal(each["total"])) for each in order.paper["lines"]] == [(1, Decimal(6))]
    missing = {"form"}  # the form of frozen content is nothing that a paper shows
    assert set(kept.paper) - missing == set(order.paper)
    for part in ("vendor", "bill_to", "ship_to", "terms", "foot", "currency"):
        assert set(order.paper[part]) <= set(kept.paper[part]), part
        assert set(kept.paper[part]) - set(order.paper[part]) <= {"language", "email"}, part
    assert set(order.paper["lines"][0]) == set(kept.paper["lines"][0])


@pytest.mark.rule("POR-2")
def test_a_paper_is_set_from_the_vendors_copy(story: PortalWorld, acting: Opens) -> None:
    with acting(story.of_acme) as (session, actor):
        latest = portal_paper(session, actor, number=story.order, revision=None)
        first = portal_paper(session, actor, number=story.order, revision=1)
        with pytest.raises(NotFound):
            portal_paper(session, actor, number=story.order, revision=3)
    assert (latest.standing, first.standing) == (Standing.IN_FORCE, Standing.REPLACED)
    assert latest.file_name == f"purchase-order-{story.order.replace(' ', '-')}-2.pdf"
    assert order_pdf(latest).startswith(b"%PDF")


@pytest.mark.rule("POR-3")
def test_nothing_internal_and_nothing_foreign_is_in_what_a_vendor_gets(story: PortalWorld, acting: Opens) -> None:
    with acting(story.of_both) as (session, actor):
        got: list[Any] = [asdict(portal_reach(session, actor))]
        for vendor in (story.acme, story.beta, story.foreign):
            got += [_rows(session, actor, vendor)]
        for number in (story.order, story.old_order, story.beta_order):
            got += [asdict(portal_order(session, actor, number=number))]
        got += [portal_paper(session, actor, number=story.order, revision=1).content]
    said = _text(got)
    assert FOREIGN not in said
    assert INTERNAL not in said
    needed = [(TODAY + timedelta(days=30 + line)).isoformat() for line in (1, 2)]
    assert not [word for word in (*needed, "needed", "receivable", "order_by", "internal") if word in said]
    assert "Acme Metals" in said


@pytest.mark.rule("POR-3")
@pytest.mark.parametrize("ask", [portal_order, portal_paper])
@pytest.mark.parametrize("revision", [None, 1, 2, 77])
def test_what_is_foreign_not_issued_or_absent_is_refused_alike(
    story: PortalWorld, acting: Opens, ask: Any, revision: int | None
) -> None:
    answers = set()
    with acting(story.of_both) as (session, actor):
        for number in (
            story.foreign_order,
            story.draft,
            "NO-SUCH-ORDER",
            "",
            "'; drop table x",
            "ü" * 500,
            "a\0b",
            "\ud800",
        ):
            with pytest.raises(NotFound) as refused:
                ask(session, actor, number=number, revision=revision)
            answers.add((refused.value.code, str(refused.value), refused.value.field, str(refused.value.details)))
    assert answers == {("access.not-found", "There is no such purchase order.", "", "{'kind': 'purchase order'}")}


@pytest.mark.rule("POR-3")
def test_what_is_foreign_takes_as_long_as_what_is_absent(story: PortalWorld, acting: Opens) -> None:
    taken: dict[str, list[float]] = {story.foreign_order: [], "NO-SUCH-ORDER": []}
    with acting(story.of_both) as (session, actor):
        for _ in range(60):
            for number, times in taken.items():
                begun = perf_counter()
                with pytest.raises(NotFound):
                    portal_order(session, actor, number=number)
                times.append(perf_counter() - begun)
    foreign, absent = (median(times) for times in taken.values())
    assert abs(foreign - absent) < 0.005


@pytest.mark.rule("ACC-5")
def test_the_database_says_no_where_a_query_forgets_to(story: PortalWorld, acting: Opens) -> None:
    """The reach of the query is widened to every vendor that there may be: the policies alone decide then."""
    with acting(story.of_acme) as (session, actor):
        careless = replace(actor, vendor_ids=frozenset(range(1, 10_000)))
        found = session.execute(portal_orders_in_reach(careless)).mappings().all()
        assert {row["number"] for row in found} == {story.order, story.old_order}
        with pytest.raises(NotFound):
            portal_order(session, careless, number=story.foreign_order)
        assert [each.code for each in portal_reach(session, careless).vendors] == [story.acme]


@pytest.mark.rule("ACC-5")
def test_the_query_says_no_where_the_database_would_forget_to(story: PortalWorld, session: Session) -> None:
    """The same queries under a login that may read everything still keep to the actor's vendors."""
    nobody = Actor(user_id=story.of_acme, name="Ada One", roles=frozenset({Role.VENDOR}))
    assert portal_reach(session, nobody).vendors == ()
    for source in GRIDS:
        assert session.execute(source.rows(nobody)).all() == []
    with pytest.raises(NotFound):
        portal_order(session, nobody, number=story.order)


@pytest.mark.rule("ACC-5")
def test_without_a_living_session_there_is_nothing(story: PortalWorld, database: Database, acting: Opens) -> None:
    with acting(story.of_both) as (session, actor):
        session.execute(text("SELECT set_config('app.session', '', true)"))
        assert [_rows(session, actor, vendor) for vendor in (story.acme, story.beta)] == [[], []]
        with pytest.raises(NotFound):
            portal_order(session, actor, number=story.order)
        assert portal_reach(session, actor) == portal_reach(session, replace(actor, vendor_ids=frozenset()))
    with pytest.raises(AssertionError), as_vendor(database.portal_url, sign_in(story.of_nobody)):
        pass


@pytest.mark.rule("ACC-5")
@pytest.mark.parametrize(
    "statement",
    [
        "SELECT internal_notes FROM purchase_order",
        "SELECT content FROM purchase_order_snapshot",
        "SELECT needed_on FROM purchase_order_line",
        "SELECT receivable_quantity FROM purchase_order_line",
        "SELECT email FROM vendor",
        "SELECT * FROM purchase_order",
        "SELECT 1 FROM vendor_membership",
        "SELECT 1 FROM sales_order",
    ],
)
def test_the_login_cannot_read_what_no_vendor_sees(story: PortalWorld, acting: Opens, statement: str) -> None:
    with acting(story.of_both) as (session, _), pytest.raises(ProgrammingError, match="permission denied"):
        session.execute(text(statement))


@pytest.mark.rule("ACC-3")
def test_people_of_the_house_do_not_read_through_the_portal(story: PortalWorld, session: Session) -> None:
    buyer = Actor(user_id=1, name="Bea", roles=frozenset({Role.BUYER}))
    for ask in (
        lambda: portal_reach(session, buyer),
        lambda: portal_order(session, buyer, number=story.order),
        lambda: portal_paper(session, buyer, number=story.order, revision=None),
        lambda: _rows(session, buyer, story.acme),
    ):
        with pytest.raises(NotAllowed):
            ask()
