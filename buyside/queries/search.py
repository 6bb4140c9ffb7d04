"""One search over everything that a person may look at, quick on a million rows and forgiving of a slip of the finger.

Each question is one that an index answers and that stops early: codes by their beginning, then by any part; names by their words,
the last of which may be unfinished. Only where nothing is found are near words and codes tried: those one edit away (a letter
missing, doubled, wrong or swapped with its neighbour; Damerau 1964), looked up as they are, then those that share most of their
trigrams. Case and accents do not matter.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from sqlalchemy import ColumnElement, Select, Text, UnaryExpression, any_, cast, func, literal, select, text
from sqlalchemy.dialects.postgresql import ARRAY, TSQUERY
from sqlalchemy.orm import Mapped
from sqlalchemy.sql.operators import custom_op
from sqlmodel import Session, col

from buyside.db.demand import SalesOrder
from buyside.db.items import Item, VendorItem
from buyside.db.orders import PurchaseOrder
from buyside.db.search import SearchWord
from buyside.db.structure import Variant
from buyside.db.vendors import Vendor
from buyside.domain.access import Actor, Permission, needs

KindFound = Literal["order", "sales order", "item", "vendor", "variant"]

EACH = 6
"""Things of one kind that an answer holds."""
_LOOKED_AT = 60  # names that hold the words, of which the closest are told
_SHORTEST_PART = 3  # characters: trigrams find no less inside a code
_SHORTEST_GUESS = 4
_LONGEST_GUESS = 24
_GUESSES = 3  # words tried for one that nobody wrote
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789-"
_WORD = re.compile(r"\w+", re.UNICODE)
_ALIKE = "SELECT set_config('pg_trgm.similarity_threshold', :share, true)"
_WORDS_ALIKE, _CODES_ALIKE = "0.35", "0.5"
"""The share of trigrams from which on two words, and two codes, are alike: codes have more neighbours."""


@dataclass(frozen=True, slots=True)
class Found:
    """One thing found: `name` is what people know it by; `is_guess`: nothing is written like what was asked for, this is near."""

    kind: KindFound
    name: str
    says: str
    is_guess: bool = False


@dataclass(frozen=True, slots=True)
class _Place:
    """Where things of a kind are found: their code and name, and a select of code and what else is said of them."""

    kind: KindFound
    permission: Permission
    code: Mapped[str]
    rows: Select[str, str]
    name: Mapped[str] | None = None


@needs(Permission.SEARCH_USE)
def find_anything(session: Session, actor: Actor, /, *, text: str) -> tuple[Found, ...]:
    """The closest few of each kind: by the beginning of their code, any part of it, the words of their name, items by a vendor's part
    number too. Where nothing is found, what is nearly written like it."""
    asked = folded(session, text)
    places = tuple(each for each in _places() if actor.may(each.permission))
    found = _found(session, places, asked)
    if found or len(asked) < _SHORTEST_GUESS:
        return found
    return tuple(replace(each, is_guess=True) for each in _guessed(session, places, asked))


def folded(session: Session, asked: str) -> str:
    """What was asked for as the indexes hold it: small letters without accents, single blanks."""
    kept = session.scalar(select(func.folded(" ".join(asked.split()))))
    return kept or ""


def _places() -> tuple[_Place, ...]:
    order, demand, item = col(PurchaseOrder.number), col(SalesOrder.number), col(Item.code)
    part = col(VendorItem.vendor_part)
    orders = select(order, col(Vendor.name)).join(Vendor, col(Vendor.id) == col(PurchaseOrder.vendor_id))
    parts = (
        select(item, col(Item.name) + " · " + part + " at " + col(Vendor.code))
        .select_from(VendorItem)
        .join(Item, col(Item.id) == col(VendorItem.item_id))
        .join(Vendor, col(Vendor.id) == col(VendorItem.vendor_id))
    )
    by_name, customer, variant = col(Vendor.name), col(SalesOrder.customer), col(Variant.sku)
    return (
        _Place("item", Permission.ITEM_VIEW, item, select(item, col(Item.name)), col(Item.name)),
        _Place("item", Permission.ITEM_VIEW, part, parts),
        _Place("vendor", Permission.VENDOR_VIEW, col(Vendor.code), select(col(Vendor.code), by_name), by_name),
        _Place("order", Permission.ORDER_VIEW, order, orders),
        _Place("sales order", Permission.DEMAND_VIEW, demand, select(demand, customer), customer),
        _Place("variant", Permission.STOCK_VIEW, variant, select(variant, col(Variant.name)), col(Variant.name)),
    )


def _found(session: Session, places: Sequence[_Place], asked: str) -> tuple[Found, ...]:
    """What is written as it was asked for, kind by kind, the closest first."""
    words = _WORD.findall(asked)
    if not asked:
        return ()
    kept: dict[KindFound, dict[str, Found]] = {}
    for place in places:
        here = kept.setdefault(place.kind, {})
        for name, says in _closest(session, place, asked, words):
            if len(here) < EACH:
                here.setdefault(name, Found(place.kind, name, says))
    orders = _orders_of_vendors(session, places, kept)
    return (*(found for each in kept.values() for found in each.values()), *orders)


def _closest(session: Session, place: _Place, asked: str, words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Codes that begin so, names that begin so, codes that hold it, names that hold the words: each asked only if few were found."""
    told = 0
    for chosen in _questions(place, asked, words):
        for name, says in session.execute(chosen):
            told += 1
            yield name, says
        if told >= EACH:
            return


