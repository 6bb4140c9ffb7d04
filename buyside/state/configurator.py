"""Trying any configuration: what is chosen, and what the planning makes of it (ITM-6)."""

from __future__ import annotations

from typing import Any, TypedDict
from urllib.parse import quote, urlencode

import reflex as rx

from buyside.domain.access import Permission
from buyside.domain.locales import PERCENT_DIGITS, shown_date, shown_number
from buyside.domain.refusals import NotFound, Refused
from buyside.domain.words import SUPPLY_MODE_WORDS
from buyside.queries.structure_explorer import (
    Contradiction,
    ExplodedConfiguration,
    ExplodedLine,
    Offer,
    RowName,
    explode_configuration,
    first_variant,
    sellable,
)
from buyside.queries.structure_rules import RuleRow
from buyside.state.base import handler, me, today
from buyside.state.forms import day, decimal, key
from buyside.state.roles import BuyerState
from buyside.state.structure import Hit

MOST_LINES = 500
_CHOICE = "option:"
_CODE = 80
_ADDRESS = 2000


class Group(TypedDict):
    """A group of options with the values that are offered."""

    name: str
    field: str
    chosen: str
    options: list[dict[str, str]]


class Why(TypedDict):
    """One thing that put a component there or changed it, and where it can be changed."""

    says: str
    path: str


class Line(TypedDict):
    """A component on its level."""

    depth: int
    level: str
    code: str
    name: str
    path: str
    supply: str
    needed_on: str
    per_unit: str
    quantity: str
    why: list[Why]


class Total(TypedDict):
    """What all of it takes of one item."""

    code: str
    name: str
    path: str
    supply: str
    quantity: str
    needed_on: str


class Clash(TypedDict):
    """Two rules that contradict each other."""

    component: str
    one: str
    one_path: str
    other: str
    other_path: str


class ConfiguratorState(BuyerState, rx.State):
    """A configuration and its explosion."""

    sku: str = ""
    name: str = ""
    product: str = ""
    groups: list[Group] = []
    quantity: str = "1"
    needed_on: str = ""
    form_key: str = ""
    missing: str = ""
    address: str = ""
    is_tried: bool = False
    summary: str = ""
    lines: list[Line] = []
    lines_left: str = ""
    totals: list[Total] = []
    clashes: list[Clash] = []
    uncovered: str = ""
    is_unmapped: bool = False
    dead_ends: str = ""
    taken_out: list[Why] = []

    @handler(Permission.STRUCTURE_VIEW)
    async def load(self) -> Any:
        """Open the configuration that the address names; with everything said in it, try it at once."""
        asked = self.router.url.query_parameters
        self._forget()
        self.address = ""
        self.sku, self.missing, self.groups = "", "", []
        self.needed_on, self.quantity = today().isoformat(), "1"
        sku = str(asked.get("variant", ""))
        if not sku:
            return
        options = str(asked.get("options", ""))[:_ADDRESS].split(",")
        await self._open(sku, tuple(key(each) for each in options))
        form = {f"{_CHOICE}{place}": each for place, each in enumerate(options)}
        form |= {
            "quantity": str(asked.get("quantity", "") or "1"),
            "needed_on": str(asked.get("on", "") or self.needed_on),
        }
        if self.sku and (asked.get("quantity") or asked.get("options")):
            self.quantity, self.needed_on = form["quantity"], form["needed_on"]
            yield  # what is chosen shows while it is exploded
            try:
                await self._try(form)
            except Refused as refusal:
                self.missing = str(refusal)

    @handler(Permission.STRUCTURE_VIEW)
    async def find(self, hit: Hit) -> Any:
        """Choose what to try: a variant, or the first variant of a product."""
        self._forget()
        sku = hit.code
        if hit.list == "products":
            sku = await self._ask(first_variant, product=hit.code)
        await self._open(sku, ())
        self._keep_address({})

    @handler(Permission.STRUCTURE_VIEW)
    async def try_it(self, form: dict[str, str]) -> Any:
        """Explode what the form chooses."""
        await self._try(form)
        self._keep_address(form)

    async def _open(self, sku: str, chosen: tuple[int, ...]) -> None:
        self.missing = ""
        try:
            found = await self._ask(sellable, sku=sku[:_CODE])
        except NotFound:
            self.sku, self.groups = "", []
            self.missing = f"There is no variant {sku[:_CODE]}."
            return
        self.sku, self.name = found.sku, found.name
        self.product = f"{found.product} {found.product_name}"
        self.groups = _groups(found.offers, set(chosen))
        self.form_key = f"{self.sku} {chosen}"

    async def _try(self, form: dict[str, str]) -> None:
        self._forget()
        options = tuple(sorted(key(value) for name, value in form.items() if name.startswith(_CHOICE) and value))
        found = await self._ask(
            explode_configuration,
            sku=self.sku,
            options=options,
            quantity=decimal(form, "quantity"),
            needed_on=day(form, "needed_on"),
            today=today(),
        )
        self._fill(found)

    def _fill(self, found: ExplodedConfiguration) -> None:
        locale = me().locale
        chosen = ", ".join(f"{each.group} {each.value}" for each in found.chosen) or "no options"
        self.summary = f"{shown_number(found.quantity, locale)} × {found.sku} with {chosen}, needed {shown_date(found.needed_on, locale)}"
        self.lines = [_line(each, locale) for each in found.lines[:MOST_LINES]]
        left = len(found.lines) - MOST_LINES
        more = f"and {left} more lines" if left > 0 else ""
        self.lines_left = f"and more than {left} more lines; the totals count all" if found.is_cut else more
        self.totals = [
            Total(
                code=each.item.code,
                name=each.item.name,
                path="/items/" + quote(each.item.code, safe=""),
                supply=SUPPLY_MODE_WORDS[each.item.supply][0],
                quantity=f"{shown_number(each.quantity, locale)} {each.item.unit}",
                needed_on=shown_date(each.first_needed_on, locale),
            )
            for each in found.totals
        ]
        self.clashes = [_clash(each) for each in found.contradictions]
        self.uncovered = ", ".join(f"{each.group}={each.value}" for each in found.uncovered)
        self.is_unmapped = found.is_unmapped
        self.dead_ends = ", ".join(each.code for each in found.dead_ends)
        shown = {rule.id for line in found.lines for rule in line.rules}
        self.taken_out = (
            [_rule(each) for each in found.holding if each.id not in shown] if not found.contradictions else []
        )
        self.is_tried = True

    def _forget(self) -> None:
        self.is_tried = self.is_unmapped = False
        self.summary = self.uncovered = self.dead_ends = self.lines_left = ""
        self.lines, self.totals, self.clashes, self.taken_out = [], [], [], []

    def _keep_address(self, form: dict[str, str]) -> None:
        """The address of what is tried, so that it can be passed on."""
        options = ",".join(sorted(value for name, value in form.items() if name.startswith(_CHOICE) and value))
        asked = {
            "variant": self.sku,
            "options": options,
            "quantity": form.get("quantity", ""),
            "on": form.get("needed_on", ""),
        }
        self.address = f"/configurator?{urlencode({name: value for name, value in asked.items() if value}, safe=',')}"


