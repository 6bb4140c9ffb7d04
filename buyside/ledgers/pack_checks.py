"""What must hold between the rows of a pack, and between them and the database, checked set by set before anything loads.

Every function tells of all the rows that break its rule; see `pack_rows.faults`.
"""

from itertools import pairwise
from typing import Any, LiteralString

from psycopg import sql

from buyside.db.bulk import Connection, run
from buyside.domain.orders import AWAITING_GOODS, OrderState
from buyside.domain.pack import BY_NAME, FILES, PackFile
from buyside.ledgers.pack_rows import Rows, check_keys, check_references

_MOST_CYCLES = 100

_NOT_YET_ISSUED = (OrderState.DRAFT.value, OrderState.IN_APPROVAL.value, OrderState.APPROVED.value)


def check_rows(rows: Rows) -> None:
    """Check everything that can be wrong with well-spelt cells."""
    for file in FILES:
        if rows.counts[file.name]:
            check_references(rows.connection, file)
            check_keys(rows.connection, file)
    _spread_choices(rows.connection)
    _check_items(rows.connection)
    _check_mappings(rows.connection)
    _check_structure(rows.connection)
    _check_demand(rows.connection)
    _check_stock(rows.connection)
    _check_orders(rows)
    for name in ("vendor_items", "price_breaks", "bom", "contracts"):
        _tell(rows.connection, name, "valid_to", "is before valid_from", "s.valid_to < s.valid_from")


def _tell(
    connection: Connection,
    file: str,
    column: str,
    rule: str | sql.Composable,
    where: LiteralString,
    **names: sql.Composable | str,
) -> None:
    """Tell of every row `s` of a file for which `where` holds."""
    run(
        connection,
        "INSERT INTO pg_temp.pack_fault SELECT {file_}, s.row, {name_}, s.{column_}::text, {rule_} "
        "FROM pg_temp.{table_} AS s WHERE {where_}",
        file_=sql.Literal(BY_NAME[file].file_name),
        name_=sql.Literal(column),
        column_=column,
        rule_=sql.Literal(rule) if isinstance(rule, str) else rule,
        table_=f"pack_{file}",
        where_=sql.SQL(where).format(
            **{name: sql.Identifier(each) if isinstance(each, str) else each for name, each in names.items()}
        ),
    )


def _check_items(connection: Connection) -> None:
    _tell(connection, "items", "order_up_to", "is below reorder_point", "s.order_up_to < s.reorder_point")
    _tell(
        connection,
        "items",
        "period_days",
        "is needed by the policy “period”",
        "s.lot_policy = 'period' AND s.period_days IS NULL",
    )
    _tell(
        connection,
        "items",
        "unit",
        "is another stock unit than that of the stock and orders that exist",
        "EXISTS (SELECT FROM public.item AS i JOIN public.unit AS u ON u.id = i.unit_id WHERE i.code = s.code "
        "AND u.code <> s.unit AND (EXISTS (SELECT FROM public.stock_entry AS e WHERE e.item_id = i.id) "
        "OR EXISTS (SELECT FROM public.purchase_order_line AS l WHERE l.item_id = i.id)))",
    )


