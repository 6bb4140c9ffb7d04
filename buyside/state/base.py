"""What every state shares: the guard before each handler, the actor behind it, and the two ways into the business.

A browser can call any public method of a state and send any argument, so nothing is callable until `handler` marks it
with a permission; the guard looks the session up anew for each event, checks the permission and the arguments' types.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
import logging
import re
import secrets
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar, copy_context
from datetime import UTC, date, datetime
from typing import Any, TypeVar
from uuid import UUID

import reflex as rx
from pydantic import ConfigDict, PydanticUserError, TypeAdapter, ValidationError
from reflex.event import Event, EventSpec
from reflex.istate.proxy import StateProxy
from reflex.middleware.middleware import Middleware
from reflex.state import BaseState, OnLoadInternalState, State, StateUpdate
from reflex_base.registry import RegistrationContext
from reflex_base.utils.form import form_data_as_dict
from reflex_base.utils.format import format_event_handler

from buyside.domain.access import Actor, Permission
from buyside.domain.refusals import Refused, SeveralRefused
from buyside.identity.cookies import REACH_HEADER, who_is
from buyside.identity.logins import Login
from buyside.operations.run import perform
from buyside.queries.read import ask

Answer = TypeVar("Answer")

SIGN_IN = "/auth/sign-in"
_SHOW_REFUSED = "buysideShowRefused()"  # in assets/buyside.js
_THREADS = 8
_LONGEST_ERROR = 2000
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_log = logging.getLogger(__name__)
_login: ContextVar[Login] = ContextVar("buyside_login")
_executor: ThreadPoolExecutor | None = None


def executor() -> ThreadPoolExecutor:
    """The threads that run the business, made when first asked for (never before a server forks)."""
    global _executor
    if _executor is None:
        _executor = ThreadPoolExecutor(_THREADS, thread_name_prefix="business")
    return _executor


def close_executor() -> None:
    """End the threads; an executor left open hangs the server's shutdown."""
    global _executor
    if _executor is not None:
        _executor.shutdown(wait=True, cancel_futures=True)
        _executor = None


async def in_thread(function: Callable[..., Answer], *positional: Any, **named: Any) -> Answer:
    """Run something that blocks without holding up the event loop."""
    call = functools.partial(copy_context().run, function, *positional, **named)
    return await asyncio.get_running_loop().run_in_executor(executor(), call)


def me() -> Actor:
    """Who sent the event that is being handled."""
    return _login.get().actor


def now() -> datetime:
    """The moment, in UTC."""
    return datetime.now(UTC)


def today() -> date:
    """The organisation's date, whatever the clock of whoever sent the event says (INT-3)."""
    return me().today()


def say(text: str) -> EventSpec:
    """Tell that something was done."""
    return rx.toast(text, position="bottom-right", duration=5000)


def warn(text: str) -> EventSpec:
    """Tell that something was not done, and why; stays long enough to be read."""
    return rx.toast.warning(text, position="bottom-right", duration=12000, close_button=True)


def handler(
    permission: Permission, *, background: bool = False, **event_options: Any
) -> Callable[[Callable[..., Any]], Any]:
    """Make a method callable from the browser, for those who hold `permission`.

    A refusal inside is told at the form field that it names, where the handler took a form with that field, else as a notice.
    """

    def mark(method: Callable[..., Any]) -> Any:
        _refuse_loose_arguments(method)
        telling = _telling_steps(method) if inspect.isasyncgenfunction(method) else _telling(method)
        telling.__permission__ = permission  # type: ignore[attr-defined]
        if background:
            event_options["background"] = True
        return rx.event(telling, **event_options) if event_options else rx.event(telling)

    return mark


def _refuse_loose_arguments(method: Callable[..., Any]) -> None:
    """The guard reads arguments by their types; one without a type would let anything in. Raises TypeError."""
    for each in list(inspect.signature(method).parameters.values())[1:]:
        is_open = each.kind in {each.VAR_POSITIONAL, each.VAR_KEYWORD}
        if is_open or each.annotation in {each.empty, Any, object, "Any", "object"}:
            raise TypeError(f"{method.__qualname__}: the argument {each.name} says nothing of what it may be")


