"""Purchase orders of a checked pack, and the receipts that explain what had been received before.

An order that exists may be stated again as it is. It may be changed only in its own state, and only while it has neither
receipts nor a frozen snapshot.
"""

from datetime import datetime
from typing import LiteralString

from psycopg import sql

from buyside.db.bulk import Connection, run
from buyside.domain.access import Actor
from buyside.domain.orders import OrderState
from buyside.domain.pack import BY_NAME
from buyside.ledgers.pack_master import Written
from buyside.ledgers.pack_rows import Rows

_LARGEST_AMOUNT = 10**14  # what numeric(18, 4) holds

_HEAD: tuple[tuple[str, str], ...] = (  # column of the order, column of the pack that gives it
    ("vendor_id", "vendor"),
    ("currency_code", "currency"),
    ("warehouse_id", "warehouse"),
    ("ordered_on", "ordered_on"),
    ("contract_id", "contract"),
    ("title", "title"),
    ("is_on_hold", "on_hold"),
    ("order_by", "order_by"),
    ("header_discount", "header_discount"),
    ("shipping_costs", "shipping_costs"),
)
_LINE: tuple[tuple[str, str], ...] = (
    ("item_id", "item"),
    ("quantity", "qty"),
    ("unit_price", "unit_price"),
    ("received_quantity", "received_qty"),
    ("rejected_quantity", "rejected_qty"),
    ("expected_on", "expected_on"),
    ("promised_on", "promised_on"),
    ("unit_id", "unit"),
    ("unit_factor", "unit_factor"),
    ("receivable_quantity", "receivable_qty"),
    ("returned_quantity", "returned_qty"),
    ("discount_percent", "discount_pct"),
    ("discount_amount", "discount_amount"),
    ("tax_percent", "tax_pct"),
    ("needed_on", "needed_on"),
    ("vendor_part", "vendor_part"),
    ("description", "description"),
)
_LINE_NEW = ("order_id", "line_number", *(name for name, _ in _LINE), "vendor_item_id")


def resolve_orders(rows: Rows, at: datetime) -> None:
    """Make `pack_heads` and `pack_lines`, and tell of rows that would change what may no longer change."""
    connection = rows.connection
    run(connection, "DROP TABLE IF EXISTS pg_temp.pack_heads, pg_temp.pack_lines, pg_temp.pack_touched")
    run(
        connection,
        "CREATE TEMPORARY TABLE pack_heads ON COMMIT DROP AS SELECT s.row, kept.id AS kept_id, s.number, s.status AS state, "
        "v.id AS vendor_id, s.currency AS currency_code, w.id AS warehouse_id, s.ordered_on, c.id AS contract_id, "
        "coalesce(s.title, '') AS title, coalesce(s.on_hold, false) AS is_on_hold, s.order_by, "
        "coalesce(s.header_discount, 0) AS header_discount, coalesce(s.shipping_costs, 0) AS shipping_costs "
        "FROM pg_temp.pack_purchase_orders AS s JOIN public.vendor AS v ON v.code = s.vendor "
        "JOIN public.warehouse AS w ON w.code = s.warehouse LEFT JOIN public.contract AS c ON c.number = s.contract "
        "LEFT JOIN public.purchase_order AS kept ON kept.number = s.number",
    )
    run(
        connection,
        "CREATE TEMPORARY TABLE pack_lines ON COMMIT DROP AS SELECT s.row, o.id AS order_id, kept.id AS kept_id, "
        's."order" AS number, s.line AS line_number, i.id AS item_id, s.qty AS quantity, s.unit_price, '
        "coalesce(s.received_qty, 0) AS received_quantity, coalesce(s.rejected_qty, 0) AS rejected_quantity, s.expected_on, "
        "s.promised_on, coalesce(u.id, m.purchase_unit_id, i.unit_id) AS unit_id, "
        "coalesce(s.unit_factor, m.unit_factor, 1) AS unit_factor, coalesce(s.receivable_qty, trunc(s.qty * "
        "(1 + coalesce(i.over_receipt_percent, v.over_receipt_percent, g.over_receipt_percent) * 0.01), 6)) AS receivable_quantity, "
        "coalesce(s.returned_qty, 0) AS returned_quantity, coalesce(s.discount_pct, 0) AS discount_percent, "
        "coalesce(s.discount_amount, 0) AS discount_amount, coalesce(s.tax_pct, 0) AS tax_percent, s.needed_on, "
        "coalesce(s.vendor_part, m.vendor_part, '') AS vendor_part, coalesce(s.description, '') AS description, "
        "m.id AS vendor_item_id, coalesce(h.currency_code, o.currency_code) AS currency_code "
        "FROM pg_temp.pack_purchase_order_lines AS s JOIN public.item AS i ON i.code = s.item "
        'LEFT JOIN pg_temp.pack_heads AS h ON h.number = s."order" '
        'LEFT JOIN public.purchase_order AS o ON o.number = s."order" '
        "JOIN public.vendor AS v ON v.id = coalesce(h.vendor_id, o.vendor_id) "
        "LEFT JOIN public.unit AS u ON u.code = s.unit CROSS JOIN public.organisation AS g "
        "LEFT JOIN public.purchase_order_line AS kept ON kept.order_id = o.id AND kept.line_number = s.line "
        "LEFT JOIN LATERAL (SELECT e.* FROM public.vendor_item AS e WHERE e.vendor_id = v.id AND e.item_id = i.id "
        "ORDER BY daterange(e.valid_from, e.valid_to, '[]') @> coalesce(h.ordered_on, o.ordered_on, {today}) DESC, "
        "e.valid_from NULLS FIRST LIMIT 1) AS m ON true",
        today=sql.Literal(at.date()),
    )
    run(connection, "ANALYZE pg_temp.pack_heads")
    run(connection, "ANALYZE pg_temp.pack_lines")
    _tell_too_large(connection)
    _find_touched(rows)


