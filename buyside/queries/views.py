"""The views of lists that people kept for themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, func, select

from buyside.db.views import SavedView
from buyside.domain.access import Actor, Permission, needs
from buyside.domain.refusals import NotAllowed
from buyside.queries.grids import GRIDS
from buyside.queries.rows import by_name


@dataclass(frozen=True, slots=True)
class KeptView:
    """A list as its owner likes to see it. `content` is the grid's own word: filter, order, columns, quick filter."""

    view_id: int
    grid: str
    name: str
    content: Mapping[str, Any]
    is_first: bool


@needs(Permission.SHELL_USE)
def kept_views(session: Session, actor: Actor, /, *, grid: str) -> tuple[KeptView, ...]:
    """The actor's own views of one list, by name. Refuses: NotFound, NotAllowed (who may not see the list)."""
    _check_grid(actor, grid)
    chosen = (
        select(SavedView)
        .where(SavedView.grid == grid, SavedView.user_id == actor.user_id)
        .order_by(func.lower(SavedView.name), col(SavedView.id))
    )
    return tuple(KeptView(each.id, each.grid, each.name, each.content, each.is_first) for each in session.exec(chosen))


def _check_grid(actor: Actor, grid: str) -> None:
    source = by_name(GRIDS, grid)
    if not actor.may(source.permission):
        raise NotAllowed(act=source.permission.value)
