"""The guard reads arguments strictly, and nothing unmarked is a handler."""

import subprocess
import sys
from typing import Any

import pytest

from buyside.domain.access import Permission
from buyside.state.base import checked_arguments, unmarked_handlers
from buyside.state.grid import CellEdit


def _take(self: Any, line_id: int, name: str, is_late: bool = False, ids: list[str] | None = None) -> None: ...
def _edit(self: Any, cell: CellEdit) -> None: ...
def _form(self: Any, form: dict[str, Any]) -> None: ...


def test_arguments_of_the_declared_types_pass() -> None:
    assert checked_arguments(_take, {"line_id": 1, "name": "a"}) == {"line_id": 1, "name": "a"}
    cell = {"id": "1", "version": 2, "field": "quantity", "value": "3"}
    assert checked_arguments(_edit, {"cell": cell})["cell"] == CellEdit(**cell)
    wrapped = {"__reflex_form_data__": [["quantity", "3"]]}
    assert checked_arguments(_form, {"form": wrapped}) == {"form": {"quantity": "3"}}


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"line_id": 1},
        {"line_id": "1", "name": "a"},
        {"line_id": "1; drop", "name": "a"},
        {"line_id": 1.5, "name": "a"},
        {"line_id": True, "name": "a"},
        {"line_id": None, "name": "a"},
        {"line_id": {"$gt": 0}, "name": "a"},
        {"line_id": 1, "name": ["a"]},
        {"line_id": 1, "name": "a", "is_late": "yes"},
        {"line_id": 1, "name": "a", "ids": [1]},
        {"line_id": 1, "name": "a", "more": 1},
    ],
)
def test_arguments_of_other_types_never_reach_a_handler(payload: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        checked_arguments(_take, payload)


@pytest.mark.parametrize(
    "cell",
    [
        {"id": 1, "version": 2, "field": "q", "value": "3"},
        {"id": "1", "version": "2", "field": "q", "value": "3"},
        {"id": "1", "version": 2, "field": "q", "value": 3},
        {"id": "1", "version": 2, "field": "q"},
        {"id": "1", "version": 2, "field": "q", "value": "3", "role": "admin"},
        {"id": "1", "version": 2, "field": "q", "value": "x" * 5000},
        "x",
    ],
)
def test_an_edited_cell_has_exactly_its_form(cell: Any) -> None:
    with pytest.raises(ValueError):
        checked_arguments(_edit, {"cell": cell})


_WITH_AN_UNMARKED_HANDLER = """
import reflex as rx
from buyside.domain.access import Permission
from buyside.state.base import SignedInState, handler, unmarked_handlers

class SpokenState(SignedInState, rx.State):
    __module__ = "tests_of_marks.module"

    @handler(Permission.ORDER_VIEW)
    def marked(self) -> None: ...

    def forgotten(self) -> None: ...

print([name.rsplit(".", 1)[1] for name in unmarked_handlers("tests_of_marks")])
"""
"""A process of its own: a page that this one serves knows no state of a test."""


@pytest.mark.rule("ACC-3")
def test_an_unmarked_handler_stops_the_start() -> None:
    assert unmarked_handlers("tests_of_marks") == []
    told = subprocess.run([sys.executable, "-c", _WITH_AN_UNMARKED_HANDLER], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "['forgotten']"


@pytest.mark.rule("ACC-3")
@pytest.mark.parametrize("annotation", [None, Any, "Any", object])
def test_an_argument_of_no_type_is_no_argument(annotation: Any) -> None:
    from buyside.state.base import handler

    def method(self: Any, anything: Any) -> None: ...

    method.__annotations__ = {} if annotation is None else {"anything": annotation}
    with pytest.raises(TypeError, match="says nothing"):
        handler(Permission.ORDER_VIEW)(method)


@pytest.mark.rule("ACC-3")
def test_a_handler_takes_no_arguments_without_names() -> None:
    from buyside.state.base import handler

    def method(self: Any, **anything: str) -> None: ...

    with pytest.raises(TypeError, match="says nothing"):
        handler(Permission.ORDER_VIEW)(method)
