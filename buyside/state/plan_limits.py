"""What an address limits the lines of a plan to: those of one item, or of one vendor in one currency."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from buyside.queries.plan_line_rows import item_called, vendor_called
from buyside.state.forms import key

NONE = "-"
"""In place of a vendor's code or of a currency: lines that have none."""
_LONGEST = 200
_NO_ITEM = "no item of that code"

Limits = dict[str, int | str]
"""Columns of the list and the value that they are limited to."""


async def limits_of(parameters: Mapping[str, Any], ask: Callable[..., Awaitable[Any]]) -> tuple[Limits, str]:
    """The limits that the parameters of an address name, and what they leave, in words."""

    def given(name: str) -> str:
        return str(parameters.get(name, ""))[:_LONGEST]

    item, vendor, currency = given("item"), given("vendor"), given("currency")
    limits: Limits = {}
    said = []
    if item:
        limits["item_id"] = await ask(item_called, code=item) or key(item)
        said.append(item if limits["item_id"] else _NO_ITEM)
    if vendor:
        limits["vendor_id"], name = (
            (0, "lines without a vendor") if vendor == NONE else await ask(vendor_called, code=vendor)
        )
        said.append(name or "no vendor of that code")
    if currency:
        limits["currency"] = "" if currency == NONE else currency
        said.append("without a price" if currency == NONE else f"in {currency}")
    return limits, " ".join(said)
