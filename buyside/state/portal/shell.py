"""What the frame around every page of the portal knows: who is signed in, who buys, and which vendor is chosen."""

from __future__ import annotations

from typing import Any, TypedDict
from urllib.parse import quote

import reflex as rx

from buyside.domain.access import Permission
from buyside.queries.portal_vendors import PortalReach, portal_reach
from buyside.state.base import SignedInState, handler, me

_LONGEST_CODE = 80


class VendorChoice(TypedDict):
    """A vendor that the person acts for."""

    code: str
    name: str


class PortalShellState(SignedInState, rx.State):
    """The frame. Which vendor is chosen stands in the address, as `?vendor=CODE`; without it the first by name is."""

    ready: bool = False
    name: str = ""
    initials: str = ""
    says: str = ""
    buyer: str = ""
    vendors: list[VendorChoice] = []
    has_choice: bool = False
    vendor: str = ""
    """Code of the chosen vendor; empty where the address names none of the person's own."""
    vendor_name: str = ""
    suffix: str = ""
    """Goes behind the address of a page, so that it opens for the chosen vendor."""

    @handler(Permission.PORTAL_USE)
    async def enter(self) -> None:
        """Runs when any page opens."""
        reach = await self._ask(portal_reach)
        actor = me()
        self.name = actor.name
        self.initials = "".join(part[0] for part in actor.name.split()[:2]).upper()
        self.says = "For " + ", ".join(each.name for each in reach.vendors) if reach.vendors else ""
        self.buyer = reach.buyer
        self.vendors = [VendorChoice(code=each.code, name=each.name) for each in reach.vendors]
        self.has_choice = len(reach.vendors) > 1
        first = reach.vendors[0].code if reach.vendors else ""
        self._choose(reach, self.router.url.query_parameters.get("vendor", "")[:_LONGEST_CODE] or first)
        self.ready = True

    @handler(Permission.PORTAL_USE)
    async def choose(self, code: str) -> Any:
        """Go to the list of another vendor of the person's own: of contracts for whoever looks at contracts, else of orders."""
        reach = await self._ask(portal_reach)
        if code not in {each.code for each in reach.vendors}:
            return None
        self._choose(reach, code)
        path = "/contracts" if str(self.router.url.path).startswith("/contracts") else "/"
        return rx.redirect(path + self.suffix)

    def _belongs_to(self, code: str) -> None:
        """Show the vendor of the document that a page opened, whatever the address said."""
        if code != self.vendor:
            own = next((each for each in self.vendors if each["code"] == code), None)
            self._show(code, own["name"] if own else code)

    def _choose(self, reach: PortalReach, code: str) -> None:
        """Show what belongs to a vendor; to none where the code is not one of the person's own."""
        chosen = next((each for each in reach.vendors if each.code == code), None)
        self._show(chosen.code if chosen else "", chosen.name if chosen else "")

    def _show(self, code: str, name: str) -> None:
        self.vendor, self.vendor_name = code, name
        self.suffix = f"?vendor={quote(code, safe='')}" if code else ""
