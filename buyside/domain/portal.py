"""Words of the vendors' portal: how an order or a contract stands, as the vendor sees it."""

from __future__ import annotations

from buyside.domain.contracts import ContractStatus
from buyside.domain.orders import BEFORE_ISSUE, OrderState
from buyside.domain.words import Tone, Words

_O = OrderState
PORTAL_ORDER_WORDS: Words = {
    _O.ISSUED.value: ("Ordered", Tone.ACTIVE),
    _O.PARTLY_CONFIRMED.value: ("Partly confirmed", Tone.PARTIAL),
    _O.CONFIRMED.value: ("Confirmed", Tone.ACTIVE),
    _O.REJECTED.value: ("Declined", Tone.BAD),
    _O.PARTLY_RECEIVED.value: ("Partly delivered", Tone.PARTIAL),
    _O.RECEIVED.value: ("Delivered", Tone.GOOD),
    _O.CLOSED.value: ("Completed", Tone.GOOD),
    _O.CANCELLED.value: ("Cancelled", Tone.NEUTRAL),
}
"""Every state of an order that a vendor has got."""
assert set(PORTAL_ORDER_WORDS) == {each.value for each in OrderState} - {each.value for each in BEFORE_ISSUE}

PORTAL_CONTRACT_WORDS: Words = {
    ContractStatus.ACTIVE.value: ("Active", Tone.GOOD),
    ContractStatus.SUSPENDED.value: ("Suspended", Tone.WARN),
    ContractStatus.EXPIRED.value: ("Expired", Tone.NEUTRAL),
    ContractStatus.CLOSED.value: ("Closed", Tone.NEUTRAL),
}
"""Every state of a contract that its vendor sees: a draft is nobody's but the buyer's."""
