"""A planning run from PostgreSQL to PostgreSQL, against the server's own COPY on both sides of the bare calculation.

`python -m benches.plan_end_to_end [--lines 1000000] [--rounds 3]` imports a generated company on a server of its own, then
runs ours and the references turn by turn. Reading is held against binary COPY in psql of what ours reads, select by select;
planning against the bare calculation of frames that lie in memory. Storing is held against binary COPY in psql of the same rows
twice: into bare tables without keys, which tells what keys, indexes, checks and references cost at all; and, in one transaction,
into the very tables that ours fills, which tells what our own code adds to what the database has to do (the rows are taken out
again aside from the clock). What a run makes of the book of action messages is in ours alone. Only ratios count. Every round must
give the same plan. Memory is the most that the process held in a run, its inputs included.
"""

import subprocess
import time
from dataclasses import fields
from datetime import UTC, date, datetime
from pathlib import Path
from unittest.mock import patch

import polars as pl

from benches.ground import (  # first: it turns the settings
    RUN,
    Ratio,
    forget_the_peak,
    fresh_database,
    options,
    peak,
    tell,
    timed,
)
from benches.packs import make_company
from buyside.db import engine, ready, server
from buyside.domain.access import OPERATOR
from buyside.operations.packs import import_pack
from buyside.operations.plans import run_plan, start_run
from buyside.operations.run import perform
from buyside.planning.frames import Frame
from buyside.planning.run import PlanResults, plan
from buyside.queries import plan_results, planning
from buyside.queries.arrow_reader import ArrowReader
from buyside.queries.plan_stored import packed
from buyside.queries.read import ask

AS_OF = date(2026, 3, 1)


def psql(*statements: str) -> None:
    """Run statements in one psql, quietly; the first that fails ends everything."""
    words = [word for each in statements for word in ("--command", each)]
    command = [str(server.programs() / "psql"), "--quiet", "--no-psqlrc", "--set", "ON_ERROR_STOP=1", *words]
    subprocess.run([*command, engine.owner_url()], check=True)


def ours() -> tuple[str, dict[str, float]]:
    """One run: its hash, and the seconds of reading, calculating and storing."""
    marks: dict[str, float] = {}
    begun = time.perf_counter()
    started = perform(start_run, OPERATOR, as_of=AS_OF, at=datetime.now(UTC))
    done = perform(run_plan, OPERATOR, run_id=started.run_id, on_step=lambda n: marks.update({n: time.perf_counter()}))
    ended = time.perf_counter()
    return done.result_sha256, {
        "read": marks["cover"] - marks["read"],
        "plan": marks["prepare"] - marks["cover"],
        "prepare": marks["store"] - marks["prepare"],
        "store": ended - marks["store"],
        "all": ended - begun,
    }


def selects() -> list[str]:
    """Every select that a run reads its inputs and their codes by."""
    asked: list[str] = []
    frame = ArrowReader.frame

    def noted(reader: ArrowReader, select: str, schema: Frame | None = None) -> pl.DataFrame:
        asked.append(" ".join(select.split()))
        return frame(reader, select, schema)

    with patch.object(ArrowReader, "frame", noted):
        ours()
    return asked


def raw_read(asked: list[str]) -> None:
    """The rows that ours reads, by binary COPY to nowhere."""
    psql(*(f"\\copy ({each}) TO '/dev/null' WITH (FORMAT binary)" for each in asked))


def write_streams(folder: Path) -> tuple[int, int]:
    """What a run stores, as files of binary COPY. Answers with the run, which is not stored itself, and with their size."""
    run_id = perform(start_run, OPERATOR, as_of=AS_OF, at=datetime.now(UTC)).run_id
    found = ask(plan_results.calculate, OPERATOR, run_id=run_id)
    for stream in found.streams:
        with (folder / f"{stream.table}.copy").open("wb") as target:
            target.writelines(stream.chunks)
        (folder / f"{stream.table}.columns").write_text(", ".join(stream.columns))
    kept = [
        b"".join(
            len(each).to_bytes(4) + each for each in (run_id.to_bytes(8), name.encode(), rows.to_bytes(8), content)
        )
        for name, rows, content in found.keep()
    ]
    head, row, tail = b"PGCOPY\n\xff\r\n\0" + bytes(8), (4).to_bytes(2), (-1).to_bytes(2, signed=True)
    (folder / "planning_run_input.copy").write_bytes(head + b"".join(row + each for each in kept) + tail)
    (folder / "planning_run_input.columns").write_text("run_id, name, row_count, content")
    return run_id, sum(each.stat().st_size for each in folder.glob("*.copy"))


