"""Whatever buyers decide in whatever order: suggestions stay, parts add up, what is ordered stands still, each act is told."""

from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from sqlmodel import Session, col, func, select

from buyside.db.audit import AuditEvent
from buyside.db.items import VendorItem
from buyside.db.orders import PurchaseOrderLine
from buyside.db.plans import PlanLine, PlanningRun
from buyside.domain.access import Actor, Role
from buyside.domain.refusals import Refused
from buyside.operations.plan_conversion import convert_plan
from buyside.operations.plan_line_sets import SetAct, decide_plan_lines
from buyside.operations.plan_lines import change_plan_line
from buyside.operations.plan_splits import LinePart, join_plan_line, split_plan_line
from buyside.operations.run import within
from tests.world import NOW, TODAY, World

BUYER = Actor(user_id=None, name="buyer", roles=frozenset({Role.BUYER}))
STEPS = 20
SUGGESTION = (
    "item_id", "warehouse_id", "suggested_needed_on", "suggested_vendor_item_id", "suggested_quantity_packs",
    "suggested_unit_price", "shortage", "reason", "trigger",
)  # fmt: skip
FROZEN = ("quantity_packs", "unit_price", "vendor_item_id", "needed_on", "state", "purchase_order_line_id", "version")


class Buying:
    """Six lines of one run, and random decisions on them."""

    def __init__(self, session: Session, seed: int) -> None:
        self.session, self.chance = session, Random(seed)
        world = World(session)
        self.run = world.add(PlanningRun(as_of=TODAY, scope={}, state="done", counts={"pegs": 0}, started_at=NOW))
        main, frame = world.warehouse(), world.item("Frame")
        world.vendor("Acme").supplies(frame, price="80", breaks={10: "70", 100: "60"}, multiple=5)
        world.vendor("Best").supplies(frame, pack=2, price="150", lead_days=40, preference=2, minimum=8)
        wanted = select(VendorItem).where(VendorItem.item_id == frame.id).order_by(col(VendorItem.id))
        self.mappings = session.exec(wanted).all()
        acme = self.mappings[0]
        for weeks in range(1, 7):
            on = TODAY + timedelta(weeks=weeks)
            world.add(
                PlanLine(
                    run_id=self.run.id, item_id=frame.id, warehouse_id=main.id, suggested_needed_on=on, needed_on=on,
                    order_by=on, suggested_vendor_item_id=acme.id, vendor_item_id=acme.id, unit_id=acme.purchase_unit_id,
                    suggested_quantity_packs=Decimal(10 * weeks), quantity_packs=Decimal(10 * weeks),
                    suggested_unit_price=Decimal(70), unit_price=Decimal(70), currency_code="EUR",
                    shortage=Decimal(10 * weeks), reason="Short.",
                )
            )  # fmt: skip

    def lines(self) -> list[PlanLine]:
        self.session.expire_all()
        return list(
            self.session.exec(select(PlanLine).where(PlanLine.run_id == self.run.id).order_by(col(PlanLine.id)))
        )

    def entries(self) -> int:
        return self.session.exec(select(func.count(col(AuditEvent.id)))).one()

    def act(self) -> None:
        """One random decision. Refuses: whatever it refuses."""
        lines = self.lines()
        free = [each for each in lines if each.state == "open" and not each.is_locked]
        line = self.chance.choice(free if free and self.chance.random() < 0.8 else lines)
        at: dict[str, Any] = {"line_id": line.id, "version": line.version}
        turn = self.chance.choice((0, 0, 1, 1, 2, 2, 3, 3, 4, 5))
        if turn == 0:
            within(self.session, change_plan_line, BUYER, **at, quantity_packs=Decimal(self.chance.randint(0, 120)))
        elif turn == 1:
            within(self.session, change_plan_line, BUYER, **at, vendor_item_id=self.chance.choice(self.mappings).id)
        elif turn == 2:
            self.split(line, at)
        elif turn == 3:
            self.join(line, at)
        elif turn == 4:
            ids = tuple(each.id for each in self.chance.sample(self.lines(), 2))
            act = self.chance.choice(list(SetAct))
            within(self.session, decide_plan_lines, BUYER, line_ids=ids, act=act, reason="Enough")
        else:
            within(
                self.session, convert_plan, BUYER, run_id=self.run.id, line_ids=(line.id,), despite_drift=True, at=NOW
            )

    def split(self, line: PlanLine, at: dict[str, Any]) -> None:
        whole = int(line.quantity_packs)
        first = self.chance.randint(1, max(1, whole - 1))
        before = line.quantity_packs * line.unit_factor
        parts = (LinePart(Decimal(first)), LinePart(line.quantity_packs - first))
        done = within(self.session, split_plan_line, BUYER, **at, parts=parts)
        ids = {each.line_id for each in done.lines}
        assert sum(each.quantity_packs * each.unit_factor for each in self.lines() if each.id in ids) == before

    def join(self, line: PlanLine, at: dict[str, Any]) -> None:
        root = line.split_from_id or line.id
        joined = [
            each
            for each in self.lines()
            if each.id == root or (each.split_from_id == root and each.state == "open" and not each.is_locked)
        ]
        brought = sum(each.quantity_packs * each.unit_factor for each in joined)
        done = within(self.session, join_plan_line, BUYER, **at).line
        after = self.session.get_one(PlanLine, done.line_id)
        brings = after.quantity_packs * after.unit_factor
        assert 0 <= brings - brought < after.unit_factor  # up to a whole purchase unit, and never less


@pytest.mark.rule("PLAN-11")
@pytest.mark.rule("PLAN-13")
@pytest.mark.parametrize("seed", range(4))
def test_any_sequence_of_decisions_keeps_what_was_suggested_and_what_was_ordered(session: Session, seed: int) -> None:
    buying = Buying(session, seed)
    suggested = {each.id: [getattr(each, name) for name in SUGGESTION] for each in buying.lines()}
    ordered: dict[int, list[Any]] = {}
    done = 0
    for _ in range(STEPS):
        told, versions = buying.entries(), {each.id: each.version for each in buying.lines()}
        with suppress(Refused), session.begin_nested():
            buying.act()
            done += 1
        lines = buying.lines()
        assert {
            each.id: [getattr(each, name) for name in SUGGESTION] for each in lines if each.id in suggested
        } == suggested
        moved = {each.id: each.version for each in lines} != versions
        assert buying.entries() - told == (1 if moved else 0)
        now = {each.id: [getattr(each, name) for name in FROZEN] for each in lines if each.state == "converted"}
        assert {line_id: now[line_id] for line_id in ordered} == ordered
        ordered = now
        assert all(each.suggested_quantity_packs == 0 for each in lines if each.split_from_id is not None)
    on_orders = session.exec(
        select(PurchaseOrderLine.quantity).where(col(PurchaseOrderLine.id).in_([row[-2] for row in ordered.values()]))
    ).all()
    assert sorted(on_orders) == sorted(row[0] for row in ordered.values())
    assert done >= STEPS // 3
