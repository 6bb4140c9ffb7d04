"""Every handler of the vendors' portal against the same kinds of actor and payload, over sockets to its own process."""

import random
from typing import Any

import pytest

from buyside.domain.access import Role
from tests.hostile import ground
from tests.hostile.campaign import Actor, every_shot, fire, sample
from tests.hostile.channel import Channel
from tests.hostile.conftest import Portal, portal_cookie, portal_environment, socketless, vendor_actor
from tests.hostile.ground import Ground
from tests.hostile.guarding import before_guard_of
from tests.hostile.judge import Count
from tests.hostile.payloads import KINDS, Things, fits
from tests.loops import in_a_loop

PORTAL_SHELL = "reflex___state____state.buyside___state___portal___shell____portal_shell_state"


def things(laid: Ground) -> Things:
    """What arguments of the portal's handlers can name."""
    a, b = laid.parties["A"], laid.parties["B"]
    return Things(
        own={"code": a.code, "number": a.orders[0], "id": a.orders[0]},
        foreign={"code": b.code, "number": b.orders[0], "id": b.orders[0]},
        deleted={"code": "VEN-GONE", "number": "2020-VEN-A-9999", "id": str(laid.other["deleted"]["order_id"])},
    )


@pytest.mark.rule("POR-1")
@pytest.mark.rule("ACC-5")
@pytest.mark.parametrize("times", [1, pytest.param(12, marks=pytest.mark.nightly)])
def test_a_vendors_user_changes_nothing_and_is_told_nothing_of_others(
    times: int, laid: Ground, vendors: Portal, told: Any
) -> None:
    chance = random.Random(times)
    actors = [vendor_actor(laid, name) for name in ("A", "B", "A was B")]
    assert {shot.permission for shot in vendors.handlers if shot.is_ours} <= {
        "portal.use",
        "portal.order.view",
        "portal.contract.view",
    }
    shots = every_shot(actors, vendors.handlers, things(laid), chance, times=times)
    assert {shot.kind for shot in shots} == set(KINDS)
    assert any(fits(shot.handler, shot.payload) for shot in shots)
    before = ground.dump()
    count = in_a_loop(fire(vendors.target, shots if times > 1 else sample(shots, 500, chance)))
    told(count.report("portal"))
    assert count.found == {}
    assert ground.differences(before, ground.dump()) == []
    _serves_honest_people(laid, vendors)


def _serves_honest_people(laid: Ground, vendors: Portal) -> None:
    async def story() -> None:
        actor = vendor_actor(laid, "A")
        channel = Channel(vendors.target.address, actor.cookie, cookie_name=vendors.target.cookie_name)
        assert await channel.open()
        assert laid.parties["A"].code in (await channel.call(f"{PORTAL_SHELL}.enter")).text
        await channel.close()

    in_a_loop(story())


@pytest.mark.parametrize("size", [250, pytest.param(10**6, marks=pytest.mark.nightly)])
def test_nobody_of_the_house_and_nobody_without_membership_gets_a_socket_of_the_portal(
    size: int, laid: Ground, vendors: Portal, told: Any
) -> None:
    """Counted apart: they get no socket, so their events are put before the guard itself."""
    chance, count = random.Random(6), Count()
    cookies = {name: cookie for name, cookie in socketless(laid).items() if not name.startswith("vendor")}
    cookies |= {
        role.value: laid.a_session(laid.staff[role].user_id or 0) for role in (Role.BUYER, Role.RECEIVER, Role.APPROVER)
    }
    cookies["membership ended"] = laid.a_session(laid.vendor_users["was A"])

    async def story() -> None:
        for name, cookie in cookies.items():
            channel = Channel(vendors.target.address, cookie, cookie_name=vendors.target.cookie_name)
            assert not await channel.open(), name
            assert channel.heard == []

    in_a_loop(story())
    shots = every_shot([Actor(name, frozenset(), "") for name in cookies], vendors.handlers, things(laid), chance)
    fired = sample(shots, size, chance)
    headers = {name: f"{portal_cookie()}={cookie}" if cookie else "" for name, cookie in cookies.items()}
    answers = before_guard_of(
        portal_environment(),
        [(each.handler.name, each.payload, headers[each.actor.name]) for each in fired],
    )
    for shot, said in zip(fired, answers, strict=True):
        count.guarded(shot, said)
    told(count.report("portal, before the guard without a socket"))
    assert count.found == {}
