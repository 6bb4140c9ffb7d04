"""What a browser may send as a save or a view of a grid, and what it gets back."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from buyside.domain.sheet_changes import CellProblem, RowSaved
from buyside.state.grid import MOST_ROWS, GridSave, KeptView, SheetGridState

CHANGE: dict[str, Any] = {"key": "7", "version": 3, "cells": {"name": "Bolt"}}
SAVE: dict[str, Any] = {"request": "a-1", "act": "edit", "changes": [CHANGE]}
VIEW: dict[str, Any] = {"name": "Mine", "is_first": False, "content": {"filter": {"name": ["contains", "x"]}}}


@pytest.mark.parametrize(
    "wrong",
    [
        {"act": "drop"},
        {"more": 1},
        {"changes": []},
        {"changes": [CHANGE] * (MOST_ROWS + 1)},
        {"changes": [CHANGE | {"version": "3"}]},
        {"changes": [CHANGE | {"version": -1}]},
        {"changes": [CHANGE | {"cells": {"name": 5}}]},
        {"changes": [CHANGE | {"cells": {"name": "x" * 4001}}]},
        {"changes": [CHANGE | {"cells": {f"column {number}": "" for number in range(61)}}]},
        {"request": "x" * 41},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_a_save_of_another_shape_is_not_read(wrong: dict[str, Any]) -> None:
    assert GridSave.model_validate(SAVE).changes[0].cells == {"name": "Bolt"}
    with pytest.raises(ValidationError):
        GridSave.model_validate(SAVE | wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        {"filter": {"name": "x"}},
        {"filter": {"name": []}},
        {"sort": [["name"]]},
        {"sort": [["a", "asc"]] * 4},
        {"columns": [{"name": "a", "width": 9000}]},
        {"columns": [{"name": "a", "pinned": "top"}]},
        {"quick": "x" * 201},
        {"script": "x"},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_a_view_of_another_shape_is_not_kept(wrong: dict[str, Any]) -> None:
    assert KeptView.model_validate(VIEW).content.filter == {"name": ["contains", "x"]}
    with pytest.raises(ValidationError):
        KeptView.model_validate(VIEW | {"content": wrong})


@dataclass
class _State:
    """As much of a grid's state as an answer needs."""

    _serial: int = 0
    outcome: dict[str, Any] = field(default_factory=dict)


def test_an_answer_names_its_save_and_each_is_another_one() -> None:
    state, save = _State(), GridSave.model_validate(SAVE)
    SheetGridState._answer_save(state, save, saved=(RowSaved("7", 4, {"name": "Nut"}),))  # type: ignore[arg-type]
    assert state.outcome == {
        "serial": "1",
        "request": "a-1",
        "saved": [{"key": "7", "version": 4, "before": {"name": "Nut"}}],
        "problems": [],
        "says": "",
    }
    at = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    faster = CellProblem(0, "7", "", "", "general.stale", "Changed meanwhile.", {"name": "Screw"}, "Bea", at)
    SheetGridState._answer_save(state, save, problems=(faster,), at_text=lambda moment: f"{moment:%H:%M}")  # type: ignore[arg-type]
    assert state.outcome["serial"] == "2"
    assert state.outcome["saved"] == []
    [told] = state.outcome["problems"]
    assert (told["by"], told["at"], told["theirs"]) == ("Bea", "09:00", {"name": "Screw"})
