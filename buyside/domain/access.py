"""Who may do what: the one table from act to roles, and the lock that reads it (ACC-2, ACC-3)."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Concatenate, ParamSpec, Self, TypeVar, cast
from zoneinfo import ZoneInfo

from buyside.domain.refusals import NotAllowed

Parameters = ParamSpec("Parameters")
Answer = TypeVar("Answer")


class Role(StrEnum):
    REQUESTER = "requester"
    BUYER = "buyer"
    APPROVER = "approver"
    RECEIVER = "receiver"
    MANAGER = "manager"
    SALES = "sales"
    FINANCE = "finance"
    ADMIN = "admin"
    VENDOR = "vendor"


INTERNAL_ROLES = frozenset(Role) - {Role.VENDOR}


class Permission(StrEnum):
    """One act each: the value is what the printed matrix and the logs show, the sentence beside it is what it lets one do."""

    _value_: str
    says: str

    def __new__(cls, value: str, says: str) -> Self:
        permission = str.__new__(cls, value)
        permission._value_ = value
        permission.says = says
        return permission

    SHELL_USE = (
        "shell.use",
        "Use the application: its frame, and the lists on its pages, each of which asks for its own permission too.",
    )
    START_VIEW = "start.view", "See the start page with what waits for oneself."
    SEARCH_USE = "search.use", "Search for items, vendors and orders, and find those that one may see."
    VENDOR_VIEW = "vendor.view", "See vendors and what they offer."
    VENDOR_EDIT = "vendor.edit", "Change vendors and what they offer."
    ITEM_VIEW = "item.view", "See procurement items."
    ITEM_EDIT = "item.edit", "Change procurement items."
    STRUCTURE_VIEW = "structure.view", "See products, bills of material and rules of configuration."
    STRUCTURE_EDIT = "structure.edit", "Change bills of material and rules of configuration."
    REFERENCE_VIEW = (
        "reference.view",
        "See units, warehouses, currencies and rates, tax codes, terms of payment and cost centres.",
    )
    REFERENCE_EDIT = (
        "reference.edit",
        "Change units, warehouses, currencies and rates, tax codes, terms of payment and cost centres.",
    )
    BANK_ENTER = "bank-account.enter", "Enter vendors' bank accounts, and ask for changes of them."
    BANK_REVEAL = "bank-account.reveal", "See vendors' account numbers whole; each look is recorded."
    BANK_APPROVE = "bank-account.approve", "Approve or reject a bank account that somebody else entered."
    DEMAND_VIEW = "demand.view", "See customers' orders and what will serve them."
    PLAN_VIEW = "plan.view", "See planning runs, requirements and draft plans."
    PLAN_RUN = "plan.run", "Run the planning, and cancel a run."
    PLAN_EDIT = "plan.edit", "Decide on plan lines: change, split, lock, leave out."
    PLAN_CONVERT = "plan.convert", "Turn plan lines into purchase orders."
    ORDER_VIEW = "order.view", "See purchase orders, their papers, their history and who they are for."
    ORDER_EDIT = "order.edit", "Write and change drafts of purchase orders, hold and release orders."
    ORDER_ISSUE = "order.issue", "Issue purchase orders to vendors."
    ORDER_CANCEL = "order.cancel", "Cancel orders, and close them short."
    EXPECTED_DELIVERY_VIEW = "expected-delivery.view", "See what is expected to arrive, and what has arrived."
    RECEIPT_POST = "receipt.post", "Post the arrival of goods."
    RECEIPT_VOID = "receipt.void", "Take a receipt back by posting its exact reverse."
    STOCK_VIEW = "stock.view", "See balances, the stock ledger and its values."
    STOCK_ADJUST = "stock.adjust", "Correct and transfer stock, and post what was made from it."
    DATA_IMPORT = "data.import", "Load data packs: master data, demand, history."
    DATA_EXPORT = "data.export", "Take lists out as CSV, and everything as a data pack."
    USER_VIEW = "user.view", "See users, their roles and invitations."
    USER_EDIT = "user.edit", "Add, change, invite and disable users, and give and take roles."
    MEMBERSHIP_EDIT = "membership.edit", "Say which vendors a vendor's user acts for, and end that."
    SESSION_VIEW = "session.view", "See who is signed in, where from and since when."
    SESSION_END = "session.end", "End other people's sessions."
    PERMISSION_VIEW = "permission.view", "Read who may do what: this table."
    ORGANISATION_EDIT = "organisation.edit", "Change the own organisation: name, currency, time zone, addresses."
    AUDIT_VIEW = "audit.view", "Read the audit trail: who did what and when, with before and after."
    INVARIANTS_CHECK = "invariants.check", "Have the books checked: every balance against its ledger."
    PORTAL_USE = "portal.use", "Use the vendors' portal and choose among the own vendors."
    PORTAL_ORDER_VIEW = (
        "portal.order.view",
        "See the purchase orders that were issued to the own vendors, with their papers.",
    )
    PORTAL_CONTRACT_VIEW = "portal.contract.view", "See the contracts of the own vendors."


_P = Permission
_EVERYBODY = {_P.SHELL_USE, _P.START_VIEW, _P.PERMISSION_VIEW}
_READS_ORDERS_AND_STOCK = {_P.ORDER_VIEW, _P.STOCK_VIEW, _P.EXPECTED_DELIVERY_VIEW}

GRANTS: dict[Role, frozenset[Permission]] = {
    Role.REQUESTER: frozenset(_EVERYBODY),
    Role.BUYER: frozenset(
        {
            *_EVERYBODY,
            _P.SEARCH_USE,
            *(_P.VENDOR_VIEW, _P.VENDOR_EDIT, _P.ITEM_VIEW, _P.ITEM_EDIT, _P.STRUCTURE_VIEW, _P.STRUCTURE_EDIT),
            *(_P.REFERENCE_VIEW, _P.REFERENCE_EDIT, _P.BANK_ENTER, _P.BANK_REVEAL),
            *(_P.DEMAND_VIEW, _P.PLAN_VIEW, _P.PLAN_RUN, _P.PLAN_EDIT, _P.PLAN_CONVERT),
            *(_P.ORDER_EDIT, _P.ORDER_ISSUE, _P.ORDER_CANCEL, _P.RECEIPT_POST, _P.RECEIPT_VOID),
            *(_P.DATA_IMPORT, _P.DATA_EXPORT),
            *_READS_ORDERS_AND_STOCK,
        }
    ),
    Role.APPROVER: frozenset(_EVERYBODY),
    Role.RECEIVER: frozenset(
        {
            *_EVERYBODY,
            *(_P.SEARCH_USE, _P.STOCK_VIEW, _P.EXPECTED_DELIVERY_VIEW),
            *(_P.RECEIPT_POST, _P.RECEIPT_VOID, _P.STOCK_ADJUST),
        }
    ),
    Role.MANAGER: frozenset(
        {
            *_EVERYBODY,
            *(_P.SEARCH_USE, _P.VENDOR_VIEW, _P.ITEM_VIEW, _P.STRUCTURE_VIEW),
            *(_P.REFERENCE_VIEW, _P.DEMAND_VIEW, _P.PLAN_VIEW, _P.DATA_EXPORT),
            *_READS_ORDERS_AND_STOCK,
        }
    ),
    Role.SALES: frozenset({*_EVERYBODY, _P.SEARCH_USE, _P.DEMAND_VIEW}),
    Role.FINANCE: frozenset(
        {
            *_EVERYBODY,
            *(_P.SEARCH_USE, _P.VENDOR_VIEW, _P.ORDER_VIEW, _P.REFERENCE_VIEW, _P.REFERENCE_EDIT),
            *(_P.BANK_ENTER, _P.BANK_REVEAL, _P.BANK_APPROVE, _P.DATA_IMPORT, _P.DATA_EXPORT),
        }
    ),
    Role.ADMIN: frozenset(
        {
            *_EVERYBODY,
            *(_P.USER_VIEW, _P.USER_EDIT, _P.MEMBERSHIP_EDIT, _P.SESSION_VIEW, _P.SESSION_END, _P.ORGANISATION_EDIT),
            *(_P.AUDIT_VIEW, _P.INVARIANTS_CHECK, _P.DATA_IMPORT, _P.DATA_EXPORT, _P.REFERENCE_VIEW, _P.REFERENCE_EDIT),
        }
    ),
    Role.VENDOR: frozenset({_P.PORTAL_USE, _P.PORTAL_ORDER_VIEW, _P.PORTAL_CONTRACT_VIEW}),
}


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who acts: a signed-in person, or the operator at the command line (`user_id` is None).

    Identity and roles come from the server's own records alone (ACC-4), never from a browser. Moments are shown on the
    clock of `time_zone`; which day it is, is said by the organisation's clock, `dates_zone`, wherever the actor is (INT-3).
    `proof` shows the database, on the portal, whose session a transaction is for: SHA-256 of the cookie's value, in hex.
    """

    user_id: int | None
    name: str
    roles: frozenset[Role]
    vendor_ids: frozenset[int] = frozenset()
    locale: str = "en_GB"
    time_zone: str = "UTC"
    dates_zone: str = "UTC"
    proof: str = field(default="", repr=False, compare=False)

    def today(self) -> date:
        """The organisation's date now."""
        return datetime.now(ZoneInfo(self.dates_zone)).date()

    def may(self, permission: Permission) -> bool:
        """Whether one of the actor's roles grants `permission`."""
        return any(permission in GRANTS[role] for role in self.roles)


