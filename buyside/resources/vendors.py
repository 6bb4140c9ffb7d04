"""Vendors and what they offer, as lists."""

from __future__ import annotations

from buyside.domain.filters import after_today, before_today, is_empty, is_false, is_true, one_of
from buyside.domain.vendor_sheets import (
    PRICE_BREAK_SHEET,
    VENDOR_ADDRESS_SHEET,
    VENDOR_CLOSING_DAY_SHEET,
    VENDOR_CONTACT_SHEET,
    VENDOR_ITEM_SHEET,
    VENDOR_SHEET,
)
from buyside.domain.vendors import AddressPurpose, VendorStatus
from buyside.queries.sheet_gaps import GAPS, Gap
from buyside.resources.resource import ALL, NamedView, Resource, Shown

_VENDOR = "/vendors/{vendor}"
_ITEM = "/items/{item}"

VENDORS = Resource(
    VENDOR_SHEET,
    (
        Shown("code", width=116, is_pinned=True, href="/vendors/{code}"),
        Shown("name", grow=3, least=190),
        Shown("status", width=122),
        Shown("currency", width=98),
        Shown("payment_terms", width=142),
        Shown("email", grow=3, least=200),
        Shown("order_weekdays", width=132),
        Shown("minimum_order_value", width=142, label="Minimum order", unit_from="currency"),
    ),
    views=(
        ALL,
        NamedView("Active", {"status": one_of(VendorStatus.ACTIVE)}),
        NamedView("Prospects", {"status": one_of(VendorStatus.PROSPECT)}),
        NamedView("On hold", {"status": one_of(VendorStatus.ON_HOLD)}),
        NamedView("Inactive", {"status": one_of(VendorStatus.INACTIVE)}),
        NamedView("Without items", {GAPS: one_of(Gap.NO_ITEMS)}),
        NamedView("No address for orders", {GAPS: one_of(Gap.NO_ORDER_ADDRESS)}),
    ),
    row_href="/vendors/{code}",
    quick_hint="Code or name",
    empty=("No vendors yet", "Add the first one here, or bring them all in with a file."),
)
CONTACTS = Resource(
    VENDOR_CONTACT_SHEET,
    (
        Shown("vendor", width=130, is_pinned=True, href=_VENDOR),
        Shown("vendor_name", grow=2, least=170),
        Shown("name", grow=2, least=160),
        Shown("purpose", grow=1),
        Shown("email", grow=2, least=190),
        Shown("phone", width=160),
    ),
    views=(ALL, NamedView("Without e-mail", {"email": is_empty()})),
    quick_hint="Vendor, name or e-mail",
    empty=("No contacts yet", "Say who answers at a vendor: add a contact here, or bring them in with a file."),
)
ADDRESSES = Resource(
    VENDOR_ADDRESS_SHEET,
    (
        Shown("vendor", width=130, is_pinned=True, href=_VENDOR),
        Shown("purpose", width=124),
        Shown("name", grow=2, least=150),
        Shown("lines", grow=3, least=210),
        Shown("country", width=92),
        Shown("email", grow=2, least=180),
    ),
    views=(
        ALL,
        NamedView("Order forms", {"purpose": one_of(AddressPurpose.ORDER_FORM)}),
        NamedView("Billing", {"purpose": one_of(AddressPurpose.BILL_FROM)}),
        NamedView("Pick-up", {"purpose": one_of(AddressPurpose.PICK_UP)}),
    ),
    quick_hint="Vendor, name or address",
    empty=(
        "No addresses yet",
        "Add where a vendor's order forms go, who bills, or where goods are picked up, or bring them in with a file.",
    ),
)
CLOSING_DAYS = Resource(
    VENDOR_CLOSING_DAY_SHEET,
    (
        Shown("vendor", width=140, is_pinned=True, href=_VENDOR),
        Shown("vendor_name", grow=1, least=180),
        Shown("from_day", width=176, label="From"),
        Shown("to_day", width=150, label="To"),
        Shown("name", grow=1, least=180),
    ),
    quick_hint="Vendor or name",
    empty=(
        "No closing days yet",
        "Add when a vendor is closed every year: nothing is then expected from it on those days.",
    ),
)
VENDOR_ITEMS = Resource(
    VENDOR_ITEM_SHEET,
    (
        Shown("vendor", width=112, is_pinned=True, href=_VENDOR),
        Shown("item", width=132, is_pinned=True, href=_ITEM),
        Shown("vendor_part", grow=2, least=130, label="Part number"),
        Shown("purchase_unit", width=120),
        Shown("unit_factor", width=136, label="Stock units in it"),
        Shown("lead_days", width=104),
        Shown("minimum_quantity", width=106, label="Minimum"),
        Shown("order_multiple", width=106, label="Multiple"),
        Shown("preference", width=120),
        Shown("valid_from", width=112),
        Shown("valid_to", width=112),
    ),
    views=(
        ALL,
        NamedView("Active", {"is_active": is_true()}),
        NamedView("No price", {GAPS: one_of(Gap.NO_PRICE)}),
        NamedView("Ended", {"valid_to": before_today()}),
        NamedView("Retired", {"is_active": is_false()}),
    ),
    quick_hint="Vendor, item or part number",
    empty=(
        "Nobody offers anything yet",
        "Say which vendor sells which item: add a row here, or bring them in with a file. Prices come after that.",
    ),
)
PRICES = Resource(
    PRICE_BREAK_SHEET,
    (
        Shown("vendor", width=130, is_pinned=True, href=_VENDOR),
        Shown("item", width=150, is_pinned=True, href=_ITEM),
        Shown("item_name", grow=2, least=180),
        Shown("from_quantity", width=150),
        Shown("unit_price", width=150, unit_from="currency"),
        Shown("currency", width=104),
        Shown("valid_from", width=124),
        Shown("valid_to", width=124),
    ),
    views=(
        ALL,
        NamedView("Ended", {"valid_to": before_today()}),
        NamedView("To come", {"valid_from": after_today()}),
    ),
    quick_hint="Vendor or item",
    empty=(
        "No prices yet",
        "A price belongs to a vendor's item: say who sells what first, then add prices here or bring them in with a file.",
    ),
)
