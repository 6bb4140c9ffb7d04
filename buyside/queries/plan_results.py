"""What a planning run finds, ready to be stored: streams for bulk loading, and the inputs it stood on.

Frames end here: operations write the streams as they are, without looking into them.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

import polars as pl
from sqlmodel import Session

from buyside.db.plans import PlanningRun
from buyside.domain.access import Actor, Permission, needs
from buyside.domain.plans import PlanLineState, ProblemKind
from buyside.domain.refusals import Refused
from buyside.planning.copy_stream import Wire, binary_copy
from buyside.planning.frames import PRICE_SCALE, QUANTITY_SCALE, Cycle, Headroom
from buyside.planning.item_totals import item_totals
from buyside.planning.reasons import ABOUT, reason_text
from buyside.planning.run import PlanInputs, PlanResults, plan
from buyside.queries import plan_files
from buyside.queries.arrow_reader import arrow_reader
from buyside.queries.message_results import MESSAGE_WIRES, messages_of, read_open_orders
from buyside.queries.plan_files import Codes, decimal_text
from buyside.queries.plan_stored import packed, scope_of
from buyside.queries.planning import read_inputs
from buyside.queries.scenario_figures import ScenarioFigures, figures_of
from buyside.queries.scenario_inputs import scenario_inputs

PEGS_STORED_TO = 20_000
"""Demand lines up to which a run stores its pegs; a larger one divides on demand what is looked at, in hundredths of a second."""


class BomInCircle(Refused):
    code = "plans.bom-in-circle"
    says = "The bill of materials goes in a circle: {path}. Correct one of its rows and run the plan again."


class NumbersTooLarge(Refused):
    code = "plans.numbers-too-large"
    says = "The quantities of this plan leave the range that is computed exactly: {what}. Nothing has been rounded."


@dataclass(frozen=True, slots=True)
class Stream:
    """Rows on their way into a table, in PostgreSQL's binary COPY format. `chunks` can be read once."""

    table: str
    columns: tuple[str, ...]
    chunks: Iterator[bytes]


@dataclass(frozen=True)
class CalculatedRun:
    """A finished calculation. Counts are rows; `streams` fill tables, that of the draft plan among them.

    What is made of it while the database takes it in asks nothing of the database: `streams` are made as they are read, once.
    """

    counts: dict[str, Any]
    streams: Iterator[Stream]
    keep: Callable[[], list[tuple[str, int, bytes]]]
    """Packs what is kept of the inputs: the name of each frame, its rows, and its content."""
    seal: Callable[[], bytes]
    """The SHA-256 of the result files."""
    messages: Callable[[], Stream] | None = None
    """What is to be done now, for the book of action messages; None where nobody is to act on the run."""


@needs(Permission.PLAN_RUN)
def calculate(
    session: Session,
    actor: Actor,
    /,
    *,
    run_id: int,
    on_step: Callable[[str], None] | None = None,
) -> CalculatedRun:
    """Read one snapshot, plan it as of the run's day and in its scope, and make everything ready to store. Writes nothing.

    A scenario's run reads what was kept with its base run, with its changes in it, and is compared with that run.

    `on_step` hears read, cover, explode, net, choose, peg, prepare, each before it begins, and cancels by raising.
    Refuses: BomInCircle, NumbersTooLarge, and what scenario_inputs refuses.
    """
    say = on_step or (lambda _step: None)
    run = session.get_one(PlanningRun, run_id)
    as_of, scope = run.as_of, scope_of(run)
    warehouses = scope["warehouses"]
    say("read")
    with (
        arrow_reader(session, connections=2) as reader,
        ThreadPoolExecutor(max_workers=1, thread_name_prefix="beside") as beside,
    ):
        inputs = scenario_inputs(session, run_id) or read_inputs(reader, warehouses)
        # What the plan is not made of is read while it is made.
        reading = beside.submit(plan_files.read_codes, reader, None if warehouses is None else tuple(warehouses))
        ordered = beside.submit(read_open_orders, reader)
        with_pegs = inputs.lines.height <= PEGS_STORED_TO
        try:
            results = plan(inputs, as_of, **scope, with_pegs=with_pegs, on_step=say)
        except Cycle as circle:
            by_id = dict(reading.result().items.select("item", "code").iter_rows())
            raise BomInCircle(path=" > ".join(by_id.get(each, str(each)) for each in circle.path)) from None
        except Headroom as limit:
            raise NumbersTooLarge(what=str(limit)) from None
        say("prepare")
        codes, open_orders = reading.result(), ordered.result()
    compared = figures_of(session, run_id=run_id, inputs=inputs, results=results)
    said = with_reasons(results.plan_lines, codes)
    found = messages_of(run, inputs, results, open_orders)
    return CalculatedRun(
        counts=_counts(inputs, results) | compared.counts,
        streams=_all_streams(run_id, inputs, results, as_of, said, codes, compared),
        seal=lambda: plan_files.sha256_of(
            plan_files.requirements_in_parts(results.requirements, codes),
            [plan_files.coverage_file(results.coverage, codes)],
            [plan_files.plan_lines_file(said, codes)],
        ),
        messages=None if found is None else lambda: _stream("staged_message", found(), MESSAGE_WIRES),
        keep=lambda: [
            *_packed(inputs),
            ("plan_lines", results.plan_lines.height, packed(results.plan_lines)),
            *compared.frames,
        ],
    )


