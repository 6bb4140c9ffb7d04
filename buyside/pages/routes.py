"""Every page once: its path, label, icon, permission and shortcut. Navigation, pages and the gate read this table."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property

from buyside.domain.access import Permission


@dataclass(frozen=True)
class Route:
    """One page. `[name]` in a path stands for one part of the address, which the page's state reads as `self.name`."""

    path: str
    label: str
    permission: Permission
    icon: str = ""
    """Lucide name; pages without one are not in the navigation."""
    shortcut: str = ""
    """Pressed after `g`, goes there."""
    parent: Route | None = field(default=None)
    """The list that a document belongs to."""
    group: str = ""
    """The heading in the navigation under which it stands; who may open none of a group's pages sees no heading."""
    in_menu: bool = False
    """Stands in the menu behind the person's name instead of the navigation: for what is looked up once in a while."""

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """What addresses of this page look like."""
        parts = re.split(r"\[\w+\]", self.path.rstrip("/"))
        return re.compile("[^/]+".join(re.escape(part) for part in parts) + "/?")

    def to(self, *parts: str) -> str:
        """The address with its `[name]`s filled in, for literal parts."""
        filled = self.path
        for part in parts:
            before, bracket, rest = filled.partition("[")
            if bracket:
                filled = before + part + rest.partition("]")[2]
        return filled


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

ROUTES = (START, REQUIREMENTS, PLAN, ORDERS, ORDER, RECEIVING, STOCK, SALES_ORDERS, SALES_ORDER)


def permission_of_path(path: str) -> Permission | None:
    """The permission that opens a page, by its address; None for an address of no page."""
    for route in ROUTES:
        if route.pattern.fullmatch(path) or (route.path == "/" and path == "/"):
            return route.permission
    return None
