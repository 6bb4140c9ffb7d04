"""Words of vendors."""

from __future__ import annotations

from enum import StrEnum


class VendorStatus(StrEnum):
    PROSPECT = "prospect"
    ACTIVE = "active"
    ON_HOLD = "on_hold"
    INACTIVE = "inactive"


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
