"""The views of a list that a person keeps: read when its page opens, kept and forgotten from the list's own menu."""

from __future__ import annotations

from typing import Any

import reflex as rx

from buyside.domain.access import Permission
from buyside.operations.views import forget_view, keep_view
from buyside.queries.views import kept_views
from buyside.state.base import SignedInState, handler, say
from buyside.state.forms import key
from buyside.state.grid import KeptView


class ViewsState(SignedInState, rx.State):
    """The views of the list that is open."""

    grid: str = ""
    """Whose views these are; a page of another list waits for its own."""
    views: list[dict[str, Any]] = []

    @handler(Permission.SHELL_USE)
    async def load(self, grid: str) -> None:
        """Read the person's views of a list."""
        await self._read(grid)

    @handler(Permission.SHELL_USE)
    async def keep(self, grid: str, view: KeptView) -> Any:
        """Keep how the list is looked at now."""
        kept = await self._do(
            keep_view, grid=grid, name=view.name, content=view.content.model_dump(), is_first=view.is_first
        )
        await self._read(grid)
        return say(f"The view “{kept.name}” is kept.")

    @handler(Permission.SHELL_USE)
    async def forget(self, grid: str, view_id: str) -> Any:
        """Forget a view."""
        name = await self._do(forget_view, view_id=key(view_id))
        await self._read(grid)
        return say(f"The view “{name}” is forgotten.")

    async def _read(self, grid: str) -> None:
        found = await self._ask(kept_views, grid=grid)
        self.grid = grid
        self.views = [
            {"id": str(each.view_id), "name": each.name, "is_first": each.is_first, "content": dict(each.content)}
            for each in found
        ]
