"""The data pack: the one exchange format for bulk data, declared once as a table.

Import, export, the reference page and the tests read this table; nothing else says what a pack is. A pack is a folder
or a zip of UTF-8 CSV files (RFC 4180) with a header each. A file may be absent; so may every column that is not
required, or its cells be empty.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from buyside.domain.contracts import ContractStatus
from buyside.domain.demand import SalesOrderStatus
from buyside.domain.items import ItemKind, LotPolicy, RuleBehaviour, SupplyMode
from buyside.domain.orders import OrderState
from buyside.domain.vendors import VendorStatus

ENDING = ".csv"
LONGEST_CODE = 200
LONGEST_TEXT = 10_000


class Form(StrEnum):
    """What the cells of a column look like."""

    CODE = "code"
    TEXT = "text"
    WHOLE = "whole"
    QUANTITY = "quantity"
    PRICE = "price"
    MONEY = "money"
    PERCENT = "percent"
    DATE = "date"
    INSTANT = "instant"
    FLAG = "flag"
    WORD = "word"
    CHOICES = "choices"


@dataclass(frozen=True, slots=True)
class Spelling:
    """How a form is written: a POSIX expression that a cell must match, the type it becomes, and both in words."""

    becomes: str
    pattern: str
    wanted: str


SPELLINGS: dict[Form, Spelling] = {
    Form.CODE: Spelling(
        "text",
        rf"^[^[:cntrl:][:space:]]([^[:cntrl:]]{{0,{LONGEST_CODE - 2}}}[^[:cntrl:][:space:]])?$",
        f"not a code (at most {LONGEST_CODE} characters on one line, no blank at either end)",
    ),
    Form.TEXT: Spelling("text", "", f"longer than {LONGEST_TEXT:,} characters"),
    Form.WHOLE: Spelling("integer", r"^-?[0-9]{1,9}$", "not a whole number of at most nine digits"),
    Form.QUANTITY: Spelling(
        "numeric",
        r"^-?[0-9]{1,12}([.][0-9]{1,6}0*)?$",
        "not a decimal with a point (at most 12 digits before it and 6 after it)",
    ),
    Form.PRICE: Spelling(
        "numeric",
        r"^-?[0-9]{1,12}([.][0-9]{1,6}0*)?$",
        "not a decimal with a point (at most 12 digits before it and 6 after it)",
    ),
    Form.MONEY: Spelling(
        "numeric",
        r"^-?[0-9]{1,14}([.][0-9]{1,4}0*)?$",
        "not a decimal with a point (at most 14 digits before it and 4 after it)",
    ),
    Form.PERCENT: Spelling(
        "numeric",
        r"^-?[0-9]{1,5}([.][0-9]{1,4}0*)?$",
        "not a decimal with a point (at most 5 digits before it and 4 after it)",
    ),
    Form.DATE: Spelling("date", r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "not a date of the calendar, written YYYY-MM-DD"),
    Form.INSTANT: Spelling(
        "timestamptz",
        r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})$",
        "not a timestamp of RFC 3339, such as 2026-01-31T08:30:00Z",
    ),
    Form.FLAG: Spelling("boolean", r"^(true|false|yes|no|1|0)$", "neither true nor false"),
    Form.WORD: Spelling("text", "", "none of the words it can be"),
    Form.CHOICES: Spelling(
        "text",
        r"^[^=;]*[^=;[:space:]][^=;]*=[^;]*[^;[:space:]][^;]*(;[^=;]*[^=;[:space:]][^=;]*=[^;]*[^;[:space:]][^;]*)*$",
        "not of the form group=value;group=value",
    ),
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column of one file.

    `refers` names the file whose code it is, or `currencies`, which come with the database. `least` is allowed itself,
    `above` is not. `beyond`: a column that an export adds only where a row could not be told without it.
    """

    name: str
    form: Form
    required: bool = True
    refers: str = ""
    words: tuple[str, ...] = ()
    least: Decimal | None = None
    above: Decimal | None = None
    most: Decimal | None = None
    default: str = ""
    beyond: bool = False
    says: str = ""


