"""The frames of a planning run, filled from the database in one snapshot (PLAN-1, PLAN-10).

Rows travel as Arrow over a connection of their own, quantities as integers at the scale that planning computes in: no
decimal is made and none is lost on the way (a column of numeric(18, 6) times a million is whole).
"""

from collections.abc import Callable, Collection
from functools import partial

import polars as pl
from sqlmodel import Session

from buyside.domain.access import Actor, Permission, needs
from buyside.domain.contracts import ContractStatus
from buyside.domain.orders import AWAITING_GOODS, BEFORE_ISSUE, OrderState
from buyside.planning.frames import (
    BOM,
    CONTRACT_BALANCES,
    CONTRACTS,
    ITEM_STOCK,
    ITEMS,
    LINE_OPTIONS,
    PRICES,
    PRODUCTS,
    RATES,
    RULE_CONDITIONS,
    RULES,
    SUPPLY,
    VARIANT_STOCK,
    VENDOR_CLOSINGS,
    VENDOR_ITEMS,
    VENDORS,
    WAREHOUSES,
    Frame,
)
from buyside.planning.run import PlanInputs
from buyside.queries.arrow_reader import ArrowReader, arrow_reader
from buyside.queries.demand_lines import DEMAND, demand_lines

_AWAITING = ", ".join(f"'{state.value}'" for state in sorted(AWAITING_GOODS))
# Orders on their way to the vendor. Lines of theirs that came out of a plan are supply already, or the next plan would
# order them a second time; what somebody typed into a draft is a thought until it is issued.
_TO_ISSUE = ", ".join(f"'{state.value}'" for state in sorted(BEFORE_ISSUE))

