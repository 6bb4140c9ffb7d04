"""Kinds of records and their fields in the words of the field: what the audit trail calls a table, a column and a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from buyside.domain.access import Permission
from buyside.domain.words import Tone, Words


@dataclass(frozen=True, slots=True)
class RecordKind:
    """What one table holds."""

    word: str
    """One record of it, as people say it."""
    named_by: tuple[str, ...] = ()
    """Columns that together tell people which record is meant; a reference among them stands for the name of its record."""
    path: str = ""
    """Its page, where there is one: `{name}` is the first part of the record's name, `{id}` its key."""
    permission: Permission | None = None
    """Who may open that page."""


_P = Permission
_ITEM = "/items/{name}"

RECORDS: Mapping[str, RecordKind] = {
    "purchase_order": RecordKind("Purchase order", ("number",), "/orders/{name}", _P.ORDER_VIEW),
    "receipt": RecordKind("Receipt", ("number",)),
    "planning_run": RecordKind("Planning run", ("as_of",), "/plan?run={id}", _P.PLAN_VIEW),
    "contract": RecordKind("Contract", ("number",)),
    "sales_order": RecordKind("Sales order", ("number",), "/sales-orders/{name}", _P.DEMAND_VIEW),
    "app_user": RecordKind("User", ("name",), "/admin/users?user={id}", _P.USER_VIEW),
    "user_role": RecordKind("Role of a user", ("user_id", "role")),
    "user_invitation": RecordKind("Invitation", ("user_id",)),
    "vendor_membership": RecordKind("Membership", ("vendor_id", "user_id")),
    "organisation": RecordKind("Organisation", ("name",)),
    "organisation_address": RecordKind("Address of the organisation", ("account",)),
    "vendor": RecordKind("Vendor", ("code", "name"), "/vendors/{name}", _P.VENDOR_VIEW),
    "vendor_address": RecordKind("Address of a vendor", ("vendor_id", "name")),
    "vendor_contact": RecordKind("Contact of a vendor", ("vendor_id", "name")),
    "vendor_closing_day": RecordKind("Closing day of a vendor", ("vendor_id", "from_day")),
    "vendor_bank_account": RecordKind(
        "Bank account of a vendor", ("vendor_id", "shown"), "/bank-accounts?account={id}", _P.VENDOR_VIEW
    ),
    "vendor_bank_number": RecordKind("Numbers of a bank account", ("account_id",)),
    "vendor_item": RecordKind("Vendor item", ("vendor_id", "item_id")),
    "price_break": RecordKind("Price break", ("vendor_item_id", "from_quantity")),
    "vendor_series": RecordKind("Series of order numbers", ("vendor_id", "year")),
    "item": RecordKind("Item", ("code", "name"), _ITEM, _P.ITEM_VIEW),
    "item_group": RecordKind("Item group", ("code",)),
    "unit": RecordKind("Unit", ("code",)),
    "product": RecordKind("Product", ("code",)),
    "variant": RecordKind("Variant", ("sku", "name"), "/stock?article={name}", _P.STOCK_VIEW),
    "option_value": RecordKind("Option value", ("group_name", "value")),
    "product_option": RecordKind("Option of a product", ("product_id", "option_value_id")),
    "bom_row": RecordKind("Bill of material row", ("variant_id", "product_id", "item_id", "component_id")),
    "option_rule": RecordKind("Rule of configuration", ("code",)),
    "option_rule_condition": RecordKind("Condition of a rule", ("rule_id", "option_value_id")),
    "warehouse": RecordKind("Warehouse", ("code",)),
    "currency": RecordKind("Currency", ("code",)),
    "payment_term": RecordKind("Payment terms", ("code",)),
    "payment_term_event": RecordKind("Billing event of payment terms", ("payment_term_id", "position")),
    "exchange_rate": RecordKind("Exchange rate", ("currency_code", "valid_from")),
    "tax_code": RecordKind("Tax code", ("code",)),
    "cost_center": RecordKind("Cost centre", ("code",)),
    "saved_view": RecordKind("Saved view", ("grid", "name")),
    "order_type": RecordKind("Order type", ("code",)),
    "sales_order_line": RecordKind("Line of a sales order", ("order_id", "line_number")),
    "sales_order_line_option": RecordKind("Chosen option", ("line_id", "option_value_id")),
    "purchase_order_line": RecordKind("Line of a purchase order", ("order_id", "line_number")),
    "purchase_order_peg": RecordKind("Customers' line served", ("order_line_id", "sales_order_line_id")),
    "purchase_order_snapshot": RecordKind("Issued paper", ("order_id", "revision")),
    "receipt_line": RecordKind("Line of a receipt", ("receipt_id", "order_line_id")),
    "stock_entry": RecordKind("Stock entry", ("warehouse_id", "item_id", "variant_id")),
    "plan_line": RecordKind("Plan line", ("item_id", "needed_on")),
    "planning_problem": RecordKind("Problem of a plan", ("kind",)),
    "planning_run_input": RecordKind("Input of a planning run", ("name",)),
    "action_message": RecordKind("Action message", ("kind", "item_id"), "/messages?message={id}", _P.PLAN_VIEW),
    "planning_scenario": RecordKind("What-if scenario", ("name",), "/scenarios?scenario={id}", _P.PLAN_VIEW),
    "planning_scenario_change": RecordKind("Change of a scenario", ("scenario_id", "position")),
    "planning_scenario_item": RecordKind("Difference of a scenario", ("item_id",)),
    "planning_schedule": RecordKind("Planning schedule", ("name",), "/plan/schedules", _P.PLAN_RUN),
    "contract_item": RecordKind("Item of a contract", ("contract_id", "item_id")),
    "pack": RecordKind("Data pack", ("name",)),
    "import_file": RecordKind("File", ("name",)),
    "import_run": RecordKind("Import of a file", ("sheet", "started_at"), "/files?run={id}", _P.DATA_IMPORT),
    "import_outcome": RecordKind("Row of an import", ("run_id", "row_number")),
    "import_mapping": RecordKind("Mapping of columns", ("sheet",)),
}
"""By table, and by what bulk loads tell of themselves. Of a change to several, the first here is what it was about."""

RECORD_WORDS: Words = {name: (kind.word, Tone.NEUTRAL) for name, kind in RECORDS.items()}

_LABELS = {
    "email": "E-mail",
    "contact_email": "Contact's e-mail",
    "contact_phone": "Contact's phone",
    "contact_name": "Contact",
    "tax_id": "Tax id",
    "bom": "Bill of material",
    "sku": "SKU",
    "as_of": "As of",
    "quantity_packs": "Quantity, in ordered units",
    "suggested_quantity_packs": "Suggested quantity, in ordered units",
    "unit_factor": "Stock units per ordered unit",
    "subject": "Subject at the issuer",
    "fulfil_all_at_once": "Fulfil all at once",
    "covers_from_stock": "Covered from stock first",
    "begins_at": "From",
    "ends_at": "Until",
}


def kind_word(kind: str) -> str:
    """A kind of record as people say it."""
    return RECORDS[kind].word if kind in RECORDS else kind.replace("_", " ").capitalize()


def field_label(column: str) -> str:
    """A column as a label: `vendor_id` is "Vendor", `is_active` is "Active", `total_amount` is "Total amount"."""
    if column in _LABELS:
        return _LABELS[column]
    words = column.removesuffix("_id").removesuffix("_code").removeprefix("is_").replace("_", " ")
    return words[:1].upper() + words[1:]


def operation_words(operation: str) -> str:
    """An operation's name as a sentence's beginning: `receive_order` is "Receive order"."""
    return operation.replace("_", " ").capitalize()
