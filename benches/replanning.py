"""One changed order line: the resident's answer against a full run of the changed inputs, beside it.

`python -m benches.replanning [--lines 1000000] [--rounds 3]`. In each round a full run, then a few changes of a line's quantity,
date, existence, and of an item's stock; the last of the round is compared with the full run of its inputs, number by number.
"""

import random
import statistics
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, TypeVar

import polars as pl

from benches.ground import Ratio, options, tell
from benches.planning_world import AS_OF, UNIT, world
from buyside.planning.resident import Replanned, Resident
from buyside.planning.run import PlanInputs, plan

T = TypeVar("T")
CHANGES, SHOWN = 12, 50


class Changes:
    """Random changes of one row."""

    def __init__(self, inputs: PlanInputs, seed: int = 1) -> None:
        self.inputs, self.random = inputs, random.Random(seed)

    def row(self, name: str) -> pl.DataFrame:
        """One row of a frame."""
        frame: pl.DataFrame = getattr(self.inputs, name)
        return frame[self.random.randrange(frame.height)]

    def line(self) -> pl.DataFrame:
        """A line with another quantity, half of the time on another day too."""
        row = self.row("lines").with_columns(quantity=pl.col("quantity") + self.random.randint(1, 9) * UNIT)
        moved = pl.lit(AS_OF + timedelta(days=self.random.randint(0, 80)))
        return row.with_columns(needed_on=moved) if self.random.random() < 0.5 else row

    def stock(self) -> pl.DataFrame:
        """An item with another stock."""
        return self.row("item_stock").with_columns(on_hand=pl.col("on_hand") + self.random.randint(1, 90) * UNIT)


def seconds_of(act: Callable[..., T], *given: Any, **named: Any) -> tuple[float, T]:
    """How long something takes, and its answer."""
    begun = time.perf_counter()
    answer = act(*given, **named)
    return time.perf_counter() - begun, answer


def shown(answer: Replanned, items: Sequence[int]) -> int:
    """Requirements and plan lines of some items before and after a change, as a screen would show them."""
    rows = (
        each for side in (answer.before, answer.after) for each in (side.plan_lines(items), side.requirements(items))
    )
    return sum(frame.height for frame in rows)


def assert_same(answer: Replanned, inputs: PlanInputs, line: pl.DataFrame) -> None:
    """The answer is what a full run finds."""
    after = pl.concat([inputs.lines.filter(pl.col("line") != line["line"][0]), line])
    given = {name: getattr(inputs, name) for name in inputs.__dataclass_fields__} | {"lines": after}
    whole = plan(PlanInputs(**given), AS_OF)
    touched = pl.col("item").is_in(answer.items)
    assert answer.requirements_after.equals(whole.requirements.filter(touched))
    assert answer.plan_lines_after.equals(whole.plan_lines.filter(touched))


def main() -> None:
    """Measure, compare, print ratios."""
    given = options("One changed line against a full run.")
    inputs = world(given.lines)
    changes = Changes(inputs)
    plan(inputs, AS_OF)
    making, resident = seconds_of(Resident.of, inputs, AS_OF)
    print(
        f"{given.lines:,} lines; the resident took {making:.1f} s to make and holds {resident.nbytes / 2**20:.0f} MiB"
    )
    first = changes.line()
    resident.change(lines=first).after.plan_lines([1])
    resident.change(item_stock=changes.stock())
    took: dict[str, list[float]] = {name: [] for name in ("full", "line", "cancelled", "stock", "rows")}
    touched = []
    for _ in range(given.rounds):
        full, _ = seconds_of(plan, inputs, AS_OF)
        took["full"].append(full)
        each: dict[str, list[float]] = {name: [] for name in ("line", "cancelled", "stock", "rows")}
        for _ in range(CHANGES):
            line, stock = changes.line(), changes.stock()
            seconds, answer = seconds_of(resident.change, lines=line)
            each["line"].append(seconds)
            touched.append(len(answer.items))
            some = answer.items[:: max(1, len(answer.items) // SHOWN)][:SHOWN]
            each["rows"].append(seconds_of(shown, answer, some)[0])
            each["cancelled"].append(seconds_of(resident.change, without={"lines": line.select("line")})[0])
            each["stock"].append(seconds_of(resident.change, item_stock=stock)[0])
        for name, seconds_each in each.items():
            took[name].append(statistics.median(seconds_each))
            print(f"{name}: median {took[name][-1] * 1000:.0f} ms, most {max(seconds_each) * 1000:.0f} ms", flush=True)
    assert_same(answer, inputs, line)
    middle = statistics.median(touched)
    print(
        f"a changed line touches {middle:,.0f} of {inputs.items.height:,} items in the middle, {max(touched):,} at most"
    )
    tell(
        given,
        [
            Ratio.of("answer to one changed order line", took["line"], "a full run", took["full"]),
            Ratio.of("answer to one cancelled order line", took["cancelled"], "a full run", took["full"]),
            Ratio.of("answer to a changed stock of one item", took["stock"], "a full run", took["full"]),
            Ratio.of(f"rows of {SHOWN} touched items, before and after", took["rows"], "a full run", took["full"]),
        ],
    )


if __name__ == "__main__":
    main()
