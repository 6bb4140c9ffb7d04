"""How a plan's time and memory grow with its demand: 1/10 of the lines, the lines, and 4 times as many, of one company.

`python -m benches.planning_growth [--lines 1000000] [--rounds 2]`. Each size is measured in a process of its own, size after
size, round after round, so that none finds the memory of another. Memory is the most that a process held while it planned,
its inputs included, the making of the world not; where the system cannot forget an earlier peak, that counts too.
"""

import argparse
import itertools
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

from benches.ground import Ratio, forget_the_peak, peak, tell
from buyside.config import ROOT

RUNS = 3
SIZES = (0.1, 1, 4)


def one(lines: int, company: int) -> dict[str, float]:
    """Plan one size a few times beside the bare loops: seconds of both, bytes."""
    from benches.planning_reference import BareRun, Prepared
    from benches.planning_world import AS_OF, world
    from buyside.planning.run import plan

    inputs = world(lines, company=company)
    plan(world(2_000), AS_OF)  # compiles
    forget_the_peak()
    took = []
    for _ in range(RUNS):
        begun = time.perf_counter()
        results = plan(inputs, AS_OF)
        took.append(time.perf_counter() - begun)
        plan_lines = results.plan_lines.height
        del results
    most = peak()
    prepared = Prepared.of(inputs, AS_OF)
    bare = []
    for _ in range(RUNS + 1):
        begun = time.perf_counter()
        BareRun(prepared).run()
        bare.append(time.perf_counter() - begun)
    rows = sum(getattr(inputs, name).estimated_size() for name in inputs.__dataclass_fields__)
    return {
        "lines": lines, "plan": statistics.median(took), "bare": statistics.median(bare[1:]), "peak": most,
        "inputs": rows, "plan_lines": plan_lines,
    }  # fmt: skip


def main() -> None:
    """Measure every size round by round, print how they grow."""
    reader = argparse.ArgumentParser(description="Growth of a plan in time and memory.")
    reader.add_argument("--lines", type=int, default=1_000_000, help="demand lines of the middle size")
    reader.add_argument("--rounds", type=int, default=2, help="how often each size is measured")
    reader.add_argument("--results", type=Path, help="a file that gets the ratios, one JSON object a line")
    reader.add_argument("--one", type=int, help="measure this size alone, and print it as JSON")
    given = reader.parse_args()
    if given.one:
        print(json.dumps(one(given.one, given.lines)))
        return
    sizes = [int(given.lines * share) for share in SIZES]
    found: dict[int, list[dict[str, float]]] = {size: [] for size in sizes}
    for _ in range(given.rounds):
        for size in sizes:
            words = [sys.executable, "-m", "benches.planning_growth", "--one", str(size), "--lines", str(given.lines)]
            done = subprocess.run(words, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
            found[size].append(json.loads(done.stdout.splitlines()[-1]))
    print(f"{'lines':>10}{'plan lines':>12}{'plan s':>9}{'bare s':>9}{'inputs MiB':>12}{'peak MiB':>10}")
    for size in sizes:
        rows = found[size]
        middle = {name: statistics.median(row[name] for row in rows) for name in rows[0]}
        print(
            f"{size:>10,}{middle['plan_lines']:>12,.0f}{middle['plan']:>9.3f}{middle['bare']:>9.3f}"
            f"{middle['inputs'] / 2**20:>12.0f}{middle['peak'] / 2**20:>10.0f}"
        )
    pairs = list(itertools.pairwise(sizes))
    seconds = {size: [row["plan"] for row in rows] for size, rows in found.items()}
    memory = {size: [row["peak"] for row in rows] for size, rows in found.items()}
    tell(
        given,
        [
            *(
                Ratio.of(f"plan {more:,} lines", seconds[more], f"{less:,} lines", seconds[less])
                for less, more in pairs
            ),
            *(
                Ratio.of(f"memory of {more:,} lines", memory[more], f"{less:,} lines (bytes)", memory[less])
                for less, more in pairs
            ),
        ],
    )


if __name__ == "__main__":
    main()