def _check_mappings(connection: Connection) -> None:
    _tell(
        connection,
        "vendor_items",
        "unit_factor",
        "is needed: purchase unit and stock unit are not of one category",
        "s.purchase_unit IS NOT NULL AND s.unit_factor IS NULL AND NOT EXISTS (SELECT FROM "
        "(SELECT code, unit FROM pg_temp.pack_items UNION ALL SELECT i.code, u.code FROM public.item AS i "
        "JOIN public.unit AS u ON u.id = i.unit_id WHERE NOT EXISTS (SELECT FROM pg_temp.pack_items AS p WHERE p.code = i.code)) "
        "AS i LEFT JOIN LATERAL (SELECT category FROM pg_temp.pack_units AS p WHERE p.code = i.unit UNION ALL "
        "SELECT category FROM public.unit AS u WHERE u.code = i.unit LIMIT 1) AS a ON true "
        "LEFT JOIN LATERAL (SELECT category FROM pg_temp.pack_units AS p WHERE p.code = s.purchase_unit UNION ALL "
        "SELECT category FROM public.unit AS u WHERE u.code = s.purchase_unit LIMIT 1) AS b ON true "
        "WHERE i.code = s.item AND (i.unit = s.purchase_unit OR a.category = b.category))",
    )
    _tell(
        connection,
        "price_breaks",
        "item",
        "is not an item of this vendor: it stands neither in vendor_items.csv nor in the database",
        "s.vendor IS NOT NULL AND s.item IS NOT NULL AND NOT EXISTS (SELECT FROM pg_temp.pack_vendor_items AS m "
        "WHERE m.vendor = s.vendor AND m.item = s.item) AND NOT EXISTS (SELECT FROM public.vendor_item AS m "
        "JOIN public.vendor AS v ON v.id = m.vendor_id JOIN public.item AS i ON i.id = m.item_id "
        "WHERE v.code = s.vendor AND i.code = s.item)",
    )
    _tell(
        connection,
        "price_breaks",
        "mapping_from",
        "is the valid_from of no item of this vendor",
        "s.mapping_from IS NOT NULL AND NOT EXISTS (SELECT FROM pg_temp.pack_vendor_items AS m WHERE m.vendor = s.vendor "
        "AND m.item = s.item AND m.valid_from = s.mapping_from) AND NOT EXISTS (SELECT FROM public.vendor_item AS m "
        "JOIN public.vendor AS v ON v.id = m.vendor_id JOIN public.item AS i ON i.id = m.item_id "
        "WHERE v.code = s.vendor AND i.code = s.item AND m.valid_from = s.mapping_from)",
    )
    _check_overlaps(
        connection,
        BY_NAME["vendor_items"],
        sql.SQL(
            "SELECT v.code AS vendor, i.code AS item, m.valid_from, m.valid_to FROM public.vendor_item AS m "
            "JOIN public.vendor AS v ON v.id = m.vendor_id JOIN public.item AS i ON i.id = m.item_id"
        ),
    )
    _check_overlaps(
        connection,
        BY_NAME["price_breaks"],
        sql.SQL(
            "SELECT v.code AS vendor, i.code AS item, NULL::date AS mapping_from, b.from_quantity AS from_qty, "
            "b.currency_code AS currency, b.valid_from, b.valid_to FROM public.price_break AS b "
            "JOIN public.vendor_item AS m ON m.id = b.vendor_item_id "
            "JOIN public.vendor AS v ON v.id = m.vendor_id JOIN public.item AS i ON i.id = m.item_id "
            "JOIN (SELECT id, count(*) OVER (PARTITION BY vendor_id, item_id) AS mappings FROM public.vendor_item) AS n "
            "ON n.id = m.id AND n.mappings = 1"
        ),
    )


