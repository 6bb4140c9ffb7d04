"""Deny by default: whatever can be called names the act that it needs, and this walk finds what does not (ACC-3)."""

import importlib
import inspect
import json
import os
import pkgutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from types import ModuleType
from typing import Any

import pytest
from sqlmodel import Session

import buyside.operations
import buyside.queries
from buyside.config import ROOT
from buyside.domain.access import GRANTS, Actor, Permission, Role, permission_of
from buyside.queries import grids, portal_grids
from buyside.queries.permissions import Door, all_doors
from buyside.queries.rows import GridSource

BUSINESS_HELPERS = {
    # Runs what it is given, which must name its own act; see tests/operations/test_run.py and tests/queries.
    "buyside.operations.run.within",
    # Plain functions below queries and operations: their callers have the permission, nobody gets at them from outside.
    "buyside.queries.order_locks.lock_draft",
    "buyside.queries.order_locks.lock_order",
    "buyside.queries.orders.find_order",
    "buyside.queries.plan_lines.lock_plan_line",
    "buyside.queries.plan_lines.lock_plan_lines",
    "buyside.queries.plan_orders.lock_orderable_lines",
}
SURFACES = ("internal", "portal")
LEAD_IN_AND_OUT = {
    *("/auth/sign-in", "/auth/callback", "/auth/sign-out", "/auth/signed-out", "/auth/back-channel-logout", "/auth/me"),
}
"""Addresses before a session: they tell nothing but who one is."""
FRAMEWORK_ROUTES = {
    "/ping": "answers that the process lives, to everybody",
    "/_health": "closed by the gate",
    "/_event": "the socket: behind the gate, each event behind the guard",
}
FRAMEWORK_HANDLERS_LET_IN = {
    *("hydrate", "hydrate_and_load", "set_is_hydrated", "on_load_internal", "handle_frontend_exception"),
}
"""What pages cannot live without; the guard cuts their arguments down."""
FRAMEWORK_HANDLERS_REFUSED = {"setvar", "update_vars_internal"}


@cache
def walked(surface: str) -> dict[str, Any]:
    """Everything that a process of a surface registers."""
    finished = walk(surface)
    assert finished.returncode == 0, finished.stderr
    found: dict[str, Any] = json.loads(finished.stdout)
    return found


def walk(surface: str, *forgotten: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "tests.house.walk", *forgotten],
        cwd=ROOT,
        env=os.environ | {"BUYSIDE_SURFACE": surface},
        capture_output=True,
        text=True,
        check=False,
    )


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
def test_every_grid_is_offered_by_one_surface_alone_and_names_its_act() -> None:
    offered = [*grids.GRIDS, *portal_grids.GRIDS]
    assert all(isinstance(each.permission, Permission) for each in offered)
    assert len({each.name for each in offered}) == len(offered)
    declared = {
        each.name
        for module in modules(buyside.queries)
        for _, member in inspect.getmembers(module)
        for each in (member.values() if isinstance(member, dict) else (member,))
        if isinstance(each, GridSource)
    }
    assert declared == {each.name for each in offered}
    for surface, sources in (("internal", grids.GRIDS), ("portal", portal_grids.GRIDS)):
        assert walked(surface)["grids"] == {each.name: each.permission.value for each in sources}
        held = GRANTS[Role.VENDOR] if surface == "portal" else set(Permission) - GRANTS[Role.VENDOR]
        assert {each.permission for each in sources} <= held


@pytest.mark.rule("ACC-3")
@pytest.mark.parametrize("surface", SURFACES)
def test_every_registered_handler_is_classified(surface: str) -> None:
    """Ours name their act; of the framework's, some are let in with their arguments cut down, and the rest is refused."""
    handlers = walked(surface)["handlers"]
    unclassified, ours = [], []
    for each in handlers:
        method = each["name"].rsplit(".", 1)[1]
        if each["permission"] is not None:
            ours.append(each)
            assert each["module"].startswith("buyside.state.")
        elif method in FRAMEWORK_HANDLERS_REFUSED:
            assert each["name"] not in walked(surface)["let_in"]
        elif each["module"] != "reflex.state" or method not in FRAMEWORK_HANDLERS_LET_IN:
            unclassified.append(each)
    assert unclassified == []
    assert len(ours) > (80 if surface == "internal" else 3)
    let_in = {name.rsplit(".", 1)[1] for name in walked(surface)["let_in"]}
    assert let_in == FRAMEWORK_HANDLERS_LET_IN
    vendors = {each.value for each in GRANTS[Role.VENDOR]}
    assert all((each["permission"] in vendors) == (surface == "portal") for each in ours)


