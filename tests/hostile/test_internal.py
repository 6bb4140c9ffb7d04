"""Every handler of the internal surface against nine kinds of actor and fourteen kinds of payload (SECURITY: T1, T2, T3)."""

import random
from typing import Any

import pytest

from buyside.domain.access import Role
from tests.hostile import ground
from tests.hostile.campaign import Actor, Shot, Target, every_shot, fire, sample
from tests.hostile.channel import HYDRATE, Channel
from tests.hostile.conftest import socketless, staff
from tests.hostile.ground import Ground
from tests.hostile.guarding import before_guard
from tests.hostile.judge import Count
from tests.hostile.payloads import KINDS, Things, fits
from tests.hostile.registry import Handler, handlers_of
from tests.loops import in_a_loop

NINE = (Role.BUYER, Role.RECEIVER, Role.APPROVER)
"""The three of the nine kinds that get a socket here; the others are `socketless`."""


HEAVY = ("plan_run_state.start", "plan_run_state.calculate")
"""A planning run takes seconds of both processors: those who may start one are not given hundreds."""


@pytest.fixture(scope="module")
def handlers(internal: Target) -> list[Handler]:
    """Read from the running application."""
    from buyside.buyside import app

    return handlers_of(app)


def things(laid: Ground) -> Things:
    """What arguments of internal handlers can name. Everything internal is in reach of some role: foreign is another document's."""
    a, b = laid.parties["A"], laid.parties["B"]
    sheet = {
        "quantity": "1", "unit_price": "1.00", "unit_cost": "1.00", "reason": "because", "delivery_note": "DN 1",
        "effective_on": "2026-03-02", "needed_on": "2026-03-20", "as_of": "2026-03-02", "currency_code": "EUR", "title": "Bolts",
        "email": "new.person@own.example", "name": "New Person", "role": "buyer", "roles": "buyer", "to_warehouse_id": laid.other["north"],
    }  # fmt: skip

    def of(party: ground.Party, other: ground.Party) -> dict[str, Any]:
        return {
            "id": party.order_ids[0],
            "order_id": party.order_ids[0],
            "line_id": party.line_ids[0],
            "item_id": party.item_ids[0],
            "receipt_id": party.receipt_ids[0],
            "vendor_id": party.id,
            "vendor_item_id": 1,
            "warehouse_id": 1,
            "user_id": laid.staff[Role.SALES].user_id,
            "run_id": str(laid.other["run_id"]),
            "number": party.orders[0],
            "row_id": str(party.line_ids[0]),
            "row_ids": [str(party.line_ids[0])],
            "code": laid.other["warehouse"],
        }

    deleted = laid.other["deleted"]
    gone = {name: deleted["line_id"] for name in of(a, b) if name.endswith("_id")} | {"order_id": deleted["order_id"]}
    words = {
        "by": "receipts", "what": "receive", "typed": "part", "day": "2026-03-01", "iso": "2026-03-20", "field": "title",
        "value": "Bolts for spring", "name": "Vendor A", "form": sheet, "locked": True, "despite_drift": False, "grid": "orders",
        "act": "lock", "is_sure": False, "ticked": True, "plan_split_state.number": "1", "quantity": "5",
    }  # fmt: skip
    return Things(
        own=of(a, b),
        foreign=of(b, a),
        deleted={**gone, "row_id": str(deleted["line_id"]), "id": deleted["order_id"]},
        words=words,
    )


def _is_refused(shot: Shot) -> bool:
    return not shot.handler.passes_bare and not (shot.is_granted and fits(shot.handler, shot.payload))


@pytest.mark.rule("ACC-2")
@pytest.mark.rule("ACC-3")
@pytest.mark.parametrize("size", [1200, pytest.param(0, marks=pytest.mark.nightly)])
def test_nobody_is_let_through_outside_the_table_and_no_row_changes(
    size: int, laid: Ground, internal: Target, handlers: list[Handler], told: Any
) -> None:
    chance = random.Random(size)
    shots = [each for each in every_shot(staff(laid, *laid.staff), handlers, things(laid), chance) if _is_refused(each)]
    assert {shot.kind for shot in shots} == set(KINDS)
    before = ground.dump()
    count = in_a_loop(fire(internal, sample(shots, size, chance) if size else shots))
    told(count.report("internal surface, what nobody may"))
    assert count.found == {}
    assert ground.differences(before, ground.dump()) == []
    assert set(count.answers) <= {"refused", "unread", "closed"}
    _serves_honest_people(laid, internal)


@pytest.mark.rule("ACC-2")
@pytest.mark.parametrize("size", [300, pytest.param(0, marks=pytest.mark.nightly)])
def test_hostile_values_from_those_who_may_are_answered_without_a_mistake(
    size: int, laid: Ground, internal: Target, handlers: list[Handler], told: Any
) -> None:
    chance = random.Random(size + 1)
    actors = staff(laid, *NINE, Role.ADMIN)
    light = [each for each in handlers if not each.name.endswith(HEAVY)]
    shots = [each for each in every_shot(actors, light, things(laid), chance) if not _is_refused(each)]
    count = in_a_loop(fire(internal, sample(shots, size, chance) if size else shots))
    told(count.report("internal surface, hostile values of those who may"))
    assert count.found == {}
    _serves_honest_people(laid, internal)


def _serves_honest_people(laid: Ground, internal: Target) -> None:
    async def story() -> None:
        [buyer] = staff(laid, Role.BUYER)
        channel = Channel(internal.address, buyer.cookie, cookie_name=internal.cookie_name)
        assert await channel.open()
        reply = await channel.call(f"{SHELL}.find", {"typed": f"Spacer {ground.UNNAMED}"})
        assert f"SPACER-{ground.UNNAMED}" in reply.text
        await channel.close()

    in_a_loop(story())


SHELL = "reflex___state____state.buyside___state___shell____shell_state"


@pytest.mark.rule("ACC-4")
@pytest.mark.parametrize("size", [800, pytest.param(10**6, marks=pytest.mark.nightly)])
def test_who_has_no_living_session_of_the_house_gets_no_socket_and_passes_no_guard(
    size: int, laid: Ground, internal: Target, handlers: list[Handler], told: Any
) -> None:
    """Counted apart: these events never travel over a socket, because there is none; they are put before the guard itself."""
    chance, count = random.Random(5), Count()
    cookies = socketless(laid)
    shots = every_shot([Actor(name, frozenset(), "") for name in cookies], handlers, things(laid), chance)
    before = ground.dump()

    async def story() -> None:
        for name, cookie in cookies.items():
            for boot in (None, {"name": HYDRATE, "payload": {}, "router_data": {}}):
                channel = Channel(internal.address, cookie, cookie_name=internal.cookie_name)
                assert not await channel.open(boot=boot), name
                assert channel.heard == []

    in_a_loop(story())
    fired = sample(shots, size, chance)
    headers = {name: f"{internal.cookie_name}={cookie}" if cookie else "" for name, cookie in cookies.items()}
    answers = in_a_loop(before_guard([(each.handler.name, each.payload, headers[each.actor.name]) for each in fired]))
    for shot, said in zip(fired, answers, strict=True):
        count.guarded(shot, said)
    told(count.report("internal surface, before the guard without a socket"))
    assert count.found == {}
    assert ground.differences(before, ground.dump()) == []
