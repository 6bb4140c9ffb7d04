"""Procurement items, their groups and units, as sheets (ITM-1, ITM-7)."""

from __future__ import annotations

from decimal import Decimal

from buyside.domain.access import Permission
from buyside.domain.items import ItemKind, LotPolicy, SupplyMode, VendorPolicy
from buyside.domain.pack import Form
from buyside.domain.sheets import Family, Sheet, SheetColumn
from buyside.domain.words import ITEM_KIND_WORDS, SUPPLY_MODE_WORDS, VENDOR_POLICY_WORDS, words

_C = SheetColumn
_NONE = Decimal(0)

ITEM_SHEET = Sheet(
    "items",
    "item",
    "items",
    "item",
    Family.ITEMS,
    (
        _C("code", Form.CODE, is_required=True),
        _C("name", is_required=True),
        _C("description"),
        _C("group", Form.CODE, stored="group_id", refers="item-groups"),
        _C("unit", Form.CODE, stored="unit_id", refers="units", is_required=True, says="The stock unit."),
        _C("kind", Form.WORD, words=ITEM_KIND_WORDS, default=ItemKind.INVENTORY.value),
        _C("supply", Form.WORD, words=SUPPLY_MODE_WORDS, default=SupplyMode.BUY.value),
        _C("safety_stock", Form.QUANTITY, least=_NONE, default="0"),
        _C("reorder_point", Form.QUANTITY, least=_NONE),
        _C("order_up_to", Form.QUANTITY, least=_NONE),
        _C("lot_policy", Form.WORD, words=words(LotPolicy), default=LotPolicy.LOT_FOR_LOT.value),
        _C("period_days", Form.WHOLE, above=_NONE),
        _C("make_lead_days", Form.WHOLE, least=_NONE, default="0"),
        _C("goods_in_days", Form.WHOLE, least=_NONE, default="0"),
        _C("inspection_required", Form.FLAG, default="false"),
        _C("over_receipt_percent", Form.PERCENT, least=_NONE),
        _C("standard_cost", Form.PRICE, least=_NONE, says="In the organisation's currency, for one stock unit."),
        _C("default_warehouse", Form.CODE, stored="default_warehouse_id", refers="warehouses"),
        _C("planner", says="The person or team that plans it; requirements and messages are filtered by it."),
        _C("is_orderable", Form.FLAG, default="false", says="By requesters."),
        _C("is_active", Form.FLAG, default="true"),
    ),
    key=("code",),
    view=Permission.ITEM_VIEW,
    edit=Permission.ITEM_EDIT,
    order=("code",),
    flag="is_active",
    says="What is bought, made on the way, or passed through.",
)
ITEM_GROUP_SHEET = Sheet(
    "item-groups",
    "item group",
    "item groups",
    "item_group",
    Family.ITEMS,
    (
        _C("code", Form.CODE, is_required=True),
        _C("name"),
        _C(
            "vendor_policy",
            Form.WORD,
            words=VENDOR_POLICY_WORDS,
            default=VendorPolicy.PREFERENCE.value,
            says="Whose vendor item goes first: by preference, the cheapest, the fastest, or split by share.",
        ),
        _C(
            "contracts_first",
            Form.FLAG,
            default="true",
            says="A valid contract with enough left goes before the policy.",
        ),
    ),
    key=("code",),
    view=Permission.ITEM_VIEW,
    edit=Permission.ITEM_EDIT,
    order=("code",),
    says="Items that are planned and bought alike.",
)
UNIT_SHEET = Sheet(
    "units",
    "unit",
    "units",
    "unit",
    Family.TERMS,
    (
        _C("code", Form.CODE, is_required=True),
        _C("name"),
        _C("category", is_required=True, says="Units of one category convert into each other."),
        _C(
            "factor", Form.QUANTITY, above=_NONE, default="1", says="How many of the category's base unit one of it is."
        ),
        _C("digits", Form.WHOLE, least=_NONE, most=Decimal(6), default="0", says="Decimals in which it is ordered."),
    ),
    key=("code",),
    view=Permission.REFERENCE_VIEW,
    edit=Permission.REFERENCE_EDIT,
    order=("category", "factor"),
    says="Units of measure with exact conversions inside their category.",
)
