"""Families of master data: lists that are looked at together, as tabs above each of them."""

from __future__ import annotations

from dataclasses import dataclass

import reflex as rx

from buyside.pages import routes
from buyside.pages.kit.base import link
from buyside.pages.kit.route import Route
from buyside.pages.shell import when_allowed


@dataclass(frozen=True)
class _Tab:
    """One list of a family, under a word that is short enough for a tab."""

    word: str
    route: Route


_of = routes.SHEET_ROUTES
_FAMILIES: tuple[tuple[str, tuple[_Tab, ...]], ...] = (
    (
        "Vendors",
        (
            _Tab("Vendors", routes.VENDORS),
            _Tab("Contacts", _of["vendor-contacts"]),
            _Tab("Addresses", _of["vendor-addresses"]),
            _Tab("Closing days", _of["vendor-closing-days"]),
            _Tab("Bank accounts", routes.BANK_ACCOUNTS),
            _Tab("Vendor items", _of["vendor-items"]),
            _Tab("Prices", _of["price-breaks"]),
        ),
    ),
    ("Items", (_Tab("Items", routes.ITEMS), _Tab("Groups", _of["item-groups"]))),
    (
        "Structure",
        (
            _Tab("Tree", routes.STRUCTURE),
            _Tab("Products", _of["products"]),
            _Tab("Variants", _of["variants"]),
            _Tab("Options", _of["options"]),
            _Tab("Bills of material", _of["bom-rows"]),
            _Tab("Rules", _of["option-rules"]),
            _Tab("Rule tester", routes.CONFIGURATOR),
            _Tab("Unmapped demand", routes.UNMAPPED),
        ),
    ),
    (
        "Reference",
        (
            _Tab("Warehouses", routes.TERMS),
            _Tab("Units", _of["units"]),
            _Tab("Currencies", _of["currencies"]),
            _Tab("Exchange rates", _of["exchange-rates"]),
            _Tab("Tax codes", _of["tax-codes"]),
            _Tab("Payment terms", _of["payment-terms"]),
            _Tab("Billing events", _of["payment-term-events"]),
            _Tab("Cost centres", _of["cost-centers"]),
        ),
    ),
)


def family_tabs(route: Route) -> rx.Component:
    """Links to the lists that are looked at together with a page, for those who may open them; its own is marked.

    A page of one record, such as a vendor's, stands under the tab of its list. Nothing for a page of no family.
    """
    for name, tabs in _FAMILIES:
        stands_under = next((each for each in (route, route.parent) if each in [tab.route for tab in tabs]), None)
        if stands_under is not None:
            marked = "page" if stands_under is route else "true"
            shown = [_tab(tab, marked if tab.route is stands_under else "") for tab in tabs]
            return rx.el.nav(*shown, aria_label=name, class_name="family")
    return rx.fragment()


def _tab(tab: _Tab, marked: str) -> rx.Component:
    marks = {"aria_current": marked} if marked else {}
    return when_allowed(tab.route.permission, link(tab.word, to=tab.route.path, class_name="family-tab", **marks))
