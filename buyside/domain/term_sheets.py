"""What documents are written with, as sheets: terms of payment, currencies and their rates, taxes, cost centres, warehouses."""

from __future__ import annotations

from decimal import Decimal
from functools import partial

from buyside.domain.access import Permission
from buyside.domain.pack import Form
from buyside.domain.sheets import Family, Sheet, SheetColumn
from buyside.domain.vendors import BillingTrigger
from buyside.domain.words import words

_C = SheetColumn
_NONE, _ALL = Decimal(0), Decimal(100)
_sheet = partial(Sheet, family=Family.TERMS, view=Permission.REFERENCE_VIEW, edit=Permission.REFERENCE_EDIT)

PAYMENT_TERM_SHEET = _sheet(
    "payment-terms",
    "payment terms",
    "payment terms",
    "payment_term",
    columns=(
        _C("code", Form.CODE, is_required=True),
        _C("name"),
        _C(
            "total_percent",
            Form.PERCENT,
            is_read_only=True,
            says="What its billing events add up to; 100 when complete.",
        ),
    ),
    key=("code",),
    order=("code",),
    says="Agreed terms of payment; their billing events say how much falls due when.",
)
PAYMENT_TERM_EVENT_SHEET = _sheet(
    "payment-term-events",
    "billing event",
    "billing events",
    "payment_term_event",
    columns=(
        _C(
            "payment_terms",
            Form.CODE,
            stored="payment_term_id",
            refers="payment-terms",
            is_required=True,
            is_fixed=True,
        ),
        _C("position", Form.WHOLE, above=_NONE, default="1"),
        _C("share_percent", Form.PERCENT, above=_NONE, most=_ALL, is_required=True, says="Of the order's total."),
        _C("trigger", Form.WORD, words=words(BillingTrigger), is_required=True),
        _C("days", Form.WHOLE, least=_NONE, default="0", says="From the trigger until the share is due."),
    ),
    key=("payment_terms", "position"),
    order=("payment_terms", "position"),
    says="What share of the total which event makes due, and after how many days.",
)
CURRENCY_SHEET = _sheet(
    "currencies",
    "currency",
    "currencies",
    "currency",
    columns=(
        _C(
            "code",
            Form.CODE,
            is_required=True,
            is_fixed=True,
            pattern=r"[A-Z]{3}",
            wanted="a currency's three letters (ISO 4217)",
        ),
        _C("name", says="Empty: as it is called in English."),
        _C(
            "digits",
            Form.WHOLE,
            least=_NONE,
            most=Decimal(4),
            says="Decimals that amounts are rounded to. Empty in a new row: as the currency's own.",
        ),
    ),
    key=("code",),
    order=("code",),
    says="Currencies by their ISO 4217 code.",
)
EXCHANGE_RATE_SHEET = _sheet(
    "exchange-rates",
    "exchange rate",
    "exchange rates",
    "exchange_rate",
    columns=(
        _C("currency", Form.CODE, stored="currency_code", refers="currencies", is_required=True, is_fixed=True),
        _C("valid_from", Form.DATE, is_required=True),
        _C(
            "rate",
            Form.PRICE,
            above=_NONE,
            is_required=True,
            says="What one of it is worth in the organisation's currency.",
        ),
    ),
    key=("currency", "valid_from"),
    order=("currency", "valid_from"),
    says="A rate holds from its date until the next one.",
)
TAX_CODE_SHEET = _sheet(
    "tax-codes",
    "tax code",
    "tax codes",
    "tax_code",
    columns=(
        _C("code", Form.CODE, is_required=True),
        _C("name"),
        _C("rate_percent", Form.PERCENT, least=_NONE, is_required=True),
        _C("is_active", Form.FLAG, default="true"),
    ),
    key=("code",),
    order=("code",),
    flag="is_active",
    says="Taxes that order lines carry.",
)
COST_CENTER_SHEET = _sheet(
    "cost-centers",
    "cost centre",
    "cost centres",
    "cost_center",
    columns=(
        _C("code", Form.CODE, is_required=True),
        _C("name"),
        _C("is_active", Form.FLAG, default="true"),
    ),
    key=("code",),
    order=("code",),
    flag="is_active",
    says="Who bears a cost.",
)
WAREHOUSE_SHEET = _sheet(
    "warehouses",
    "warehouse",
    "warehouses",
    "warehouse",
    columns=(
        _C("code", Form.CODE, is_required=True),
        _C("name"),
        _C("address"),
        _C("allows_negative", Form.FLAG, default="false", label="May go below zero"),
    ),
    key=("code",),
    order=("code",),
    says="Where stock lies.",
)
