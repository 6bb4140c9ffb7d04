"""A generated world for planning, of any size: lines, options with rules, a structure of five levels, supply, vendors."""

from datetime import UTC, date, datetime

import numpy as np
import polars as pl

from buyside.planning import frames
from buyside.planning.run import PlanInputs

AS_OF = date(2026, 3, 2)
UNIT = frames.QUANTITY_SCALE
LEVELS, DAYS = 5, 90


def world(lines: int, seed: int = 1, *, company: int | None = None) -> PlanInputs:
    """One warehouse; per 1M lines 100k items (half made), 500k BOM rows, 3M options of 500 values, 300k open supply rows.

    `company`: lines of the company whose items, structure and supply these are; so many as there are, if not said.
    """
    random = np.random.default_rng(seed)
    company = company or lines
    items = max(600, company // 10)
    made = items // 2
    per_level = made // LEVELS
    variants, values = max(50, company // 200), 500
    item = np.arange(items)
    level = np.minimum(item // per_level, LEVELS)  # bought items stand below all
    parents = np.repeat(np.arange(made), 10)
    low = (np.minimum(level[parents] + 1, LEVELS)) * per_level
    skips = random.random(parents.size) < 0.2
    component = np.where(
        skips,
        random.integers(made, items, parents.size),
        low + random.integers(0, np.where(low >= made, items - made, per_level)),
    )
    sold = np.repeat(np.arange(variants), 8)
    sold_component = random.integers(0, per_level, sold.size)
    rows = parents.size + sold.size
    rules = np.arange(values * 2)
    vendor_items = items + items // 2

    def on(offset: np.ndarray) -> pl.Series:
        start = (AS_OF - date(1970, 1, 1)).days
        return pl.Series((offset + start).astype(np.int32)).cast(pl.Date)

    def frame(declared: frames.Frame, **columns: object) -> pl.DataFrame:
        height = max(len(c) for c in columns.values() if isinstance(c, np.ndarray | pl.Series))
        filled = []
        for name, column in declared.columns.items():
            value = columns.get(name)
            series = (
                pl.Series(value) if isinstance(value, np.ndarray | pl.Series) else pl.repeat(value, height, eager=True)
            )
            filled.append(series.cast(column.dtype).alias(name))
        return declared.check(pl.DataFrame(filled))

    approved = datetime(2026, 1, 1, tzinfo=UTC)
    line = np.arange(lines) + 1
    variant = random.integers(0, variants, lines)
    option = (random.integers(0, values // 3, (lines, 3)) + np.array([0, values // 3, 2 * (values // 3)])).ravel()
    supply = items * 3
    breaks = vendor_items * 3
    return PlanInputs(
        warehouses=frame(frames.WAREHOUSES, warehouse=np.array([1])),
        lines=frame(
            frames.LINES, line=line, product=variant // 10 + 1, variant=variant + 1, warehouse=1,
            quantity=random.integers(1, 11, lines) * UNIT, needed_on=on(random.integers(-2, DAYS, lines)),
            approved_at=pl.repeat(approved, lines, dtype=frames.INSTANT, eager=True),
        ),
        line_options=frame(frames.LINE_OPTIONS, line=np.repeat(line, 3), option_value=option + 1),
        products=frame(frames.PRODUCTS, product=np.arange(variants // 10 + 1) + 1, covers_from_stock=True),
        variant_stock=frame(frames.VARIANT_STOCK, warehouse=1, variant=np.arange(variants) + 1, on_hand=random.integers(0, 60, variants) * UNIT),
        items=frame(
            frames.ITEMS, item=item + 1, supply=pl.Series(np.where(item < made, "make", "buy")), kind="inventory", warehouse=1,
            safety_stock=random.integers(0, 50, items) * UNIT, lot_policy="lot_for_lot",
            make_lead_days=random.integers(0, 5, items), goods_in_days=0, unit_digits=0,
            vendor_policy="preference", contracts_first=True,
        ),
        bom=frame(
            frames.BOM, row=np.arange(rows) + 1,
            parent_kind=pl.Series(np.repeat(["item", "variant"], [parents.size, sold.size])),
            parent=np.concatenate([parents, sold]) + 1, component=np.concatenate([component, sold_component]) + 1,
            quantity_per=random.integers(1, 4, rows) * UNIT, scrap_percent=np.where(random.random(rows) < 0.1, 25_000, 0),
        ),
        rules=frame(
            frames.RULES, rule=rules + 1, behaviour="add", component=random.integers(made, items, rules.size) + 1,
            quantity=random.integers(1, 4, rules.size) * UNIT, priority=0,
        ),
        rule_conditions=frame(frames.RULE_CONDITIONS, rule=rules + 1, option_value=rules // 2 + 1),
        item_stock=frame(frames.ITEM_STOCK, warehouse=1, item=item + 1, on_hand=random.integers(0, 500, items) * UNIT),
        supply=frame(
            frames.SUPPLY, order_line=np.arange(supply) + 1, warehouse=1, item=random.integers(made, items, supply) + 1,
            quantity=random.integers(1, 500, supply) * UNIT, arrives_on=on(random.integers(-3, DAYS + 30, supply)),
        ),
        vendor_items=frame(
            frames.VENDOR_ITEMS, vendor_item=np.arange(vendor_items) + 1, vendor=random.integers(1, 900, vendor_items),
            item=random.integers(made, items, vendor_items) + 1, unit_digits=0,
            unit_factor=random.choice([1, 1, 10, 12], vendor_items) * UNIT, lead_days=random.integers(1, 40, vendor_items),
            minimum=random.integers(0, 4_000_000, vendor_items) * UNIT, multiple=random.choice([1, 5, 20, 50], vendor_items) * 4_000_000 * UNIT,
            preference=random.integers(1, 4, vendor_items), share_percent=0, is_usable=True,
        ),
        prices=frame(
            frames.PRICES, vendor_item=np.arange(breaks) // 3 + 1, from_quantity=np.arange(breaks) % 3 * 100 * UNIT,
            unit_price=(random.integers(100, 5000, breaks) * 10_000) // (np.arange(breaks) % 3 + 1), currency="EUR",
        ),
        vendors=frames.VENDORS.empty(), vendor_closings=frames.VENDOR_CLOSINGS.empty(),
        contracts=frames.CONTRACTS.empty(), contract_balances=frames.CONTRACT_BALANCES.empty(), rates=frames.RATES.empty(),
    )  # fmt: skip
