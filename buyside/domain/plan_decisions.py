"""What becomes of a plan line when a buyer decides otherwise: quantity, vendor, date, price, contract (PLAN-11).

Nothing is read or written here: a preview and the decision itself are the same arithmetic.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Protocol

from buyside.domain.plans import Price, lot_size, off_the_lot
from buyside.domain.refusals import NotFound, NotPositive, Refused
from buyside.domain.sourcing import Agreement, Source
from buyside.domain.telling import Amount, Measure, Sentence

NOTHING = 0
"""In place of a vendor item or a contract: the line is to have none."""


MOST_LINES = 2000
"""Lines that are decided on at once."""


class LineLocked(Refused):
    code = "plans.line-locked"
    says = "This line is locked. Unlock it to change it."


class TooManyLines(Refused):
    code = "plans.too-many-lines"
    says = "These are {count:,} lines; at most {most:,} are decided on at once."


class VendorNotUsable(Refused):
    code, field = "plans.vendor-not-usable", "vendor_item_id"
    says = "Nothing can be ordered there on {on}: {vendor} {why}."


class OtherItem(Refused):
    code, field = "plans.other-item", "vendor_item_id"
    says = "That vendor item is for another item."


class VendorNeeded(Refused):
    code, field = "plans.vendor-needed", "vendor_item_id"
    says = "A line that was suggested with a vendor keeps one. Leave it out if it is not to be ordered."


class TooFine(Refused):
    code, field = "plans.too-fine", "quantity_packs"
    says = "{unit} is ordered with {digits} decimals at most."


class ContractNotUsable(Refused):
    code, field = "plans.contract-not-usable", "contract_id"
    says = "{contract} cannot be used: {why}."


class ContractExhausted(Refused):
    code, field = "plans.contract-exhausted", "contract_id"
    says = "{contract} has {left} left; this line asks for {asked}."


@dataclass(frozen=True, slots=True)
class Decision:
    """What is decided of a line. `quantity_packs` in the purchase unit, of which each holds `unit_factor` stock units."""

    vendor_item_id: int | None
    contract_id: int | None
    unit_id: int
    unit_factor: Decimal
    quantity_packs: Decimal
    unit_price: Decimal | None
    currency_code: str | None
    needed_on: date
    order_by: date
    late_days: int
    arrives_on: date | None

    @property
    def stock_quantity(self) -> Decimal:
        """What it brings, in stock units."""
        return self.quantity_packs * self.unit_factor


class DecidedLine(Protocol):
    """A line of a draft plan: what is decided of it, and the suggestion beside that."""

    item_id: int
    suggested_vendor_item_id: int | None
    suggested_quantity_packs: Decimal
    shortage: Decimal

    @property
    def decision(self) -> Decision: ...


@dataclass(frozen=True, slots=True)
class Asked:
    """What a buyer wants of a line; what is None stays. `NOTHING` takes the vendor or the contract off.

    With `relists`, the price is taken from the contract or the list again.
    """

    quantity_packs: Decimal | None = None
    vendor_item_id: int | None = None
    needed_on: date | None = None
    unit_price: Decimal | None = None
    contract_id: int | None = None
    relists: bool = False


@dataclass(frozen=True)
class Terms:
    """What stands behind decisions on some lines of one run, read once."""

    as_of: date
    sources: Mapping[int, Source]
    """By vendor item: every way to buy the items."""
    agreements: Mapping[tuple[int, int], Agreement]
    """By contract and item."""
    items: Mapping[int, tuple[int, int]]
    """By item: its stock unit, and its goods-in days."""
    units: Mapping[int, tuple[str, int]]
    """By unit: its code, and the decimals that are ordered of it."""

    def of_item(self, item_id: int) -> list[Source]:
        """Who sells an item, the usable first."""
        return [each for each in self.sources.values() if each.item_id == item_id]


def typed_price(line: DecidedLine, terms: Terms) -> Decimal | None:
    """The price of a line that somebody typed; None where it is the contract's or the list's, and so moves with the quantity."""
    now = line.decision
    source = terms.sources.get(now.vendor_item_id or NOTHING)
    if source is None or now.unit_price is None:
        return now.unit_price
    agreement = terms.agreements.get((now.contract_id or NOTHING, line.item_id))
    found = _listed(source, agreement, now.quantity_packs, terms.as_of)
    return None if found is not None and found.unit_price == now.unit_price else now.unit_price


def drawn(terms: Terms, item_id: int, decision: Decision) -> Terms:
    """The same after a decision draws on its contract, for what is decided after it in one go."""
    if decision.contract_id is None:
        return terms
    value = decision.quantity_packs * (decision.unit_price or Decimal(0))
    agreements = dict(terms.agreements)
    for key, each in terms.agreements.items():
        if each.contract_id == decision.contract_id:
            left = None if each.amount_left is None else max(Decimal(0), each.amount_left - value)
            more = decision.stock_quantity if each.item_id == item_id else Decimal(0)
            agreements[key] = replace(each, amount_left=left, drawn_stock=each.drawn_stock + more)
    return replace(terms, agreements=agreements)


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision that can be taken, and what a vendor may mind about it."""

    decision: Decision
    remarks: tuple[Sentence, ...]


