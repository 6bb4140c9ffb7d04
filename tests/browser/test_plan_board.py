"""A buyer moves cards of the planning board by keyboard and by mouse, is told what it means, and what a colleague did meanwhile."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from buyside.domain.access import Actor, Role
from buyside.operations.plan_lines import change_plan_line
from buyside.operations.plans import run_plan, start_run
from buyside.operations.run import perform
from buyside.queries.plan_board import monday_of
from buyside.queries.plan_board_cards import board_card
from buyside.queries.read import ask
from tests.plan_world import a_draft
from tests.world import NOW, TODAY, World

COLLEAGUE = Actor(user_id=None, name="Clara Colleague", roles=frozenset({Role.BUYER}))


@dataclass(frozen=True)
class Story:
    run: int
    bolt: int
    nut: int
    planned: int
    """A run that was calculated: only such a one becomes orders."""


@pytest.fixture(scope="module")
def story(database: Any) -> Story:
    """Bolts that Acme and Best sell, nuts that Acme alone sells; Best asks for 80 EUR an order, and Cord sells string.

    A customer wants 7 ropes, which Best sells, and 30 strings, which Cord sells and Best too.
    """
    with World.open() as world:
        main = world.warehouse("Main")
        bolt, nut = world.item(code="BOLT"), world.item("Nut", code="NUT")
        string, rope = world.item("String", code="STRING"), world.item("Rope", code="ROPE")
        acme = world.vendor("Acme").supplies(bolt, price="2", lead_days=5).supplies(nut, price="1")
        best = world.vendor("Best", minimum_order_value=Decimal(80)).supplies(bolt, pack=10, price="15", lead_days=40)
        best.supplies(string, price="1", preference=2).supplies(rope, price="1")
        cord = world.vendor("Cord").supplies(string, price="1")
        draft = a_draft(world)
        lines = [
            draft.line(bolt, main, acme, 25, price=Decimal(2)),
            draft.line(nut, main, acme, 10, price=Decimal(1), needed_on=TODAY + timedelta(days=31)),
        ]
        draft.line(string, main, best, 7, price=Decimal(1))
        draft.line(string, main, cord, 30, price=Decimal(1))
        swing = world.variant("Swing")
        world.bom(swing, rope, 7)
        world.bom(swing, string, 30)
        world.sales_order(main, (swing, 1))
        ids = (draft.run.id, *(each.id for each in lines))
    begun = perform(start_run, COLLEAGUE, as_of=TODAY, at=NOW)
    perform(run_plan, COLLEAGUE, run_id=begun.run_id)
    return Story(*ids, begun.run_id)


def _card(page: Page, vendor: str, item: str) -> Locator:
    return page.get_by_role("region", name=vendor, exact=True).get_by_role("listitem").filter(has_text=item)


def _place(page: Page, vendor: str) -> Locator:
    return page.get_by_role("listbox").get_by_role("option", name=vendor)


def _says(page: Page) -> Locator:
    return page.locator(".board > [aria-live]")


@pytest.mark.rule("PLAN-11")
def test_a_card_is_moved_by_keyboard_taken_back_and_kept_from_who_was_slower(
    story: Story, visit: Callable[..., Any]
) -> None:
    window = visit(Role.BUYER)
    window.open(f"/plan/board?run={story.run}")
    page = window.page
    _card(page, "Acme", "NUT").focus()  # to be ordered first
    page.keyboard.press("ArrowDown")
    expect(_card(page, "Acme", "BOLT")).to_be_focused()
    page.keyboard.press("Space")
    expect(_says(page)).to_contain_text("1 other column takes it")
    page.keyboard.press("ArrowRight")
    expect(_says(page)).to_contain_text("Best: 3 pcs; price 15.00 EUR; total 45.00 EUR, −5.00 EUR")
    expect(_says(page)).to_contain_text("10 days after the suggestion")
    assert window.violations("light") == []
    page.keyboard.press("Escape")
    expect(_card(page, "Acme", "BOLT")).to_be_focused()
    page.keyboard.press("Space")
    expect(_place(page, "Best")).to_be_visible()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(_card(page, "Best", "BOLT")).to_be_focused()
    expect(page.get_by_role("region", name="Best", exact=True)).to_contain_text("52.00 EUR")
    expect(page.get_by_role("region", name="Best", exact=True)).to_contain_text("28.00 EUR below minimum")
    page.keyboard.press("Control+z")
    expect(_card(page, "Acme", "BOLT")).to_be_focused()
    expect(_card(page, "Acme", "BOLT")).to_contain_text("50.00 EUR")
    seen = ask(board_card, COLLEAGUE, line_id=story.bolt)
    assert seen is not None
    perform(change_plan_line, COLLEAGUE, line_id=story.bolt, version=seen.version, quantity_packs=Decimal(30))
    page.keyboard.press("Space")
    expect(_place(page, "Best")).to_be_visible()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(_card(page, "Acme", "BOLT")).to_contain_text("Clara Colleague changed this line")
    expect(_card(page, "Acme", "BOLT")).to_contain_text("60.00 EUR")
    assert window.problems == []


@pytest.mark.rule("PLAN-11")
def test_a_card_is_dragged_to_a_week_and_not_to_a_vendor_who_does_not_sell_it(
    story: Story, visit: Callable[..., Any]
) -> None:
    window = visit(Role.BUYER)
    window.open(f"/plan/board?run={story.run}")
    page = window.page
    _drag(page, _card(page, "Acme", "NUT"), page.get_by_role("region", name="Cord", exact=True), drops=False)
    expect(page.get_by_role("region", name="Cord", exact=True)).to_contain_text("Cord does not sell NUT.")
    page.mouse.up()
    expect(_card(page, "Acme", "NUT")).to_contain_text("Cord does not sell NUT.")
    page.get_by_role("button", name="Weeks").click()
    nut = ask(board_card, COLLEAGUE, line_id=story.nut)
    assert nut is not None
    weeks = [f"Week {(monday_of(nut.needed_on) + timedelta(weeks=each)).isocalendar().week}" for each in (0, 1)]
    page.locator(".board-lanes").evaluate("lanes => { lanes.scrollLeft = lanes.scrollWidth }")
    card = _card(page, weeks[0], "NUT")
    expect(card).to_be_visible()
    _drag(page, card, page.get_by_role("region", name=weeks[1], exact=True))
    expect(_card(page, weeks[1], "NUT")).to_be_focused()
    moved = ask(board_card, COLLEAGUE, line_id=story.nut)
    assert moved is not None
    assert moved.needed_on == nut.needed_on + timedelta(weeks=1)
    assert "by=weeks" in page.url
    assert window.violations("dark") == []
    assert window.problems == []
    _moves_a_card_by_touch(visit, f"{page.url.removeprefix(window.address)}", weeks)
    moved = ask(board_card, COLLEAGUE, line_id=story.nut)
    assert moved is not None
    assert moved.needed_on == nut.needed_on


def _moves_a_card_by_touch(visit: Callable[..., Any], path: str, weeks: list[str]) -> None:
    """A finger on a card lifts nothing; on its grip it takes the card along; a tap on the grip asks where it could go."""
    window = visit(Role.BUYER, has_touch=True, is_mobile=True, width=800)
    window.open(path)
    page = window.page
    finger = page.context.new_cdp_session(page)

    def touch(*places: tuple[float, float]) -> None:
        for number, (x, y) in enumerate(places):
            finger.send(
                "Input.dispatchTouchEvent",
                {"type": "touchMove" if number else "touchStart", "touchPoints": [{"x": x, "y": y}]},
            )

    def lifts() -> None:
        finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    page.locator(".board-lanes").evaluate("lanes => { lanes.scrollLeft = lanes.scrollWidth }")
    card, target = _card(page, weeks[1], "NUT"), page.get_by_role("region", name=weeks[0], exact=True)
    expect(card).to_be_visible()
    box = card.bounding_box()
    assert box is not None
    touch(*((box["x"] + 40 + step * 15, box["y"] + 30) for step in range(12)))
    lifts()
    expect(page.get_by_role("listbox")).to_have_count(0)
    page.locator(".board-lanes").evaluate("lanes => { lanes.scrollLeft = lanes.scrollWidth }")
    page.wait_for_timeout(100)
    box, there = card.bounding_box(), target.bounding_box()
    assert box is not None
    assert there is not None
    grip = (box["x"] + box["width"] - 20, box["y"] + box["height"] / 2)
    page.touchscreen.tap(*grip)
    expect(_place(page, weeks[0])).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("listbox")).to_have_count(0)
    target.evaluate("week => week.closest('.board-lanes').scrollBy(week.getBoundingClientRect().left - 120, 0)")
    page.wait_for_timeout(200)
    box, there = card.bounding_box(), target.bounding_box()
    assert box is not None
    assert there is not None
    grip = (box["x"] + box["width"] - 20, box["y"] + box["height"] / 2)
    touch(grip, (grip[0] - 12, grip[1] + 6), (there["x"] + 90, there["y"] + 120), (there["x"] + 92, there["y"] + 124))
    expect(_place(page, weeks[0])).to_be_visible()
    lifts()
    expect(_card(page, weeks[0], "NUT")).to_be_focused()
    assert window.problems == []


def _drag(page: Page, card: Locator, column: Locator, *, drops: bool = True) -> None:
    start, end = card.bounding_box(), column.bounding_box()
    assert start is not None
    assert end is not None
    page.mouse.move(start["x"] + 40, start["y"] + 20)
    page.mouse.down()
    page.mouse.move(start["x"] + 60, start["y"] + 40)
    page.mouse.move(end["x"] + 60, end["y"] + 130, steps=5)
    expect(page.get_by_role("listbox").get_by_role("option").first).to_be_visible()
    if drops:
        page.mouse.up()


@pytest.mark.rule("VEN-6")
def test_an_order_below_its_minimum_is_filled_with_what_fits_and_made(story: Story, visit: Callable[..., Any]) -> None:
    window = visit(Role.BUYER)
    window.open(f"/plan/vendors?run={story.planned}")
    page = window.page
    best = page.get_by_role("row").filter(has=page.get_by_role("button", name="Best", exact=True))
    expect(best).to_contain_text("73.00 EUR missing")
    for theme in ("light", "dark"):
        assert window.violations(theme) == []
    best.get_by_role("button", name="Best", exact=True).click()
    panel = page.get_by_role("complementary", name="One vendor of the plan")
    panel.get_by_role("button", name="Move STRING here").click()
    expect(best).to_contain_text("43.00 EUR missing")
    best.get_by_role("button", name="Make orders").click()
    dialog = page.get_by_role("dialog", name="Make purchase orders")
    dialog.get_by_role("button", name="Make orders").click()
    expect(dialog).to_contain_text("43.00 EUR are missing")
    dialog.get_by_role("button", name="Order all the same").click()
    made = page.get_by_role("dialog", name="Draft orders")
    expect(made.get_by_role("row").nth(1)).to_contain_text("37.00 EUR")
    made.get_by_role("button", name="Close").click()
    expect(page.get_by_role("button", name="Best", exact=True)).to_have_count(0)
    assert window.problems == []
