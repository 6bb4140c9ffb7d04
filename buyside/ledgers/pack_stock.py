"""Balances that a pack states: the ledger gets what is missing to them, so that stating them again posts nothing."""

from datetime import date, datetime

from psycopg import sql

from buyside.db.bulk import run
from buyside.domain.access import Actor
from buyside.domain.stock import StockPlace, StockReason
from buyside.ledgers.pack_master import Written
from buyside.ledgers.pack_rows import Rows

SOURCE = "pack"


def post_balances(rows: Rows, actor: Actor, *, at: datetime, today: date) -> Written:
    """Post the difference between the stated balances and those that stand, as openings.

    Value follows a stated cost or value; without either, what comes or goes is worth the moving average. A balance whose
    value alone differs is taken out and put back at the new value. A stated zero of what never was there is one unit in
    and out, so that the article is known to be kept in that warehouse.
    """
    if not rows.counts["stock"]:
        return Written(0, 0)
    connection = rows.connection
    run(
        connection,
        "SELECT b.id FROM public.stock_balance AS b WHERE b.id IN (SELECT b.id FROM pg_temp.pack_stock AS s "
        "JOIN public.warehouse AS w ON w.code = s.warehouse JOIN public.item AS i ON s.kind = 'item' AND i.code = s.code "
        "JOIN public.stock_balance AS b ON b.warehouse_id = w.id AND b.item_id = i.id UNION ALL "
        "SELECT b.id FROM pg_temp.pack_stock AS s JOIN public.warehouse AS w ON w.code = s.warehouse "
        "JOIN public.variant AS v ON s.kind = 'variant' AND v.sku = s.code "
        "JOIN public.stock_balance AS b ON b.warehouse_id = w.id AND b.variant_id = v.id) "
        "ORDER BY b.warehouse_id, coalesce(b.item_id, 0), coalesce(b.variant_id, 0) FOR UPDATE OF b",
    )
    run(connection, "DROP TABLE IF EXISTS pg_temp.pack_stated, pg_temp.pack_posted")
    run(
        connection,
        "CREATE TEMPORARY TABLE pack_stated ON COMMIT DROP AS SELECT s.row, w.id AS warehouse_id, i.id AS item_id, v.id AS variant_id, "
        "b.id IS NULL AS is_new, coalesce(b.on_hand, 0) AS hand, coalesce(b.in_inspection, 0) AS inspection, "
        "coalesce(b.value, 0) AS worth, s.qty - coalesce(b.on_hand, 0) AS more, "
        "coalesce(s.inspection_qty, CASE WHEN {gives_inspection} THEN 0 ELSE b.in_inspection END, 0) - coalesce(b.in_inspection, 0) AS more_inspection, "
        "coalesce(s.value, round((s.qty + coalesce(s.inspection_qty, CASE WHEN {gives_inspection} THEN 0 ELSE b.in_inspection END, 0)) "
        "* s.unit_cost, 6)) - coalesce(b.value, 0) AS more_worth, s.unit_cost, coalesce(s.date, {today}) AS day "
        "FROM pg_temp.pack_stock AS s JOIN public.warehouse AS w ON w.code = s.warehouse "
        "LEFT JOIN public.item AS i ON s.kind = 'item' AND i.code = s.code "
        "LEFT JOIN public.variant AS v ON s.kind = 'variant' AND v.sku = s.code "
        "LEFT JOIN public.stock_balance AS b ON b.warehouse_id = w.id "
        "AND coalesce(b.item_id, 0) = coalesce(i.id, 0) AND coalesce(b.variant_id, 0) = coalesce(v.id, 0)",
        gives_inspection=sql.Literal(rows.names("stock", "inspection_qty")),
        today=sql.Literal(today),
    )
    run(
        connection,
        "CREATE TEMPORARY TABLE pack_posted ON COMMIT DROP AS WITH valued AS (SELECT *, "
        "CASE WHEN more_worth IS NOT NULL THEN more_worth WHEN hand + inspection + more + more_inspection = 0 THEN -worth "
        "WHEN hand + inspection > 0 THEN round((more + more_inspection) * round(worth / (hand + inspection), 6), 6) ELSE 0 END AS moved "
        "FROM pack_stated), "
        "split AS (SELECT *, CASE WHEN more_inspection = 0 THEN 0 WHEN more = 0 THEN moved "
        "WHEN more + more_inspection = 0 THEN 0 ELSE round(moved * more_inspection / (more + more_inspection), 6) END AS moved_inspection FROM valued) "
        "SELECT row, warehouse_id, item_id, variant_id, is_new, {hand} AS place, more AS quantity, moved - moved_inspection AS value, unit_cost, day "
        "FROM split WHERE more <> 0 "
        "UNION ALL SELECT row, warehouse_id, item_id, variant_id, is_new, {inspection}, more_inspection, moved_inspection, unit_cost, day "
        "FROM split WHERE more_inspection <> 0 "
        "UNION ALL SELECT row, warehouse_id, item_id, variant_id, is_new, CASE WHEN hand <> 0 OR inspection = 0 THEN {hand} ELSE {inspection} END, "
        "sign * coalesce(nullif(hand, 0), nullif(inspection, 0), 1), CASE WHEN sign > 0 THEN worth + moved ELSE -worth END, unit_cost, day "
        "FROM split CROSS JOIN (VALUES (-1), (1)) AS both_ways(sign) WHERE more = 0 AND more_inspection = 0 AND (is_new OR moved <> 0)",
        hand=sql.Literal(StockPlace.ON_HAND.value),
        inspection=sql.Literal(StockPlace.INSPECTION.value),
    )
    run(
        connection,
        "INSERT INTO public.stock_entry (warehouse_id, item_id, variant_id, place, quantity, unit_cost, value, reason, source_kind, "
        "user_id, effective_on, recorded_at) SELECT warehouse_id, item_id, variant_id, place, quantity, "
        "coalesce(unit_cost, round(abs(value / quantity), 6)), value, {reason}, {source}, {who}, day, {at} FROM pg_temp.pack_posted "
        "ORDER BY warehouse_id, coalesce(item_id, 0), coalesce(variant_id, 0), row",
        reason=sql.Literal(StockReason.OPENING.value),
        source=sql.Literal(SOURCE),
        who=sql.Literal(actor.user_id),
        at=sql.Literal(at),
    )
    found = run(
        connection,
        "SELECT count(DISTINCT row) FILTER (WHERE is_new), count(DISTINCT row) FILTER (WHERE NOT is_new) FROM pg_temp.pack_posted",
    ).fetchone()
    return Written(int(found[0]), int(found[1])) if found else Written(0, 0)
