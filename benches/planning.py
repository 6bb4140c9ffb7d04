"""Planning against reference runs beside it: bare compiled loops on prepared arrays, DuckDB SQL and Polars joins.

`python -m benches.planning [--lines 1000000] [--rounds 3]`. Everything runs in this process, turn by turn, on one generated
world; answers must be equal. Only ratios count; seconds are told for information.
"""

import statistics
import time
from collections import defaultdict
from collections.abc import Callable
from typing import TypeVar

import numpy as np
import polars as pl

from benches.ground import Ratio, options, tell
from benches.planning_engines import duckdb_run, polars_run
from benches.planning_reference import BareRun, Prepared
from benches.planning_world import AS_OF, world
from buyside.planning.run import PlanInputs, PlanResults, plan

T = TypeVar("T")
ENGINES = {"DuckDB SQL": duckdb_run, "Polars streaming joins": polars_run}


def ours(inputs: PlanInputs) -> tuple[PlanResults, dict[str, float]]:
    """One run and the seconds of each step."""
    marks: list[tuple[str, float]] = []
    results = plan(inputs, AS_OF, on_step=lambda step: marks.append((step, time.perf_counter())))
    ends = [at for _, at in marks[1:]] + [time.perf_counter()]
    return results, {step: end - start for (step, start), end in zip(marks, ends, strict=True)}


def compare(lines: int, rounds: int) -> list[Ratio]:
    """Run all of them turn by turn, print the stages, answer with the ratios."""
    inputs = world(lines)
    print(f"{lines:,} lines; " + ", ".join(f"{count:,} {name}" for name, count in inputs.counts().items()))
    prepared = Prepared.of(inputs, AS_OF)
    seconds: dict[str, list[float]] = defaultdict(list)
    BareRun(prepared).run()
    results, _ = ours(inputs)  # compiled and warm from here on
    for turn in range(rounds):
        results, steps = _timed(seconds, "ours", lambda: ours(inputs))
        for step, took in steps.items():
            seconds[f"ours: {step}"].append(took)
        bare = BareRun(prepared)
        _timed(seconds, "bare loops", bare.run)
        for step, took in bare.seconds.items():
            seconds[f"bare: {step}"].append(took)
        _assert_same_plan(results, bare)
        if turn < 2:
            for name, engine in ENGINES.items():
                found, steps = engine(inputs, results.coverage, prepared.levels)
                for step, took in steps.items():
                    seconds[f"{name}: {step}"].append(took)
                _assert_same_requirements(results, found)
    print(f"{results.requirements.height:,} requirements, {results.plan_lines.height:,} plan lines, equal in all runs")
    _report(seconds)
    both = ("lines to components", "explode and net")
    in_engine = {
        name: [sum(pair) for pair in zip(*(seconds[f"{name}: {step}"] for step in both), strict=True)]
        for name in ENGINES
    }
    of_ours = [one + other for one, other in zip(seconds["ours: explode"], seconds["ours: net"], strict=True)]
    steps = ("cover", "explode", "net", "choose")
    return [
        Ratio.of(
            f"plan {lines:,} lines in memory",
            seconds["ours"],
            "bare compiled loops",
            seconds["bare loops"],
        ),
        *(
            Ratio.of(f"plan: {step}", seconds[f"ours: {step}"], "the same in bare loops", seconds[f"bare: {step}"])
            for step in steps
            if f"ours: {step}" in seconds
        ),
        *(
            Ratio.of("plan: explode and net", of_ours[: len(took)], f"{name}, the same answer", took)
            for name, took in in_engine.items()
        ),
    ]


def _timed(seconds: dict[str, list[float]], name: str, run: Callable[[], T]) -> T:
    start = time.perf_counter()
    answer = run()
    seconds[name].append(time.perf_counter() - start)
    return answer


def _report(seconds: dict[str, list[float]]) -> None:
    middle = {name: statistics.median(took) for name, took in seconds.items()}
    print(f"\n{'stage':<32}{'median s':>10}{'to bare loops':>16}")
    for name, took in middle.items():
        bare = middle.get("bare: " + name.partition(": ")[2], middle["bare loops"])
        print(f"{name:<32}{took:>10.3f}{took / bare:>15.2f}x")
    mine = middle["ours: explode"] + middle["ours: net"]
    for name in ENGINES:
        theirs = middle[f"{name}: lines to components"] + middle[f"{name}: explode and net"]
        print(f"explode and net: {name} takes {theirs / mine:.1f}x of ours")


def _assert_same_plan(results: PlanResults, bare: BareRun) -> None:
    lines = results.plan_lines
    assert lines.height == bare.item.size
    order = np.lexsort((bare.day, bare.item))
    for name, column in (("item", bare.item), ("shortage", bare.need), ("stock_quantity", bare.brings)):
        assert np.array_equal(lines[name].to_numpy(), column[order]), name
    assert np.array_equal(lines["unit_price"].fill_null(-1).to_numpy(), bare.price[order])


def _assert_same_requirements(results: PlanResults, found: pl.DataFrame) -> None:
    own = results.requirements
    assert own.height == found.height, (own.height, found.height)
    for name, other in (
        ("item", "item"),
        ("date", "day"),
        ("gross", "gross"),
        ("projected", "projected"),
        ("shortage", "shortage"),
        ("to_order", "to_order"),
    ):
        assert own[name].equals(found[other], check_names=False), name


def main() -> None:
    """Read the options, compare."""
    given = options("Planning against bare compiled loops and DuckDB SQL.")
    tell(given, compare(given.lines, given.rounds))


if __name__ == "__main__":
    main()