@dataclass(frozen=True, slots=True)
class PackFile:
    """One file of the pack. `key` tells its rows apart; exports are sorted by it.

    `period`: rows that are alike in these columns must not be valid on the same day.
    """

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    period: tuple[str, ...] = ()
    says: str = ""

    @property
    def file_name(self) -> str:
        return self.name + ENDING

    def column(self, name: str) -> Column:
        return next(each for each in self.columns if each.name == name)

    @property
    def required(self) -> tuple[str, ...]:
        return tuple(each.name for each in self.columns if each.required)


_ZERO = Decimal(0)


def _words(members: Iterable[StrEnum]) -> tuple[str, ...]:
    return tuple(each.value for each in members)


def _code(name: str, refers: str = "", *, required: bool = True, beyond: bool = False, says: str = "") -> Column:
    return Column(name, Form.CODE, required, refers, beyond=beyond, says=says)


def _text(name: str, *, required: bool = False, default: str = "", beyond: bool = False, says: str = "") -> Column:
    return Column(name, Form.TEXT, required, default=default, beyond=beyond, says=says)


def _word(
    name: str, words: Iterable[StrEnum], *, required: bool = True, default: str = "", beyond: bool = False
) -> Column:
    return Column(name, Form.WORD, required, words=_words(words), default=default, beyond=beyond)


def _number(
    name: str,
    form: Form = Form.QUANTITY,
    *,
    required: bool = False,
    least: Decimal | None = _ZERO,
    above: Decimal | None = None,
    most: Decimal | None = None,
    default: str = "",
    beyond: bool = False,
    says: str = "",
) -> Column:
    return Column(
        name,
        form,
        required,
        least=None if above is not None else least,
        above=above,
        most=most,
        default=default,
        beyond=beyond,
        says=says,
    )


def _date(name: str, *, required: bool = False, beyond: bool = False, says: str = "") -> Column:
    return Column(name, Form.DATE, required, beyond=beyond, says=says)


def _flag(name: str, default: bool, *, beyond: bool = False, says: str = "") -> Column:
    return Column(name, Form.FLAG, required=False, default=str(default).lower(), beyond=beyond, says=says)


_VALIDITY = (_date("valid_from", says="empty: since ever"), _date("valid_to", says="this day included; empty: open"))


class BomParent(StrEnum):
    VARIANT = "variant"
    PRODUCT = "product"
    ITEM = "item"


class StockKind(StrEnum):
    ITEM = "item"
    VARIANT = "variant"