def _packed(inputs: PlanInputs) -> list[tuple[str, int, bytes]]:
    """The name of each frame of the inputs, its rows, and what is kept of it."""
    named = ((each.name, getattr(inputs, each.name)) for each in fields(inputs))
    return [(name, frame.height, packed(frame)) for name, frame in named]


def with_reasons(plan_lines: pl.DataFrame, codes: Codes) -> pl.DataFrame:
    """PLAN_LINES and `says`: what decided for the line, and what would be cheaper (PLAN-7, PLAN-8)."""
    named = pl.col("reason").is_in(["contract", "share"])
    moved = pl.col("order_by") != pl.col("latest_order_on")
    told = (
        plan_lines.join(codes.contracts, on="contract", how="left", maintain_order="left")
        .join(codes.items.select("item", "unit"), on="item", how="left", maintain_order="left")
        .join(
            codes.vendor_items.select("vendor_item", "purchase_unit"),
            on="vendor_item",
            how="left",
            maintain_order="left",
        )
        .with_columns(pl.when(named).then(pl.col("unit", "purchase_unit", "currency")), money=pl.col("currency"))
        .with_columns(pl.when(moved).then(pl.col("order_by", "latest_order_on")))
    )
    different = told.select(ABOUT).unique(maintain_order=True)
    worded = different.with_columns(
        pl.Series("words", [reason_text(row) for row in different.iter_rows(named=True)], dtype=pl.String)
    )
    told = told.join(worded, on=ABOUT, how="left", nulls_equal=True, maintain_order="left").with_columns(
        decimal_text("better_quantity", QUANTITY_SCALE),
        decimal_text("better_price", PRICE_SCALE),
        decimal_text("saving", PRICE_SCALE),
    )
    cheaper = pl.format(
        ". Ordering {} at {} would cost {} {} less in all", "better_quantity", "better_price", "saving", "money"
    )
    says = pl.col("words") + pl.when(pl.col("saving").is_not_null()).then(cheaper).otherwise(pl.lit("")) + pl.lit(".")
    return plan_lines.with_columns(told.select(says.alias("says"))["says"])


def _counts(inputs: PlanInputs, results: PlanResults) -> dict[str, Any]:
    lines = results.plan_lines
    return {
        "inputs": inputs.counts(),
        "requirements": results.requirements.height,
        "shortages": results.requirements.filter(pl.col("shortage") > 0).height,
        "overdue_receipts": results.requirements.filter(pl.col("overdue_receipts") > 0).height,
        "coverage": results.coverage.height,
        "plan_lines": lines.height,
        "late_lines": lines.filter(pl.col("late_days") > 0).height,
        "without_vendor": lines.filter(pl.col("vendor_item").is_null()).height,
        "pegs": None if results.pegs is None else results.pegs.height,
        "unmapped": results.unmapped.height,
        "contradictions": results.contradictions["line"].n_unique(),
        "uncovered_options": results.uncovered_options.height,
        "dead_ends": results.dead_ends.height,
        "last_on": str(results.requirements["date"].max() or results.as_of),
    }


