"""One raw socket: a client that is no browser of ours, sends whatever it likes, and keeps every byte that it is told."""

import asyncio
import contextlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import socketio

NAMESPACE = "/_event"
ROOT = "reflex___state____state"
HYDRATE = f"{ROOT}.hydrate_and_load"
_MARK = f"{ROOT}.set_is_hydrated"
_PACE = 1 / 19
"""Seconds between messages once the burst is used up: the gate closes sockets that speak faster than 20 a second."""
_BURST = 50
PLACE: Mapping[str, Any] = {"pathname": "/", "asPath": "/", "query": {}}


@dataclass
class Reply:
    """What the server said to one event."""

    frames: list[Any] = field(default_factory=list)
    closed: bool = False
    late: bool = False
    """Nothing came for a long time."""
    seconds: float = 0.0

    @property
    def text(self) -> str:
        """Everything, as it went over the wire."""
        return json.dumps(self.frames, ensure_ascii=False, default=str)

    @property
    def says(self) -> list[str]:
        """What the browser is asked to do: notices, moves to another page, calls."""
        return [json.dumps(event) for frame in self.frames for event in frame.get("events") or []]

    @property
    def changed(self) -> dict[str, dict[str, Any]]:
        """Variables that were sent, by state; without the answer to our own mark."""
        found: dict[str, dict[str, Any]] = {}
        for frame in self.frames:
            for state, variables in (frame.get("delta") or {}).items():
                found.setdefault(state, {}).update(variables)
        return found


class Channel:
    """A socket to one surface with one cookie."""

    def __init__(self, address: str, cookie: str | None, *, cookie_name: str, token: str = "") -> None:
        self.address, self.cookie, self.cookie_name = address, cookie, cookie_name
        self.token = token or str(uuid4())
        self.client = socketio.AsyncClient(reconnection=False)
        self.heard: list[Any] = []
        self.events: dict[str, int] = {}
        self.closed = asyncio.Event()
        self._news = asyncio.Event()
        self._mark = False
        self._sent, self._began = 0, 0.0
        self.client.on("*", self._hear, namespace=NAMESPACE)
        self.client.on("disconnect", self._gone, namespace=NAMESPACE)

    async def _hear(self, name: str, *said: Any) -> None:
        self.events[name] = self.events.get(name, 0) + 1
        self.heard.append(said[0] if name == "event" and said and isinstance(said[0], dict) else {name: list(said)})
        self._news.set()

    async def _gone(self, *_: Any) -> None:
        self.closed.set()
        self._news.set()

    async def open(
        self, *, origin: str | None = None, headers: Mapping[str, str] | None = None, boot: Any = None
    ) -> bool:
        """Connect. Answers whether the server let it in."""
        sent = {"Origin": self.address if origin is None else origin, **(headers or {})}
        if not sent["Origin"]:
            del sent["Origin"]
        if self.cookie:
            sent["Cookie"] = f"{self.cookie_name}={self.cookie}"
        try:
            await self.client.connect(
                f"{self.address}/_event?token={self.token}",
                headers=sent,
                namespaces=[NAMESPACE],
                socketio_path="/_event",
                transports=["websocket"],
                wait_timeout=10,
                **({} if boot is None else {"auth": {"event": boot}}),
            )
        except (socketio.exceptions.ConnectionError, OSError, ValueError):
            return False
        self._began = time.monotonic()
        return True

    async def call(
        self,
        name: Any,
        payload: Any = None,
        *,
        place: Mapping[str, Any] = PLACE,
        marked: bool = True,
        patience: float = 20,
    ) -> Reply:
        """Send one event and wait for its answer.

        An event that is let through may say nothing, so a second one follows it that always says something: `marked`.
        Without it the answer is the first frame.
        """
        event = {"name": name, "payload": {} if payload is None else payload, "router_data": dict(place)}
        return await self.send(event, marked=marked, patience=patience)

    async def send(self, event: Any, *, marked: bool = True, patience: float = 20) -> Reply:
        """The same for an envelope of any shape."""
        began = time.monotonic()
        self.heard, reply = [], Reply()
        self._news.clear()
        try:
            await self._emit(event)
            if marked:
                self._mark = not self._mark
                await self._emit({"name": _MARK, "payload": {"value": self._mark}, "router_data": dict(PLACE)})
        except socketio.exceptions.SocketIOError:
            self.closed.set()
        end = began + patience
        while not self.closed.is_set() and not (self._is_marked() if marked else self.heard):
            left = end - time.monotonic()
            if left <= 0:
                reply.late = True
                break
            self._news.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), left)
        reply.frames = [each for each in self.heard if not (marked and self._is_mark(each))]
        reply.closed, reply.seconds = self.closed.is_set(), time.monotonic() - began
        return reply

    async def _emit(self, event: Any) -> None:
        self._sent += 1
        wait = self._began + (self._sent - _BURST) * _PACE - time.monotonic()
        if wait > 0:
            await asyncio.sleep(wait)
        await self.client.emit("event", event, namespace=NAMESPACE)

    def _is_mark(self, frame: Any) -> bool:
        delta = frame.get("delta") or {}
        return list(delta) == [ROOT] and set(delta[ROOT]) == {"is_hydrated_rx_state_"}

    def _is_marked(self) -> bool:
        marks = [each for each in self.heard if "is_hydrated_rx_state_" in (each.get("delta") or {}).get(ROOT, {})]
        return bool(marks) and marks[-1]["delta"][ROOT]["is_hydrated_rx_state_"] is self._mark

    async def close(self) -> None:
        """Leave."""
        with contextlib.suppress(Exception):
            await self.client.disconnect()
