"""The own organisation on its page: named, addressed, and refused where it cannot be so."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect
from sqlmodel import select

from buyside.db.engine import sessions
from buyside.db.people import Organisation, OrganisationAddress
from buyside.domain.access import Role


@pytest.mark.rule("PO-2")
def test_an_administrator_says_who_buys_and_where_bills_and_goods_go(visit: Callable[..., Any]) -> None:
    window = visit(Role.ADMIN)
    window.open("/admin/organisation")
    page = window.page
    head = page.get_by_role("form", name="Organisation")
    head.get_by_label("Name").fill("")
    head.get_by_role("button", name="Save").click()
    expect(head.get_by_role("alert")).to_be_visible()
    head.get_by_label("Name").fill("Cargo Cycles")
    head.get_by_label("Over-receipt tolerance").fill("2.5")
    head.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    for place, lines in (("Works", "Dock 3\n20457 Hamburg"), ("Office", "Long Street 1\n20457 Hamburg")):
        page.get_by_role("button", name="New address").click()
        box = page.get_by_role("dialog")
        for theme in ("light", "dark"):
            assert window.violations(theme) == [], theme
        box.get_by_label("Account").fill(place)
        box.get_by_role("textbox", name="Address").fill(lines)
        box.get_by_label("Goods go here by default").check()
        box.get_by_role("button", name="Save").click()
        expect(page.get_by_role("heading", name=place)).to_be_visible()
    with sessions()() as session:
        assert session.exec(select(Organisation.name)).one() == "Cargo Cycles"
        kept = session.exec(select(OrganisationAddress).order_by(OrganisationAddress.account)).all()
        assert [(each.account, each.is_ship_to) for each in kept] == [("Office", True), ("Works", False)]
    card = page.get_by_role("listitem").filter(has=page.get_by_role("heading", name="Works"))
    card.get_by_role("button", name="Remove").click()
    page.get_by_role("alertdialog").get_by_role("button", name="Remove").click()
    expect(card).to_have_count(0)
    assert window.problems == []


def test_of_two_administrators_the_second_is_told(visit: Callable[..., Any]) -> None:
    first, second = visit(Role.ADMIN), visit(Role.ADMIN)
    for window in (first, second):
        window.open("/admin/organisation")
        expect(window.page.get_by_label("Name")).not_to_have_value("")
    for window, name, told in ((first, "Quick", "Saved."), (second, "Slow", "changed since you opened it")):
        window.page.get_by_label("Name").fill(name)
        window.page.get_by_role("form", name="Organisation").get_by_role("button", name="Save").click()
        expect(window.page.get_by_text(told)).to_be_visible()
    expect(second.page.get_by_label("Name")).to_have_value("Quick")
