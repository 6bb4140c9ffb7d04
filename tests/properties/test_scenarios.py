"""What-if (PLAN-15): a scenario is the plan of inputs that were changed by hand, and its inverse gives the plan back."""

import random
from collections.abc import Callable
from copy import deepcopy
from dataclasses import fields
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import polars as pl
import pytest

from buyside.domain import scenarios as change
from buyside.domain.refusals import Refused
from buyside.domain.scenarios import Change, change_of, content_of
from buyside.planning.frames import Headroom
from buyside.planning.run import PlanInputs, PlanResults, plan
from buyside.planning.scenario import EXTRA, changed
from tests.oracles import PlanningWorld
from tests.properties.planning_worlds import inputs_of, world_of

Row = dict[str, Any]
WORLDS = 80


def _where(rows: list[Row], holds: Callable[[Row], bool], set_: Callable[[Row], Row]) -> None:
    for row in rows:
        if holds(row):
            row.update(set_(row))


def _up(value: Fraction | None, percent: Decimal, digits: int = 6) -> Fraction | None:
    """More by a percentage, rounded half up."""
    if value is None:
        return None
    scaled = value * (100 + Fraction(percent)) / 100 * 10**digits
    return Fraction((scaled + Fraction(1, 2)).__floor__(), 10**digits)


def by_hand(world: PlanningWorld, number: int, said: Change) -> None:  # noqa: C901 - one kind after the other
    """The change typed into the plain world, without anything of the code under test."""
    match said:
        case change.LeadTime(vendor_id=vendor, item_id=item, days=days, more_days=more):

            def moved(now: int) -> int:
                return days if days is not None else max(0, now + (more or 0))

            _where(
                world.vendor_items,
                lambda row: vendor in (None, row["vendor"]) and item in (None, row["item"]),
                lambda row: {"lead_days": moved(row["lead_days"])},
            )
            if vendor is None:
                _where(
                    world.items,
                    lambda row: row["item"] == item and row["supply"] == "make",
                    lambda row: {"make_lead_days": moved(row["make_lead_days"])},
                )
        case change.LineDemand(line_id=line, is_cancelled=True):
            world.lines = [row for row in world.lines if row["line"] != line]
        case change.LineDemand(line_id=line, quantity=quantity, needed_on=day):
            new = {} if quantity is None else {"quantity": Fraction(quantity)}
            new |= {} if day is None else {"needed_on": day}
            _where(world.lines, lambda row: row["line"] == line, lambda _: new)
        case change.DemandPercent(percent=percent, product_id=product, variant_id=variant):
            _where(
                world.lines,
                lambda row: product in (None, row["product"]) and variant in (None, row["variant"]),
                lambda row: {"quantity": _up(row["quantity"], percent)},
            )
            world.lines = [row for row in world.lines if row["quantity"] > 0]
        case change.ExtraDemand():
            key = EXTRA - number
            sold: Row = {"product": said.product_id, "variant": said.variant_id}
            if said.item_id is not None:
                sold = {"product": key, "variant": key}
                world.products.append({"product": key, "covers_from_stock": False})
                world.bom.append(
                    {
                        "row": key, "parent_kind": "variant", "parent": key, "component": said.item_id,
                        "quantity_per": Fraction(1), "scrap_percent": Fraction(0), "valid_from": None, "valid_to": None,
                    }
                )  # fmt: skip
            late = max((row["approved_at"] for row in world.lines), default=None)
            world.lines.append(
                sold
                | {
                    "line": key,
                    "warehouse": said.warehouse_id,
                    "quantity": Fraction(said.quantity),
                    "needed_on": said.needed_on,
                    "approved_at": (late or _MIDNIGHT) + timedelta(days=60),
                }
            )
            world.line_options += [(key, value) for value in said.option_value_ids]
        case change.StockLevel(warehouse_id=place, item_id=item, variant_id=variant, on_hand=on_hand, more=more):
            rows, name, key = world.item_stock, "item", item
            if variant is not None:
                rows, name, key = world.variant_stock, "variant", variant
            if not any(row["warehouse"] == place and row[name] == key for row in rows):
                rows.append({"warehouse": place, name: key, "on_hand": Fraction(0)})
            _where(
                rows,
                lambda row: row["warehouse"] == place and row[name] == key,
                lambda row: {"on_hand": Fraction(on_hand) if on_hand is not None else row["on_hand"] + Fraction(more)},
            )
        case change.VendorOut(vendor_id=vendor, is_out=is_out):
            _where(world.vendor_items, lambda row: row["vendor"] == vendor, lambda _: {"is_usable": not is_out})
        case change.VendorPrice(vendor_id=vendor, percent=percent):
            sold_by = {row["vendor_item"] for row in world.vendor_items if row["vendor"] == vendor}
            _where(
                world.prices,
                lambda row: row["vendor_item"] in sold_by,
                lambda row: {"unit_price": _up(row["unit_price"], percent)},
            )
        case change.Sourcing(group_id=group, policy=policy, contracts_first=first):
            new = {} if policy is None else {"vendor_policy": policy}
            new |= {} if first is None else {"contracts_first": first}
            _where(world.items, lambda row: group in (None, row["group"]), lambda _: new)
        case change.StockPolicy(item_id=item, group_id=group):

            def levels(row: Row) -> Row:
                names = ("safety_stock", "reorder_point", "order_up_to")
                if said.percent is not None:
                    return {name: _up(row[name], said.percent) for name in names}
                given = {name: getattr(said, name) for name in (*names, "lot_policy", "period_days")}
                return {n: Fraction(v) if n in names else v for n, v in given.items() if v is not None}

            _where(world.items, lambda row: item in (None, row["item"]) and group in (None, row["group"]), levels)
        case change.OpenSupply(order_line_id=line, is_cancelled=True):
            world.supply = [row for row in world.supply if row["order_line"] != line]
        case change.OpenSupply(order_line_id=line):

            def arrival(row: Row) -> Row:
                new: Row = {} if said.quantity is None else {"quantity": Fraction(said.quantity)}
                if said.arrives_on is not None:
                    new["arrives_on"] = said.arrives_on
                if said.more_days is not None:
                    came = max(row["arrives_on"], world.as_of) + timedelta(days=said.more_days)
                    new["arrives_on"] = max(came, world.as_of)
                return new

            _where(world.supply, lambda row: row["order_line"] == line, arrival)
        case _:
            raise AssertionError(said)


