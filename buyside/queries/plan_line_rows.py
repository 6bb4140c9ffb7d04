"""Lines of draft plans as their list shows them: suggestion beside decision, marks, choices, advice (PLAN-8, PLAN-11, PLAN-12)."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Date, Select, and_, any_, case, cast, func, literal, select
from sqlalchemy.dialects.postgresql import JSONB, aggregate_order_by, array
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from buyside.db.contracts import Contract, ContractItem
from buyside.db.items import Item, Unit, VendorItem
from buyside.db.orders import PurchaseOrder, PurchaseOrderLine
from buyside.db.plans import PlanLine, PlanningRun
from buyside.db.stock import Warehouse
from buyside.db.vendors import Vendor
from buyside.domain.access import Actor, Permission, needs
from buyside.domain.contracts import ContractStatus
from buyside.domain.drift import drift_shown
from buyside.domain.plans import PlanLineState
from buyside.domain.vendors import VendorStatus
from buyside.domain.words import Kind
from buyside.queries.plan_line_columns import is_as_suggested, is_moved, is_part, line_columns
from buyside.queries.rows import GridSource, RowColumn

_NO_CHOICES = literal([], JSONB)


def plan_lines_in_reach(_actor: Actor) -> Select[Any]:
    """Lines of draft plans: the suggestion and the decision side by side."""
    line = PlanLine
    suggested_mapping, suggested_vendor = aliased(VendorItem), aliased(Vendor)
    is_open = col(line.state) == PlanLineState.OPEN.value
    is_carried = col(line.carried_from_id).is_not(None)
    has_offer = and_(is_open, col(line.better_quantity_packs).is_not(None), is_as_suggested())
    statement: Select[*tuple[Any, ...]] = (
        select(
            col(line.id).label("id"),
            *line_columns(),
            (col(line.late_days) > 0).label("is_late"),
            col(line.shortage).label("shortage"),
            func.coalesce(VendorItem.vendor_part, "").label("vendor_part"),
            func.coalesce(suggested_vendor.name, "").label("suggested_vendor"),
            col(line.suggested_quantity_packs).label("suggested_quantity"),
            col(line.quantity_packs).label("quantity_packs"),
            col(line.unit_factor).label("unit_factor"),
            (col(line.quantity_packs) * col(line.unit_price)).label("total"),
            case((has_offer, col(line.saving))).label("saving"),
            case((has_offer, col(line.better_quantity_packs) - col(line.quantity_packs))).label("offer_more"),
            has_offer.label("has_offer"),
            col(line.state).label("state"),
            is_open.label("is_open"),
            and_(is_open, ~col(line.is_locked)).label("is_editable"),
            is_carried.label("is_carried"),
            is_moved().label("is_moved"),
            func.concat_ws(
                ", ",
                case((col(line.is_locked), literal("Locked"))),
                case((is_carried, literal("Carried over"))),
                case((is_part(), literal("Part"))),
            ).label("marks"),
            col(line.left_out_reason).label("left_out_reason"),
            col(line.reason).label("reason"),
            func.coalesce(PurchaseOrder.number, "").label("order_number"),
            func.coalesce(_vendor_choices(), _NO_CHOICES).label("vendor_choices"),
            _contract_choices().label("contract_choices"),
        )
        .join(PlanningRun, col(PlanningRun.id) == col(line.run_id))
        .join(Item, col(Item.id) == col(line.item_id))
        .join(Warehouse, col(Warehouse.id) == col(line.warehouse_id))
        .join(Unit, col(Unit.id) == col(line.unit_id))
        .join(VendorItem, col(VendorItem.id) == col(line.vendor_item_id), isouter=True)
        .join(Vendor, col(Vendor.id) == col(VendorItem.vendor_id), isouter=True)
        .join(Contract, col(Contract.id) == col(line.contract_id), isouter=True)
        .join(suggested_mapping, col(suggested_mapping.id) == col(line.suggested_vendor_item_id), isouter=True)
        .join(suggested_vendor, col(suggested_vendor.id) == col(suggested_mapping.vendor_id), isouter=True)
        .join(PurchaseOrderLine, col(PurchaseOrderLine.id) == col(line.purchase_order_line_id), isouter=True)
        .join(PurchaseOrder, col(PurchaseOrder.id) == col(PurchaseOrderLine.order_id), isouter=True)
    )
    return statement


def _drift_shown(row: Mapping[Any, Any], locale: str) -> str:
    return drift_shown(row["drift"], row["stock_unit"], locale)


def _vendor_choices() -> Any:
    """Who may take a line over: (code, name and lead time) of each usable mapping, by preference."""
    mapping, vendor = aliased(VendorItem), aliased(Vendor)
    as_of = cast(PlanningRun.as_of, Date)
    pair = func.jsonb_build_array(vendor.code, func.concat(vendor.name, " · ", mapping.lead_days, " d"))
    return (
        select(
            func.jsonb_agg(aggregate_order_by(pair, col(mapping.preference), col(mapping.lead_days), col(vendor.code)))
        )
        .join(vendor, col(vendor.id) == col(mapping.vendor_id))
        .where(
            # Of these, an index of items can make use; one of who sells what when, slow to look into, cannot.
            col(mapping.item_id) == any_(array([col(PlanLine.item_id)])),
            col(mapping.is_active),
            col(vendor.status) == VendorStatus.ACTIVE.value,
            as_of.between(func.coalesce(mapping.valid_from, as_of), func.coalesce(mapping.valid_to, as_of)),
        )
        .correlate(PlanLine, PlanningRun)
        .scalar_subquery()
    )


def _contract_choices() -> Any:
    """The contracts of a line's vendor for its item, by number, and none."""
    contract, agreed = aliased(Contract), aliased(ContractItem)
    none = func.jsonb_build_array(func.jsonb_build_array("", "No contract"))
    pair = func.jsonb_build_array(
        contract.number, func.concat_ws(" · ", contract.number, func.nullif(contract.title, ""))
    )
    found = (
        select(func.jsonb_agg(aggregate_order_by(pair, col(contract.number))))
        .join(agreed, col(agreed.contract_id) == col(contract.id))
        .where(
            col(agreed.item_id) == col(PlanLine.item_id),
            col(contract.vendor_id) == col(VendorItem.vendor_id),
            col(contract.status) == ContractStatus.ACTIVE.value,
            col(PlanningRun.as_of).between(col(contract.valid_from), col(contract.valid_to)),
        )
        .correlate(PlanLine, PlanningRun, VendorItem)
        .scalar_subquery()
    )
    return none.op("||")(func.coalesce(found, _NO_CHOICES))


