"""Who may do what, read from the code: the one table of grants, and the doors behind each permission on both surfaces.

The doors are found in the sources and not by importing them: a process of one surface never imports the other's pages and
states, and this page is about both. That nothing is missed is proven against what the running surfaces register.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock

from sqlmodel import Session

from buyside.domain.access import GRANTS, Actor, Permission, Role, needs
from buyside.domain.all_sheets import SHEETS

_PACKAGE = Path(__file__).parent.parent
_PORTAL = "portal"
_reading = Lock()
_MARKS = {"needs": "", "handler": "event"}
"""Decorators whose first argument is a permission; what `needs` marks is named after its room."""
_ACTS = {"operations": "operation", "queries": "query"}
_DECLARED = {"GridSource": ("list", 1), "Route": ("page", 2), "door": ("address", 1), "door_for_files": ("address", 1)}
"""Calls that declare a door: what it is, and which argument is its permission. The first argument is its name."""
_OF_EACH_SHEET = {"page": "path", "list": "name"}
"""Master data declares such doors once for all sheets: the permission is then `sheet.view` or `sheet.edit`, and this of a sheet its name."""
KINDS = ("page", "list", "address", "event", "operation", "query")


@dataclass(frozen=True, slots=True, order=True)
class Door:
    """One thing that can be called from outside: a page, a grid's list, an address, an event, an operation, a query."""

    permission: Permission
    kind: str
    name: str
    is_portal: bool


@dataclass(frozen=True, slots=True)
class Act:
    """One permission: the roles that hold it, and everything that asks for it."""

    permission: Permission
    roles: tuple[Role, ...]
    doors: tuple[Door, ...]


@needs(Permission.PERMISSION_VIEW)
def permission_matrix(session: Session, actor: Actor) -> tuple[Act, ...]:
    """Every permission, in the order of the table."""
    return matrix()


def matrix() -> tuple[Act, ...]:
    """The same for the printed page."""
    with _reading:  # Python's parser fails when several threads use it at once
        doors = all_doors()
    return tuple(
        Act(
            permission,
            tuple(role for role in Role if permission in GRANTS[role]),
            tuple(each for each in doors if each.permission is permission),
        )
        for permission in Permission
    )


@lru_cache(maxsize=1)
def all_doors() -> tuple[Door, ...]:
    """Every door that the sources declare."""
    found = {
        door
        for room in ("operations", "queries", "state", "pages", "web")
        for path in sorted((_PACKAGE / room).rglob("*.py"))
        for door in _doors_in(path)
    }
    return tuple(
        sorted(found, key=lambda each: (each.permission.value, KINDS.index(each.kind), each.is_portal, each.name))
    )


def _doors_in(path: Path) -> Iterator[Door]:
    inside = path.relative_to(_PACKAGE)
    is_portal = _PORTAL in inside.parts or inside.stem.startswith(f"{_PORTAL}_")

    def door(permission: Permission, kind: str, name: str) -> Door:
        return Door(permission, kind, name, is_portal or permission.value.startswith(_PORTAL))

    for node, owner in _walk(ast.parse(path.read_text(encoding="utf-8")), ""):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for mark in node.decorator_list:
                if not isinstance(mark, ast.Call) or _called(mark) not in _MARKS:
                    continue
                kind = _MARKS[_called(mark)] or _ACTS.get(inside.parts[0], "")
                if kind and (found := _permission(mark, 0)):
                    yield door(found, kind, f"{owner}{node.name}")
                elif kind:
                    yield from (door(each, kind, f"{sheet}.{node.name}") for sheet, each in _of_sheets(mark, 0, "name"))
        elif isinstance(node, ast.Call) and _called(node) in _DECLARED:
            kind, place = _DECLARED[_called(node)]
            if (found := _permission(node, place)) and isinstance(name := node.args[0], ast.Constant):
                yield door(found, kind, str(name.value))
            elif kind in _OF_EACH_SHEET:
                yield from (door(each, kind, name) for name, each in _of_sheets(node, place, _OF_EACH_SHEET[kind]))


def _of_sheets(call: ast.Call, place: int, named_by: str) -> Iterator[tuple[str, Permission]]:
    """Every sheet's word and permission, where a door is declared for all with `sheet.view` or `sheet.edit` at a place."""
    given = call.args[place] if len(call.args) > place else None
    if isinstance(given, ast.Attribute) and isinstance(given.value, ast.Name) and given.value.id == "sheet":
        for sheet in SHEETS:
            permission = getattr(sheet, given.attr)
            if isinstance(permission, Permission):
                yield getattr(sheet, named_by), permission


def _walk(tree: ast.AST, owner: str) -> Iterator[tuple[ast.AST, str]]:
    """Every node, with the class that it stands in."""
    for node in ast.iter_child_nodes(tree):
        yield node, owner
        yield from _walk(node, f"{node.name}." if isinstance(node, ast.ClassDef) else owner)


def _called(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _permission(call: ast.Call, place: int) -> Permission | None:
    """The permission that stands literally at a place among the arguments."""
    given = call.args[place] if len(call.args) > place else None
    if isinstance(given, ast.Attribute) and isinstance(given.value, ast.Name) and given.value.id == "Permission":
        return Permission[given.attr]
    return None