class _Changes:
    """Random changes that fit a world."""

    def __init__(self, world: PlanningWorld, seed: int) -> None:
        self.world, self.random = world, random.Random(seed)

    def any(self) -> Change | None:
        """A change of any kind; None where the world has nothing that the kind could change."""
        makers = (
            self.lead_time,
            self.line,
            self.percent,
            self.extra,
            self.stock,
            self.vendor,
            self.policy,
            self.supply,
        )
        try:
            return self.random.choice(makers)()
        except IndexError:  # nothing to choose from
            return None

    def amount(self, most: int = 60) -> Decimal:
        return Decimal(self.random.randint(1, most * 1000)).scaleb(-3)

    def day(self) -> date:
        return self.world.as_of + timedelta(days=self.random.randint(0, 50))

    def one(self, rows: list[Row], name: str) -> int:
        return int(self.random.choice(rows)[name])

    def rate(self) -> Decimal:
        return self.random.choice([Decimal(-100), Decimal(50), Decimal("-33.3333"), Decimal("7.5"), Decimal(300)])

    def lead_time(self) -> Change:
        row = self.random.choice(self.world.vendor_items)
        item, vendor = self.random.choice(
            [(row["item"], row["vendor"]), (None, row["vendor"]), (row["item"], None), (row["item"], None)]
        )
        made = [each["item"] for each in self.world.items if each["supply"] == "make"]
        if made and self.random.random() < 0.3:
            item, vendor = self.random.choice(made), None
        if self.random.random() < 0.5:
            return change.LeadTime(vendor_id=vendor, item_id=item, days=self.random.randint(0, 90))
        return change.LeadTime(vendor_id=vendor, item_id=item, more_days=self.random.randint(-20, 40))

    def line(self) -> Change:
        line = self.one(self.world.lines, "line")
        if self.random.random() < 0.3:
            return change.LineDemand(line_id=line, is_cancelled=True)
        quantity = self.random.choice([None, self.amount()])
        return change.LineDemand(line_id=line, quantity=quantity, needed_on=self.day())

    def percent(self) -> Change:
        row = self.random.choice(self.world.lines)
        scope = self.random.choice([{}, {"product_id": row["product"]}, {"variant_id": row["variant"]}])
        return change.DemandPercent(percent=self.rate(), **scope)

    def extra(self) -> Change:
        place = self.random.choice(self.world.warehouses)
        common: Row = {"warehouse_id": place, "quantity": self.amount(), "needed_on": self.day()}
        if self.random.random() < 0.5:
            return change.ExtraDemand(item_id=self.one(self.world.items, "item"), **common)
        row = self.random.choice(self.world.lines)
        chosen = tuple(sorted({value for _, value in self.world.line_options if self.random.random() < 0.3}))
        return change.ExtraDemand(
            variant_id=row["variant"], product_id=row["product"], option_value_ids=chosen, **common
        )

    def stock(self) -> Change:
        place = self.random.choice(self.world.warehouses)
        article: Row = {"item_id": self.one(self.world.items, "item")}
        if self.world.lines and self.random.random() < 0.4:
            article = {"variant_id": self.one(self.world.lines, "variant")}
        level: Row = self.random.choice(
            [{"on_hand": self.amount()}, {"more": self.amount()}, {"more": -self.amount(5)}]
        )
        return change.StockLevel(warehouse_id=place, **article, **level)

    def vendor(self) -> Change:
        vendor = self.one(self.world.vendor_items, "vendor")
        priced = {row["vendor_item"] for row in self.world.prices}
        with_prices = [row for row in self.world.vendor_items if row["vendor_item"] in priced]
        if with_prices and self.random.random() < 0.5:
            return change.VendorPrice(vendor_id=self.one(with_prices, "vendor"), percent=self.rate())
        return change.VendorOut(vendor_id=vendor, is_out=self.random.random() < 0.7)

    def policy(self) -> Change:
        kind = self.random.choice(["sourcing", "levels", "percent", "lots"])
        if kind == "sourcing":
            return change.Sourcing(policy=self.random.choice(["preference", "cheapest", "fastest", "share"]))
        item = self.one(self.world.items, "item")
        if kind == "levels":
            point = self.amount(20)
            return change.StockPolicy(
                item_id=item, safety_stock=self.amount(9), reorder_point=point, order_up_to=point + self.amount(20)
            )
        if kind == "percent":
            return change.StockPolicy(item_id=item, percent=self.rate())
        return change.StockPolicy(item_id=item, lot_policy="period", period_days=self.random.randint(1, 30))

    def supply(self) -> Change:
        line = self.one(self.world.supply, "order_line")
        if self.random.random() < 0.3:
            return change.OpenSupply(order_line_id=line, is_cancelled=True)
        when: Row = self.random.choice([{"more_days": self.random.randint(-10, 40)}, {"arrives_on": self.day()}])
        return change.OpenSupply(order_line_id=line, quantity=self.random.choice([None, self.amount()]), **when)


