"""Random planning worlds, small and nasty, and the way from a plain world to planning's frames."""

import random
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any

import polars as pl

from buyside.planning import frames
from buyside.planning.frames import Frame
from buyside.planning.run import PlanInputs
from tests.oracles import PlanningWorld

SCALES = {"scrap_percent": 10**4, "share_percent": 10**4}


def world_of(seed: int) -> PlanningWorld:
    """A world with options, rules, phantoms, scrap, several warehouses, validity, lots; much of it extreme."""
    return _Maker(seed).make()


def scope_of(seed: int) -> dict[str, Any]:
    """What a run of that world is limited to; every other one is not."""
    chance = random.Random(-seed)
    return {
        "groups": chance.sample([1, 2, 3, 4], chance.randint(0, 3)) if chance.random() < 0.25 else None,
        "horizon_days": chance.choice([0, 1, 5, 20, 39]) if chance.random() < 0.35 else None,
    }


def inputs_of(world: PlanningWorld, shuffle: int | None = None) -> PlanInputs:
    """The frames of a world, in a random order of rows if asked for."""
    rows: dict[str, list[dict[str, Any]]] = {
        "warehouses": [{"warehouse": w} for w in world.warehouses],
        "line_options": [{"line": line, "option_value": value} for line, value in world.line_options],
        "rule_conditions": [{"rule": rule, "option_value": value} for rule, value in world.rule_conditions],
    }
    for name in PlanInputs.__dataclass_fields__:
        rows.setdefault(name, getattr(world, name))
    given = {name: frame_of(getattr(frames, name.upper()), part) for name, part in rows.items()}
    if shuffle is not None:
        given = {name: frame.sample(fraction=1, shuffle=True, seed=shuffle) for name, frame in given.items()}
    return PlanInputs(**given)


_NUMBERED = {
    "warehouse", "line", "product", "variant", "item", "row", "parent", "component", "rule", "replacement", "order_line",
    "vendor_item", "vendor", "group", "contract",
}  # fmt: skip
_APART = 10_000
"""More than any number in a world."""


def beside(world: PlanningWorld, place: int) -> PlanningWorld:
    """The same world with numbers and currencies that no world at another place has: several can be planned as one.

    Where it has one warehouse, that is the default of items without one: among others' warehouses it is not the only one.
    A rule for every product asks for an option value that all lines of its own world have.
    """
    up, several = place * _APART, world.warehouses
    only = several[0] if len(several) == 1 else None

    def moved(name: str, value: Any) -> Any:
        if name == "currency":
            return f"{value}{place}"
        return value + up if name in _NUMBERED and value is not None else value

    tables: dict[str, Any] = {"warehouses": [warehouse + up for warehouse in several]}
    for name in ("line_options", "rule_conditions"):
        tables[name] = [(number + up, value + up) for number, value in getattr(world, name)]
    tables["line_options"] += [(row["line"] + up, up) for row in world.lines]
    everywhere = [row["rule"] for row in world.rules if row["product"] is None and row["variant"] is None]
    tables["rule_conditions"] += [(rule + up, up) for rule in everywhere]
    for name in PlanInputs.__dataclass_fields__.keys() - tables.keys():
        tables[name] = [{each: moved(each, value) for each, value in row.items()} for row in getattr(world, name)]
    for item in tables["items"]:
        item["warehouse"] = item["warehouse"] if only is None or item["warehouse"] else only + up
    return PlanningWorld(world.as_of, **tables)


def scope_beside(scope: dict[str, Any], places: int) -> dict[str, Any]:
    """What a run of worlds at so many places is limited to, where one of them would be limited to `scope`."""
    groups = scope["groups"]
    return scope | {
        "groups": groups and [group + place * _APART for place in range(places) for group in groups],
    }


def together(worlds: list[PlanningWorld]) -> PlanningWorld:
    """Worlds that stand `beside` each other as one."""
    names = PlanInputs.__dataclass_fields__
    return PlanningWorld(
        worlds[0].as_of, **{name: [row for world in worlds for row in getattr(world, name)] for name in names}
    )


def frame_of(declared: Frame, rows: list[dict[str, Any]]) -> pl.DataFrame:
    """Rows in natural units as a declared frame; what cannot be said at its scale is an error."""

    def at_scale(name: str, value: object) -> object:
        if isinstance(value, Fraction):
            scaled = value * SCALES.get(name, 10**6)
            assert scaled.denominator == 1, f"{name} has too many decimals: {value}"
            return int(scaled)
        return value

    return pl.DataFrame(
        [{name: at_scale(name, row[name]) for name in declared.columns} for row in rows],
        schema=declared.schema,
        orient="row",
    )


