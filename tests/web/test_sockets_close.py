"""The server as it is in use closes the sockets of a session that has ended: a page behind one would sit there for ever."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from uuid import uuid4

import aiohttp
import pytest
from sqlmodel import select

from buyside.db.engine import sessions
from buyside.db.people import UserSession
from tests.conftest import Database
from tests.logins import open_login
from tests.providers.house import invite
from tests.serving import PortalProcess, portal_running

PORT = 8391
HYDRATE = (
    '40/_event,{"event":{"name":"reflex___state____state.hydrate_and_load","payload":{},'
    '"router_data":{"pathname":"/","asPath":"/","query":{}}}}'
)


async def _closed_after(portal: PortalProcess, token: str, *, here: bool) -> list[float]:
    """Seconds until each of two sockets is closed after their session ended, by signing out or in the database."""
    headers = {"Cookie": f"buyside-portal={token}", "Origin": portal.address}
    async with aiohttp.ClientSession(headers=headers) as client:
        sockets = []
        for _ in range(2):
            address = f"{portal.address}/_event/?token={uuid4()}&EIO=4&transport=websocket"
            socket = await client.ws_connect(address)
            await socket.receive(timeout=10)
            await socket.send_str(HYDRATE)
            await socket.receive(timeout=10)
            sockets.append(socket)
        ended = time.monotonic()
        if here:
            async with client.post(f"{portal.address}/auth/sign-out") as answer:
                assert answer.status == 200
        else:
            await asyncio.to_thread(_end_every_session)
        return [await _closed(socket) - ended for socket in sockets]


async def _closed(socket: aiohttp.ClientWebSocketResponse) -> float:
    while True:
        told = await socket.receive(timeout=10)
        if told.type in {aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED}:
            return time.monotonic()


def _end_every_session() -> None:
    with sessions()() as session, session.begin():
        for each in session.exec(select(UserSession)):
            each.ended_at = each.ended_at or datetime.now(UTC)
            session.add(each)


@pytest.mark.rule("ACC-4")
def test_an_ended_session_closes_every_socket_of_it_at_once(database: Database) -> None:
    user_id = invite(database, "portal", "Vera")
    with portal_running(port=PORT) as portal:
        for here in (True, False):
            with sessions()() as session, session.begin():
                token = open_login(session, user_id=user_id, browser="a test")
            with ThreadPoolExecutor(
                1
            ) as apart:  # a browser test of the same process leaves a running loop in this thread
                taken = apart.submit(lambda: asyncio.run(_closed_after(portal, token, here=here))).result()  # noqa: B023
            assert max(taken) < 5
