"""What a vendor is asked about an order that stands: in the vendor's own language, to be sent as it is (PLAN-16, VEN-1, INT-3).

A vendor knows nothing of plans and customers: it is told its order, the article, what is wanted, and until when.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from babel import Locale, UnknownLocaleError

from buyside.domain.locales import LANGUAGE, shown_date, shown_number
from buyside.domain.plans import MessageKind as Kind

ASKED_OF_VENDORS = frozenset({Kind.EXPEDITE, Kind.DEFER, Kind.DECREASE, Kind.CANCEL})


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked. `quantity` in the stock unit `unit`, of which the order's own `ordered_unit` has `unit_factor`; `comes` is the
    day on which the order brings it, `needed` the day wanted instead."""

    kind: Kind
    order: str
    line: int
    item: str
    name: str
    vendor_part: str
    quantity: Decimal
    unit: str
    ordered_unit: str
    unit_factor: Decimal
    comes: date | None
    needed: date | None
    is_overdue: bool = False
    """`comes` is past, and nothing came."""


_FRAMES: Mapping[str, tuple[str, str]] = {
    "en": (
        ("Good day,\n\nregarding our order {order}, line {line}: {item} {name}{part}\n\n{asks} Please tell us whether this is "
        "possible.\n"),
        " (your part {vendor_part})",
    ),
    "de": (
        ("Guten Tag,\n\nes geht um unsere Bestellung {order}, Position {line}: {item} {name}{part}\n\n{asks} Bitte teilen Sie uns "
        "mit, ob das möglich ist.\n"),
        " (Ihre Artikelnummer {vendor_part})",
    ),
    "fr": (
        ("Bonjour,\n\nau sujet de notre commande {order}, ligne {line} : {item} {name}{part}\n\n{asks} Merci de nous dire si cela "
        "est possible.\n"),
        " (votre référence {vendor_part})",
    ),
    "it": (
        ("Buongiorno,\n\nin merito al nostro ordine {order}, riga {line}: {item} {name}{part}\n\n{asks} Vi preghiamo di farci "
        "sapere se è possibile.\n"),
        " (vostro codice {vendor_part})",
    ),
    "es": (
        ("Buenos días:\n\nen relación con nuestro pedido {order}, línea {line}: {item} {name}{part}\n\n{asks} Les rogamos que nos "
        "digan si es posible.\n"),
        " (su referencia {vendor_part})",
    ),
    "nl": (
        ("Goedendag,\n\nhet gaat om onze bestelling {order}, regel {line}: {item} {name}{part}\n\n{asks} Laat ons alstublieft weten "
        "of dit mogelijk is.\n"),
        " (uw artikelnummer {vendor_part})",
    ),
}  # fmt: skip
"""By language: the whole letter, and how it names the vendor's own part."""

