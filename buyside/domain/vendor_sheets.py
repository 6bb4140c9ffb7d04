"""Vendors and what they offer, as sheets (VEN-1, VEN-3, VEN-6)."""

from __future__ import annotations

from decimal import Decimal
from functools import partial

from buyside.domain.access import Permission
from buyside.domain.locales import read_day_of_year, read_weekdays, shown_day_of_year, shown_weekdays
from buyside.domain.pack import Form
from buyside.domain.sheets import Family, Sheet, SheetColumn, Wording
from buyside.domain.vendors import AddressPurpose, VendorStatus
from buyside.domain.words import VENDOR_WORDS, words

_C = SheetColumn
_NONE = Decimal(0)
_WEEKDAYS = r"(mon|tue|wed|thu|fri|sat|sun)(,(mon|tue|wed|thu|fri|sat|sun))*"
_DAY_OF_YEAR = Wording(shown_day_of_year, read_day_of_year)
_EMAIL = r"[^\s@,;<>]+@[^\s@,;<>]+\.[^\s@,;<>]+"
_COUNTRY = r"[A-Z]{2}"
_sheet = partial(Sheet, family=Family.VENDORS, view=Permission.VENDOR_VIEW, edit=Permission.VENDOR_EDIT)

VENDOR_SHEET = Sheet(
    "vendors",
    "vendor",
    "vendors",
    "vendor",
    Family.VENDORS,
    (
        _C("code", Form.CODE, is_required=True),
        _C("name", is_required=True),
        _C("legal_name"),
        _C("status", Form.WORD, words=VENDOR_WORDS, default=VendorStatus.ACTIVE.value),
        _C("status_reason"),
        _C("currency", Form.CODE, stored="currency_code", refers="currencies", is_required=True),
        _C("language", pattern=r"[a-z]{2}(_[A-Z]{2})?", wanted="a language such as en or de_CH", default="en"),
        _C("tax_id"),
        _C("payment_terms", Form.CODE, stored="payment_term_id", refers="payment-terms"),
        _C("delivery_terms"),
        _C("shipping_account"),
        _C("shipping_method"),
        _C("email", pattern=_EMAIL, wanted="an e-mail address", says="Where the order form goes."),
        _C("over_receipt_percent", Form.PERCENT, least=_NONE),
        _C("minimum_order_value", Form.MONEY, least=_NONE),
        _C("freight_free_value", Form.MONEY, least=_NONE, says="From this order value on the vendor pays the freight."),
        _C(
            "order_weekdays",
            pattern=_WEEKDAYS,
            wanted="days such as mon,wed",
            says="Empty: any day.",
            wording=Wording(shown_weekdays, read_weekdays),
        ),
        _C("order_cutoff", pattern=r"([01]\d|2[0-3]):[0-5]\d", wanted="a time such as 11:30"),
        _C("takes_catalogue_items", Form.FLAG, default="true"),
        _C("takes_generic_items", Form.FLAG, default="true"),
        _C("sends_order_form", Form.FLAG, default="true"),
        _C("allows_pick_up", Form.FLAG, default="false"),
        _C("registers_receipt", Form.FLAG, default="true"),
    ),
    key=("code",),
    view=Permission.VENDOR_VIEW,
    edit=Permission.VENDOR_EDIT,
    order=("code",),
    says="Who sells to us. Only active vendors receive new orders.",
)
VENDOR_CONTACT_SHEET = _sheet(
    "vendor-contacts",
    "contact",
    "contacts",
    "vendor_contact",
    columns=(
        _C("vendor", Form.CODE, stored="vendor_id", refers="vendors", is_required=True, is_fixed=True),
        _C("name", is_required=True),
        _C("purpose"),
        _C("email", pattern=_EMAIL, wanted="an e-mail address"),
        _C("phone"),
    ),
    key=("vendor", "name"),
    order=("vendor", "name"),
    says="People at vendors.",
)
VENDOR_ADDRESS_SHEET = _sheet(
    "vendor-addresses",
    "address",
    "addresses",
    "vendor_address",
    columns=(
        _C("vendor", Form.CODE, stored="vendor_id", refers="vendors", is_required=True, is_fixed=True),
        _C("purpose", Form.WORD, words=words(AddressPurpose), is_required=True),
        _C("name", is_required=True),
        _C("lines", label="Address"),
        _C("country", stored="country_code", pattern=_COUNTRY, wanted="a country's two letters, such as DE"),
        _C("email", pattern=_EMAIL, wanted="an e-mail address"),
    ),
    key=("vendor", "purpose", "name"),
    order=("vendor", "purpose", "name"),
    says="Where order forms go, who bills, and where goods are picked up.",
)
VENDOR_CLOSING_DAY_SHEET = _sheet(
    "vendor-closing-days",
    "closing day",
    "closing days",
    "vendor_closing_day",
    columns=(
        _C("vendor", Form.CODE, stored="vendor_id", refers="vendors", is_required=True, is_fixed=True),
        _C(
            "from_day",
            pattern=r"(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])",
            wanted="a month and day such as 12-24",
            is_required=True,
            wording=_DAY_OF_YEAR,
        ),
        _C(
            "to_day",
            pattern=r"(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])",
            wanted="a month and day such as 01-02",
            is_required=True,
            wording=_DAY_OF_YEAR,
        ),
        _C("name"),
    ),
    key=("vendor", "from_day"),
    order=("vendor", "from_day"),
    says="Days of every year on which a vendor is closed. A period may run over the new year.",
)
VENDOR_ITEM_SHEET = _sheet(
    "vendor-items",
    "vendor item",
    "vendor items",
    "vendor_item",
    columns=(
        _C("vendor", Form.CODE, stored="vendor_id", refers="vendors", is_required=True, is_fixed=True),
        _C("item", Form.CODE, stored="item_id", refers="items", is_required=True, is_fixed=True),
        _C("vendor_part"),
        _C("description"),
        _C("purchase_unit", Form.CODE, stored="purchase_unit_id", refers="units", says="Empty: the item's stock unit."),
        _C(
            "unit_factor",
            Form.QUANTITY,
            above=_NONE,
            says="Stock units in one purchase unit. Empty: by the units' own factors.",
        ),
        _C("lead_days", Form.WHOLE, least=_NONE, is_required=True, says="Days from order to arrival."),
        _C("minimum_quantity", Form.QUANTITY, least=_NONE, default="0", says="In purchase units."),
        _C("order_multiple", Form.QUANTITY, above=_NONE, says="In purchase units."),
        _C("preference", Form.WHOLE, least=_NONE, default="1", says="1 goes first."),
        _C("share_percent", Form.PERCENT, least=_NONE, most=Decimal(100)),
        _C("valid_from", Form.DATE),
        _C("valid_to", Form.DATE),
        _C("is_active", Form.FLAG, default="true"),
    ),
    key=("vendor", "item", "valid_from"),
    order=("item", "preference", "vendor"),
    period=("vendor", "item"),
    flag="is_active",
    says="Which vendor sells which item, under what part number and on what terms.",
)
PRICE_BREAK_SHEET = _sheet(
    "price-breaks",
    "price",
    "prices",
    "price_break",
    columns=(
        _C("vendor", Form.CODE, stored="vendor_item_id", refers="vendors", is_required=True, is_fixed=True),
        _C("item", Form.CODE, stored="vendor_item_id", refers="items", is_required=True, is_fixed=True),
        _C(
            "mapping_from",
            Form.DATE,
            label="Vendor item from",
            is_fixed=True,
            says="Which vendor item, where there are several: since when it is valid. Empty: that of the price's first day.",
        ),
        _C("from_quantity", Form.QUANTITY, least=_NONE, default="0", says="In purchase units."),
        _C("unit_price", Form.PRICE, least=_NONE, is_required=True, says="For one purchase unit."),
        _C("currency", Form.CODE, stored="currency_code", refers="currencies", is_required=True),
        _C("valid_from", Form.DATE),
        _C("valid_to", Form.DATE),
    ),
    key=("vendor", "item", "mapping_from", "from_quantity", "currency", "valid_from"),
    order=("vendor", "item", "from_quantity"),
    period=("vendor", "item", "mapping_from", "from_quantity", "currency"),
    says="From this quantity on, this price.",
)
