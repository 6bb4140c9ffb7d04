"""The chosen vendor's contracts."""

from __future__ import annotations

import reflex as rx

from buyside.domain.contracts import ContractStatus
from buyside.domain.portal import PORTAL_CONTRACT_WORDS
from buyside.pages.kit.grid import Column, View, grid, one_of
from buyside.pages.portal import routes
from buyside.pages.portal.shell import of_vendor, page
from buyside.state.portal.contracts import PortalContractsState as Contracts
from buyside.state.portal.shell import PortalShellState as Shell

_DOCUMENT = "/contracts/{number}?vendor={vendor}"


@page(routes.CONTRACTS, is_flush=True)
def contracts() -> rx.Component:
    """The list, the one that ends last first."""
    return of_vendor(
        grid(
            Contracts.rows,
            (
                Column("number", width=156, href=_DOCUMENT, is_pinned=True),
                Column("title", grow=2, least=180),
                Column("state", "Status", width=130, words=PORTAL_CONTRACT_WORDS),
                Column("valid_from", width=130),
                Column("valid_to", width=130),
                Column("items", width=88, help="Items with an agreed quantity or price"),
                Column("amount", "Agreed amount", width=160, unit_from="currency"),
            ),
            label="Contracts",
            noun="contracts",
            scope={"vendor": Shell.vendor},
            row_href=_DOCUMENT,
            views=(View("All"), View("Active", {"state": one_of(ContractStatus.ACTIVE.value)})),
            quick_hint="Number or title",
            empty=("No contracts yet", "A contract stands here once it is agreed. Orders come without one as well."),
        )
    )