_ASKS: Mapping[str, Mapping[Kind, str]] = {
    "en": {
        Kind.EXPEDITE: "Please deliver {amount} by {needed} instead of {comes}.",
        Kind.DEFER: "Please deliver {amount} on {needed} instead of {comes}.",
        Kind.DECREASE: "Please lower what is still open, due on {comes}, by {amount}.",
        Kind.CANCEL: "Please cancel the {amount} that are still open, due on {comes}.",
    },
    "de": {
        Kind.EXPEDITE: "Bitte liefern Sie {amount} bis zum {needed} statt am {comes}.",
        Kind.DEFER: "Bitte liefern Sie {amount} erst am {needed} statt am {comes}.",
        Kind.DECREASE: "Bitte verringern Sie die offene Menge, fällig am {comes}, um {amount}.",
        Kind.CANCEL: "Bitte stornieren Sie die noch offenen {amount}, fällig am {comes}.",
    },
    "fr": {
        Kind.EXPEDITE: "Merci de livrer {amount} au plus tard le {needed} au lieu du {comes}.",
        Kind.DEFER: "Merci de livrer {amount} le {needed} au lieu du {comes}.",
        Kind.DECREASE: "Merci de réduire de {amount} la quantité encore ouverte, prévue pour le {comes}.",
        Kind.CANCEL: "Merci d’annuler la quantité encore ouverte de {amount}, prévue pour le {comes}.",
    },
    "it": {
        Kind.EXPEDITE: "Vi chiediamo di consegnare {amount} entro il {needed} anziché il {comes}.",
        Kind.DEFER: "Vi chiediamo di consegnare {amount} il {needed} anziché il {comes}.",
        Kind.DECREASE: "Vi chiediamo di ridurre di {amount} la quantità ancora aperta, prevista per il {comes}.",
        Kind.CANCEL: "Vi chiediamo di annullare la quantità ancora aperta di {amount}, prevista per il {comes}.",
    },
    "es": {
        Kind.EXPEDITE: "Les pedimos que entreguen {amount} a más tardar el {needed} en lugar del {comes}.",
        Kind.DEFER: "Les pedimos que entreguen {amount} el {needed} en lugar del {comes}.",
        Kind.DECREASE: "Les pedimos que reduzcan en {amount} la cantidad pendiente, prevista para el {comes}.",
        Kind.CANCEL: "Les pedimos que anulen la cantidad pendiente de {amount}, prevista para el {comes}.",
    },
    "nl": {
        Kind.EXPEDITE: "Wilt u {amount} uiterlijk op {needed} leveren in plaats van op {comes}?",
        Kind.DEFER: "Wilt u {amount} op {needed} leveren in plaats van op {comes}?",
        Kind.DECREASE: "Wilt u de nog openstaande hoeveelheid, te leveren op {comes}, met {amount} verlagen?",
        Kind.CANCEL: "Wilt u de nog openstaande {amount}, te leveren op {comes}, annuleren?",
    },
}  # fmt: skip

_OVERDUE: Mapping[str, str] = {
    "en": "We are still waiting for {amount}, due on {comes}. Please deliver by {needed}.",
    "de": "Auf {amount}, fällig am {comes}, warten wir noch. Bitte liefern Sie bis zum {needed}.",
    "fr": "Nous attendons toujours {amount}, prévus pour le {comes}. Merci de livrer au plus tard le {needed}.",
    "it": "Siamo ancora in attesa di {amount}, con consegna prevista per il {comes}. Vi chiediamo di consegnare entro il {needed}.",
    "es": "Seguimos esperando {amount}, con entrega prevista para el {comes}. Les pedimos que entreguen a más tardar el {needed}.",
    "nl": "Wij wachten nog op {amount}, te leveren op {comes}. Wilt u uiterlijk op {needed} leveren?",
}
"""Expediting what is overdue: a day that is past is nothing to be delivered before."""

LANGUAGES = tuple(_FRAMES)


def request_text(request: Request, language: str) -> str:
    """The letter in a language such as "de" or "de_CH", with numbers and dates as they are written there.

    English in a language that it is not known in; empty where there is nothing to ask of the vendor.
    """
    if request.kind not in ASKED_OF_VENDORS:
        return ""
    spoken, locale = language.partition("_")[0], language
    try:
        Locale.parse(language)
    except (UnknownLocaleError, ValueError):
        spoken = ""
    if spoken not in _FRAMES:
        spoken = locale = LANGUAGE
    letter, part = _FRAMES[spoken]
    is_awaited = request.kind == Kind.EXPEDITE and request.is_overdue
    asks = (_OVERDUE[spoken] if is_awaited else _ASKS[spoken][request.kind]).format(
        amount=_amount(request, locale),
        needed=shown_date(request.needed, locale) if request.needed else "",
        comes=shown_date(request.comes, locale) if request.comes else "",
    )
    return letter.format(
        order=request.order,
        line=request.line,
        item=request.item,
        name=request.name,
        part=part.format(vendor_part=request.vendor_part) if request.vendor_part else "",
        asks=asks,
    )


def _amount(request: Request, locale: str) -> str:
    """In the unit of the order, as its paper has it, and in stock units beside it; in these alone where no whole unit fits."""
    stock = f"{shown_number(request.quantity, locale)} {request.unit}"
    packs = request.quantity / request.unit_factor
    if request.ordered_unit in {"", request.unit} or packs != packs.quantize(Decimal("0.001")):
        return stock
    return f"{shown_number(packs, locale)} {request.ordered_unit} (= {stock})"