def _tell_too_large(connection: Connection) -> None:
    run(
        connection,
        "INSERT INTO pg_temp.pack_fault SELECT 'purchase_order_lines.csv', row, 'qty', quantity::text, "
        "'makes an amount of ' || {most} || ' or more' FROM pg_temp.pack_lines WHERE quantity * unit_price >= {most}",
        most=sql.Literal(_LARGEST_AMOUNT),
    )
    run(
        connection,
        "INSERT INTO pg_temp.pack_fault SELECT 'purchase_order_lines.csv', s.row, 'discount_amount', s.discount_amount::text, "
        "'is a discount of more than the line is worth' FROM pg_temp.pack_lines AS s "
        "JOIN public.currency AS c ON c.code = s.currency_code "
        "WHERE round(round(s.quantity * s.unit_price, c.digits) * s.discount_percent * 0.01, c.digits) "
        "+ round(s.discount_amount, c.digits) > round(s.quantity * s.unit_price, c.digits)",
    )


def _given(rows: Rows, file: str, columns: tuple[tuple[str, str], ...]) -> list[str]:
    return [name for name, given_by in columns if given_by in rows.headers[file]]


def _differ(names: list[str], kept: LiteralString, new: LiteralString) -> sql.Composable:
    pairs = [sql.SQL("{}.{} IS DISTINCT FROM {}.{}").format(*_pair(kept, new, name)) for name in names]
    return sql.SQL(" OR ").join(pairs) if pairs else sql.SQL("false")


def _pair(kept: LiteralString, new: LiteralString, name: str) -> tuple[sql.Composable, ...]:
    return sql.SQL(kept), sql.Identifier(name), sql.SQL(new), sql.Identifier(name)


