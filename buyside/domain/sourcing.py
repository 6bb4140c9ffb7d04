"""How an item can be bought: from a vendor, on its list, its lots and its days, and on a contract with it (VEN-3 to VEN-6, CON-1)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from buyside.domain.order_days import OrderDays
from buyside.domain.plans import LotTerms, Price, price_of
from buyside.domain.telling import Sentence
from buyside.domain.vendors import VendorStatus


@dataclass(frozen=True, slots=True)
class Source:
    """A vendor item with what a decision about a plan line asks of it. `digits` and `unit_id` are its purchase unit's."""

    vendor_item_id: int
    item_id: int
    vendor_id: int
    vendor_code: str
    vendor_name: str
    vendor_part: str
    unit_id: int
    unit_code: str
    lots: LotTerms
    lead_days: int
    goods_in_days: int
    preference: int
    currency_code: str
    prices: tuple[Price, ...]
    why_not: Sentence | None
    """Why nothing is ordered by it, told of its vendor, as in "takes no new orders: on hold"; None where it can be."""
    order_days: OrderDays

    @property
    def is_usable(self) -> bool:
        """An active mapping, valid on the day, of an active vendor (VEN-2, VEN-3)."""
        return self.why_not is None

    def price_of(self, quantity: Decimal, on: date) -> Price | None:
        """The price of a quantity in the purchase unit on an order date, in the currency that the list is read in."""
        return price_of(quantity, self.prices, on)

    def order_by(self, needed_on: date) -> date:
        """The last day on which the vendor takes orders that brings the goods in time (PLAN-9, VEN-6)."""
        return self.order_days.order_by(needed_on, self.lead_days + self.goods_in_days)

    def arrives_on(self, needed_on: date, as_of: date) -> date:
        """When the goods are there if they are ordered on the vendor's next order day that is not too early."""
        return self.order_days.arrives_on(needed_on, self.lead_days + self.goods_in_days, as_of)


def why_not_usable(
    status: str, *, is_active: bool, valid_from: date | None, valid_to: date | None, on: date
) -> Sentence | None:
    """Why a vendor item cannot be ordered by on a day: for its vendor, for itself, or for its dates."""
    if status != VendorStatus.ACTIVE:
        return Sentence("takes no new orders: {status}", {"status": status.replace("_", " ")})
    if not is_active:
        return Sentence("no longer offers it")
    if valid_from is not None and on < valid_from:
        return Sentence("offers it from {day} on", {"day": valid_from})
    if valid_to is not None and valid_to < on:
        return Sentence("offered it until {day}", {"day": valid_to})
    return None


@dataclass(frozen=True, slots=True)
class Agreement:
    """What a contract says of one item, and what is left of it.

    `quantity` is agreed in the vendor's purchase unit, `drawn_stock` of it is ordered already in stock units; `amount_left`
    is of the whole contract, before tax. None: nothing is agreed, so nothing runs out.
    """

    contract_id: int
    number: str
    vendor_id: int
    item_id: int
    currency_code: str
    unit_price: Decimal | None
    quantity: Decimal | None
    drawn_stock: Decimal
    amount_left: Decimal | None
    is_valid: bool

    def quantity_left(self, factor: Decimal) -> Decimal | None:
        """In a purchase unit of `factor` stock units, as far as it is agreed; six decimals, rounded down."""
        if self.quantity is None:
            return None
        left = self.quantity - self.drawn_stock / factor
        return max(Decimal(0), left).quantize(Decimal("0.000001"), rounding="ROUND_FLOOR")

    def price(self, source: Source, quantity: Decimal, on: date) -> Price | None:
        """The contract's price, else that of the vendor's list where it is in the contract's currency (VEN-4)."""
        if self.unit_price is not None:
            return Price(Decimal(0), self.unit_price, self.currency_code)
        listed = source.price_of(quantity, on)
        return listed if listed is not None and listed.currency_code == self.currency_code else None
