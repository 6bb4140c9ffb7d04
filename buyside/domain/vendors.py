"""Words of vendors."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from buyside.domain.lifecycle import Lifecycle


class VendorStatus(StrEnum):
    PROSPECT = "prospect"
    ACTIVE = "active"
    ON_HOLD = "on_hold"
    INACTIVE = "inactive"


_S = VendorStatus
VENDOR = Lifecycle(
    "vendor",
    {
        "activate": ({_S.PROSPECT, _S.ON_HOLD, _S.INACTIVE}, _S.ACTIVE),
        "hold": ({_S.PROSPECT, _S.ACTIVE}, _S.ON_HOLD),
        "close": ({_S.PROSPECT, _S.ACTIVE, _S.ON_HOLD}, _S.INACTIVE),
    },
)
STATUS_SAYS: Mapping[VendorStatus, str] = {
    _S.PROSPECT: "Receives no orders yet.",
    _S.ACTIVE: "Receives new orders.",
    _S.ON_HOLD: "Open orders go on; new ones are not issued.",
    _S.INACTIVE: "Receives no orders, and its portal is closed.",
}
"""What a status means for whoever orders (VEN-2)."""


class AddressPurpose(StrEnum):
    ORDER_FORM = "order_form"
    BILL_FROM = "bill_from"
    PICK_UP = "pick_up"


class BillingTrigger(StrEnum):
    ORDER = "order"
    SHIPMENT = "shipment"
    RECEIPT = "receipt"
    ACCEPTANCE = "acceptance"
    INVOICE = "invoice"
