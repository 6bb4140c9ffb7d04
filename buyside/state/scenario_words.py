"""Changes of scenarios and what they come to, in words and numbers for a person's locale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple, TypedDict

from buyside.domain import scenarios as change
from buyside.domain.items import LotPolicy, VendorPolicy
from buyside.domain.lifecycle import in_words
from buyside.domain.locales import shown_date, shown_days, shown_money, shown_number
from buyside.domain.scenarios import Change, content_of
from buyside.domain.words import Tone
from buyside.queries.scenario_preview import Preview
from buyside.queries.scenario_records import Names

ACTS: tuple[tuple[str, str], ...] = (
    ("lead_time/lead_time", "Lead time"),
    ("demand/line", "Sales order line"),
    ("demand/percent", "Demand by a percentage"),
    ("demand/extra", "Extra demand"),
    ("stock/stock", "Stock"),
    ("vendor/out", "Vendor out or back"),
    ("vendor/price", "Prices of a vendor"),
    ("vendor_policy/sourcing", "Vendor choice"),
    ("stock_policy/levels", "Stock levels and lots"),
    ("supply/supply", "Open purchase order line"),
)
"""What can be changed, in the words of the choice."""
_FIRST_ACT = {kind.split("/")[0]: kind for kind, _ in reversed(ACTS)}


def act_of_kind(kind: str, article: str = "") -> str:
    """The change that a link means by its kind; demand of an item is an extra demand. Empty for a kind that there is not."""
    if kind == "demand" and article:
        return "demand/extra"
    return _FIRST_ACT.get(kind, "")


class Words:
    """Writes for one person."""

    def __init__(self, names: Names, locale: str) -> None:
        self.names, self.locale = names, locale

    def sentence(self, said: Change) -> str:  # noqa: C901 - one kind after the other
        """A change in a sentence."""
        match said:
            case change.LeadTime():
                what = self._of(said.item_id, said.vendor_id)
                if said.days is not None:
                    return f"Lead time of {what} is {shown_days(said.days)}"
                more = said.more_days or 0
                return f"Lead time of {what} is {shown_days(abs(more))} {'longer' if more > 0 else 'shorter'}"
            case change.LineDemand():
                line = self._name("line", said.line_id)
                if said.is_cancelled:
                    return f"Sales order line {line} is cancelled"
                return f"Sales order line {line} {self._becomes(said.quantity, said.needed_on, 'is needed on')}"
            case change.DemandPercent():
                about = "all products"
                if said.product_id is not None:
                    about = f"product {self._name('product', said.product_id)}"
                elif said.variant_id is not None:
                    about = self._name("variant", said.variant_id)
                return f"Demand of {about} {self._percent(said.percent)}"
            case change.ExtraDemand():
                article = self._article(said.item_id, said.variant_id)
                chosen = [self.names.get(("option_value", each)) for each in said.option_value_ids]
                options = ", ".join(f"{each.name} {each.code}" for each in chosen if each)
                with_ = f" with {options}" if options else ""
                place = self._name("warehouse", said.warehouse_id)
                on = shown_date(said.needed_on, self.locale)
                amount = self._amount(said.quantity, "item", said.item_id)
                return (
                    f"Extra demand: {amount} {'of' if said.item_id else '×'} {article}{with_} in {place}, needed {on}"
                )
            case change.StockLevel():
                article, place = (
                    self._article(said.item_id, said.variant_id),
                    self._name("warehouse", said.warehouse_id),
                )
                if said.on_hand is not None:
                    return f"Stock of {article} in {place} is {self._amount(said.on_hand, 'item', said.item_id)}"
                moved = said.more or Decimal(0)
                by = self._amount(abs(moved), "item", said.item_id)
                return f"Stock of {article} in {place} is {by} {'more' if moved > 0 else 'less'}"
            case change.VendorOut():
                vendor = self._name("vendor", said.vendor_id)
                return f"{vendor} delivers nothing new" if said.is_out else f"{vendor} delivers all its items again"
            case change.VendorPrice():
                return f"List prices of {self._name('vendor', said.vendor_id)} {self._percent(said.percent)}"
            case change.Sourcing():
                about = "all items" if said.group_id is None else f"group {self._name('group', said.group_id)}"
                parts = [] if said.policy is None else [f"vendors by {in_words(VendorPolicy(said.policy))}"]
                if said.contracts_first is not None:
                    parts.append("contracts first" if said.contracts_first else "contracts not first")
                return f"For {about}: {', '.join(parts)}"
            case change.StockPolicy():
                return self._levels(said)
            case change.OpenSupply():
                line = self._name("order_line", said.order_line_id)
                if said.is_cancelled:
                    return f"Purchase order line {line} does not come"
                parts = []
                if said.more_days is not None:
                    parts.append(
                        f"comes {shown_days(abs(said.more_days))} {'later' if said.more_days > 0 else 'sooner'}"
                    )
                if said.arrives_on is not None or said.quantity is not None:
                    parts.append(self._becomes(said.quantity, said.arrives_on, "comes on", said.order_line_id))
                return f"Purchase order line {line} {' and '.join(parts)}"
        return said.act

    def _levels(self, said: change.StockPolicy) -> str:
        about = "all items"
        if said.item_id is not None:
            about = self._name("item", said.item_id)
        elif said.group_id is not None:
            about = f"group {self._name('group', said.group_id)}"
        parts = []
        if said.percent is not None:
            parts.append(f"stock levels {self._percent(said.percent)}")
        for word, level in (
            ("safety stock", said.safety_stock),
            ("reorder point", said.reorder_point),
            ("order up to", said.order_up_to),
        ):
            if level is not None:
                parts.append(f"{word} {self._amount(level, 'item', said.item_id)}")
        if said.lot_policy is not None:
            parts.append(f"lots by {in_words(LotPolicy(said.lot_policy))}")
        if said.period_days is not None:
            parts.append(f"{shown_days(said.period_days)} in one order")
        return f"For {about}: {', '.join(parts)}"

    def _becomes(self, quantity: Decimal | None, on: date | None, verb: str, order_line: int | None = None) -> str:
        parts = [] if quantity is None else [f"is {self._amount(quantity, 'order_line', order_line)}"]
        if on is not None:
            parts.append(f"{verb} {shown_date(on, self.locale)}")
        return " and ".join(parts)

    def _of(self, item_id: int | None, vendor_id: int | None) -> str:
        if item_id is None:
            return f"everything from {self._name('vendor', vendor_id or 0)}"
        item = self._name("item", item_id)
        return item if vendor_id is None else f"{item} from {self._name('vendor', vendor_id)}"

    def _article(self, item_id: int | None, variant_id: int | None) -> str:
        return self._name("item", item_id) if item_id is not None else self._name("variant", variant_id or 0)

    def _name(self, kind: str, key: int) -> str:
        found = self.names.get((kind, key))
        return found.code if found else "(gone)"

    def _number(self, value: Decimal) -> str:
        return shown_number(value, self.locale)

    def _amount(self, value: Decimal, kind: str, key: int | None) -> str:
        """A quantity with the unit of its record; products are counted."""
        found = self.names.get((kind, key)) if key is not None else None
        return f"{self._number(value)} {found.unit if found else ''}".rstrip()

    def _percent(self, percent: Decimal) -> str:
        return f"{self._number(abs(percent))} % {'higher' if percent > 0 else 'lower'}"

    def form(self, said: Change) -> dict[str, str]:
        """A change as the texts of its form."""
        texts: dict[str, str] = {}
        for name, value in content_of(said).items():
            own = getattr(said, name, None)
            if name.endswith("_id"):
                texts[name.removesuffix("_id")] = self._name(name.removesuffix("_id"), value)
            elif name == "option_value_ids":
                chosen = [self.names.get(("option_value", each)) for each in value]
                texts["options"] = ", ".join(f"{each.name}={each.code}" for each in chosen if each)
            elif isinstance(own, Decimal):
                texts[name] = self._number(own)
            elif name != "act":
                texts[name] = str(value).lower() if isinstance(own, bool) else str(value)
        if isinstance(said, change.VendorOut):
            texts["is_out"] = str(said.is_out).lower()
        if isinstance(said, change.ExtraDemand):
            texts.pop("product", None)
        return texts


def preview_says(found: Preview | None, currency: str, locale: str) -> str:
    """What changes would do, in a sentence."""
    if found is None:
        return "These changes reach too far to be told at once: calculate to see what they do."

    def moved(count: int) -> str:
        return f"{shown_number(Decimal(abs(count)), locale)} {'more' if count > 0 else 'fewer'}"

    how = "Planned in full, as these changes reach everything" if found.is_in_full else "Told at once"
    lost = [
        f"{moved(count)} {word if abs(count) == 1 else several}"
        for count, word, several in (
            (
                found.unmapped,
                "sales line that nothing can be ordered for",
                "sales lines that nothing can be ordered for",
            ),
            (found.dead_ends, "dead end of the structure", "dead ends of the structure"),
        )
        if count
    ]
    if not found.items:
        return f"{how}: {', '.join(['nothing would be ordered otherwise', *lost])}."
    parts = [
        f"{shown_number(Decimal(found.items), locale)} {'item' if found.items == 1 else 'items'} ordered otherwise"
    ]
    if found.cost is not None and found.cost:
        parts.append(f"{'+' if found.cost > 0 else ''}{shown_money(found.cost, currency, locale)}")
    if found.lines:
        parts.append(f"{moved(found.lines)} plan {'line' if abs(found.lines) == 1 else 'lines'}")
    if found.late_lines:
        parts.append(f"{moved(found.late_lines)} late")
    return f"{how}: {', '.join([*parts, *lost])}."


class Cell(TypedDict):
    """A figure of a scenario: what it is, and how it differs from the plan, as a word with a tone."""

    says: str
    differs: str
    tone: str


class FigureRow(TypedDict):
    """One figure of the plan and of each scenario."""

    label: str
    help: str
    base: str
    cells: list[Cell]


_MONEY, _COUNT, _DAYS = "money", "count", "days"
_LESS_IS_BETTER, _NEITHER = "more", ""
_NO_SUPPLY = ("endless_demand", "unmapped")
_NO_ORDER = ("without_vendor", *_NO_SUPPLY)
"""Where what a figure counted goes when it gets worse still: then that there is less of it says nothing good."""


class _Figure(NamedTuple):
    name: str
    label: str
    kind: str
    worse: str = _NEITHER
    help: str = ""
    gone_to: tuple[str, ...] = ()
    """Worse rows. Less of this one is told as better only where none of them has more."""


_FIGURES = (
    _Figure("cost", "Purchase cost", _MONEY, _LESS_IS_BETTER, "All plan lines at the price of their quantity, in the organisation's currency.", ("unpriced_lines", *_NO_ORDER)),
    _Figure("plan_lines", "Plan lines", _COUNT),
    _Figure("orders", "Orders to be", _COUNT, help="One per vendor, currency and warehouse."),
    _Figure("late_lines", "Late plan lines", _COUNT, _LESS_IS_BETTER, "Lines whose order-by date is past.", _NO_ORDER),
    _Figure("late_days", "Days late, all lines", _DAYS, _LESS_IS_BETTER, gone_to=_NO_ORDER),
    _Figure("not_in_time", "Sales lines not served in time", _COUNT, _LESS_IS_BETTER, "Late, without supply or unmapped: the three below together."),
    _Figure("late_demand", "Sales lines served late", _COUNT, _LESS_IS_BETTER, "Lines for which something bought comes after it is needed.", _NO_SUPPLY),
    _Figure("late_demand_days", "Days late, all sales lines", _DAYS, _LESS_IS_BETTER, "Of the lines that are served late.", _NO_SUPPLY),
    _Figure("endless_demand", "Sales lines without supply", _COUNT, _LESS_IS_BETTER, "No vendor delivers something that they take.", ("unmapped",)),
    _Figure("unmapped", "Unmapped sales lines", _COUNT, _LESS_IS_BETTER, "Nothing says what they take."),
    _Figure("without_vendor", "Plan lines without a vendor", _COUNT, _LESS_IS_BETTER, gone_to=("unmapped",)),
    _Figure("unpriced_lines", "Plan lines without a price", _COUNT, _LESS_IS_BETTER, "They are not in the cost.", _NO_ORDER),
    _Figure("stock_average", "Stock value, average", _MONEY, help="At standard cost, else at the cheapest price, over the plan's days."),
    _Figure("stock_end", "Stock value, at the end", _MONEY),
)  # fmt: skip


def figure_rows(
    base: Mapping[str, Any],
    sides: Sequence[Mapping[str, Any]],
    bases: Sequence[Mapping[str, Any]],
    currency: str,
    locale: str,
) -> list[FigureRow]:
    """The figures of a plan and of scenarios, row by row; each side is compared with the base it was calculated with."""
    base, sides, bases = _with_sums(base), [_with_sums(each) for each in sides], [_with_sums(each) for each in bases]
    rows = [
        FigureRow(
            label=figure.label,
            help=figure.help,
            base=_shown(base.get(figure.name), figure.kind, currency, locale),
            cells=[_cell(figure, side, own, currency, locale) for side, own in zip(sides, bases, strict=True)],
        )
        for figure in _FIGURES
    ]
    spent = [_by_currency(each) for each in (base, *sides)]
    currencies = sorted(set().union(*spent))
    if currencies != [currency] and currencies:
        own_spent = [_by_currency(each) for each in bases]
        rows[1:1] = [
            FigureRow(
                label=f"of it in {code}",
                help="",
                base=_shown(spent[0].get(code, "0.00"), _MONEY, code, locale),
                cells=[  # neither better nor worse: what is less in one currency may be more in another
                    _compared(side.get(code, "0.00"), own.get(code, "0.00"), _MONEY, _NEITHER, code, locale)
                    for side, own in zip(spent[1:], own_spent, strict=True)
                ],
            )
            for code in currencies
        ]
    return rows


def vendor_rows(
    base: Mapping[str, Any],
    sides: Sequence[Mapping[str, Any]],
    bases: Sequence[Mapping[str, Any]],
    names: Mapping[int, tuple[str, str]],
    locale: str,
    most: int = 12,
) -> list[FigureRow]:
    """Each vendor's part of the cost in percent, those with the most first."""
    parts = [_shares(each) for each in (base, *sides)]
    own = [_shares(each) for each in bases]
    keys = sorted(
        {key for part in parts for key in part}, key=lambda key: (-max(part.get(key, 0) for part in parts), key)
    )
    return [
        FigureRow(
            label=" ".join(names.get(key, ("(gone)", ""))),
            help="",
            base=_percent(parts[0].get(key, Decimal(0)), locale),
            cells=[
                _moved(side.get(key, Decimal(0)), was.get(key, Decimal(0)), "", lambda each: _percent(each, locale))
                for side, was in zip(parts[1:], own, strict=True)
            ],
        )
        for key in keys[:most]
    ]


