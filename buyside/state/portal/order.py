"""One purchase order as its vendor got it: the paper of a revision, and how far its delivery is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, TypedDict
from urllib.parse import quote

import reflex as rx

from buyside.domain.access import Actor, Permission
from buyside.domain.locales import PRICE_DIGITS, shown_date, shown_instant, shown_number
from buyside.domain.payment import events_in_words
from buyside.domain.refusals import NotFound
from buyside.queries.portal_orders import PortalLine, PortalOrder, portal_order
from buyside.state.base import SignedInState, handler, me
from buyside.state.portal.shell import PortalShellState

_LONGEST_REVISION = 9


class PortalSheet(TypedDict):
    """Head and foot of the paper; empty is what it does not say."""

    buyer: str
    vendor: str
    vendor_code: str
    vendor_address: str
    vendor_contact: str
    vendor_tax_id: str
    title: str
    ordered_on: str
    currency: str
    contract: str
    bill_to_account: str
    bill_to_address: str
    bill_to_contact: str
    payment: str
    payment_events: str
    ship_to_account: str
    ship_to_address: str
    ship_to_contact: str
    warehouse: str
    shipping_method: str
    shipping_account: str
    pick_up: str
    all_at_once: str
    delivery_terms: str
    subtotal: str
    discount: str
    header_discount: str
    shipping_costs: str
    tax: str
    total: str
    notes: str


class PortalSheetLine(TypedDict):
    """One line of the paper. What was delivered is empty on a paper that another one replaced."""

    number: str
    part: str
    code: str
    description: str
    quantity: str
    unit: str
    in_stock_units: str
    unit_price: str
    subtotal: str
    discount: str
    tax: str
    total: str
    expected: str
    promised: str
    received: str
    received_share: str
    rejected: str


class RevisionMention(TypedDict):
    """A paper of the order that can be looked at."""

    label: str
    path: str
    says: str
    is_shown: bool


EMPTY = PortalSheet(**dict.fromkeys(PortalSheet.__annotations__, ""))  # type: ignore[typeddict-item]


class PortalOrderState(SignedInState, rx.State):
    """One order. Everything shown is text; nothing is kept that the paper does not say."""

    found: bool = False
    missing: bool = False
    number: str = ""
    status: str = ""
    is_replaced: bool = False
    """Whether the paper shown is an earlier revision."""
    has_paper: bool = False
    """Whether there is a frozen paper to take along."""
    revision: str = ""
    revisions: list[RevisionMention] = []
    latest_path: str = ""
    paper_path: str = ""
    contract_path: str = ""
    sheet: PortalSheet = EMPTY
    lines: list[PortalSheetLine] = []

    @handler(Permission.PORTAL_ORDER_VIEW)
    async def load(self) -> None:
        """Show the order that the address names, in the revision that it names, for the vendor that it belongs to."""
        self._forget()
        try:
            order = await self._ask(
                portal_order,
                number=str(self.order_number),  # type: ignore[attr-defined]
                revision=_revision(self.router.url.query_parameters.get("revision", "")),
            )
        except NotFound:
            self.missing = True
            return
        shell = await self.get_state(PortalShellState)
        shell._belongs_to(order.vendor_code)
        actor = me()
        self.number, self.status = order.number, order.state
        self.has_paper = bool(order.revisions)
        self.is_replaced = self.has_paper and order.revision != order.revisions[0].revision
        self.revisions = revisions_in_words(order, actor)
        self.latest_path = self.revisions[0]["path"] if self.revisions else ""
        self.revision = str(order.revision) if self.has_paper else ""
        address = quote(order.number, safe="")
        self.paper_path = f"/api/orders/{address}/paper.pdf?revision={order.revision}" if self.has_paper else ""
        self.contract_path = (
            f"/contracts/{quote(order.contract_number, safe='')}{shell.suffix}" if order.contract_number else ""
        )
        self.sheet = sheet_of(order.paper, actor.locale)
        self.lines = lines_of_sheet(order, actor.locale, is_replaced=self.is_replaced)
        self.found = True

    def _forget(self) -> None:
        """Keep nothing of the order that was shown before: this one may not be the person's to see."""
        self.found = self.missing = self.is_replaced = self.has_paper = False
        self.number = self.status = self.revision = self.latest_path = self.paper_path = self.contract_path = ""
        self.revisions, self.lines, self.sheet = [], [], EMPTY


def _revision(text: str) -> int | None:
    """The revision that an address names; None for the latest. Refuses: NotFound."""
    if not text:
        return None
    if not text.isascii() or not text.isdecimal() or len(text) > _LONGEST_REVISION:
        raise NotFound(kind="revision")
    return int(text)


def revisions_in_words(order: PortalOrder, actor: Actor) -> list[RevisionMention]:
    """The papers, the latest first."""
    path = f"/orders/{quote(order.number, safe='')}?vendor={quote(order.vendor_code, safe='')}"
    return [
        RevisionMention(
            label=f"Revision {each.revision}",
            path=path if place == 0 else f"{path}&revision={each.revision}",
            says=shown_instant(each.issued_at, actor.locale, actor.time_zone),
            is_shown=each.revision == order.revision,
        )
        for place, each in enumerate(order.revisions)
    ]