# Each select gives the columns of its frame. `{scope…}` limits it to warehouses, where the frame has one.
_SELECTS: dict[str, tuple[Frame, str]] = {
    "warehouses": (WAREHOUSES, "SELECT id AS warehouse FROM warehouse ORDER BY id"),
    "line_options": (
        LINE_OPTIONS,
        "SELECT chosen.line_id AS line, chosen.option_value_id AS option_value"
        + DEMAND.replace("{more}", "JOIN sales_order_line_option AS chosen ON chosen.line_id = line.id"),
    ),
    "products": (PRODUCTS, "SELECT id AS product, covers_from_stock FROM product"),
    "variant_stock": (
        VARIANT_STOCK,
        """
        SELECT warehouse_id AS warehouse, variant_id AS variant, (on_hand * 1000000)::int8 AS on_hand
        FROM stock_balance WHERE variant_id IS NOT NULL {scope_own}
        """,
    ),
    "items": (
        ITEMS,
        """
        SELECT item.id AS item, supply, kind, default_warehouse_id AS warehouse,
               (safety_stock * 1000000)::int8 AS safety_stock, (reorder_point * 1000000)::int8 AS reorder_point,
               (order_up_to * 1000000)::int8 AS order_up_to, lot_policy, period_days::int8,
               make_lead_days::int8, goods_in_days::int8, unit.digits::int8 AS unit_digits, item.group_id AS "group",
               coalesce(item_group.vendor_policy, 'preference') AS vendor_policy,
               coalesce(item_group.contracts_first, true) AS contracts_first
        FROM item JOIN unit ON unit.id = item.unit_id LEFT JOIN item_group ON item_group.id = item.group_id
        """,
    ),
    "bom": (
        BOM,
        """
        SELECT id AS row,
               CASE WHEN variant_id IS NOT NULL THEN 'variant' WHEN product_id IS NOT NULL THEN 'product' ELSE 'item' END
                   AS parent_kind,
               coalesce(variant_id, product_id, item_id) AS parent, component_id AS component,
               (quantity_per * 1000000)::int8 AS quantity_per, (scrap_percent * 10000)::int8 AS scrap_percent,
               valid_from, valid_to
        FROM bom_row
        """,
    ),
    "rules": (
        RULES,
        """
        SELECT id AS rule, product_id AS product, variant_id AS variant, behaviour, component_id AS component,
               replacement_id AS replacement, (quantity * 1000000)::int8 AS quantity, priority::int8
        FROM option_rule
        """,
    ),
    "rule_conditions": (
        RULE_CONDITIONS,
        "SELECT rule_id AS rule, option_value_id AS option_value FROM option_rule_condition",
    ),
    "item_stock": (
        ITEM_STOCK,
        """
        SELECT warehouse_id AS warehouse, item_id AS item, (on_hand * 1000000)::int8 AS on_hand
        FROM stock_balance WHERE item_id IS NOT NULL {scope_own}
        """,
    ),
    "supply": (
        SUPPLY,
        """
        SELECT line.id AS order_line, ordered.warehouse_id AS warehouse, line.item_id AS item,
               ((line.quantity - line.received_quantity) * line.unit_factor * 1000000)::int8 AS quantity,
               coalesce(line.promised_on, line.expected_on, line.needed_on, ordered.ordered_on,
                        (ordered.created_at AT TIME ZONE organisation.time_zone)::date) AS arrives_on
        FROM purchase_order_line AS line JOIN purchase_order AS ordered ON ordered.id = line.order_id
        JOIN organisation ON organisation.id = 1
        WHERE line.quantity > line.received_quantity {scope}
          AND (ordered.state IN ({awaiting}) OR ordered.state IN ({to_issue})
               AND EXISTS (SELECT FROM plan_line WHERE plan_line.purchase_order_line_id = line.id))
        """.replace("{awaiting}", _AWAITING).replace("{to_issue}", _TO_ISSUE),
    ),
    "vendor_items": (
        VENDOR_ITEMS,
        """
        SELECT mapping.id AS vendor_item, mapping.vendor_id AS vendor, mapping.item_id AS item,
               unit.digits::int8 AS unit_digits, (mapping.unit_factor * 1000000)::int8 AS unit_factor,
               mapping.lead_days::int8, (mapping.minimum_quantity * 1000000)::int8 AS minimum,
               (coalesce(mapping.order_multiple, 0) * 1000000)::int8 AS multiple, mapping.preference::int8,
               (coalesce(mapping.share_percent, 0) * 10000)::int8 AS share_percent,
               mapping.valid_from, mapping.valid_to,
               mapping.is_active AND vendor.status = 'active' AS is_usable
        FROM vendor_item AS mapping
        JOIN unit ON unit.id = mapping.purchase_unit_id
        JOIN vendor ON vendor.id = mapping.vendor_id
        """,
    ),
    # A price list in several currencies is read in the vendor's own; without one, in the first by its code.
    "prices": (
        PRICES,
        """
        SELECT vendor_item, from_quantity, unit_price, currency, valid_from, valid_to
        FROM (
            SELECT price.vendor_item_id AS vendor_item, (price.from_quantity * 1000000)::int8 AS from_quantity,
                   (price.unit_price * 1000000)::int8 AS unit_price, price.currency_code AS currency,
                   price.valid_from, price.valid_to,
                   rank() OVER (PARTITION BY price.vendor_item_id
                                ORDER BY price.currency_code <> vendor.currency_code, price.currency_code) AS choice
            FROM price_break AS price
            JOIN vendor_item AS mapping ON mapping.id = price.vendor_item_id
            JOIN vendor ON vendor.id = mapping.vendor_id
        ) AS ranked
        WHERE choice = 1
        """,
    ),
    "vendors": (
        VENDORS,
        """
        SELECT id AS vendor, currency_code AS currency,
               (CASE WHEN minimum_order_value > {most} THEN {most} ELSE minimum_order_value END * 1000000)::int8
                   AS minimum_value,
               (SELECT coalesce(bit_or(1 << (array_position({weekdays}, trim(day)) - 1)), 0)::int8
                FROM unnest(string_to_array(order_weekdays, ',')) AS day) AS order_weekdays
        FROM vendor
        """,
    ),
    "vendor_closings": (
        VENDOR_CLOSINGS,
        """
        SELECT vendor_id AS vendor, replace(from_day, '-', '')::int8 AS from_day, replace(to_day, '-', '')::int8 AS to_day
        FROM vendor_closing_day
        """,
    ),
    "contracts": (
        CONTRACTS,
        """
        SELECT agreed.contract_id AS contract, contract.vendor_id AS vendor, agreed.item_id AS item,
               contract.currency_code AS currency, (agreed.unit_price * 1000000)::int8 AS unit_price,
               floor((agreed.quantity - orders.stock_units / coalesce(sold.unit_factor, 1)) * 1000000)::int8 AS quantity_left,
               contract.valid_from, contract.valid_to, contract.status = '{active}' AS is_usable
        FROM contract_item AS agreed JOIN contract ON contract.id = agreed.contract_id
        CROSS JOIN LATERAL (
            SELECT coalesce(sum({drawn} * line.unit_factor), 0) AS stock_units
            FROM purchase_order_line AS line JOIN purchase_order AS ordered ON ordered.id = line.order_id
            WHERE ordered.contract_id = contract.id AND line.item_id = agreed.item_id AND {draws}
        ) AS orders
        LEFT JOIN LATERAL (
            SELECT unit_factor FROM vendor_item WHERE vendor_id = contract.vendor_id AND item_id = agreed.item_id
            ORDER BY is_active DESC, valid_to DESC NULLS FIRST LIMIT 1
        ) AS sold ON true
        """,
    ),
    "contract_balances": (
        CONTRACT_BALANCES,
        """
        SELECT contract.id AS contract,
               (CASE WHEN amount - drawn > {most} THEN {most} ELSE amount - drawn END * 1000000)::int8 AS amount_left
        FROM contract CROSS JOIN LATERAL (
            SELECT coalesce(sum((line.total - line.tax) * {drawn} / line.quantity), 0) AS drawn
            FROM purchase_order_line AS line JOIN purchase_order AS ordered ON ordered.id = line.order_id
            WHERE ordered.contract_id = contract.id AND {draws}
        ) AS orders
        """,
    ),
    "rates": (
        RATES,
        """
        SELECT currency_code AS currency, NULL::date AS valid_from, 1000000::int8 AS rate FROM organisation WHERE id = 1
        UNION ALL
        SELECT rate.currency_code, rate.valid_from, (rate.rate * 1000000)::int8 FROM exchange_rate AS rate
        JOIN organisation ON organisation.id = 1 AND organisation.currency_code <> rate.currency_code
        """,
    ),
}

