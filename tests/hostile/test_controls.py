"""These tests can fail: each fault put in on purpose turns the check that is there for it red."""

import random
from typing import Any

import psycopg
import pytest
from sqlmodel import select

from buyside.db import engine
from buyside.db.people import AppUser
from buyside.domain.access import Role
from buyside.state.base import Guard
from tests.hostile import ground
from tests.hostile.campaign import Target, every_shot, fire, sample
from tests.hostile.conftest import staff
from tests.hostile.ground import Ground
from tests.hostile.judge import Count, traces
from tests.hostile.registry import handlers_of
from tests.hostile.test_internal import HEAVY, things
from tests.hostile.test_isolation import test_the_portals_login_reads_nothing_foreign_from_the_raw_database as raw_reads
from tests.loops import in_a_loop


def _fire(laid: Ground, internal: Target) -> Count:
    from buyside.buyside import app

    chance = random.Random(1)
    approvers = staff(laid, Role.APPROVER)
    denied = [
        each
        for each in handlers_of(app)
        if each.is_ours and not each.is_granted(approvers[0].roles) and not each.name.endswith(HEAVY)
    ]
    return in_a_loop(fire(internal, sample(every_shot(approvers, denied, things(laid), chance), 60, chance)))


def test_a_guard_that_lets_everything_pass_is_found(
    laid: Ground, internal: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _fire(laid, internal).found == {}

    async def let_pass(*_: Any) -> None:
        return None

    monkeypatch.setattr(Guard, "preprocess", let_pass)
    assert "accepted" in _fire(laid, internal).found


def test_a_session_cache_is_found(laid: Ground, internal: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    from buyside.identity import cookies as real
    from buyside.state import base
    from tests.hostile.conftest import socketless
    from tests.hostile.guarding import before_guard

    [buyer] = staff(laid, Role.BUYER)
    header = f"{internal.cookie_name}={buyer.cookie}"
    kept = real.who_is(header)
    ended = f"{internal.cookie_name}={socketless(laid)['logged out']}"
    monkeypatch.setattr(base, "who_is", lambda _: kept)
    shell = "reflex___state____state.buyside___state___shell____shell_state.enter"
    [answer] = in_a_loop(before_guard([(shell, {}, ended)]))
    assert "/auth/sign-in" not in answer  # which the check of those without a session takes for a finding


def test_a_policy_that_is_dropped_is_found(laid: Ground, database: Any, told: Any) -> None:
    raw_reads(laid, database, told)
    with psycopg.connect(engine.owner_url(), autocommit=True) as owner:
        owner.execute("alter table purchase_order no force row level security")
        owner.execute("alter table purchase_order disable row level security")
        try:
            with pytest.raises(AssertionError):
                raw_reads(laid, database, told)
        finally:
            owner.execute("alter table purchase_order enable row level security")
            owner.execute("alter table purchase_order force row level security")


def test_a_row_that_changes_before_a_refusal_is_found(laid: Ground) -> None:
    before = ground.dump()
    assert ground.differences(before, ground.dump()) == []
    with ground.internal_sessions() as session:
        session.exec(select(AppUser)).first().version += 1  # type: ignore[union-attr]
    assert [each.split(":")[0] for each in ground.differences(before, ground.dump())] == ["app_user"]


def test_a_trace_and_a_foreign_word_in_an_answer_are_found(laid: Ground) -> None:
    count = Count()
    count.look('{"says": "psycopg.errors.UndefinedTable: relation \\"x\\""}', "here", ())
    count.look(f"order of {laid.parties['B'].canary}", "here", laid.foreign_canaries("A"))
    assert set(count.found) == {"trace", "leak"}
    assert traces("Your roles do not include this.") == []
