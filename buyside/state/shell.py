"""What the frame around every page knows: who is signed in, what they may open, and what the search found."""

from __future__ import annotations

from typing import TypedDict
from urllib.parse import quote

import reflex as rx

from buyside.domain.access import Permission
from buyside.queries.search import find_anything
from buyside.state.base import SignedInState, handler, me

_SHORTEST = 2
_LONGEST = 80


class Hit(TypedDict):
    """One thing that the search found."""

    kind: str
    name: str
    says: str
    path: str
    guess: str
    """"yes" where nothing is written like what was asked for, and this is near."""


class ShellState(SignedInState, rx.State):
    """The frame. Tiny on purpose: every page carries it."""

    ready: bool = False
    name: str = ""
    initials: str = ""
    roles: str = ""
    may: list[str] = []
    """Permissions held, to show what can be used. Courtesy only: the locks are elsewhere."""
    sought: str = ""
    hits: list[Hit] = []

    @handler(Permission.SHELL_USE)
    def enter(self) -> None:
        """Runs when any page opens."""
        actor = me()
        self.name = actor.name
        self.initials = "".join(part[0] for part in actor.name.split()[:2]).upper()
        self.roles = ", ".join(sorted(role.value.capitalize() for role in actor.roles))
        self.may = sorted(permission.value for permission in Permission if actor.may(permission))
        self.ready = True

    @handler(Permission.SEARCH_USE, supersedes=True)
    async def find(self, typed: str) -> None:
        """Search for what stands in the search field; runs while it is typed."""
        sought = " ".join(typed.split())[:_LONGEST].replace("\0", "")
        if len(sought) < _SHORTEST:
            self.sought, self.hits = "", []
            return
        found = await self._ask(find_anything, text=sought)
        self.hits = [
            Hit(
                kind=each.kind.capitalize(),
                name=each.name,
                says=each.says,
                path=_path(each.kind, each.name),
                guess="yes" if each.is_guess else "",
            )
            for each in found
        ]
        self.sought = sought


_PATHS = {
    "order": "/orders/{}",
    "sales order": "/sales-orders/{}",
    "item": "/items/{}",
    "vendor": "/vendors/{}",
    "variant": "/stock?article={}",
}


def _path(kind: str, name: str) -> str:
    """Where a hit leads."""
    return _PATHS[kind].format(quote(name, safe=""))