PLAN_LINE_ROWS = GridSource(
    "plan-lines",
    Permission.PLAN_VIEW,
    plan_lines_in_reach,
    columns=(
        *(RowColumn(name, Kind.KEY) for name in ("id", "version", "run_id", "item_id", "warehouse_id")),
        *(RowColumn(name, Kind.KEY) for name in ("vendor_item_id", "vendor_id", "vendor_choices", "contract_choices")),
        RowColumn("item", searched=True, required=True),
        RowColumn("name", searched=True, required=True),
        RowColumn("warehouse", required=True),
        RowColumn("needed_on", Kind.DATE, required=True),
        RowColumn("order_by", Kind.DATE, required=True),
        RowColumn("arrives_on", Kind.DATE),
        RowColumn("late_days", Kind.NUMBER, required=True),
        RowColumn("is_late", Kind.FLAG, required=True),
        RowColumn("shortage", Kind.QUANTITY, required=True),
        RowColumn("stock_unit", required=True),
        RowColumn("vendor", searched=True, required=True),
        RowColumn("vendor_part", searched=True, required=True),
        RowColumn("suggested_vendor", required=True),
        RowColumn("suggested_quantity", Kind.QUANTITY, required=True),
        RowColumn("quantity_packs", Kind.QUANTITY, required=True),
        RowColumn("unit", required=True),
        RowColumn("unit_factor", Kind.QUANTITY, required=True),
        RowColumn("unit_price", Kind.PRICE, currency="currency"),
        RowColumn("total", Kind.MONEY, currency="currency"),
        RowColumn("currency", required=True),
        RowColumn("contract", searched=True, required=True),
        RowColumn("saving", Kind.MONEY, currency="currency"),
        RowColumn("offer_more", Kind.QUANTITY),
        RowColumn("has_offer", Kind.FLAG, required=True),
        RowColumn("state", Kind.STATUS, required=True),
        *(RowColumn(name, Kind.FLAG, required=True) for name in ("is_open", "is_editable", "is_locked", "is_changed")),
        *(RowColumn(name, Kind.FLAG, required=True) for name in ("is_part", "is_carried", "is_moved")),
        RowColumn("marks", required=True),
        RowColumn("drift", required=True, written=_drift_shown),
        RowColumn("left_out_reason", required=True),
        RowColumn("reason", required=True),
        RowColumn("order_number", searched=True, required=True),
    ),
    order=(("needed_on", "asc"), ("item", "asc")),
    scopes=("run_id", "vendor_id", "item_id", "currency"),
)


@needs(Permission.PLAN_VIEW)
def item_called(session: Session, actor: Actor, *, code: str) -> int:
    """The id of an item by its code; 0, which no item has, where there is none."""
    found = session.execute(select(col(Item.id)).where(col(Item.code) == code)).scalar_one_or_none()
    return found or 0


@needs(Permission.PLAN_VIEW)
def vendor_called(session: Session, actor: Actor, *, code: str) -> tuple[int, str]:
    """The id and the name of a vendor by its code; -1, which no line has, and no name where there is none."""
    found = session.execute(select(col(Vendor.id), col(Vendor.name)).where(col(Vendor.code) == code)).one_or_none()
    return (found[0], found[1]) if found else (-1, "")


@needs(Permission.PLAN_VIEW)
def closed_lines(session: Session, actor: Actor, *, line_ids: tuple[int, ...]) -> list[int]:
    """Of some lines, in their order, those that nobody decides on any more as they are: left out, ordered, or gone."""
    wanted = select(col(PlanLine.id)).where(
        col(PlanLine.id) == func.any(list(line_ids)), col(PlanLine.state) == PlanLineState.OPEN.value
    )
    still_open = set(session.execute(wanted).scalars())
    return [each for each in line_ids if each not in still_open]


@needs(Permission.PLAN_VIEW)
def moved_lines(session: Session, actor: Actor, *, run_id: int) -> int:
    """How many open lines of a run are marked as moved since, or are locked at something else than is suggested now."""
    rows = plan_lines_in_reach(actor).subquery("lines")
    wanted = select(func.count()).select_from(rows).where(rows.c.run_id == run_id, rows.c.is_open, rows.c.is_moved)
    count: int = session.execute(wanted).scalar_one()
    return count
