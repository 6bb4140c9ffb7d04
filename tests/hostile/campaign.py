"""Lets actors loose on handlers over many raw sockets at once, and judges every answer."""

import asyncio
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from buyside.domain.access import Role
from tests.hostile.channel import Channel, Reply
from tests.hostile.judge import Count, answer_of
from tests.hostile.payloads import KINDS, Things, fits, payload
from tests.hostile.registry import Handler

PATIENCE = 5.0
"""Seconds for an answer. A search may take a second on a busy machine; nothing here may take longer than this."""


@dataclass(frozen=True)
class Actor:
    """Somebody with a socket."""

    name: str
    roles: frozenset[Role]
    cookie: str
    canaries: Sequence[str] = ()
    """What must never be told to them."""


@dataclass(frozen=True)
class Shot:
    """One event to be sent."""

    actor: Actor
    handler: Handler
    kind: str
    payload: Mapping[str, Any]

    @property
    def where(self) -> str:
        return f"{self.actor.name} > {self.handler.name.rsplit('____', 1)[-1]} ({self.kind})"

    @property
    def is_granted(self) -> bool:
        return self.handler.passes_bare or self.handler.is_granted(self.actor.roles)


@dataclass
class Target:
    """A surface under fire."""

    address: str
    cookie_name: str
    sockets: int = 6
    """At once, for each actor."""
    place: Callable[[Handler], Mapping[str, Any]] = field(
        default=lambda _: {"pathname": "/", "asPath": "/", "query": {}}
    )


def every_shot(
    actors: Iterable[Actor], handlers: Sequence[Handler], things: Things, chance: random.Random, *, times: int = 1
) -> list[Shot]:
    """Every handler by every actor with every kind of payload, in an order that the chance decides."""
    shots = [
        Shot(actor, handler, kind, payload(kind, handler, things, chance))
        for actor in actors
        for handler in handlers
        for kind in KINDS
        for _ in range(times)
    ]
    chance.shuffle(shots)
    return shots


def sample(shots: Sequence[Shot], size: int, chance: random.Random) -> list[Shot]:
    """A part of them in which every handler, every actor and every kind still stands."""
    first: dict[Any, Shot] = {}
    for shot in shots:
        first.setdefault((shot.handler.name, shot.actor.name), shot)
        first.setdefault((shot.kind, shot.actor.name), shot)
    picked = {id(shot): shot for shot in first.values()}
    rest = [shot for shot in shots if id(shot) not in picked]
    found = [*picked.values(), *chance.sample(rest, min(len(rest), max(0, size - len(picked))))]
    chance.shuffle(found)
    return found


async def fire(target: Target, shots: Sequence[Shot]) -> Count:
    """Send them all; every actor over sockets of their own that have opened no page."""
    count = Count()
    # What the framework does for a page brings other events after it: on sockets of its own, so that no answer is taken for another's.
    queues: dict[tuple[str, bool], list[Shot]] = {}
    for shot in shots:
        queues.setdefault((shot.actor.name, shot.handler.passes_bare), []).append(shot)
    work = []
    for queue in queues.values():
        waiting = iter(queue)
        work += [_one_socket(target, waiting, count) for _ in range(min(target.sockets, len(queue)))]
    await asyncio.gather(*work)
    return count


async def _one_socket(target: Target, waiting: Any, count: Count) -> None:
    channel: Channel | None = None
    for shot in waiting:
        if channel is None or channel.closed.is_set():
            if channel is not None:
                await channel.close()
            channel = Channel(target.address, shot.actor.cookie, cookie_name=target.cookie_name)
            if not await channel.open():
                count.find("shut out", shot.where)
                channel = None
                continue
        # What is refused says exactly one thing. What is let through may say nothing at all, and is followed by a mark.
        marked = shot.is_granted and not shot.handler.passes_bare
        reply = await channel.call(
            shot.handler.name,
            shot.payload,
            place=target.place(shot.handler),
            marked=marked,
            patience=PATIENCE if marked or not shot.handler.passes_bare else 0.3,
        )
        judge(shot, reply, count)
        if shot.kind == "a megabyte":
            await channel.close()  # what is longer than a message may be closes the socket, sooner or later
            channel = None
    if channel is not None:
        await channel.close()


def judge(shot: Shot, reply: Reply, count: Count) -> None:
    """Count one answer, and find what is wrong with it."""
    answer = answer_of(reply)
    count.events[shot.kind] += 1
    count.answers[answer] += 1
    count.by_actor[shot.actor.name] += 1
    count.look(reply.text, shot.where, shot.actor.canaries)
    if answer == "closed" and shot.kind == "a megabyte":
        return
    if answer == "mistake":
        count.find("mistake", f"{shot.where}: {str(shot.payload)[:120]}")
    if shot.handler.passes_bare:
        if answer in {"refused", "unread", "closed", "mistake"}:
            count.find("a framework's event", f"{shot.where}: {answer}")
    elif not shot.is_granted:
        if answer != "refused" or reply.changed:
            count.find("accepted", f"{shot.where}: {answer} {reply.text[:200]}")
    elif not fits(shot.handler, shot.payload):
        if answer != "unread":
            count.find("read wrongly", f"{shot.where}: {answer} {str(shot.payload)[:100]} {reply.text[:200]}")
    elif answer not in {"answered", "mistake"}:
        count.find("not let through", f"{shot.where}: {answer} {str(shot.payload)[:100]}")
