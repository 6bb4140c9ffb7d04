"""The result files of a planning run, as the data pack describes them, and the hash of what they say (PLAN-10)."""

import hashlib
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import polars as pl

from buyside.planning.frames import PRICE_SCALE, QUANTITY_SCALE
from buyside.queries.arrow_reader import ArrowReader
from buyside.queries.demand_lines import demand_codes

_PART = 250_000  # rows whose texts are made at a time
LINE_CODES = 'SELECT line.id AS line, ordered.number AS "order", line.line_number AS number, variant.sku '


@dataclass(frozen=True)
class Codes:
    """What people call the records that frames know by their keys."""

    items: pl.DataFrame
    """item, code, unit_id and unit of its stock"""
    warehouses: pl.DataFrame
    """warehouse, code"""
    vendor_items: pl.DataFrame
    """vendor_item, vendor, vendor_part, purchase_unit_id, purchase_unit"""
    contracts: pl.DataFrame
    """contract, contract_number"""
    lines: pl.DataFrame
    """line, order, number, sku"""


def read_codes(reader: ArrowReader, warehouses: tuple[int, ...] | None) -> Codes:
    """The codes of everything that a run in this scope can name."""
    return Codes(
        items=reader.frame(
            "SELECT item.id AS item, item.code, unit.id AS unit_id, unit.code AS unit "
            "FROM item JOIN unit ON unit.id = item.unit_id"
        ),
        warehouses=reader.frame("SELECT id AS warehouse, code FROM warehouse"),
        vendor_items=reader.frame(
            "SELECT mapping.id AS vendor_item, vendor.code AS vendor, mapping.vendor_part, "
            "unit.id AS purchase_unit_id, unit.code AS purchase_unit, vendor.currency_code AS vendor_currency "
            "FROM vendor_item AS mapping "
            "JOIN vendor ON vendor.id = mapping.vendor_id JOIN unit ON unit.id = mapping.purchase_unit_id"
        ),
        contracts=reader.frame("SELECT id AS contract, number AS contract_number FROM contract"),
        lines=demand_codes(reader, warehouses),
    )


def requirements_file(requirements: pl.DataFrame, codes: Codes) -> pl.DataFrame:
    """requirements.csv from REQUIREMENTS."""
    named = _with_places(requirements, codes)
    quantities = ("gross", "scheduled_receipts", "projected", "shortage")
    return named.sort("item", "warehouse", "date").select(
        "item", "warehouse", "date", *(decimal_text(name, QUANTITY_SCALE) for name in quantities)
    )


def coverage_file(coverage: pl.DataFrame, codes: Codes) -> pl.DataFrame:
    """coverage.csv from COVERAGE."""
    return (
        coverage.join(codes.lines, on="line", how="left")
        .sort("order", "number")
        .select(
            "order",
            pl.col("number").alias("line"),
            "sku",
            decimal_text("ordered", QUANTITY_SCALE),
            decimal_text("covered", QUANTITY_SCALE).alias("covered_from_stock"),
            decimal_text("exploded", QUANTITY_SCALE),
        )
    )


def pegs_file(pegs: pl.DataFrame, codes: Codes) -> pl.DataFrame:
    """pegs.csv from PEGS; a stock policy has neither order nor line."""
    return (
        _with_places(pegs, codes)
        .join(codes.lines, on="line", how="left")
        .sort("item", "warehouse", "date", "order", "number", nulls_last=True)
        .select(
            "item",
            "warehouse",
            "date",
            "order",
            pl.col("number").alias("line"),
            decimal_text("quantity", QUANTITY_SCALE).alias("qty"),
        )
    )