def world_from(inputs: PlanInputs, as_of: date) -> PlanningWorld:
    """The plain world of some frames, so that the oracle can plan it."""
    counted = {
        "quantity",
        "on_hand",
        "safety_stock",
        "reorder_point",
        "order_up_to",
        "quantity_per",
        "unit_factor",
        "minimum",
    }
    counted |= {"multiple", "from_quantity", "unit_price", "minimum_value", "quantity_left", "amount_left", "rate"}
    scales = dict.fromkeys(counted, 10**6) | SCALES

    def natural(name: str, value: Any) -> Any:
        return Fraction(value, scales[name]) if name in scales and value is not None else value

    def rows(name: str) -> list[dict[str, Any]]:
        frame = getattr(frames, name.upper()).check(getattr(inputs, name))
        return [{k: natural(k, v) for k, v in row.items()} for row in frame.iter_rows(named=True)]

    plain = {name: rows(name) for name in PlanInputs.__dataclass_fields__}
    pairs = {name: [tuple(row.values()) for row in plain.pop(name)] for name in ("line_options", "rule_conditions")}
    places = [row["warehouse"] for row in plain.pop("warehouses")]
    return PlanningWorld(as_of, warehouses=places, **plain, **pairs)


class _Maker:
    """One world from one seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.today = date(2026, 3, 2)
        self.decimals = self.random.choice([0, 0, 1, 2, 3, 6])
        self.finest = self.chance(0.2)  # everything with all the decimals that it can have
        self.largest = self.random.choice([5, 100, 100, 10**6, 10**9])

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def day(self, earliest: int, latest: int) -> date:
        return self.today + timedelta(days=self.random.randint(earliest, latest))

    def amount(self, low: float, high: float, decimals: int | None = None) -> Fraction:
        digits = self.random.randint(0, self.decimals) if decimals is None else decimals
        return Fraction(self.random.randint(int(low * 10**digits), int(high * 10**digits)), 10**digits)

    def positive(self, high: float, decimals: int | None = None) -> Fraction:
        return self.amount(0, high, decimals) or Fraction(1)

    def scrap(self) -> Fraction:
        if self.finest:
            return self.amount(0, 30, 4)
        return self.amount(0, 30, self.random.choice([0, 1, 4])) if self.chance(0.4) else Fraction(0)

    def validity(self, share: float) -> dict[str, date | None]:
        if not self.chance(share):
            return {"valid_from": None, "valid_to": None}
        first, last = sorted((self.day(-10, 30), self.day(-10, 60)))
        return {
            "valid_from": first if self.chance(0.8) else None,
            "valid_to": last if self.chance(0.8) else None,
        }

    def make(self) -> PlanningWorld:
        world = PlanningWorld(self.today)
        world.warehouses = self.random.sample(range(1, 90), self.random.choice([1, 1, 2, 3]))
        items = self.random.sample(range(1, 400), self.random.randint(2, 12))
        products = self.random.sample(range(1, 50), self.random.randint(1, 3))
        variants = {
            v: self.random.choice(products) for v in self.random.sample(range(1, 99), self.random.randint(1, 5))
        }
        values = list(range(1, self.random.randint(2, 6)))
        world.items = [self.item(item, world.warehouses) for item in items]
        world.products = [{"product": p, "covers_from_stock": self.chance(0.8)} for p in products]
        self.structure(world, items, list(variants), products)
        self.rules(world, items, list(variants), products, values)
        self.demand(world, variants, values)
        self.stock(world, items, list(variants))
        self.vendors(world, items)
        self.policies(world)
        self.order_days(world)
        self.contracts(world)
        return world

    def item(self, item: int, warehouses: list[int]) -> dict[str, Any]:
        point = self.amount(0, 20) if self.chance(0.4) else None
        return {
            "item": item,
            "supply": self.random.choice(["buy", "buy", "make", "make", "phantom"]),
            "kind": self.random.choice(["inventory", "inventory", "inventory", "catalogue"]),
            "warehouse": self.random.choice(warehouses) if self.chance(0.4) else None,
            "safety_stock": self.amount(0, 20) if self.chance(0.4) else Fraction(0),
            "reorder_point": point,
            "order_up_to": self.amount(0, 60) if self.chance(0.6) else None,
            "lot_policy": (policy := self.random.choice(["lot_for_lot", "fixed_multiple", "period"])),
            "period_days": self.random.randint(1, 20) if policy == "period" else None,
            "make_lead_days": self.random.choice([0, 1, 3, 20]),
            "goods_in_days": self.random.choice([0, 0, 2]),
            "unit_digits": self.random.randint(0, 6),
            "group": self.random.choice([None, 1, 2, 3]),
            "vendor_policy": "preference",
            "contracts_first": True,
        }

    def structure(self, world: PlanningWorld, items: list[int], variants: list[int], products: list[int]) -> None:
        order = self.random.sample(items, len(items))  # a row's component stands behind its parent: no circles
        numbers = iter(self.random.sample(range(1, 5000), 300))

        def rows(kind: str, parent: int, components: list[int], most: int) -> None:
            for _ in range(self.random.randint(0, most) if components else 0):
                world.bom.append(
                    {
                        "row": next(numbers),
                        "parent_kind": kind,
                        "parent": parent,
                        "component": self.random.choice(components),
                        "quantity_per": self.positive(3, 6 if self.finest else None),
                        "scrap_percent": self.scrap(),
                        **self.validity(0.25),
                    }
                )

        for variant in variants:
            rows("variant", variant, order, 3)
        for product in products:
            rows("product", product, order, 3)
        for n, item in enumerate(order):
            rows("item", item, order[n + 1 :], 3)

    def rules(
        self, world: PlanningWorld, items: list[int], variants: list[int], products: list[int], values: list[int]
    ) -> None:
        sold = [row["component"] for row in world.bom if row["parent_kind"] != "item"]
        for rule in self.random.sample(range(1, 999), self.random.choice([0, 0, 3, 8, 14])):
            behaviour = self.random.choice(["add", "remove", "replace", "scale", "scale", "nothing"])
            digits = 6 if self.finest else self.random.choice([0, 1])
            quantity = self.positive(3, digits) if behaviour in ("add", "scale") or self.chance(0.3) else None
            scope = self.random.choice(["all", "all", "product", "variant"])
            world.rules.append(
                {
                    "rule": rule,
                    "product": self.random.choice(products) if scope == "product" else None,
                    "variant": self.random.choice(variants) if scope == "variant" else None,
                    "behaviour": behaviour,
                    "component": None if behaviour == "nothing" else self.random.choice(sold or items),
                    "replacement": self.random.choice(items) if behaviour == "replace" else None,
                    "quantity": None if behaviour in ("remove", "nothing") else quantity,
                    "priority": self.random.randint(0, 2),
                }
            )
            if values:
                needed = self.random.sample(values, min(len(values), self.random.choice([0, 1, 1, 1, 2])))
                world.rule_conditions += [(rule, value) for value in needed]

    def demand(self, world: PlanningWorld, variants: dict[int, int], values: list[int]) -> None:
        for line in self.random.sample(range(1, 9999), self.random.randint(0, 12)):
            variant = self.random.choice(list(variants))
            approved = datetime(2026, 2, self.random.randint(1, 3), tzinfo=UTC)
            world.lines.append(
                {
                    "line": line,
                    "product": variants[variant],
                    "variant": variant,
                    "warehouse": self.random.choice(world.warehouses),
                    "quantity": self.random.choice(
                        [Fraction(1), self.positive(self.largest), self.positive(self.largest)]
                    ),
                    "needed_on": self.day(-5, self.random.choice([3, 40])),
                    "approved_at": approved,
                }
            )
            world.line_options += [(line, value) for value in values if self.chance(0.4)]

    def stock(self, world: PlanningWorld, items: list[int], variants: list[int]) -> None:
        for warehouse in world.warehouses:
            for variant in variants:
                if self.chance(0.4):
                    on_hand = self.amount(-3, 15)
                    world.variant_stock.append({"warehouse": warehouse, "variant": variant, "on_hand": on_hand})
            for item in items:
                if self.chance(0.5):
                    world.item_stock.append({"warehouse": warehouse, "item": item, "on_hand": self.amount(-10, 40)})
        for order_line in range(1, self.random.choice([1, 5, 15, 25])):
            late = self.chance(0.4)  # often behind every need, and too much of it or too little
            world.supply.append(
                {
                    "order_line": order_line,
                    "warehouse": self.random.choice(world.warehouses),
                    "item": self.random.choice(items),
                    "quantity": self.amount(0, 40),
                    "arrives_on": self.day(20, 150) if late else self.day(-8, 60),
                }
            )

    def vendors(self, world: PlanningWorld, items: list[int]) -> None:
        for vendor_item in self.random.sample(range(1, 999), self.random.choice([0, 8, 25])):
            digits = self.random.randint(0, self.random.choice([0, 2, 6]))
            world.vendor_items.append(
                {
                    "vendor_item": vendor_item,
                    "vendor": self.random.randint(1, 6),
                    "item": self.random.choice(items),
                    "unit_digits": digits,
                    "unit_factor": self.random.choice(
                        [Fraction(1), Fraction(12), self.positive(50), self.positive(3, 6)]
                    ),
                    "lead_days": self.random.choice([0, 5, 5, 60]),
                    "minimum": self.amount(0, 30, self.random.choice([0, 1])) if self.chance(0.5) else Fraction(0),
                    "multiple": self.amount(0, 12, self.random.choice([0, 1])) if self.chance(0.5) else Fraction(0),
                    "preference": self.random.randint(1, 2),
                    "share_percent": Fraction(0),
                    "is_usable": self.chance(0.9),
                    **self.validity(0.2),
                }
            )
            currency = self.random.choice(["EUR", "EUR", "USD"])
            start = Fraction(0) if self.chance(0.8) else Fraction(5)
            for n in range(self.random.choice([0, 1, 2, 4])):
                world.prices.append(
                    {
                        "vendor_item": vendor_item,
                        "from_quantity": start + n * 10,
                        "unit_price": self.random.choice([Fraction(2), Fraction(3), self.positive(9, 4)]) / (n + 1)
                        if n < 2
                        else self.positive(2, 4),
                        "currency": currency,
                        **self.validity(0.1),
                    }
                )

    def policies(self, world: PlanningWorld) -> None:
        """Groups of items with a policy each, shares of vendors, and what currencies are worth."""
        every = ["preference", "cheapest", "fastest", "share", "share"]
        groups = {group: (self.random.choice(every), self.chance(0.7)) for group in range(1, 4)}
        for item in world.items:
            if self.chance(0.7):
                item["group"] = self.random.choice(list(groups))
                item["vendor_policy"], item["contracts_first"] = groups[item["group"]]
        for row in world.vendor_items:
            if self.chance(0.5):
                row["share_percent"] = self.amount(0, 100, self.random.choice([0, 0, 4]))
        if self.chance(0.8):
            world.rates.append({"currency": "EUR", "valid_from": None, "rate": Fraction(1)})
        for offset in self.random.sample([-400, -9, 0, 1], self.random.choice([0, 1, 2, 3])):
            rate = {"currency": "USD", "valid_from": self.day(offset, offset), "rate": self.positive(2, 6)}
            world.rates.append(rate)

    def order_days(self, world: PlanningWorld) -> None:
        """Vendors that take orders on some days, and are closed on others, one of them perhaps for ever."""
        for vendor in range(1, 7):
            if self.chance(0.6):
                world.vendors.append(
                    {
                        "vendor": vendor,
                        "order_weekdays": self.random.choice([0, 0, 1, 18, 64, self.random.randint(0, 127)]),
                        "minimum_value": self.positive(900) if self.chance(0.3) else None,
                        "currency": "EUR",
                    }
                )
                closings = [(1224, 102), (220, 312), (405, 405), (229, 301), (1101, 131), (101, 1231)]
                for first, last in self.random.sample(closings, self.random.choice([0, 0, 1, 2])):
                    world.vendor_closings.append({"vendor": vendor, "from_day": first, "to_day": last})

    def contracts(self, world: PlanningWorld) -> None:
        """Contracts about what their vendor sells, most of them soon used up, some not valid."""
        for contract in self.random.sample(range(1, 99), self.random.choice([0, 1, 3, 6]) if world.vendor_items else 0):
            vendor = self.random.choice(world.vendor_items)["vendor"]
            sold = sorted({row["item"] for row in world.vendor_items if row["vendor"] == vendor})
            terms = {
                "contract": contract,
                "vendor": vendor,
                "currency": self.random.choice(["EUR", "EUR", "USD"]),
                "is_usable": self.chance(0.9),
                **self.validity(0.2),
            }
            for item in self.random.sample(sold, self.random.randint(1, len(sold))):
                limit = self.random.choice([10, 60, 60, 10**4])
                world.contracts.append(
                    terms
                    | {
                        "item": item,
                        "unit_price": self.amount(0, 9, 4) if self.chance(0.6) else None,
                        "quantity_left": self.amount(-2, limit) if self.chance(0.5) else None,
                    }
                )
            if self.chance(0.8):
                amount = self.amount(-5, self.random.choice([100, 400, 10**5]), 4) if self.chance(0.8) else None
                world.contract_balances.append({"contract": contract, "amount_left": amount})