def _check_overlaps(connection: Connection, file: PackFile, kept: sql.Composable) -> None:
    """Rows alike in `file.period` valid on one day: among the pack's, and against `kept` ones that the pack leaves alone."""
    found = run(connection, "SELECT FROM pg_temp.{t} LIMIT 1", t=f"pack_{file.name}").fetchone()
    if found is None:
        return
    alike = sql.SQL(" AND ").join(
        sql.SQL("o.{c} IS NOT DISTINCT FROM s.{c}" if not file.column(each).required else "o.{c} = s.{c}").format(
            c=sql.Identifier(each)
        )
        for each in file.period
    )
    meets = sql.SQL(
        "daterange(s.valid_from, CASE WHEN s.valid_to < s.valid_from THEN s.valid_from ELSE s.valid_to END, '[]') && "
        "daterange(o.valid_from, CASE WHEN o.valid_to < o.valid_from THEN o.valid_from ELSE o.valid_to END, '[]') "
        "AND s.valid_from IS DISTINCT FROM o.valid_from"
    )
    names: dict[str, Any] = {
        "file": sql.Literal(file.file_name),
        "t": sql.Identifier(f"pack_{file.name}"),
        "alike": alike,
        "meets": meets,
    }
    run(connection, "DROP TABLE IF EXISTS pg_temp.pack_kept")
    run(connection, "CREATE TEMPORARY TABLE pack_kept ON COMMIT DROP AS {kept}", kept=kept)
    run(connection, "ANALYZE pg_temp.pack_kept")
    run(
        connection,
        "INSERT INTO pg_temp.pack_fault SELECT {file}, s.row, 'valid_from', s.valid_from::text, "
        "'its validity overlaps that of row ' || min(o.row) FROM pg_temp.{t} AS s JOIN pg_temp.{t} AS o ON {alike} "
        "WHERE o.row < s.row AND {meets} GROUP BY s.row, s.valid_from",
        **names,
    )
    run(
        connection,
        "INSERT INTO pg_temp.pack_fault SELECT {file}, s.row, 'valid_from', s.valid_from::text, "
        "'its validity overlaps that of a row that exists, valid from ' || coalesce(min(o.valid_from)::text, 'ever') "
        "|| ' to ' || coalesce(max(o.valid_to)::text, 'open') FROM pg_temp.{t} AS s JOIN pg_temp.pack_kept AS o ON {alike} "
        "WHERE {meets} AND NOT EXISTS (SELECT FROM pg_temp.{t} AS p WHERE {again} "
        "AND p.valid_from IS NOT DISTINCT FROM o.valid_from) GROUP BY s.row, s.valid_from",
        again=sql.SQL(" AND ").join(
            sql.SQL("p.{c} IS NOT DISTINCT FROM o.{c}" if not file.column(each).required else "p.{c} = o.{c}").format(
                c=sql.Identifier(each)
            )
            for each in file.period
        ),
        **names,
    )


def _check_structure(connection: Connection) -> None:
    _tell(connection, "options", "group", "holds = or ;, which separate options in lists", "s.\"group\" ~ '[=;]'")
    _tell(connection, "options", "value", "holds ;, which separates options in lists", "s.value ~ ';'")
    parents: tuple[tuple[str, LiteralString], ...] = (
        ("variant", "SELECT sku FROM pg_temp.pack_variants UNION ALL SELECT sku FROM public.variant"),
        ("product", "SELECT code FROM pg_temp.pack_products UNION ALL SELECT code FROM public.product"),
        ("item", "SELECT code FROM pg_temp.pack_items UNION ALL SELECT code FROM public.item"),
    )
    for kind, known in parents:
        _tell(
            connection,
            "bom",
            "parent",
            f"is no {kind}: it stands neither in the pack nor in the database",
            "s.parent_kind = {kind} AND s.parent IS NOT NULL AND s.parent NOT IN ({known})",
            kind=sql.Literal(kind),
            known=sql.SQL(known),
        )
        _tell(
            connection,
            "stock",
            "code",
            f"is no {kind}: it stands neither in the pack nor in the database",
            "s.kind = {kind} AND s.code IS NOT NULL AND s.code NOT IN ({known})",
            kind=sql.Literal(kind),
            known=sql.SQL(known),
        )
    _tell(
        connection,
        "bom",
        "parent",
        "is an item that is bought; only what is made or phantom has components",
        "s.parent_kind = 'item' AND s.parent IN (SELECT code FROM pg_temp.pack_items WHERE supply = 'buy' UNION ALL "
        "SELECT code FROM public.item WHERE supply = 'buy' AND code NOT IN "
        "(SELECT code FROM pg_temp.pack_items WHERE code IS NOT NULL))",
    )
    _check_overlaps(
        connection,
        BY_NAME["bom"],
        sql.SQL(
            "SELECT CASE WHEN b.variant_id IS NOT NULL THEN 'variant' WHEN b.product_id IS NOT NULL THEN 'product' "
            "ELSE 'item' END AS parent_kind, coalesce(v.sku, p.code, i.code) AS parent, c.code AS component, "
            "b.valid_from, b.valid_to FROM public.bom_row AS b JOIN public.item AS c ON c.id = b.component_id "
            "LEFT JOIN public.variant AS v ON v.id = b.variant_id LEFT JOIN public.product AS p ON p.id = b.product_id "
            "LEFT JOIN public.item AS i ON i.id = b.item_id"
        ),
    )
    _check_cycles(connection)
    _tell(
        connection,
        "rules",
        "sku",
        "stands beside a product; a rule is for one of them",
        "s.product IS NOT NULL AND s.sku IS NOT NULL",
    )
    _tell(
        connection,
        "rules",
        "qty",
        "is needed by “add” and “scale”",
        "s.behaviour IN ('add', 'scale') AND s.qty IS NULL",
    )
    _tell(
        connection,
        "rules",
        "replacement",
        "stands with “replace” and with nothing else",
        "(s.behaviour = 'replace') <> (s.replacement IS NOT NULL)",
    )
    _tell(
        connection,
        "rules",
        "component",
        "is needed by all but “nothing”, which has none",
        "(s.behaviour = 'nothing') <> (s.component IS NULL)",
    )
    _tell(
        connection,
        "rules",
        "when",
        "is needed by all but a “nothing” of one product or sku",
        "s.\"when\" IS NULL AND NOT (s.behaviour = 'nothing' AND num_nonnulls(s.product, s.sku) = 1)",
    )
    run(
        connection,
        "INSERT INTO pg_temp.pack_fault SELECT 'rules.csv', s.row, 'when', c.grp || '=' || c.val, "
        "'is an option that no product offers' FROM pg_temp.pack_rules AS s JOIN pg_temp.pack_choices AS c "
        'ON c.list = s."when" WHERE NOT EXISTS (SELECT FROM pg_temp.pack_offered AS o WHERE o.grp = c.grp AND o.val = c.val) '
        "AND NOT EXISTS (SELECT FROM public.option_value AS o WHERE o.group_name = c.grp AND o.value = c.val)",
    )