def _find_touched(rows: Rows) -> None:
    """`pack_touched`: existing orders that the pack states otherwise, by the first row that does; refused where too late."""
    connection = rows.connection
    run(
        connection,
        "CREATE TEMPORARY TABLE pack_touched ON COMMIT DROP AS "
        "SELECT DISTINCT ON (order_id) order_id, file, row, number, is_state FROM ("
        "SELECT h.kept_id AS order_id, {heads_file} AS file, h.row, h.number, kept.state <> h.state AS is_state "
        "FROM pg_temp.pack_heads AS h JOIN public.purchase_order AS kept ON kept.id = h.kept_id "
        "WHERE kept.state <> h.state OR {heads} "
        "UNION ALL SELECT s.order_id, {lines_file}, s.row, s.number, false FROM pg_temp.pack_lines AS s "
        "LEFT JOIN public.purchase_order_line AS kept ON kept.id = s.kept_id "
        "WHERE s.order_id IS NOT NULL AND (s.kept_id IS NULL OR {lines})) AS t ORDER BY order_id, is_state DESC, file, row",
        heads_file=sql.Literal(BY_NAME["purchase_orders"].file_name),
        lines_file=sql.Literal(BY_NAME["purchase_order_lines"].file_name),
        heads=_differ(_given(rows, "purchase_orders", _HEAD), "kept", "h"),
        lines=_differ(_given(rows, "purchase_order_lines", _LINE), "kept", "s"),
    )
    run(
        connection,
        "INSERT INTO pg_temp.pack_fault SELECT t.file, t.row, CASE WHEN t.is_state THEN 'status' "
        "WHEN t.file = 'purchase_orders.csv' THEN 'number' ELSE 'order' END, "
        "CASE WHEN t.is_state THEN h.state ELSE t.number END, CASE WHEN t.is_state THEN "
        "'is another state than that of the order that exists (' || o.state || '): orders move by receipts and decisions, not by imports' "
        "ELSE 'cannot change the order that exists: it was issued here or has receipts' END "
        "FROM pg_temp.pack_touched AS t JOIN public.purchase_order AS o ON o.id = t.order_id "
        "LEFT JOIN pg_temp.pack_heads AS h ON h.kept_id = t.order_id "
        "WHERE t.is_state OR EXISTS (SELECT FROM public.receipt AS r WHERE r.order_id = o.id) "
        "OR EXISTS (SELECT FROM public.purchase_order_snapshot AS p WHERE p.order_id = o.id)",
    )


def write_orders(rows: Rows, actor: Actor, at: datetime) -> dict[str, Written]:
    """Write new orders and changed ones, with receipts of what had come before, and price them. After `resolve_orders`."""
    connection = rows.connection
    names = [name for name, _ in _HEAD]
    heads = run(
        connection,
        "INSERT INTO public.purchase_order (number, state, {names}, order_type_id, payment_term_id, shipping_account, "
        "shipping_method, bill_to_account, bill_to_address, bill_to_contact, ship_to_account, ship_to_address, ship_to_contact, "
        "issued_at, fulfil_all_at_once, created_at, created_by, changed_at, changed_by, version) "
        "SELECT h.number, h.state, {values}, t.id, v.payment_term_id, v.shipping_account, v.shipping_method, "
        "coalesce(b.account, ''), coalesce(b.lines, ''), coalesce(concat_ws(E'\\n', nullif(b.contact_name, ''), "
        "nullif(b.contact_email, ''), nullif(b.contact_phone, '')), ''), coalesce(d.account, ''), "
        "coalesce(nullif(w.address, ''), d.lines, ''), coalesce(concat_ws(E'\\n', nullif(d.contact_name, ''), "
        "nullif(d.contact_email, ''), nullif(d.contact_phone, '')), ''), "
        "CASE WHEN h.state <> ALL({early}) THEN h.ordered_on::timestamp AT TIME ZONE 'UTC' END, false, {at}, {who}, {at}, {who}, 1 "
        "FROM pg_temp.pack_heads AS h JOIN public.vendor AS v ON v.id = h.vendor_id "
        "JOIN public.warehouse AS w ON w.id = h.warehouse_id JOIN public.order_type AS t ON t.is_default "
        "LEFT JOIN public.organisation_address AS b ON b.is_bill_to LEFT JOIN public.organisation_address AS d ON d.is_ship_to "
        "WHERE h.kept_id IS NULL ORDER BY h.row",
        names=sql.SQL(", ").join(map(sql.Identifier, names)),
        values=sql.SQL(", ").join(sql.SQL("h.{}").format(sql.Identifier(each)) for each in names),
        early=sql.Literal([OrderState.DRAFT.value, OrderState.IN_APPROVAL.value, OrderState.APPROVED.value]),
        at=sql.Literal(at),
        who=sql.Literal(actor.user_id),
    ).rowcount
    _change_heads(rows, actor, at)
    run(
        connection,
        "UPDATE pg_temp.pack_lines AS s SET order_id = o.id FROM public.purchase_order AS o "
        "WHERE s.order_id IS NULL AND o.number = s.number",
    )
    created, changed = _write_lines(rows)
    run(
        connection,
        "INSERT INTO pg_temp.pack_touched (order_id, number) SELECT o.id, o.number FROM pg_temp.pack_heads AS h "
        "JOIN public.purchase_order AS o ON o.number = h.number WHERE h.kept_id IS NULL",
    )
    run(connection, "ANALYZE pg_temp.pack_touched")
    _write_history(rows, actor, at)
    price_touched(connection)
    moved = run(
        connection,
        "SELECT count(*) FROM pg_temp.pack_touched AS t JOIN pg_temp.pack_heads AS h ON h.kept_id = t.order_id",
    ).fetchone()
    return {
        "purchase_orders": Written(heads, int(moved[0]) if moved else 0),
        "purchase_order_lines": Written(created, changed),
    }