def _telling(method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    async def telling(self: Any, *positional: Any, **named: Any) -> Any:
        try:
            await _forget_errors(self)
            answer = method(self, *positional, **named)
            return await answer if inspect.isawaitable(answer) else answer
        except Refused as refusal:
            return await _tell(self, refusal, [*positional, *named.values()])

    return telling


def _telling_steps(method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    async def telling(self: Any, *positional: Any, **named: Any) -> AsyncIterator[Any]:
        try:
            await _forget_errors(self)
            async for step in method(self, *positional, **named):
                yield step
        except Refused as refusal:
            yield await _tell(self, refusal, [*positional, *named.values()])

    return telling


def _is_background(state: Any) -> bool:
    """A background handler sees its state through a proxy, and may change it only while it holds the lock."""
    return isinstance(state, StateProxy)


async def _forget_errors(state: Any) -> None:
    if getattr(state, "errors", None) and not _is_background(state):
        state.errors = {}


async def _tell(state: Any, refusal: Refused, arguments: list[Any]) -> list[EventSpec]:
    """Say what is refused at the fields of the form that it names, the first of which is gone to; the rest as notices."""
    _log.info("refused %s to %s: %s", refusal.code, me().user_id, refusal)
    forms = [each for each in arguments if isinstance(each, Mapping)] if hasattr(state, "errors") else []
    at_fields: dict[str, str] = {}
    elsewhere: list[EventSpec] = []
    for each in refusal.refusals if isinstance(refusal, SeveralRefused) else (refusal,):
        if each.field and any(each.field in form for form in forms):
            at_fields.setdefault(each.field, str(each))
        else:
            elsewhere.append(warn(str(each)))
    if at_fields and _is_background(state):
        async with state:
            state.errors = at_fields
    elif at_fields:
        state.errors = at_fields
    return [*elsewhere, *([rx.call_script(_SHOW_REFUSED)] if at_fields else [])]


class SignedInState(rx.State, mixin=True):
    """Base of every state, as a mixin: `class OrdersState(BuyerState, rx.State)`."""

    errors: dict[str, str] = {}
    """What is wrong with the last form, by field."""

    async def _do(
        self, operation: Callable[..., Answer], /, *, request_id: UUID | None = None, **arguments: Any
    ) -> Answer:
        """Run one operation as whoever sent the event. Refuses: what the operation refuses."""
        return await in_thread(perform, operation, me(), request_id=request_id, **arguments)

    async def _ask(self, query: Callable[..., Answer], /, **arguments: Any) -> Answer:
        """Run one query as whoever sent the event. Refuses: what the query refuses."""
        return await in_thread(ask, query, me(), **arguments)


class Guard(Middleware):
    """Runs before every handler, whether the browser or another handler asked for it. Deny by default."""

    async def preprocess(self, app: rx.App, state: BaseState, event: Event) -> StateUpdate | None:  # noqa: ARG002
        """Let the event pass, with its arguments checked, or answer in its place."""
        headers = state.router_data.get("headers", {})
        login = await in_thread(who_is, str(headers.get("cookie", "")))
        if login is None:
            return _instead(rx.call_script(f"window.location.replace('{SIGN_IN}')"))
        if (
            headers.get(REACH_HEADER) != login.reach
        ):  # what this tab holds was read when the person reached something else
            return _instead(rx.call_script("window.location.reload()"))
        _login.set(login)
        if event.name in _framework():
            _framework()[event.name](event)
            return None
        registered = RegistrationContext.get().event_handlers.get(event.name)
        method = registered.handler.fn if registered else None
        permission = getattr(method, "__permission__", None)
        if method is None or not isinstance(permission, Permission) or not login.actor.may(permission):
            _log.warning("denied %s to user %s", event.name, login.actor.user_id)
            return _instead(warn("Your roles do not include this."))
        try:
            checked = checked_arguments(method, event.payload)
        except ValueError:
            _log.warning("unreadable arguments for %s from user %s", event.name, login.actor.user_id)
            return _instead(warn("This input could not be read. Reload the page and try again."))
        event.payload.clear()
        event.payload.update(checked)
        return None


def _instead(answer: EventSpec) -> StateUpdate:
    return StateUpdate(events=Event.from_event_type(answer))


@functools.lru_cache(maxsize=1)
def _framework() -> Mapping[str, Callable[[Event], None]]:
    """The framework's own events that pages cannot work without, each with what it is cut down to."""

    def bare(event: Event) -> None:
        event.payload.clear()

    def boot(event: Event) -> None:
        hashes = event.payload.get("hashes")
        event.payload.clear()  # `vars` would set variables kept in browsers; there are none
        if isinstance(hashes, list) and all(isinstance(each, str) for each in hashes):
            event.payload["hashes"] = hashes

    def hydrated(event: Event) -> None:
        value = event.payload.get("value") is True
        event.payload.clear()
        event.payload["value"] = value

    def report(event: Event) -> None:
        told = {name: str(event.payload.get(name, ""))[:_LONGEST_ERROR] for name in ("info", "component_stack")}
        said = {name: "".join(each if each.isprintable() else " " for each in text) for name, text in told.items()}
        event.payload.clear()
        event.payload.update(said)

    exceptions = next(each for each in State.get_substates() if each.__name__ == "FrontendEventExceptionState")
    return {
        format_event_handler(State.event_handlers["hydrate"]): bare,
        format_event_handler(State.event_handlers["hydrate_and_load"]): boot,
        format_event_handler(State.event_handlers["set_is_hydrated"]): hydrated,
        format_event_handler(OnLoadInternalState.event_handlers["on_load_internal"]): bare,
        format_event_handler(OnLoadInternalState.event_handlers["set_is_hydrated"]): hydrated,
        format_event_handler(exceptions.event_handlers["handle_frontend_exception"]): report,
    }


@functools.lru_cache(maxsize=2048)
def _adapters(method: Callable[..., Any]) -> tuple[Mapping[str, TypeAdapter[Any]], frozenset[str]]:
    """How each argument of a handler is read, and which are needed."""
    original = inspect.unwrap(method)
    hints = inspect.get_annotations(original, eval_str=True)
    parameters = list(inspect.signature(original).parameters.values())[1:]
    strict = ConfigDict(strict=True)
    adapters: dict[str, TypeAdapter[Any]] = {}
    for each in parameters:
        kind = hints.get(each.name, Any)
        try:
            adapters[each.name] = TypeAdapter(kind, config=strict)
        except PydanticUserError:  # models bring a configuration of their own
            adapters[each.name] = TypeAdapter(kind)
    return adapters, frozenset(each.name for each in parameters if each.default is each.empty)


def checked_arguments(method: Callable[..., Any], payload: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of an event in the types that the handler declares. Raises ValueError for anything else."""
    adapters, needed = _adapters(method)
    if payload.keys() - adapters.keys() or needed - payload.keys():
        raise ValueError("arguments missing or unknown")
    if not _is_storable(list(payload.values())):
        raise ValueError("no database holds this")
    try:
        return {name: adapters[name].validate_python(form_data_as_dict(value)) for name, value in payload.items()}
    except ValidationError as error:
        raise ValueError(str(error)) from None


def _is_storable(value: Any) -> bool:
    """Whether the database could hold everything in a value: no number beyond 64 bits, no null character, no half of a pair."""
    if isinstance(value, str):
        return _UNSTORABLE.search(value) is None
    if isinstance(value, int):
        return -(2**63) <= value < 2**63
    if isinstance(value, Mapping):
        return all(_is_storable(each) for pair in value.items() for each in pair)
    return not isinstance(value, list) or all(_is_storable(each) for each in value)


def unmarked_handlers(package: str = "buyside") -> list[str]:
    """Handlers of our states that nothing marks with a permission. The app refuses to start while there are any."""
    registered = RegistrationContext.ensure_context().event_handlers.items()
    return sorted(
        name
        for name, each in registered
        if each.states
        and each.states[0].__module__.split(".")[0] == package
        and not name.endswith(".setvar")
        and not isinstance(getattr(each.handler.fn, "__permission__", None), Permission)
    )


def our_mistake(exception: Exception) -> str:
    """Keep the trace under a short reference; answers with the sentence for the person."""
    reference = secrets.token_hex(3).upper()
    _log.error("unexpected error, reference %s", reference, exc_info=exception)
    return f"Something went wrong. Nothing was saved. Reference {reference}."


def something_went_wrong(exception: Exception) -> EventSpec:
    """The app's net under every handler."""
    return rx.toast.error(our_mistake(exception), position="bottom-right", duration=20000, close_button=True)