@pytest.mark.rule("ACC-3")
@pytest.mark.parametrize("surface", SURFACES)
def test_every_address_is_classified(surface: str) -> None:
    open_ones, ours, framework = set(), {}, set()
    for each in walked(surface)["routes"]:
        if not each["is_ours"]:
            framework.add(each["path"])
        elif each["permission"] is None:
            open_ones.add(each["path"])
        else:
            ours[each["path"]] = (each["permission"], each["methods"])
    assert open_ones == LEAD_IN_AND_OUT
    assert framework == set(FRAMEWORK_ROUTES)
    assert all(path.startswith("/api/") for path in ours)
    takes = {path: methods for path, (_, methods) in ours.items() if methods != ["GET", "HEAD"]}
    assert takes == ({"/api/files": ["POST"]} if surface == "internal" else {})
    expected = {"/api/grid/{name:str}": "shell.use", "/api/grid/{name:str}.csv": "data.export"}
    expected["/api/grid/{name:str}.xlsx"] = "data.export"
    expected |= dict.fromkeys(["/api/files", "/api/imports/{run:str}/refused.csv"], "data.import")
    expected |= dict.fromkeys([f"/api/sheets/{{name:str}}/template.{each}" for each in ("csv", "xlsx")], "data.import")
    expected["/api/orders/{number:path}/paper.pdf"] = "order.view"
    expected["/api/choices/{sheet:str}"] = "shell.use"  # each sheet asks for its own permission too
    expected |= dict.fromkeys(
        [f"/api/plan-board/{each}" for each in ("columns", "cards", "place", "targets")], "plan.view"
    )
    requirements = ("/api/requirements", "/api/requirements/choices", "/api/requirements/place")
    expected |= dict.fromkeys(requirements, "plan.view") | {"/api/requirements.csv": "data.export"}
    if surface == "portal":
        expected = {
            "/api/grid/{name:str}": "portal.use",
            "/api/orders/{number:path}/paper.pdf": "portal.order.view",
        }
    assert {path: permission for path, (permission, _) in ours.items()} == expected


@pytest.mark.rule("ACC-3")
@pytest.mark.parametrize("surface", SURFACES)
def test_every_page_names_its_act_and_the_gate_knows_it(surface: str) -> None:
    found = walked(surface)
    assert found["pages"]
    assert found["doors"] == found["pages"]
    assert "404" in found["served"], "an address of no page has a page of ours too"
    served = {"/" if path == "index" else f"/{path}" for path in found["served"]} - {"/404"}
    assert served == set(found["pages"])
    vendors = {each.value for each in GRANTS[Role.VENDOR]}
    assert all((permission in vendors) == (surface == "portal") for permission in found["pages"].values())


@pytest.mark.rule("ACC-3")
@pytest.mark.parametrize("surface", SURFACES)
def test_nothing_is_uploaded_through_the_framework(surface: str) -> None:
    assert walked(surface)["takes_uploads"] is False


@pytest.mark.rule("ACC-5")
def test_the_portal_knows_nothing_of_the_internal_surface() -> None:
    portal, internal = set(walked("portal")["modules"]), set(walked("internal")["modules"])
    for room in ("state", "pages"):
        both = {"", ".base", ".kit", ".forms", ".grid", ".portal"}
        own = {name for name in portal if name.startswith(f"buyside.{room}")}
        shared = {f"buyside.{room}{each}" for each in both}
        assert {name for name in own if name not in shared and ".portal" not in name and ".kit" not in name} == set()
        assert not {name for name in internal if name.startswith(f"buyside.{room}.portal.")}
    assert not {name for name in portal if name.startswith(("buyside.planning", "buyside.cli"))}
    assert not {name for name in portal if name.startswith("buyside.operations.")} - {"buyside.operations.run"}


@pytest.mark.rule("ACC-3")
@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize("forgotten", ["handler", "helper", "setter", "type", "route", "mount", "page"])
def test_what_names_no_act_keeps_a_surface_from_starting(surface: str, forgotten: str) -> None:
    finished = walk(surface, forgotten)
    assert finished.returncode != 0
    assert "names no permission" in finished.stderr or "name no permission" in finished.stderr or forgotten == "type"
    if forgotten == "type":
        assert "the argument anything says nothing of what it may be" in finished.stderr


def doors(kind: str, *, is_portal: bool) -> set[Door]:
    return {each for each in all_doors() if each.kind == kind and each.is_portal is is_portal}


@pytest.mark.rule("ACC-2")
@pytest.mark.parametrize("surface", SURFACES)
def test_the_printed_matrix_knows_every_door(surface: str) -> None:
    """The page finds doors in the sources; here they are compared with what the process has."""
    found, is_portal = walked(surface), surface == "portal"
    told = {(each.name, each.permission.value) for each in doors("page", is_portal=is_portal)}
    labels = {(page, permission) for page, permission in found["pages"].items()}
    assert told == labels
    assert {(each.name, each.permission.value) for each in doors("list", is_portal=is_portal)} == set(
        found["grids"].items()
    )
    events = {(each["name"].rsplit(".", 1)[1], each["permission"]) for each in found["handlers"] if each["permission"]}
    assert {(each.name.split(".")[1], each.permission.value) for each in doors("event", is_portal=is_portal)} == events
    addresses = {(each["path"], each["permission"]) for each in found["routes"] if each["permission"]}
    told = {(each.name, each.permission.value) for each in doors("address", is_portal=is_portal)}
    assert {each for each in addresses - told if "paper" not in each[0]} == set()  # asks for what its query asks for
    assert told <= addresses


@pytest.mark.rule("ACC-2")
@pytest.mark.parametrize(("room", "kind"), [(buyside.operations, "operation"), (buyside.queries, "query")])
def test_the_printed_matrix_knows_every_operation_and_query(room: ModuleType, kind: str) -> None:
    acts = {
        (name, permission)
        for module in modules(room)
        for name, act in inspect.getmembers(module, inspect.isfunction)
        if act.__module__ == module.__name__ and (permission := permission_of(act)) is not None
    }
    assert {(each.name, each.permission) for each in all_doors() if each.kind == kind} == acts


def test_every_permission_says_what_it_lets_one_do() -> None:
    assert all(each.says.endswith(".") and each.says[0].isupper() for each in Permission)
    assert len({each.says for each in Permission}) == len(Permission)
