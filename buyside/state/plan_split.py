"""One plan line over several vendors or dates: its parts, filled in and weighed before the line is split."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, TypedDict

import reflex as rx

from buyside.domain.access import Permission
from buyside.domain.locales import read_number, shown_number
from buyside.domain.plan_parts import divided
from buyside.domain.refusals import Refused, Unreadable
from buyside.operations.plan_splits import MOST_PARTS, LinePart, split_plan_line
from buyside.queries.plan_explanations import plan_line_detail
from buyside.queries.plan_line_marks import PartTerms, line_marks, part_terms
from buyside.state.base import handler, me, say, warn
from buyside.state.forms import key, maybe_day, maybe_decimal, text
from buyside.state.plan import PlanState
from buyside.state.roles import BuyerState

_FIELDS = frozenset({"quantity", "vendor", "needed_on", "price", "contract"})


class Part(TypedDict):
    """One part as it is filled in; `number` counts from one."""

    number: str
    quantity: str
    needed_on: str


class PlanSplitState(BuyerState, rx.State):
    """The question how a line is split."""

    is_asking: bool = False
    says: str = ""
    wrong: str = ""
    """The field that could not be read, such as "quantity_1"."""
    serial: int = 0
    parts: list[Part] = []
    vendors: list[dict[str, str]] = []
    contracts: list[dict[str, str]] = []
    unit: str = ""
    weight: str = ""
    """What the parts bring so far, of what the line does."""
    is_even: bool = True
    _line_id: int = 0
    _version: int = 0
    _terms: dict[int, PartTerms] = {}
    _of: dict[str, str] = {}
    _brings: dict[str, tuple[str, str]] = {}

    @handler(Permission.PLAN_EDIT)
    async def ask(self) -> None:
        """Begin with two halves of the open line."""
        plan = await self.get_state(PlanState)
        line_id, locale = key(plan.chosen), me().locale
        line = await self._ask(plan_line_detail, line_id=line_id)
        marks = await self._ask(line_marks, line_id=line_id)
        self._terms = await self._ask(part_terms, line_id=line_id)
        halves = [shown_number(each, locale) for each in _halves(marks.stock, self._terms[0])]
        self._line_id, self._version, self.unit = line_id, line.version, line.unit
        own = str(line.vendor_item_id or "")
        usable = [each for each in line.alternatives if each.is_usable or str(each.vendor_item_id) == own]
        usable.sort(key=lambda each: str(each.vendor_item_id) != own)
        self.vendors = [
            {"value": str(each.vendor_item_id), "label": f"{each.vendor} · {each.unit} · {each.lead_days} d"}
            for each in usable
        ]
        chosen = next((each for each in marks.contracts if each.is_chosen), None)
        self.contracts = [
            {"value": "", "label": f"As the line: {chosen.number}" if chosen else "As the line: none"},
            *({"value": str(each.contract_id), "label": each.number} for each in marks.contracts),
            {"value": "0", "label": "No contract"},
        ]
        self._of = {"stock": str(marks.stock), "unit": line.stock_unit, "own": own}
        day = line.needed_on.isoformat()
        self.parts = [
            Part(number=str(place), quantity=each, needed_on=day) for place, each in enumerate(halves, start=1)
        ]
        self._brings = {each["number"]: (each["quantity"], own) for each in self.parts}
        self.says, self.wrong, self.is_asking, self.serial = "", "", True, self.serial + 1
        self._weigh()

    @handler(Permission.PLAN_EDIT)
    def stop(self) -> None:
        """Close the question."""
        self.is_asking = False

    @handler(Permission.PLAN_EDIT)
    def add_part(self) -> None:
        """One part more, empty."""
        if len(self.parts) < MOST_PARTS and self.parts:
            number = str(len(self.parts) + 1)
            self.parts = [*self.parts, Part(number=number, quantity="", needed_on=self.parts[-1]["needed_on"])]
            self._brings = self._brings | {number: ("", self._of.get("own", ""))}
            self._weigh()

    @handler(Permission.PLAN_EDIT)
    def remove_part(self) -> None:
        """The last part goes; two stay."""
        if len(self.parts) > 2:
            self._brings = {name: each for name, each in self._brings.items() if name != self.parts[-1]["number"]}
            self.parts = self.parts[:-1]
            self._weigh()

    @handler(Permission.PLAN_EDIT)
    def weigh_quantity(self, number: str, quantity: str) -> None:
        """A part's quantity was typed: tell what all of them bring."""
        if number in {each["number"] for each in self.parts}:
            self._brings = self._brings | {
                number: (quantity[:40], self._brings.get(number, ("", self._of.get("own", "")))[1])
            }
            self._weigh()

    @handler(Permission.PLAN_EDIT)
    def weigh_vendor(self, number: str, vendor_item_id: str) -> None:
        """A part's vendor was chosen, whose purchase unit may hold more."""
        if number in {each["number"] for each in self.parts}:
            self._brings = self._brings | {number: (self._brings.get(number, ("", ""))[0], vendor_item_id[:20])}
            self._weigh()

    @handler(Permission.PLAN_EDIT)
    async def split(self, form: dict[str, Any]) -> Any:
        """Split the line as it was filled in; what cannot be is said in the dialog, which stays open."""
        try:
            parts = tuple(_part(form, each["number"]) for each in self.parts)
            done = await self._do(split_plan_line, line_id=self._line_id, version=self._version, parts=parts)
        except Refused as refusal:
            name, _, number = refusal.field.rpartition("_")
            self.wrong = refusal.field if name in _FIELDS else ""
            self.says = f"Part {number}: {refusal}" if self.wrong else str(refusal)
            return None
        self.is_asking, self.wrong = False, ""
        plan = await self.get_state(PlanState)
        await plan._was_split(done)
        told = f"Split into {len(done.lines)} lines."
        return warn(" ".join([told, *done.remarks])) if done.remarks else say(told)

    def _weigh(self) -> None:
        """Tell what the parts bring so far, or what their shares come to in whole lots."""
        typed = [self._brings.get(each["number"], ("", "")) for each in self.parts]
        try:
            shares = [_share(quantity) for quantity, _ in typed if _is_share(quantity)]
            if shares and len(shares) == len(typed):
                self._weigh_shares(shares, [vendor for _, vendor in typed])
                return
        except Refused as refusal:
            self.is_even, self.weight = False, str(refusal)
            return
        if shares:
            self.is_even, self.weight = False, "Give every part a share in percent, or every part a quantity."
            return
        brought = Decimal(0)
        for quantity, vendor in typed:
            try:
                brought += (
                    read_number(quantity, me().locale) * self._part(vendor).lots.factor if quantity.strip() else 0
                )
            except Refused:
                continue
        self._tell(brought)

    def _weigh_shares(self, shares: list[Decimal], vendors: list[str]) -> None:
        """Refuses: SharesNotWhole, PartEmpty."""
        terms, locale = [self._part(each) for each in vendors], me().locale
        found = divided(Decimal(self._of.get("stock", "0")), shares, [each.lots for each in terms])
        self._tell(sum((each * part.lots.factor for each, part in zip(found, terms, strict=True)), Decimal(0)))
        parts = ", ".join(
            f"part {place}: {shown_number(each, locale)} {part.unit}"
            for place, (each, part) in enumerate(zip(found, terms, strict=True), start=1)
        )
        self.weight = (
            f"{parts[:1].upper()}{parts[1:]}. {self.weight} Only whole lots are ordered: what is left over goes to the part "
            "that rounding cut short most."
        )

    def _tell(self, brought: Decimal) -> None:
        whole, locale, unit = Decimal(self._of.get("stock", "0")), me().locale, self._of.get("unit", "")
        self.is_even = brought == whole
        self.weight = f"The parts bring {shown_number(brought, locale)} of {shown_number(whole, locale)} {unit}."

    def _part(self, vendor_item_id: str) -> PartTerms:
        own = self._of.get("own", "")
        return self._terms[0] if vendor_item_id == own else self._terms.get(key(vendor_item_id), self._terms[0])


