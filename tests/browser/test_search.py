"""The field in the top bar: records and pages, found by keys alone, in spite of a slip of the finger."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from buyside.db.engine import sessions
from buyside.domain.access import Role
from tests.world import World


@pytest.fixture(scope="module")
def company(database: Any) -> None:
    """Items and a vendor to look for."""
    with sessions()() as session, session.begin():
        world = World(session)
        world.vendor("Hexagon Works").supplies(world.item("Derailleur, rear", code="DR-4711"), part="ZZ-99")


def test_records_are_found_and_opened_by_keys_alone(company: None, visit: Callable[..., Any]) -> None:
    window = visit(Role.BUYER)
    window.open("/stock")
    field = window.page.get_by_role("combobox", name="Search items, vendors and orders")
    window.page.keyboard.press("Control+k")
    expect(field).to_be_focused()
    window.page.keyboard.type("zz-99")
    chosen = window.page.get_by_role("option", name="DR-4711")
    expect(chosen).to_have_attribute("aria-selected", "true")
    for theme in ("light", "dark"):
        assert window.violations(theme) == [], theme
    window.page.keyboard.press("Enter")
    window.page.wait_for_url("**/items/DR-4711**")
    expect(window.page.get_by_role("heading", level=1, name="DR-4711")).to_be_visible()
    expect(field).not_to_be_focused()
    window.page.keyboard.press("/")
    expect(window.page.get_by_role("group", name="Opened last").get_by_role("option", name="DR-4711")).to_be_visible()
    assert window.problems == []


def test_a_slip_of_the_finger_is_a_guess_that_says_so(company: None, visit: Callable[..., Any]) -> None:
    window = visit(Role.BUYER)
    window.open("/")
    window.page.get_by_label("Search items").fill("derialleur")
    expect(window.page.get_by_role("group", name="Item · perhaps meant").get_by_role("option")).to_have_count(1)
    window.page.get_by_label("Search items").fill("qqqqzzzz")
    expect(window.page.get_by_text("Nothing found for “qqqqzzzz”.")).to_be_visible()


def test_pages_are_gone_to_by_name_as_far_as_roles_reach(visit: Callable[..., Any]) -> None:
    window = visit(Role.BUYER)
    window.open("/")
    window.page.keyboard.press("/")
    window.page.keyboard.type("pay ter")
    window.page.get_by_role("option", name="Payment terms").wait_for()
    window.page.keyboard.press("ArrowDown")
    window.page.keyboard.press("ArrowUp")
    window.page.keyboard.press("Enter")
    window.page.wait_for_url("**/payment-terms**")
    receiver = visit(Role.RECEIVER)
    receiver.open("/")
    receiver.page.get_by_label("Search items").fill("payment")
    expect(receiver.page.get_by_text("Nothing found for “payment”.")).to_be_visible()