def _change_heads(rows: Rows, actor: Actor, at: datetime) -> None:
    names = _given(rows, "purchase_orders", _HEAD)
    run(
        rows.connection,
        "UPDATE public.purchase_order AS kept SET {sets} FROM pg_temp.pack_touched AS t "
        "LEFT JOIN pg_temp.pack_heads AS h ON h.kept_id = t.order_id WHERE kept.id = t.order_id",
        sets=sql.SQL(", ").join(
            [
                *(
                    sql.SQL("{c} = CASE WHEN h.kept_id IS NULL THEN kept.{c} ELSE h.{c} END").format(
                        c=sql.Identifier(each)
                    )
                    for each in names
                ),
                sql.SQL("version = kept.version + 1, changed_at = {}, changed_by = {}").format(
                    sql.Literal(at), sql.Literal(actor.user_id)
                ),
            ]
        ),
    )


def _write_lines(rows: Rows) -> tuple[int, int]:
    connection = rows.connection
    names = _given(rows, "purchase_order_lines", _LINE)
    changed = 0
    if names:
        changed = run(
            connection,
            "UPDATE public.purchase_order_line AS kept SET {sets} FROM pg_temp.pack_lines AS s "
            "WHERE kept.id = s.kept_id AND ({differ})",
            sets=sql.SQL(", ").join(sql.SQL("{c} = s.{c}").format(c=sql.Identifier(each)) for each in names),
            differ=_differ(names, "kept", "s"),
        ).rowcount
    created = run(
        connection,
        "INSERT INTO public.purchase_order_line ({names}) SELECT {values} FROM pg_temp.pack_lines AS s "
        "WHERE s.kept_id IS NULL ORDER BY s.order_id, s.line_number",
        names=sql.SQL(", ").join(map(sql.Identifier, _LINE_NEW)),
        values=sql.SQL(", ").join(sql.SQL("s.{}").format(sql.Identifier(each)) for each in _LINE_NEW),
    ).rowcount
    return created, changed