_MIDNIGHT = world_of(0).lines[0]["approved_at"] if world_of(0).lines else world_of(1).lines[0]["approved_at"]


def _planned(inputs: PlanInputs, as_of: date) -> PlanResults | str:
    try:
        return plan(inputs, as_of, with_pegs=True)
    except Headroom:
        return "headroom"


def assert_same(one: PlanResults | str, other: PlanResults | str) -> None:
    if isinstance(one, str) or isinstance(other, str):
        assert one == other
        return
    for each in fields(PlanResults):
        before, after = getattr(one, each.name), getattr(other, each.name)
        if isinstance(before, pl.DataFrame):
            assert before.equals(after), each.name
        else:
            assert before == after, each.name


@pytest.mark.rule("PLAN-15")
def test_a_scenario_is_the_plan_of_inputs_that_were_changed_by_hand() -> None:
    done: dict[str, int] = {}
    moved = 0
    for seed in range(WORLDS):
        world = world_of(seed)
        makes = _Changes(world, seed)
        said: list[Change] = []
        hand = deepcopy(world)
        base = inputs_of(world)
        for _ in range(makes.random.randint(1, 5)):
            each = makes.any()
            if each is None:
                continue
            try:
                changed(base, [*said, each], world.as_of)
            except Refused:  # what an earlier change took away, or levels in disorder: told elsewhere
                continue
            said.append(each)
            by_hand(hand, len(said), each)
            done[each.act] = done.get(each.act, 0) + 1
        after = _planned(changed(base, said, world.as_of), world.as_of)
        assert_same(after, _planned(inputs_of(hand), world.as_of))
        before = _planned(base, world.as_of)
        moved += isinstance(before, str) or isinstance(after, str) or not before.plan_lines.equals(after.plan_lines)
    assert {each.act for each in change.CHANGES} == done.keys()
    assert moved > WORLDS // 3  # the changes say something


