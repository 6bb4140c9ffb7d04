"""What is sold and what it is made of, as lists."""

from __future__ import annotations

from buyside.domain.filters import after_today, before_today, is_false, is_true, one_of
from buyside.domain.items import RuleBehaviour
from buyside.domain.structure_sheets import (
    BOM_SHEET,
    OPTION_RULE_SHEET,
    OPTION_SHEET,
    PRODUCT_SHEET,
    VARIANT_SHEET,
    ParentKind,
)
from buyside.queries.sheet_gaps import GAPS, Gap
from buyside.resources.resource import ALL, NamedView, Resource, Shown

_FROM_SELLING = "They come from the sell-side platform: bring them in with a file or a data pack."

PRODUCTS = Resource(
    PRODUCT_SHEET,
    (
        Shown("code", width=190, is_pinned=True, href="/structure?product={code}"),
        Shown("name", grow=1, least=240),
        Shown("covers_from_stock", width=190),
    ),
    views=(
        ALL,
        NamedView("Covered from stock", {"covers_from_stock": is_true()}),
        NamedView("Always made", {"covers_from_stock": is_false()}),
    ),
    row_href="/structure?product={code}",
    quick_hint="Code or name",
    empty=("No products yet", _FROM_SELLING),
)
VARIANTS = Resource(
    VARIANT_SHEET,
    (
        Shown("sku", width=190, is_pinned=True, href="/structure?variant={sku}"),
        Shown("name", grow=1, least=240),
        Shown("product", width=150, href="/structure?product={product}"),
        Shown("product_name", grow=1, least=200),
    ),
    views=(ALL, NamedView("No components", {GAPS: one_of(Gap.NO_COMPONENTS)})),
    row_href="/structure?variant={sku}",
    quick_hint="SKU or name",
    empty=("No variants yet", _FROM_SELLING),
)
OPTIONS = Resource(
    OPTION_SHEET,
    (
        Shown("product", width=190, is_pinned=True, href="/structure?product={product}"),
        Shown("group", width=220),
        Shown("value", grow=1, least=220),
    ),
    noun=("option", "options"),
    quick_hint="Product, group or value",
    empty=("No options yet", _FROM_SELLING),
)
BOM_ROWS = Resource(
    BOM_SHEET,
    (
        Shown("parent_kind", width=132, label="Parent is a"),
        Shown("parent", width=150),
        Shown("parent_name", grow=1, least=150),
        Shown("component", width=150, href="/items/{component}"),
        Shown("component_name", grow=1, least=150),
        Shown("quantity_per", width=130),
        Shown("scrap_percent", width=110, label="Scrap %"),
        Shown("valid_from", width=124),
        Shown("valid_to", width=124),
    ),
    views=(
        ALL,
        NamedView("Of variants", {"parent_kind": one_of(ParentKind.VARIANT)}),
        NamedView("Of products", {"parent_kind": one_of(ParentKind.PRODUCT)}),
        NamedView("Of items", {"parent_kind": one_of(ParentKind.ITEM)}),
        NamedView("Ended", {"valid_to": before_today()}),
        NamedView("To come", {"valid_from": after_today()}),
    ),
    noun=("row", "rows"),
    quick_hint="Parent or component",
    empty=(
        "Nothing is made of anything yet",
        "Say what a variant, a product or an item is made of: add a row here, or bring them in with a file.",
    ),
)
OPTION_RULES = Resource(
    OPTION_RULE_SHEET,
    (
        Shown("code", width=130, is_pinned=True),
        Shown("product", width=112),
        Shown("variant", width=124),
        Shown("when", grow=2, least=210, label="When chosen"),
        Shown("behaviour", width=104),
        Shown("component", width=134, href="/items/{component}"),
        Shown("replacement", width=134, href="/items/{replacement}"),
        Shown("quantity", width=100),
        Shown("priority", width=88),
    ),
    views=(
        ALL,
        *(NamedView(each.value.capitalize(), {"behaviour": one_of(each)}) for each in RuleBehaviour),
    ),
    noun=("rule", "rules"),
    quick_hint="Code, option or component",
    empty=(
        "No rules yet",
        "A rule says what a chosen option changes in the components. Add one here, then try it in the rule tester.",
    ),
)
