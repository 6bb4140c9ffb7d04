"""The list of the chosen vendor's purchase orders."""

from __future__ import annotations

from typing import ClassVar

import reflex as rx

from buyside.queries.portal_orders import PORTAL_ORDER_ROWS
from buyside.queries.rows import GridSource
from buyside.state.base import SignedInState


class PortalOrdersState(SignedInState, rx.State):
    """Which rows the list has; the frame knows whose."""

    rows: ClassVar[GridSource] = PORTAL_ORDER_ROWS
