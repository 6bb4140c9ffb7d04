"""The permission matrix as the page shows it: every act, who may do it, and what asks for it."""

from __future__ import annotations

from itertools import groupby
from typing import TypedDict

import reflex as rx

from buyside.domain.access import Permission, Role
from buyside.queries.permissions import Act, permission_matrix
from buyside.state.base import SignedInState, handler, me

_KINDS = {
    "page": "Pages",
    "list": "Lists",
    "address": "Addresses",
    "event": "Events",
    "operation": "Operations",
    "query": "Queries",
}


class Mark(TypedDict):
    """One cell: whether a role holds an act, and whether the role is the reader's own."""

    role: str
    held: bool
    own: bool


class Behind(TypedDict):
    """Doors of one kind behind an act."""

    kind: str
    names: str


class ShownAct(TypedDict):
    """One row of the matrix."""

    act: str
    says: str
    held: bool
    marks: list[Mark]
    doors: list[Behind]
    count: str


class PermissionMatrixState(SignedInState, rx.State):
    """The page of permissions."""

    roles: list[Mark] = []
    """The heads of the columns."""
    acts: list[ShownAct] = []

    @handler(Permission.PERMISSION_VIEW)
    async def load(self) -> None:
        """Show the table, with the reader's own roles marked."""
        own = me().roles
        self.roles = [Mark(role=role.value.capitalize(), held=False, own=role in own) for role in Role]
        self.acts = [_shown(each, own) for each in await self._ask(permission_matrix)]


def _shown(act: Act, own: frozenset[Role]) -> ShownAct:
    behind = []
    for kind, doors in groupby(act.doors, key=lambda each: each.kind):
        names = [f"{each.name} (portal)" if each.is_portal else each.name for each in doors]
        behind.append(Behind(kind=_KINDS[kind], names=", ".join(names)))
    return ShownAct(
        act=act.permission.value,
        says=act.permission.says,
        held=bool(own & set(act.roles)),
        marks=[Mark(role=role.value.capitalize(), held=role in act.roles, own=role in own) for role in Role],
        doors=behind,
        count=_asking(len(act.doors)),
    )


def _asking(count: int) -> str:
    """How many pages, lists, addresses, events, operations and queries ask for an act; empty for none."""
    return "" if not count else "Asked for in 1 place" if count == 1 else f"Asked for in {count} places"