def _all_streams(
    run_id: int,
    inputs: PlanInputs,
    results: PlanResults,
    as_of: date,
    said: pl.DataFrame,
    codes: Codes,
    compared: ScenarioFigures,
) -> Iterator[Stream]:
    """Every stream, made when it is its turn."""
    yield from _streams(run_id, results)
    yield _totals(run_id, inputs, results, as_of)
    yield _draft(run_id, inputs, said, codes)
    yield _problems(run_id, results)
    for each in compared.tables:
        yield _stream(*each)


def _streams(run_id: int, results: PlanResults) -> Iterator[Stream]:
    run = pl.lit(run_id, pl.Int64).alias("run_id")
    key = (pl.col("item").alias("item_id"), pl.col("warehouse").alias("warehouse_id"), pl.col("date").alias("on_date"))
    quantities = ("gross", "scheduled_receipts", "overdue_receipts", "projected", "shortage", "to_order")
    place = {"run_id": Wire.INT8, "item_id": Wire.INT8, "warehouse_id": Wire.INT8, "on_date": Wire.DATE}
    yield _stream(
        "planning_requirement",
        results.requirements.select(run, *key, *quantities),
        place | dict.fromkeys(quantities, Wire.NUMERIC),
    )
    problem = (
        pl.when(pl.col("line").is_in(results.contradictions["line"].unique().implode()))
        .then(pl.lit(ProblemKind.CONTRADICTION.value))
        .when(pl.col("line").is_in(results.unmapped["line"].implode()))
        .then(pl.lit(ProblemKind.UNMAPPED.value))
        .otherwise(pl.lit(""))
    )
    yield _stream(
        "planning_coverage",
        results.coverage.select(
            run,
            pl.col("line").alias("sales_order_line_id"),
            "ordered",
            pl.col("covered").alias("covered_from_stock"),
            "exploded",
            problem.alias("problem"),
        ),
        {"run_id": Wire.INT8, "sales_order_line_id": Wire.INT8}
        | dict.fromkeys(("ordered", "covered_from_stock", "exploded"), Wire.NUMERIC)
        | {"problem": Wire.WORD},
    )
    if results.pegs is not None:
        yield _stream(
            "planning_peg",
            results.pegs.select(run, *key, pl.col("line").fill_null(0).alias("sales_order_line_id"), "quantity"),
            place | {"sales_order_line_id": Wire.INT8, "quantity": Wire.NUMERIC},
        )


def _totals(run_id: int, inputs: PlanInputs, results: PlanResults, as_of: date) -> Stream:
    """What lists of requirements sort and filter by, summed once for all who look."""
    totals = item_totals(inputs, results.requirements, results.plan_lines, results.coverage, as_of)
    keys = {"run_id": Wire.INT8, "item_id": Wire.INT8, "warehouse_id": Wire.INT8}
    dated = dict.fromkeys(("short_on", "order_on"), Wire.DATE)
    exact = dict.fromkeys((name for name in totals.columns if name not in {"item", "warehouse", *dated}), Wire.NUMERIC)
    named = totals.rename({"item": "item_id", "warehouse": "warehouse_id"})
    return _stream(
        "planning_item_total", named.with_columns(pl.lit(run_id, pl.Int64).alias("run_id")), keys | exact | dated
    )


