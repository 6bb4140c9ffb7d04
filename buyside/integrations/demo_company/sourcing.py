"""From whom the demo company buys: thirty invented vendors, what each sells, in which packs, how soon, at what price."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fnmatch import fnmatchcase
from random import Random

from buyside.integrations.demo_company.catalogue import BOUGHT, Item


@dataclass(frozen=True, slots=True)
class Vendor:
    """A vendor; `first` and `second` are patterns of item codes that it is the first or another choice for."""

    code: str
    name: str
    currency: str
    language: str
    tax_id: str
    terms: str
    lead_days: int
    first: tuple[str, ...]
    second: tuple[str, ...] = ()
    status: str = "active"

    @property
    def email(self) -> str:
        """Where orders go."""
        return f"orders.{self.code.lower()}@example.com"


_VENDORS = """
V1001|Rohrwerk Albtal GmbH|EUR|de|DE811000101|30 days net|14|TUB-D* TUB-R* TUB-S30 TUB-B* TUB-F*|
V1002|Hutnik Profile Sp. z o.o.|PLN|pl|PL5250001002|45 days net|21|TUB-C* TUB-A* TUB-S1 TUB-WIRE|TUB-D* TUB-R*
V1003|Kovárna Pod Skalou s.r.o.|CZK|cs|CZ27001003|30 days net|24|FRM-D* FRM-M* FRM-B* FRM-H* FRM-T*|TUB-D22 TUB-D28
V1004|Lasertechnik Oderaue GmbH|EUR|de|DE811000104|14 days 2 %, 30 days net|9|FRM-G* FRM-C* FRM-K* FRM-S* FRM-R*|FRM-DOT TUB-A5
V1005|Formosa Ridge Components Co.|USD|en|TW40001005|50 % with order, 50 % before shipment|45|STR-*|CKP-ST* WHL-R20 WHL-R26 BRK-D180
V1006|Spaak en Velg B.V.|EUR|nl|NL800001006B01|30 days net|16|WHL-R* WHL-SP* WHL-NIP WHL-TAP WHL-MG* WHL-STY|
V1007|Jadewheel Industrial Co.|TWD|en|TW40001007|Letter of credit, 60 days|48|WHL-H*|WHL-R20 WHL-R26 WHL-SP18
V1008|Nordgummi A/S|DKK|da|DK10001008|30 days net|12|WHL-T2* WHL-W* WHL-I*|
V1009|Keihan Drive K.K.|JPY|en|JP7001009|60 days net|56|DRV-G5 DRV-G8 DRV-SH5 DRV-SH8 DRV-D10 DRV-CS10 DRV-FH10 DRV-SH10|
V1010|Getriebebau Illertal GmbH|EUR|de|DE811001010|30 days net|15|DRV-CR* DRV-PED DRV-CH* DRV-SPR DRV-GCV DRV-SHC DRV-SC* DRV-SHO DRV-DIF DRV-AXR|DRV-SH8 DRV-D10
V1011|Rainier Belt Works Inc.|USD|en|US910001011|45 days net|32|DRV-BL*|
V1012|Mittelmotor Neckartal GmbH|EUR|de|DE811001012|30 days net|28|MOT-M65 MOT-M85 MOT-M120 MOT-MCV MOT-MBO MOT-SPD MOT-MGN MOT-HUBM|
V1013|Shoreline Cell Systems Ltd.|USD|en|HK50001013|30 % with order, 70 % on receipt|60|MOT-B*|MOT-C*
V1014|Accu Merwede B.V.|EUR|nl|NL800001014B01|30 days net|21|MOT-C*|MOT-B500 MOT-B750 MOT-BMT
V1015|Kabelkonfektion Saaletal GmbH|EUR|de|DE811001015|14 days 2 %, 30 days net|6|ELE-W* ELE-CN* ELE-HS* ELE-LOO|
V1016|Lumière du Jura SA|CHF|fr|CHE100001016|30 days net|20|ELE-L* ELE-IND ELE-CTR ELE-BOXL|
V1017|Meretaguse Elektroonika OÜ|EUR|en|EE100001017|30 days net|25|ELE-DSP* ELE-REM ELE-USB ELE-GPS ELE-ALR ELE-HRN|ELE-CTR
V1018|Bremsenwerk Werraufer GmbH|EUR|de|DE811001018|30 days net|14|BRK-*|
V1019|Lakeside Hydraulics Ltd|GBP|en|GB100001019|30 days net|19||BRK-H* BRK-D1* BRK-D2*
V1020|Manillares Ribera S.L.|EUR|es|ESB10001020|60 days net|17|CKP-*|
V1021|Selleria Valbruna S.r.l.|EUR|it|IT01000102100|60 days net, end of month|22|SAT-*|
V1022|Götaskum AB|SEK|sv|SE550001022001|30 days net|26|BOX-EPP BOX-LID BOX-INS BOX-FLC|
V1023|Plattenhandel Elbaue GmbH|EUR|de|DE811001023|14 days net|5|BOX-PLY* BOX-EDG BOX-COR BOX-HNG BOX-GAS BOX-LKC BOX-RUB BOX-DIV BOX-BAS|
V1024|Zeltmacherei Innufer GmbH|EUR|de|ATU10001024|30 days net|12|BOX-RCV BOX-TON BOX-POL BOX-PAN BOX-STR BOX-REF BOX-MAT|
V1025|Pulverlack Saalegrund GmbH|EUR|de|DE811001025|30 days net|4|PNT-*|
V1026|Laques du Ried SARL|EUR|fr|FR10000001026|45 days net|11||PNT-RAL* PNT-PRM PNT-CLR
V1027|Verpackung Heidekamp GmbH|EUR|de|DE811001027|14 days 2 %, 30 days net|3|PKG-*|
V1028|Schraubenhandel Bördeland GmbH|EUR|de|DE811001028|30 days net|2|FAS-* SVC-*|
V1029|Pennine Fixings Ltd|GBP|en|GB100001029|30 days net|10||FAS-S5* FAS-S6* FAS-N*|on_hold
V1030|Polsterei Alte Gerberei KG|EUR|de|DE811001030|30 days net|20||SAT-BN* SAT-CUS SAT-SAD|inactive
"""
RATES = {
    "EUR": Decimal(1),
    "USD": Decimal("1.09"),
    "GBP": Decimal("0.85"),
    "CHF": Decimal("0.95"),
    "CZK": Decimal("25.1"),
    "PLN": Decimal("4.31"),
    "SEK": Decimal("11.3"),
    "DKK": Decimal("7.46"),
    "TWD": Decimal("35.2"),
    "JPY": Decimal(162),
}
"""Units of a currency per euro that the invented price lists were made with."""

DEARER_SOON = "V1018"
"""Raises its prices from the first of next month on."""


def _vendors() -> tuple[Vendor, ...]:
    vendors = []
    for row in _VENDORS.strip().splitlines():
        code, name, currency, language, tax_id, terms, lead, first, second, *status = row.split("|")
        patterns = (tuple(first.split()), tuple(second.split()))
        vendors.append(Vendor(code, name, currency, language, tax_id, terms, int(lead), *patterns, *status))
    return tuple(vendors)


VENDORS = _vendors()
BY_CODE = {vendor.code: vendor for vendor in VENDORS}


@dataclass(frozen=True, slots=True)
class Offer:
    """A vendor item. Minimum, multiple and price breaks are in the purchase unit, which holds `factor` stock units."""

    vendor: Vendor
    item: Item
    part: str
    unit: str
    factor: Decimal
    lead_days: int
    minimum: int
    multiple: int
    preference: int
    breaks: tuple[tuple[int, Decimal], ...]
    valid_to: date | None = None

    def price_of(self, quantity: Decimal) -> Decimal:
        """The price of one purchase unit when `quantity` of them are ordered (VEN-4)."""
        return next(price for start, price in reversed(self.breaks) if quantity >= start)

    def lot(self, stock_units: Decimal) -> Decimal:
        """Purchase units to order for at least `stock_units`: up to the minimum, then up to the multiple."""
        wanted = max(-(-stock_units // self.factor), Decimal(self.minimum))
        return -(-wanted // self.multiple) * self.multiple


_PACKS = {"m": {"TUB": ("bar6", 6), "ELE": ("reel100", 100)}, "kg": {"PNT": ("bag25", 25)}, "l": {"PNT": ("can5", 5)}}


def _pack_of(item: Item) -> tuple[str, Decimal]:
    """The unit that an item is bought in, and how many stock units it holds."""
    if item.group == "FAS" or item.code in {"WHL-NIP", "PKG-SEA", "PNT-MSK"} or item.code.startswith("WHL-SP"):
        return "c100", Decimal(100)
    if item.code in {"FRM-BOS", "FRM-CGU", "PKG-FOA"}:
        return "box50", Decimal(50)
    if item.code in {"PNT-GRE", "PNT-THL"}:
        return item.unit, Decimal(1)
    unit, factor = _PACKS.get(item.unit, {}).get(item.group, (item.unit, 1))
    return unit, Decimal(factor)


def _lots_of(pack_price: Decimal, unit: str, rng: Random) -> tuple[int, int]:
    """Minimum and multiple, the larger the cheaper a pack is."""
    if unit not in {"pcs", "pair", "set", "m"}:
        return rng.choice((1, 1, 2)), 1
    if pack_price < 2:
        return 100, 50
    if pack_price < 12:
        return rng.choice((20, 40)), rng.choice((10, 20))
    if pack_price < 60:
        return rng.choice((6, 10)), rng.choice((2, 5))
    return rng.choice((1, 2)), 1


def offers(today: date, rng: Random) -> list[Offer]:
    """Every vendor item as of `today`, first choices first for each item."""
    rows = []
    for item in BOUGHT:
        rank = 0
        for is_first in (True, False):
            for vendor in VENDORS:
                if any(fnmatchcase(item.code, each) for each in (vendor.first if is_first else vendor.second)):
                    rank += 1
                    rows.append(_offer(vendor, item, rank, rng))
    gone = today - timedelta(days=40)
    return [replace(row, valid_to=gone) if row.vendor.status == "inactive" else row for row in rows]


def _offer(vendor: Vendor, item: Item, rank: int, rng: Random) -> Offer:
    unit, factor = _pack_of(item)
    base = item.cost * factor * RATES[vendor.currency] * (Decimal(100 + 4 * (rank - 1)) / 100)
    minimum, multiple = _lots_of(item.cost * factor, unit, rng)
    steps = [(0, 104), (minimum * rng.choice((4, 5)), 100)]
    if rng.random() < 0.6:
        steps.append((minimum * rng.choice((20, 25)), rng.choice((93, 95))))
    digits = Decimal(1) if vendor.currency == "JPY" else Decimal("0.01") if base >= 1 else Decimal("0.0001")
    breaks = tuple((start, (base * percent / 100).quantize(digits, rounding=ROUND_HALF_UP)) for start, percent in steps)
    lead = min(60, max(2, vendor.lead_days + rng.choice((-2, -1, 0, 0, 0, 1, 3))))
    part = f"{item.code.replace('-', '')}.{rng.randrange(100, 999)}"
    return Offer(vendor, item, part, unit, factor, lead, minimum, multiple, rank, breaks)


def contracts(today: date) -> tuple[tuple[dict[str, str], ...], tuple[tuple[str, str, int, str], ...]]:
    """Contracts, and their items: number, item, agreed quantity in the purchase unit, percent of the list price."""
    begin, end = today - timedelta(days=200), today + timedelta(days=165)

    def head(number: str, vendor: str, amount: str, start: date, until: date) -> dict[str, str]:
        return {
            "number": number,
            "vendor": vendor,
            "currency": BY_CODE[vendor].currency,
            "valid_from": start.isoformat(),
            "valid_to": until.isoformat(),
            "amount": amount,
        }

    heads = (
        head("CT-BAT-1", "V1013", "1900000", begin, end),
        head("CT-MOT-1", "V1012", "1400000", begin, end),
        head("CT-GEA-1", "V1009", "68000000", begin, end),
        head("CT-TUB-1", "V1001", "", begin, end),
        head("CT-TYR-0", "V1008", "350000", begin - timedelta(days=365), begin - timedelta(days=1)),
        head("CT-EPP-1", "V1022", "", today - timedelta(days=20), today + timedelta(days=700)),
    )
    items = (
        ("CT-BAT-1", "MOT-B500", 2400, "92"),
        ("CT-BAT-1", "MOT-B750", 2000, "92"),
        ("CT-MOT-1", "MOT-M65", 1200, "94"),
        ("CT-MOT-1", "MOT-M85", 1800, "94"),
        ("CT-GEA-1", "DRV-G5", 1500, "95"),
        ("CT-TUB-1", "TUB-D50", 900, "90"),
        ("CT-TUB-1", "TUB-D45", 900, "90"),
        ("CT-TYR-0", "WHL-T20", 5000, "91"),
        ("CT-EPP-1", "BOX-EPP", 600, "93"),
    )
    return heads, items
