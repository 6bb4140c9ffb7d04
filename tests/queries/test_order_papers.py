"""The paper of an order as a file: what was issued, word for word, and nothing of the house beside it."""

import io
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from pypdf import PdfReader
from sqlmodel import Session
from starlette.requests import Request

from buyside.db.orders import PurchaseOrder
from buyside.documents.order_paper import OrderPaper, Standing, order_pdf
from buyside.domain.access import Actor, Permission, Role
from buyside.domain.refusals import NotAllowed, NotFound
from buyside.ledgers.order_snapshots import freeze
from buyside.queries.order_papers import order_paper
from buyside.web import papers
from tests.world import NOW, World

MARKUP = "*bold* #panic(1) $x$ <b>&amp;</b> \\ `raw`"


def drafted(session: Session, **columns: Any) -> tuple[World, PurchaseOrder]:
    world = World(session)
    world.organisation(name="Own Works")
    bolt = world.item("Bolt")
    acme = world.vendor("Acme", legal_name="Acme Fasteners Ltd").supplies(bolt, pack=100, price="12.345")
    order, [line] = world.order(acme, world.warehouse(), (bolt, 3, "12.345"))
    for name, value in columns.items():
        setattr(order, name, value)
    line.description = MARKUP
    session.add(line)
    return world, world.add(order)


def words(pdf: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).split())


@pytest.mark.rule("PO-6")
def test_the_paper_says_what_was_issued_and_no_later_change_moves_it(session: Session) -> None:
    world, order = drafted(session, title="For March", internal_notes="we would pay more", notes="Ring twice")
    buyer = world.user(Role.BUYER)
    freeze(session, buyer, order, at=NOW)
    before = order_pdf(order_paper(session, buyer, number=order.number, revision=None))
    order.title, order.notes = "Changed", "Changed"
    world.add(order)
    session.expire_all()
    after = order_pdf(order_paper(session, buyer, number=order.number, revision=1))
    assert before == after
    said = words(after)
    for shown in (f"Purchase order {order.number}", "For March", "Acme Fasteners Ltd", "Ring twice", "12.345", "= 300"):
        assert shown in said, shown
    assert "would pay more" not in said
    assert Standing.REPLACED.value not in said


def test_text_is_shown_as_typed_and_never_run_as_markup(session: Session) -> None:
    world, order = drafted(session)
    said = words(order_pdf(order_paper(session, world.user(Role.BUYER), number=order.number, revision=None)))
    assert "".join(MARKUP.split()) in "".join(said.split())


@pytest.mark.rule("PO-7")
def test_an_earlier_revision_says_that_it_is_replaced_and_a_draft_that_it_is_one(session: Session) -> None:
    world, order = drafted(session)
    buyer = world.user(Role.BUYER)
    assert order_paper(session, buyer, number=order.number, revision=None).standing is Standing.DRAFT
    freeze(session, buyer, order, at=NOW)
    freeze(session, buyer, order, at=NOW)
    papers_found = {each: order_paper(session, buyer, number=order.number, revision=each) for each in (1, 2, None)}
    assert [each.standing for each in papers_found.values()] == [
        Standing.REPLACED,
        Standing.IN_FORCE,
        Standing.IN_FORCE,
    ]
    assert Standing.REPLACED.value in words(order_pdf(papers_found[1]))
    assert papers_found[None].file_name == f"purchase-order-{order.number}-2.pdf"


def test_an_order_that_came_issued_from_elsewhere_is_no_draft(session: Session) -> None:
    world, order = drafted(session, issued_at=NOW, ordered_on=NOW.date(), state="issued")
    paper = order_paper(session, world.user(Role.BUYER), number=order.number, revision=None)
    assert paper.standing is Standing.TAKEN_OVER
    assert Standing.TAKEN_OVER.value in words(order_pdf(paper))


@pytest.mark.rule("ACC-3")
def test_an_absent_order_or_revision_is_not_found_and_the_paper_needs_its_permission(session: Session) -> None:
    world, order = drafted(session)
    buyer = world.user(Role.BUYER)
    freeze(session, buyer, order, at=NOW)
    for number, revision in (("no such", None), (order.number, 2)):
        with pytest.raises(NotFound):
            order_paper(session, buyer, number=number, revision=revision)
    with pytest.raises(NotAllowed):
        order_paper(session, world.user(Role.RECEIVER), number=order.number, revision=None)


def test_a_hundred_lines_go_over_pages_and_the_sum_stands_at_the_end(session: Session) -> None:
    world, order = drafted(session)
    content = order_paper(session, world.user(Role.BUYER), number=order.number, revision=None).content
    [line] = content["lines"]
    long = {**content, "lines": [{**line, "line": number} for number in range(1, 101)]}
    reader = PdfReader(io.BytesIO(order_pdf(OrderPaper(long, NOW))))
    assert len(reader.pages) > 3
    assert "Unit price" in reader.pages[2].extract_text()  # the heads are repeated
    assert "Total" in reader.pages[-1].extract_text()
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]  # readable for screen readers


def test_the_number_in_a_file_name_is_harmless() -> None:
    for number, name in (('2026/A "1"\r\n', "2026-A--1"), ("../..", "paper"), ("Ä1", "1")):
        paper = OrderPaper({"number": number, "revision": 1}, NOW)
        assert paper.file_name == f"purchase-order-{name}-1.pdf"


def _get(number: str, query: str, actor: Actor) -> Any:
    found: list[Any] = []

    def stand_in(session: Any, who: Actor, *, number: str, revision: int | None) -> OrderPaper:
        found.append((number, revision))
        raise NotFound(kind="purchase order")

    stand_in.__permission__ = Permission.ORDER_VIEW  # type: ignore[attr-defined]
    [route] = papers.routes(stand_in)
    request = Request(
        {
            "type": "http",
            "method": "GET",
            "headers": [],
            "query_string": query.encode(),
            "path_params": {"number": number},
            "state": {"login": SimpleNamespace(actor=actor)},
        }
    )
    return route.endpoint(request).status_code, found  # type: ignore[attr-defined]


def test_the_address_takes_a_number_and_a_whole_revision(database: Any) -> None:
    buyer = Actor(user_id=None, name="Buyer", roles=frozenset({Role.BUYER}))
    assert _get("A/1", "revision=2", buyer) == (404, [("A/1", 2)])
    assert _get("A/1", "", buyer) == (404, [("A/1", None)])
    for bad in ("0", "-1", "1.5", "x", "9" * 12):
        assert _get("A/1", f"revision={bad}", buyer) == (400, [])
    sales = Actor(user_id=None, name="Sales", roles=frozenset({Role.SALES}))
    assert _get("A/1", "", sales) == (403, [])


def test_amounts_stand_with_the_currencys_digits(session: Session) -> None:
    world, order = drafted(session)
    content = dict(order_paper(session, world.user(Role.BUYER), number=order.number, revision=None).content)
    assert Decimal(content["foot"]["total"]) == Decimal("37.04")  # 3 × 12.345, half up
    assert "37.04 EUR" in words(order_pdf(OrderPaper(content, NOW)))