def _halves(stock: Decimal, terms: PartTerms) -> list[Decimal]:
    """Two halves in whole lots; what is one lot stays whole, and its other part is left to be filled in."""
    try:
        return list(divided(stock, [Decimal(50), Decimal(50)], [terms.lots] * 2))
    except Refused:
        return [stock / terms.lots.factor, Decimal(0)]


def _is_share(typed: str) -> bool:
    return typed.strip().endswith("%")


def _share(typed: str, field: str = "") -> Decimal:
    """A share in percent. Refuses: Unreadable."""
    share = read_number(typed.strip().removesuffix("%"), me().locale, field=field)
    if share <= 0:
        raise Unreadable(value=typed, wanted="a share above zero", field=field)
    return share


def _part(form: dict[str, Any], number: str) -> LinePart:
    """One part of the form. Refuses: Needed, Unreadable."""
    vendor, contract = text(form, f"vendor_{number}"), text(form, f"contract_{number}")
    typed = text(form, f"quantity_{number}", needed=True)
    return LinePart(
        quantity_packs=None if _is_share(typed) else read_number(typed, me().locale, field=f"quantity_{number}"),
        share_percent=_share(typed, f"quantity_{number}") if _is_share(typed) else None,
        vendor_item_id=key(vendor) or None,
        needed_on=maybe_day(form, f"needed_on_{number}"),
        unit_price=maybe_decimal(form, f"price_{number}"),
        contract_id=None if contract == "" else key(contract),
    )
