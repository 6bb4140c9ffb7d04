"""Words of procurement items."""

from __future__ import annotations

from enum import StrEnum


class ItemKind(StrEnum):
    INVENTORY = "inventory"
    CATALOGUE = "catalogue"
    GENERIC = "generic"


class SupplyMode(StrEnum):
    BUY = "buy"
    MAKE = "make"
    PHANTOM = "phantom"


class LotPolicy(StrEnum):
    LOT_FOR_LOT = "lot_for_lot"
    FIXED_MULTIPLE = "fixed_multiple"
    PERIOD = "period"


class VendorPolicy(StrEnum):
    """Which vendor of an item goes first (PLAN-7)."""

    PREFERENCE = "preference"
    CHEAPEST = "cheapest"
    FASTEST = "fastest"
    SHARE = "share"


class RuleBehaviour(StrEnum):
    ADD = "add"
    REMOVE = "remove"
    REPLACE = "replace"
    SCALE = "scale"
    NOTHING = "nothing"
    """Changes nothing: the decision that what was chosen, or what is sold, takes no component (ITM-8)."""
