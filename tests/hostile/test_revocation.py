"""What was granted ends at the next event of an open page, on every server; signing out ends every tab and socket of a session."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from sqlmodel import select, text

from buyside.config import settings
from buyside.db import engine
from buyside.db.people import AppUser, UserRole, UserSession, VendorMembership
from buyside.domain.access import Role
from buyside.identity.logins import token_digest
from tests.hostile import ground
from tests.hostile.campaign import Target
from tests.hostile.channel import HYDRATE, Channel
from tests.hostile.conftest import Portal, staff
from tests.hostile.ground import Ground
from tests.hostile.judge import SIGN_IN
from tests.hostile.test_isolation import _ORDER, _place
from tests.loops import in_a_loop
from tests.serving import portal_running

_SECOND_PORT = settings().port + 52
_WAYS = ("membership ended", "user disabled", "session ended", "one of two memberships ended")


@pytest.fixture(scope="module")
def two_servers(vendors: Portal) -> Iterator[tuple[Target, Target]]:
    """Two processes of the portal on one database."""
    with ExitStack() as stack:
        second = stack.enter_context(portal_running(port=_SECOND_PORT))
        yield vendors.target, Target(second.address, vendors.target.cookie_name)


def _somebody(laid: Ground, letters: str) -> tuple[int, str]:
    with ground.internal_sessions() as session:
        user = AppUser(name="Soon gone", is_vendor=True)
        session.add(user)
        session.flush()
        session.add(UserRole(user_id=user.id, role=Role.VENDOR.value))
        now = session.scalar(text("select clock_timestamp()"))
        for letter in letters:
            begins = now - timedelta(days=1)
            session.add(VendorMembership(vendor_id=laid.parties[letter].id, user_id=user.id, begins_at=begins))
        session.flush()
        return user.id, ground.open_login(session, user_id=user.id)


def _revoke(laid: Ground, way: str, user_id: int, cookie: str) -> None:
    """Commit it."""
    with ground.internal_sessions() as session:
        now = session.scalar(text("select clock_timestamp()"))
        if way == "user disabled":
            session.get_one(AppUser, user_id).is_active = False
        elif way == "session ended":
            login = session.exec(select(UserSession).where(UserSession.token_sha256 == token_digest(cookie))).one()
            login.ended_at, login.ended_because = now, "by an administrator"
        else:
            wanted = select(VendorMembership).where(
                VendorMembership.user_id == user_id, VendorMembership.vendor_id == laid.parties["A"].id
            )
            session.exec(wanted).one().ends_at = now


@pytest.mark.rule("ACC-4")
@pytest.mark.rule("ACC-5")
@pytest.mark.parametrize("tries", [20, pytest.param(200, marks=pytest.mark.nightly)])
def test_the_first_event_after_a_revocation_gets_nothing_on_either_server(
    tries: int, laid: Ground, two_servers: tuple[Target, Target], told: Any
) -> None:
    """Events leave in the very moment after the commit, while the sockets may still be open."""
    own = laid.parties["A"]
    place = _place("/orders/[order_number]", "order_number", own.orders[0], own.code)
    successes: list[str] = []
    still_open, answered = 0, 0

    async def one(number: int) -> None:
        nonlocal still_open, answered
        way = _WAYS[number % len(_WAYS)]
        user_id, cookie = await asyncio.to_thread(_somebody, laid, "AB" if way.startswith("one of") else "A")
        channels = [
            Channel(each.address, cookie, cookie_name=each.cookie_name) for each in two_servers for _ in range(2)
        ]
        for channel in channels:
            assert await channel.open()
            before = await channel.call(_ORDER, place=place)
            assert own.canary in before.text  # the page was open and showed the order
        await asyncio.to_thread(_revoke, laid, way, user_id, cookie)
        # One asks for the order anew, the other for everything that its tab holds.
        replies = await asyncio.gather(
            *(channel.call(_ORDER, place=place, patience=5) for channel in channels[::2]),
            *(channel.call(HYDRATE, marked=False, patience=5) for channel in channels[1::2]),
        )
        for reply in replies:
            still_open += not reply.closed or bool(reply.frames)
            answered += bool(reply.frames)
            if own.canary in reply.text or (
                reply.frames and SIGN_IN not in reply.text and "reload()" not in reply.text
            ):
                successes.append(f"{way}: {reply.text[:300]}")
        for channel in channels:
            await channel.close()

    async def story() -> None:
        for start in range(0, tries, 4):
            await asyncio.gather(*(one(number) for number in range(start, min(start + 4, tries))))

    in_a_loop(story())
    told(
        f"revocation: {tries} tries, {tries * 4} first events on two servers, {answered} answered by the guard, "
        f"{tries * 4 - answered} met a socket that was closed already, {len(successes)} successes"
    )
    assert successes == []


@pytest.mark.rule("ACC-4")
def test_the_end_of_a_session_closes_its_sockets_on_every_server_within_five_seconds(
    laid: Ground, two_servers: tuple[Target, Target], told: Any
) -> None:
    async def story() -> float:
        user_id, cookie = _somebody(laid, "A")
        other = Channel(two_servers[0].address, _somebody(laid, "A")[1], cookie_name=two_servers[0].cookie_name)
        tabs = [Channel(each.address, cookie, cookie_name=each.cookie_name) for each in two_servers for _ in range(3)]
        for channel in (other, *tabs):
            assert await channel.open()
        began = time.monotonic()
        _revoke(laid, "session ended", user_id, cookie)
        await asyncio.wait_for(asyncio.gather(*(each.closed.wait() for each in tabs)), 5)
        taken = time.monotonic() - began
        assert not other.closed.is_set()
        assert not await Channel(tabs[0].address, cookie, cookie_name=tabs[0].cookie_name).open()
        await other.close()
        return taken

    told(f"six sockets on two servers were closed {in_a_loop(story()):.2f} s after their session ended")


@pytest.mark.rule("ACC-4")
def test_a_session_that_expires_or_idles_out_loses_its_sockets_and_an_open_page_does_not_keep_it(
    laid: Ground, internal: Target
) -> None:
    async def story() -> None:
        cookies = [staff(laid, Role.BUYER)[0].cookie for _ in range(2)]
        channels = [Channel(internal.address, each, cookie_name=internal.cookie_name) for each in cookies]
        for channel in channels:
            assert await channel.open()
        past = datetime.now(UTC) - timedelta(minutes=91)
        with psycopg.connect(engine.owner_url()) as owner:
            expired, idle = (token_digest(each) for each in cookies)
            owner.execute(
                "update user_session set created_at = %s, expires_at = %s where token_sha256 = %s",
                (past, past + timedelta(minutes=1), expired),
            )
            owner.execute("update user_session set last_seen_at = %s where token_sha256 = %s", (past, idle))
        await asyncio.wait_for(asyncio.gather(*(each.closed.wait() for each in channels)), 30)
        with psycopg.connect(engine.owner_url()) as owner:
            seen = owner.execute("select last_seen_at from user_session where token_sha256 = %s", (idle,)).fetchone()
        assert seen == (past,)

    in_a_loop(story())