def _check_cycles(connection: Connection) -> None:
    """ITM-4: what an item is made of must not lead back to it, whatever the validity of the rows."""
    _tell(connection, "bom", "component", "is its own parent", "s.parent_kind = 'item' AND s.parent = s.component")
    run(connection, "DROP TABLE IF EXISTS pg_temp.pack_edges")
    run(
        connection,
        "CREATE TEMPORARY TABLE pack_edges ON COMMIT DROP AS SELECT parent, child, max(row) AS row FROM (SELECT parent, component AS child, row "
        "FROM pg_temp.pack_bom WHERE parent_kind = 'item' AND parent <> component UNION ALL SELECT p.code, c.code, NULL "
        "FROM public.bom_row AS b JOIN public.item AS p ON p.id = b.item_id JOIN public.item AS c ON c.id = b.component_id) "
        "AS e WHERE EXISTS (SELECT FROM pg_temp.pack_bom) GROUP BY parent, child",
    )
    run(connection, "ANALYZE pg_temp.pack_edges")
    peel: tuple[LiteralString, ...] = (
        "DELETE FROM pg_temp.pack_edges AS e WHERE NOT EXISTS (SELECT FROM pg_temp.pack_edges AS o WHERE o.parent = e.child)",
        "DELETE FROM pg_temp.pack_edges AS e WHERE NOT EXISTS (SELECT FROM pg_temp.pack_edges AS o WHERE o.child = e.parent)",
    )
    for statement in peel:  # what remains after all leaves and all roots went is cycles and what lies between them
        while run(connection, statement).rowcount:
            pass
    left = run(connection, "SELECT parent, child, row FROM pg_temp.pack_edges ORDER BY parent, child").fetchall()
    edges: dict[str, dict[str, int | None]] = {}
    for parent, child, row in left:
        edges.setdefault(parent, {})[child] = row
    for _ in range(_MOST_CYCLES):
        path = _find_cycle(edges)
        if not path:
            return
        steps = list(pairwise(path))
        row, parent, child = max((edges[a][b] or 0, a, b) for a, b in steps)
        connection.execute(
            "INSERT INTO pg_temp.pack_fault VALUES ('bom.csv', %s, 'component', %s, %s)",
            (row, child, f"makes a cycle: {' → '.join(path)}"),
        )
        del edges[parent][child]