def decide(line: DecidedLine, asked: Asked, terms: Terms) -> Decided:
    """A line with what is asked of it.

    Another vendor takes over the need in its own lots, unless a quantity is given: what the line is short of as long as it stands
    as suggested, else what it brings now. A new quantity, vendor or contract takes its price from the contract or the vendor's
    list as of the run's day, unless a price is given. A contract goes with its vendor. Order-by date, days late and the
    date of arrival follow (PLAN-9). A quantity below the minimum or off the multiple is the buyer's to decide: it is remarked.
    Refuses: NotPositive, NotFound, OtherItem, VendorNotUsable, VendorNeeded, ContractNotUsable, TooFine, ContractExhausted.
    """
    if asked.quantity_packs is not None and asked.quantity_packs <= 0:
        raise NotPositive(field="quantity_packs")
    if asked.unit_price is not None and asked.unit_price < 0:
        raise NotPositive(field="unit_price")
    now = line.decision
    source = _source(line, now, asked, terms)
    is_other = (source.vendor_item_id if source else None) != now.vendor_item_id
    agreement = _agreement(line.item_id, now, asked, terms, source, is_other=is_other)
    after = _handed_over(line, now, source, terms) if is_other else now
    if asked.quantity_packs is not None:
        unit, digits = terms.units[after.unit_id]
        if asked.quantity_packs != round(asked.quantity_packs, digits):
            raise TooFine(unit=unit, digits=digits)
        after = replace(after, quantity_packs=asked.quantity_packs)
    after = _priced(now, after, asked, source, agreement, terms.as_of)
    after = _dated(replace(after, needed_on=asked.needed_on or now.needed_on), line.item_id, source, terms)
    if agreement is not None:
        _refuse_exhausted(after, agreement, terms.units[after.unit_id][0])
    return Decided(after, _remarks(after, source, agreement))


def _source(line: DecidedLine, now: Decision, asked: Asked, terms: Terms) -> Source | None:
    """Where the line will come from: the vendor item asked for, which has to be usable, or the one it has."""
    if asked.vendor_item_id == NOTHING:
        if line.suggested_vendor_item_id is not None:
            raise VendorNeeded
        return None
    wanted = now.vendor_item_id if asked.vendor_item_id is None else asked.vendor_item_id
    if wanted is None:
        return None
    source = terms.sources.get(wanted)
    if source is None:
        raise NotFound(kind="vendor item", field="vendor_item_id")
    if source.item_id != line.item_id:
        raise OtherItem
    if asked.vendor_item_id not in {None, now.vendor_item_id} and not source.is_usable:
        raise VendorNotUsable(vendor=source.vendor_name, on=terms.as_of, why=source.why_not)
    return source


def _agreement(
    item_id: int, now: Decision, asked: Asked, terms: Terms, source: Source | None, *, is_other: bool
) -> Agreement | None:
    """The contract that the line will draw on: the one asked for, else its own while the vendor stays."""
    wanted = asked.contract_id
    if wanted is None:
        return None if is_other or now.contract_id is None else terms.agreements.get((now.contract_id, item_id))
    if wanted == NOTHING:
        return None
    agreement = terms.agreements.get((wanted, item_id))
    if agreement is None:
        raise NotFound(kind="contract for this item", field="contract_id")
    if source is None or agreement.vendor_id != source.vendor_id:
        raise ContractNotUsable(contract=agreement.number, why="it is with another vendor")
    if not agreement.is_valid:
        raise ContractNotUsable(
            contract=agreement.number, why=Sentence("it is not active on {day}", {"day": terms.as_of})
        )
    return agreement


