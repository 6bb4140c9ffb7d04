"""Action messages: opened and closed by runs, worked off by people (PLAN-16)."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from threading import Barrier, Thread
from typing import Any

import pytest
from sqlmodel import col, delete, select

from buyside.db.audit import AuditEvent
from buyside.db.demand import SalesOrderLine
from buyside.db.engine import sessions
from buyside.db.orders import PurchaseOrder, PurchaseOrderLine
from buyside.db.plans import ActionMessage, PlanningRun
from buyside.domain.access import Actor, Role
from buyside.domain.refusals import Refused
from buyside.operations.messages import (
    dismiss_messages,
    finish_messages,
    reopen_messages,
    snooze_messages,
    take_messages,
)
from buyside.operations.order_lines import remove_line
from buyside.operations.plan_conversion import convert_plan
from buyside.operations.plans import run_plan, start_run
from buyside.operations.receipts import receive_order
from buyside.operations.run import perform
from buyside.planning.message_frames import OPEN_ORDERS
from buyside.planning.run import PlanInputs, plan
from buyside.queries.message_detail import message_detail
from buyside.queries.message_results import messages_of
from buyside.queries.read import ask
from tests.conftest import Database
from tests.world import NOW, TODAY, World

IN_A_MONTH = TODAY + timedelta(days=30)


def day(days: int) -> date:
    return TODAY + timedelta(days=days)


class Story:
    """Ten bolts are needed in a month; an order brings them ten days too late."""

    def __init__(self) -> None:
        with World.open() as world:
            world.organisation()
            self.planner = world.user(Role.BUYER)
            self.main = world.warehouse()
            self.bolt = world.item(planner=self.planner.name)
            self.acme = world.vendor().supplies(self.bolt, price="1.00", lead_days=7)
            self.bike = world.variant()
            world.bom(self.bike, self.bolt, 1)
            self.sold, [self.line] = world.sales_order(self.main, (self.bike, 10, IN_A_MONTH))
            self.order, [self.order_line] = world.order(
                self.acme, self.main, (self.bolt, 10), issued=True, expected_on=day(40)
            )

    def run(self, as_of: date = TODAY, **scope: Any) -> int:
        """A run of the story's warehouse alone: other stories' messages are not its business."""
        codes = scope.pop("warehouse_codes", (self.main.code,))
        started = perform(start_run, self.planner, as_of=as_of, warehouse_codes=codes, at=NOW, **scope)
        return perform(run_plan, self.planner, run_id=started.run_id).run_id

    def messages(self) -> list[ActionMessage]:
        with sessions()() as session:
            found = select(ActionMessage).where(ActionMessage.item_id == self.bolt.id).order_by(col(ActionMessage.id))
            return list(session.exec(found).all())

    def only(self) -> ActionMessage:
        [message] = self.messages()
        return message

    def change(self, table: Any, key: int, **columns: Any) -> None:
        with sessions()() as session, session.begin():
            row = session.get_one(table, key)
            for name, value in columns.items():
                setattr(row, name, value)
            session.add(row)

    def promise(self, on: date) -> None:
        self.change(PurchaseOrderLine, self.order_line.id, promised_on=on)


@pytest.fixture
def story(database: Database) -> Iterator[Story]:
    yield Story()
    with sessions()() as session, session.begin():  # each story begins without the orders of the one before
        session.exec(delete(ActionMessage))


@pytest.mark.rule("PLAN-16")
def test_late_supply_is_expedited_and_ordered_no_second_time(story: Story) -> None:
    run = story.run()
    message = story.only()
    assert (message.kind, message.state, message.quantity) == ("expedite", "open", Decimal(10))
    assert (message.from_on, message.to_on, message.due_on) == (day(40), IN_A_MONTH, TODAY)
    assert (message.purchase_order_line_id, message.owner_id) == (story.order_line.id, story.planner.user_id)
    assert (message.first_run_id, message.last_run_id) == (run, run)


@pytest.mark.rule("PLAN-16")
def test_a_message_disappears_when_the_promise_is_early_enough(story: Story) -> None:
    story.run()
    story.promise(day(28))
    run = story.run()
    message = story.only()
    assert (message.state, message.last_run_id, message.closed_by) == ("gone", run, None)
    assert message.closed_at is not None


@pytest.mark.rule("PLAN-16")
def test_a_message_disappears_when_the_goods_arrive(story: Story) -> None:
    story.run()
    perform(receive_order, story.planner, order_id=story.order.id, warehouse_id=story.main.id, at=NOW)
    story.run()
    assert story.only().state == "gone"


@pytest.mark.rule("PLAN-16")
def test_what_no_customer_wants_any_more_is_to_be_cancelled_instead(story: Story) -> None:
    story.run()
    story.change(SalesOrderLine, story.line.id, cancelled_quantity=Decimal(10))
    with sessions()() as session, session.begin():
        other = World(session).warehouse().code
    story.run(warehouse_codes=(other,))
    assert story.only().state == "open", "a run that looks elsewhere says nothing about it"
    with World.open() as world:
        world.stock(story.main, story.bolt, 1)  # keeps the item in the run's requirements
    story.run()
    gone, cancel = story.messages()
    assert (gone.kind, gone.state) == ("expedite", "gone")
    assert (cancel.kind, cancel.state, cancel.quantity, cancel.to_quantity) == (
        "cancel",
        "open",
        Decimal(10),
        Decimal(0),
    )


@pytest.mark.rule("PLAN-16")
def test_early_supply_is_deferred_and_too_much_of_it_decreased(story: Story) -> None:
    story.promise(day(5))
    story.change(SalesOrderLine, story.line.id, cancelled_quantity=Decimal(4))
    story.run()
    by_kind = {each.kind: each for each in story.messages()}
    assert set(by_kind) == {"defer", "decrease"}
    assert (by_kind["defer"].quantity, by_kind["defer"].to_on) == (Decimal(6), IN_A_MONTH)
    assert (by_kind["decrease"].quantity, by_kind["decrease"].to_quantity) == (Decimal(4), Decimal(6))


@pytest.mark.rule("PLAN-16")
def test_a_second_run_changes_nothing_and_a_changed_need_updates_the_message(story: Story) -> None:
    story.run()
    first = story.only()
    run = story.run()
    again = story.only()
    assert (again.id, again.version, again.last_run_id) == (first.id, first.version, run)
    story.change(SalesOrderLine, story.line.id, needed_by=day(25), quantity=Decimal(8))
    story.run()
    by_kind = {each.kind: each for each in story.messages()}
    assert (by_kind["expedite"].id, by_kind["expedite"].version) == (first.id, first.version + 1)
    assert (by_kind["expedite"].quantity, by_kind["expedite"].to_on) == (Decimal(8), day(25))


@pytest.mark.rule("PLAN-16")
def test_a_run_of_everything_writes_to_what_changed_alone_and_has_seen_the_rest(story: Story) -> None:
    story.run()
    first = story.only()

    def seen_by() -> int:
        return ask(message_detail, story.planner, message_id=first.id).run_id

    assert seen_by() == first.last_run_id
    whole = story.run(warehouse_codes=None)
    assert (story.only().last_run_id, story.only().version, seen_by()) == (first.last_run_id, first.version, whole)
    part = story.run()
    assert (story.only().last_run_id, seen_by()) == (part, part), "one of some scope says what it saw"
    story.promise(day(41))
    changed = story.run(warehouse_codes=None)
    assert (story.only().last_run_id, story.only().version, seen_by()) == (changed, first.version + 1, changed)
    perform(finish_messages, story.planner, message_ids=(first.id,), at=NOW)
    story.promise(day(20))
    story.run(warehouse_codes=None)
    assert seen_by() == changed, "no run sees what is closed"


@pytest.mark.rule("PLAN-10")
def test_a_run_that_looks_less_far_says_nothing_of_what_lies_beyond(story: Story) -> None:
    with World.open() as world:
        world.order(story.acme, story.main, (story.bolt, 5), issued=True, expected_on=day(50))
    story.run()
    kinds = {each.kind: each.state for each in story.messages()}
    assert kinds == {"expedite": "open", "cancel": "open"}
    story.run(horizon_days=10)
    assert {each.kind: each.state for each in story.messages()} == kinds
    story.promise(day(20))
    story.run(horizon_days=10)
    assert {each.kind: each.state for each in story.messages()} == kinds, (
        "needed in a month, it is not to be seen in ten days"
    )
    story.run(horizon_days=40)
    assert [each.state for each in story.messages() if each.kind == "expedite"] == ["gone"]


@pytest.mark.rule("PLAN-10")
def test_a_run_of_other_groups_closes_nothing(story: Story) -> None:
    story.run()
    story.promise(day(20))
    with World.open() as world:
        other = world.item(group=f"OTHER-{story.bolt.id}")
    assert other.group_id is not None
    story.run(group_codes=(f"OTHER-{story.bolt.id}",))
    assert story.only().state == "open"
    story.run()
    assert "open" not in [each.state for each in story.messages() if each.kind == "expedite"]


@pytest.mark.rule("PLAN-16")
def test_a_plan_line_whose_day_has_come_is_to_be_ordered_and_then_it_is_not(story: Story) -> None:
    story.change(SalesOrderLine, story.line.id, quantity=Decimal(15), needed_by=day(9))
    story.promise(day(8))
    run = story.run()
    message = story.only()
    assert (message.kind, message.quantity, message.to_on, message.due_on) == ("order", Decimal(5), day(9), day(2))
    assert message.purchase_order_line_id is None
    perform(convert_plan, story.planner, run_id=run, at=NOW)
    story.run()
    assert story.only().state == "gone"


@pytest.mark.rule("PLAN-16")
def test_a_draft_that_comes_in_time_is_increased_instead_of_a_further_order(story: Story) -> None:
    story.change(SalesOrderLine, story.line.id, quantity=Decimal(15), needed_by=day(9))
    story.promise(day(8))
    perform(convert_plan, story.planner, run_id=story.run(), at=NOW)
    story.change(SalesOrderLine, story.line.id, quantity=Decimal(18))
    story.run()
    _, message = story.messages()
    assert (message.kind, message.quantity, message.to_quantity) == ("increase", Decimal(3), Decimal(8))
    with sessions()() as session:
        drafted = session.get_one(PurchaseOrderLine, message.purchase_order_line_id)
        version = session.get_one(PurchaseOrder, drafted.order_id).version
    perform(
        remove_line, story.planner, order_id=drafted.order_id, version=version, line_id=drafted.id, at=NOW
    )  # the line may go although something was asked about it
    _, left = story.messages()
    assert (left.state, left.purchase_order_line_id) == ("gone", None)


@pytest.mark.rule("PLAN-16")
def test_dismissed_stays_quiet_until_its_quantity_or_date_changes(story: Story) -> None:
    story.run()
    message = story.only()
    perform(dismiss_messages, story.planner, message_ids=(message.id,), reason=" the customer waits ", at=NOW)
    assert (story.only().state, story.only().closing_reason) == ("dismissed", "the customer waits")
    story.run()
    assert story.only().state == "dismissed"
    story.promise(day(41))
    story.run()
    old, new = story.messages()
    assert (old.state, new.state, new.from_on) == ("dismissed", "open", day(41))


@pytest.mark.rule("PLAN-16")
def test_a_need_that_is_past_due_is_no_news_each_morning(story: Story) -> None:
    story.change(SalesOrderLine, story.line.id, needed_by=day(-3))
    story.run()
    message = story.only()
    assert message.to_on == TODAY
    perform(dismiss_messages, story.planner, message_ids=(message.id,), reason="known", at=NOW)
    story.run(as_of=day(1))
    assert story.only().state == "dismissed"


@pytest.mark.rule("PLAN-16")
def test_what_is_done_but_still_found_is_told_anew(story: Story) -> None:
    story.run()
    perform(finish_messages, story.planner, message_ids=(story.only().id,), at=NOW)
    assert (story.only().state, story.only().closed_by) == ("done", story.planner.user_id)
    story.run()
    assert [each.state for each in story.messages()] == ["done", "open"]


@pytest.mark.rule("PLAN-16")
def test_snoozed_messages_are_followed_and_wake_up(story: Story) -> None:
    story.run()
    ids = (story.only().id,)
    with pytest.raises(Refused) as refused:
        perform(snooze_messages, story.planner, message_ids=ids, until=TODAY, today=TODAY)
    assert refused.value.code == "messages.not-later"
    perform(snooze_messages, story.planner, message_ids=ids, until=day(5), today=TODAY)
    story.promise(day(41))
    story.run()
    assert (story.only().snoozed_until, story.only().from_on) == (day(5), day(41))
    perform(snooze_messages, story.planner, message_ids=ids, until=None, today=TODAY)
    assert story.only().snoozed_until is None


@pytest.mark.rule("PLAN-16")
def test_reopening_finds_no_second_message_of_one_cause(story: Story) -> None:
    story.run()
    first = story.only()
    perform(finish_messages, story.planner, message_ids=(first.id,), at=NOW)
    story.run()
    with pytest.raises(Refused) as refused:
        perform(reopen_messages, story.planner, message_ids=(first.id,))
    assert refused.value.code == "messages.open-already"
    _, second = story.messages()
    perform(dismiss_messages, story.planner, message_ids=(second.id,), reason="twice", at=NOW)
    perform(reopen_messages, story.planner, message_ids=(first.id,))
    assert [each.state for each in story.messages()] == ["open", "dismissed"]
    story.promise(day(20))
    story.run()
    with pytest.raises(Refused) as refused:
        perform(reopen_messages, story.planner, message_ids=(first.id,))
    assert refused.value.code == "lifecycle.wrong-state"


@pytest.mark.rule("PLAN-16")
def test_several_at_once_are_all_or_none(story: Story) -> None:
    with World.open() as world:
        other, gone = world.user(Role.BUYER), world.user(Role.VENDOR)
        world.order(story.acme, story.main, (story.bolt, 7), issued=True, expected_on=day(3))
    story.run()
    messages = story.messages()
    assert len(messages) > 1
    ids = tuple(each.id for each in messages)

    def refusal(operation: Any, actor: Actor = story.planner, **arguments: Any) -> str:
        with pytest.raises(Refused) as refused:
            perform(operation, actor, **arguments)
        return refused.value.code

    assert refusal(finish_messages, message_ids=(*ids, 999_999_999), at=NOW) == "access.not-found"
    assert refusal(finish_messages, message_ids=ids, versions={ids[0]: 99}, at=NOW) == "general.stale"
    assert refusal(finish_messages, message_ids=tuple(range(1, 2002)), at=NOW) == "messages.too-many"
    assert refusal(dismiss_messages, message_ids=ids, reason="  ", at=NOW) == "general.reason-missing"
    assert refusal(take_messages, message_ids=ids, owner_id=gone.user_id) == "messages.not-a-planner"
    assert {each.state for each in story.messages()} == {"open"}
    perform(take_messages, other, message_ids=ids)
    assert {each.owner_id for each in story.messages()} == {other.user_id}
    done = perform(finish_messages, other, message_ids=ids, at=NOW)
    assert done.count == len(ids)
    assert refusal(snooze_messages, message_ids=ids, until=day(9), today=TODAY) == "lifecycle.wrong-state"
    with World.open() as world:
        manager = world.user(Role.MANAGER)
    assert refusal(take_messages, manager, message_ids=ids) == "access.not-allowed"


@pytest.mark.rule("PLAN-16")
def test_two_runs_at_once_tell_nothing_twice(story: Story) -> None:
    runs = [
        perform(start_run, story.planner, as_of=TODAY, warehouse_codes=(story.main.code,), at=NOW).run_id for _ in "ab"
    ]
    ready, failed = Barrier(2), []

    def calculate(run_id: int) -> None:
        waited = False

        def on_step(name: str) -> None:
            nonlocal waited
            if name == "store" and not waited:
                waited = True
                ready.wait(30)

        try:
            perform(run_plan, story.planner, run_id=run_id, on_step=on_step)
        except Exception as problem:
            failed.append(problem)

    threads = [Thread(target=calculate, args=(run,)) for run in runs]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert failed == []
    assert [each.kind for each in story.messages()] == ["expedite"]


@pytest.mark.rule("PLAN-16")
def test_an_older_run_that_ends_later_does_not_undo_what_a_newer_one_said(story: Story) -> None:
    older = perform(start_run, story.planner, as_of=TODAY, warehouse_codes=(story.main.code,), at=NOW).run_id

    def meanwhile(step: str) -> None:
        if step == "store":
            story.promise(day(20))
            story.run()

    perform(run_plan, story.planner, run_id=older, on_step=meanwhile)
    assert [each.kind for each in story.messages() if each.state == "open" and each.kind == "expedite"] == []


@pytest.mark.rule("PLAN-15")
def test_a_scenario_asks_nobody_to_act(story: Story) -> None:
    run_id = story.run()
    inputs, nothing = PlanInputs.of(), OPEN_ORDERS.empty()
    results = plan(inputs, TODAY)
    with sessions()() as session:
        run = session.get_one(PlanningRun, run_id)
        found = messages_of(run, inputs, results, nothing)
        assert found is not None
        assert found().height == 0
        run.origin = "scenario"
        assert messages_of(run, inputs, results, nothing) is None


@pytest.mark.rule("ACC-6")
def test_a_run_tells_the_trail_what_it_made_of_the_messages(story: Story) -> None:
    run = story.run()
    with sessions()() as session:
        entry = session.exec(
            select(AuditEvent).where(AuditEvent.operation == "run_plan").order_by(col(AuditEvent.id).desc())
        ).first()
    assert entry is not None
    [told] = [each["after"] for each in entry.changes if each["kind"] == "action_message"]
    assert told == {"run_id": run, "opened": 1, "changed": 0, "gone": 0}