def _find_cycle(edges: dict[str, dict[str, int | None]]) -> list[str]:
    """The codes of one cycle, its first code repeated at the end; empty where there is none."""
    done: set[str] = set()
    for start, first in edges.items():
        stack = [] if start in done else [(start, iter(first))]
        path, on_path = [start], {start}
        while stack:
            node, children = stack[-1]
            child = next((each for each in children if each not in done), None)
            if child is None:
                stack.pop()
                done.add(node)
                on_path.discard(path.pop())
            elif child in on_path:
                return [*path[path.index(child) :], child]
            else:
                stack.append((child, iter(edges.get(child, {}))))
                path.append(child)
                on_path.add(child)
    return []


def _spread_choices(connection: Connection) -> None:
    """`pack_choices`: the options of each different list; `pack_offered`: what each product will offer."""
    run(connection, "DROP TABLE IF EXISTS pg_temp.pack_choices, pg_temp.pack_offered")
    run(
        connection,
        "CREATE TEMPORARY TABLE pack_choices ON COMMIT DROP AS SELECT list, btrim(split_part(pair, '=', 1)) AS grp, "
        "btrim(substr(pair, strpos(pair, '=') + 1)) AS val, count(*) AS times FROM "
        '(SELECT options AS list FROM pg_temp.pack_sales_order_lines UNION SELECT "when" FROM pg_temp.pack_rules) AS lists '
        "CROSS JOIN LATERAL string_to_table(list, ';') AS pair GROUP BY 1, 2, 3",
    )
    run(
        connection,
        'CREATE TEMPORARY TABLE pack_offered ON COMMIT DROP AS SELECT product, "group" AS grp, value AS val '
        "FROM pg_temp.pack_options UNION SELECT p.code, v.group_name, v.value FROM public.product_option AS o "
        "JOIN public.product AS p ON p.id = o.product_id JOIN public.option_value AS v ON v.id = o.option_value_id",
    )
    run(connection, "ANALYZE pg_temp.pack_choices")
    run(connection, "ANALYZE pg_temp.pack_offered")
    for file, column in (("sales_order_lines", "options"), ("rules", "when")):
        _tell(
            connection,
            file,
            column,
            "names an option twice",
            "s.{cell} IN (SELECT list FROM pg_temp.pack_choices WHERE times > 1)",
            cell=column,
        )


def _check_demand(connection: Connection) -> None:
    _tell(
        connection,
        "sales_orders",
        "approved_at",
        "is needed: the order is approved",
        "s.status = 'approved' AND s.approved_at IS NULL",
    )
    _tell(
        connection,
        "sales_order_lines",
        "fulfilled_qty",
        "is more than was ordered and not cancelled",
        "coalesce(s.fulfilled_qty, 0) + coalesce(s.cancelled_qty, 0) > s.qty",
    )
    run(
        connection,
        "WITH refused AS (SELECT u.sku, u.options, c.grp, c.val, v.product FROM "
        "(SELECT DISTINCT sku, options FROM pg_temp.pack_sales_order_lines WHERE options IS NOT NULL) AS u "
        "JOIN (SELECT sku, product FROM pg_temp.pack_variants UNION ALL SELECT v.sku, p.code FROM public.variant AS v "
        "JOIN public.product AS p ON p.id = v.product_id WHERE NOT EXISTS "
        "(SELECT FROM pg_temp.pack_variants AS n WHERE n.sku = v.sku)) AS v ON v.sku = u.sku "
        "JOIN pg_temp.pack_choices AS c ON c.list = u.options WHERE NOT EXISTS (SELECT FROM pg_temp.pack_offered AS o "
        "WHERE o.product = v.product AND o.grp = c.grp AND o.val = c.val)) "
        "INSERT INTO pg_temp.pack_fault SELECT 'sales_order_lines.csv', s.row, 'options', r.grp || '=' || r.val, "
        "'is not offered by product ' || r.product FROM refused AS r JOIN pg_temp.pack_sales_order_lines AS s "
        "ON s.sku = r.sku AND s.options = r.options",
    )


