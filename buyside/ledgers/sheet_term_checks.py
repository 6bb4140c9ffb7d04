"""Rules of terms of payment, currencies, rates and warehouses, for batches of their sheets."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from babel.numbers import is_currency
from sqlalchemy import func, or_, select
from sqlmodel import Session, col

from buyside.db.people import Organisation
from buyside.db.stock import StockBalance
from buyside.db.vendors import PaymentTermEvent
from buyside.domain.sheet_cells import plain_number
from buyside.domain.sheet_changes import CellProblem
from buyside.domain.sheets import Sheet
from buyside.ledgers.sheet_batch import Batch, problem
from buyside.ledgers.sheet_kept import chunks
from buyside.ledgers.sheet_use import told, uses

_WHOLE = Decimal(100)


def events_within_the_whole(session: Session, _sheet: Sheet, batch: Batch) -> Iterator[CellProblem]:
    """The billing events of terms of payment bill the whole at most.

    Less is possible, as they are entered one by one: the sheet of the terms shows what they add up to.
    """
    moving = [row for row in batch.touched if row.is_new or row.moves("share_percent")]
    mine, totals = batch.keys, dict[str, Decimal]()
    for piece in chunks(sorted({int(row.stored["payment_term_id"] or 0) for row in moving})):
        kept = select(
            col(PaymentTermEvent.id), col(PaymentTermEvent.payment_term_id), col(PaymentTermEvent.share_percent)
        )
        for key, terms, share in session.execute(
            kept.where(col(PaymentTermEvent.payment_term_id) == func.any(list(piece)))
        ):
            if str(key) not in mine:
                totals[str(terms)] = totals.get(str(terms), Decimal(0)) + share
    touched = {row.number for row in moving}
    staying = [row for row in batch.rows if row.after and not row.problems and row.number not in touched]
    for row in (*staying, *moving):
        terms, share = row.stored["payment_term_id"] or "", Decimal(row.after["share_percent"])
        totals[terms] = totals.get(terms, Decimal(0)) + share
        if row.number in touched and totals[terms] > _WHOLE:
            rest = plain_number(_WHOLE - totals[terms] + share)
            says = f"The events of {row.after['payment_terms']} would bill {plain_number(totals[terms])} %; {rest} % is left."
            yield problem(row, "share_percent", "payment-terms.above-whole", says)


def currencies_are_known(session: Session, _sheet: Sheet, batch: Batch) -> Iterator[CellProblem]:
    """A new currency is one of ISO 4217, and one in use loses no decimals."""
    fewer = []
    for row in batch.touched:
        if row.is_new and not is_currency(row.after["code"]):
            says = f"ISO 4217 knows no currency {row.after['code']}."
            yield problem(row, "code", "currencies.unknown", says)
        elif row.before and int(row.after["digits"]) < int(row.before["digits"]):
            fewer.append(row)
    found = uses(session, "currency", {row.key for row in fewer}) if fewer else {}
    for row in fewer:
        if row.key in found:
            says = f"It cannot have fewer decimals any more: {told(found[row.key])} use it."
            yield problem(row, "digits", "currencies.in-use", says)


def rates_of_other_currencies(session: Session, _sheet: Sheet, batch: Batch) -> Iterator[CellProblem]:
    """The organisation's own currency has no rate: it is worth itself (INT-3)."""
    own = session.scalars(select(col(Organisation.currency_code))).one_or_none()
    for row in batch.touched:
        if row.after["currency"] == own:
            says = f"{own} is the organisation's own currency, in which rates are said; it needs none."
            yield problem(row, "currency", "exchange-rates.own-currency", says)


def stock_not_below_zero(session: Session, _sheet: Sheet, batch: Batch) -> Iterator[CellProblem]:
    """A warehouse whose stock may no longer go below zero has none that is (STK-6)."""
    moving = [row for row in batch.touched if row.moves("allows_negative") and row.after["allows_negative"] == "false"]
    below = (
        select(col(StockBalance.warehouse_id), func.count())
        .where(col(StockBalance.warehouse_id) == func.any([int(row.key) for row in moving]))
        .where(or_(col(StockBalance.on_hand) < 0, col(StockBalance.in_inspection) < 0))
        .group_by(col(StockBalance.warehouse_id))
    )
    found = {str(key): count for key, count in session.execute(below)} if moving else {}
    for row in moving:
        if row.key in found:
            balances = "balance is" if found[row.key] == 1 else "balances are"
            says = f"{found[row.key]} {balances} below zero there. Correct the stock first."
            yield problem(row, "allows_negative", "warehouses.below-zero", says)
