"""Planning against reference runs beside it: bare compiled loops on prepared arrays, and the same steps as DuckDB SQL.

`python -m benches.planning [--lines 1000000] [--rounds 3]`. Everything runs in this process, turn by turn, on one generated
world; answers must be equal. Only ratios count; seconds are told for information.
"""

import resource
import statistics
import time
from collections import defaultdict
from collections.abc import Callable
from typing import TypeVar

import duckdb
import numpy as np
import polars as pl

from benches.ground import Ratio, options, tell
from benches.planning_reference import BareRun, Prepared
from benches.planning_world import AS_OF, LEVELS, world
from buyside.planning.run import PlanInputs, PlanResults, plan

T = TypeVar("T")


def ours(inputs: PlanInputs) -> tuple[PlanResults, dict[str, float]]:
    """One run and the seconds of each step."""
    marks: list[tuple[str, float]] = []
    results = plan(inputs, AS_OF, on_step=lambda step: marks.append((step, time.perf_counter())))
    ends = [at for _, at in marks[1:]] + [time.perf_counter()]
    return results, {step: end - start for (step, start), end in zip(marks, ends, strict=True)}


def duckdb_run(
    inputs: PlanInputs, coverage: pl.DataFrame, levels: pl.DataFrame
) -> tuple[pl.DataFrame, dict[str, float]]:
    """Explode and net in SQL: requirements of bought and made items, sorted, and the seconds of each step."""
    with duckdb.connect() as sql:
        sql.execute("SET threads = 2; SET memory_limit = '6GB'")
        frames = {
            "lines": inputs.lines.join(coverage.select("line", "exploded"), on="line").filter(pl.col("exploded") > 0),
            "options": inputs.line_options,
            "bom": inputs.bom.with_columns(
                factor=pl.col("quantity_per") // 1000 * (1_000_000 + pl.col("scrap_percent")) // 1_000_000
            ),
            "rules": inputs.rules.join(inputs.rule_conditions, on="rule"),
            "items": inputs.items.join(levels, on="item").join(inputs.item_stock, on="item"),
            "supply": inputs.supply,
        }
        for name, frame in frames.items():
            sql.register(f"{name}_frame", frame.to_arrow())
            sql.execute(f"CREATE TABLE {name} AS SELECT * FROM {name}_frame")
        today = f"DATE '{AS_OF}'"
        start = time.perf_counter()
        sql.execute(f"""
            CREATE TABLE asked AS
            SELECT component AS item, greatest(needed_on, {today}) AS day, sum(exploded * factor)::HUGEINT AS scaled
            FROM lines JOIN bom ON parent_kind = 'variant' AND parent = variant GROUP BY ALL
            UNION ALL
            SELECT component, greatest(needed_on, {today}), sum(exploded * (r.quantity // 1000))
            FROM lines JOIN options USING (line) JOIN rules r USING (option_value) GROUP BY ALL;
            CREATE TABLE receipts AS
            SELECT item, greatest(arrives_on, {today}) AS day, sum(quantity)::BIGINT AS arrives FROM supply GROUP BY ALL;
            CREATE TABLE answer (item BIGINT, day DATE, gross BIGINT, arrives BIGINT, projected BIGINT, shortage BIGINT);
        """)
        lines = time.perf_counter()
        for level in range(LEVELS + 1):
            sql.execute(f"""
                CREATE OR REPLACE TEMP TABLE netted AS
                WITH gross AS (
                    SELECT item, day, ((sum(scaled) + 500) // 1000)::BIGINT AS gross FROM asked JOIN items USING (item)
                    WHERE level = {level} GROUP BY ALL),
                moves AS (
                    SELECT item, day, sum(gross)::BIGINT AS gross, sum(arrives)::BIGINT AS arrives FROM (
                        SELECT item, day, gross, 0 AS arrives FROM gross
                        UNION ALL SELECT item, day, 0, arrives FROM receipts JOIN items USING (item) WHERE level = {level}
                        UNION ALL SELECT item, {today}, 0, 0 FROM items WHERE level = {level} AND on_hand < safety_stock)
                    GROUP BY ALL),
                balance AS (
                    SELECT m.*, safety_stock, on_hand + sum(arrives - gross) OVER (PARTITION BY item ORDER BY day) AS projected
                    FROM moves m JOIN items USING (item)),
                supplied AS (
                    SELECT *, max(greatest(0, safety_stock - projected)) OVER (PARTITION BY item ORDER BY day) AS due FROM balance)
                SELECT item, day, gross, arrives, projected::BIGINT AS projected,
                    (due - coalesce(lag(due) OVER (PARTITION BY item ORDER BY day), 0))::BIGINT AS shortage FROM supplied;
                INSERT INTO answer SELECT * FROM netted WHERE gross <> 0 OR arrives <> 0 OR shortage <> 0;
                INSERT INTO asked
                SELECT component, greatest(day - make_lead_days::INT, {today}), sum(shortage * factor)::HUGEINT
                FROM netted JOIN items USING (item) JOIN bom ON parent_kind = 'item' AND parent = item
                WHERE shortage > 0 AND supply = 'make' GROUP BY ALL;
            """)
        end = time.perf_counter()
        found = pl.DataFrame(pl.from_arrow(sql.sql("SELECT * FROM answer ORDER BY item, day").to_arrow_table()))
    return found, {"lines to components": lines - start, "explode and net": end - lines}


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
            found, steps = duckdb_run(inputs, results.coverage, prepared.levels)
            for step, took in steps.items():
                seconds[f"DuckDB: {step}"].append(took)
            _assert_same_requirements(results, found)
    print(f"{results.requirements.height:,} requirements, {results.plan_lines.height:,} plan lines, equal in all runs")
    _report(seconds)
    print(
        f"peak memory of the process {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GiB, all runs together"
    )
    in_sql = [
        one + other
        for one, other in zip(seconds["DuckDB: lines to components"], seconds["DuckDB: explode and net"], strict=True)
    ]
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
        Ratio.of("plan: explode and net", of_ours[: len(in_sql)], "DuckDB SQL", in_sql),
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
    in_sql = middle["DuckDB: lines to components"] + middle["DuckDB: explode and net"]
    print(
        f"\nexplode and net: DuckDB SQL takes {in_sql / (middle['ours: explode'] + middle['ours: net']):.1f}x of ours"
    )


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
    ):
        assert own[name].equals(found[other], check_names=False), name


def main() -> None:
    """Read the options, compare."""
    given = options("Planning against bare compiled loops and DuckDB SQL.")
    tell(given, compare(given.lines, given.rounds))


if __name__ == "__main__":
    main()
