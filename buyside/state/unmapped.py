"""Demand of today that nothing covers: who waits, and the fix, in one place (ITM-8)."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, TypedDict
from urllib.parse import quote, urlencode

import reflex as rx

from buyside.domain.access import Permission
from buyside.domain.items import RuleBehaviour
from buyside.domain.locales import shown_date, shown_number
from buyside.domain.sheet_cells import plain_number
from buyside.domain.sheet_changes import RowChange, RowsRefused
from buyside.operations.sheets import save_rows
from buyside.queries.structure_place import contradictions, structure_notes
from buyside.queries.structure_unmapped import (
    Gap,
    UnmappedQueue,
    Waiting,
    free_rule_code,
    unmapped_queue,
    waiting_lines,
)
from buyside.state.base import handler, me, now, say, today, warn
from buyside.state.configurator import rule_path
from buyside.state.forms import decimal, maybe_decimal, maybe_whole, text, whole
from buyside.state.roles import BuyerState

MOST_SHOWN = 300
_NOT_CODE = re.compile(r"[^A-Z0-9]+")
_LONGEST_STEM = 40
_SAYS = {
    Gap.VARIANT: ("No structure", "bad"),
    Gap.OPTION: ("Option without a rule", "warn"),
    Gap.CONTRADICTION: ("Rules contradict", "bad"),
    Gap.ITEM: ("Item without a row", "warn"),
}


class Group(TypedDict):
    """One reason why demand waits."""

    key: str
    gap: str
    says: str
    tone: str
    what: str
    name: str
    lines: str
    quantity: str
    first: str
    variants: str
    blocks: bool


class Order(TypedDict):
    """A sold line that waits."""

    order: str
    path: str
    line: str
    customer: str
    sku: str
    open: str
    needed_by: str


class RuleShown(TypedDict):
    """A rule of a contradiction, with the priority that decides it."""

    id: str
    code: str
    says: str
    path: str
    priority: str


class Pair(TypedDict):
    """Two rules that would contradict each other on a line that has the options of both."""

    says: str
    one: str
    one_path: str
    other: str
    other_path: str


class UnmappedState(BuyerState, rx.State):
    """The queue and the panel that fixes one reason of it."""

    groups: list[Group] = []
    left: str = ""
    summary: str = ""
    is_read: bool = False
    is_empty: bool = False
    pairs: list[Pair] = []

    chosen: str = ""
    gap: str = ""
    code: str = ""
    name: str = ""
    option: str = ""
    product: str = ""
    variants: str = ""
    orders: list[Order] = []
    orders_left: str = ""
    rules: list[RuleShown] = []
    scopes: list[dict[str, str]] = []
    behaviour: str = RuleBehaviour.ADD.value
    suggested: str = ""
    refused: str = ""
    form_key: str = ""
    tree_path: str = ""
    fixed: str = ""
    _queue: UnmappedQueue | None = None
    _serial: int = 0

    @handler(Permission.STRUCTURE_VIEW)
    async def load(self) -> None:
        """Read the queue as of today."""
        self._close()
        self.fixed = ""
        await self._read()

    @handler(Permission.STRUCTURE_VIEW)
    async def check_again(self) -> Any:
        """Read it anew."""
        before = {each["key"] for each in self.groups}
        await self._read()
        gone = len(before - {each["key"] for each in self.groups})
        return say(
            f"Checked against today's demand: {gone} left the queue." if gone else "Checked against today's demand."
        )

    @handler(Permission.STRUCTURE_VIEW)
    async def choose(self, key: str) -> None:
        """Open one reason: who waits, and what would fix it."""
        found = self._find(key)
        if found is None:
            self._close()
            return
        self.fixed = ""
        await self._open(found)

    @handler(Permission.STRUCTURE_VIEW)
    def close(self) -> None:
        """Close the panel."""
        self._close()

    @handler(Permission.STRUCTURE_EDIT)
    def pick_behaviour(self, behaviour: str) -> None:
        """What the new rule does; its form asks for what that needs."""
        if behaviour in {each.value for each in RuleBehaviour} - {RuleBehaviour.NOTHING.value}:
            self.behaviour = behaviour

    @handler(Permission.STRUCTURE_EDIT)
    async def add_row(self, form: dict[str, str]) -> Any:
        """Give the variant, its product or the item a component."""
        found = self._find(self.chosen)
        if found is None:
            return None
        kind, code = self._scope(found, text(form, "scope"))
        cells = {
            "parent_kind": kind,
            "parent": code,
            "component": text(form, "component", needed=True),
            "quantity_per": plain_number(decimal(form, "quantity_per")),
            "scrap_percent": plain_number(decimal(form, "scrap_percent")) if text(form, "scrap_percent") else "",
        }
        return await self._save("bom-rows", found, RowChange("", 0, cells))

    @handler(Permission.STRUCTURE_EDIT)
    async def add_rule(self, form: dict[str, str]) -> Any:
        """Say by a rule what the option changes."""
        found = self._find(self.chosen)
        if found is None:
            return None
        quantity = maybe_decimal(form, "quantity")
        cells = self._rule_cells(found, text(form, "scope")) | {
            "code": text(form, "code", needed=True),
            "behaviour": self.behaviour,
            "component": text(form, "component", needed=True),
            "replacement": text(form, "replacement"),
            "quantity": "" if quantity is None else plain_number(quantity),
            "priority": str(maybe_whole(form, "priority") or 0),
        }
        return await self._save("option-rules", found, RowChange("", 0, cells))

    @handler(Permission.STRUCTURE_EDIT)
    async def needs_nothing(self, form: dict[str, str]) -> Any:
        """Decide that the option, or the variant or product as a whole, takes no component."""
        found = self._find(self.chosen)
        if found is None:
            return None
        code = await self._ask(free_rule_code, stem=f"NONE-{self.suggested}")
        cells = self._rule_cells(found, text(form, "scope")) | {"code": code, "behaviour": RuleBehaviour.NOTHING.value}
        return await self._save("option-rules", found, RowChange("", 0, cells))

    @handler(Permission.STRUCTURE_EDIT)
    async def set_priorities(self, form: dict[str, str]) -> Any:
        """Let one of two rules go first."""
        found = self._find(self.chosen)
        if found is None:
            return None
        changes = [
            RowChange(str(rule.id), rule.version, {"priority": str(whole(form, f"priority-{place}"))})
            for place, rule in enumerate(found.rules)
        ]
        return await self._save("option-rules", found, *changes)

    async def _save(self, sheet: str, found: Waiting, *changes: RowChange) -> Any:
        """Write the fix, look whether it was one, and tell."""
        self.refused = ""
        try:
            saved = await self._do(save_rows, sheet=sheet, changes=changes, at=now())
        except RowsRefused as refused:
            columns = {name for each in changes for name in each.cells} - {
                "parent",
                "parent_kind",
                "product",
                "variant",
            }
            at_fields = [each for each in refused.problems if each.column in columns and len(changes) == 1]
            self.errors = {each.column: each.says for each in at_fields}
            shown = set(self.errors) & {
                "component",
                "replacement",
                "quantity",
                "quantity_per",
                "scrap_percent",
                "code",
                "priority",
            }
            self.refused = " ".join(each.says for each in refused.problems if each.column not in shown)
            return None
        notes = await self._ask(structure_notes, sheet=sheet, keys=tuple(each.key for each in saved), today=today())
        what = f"{found.product} {found.option}" if found.option else found.code
        await self._read()
        still = self._find(found.key)
        told = [warn(each) for each in notes]
        if still is not None:
            await self._open(still)
            return [warn(f"Saved, but {what} still waits: {_SAYS[still.gap][0].lower()}."), *told]
        self._close()
        self.fixed = f"{what} left the queue."
        return [say(self.fixed), *told]

    async def _read(self) -> None:
        queue = await self._ask(unmapped_queue, today=today())
        locale = me().locale
        self._queue = queue
        self.groups = [_group(each, locale) for each in queue.waiting[:MOST_SHOWN]]
        left = len(queue.waiting) - MOST_SHOWN
        self.left = f"and {left} more reasons" if left > 0 else ""
        blocked = sum(each.blocks for each in queue.waiting)
        self.summary = (
            f"{shown_number_of(queue.open_lines, locale)} open sales lines looked at, as of {shown_date(queue.as_of, locale)}: "
            f"{len(queue.waiting)} waiting, {blocked} of them blocking"
        )
        found = await self._ask(contradictions, limit=50)
        self.pairs = [
            Pair(
                says=each.says,
                one=each.rule.code,
                one_path=rule_path(each.rule.code),
                other=each.other.code,
                other_path=rule_path(each.other.code),
            )
            for each in found
        ]
        self.is_read, self.is_empty = True, not queue.waiting

    async def _open(self, found: Waiting) -> None:
        locale = me().locale
        self._serial += 1
        self.form_key, self.refused = f"{found.key} {self._serial}", ""
        self.chosen, self.gap, self.code, self.name = found.key, found.gap.value, found.code, found.name
        self.option, self.product, self.variants = found.option, found.product, ", ".join(found.variants[:20])
        self.behaviour = RuleBehaviour.ADD.value
        self.scopes = _scopes(found)
        stem = f"{found.product} {found.option}" if found.option else found.code
        stem = _NOT_CODE.sub("-", stem.upper())[:_LONGEST_STEM].strip("-")
        self.suggested = await self._ask(free_rule_code, stem=stem)
        kind = {Gap.VARIANT: "variant", Gap.OPTION: "product"}.get(found.gap, "item")
        self.tree_path = f"/structure?{urlencode({kind: found.code} | ({'uses': '1'} if kind == 'item' else {}))}"
        self.rules = [
            RuleShown(
                id=str(each.id), code=each.code, says=each.says, path=rule_path(each.code), priority=str(each.priority)
            )
            for each in found.rules
        ]
        lines = await self._ask(waiting_lines, line_ids=found.line_ids) if found.line_ids else ()
        self.orders = [
            Order(
                order=each.sales_order,
                path="/sales-orders/" + quote(each.sales_order, safe=""),
                line=str(each.line_number),
                customer=each.customer,
                sku=each.sku,
                open=shown_number(each.open, locale),
                needed_by=shown_date(each.needed_by, locale),
            )
            for each in lines
        ]
        left = found.lines - len(lines)
        self.orders_left = f"and {left} more lines, needed later" if left > 0 else ""

    def _find(self, key: str) -> Waiting | None:
        waiting = self._queue.waiting if self._queue else ()
        return next((each for each in waiting if each.key == key), None)

    def _scope(self, found: Waiting, chosen: str) -> tuple[str, str]:
        """What the new row's parent is: never more than the reason itself offers."""
        if found.gap is Gap.ITEM:
            return "item", found.code
        return ("product", found.product) if chosen == "product" else ("variant", found.code)

    def _rule_cells(self, found: Waiting, chosen: str) -> dict[str, str]:
        """Whom and which options a new rule is for."""
        if found.gap is Gap.OPTION:
            return {"when": found.option} | ({} if chosen == "all" else {"product": found.product})
        return {"product": found.product} if chosen == "product" else {"variant": found.code}

    def _close(self) -> None:
        self.chosen = self.gap = self.code = self.name = self.option = self.product = self.refused = ""
        self.orders, self.rules, self.scopes = [], [], []


