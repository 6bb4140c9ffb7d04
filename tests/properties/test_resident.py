"""One change answered by the resident equals a full run of the changed inputs, to the last digit (PLAN-12, PLAN-15)."""

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from buyside.planning import frames
from buyside.planning.frames import Headroom, Misfit
from buyside.planning.resident import Replanned, Resident
from buyside.planning.resident_inputs import GROUPED, TooWide
from buyside.planning.run import PlanInputs, PlanResults, plan
from tests.properties.planning_worlds import inputs_of, world_of

WORLDS, NIGHTLY_WORLDS, BATCH, CHANGES = 30, 2_500, 10, 5
UNIT = frames.QUANTITY_SCALE


class Changes:
    """Random changes of a world's inputs, as a person or another day would bring them."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def of(self, inputs: PlanInputs, as_of: date) -> tuple[dict[str, pl.DataFrame], dict[str, pl.DataFrame]]:
        """Rows that come or change, and keys of rows that go."""
        self.inputs, self.as_of = inputs, as_of
        self.rows: dict[str, pl.DataFrame] = {}
        self.without: dict[str, pl.DataFrame] = {}
        kinds = [
            self.line, self.line, self.line, self.options, self.variant_stock, self.item_stock, self.supply, self.item,
            self.vendor_item, self.prices, self.contract, self.vendor,
        ]  # fmt: skip
        for kind in self.random.sample(kinds, self.random.choice([1, 1, 1, 2, 4])):
            kind()
        return self.rows, self.without

    def one(self, name: str) -> dict[str, Any] | None:
        frame = getattr(self.inputs, name)
        return frame.row(self.random.randrange(frame.height), named=True) if frame.height else None

    def give(self, name: str, *rows: dict[str, Any]) -> None:
        declared = getattr(frames, name.upper())
        self.rows[name] = pl.DataFrame([{c: row[c] for c in declared.columns} for row in rows], schema=declared.schema)

    def quantity(self) -> int:
        return self.random.choice([1, self.random.randint(1, 30) * UNIT, self.random.randint(1, 10**7)])

    def day(self) -> date:
        return self.as_of + timedelta(days=self.random.randint(-6, 70))

    def line(self) -> None:
        row = self.one("lines")
        if row is not None and self.random.random() < 0.25:
            self.without["lines"] = pl.DataFrame({"line": [row["line"]]})
            return
        variants = self.inputs.bom.filter(pl.col("parent_kind") == "variant")["parent"].to_list()
        if row is None or self.random.random() < 0.3:
            product = self.random.choice(self.inputs.products["product"].to_list())
            row = {
                "line": self.random.randint(1, 9999), "product": product, "variant": self.random.choice([*variants, 77]),
                "warehouse": self.random.choice(self.inputs.warehouses["warehouse"].to_list()), "quantity": self.quantity(),
                "needed_on": self.day(), "approved_at": datetime(2026, 2, 2, tzinfo=UTC),
            }  # fmt: skip
            if self.random.random() < 0.5:
                self.choose(row["line"])
        for column, value in (("quantity", self.quantity()), ("needed_on", self.day())):
            if self.random.random() < 0.6:
                row[column] = value
        if self.random.random() < 0.2:
            row["warehouse"] = self.random.choice(self.inputs.warehouses["warehouse"].to_list())
        if self.random.random() < 0.2 and variants:
            row["variant"] = self.random.choice(variants)
        self.give("lines", row)

    def choose(self, line: int) -> None:
        values = sorted({*self.inputs.rule_conditions["option_value"].to_list(), 1, 2})
        chosen = self.random.sample(values, self.random.randint(1, len(values)))
        self.give("line_options", *({"line": line, "option_value": value} for value in chosen))

    def options(self) -> None:
        row = self.one("lines")
        if row is None or "line_options" in self.rows or "line_options" in self.without:
            return
        if self.random.random() < 0.3:
            self.without["line_options"] = pl.DataFrame({"line": [row["line"]]})
        else:
            self.choose(row["line"])

    def variant_stock(self) -> None:
        row = self.one("variant_stock")
        line = self.one("lines")
        if row is not None and self.random.random() < 0.2:
            self.without["variant_stock"] = pl.DataFrame([row]).select("warehouse", "variant")
        elif (known := line or row) is not None:
            on_hand = self.random.choice([0, self.quantity()])
            self.give(
                "variant_stock", {"warehouse": known["warehouse"], "variant": known["variant"], "on_hand": on_hand}
            )

    def item_stock(self) -> None:
        row = self.one("item_stock")
        if row is not None and self.random.random() < 0.2:
            self.without["item_stock"] = pl.DataFrame([row]).select("warehouse", "item")
            return
        item, place = self.one("items"), self.one("warehouses")
        assert item is not None
        assert place is not None
        on_hand = self.random.choice([-UNIT, 0, self.quantity()])
        self.give("item_stock", {"warehouse": place["warehouse"], "item": item["item"], "on_hand": on_hand})

    def supply(self) -> None:
        row, item, place = self.one("supply"), self.one("items"), self.one("warehouses")
        assert item is not None
        assert place is not None
        if row is not None and self.random.random() < 0.3:
            self.without["supply"] = pl.DataFrame({"order_line": [row["order_line"]]})
            return
        if row is None or self.random.random() < 0.3:
            row = {"order_line": self.random.randint(1, 40), "warehouse": place["warehouse"], "item": item["item"]}
            row |= {"quantity": self.quantity(), "arrives_on": self.day()}
        changed = {
            "quantity": self.quantity(),
            "arrives_on": self.day(),
            "item": item["item"],
            "warehouse": place["warehouse"],
        }
        self.give("supply", row | {name: value for name, value in changed.items() if self.random.random() < 0.4})

    def item(self) -> None:
        row = self.one("items")
        assert row is not None
        places = self.inputs.warehouses["warehouse"].to_list()
        changed = {
            "safety_stock": self.random.choice([0, self.quantity()]),
            "reorder_point": self.random.choice([None, self.quantity()]),
            "order_up_to": self.random.choice([None, self.quantity()]),
            "make_lead_days": self.random.choice([0, 2, 9]), "goods_in_days": self.random.choice([0, 4]),
            "lot_policy": "lot_for_lot", "warehouse": self.random.choice([None, *places]),
            "vendor_policy": self.random.choice(["preference", "cheapest", "fastest", "share"]),
            "contracts_first": self.random.random() < 0.5, "group": self.random.choice([None, 1, 2]),
        }  # fmt: skip
        self.give("items", row | {name: value for name, value in changed.items() if self.random.random() < 0.3})

    def vendor_item(self) -> None:
        row = self.one("vendor_items")
        if row is None:
            return
        if self.random.random() < 0.2:
            self.without["vendor_items"] = pl.DataFrame({"vendor_item": [row["vendor_item"]]})
            return
        changed = {
            "lead_days": self.random.choice([0, 3, 30]), "minimum": self.random.choice([0, self.quantity()]),
            "multiple": self.random.choice([0, self.quantity()]), "preference": self.random.choice([1, 2]),
            "is_usable": self.random.random() < 0.7, "share_percent": self.random.choice([0, 400_000]),
        }  # fmt: skip
        self.give("vendor_items", row | {name: value for name, value in changed.items() if self.random.random() < 0.4})

    def prices(self) -> None:
        row = self.one("prices")
        if row is None:
            return
        if self.random.random() < 0.2:
            self.without["prices"] = pl.DataFrame({"vendor_item": [row["vendor_item"]]})
            return
        breaks = [row | {"from_quantity": n * 7 * UNIT, "unit_price": self.quantity()} for n in range(2)]
        self.give("prices", *breaks)

    def contract(self) -> None:
        row, balance = self.one("contracts"), self.one("contract_balances")
        if row is not None:
            changed = {
                "unit_price": self.random.choice([None, self.quantity()]),
                "quantity_left": self.quantity(),
                "is_usable": False,
            }
            self.give("contracts", row | {name: value for name, value in changed.items() if self.random.random() < 0.4})
        if balance is not None:
            self.give("contract_balances", balance | {"amount_left": self.random.choice([None, self.quantity()])})

    def vendor(self) -> None:
        row, closing = self.one("vendors"), self.one("vendor_closings")
        if row is not None:
            self.give("vendors", row | {"order_weekdays": self.random.choice([0, 1, 21, 64])})
        if closing is not None and self.random.random() < 0.5:
            self.without["vendor_closings"] = pl.DataFrame({"vendor": [closing["vendor"]]})


def applied(inputs: PlanInputs, rows: dict[str, pl.DataFrame], without: dict[str, pl.DataFrame]) -> PlanInputs:
    """The same change made to whole frames, the plain way."""
    after = {name: getattr(inputs, name) for name in PlanInputs.__dataclass_fields__}
    for name in {*rows, *without}:
        by, whole = GROUPED[name]
        key = [by] if whole else list(getattr(frames, name.upper()).key)
        for leaving in (part for part in (rows.get(name), without.get(name)) if part is not None):
            after[name] = after[name].join(leaving.select(key), on=key, how="anti")
        if name in rows:
            after[name] = pl.concat([after[name], rows[name]])
    return PlanInputs(**after)


def same(one: pl.DataFrame, other: pl.DataFrame) -> bool:
    return one.schema == other.schema and one.equals(other)


def assert_equal(found: Replanned, before: PlanResults, after: PlanResults, seed: int) -> None:
    """The touched items are as full runs have them, the others as they were."""
    touched = pl.col("item").is_in(found.items)
    for name in ("requirements", "plan_lines"):
        then, now = getattr(before, name), getattr(after, name)
        assert same(getattr(found, f"{name}_before"), then.filter(touched)), f"{name} before, world {seed}"
        assert same(getattr(found, f"{name}_after"), now.filter(touched)), f"{name} after, world {seed}"
        assert same(then.filter(~touched), now.filter(~touched)), f"{name} not touched, world {seed}"
    for name in ("unmapped", "contradictions"):
        assert same(getattr(found.before, name), getattr(before, name)), f"{name} before, world {seed}"
        assert same(getattr(found.after, name), getattr(after, name)), f"{name} after, world {seed}"
    assert same(found.dead_ends_before, before.dead_ends.filter(touched)), f"dead ends before, world {seed}"
    assert same(found.dead_ends_after, after.dead_ends.filter(touched)), f"dead ends after, world {seed}"
    assert same(before.dead_ends.filter(~touched), after.dead_ends.filter(~touched)), f"dead ends, world {seed}"
    seen = after.coverage.filter(pl.col("line").is_in(found.coverage_after["line"].implode()))
    assert same(seen, found.coverage_after), f"coverage of world {seed}"


def change_worlds(seeds: range) -> tuple[int, int]:
    """Random changes one after another, each asked of the resident and of a full run; answered and too wide."""
    answered = wide = 0
    for seed in seeds:
        world, changes = world_of(seed), Changes(seed)
        inputs = inputs_of(world, shuffle=seed)
        scope: dict[str, Any] = {}
        if changes.random.random() < 0.2:
            scope["warehouses"] = changes.random.sample(world.warehouses, 1)
        if changes.random.random() < 0.2:
            scope["horizon_days"] = changes.random.choice([0, 10, 30])
        if changes.random.random() < 0.2:
            scope["groups"] = [1, 3]
        try:
            resident, before = Resident.of(inputs, world.as_of, **scope), plan(inputs, world.as_of, **scope)
        except Headroom:
            continue
        for turn in range(CHANGES):
            rows, without = changes.of(inputs, world.as_of)
            after = applied(inputs, rows, without)
            try:
                found = resident.change(without=without, **rows)
            except (TooWide, Headroom):
                wide += 1
                break
            results = plan(after, world.as_of, **scope)
            assert_equal(found, before, results, seed)
            if turn == 0:
                assert set(resident.change_to(after).items) <= set(found.items), seed
            answered += 1
            inputs, before, resident = after, results, found.after
    return answered, wide


@pytest.mark.rule("PLAN-15")
@pytest.mark.parametrize("batch", range(WORLDS // BATCH))
def test_a_change_is_answered_as_a_full_run_would(batch: int) -> None:
    answered, wide = change_worlds(range(700_000 + batch * BATCH, 700_000 + (batch + 1) * BATCH))
    assert answered > 5 * wide


@pytest.mark.nightly
@pytest.mark.parametrize("batch", range(NIGHTLY_WORLDS // BATCH))
def test_thousands_of_changes_are_answered_as_full_runs_would(batch: int) -> None:
    change_worlds(range(710_000 + batch * BATCH, 710_000 + (batch + 1) * BATCH))


def test_what_everything_stands_on_is_too_wide() -> None:
    world = world_of(3)
    inputs = inputs_of(world)
    resident = Resident.of(inputs, world.as_of)
    for name in ("bom", "rules", "rule_conditions", "products", "warehouses", "rates"):
        with pytest.raises(TooWide) as refused:
            resident.change(**{name: getattr(inputs, name)})
        assert refused.value.frame == name
    other = inputs.items.with_columns(supply=pl.lit("phantom"), item=pl.col("item") + 1_000)
    with pytest.raises(TooWide):
        resident.change(items=other)
    with pytest.raises(Misfit):
        resident.change(items=inputs.items.drop("supply"))