OPERATOR = Actor(user_id=None, name="operator", roles=INTERNAL_ROLES)
"""Who acts at the command line: whoever holds the machine's database login, recorded as the operator."""


def needs(
    permission: Permission,
) -> Callable[
    [Callable[Concatenate[Any, Actor, Parameters], Answer]], Callable[Concatenate[Any, Actor, Parameters], Answer]
]:
    """Tie one act to a query or operation `(session, actor, **arguments)`. The wrapped function refuses: NotAllowed."""

    def tie(
        act: Callable[Concatenate[Any, Actor, Parameters], Answer],
    ) -> Callable[Concatenate[Any, Actor, Parameters], Answer]:
        @functools.wraps(act)
        def locked(session: Any, actor: Actor, *positional: Parameters.args, **named: Parameters.kwargs) -> Answer:
            if not actor.may(permission):
                raise NotAllowed(act=permission.value)
            return act(session, actor, *positional, **named)

        locked.__permission__ = permission  # type: ignore[attr-defined]
        return cast("Callable[Concatenate[Any, Actor, Parameters], Answer]", locked)

    return tie


def permission_of(act: Callable[..., Any]) -> Permission | None:
    """The permission that `needs` tied to a function, or None where nothing did."""
    return getattr(act, "__permission__", None)
