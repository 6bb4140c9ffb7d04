"""How smoothly 100,000 items scroll in Chromium: `pytest -m nightly -s tests/browser/test_grid_scrolling.py` prints the figures.

Frame times are the distances between calls of requestAnimationFrame while the list moves; 16.7 ms is every frame of a screen of 60 Hz.
A headless Chromium draws without a graphics card, so a frame costs more here than on anybody's desk.
"""

import statistics
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import text

from buyside.db.engine import sessions
from buyside.db.items import Item
from buyside.domain.access import Role
from tests.world import World

pytestmark = pytest.mark.nightly
ITEMS = 100_000
_LONG = 50.0  # milliseconds: a frame that one sees
_WATCH = """() => {
    window.frames = [];
    let last = performance.now();
    const next = (now) => { window.frames.push(now - last); last = now; window.watching = requestAnimationFrame(next); };
    window.watching = requestAnimationFrame(next);
}"""
_JUMP = """([share]) => new Promise((done) => {
    const scroller = [...document.querySelectorAll('.rows-body *')]
        .find((each) => each.clientHeight > 100 && each.scrollHeight > each.clientHeight + 100000);
    const first = Math.floor(share * 100000) - 40;
    const begin = performance.now();
    scroller.scrollTop = share * scroller.scrollHeight;
    const look = () => {
        const shown = [...document.querySelectorAll('[row-index]')].filter((each) => Number(each.getAttribute('row-index')) > first);
        const filled = shown.filter((each) => /^I-/.test(each.querySelector('[col-id=code]')?.innerText ?? ''));
        if (filled.length > 15 || performance.now() - begin > 20000) done(performance.now() - begin); else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
})"""


@pytest.fixture(scope="module")
def items(database: Any) -> None:
    """A hundred thousand items."""
    with World.open() as world:
        world.organisation()
        template = world.item("Bolt", code="I-000000", group="small").id
    alike = ", ".join(each.name for each in Item.__table__.columns if each.name not in {"id", "code", "name"})  # type: ignore[attr-defined]
    with sessions()() as session, session.begin():
        session.execute(
            text(
                f"insert into item (code, name, {alike}) select 'I-' || lpad(n::text, 6, '0'), 'Bolt number ' || n, {alike} "
                "from item, generate_series(1, :last) n where item.id = :template"
            ),
            {"template": template, "last": ITEMS - 1},
        )


def _frames(page: Page, move: Callable[[], None]) -> dict[str, float]:
    page.evaluate(_WATCH)
    move()
    page.wait_for_timeout(150)
    page.evaluate("cancelAnimationFrame(window.watching)")
    taken = sorted(page.evaluate("window.frames"))
    return {
        "frames": len(taken),
        "p50": statistics.median(taken),
        "p95": taken[int(len(taken) * 0.95)],
        "longest": taken[-1],
        "long": sum(each > _LONG for each in taken),
    }


def test_a_hundred_thousand_items_scroll_smoothly(items: None, visit: Callable[..., Any]) -> None:
    window = visit(Role.BUYER)
    window.open("/items")
    page: Page = window.page
    expect(page.locator(".rows-count")).to_have_text("100,000 items")
    first = page.locator("[row-index='0'] [col-id='code']")
    expect(first).to_have_text("I-000000")
    page.locator("[row-index='5'] [col-id='name']").hover()

    def by_wheel() -> None:
        for _ in range(120):
            page.mouse.wheel(0, 300)
            page.wait_for_timeout(16)

    def by_page_keys() -> None:
        page.locator("[row-index] [col-id='name']").nth(12).click()
        for _ in range(40):
            page.keyboard.press("PageDown")
            page.wait_for_timeout(60)

    def by_arrows() -> None:
        for _ in range(150):
            page.keyboard.press("ArrowDown")
            page.wait_for_timeout(16)

    for name, move in (("wheel", by_wheel), ("page keys", by_page_keys), ("arrows", by_arrows)):
        found = _frames(page, move)
        print(f"\n{name}: " + ", ".join(f"{key} {value:.1f}" for key, value in found.items()))
        assert found["p50"] < 35, name
    jumps = [page.evaluate(_JUMP, [share]) for share in (0.5, 0.95, 0.1, 0.8, 0.3)]
    print(f"\njumps, ms until the rows are there: {', '.join(f'{each:.0f}' for each in jumps)}")
    assert statistics.median(jumps) < 1500
    assert window.problems == []
