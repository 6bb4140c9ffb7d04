"""Every list of master data, in the order of the sheets."""

from __future__ import annotations

from buyside.domain.all_sheets import SHEETS
from buyside.resources import items, structure, terms, vendors
from buyside.resources.resource import Resource

_ROOMS = (vendors, items, structure, terms)
_BY_SHEET = {each.sheet.name: each for room in _ROOMS for each in vars(room).values() if isinstance(each, Resource)}

RESOURCES: tuple[Resource, ...] = tuple(_BY_SHEET[sheet.name] for sheet in SHEETS)
