"""Words of demand: sales orders as the sell-side platform reports them."""

from __future__ import annotations

from enum import StrEnum


class SalesOrderStatus(StrEnum):
    DRAFT = "draft"
    APPROVED = "approved"
    CANCELLED = "cancelled"
