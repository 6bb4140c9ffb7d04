"""One contract of the chosen vendor: its validity, its amount, and what was agreed per item."""

from __future__ import annotations

import reflex as rx

from buyside.domain.portal import PORTAL_CONTRACT_WORDS
from buyside.pages.kit.grid import Column, grid
from buyside.pages.kit.parts import amount, empty_state, facts, link_button, status
from buyside.pages.portal import routes
from buyside.pages.portal.shell import at_vendor, page
from buyside.state.portal.contracts import PortalContractState as Contract


@page(
    routes.CONTRACT,
    on_load=Contract.load,
    title=rx.cond(Contract.number != "", Contract.number, "Contract"),
    is_flush=True,
)
def contract() -> rx.Component:
    """The terms above, the items below."""
    missing = empty_state(
        "There is no such contract",
        "Its number may be mistyped, or it was not agreed with you.",
        link_button("Your contracts", at_vendor(routes.CONTRACTS.path)),
    )
    terms = facts(
        ("Title", Contract.title),
        ("Valid", rx.fragment(Contract.valid_from, " to ", Contract.valid_to)),
        ("Status", status(Contract.status, PORTAL_CONTRACT_WORDS)),
        (
            "Agreed amount",
            rx.cond(
                Contract.amount != "",
                amount(Contract.amount, Contract.currency),
                rx.fragment("None; prices are in ", Contract.currency),
            ),
        ),
    )
    items = grid(
        Contract.rows,
        (
            Column("item", width=170, is_pinned=True),
            Column("name", grow=2, least=180),
            Column("quantity", "Agreed quantity", width=170, unit_from="unit"),
            Column("unit_price", "Agreed price", width=170, unit_from="currency", help="Per unit"),
        ),
        label="Agreed items",
        noun="items",
        scope=Contract.scope,
        quick_hint="Item",
        empty=("No items", "This contract agrees an amount, and no quantities or prices per item."),
    )
    shown = rx.el.div(rx.el.div(terms, class_name="grid-head"), items, class_name="stacked")
    return rx.cond(Contract.missing, missing, rx.cond(Contract.found, shown, rx.fragment()))