def _draft(run_id: int, inputs: PlanInputs, said: pl.DataFrame, codes: Codes) -> Stream:
    """Lines of the draft plan, which begins as what the run suggests (PLAN-11)."""
    decided = {"vendor_item_id": Wire.INT8, "quantity_packs": Wire.NUMERIC, "unit_price": Wire.NUMERIC}
    decided |= {"needed_on": Wire.DATE, "contract_id": Wire.INT8}
    lines = (
        said.join(
            inputs.vendor_items.select("vendor_item", "unit_factor"),
            on="vendor_item",
            how="left",
            maintain_order="left",
        )
        .join(
            codes.vendor_items.select("vendor_item", "purchase_unit_id", "vendor_currency"),
            on="vendor_item",
            how="left",
            maintain_order="left",
        )
        .join(codes.items.select("item", "unit_id"), on="item", how="left", maintain_order="left")
        .select(
            pl.lit(run_id, pl.Int64).alias("run_id"),
            pl.col("item").alias("item_id"),
            pl.col("warehouse").alias("warehouse_id"),
            "needed_on",
            "order_by",
            pl.col("late_days").cast(pl.Int32),
            "shortage",
            pl.col("vendor_item").alias("vendor_item_id"),
            pl.coalesce("purchase_unit_id", "unit_id").alias("unit_id"),
            pl.col("unit_factor").fill_null(QUANTITY_SCALE),
            pl.coalesce("quantity", "stock_quantity").alias("quantity_packs"),
            "unit_price",
            pl.coalesce("currency", "vendor_currency").alias("currency_code"),
            "trigger",
            pl.col("contract").alias("contract_id"),
            "arrives_on",
            pl.col("better_quantity").alias("better_quantity_packs"),
            pl.col("better_price").alias("better_unit_price"),
            "saving",
            pl.col("says").alias("reason"),
            pl.lit(PlanLineState.OPEN.value).alias("state"),
            pl.lit(False).alias("is_locked"),
            pl.lit(1, pl.Int32).alias("version"),
        )
        .with_columns(pl.col(*decided).name.prefix("suggested_"))
    )
    wires = {
        **dict.fromkeys(("run_id", "item_id", "warehouse_id"), Wire.INT8),
        **{f"suggested_{name}": wire for name, wire in decided.items()},
        **decided,
        "order_by": Wire.DATE,
        "late_days": Wire.INT4,
        "shortage": Wire.NUMERIC,
        "unit_id": Wire.INT8,
        "unit_factor": Wire.NUMERIC,
        **dict.fromkeys(("currency_code", "trigger", "reason", "state"), Wire.WORD),
        "arrives_on": Wire.DATE,
        **dict.fromkeys(("better_quantity_packs", "better_unit_price", "saving"), Wire.NUMERIC),
        "is_locked": Wire.FLAG,
        "version": Wire.INT4,
    }
    return _stream("plan_line", lines, wires)


def _stream(table: str, rows: pl.DataFrame, wires: dict[str, Wire]) -> Stream:
    return Stream(table, tuple(wires), binary_copy(rows, wires))


def _problems(run_id: int, results: PlanResults) -> Stream:
    """What could not be mapped: contradicting rules by line, lines, options, and items that nothing brings."""
    rules = results.contradictions.select("line", pl.concat_list("rule", "other_rule").alias("rules")).explode("rules")
    blocked = (
        rules.unique()
        .sort("line", "rules")
        .group_by("line", maintain_order=True)
        .agg(pl.col("rules").cast(pl.String).str.join(","))
        .join(results.coverage.select("line", "exploded"), on="line", how="left", maintain_order="left")
    )
    line, variant = pl.col("line").alias("sales_order_line_id"), pl.col("variant").alias("variant_id")
    option = pl.col("option_value").alias("option_value_id")
    place = (
        pl.col("item").alias("item_id"),
        pl.col("warehouse").alias("warehouse_id"),
        pl.col("date").alias("on_date"),
    )
    found = {
        ProblemKind.CONTRADICTION: blocked.select(line, pl.col("exploded").alias("quantity"), "rules"),
        ProblemKind.UNMAPPED: results.unmapped.sort("line").select(line, variant, "quantity"),
        ProblemKind.UNCOVERED_OPTION: results.uncovered_options.select(variant, option, "lines"),
        ProblemKind.DEAD_END: results.dead_ends.select(*place, "quantity"),
    }
    kinds = [each.select(pl.lit(kind.value).alias("kind"), pl.all()) for kind, each in found.items()]
    rows = pl.concat(kinds, how="diagonal").with_columns(
        pl.lit(run_id, pl.Int64).alias("run_id"),
        pl.col("quantity").fill_null(0),
        pl.col("lines").fill_null(1).cast(pl.Int32),
        pl.col("rules").fill_null(""),
    )
    named = ("sales_order_line_id", "variant_id", "option_value_id", "item_id", "warehouse_id")
    wires = {"run_id": Wire.INT8, "kind": Wire.WORD, **dict.fromkeys(named, Wire.INT8), "on_date": Wire.DATE}
    wires |= {"quantity": Wire.NUMERIC, "lines": Wire.INT4, "rules": Wire.WORD}
    return _stream("planning_problem", rows, wires)
