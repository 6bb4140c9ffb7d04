"""What moved since a run, in words (PLAN-12): kept once in one form for everybody, and written for whoever reads it."""

from __future__ import annotations

import re
from decimal import Decimal

from buyside.domain.locales import shown_number

_QUANTITY = re.compile(r"([+-]?)(\d+(?:\.\d+)?)")


def drift_kept(demand: Decimal, on_hand: Decimal, on_order: Decimal) -> str:
    """Differences in stock units, today less then, as a plan line keeps them: "Demand +12.5, on hand -3"."""
    parts = [
        f"{name} {amount.normalize():+f}"
        for name, amount in (("demand", demand), ("on hand", on_hand), ("on order", on_order))
        if amount
    ]
    text = ", ".join(parts) or "dates moved"
    return text[0].upper() + text[1:]


def drift_shown(kept: str, unit: str, locale: str) -> str:
    """The same for a reader: "Demand +12,5 pcs, on hand -3 pcs". `unit` is the stock unit; empty leaves it out.

    Reads whatever text has no other numbers than quantities in stock units.
    """
    behind = f" {unit}" if unit else ""
    return _QUANTITY.sub(lambda found: f"{found[1]}{shown_number(Decimal(found[2]), locale)}{behind}", kept)
