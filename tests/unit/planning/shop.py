"""A small shop that planning tests fill in a few words; quantities as text or int, days counted from the as-of date."""

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any

import polars as pl

from buyside.domain.order_days import OrderDays
from buyside.planning.run import PlanResults, plan
from tests.oracles import PlanningWorld
from tests.properties.planning_worlds import inputs_of

TODAY = date(2026, 3, 2)
Amount = int | str


def day(number: int) -> date:
    return TODAY + timedelta(days=number)


def units(value: Amount) -> int:
    """A quantity at the scale of the frames."""
    scaled = Fraction(value) * 10**6
    assert scaled.denominator == 1
    return int(scaled)


class Shop:
    """Warehouse 1, product 1 with variant 1, and whatever a test adds."""

    def __init__(self, warehouses: tuple[int, ...] = (1,)) -> None:
        self.world = PlanningWorld(TODAY, warehouses=list(warehouses))
        self.world.products = [{"product": 1, "covers_from_stock": True}]

    def item(self, item: int, supply: str = "buy", **more: Any) -> "Shop":
        plain: dict[str, Any] = {
            "item": item, "supply": supply, "kind": "inventory", "warehouse": None, "safety_stock": 0, "reorder_point": None,
            "order_up_to": None, "lot_policy": "lot_for_lot", "period_days": None, "make_lead_days": 0, "goods_in_days": 0,
            "unit_digits": 0, "group": None, "vendor_policy": "preference", "contracts_first": True,
        }  # fmt: skip
        amounts = {k: Fraction(v) for k, v in more.items() if k in ("safety_stock", "reorder_point", "order_up_to")}
        self.world.items.append(plain | {"safety_stock": Fraction(0)} | more | amounts)
        return self

    def row(
        self,
        parent: str,
        component: int,
        per: Amount = 1,
        scrap: Amount = 0,
        since: int | None = None,
        until: int | None = None,
    ) -> "Shop":
        """`parent` as in "variant 1", "product 1", "item 7"."""
        kind, _, number = parent.partition(" ")
        self.world.bom.append(
            {
                "row": len(self.world.bom) + 1, "parent_kind": kind, "parent": int(number), "component": component,
                "quantity_per": Fraction(per), "scrap_percent": Fraction(scrap), **self._valid(since, until),
            }
        )  # fmt: skip
        return self

    def rule(self, behaviour: str, component: int | None, when: tuple[int, ...] = (1,), **more: Any) -> "Shop":
        rule = len(self.world.rules) + 1
        plain: dict[str, Any] = {"product": None, "variant": None, "replacement": None, "quantity": None, "priority": 0}
        amounts = {k: Fraction(v) for k, v in more.items() if k == "quantity"}
        self.world.rules.append({"rule": rule, "behaviour": behaviour, "component": component} | plain | more | amounts)
        self.world.rule_conditions += [(rule, value) for value in when]
        return self

    def sell(self, quantity: Amount, on: int = 10, options: tuple[int, ...] = (), **more: Any) -> "Shop":
        line = len(self.world.lines) + 1
        plain = {
            "line": line,
            "product": 1,
            "variant": 1,
            "warehouse": 1,
            "approved_at": datetime(2026, 1, line, tzinfo=UTC),
        }
        self.world.lines.append(plain | {"quantity": Fraction(quantity), "needed_on": day(on)} | more)
        self.world.line_options += [(line, value) for value in options]
        return self

    def finished(self, on_hand: Amount, variant: int = 1) -> "Shop":
        self.world.variant_stock.append({"warehouse": 1, "variant": variant, "on_hand": Fraction(on_hand)})
        return self

    def stock(self, item: int, on_hand: Amount, warehouse: int = 1) -> "Shop":
        self.world.item_stock.append({"warehouse": warehouse, "item": item, "on_hand": Fraction(on_hand)})
        return self

    def arriving(self, item: int, quantity: Amount, on: int, warehouse: int = 1) -> "Shop":
        order_line = len(self.world.supply) + 1
        self.world.supply.append(
            {
                "order_line": order_line,
                "warehouse": warehouse,
                "item": item,
                "quantity": Fraction(quantity),
                "arrives_on": day(on),
            }
        )
        return self

    def vendor(self, vendor: int, item: int, prices: dict[Amount, Amount] | None = None, **more: Any) -> "Shop":
        number = len(self.world.vendor_items) + 1
        plain: dict[str, Any] = {"unit_digits": 0, "lead_days": 0, "preference": 1, "is_usable": True}
        named = {"unit_factor": 1, "minimum": 0, "multiple": 0, "share_percent": 0}
        amounts = {k: Fraction(more.pop(k, v)) for k, v in named.items()}
        valid = self._valid(more.pop("since", None), more.pop("until", None))
        currency = more.pop("currency", "EUR")
        self.world.vendor_items.append(
            {"vendor_item": number, "vendor": vendor, "item": item} | plain | amounts | valid | more
        )
        for start, price in (prices or {}).items():
            self.world.prices.append(
                {
                    "vendor_item": number, "from_quantity": Fraction(start), "unit_price": Fraction(price), "currency": currency,
                    "valid_from": None, "valid_to": None,
                }
            )  # fmt: skip
        return self

    def policy(self, item: int, vendor_policy: str, *, contracts_first: bool = True) -> "Shop":
        """What the group of an item says."""
        for row in self.world.items:
            if row["item"] == item:
                row |= {"group": 1, "vendor_policy": vendor_policy, "contracts_first": contracts_first}
        return self

    def rate(self, currency: str, rate: Amount, since: int | None = None) -> "Shop":
        valid_from = None if since is None else day(since)
        self.world.rates.append({"currency": currency, "valid_from": valid_from, "rate": Fraction(rate)})
        return self

    def takes_orders(self, vendor: int, weekdays: str = "", *closings: tuple[int, int]) -> "Shop":
        """`weekdays` as in "mon,thu"; closings as (1224, 102)."""
        mask = OrderDays.of(weekdays).weekdays
        row = {"vendor": vendor, "order_weekdays": mask, "minimum_value": None, "currency": "EUR"}
        self.world.vendors.append(row)
        self.world.vendor_closings += [{"vendor": vendor, "from_day": a, "to_day": b} for a, b in closings]
        return self

    def contract(
        self, contract: int, vendor: int, item: int, *, amount: Amount | None = None, quantity: Amount | None = None,
        price: Amount | None = None, **more: Any,
    ) -> "Shop":  # fmt: skip
        """A valid contract about one item, with what is left of its amount and of the item's quantity."""
        valid = self._valid(more.pop("since", None), more.pop("until", None))
        left, unit_price = (None if each is None else Fraction(each) for each in (quantity, price))
        row = {"contract": contract, "vendor": vendor, "item": item, "unit_price": unit_price, "quantity_left": left}
        self.world.contracts.append(row | {"currency": "EUR", "is_usable": True} | valid | more)
        if amount is not None:
            self.world.contract_balances.append({"contract": contract, "amount_left": Fraction(amount)})
        return self

    def plan(self, **more: Any) -> PlanResults:
        return plan(inputs_of(self.world), TODAY, with_pegs=True, **more)

    @staticmethod
    def _valid(since: int | None, until: int | None) -> dict[str, date | None]:
        return {"valid_from": None if since is None else day(since), "valid_to": None if until is None else day(until)}


def gross(results: PlanResults, item: int) -> dict[int, Fraction]:
    """Gross of an item by day number."""
    return _by_day(results.requirements, item, "date", "gross")


def shortage(results: PlanResults, item: int) -> dict[int, Fraction]:
    """Shortages of an item by day number, without zeros."""
    return {at: short for at, short in _by_day(results.requirements, item, "date", "shortage").items() if short}


def to_order(results: PlanResults, item: int) -> dict[int, Fraction]:
    """What of an item no open order brings, by day number, without zeros."""
    return {at: more for at, more in _by_day(results.requirements, item, "date", "to_order").items() if more}


def ordered(results: PlanResults, item: int) -> dict[int, Fraction]:
    """Purchase quantities of an item by day number."""
    return _by_day(results.plan_lines, item, "needed_on", "quantity")


def _by_day(frame: pl.DataFrame, item: int, on: str, value: str) -> dict[int, Fraction]:
    rows = frame.filter(pl.col("item") == item).select(on, value).iter_rows()
    return {(when - TODAY).days: Fraction(amount, 10**6) for when, amount in rows}