def _write_history(rows: Rows, actor: Actor, at: datetime) -> None:
    """One receipt per order for all that it had received: on the day that its last line was due, or today if that is earlier."""
    run(
        rows.connection,
        "INSERT INTO public.receipt (number, order_id, warehouse_id, effective_on, received_at, received_by, is_history) "
        "SELECT 'H-' || o.number, o.id, o.warehouse_id, least(max(coalesce(l.promised_on, l.expected_on, o.ordered_on)), {today}), "
        "{at}, {who}, true FROM pg_temp.pack_touched AS t JOIN public.purchase_order AS o ON o.id = t.order_id "
        "JOIN public.purchase_order_line AS l ON l.order_id = o.id WHERE l.received_quantity > 0 GROUP BY o.id ORDER BY o.id",
        today=sql.Literal(at.date()),
        at=sql.Literal(at),
        who=sql.Literal(actor.user_id),
    )
    run(
        rows.connection,
        "INSERT INTO public.receipt_line (receipt_id, order_line_id, quantity, stock_quantity, rejected_quantity) "
        "SELECT r.id, l.id, l.received_quantity, round(l.received_quantity * l.unit_factor, 6), l.rejected_quantity "
        "FROM pg_temp.pack_touched AS t JOIN public.receipt AS r ON r.order_id = t.order_id AND r.is_history "
        "JOIN public.purchase_order_line AS l ON l.order_id = t.order_id WHERE l.received_quantity > 0 ORDER BY r.id, l.line_number",
    )


def price_touched(connection: Connection) -> None:
    """The arithmetic of `domain.orders.price_order` for every order of `pack_touched`, in one statement each for lines and feet."""
    run(
        connection,
        "WITH priced AS (SELECT l.id, o.id AS order_id, l.line_number, c.digits, l.tax_percent, o.header_discount AS whole, "
        "round(l.quantity * l.unit_price, c.digits) AS subtotal, "
        "round(round(l.quantity * l.unit_price, c.digits) * l.discount_percent * 0.01, c.digits) "
        "+ round(l.discount_amount, c.digits) AS discount FROM pg_temp.pack_touched AS t "
        "JOIN public.purchase_order AS o ON o.id = t.order_id JOIN public.currency AS c ON c.code = o.currency_code "
        "JOIN public.purchase_order_line AS l ON l.order_id = o.id), "
        "weighed AS (SELECT *, subtotal - discount AS net, round(whole, digits) * 10::numeric ^ digits AS cents, "
        "sum(subtotal - discount) OVER w AS weight, count(*) OVER w AS lines FROM priced WINDOW w AS (PARTITION BY order_id)), "
        "cut AS (SELECT *, CASE WHEN cents = 0 THEN 0 WHEN weight = 0 THEN div(cents, lines) ELSE div(cents * net, weight) END AS share, "
        "CASE WHEN cents = 0 THEN 0 WHEN weight = 0 THEN mod(cents, lines) / lines ELSE mod(cents * net, weight) / weight END AS left_over "
        "FROM weighed), "
        "ranked AS (SELECT *, row_number() OVER (PARTITION BY order_id ORDER BY left_over DESC, line_number) AS place, "
        "cents - sum(share) OVER (PARTITION BY order_id) AS missing FROM cut), "
        "shared AS (SELECT *, round((share + CASE WHEN place <= missing THEN 1 ELSE 0 END) / 10::numeric ^ digits, digits) AS part FROM ranked) "
        "UPDATE public.purchase_order_line AS l SET subtotal = s.subtotal, discount = s.discount, header_discount = s.part, "
        "tax = round((s.net - s.part) * s.tax_percent * 0.01, s.digits), "
        "total = s.net - s.part + round((s.net - s.part) * s.tax_percent * 0.01, s.digits) FROM shared AS s WHERE s.id = l.id",
    )
    run(
        connection,
        "UPDATE public.purchase_order AS o SET subtotal = f.subtotal, discount = f.discount, tax = f.tax, "
        "total = f.total + round(o.shipping_costs, f.digits) FROM (SELECT t.order_id, min(c.digits) AS digits, "
        "coalesce(sum(l.subtotal), 0) AS subtotal, coalesce(sum(l.discount + l.header_discount), 0) AS discount, "
        "coalesce(sum(l.tax), 0) AS tax, coalesce(sum(l.total), 0) AS total FROM pg_temp.pack_touched AS t "
        "JOIN public.purchase_order AS h ON h.id = t.order_id JOIN public.currency AS c ON c.code = h.currency_code "
        "LEFT JOIN public.purchase_order_line AS l ON l.order_id = t.order_id GROUP BY t.order_id) AS f WHERE f.order_id = o.id",
    )
