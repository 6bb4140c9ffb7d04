"""Sales orders and contracts of a checked pack, written by number; options chosen on a line stand beside it."""

from buyside.db.bulk import run
from buyside.ledgers.pack_master import Set, Written, upsert
from buyside.ledgers.pack_rows import Rows


def write_demand(rows: Rows) -> dict[str, Written]:
    """Write sales orders, their lines, and the options chosen on them."""
    orders = upsert(
        rows,
        "sales_orders",
        "sales_order",
        [
            Set("number", "s.number"),
            Set("customer", "s.customer"),
            Set("status", "s.status"),
            Set("approved_at", "s.approved_at", "approved_at"),
            Set("warehouse_id", "w.id"),
        ],
        key=["number"],
        joins="JOIN public.warehouse AS w ON w.code = s.warehouse",
    )
    lines = upsert(
        rows,
        "sales_order_lines",
        "sales_order_line",
        [
            Set("order_id", "o.id"),
            Set("line_number", "s.line"),
            Set("variant_id", "v.id"),
            Set("quantity", "s.qty"),
            Set("needed_by", "s.needed_by"),
            Set("fulfilled_quantity", "coalesce(s.fulfilled_qty, 0)", "fulfilled_qty"),
            Set("cancelled_quantity", "coalesce(s.cancelled_qty, 0)", "cancelled_qty"),
            Set("is_direct_purchase", "coalesce(s.direct_purchase, false)", "direct_purchase"),
        ],
        key=["order_id", "line_number"],
        joins='JOIN public.sales_order AS o ON o.number = s."order" JOIN public.variant AS v ON v.sku = s.sku',
        is_versioned=False,
    )
    if not rows.names("sales_order_lines", "options"):
        return {"sales_orders": orders, "sales_order_lines": lines}
    return {"sales_orders": orders, "sales_order_lines": _write_line_options(rows, lines)}


def _write_line_options(rows: Rows, lines: Written) -> Written:
    connection = rows.connection
    run(connection, "DROP TABLE IF EXISTS pg_temp.pack_line_options")
    run(
        connection,
        "CREATE TEMPORARY TABLE pack_line_options ON COMMIT DROP AS WITH chosen AS MATERIALIZED (SELECT c.list, v.id "
        "FROM pg_temp.pack_choices AS c JOIN public.option_value AS v ON v.group_name = c.grp AND v.value = c.val) "
        "SELECT l.id AS line_id, c.id AS option_value_id FROM pg_temp.pack_sales_order_lines AS s "
        'JOIN public.sales_order AS o ON o.number = s."order" '
        "JOIN public.sales_order_line AS l ON l.order_id = o.id AND l.line_number = s.line "
        "JOIN chosen AS c ON c.list = s.options",
    )
    run(connection, "ANALYZE pg_temp.pack_line_options")
    moved = 0
    if rows.counts["sales_order_lines"] > lines.created:
        moved = run(
            connection,
            "DELETE FROM public.sales_order_line_option AS k USING pg_temp.pack_sales_order_lines AS s, "
            'public.sales_order AS o, public.sales_order_line AS l WHERE o.number = s."order" AND l.order_id = o.id '
            "AND l.line_number = s.line AND k.line_id = l.id AND NOT EXISTS (SELECT FROM pg_temp.pack_line_options AS w "
            "WHERE w.line_id = k.line_id AND w.option_value_id = k.option_value_id)",
        ).rowcount
    made = run(
        connection,
        "INSERT INTO public.sales_order_line_option (line_id, option_value_id) "
        "SELECT line_id, option_value_id FROM pg_temp.pack_line_options AS w WHERE NOT EXISTS "
        "(SELECT FROM public.sales_order_line_option AS k WHERE k.line_id = w.line_id "
        "AND k.option_value_id = w.option_value_id)",
    ).rowcount
    changed = lines.changed + (moved if lines.created else max(moved, made))
    return Written(lines.created, changed)


def write_contracts(rows: Rows) -> dict[str, Written]:
    """Write contracts and their items."""
    return {
        "contracts": upsert(
            rows,
            "contracts",
            "contract",
            [
                Set("number", "s.number"),
                Set("vendor_id", "v.id"),
                Set("currency_code", "s.currency"),
                Set("valid_from", "s.valid_from"),
                Set("valid_to", "s.valid_to"),
                Set("amount", "s.amount", "amount"),
                Set("title", "coalesce(s.title, '')", "title"),
                Set("status", "coalesce(s.status, 'active')", "status"),
            ],
            key=["number"],
            joins="JOIN public.vendor AS v ON v.code = s.vendor",
        ),
        "contract_items": upsert(
            rows,
            "contract_items",
            "contract_item",
            [
                Set("contract_id", "c.id"),
                Set("item_id", "i.id"),
                Set("quantity", "s.qty", "qty"),
                Set("unit_price", "s.unit_price", "unit_price"),
            ],
            key=["contract_id", "item_id"],
            joins="JOIN public.contract AS c ON c.number = s.contract JOIN public.item AS i ON i.code = s.item",
            is_versioned=False,
        ),
    }
