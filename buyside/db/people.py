"""Users, their roles and sessions, and the organisation that buys."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Text
from sqlalchemy import text as sql
from sqlmodel import Field, SQLModel

from buyside.db.base import (
    currency_column,
    identity,
    instant_column,
    key_of,
    may_refer_to,
    one_of,
    percent_column,
    refers_to,
    text_column,
)
from buyside.domain.access import Role


class Organisation(SQLModel, table=True):
    """The one company that buys. Dates on documents are dates in its time zone."""

    __tablename__ = "organisation"
    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)
    id: int = Field(default=1, primary_key=True)
    name: str = text_column()
    currency_code: str = currency_column()
    time_zone: str = text_column("UTC")
    over_receipt_percent: Decimal = percent_column(Decimal(0))
    version: int = 1


class OrganisationAddress(SQLModel, table=True):
    """An address of the own organisation with its contact; flags mark the defaults of new orders (PO-2)."""

    __tablename__ = "organisation_address"
    __table_args__ = (
        Index("organisation_address_one_bill_to", "is_bill_to", unique=True, postgresql_where=sql("is_bill_to")),
        Index("organisation_address_one_ship_to", "is_ship_to", unique=True, postgresql_where=sql("is_ship_to")),
    )
    id: int = identity()
    account: str = text_column()
    lines: str = text_column()
    contact_name: str = text_column()
    contact_email: str = text_column()
    contact_phone: str = text_column()
    is_bill_to: bool = False
    is_ship_to: bool = False


class AppUser(SQLModel, table=True):
    """A person who signs in. Identity is issuer and subject; the e-mail address is only for mail."""

    __tablename__ = "app_user"
    __table_args__ = (
        Index("app_user_identity", "issuer", "subject", unique=True, postgresql_where=sql("subject IS NOT NULL")),
    )
    id: int = identity()
    issuer: str | None = text_column(None)
    subject: str | None = text_column(None)
    email: str = text_column()
    name: str = text_column()
    locale: str = text_column("en_GB")
    time_zone: str = text_column("UTC")
    manager_id: int | None = may_refer_to("app_user.id")
    is_active: bool = True
    version: int = 1


class UserRole(SQLModel, table=True):
    """One role of one user."""

    __tablename__ = "user_role"
    __table_args__ = (CheckConstraint(one_of("role", Role), name="known_role"),)
    user_id: int = key_of("app_user.id")
    role: str = Field(primary_key=True, sa_type=Text)


class UserSession(SQLModel, table=True):
    """One sign-in on one browser. The cookie's value is never stored, only its SHA-256."""

    __tablename__ = "user_session"
    id: UUID = Field(primary_key=True)
    user_id: int = refers_to("app_user.id")
    token_sha256: bytes = Field(unique=True)
    created_at: datetime = instant_column()
    last_seen_at: datetime = instant_column()
    expires_at: datetime = instant_column()
    ended_at: datetime | None = instant_column(None)
    browser: str = text_column()
