"""The list of purchase orders, and the first save of a new one."""

from __future__ import annotations

from typing import Any, ClassVar
from urllib.parse import quote
from uuid import UUID, uuid4

import reflex as rx

from buyside.domain.access import Permission
from buyside.operations.orders import HeadChanges, save_order
from buyside.queries.order_choices import currency_choices, vendor_choices
from buyside.queries.orders import ORDER_ROWS
from buyside.queries.rows import GridSource
from buyside.queries.stock import warehouse_choices
from buyside.state.base import handler, now
from buyside.state.forms import text, whole
from buyside.state.grid import GridState
from buyside.state.receipts import Choice
from buyside.state.roles import BuyerState


class OrdersState(GridState, BuyerState, rx.State):
    """All orders, or those of one vendor."""

    rows: ClassVar[GridSource] = ORDER_ROWS
    vendor: str = ""
    """Code of the only vendor that is listed, as the address asks, or nothing."""
    scope: dict[str, str] = {}
    is_writing: bool = False
    vendors: list[Choice] = []
    warehouses: list[Choice] = []
    currencies: list[Choice] = []
    first_vendor: str = ""
    _currency_of: dict[int, str] = {}
    _write_id: UUID | None = None

    @handler(Permission.ORDER_VIEW)
    def load(self) -> None:
        """List what the address asks for."""
        self.is_writing = False
        self._list_vendor(self.router.url.query_parameters.get("vendor", "")[:80])

    @handler(Permission.ORDER_VIEW)
    def show_all(self) -> Any:
        """List the orders of every vendor."""
        self._list_vendor("")
        return rx.redirect("/orders")

    def _list_vendor(self, code: str) -> None:
        self.vendor = code
        self.scope = {"vendor_code": code} if code else {}

    @handler(Permission.ORDER_EDIT)
    async def begin(self) -> None:
        """Open the form of a new order."""
        vendors = await self._ask(vendor_choices)
        self._currency_of = {each.id: each.currency_code for each in vendors}
        self.vendors = [Choice(value=str(each.id), label=f"{each.name} · {each.code}") for each in vendors]
        self.first_vendor = next((str(each.id) for each in vendors if each.code == self.vendor), "")
        self.warehouses = [
            Choice(value=str(each.id), label=f"{each.code} · {each.name}")
            for each in await self._ask(warehouse_choices)
        ]
        codes = await self._ask(currency_choices)
        self.currencies = [
            Choice(value="", label="The vendor's own"),
            *(Choice(value=code, label=code) for code in codes),
        ]
        self._write_id, self.is_writing = uuid4(), True

    @handler(Permission.ORDER_VIEW)
    def leave(self) -> None:
        """Write no order."""
        self.is_writing = False

    @handler(Permission.ORDER_EDIT)
    async def write(self, form: dict[str, Any]) -> Any:
        """Save a draft, which gives it its number, and open it. A second press opens the same."""
        if self._write_id is None:
            return None
        vendor_id = whole(form, "vendor_id")
        head = HeadChanges(
            vendor_id=vendor_id,
            warehouse_id=whole(form, "warehouse_id"),
            currency_code=text(form, "currency_code") or self._currency_of.get(vendor_id, ""),
            title=text(form, "title"),
        )
        saved = await self._do(save_order, request_id=self._write_id, head=head, at=now())
        self._write_id, self.is_writing = None, False
        self._changed_rows()
        return rx.redirect("/orders/" + quote(saved.number, safe=""))
