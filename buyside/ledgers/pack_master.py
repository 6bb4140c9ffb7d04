"""Master data of a checked pack, written by code: what exists is updated, what is new is made, nothing goes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import LiteralString

from psycopg import sql

from buyside.db.bulk import Connection, run
from buyside.ledgers.pack_rows import Rows


@dataclass(frozen=True, slots=True)
class Written:
    """How many records a file made and how many it changed."""

    created: int
    changed: int


@dataclass(frozen=True, slots=True)
class Set:
    """A column of a table and where its value comes from; `s` is the row of the pack.

    What exists is only changed where the header names `given_by`; empty means always, and `NEVER` never.
    """

    name: str
    value: LiteralString
    given_by: str = ""


NEVER = "never"


def upsert(
    rows: Rows,
    file: str,
    table: str,
    sets: Sequence[Set],
    *,
    key: Sequence[str],
    joins: LiteralString = "",
    has_period: bool = False,
    is_versioned: bool = True,
) -> Written:
    """Write the rows of a file into a table. `key` names columns of the table, all among `sets`."""
    if not rows.counts[file]:
        return Written(0, 0)
    connection = rows.connection
    run(connection, "DROP TABLE IF EXISTS pg_temp.pack_new")
    run(
        connection,
        "CREATE TEMPORARY TABLE pack_new ON COMMIT DROP AS SELECT s.row, {values} FROM pg_temp.{file} AS s {joins}",
        values=sql.SQL(", ").join(
            sql.SQL("{} AS {}").format(sql.SQL(each.value), sql.Identifier(each.name)) for each in sets
        ),
        file=f"pack_{file}",
        joins=sql.SQL(joins),
    )
    run(connection, "ANALYZE pg_temp.pack_new")
    return write_new(
        connection,
        table,
        [each.name for each in sets],
        key=key,
        changes=[
            each.name
            for each in sets
            if each.name not in key and (not each.given_by or each.given_by in rows.headers[file])
        ],
        has_period=has_period,
        is_versioned=is_versioned,
    )


def write_new(
    connection: Connection,
    table: str,
    names: Sequence[str],
    *,
    key: Sequence[str],
    changes: Sequence[str],
    has_period: bool = False,
    is_versioned: bool = True,
) -> Written:
    """Bring the rows of `pack_new` into a table, in their order: `changes` of those whose `key` exists, else all `names`."""
    same = sql.SQL(" AND ").join(
        sql.SQL(
            "coalesce(kept.{c}, '-infinity') = coalesce(n.{c}, '-infinity')"
            if each == "valid_from"
            else "kept.{c} = n.{c}"
        ).format(c=sql.Identifier(each))
        for each in key
    )
    changed = 0
    if changes:
        run(connection, "DROP TABLE IF EXISTS pg_temp.pack_moved")
        changed = run(
            connection,
            "CREATE TEMPORARY TABLE pack_moved ON COMMIT DROP AS SELECT n.row FROM pg_temp.pack_new AS n "
            "JOIN public.{table} AS kept ON {same} WHERE ({kept}) IS DISTINCT FROM ({new})",
            table=table,
            same=same,
            kept=_columns("kept.", changes),
            new=_columns("n.", changes),
        ).rowcount
    if changed:
        if has_period:  # who gives days up goes before who takes them, so that validities never overlap on the way
            run(
                connection,
                "UPDATE public.{table} AS kept SET valid_to = n.valid_to FROM pg_temp.pack_new AS n "
                "WHERE {same} AND n.valid_to < coalesce(kept.valid_to, 'infinity')",
                table=table,
                same=same,
            )
        run(
            connection,
            "UPDATE public.{table} AS kept SET {sets} FROM pg_temp.pack_new AS n "
            "WHERE {same} AND n.row IN (SELECT row FROM pg_temp.pack_moved)",
            table=table,
            same=same,
            sets=sql.SQL(", ").join(
                [
                    *(sql.SQL("{c} = n.{c}").format(c=sql.Identifier(each)) for each in changes),
                    *([sql.SQL("version = kept.version + 1")] if is_versioned else []),
                ]
            ),
        )
    created = run(
        connection,
        "INSERT INTO public.{table} ({names}{version}) SELECT {new}{one} FROM pg_temp.pack_new AS n "
        "WHERE NOT EXISTS (SELECT FROM public.{table} AS kept WHERE {same}) ORDER BY n.row",
        table=table,
        names=_columns("", names),
        new=_columns("n.", names),
        same=same,
        version=sql.SQL(", version" if is_versioned else ""),
        one=sql.SQL(", 1" if is_versioned else ""),
    ).rowcount
    return Written(created, changed)


def _columns(prefix: LiteralString, names: Sequence[str]) -> sql.Composable:
    return sql.SQL(", ").join(sql.SQL(prefix) + sql.Identifier(each) for each in names)


def write_master(rows: Rows) -> dict[str, Written]:
    """Write everything up to the rules; see the reference page for what an empty or absent cell becomes."""
    connection = rows.connection
    done = {
        "warehouses": upsert(
            rows,
            "warehouses",
            "warehouse",
            [
                Set("code", "s.code"),
                Set("name", "s.name"),
                Set("allows_negative", "coalesce(s.allow_negative, false)", "allow_negative"),
            ],
            key=["code"],
        )
    }
    run(
        connection,
        "UPDATE public.stock_balance AS b SET allows_negative = w.allows_negative FROM public.warehouse AS w "
        "WHERE w.id = b.warehouse_id AND b.allows_negative <> w.allows_negative "
        "AND w.code IN (SELECT code FROM pg_temp.pack_warehouses)",
    )
    done["units"] = upsert(
        rows,
        "units",
        "unit",
        [Set(each, value) for each, value in _UNIT],
        key=["code"],
    )
    run(
        connection,
        'INSERT INTO public.item_group (code, name) SELECT DISTINCT s."group", s."group" FROM pg_temp.pack_items AS s '
        'WHERE s."group" IS NOT NULL ORDER BY 1 ON CONFLICT (code) DO NOTHING',
    )
    done["items"] = upsert(
        rows,
        "items",
        "item",
        _ITEM,
        key=["code"],
        joins='JOIN public.unit AS u ON u.code = s.unit LEFT JOIN public.item_group AS g ON g.code = s."group" '
        "LEFT JOIN public.warehouse AS w ON w.code = s.warehouse",
    )
    run(
        connection,
        "INSERT INTO public.payment_term (code, name) SELECT DISTINCT s.payment_terms, s.payment_terms "
        "FROM pg_temp.pack_vendors AS s WHERE s.payment_terms IS NOT NULL ORDER BY 1 ON CONFLICT (code) DO NOTHING",
    )
    done["vendors"] = upsert(
        rows,
        "vendors",
        "vendor",
        _VENDOR,
        key=["code"],
        joins="LEFT JOIN public.payment_term AS p ON p.code = s.payment_terms",
    )
    done["vendor_items"] = upsert(
        rows,
        "vendor_items",
        "vendor_item",
        _VENDOR_ITEM,
        key=["vendor_id", "item_id", "valid_from"],
        joins="JOIN public.vendor AS v ON v.code = s.vendor JOIN public.item AS i ON i.code = s.item "
        "JOIN public.unit AS su ON su.id = i.unit_id LEFT JOIN public.unit AS pu ON pu.code = s.purchase_unit",
        has_period=True,
    )
    done["price_breaks"] = upsert(
        rows,
        "price_breaks",
        "price_break",
        _PRICE_BREAK,
        key=["vendor_item_id", "from_quantity", "currency_code", "valid_from"],
        joins="JOIN public.vendor AS v ON v.code = s.vendor JOIN public.item AS i ON i.code = s.item "
        "CROSS JOIN LATERAL (SELECT o.id FROM public.vendor_item AS o WHERE o.vendor_id = v.id AND o.item_id = i.id "
        "AND (s.mapping_from IS NULL OR o.valid_from = s.mapping_from) "
        "ORDER BY daterange(o.valid_from, o.valid_to, '[]') && daterange(s.valid_from, s.valid_to, '[]') DESC, "
        "o.valid_from NULLS FIRST LIMIT 1) AS m",
        has_period=True,
    )
    done["products"] = upsert(
        rows,
        "products",
        "product",
        [
            Set("code", "s.code"),
            Set("name", "s.name"),
            Set("covers_from_stock", "coalesce(s.cover_from_stock, true)", "cover_from_stock"),
        ],
        key=["code"],
        is_versioned=False,
    )
    done["variants"] = upsert(
        rows,
        "variants",
        "variant",
        [Set("sku", "s.sku"), Set("product_id", "p.id"), Set("name", "s.name")],
        key=["sku"],
        joins="JOIN public.product AS p ON p.code = s.product",
        is_versioned=False,
    )
    done["options"] = _write_options(rows)
    done["bom"] = _write_bom(rows)
    done["rules"] = _write_rules(rows)
    return done


_UNIT: tuple[tuple[str, LiteralString], ...] = (
    ("code", "s.code"),
    ("name", "s.name"),
    ("category", "s.category"),
    ("factor", "s.factor"),
    ("digits", "s.digits"),
)

_ITEM = [
    Set("code", "s.code"),
    Set("name", "s.name"),
    Set("unit_id", "u.id"),
    Set("kind", "s.kind"),
    Set("supply", "s.supply"),
    Set("group_id", "g.id", "group"),
    Set("safety_stock", "coalesce(s.safety_stock, 0)", "safety_stock"),
    Set("reorder_point", "s.reorder_point", "reorder_point"),
    Set("order_up_to", "s.order_up_to", "order_up_to"),
    Set("lot_policy", "coalesce(s.lot_policy, 'lot_for_lot')", "lot_policy"),
    Set("period_days", "s.period_days", "period_days"),
    Set("make_lead_days", "coalesce(s.make_lead_days, 0)", "make_lead_days"),
    Set("inspection_required", "coalesce(s.inspection, false)", "inspection"),
    Set("over_receipt_percent", "s.over_receipt_pct", "over_receipt_pct"),
    Set("standard_cost", "s.standard_cost", "standard_cost"),
    Set("default_warehouse_id", "w.id", "warehouse"),
    Set("is_active", "coalesce(s.active, true)", "active"),
    Set("goods_in_days", "coalesce(s.goods_in_days, 0)", "goods_in_days"),
    Set("description", "coalesce(s.description, '')", "description"),
    Set("is_orderable", "coalesce(s.orderable, false)", "orderable"),
]

_VENDOR = [
    Set("code", "s.code"),
    Set("name", "s.name"),
    Set("currency_code", "s.currency"),
    Set("status", "s.status"),
    Set("tax_id", "coalesce(s.tax_id, '')", "tax_id"),
    Set("language", "coalesce(s.language, 'en')", "language"),
    Set("payment_term_id", "p.id", "payment_terms"),
    Set("email", "coalesce(s.email, '')", "email"),
    Set("over_receipt_percent", "s.over_receipt_pct", "over_receipt_pct"),
    Set("minimum_order_value", "s.minimum_order_value", "minimum_order_value"),
    Set("legal_name", "coalesce(s.legal_name, '')", "legal_name"),
    Set("delivery_terms", "coalesce(s.delivery_terms, '')", "delivery_terms"),
    Set("shipping_account", "coalesce(s.shipping_account, '')", "shipping_account"),
    Set("shipping_method", "coalesce(s.shipping_method, '')", "shipping_method"),
    Set("status_reason", "coalesce(s.status_reason, '')", "status_reason"),
]

_VENDOR_ITEM = [
    Set("vendor_id", "v.id"),
    Set("item_id", "i.id"),
    Set("valid_from", "s.valid_from"),
    Set("valid_to", "s.valid_to"),
    Set("vendor_part", "coalesce(s.vendor_part, '')", "vendor_part"),
    Set("purchase_unit_id", "coalesce(pu.id, su.id)", "purchase_unit"),
    Set(
        "unit_factor",
        "coalesce(s.unit_factor, CASE WHEN coalesce(pu.id, su.id) = su.id THEN 1 ELSE round(pu.factor / su.factor, 6) END)",
        "unit_factor",
    ),
    Set("lead_days", "s.lead_days"),
    Set("minimum_quantity", "coalesce(s.moq, 0)", "moq"),
    Set("order_multiple", "s.multiple", "multiple"),
    Set("preference", "coalesce(s.preference, 1)", "preference"),
    Set("share_percent", "s.share_pct", "share_pct"),
    Set("description", "coalesce(s.description, '')", "description"),
    Set("is_active", "coalesce(s.active, true)", "active"),
]

_PRICE_BREAK = [
    Set("vendor_item_id", "m.id"),
    Set("from_quantity", "s.from_qty"),
    Set("unit_price", "s.unit_price"),
    Set("currency_code", "s.currency"),
    Set("valid_from", "s.valid_from"),
    Set("valid_to", "s.valid_to"),
]


def _write_options(rows: Rows) -> Written:
    if not rows.counts["options"]:
        return Written(0, 0)
    run(
        rows.connection,
        'INSERT INTO public.option_value (group_name, value) SELECT DISTINCT s."group", s.value '
        "FROM pg_temp.pack_options AS s ORDER BY 1, 2 ON CONFLICT (group_name, value) DO NOTHING",
    )
    made = run(
        rows.connection,
        "INSERT INTO public.product_option (product_id, option_value_id) SELECT p.id, v.id FROM pg_temp.pack_options AS s "
        "JOIN public.product AS p ON p.code = s.product "
        'JOIN public.option_value AS v ON v.group_name = s."group" AND v.value = s.value '
        "ORDER BY s.row ON CONFLICT DO NOTHING",
    ).rowcount
    return Written(made, 0)


def _write_bom(rows: Rows) -> Written:
    """One pass for each kind of parent, as each has a key column of its own."""
    parents: tuple[tuple[str, LiteralString], ...] = (
        ("variant_id", "JOIN public.variant AS p ON p.sku = s.parent AND s.parent_kind = 'variant'"),
        ("product_id", "JOIN public.product AS p ON p.code = s.parent AND s.parent_kind = 'product'"),
        ("item_id", "JOIN public.item AS p ON p.code = s.parent AND s.parent_kind = 'item'"),
    )
    created = changed = 0
    for name, parent in parents:
        written = upsert(
            rows,
            "bom",
            "bom_row",
            [
                Set(name, "p.id"),
                Set("component_id", "c.id"),
                Set("valid_from", "s.valid_from"),
                Set("valid_to", "s.valid_to"),
                Set("quantity_per", "s.qty"),
                Set("scrap_percent", "coalesce(s.scrap_pct, 0)", "scrap_pct"),
            ],
            key=[name, "component_id", "valid_from"],
            joins=parent + " JOIN public.item AS c ON c.code = s.component",
        )
        created, changed = created + written.created, changed + written.changed
    return Written(created, changed)


def _write_rules(rows: Rows) -> Written:
    known = {
        key
        for (key,) in run(
            rows.connection,
            "SELECT r.id FROM public.option_rule AS r JOIN pg_temp.pack_rules AS s ON s.code = r.code",
        )
    }
    written = upsert(
        rows,
        "rules",
        "option_rule",
        [
            Set("code", "s.code"),
            Set("product_id", "p.id", "product"),
            Set("variant_id", "v.id", "sku"),
            Set("behaviour", "s.behaviour"),
            Set("component_id", "c.id", "component"),
            Set("replacement_id", "r.id", "replacement"),
            Set("quantity", "s.qty", "qty"),
            Set("priority", "coalesce(s.priority, 0)", "priority"),
        ],
        key=["code"],
        joins="LEFT JOIN public.product AS p ON p.code = s.product LEFT JOIN public.variant AS v ON v.sku = s.sku "
        "LEFT JOIN public.item AS c ON c.code = s.component LEFT JOIN public.item AS r ON r.code = s.replacement",
    )
    if not rows.counts["rules"]:
        return written
    wanted: LiteralString = (
        "SELECT r.id AS rule_id, o.id AS option_value_id FROM pg_temp.pack_rules AS s "
        'JOIN public.option_rule AS r ON r.code = s.code JOIN pg_temp.pack_choices AS c ON c.list = s."when" '
        "JOIN public.option_value AS o ON o.group_name = c.grp AND o.value = c.val"
    )
    gone = run(
        rows.connection,
        "DELETE FROM public.option_rule_condition AS k USING public.option_rule AS r, pg_temp.pack_rules AS s "
        "WHERE r.id = k.rule_id AND s.code = r.code AND (k.rule_id, k.option_value_id) NOT IN ({wanted}) RETURNING k.rule_id",
        wanted=sql.SQL(wanted),
    ).fetchall()
    come = run(
        rows.connection,
        "INSERT INTO public.option_rule_condition (rule_id, option_value_id) {wanted} ON CONFLICT DO NOTHING RETURNING rule_id",
        wanted=sql.SQL(wanted),
    ).fetchall()
    moved = known & {key for (key,) in (*gone, *come)}
    run(  # what a rule demands is a part of it, so whoever looks at the rule is to see that it changed
        rows.connection,
        "UPDATE public.option_rule SET version = version + 1 WHERE id = ANY(%s)",
        (sorted(moved),),
    )
    return Written(written.created, written.changed + len(gone))
