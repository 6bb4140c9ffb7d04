"""What columns of files are called, and which column of a sheet that is."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from rapidfuzz import fuzz, process

from buyside.domain.sheets import Sheet, SheetColumn

_ALIKE = 82
"""Of a hundred: how much two names must have in common to be taken for one."""
_SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "code": ("number", "no", "id", "key", "nummer", "artikelnummer", "item number", "item no", "sku", "part number"),
    "name": ("title", "label", "bezeichnung", "nom", "nombre", "description short", "display name"),
    "description": ("text", "long text", "details", "beschreibung"),
    "unit": ("uom", "unit of measure", "stock unit", "einheit", "measure", "um"),
    "group": ("item group", "category", "class", "warengruppe", "product group"),
    "kind": ("type", "item type"),
    "supply": ("supply mode", "procurement type", "beschaffungsart"),
    "vendor": ("supplier", "vendor code", "supplier code", "vendor no", "supplier number", "lieferant", "creditor"),
    "item": ("item code", "article", "article number", "part", "material", "product code", "artikel"),
    "vendor_part": ("supplier part", "supplier part number", "vendor part number", "vendor sku", "manufacturer part"),
    "lead_days": ("lead time", "leadtime", "lead time days", "average lead time", "lieferzeit", "delivery days"),
    "minimum_quantity": ("moq", "min qty", "minimum order quantity", "min order qty", "mindestmenge"),
    "order_multiple": ("multiple", "lot multiple", "pack size", "rounding"),
    "purchase_unit": ("order unit", "ordered unit", "buying unit", "unit measure code"),
    "unit_factor": ("conversion", "factor", "conversion factor", "units per pack"),
    "unit_price": ("price", "net price", "cost", "preis", "prix", "standard price"),
    "from_quantity": ("from qty", "quantity", "qty", "min quantity", "break quantity", "ab menge"),
    "valid_from": ("from", "start", "start date", "begin", "gültig ab", "effective from"),
    "valid_to": ("to", "until", "end", "end date", "expires", "gültig bis", "effective to"),
    "currency": ("currency code", "curr", "währung", "devise"),
    "email": ("mail", "e mail", "email address"),
    "phone": ("telephone", "phone number", "telefon", "tel"),
    "standard_cost": ("cost", "cost price", "unit cost"),
    "safety_stock": ("safety stock level", "minimum stock", "sicherheitsbestand"),
    "reorder_point": ("reorder level", "order point", "meldebestand"),
    "order_up_to": ("maximum stock", "max stock", "up to level"),
    "is_active": ("active", "enabled", "aktiv"),
    "tax_id": ("vat", "vat number", "vat id", "tax number", "ust id"),
    "component": ("component code", "child", "child item", "material"),
    "parent": ("parent code", "assembly", "product assembly"),
    "quantity_per": ("quantity", "qty", "qty per", "per assembly qty", "amount"),
    "scrap_percent": ("scrap", "scrap pct", "waste"),
    "inspection_required": ("inspection",),
    "over_receipt_percent": ("over receipt pct", "tolerance"),
    "default_warehouse": ("warehouse", "location", "lager"),
    "is_orderable": ("orderable",),
    "lines": ("address", "street", "address lines", "adresse"),
    "country": ("country code", "land"),
    "order_weekdays": ("weekdays", "order days"),
    "share_percent": ("share", "share pct", "split"),
    "preference": ("rank", "priority", "preferred"),
    "covers_from_stock": ("cover from stock",),
    "allows_negative": ("allow negative",),
    "quantity": ("qty",),
    "sku": ("variant code", "article"),
    "rate": ("exchange rate", "kurs"),
}
"""What columns are called elsewhere, beside their own names."""


def _bare(words: str) -> str:
    return " ".join(
        re.sub(r"(?<=[a-zäöü])(?=[A-Z])", " ", words).replace("_", " ").replace("-", " ").split()
    ).casefold()


def columns_by_name(sheet: Sheet, header: Sequence[str]) -> dict[int, tuple[str, str]]:
    """Columns by place: those that are called the same first, then those that others call so, then those much alike."""
    free = {each.name: each for each in sheet.written}
    found: dict[int, tuple[str, str]] = {}
    bare = {place: _bare(re.sub(r"[^\w\s-]", " ", text)) for place, text in enumerate(header)}

    def take(names: Mapping[str, str], why: str) -> None:
        for place, words in bare.items():
            name = names.get(words)
            if place not in found and name in free:
                found[place] = (name, why)
                del free[name]

    own = {_bare(each.name): each.name for each in sheet.written}
    take(own, "same name")
    take({_bare(each.title): each.name for each in sheet.written}, "same name")
    take({_bare(f"{sheet.one} {each.name}"): each.name for each in sheet.written}, "similar")
    take({word: name for name, others in _SYNONYMS.items() for word in map(_bare, others) if name in free}, "similar")
    _take_alike(free, bare, found)
    return found


def _take_alike(free: dict[str, SheetColumn], bare: Mapping[int, str], found: dict[int, tuple[str, str]]) -> None:
    """The pairs of names that are most alike, best first, as long as they are alike enough."""
    pairs = []
    for place, words in bare.items():
        if place in found or len(words) < 3:
            continue
        names = {name: _bare(column.name) for name, column in free.items()}
        for _, score, name in process.extract(words, names, scorer=fuzz.token_sort_ratio, score_cutoff=_ALIKE, limit=3):
            pairs.append((score, place, name))
    for _, place, name in sorted(pairs, reverse=True):
        if place not in found and name in free:
            found[place] = (name, "similar")
            del free[name]
