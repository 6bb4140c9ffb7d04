"""Who works at the demo company and at its vendors, all invented; the demo's own sign-in provider knows them."""

from __future__ import annotations

from dataclasses import dataclass

from buyside.domain.access import Role


@dataclass(frozen=True, slots=True)
class Staff:
    """One of the company's own people."""

    name: str
    role: Role
    locale: str
    time_zone: str
    account: str
    """What stands before the @ of the e-mail address; the provider's name for them too."""
    is_invited: bool = False
    """Invited and not come yet: the first sign-in binds the identity."""

    @property
    def email(self) -> str:
        return f"{self.account}@example.com"


@dataclass(frozen=True, slots=True)
class VendorPerson:
    """Somebody of one or more vendors; `left` are the codes of those whom they act for no more."""

    name: str
    vendors: tuple[str, ...]
    locale: str
    time_zone: str
    account: str
    left: tuple[str, ...] = ()
    is_invited: bool = False

    @property
    def email(self) -> str:
        return f"{self.account}@example.com"


STAFF = (
    Staff("Tove Sandvik", Role.ADMIN, "en_GB", "Europe/Oslo", "admin"),
    Staff("Dana Whitcombe", Role.MANAGER, "en_US", "America/Chicago", "manager"),
    Staff("Jonas Wiegand", Role.BUYER, "de_DE", "Europe/Berlin", "buyer"),
    Staff("Amelie Kortmann", Role.APPROVER, "en_GB", "Europe/Berlin", "approver"),
    Staff("Pavel Hruška", Role.REQUESTER, "en_GB", "Europe/Prague", "requester"),
    Staff("Marta Quintela", Role.RECEIVER, "en_GB", "Europe/Berlin", "receiver"),
    Staff("Nils Åberg", Role.SALES, "en_GB", "Europe/Stockholm", "sales"),
    Staff("Chiara Bellandi", Role.FINANCE, "en_GB", "Europe/Rome", "finance"),
)
"""One for every role; who comes first is there when the others are added."""

NEW_STAFF = (
    Staff("Emil Rautenstrauch", Role.RECEIVER, "de_DE", "Europe/Berlin", "emil.rautenstrauch", is_invited=True),
)

VENDOR_PEOPLE = (
    VendorPerson("Birgit Rosskamp", ("V1001",), "de_DE", "Europe/Berlin", "birgit.rosskamp"),
    VendorPerson("Joost van Ellekom", ("V1006",), "en_GB", "Europe/Amsterdam", "joost.van.ellekom"),
    VendorPerson("Henrike Dahlmann", ("V1010", "V1015"), "en_GB", "Europe/Berlin", "henrike.dahlmann"),
    VendorPerson("Hsu Mei-ling", ("V1005",), "en_US", "Asia/Taipei", "hsu.mei-ling"),
    VendorPerson("Uwe Kastner", ("V1018",), "de_DE", "Europe/Berlin", "uwe.kastner"),
    VendorPerson("Sabine Trautwein", (), "de_DE", "Europe/Berlin", "sabine.trautwein", left=("V1018",)),
    VendorPerson("Pieter Zandstra", ("V1014",), "en_GB", "Europe/Amsterdam", "pieter.zandstra", is_invited=True),
)
