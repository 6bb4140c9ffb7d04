"""The difference of two runs, by item and warehouse."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import Session, select

from buyside.db.items import Item, VendorItem
from buyside.db.plans import PlanLine, PlanningRun
from buyside.db.vendors import ExchangeRate
from buyside.domain.access import Actor, Role
from buyside.operations.plan_conversion import convert_plan
from buyside.operations.run import within
from buyside.queries.plan_difference import DIFFERENCE_ROWS, DifferenceTotal, plan_difference, run_before
from buyside.queries.rows import RowsWanted, grid_page
from tests.world import NOW, TODAY, AVendor, World

BUYER = Actor(user_id=None, name="buyer", roles=frozenset({Role.BUYER}))
NEEDED = TODAY + timedelta(days=30)


class Story:
    """Two runs, and a vendor who sells everything in packs of two."""

    def __init__(self, session: Session) -> None:
        self.session, self.world = session, World(session)
        self.main = self.world.warehouse()
        runs = [
            self.world.add(PlanningRun(as_of=TODAY, scope={}, state="done", counts={"pegs": 0}, started_at=NOW))
            for _ in range(2)
        ]
        self.before, self.after = (each.id for each in runs)
        self.acme, self.best = self.world.vendor("Acme"), self.world.vendor("Best", currency="USD")

    def item(self) -> Item:
        item = self.world.item()
        self.acme.supplies(item, pack=2)
        self.best.supplies(item, pack=1)
        return item

    def line(
        self, run: int, item: Item, quantity: str, *, vendor: AVendor | None = None, on: date = NEEDED
    ) -> PlanLine:
        """What a run suggests, at 3 a pack."""
        vendor = vendor or self.acme
        wanted = select(VendorItem).where(VendorItem.vendor_id == vendor.id, VendorItem.item_id == item.id)
        mapping = self.session.exec(wanted).one()
        return self.world.add(
            PlanLine(
                run_id=run, item_id=item.id, warehouse_id=self.main.id, suggested_needed_on=on, needed_on=on, order_by=on,
                suggested_vendor_item_id=mapping.id, vendor_item_id=mapping.id, unit_id=mapping.purchase_unit_id,
                unit_factor=mapping.unit_factor, suggested_quantity_packs=Decimal(quantity), shortage=Decimal(0),
                quantity_packs=Decimal(quantity), suggested_unit_price=Decimal(3), unit_price=Decimal(3),
                currency_code=vendor.row.currency_code,
            )
        )  # fmt: skip

    def rows(self) -> dict[str, dict[str, Any]]:
        scope = {"run_id": self.after, "before_id": self.before}
        page = grid_page(self.session, BUYER, source=DIFFERENCE_ROWS, wanted=RowsWanted(scope=scope), today=TODAY)
        return {row["item"]: row for row in page.rows}


@pytest.fixture
def story(session: Session) -> Story:
    return Story(session)


@pytest.mark.rule("PLAN-11")
@pytest.mark.parametrize(
    ("was", "now", "amount", "moved", "is_other"),
    [
        (None, ("5", {}), "added", "same", False),
        (("5", {}), None, "gone", "same", False),
        (("5", {}), ("6", {}), "more", "same", False),
        (("5", {}), ("4", {"on": NEEDED - timedelta(days=3)}), "less", "earlier", False),
        (("5", {}), ("5", {"on": NEEDED + timedelta(days=3)}), "same", "later", False),
        (("5", {}), ("10", {"vendor": "best"}), "same", "same", True),
        (("5", {}), ("5", {}), None, None, None),
    ],
)
def test_an_item_of_a_warehouse_tells_what_became_of_its_suggestion(
    story: Story, was: Any, now: Any, amount: str | None, moved: str | None, is_other: bool | None
) -> None:
    item = story.item()
    for run, told in ((story.before, was), (story.after, now)):
        if told is not None:
            more = {name: getattr(story, each) if name == "vendor" else each for name, each in told[1].items()}
            story.line(run, item, told[0], **more)
    row = story.rows().get(item.code)
    if amount is None:
        assert row is None
        return
    assert row is not None
    assert (row["amount"], row["moved"], row["is_other_vendor"]) == (amount, moved, is_other)
    figures = [Decimal(each[0]) * (1 if "vendor" in each[1] else 2) if each else Decimal(0) for each in (was, now)]
    assert [Decimal(row[name]) for name in ("was", "now")] == figures
    assert Decimal(row["more"]) == figures[1] - figures[0]


@pytest.mark.rule("PLAN-11")
def test_what_was_ordered_meanwhile_is_no_difference(story: Story) -> None:
    ordered, partly = story.item(), story.item()
    lines = [story.line(story.before, ordered, "5"), story.line(story.before, partly, "3")]
    story.line(story.before, partly, "4", on=NEEDED + timedelta(days=9))
    story.line(story.after, partly, "5", on=NEEDED + timedelta(days=9))
    ids = tuple(each.id for each in lines)
    newer = story.session.get_one(PlanningRun, story.after)
    newer.state = "running"  # while it is calculated, the plan before may still be ordered
    story.world.add(newer)
    within(story.session, convert_plan, BUYER, run_id=story.before, line_ids=ids, despite_drift=True, at=NOW)
    newer.state = "done"
    story.world.add(newer)
    rows = story.rows()
    assert rows.keys() == {partly.code}
    told = {name: Decimal(rows[partly.code][name]) for name in ("was", "now", "ordered")}
    assert told == {"was": Decimal(8), "now": Decimal(10), "ordered": Decimal(6)}


@pytest.mark.rule("PLAN-11")
def test_totals_are_told_by_currency_and_counts_by_kind(story: Story) -> None:
    grown, turned = story.item(), story.item()
    story.line(story.before, grown, "5")
    story.line(story.after, grown, "7")
    story.line(story.before, turned, "5")
    story.line(story.after, turned, "10", vendor=story.best)
    found = plan_difference(story.session, BUYER, run_id=story.after, before_id=story.before)
    assert found.totals == (
        DifferenceTotal("EUR", Decimal(30), Decimal(21)),
        DifferenceTotal("USD", Decimal(0), Decimal(30)),
    )
    assert found.in_own is None, "no rate is known"
    story.world.add(ExchangeRate(currency_code="USD", rate=Decimal("0.5"), valid_from=TODAY))
    found = plan_difference(story.session, BUYER, run_id=story.after, before_id=story.before)
    assert found.in_own == DifferenceTotal("EUR", Decimal(30), Decimal(36))
    assert {name: count for name, count in found.counts.items() if count} == {"more": 1, "other_vendor": 1}
    assert run_before(story.session, BUYER, run_id=story.after) == story.before
    assert run_before(story.session, BUYER, run_id=story.before) is None