def _handed_over(line: DecidedLine, now: Decision, source: Source | None, terms: Terms) -> Decision:
    """The line with another vendor, in its unit and lots; without one it asks for stock units again."""
    is_as_suggested = (
        now.quantity_packs == line.suggested_quantity_packs and now.vendor_item_id == line.suggested_vendor_item_id
    )
    need = line.shortage if is_as_suggested else now.stock_quantity
    if source is None:
        unit_id, _ = terms.items[line.item_id]
        return replace(now, vendor_item_id=None, unit_id=unit_id, unit_factor=Decimal(1), quantity_packs=need)
    return replace(
        now,
        vendor_item_id=source.vendor_item_id,
        unit_id=source.unit_id,
        unit_factor=source.lots.factor,
        quantity_packs=lot_size(need, source.lots),
    )


def _priced(
    now: Decision, after: Decision, asked: Asked, source: Source | None, agreement: Agreement | None, as_of: date
) -> Decision:
    contract_id = agreement.contract_id if agreement else None
    is_new = (
        asked.relists
        or asked.quantity_packs is not None
        or after.vendor_item_id != now.vendor_item_id
        or asked.vendor_item_id is not None
        or contract_id != now.contract_id
    )
    if source is None:
        price = asked.unit_price if asked.unit_price is not None else None if is_new else now.unit_price
        currency = now.currency_code if price is not None else None
        return replace(after, contract_id=None, unit_price=price, currency_code=currency)
    if not is_new and asked.unit_price is None:
        return replace(after, contract_id=contract_id)
    found = _listed(source, agreement, after.quantity_packs, as_of)
    currency = agreement.currency_code if agreement else source.currency_code
    price = asked.unit_price if asked.unit_price is not None else found.unit_price if found else None
    return replace(after, contract_id=contract_id, unit_price=price, currency_code=currency)


def _listed(source: Source, agreement: Agreement | None, quantity: Decimal, as_of: date) -> Price | None:
    return agreement.price(source, quantity, as_of) if agreement else source.price_of(quantity, as_of)


def _dated(after: Decision, item_id: int, source: Source | None, terms: Terms) -> Decision:
    if source is None:
        _, goods_in_days = terms.items[item_id]
        order_by, arrives_on = after.needed_on - timedelta(days=goods_in_days), None
    else:
        order_by, arrives_on = source.order_by(after.needed_on), source.arrives_on(after.needed_on, terms.as_of)
    return replace(after, order_by=order_by, late_days=max(0, (terms.as_of - order_by).days), arrives_on=arrives_on)


def _refuse_exhausted(after: Decision, agreement: Agreement, unit: str) -> None:
    left = agreement.quantity_left(after.unit_factor)
    if left is not None and after.quantity_packs > left:
        raise ContractExhausted(
            contract=agreement.number, left=Measure(left, unit), asked=Measure(after.quantity_packs, unit)
        )
    value = after.quantity_packs * (after.unit_price or Decimal(0))
    if agreement.amount_left is not None and value > agreement.amount_left:
        currency = agreement.currency_code
        raise ContractExhausted(
            contract=agreement.number,
            left=Amount(agreement.amount_left, currency),
            asked=Amount(value, currency),
        )


def _remarks(after: Decision, source: Source | None, agreement: Agreement | None) -> tuple[Sentence, ...]:
    if source is None:
        return ()
    minded = [off_the_lot(after.quantity_packs, source.lots)]
    if after.unit_price is None:
        says = "The vendor's list has no price for this quantity."
        minded.append(
            Sentence("{contract} agrees on no price. " + says, {"contract": agreement.number})
            if agreement
            else Sentence(says)
        )
    return tuple(each for each in minded if each is not None)


def plain(number: Decimal) -> str:
    """A number without exponent and trailing zeros."""
    return f"{number.normalize():f}"
