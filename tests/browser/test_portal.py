"""A vendor's journey through the portal in a real browser, and every door that stays shut on the way."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, Request, Response, WebSocket, expect
from sqlalchemy import func
from sqlmodel import col, select

from buyside.db.people import VendorMembership
from buyside.db.vendors import Vendor
from buyside.pages.portal.routes import ROUTES
from tests.conftest import Database
from tests.portal_world import FOREIGN, INTERNAL, PortalWorld, write
from tests.world import World

_THEMES = ("light", "dark")


@pytest.fixture(scope="module")
def story(database: Database) -> PortalWorld:
    with World.open() as world:
        return write(world)


@dataclass
class Heard:
    """Everything that a window was sent: bodies of answers, and frames of its socket."""

    bodies: list[bytes] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)

    def listen(self, page: Page) -> None:
        page.on("response", self._answer)
        page.on("websocket", self._socket)

    def _answer(self, answer: Response) -> None:
        self.addresses.append(answer.url)
        if answer.status not in {204, 301, 302, 303, 304, 307} and "application/pdf" not in answer.headers.get(
            "content-type", ""
        ):  # a download has no body here
            try:
                self.bodies.append(answer.body())
            except Exception as gone:  # the page went elsewhere while it was on its way, or it became a download
                self.bodies.append(str(gone).encode())

    def _socket(self, socket: WebSocket) -> None:
        socket.on(
            "framereceived", lambda frame: self.bodies.append(frame if isinstance(frame, bytes) else frame.encode())
        )

    def says(self, word: str) -> bool:
        return any(word.encode() in body for body in self.bodies)


def _row(page: Page, number: str) -> Any:
    return page.get_by_role("link", name=number, exact=True)


def _switch(page: Page) -> Any:
    return page.get_by_role("combobox", name="Vendor")


@pytest.mark.rule("POR-1")
def test_a_vendors_user_finds_its_orders_their_papers_and_its_contracts(
    story: PortalWorld, visit_portal: Callable[..., Any]
) -> None:
    window = visit_portal(story.of_both)
    page, heard = window.page, Heard()
    heard.listen(page)
    window.open("/")

    expect(_switch(page)).to_have_value(story.acme)
    expect(_row(page, story.order)).to_be_visible()
    expect(_row(page, story.old_order)).to_be_visible()
    expect(page.get_by_text("2 orders")).to_be_visible()

    _switch(page).select_option(story.beta)
    page.wait_for_url(f"**/?vendor={quote(story.beta)}")
    expect(_row(page, story.beta_order)).to_be_visible()
    expect(_row(page, story.order)).to_have_count(0)
    page.reload()  # the choice stands in the address
    expect(_switch(page)).to_have_value(story.beta)
    _switch(page).select_option(story.acme)

    _row(page, story.order).click()
    paper = page.get_by_role("article", name="Order paper")
    expect(paper.get_by_role("heading", name=f"Purchase order {story.order}")).to_be_visible()
    expect(paper.get_by_text("Spring steel, changed")).to_be_visible()
    expect(paper.get_by_text("5 of 10")).to_be_visible()
    expect(paper.get_by_text("1 rejected")).to_be_visible()
    expect(paper.locator("dd.total")).to_have_text("30.00EUR")

    with page.expect_download() as download:
        page.get_by_role("link", name="Paper as PDF").click()
    assert download.value.suggested_filename == f"purchase-order-{story.order.replace(' ', '-')}-2.pdf"

    page.get_by_role("link", name="Revision 1").click()
    expect(paper.get_by_text("Spring steel", exact=True)).to_be_visible()
    expect(paper.get_by_text("5 of 10")).to_have_count(0)
    page.get_by_role("link", name="Show the latest").click()
    expect(paper.get_by_text("Spring steel, changed")).to_be_visible()

    page.get_by_role("navigation", name="Main").get_by_role("link", name="Contracts").click()
    _row(page, story.contract).click()
    expect(page.get_by_text("Steel of the year")).to_be_visible()
    expect(page.get_by_text("5,000.00")).to_be_visible()
    expect(page.locator("[row-index='0'] [col-id='name']")).to_have_text("Bolt")
    expect(page.locator("[row-index='0'] [col-id='quantity']")).to_have_text(re.compile("^1,000"))

    page.wait_for_load_state("networkidle")
    assert heard.says("Spring steel")
    assert not heard.says(FOREIGN)
    assert not heard.says(INTERNAL)
    assert window.problems == []


@pytest.mark.rule("POR-1")
def test_who_acts_for_one_vendor_is_not_asked_to_choose(story: PortalWorld, visit_portal: Callable[..., Any]) -> None:
    window = visit_portal(story.of_acme)
    window.open("/")
    expect(window.page.locator(".vendor-switch")).to_have_text("Acme Metals")
    expect(_switch(window.page)).to_have_count(0)
    expect(_row(window.page, story.order)).to_be_visible()


@pytest.mark.rule("POR-3")
def test_an_order_of_another_vendor_is_refused_as_one_that_does_not_exist(
    story: PortalWorld, visit_portal: Callable[..., Any]
) -> None:
    window = visit_portal(story.of_both)
    heard = Heard()
    heard.listen(window.page)
    window.open(f"/orders/{quote(story.order)}")  # what was shown before must not show through

    def shown(path: str) -> tuple[str, str]:
        window.open(path)
        window.page.get_by_role("link", name=re.compile("^Your ")).wait_for()
        return window.page.title(), window.page.locator(".frame").inner_text()

    for kind, numbers in (
        ("orders", (story.foreign_order, story.draft, "2026-NOBODY-0001")),
        ("contracts", (story.foreign_contract, story.draft_contract, "K-NOBODY-1")),
    ):
        [seen] = {shown(f"/{kind}/{quote(number)}") for number in numbers}
        assert "There is no such" in seen[1]
        assert story.order not in seen[1]
    [seen] = {shown(f"/?vendor={quote(code)}") for code in (story.foreign, "NOBODY")}
    assert "There is no such vendor among yours" in seen[1]
    assert not heard.says(INTERNAL)
    # the only foreign words are those that the window itself put into its addresses
    told = [body for body in heard.bodies if FOREIGN.encode() in body]
    assert all(f"{FOREIGN} title".encode() not in body and b"777777" not in body for body in told)


@pytest.mark.rule("POR-3")
@pytest.mark.parametrize("asked", ["", "?revision=1", "?revision=9"])
def test_a_paper_of_another_vendor_is_refused_as_one_that_does_not_exist(
    story: PortalWorld, visit_portal: Callable[..., Any], asked: str
) -> None:
    window = visit_portal(story.of_both)

    def answer(number: str) -> tuple[int, str, dict[str, str]]:
        got = window.page.request.get(f"{window.address}/api/orders/{quote(number)}/paper.pdf{asked}")
        headers = {name: value for name, value in got.headers.items() if name != "date"}
        return got.status, got.text(), headers

    foreign, draft, absent = (answer(each) for each in (story.foreign_order, story.draft, "2026-NOBODY-0001"))
    assert foreign == draft == absent
    assert (foreign[0], json.loads(foreign[1])["code"]) == (404, "access.not-found")


@pytest.mark.rule("ACC-3")
@pytest.mark.parametrize(
    "path",
    [
        "/api/grid/orders",
        "/api/grid/portal-orders.csv",
        "/api/grid/stock",
        "/api/grid/nothing",
        "/api/orders/x/paper.csv",
        "/plan",
        "/admin/users",
        "/requirements",
    ],
)
def test_what_is_inside_is_not_there(story: PortalWorld, visit_portal: Callable[..., Any], path: str) -> None:
    window = visit_portal(story.of_both)
    got = window.page.request.get(window.address + path)
    assert got.status in {404, 200}
    if got.status == 200:  # the page that says that there is no such page
        window.page.goto(window.address + path)
        expect(window.page.get_by_text("There is no page at this address")).to_be_visible()


@pytest.mark.rule("ACC-4")
def test_an_ended_membership_shows_on_the_next_event_of_an_open_page(
    story: PortalWorld, visit_portal: Callable[..., Any]
) -> None:
    window = visit_portal(story.of_both)
    window.open(f"/orders/{quote(story.beta_order)}")
    page = window.page
    expect(page.get_by_text("Beta's own")).to_be_visible()
    expect(_switch(page)).to_have_count(1)
    with World.open() as world:
        membership = world.session.scalars(
            select(VendorMembership)
            .join(Vendor, col(Vendor.id) == col(VendorMembership.vendor_id))
            .where(col(VendorMembership.user_id) == story.of_both, col(Vendor.code) == story.beta)
        ).one()
        membership.ends_at = world.session.scalar(select(func.clock_timestamp()))
    try:
        page.get_by_role("navigation", name="Main").get_by_role("link", name="Purchase orders").click()
        expect(_switch(page)).to_have_count(0)  # the page was read anew, for the one vendor that is left
        expect(page.get_by_text("Beta's own")).to_have_count(0)
        window.open(f"/?vendor={quote(story.beta)}")
        expect(page.get_by_text("There is no such vendor among yours")).to_be_visible()
        window.open(f"/orders/{quote(story.beta_order)}")
        expect(page.get_by_text("There is no such purchase order")).to_be_visible()
        expect(page.get_by_text("Beta's own")).to_have_count(0)
    finally:
        with World.open() as world:
            world.session.get_one(VendorMembership, membership.id).ends_at = None


@pytest.mark.rule("ACC-3")
@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"scope": "{}"},
        {"scope": json.dumps({"vendor": "\ud800"})},
        {"scope": json.dumps({"vendor": "a\0b"})},
        {"scope": json.dumps({"vendor": ["x"]})},
        {"scope": json.dumps({"vendor": "x", "warehouse": "y"})},
        {"scope": json.dumps({"vendor": "x"}), "sort": json.dumps([{"colId": "internal_notes", "sort": "asc"}])},
        {"scope": json.dumps({"vendor": "x"}), "filter": json.dumps({"vendor_id": {"type": "in", "values": ["1"]}})},
        {"scope": json.dumps({"vendor": "x"}), "after": json.dumps(["\ud800", "x"])},
    ],
    ids=str,
)
def test_a_list_that_cannot_be_is_refused_in_a_sentence(
    story: PortalWorld, visit_portal: Callable[..., Any], asked: dict[str, str]
) -> None:
    window = visit_portal(story.of_both)
    got = window.page.request.get(f"{window.address}/api/grid/portal-orders", params=asked)
    assert (got.status, got.json().get("code")) in {(400, "general.unreadable"), (200, None)}
    if got.status == 200:  # what a page continues from is not looked at where the order has empty values
        assert got.json()["rows"] == []


def _addresses(story: PortalWorld) -> Iterator[str]:
    yield from ("/", "/contracts", f"/contracts?vendor={quote(story.beta)}", "/?vendor=NOBODY")
    yield from (f"/orders/{quote(number)}" for number in (story.order, story.old_order, "NOBODY"))
    yield f"/orders/{quote(story.order)}?revision=1"
    yield from (f"/contracts/{quote(number)}" for number in (story.contract, story.expired))


@pytest.mark.parametrize("width", [1440, 800])
def test_every_page_is_usable_by_everybody_in_light_and_dark(
    story: PortalWorld, visit_portal: Callable[..., Any], width: int
) -> None:
    window = visit_portal(story.of_both, width=width)
    opened = set()
    for path in _addresses(story):
        window.open(path)
        assert window.page.get_by_role("heading", level=1).count() == 1
        for theme in _THEMES:
            assert window.violations(theme) == [], (path, theme)
        assert window.page.evaluate("document.documentElement.scrollWidth") <= width, path
        opened |= {route for route in ROUTES if route.pattern.fullmatch(path.split("?")[0])}
    assert opened == set(ROUTES)
    assert window.problems == []


def test_the_portal_is_walked_with_keys_alone(story: PortalWorld, visit_portal: Callable[..., Any]) -> None:
    window = visit_portal(story.of_both)
    window.open("/")
    page = window.page
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    _switch(page).focus()
    page.keyboard.press("ArrowDown")
    page.wait_for_url(f"**/?vendor={quote(story.beta)}")
    page.locator("main").focus()
    page.keyboard.press("g")
    page.keyboard.press("c")
    page.wait_for_url(f"**/contracts*vendor={quote(story.beta)}")
    expect(page.get_by_text("No contracts yet")).to_be_visible()
    page.keyboard.press("g")
    page.keyboard.press("o")
    expect(_row(page, story.beta_order)).to_be_visible()
    cell = page.locator("[row-index='0'] [col-id='title']")
    cell.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("article", name="Order paper")).to_be_visible()


def test_requests_of_the_portal_go_to_the_portal_alone(story: PortalWorld, visit_portal: Callable[..., Any]) -> None:
    window = visit_portal(story.of_both)
    asked: list[str] = []

    def note(request: Request) -> None:
        asked.append(request.url)

    window.page.on("request", note)
    window.open("/")
    window.open(f"/orders/{quote(story.order)}")
    assert asked
    assert [url for url in asked if not url.startswith((window.address, "data:", "blob:"))] == []