def shown_number_of(count: int, locale: str) -> str:
    """A count as the person writes it."""
    return shown_number(Decimal(count), locale)


def _scopes(found: Waiting) -> list[dict[str, str]]:
    if found.gap is Gap.VARIANT:
        return [
            {"value": "variant", "label": f"Variant {found.code}"},
            {"value": "product", "label": f"Product {found.product}, for its variants without rows of their own"},
        ]
    if found.gap is Gap.OPTION:
        return [
            {"value": "product", "label": f"Product {found.product}"},
            {"value": "all", "label": "All products that offer it"},
        ]
    return []


def _group(each: Waiting, locale: str) -> Group:
    says, tone = _SAYS[each.gap]
    what = {
        Gap.OPTION: f"{each.option} of {each.code}",
        Gap.CONTRADICTION: " and ".join(rule.code for rule in each.rules) + f" about {each.component}",
    }.get(each.gap, each.code)
    several = f"{len(each.variants)} variants" if len(each.variants) > 1 else "".join(each.variants)
    return Group(
        key=each.key,
        gap=each.gap.value,
        says=says,
        tone=tone,
        what=what,
        name=each.name,
        lines=shown_number_of(each.lines, locale) if each.lines else "–",
        quantity=shown_number(each.quantity, locale),
        first=shown_date(each.first_needed_by, locale),
        variants=several,
        blocks=each.blocks,
    )
