"""Every page once: its path, label, icon, permission and shortcut. Navigation, pages and the gate read this table."""

from __future__ import annotations

from buyside.domain.access import Permission
from buyside.pages.kit.route import Route, permission_of

ADMINISTRATION = "Administration"

START = Route("/", "Start", Permission.START_VIEW, "house", "s")
REQUIREMENTS = Route("/requirements", "Requirements", Permission.PLAN_VIEW, "layers", "n")
PLAN = Route("/plan", "Plan", Permission.PLAN_VIEW, "calendar-range", "p")
ORDERS = Route("/orders", "Purchase orders", Permission.ORDER_VIEW, "file-text", "o")
ORDER = Route("/orders/[order_number]", "Purchase order", Permission.ORDER_VIEW, parent=ORDERS)
RECEIVING = Route("/receiving", "Receiving", Permission.EXPECTED_DELIVERY_VIEW, "package-check", "r")
STOCK = Route("/stock", "Stock", Permission.STOCK_VIEW, "warehouse", "k")
SALES_ORDERS = Route("/sales-orders", "Sales orders", Permission.DEMAND_VIEW, "shopping-bag", "d")
SALES_ORDER = Route("/sales-orders/[sales_order_number]", "Sales order", Permission.DEMAND_VIEW, parent=SALES_ORDERS)
USERS = Route("/admin/users", "Users", Permission.USER_VIEW, "users", "u", group=ADMINISTRATION)
MEMBERSHIPS = Route("/admin/memberships", "Vendor access", Permission.USER_VIEW, "link", "m", group=ADMINISTRATION)
SESSIONS = Route("/admin/sessions", "Sessions", Permission.SESSION_VIEW, "monitor", "e", group=ADMINISTRATION)
AUDIT = Route("/admin/audit", "Audit trail", Permission.AUDIT_VIEW, "scroll-text", "a", group=ADMINISTRATION)
PERMISSIONS = Route("/admin/permissions", "Permissions", Permission.PERMISSION_VIEW, in_menu=True)

ROUTES = (
    *(START, REQUIREMENTS, PLAN, ORDERS, ORDER, RECEIVING, STOCK, SALES_ORDERS, SALES_ORDER),
    *(USERS, MEMBERSHIPS, SESSIONS, AUDIT, PERMISSIONS),
)


def permission_of_path(path: str) -> Permission | None:
    """The permission that opens a page, by its address; None for an address of no page."""
    return permission_of(ROUTES, path)
