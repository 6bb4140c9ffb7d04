"""What every bench stands on: a folder and a server of its own, a clock, and ratios that are told in one way.

Imported before anything that reads settings: it turns them to a new folder that goes when the process ends.
"""

import argparse
import atexit
import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

for _name in [each for each in os.environ if each.startswith("BUYSIDE_")]:
    del os.environ[_name]
RUN = Path(tempfile.mkdtemp(prefix="buyside-bench-"))
"""The folder of this process."""
RUN.chmod(0o711)  # as root the server is another user, and has to pass
os.environ["BUYSIDE_HOME"] = str(RUN / "home")
atexit.register(shutil.rmtree, RUN, ignore_errors=True)

from buyside.config import ROOT, settings  # noqa: E402
from buyside.db import engine, ready  # noqa: E402

ADVENTUREWORKS = ROOT.parent / "shared" / "data" / "adventureworks"
"""Where the bicycle maker's tables are, if they are."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """How long something takes, as a multiple of a reference that ran beside it: the middle, lowest and highest of all rounds."""

    what: str
    reference: str
    middle: float
    low: float
    high: float
    seconds: float
    """Of what was measured, the middle: information, never a goal."""

    @classmethod
    def of(cls, what: str, ours: Sequence[float], reference: str, theirs: Sequence[float]) -> "Ratio":
        """Round by round, ours to the reference's."""
        each = [one / other for one, other in zip(ours, theirs, strict=True)]
        return cls(what, reference, statistics.median(each), min(each), max(each), statistics.median(ours))


def options(description: str, *, lines: int = 1_000_000, rounds: int = 3) -> argparse.Namespace:
    """The options that every bench has: `lines`, `rounds`, `results`."""
    reader = argparse.ArgumentParser(description=description)
    reader.add_argument("--lines", type=int, default=lines, help="demand lines of the generated company")
    reader.add_argument("--rounds", type=int, default=rounds, help="how often ours and the reference run, turn by turn")
    reader.add_argument("--results", type=Path, help="a file that gets the ratios, one JSON object a line")
    return reader.parse_args()


def tell(given: argparse.Namespace, ratios: Sequence[Ratio]) -> None:
    """Print the ratios, and add them to the file that was asked for."""
    print(table(ratios), flush=True)
    if given.results:
        with given.results.open("a", encoding="utf-8") as target:
            target.writelines(json.dumps(asdict(each)) + "\n" for each in ratios)


def table(ratios: Sequence[Ratio]) -> str:
    """The ratios in columns."""
    wide = max((len(each.what) for each in ratios), default=0)
    far = max((len(each.reference) for each in ratios), default=0)
    rows = [f"{'what':{wide}}  {'ratio':>8}  {'reference beside it':{far}}  {'lowest-highest':>17}  {'seconds':>9}"]
    for each in ratios:
        digits = 2 if each.low >= 0.1 else 4
        spread = f"{each.low:.{digits}f}-{each.high:.{digits}f}"
        took = f"{each.seconds:9.4f}" if each.seconds < 0.1 else f"{each.seconds:9.2f}"
        rows.append(f"{each.what:{wide}}  {each.middle:7.{digits}f}x  {each.reference:{far}}  {spread:>17}  {took}")
    return "\n".join(rows)


def timed(act: Callable[[], object]) -> float:
    """Seconds that a call takes."""
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def fresh_database(number: int) -> None:
    """An empty, migrated database of its own for a round."""
    engine.dispose_engines()
    os.environ["BUYSIDE_DATABASE_NAME"] = f"bench_{number}"
    settings.cache_clear()
    with ready.database():
        ready.upgrade()


def forget_the_peak() -> None:
    """The most memory that this process held counts from now on."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        print("the system does not forget a peak: the making of the world counts too", file=sys.stderr)


def peak() -> int:
    """Bytes of the most memory that this process held since then."""
    status = Path("/proc/self/status").read_text()
    return 1024 * int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")))
