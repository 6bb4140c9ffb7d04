"""Who may do what: the one table from act to roles, and the lock that reads it (ACC-2, ACC-3)."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Concatenate, ParamSpec, TypeVar, cast
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
    """One act each. The value is what the printed matrix and the logs show."""

    SHELL_USE = "shell.use"
    START_VIEW = "start.view"
    SEARCH_USE = "search.use"
    VENDOR_VIEW = "vendor.view"
    VENDOR_EDIT = "vendor.edit"
    ITEM_VIEW = "item.view"
    ITEM_EDIT = "item.edit"
    STRUCTURE_VIEW = "structure.view"
    STRUCTURE_EDIT = "structure.edit"
    DEMAND_VIEW = "demand.view"
    PLAN_VIEW = "plan.view"
    PLAN_RUN = "plan.run"
    PLAN_EDIT = "plan.edit"
    PLAN_CONVERT = "plan.convert"
    ORDER_VIEW = "order.view"
    ORDER_EDIT = "order.edit"
    ORDER_ISSUE = "order.issue"
    ORDER_CANCEL = "order.cancel"
    EXPECTED_DELIVERY_VIEW = "expected-delivery.view"
    RECEIPT_POST = "receipt.post"
    RECEIPT_VOID = "receipt.void"
    STOCK_VIEW = "stock.view"
    STOCK_ADJUST = "stock.adjust"
    DATA_IMPORT = "data.import"
    DATA_EXPORT = "data.export"
    USER_VIEW = "user.view"
    USER_EDIT = "user.edit"
    MEMBERSHIP_EDIT = "membership.edit"
    SESSION_VIEW = "session.view"
    SESSION_END = "session.end"
    PERMISSION_VIEW = "permission.view"
    ORGANISATION_EDIT = "organisation.edit"
    AUDIT_VIEW = "audit.view"
    INVARIANTS_CHECK = "invariants.check"
    PORTAL_USE = "portal.use"
    PORTAL_ORDER_VIEW = "portal.order.view"
    PORTAL_CONTRACT_VIEW = "portal.contract.view"


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
            *(_P.DEMAND_VIEW, _P.PLAN_VIEW, _P.DATA_EXPORT),
            *_READS_ORDERS_AND_STOCK,
        }
    ),
    Role.SALES: frozenset({*_EVERYBODY, _P.SEARCH_USE, _P.DEMAND_VIEW}),
    Role.FINANCE: frozenset({*_EVERYBODY, _P.SEARCH_USE, _P.VENDOR_VIEW, _P.ORDER_VIEW}),
    Role.ADMIN: frozenset(
        {
            *_EVERYBODY,
            *(_P.USER_VIEW, _P.USER_EDIT, _P.MEMBERSHIP_EDIT, _P.SESSION_VIEW, _P.SESSION_END, _P.ORGANISATION_EDIT),
            *(_P.AUDIT_VIEW, _P.INVARIANTS_CHECK, _P.DATA_IMPORT, _P.DATA_EXPORT),
        }
    ),
    Role.VENDOR: frozenset({_P.PORTAL_USE, _P.PORTAL_ORDER_VIEW, _P.PORTAL_CONTRACT_VIEW}),
}


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who acts: a signed-in person, or the operator at the command line (`user_id` is None).

    Identity and roles come from the server's own records alone (ACC-4), never from a browser. Moments are shown on the
    clock of `time_zone`; which day it is, is said by the organisation's clock, `dates_zone`, wherever the actor is (INT-3).
    """

    user_id: int | None
    name: str
    roles: frozenset[Role]
    vendor_ids: frozenset[int] = frozenset()
    locale: str = "en_GB"
    time_zone: str = "UTC"
    dates_zone: str = "UTC"

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
