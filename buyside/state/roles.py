"""One base per role: what the screens of that role have in common."""

from __future__ import annotations

from buyside.state.base import SignedInState


class BuyerState(SignedInState, mixin=True):
    """Screens of buyers."""


class WarehouseState(SignedInState, mixin=True):
    """Screens of those who receive goods and keep stock."""


class SalesState(SignedInState, mixin=True):
    """Screens of those who answer for customers' orders."""


class ManagerState(SignedInState, mixin=True):
    """Screens that only show."""


class AdministratorState(SignedInState, mixin=True):
    """Screens of those who look after people and their access."""
