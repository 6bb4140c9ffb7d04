"""What is sold and what it is made of, as sheets (ITM-2, ITM-4, ITM-5)."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from functools import partial

from buyside.domain.access import Permission
from buyside.domain.items import RuleBehaviour
from buyside.domain.pack import Form
from buyside.domain.sheets import Family, Sheet, SheetColumn
from buyside.domain.words import words

_C = SheetColumn
_NONE = Decimal(0)
_sheet = partial(Sheet, family=Family.STRUCTURE, view=Permission.STRUCTURE_VIEW)


class ParentKind(StrEnum):
    """What the parent of a row of a bill of material is."""

    VARIANT = "variant"
    PRODUCT = "product"
    ITEM = "item"


PRODUCT_SHEET = _sheet(
    "products",
    "product",
    "products",
    "product",
    columns=(
        _C("code", Form.CODE, is_required=True),
        _C("name"),
        _C("covers_from_stock", Form.FLAG, default="true"),
    ),
    key=("code",),
    edit=None,
    order=("code",),
    says="From the sell-side platform, by import; read-only here.",
)
VARIANT_SHEET = _sheet(
    "variants",
    "variant",
    "variants",
    "variant",
    columns=(
        _C("sku", Form.CODE, is_required=True),
        _C("product", Form.CODE, stored="product_id", refers="products", is_required=True),
        _C("name"),
    ),
    key=("sku",),
    edit=None,
    order=("sku",),
    says="What is sold; from the sell-side platform, read-only here.",
)
OPTION_SHEET = _sheet(
    "options",
    "option of a product",
    "options of products",
    "product_option",
    columns=(
        _C("product", Form.CODE, stored="product_id", refers="products", is_required=True),
        _C("group", stored="group_name", is_required=True),
        _C("value", is_required=True),
    ),
    key=("product", "group", "value"),
    edit=None,
    order=("product", "group", "value"),
    says="Which option values a product offers; from the sell-side platform, read-only here.",
)
BOM_SHEET = _sheet(
    "bom-rows",
    "row of a bill of material",
    "rows of bills of material",
    "bom_row",
    columns=(
        _C("parent_kind", Form.WORD, words=words(ParentKind), is_required=True, is_fixed=True),
        _C(
            "parent", Form.CODE, is_required=True, is_fixed=True, says="A variant's SKU, or a product's or item's code."
        ),
        _C("component", Form.CODE, stored="component_id", refers="items", is_required=True),
        _C(
            "quantity_per",
            Form.QUANTITY,
            above=_NONE,
            is_required=True,
            says="In stock units of the component, for one parent.",
        ),
        _C("scrap_percent", Form.PERCENT, least=_NONE, default="0"),
        _C("valid_from", Form.DATE),
        _C("valid_to", Form.DATE),
    ),
    key=("parent_kind", "parent", "component", "valid_from"),
    edit=Permission.STRUCTURE_EDIT,
    order=("parent_kind", "parent", "component"),
    period=("parent_kind", "parent", "component"),
    says="What one parent is made of.",
)
OPTION_RULE_SHEET = _sheet(
    "option-rules",
    "rule of configuration",
    "rules of configuration",
    "option_rule",
    columns=(
        _C("code", Form.CODE, is_required=True),
        _C("product", Form.CODE, stored="product_id", refers="products", says="Empty with no variant: for all."),
        _C("variant", Form.CODE, stored="variant_id", refers="variants"),
        _C("when", Form.CHOICES, says="Options that must all be chosen: group=value;group=value."),
        _C("behaviour", Form.WORD, words=words(RuleBehaviour), is_required=True),
        _C("component", Form.CODE, stored="component_id", refers="items", says="What changes; empty for “nothing”."),
        _C("replacement", Form.CODE, stored="replacement_id", refers="items"),
        _C("quantity", Form.QUANTITY, above=_NONE, says="Added, or the factor that scales."),
        _C("priority", Form.WHOLE, default="0"),
    ),
    key=("code",),
    edit=Permission.STRUCTURE_EDIT,
    order=("code",),
    says="What chosen options change in the components: remove, replace, scale, add, in this order; or nothing.",
)
