"""The own organisation: its name, currency, clock and tolerance, and the addresses that orders are written with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypedDict
from uuid import UUID, uuid4

import reflex as rx

from buyside.domain.access import Permission
from buyside.domain.locales import known_time_zones, shown_number
from buyside.domain.refusals import Stale
from buyside.operations.people import Address, set_organisation
from buyside.queries.organisation import OwnAddress, OwnOrganisation, own_organisation
from buyside.state.base import handler, me, say
from buyside.state.forms import decimal, flag, text
from buyside.state.receipts import Choice
from buyside.state.roles import AdministratorState

_NEW = -1


class AddressShown(TypedDict):
    """One address in words."""

    place: str
    account: str
    lines: str
    contact: str
    contact_name: str
    contact_email: str
    contact_phone: str
    bills: str
    """"yes" where bills go by default."""
    goods: str


_EMPTY = AddressShown(
    place=str(_NEW),
    account="",
    lines="",
    contact="",
    contact_name="",
    contact_email="",
    contact_phone="",
    bills="",
    goods="",
)


class OrganisationState(AdministratorState, rx.State):
    """Who buys."""

    name: str = ""
    currency: str = ""
    time_zone: str = ""
    tolerance: str = ""
    version: int = 0
    is_valued: bool = False
    """Stock is valued in the currency, which therefore stays."""
    addresses: list[AddressShown] = []
    address: AddressShown = _EMPTY
    """The address in the dialog."""
    is_asking: bool = False
    currencies: list[Choice] = []
    time_zones: list[Choice] = []
    _request_id: UUID | None = None

    @handler(Permission.ORGANISATION_EDIT)
    async def load(self) -> None:
        """Show the organisation as it is."""
        self.is_asking = False
        self._show(await self._ask(own_organisation))

    def _show(self, own: OwnOrganisation) -> None:
        self.name, self.currency, self.time_zone = own.name, own.currency_code, own.time_zone
        self.tolerance = shown_number(own.over_receipt_percent, me().locale)
        self.version, self.is_valued = own.version, own.has_stock
        self.addresses = [_shown(place, each) for place, each in enumerate(own.addresses)]
        self.currencies = [Choice(value=code, label=label) for code, label in own.currencies]
        self.time_zones = [Choice(value=zone, label=zone.replace("_", " ")) for zone in known_time_zones()]
        self._request_id = uuid4()

    @handler(Permission.ORGANISATION_EDIT)
    async def save(self, form: dict[str, Any]) -> Any:
        """Save name, currency, clock and tolerance."""
        own = await self._ask(own_organisation)
        changed = replace(
            own,
            name=text(form, "name"),
            currency_code=text(form, "currency_code") or own.currency_code,
            time_zone=text(form, "time_zone", needed=True),
            over_receipt_percent=decimal(form, "over_receipt_percent"),
        )
        await self._save(changed, own.addresses)
        return say("Saved.")

    @handler(Permission.ORGANISATION_EDIT)
    def ask(self, place: str) -> None:
        """Open the dialog of one address, or of a new one."""
        self.address = next((each for each in self.addresses if each["place"] == place), _EMPTY)
        self.errors, self.is_asking = {}, True

    @handler(Permission.ORGANISATION_EDIT)
    def leave(self) -> None:
        """Close the dialog."""
        self.is_asking = False

    @handler(Permission.ORGANISATION_EDIT)
    async def save_address(self, form: dict[str, Any]) -> Any:
        """Save the address of the dialog. A default that it takes is taken from the one that had it."""
        own = await self._ask(own_organisation)
        saved = OwnAddress(
            account=text(form, "account", needed=True),
            lines=text(form, "lines", needed=True),
            contact_name=text(form, "contact_name"),
            contact_email=text(form, "contact_email"),
            contact_phone=text(form, "contact_phone"),
            is_bill_to=flag(form, "is_bill_to"),
            is_ship_to=flag(form, "is_ship_to"),
        )
        others = [
            replace(
                each,
                is_bill_to=each.is_bill_to and not saved.is_bill_to,
                is_ship_to=each.is_ship_to and not saved.is_ship_to,
            )
            for each in own.addresses
        ]
        place = int(self.address["place"])
        if 0 <= place < len(others):
            others[place] = saved
        else:
            others.append(saved)
        await self._save(own, others)
        self.is_asking = False
        return say("Address saved. Orders already issued keep theirs.")

    @handler(Permission.ORGANISATION_EDIT)
    async def remove_address(self, place: str) -> Any:
        """Take an address away. Orders keep the copy that they were written with."""
        own = await self._ask(own_organisation)
        kept = [each for at, each in enumerate(own.addresses) if str(at) != place]
        await self._save(own, kept)
        return say("Address removed.")

    async def _save(self, own: OwnOrganisation, addresses: Sequence[OwnAddress]) -> None:
        """Save over the state that this page shows. Refuses: Stale, and then shows what others made of it."""
        try:
            await self._do(
                set_organisation,
                request_id=self._request_id,
                name=own.name,
                currency_code=own.currency_code,
                time_zone=own.time_zone,
                over_receipt_percent=own.over_receipt_percent,
                addresses=[
                    Address(
                        each.account,
                        each.lines,
                        each.contact_name,
                        each.contact_email,
                        each.contact_phone,
                        each.is_bill_to,
                        each.is_ship_to,
                    )
                    for each in addresses
                ],
                version=self.version,
            )
        except Stale:
            self._show(await self._ask(own_organisation))
            self.is_asking = False
            raise
        self._show(await self._ask(own_organisation))


def _shown(place: int, own: OwnAddress) -> AddressShown:
    contact = " · ".join(filter(None, (own.contact_name, own.contact_email, own.contact_phone)))
    return AddressShown(
        place=str(place),
        account=own.account,
        lines=own.lines,
        contact=contact,
        contact_name=own.contact_name,
        contact_email=own.contact_email,
        contact_phone=own.contact_phone,
        bills="yes" if own.is_bill_to else "",
        goods="yes" if own.is_ship_to else "",
    )
