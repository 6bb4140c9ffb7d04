"""What documents and other lists refer to: warehouses, units, money, terms, as lists."""

from __future__ import annotations

from buyside.domain.filters import after_today, is_false, is_true, one_of, within_last_days
from buyside.domain.item_sheets import UNIT_SHEET
from buyside.domain.term_sheets import (
    COST_CENTER_SHEET,
    CURRENCY_SHEET,
    EXCHANGE_RATE_SHEET,
    PAYMENT_TERM_EVENT_SHEET,
    PAYMENT_TERM_SHEET,
    TAX_CODE_SHEET,
    WAREHOUSE_SHEET,
)
from buyside.domain.vendors import BillingTrigger
from buyside.queries.sheet_gaps import GAPS, Gap
from buyside.resources.resource import ALL, NamedView, Resource, Shown

_CODE_OR_NAME = "Code or name"
_ACTIVE_OR_NOT = (ALL, NamedView("Active", {"is_active": is_true()}), NamedView("Retired", {"is_active": is_false()}))

WAREHOUSES = Resource(
    WAREHOUSE_SHEET,
    (
        Shown("code", width=150, is_pinned=True),
        Shown("name", grow=1, least=180),
        Shown("address", grow=2, least=220),
        Shown("allows_negative", width=160),
    ),
    views=(ALL, NamedView("May go below zero", {"allows_negative": is_true()})),
    quick_hint=_CODE_OR_NAME,
    empty=("No warehouses yet", "Orders ship to a warehouse and stock lies in one: add the first here, or use a file."),
)
UNITS = Resource(
    UNIT_SHEET,
    (
        Shown("code", width=130, is_pinned=True),
        Shown("name", grow=1, least=180),
        Shown("category", grow=1, least=160),
        Shown("factor", width=150),
        Shown("digits", width=110, label="Decimals"),
    ),
    quick_hint="Code, name or category",
    empty=("No units yet", "Every item is counted in a unit: add pieces, metres or kilograms here, or use a file."),
)
CURRENCIES = Resource(
    CURRENCY_SHEET,
    (
        Shown("code", width=130, is_pinned=True),
        Shown("name", grow=1, least=220),
        Shown("digits", width=130, label="Decimals"),
    ),
    views=(ALL, NamedView("Used without a rate", {GAPS: one_of(Gap.NO_RATE)})),
    quick_hint=_CODE_OR_NAME,
    empty=("No currencies yet", "Vendors and prices need one: add the first here, or use a file."),
)
EXCHANGE_RATES = Resource(
    EXCHANGE_RATE_SHEET,
    (
        Shown("currency", width=140, is_pinned=True),
        Shown("valid_from", width=160),
        Shown("rate", grow=1, least=160),
    ),
    views=(
        ALL,
        NamedView("Of the last 30 days", {"valid_from": within_last_days(30)}),
        NamedView("To come", {"valid_from": after_today()}),
    ),
    quick_hint="Currency",
    empty=(
        "No exchange rates yet",
        "Say what one of a foreign currency is worth in your own: add a rate here, or bring them in with a file.",
    ),
)
TAX_CODES = Resource(
    TAX_CODE_SHEET,
    (
        Shown("code", width=150, is_pinned=True),
        Shown("name", grow=1, least=220),
        Shown("rate_percent", width=130, label="Rate %"),
        Shown("is_active", width=100),
    ),
    views=_ACTIVE_OR_NOT,
    quick_hint=_CODE_OR_NAME,
    empty=("No tax codes yet", "Order lines carry a tax: add the first here, or use a file."),
)
PAYMENT_TERMS = Resource(
    PAYMENT_TERM_SHEET,
    (
        Shown("code", width=240, is_pinned=True),
        Shown("name", grow=1, least=240),
        Shown("total_percent", width=150, label="Adds up to %"),
    ),
    views=(ALL, NamedView("Not adding up to 100 %", {GAPS: one_of(Gap.SHARES_OFF)})),
    quick_hint=_CODE_OR_NAME,
    empty=("No payment terms yet", "Add terms here or with a file, then say under Billing events what falls due when."),
)
BILLING_EVENTS = Resource(
    PAYMENT_TERM_EVENT_SHEET,
    (
        Shown("payment_terms", width=220, is_pinned=True),
        Shown("position", width=132),
        Shown("share_percent", width=120, label="Share %"),
        Shown("trigger", grow=1, least=150),
        Shown("days", width=104),
    ),
    views=(
        ALL,
        *(NamedView(f"On {each.value}", {"trigger": one_of(each)}) for each in BillingTrigger),
    ),
    quick_hint="Payment terms",
    empty=("No billing events yet", "Say for payment terms what share of an order falls due on which event."),
)
COST_CENTERS = Resource(
    COST_CENTER_SHEET,
    (
        Shown("code", width=180, is_pinned=True),
        Shown("name", grow=1, least=240),
        Shown("is_active", width=110),
    ),
    views=_ACTIVE_OR_NOT,
    quick_hint=_CODE_OR_NAME,
    empty=("No cost centres yet", "Say who can bear a cost: add the first here, or use a file."),
)
