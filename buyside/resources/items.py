"""Procurement items and their groups, as lists."""

from __future__ import annotations

from buyside.domain.filters import is_empty, is_false, is_true, one_of
from buyside.domain.item_sheets import ITEM_GROUP_SHEET, ITEM_SHEET
from buyside.domain.items import SupplyMode, VendorPolicy
from buyside.queries.sheet_gaps import GAPS, Gap
from buyside.resources.resource import ALL, NamedView, Resource, Shown

ITEMS = Resource(
    ITEM_SHEET,
    (
        Shown("code", width=140, is_pinned=True, href="/items/{code}"),
        Shown("name", grow=3, least=170),
        Shown("group", width=118),
        Shown("unit", width=74),
        Shown("supply", width=92),
        Shown("safety_stock", width=126, unit_from="unit"),
        Shown("reorder_point", width=130, unit_from="unit"),
        Shown("order_up_to", width=120, unit_from="unit"),
        Shown("standard_cost", width=130),
        Shown("is_active", width=80),
    ),
    views=(
        ALL,
        NamedView("Bought", {"supply": one_of(SupplyMode.BUY), "is_active": is_true()}),
        NamedView("Made", {"supply": one_of(SupplyMode.MAKE, SupplyMode.PHANTOM), "is_active": is_true()}),
        NamedView("No vendor", {GAPS: one_of(Gap.NO_VENDOR)}),
        NamedView("No price", {GAPS: one_of(Gap.NO_PRICE)}),
        NamedView("No components", {GAPS: one_of(Gap.NO_COMPONENTS)}),
        NamedView("Below reorder point", {GAPS: one_of(Gap.BELOW_REORDER_POINT)}),
        NamedView("Retired", {"is_active": is_false()}),
    ),
    row_href="/items/{code}",
    quick_hint="Code or name",
    empty=("No items yet", "Add the first one here, or bring them all in with a file. Units come before items."),
)
ITEM_GROUPS = Resource(
    ITEM_GROUP_SHEET,
    (
        Shown("code", width=180, is_pinned=True),
        Shown("name", grow=1, least=240),
        Shown("vendor_policy", width=150),
        Shown("contracts_first", width=136),
    ),
    views=(
        ALL,
        NamedView("Cheapest or fastest", {"vendor_policy": one_of(VendorPolicy.CHEAPEST, VendorPolicy.FASTEST)}),
        NamedView("Split by share", {"vendor_policy": one_of(VendorPolicy.SHARE)}),
        NamedView("Without a name", {"name": is_empty()}),
    ),
    quick_hint="Code or name",
    empty=("No item groups yet", "Items that are planned and bought alike can share a group. Add one, or use a file."),
)
