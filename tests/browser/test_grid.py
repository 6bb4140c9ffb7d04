"""The grid of master data as a buyer uses it: what is refused in its cell, undone, changed by two, done to many, pasted, kept, linked."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Locator, Page, Route, expect
from sqlmodel import select

from buyside.db.engine import sessions
from buyside.db.items import Item
from buyside.domain.access import Actor, Role
from buyside.domain.sheet_changes import RowChange
from buyside.operations.run import perform
from buyside.operations.sheets import save_rows
from tests.world import NOW, World

ITEMS = 40


@dataclass(frozen=True)
class Shop:
    """What the stories of this module start from: items I-00 to I-39, units pcs and kg, groups small and large."""

    colleague: Actor


@pytest.fixture(scope="module")
def shop(database: Any) -> Shop:
    with World.open() as world:
        world.organisation()
        world.unit("pcs")
        world.unit("kg", category="mass", digits=3)
        for number in range(ITEMS):
            world.item(f"Bolt {number}", code=f"I-{number:02}", group="small" if number % 2 else "large")
        world.user(Role.BUYER, name="Jon Buyer")  # whose window the stories are told in
        return Shop(world.user(Role.BUYER, name="Bea Colleague"))


@dataclass(frozen=True)
class Grid:
    """The grid of an open page."""

    window: Any

    @property
    def page(self) -> Page:
        return self.window.page  # type: ignore[no-any-return]

    def open(self, path: str = "/items") -> "Grid":
        self.window.open(path)
        expect(self.page.locator("[row-index='0'] [col-id='code']")).not_to_be_empty()
        return self

    def cell(self, code: str, column: str) -> Locator:
        """A cell by the code of its row."""
        row = self.page.locator("[row-index]", has=self.page.locator("[col-id='code']", has_text=code)).first
        return self.page.locator(f"[row-index='{row.get_attribute('row-index')}'] [col-id='{column}']")

    def type_into(self, code: str, column: str, text: str, key: str = "Enter") -> None:
        self.cell(code, column).click()
        self.press("F2", "Control+a")
        self.page.keyboard.type(text)
        self.press(key)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def paste(self, text: str) -> None:
        self.page.evaluate("text => navigator.clipboard.writeText(text)", text)
        self.press("Control+v")

    def choose(self, *codes: str) -> None:
        for code in codes:
            self.cell(code, "name").click()
            self.press("Shift+Space")

    def saved(self, what: str) -> None:
        """Wait until the grid tells that something was saved."""
        expect(self.page.locator(".rows > [aria-live='polite']")).to_have_text(what)

    def stands_in(self, column: str) -> None:
        """Wait until the keys go to a cell of a column, or to what edits it."""
        expect(self.page.locator(f".rows [row-index] [col-id='{column}']:focus-within")).to_have_count(1)

    def slowed(self, times: int) -> None:
        """From here on the browser takes so many times as long."""
        self.page.context.new_cdp_session(self.page).send("Emulation.setCPUThrottlingRate", {"rate": times})

    def accessible(self, part: str) -> None:
        """Whether axe finds nothing serious in a part of the page, in both themes."""
        for theme in ("light", "dark"):
            assert self.window.violations(theme, part) == [], theme


@pytest.fixture
def grid(shop: Shop, visit: Callable[..., Any], served: str) -> Grid:
    window = visit(Role.BUYER)
    window.page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=served)
    return Grid(window)


def _of(column: str, *codes: str) -> list[str]:
    with sessions()() as session:
        rows = dict(session.execute(select(Item.code, getattr(Item, column))).tuples().all())
    return [str(rows[code]) for code in codes]


def _changed_by_colleague(shop: Shop, code: str, **cells: str) -> None:
    with sessions()() as session:
        row = session.exec(select(Item).where(Item.code == code)).one()
        change = RowChange(key=str(row.id), version=row.version, cells=cells)
    perform(save_rows, shop.colleague, sheet="items", changes=(change,), at=NOW)


def test_a_cell_is_saved_where_it_stands_and_the_last_changes_are_undone_and_done_again(grid: Grid) -> None:
    grid.open()
    grid.type_into("I-01", "name", "Screw")
    grid.saved("Saved: Name of I-01")
    grid.type_into("I-01", "safety_stock", "1,250")
    grid.saved("Saved: Safety stock of I-01")
    expect(grid.cell("I-01", "safety_stock")).to_contain_text("1,250")
    assert _of("safety_stock", "I-01") == ["1250.000000"]
    expect(grid.page.get_by_role("button", name="Undo Safety stock of I-01")).to_be_visible()
    grid.press("Control+z", "Control+z")  # the second waits for the first
    grid.saved("Undone: Name of I-01")
    expect(grid.cell("I-01", "name")).to_have_text("Bolt 1")
    assert _of("safety_stock", "I-01") == ["0.000000"]
    grid.press("Control+y")
    grid.saved("Done again: Name of I-01")
    expect(grid.cell("I-01", "name")).to_have_text("Screw")
    assert grid.window.problems == []


def test_a_refused_cell_keeps_what_was_typed_and_says_why_in_place(grid: Grid) -> None:
    grid.open()
    unit = grid.cell("I-02", "unit")
    grid.type_into("I-02", "unit", "bushel")
    expect(grid.page.get_by_role("alert")).to_contain_text("Not saved: There is no unit “bushel”.")
    expect(unit).to_have_class(re.compile("cell-refused"))
    expect(unit).to_have_text("bushel")
    unit.click()
    expect(unit).to_have_attribute("aria-invalid", "true")
    described = unit.get_attribute("aria-describedby")
    expect(grid.page.locator(f"#{described}")).to_contain_text("There is no unit “bushel”.")
    grid.accessible(".rows")
    grid.press("Escape")
    expect(unit).to_have_text("pcs")
    expect(grid.page.get_by_role("alert")).to_have_count(0)
    grid.type_into("I-02", "safety_stock", "many")
    expect(grid.page.get_by_role("alert")).to_contain_text("“many” is not a number")
    grid.type_into("I-02", "safety_stock", "5")
    grid.saved("Saved: Safety stock of I-02")
    expect(grid.page.get_by_role("alert")).to_have_count(0)


def test_the_second_of_two_people_sees_both_and_decides(grid: Grid, shop: Shop) -> None:
    grid.open()
    _changed_by_colleague(shop, "I-03", name="Theirs", safety_stock="9")
    grid.type_into("I-03", "name", "Mine")
    question = grid.page.get_by_role("dialog", name="I-03 was changed meanwhile")
    expect(question).to_contain_text("Bea Colleague changed it")
    expect(question.get_by_role("row", name="Name")).to_contain_text("MineTheirs")
    expect(question.get_by_role("row", name="Safety stock")).to_contain_text("(was 0)")
    expect(question.get_by_role("button", name="Keep theirs")).to_be_focused()
    grid.accessible(".modal")
    grid.press("Enter")
    expect(grid.cell("I-03", "name")).to_have_text("Theirs")
    _changed_by_colleague(shop, "I-03", name="Theirs again")
    grid.type_into("I-03", "name", "Mine")
    question.get_by_role("button", name="Save mine").click()
    grid.saved("Saved: Name of I-03")
    expect(grid.cell("I-03", "name")).to_have_text("Mine")
    grid.press("Control+z")
    expect(grid.cell("I-03", "name")).to_have_text("Theirs again")


def test_many_rows_take_one_value_and_give_it_back(grid: Grid) -> None:
    grid.open()
    grid.choose("I-04", "I-05", "I-06")
    bar = grid.page.get_by_role("group", name="Chosen items")
    expect(bar).to_contain_text("3 items chosen")
    bar.get_by_role("button", name="Set…").click()
    grid.page.get_by_label("Column to set").select_option(label="Safety stock")
    grid.page.get_by_label("New value of Safety stock").fill("7")
    grid.accessible(".popover")
    grid.press("Enter")
    grid.saved("Saved: Safety stock of 3 items")
    assert _of("safety_stock", "I-04", "I-06", "I-07") == ["7.000000", "7.000000", "0.000000"]
    bar.get_by_role("button", name=f"Choose all {ITEMS} of this filter").click()
    expect(bar).to_contain_text(f"{ITEMS} items chosen")
    bar.get_by_role("button", name="Retire").click()
    grid.saved(f"Saved: Active of {ITEMS} items")
    assert set(_of("is_active", "I-00", "I-39")) == {"False"}
    grid.press("Escape")
    grid.page.get_by_role("button", name="Undo Active").click()
    grid.saved(f"Undone: Active of {ITEMS} items")
    grid.page.get_by_role("button", name="Undo Safety stock").click()
    grid.saved("Undone: Safety stock of 3 items")
    assert _of("is_active", "I-39") + _of("safety_stock", "I-04") == ["True", "0.000000"]


def test_cells_of_a_spreadsheet_are_pasted_together_or_not_at_all(grid: Grid) -> None:
    grid.open()
    grid.cell("I-10", "name").click()
    grid.paste("Nut\tlarge\nWasher\tnowhere\n")
    expect(grid.page.get_by_role("alert")).to_contain_text("There is no item group “nowhere”.")
    assert _of("name", "I-10", "I-11") == ["Bolt 10", "Bolt 11"]
    grid.page.get_by_role("button", name="Save the other 1").click()
    grid.saved("Saved: Paste into 4 cells")
    assert _of("name", "I-10", "I-11") == ["Nut", "Bolt 11"]
    grid.cell("I-12", "name").click()
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    grid.page.route("**/api/grid/items?ids=*", hold)  # the saved rows are long on their way
    grid.press("Shift+ArrowDown", "Shift+ArrowDown", "Control+d")
    grid.saved("Saved: Filling 2 cells down")
    assert _of("name", "I-12", "I-14") == ["Bolt 12", "Bolt 12"]
    grid.cell("I-12", "name").click()
    grid.press("Home", "Shift+ArrowRight", "Shift+ArrowDown", "Control+c")
    grid.saved("Copied.")
    assert grid.page.evaluate("navigator.clipboard.readText()") == "I-12\tBolt 12\nI-13\tBolt 12"
    grid.cell("I-13", "name").click()
    grid.paste("Bolt 13")
    grid.saved("Saved: Paste into 1 cell")
    assert _of("name", "I-13") == ["Bolt 13"]
    assert held
    for each in held:
        each.continue_()
    grid.page.unroute("**/api/grid/items?ids=*", hold)
    expect(grid.page.locator(".cell-saving")).to_have_count(0)
    expect(grid.cell("I-13", "name")).to_have_text("Bolt 13")


def test_a_row_is_made_removed_and_brought_back_without_a_mouse(grid: Grid) -> None:
    grid.open("/items?sort=-code")
    new = grid.page.get_by_role("button", name="New item").last
    new.focus()
    grid.press("Enter")
    expect(grid.page.locator(".row-new input")).to_be_focused()
    grid.page.keyboard.type("X-1")
    grid.press("Tab")
    grid.page.keyboard.type("Made by hand")
    grid.press("Enter")
    expect(grid.page.locator("#cell-refusal")).to_contain_text("Unit is needed.")
    expect(grid.page.locator(".row-new [col-id='unit'] input")).to_be_focused()
    grid.page.keyboard.type("kg")
    expect(grid.page.get_by_role("option", name="kg")).to_be_visible()
    grid.press("Enter")
    grid.saved("Saved: new item X-1")
    expect(grid.page.locator(".row-new input")).to_be_focused()  # for the next one
    grid.press("Escape")
    expect(grid.cell("X-1", "unit")).to_have_text("kg")
    grid.cell("X-1", "name").click()
    grid.press("Space")
    grid.page.get_by_role("button", name="Remove…").focus()
    grid.press("Enter")
    expect(grid.page.get_by_role("dialog", name="Remove 1 item?")).to_be_visible()
    grid.accessible(".modal")
    grid.press("Tab", "Enter")
    grid.saved("Saved: removal of X-1")
    expect(grid.page.locator("[row-index='0'] [col-id='code']", has_text="X-1")).to_have_count(0)
    grid.page.get_by_role("button", name="Undo removal of X-1").focus()
    grid.press("Enter")
    grid.saved("Undone: removal of X-1")
    assert _of("name", "X-1") == ["Made by hand"]
    grid.page.get_by_role("button", name="Do again: removal of X-1").click()
    grid.saved("Done again: removal of X-1")


def test_who_types_faster_than_the_page_loses_no_letter(grid: Grid) -> None:
    grid.open()
    grid.cell("I-22", "name").click()
    grid.slowed(8)
    for typed in ("Hook", "Crook"):
        grid.press("F2", "Control+a")
        grid.page.keyboard.type(typed)
        grid.press("Tab", "Shift+Tab")
        grid.page.keyboard.type(f"{typed} of steel")
        grid.press("Enter", "ArrowUp")
    grid.slowed(1)
    expect(grid.cell("I-22", "name")).to_have_text("Crook of steel")
    grid.saved("Saved: Name of I-22")
    expect(grid.page.locator(".cell-saving")).to_have_count(0)
    assert _of("name", "I-22") == ["Crook of steel"]


def test_keys_lead_from_cell_to_cell_and_edit_on_the_way(grid: Grid) -> None:
    grid.open()
    grid.cell("I-20", "name").click()
    grid.press("ArrowDown", "F2", "Control+a")
    grid.page.keyboard.type("Hook")
    grid.press("Tab")
    grid.stands_in("group")
    expect(grid.page.get_by_role("combobox", name="Group")).to_be_focused()
    grid.press("Shift+Tab")
    grid.stands_in("name")
    grid.press("Escape")
    expect(grid.cell("I-21", "name")).to_be_focused()
    grid.press("End")
    grid.stands_in("is_active")
    grid.press("Space")
    grid.saved("Saved: Active of I-21")
    assert _of("is_active", "I-21") == ["False"]
    grid.press("Control+z")
    grid.saved("Undone: Active of I-21")
    grid.press("Home")
    grid.stands_in("code")
    grid.press("?")
    help_ = grid.page.get_by_role("dialog", name="Keys of the grid")
    expect(help_).to_be_visible()
    grid.accessible(".modal")
    grid.press("Escape")
    grid.stands_in("code")
    grid.press("Control+Enter")
    grid.page.wait_for_url("**/items/I-21")


def test_filters_read_as_a_sentence_stand_in_the_address_and_open_from_it(grid: Grid) -> None:
    grid.open()
    page = grid.page
    page.get_by_role("button", name="Filter", exact=True).focus()
    grid.press("Enter")
    page.keyboard.type("name")
    grid.press("Enter")
    page.keyboard.type("bolt 3")
    grid.accessible(".popover")
    grid.press("Enter")
    count = page.locator(".rows-count")
    expect(count).to_have_text(re.compile("^1[01] items$"))  # another story renames Bolt 3
    sentence = page.get_by_role("group", name="Filters")
    sentence.get_by_role("button", name="And", exact=True).click()
    page.keyboard.type("group")
    grid.press("Enter")
    page.keyboard.type("lar")
    expect(page.get_by_role("option", name="large")).to_be_visible()
    grid.press("Enter")
    expect(count).to_have_text("5 items")
    grid.press("Escape")
    expect(sentence).to_contain_text("Name contains bolt 3")
    expect(sentence).to_contain_text("Group is large")
    page.locator(".ag-header-cell[col-id='name']").click()
    expect(page.locator("[row-index='0'] [col-id='name']")).to_have_text("Bolt 30")
    assert "sort=name" in page.url
    page.reload()
    expect(count).to_have_text("5 items")
    expect(sentence).to_contain_text("Group is large")
    sentence.get_by_role("button", name="Remove filter: Name contains bolt 3").click()
    expect(count).to_have_text("20 items")
    chip = sentence.get_by_role("button", name="Filter: Group is large", exact=True)
    chip.focus()
    grid.press("Delete")
    expect(count).to_have_text(f"{ITEMS} items")
    assert "filter" not in page.url


JUNK: tuple[dict[str, str], ...] = (
    {"filter": "{broken"},
    {"filter": "[1, 2]", "sort": "-nothing,code"},
    {"filter": json.dumps({"nothing": ["contains", "x"], "name": ["eval", "x"], "kind": ["in", "bogus"]})},
    {"filter": json.dumps({"safety_stock": ["equals", "1e9; drop"], "name": [{"a": 1}]}), "view": "no-such-view"},
    {"filter": "x" * 5000, "quick": "I-"},
)


def test_junk_in_an_address_is_left_out_and_told(grid: Grid) -> None:
    for asked in JUNK:
        grid.open(f"/items?{urlencode(asked)}")
        expect(grid.page.get_by_text("Part of the address means nothing here and was left out.")).to_be_visible()
        expect(grid.page.locator(".rows-count")).to_have_text(f"{ITEMS} items")
    assert grid.window.problems == []


def test_a_view_keeps_filters_order_and_columns_and_can_be_the_first_seen(grid: Grid) -> None:
    query = urlencode({"filter": json.dumps({"name": ["endsWith", "8"]}), "sort": "-code"})
    grid.open(f"/items?{query}")
    page = grid.page
    page.get_by_role("button", name="Columns").focus()
    grid.press("Enter")
    page.get_by_role("checkbox", name="Supply").focus()
    grid.press("Space")
    page.get_by_role("button", name="Move Unit forward").focus()
    grid.press("Enter")
    grid.accessible(".popover")
    grid.press("Escape")
    page.get_by_role("button", name="Your views").click()
    page.get_by_label("Name of a new view").fill("Eights")
    grid.accessible(".popover")
    grid.press("Enter")
    expect(page.get_by_text("The view “Eights” is kept.")).to_be_visible()
    page.get_by_role("button", name="Your views").click()
    page.get_by_role("button", name="Open with Eights").click()
    expect(page.get_by_role("button", name="Open with Eights")).to_have_attribute("aria-pressed", "true")
    grid.open("/items")
    expect(page.locator("[row-index='0'] [col-id='code']")).to_have_text("I-38")
    shown = [each.get_attribute("col-id") for each in page.locator(".ag-header-cell").all()]
    assert shown.index("unit") < shown.index("group")
    assert "supply" not in shown
    page.get_by_role("button", name="Eights").click()
    page.get_by_role("button", name="Forget Eights").click()
    expect(page.get_by_text("The view “Eights” is forgotten.")).to_be_visible()


def test_who_may_only_look_is_offered_nothing_to_change(shop: Shop, visit: Callable[..., Any]) -> None:
    looking = Grid(visit(Role.MANAGER, width=800)).open()
    for name in ("New item", "Undo"):
        expect(looking.page.get_by_role("button", name=name)).to_have_count(0)
    expect(looking.page.locator(".cell-editable")).to_have_count(0)
    looking.cell("I-00", "name").focus()
    looking.press("F2", "Delete")
    expect(looking.page.locator(".rows-body input:not([type=checkbox])")).to_have_count(0)
    looking.accessible(".rows")
