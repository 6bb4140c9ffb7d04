"""All benches, one after another, and one table of what they found. `--quick` runs them small.

Every bench is a process of its own, with a server of its own: what one leaves in memory or on disk is not the next one's.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benches.ground import Ratio, table
from buyside.config import ROOT

BENCHES = {
    "planning": 3,
    "planning_growth": 2,
    "replanning": 3,
    "adventureworks": 3,
    "plan_end_to_end": 2,
    "plan_orders": 3,
    "requirement_board": 5,
    "packs": 2,
    "sheet_files": 2,
    "grid": 5,
    "boundary": 5,
    "search": 5,
}
"""Each bench and its rounds: those that write a million lines take long enough with two."""
LINES, QUICK_LINES, QUICK_ROUNDS = 1_000_000, 100_000, 2


def main() -> int:
    """Run, collect, print. 1 if a bench failed, after the others ran."""
    reader = argparse.ArgumentParser(prog="python -m benches", description="Ratios against references run beside them.")
    reader.add_argument("--quick", action="store_true", help=f"{QUICK_LINES:,} lines and {QUICK_ROUNDS} rounds")
    reader.add_argument("--lines", type=int, help=f"demand lines of the generated companies; {LINES:,} if not said")
    reader.add_argument("--rounds", type=int, help="how often ours and the reference run, turn by turn")
    reader.add_argument("only", nargs="*", metavar="bench", help=f"of {', '.join(BENCHES)}; all if none is named")
    given = reader.parse_args()
    if unknown := set(given.only) - set(BENCHES):
        reader.error(f"there is no bench {', '.join(sorted(unknown))}")
    lines = given.lines or (QUICK_LINES if given.quick else LINES)
    failed = []
    with tempfile.TemporaryDirectory() as folder:
        results = Path(folder) / "results"
        results.touch()
        for bench in given.only or BENCHES:
            begun = time.monotonic()
            print(f"\n--- {bench}", flush=True)
            rounds = given.rounds or (QUICK_ROUNDS if given.quick else BENCHES[bench])
            words = ["--lines", str(lines), "--rounds", str(rounds), "--results", str(results)]
            done = subprocess.run([sys.executable, "-m", f"benches.{bench}", *words], cwd=ROOT, check=False)
            print(f"{bench}: {time.monotonic() - begun:.0f} s in all", flush=True)
            if done.returncode:
                failed.append(bench)
        ratios = [Ratio(**json.loads(each)) for each in results.read_text().splitlines()]
    print(f"\n--- all, {lines:,} lines: ratios; seconds are information\n{table(ratios)}")
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
