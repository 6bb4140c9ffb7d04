"""The list of the chosen vendor's contracts, and one of them."""

from __future__ import annotations

from typing import ClassVar

import reflex as rx

from buyside.domain.access import Permission
from buyside.domain.locales import shown_date, shown_number
from buyside.domain.refusals import NotFound
from buyside.queries.portal_contracts import PORTAL_CONTRACT_ITEM_ROWS, PORTAL_CONTRACT_ROWS, portal_contract
from buyside.queries.rows import GridSource
from buyside.state.base import SignedInState, handler, me
from buyside.state.portal.shell import PortalShellState


class PortalContractsState(SignedInState, rx.State):
    """Which rows the list has; the frame knows whose."""

    rows: ClassVar[GridSource] = PORTAL_CONTRACT_ROWS


class PortalContractState(SignedInState, rx.State):
    """One contract: its terms, and what was agreed per item."""

    rows: ClassVar[GridSource] = PORTAL_CONTRACT_ITEM_ROWS
    found: bool = False
    missing: bool = False
    number: str = ""
    title: str = ""
    status: str = ""
    valid_from: str = ""
    valid_to: str = ""
    currency: str = ""
    amount: str = ""
    """Empty where no amount was agreed."""
    scope: dict[str, str] = {}

    @handler(Permission.PORTAL_CONTRACT_VIEW)
    async def load(self) -> None:
        """Show the contract that the address names, for the vendor that it belongs to."""
        self._forget()
        try:
            contract = await self._ask(portal_contract, number=str(self.contract_number))  # type: ignore[attr-defined]
        except NotFound:
            self.missing = True
            return
        shell = await self.get_state(PortalShellState)
        shell._belongs_to(contract.vendor_code)
        locale = me().locale
        digits = (contract.currency_digits, contract.currency_digits)
        self.number, self.title, self.status = contract.number, contract.title, contract.state
        self.valid_from = shown_date(contract.valid_from, locale)
        self.valid_to = shown_date(contract.valid_to, locale)
        self.currency = contract.currency_code
        self.amount = "" if contract.amount is None else shown_number(contract.amount, locale, digits)
        self.scope = {"contract": contract.number}
        self.found = True

    def _forget(self) -> None:
        """Keep nothing of the contract that was shown before: this one may not be the person's to see."""
        self.found = self.missing = False
        self.number = self.title = self.status = self.valid_from = self.valid_to = self.currency = self.amount = ""
        self.scope = {}
