"""A planning run from PostgreSQL to PostgreSQL, against the server's own COPY on both sides of the bare calculation.

`python -m benches.plan_end_to_end [--lines 1000000] [--rounds 3]` imports a generated company on a server of its own, then
runs ours and the reference turn by turn. The reference reads the same rows by binary COPY in psql, plans frames that lie in
memory, and writes the same rows by binary COPY in psql into bare tables without keys. Only ratios count. Every round must
give the same plan, and the plan of the frames in memory must be it.
"""

import resource
import subprocess
import time
from datetime import UTC, date, datetime
from pathlib import Path

from benches.ground import RUN, Ratio, fresh_database, options, tell, timed  # first: it turns the settings
from benches.packs import make_company
from buyside.db import engine, ready, server
from buyside.domain.access import OPERATOR
from buyside.operations.packs import import_pack
from buyside.operations.plans import run_plan, start_run
from buyside.operations.run import perform
from buyside.planning.run import PlanResults, plan
from buyside.queries import plan_results, planning
from buyside.queries.plan_stored import packed
from buyside.queries.read import ask

AS_OF = date(2026, 3, 1)
PLAN_LINE = (
    "position int8, item_id int8, warehouse_id int8, needed_on date, order_by date, late_days int4, shortage numeric, "
    "vendor_item_id int8, unit_id int8, unit_factor numeric, quantity_packs numeric, unit_price numeric, "
    "currency_code text, trigger text, contract_id int8, arrives_on date, better_quantity_packs numeric, "
    "better_unit_price numeric, saving numeric, reason int8"
)


def psql(*statements: str) -> None:
    """Run statements in one psql, quietly; the first that fails ends everything."""
    words = [word for each in statements for word in ("--command", each)]
    command = [str(server.programs() / "psql"), "--quiet", "--no-psqlrc", "--set", "ON_ERROR_STOP=1", *words]
    subprocess.run([*command, engine.owner_url()], check=True)


def ours() -> tuple[str, dict[str, float]]:
    """One run: its hash, and the seconds of reading, calculating and storing."""
    begun = time.perf_counter()
    marks: dict[str, float] = {}
    started = perform(start_run, OPERATOR, as_of=AS_OF, at=datetime.now(UTC))
    done = perform(run_plan, OPERATOR, run_id=started.run_id, on_step=lambda n: marks.update({n: time.perf_counter()}))
    ended = time.perf_counter()
    return done.result_sha256, {
        "read": marks["cover"] - begun,
        "plan": marks["prepare"] - marks["cover"],
        "prepare": marks["store"] - marks["prepare"],
        "store": ended - marks["store"],
        "all": ended - begun,
    }


def raw_read() -> None:
    """The rows that ours reads, by binary COPY to nowhere."""
    selects = [planning.in_scope(select, None) for _, select in planning._SELECTS.values()]
    psql(*(f"\\copy ({' '.join(each.split())}) TO '/dev/null' WITH (FORMAT binary)" for each in selects))


def write_streams(folder: Path, run_id: int) -> int:
    """What ours stores, as files of binary COPY. Answers with their size."""
    found = ask(plan_results.calculate, OPERATOR, run_id=run_id, as_of=AS_OF)
    for stream in (*found.streams, found.staged):
        with (folder / f"{stream.table}.copy").open("wb") as target:
            target.writelines(stream.chunks)
        (folder / f"{stream.table}.columns").write_text(", ".join(stream.columns))
    return sum(each.stat().st_size for each in folder.glob("*.copy"))


def raw_write(folder: Path) -> None:
    """The same rows into bare tables without keys or references."""
    statements, made = [f"CREATE TABLE bare_plan_line ({PLAN_LINE})"], ["bare_plan_line"]
    for path in sorted(folder.glob("*.copy")):
        bare = "bare_plan_line" if path.stem == "staged_plan_line" else f"bare_{path.stem}"
        columns = path.with_suffix(".columns").read_text()
        if bare not in made:
            statements.append(f"CREATE TABLE {bare} AS SELECT * FROM {path.stem} WITH NO DATA")
            made.append(bare)
        statements.append(f"\\copy {bare} ({columns}) FROM '{path}' WITH (FORMAT binary)")
    psql("SET client_min_messages = warning", *statements)
    psql(*(f"DROP TABLE {table}" for table in made))


def main() -> None:
    """Measure, and print ratios."""
    given = options("A planning run end to end, against COPY and the bare calculation.")
    pack, streams = RUN / "pack", RUN / "streams"
    streams.mkdir(parents=True)
    make_company(pack, given.lines)
    took: dict[str, list[float]] = {}
    hashes = set()
    with ready.database():
        fresh_database(0)
        perform(import_pack, OPERATOR, source=pack, at=datetime(2026, 3, 1, tzinfo=UTC))
        psql("SET client_min_messages = error", "ANALYZE")
        inputs = ask(planning.planning_inputs, OPERATOR)
        hashes.add(ours()[0])  # compiles and warms
        size = write_streams(streams, 1)
        resident: list[PlanResults] = []
        for _ in range(given.rounds):
            sha256, ours_took = ours()
            hashes.add(sha256)
            with_pegs = given.lines <= plan_results.PEGS_STORED_TO
            raw = {
                "raw read": timed(raw_read),
                "raw plan": timed(lambda: resident.append(plan(inputs, AS_OF, with_pegs=with_pegs))),  # noqa: B023
                "raw write": timed(lambda: raw_write(streams)),
            }
            for name, seconds in (ours_took | raw).items():
                took.setdefault(name, []).append(seconds)
            print("  ".join(f"{name} {each[-1]:.2f} s" for name, each in took.items()), flush=True)
        assert len(hashes) == 1, "the same inputs gave different plans"
        assert len({packed(each.plan_lines) for each in resident}) == 1
        engine.dispose_engines()
    counts = resident[0]
    print(
        f"{given.lines:,} demand lines, {sum(inputs.counts().values()):,} rows read, "
        f"{counts.requirements.height:,} requirements, {counts.plan_lines.height:,} plan lines, {size / 1e6:.0f} MB stored"
    )
    parts = zip(took["raw read"], took["raw plan"], took["raw write"], strict=True)
    tell(
        given,
        [
            Ratio.of("run: read", took["read"], "binary COPY of the rows to nowhere", took["raw read"]),
            Ratio.of("run: plan", took["plan"], "the calculation of frames in memory", took["raw plan"]),
            Ratio.of("run: store", took["store"], "binary COPY into bare tables", took["raw write"]),
            Ratio.of("run from end to end", took["all"], "these three together", [sum(each) for each in parts]),
        ],
    )
    print(f"most memory of this process {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")


if __name__ == "__main__":
    main()
