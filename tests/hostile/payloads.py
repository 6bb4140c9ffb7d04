"""Fourteen kinds of payload for any handler, made from the names and types of its arguments."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.hostile.registry import Handler

KINDS = (
    "own", "foreign", "absent", "deleted",
    "missing", "extra", "wrong type", "dict", "list", "null",
    "negative", "not a number", "a megabyte", "marks",
)  # fmt: skip
_MEGABYTES = tuple(each * (1_000_000 // len(each.encode())) for each in ("x", "9", "𝕏"))
MARKS = (
    "'; drop table app_user cascade; --",
    "1 or 1=1",
    '<script>alert("executed")</script>',
    "{{ 7 * 7 }}${7*7}",
    "../../etc/passwd\x00",
    "\u202e\ud7ff\ufffe 𝕏 \r\n\t",
    "%27%20union%20select%20null--",
    "$$; select pg_sleep(20); $$",
)
_ODD_NUMBERS = (float("nan"), float("inf"), "NaN", "1e400", "-Infinity", 10**400 // 1, 1.5, "１２３", "9" * 5000)
_JUNK_ARGUMENT = "value"


@dataclass(frozen=True)
class Things:
    """What arguments can name: by the argument's name, or by the page and the argument's name ("plan_state.row_id")."""

    own: Mapping[str, Any] = field(default_factory=dict)
    foreign: Mapping[str, Any] = field(default_factory=dict)
    deleted: Mapping[str, Any] = field(default_factory=dict)
    words: Mapping[str, Any] = field(default_factory=dict)
    """Sensible values of arguments that name nothing: a search, a field, a form."""


def payload(kind: str, handler: Handler, things: Things, chance: random.Random) -> dict[str, Any]:
    """A payload of one kind. Handlers without arguments get one that they did not ask for, where the kind is a value."""
    sensible = {name: _value(name, hint, handler, things.own, things.words) for name, hint in handler.arguments.items()}
    names = list(sensible) or [_JUNK_ARGUMENT]
    if kind == "own":
        return sensible
    if kind in {"foreign", "deleted"}:
        named = things.foreign if kind == "foreign" else things.deleted
        return {
            name: _value(name, hint, handler, {**things.own, **named}, things.words)
            for name, hint in handler.arguments.items()
        } or {_JUNK_ARGUMENT: chance.choice([*named.values(), 1])}
    if kind == "absent":
        return {name: _absent(hint, chance) for name, hint in handler.arguments.items()} or {
            _JUNK_ARGUMENT: 987_654_321
        }
    if kind == "missing":
        left_out = chance.choice(list(sensible)) if sensible else None
        return {name: value for name, value in sensible.items() if name != left_out}
    if kind == "extra":
        return {
            **sensible,
            chance.choice(["self", "actor", "user_id", "roles", "vendor_id", "__class__", "request_id"]): 1,
        }
    return {**sensible, chance.choice(names): _bad(kind, chance, handler)}


def _bad(kind: str, chance: random.Random, handler: Handler) -> Any:
    if kind == "wrong type":
        hints = set(handler.arguments.values())
        return chance.choice([True, 3.7, "x"] if "int" in hints or "bool" in hints else [True, 3.7, 5])
    if kind == "dict":
        return chance.choice([{}, {"id": 1}, {"__proto__": {"isAdmin": True}}, {"a": {"b": [{"c": None}]}}])
    if kind == "list":
        return chance.choice([[], [1], ["x", None], [[[]]], [{"name": "a", "value": "b"}]])
    if kind == "null":
        return None
    if kind == "negative":
        return chance.choice([-1, -(2**31) - 1, -(2**63) - 1, "-1"])
    if kind == "not a number":
        return chance.choice(_ODD_NUMBERS)
    if kind == "a megabyte":
        return chance.choice(_MEGABYTES)
    assert kind == "marks", kind
    return chance.choice(MARKS)


def _value(name: str, hint: str, handler: Handler, named: Mapping[str, Any], words: Mapping[str, Any]) -> Any:
    page = handler.name.rsplit(".", 2)[-2].rsplit("____", 1)[-1]
    short = handler.name.rsplit(".", 1)[-1]
    for key in (f"{page}.{short}.{name}", f"{page}.{name}", name):
        for known in (named, words):
            if key in known:
                is_form = hint.startswith("dict") and key == "form"
                return _form(hint, {**words.get("form", {}), **named}) if is_form else known[key]
    if hint == "int":
        return named.get("id", 1)
    if hint == "bool":
        return True
    if hint.startswith("list"):
        return [str(named.get("id", 1))]
    if hint.startswith("dict"):
        return {**words.get("form", {}), **{key: str(value) for key, value in named.items()}}
    if hint in _SENT:
        return _SENT[hint](str(named.get("line_id", 1)))
    return str(named.get("id", "x"))


def _form(hint: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """A form as its handler takes it: browsers send texts alone, and some handlers say so."""
    return {name: _text(value) for name, value in fields.items()} if hint == _TEXTS else dict(fields)


def _text(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


_TEXTS = "dict[str, str]"


def _cell_edit(key: str) -> dict[str, Any]:
    return {"id": key, "version": 1, "field": "quantity_packs", "value": "2"}


def _grid_save(key: str) -> dict[str, Any]:
    cells = {"name": "Bolts for spring", "code": "BOLT-1"}
    return {"request": "1", "act": "edit", "changes": [{"key": key, "version": 1, "cells": cells}]}


def _kept_view(key: str) -> dict[str, Any]:
    content = {"view": "all", "filter": {"name": ["contains", key]}, "sort": [], "columns": [], "quick": ""}
    return {"name": f"View {key}", "is_first": False, "content": content}


def _chosen_row(key: str) -> dict[str, Any]:
    return {"path": key, "kind": "item", "code": "BOLT-1", "row": key[:18]}


def _board_move(key: str) -> dict[str, Any]:
    return {"serial": 1, "line": int(key[:18] or 0), "version": 1, "by": "vendors", "column": "1"}


def _board_lock(key: str) -> dict[str, Any]:
    return {"serial": 1, "line": int(key[:18] or 0), "version": 1, "locked": True}


def _hit(key: str) -> dict[str, Any]:
    return {"list": "items", "code": key}


_SENT: Mapping[str, Callable[[str], dict[str, Any]]] = {
    "BoardLock": _board_lock,
    "BoardMove": _board_move,
    "CellEdit": _cell_edit,
    "GridSave": _grid_save,
    "KeptView": _kept_view,
    "ChosenRow": _chosen_row,
    "Hit": _hit,
}
"""What grids, trees and boxes that find send, about the row of a key."""


def _absent(hint: str, chance: random.Random) -> Any:
    number = chance.choice([0, 987_654_321, 2**31, 2**63 - 1, 2**63, 2**70])
    if hint == "int":
        return number
    if hint == "bool":
        return False
    if hint.startswith("list"):
        return [str(number)]
    if hint.startswith("dict"):
        return {"id": str(number), "order_id": str(number), "line_id": str(number), "vendor_id": str(number)}
    if hint in _SENT:
        return _SENT[hint](str(number))
    return chance.choice([str(number), "PO-0000-0000", "nobody", "00000000-0000-4000-8000-000000000000"])


def fits(handler: Handler, sent: Mapping[str, Any]) -> bool:
    """Whether a payload has the arguments of a handler, each of its declared type: an oracle of our own, not the guard's."""
    if set(sent) - set(handler.arguments) or set(handler.needed) - set(sent):
        return False
    if not all(_can_be_kept(value) for value in sent.values()):
        return False
    return all(_is_of(handler.arguments[name], value) for name, value in sent.items())


def _can_be_kept(value: Any) -> bool:
    if isinstance(value, dict):
        return all(_can_be_kept(each) for pair in value.items() for each in pair)
    if isinstance(value, list):
        return all(_can_be_kept(each) for each in value)
    if isinstance(value, str):
        return "\0" not in value and value.encode("utf-8", "ignore").decode() == value
    return not isinstance(value, int) or abs(value) < 2**63


def _is_of(hint: str, value: Any) -> bool:
    if hint == "int":
        return isinstance(value, int) and not isinstance(value, bool)
    if hint == "bool":
        return isinstance(value, bool)
    if hint == "str":
        return isinstance(value, str)
    if hint == "list[str]":
        return isinstance(value, list) and all(isinstance(each, str) for each in value)
    if hint == _TEXTS:
        return isinstance(value, dict) and all(isinstance(each, str) for each in value.values())
    if hint.startswith("dict[str"):
        return isinstance(value, dict)
    if hint in _SENT:
        return isinstance(value, dict) and set(value) == set(_SENT[hint](""))
    raise AssertionError(f"say here what a {hint} looks like")