FILES: tuple[PackFile, ...] = (
    PackFile(
        "warehouses", (_code("code"), _text("name", required=True), _flag("allow_negative", default=False)), ("code",)
    ),
    PackFile(
        "units",
        (
            _code("code"),
            _text("name", required=True),
            _text("category", required=True),
            _number("factor", required=True, above=_ZERO, says="to the category's base"),
            _number("digits", Form.WHOLE, required=True, most=Decimal(6), says="decimals in which it is ordered"),
        ),
        ("code",),
    ),
    PackFile(
        "items",
        (
            _code("code"),
            _text("name", required=True),
            _code("unit", "units", says="the stock unit"),
            _word("kind", ItemKind),
            _word("supply", SupplyMode),
            _code("group", required=False, says="made where it is new"),
            _number("safety_stock", default="0"),
            _number("reorder_point"),
            _number("order_up_to", says="not below reorder_point"),
            _word("lot_policy", LotPolicy, required=False, default=LotPolicy.LOT_FOR_LOT.value),
            _number("period_days", Form.WHOLE, above=_ZERO, least=None, says="needed by the policy “period”"),
            _number("make_lead_days", Form.WHOLE, default="0"),
            _flag("inspection", default=False),
            _number("over_receipt_pct", Form.PERCENT),
            _number("standard_cost", Form.PRICE),
            _code("warehouse", "warehouses", required=False, says="the default warehouse"),
            _flag("active", default=True),
            _number("goods_in_days", Form.WHOLE, default="0", beyond=True),
            _text("description", beyond=True),
            _flag("orderable", default=False, beyond=True),
        ),
        ("code",),
    ),
    PackFile(
        "vendors",
        (
            _code("code"),
            _text("name", required=True),
            _code("currency", "currencies"),
            _word("status", VendorStatus),
            _text("tax_id"),
            _text("language", default="en"),
            _code(
                "payment_terms", required=False, says="a code; one that is new becomes a term without billing events"
            ),
            _text("email"),
            _number("over_receipt_pct", Form.PERCENT, beyond=True),
            _number("minimum_order_value", Form.MONEY, beyond=True),
            _text("legal_name", beyond=True),
            _text("delivery_terms", beyond=True),
            _text("shipping_account", beyond=True),
            _text("shipping_method", beyond=True),
            _text("status_reason", beyond=True),
        ),
        ("code",),
    ),
    PackFile(
        "vendor_items",
        (
            _code("vendor", "vendors"),
            _code("item", "items"),
            _text("vendor_part"),
            _code("purchase_unit", "units", required=False, says="empty: the stock unit"),
            _number(
                "unit_factor", above=_ZERO, says="stock units in one purchase unit; empty: from units of one category"
            ),
            _number("lead_days", Form.WHOLE, required=True),
            _number("moq", default="0", says="purchase units"),
            _number("multiple", above=_ZERO, says="purchase units"),
            _number("preference", Form.WHOLE, default="1", says="1 is asked first"),
            _number("share_pct", Form.PERCENT, most=Decimal(100)),
            *_VALIDITY,
            _text("description", beyond=True),
            _flag("active", default=True, beyond=True),
        ),
        ("vendor", "item", "valid_from"),
        period=("vendor", "item"),
    ),
    PackFile(
        "price_breaks",
        (
            _code("vendor", "vendors"),
            _code("item", "items"),
            _number("from_qty", required=True, says="purchase units"),
            _number("unit_price", Form.PRICE, required=True, says="per purchase unit"),
            _code("currency", "currencies"),
            *_VALIDITY,
            _date(
                "mapping_from",
                beyond=True,
                says="valid_from of the vendor item; empty: the first whose validity meets the break's",
            ),
        ),
        ("vendor", "item", "mapping_from", "from_qty", "currency", "valid_from"),
        period=("vendor", "item", "mapping_from", "from_qty", "currency"),
    ),
    PackFile(
        "products", (_code("code"), _text("name", required=True), _flag("cover_from_stock", default=True)), ("code",)
    ),
    PackFile("variants", (_code("sku"), _code("product", "products"), _text("name", required=True)), ("sku",)),
    PackFile(
        "options",
        (_code("product", "products"), _code("group", says="without = and ;"), _code("value", says="without ;")),
        ("product", "group", "value"),
    ),
    PackFile(
        "bom",
        (
            _word("parent_kind", BomParent),
            _code("parent", says="a sku, a product, or an item that is made or phantom"),
            _code("component", "items"),
            _number("qty", required=True, above=_ZERO, says="stock units of the component"),
            _number("scrap_pct", Form.PERCENT, default="0"),
            *_VALIDITY,
        ),
        ("parent_kind", "parent", "component", "valid_from"),
        period=("parent_kind", "parent", "component"),
    ),
    PackFile(
        "rules",
        (
            _code("code"),
            _code("product", "products", required=False, says="product or sku, or neither for all"),
            _code("sku", "variants", required=False),
            Column(
                "when", Form.CHOICES, required=False, says="empty for “nothing” only: the product or sku needs nothing"
            ),
            _word("behaviour", RuleBehaviour),
            _code("component", "items", required=False, says="empty for “nothing” only"),
            _code("replacement", "items", required=False, says="for “replace” only"),
            _number("qty", above=_ZERO, says="needed by “add” and “scale”"),
            Column("priority", Form.WHOLE, required=False, default="0"),
        ),
        ("code",),
    ),
    PackFile(
        "sales_orders",
        (
            _code("number"),
            _text("customer", required=True),
            _word("status", SalesOrderStatus),
            Column("approved_at", Form.INSTANT, required=False, says="needed where the status is approved"),
            _code("warehouse", "warehouses"),
        ),
        ("number",),
    ),
    PackFile(
        "sales_order_lines",
        (
            _code("order", "sales_orders"),
            _number("line", Form.WHOLE, required=True),
            _code("sku", "variants"),
            _number("qty", required=True, above=_ZERO),
            _date("needed_by", required=True),
            Column("options", Form.CHOICES, required=False, says="values that the product offers"),
            _number("fulfilled_qty", default="0"),
            _number("cancelled_qty", default="0", beyond=True),
            _flag("direct_purchase", default=False, beyond=True),
        ),
        ("order", "line"),
    ),
    PackFile(
        "stock",
        (
            _code("warehouse", "warehouses"),
            _word("kind", StockKind),
            _code("code"),
            Column("qty", Form.QUANTITY, says="the balance on hand, stock units"),
            _number("unit_cost", Form.PRICE, says="in the organisation's currency; empty: the moving average"),
            _date("date", says="day of the posting; empty: today"),
            Column("inspection_qty", Form.QUANTITY, required=False, beyond=True, says="the balance in inspection"),
            Column(
                "value",
                Form.PRICE,
                required=False,
                beyond=True,
                says="of all of it, where cost × quantity is not exact",
            ),
        ),
        ("warehouse", "kind", "code"),
    ),
    PackFile(
        "contracts",
        (
            _code("number"),
            _code("vendor", "vendors"),
            _code("currency", "currencies"),
            _date("valid_from", required=True),
            _date("valid_to", required=True),
            _number("amount", Form.MONEY),
            _text("title", beyond=True),
            _word("status", ContractStatus, required=False, default=ContractStatus.ACTIVE.value, beyond=True),
        ),
        ("number",),
    ),
    PackFile(
        "contract_items",
        (_code("contract", "contracts"), _code("item", "items"), _number("qty"), _number("unit_price", Form.PRICE)),
        ("contract", "item"),
    ),
    PackFile(
        "purchase_orders",
        (
            _code("number"),
            _code("vendor", "vendors"),
            _code("currency", "currencies"),
            _word("status", OrderState),
            _code("warehouse", "warehouses"),
            _date("ordered_on"),
            _code("contract", "contracts", required=False),
            _text("title", beyond=True),
            _flag("on_hold", default=False, beyond=True),
            _date("order_by", beyond=True),
            _number("header_discount", Form.MONEY, default="0", beyond=True),
            _number("shipping_costs", Form.MONEY, default="0", beyond=True),
        ),
        ("number",),
    ),
    PackFile(
        "purchase_order_lines",
        (
            _code("order", "purchase_orders"),
            _number("line", Form.WHOLE, required=True),
            _code("item", "items"),
            _number("qty", required=True, above=_ZERO, says="ordered units"),
            _number("unit_price", Form.PRICE, required=True, says="per ordered unit"),
            _number("received_qty", default="0", says="ordered units, rejected ones included"),
            _number("rejected_qty", default="0"),
            Column("expected_on", Form.DATE, required=False, says="needed while goods are awaited"),
            _date("promised_on"),
            _code(
                "unit",
                "units",
                required=False,
                beyond=True,
                says="empty: the vendor item's purchase unit, else the stock unit",
            ),
            _number("unit_factor", above=_ZERO, beyond=True),
            _number("receivable_qty", beyond=True, says="empty: qty and the tolerance that holds"),
            _number("returned_qty", default="0", beyond=True),
            _number("discount_pct", Form.PERCENT, most=Decimal(100), default="0", beyond=True),
            _number("discount_amount", Form.MONEY, default="0", beyond=True),
            _number("tax_pct", Form.PERCENT, default="0", beyond=True),
            _date("needed_on", beyond=True),
            _text("vendor_part", beyond=True, says="empty: the vendor item's"),
            _text("description", beyond=True),
        ),
        ("order", "line"),
    ),
)

BY_NAME: dict[str, PackFile] = {each.name: each for each in FILES}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong in a pack. Row 1 is the header; 0 stands for the file as a whole."""

    file: str
    row: int
    column: str
    value: str
    rule: str

    def __str__(self) -> str:
        place = f"{self.file}, row {self.row}" if self.row else self.file
        column = f", {self.column}" if self.column else ""
        value = f" “{self.value}”" if self.value else ""
        return f"{place}{column}:{value} {self.rule}"
