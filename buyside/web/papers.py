"""The papers that people take with them: `GET /api/orders/<number>/paper.pdf`, with `?revision=` for an earlier one."""

from __future__ import annotations

import re
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from buyside.documents.order_paper import OrderPaper, order_pdf
from buyside.domain.access import Actor, permission_of
from buyside.domain.refusals import Unreadable
from buyside.queries.read import ask
from buyside.web.doors import door

PaperQuery = Callable[..., OrderPaper]
"""A query that finds the paper of an order by `number` and `revision`, where None asks for the latest."""


def routes(order_paper: PaperQuery) -> list[BaseRoute]:
    """The one route, open to those who hold the query's permission. Raises TypeError where the query names none."""
    permission = permission_of(order_paper)
    if permission is None:
        raise TypeError(f"{order_paper.__qualname__} declares no permission, so nobody may call it")

    def paper(request: Request, actor: Actor) -> Response:
        found = ask(order_paper, actor, number=request.path_params["number"], revision=_revision(request))
        headers = {"content-disposition": f'attachment; filename="{found.file_name}"'}
        return Response(order_pdf(found), media_type="application/pdf", headers=headers)

    return [door("/api/orders/{number:path}/paper.pdf", permission, paper)]


def _revision(request: Request) -> int | None:
    text = request.query_params.get("revision", "")
    if not text:
        return None
    if not re.fullmatch(r"[1-9]\d{0,8}", text):
        raise Unreadable(value=text[:60], wanted="a revision")
    return int(text)
