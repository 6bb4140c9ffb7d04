"""Every sheet of master data, in the order in which an empty system is filled: what others refer to goes first."""

from __future__ import annotations

from buyside.domain.item_sheets import ITEM_GROUP_SHEET, ITEM_SHEET, UNIT_SHEET
from buyside.domain.refusals import NotFound
from buyside.domain.sheets import Sheet
from buyside.domain.structure_sheets import BOM_SHEET, OPTION_RULE_SHEET, OPTION_SHEET, PRODUCT_SHEET, VARIANT_SHEET
from buyside.domain.term_sheets import (
    COST_CENTER_SHEET,
    CURRENCY_SHEET,
    EXCHANGE_RATE_SHEET,
    PAYMENT_TERM_EVENT_SHEET,
    PAYMENT_TERM_SHEET,
    TAX_CODE_SHEET,
    WAREHOUSE_SHEET,
)
from buyside.domain.vendor_sheets import (
    PRICE_BREAK_SHEET,
    VENDOR_ADDRESS_SHEET,
    VENDOR_CLOSING_DAY_SHEET,
    VENDOR_CONTACT_SHEET,
    VENDOR_ITEM_SHEET,
    VENDOR_SHEET,
)

SHEETS: tuple[Sheet, ...] = (
    *(
        CURRENCY_SHEET,
        EXCHANGE_RATE_SHEET,
        PAYMENT_TERM_SHEET,
        PAYMENT_TERM_EVENT_SHEET,
        TAX_CODE_SHEET,
        COST_CENTER_SHEET,
    ),
    *(WAREHOUSE_SHEET, UNIT_SHEET, ITEM_GROUP_SHEET, ITEM_SHEET),
    *(
        VENDOR_SHEET,
        VENDOR_CONTACT_SHEET,
        VENDOR_ADDRESS_SHEET,
        VENDOR_CLOSING_DAY_SHEET,
        VENDOR_ITEM_SHEET,
        PRICE_BREAK_SHEET,
    ),
    *(PRODUCT_SHEET, VARIANT_SHEET, OPTION_SHEET, BOM_SHEET, OPTION_RULE_SHEET),
)
_BY_NAME = {each.name: each for each in SHEETS}


def sheet_named(name: str) -> Sheet:
    """The sheet of that name. Refuses: NotFound."""
    if name not in _BY_NAME:
        raise NotFound(kind="sheet")
    return _BY_NAME[name]