def copied(path: Path, table: str) -> str:
    """The statement that copies a file into a table."""
    return f"\\copy {table} ({path.with_suffix('.columns').read_text()}) FROM '{path}' WITH (FORMAT binary)"


def raw_write(folder: Path) -> None:
    """The same rows into bare tables without keys or references."""
    statements, made = list[str](), list[str]()
    for path in sorted(folder.glob("*.copy")):
        bare = f"bare_{path.stem}"
        statements.append(f"CREATE TABLE {bare} AS SELECT * FROM {path.stem} WITH NO DATA")
        made.append(bare)
        statements.append(copied(path, bare))
    psql("SET client_min_messages = warning", *statements)
    psql(*(f"DROP TABLE {table}" for table in made))


def keyed_write(folder: Path) -> None:
    """The same rows into the tables of a run, in one transaction."""
    psql("BEGIN", *(copied(path, path.stem) for path in sorted(folder.glob("*.copy"))), "COMMIT")


def take_out(folder: Path, run_id: int) -> None:
    """Leave the tables as they were before keyed_write()."""
    tables = [path.stem for path in sorted(folder.glob("*.copy"))]
    psql(*(f"DELETE FROM {each} WHERE run_id = {run_id}" for each in tables), *(f"VACUUM {each}" for each in tables))


def main() -> None:
    """Measure, and print ratios."""
    given = options("A planning run end to end, against COPY and the bare calculation.")
    pack, streams = RUN / "pack", RUN / "streams"
    streams.mkdir(parents=True)
    make_company(pack, given.lines)
    took: dict[str, list[float]] = {}
    hashes, plans = set[str](), set[bytes]()
    with ready.database():
        fresh_database(0)
        perform(import_pack, OPERATOR, source=pack, at=datetime(2026, 3, 1, tzinfo=UTC))
        psql("SET client_min_messages = error", "ANALYZE")
        asked = selects()  # compiles and warms
        forget_the_peak()
        hashes.add(ours()[0])
        most = peak()  # before the reference holds frames of its own
        stored, size = write_streams(streams)
        inputs = ask(planning.planning_inputs, OPERATOR)
        with_pegs = given.lines <= plan_results.PEGS_STORED_TO
        for _ in range(given.rounds):
            sha256, ours_took = ours()
            hashes.add(sha256)
            results: list[PlanResults] = []
            raw = {
                "raw read": timed(lambda: raw_read(asked)),
                "raw plan": timed(lambda: results.append(plan(inputs, AS_OF, with_pegs=with_pegs))),  # noqa: B023
                "raw write": timed(lambda: raw_write(streams)),
                "keyed write": timed(lambda: keyed_write(streams)),
            }
            take_out(streams, stored)
            plans.add(packed(results[0].plan_lines))
            for name, seconds in (ours_took | raw).items():
                took.setdefault(name, []).append(seconds)
            print("  ".join(f"{name} {each[-1]:.2f} s" for name, each in took.items()), flush=True)
        assert len(hashes) == len(plans) == 1, "the same inputs gave different plans"
        engine.dispose_engines()
    print(
        f"{given.lines:,} demand lines, {sum(inputs.counts().values()):,} rows read, {results[0].requirements.height:,} "
        f"requirements, {results[0].plan_lines.height:,} plan lines, {size / 1e6:.0f} MB stored"
    )
    memory = float(sum(getattr(inputs, each.name).estimated_size() for each in fields(inputs)))
    parts = zip(took["raw read"], took["raw plan"], took["raw write"], strict=True)
    tell(
        given,
        [
            Ratio.of("run: read", took["read"], "binary COPY of the rows to nowhere", took["raw read"]),
            Ratio.of("run: plan", took["plan"], "the calculation of frames in memory", took["raw plan"]),
            Ratio.of("run: store", took["store"], "binary COPY into bare tables", took["raw write"]),
            Ratio.of("run: store", took["store"], "binary COPY into the same tables", took["keyed write"]),
            Ratio.of("run from end to end", took["all"], "these three together", [sum(each) for each in parts]),
            Ratio.of("run: most memory", [float(most)], "its inputs as frames (bytes)", [memory]),
        ],
    )
    print(f"most memory of a run {most / 2**20:.0f} MiB; its inputs {memory / 2**20:.0f} MiB")


if __name__ == "__main__":
    main()
