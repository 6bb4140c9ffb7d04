"""Reading exchange rates as they are dated (INT-3)."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlmodel import Session, col

from buyside.db.people import Organisation
from buyside.db.vendors import ExchangeRate
from buyside.domain.rates import Rate, Rates


def rates_of(session: Session, currencies: Collection[str]) -> Rates:
    """All rates of some currencies into the organisation's own."""
    own = session.execute(select(col(Organisation.currency_code)).where(col(Organisation.id) == 1)).scalar_one()
    foreign = sorted({each for each in currencies if each != own})
    if not foreign:
        return Rates(own)
    found = session.execute(
        select(col(ExchangeRate.currency_code), col(ExchangeRate.rate), col(ExchangeRate.valid_from)).where(
            col(ExchangeRate.currency_code).in_(foreign)
        )
    )
    return Rates(own, (Rate(*row) for row in found))