# An order draws on its contract what was received once nothing more is to come, and what is ordered until then.
_WORDS = {
    "{drawn}": f"CASE WHEN ordered.state IN ('{OrderState.CLOSED.value}', '{OrderState.RECEIVED.value}') "
    "THEN line.received_quantity ELSE line.quantity END",
    "{draws}": f"ordered.state NOT IN ('{OrderState.CANCELLED.value}', '{OrderState.REJECTED.value}')",
    "{active}": ContractStatus.ACTIVE.value,
    "{most}": "4000000000000",  # more money than a line can be worth; a larger amount is no limit
    "{weekdays}": "ARRAY['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']",
}


@needs(Permission.PLAN_VIEW)
def planning_inputs(session: Session, actor: Actor, /, *, warehouses: Collection[int] | None = None) -> PlanInputs:
    """What planning needs, as the database has it at this moment. `warehouses`: ids, or None for all of them.

    Sees what is committed, whatever the session's own transaction has written meanwhile.
    """
    with arrow_reader(session, connections=2) as reader:
        return read_inputs(reader, warehouses)


def read_inputs(
    reader: ArrowReader, warehouses: Collection[int] | None = None, *, only: Collection[str] | None = None
) -> PlanInputs:
    """The same through a reader that is open already. `only`: the frames to read, the others stay empty."""
    reads: dict[str, Callable[[ArrowReader], pl.DataFrame]] = {"lines": partial(demand_lines, warehouses=warehouses)}
    for name, (frame, select) in _SELECTS.items():
        reads[name] = partial(ArrowReader.frame, select=in_scope(select, warehouses), schema=frame)
    return PlanInputs.of(**reader.frames({name: read for name, read in reads.items() if only is None or name in only}))


def supply_select(warehouses: Collection[int] | None = None) -> str:
    """The select of open supply, as planning counts it."""
    return in_scope(_SELECTS["supply"][1], warehouses)


def in_scope(select: str, warehouses: Collection[int] | None) -> str:
    """A select of this module, limited to warehouses; None: all of them."""
    among = "" if warehouses is None else ", ".join(str(int(each)) for each in sorted(warehouses)) or "NULL"
    for mark, text in _WORDS.items():
        select = select.replace(mark, text)
    return select.replace("{scope}", f"AND ordered.warehouse_id IN ({among})" if among else "").replace(
        "{scope_own}", f"AND warehouse_id IN ({among})" if among else ""
    )
