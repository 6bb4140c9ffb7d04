"""Codes to choose from while somebody types: `GET /api/choices/<sheet>?text=`, where open lines of orders and the options of a variant (`of`) count as sheets too."""

from __future__ import annotations

import re

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from buyside.domain.access import Actor, Permission
from buyside.domain.refusals import Unreadable
from buyside.queries.read import ask
from buyside.queries.scenario_options import OPTION_LIST, option_choices
from buyside.queries.scenario_records import LINE_LISTS, open_line_choices
from buyside.queries.sheets import reference_choices
from buyside.web.doors import door

_LIMIT = 20
_LONGEST = 200


def _choices(request: Request, actor: Actor) -> Response:
    limit = request.query_params.get("limit", str(_LIMIT))
    if not re.fullmatch(r"[0-9]{1,3}", limit):
        raise Unreadable(value=limit[:60], wanted="a number of choices")
    text = request.query_params.get("text", "").replace("\0", "")[:_LONGEST]
    among = request.path_params["sheet"]
    if among == OPTION_LIST:
        variant = request.query_params.get("of", "").replace("\0", "")[:_LONGEST]
        found = ask(option_choices, actor, variant=variant, text=text, limit=int(limit))
    elif among in LINE_LISTS:
        found = ask(open_line_choices, actor, among=among, text=text, limit=int(limit))
    else:
        found = ask(reference_choices, actor, sheet=among, text=text, limit=int(limit))
    return JSONResponse([[code, name] for code, name in found])


def routes() -> list[BaseRoute]:
    """The route, for everybody inside; which sheets one may choose from is each sheet's own permission."""
    return [door("/api/choices/{sheet:str}", Permission.SHELL_USE, _choices)]
