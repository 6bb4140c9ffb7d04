"""What the planning board can be filtered by: vendors, item groups and planners of a run's open lines."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlmodel import Session, col

from buyside.db.items import Item, ItemGroup, VendorItem
from buyside.db.plans import PlanLine
from buyside.db.vendors import Vendor
from buyside.domain.access import Actor, Permission, needs
from buyside.domain.plans import PlanLineState


@dataclass(frozen=True, slots=True)
class Choice:
    """Something that a filter can be set to."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class BoardChoices:
    """What the open lines of a run can be filtered by."""

    vendors: tuple[Choice, ...]
    groups: tuple[Choice, ...]
    planners: tuple[str, ...]


@needs(Permission.PLAN_VIEW)
def board_choices(session: Session, actor: Actor, *, run_id: int) -> BoardChoices:
    """Vendors, item groups and planners of a run's open lines."""
    found = session.execute(
        select(
            func.coalesce(Vendor.code, "").label("vendor"),
            func.coalesce(Vendor.name, "").label("vendor_name"),
            func.coalesce(ItemGroup.code, "").label("group"),
            func.coalesce(ItemGroup.name, "").label("group_name"),
            col(Item.planner).label("planner"),
        )
        .select_from(PlanLine)
        .join(Item, col(Item.id) == col(PlanLine.item_id))
        .join(ItemGroup, col(ItemGroup.id) == col(Item.group_id), isouter=True)
        .join(VendorItem, col(VendorItem.id) == col(PlanLine.vendor_item_id), isouter=True)
        .join(Vendor, col(Vendor.id) == col(VendorItem.vendor_id), isouter=True)
        .where(col(PlanLine.run_id) == run_id, col(PlanLine.state) == PlanLineState.OPEN.value)
        .distinct()
    ).all()
    vendors = {Choice(row.vendor, row.vendor_name) for row in found if row.vendor}
    groups = {Choice(row.group, row.group_name) for row in found if row.group}
    return BoardChoices(
        vendors=tuple(sorted(vendors, key=lambda each: (each.name.casefold(), each.code))),
        groups=tuple(sorted(groups, key=lambda each: (each.name.casefold(), each.code))),
        planners=tuple(sorted({row.planner for row in found if row.planner})),
    )
