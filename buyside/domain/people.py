"""Words of people: where somebody stands on the way to signing in, and the address that an invitation goes to."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from buyside.domain.access import Role
from buyside.domain.refusals import Refused

INVITED_FOR: Final = timedelta(days=14)
"""How long an invitation lets its person in for the first time."""

IDLE_FOR: Final = timedelta(minutes=90)
"""A session in which nothing happens for so long carries nobody any more."""

_LONGEST, _LONGEST_LOCAL = 254, 64  # RFC 5321, 4.5.3.1
_ADDRESS = re.compile(
    r"(?P<local>[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*)"
    r"@(?=.{1,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]"
)


class Surface(StrEnum):
    """Which of the two web surfaces somebody signs in to: staff the one, vendors' people the other."""

    INTERNAL = "internal"
    PORTAL = "portal"


class PersonKind(StrEnum):
    """One of the own people, or somebody of a vendor; never both (ACC-1)."""

    STAFF = "staff"
    VENDOR = "vendor"


class PersonStatus(StrEnum):
    """Whether somebody can sign in, and if not yet, why."""

    ACTIVE = "active"
    INVITED = "invited"
    INVITATION_EXPIRED = "invitation_expired"
    NOT_INVITED = "not_invited"
    DISABLED = "disabled"


class MembershipStatus(StrEnum):
    """Whether a membership opens its vendor to its user now."""

    ACTIVE = "active"
    PLANNED = "planned"
    VENDOR_INACTIVE = "vendor_inactive"
    USER_DISABLED = "user_disabled"
    ENDED = "ended"


class SessionStatus(StrEnum):
    """Whether a session still carries anybody."""

    LIVE = "live"
    IDLE = "idle"
    EXPIRED = "expired"
    ENDED = "ended"


class NoRole(Refused):
    code, field = "people.no-role", "roles"
    says = "Give {name} at least one role; without one there is nothing to do or to see."


class VendorAndInternal(Refused):
    code, field = "people.vendor-and-internal", "roles"
    says = "{name} can be a vendor's user or hold internal roles, never both: here also {others}."


class NoSuchAddress(Refused):
    code, field = "people.no-such-address", "email"
    says = "“{email}” is no e-mail address, such as name@example.com."


def email_address(text: str) -> str:
    """An e-mail address in the one form in which it is kept and compared: trimmed, in small letters.

    Only letters of ASCII, so that no two addresses look alike: a domain with others is written in its xn-- form. Refuses:
    NoSuchAddress.
    """
    address = text.strip().lower()
    found = _ADDRESS.fullmatch(address) if len(address) <= _LONGEST else None
    if found is None or len(found["local"]) > _LONGEST_LOCAL:
        raise NoSuchAddress(email=text.strip()[:80])
    return address


def checked_roles(name: str, roles: Collection[Role]) -> frozenset[Role]:
    """The roles of somebody: at least one, and a vendor's user holds no other (ACC-1). Refuses: NoRole, VendorAndInternal."""
    held = frozenset(roles)
    if not held:
        raise NoRole(name=name)
    if Role.VENDOR in held and len(held) > 1:
        raise VendorAndInternal(name=name, others=", ".join(sorted(held - {Role.VENDOR})))
    return held


@dataclass(frozen=True, slots=True)
class Letter:
    """An invitation as it can be sent by whoever invites."""

    subject: str
    text: str


def invitation_letter(
    *, name: str, email: str, address: str, until: str, company: str, sender: str, is_vendor: bool
) -> Letter:
    """What to write to somebody who is invited: where to sign in, with which account, and until which day."""
    what = f"the vendor portal of {company}" if is_vendor else f"Buyside of {company}"
    what = what if company else "the vendor portal" if is_vendor else "Buyside"
    text = (
        f"Hello {name},\n\n"
        f"you are invited to {what}. Open {address} and sign in with your account for {email}. "
        "Your first sign-in links that account with you.\n\n"
        f"The invitation holds until {until}.\n\n"
        f"{sender or company or 'Buyside'}\n"
    )
    return Letter(f"Your invitation to {what}", text)