def _questions(place: _Place, asked: str, words: Sequence[str]) -> Iterator[Select[str, str]]:
    code = func.folded(place.code)
    yield place.rows.where(_begins(code, asked)).order_by(_bytewise(code)).limit(EACH)
    if len(asked) >= _SHORTEST_PART and " " not in asked:
        yield place.rows.where(code.like(f"%{_literally(asked)}%")).limit(EACH)
    if place.name is None or not words:
        return
    named = func.to_tsvector(text("'simple'::regconfig"), func.folded(place.name))
    first = _begins(func.folded(place.name), asked)
    for query in _word_queries(words):
        holds = named.op("@@")(cast(query, TSQUERY))
        looked_at = place.rows.where(holds).limit(_LOOKED_AT)
        listed = looked_at.add_columns(first.label("begins"), func.length(place.name).label("length")).subquery()
        name, says, begins, length = listed.c
        yield select(listed).with_only_columns(name, says).order_by(begins.desc(), length, name).limit(EACH)


def _word_queries(words: Sequence[str]) -> Iterator[str]:
    """The words as a text search: all but the last one finished, then, where that finds little, none of them."""
    finished = [f"'{word}'" for word in words]
    yield " & ".join([*finished[:-1], f"{finished[-1]}:*"])
    if len(words) > 1:
        yield " & ".join(f"{word}:*" for word in finished)


def _orders_of_vendors(
    session: Session, places: Sequence[_Place], kept: dict[KindFound, dict[str, Found]]
) -> Iterator[Found]:
    """The newest orders of the vendors that were found by name, where few orders were found by number."""
    vendors = kept.get("vendor", {})
    known = kept.get("order", {})
    if not vendors or not any(each.kind == "order" for each in places) or len(known) >= EACH:
        return
    of = (
        select(col(PurchaseOrder.number), col(Vendor.name))
        .join(Vendor, col(Vendor.id) == col(PurchaseOrder.vendor_id))
        .where(col(Vendor.code).in_(list(vendors)))
        .order_by(col(PurchaseOrder.id).desc())
        .limit(EACH - len(known))
    )
    for number, name in session.execute(of):
        if number not in known:
            yield Found("order", number, name)


def _guessed(session: Session, places: Sequence[_Place], asked: str) -> Iterator[Found]:
    """What is nearly written so: codes one edit away, names whose words are, then codes that are much alike."""
    near = _near(asked) if " " not in asked and len(asked) <= _LONGEST_GUESS else []
    told: set[tuple[str, str]] = set()
    for place in places if near else ():
        code = func.folded(place.code)
        one_edit = place.rows.where(code == any_(literal(near, ARRAY(Text)))).limit(EACH)
        for name, says in session.execute(one_edit):
            told.add((place.kind, name))
            yield Found(place.kind, name, says)
    if told:
        return
    session.execute(text(_ALIKE), {"share": _WORDS_ALIKE})
    if (meant := _meant(session, _WORD.findall(asked))) and meant != asked:
        for each in _found(session, places, meant):
            told.add((each.kind, each.name))
            yield each
    if told or " " in asked:
        return
    session.execute(text(_ALIKE), {"share": _CODES_ALIKE})
    for place in places:
        code = func.folded(place.code)
        alike = place.rows.where(code.op("%")(asked)).order_by(func.similarity(code, asked).desc()).limit(EACH)
        for name, says in session.execute(alike):
            yield Found(place.kind, name, says)


def _meant(session: Session, words: Sequence[str]) -> str:
    """The words as somebody wrote them in some name: each that no name has is turned into the nearest that one has."""
    return " ".join(word if _is_written(session, word) else _nearest(session, word) for word in words)


def _is_written(session: Session, word: str) -> bool:
    begins = select(col(SearchWord.id)).where(col(SearchWord.word).like(f"{_literally(word)}%")).limit(1)
    return session.execute(begins).first() is not None


def _nearest(session: Session, word: str) -> str:
    kept = col(SearchWord.word)
    if not _SHORTEST_GUESS <= len(word) <= _LONGEST_GUESS:
        return word
    near = any_(literal(_near(word), ARRAY(Text)))
    alike = func.similarity(kept, word).desc()
    for holds in (kept == near, kept.op("%")(word)):
        chosen = select(kept).where(holds).group_by(kept).order_by(alike, kept).limit(_GUESSES)
        if (best := session.scalars(chosen).first()) is not None:
            return str(best)
    return word


def _near(word: str) -> list[str]:
    """Everything that is one edit away from a word: a letter too many, two swapped, one wrong, one missing."""
    halves = [(word[:at], word[at:]) for at in range(len(word) + 1)]
    return sorted(
        {
            *(left + right[1:] for left, right in halves if right),
            *(left + right[1] + right[0] + right[2:] for left, right in halves if len(right) > 1),
            *_with_letter(((left, right[1:]) for left, right in halves if right)),
            *_with_letter(halves),
        }
        - {word}
    )


def _with_letter(halves: Iterable[tuple[str, str]]) -> Iterator[str]:
    for left, right in halves:
        for letter in _LETTERS:
            yield left + letter + right


def _begins(value: ColumnElement[str], asked: str) -> ColumnElement[bool]:
    return value.like(f"{_literally(asked)}%")


def _bytewise(value: ColumnElement[str]) -> ColumnElement[str]:
    """The order of the index for beginnings, so that the first few are read and no more."""
    return UnaryExpression(value, modifier=custom_op("USING ~<~"))


def _literally(asked: str) -> str:
    return asked.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