def plan_lines_file(plan_lines: pl.DataFrame, codes: Codes) -> pl.DataFrame:
    """plan_lines.csv from PLAN_LINES with `says`, the reason in words. Without a vendor the order is in the stock unit."""
    return (
        plan_lines.join(
            codes.vendor_items.drop("purchase_unit_id").rename({"vendor": "vendor_code"}), on="vendor_item", how="left"
        )
        .join(codes.items.select("item", "unit"), on="item", how="left")
        .join(codes.contracts, on="contract", how="left")
        .with_columns(
            pl.coalesce("purchase_unit", "unit").alias("unit"),
            pl.coalesce("quantity", "stock_quantity").alias("order_qty"),
        )
        .pipe(_with_places, codes)
        .sort("item", "warehouse", "needed_on", "part")
        .select(
            "item",
            "warehouse",
            "needed_on",
            "order_by",
            "late_days",
            decimal_text("shortage", QUANTITY_SCALE),
            pl.col("vendor_code").alias("vendor"),
            _text_or_nothing("vendor_part"),
            pl.col("contract_number").alias("contract"),
            decimal_text("order_qty", QUANTITY_SCALE),
            "unit",
            decimal_text("unit_price", PRICE_SCALE),
            "currency",
            pl.col("says").alias("reason"),
        )
    )


def decimal_text(name: str, scale: int) -> pl.Expr:
    """An integer at a scale of ten as a decimal in text: exact, no exponent, no trailing zeros."""
    digits = len(str(scale)) - 1
    size = pl.col(name).abs()
    parts = (size % scale).cast(pl.String).str.zfill(digits).str.strip_chars_end("0")
    text = (size // scale).cast(pl.String) + pl.when(parts == "").then(pl.lit("")).otherwise(pl.lit(".") + parts)
    return pl.when(pl.col(name) < 0).then(pl.lit("-") + text).otherwise(text).alias(name)


def csv_bytes(frame: pl.DataFrame, *, with_head: bool = True) -> bytes:
    """A frame as UTF-8 CSV by RFC 4180."""
    target = io.BytesIO()
    frame.write_csv(target, line_terminator="\r\n", date_format="%Y-%m-%d", include_header=with_head)
    return target.getvalue()


def sha256_of(*files: Iterable[pl.DataFrame]) -> bytes:
    """What tells two results apart: the hash of their files, which name records by code and never by key.

    Each file comes in parts of at least one, so that none lies in memory as a whole.
    """
    digest = hashlib.sha256()
    for parts in files:
        for number, part in enumerate(parts):
            digest.update(csv_bytes(part, with_head=number == 0))
    return digest.digest()


def requirements_in_parts(requirements: pl.DataFrame, codes: Codes) -> Iterator[pl.DataFrame]:
    """requirements_file() of millions of rows, some at a time: their order is found by numbers, their texts are made last."""
    ranks = [
        named.sort("code").select(key, pl.int_range(pl.len(), dtype=pl.UInt32).alias(f"{key}_rank"))
        for named, key in ((codes.items, "item"), (codes.warehouses, "warehouse"))
    ]
    placed = requirements.select("item", "warehouse", "date")
    for rank, key in zip(ranks, ("item", "warehouse"), strict=True):
        placed = placed.join(rank, on=key, how="left", maintain_order="left")
    order = placed.select(pl.arg_sort_by("item_rank", "warehouse_rank", "date")).to_series()
    del placed
    for start in range(0, max(1, requirements.height), _PART):
        yield requirements_file(requirements[order.slice(start, _PART)], codes)


def _with_places(frame: pl.DataFrame, codes: Codes) -> pl.DataFrame:
    """Codes in place of the keys of item and warehouse."""
    return (
        frame.join(codes.items.select("item", pl.col("code").alias("item_code")), on="item", how="left")
        .join(codes.warehouses.select("warehouse", pl.col("code").alias("warehouse_code")), on="warehouse", how="left")
        .with_columns(pl.col("item_code").alias("item"), pl.col("warehouse_code").alias("warehouse"))
    )


def _text_or_nothing(name: str) -> pl.Expr:
    return pl.when(pl.col(name) != "").then(name).alias(name)
