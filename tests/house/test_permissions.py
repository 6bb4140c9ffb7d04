"""Deny by default: whatever can be called names the act that it needs, and this walk finds what does not (ACC-3)."""

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from sqlmodel import Session

import buyside.operations
import buyside.queries
from buyside.domain.access import Actor, Permission, permission_of
from buyside.pages.routes import ROUTES
from buyside.queries.grids import GRIDS
from buyside.web import auth, rows

BUSINESS_HELPERS = {
    # Runs what it is given, which must name its own act; see tests/operations/test_run.py and tests/queries.
    "buyside.operations.run.within",
    # Plain functions below queries and operations: their callers have the permission, nobody gets at them from outside.
    "buyside.queries.order_locks.lock_draft",
    "buyside.queries.order_locks.lock_order",
    "buyside.queries.orders.find_order",
    "buyside.queries.plan_lines.lock_plan_line",
}
WITHOUT_SESSION = {
    "/auth/sign-in",
    "/auth/callback",
    "/auth/sign-out",
    "/auth/signed-out",
    "/auth/back-channel-logout",
    "/auth/me",
}
"""Addresses that lead in and out; they tell nothing but who one is."""


def modules(room: ModuleType) -> Iterator[ModuleType]:
    for module in pkgutil.iter_modules(room.__path__):
        yield importlib.import_module(f"{room.__name__}.{module.name}")


def acts_for_somebody(function: Any) -> bool:
    """Whether a function is called with a session for an actor: an operation or a query."""
    hints = inspect.get_annotations(inspect.unwrap(function), eval_str=True)
    return Session in hints.values() and Actor in hints.values()


def unlocked(module: ModuleType) -> list[str]:
    """Public functions of a module that act for somebody and name no act."""
    return [
        f"{module.__name__}.{name}"
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if not name.startswith("_")
        and function.__module__ == module.__name__
        and acts_for_somebody(function)
        and permission_of(function) is None
    ]


@pytest.mark.rule("ACC-3")
@pytest.mark.parametrize("room", [buyside.operations, buyside.queries], ids=lambda room: room.__name__)
def test_every_operation_and_query_names_its_act(room: ModuleType) -> None:
    found = {name for module in modules(room) for name in unlocked(module)}
    assert found == {each for each in BUSINESS_HELPERS if each.startswith(room.__name__)}
    locked = [
        function
        for module in modules(room)
        for _, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__ and permission_of(function) is not None
    ]
    assert len(locked) > 15  # the walk finds what there is
    assert all(isinstance(permission_of(each), Permission) for each in locked)


@pytest.mark.rule("ACC-3")
def test_the_walk_finds_what_names_no_act() -> None:
    forgotten = ModuleType("forgotten")

    def lower_prices(session: Session, actor: Actor, /, *, percent: int) -> None: ...
    def read_secrets(session: Session, actor: Actor) -> None: ...
    def rounded(amount: int) -> int: ...

    for each in (lower_prices, read_secrets, rounded):
        each.__module__ = forgotten.__name__
        setattr(forgotten, each.__name__, each)
    assert unlocked(forgotten) == ["forgotten.lower_prices", "forgotten.read_secrets"]


@pytest.mark.rule("ACC-3")
def test_every_grid_and_page_names_its_act() -> None:
    assert GRIDS
    assert all(isinstance(each.permission, Permission) for each in GRIDS)
    assert len({each.name for each in GRIDS}) == len(GRIDS)
    assert ROUTES
    assert all(isinstance(each.permission, Permission) for each in ROUTES)


@pytest.mark.rule("ACC-3")
def test_every_grid_source_of_a_page_can_be_asked_for_by_that_page_only_through_the_table() -> None:
    from buyside.queries.rows import GridSource

    declared = {
        name
        for module in modules(buyside.queries)
        for name, each in inspect.getmembers(module)
        if isinstance(each, GridSource) and each.name not in {grid.name for grid in GRIDS}
    }
    assert declared == set()


@pytest.mark.rule("ACC-3")
def test_every_other_address_is_known_by_name() -> None:
    assert {route.path for route in auth.routes()} == WITHOUT_SESSION  # type: ignore[attr-defined]
    paths = {route.path for route in rows.routes(GRIDS)}  # type: ignore[attr-defined]
    assert paths == {"/api/grid/{name:str}.csv", "/api/grid/{name:str}"}


@pytest.mark.rule("ACC-3")
def test_every_page_and_handler_of_the_application_names_its_act() -> None:
    from buyside.buyside import app
    from buyside.pages.shell import PAGES
    from buyside.state.base import unmarked_handlers

    assert unmarked_handlers() == []
    assert {page.route.path for page in PAGES} == {route.path for route in ROUTES}
    served = {f"/{path}".removesuffix("/index").rstrip("/") or "/" for path in app._unevaluated_pages}
    assert {path.split("[")[0].rstrip("/") or "/" for path in served} <= {
        route.path.split("[")[0].rstrip("/") or "/" for route in ROUTES
    } | {"/404"}
    marked = [
        each.handler.fn
        for each in app._registration_context.event_handlers.values()
        if each.states
        and each.states[0].__module__.startswith("buyside.")
        and hasattr(each.handler.fn, "__permission__")
    ]
    assert len(marked) > 40
    assert all(isinstance(each.__permission__, Permission) for each in marked)
