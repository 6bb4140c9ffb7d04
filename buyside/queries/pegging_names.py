"""What pegging shows of items, order lines and plan lines that it found by their ids."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select, text
from sqlmodel import Session, col

from buyside.db.items import Item, Unit
from buyside.db.orders import PurchaseOrder, PurchaseOrderLine
from buyside.db.vendors import Vendor

_ABOVE = text(
    "SELECT row.component_id, parent.id, CASE WHEN parent.supply = 'make' THEN parent.make_lead_days ELSE 0 END "
    "FROM bom_row AS row JOIN item AS parent ON parent.id = row.item_id "
    "WHERE row.component_id = ANY(:items) AND (parent.supply = 'phantom' OR parent.id = ANY(:made))"
)


@dataclass(frozen=True, slots=True)
class NamedItem:
    """An item as it is shown."""

    code: str
    name: str
    unit: str
    supply: str


def items_by_id(session: Session, ids: Collection[int]) -> dict[int, NamedItem]:
    """Items by id."""
    found = session.execute(
        select(col(Item.id), col(Item.code), col(Item.name), col(Unit.code), col(Item.supply))
        .join(Unit, col(Unit.id) == col(Item.unit_id))
        .where(col(Item.id).in_(ids))
    )
    return {item: NamedItem(code, name, unit, supply) for item, code, name, unit, supply in found}


def order_lines_by_id(session: Session, ids: Collection[int]) -> dict[int, tuple[str, int, str, date | None]]:
    """Order number, line number, vendor and promise of purchase order lines."""
    found = session.execute(
        select(
            col(PurchaseOrderLine.id),
            col(PurchaseOrder.number),
            col(PurchaseOrderLine.line_number),
            col(Vendor.name),
            col(PurchaseOrderLine.promised_on),
        )
        .join(PurchaseOrder, col(PurchaseOrder.id) == col(PurchaseOrderLine.order_id))
        .join(Vendor, col(Vendor.id) == col(PurchaseOrder.vendor_id))
        .where(col(PurchaseOrderLine.id).in_(ids))
    )
    return {line: (number, at, vendor, promised) for line, number, at, vendor, promised in found}


def plan_vendors_by_id(session: Session, ids: Collection[int]) -> dict[int, str]:
    """Vendors of plan lines that have one."""
    found = session.execute(
        text(
            "SELECT line.id, vendor.name FROM plan_line AS line JOIN vendor_item AS mapping ON mapping.id = line.vendor_item_id "
            "JOIN vendor ON vendor.id = mapping.vendor_id WHERE line.id = ANY(:lines)"
        ),
        {"lines": sorted(ids)},
    )
    return {row[0]: row[1] for row in found}


def days_above(session: Session, items: Collection[int], made: Collection[int]) -> dict[int, int]:
    """Days of making from some items up to what is sold, along the longest way through made items of the line."""
    parents: dict[int, list[tuple[int, int]]] = {}
    waiting = set(items)
    while waiting:
        found = session.execute(_ABOVE, {"items": sorted(waiting), "made": sorted(made)}).all()
        for item in waiting:
            parents[item] = [(parent, lead) for component, parent, lead in found if component == item]
        waiting = {parent for _, parent, _ in found} - parents.keys()
    days: dict[int, int] = {}

    def of(item: int) -> int:
        if item not in days:
            days[item] = max((lead + of(parent) for parent, lead in parents.get(item, [])), default=0)
        return days[item]

    return {item: of(item) for item in items}
