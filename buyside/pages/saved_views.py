"""What a grid needs so that people can keep views of it."""

from __future__ import annotations

from typing import Any

import reflex as rx

from buyside.state.views import ViewsState as Views


def saved_views(grid: str) -> dict[str, Any]:
    """The arguments of `kit.grid.grid` for the views of the list of that name; its page runs `Views.load(name)` when it opens."""
    return {
        "saved_views": rx.cond(Views.grid == grid, Views.views, rx.Var.create(None)),
        "on_keep_view": lambda view: Views.keep(grid, view),
        "on_forget_view": lambda view_id: Views.forget(grid, view_id),
    }