def _check_stock(connection: Connection) -> None:
    for column in ("qty", "inspection_qty"):
        _tell(
            connection,
            "stock",
            column,
            "is below zero, which the warehouse does not allow",
            "s.{cell} < 0 AND NOT coalesce((SELECT bool_or(w.allow_negative) FROM pg_temp.pack_warehouses AS w "
            "WHERE w.code = s.warehouse), (SELECT w.allows_negative FROM public.warehouse AS w WHERE w.code = s.warehouse), false)",
            cell=column,
        )


def _check_orders(rows: Rows) -> None:
    connection = rows.connection
    _tell(
        connection,
        "purchase_orders",
        "contract",
        "is a contract with another vendor",
        "s.contract IS NOT NULL AND s.vendor <> coalesce((SELECT min(c.vendor) FROM pg_temp.pack_contracts AS c "
        "WHERE c.number = s.contract), (SELECT v.code FROM public.contract AS c JOIN public.vendor AS v ON v.id = c.vendor_id "
        "WHERE c.number = s.contract))",
    )
    line = "purchase_order_lines"
    _tell(connection, line, "rejected_qty", "is more than was received", "s.rejected_qty > coalesce(s.received_qty, 0)")
    _tell(
        connection,
        line,
        "unit_factor",
        "stands with unit, and neither without the other",
        "(s.unit IS NULL) <> (s.unit_factor IS NULL)",
    )
    state = sql.SQL(
        'coalesce((SELECT min(o.status) FROM pg_temp.pack_purchase_orders AS o WHERE o.number = s."order"), '
        '(SELECT o.state FROM public.purchase_order AS o WHERE o.number = s."order"))'
    )
    _tell(
        connection,
        line,
        "expected_on",
        "is needed: the order awaits goods",
        "s.expected_on IS NULL AND {state} = ANY({awaiting})",
        state=state,
        awaiting=sql.Literal(sorted(each.value for each in AWAITING_GOODS)),
    )
    _tell(
        connection,
        line,
        "received_qty",
        "is not possible: the order was not issued yet",
        "s.received_qty > 0 AND {state} = ANY({early})",
        state=state,
        early=sql.Literal(list(_NOT_YET_ISSUED)),
    )
    item_in_pack = sql.Literal(rows.names("items", "over_receipt_pct"))
    vendor_in_pack = sql.Literal(rows.names("vendors", "over_receipt_pct"))
    run(
        connection,
        "WITH lines AS (SELECT s.row, s.received_qty, s.receivable_qty, s.qty, coalesce("
        "CASE WHEN pi.code IS NOT NULL AND {item_in_pack} THEN pi.over_receipt_pct ELSE i.over_receipt_percent END, "
        "CASE WHEN pv.code IS NOT NULL AND {vendor_in_pack} THEN pv.over_receipt_pct ELSE v.over_receipt_percent END, "
        "g.over_receipt_percent) AS tolerance FROM pg_temp.pack_purchase_order_lines AS s "
        'LEFT JOIN pg_temp.pack_purchase_orders AS po ON po.number = s."order" '
        'LEFT JOIN public.purchase_order AS o ON o.number = s."order" '
        "LEFT JOIN pg_temp.pack_vendors AS pv ON pv.code = po.vendor "
        "LEFT JOIN public.vendor AS v ON CASE WHEN po.vendor IS NULL THEN v.id = o.vendor_id ELSE v.code = po.vendor END "
        "LEFT JOIN pg_temp.pack_items AS pi ON pi.code = s.item LEFT JOIN public.item AS i ON i.code = s.item "
        "CROSS JOIN public.organisation AS g WHERE s.received_qty > s.qty) "
        "INSERT INTO pg_temp.pack_fault SELECT DISTINCT 'purchase_order_lines.csv', row, 'received_qty', received_qty::text, "
        "'is more than ordered plus tolerance (' || trim_scale(coalesce(receivable_qty, trunc(qty * (1 + tolerance * 0.01), 6))) || ')' "
        "FROM lines WHERE received_qty > coalesce(receivable_qty, trunc(qty * (1 + tolerance * 0.01), 6))",
        item_in_pack=item_in_pack,
        vendor_in_pack=vendor_in_pack,
    )