def _groups(offers: tuple[Offer, ...], chosen: set[int]) -> list[Group]:
    groups: dict[str, Group] = {}
    for each in offers:
        group = groups.setdefault(
            each.group,
            Group(
                name=each.group,
                field=f"{_CHOICE}{len(groups)}",
                chosen="",
                options=[{"value": "", "label": "not chosen"}],
            ),
        )
        group["options"].append({"value": str(each.id), "label": each.value})
        if each.id in chosen:
            group["chosen"] = str(each.id)
    return list(groups.values())


def _line(line: ExplodedLine, locale: str) -> Line:
    why = [] if line.row is None else [_row(line.row, locale)]
    return Line(
        depth=line.depth - 1,
        level=str(line.depth),
        code=line.item.code,
        name=line.item.name,
        path="/structure?item=" + quote(line.item.code, safe=""),
        supply=SUPPLY_MODE_WORDS[line.item.supply][0],
        needed_on=shown_date(line.needed_on, locale),
        per_unit=f"{shown_number(line.per_unit, locale)} {line.item.unit}",
        quantity=f"{shown_number(line.quantity, locale)} {line.item.unit}",
        why=[*why, *(_rule(each) for each in line.rules)],
    )


def _row(row: RowName, locale: str) -> Why:
    """A row of a bill of material in words."""
    scrap = f", {shown_number(row.scrap_percent, locale, PERCENT_DIGITS)} % scrap" if row.scrap_percent else ""
    period = ""
    if row.valid_from or row.valid_to:
        since = shown_date(row.valid_from, locale) if row.valid_from else "ever"
        until = shown_date(row.valid_to, locale) if row.valid_to else "open"
        period = f", valid {since} to {until}"
    asked = {row.parent_kind: row.parent}
    return Why(
        says=f"Row of {row.parent_kind} {row.parent}: {shown_number(row.quantity_per, locale)} per{scrap}{period}",
        path=f"/structure?{urlencode(asked)}",
    )


def _rule(rule: RuleRow) -> Why:
    return Why(says=f"Rule {rule.code} {rule.says}", path=rule_path(rule.code))


def rule_path(code: str) -> str:
    """Where a rule stands in its list."""
    return f"/option-rules?{urlencode({'quick': code})}"


def _clash(each: Contradiction) -> Clash:
    return Clash(
        component=each.component,
        one=f"{each.rule.code} {each.rule.says}",
        one_path=rule_path(each.rule.code),
        other=f"{each.other.code} {each.other.says}",
        other_path=rule_path(each.other.code),
    )
