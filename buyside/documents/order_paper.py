"""A frozen purchase order in, its paper as a PDF out: A4, tagged for screen readers, the same bytes for the same order."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

import typst

from buyside.domain.locales import PERCENT_DIGITS, PRICE_DIGITS, number_writer, shown_date, shown_money, shown_number

_HERE = Path(__file__).parent
_LOCALE = "en_GB"
"""One locale for every reader: the words of the paper are English, so its numbers are written as English readers expect."""


@cache
def _template() -> bytes:
    return (_HERE / "order_paper.typ").read_bytes()


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, font_paths=[_HERE / "fonts"])


class Standing(StrEnum):
    """What a paper says of itself on its face."""

    IN_FORCE = ""
    REPLACED = "A later revision of this order replaces this paper."
    TAKEN_OVER = "This order was issued in another system; it is shown as it stands, not as it was issued."
    DRAFT = "Draft. This order is not issued; prices and quantities may change."


@dataclass(frozen=True, slots=True)
class OrderPaper:
    """One revision of an order, ready to be set.

    `content` is a snapshot's content (form 1), or what it would be today: quantities in the ordered unit, prices per ordered
    unit, amounts in the order's currency, all as decimal texts. `at` becomes the file's own date.
    """

    content: Mapping[str, Any]
    at: datetime
    standing: Standing = Standing.IN_FORCE

    @property
    def file_name(self) -> str:
        """What a file system and a Content-Disposition header take without quoting."""
        number = "".join(
            each if each.isascii() and (each.isalnum() or each in "-_.") else "-" for each in self.content["number"]
        )
        return f"purchase-order-{number.strip('.-') or 'paper'}-{self.content['revision']}.pdf"


def order_pdf(paper: OrderPaper) -> bytes:
    """The paper as a PDF file."""
    shown = json.dumps(_paper(paper), ensure_ascii=False)
    pdf: bytes = typst.compile(
        _template(),
        font_paths=_fonts(),
        sys_inputs={"paper": shown},
        timestamp=int(paper.at.astimezone(UTC).timestamp()),
        pdf_tags=True,
    )
    return pdf


def _paper(paper: OrderPaper) -> dict[str, Any]:
    content = paper.content
    number, revision, currency = content["number"], content["revision"], content["currency"]
    digits = (currency["digits"], currency["digits"])
    return {
        "title": f"Purchase order {number}" + (f", revision {revision}" if revision else ""),
        "heading": f"Purchase order {number}",
        "buyer": content["buyer"]["name"],
        "subject": content["title"],
        "mark": paper.standing.value,
        "currency": currency["code"],
        "facts": _stated(
            ("Date ordered", _day(content["ordered_on"])),
            ("Revision", str(revision or "")),
            ("Currency", currency["code"]),
            ("Contract", " ".join(filter(None, (content["contract"] or {}).values()))),
        ),
        "blocks": _blocks(content),
        "lines": [_line(each, digits) for each in content["lines"]],
        "notes": content["notes"],
        "sums": _sums(content["foot"], digits),
        "total": shown_money(Decimal(content["foot"]["total"]), currency["code"], _LOCALE),
        "footer": " · ".join(
            filter(None, (content["buyer"]["name"], f"Purchase order {number}", revision and f"Revision {revision}"))
        ),
    }


def _stated(*pairs: tuple[str, str]) -> list[dict[str, str]]:
    """The pairs that have something to say."""
    return [{"label": label, "text": text} for label, text in pairs if text]


def _day(text: str | None) -> str:
    return shown_date(date.fromisoformat(text), _LOCALE) if text else ""


def _blocks(content: Mapping[str, Any]) -> list[dict[str, Any]]:
    vendor, bill, ship, terms = content["vendor"], content["bill_to"], content["ship_to"], content["terms"]
    contact: Mapping[str, str] = next(iter(vendor["contacts"]), {})
    warehouse = ship["warehouse"]
    return [
        {
            "title": "Vendor",
            "pairs": _stated(
                ("Name", vendor["legal_name"] or vendor["name"]),
                ("Address", vendor["address"]),
                ("Contact", ", ".join(filter(None, (contact.get("name"), contact.get("email"))))),
                ("Tax id", vendor["tax_id"]),
            ),
        },
        {
            "title": "Billing",
            "pairs": _stated(
                ("Bill to", bill["account"]),
                ("Address", bill["address"]),
                ("Contact", bill["contact"]),
                ("Payment", _payment(terms["payment"])),
            ),
        },
        {
            "title": "Delivery",
            "pairs": _stated(
                ("Ship to", ship["account"]),
                ("Warehouse", " ".join(filter(None, (warehouse["code"], warehouse["name"])))),
                ("Address", ship["address"]),
                ("Contact", ship["contact"]),
                ("Shipping", ", ".join(filter(None, (terms["shipping_method"], terms["shipping_account"])))),
                ("Pick-up", terms["pick_up"]),
                ("Terms", vendor["delivery_terms"]),
                ("All at once", "No partial shipments" if terms["fulfil_all_at_once"] else ""),
            ),
        },
    ]


def _payment(payment: Mapping[str, Any] | None) -> str:
    if payment is None:
        return ""
    percent = number_writer(_LOCALE, *PERCENT_DIGITS)
    events = [
        f"{percent(Decimal(each['share_percent']))} % {each['days']} days after {each['trigger']}"
        for each in payment["events"]
    ]
    return "\n".join(filter(None, (payment["name"] or payment["code"], *events)))


def _line(line: Mapping[str, Any], digits: tuple[int, int]) -> dict[str, str]:
    item, factor = line["item"], Decimal(line["unit_factor"])
    quantity = Decimal(line["quantity"])
    stock = shown_number(quantity * factor, _LOCALE)
    tax = number_writer(_LOCALE, *PERCENT_DIGITS)(Decimal(line["tax_percent"]))
    return {
        "number": str(line["line"]),
        "part": line["vendor_part"] or item["code"],
        "own-part": item["code"] if line["vendor_part"] and line["vendor_part"] != item["code"] else "",
        "description": line["description"] or item["name"],
        "quantity": shown_number(quantity, _LOCALE),
        "unit": line["unit"],
        "in-stock-units": f"= {stock} {item['unit']}" if factor != 1 or item["unit"] != line["unit"] else "",
        "unit-price": shown_number(Decimal(line["unit_price"]), _LOCALE, PRICE_DIGITS),
        "discount": _taken_off(Decimal(line["discount"]), Decimal(line["discount_percent"]), digits),
        "tax": f"+{tax} %" if tax != "0" else "",
        "total": shown_number(Decimal(line["total"]), _LOCALE, digits),
        "expected": _day(line["expected_on"]),
    }


def _taken_off(amount: Decimal, percent: Decimal, digits: tuple[int, int]) -> str:
    """What a line's discounts take off, and the percent where one was agreed."""
    if not amount and not percent:
        return ""
    agreed = f" ({number_writer(_LOCALE, *PERCENT_DIGITS)(percent)} %)" if percent else ""
    return f"−{shown_number(amount, _LOCALE, digits)}{agreed}"


def _sums(foot: Mapping[str, str], digits: tuple[int, int]) -> list[dict[str, str]]:
    named = (
        ("Subtotal", "subtotal", ""),
        ("Discounts", "discount", "−"),
        ("of these on the whole order", "header_discount", "−"),
        ("Shipping costs", "shipping_costs", ""),
        ("Tax", "tax", ""),
    )
    return [
        {"label": label, "text": sign + shown_number(Decimal(foot[name]), _LOCALE, digits)}
        for label, name, sign in named
        if name == "subtotal" or Decimal(foot[name])
    ]
