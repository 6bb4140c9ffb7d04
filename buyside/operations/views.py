"""Keeping and forgetting views of lists. Everybody keeps their own, of lists that they may see; nobody else's is in reach."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, select

from buyside.db.people import AppUser
from buyside.db.views import SavedView
from buyside.domain.access import Actor, Permission, needs
from buyside.domain.refusals import NotAllowed, NotFound, Refused, Unreadable
from buyside.domain.views import LONGEST_CONTENT, LONGEST_NAME, MOST_VIEWS
from buyside.queries.grids import GRIDS
from buyside.queries.rows import by_name


class NameMissing(Refused):
    code, field = "views.name-missing", "name"
    says = "Give the view a name."


class NameTooLong(Refused):
    code, field = "views.name-too-long", "name"
    says = "A name of a view has at most {most} characters."


class TooManyViews(Refused):
    code = "views.too-many"
    says = "You keep {most} views of this list. Forget one that you no longer need."


class NobodysView(Refused):
    code = "views.nobodys"
    says = "A view belongs to a person; the operator at the command line has none."


@dataclass(frozen=True, slots=True)
class ViewKept:
    """A view as it stands now."""

    view_id: int
    name: str
    is_first: bool


@needs(Permission.SHELL_USE)
def keep_view(
    session: Session, actor: Actor, /, *, grid: str, name: str, content: Mapping[str, Any], is_first: bool = False
) -> ViewKept:
    """Keep how a list is looked at under a name; of the same name, whatever its letters, it takes the place of what
    was kept before.

    `is_first`: the list opens with it; of several kept so, the last one does. Refuses, in this order: NobodysView, NotFound,
    NotAllowed, NameMissing, NameTooLong, Unreadable, TooManyViews.
    """
    owner = _owner(session, actor)
    source = by_name(GRIDS, grid)
    if not actor.may(source.permission):
        raise NotAllowed(act=source.permission.value)
    name = " ".join(name.split())
    if not name:
        raise NameMissing
    if len(name) > LONGEST_NAME:
        raise NameTooLong(most=LONGEST_NAME)
    kept = _readable(content)
    own = session.exec(select(SavedView).where(SavedView.user_id == owner, SavedView.grid == grid)).all()
    view = next((each for each in own if each.name.casefold() == name.casefold()), None)
    if view is None and len(own) >= MOST_VIEWS:
        raise TooManyViews(most=MOST_VIEWS)
    if is_first:
        for each in own:
            if each.is_first and each is not view:
                each.is_first, each.version = False, each.version + 1
                session.add(each)
    if view is None:
        view = SavedView(user_id=owner, grid=grid, name=name, content=kept, is_first=is_first)
    elif (view.name, view.content, view.is_first) != (name, kept, is_first):
        view.name, view.content, view.is_first, view.version = name, kept, is_first, view.version + 1
    session.add(view)
    session.flush()
    return ViewKept(view.id, view.name, view.is_first)


@needs(Permission.SHELL_USE)
def forget_view(session: Session, actor: Actor, /, *, view_id: int) -> str:
    """Forget one of the actor's own views; answers with its name. Refuses: NobodysView, NotFound."""
    owner = _owner(session, actor)
    view = session.exec(
        select(SavedView).where(SavedView.id == view_id, SavedView.user_id == owner).with_for_update()
    ).one_or_none()
    if view is None:
        raise NotFound(kind="view")
    session.delete(view)
    return view.name


def _owner(session: Session, actor: Actor) -> int:
    """Whose views these are, locked so that two windows of one person wait for each other. Refuses: NobodysView."""
    if actor.user_id is None:
        raise NobodysView
    session.execute(select(AppUser.id).where(col(AppUser.id) == actor.user_id).with_for_update(key_share=True))
    return actor.user_id


def _readable(content: Mapping[str, Any]) -> dict[str, Any]:
    """The content as it is stored. Refuses: Unreadable, for what no grid sends."""
    try:
        text = json.dumps(dict(content), ensure_ascii=False, allow_nan=False)
        text.encode()  # half a pair of surrogates is no text
    except (TypeError, ValueError):
        text = ""
    if not text or len(text) > LONGEST_CONTENT or "\\u0000" in json.dumps(text):
        raise Unreadable(value=text[:40], wanted="a view of a list")
    kept: dict[str, Any] = json.loads(text)
    return kept
