"""Reads what came back, and keeps count: how many events of which kind, answered how, and what should not have been."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from buyside.config import ROOT
from tests.hostile.channel import Reply

REFUSED = "Your roles do not include this."
UNREAD = "This input could not be read."
MISTAKE = "Something went wrong."
SIGN_IN = "/auth/sign-in"
_TRACES = re.compile(
    "|".join(
        (
            r"Traceback \(most recent", r'File \\*"', r"site-packages", r"psycopg", r"sqlalchemy", r"sqlmodel", r"pydantic_core",
            r"syntax error at or near", r"relation \\*\"", r"violates (foreign|unique|check|not-null|row-level)", r"permission denied for",
            r"\bDETAIL:", r"\bCONTEXT:", r"\bselect\s[^\"]{1,80}\sfrom\s", r"\binsert into\s", r"\bupdate\s\w{1,40}\sset\s",
            r"(?-i:\b[A-Z][A-Za-z]{2,40}Error\b)", r"\w\.py\b", r"/usr/(lib|local)/", r"/home/\w", re.escape(str(ROOT)), r"postgresql://",
        )
    ),
    re.IGNORECASE,
)  # fmt: skip
"""What belongs into a log and never into an answer: traces, SQL, words of the driver, paths of this machine."""
_LOOKED_AT = 200_000
"""Characters of one answer: more than that is the megabyte that was sent, coming back."""


def traces(said: str) -> list[str]:
    """Signs of the machine room in an answer."""
    return sorted({found.group(0) for found in _TRACES.finditer(said[:_LOOKED_AT])})


@dataclass
class Count:
    """What a campaign did and found. A goal is a finding list that stays empty."""

    events: Counter[str] = field(default_factory=Counter)
    """By kind of payload."""
    answers: Counter[str] = field(default_factory=Counter)
    by_actor: Counter[str] = field(default_factory=Counter)
    found: dict[str, list[str]] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return sum(self.events.values())

    def find(self, what: str, where: str) -> None:
        """Keep something that should not have happened."""
        self.found.setdefault(what, []).append(where)

    def look(self, said: str, where: str, canaries: Iterable[str]) -> None:
        """Search an answer for what must not be in any."""
        for trace in traces(said):
            self.find("trace", f"{where}: {trace}")
        for canary in canaries:
            if canary in said:
                self.find("leak", f"{where}: {canary}")

    def guarded(self, shot: Any, said: str) -> None:
        """Count what the guard alone said to somebody without a living session: the way to the sign-in page, and nothing else."""
        self.events[shot.kind] += 1
        self.by_actor[shot.actor.name] += 1
        self.look(said, shot.where, ())
        if SIGN_IN not in said:
            self.find("passed", f"{shot.where}: {said[:200]}")

    def report(self, title: str) -> str:
        """The counts as lines for a log."""
        lines = [f"{title}: {self.total} events, {sum(map(len, self.found.values()))} findings"]
        for name, counted in (("payloads", self.events), ("answers", self.answers), ("actors", self.by_actor)):
            if counted:
                lines.append(f"  {name}: " + ", ".join(f"{each} {number}" for each, number in counted.most_common()))
        lines += [f"  {what}: {len(where)}, such as {where[:3]}" for what, where in self.found.items()]
        return "\n".join(lines)

    def add(self, other: "Count") -> None:
        """Take in the counts of another part."""
        self.events += other.events
        self.answers += other.answers
        self.by_actor += other.by_actor
        for what, where in other.found.items():
            self.found.setdefault(what, []).extend(where)


def answer_of(reply: Reply) -> str:
    """In one word how an event was answered."""
    if reply.closed:
        return "closed"
    if reply.late:
        return "silent"
    said = reply.text
    for word, phrase in (("refused", REFUSED), ("unread", UNREAD), ("mistake", MISTAKE), ("signed out", SIGN_IN)):
        if phrase in said:
            return word
    return "answered"
