"""Every page once: its path, label, icon, permission and shortcut. Navigation, pages and the gate read this table."""

from __future__ import annotations

from buyside.domain.access import Permission
from buyside.domain.all_sheets import SHEETS
from buyside.domain.sheets import Family
from buyside.pages.kit.route import Route, permission_of

MASTER_DATA = "Master data"
ADMINISTRATION = "Administration"

START = Route("/", "Start", Permission.START_VIEW, "house", "s")
REQUIREMENTS = Route("/requirements", "Requirements", Permission.PLAN_VIEW, "layers", "n")
PLAN = Route("/plan", "Plan", Permission.PLAN_VIEW, "calendar-range", "p")
PLAN_BOARD = Route("/plan/board", "Planning board", Permission.PLAN_VIEW, parent=PLAN)
PLAN_DIFFERENCE = Route("/plan/difference", "Difference of plans", Permission.PLAN_VIEW, parent=PLAN)
PLAN_VENDORS = Route("/plan/vendors", "Plan by vendor", Permission.PLAN_VIEW, parent=PLAN)
PLAN_SCHEDULES = Route("/plan/schedules", "Planning schedules", Permission.PLAN_VIEW, parent=PLAN)
MESSAGES = Route("/messages", "Action messages", Permission.PLAN_VIEW, "list-checks", "j")
SCENARIOS = Route("/scenarios", "What-if", Permission.PLAN_VIEW, "git-compare", "w")
ORDERS = Route("/orders", "Purchase orders", Permission.ORDER_VIEW, "file-text", "o")
ORDER = Route("/orders/[order_number]", "Purchase order", Permission.ORDER_VIEW, parent=ORDERS)
RECEIVING = Route("/receiving", "Receiving", Permission.EXPECTED_DELIVERY_VIEW, "package-check", "r")
STOCK = Route("/stock", "Stock", Permission.STOCK_VIEW, "warehouse", "k")
SALES_ORDERS = Route("/sales-orders", "Sales orders", Permission.DEMAND_VIEW, "shopping-bag", "d")
SALES_ORDER = Route("/sales-orders/[sales_order_number]", "Sales order", Permission.DEMAND_VIEW, parent=SALES_ORDERS)
VENDORS = Route("/vendors", "Vendors", Permission.VENDOR_VIEW, "building-2", "v", group=MASTER_DATA)
ITEMS = Route("/items", "Items", Permission.ITEM_VIEW, "boxes", "i", group=MASTER_DATA)
STRUCTURE = Route("/structure", "Structure", Permission.STRUCTURE_VIEW, "network", "b", group=MASTER_DATA)
TERMS = Route("/warehouses", "Reference", Permission.REFERENCE_VIEW, "book-open", "f", group=MASTER_DATA)
FILES = Route("/files", "Files", Permission.DATA_IMPORT, "file-up", "l", group=MASTER_DATA)
VENDOR = Route("/vendors/[vendor_code]", "Vendor", Permission.VENDOR_VIEW, parent=VENDORS)
ITEM = Route("/items/[item_code]", "Item", Permission.ITEM_VIEW, parent=ITEMS)
BANK_ACCOUNTS = Route("/bank-accounts", "Bank accounts", Permission.VENDOR_VIEW, parent=VENDORS)
CONFIGURATOR = Route("/configurator", "Rule tester", Permission.STRUCTURE_VIEW, parent=STRUCTURE)
UNMAPPED = Route("/unmapped", "Unmapped demand", Permission.STRUCTURE_VIEW, parent=STRUCTURE)
_LISTS = {Family.VENDORS: VENDORS, Family.ITEMS: ITEMS, Family.STRUCTURE: STRUCTURE, Family.TERMS: TERMS}
_OWN = {"vendors": VENDORS, "items": ITEMS, "warehouses": TERMS}
SHEET_ROUTES = {
    sheet.name: _OWN.get(sheet.name)
    or Route(sheet.path, sheet.many[:1].upper() + sheet.many[1:], sheet.view, parent=_LISTS[sheet.family])
    for sheet in SHEETS
}
"""The page of each sheet of master data; three of them stand in the navigation themselves."""
USERS = Route("/admin/users", "Users", Permission.USER_VIEW, "users", "u", group=ADMINISTRATION)
MEMBERSHIPS = Route("/admin/memberships", "Vendor access", Permission.USER_VIEW, "link", "m", group=ADMINISTRATION)
SESSIONS = Route("/admin/sessions", "Sessions", Permission.SESSION_VIEW, "monitor", "e", group=ADMINISTRATION)
ORGANISATION = Route(
    "/admin/organisation", "Organisation", Permission.ORGANISATION_EDIT, "landmark", "z", group=ADMINISTRATION
)
AUDIT = Route("/admin/audit", "Audit trail", Permission.AUDIT_VIEW, "scroll-text", "a", group=ADMINISTRATION)
PERMISSIONS = Route("/admin/permissions", "Permissions", Permission.PERMISSION_VIEW, in_menu=True)

ROUTES = (
    *(START, REQUIREMENTS, PLAN, PLAN_BOARD, PLAN_VENDORS, PLAN_DIFFERENCE, PLAN_SCHEDULES, MESSAGES, SCENARIOS),
    *(ORDERS, ORDER, RECEIVING, STOCK, SALES_ORDERS, SALES_ORDER, VENDORS, ITEMS, STRUCTURE, TERMS, FILES),
    *(each for each in SHEET_ROUTES.values() if each.parent),
    *(BANK_ACCOUNTS, CONFIGURATOR, UNMAPPED, VENDOR, ITEM),
    *(USERS, MEMBERSHIPS, SESSIONS, ORGANISATION, AUDIT, PERMISSIONS),
)


def permission_of_path(path: str) -> Permission | None:
    """The permission that opens a page, by its address; None for an address of no page."""
    return permission_of(ROUTES, path)
