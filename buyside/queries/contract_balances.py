"""What is left of contracts: agreed, less what orders drew (CON-2)."""

from collections.abc import Collection
from datetime import date
from decimal import Decimal

from sqlalchemy import text
from sqlmodel import Session

from buyside.domain.sourcing import Agreement

_AGREEMENTS = text(
    """
    WITH agreed AS (
        SELECT contract.id AS contract_id, contract.number, contract.vendor_id, agreed.item_id, contract.currency_code,
               agreed.unit_price, agreed.quantity, contract.amount,
               contract.status = 'active' AND :on BETWEEN contract.valid_from AND contract.valid_to AS is_valid
        FROM contract_item AS agreed JOIN contract ON contract.id = agreed.contract_id
        WHERE agreed.item_id = ANY(:items)
    ), draws AS (
        SELECT ordered.contract_id, line.item_id,
               CASE WHEN ordered.state IN ('received', 'closed') THEN line.received_quantity ELSE line.quantity END
                   * line.unit_factor AS stock,
               CASE WHEN ordered.state IN ('received', 'closed') THEN line.received_quantity / line.quantity ELSE 1 END
                   * (line.subtotal - line.discount - line.header_discount) AS amount
        FROM purchase_order AS ordered JOIN purchase_order_line AS line ON line.order_id = ordered.id
        WHERE ordered.contract_id IN (SELECT contract_id FROM agreed) AND ordered.state NOT IN ('cancelled', 'rejected')
        UNION ALL
        SELECT planned.contract_id, planned.item_id, planned.quantity_packs * planned.unit_factor,
               planned.quantity_packs * coalesce(planned.unit_price, 0)
        FROM plan_line AS planned
        WHERE planned.run_id = :run AND planned.state = 'open' AND planned.contract_id IN (SELECT contract_id FROM agreed)
          AND planned.id <> ALL(:but)
    ), by_item AS (
        SELECT contract_id, item_id, sum(stock) AS stock FROM draws GROUP BY contract_id, item_id
    ), by_contract AS (
        SELECT contract_id, sum(amount) AS amount FROM draws GROUP BY contract_id
    )
    SELECT agreed.contract_id, agreed.number, agreed.vendor_id, agreed.item_id, agreed.currency_code, agreed.unit_price,
           agreed.quantity, coalesce(by_item.stock, 0) AS drawn_stock,
           agreed.amount - coalesce(by_contract.amount, 0) AS amount_left, agreed.is_valid
    FROM agreed LEFT JOIN by_item USING (contract_id, item_id) LEFT JOIN by_contract USING (contract_id)
    ORDER BY agreed.contract_id, agreed.item_id
    """
)


def agreements_of(
    session: Session,
    *,
    item_ids: Collection[int],
    on: date,
    run_id: int | None = None,
    but: Collection[int] = (),
) -> list[Agreement]:
    """What contracts say of some items, and what is left of them on a day.

    Drawn is what orders carry that are neither cancelled nor rejected: what was received of those that came to their end, else
    what was ordered, before tax. With a run, what its open lines are going to draw counts too, `but` those of some ids.
    """
    asked = {"items": sorted(item_ids), "on": on, "run": run_id, "but": sorted(but)}
    found = session.execute(_AGREEMENTS, asked).mappings()
    return [Agreement(**(dict(each) | {"amount_left": _money(each["amount_left"])})) for each in found]


def _money(amount: Decimal | None) -> Decimal | None:
    return None if amount is None else round(max(amount, Decimal(0)), 4)