def _day(value: date | str | None, locale: str) -> str:
    if not value:
        return ""
    return shown_date(date.fromisoformat(value) if isinstance(value, str) else value, locale)


def sheet_of(paper: Mapping[str, Any], locale: str) -> PortalSheet:
    """Head and foot of a paper."""
    vendor, terms, foot = paper["vendor"], paper["terms"], paper["foot"]
    bill_to, ship_to = paper["bill_to"], paper["ship_to"]
    digits = (paper["currency"]["digits"], paper["currency"]["digits"])
    contact: Mapping[str, str] = next(iter(vendor["contacts"]), {})
    payment = terms["payment"]

    def if_any(name: str, sign: str = "") -> str:
        return sign + shown_number(Decimal(foot[name]), locale, digits) if Decimal(foot[name]) else ""

    return PortalSheet(
        buyer=paper["buyer"]["name"],
        vendor=vendor["legal_name"] or vendor["name"],
        vendor_code=vendor["code"],
        vendor_address=vendor["address"],
        vendor_contact=" · ".join(filter(None, (contact.get("name"), contact.get("email")))),
        vendor_tax_id=vendor["tax_id"],
        title=paper["title"],
        ordered_on=_day(paper["ordered_on"], locale),
        currency=paper["currency"]["code"],
        contract=" ".join(filter(None, (paper["contract"] or {}).values())),
        bill_to_account=bill_to["account"],
        bill_to_address=bill_to["address"],
        bill_to_contact=bill_to["contact"],
        payment=(payment["name"] or payment["code"]) if payment else "",
        payment_events=events_in_words(payment, locale),
        ship_to_account=ship_to["account"],
        ship_to_address=ship_to["address"],
        ship_to_contact=ship_to["contact"],
        warehouse=" · ".join(filter(None, (ship_to["warehouse"]["code"], ship_to["warehouse"]["name"]))),
        shipping_method=terms["shipping_method"],
        shipping_account=terms["shipping_account"],
        pick_up=terms["pick_up"],
        all_at_once="Yes, no partial shipments"
        if terms["fulfil_all_at_once"]
        else "No, partial shipments are accepted",
        delivery_terms=vendor["delivery_terms"],
        subtotal=shown_number(Decimal(foot["subtotal"]), locale, digits),
        discount=if_any("discount", "−"),
        header_discount=if_any("header_discount", "−"),
        shipping_costs=if_any("shipping_costs"),
        tax=shown_number(Decimal(foot["tax"]), locale, digits),
        total=shown_number(Decimal(foot["total"]), locale, digits),
        notes=paper["notes"],
    )


def lines_of_sheet(order: PortalOrder, locale: str, *, is_replaced: bool) -> list[PortalSheetLine]:
    """The lines of the paper, each with how far its delivery is, unless a later paper replaced this one."""
    digits = (order.paper["currency"]["digits"], order.paper["currency"]["digits"])
    progress = {} if is_replaced else {each.line_number: each for each in order.lines}
    return [_line(each, progress.get(each["line"]), digits, locale) for each in order.paper["lines"]]


def _line(
    line: Mapping[str, Any], progress: PortalLine | None, digits: tuple[int, int], locale: str
) -> PortalSheetLine:
    def number(name: str, how: tuple[int, int] = (0, 6)) -> str:
        return shown_number(Decimal(line[name]), locale, how)

    item, factor = line["item"], Decimal(line["unit_factor"])
    discount, percent = Decimal(line["discount"]), Decimal(line["discount_percent"])
    code = item["code"]
    return PortalSheetLine(
        number=str(line["line"]),
        part=line["vendor_part"] or code,
        code=code if line["vendor_part"] and line["vendor_part"] != code else "",
        description=line["description"] or item["name"],
        quantity=number("quantity"),
        unit=line["unit"],
        in_stock_units=f"= {shown_number(Decimal(line['quantity']) * factor, locale)} {item['unit']}"
        if item["unit"] and factor != 1
        else "",
        unit_price=number("unit_price", PRICE_DIGITS),
        subtotal=number("subtotal", digits),
        discount=(f"−{number('discount', digits)}" + (f" ({number('discount_percent')} %)" if percent else ""))
        if discount
        else "",
        tax=f"{number('tax', digits)} ({number('tax_percent')} %)" if Decimal(line["tax_percent"]) else "",
        total=number("total", digits),
        expected=_day(line["expected_on"], locale),
        promised=_day(progress.promised_on, locale) if progress else "",
        received=shown_number(progress.received_quantity, locale) if progress else "",
        received_share=_share(progress),
        rejected=shown_number(progress.rejected_quantity, locale) if progress and progress.rejected_quantity else "",
    )


def _share(progress: PortalLine | None) -> str:
    if progress is None:
        return ""
    return f"{int(min(Decimal(100), 100 * progress.received_quantity / progress.quantity))}%"
