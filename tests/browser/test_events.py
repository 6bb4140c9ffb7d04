"""The event channel against a client that is no browser of ours: nothing runs without session, mark, permission, types."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
import socketio

from buyside.db.engine import sessions
from buyside.domain.access import Role
from buyside.identity.cookies import cookie_name
from buyside.identity.logins import end_login, find_login
from tests.loops import in_a_loop

SHELL = "reflex___state____state.buyside___state___shell____shell_state"
_REFUSED = "Your roles do not include this."
_UNREAD = "This input could not be read."


class Channel:
    """One socket, spoken raw."""

    def __init__(self) -> None:
        self.client = socketio.AsyncClient(reconnection=False)
        self.heard: list[Any] = []
        self.spoken = asyncio.Event()
        self.client.on("event", self._hear, namespace="/_event")

    async def _hear(self, update: Any) -> None:
        self.heard.append(update)
        self.spoken.set()

    async def open(self, address: str, cookie: str | None, *, origin: str | None = None, token: str = "") -> bool:
        """Connect. Answers whether the server let it in."""
        headers = {"Origin": address if origin is None else origin}
        if cookie:
            headers["Cookie"] = f"{cookie_name()}={cookie}"
        try:
            await self.client.connect(
                f"{address}/_event?token={token or str(uuid4())}",
                headers=headers,
                namespaces=["/_event"],
                socketio_path="/_event",
                transports=["websocket"],
                wait_timeout=30,
            )
        except socketio.exceptions.ConnectionError:
            return False
        return True

    async def send(self, name: str, payload: dict[str, Any] | None = None, *, wait: float = 0.4) -> str:
        """Call a handler. Answers with everything the server said since, as text."""
        self.heard.clear()
        self.spoken.clear()
        place = {"pathname": "/", "asPath": "/", "query": {}}
        event = {"name": name, "payload": payload or {}, "router_data": place}
        with contextlib.suppress(socketio.exceptions.BadNamespaceError):  # closed by the server: nothing is heard
            await self.client.emit("event", event, namespace="/_event")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.spoken.wait(), 5)
        await asyncio.sleep(wait)
        return str(self.heard)

    async def close(self) -> None:
        await self.client.disconnect()


def test_only_a_living_session_from_our_own_pages_gets_a_socket(served: str, sign_in: Callable[..., Any]) -> None:
    async def story() -> None:
        cookie = sign_in(Role.BUYER).cookie
        for bad_cookie, origin in ((None, None), ("forged", None), (cookie, ""), (cookie, "http://evil.example")):
            assert not await Channel().open(served, bad_cookie, origin=origin)
        good = Channel()
        assert await good.open(served, cookie)  # the same client with session and origin is let in
        assert "Buyer" in await good.send(f"{SHELL}.enter")
        await good.close()

    in_a_loop(story())


@pytest.mark.rule("ACC-3")
def test_what_nothing_marks_cannot_be_called(served: str, sign_in: Callable[..., Any]) -> None:
    async def story() -> None:
        channel = Channel()
        assert await channel.open(served, sign_in(Role.BUYER).cookie)
        for name, payload in (
            (f"{SHELL}.setvar", {"var_name": "may", "value": ["stock.adjust"]}),
            ("reflex___state____state.setvar", {"var_name": "is_hydrated", "value": True}),
            (
                "reflex___state____state.reflex___state____update_vars_internal_state.update_vars_internal",
                {"vars": {f"{SHELL}.name": "Mallory"}},
            ),
        ):
            assert _REFUSED in await channel.send(name, payload), name
        assert "Mallory" not in await channel.send(f"{SHELL}.enter")
        await channel.close()

    in_a_loop(story())


def test_arguments_of_other_types_are_refused(served: str, sign_in: Callable[..., Any]) -> None:
    async def story() -> None:
        channel = Channel()
        assert await channel.open(served, sign_in(Role.BUYER).cookie)
        for payload in ({}, {"typed": 1}, {"typed": None}, {"typed": ["x"]}, {"typed": "x", "more": 1}):
            assert _UNREAD in await channel.send(f"{SHELL}.find", payload), payload
        heard = await channel.send(f"{SHELL}.find", {"typed": "nothing is called this"})
        assert "nothing is called this" in heard
        assert _UNREAD not in heard
        await channel.close()

    in_a_loop(story())


@pytest.mark.rule("ACC-4")
def test_the_end_of_a_session_takes_effect_on_the_next_event_of_an_open_socket(
    served: str, sign_in: Callable[..., Any]
) -> None:
    async def story() -> None:
        cookie = sign_in(Role.BUYER).cookie
        channel = Channel()
        assert await channel.open(served, cookie)
        assert "Buyer" in await channel.send(f"{SHELL}.enter")
        with sessions()() as session, session.begin():
            login = find_login(session, cookie)
            assert login is not None
            end_login(session, login.session_id)
        heard = await channel.send(f"{SHELL}.find", {"typed": "anything"})
        # The guard refuses the event, unless the socket was closed before it: whichever is faster.
        assert "/auth/sign-in" in heard or not channel.client.connected
        assert "hits" not in heard
        await channel.close()

    in_a_loop(story())


def test_a_tabs_token_is_worth_nothing_to_another_person(served: str, sign_in: Callable[..., Any]) -> None:
    async def story() -> None:
        token, owner = str(uuid4()), sign_in(Role.BUYER).cookie
        hydrate = "reflex___state____state.hydrate_and_load"
        first = Channel()
        assert await first.open(served, owner, token=token)
        assert "Buyer" in await first.send(f"{SHELL}.enter")
        await first.close()
        thief = Channel()
        assert await thief.open(served, sign_in(Role.SALES).cookie, token=token)
        heard = await thief.send(hydrate)
        assert "shell_state" in heard
        assert "Buyer" not in heard
        await thief.close()
        again = Channel()
        assert await again.open(served, owner, token=token)
        assert "Buyer" in await again.send(hydrate)  # the state was there to be stolen
        await again.close()

    in_a_loop(story())
