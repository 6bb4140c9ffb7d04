"""What a page's entry in a table of routes says. Each surface has a table of its own."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from buyside.domain.access import Permission


@dataclass(frozen=True)
class Route:
    """One page. `[name]` in a path stands for one part of the address, which the page's state reads as `self.name`."""

    path: str
    label: str
    permission: Permission
    icon: str = ""
    """Lucide name; pages without one are not in the navigation."""
    shortcut: str = ""
    """Pressed after `g`, goes there."""
    parent: Route | None = field(default=None)
    """The list that a document belongs to."""
    group: str = ""
    """The heading in the navigation under which it stands; who may open none of a group's pages sees no heading."""
    in_menu: bool = False
    """Stands in the menu behind the person's name instead of the navigation: for what is looked up once in a while."""

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """What addresses of this page look like."""
        parts = re.split(r"\[\w+\]", self.path.rstrip("/"))
        return re.compile("[^/]+".join(re.escape(part) for part in parts) + "/?")

    def to(self, *parts: str) -> str:
        """The address with its `[name]`s filled in, for literal parts."""
        filled = self.path
        for part in parts:
            before, bracket, rest = filled.partition("[")
            if bracket:
                filled = before + part + rest.partition("]")[2]
        return filled


def permission_of(routes: Iterable[Route], path: str) -> Permission | None:
    """The permission that opens a page of a table, by its address; None for an address of no page."""
    for route in routes:
        if route.pattern.fullmatch(path) or (route.path == "/" and path == "/"):
            return route.permission
    return None
