"""How the demo company's vendors and item groups work: rates, order days, minimum values, policies, planners, as sheets."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fnmatch import fnmatchcase
from random import Random

from buyside.integrations.demo_company.catalogue import BOUGHT, GROUPS
from buyside.integrations.demo_company.sourcing import BY_CODE, RATES, VENDORS

Cells = list[dict[str, str]]

PLANNER = "Jonas Wiegand"
_TEAMS = {"BOX": "Box assembly", "PKG": "Shipping desk", "SVC": "Shop supplies", "PNT": "Paint shop"}
"""Groups that a team plans; the others are the buyer's."""
_POLICIES = {"FAS": "cheapest", "PNT": "fastest", "TUB": "share", "CKP": "cheapest"}
_LIST_FIRST = ("STR",)
"""Groups whose contracts wait for what the policy chooses."""
_SHARES = {("V1001", "TUB-D*"): "60", ("V1002", "TUB-D*"): "40", ("V1001", "TUB-R*"): "70", ("V1002", "TUB-R*"): "30"}
_ORDER_DAYS = {
    "V1001": ("mon,thu", "11:00"),
    "V1002": ("wed", "12:00"),
    "V1005": ("fri", ""),
    "V1007": ("fri", ""),
    "V1010": ("tue,thu", "10:30"),
    "V1013": ("mon", ""),
    "V1018": ("mon,wed,fri", "14:00"),
    "V1023": ("mon,tue,wed,thu,fri", "09:00"),
    "V1028": ("tue,fri", "16:00"),
}
_LEAST = {
    "V1001": ("2500", "6000"),
    "V1004": ("400", "1500"),
    "V1006": ("750", "2500"),
    "V1008": ("9000", "25000"),
    "V1015": ("300", "1200"),
    "V1016": ("900", ""),
    "V1018": ("500", "2000"),
    "V1021": ("600", "2500"),
    "V1023": ("250", "750"),
    "V1025": ("150", "500"),
    "V1027": ("100", "350"),
    "V1028": ("75", "250"),
}
"""Least value of an order, and the value from which on the vendor pays the freight, in the vendor's currency."""
_CLOSED = (
    ("V1001", "12-23", "01-02", "Works holiday"),
    ("V1005", "02-08", "02-22", "New year"),
    ("V1007", "02-08", "02-22", "New year"),
    ("V1009", "04-29", "05-05", "Golden week"),
    ("V1012", "08-01", "08-21", "Works holiday"),
    ("V1018", "12-24", "01-01", "Works holiday"),
    ("V1021", "08-05", "08-28", "Summer"),
    ("V1020", "08-01", "08-31", "Summer"),
)
_SEED = 4_711


def terms(today: date) -> Mapping[str, Cells]:
    """Rows by sheet, as canonical texts; those of sheets that stand already name their row by its key."""
    rng = Random(_SEED)
    return {
        "exchange-rates": _rates(today, rng),
        "vendors": _vendors(),
        "vendor-closing-days": [
            {"vendor": vendor, "from_day": begins, "to_day": ends, "name": name}
            for vendor, begins, ends, name in _CLOSED
        ],
        "vendor-contacts": [
            {
                "vendor": each.code,
                "name": "Order desk",
                "purpose": "Orders",
                "email": each.email,
                "phone": f"+49 30 5550 {int(each.code[1:]):04d}",
            }
            for each in VENDORS
        ],
        "item-groups": [
            {
                "code": title,
                "vendor_policy": _POLICIES.get(group, "preference"),
                "contracts_first": str(group not in _LIST_FIRST).lower(),
            }
            for group, title in GROUPS.items()
        ],
        "items": [{"code": each.code, "planner": _TEAMS.get(each.group, PLANNER)} for each in BOUGHT],
        "vendor-items": [
            {"vendor": vendor, "item": item.code, "share_percent": share}
            for (vendor, pattern), share in _SHARES.items()
            for item in BOUGHT
            if fnmatchcase(item.code, pattern) and _sells(vendor, item.code)
        ],
    }


def _sells(vendor: str, item: str) -> bool:
    return any(fnmatchcase(item, each) for each in (*BY_CODE[vendor].first, *BY_CODE[vendor].second))


def _rates(today: date, rng: Random) -> Cells:
    """A rate of each currency for every quarter of the year behind, around what the price lists were made with."""
    rows: Cells = []
    for currency, per_euro in RATES.items():
        if currency == "EUR":
            continue
        for back in (400, 270, 180, 90, 0):
            moved = Decimal(1000 + rng.randrange(-25, 26)) / 1000
            rate = (1 / (per_euro * moved)).quantize(Decimal("0.000001"), rounding=ROUND_HALF_UP)
            since = (today - timedelta(days=back)).isoformat()
            rows.append({"currency": currency, "valid_from": since, "rate": f"{rate.normalize():f}"})
    return rows


def _vendors() -> Cells:
    rows: Cells = []
    for code in sorted({*_ORDER_DAYS, *_LEAST}):
        days, cutoff = _ORDER_DAYS.get(code, ("", ""))
        least, freight_free = _LEAST.get(code, ("", ""))
        rows.append(
            {
                "code": code,
                "order_weekdays": days,
                "order_cutoff": cutoff,
                "minimum_order_value": least,
                "freight_free_value": freight_free,
            }
        )
    return rows
