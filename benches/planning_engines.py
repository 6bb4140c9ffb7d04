"""The steps up to netting in other engines, as references: DuckDB in SQL, Polars in streaming joins.

They know this one world (adding rules only, no phantoms, everything valid, one warehouse, factors of three decimals).
"""

import time

import duckdb
import polars as pl

from benches.planning_world import AS_OF, LEVELS
from buyside.planning.run import PlanInputs

Answer = tuple[pl.DataFrame, dict[str, float]]
"""Requirements of bought and made items, sorted, and the seconds of each step."""


def duckdb_run(inputs: PlanInputs, coverage: pl.DataFrame, levels: pl.DataFrame) -> Answer:
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
            CREATE TABLE answer (item BIGINT, day DATE, gross BIGINT, arrives BIGINT, projected BIGINT, shortage BIGINT,
                to_order BIGINT);
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
                    SELECT m.*, safety_stock, on_hand + sum(arrives - gross) OVER (PARTITION BY item ORDER BY day) AS projected,
                        on_hand + sum(arrives) OVER (PARTITION BY item)
                            - sum(gross) OVER (PARTITION BY item ORDER BY day) AS position
                    FROM moves m JOIN items USING (item)),
                supplied AS (
                    SELECT *, max(greatest(0, safety_stock - projected)) OVER (PARTITION BY item ORDER BY day) AS due,
                        greatest(0, safety_stock - position) AS short FROM balance)
                SELECT item, day, gross, arrives, projected::BIGINT AS projected,
                    (due - coalesce(lag(due) OVER (PARTITION BY item ORDER BY day), 0))::BIGINT AS shortage,
                    (short - coalesce(lag(short) OVER (PARTITION BY item ORDER BY day), 0))::BIGINT AS to_order FROM supplied;
                INSERT INTO answer
                SELECT * FROM netted WHERE gross <> 0 OR arrives <> 0 OR shortage <> 0 OR to_order <> 0;
                INSERT INTO asked
                SELECT component, greatest(day - make_lead_days::INT, {today}), sum(to_order * factor)::HUGEINT
                FROM netted JOIN items USING (item) JOIN bom ON parent_kind = 'item' AND parent = item
                WHERE to_order > 0 AND supply = 'make' GROUP BY ALL;
            """)
        end = time.perf_counter()
        found = pl.DataFrame(pl.from_arrow(sql.sql("SELECT * FROM answer ORDER BY item, day").to_arrow_table()))
    return found, {"lines to components": lines - start, "explode and net": end - lines}


def polars_run(inputs: PlanInputs, coverage: pl.DataFrame, levels: pl.DataFrame) -> Answer:
    """Explode and net as lazy joins and windows of the streaming engine, level by level."""
    factor = (pl.col("quantity_per") // 1000 * (1_000_000 + pl.col("scrap_percent")) // 1_000_000).alias("factor")
    bom = inputs.bom.select("parent_kind", "parent", "component", factor)
    sold = bom.filter(pl.col("parent_kind") == "variant").select(variant="parent", item="component", factor="factor")
    rows = bom.filter(pl.col("parent_kind") == "item").select(parent="parent", item="component", factor="factor")
    rules = inputs.rules.join(inputs.rule_conditions, on="rule").select(
        "option_value", item="component", factor=pl.col("quantity") // 1000
    )
    items = inputs.items.join(levels, on="item").join(inputs.item_stock, on="item")
    items = items.select("item", "level", "supply", "safety_stock", "make_lead_days", "on_hand")
    day = pl.max_horizontal(pl.col("needed_on"), pl.lit(AS_OF))
    lines = inputs.lines.lazy().join(coverage.lazy().select("line", "exploded"), on="line").with_columns(day=day)
    begun = time.perf_counter()
    by_variant = lines.group_by("variant", "day").agg(pl.col("exploded").sum())
    chosen = inputs.line_options.lazy().join(lines.select("line", "day", "exploded"), on="line")
    by_value = chosen.group_by("option_value", "day").agg(pl.col("exploded").sum())
    scaled = (pl.col("exploded") * pl.col("factor")).alias("scaled")
    asked = [
        side.join(edges.lazy(), on=key).select("item", "day", scaled).group_by("item", "day").agg(pl.col("scaled").sum())
        .collect(engine="streaming")
        for side, edges, key in ((by_variant, sold, "variant"), (by_value, rules, "option_value"))
    ]  # fmt: skip
    receipts = (
        inputs.supply.lazy()
        .select("item", pl.max_horizontal(pl.col("arrives_on"), pl.lit(AS_OF)).alias("day"), arrives="quantity")
        .group_by("item", "day").agg(pl.col("arrives").sum()).collect(engine="streaming")
    )  # fmt: skip
    of_lines = time.perf_counter()
    found = []
    for level in range(LEVELS + 1):
        here = items.lazy().filter(pl.col("level") == level)
        gross = (
            pl.concat([part.lazy() for part in asked]).join(here.select("item"), on="item", how="semi")
            .group_by("item", "day").agg((pl.col("scaled").sum() + 500) // 1000)
            .select("item", "day", gross="scaled", arrives=pl.lit(0, pl.Int64))
        )  # fmt: skip
        arriving = receipts.lazy().join(here.select("item"), on="item", how="semi")
        opening = here.filter(pl.col("on_hand") < pl.col("safety_stock"))
        moves = pl.concat(
            [
                gross,
                arriving.select("item", "day", pl.lit(0, pl.Int64).alias("gross"), "arrives"),
                opening.select(
                    "item", pl.lit(AS_OF).alias("day"), gross=pl.lit(0, pl.Int64), arrives=pl.lit(0, pl.Int64)
                ),
            ]
        )
        netted = (
            moves.group_by("item", "day").agg(pl.col("gross").sum(), pl.col("arrives").sum())
            .join(here, on="item").sort("item", "day")
            .with_columns(
                projected=pl.col("on_hand") + (pl.col("arrives") - pl.col("gross")).cum_sum().over("item"),
                position=pl.col("on_hand") + pl.col("arrives").sum().over("item") - pl.col("gross").cum_sum().over("item"),
            )
            .with_columns(
                due=(pl.col("safety_stock") - pl.col("projected")).clip(0).cum_max().over("item"),
                short=(pl.col("safety_stock") - pl.col("position")).clip(0),
            )
            .with_columns(
                shortage=pl.col("due") - pl.col("due").shift(1, fill_value=0).over("item"),
                to_order=pl.col("short") - pl.col("short").shift(1, fill_value=0).over("item"),
            )
            .collect(engine="streaming")
        )  # fmt: skip
        found.append(netted.select("item", "day", "gross", "arrives", "projected", "shortage", "to_order"))
        asked.append(
            netted.lazy().filter((pl.col("to_order") > 0) & (pl.col("supply") == "make"))
            .join(rows.lazy(), left_on="item", right_on="parent", suffix="_below")
            .select(
                item="item_below", scaled=pl.col("to_order") * pl.col("factor"),
                day=pl.max_horizontal(pl.col("day") - pl.duration(days="make_lead_days"), pl.lit(AS_OF)),
            )
            .group_by("item", "day").agg(pl.col("scaled").sum()).select("item", "day", "scaled").collect(engine="streaming")
        )  # fmt: skip
    moving = pl.any_horizontal(pl.col("gross", "arrives", "shortage", "to_order") != 0)
    answer = pl.concat(found).filter(moving).sort("item", "day")
    ended = time.perf_counter()
    return answer, {"lines to components": of_lines - begun, "explode and net": ended - of_lines}
