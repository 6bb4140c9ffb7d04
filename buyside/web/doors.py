"""One lock for every plain route: who may call it, checked before it runs, and its refusals as JSON (ACC-3).

A route is made with `door`, or with `door_for_files` where one is sent; both want a permission. What is not made with it must stand under `/auth/`, where people come in
and go out and nobody is known yet; `unlocked` finds everything else, and the app refuses to start while there is any.
"""

from __future__ import annotations

import logging
import secrets
import tempfile
import threading
from collections.abc import Callable, Iterable
from typing import IO, Any, TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from buyside.domain.access import Actor, Permission
from buyside.domain.refusals import NotAllowed, NotFound, Refused

OPEN = "/auth/"
"""Where routes have no permission: they lead in and out. The gate lets nobody else past without a session."""
_IN_MEMORY = 1 << 20  # bytes of a body that need no disk
_log = logging.getLogger(__name__)


def door(path: str, permission: Permission, answer: Callable[[Request, Actor], Response]) -> Route:
    """A GET route for those who hold `permission`. `answer` is given the request and who sent it.

    Refusals are answered as JSON with their sentence and code, our mistakes with a reference to the log.
    """

    def opened(request: Request) -> Response:
        return _answered(request, permission, lambda actor: answer(request, actor))

    return Route(path, _named(opened, answer, permission), methods=["GET"])


def door_for_files(
    path: str,
    permission: Permission,
    answer: Callable[[Request, Actor, IO[bytes]], Response],
    *,
    longest: int,
    at_once: int = 2,
) -> Route:
    """A POST route for those who hold `permission`, whose body is a file of at most `longest` bytes, whatever it announces.

    The gate has seen that our own page sends it. The body goes to the disk as it comes, and is taken from nobody who may not
    send it. `answer` is given it too, `at_once` of them at the same time in this process: the others wait.
    """
    turn = threading.BoundedSemaphore(at_once)

    async def opened(request: Request) -> Response:
        refused = await run_in_threadpool(_answered, request, permission, lambda _actor: None)
        if refused is not None:
            return refused
        with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as body:
            async for chunk in request.stream():
                if body.tell() + len(chunk) > longest:
                    return JSONResponse(
                        {"says": f"It is longer than {longest >> 20} MiB.", "code": "files.too-long"}, 413
                    )
                await run_in_threadpool(body.write, chunk)

            def act(actor: Actor) -> Response:
                with turn:
                    body.seek(0)
                    return answer(request, actor, body)

            return await run_in_threadpool(_answered, request, permission, act)

    return Route(path, _named(opened, answer, permission), methods=["POST"])


def _named(opened: Callable[..., Any], answer: Callable[..., Any], permission: Permission) -> Callable[..., Any]:
    opened.__permission__ = permission  # type: ignore[attr-defined]
    opened.__name__ = answer.__name__
    return opened


Answer = TypeVar("Answer")


def _answered(request: Request, permission: Permission, act: Callable[[Actor], Answer]) -> Answer | JSONResponse:
    """What `act` answers to somebody who may ask; else the refusal."""
    login = getattr(request.state, "login", None)
    if login is None:
        return JSONResponse({"says": "Sign in first.", "code": "access.signed-out"}, 401)
    actor: Actor = login.actor
    try:
        if not actor.may(permission):
            raise NotAllowed(act=permission.value)
        return act(actor)
    except Refused as refusal:
        status = 403 if isinstance(refusal, NotAllowed) else 404 if isinstance(refusal, NotFound) else 400
        return JSONResponse({"says": str(refusal), "code": refusal.code}, status)
    except Exception:
        reference = secrets.token_hex(3).upper()
        _log.exception("unexpected error, reference %s", reference)
        return JSONResponse({"says": f"Something went wrong. Reference {reference}.", "code": "error"}, 500)


def unlocked(routes: Iterable[BaseRoute]) -> list[str]:
    """Paths of routes that name no permission and do not lead in or out."""
    return sorted(
        str(getattr(each, "path", each))
        for each in routes
        if not isinstance(getattr(getattr(each, "endpoint", None), "__permission__", None), Permission)
        and not str(getattr(each, "path", "")).startswith(OPEN)
    )
