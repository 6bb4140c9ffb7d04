"""Every page of the vendors' portal once. Its navigation, its pages and its gate read this table."""

from __future__ import annotations

from buyside.domain.access import Permission
from buyside.pages.kit.route import Route, permission_of

ORDERS = Route("/", "Purchase orders", Permission.PORTAL_ORDER_VIEW, "file-text", "o")
ORDER = Route("/orders/[order_number]", "Purchase order", Permission.PORTAL_ORDER_VIEW, parent=ORDERS)
CONTRACTS = Route("/contracts", "Contracts", Permission.PORTAL_CONTRACT_VIEW, "scroll-text", "c")
CONTRACT = Route("/contracts/[contract_number]", "Contract", Permission.PORTAL_CONTRACT_VIEW, parent=CONTRACTS)

ROUTES = (ORDERS, ORDER, CONTRACTS, CONTRACT)


def permission_of_path(path: str) -> Permission | None:
    """The permission that opens a page, by its address; None for an address of no page."""
    return permission_of(ROUTES, path)
