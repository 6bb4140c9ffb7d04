"""Users, their roles, invitations, memberships and sessions, and the organisation that buys."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, LargeBinary, Text, UniqueConstraint
from sqlalchemy import text as sql
from sqlmodel import Field, SQLModel

from buyside.db.base import (
    currency_column,
    document_column,
    flag_from,
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

_KNOWN_SURFACE = "surface IN ('internal', 'portal')"


def _fits_the_kind_of_user(table: str, flag: str) -> ForeignKeyConstraint:
    """A vendor's user and one of the own people stay apart in every table that refers to them (ACC-1)."""
    return ForeignKeyConstraint(
        ["user_id", flag], ["app_user.id", "app_user.is_vendor"], name=f"{table}_fits_the_kind_of_user"
    )


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
    """A person who signs in: one of the own people, or a vendor's user, for good.

    Identity is issuer and subject; the e-mail address is only for mail. `version` follows what administrators change and
    the binding of an identity, not each sign-in.
    """

    __tablename__ = "app_user"
    __table_args__ = (
        Index("app_user_identity", "issuer", "subject", unique=True, postgresql_where=sql("subject IS NOT NULL")),
        UniqueConstraint("id", "is_vendor"),
    )
    id: int = identity()
    issuer: str | None = text_column(None)
    subject: str | None = text_column(None)
    email: str = text_column()
    name: str = text_column()
    locale: str = text_column("en_GB")
    time_zone: str = text_column("UTC")
    manager_id: int | None = may_refer_to("app_user.id")
    is_vendor: bool = False
    is_active: bool = True
    last_sign_in_at: datetime | None = instant_column(None)
    version: int = 1


class UserRole(SQLModel, table=True):
    """One role of one user. A vendor's user has the role of vendors and no other, and nobody else has it (ACC-1)."""

    __tablename__ = "user_role"
    __table_args__ = (
        CheckConstraint(one_of("role", Role), name="known_role"),
        _fits_the_kind_of_user("user_role", "is_vendor_role"),
    )
    user_id: int = key_of("app_user.id")
    role: str = Field(primary_key=True, sa_type=Text)
    is_vendor_role: bool = flag_from("role = 'vendor'::text")


class UserInvitation(SQLModel, table=True):
    """A user's invitation by e-mail. The first verified sign-in with that address gives the user its identity."""

    __tablename__ = "user_invitation"
    __table_args__ = (
        Index(
            "user_invitation_one_open",
            "user_id",
            unique=True,
            postgresql_where=sql("accepted_at IS NULL AND revoked_at IS NULL"),
        ),
        # ASCII alone loses its case: addresses that only some alphabet takes for the same are not.
        Index(
            "user_invitation_one_open_per_email",
            sql('lower(email COLLATE "C")'),
            unique=True,
            postgresql_where=sql("accepted_at IS NULL AND revoked_at IS NULL"),
        ),
        CheckConstraint("email <> ''", name="somewhere"),
        CheckConstraint("expires_at > invited_at", name="expires_later"),
        CheckConstraint("accepted_at IS NULL OR revoked_at IS NULL", name="one_end"),
    )
    id: int = identity()
    user_id: int = refers_to("app_user.id")
    email: str = Field(sa_type=Text)
    invited_by: int | None = may_refer_to("app_user.id", index=False)
    invited_at: datetime = instant_column()
    expires_at: datetime = instant_column()
    accepted_at: datetime | None = instant_column(None)
    revoked_at: datetime | None = instant_column(None)


class VendorMembership(SQLModel, table=True):
    """A vendor's user may see what is that vendor's, from `begins_at` until before `ends_at` (VEN-1, ACC-5)."""

    __tablename__ = "vendor_membership"
    __table_args__ = (
        Index(
            "vendor_membership_one_without_end",
            "vendor_id",
            "user_id",
            unique=True,
            postgresql_where=sql("ends_at IS NULL"),
        ),
        CheckConstraint("ends_at >= begins_at", name="in_order"),
        _fits_the_kind_of_user("vendor_membership", "is_vendor_user"),
    )
    id: int = identity()
    vendor_id: int = refers_to("vendor.id")
    user_id: int = refers_to("app_user.id")
    is_vendor_user: bool = flag_from("true")
    begins_at: datetime = instant_column()
    ends_at: datetime | None = instant_column(None)
    granted_by: int | None = may_refer_to("app_user.id", index=False)


class UserSession(SQLModel, table=True):
    """One sign-in on one browser, on one surface. The cookie's value is never stored, only its SHA-256.

    `issuer` and `issuer_session` (the provider's `sid`) let the provider end it; `id_token` is there until the session
    ends, for the hint that the provider wants at sign-out.
    """

    __tablename__ = "user_session"
    __table_args__ = (
        CheckConstraint(_KNOWN_SURFACE, name="known_surface"),
        _fits_the_kind_of_user("user_session", "is_on_portal"),
        Index("user_session_of_issuer", "issuer", "issuer_session", postgresql_where=sql("issuer_session IS NOT NULL")),
    )
    id: UUID = Field(primary_key=True)
    user_id: int = refers_to("app_user.id")
    surface: str = Field(sa_type=Text)
    is_on_portal: bool = flag_from("surface = 'portal'::text")
    token_sha256: bytes = Field(unique=True)
    created_at: datetime = instant_column()
    last_seen_at: datetime = instant_column()
    expires_at: datetime = instant_column()
    ended_at: datetime | None = instant_column(None)
    ended_because: str = text_column()
    browser: str = text_column()
    issuer: str | None = text_column(None)
    issuer_session: str | None = text_column(None)
    id_token: str | None = text_column(None)


class SignInAttempt(SQLModel, table=True):
    """What was sent to the provider with somebody who wants to sign in. Taken once, by the browser that began it."""

    __tablename__ = "sign_in_attempt"
    __table_args__ = (CheckConstraint(_KNOWN_SURFACE, name="known_surface"),)
    state_sha256: bytes = Field(primary_key=True, sa_type=LargeBinary)
    browser_sha256: bytes
    surface: str = Field(sa_type=Text)
    content: dict[str, Any] = document_column()
    expires_at: datetime = instant_column()


class UsedLogoutToken(SQLModel, table=True):
    """A provider's logout token that was obeyed, so that it is not obeyed again."""

    __tablename__ = "used_logout_token"
    surface: str = Field(primary_key=True, sa_type=Text)
    issuer: str = Field(primary_key=True, sa_type=Text)
    jti: str = Field(primary_key=True, sa_type=Text)
    expires_at: datetime = instant_column()
