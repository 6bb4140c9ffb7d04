"""Every table at once. A write that touches one table sorts it among those it refers to, so all of them have to be known."""

from buyside.db import (
    audit,
    bank,
    contracts,
    demand,
    files,
    items,
    orders,
    people,
    plans,
    receipts,
    search,
    stock,
    structure,
    vendors,
    views,
)

MODULES = (
    audit,
    bank,
    contracts,
    demand,
    files,
    items,
    orders,
    people,
    plans,
    receipts,
    search,
    stock,
    structure,
    vendors,
    views,
)
"""The modules that declare tables."""
