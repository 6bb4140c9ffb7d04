"""Vendors' bank accounts: who entered, who approved, and the numbers, which nothing but a recorded look reads (ACC-7).

The numbers stand in a table of their own, so that no list, export or message about an account can hold them by mistake. The
application may add them and never change them: what was approved is what was entered.
"""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import SQLModel

from buyside.db.base import (
    currency_column,
    identity,
    instant_column,
    key_of,
    may_refer_to,
    one_of,
    refers_to,
    text_column,
    version_column,
)
from buyside.domain.bank import BankAccountState

BY_ANOTHER = "state IN ('proposed', 'withdrawn') OR (decided_by IS NOT NULL AND decided_by <> entered_by)"
ENDED_BY_ANOTHER = (
    "state <> 'ended' OR (end_asked_by IS NOT NULL AND ended_by IS NOT NULL AND ended_by <> end_asked_by)"
)


class VendorBankAccount(SQLModel, table=True):
    """One account of a vendor in one currency, from its proposal to its end.

    `shown` is its number masked, "DE89 … 3000", and all that lists know of it. `replaces_id` is the account that was current
    when this one was entered. `reason`, `decision` and `end_reason` are what people said when they entered, decided, and asked
    for its end; what becomes of an end that is refused stands in the audit trail.
    """

    __tablename__ = "vendor_bank_account"
    __table_args__ = (
        CheckConstraint(one_of("state", BankAccountState), name="known_state"),
        CheckConstraint(BY_ANOTHER, name="decided_by_another"),
        CheckConstraint(ENDED_BY_ANOTHER, name="ended_by_another"),
        CheckConstraint("state <> 'rejected' OR decision <> ''", name="rejected_with_reason"),
        CheckConstraint("(end_asked_by IS NULL) = (end_asked_at IS NULL)", name="end_asked_by_somebody"),
        Index(
            "vendor_bank_account_one_current",
            "vendor_id",
            "currency_code",
            unique=True,
            postgresql_where=text("state = 'current'"),
        ),
    )
    id: int = identity()
    vendor_id: int = refers_to("vendor.id")
    currency_code: str = currency_column()
    holder: str = text_column(...)
    country_code: str = text_column(...)
    bank_name: str = text_column()
    shown: str = text_column(...)
    state: str = text_column(BankAccountState.PROPOSED.value)
    replaces_id: int | None = may_refer_to("vendor_bank_account.id")
    reason: str = text_column()
    entered_by: int = refers_to("app_user.id")
    entered_at: datetime = instant_column()
    decided_by: int | None = may_refer_to("app_user.id")
    decided_at: datetime | None = instant_column(None)
    decision: str = text_column()
    end_asked_by: int | None = may_refer_to("app_user.id")
    end_asked_at: datetime | None = instant_column(None)
    end_reason: str = text_column()
    ended_by: int | None = may_refer_to("app_user.id")
    ended_at: datetime | None = instant_column(None)
    version: int = version_column()


class VendorBankNumber(SQLModel, table=True):
    """The numbers of one account, compact: an IBAN, or an account number with its bank's code. Written once."""

    __tablename__ = "vendor_bank_number"
    account_id: int = key_of("vendor_bank_account.id")
    iban: str = text_column()
    bic: str = text_column()
    account_number: str = text_column()
    routing_number: str = text_column()
