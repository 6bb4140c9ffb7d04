"""Words of the warehouse ledger (STK-6)."""

from __future__ import annotations

from enum import StrEnum


class StockReason(StrEnum):
    OPENING = "opening"
    RECEIPT = "receipt"
    RECEIPT_VOID = "receipt_void"
    VENDOR_RETURN = "vendor_return"
    INSPECTION_ACCEPT = "inspection_accept"
    INSPECTION_REJECT = "inspection_reject"
    ISSUE = "issue"
    TRANSFER_OUT = "transfer_out"
    TRANSFER_IN = "transfer_in"
    ADJUSTMENT = "adjustment"
    COUNT = "count"
    FULFILMENT = "fulfilment"
    UNFULFILMENT = "unfulfilment"
    MAKE = "make"


class StockPlace(StrEnum):
    """Where in a warehouse: free to use, or waiting for inspection."""

    ON_HAND = "on_hand"
    INSPECTION = "inspection"
