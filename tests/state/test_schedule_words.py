"""What the list of schedules and the difference of plans say in numbers."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

import pytest

from buyside.domain.plans import RunState
from buyside.queries.plan_difference import PlanDifference
from buyside.queries.schedules import ScheduleRow
from buyside.state.plan_difference import _counted
from buyside.state.plan_schedules import _shown

ROW = ScheduleRow(
    schedule_id=1,
    version=1,
    name="Every morning",
    weekdays=(),
    at_time="06:00",
    warehouse_codes=("MAIN",),
    group_codes=(),
    horizon_days=None,
    is_active=True,
    paused_because="",
    runs_as="Ada",
    next_at=None,
    last_started_at=None,
    problem="",
    run_id=None,
    run_as_of=None,
    run_state="",
    run_problem="",
    run_counts={},
)


@pytest.mark.rule("PLAN-6")
@pytest.mark.parametrize(
    ("groups", "days", "said"),
    [
        ((), None, "MAIN"),
        (("FRAME",), 1, "MAIN · group FRAME · 1 day ahead"),
        (("FRAME", "TUBE"), 30, "MAIN · groups FRAME, TUBE · 30 days ahead"),
    ],
)
def test_a_schedule_tells_what_it_plans_in_the_right_number(
    groups: tuple[str, ...], days: int | None, said: str
) -> None:
    assert _shown(replace(ROW, group_codes=groups, horizon_days=days), "en_GB", "Europe/Berlin")["scope"] == said


@pytest.mark.rule("PLAN-6")
@pytest.mark.parametrize(
    ("lines", "late", "said"), [(1, 0, "1 plan line, 0 late"), (1748, 581, "1.748 plan lines, 581 late")]
)
def test_the_last_run_of_a_schedule_is_told_in_the_readers_numbers(lines: int, late: int, said: str) -> None:
    done = replace(ROW, run_id=7, run_state=RunState.DONE.value, run_counts={"plan_lines": lines, "late_lines": late})
    shown = _shown(done, "de_DE", "Europe/Berlin")
    assert (shown["says"], shown["run_path"]) == (said, "/plan?run=7")


@pytest.mark.rule("PLAN-11")
def test_what_differs_of_two_plans_is_told_in_the_readers_numbers() -> None:
    found = PlanDifference(2, 1, defaultdict(int, added=1748, other_vendor=3), (), None)
    assert _counted(found, "de_DE") == "1.748 added · 3 from another vendor"
    assert _counted(replace(found, counts=defaultdict(int)), "de_DE") == "Nothing differs"
