"""One lock for every plain route: who may call it, checked before it runs, and its refusals as JSON (ACC-3).

A route is made with `door`, which wants a permission. What is not made with it must stand under `/auth/`, where people come in
and go out and nobody is known yet; `unlocked` finds everything else, and the app refuses to start while there is any.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Iterable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from buyside.domain.access import Actor, Permission
from buyside.domain.refusals import NotAllowed, NotFound, Refused

OPEN = "/auth/"
"""Where routes have no permission: they lead in and out. The gate lets nobody else past without a session."""
_log = logging.getLogger(__name__)


def door(path: str, permission: Permission, answer: Callable[[Request, Actor], Response]) -> Route:
    """A GET route for those who hold `permission`. `answer` is given the request and who sent it.

    Refusals are answered as JSON with their sentence and code, our mistakes with a reference to the log.
    """

    def opened(request: Request) -> Response:
        login = getattr(request.state, "login", None)
        if login is None:
            return JSONResponse({"says": "Sign in first.", "code": "access.signed-out"}, 401)
        actor: Actor = login.actor
        try:
            if not actor.may(permission):
                raise NotAllowed(act=permission.value)
            return answer(request, actor)
        except Refused as refusal:
            status = 403 if isinstance(refusal, NotAllowed) else 404 if isinstance(refusal, NotFound) else 400
            return JSONResponse({"says": str(refusal), "code": refusal.code}, status)
        except Exception:
            reference = secrets.token_hex(3).upper()
            _log.exception("unexpected error, reference %s", reference)
            return JSONResponse({"says": f"Something went wrong. Reference {reference}.", "code": "error"}, 500)

    opened.__permission__ = permission  # type: ignore[attr-defined]
    opened.__name__ = answer.__name__
    return Route(path, opened, methods=["GET"])


def unlocked(routes: Iterable[BaseRoute]) -> list[str]:
    """Paths of routes that name no permission and do not lead in or out."""
    return sorted(
        str(getattr(each, "path", each))
        for each in routes
        if not isinstance(getattr(getattr(each, "endpoint", None), "__permission__", None), Permission)
        and not str(getattr(each, "path", "")).startswith(OPEN)
    )
