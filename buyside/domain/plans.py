"""Words and states of planning runs and draft plans."""

from __future__ import annotations

from enum import StrEnum

from buyside.domain.lifecycle import Lifecycle


class RunState(StrEnum):
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class PlanLineState(StrEnum):
    OPEN = "open"
    LEFT_OUT = "left_out"
    CONVERTED = "converted"


class ProblemKind(StrEnum):
    UNMAPPED = "unmapped"
    CONTRADICTION = "contradiction"
    UNCOVERED_OPTION = "uncovered_option"
    DEAD_END = "dead_end"


_S = PlanLineState
PLAN_LINE: Lifecycle[PlanLineState] = Lifecycle(
    "plan line",
    {
        "change": ({_S.OPEN}, _S.OPEN),
        "leave_out": ({_S.OPEN}, _S.LEFT_OUT),
        "take_back": ({_S.LEFT_OUT}, _S.OPEN),
        "convert": ({_S.OPEN}, _S.CONVERTED),
    },
)
