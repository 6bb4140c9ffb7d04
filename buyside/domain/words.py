"""How kinds of values are shown, and each status as a word with a tone. Screens add a shape and a colour to the tone."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from buyside.domain.access import Role
from buyside.domain.contracts import ContractStatus
from buyside.domain.demand import SalesOrderStatus
from buyside.domain.items import ItemKind, SupplyMode, VendorPolicy
from buyside.domain.lifecycle import in_words
from buyside.domain.orders import OrderState
from buyside.domain.people import MembershipStatus, PersonKind, PersonStatus, SessionStatus, Surface
from buyside.domain.plans import MessageKind, MessageState, PlanLineState, RunState, ScenarioDifference
from buyside.domain.stock import StockReason
from buyside.domain.vendors import VendorStatus


class Kind(StrEnum):
    """What a column holds; decides how it is written, aligned, filtered and edited."""

    KEY = "key"
    """Identifies or versions a row; sent to the browser as it is and never shown."""
    TEXT = "text"
    NUMBER = "number"
    """A count without unit."""
    QUANTITY = "quantity"
    """An exact amount of something, in the unit that the row names."""
    MONEY = "money"
    """An amount, in the currency that the row names."""
    PRICE = "price"
    """Money per unit."""
    PERCENT = "percent"
    DATE = "date"
    INSTANT = "instant"
    STATUS = "status"
    """One word of a closed list."""
    FLAG = "flag"
    """Yes or no."""


NUMERIC = frozenset({Kind.NUMBER, Kind.QUANTITY, Kind.MONEY, Kind.PRICE, Kind.PERCENT})


class Tone(StrEnum):
    """What a status means for the reader's attention."""

    NEUTRAL = "neutral"
    ACTIVE = "active"
    PARTIAL = "partial"
    GOOD = "good"
    WARN = "warn"
    BAD = "bad"


Words = Mapping[str, tuple[str, Tone]]
"""From a stored value to its word and tone."""


def words(states: type[StrEnum], tones: Mapping[StrEnum, Tone] | None = None) -> Words:
    """Every value of an enumeration in words, neutral where `tones` says nothing."""
    tones = tones or {}
    return {each.value: (in_words(each).capitalize(), tones.get(each, Tone.NEUTRAL)) for each in states}


_O = OrderState
ORDER_WORDS = words(
    OrderState,
    {
        _O.IN_APPROVAL: Tone.ACTIVE,
        _O.APPROVED: Tone.ACTIVE,
        _O.ISSUED: Tone.ACTIVE,
        _O.PARTLY_CONFIRMED: Tone.PARTIAL,
        _O.CONFIRMED: Tone.ACTIVE,
        _O.REJECTED: Tone.BAD,
        _O.PARTLY_RECEIVED: Tone.PARTIAL,
        _O.RECEIVED: Tone.GOOD,
        _O.CLOSED: Tone.GOOD,
    },
)
PLAN_LINE_WORDS = words(PlanLineState, {PlanLineState.OPEN: Tone.ACTIVE, PlanLineState.CONVERTED: Tone.GOOD})
RUN_WORDS = words(RunState, {RunState.RUNNING: Tone.ACTIVE, RunState.DONE: Tone.GOOD, RunState.FAILED: Tone.BAD})
MESSAGE_KIND_WORDS = words(
    MessageKind,
    {
        MessageKind.ORDER: Tone.ACTIVE,
        MessageKind.EXPEDITE: Tone.BAD,
        MessageKind.INCREASE: Tone.ACTIVE,
        MessageKind.DECREASE: Tone.WARN,
        MessageKind.CANCEL: Tone.WARN,
    },
)
SCENARIO_DIFFERENCE_WORDS = words(
    ScenarioDifference,
    {
        ScenarioDifference.ADDED: Tone.ACTIVE,
        ScenarioDifference.MORE: Tone.ACTIVE,
        ScenarioDifference.LATER: Tone.WARN,
        ScenarioDifference.DEARER: Tone.WARN,
        ScenarioDifference.SOONER: Tone.GOOD,
        ScenarioDifference.CHEAPER: Tone.GOOD,
    },
)
MESSAGE_STATE_WORDS = words(MessageState, {MessageState.OPEN: Tone.ACTIVE, MessageState.DONE: Tone.GOOD})
CONTRACT_WORDS = words(ContractStatus, {ContractStatus.ACTIVE: Tone.GOOD, ContractStatus.SUSPENDED: Tone.WARN})
SALES_ORDER_WORDS = words(SalesOrderStatus, {SalesOrderStatus.APPROVED: Tone.ACTIVE})
STOCK_REASON_WORDS = words(StockReason)
ITEM_KIND_WORDS = words(ItemKind)
SUPPLY_MODE_WORDS = words(SupplyMode)
VENDOR_POLICY_WORDS: Words = {
    VendorPolicy.PREFERENCE: ("Preferred first", Tone.NEUTRAL),
    VendorPolicy.CHEAPEST: ("Cheapest first", Tone.NEUTRAL),
    VendorPolicy.FASTEST: ("Fastest first", Tone.NEUTRAL),
    VendorPolicy.SHARE: ("Split by share", Tone.NEUTRAL),
}
VENDOR_WORDS = words(
    VendorStatus, {VendorStatus.ACTIVE: Tone.GOOD, VendorStatus.ON_HOLD: Tone.WARN, VendorStatus.PROSPECT: Tone.ACTIVE}
)
ROLE_SAYS: Mapping[Role, str] = {
    Role.REQUESTER: "Asks for what is needed, and confirms its delivery",
    Role.BUYER: "Vendors, items, plans and purchase orders",
    Role.APPROVER: "Approves or rejects what is routed to them",
    Role.RECEIVER: "Deliveries, stock and its corrections",
    Role.MANAGER: "Sees plans, orders, stock and balances; changes nothing",
    Role.SALES: "Customers' orders and what serves them",
    Role.FINANCE: "Invoices and payments; sees vendors and orders",
    Role.ADMIN: "Users, roles, sessions, settings and the audit trail",
    Role.VENDOR: "The purchase orders and contracts of their own vendors",
}
"""What somebody with a role does, in a line."""
PERSON_KIND_WORDS: Words = {
    PersonKind.STAFF: ("Staff", Tone.NEUTRAL),
    PersonKind.VENDOR: ("Vendor's user", Tone.NEUTRAL),
}
PERSON_WORDS = words(
    PersonStatus,
    {
        PersonStatus.ACTIVE: Tone.GOOD,
        PersonStatus.INVITED: Tone.ACTIVE,
        PersonStatus.INVITATION_EXPIRED: Tone.WARN,
        PersonStatus.DISABLED: Tone.BAD,
    },
)
MEMBERSHIP_WORDS = words(
    MembershipStatus,
    {
        MembershipStatus.ACTIVE: Tone.GOOD,
        MembershipStatus.PLANNED: Tone.ACTIVE,
        MembershipStatus.VENDOR_INACTIVE: Tone.WARN,
        MembershipStatus.USER_DISABLED: Tone.WARN,
    },
)
SESSION_WORDS = words(SessionStatus, {SessionStatus.LIVE: Tone.GOOD})
SURFACE_WORDS = words(Surface)
OWN_WORDS: Words = {"own": ("This browser", Tone.ACTIVE)}
YES_NO_WORDS: Words = {"true": ("Yes", Tone.NEUTRAL), "false": ("No", Tone.NEUTRAL)}
LATE_WORDS: Words = {"true": ("Late", Tone.WARN), "false": ("On time", Tone.GOOD)}