def _shares(figures: Mapping[str, Any]) -> dict[int, Decimal]:
    spent = {key: Decimal(amount) for key, _, amount in figures["vendors"]}
    total = sum(spent.values())
    return {key: round(100 * amount / total, 1) for key, amount in spent.items()} if total else {}


def _percent(part: Decimal, locale: str) -> str:
    return f"{shown_number(part, locale, (1, 1))} %"


def _by_currency(figures: Mapping[str, Any]) -> dict[str, str]:
    return {code: amount for code, _, amount in figures["costs"]}


def _shown(value: Any, kind: str, currency: str, locale: str) -> str:
    if value is None:
        return "no rate"
    return shown_money(Decimal(value), currency, locale) if kind == _MONEY else shown_number(Decimal(value), locale)


def _with_sums(figures: Mapping[str, Any]) -> Mapping[str, Any]:
    waiting = sum(int(figures.get(each) or 0) for each in ("late_demand", *_NO_SUPPLY))
    return {**figures, "not_in_time": waiting}


def _cell(figure: _Figure, side: Mapping[str, Any], own: Mapping[str, Any], currency: str, locale: str) -> Cell:
    """A figure of a scenario beside that of its plan; told as better only if what it counted did not get worse still."""
    cell = _compared(side.get(figure.name), own.get(figure.name), figure.kind, figure.worse, currency, locale)
    grew = any((side.get(each) or 0) > (own.get(each) or 0) for each in figure.gone_to)
    return (
        Cell(says=cell["says"], differs=cell["differs"], tone=Tone.ACTIVE.value)
        if grew and cell["tone"] == Tone.GOOD
        else cell
    )


def _compared(value: Any, base: Any, kind: str, worse: str, currency: str, locale: str) -> Cell:
    if value is None or base is None:
        return Cell(says=_shown(value, kind, currency, locale), differs="", tone="")
    return _moved(Decimal(value), Decimal(base), worse, lambda each: _shown(each, kind, currency, locale))


def _moved(value: Decimal, base: Decimal, worse: str, write: Any) -> Cell:
    moved = value - base
    if not moved:
        return Cell(says=write(value), differs="", tone="")
    is_more = moved > 0
    word = f"{write(abs(moved))} {'more' if is_more else 'less'}"
    tone = Tone.ACTIVE
    if worse:
        tone = Tone.WARN if is_more == (worse == "more") else Tone.GOOD
    return Cell(says=write(value), differs=word, tone=tone.value)