@pytest.mark.rule("PLAN-15")
def test_no_change_is_no_difference_and_leaves_every_frame_alone() -> None:
    for seed in range(20):
        base = inputs_of(world_of(seed))
        same = changed(base, [], world_of(seed).as_of)
        assert all(getattr(base, each.name) is getattr(same, each.name) for each in fields(PlanInputs))


@pytest.mark.rule("PLAN-15")
def test_a_change_and_its_inverse_give_the_plan_back() -> None:
    for seed in range(25):
        world = world_of(seed)
        base, random_ = inputs_of(world), random.Random(seed)
        pairs: list[tuple[Change, Change]] = []
        if world.vendor_items:
            row = random_.choice(world.vendor_items)
            which = {"vendor_id": row["vendor"], "item_id": row["item"]}
            pairs.append((change.LeadTime(**which, more_days=9), change.LeadTime(**which, more_days=-9)))
            if all(each["is_usable"] for each in world.vendor_items if each["vendor"] == row["vendor"]):
                out = change.VendorOut(vendor_id=row["vendor"])
                pairs.append((out, change.VendorOut(vendor_id=row["vendor"], is_out=False)))
        if world.lines:
            row = random_.choice(world.lines)
            line, on = row["line"], row["needed_on"]
            was = Decimal(row["quantity"].numerator) / row["quantity"].denominator
            back: Row = {"needed_on": on} if on >= world.as_of else {}
            there = {name: day + timedelta(days=3) for name, day in back.items()}
            pairs.append(
                (
                    change.LineDemand(line_id=line, quantity=Decimal(99), **there),
                    change.LineDemand(line_id=line, quantity=was, **back),
                )
            )
            pairs.append((change.DemandPercent(percent=Decimal(100)), change.DemandPercent(percent=Decimal(-50))))
        if world.item_stock:
            row = random_.choice(world.item_stock)
            where = {"warehouse_id": row["warehouse"], "item_id": row["item"]}
            pairs.append((change.StockLevel(**where, more=Decimal(7)), change.StockLevel(**where, more=Decimal(-7))))
        for one, other in pairs:
            for given, inverse in ((base, [one, other]), (changed(base, [one], world.as_of), [other])):
                again = changed(given, inverse, world.as_of)
                assert_same(_planned(again, world.as_of), _planned(base, world.as_of))


@pytest.mark.rule("PLAN-15")
def test_every_change_is_kept_as_a_document_and_read_again() -> None:
    for seed in range(200):
        said = _Changes(world_of(seed % 40), seed).any()
        if said is not None:
            assert change_of(said.kind.value, content_of(said)) == said


@pytest.mark.rule("PLAN-15")
def test_the_order_of_rows_never_matters() -> None:
    for seed in range(25):
        world = world_of(seed)
        said = _Changes(world, seed).any()
        if said is None:
            continue
        try:
            straight = changed(inputs_of(world), [said], world.as_of)
        except Refused:
            continue
        shuffled = changed(inputs_of(world, shuffle=seed), [said], world.as_of)
        assert_same(_planned(straight, world.as_of), _planned(shuffled, world.as_of))
