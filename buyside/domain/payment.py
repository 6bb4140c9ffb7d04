"""Terms of payment in words, as papers on a screen say them (PO-3)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from buyside.domain.locales import shown_days, shown_number


def events_in_words(payment: Mapping[str, Any] | None, locale: str) -> str:
    """What share of the total is due when, of the terms that an order's paper froze; empty where it froze none."""
    if payment is None:
        return ""
    parts = []
    for each in payment["events"]:
        share = shown_number(Decimal(each["share_percent"]), locale)
        due = f", {shown_days(each['days'])}" if each["days"] else ""
        parts.append(f"{share} % on {each['trigger']}{due}")
    return "; ".join(parts)
