"""Writing a pack out: every file streamed by the server, in an order that only the records decide."""

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import LiteralString

from psycopg import sql
from sqlmodel import Session

from buyside.db.bulk import Connection, driver, run
from buyside.domain.access import Actor, Permission, needs
from buyside.domain.pack import FILES, Column, Form, PackFile
from buyside.domain.refusals import Refused


class FolderNotEmpty(Refused):
    code = "packs.folder-not-empty"
    says = "{folder} is no empty folder; a pack is written into one of its own."


@dataclass(frozen=True, slots=True)
class PackWritten:
    """What an export wrote: rows by file."""

    folder: str
    rows: dict[str, int]


def _silent(_step: str) -> None:
    return


@needs(Permission.DATA_EXPORT)
def export_pack(
    session: Session, _actor: Actor, *, folder: Path, on_step: Callable[[str], None] = _silent
) -> PackWritten:
    """Write everything that a pack can say into an empty or new folder, so that it imports again to the same state.

    Files without rows are written too, as their header. Formulas are not defused: a pack is read by imports, and must
    come back as it was. Refuses: FolderNotEmpty.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FolderNotEmpty(folder=folder)
    folder.mkdir(parents=True, exist_ok=True)
    connection = driver(session)
    rows = {}
    for file in FILES:
        on_step(f"writing {file.file_name}")
        rows[file.file_name] = _write(connection, file, folder)
    return PackWritten(str(folder), rows)


def _write(connection: Connection, file: PackFile, folder: Path) -> int:
    selected, beyond = SOURCES[file.name]
    named = run(
        connection,
        "SELECT {tests} FROM ({rows}) AS s",
        tests=sql.SQL(", ").join(
            sql.SQL("coalesce(bool_or({}), false)").format(sql.SQL(test)) for test in ("false", *beyond.values())
        ),
        rows=sql.SQL(selected),
    ).fetchone()
    needed = {name for name, is_needed in zip(beyond, (named or (False,))[1:], strict=False) if is_needed}
    if file.name == "purchase_order_lines" and needed & {"unit", "unit_factor"}:
        needed |= {"unit", "unit_factor"}
    columns = [each for each in file.columns if not each.beyond or each.name in needed]
    statement = sql.SQL("COPY (SELECT {} FROM ({}) AS s ORDER BY {}) TO STDOUT (FORMAT csv, ENCODING 'UTF8')").format(
        sql.SQL(", ").join(_spelt(each) for each in columns),
        sql.SQL(selected),
        sql.SQL(", ").join(_order(file.column(each)) for each in file.key),
    )
    header = io.StringIO()
    csv.writer(header, lineterminator="\n").writerow([each.name for each in columns])
    with (folder / file.file_name).open("wb") as target, connection.cursor() as cursor:
        target.write(header.getvalue().encode())
        with cursor.copy(statement) as copy:
            for chunk in copy:
                target.write(chunk)
        return cursor.rowcount


def _spelt(column: Column) -> sql.Composable:
    cell = sql.SQL("s.{}").format(sql.Identifier(column.name))
    if column.form in (Form.QUANTITY, Form.PRICE, Form.MONEY, Form.PERCENT):
        return sql.SQL("trim_scale({})").format(cell)
    if column.form is Form.FLAG:
        return sql.SQL("CASE WHEN {} THEN 'true' ELSE 'false' END").format(cell)
    if column.form is Form.INSTANT:
        return sql.SQL(
            "regexp_replace(to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US'), '[.]?0*$', '') || 'Z'"
        ).format(cell)
    if column.form in (Form.TEXT, Form.CODE, Form.CHOICES, Form.WORD):
        return sql.SQL("nullif({}, '')").format(cell)
    return cell


def _order(column: Column) -> sql.Composable:
    cell = sql.SQL("s.{}").format(sql.Identifier(column.name))
    if column.form in (Form.TEXT, Form.CODE, Form.WORD):
        return sql.SQL('{} COLLATE "C"').format(cell)
    return sql.SQL("{} NULLS FIRST").format(cell)


_FIRST_MAPPING: LiteralString = (  # what an import chooses for a price break that names no mapping
    "(SELECT o.id FROM vendor_item AS o WHERE o.vendor_id = m.vendor_id AND o.item_id = m.item_id "
    "ORDER BY daterange(o.valid_from, o.valid_to, '[]') && daterange(b.valid_from, b.valid_to, '[]') DESC, "
    "o.valid_from NULLS FIRST LIMIT 1)"
)

Source = tuple[LiteralString, dict[str, LiteralString]]
SOURCES: dict[str, Source] = {
    # By file: the rows, and for each column beyond the usual ones the condition under which a row needs it.
    "warehouses": ("SELECT code, name, allows_negative AS allow_negative FROM warehouse", {}),
    "units": ("SELECT code, name, category, factor, digits FROM unit", {}),
    "items": (
        (
            'SELECT i.code, i.name, u.code AS unit, i.kind, i.supply, g.code AS "group", i.safety_stock, i.reorder_point, '
            "i.order_up_to, i.lot_policy, i.period_days, i.make_lead_days, i.inspection_required AS inspection, "
            "i.over_receipt_percent AS over_receipt_pct, i.standard_cost, w.code AS warehouse, i.is_active AS active, "
            "i.goods_in_days, i.description, i.is_orderable AS orderable FROM item AS i JOIN unit AS u ON u.id = i.unit_id "
            "LEFT JOIN item_group AS g ON g.id = i.group_id LEFT JOIN warehouse AS w ON w.id = i.default_warehouse_id"
        ),
        {"goods_in_days": "s.goods_in_days <> 0", "description": "s.description <> ''", "orderable": "s.orderable"},
    ),
    "vendors": (
        (
            "SELECT v.code, v.name, v.currency_code AS currency, v.status, v.tax_id, v.language, p.code AS payment_terms, "
            "v.email, v.over_receipt_percent AS over_receipt_pct, v.minimum_order_value, v.legal_name, v.delivery_terms, "
            "v.shipping_account, v.shipping_method, v.status_reason FROM vendor AS v "
            "LEFT JOIN payment_term AS p ON p.id = v.payment_term_id"
        ),
        {
            "over_receipt_pct": "s.over_receipt_pct IS NOT NULL",
            "minimum_order_value": "s.minimum_order_value IS NOT NULL",
            "legal_name": "s.legal_name <> ''",
            "delivery_terms": "s.delivery_terms <> ''",
            "shipping_account": "s.shipping_account <> ''",
            "shipping_method": "s.shipping_method <> ''",
            "status_reason": "s.status_reason <> ''",
        },
    ),
    "vendor_items": (
        (
            "SELECT v.code AS vendor, i.code AS item, m.vendor_part, u.code AS purchase_unit, m.unit_factor, m.lead_days, "
            "m.minimum_quantity AS moq, m.order_multiple AS multiple, m.preference, m.share_percent AS share_pct, m.valid_from, "
            "m.valid_to, m.description, m.is_active AS active FROM vendor_item AS m JOIN vendor AS v ON v.id = m.vendor_id "
            "JOIN item AS i ON i.id = m.item_id JOIN unit AS u ON u.id = m.purchase_unit_id"
        ),
        {"description": "s.description <> ''", "active": "NOT s.active"},
    ),
    "price_breaks": (
        "SELECT v.code AS vendor, i.code AS item, b.from_quantity AS from_qty, b.unit_price, b.currency_code AS currency, "
        "b.valid_from, b.valid_to, CASE WHEN m.id <> " + _FIRST_MAPPING + " THEN m.valid_from END AS mapping_from "
        "FROM price_break AS b JOIN vendor_item AS m ON m.id = b.vendor_item_id JOIN vendor AS v ON v.id = m.vendor_id "
        "JOIN item AS i ON i.id = m.item_id",
        {"mapping_from": "s.mapping_from IS NOT NULL"},
    ),
    "products": ("SELECT code, name, covers_from_stock AS cover_from_stock FROM product", {}),
    "variants": (
        "SELECT v.sku, p.code AS product, v.name FROM variant AS v JOIN product AS p ON p.id = v.product_id",
        {},
    ),
    "options": (
        (
            'SELECT p.code AS product, v.group_name AS "group", v.value FROM product_option AS o '
            "JOIN product AS p ON p.id = o.product_id JOIN option_value AS v ON v.id = o.option_value_id"
        ),
        {},
    ),
    "bom": (
        (
            "SELECT CASE WHEN b.variant_id IS NOT NULL THEN 'variant' WHEN b.product_id IS NOT NULL THEN 'product' ELSE 'item' END "
            "AS parent_kind, coalesce(v.sku, p.code, i.code) AS parent, c.code AS component, b.quantity_per AS qty, "
            "b.scrap_percent AS scrap_pct, b.valid_from, b.valid_to FROM bom_row AS b JOIN item AS c ON c.id = b.component_id "
            "LEFT JOIN variant AS v ON v.id = b.variant_id LEFT JOIN product AS p ON p.id = b.product_id "
            "LEFT JOIN item AS i ON i.id = b.item_id"
        ),
        {},
    ),
    "rules": (
        (
            "SELECT r.code, p.code AS product, v.sku, (SELECT string_agg(o.group_name || '=' || o.value, ';' "
            'ORDER BY o.group_name COLLATE "C", o.value COLLATE "C") FROM option_rule_condition AS k '
            'JOIN option_value AS o ON o.id = k.option_value_id WHERE k.rule_id = r.id) AS "when", r.behaviour, '
            "c.code AS component, x.code AS replacement, r.quantity AS qty, r.priority FROM option_rule AS r "
            "LEFT JOIN item AS c ON c.id = r.component_id LEFT JOIN item AS x ON x.id = r.replacement_id "
            "LEFT JOIN product AS p ON p.id = r.product_id LEFT JOIN variant AS v ON v.id = r.variant_id"
        ),
        {},
    ),
    "sales_orders": (
        (
            "SELECT o.number, o.customer, o.status, o.approved_at, w.code AS warehouse FROM sales_order AS o "
            "JOIN warehouse AS w ON w.id = o.warehouse_id"
        ),
        {},
    ),
    "sales_order_lines": (
        (
            'SELECT o.number AS "order", l.line_number AS line, v.sku, l.quantity AS qty, l.needed_by, c.options, '
            "l.fulfilled_quantity AS fulfilled_qty, l.cancelled_quantity AS cancelled_qty, l.is_direct_purchase AS direct_purchase "
            "FROM sales_order_line AS l JOIN sales_order AS o ON o.id = l.order_id JOIN variant AS v ON v.id = l.variant_id "
            "LEFT JOIN (SELECT k.line_id, string_agg(x.group_name || '=' || x.value, ';' ORDER BY x.group_name COLLATE \"C\", "
            'x.value COLLATE "C") AS options FROM sales_order_line_option AS k JOIN option_value AS x ON x.id = k.option_value_id '
            "GROUP BY k.line_id) AS c ON c.line_id = l.id"
        ),
        {"cancelled_qty": "s.cancelled_qty <> 0", "direct_purchase": "s.direct_purchase"},
    ),
    "stock": (
        (
            "SELECT *, CASE WHEN worth <> coalesce(round(unit_cost * (qty + inspection_qty), 6), 0) THEN worth END AS value "
            "FROM (SELECT w.code AS warehouse, CASE WHEN b.item_id IS NULL THEN 'variant' ELSE 'item' END AS kind, "
            "coalesce(i.code, v.sku) AS code, b.on_hand AS qty, b.value AS worth, e.date, b.in_inspection AS inspection_qty, "
            "CASE WHEN b.on_hand + b.in_inspection <> 0 AND b.value / (b.on_hand + b.in_inspection) >= 0 "
            "THEN round(b.value / (b.on_hand + b.in_inspection), 6) END AS unit_cost "
            "FROM stock_balance AS b JOIN warehouse AS w ON w.id = b.warehouse_id "
            "LEFT JOIN item AS i ON i.id = b.item_id LEFT JOIN variant AS v ON v.id = b.variant_id "
            "LEFT JOIN (SELECT warehouse_id, item_id, variant_id, max(effective_on) AS date FROM stock_entry "
            "GROUP BY warehouse_id, item_id, variant_id) AS e ON e.warehouse_id = b.warehouse_id "
            "AND coalesce(e.item_id, 0) = coalesce(b.item_id, 0) AND coalesce(e.variant_id, 0) = coalesce(b.variant_id, 0)) AS b"
        ),
        {"inspection_qty": "s.inspection_qty <> 0", "value": "s.value IS NOT NULL"},
    ),
    "contracts": (
        (
            "SELECT c.number, v.code AS vendor, c.currency_code AS currency, c.valid_from, c.valid_to, c.amount, c.title, c.status "
            "FROM contract AS c JOIN vendor AS v ON v.id = c.vendor_id"
        ),
        {"title": "s.title <> ''", "status": "s.status <> 'active'"},
    ),
    "contract_items": (
        (
            "SELECT c.number AS contract, i.code AS item, k.quantity AS qty, k.unit_price FROM contract_item AS k "
            "JOIN contract AS c ON c.id = k.contract_id JOIN item AS i ON i.id = k.item_id"
        ),
        {},
    ),
    "purchase_orders": (
        (
            "SELECT o.number, v.code AS vendor, o.currency_code AS currency, o.state AS status, w.code AS warehouse, o.ordered_on, "
            "c.number AS contract, o.title, o.is_on_hold AS on_hold, o.order_by, o.header_discount, o.shipping_costs "
            "FROM purchase_order AS o JOIN vendor AS v ON v.id = o.vendor_id JOIN warehouse AS w ON w.id = o.warehouse_id "
            "LEFT JOIN contract AS c ON c.id = o.contract_id"
        ),
        {
            "title": "s.title <> ''",
            "on_hold": "s.on_hold",
            "order_by": "s.order_by IS NOT NULL",
            "header_discount": "s.header_discount <> 0",
            "shipping_costs": "s.shipping_costs <> 0",
        },
    ),
    "purchase_order_lines": (
        (
            'SELECT o.number AS "order", l.line_number AS line, i.code AS item, l.quantity AS qty, l.unit_price, '
            "l.received_quantity AS received_qty, l.rejected_quantity AS rejected_qty, l.expected_on, l.promised_on, "
            "u.code AS unit, l.unit_factor, l.receivable_quantity AS receivable_qty, l.returned_quantity AS returned_qty, "
            "l.discount_percent AS discount_pct, l.discount_amount, l.tax_percent AS tax_pct, l.needed_on, l.vendor_part, "
            "l.description, coalesce(m.purchase_unit_id, i.unit_id) <> l.unit_id OR coalesce(m.unit_factor, 1) <> l.unit_factor "
            "AS has_other_unit, trunc(l.quantity * (1 + coalesce(i.over_receipt_percent, v.over_receipt_percent, "
            "g.over_receipt_percent) * 0.01), 6) <> l.receivable_quantity AS has_other_tolerance, "
            "coalesce(m.vendor_part, '') <> l.vendor_part AS has_other_part FROM purchase_order_line AS l "
            "JOIN purchase_order AS o ON o.id = l.order_id JOIN vendor AS v ON v.id = o.vendor_id JOIN item AS i ON i.id = l.item_id "
            "JOIN unit AS u ON u.id = l.unit_id CROSS JOIN organisation AS g "
            "LEFT JOIN LATERAL (SELECT e.* FROM vendor_item AS e WHERE e.vendor_id = o.vendor_id AND e.item_id = l.item_id "
            "ORDER BY daterange(e.valid_from, e.valid_to, '[]') @> coalesce(o.ordered_on, (now() AT TIME ZONE g.time_zone)::date) DESC, "
            "e.valid_from NULLS FIRST LIMIT 1) AS m ON true"
        ),
        {
            "unit": "s.has_other_unit",
            "unit_factor": "s.has_other_unit",
            "receivable_qty": "s.has_other_tolerance",
            "returned_qty": "s.returned_qty <> 0",
            "discount_pct": "s.discount_pct <> 0",
            "discount_amount": "s.discount_amount <> 0",
            "tax_pct": "s.tax_pct <> 0",
            "needed_on": "s.needed_on IS NOT NULL",
            "vendor_part": "s.has_other_part",
            "description": "s.description <> ''",
        },
    ),
}
