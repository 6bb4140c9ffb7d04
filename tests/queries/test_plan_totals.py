"""What a draft plan comes to, against its lines added up one by one (PLAN-11)."""

from collections import Counter
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlmodel import Session

from buyside.db.vendors import ExchangeRate
from buyside.domain.access import Actor, Role
from buyside.queries.plan_totals import PlanTotals, plan_totals
from tests.plan_world import a_draft, a_drawn_draft
from tests.world import TODAY, World

BUYER = Actor(user_id=None, name="buyer", roles=frozenset({Role.BUYER}))


@pytest.mark.rule("PLAN-11")
@pytest.mark.parametrize("seed", [1, 2])
def test_the_totals_are_those_of_the_open_lines(session: Session, seed: int) -> None:
    draft = a_drawn_draft(World(session), seed)
    some = draft.lines[::3]
    for lines, asked in ((draft.lines, None), (some, [each.id for each in some])):
        open_ = [each for each in lines if each.state == "open"]
        values: Counter[str] = Counter()
        for each in open_:
            if each.unit_price is not None:
                values[each.currency_code or ""] += each.quantity_packs * each.unit_price  # type: ignore[assignment]
        found = plan_totals(session, BUYER, run_id=draft.run.id, today=TODAY, line_ids=asked)
        assert dict(found.values) == values
        assert (found.lines, found.late) == (len(open_), sum(each.late_days > 0 for each in open_))
        assert found.unready == sum(each.vendor_item_id is None or not each.unit_price for each in open_)
    assert 0 < found.unready < found.lines


def test_a_plan_without_lines_comes_to_nothing(session: Session) -> None:
    run = a_draft(World(session)).run
    assert plan_totals(session, BUYER, run_id=run.id, today=TODAY) == PlanTotals(0, 0, 0, (), ("EUR", Decimal(0)))
    assert plan_totals(session, BUYER, run_id=run.id, today=TODAY, line_ids=[]).values == ()


@pytest.mark.rule("INT-3")
def test_several_currencies_are_added_up_at_the_days_rates_where_all_are_known(session: Session) -> None:
    world = World(session)
    draft, main = a_draft(world), world.warehouse("Main")
    bolt, nut = world.item("Bolt"), world.item("Nut")
    acme = world.vendor("Acme").supplies(bolt, price="2")
    best = world.vendor("Best", currency="USD").supplies(nut, price="3")
    draft.line(bolt, main, acme, 10, price=Decimal(2))
    draft.line(nut, main, best, 10, price=Decimal(3))
    assert plan_totals(session, BUYER, run_id=draft.run.id, today=TODAY).in_own is None
    for day, rate in ((TODAY, "0.8"), (TODAY + timedelta(days=1), "0.9")):
        world.add(ExchangeRate(currency_code="USD", rate=Decimal(rate), valid_from=day))
    found = plan_totals(session, BUYER, run_id=draft.run.id, today=TODAY)
    assert (found.values, found.in_own) == ((("EUR", Decimal(20)), ("USD", Decimal(30))), ("EUR", Decimal(44)))
