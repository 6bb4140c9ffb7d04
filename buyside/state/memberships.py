"""Vendor access: which people act for which vendor, from when until when."""

from __future__ import annotations

from typing import Any, ClassVar, TypedDict
from uuid import UUID, uuid4

import reflex as rx

from buyside.domain.access import Permission
from buyside.domain.people import MembershipStatus
from buyside.domain.refusals import NotFound
from buyside.operations.memberships import end_membership, grant_membership
from buyside.queries.memberships import MEMBERSHIP_ROWS, open_vendors
from buyside.queries.people import member_choices, user_detail
from buyside.queries.rows import GridSource, grid_rows
from buyside.state.base import handler, say, today
from buyside.state.forms import day, maybe_day, whole
from buyside.state.grid import GridState
from buyside.state.receipts import Choice
from buyside.state.roles import AdministratorState


class Access(TypedDict):
    """One membership in words."""

    vendor: str
    user_id: str
    user: str
    email: str
    begins: str
    ends: str
    status: str
    granted_by: str


_EMPTY = Access(vendor="", user_id="", user="", email="", begins="", ends="", status="", granted_by="")


class MembershipsState(GridState, AdministratorState, rx.State):
    """All memberships, or those of one person."""

    rows: ClassVar[GridSource] = MEMBERSHIP_ROWS
    only: str = ""
    """The person whose memberships alone are listed, as the address asks, or nothing."""
    scope: dict[str, str] = {}
    access: Access = _EMPTY
    can_end: bool = False
    asking: str = ""
    """The dialog that is open: "grant", "end" or none."""
    vendors: list[Choice] = []
    people: list[Choice] = []
    picked: str = ""
    """The person that a new membership is for at first."""
    today: str = ""
    _request_id: UUID | None = None

    @handler(Permission.USER_VIEW)
    async def load(self) -> None:
        """List what the address asks for."""
        self.chosen, self.asking, self.only, self.scope = "", "", "", {}
        asked = str(self.router.url.query_parameters.get("user", ""))
        if asked.isdecimal() and len(asked) <= 18:
            self.only = (await self._ask(user_detail, user_id=int(asked))).name
            self.scope = {"user_id": asked}

    @handler(Permission.USER_VIEW)
    def show_all(self) -> Any:
        """List the memberships of everybody."""
        self.only, self.scope, self.chosen = "", {}, ""
        return rx.redirect("/admin/memberships")

    @handler(Permission.USER_VIEW)
    async def open(self, row_id: str) -> None:
        """Show one membership."""
        await self._show(row_id)
        self.chosen = row_id

    async def _show(self, row_id: str) -> None:
        rows = await self._ask(grid_rows, source=MEMBERSHIP_ROWS, ids=(row_id,), scope={})
        if not rows:
            raise NotFound(kind="membership")
        row, shown = rows[0], rows[0]["shown"]
        self.access = Access(
            vendor=f"{row['vendor']} · {row['vendor_code']}",
            user_id=str(row["user_id"]),
            user=row["user"],
            email=row["email"],
            begins=shown["begins_on"],
            ends=shown.get("ends_on") or "–",
            status=row["status"],
            granted_by=row["granted_by"],
        )
        self.can_end = row["status"] != MembershipStatus.ENDED

    @handler(Permission.USER_VIEW)
    def close(self) -> None:
        """Close the panel."""
        self.chosen = ""

    @handler(Permission.MEMBERSHIP_EDIT)
    async def ask(self, what: str) -> None:
        """Open a form."""
        self.asking = what if what in {"grant", "end"} else ""
        self.today, self._request_id = today().isoformat(), uuid4()
        if self.asking == "grant":
            vendors, people = await self._ask(open_vendors), await self._ask(member_choices)
            self.vendors = [Choice(value=str(each.id), label=f"{each.name} · {each.code}") for each in vendors]
            self.people = [
                Choice(value=str(each.id), label=f"{each.name} · {each.email}" if each.email else each.name)
                for each in people
            ]
            self.picked = self.scope.get("user_id", "")

    @handler(Permission.USER_VIEW)
    def leave(self) -> None:
        """Close the form; nothing changed."""
        self.asking = ""

    @handler(Permission.MEMBERSHIP_EDIT)
    async def grant(self, form: dict[str, Any]) -> Any:
        """Let somebody act for a vendor."""
        granted = await self._do(
            grant_membership,
            request_id=self._request_id,
            vendor_id=whole(form, "vendor_id"),
            user_id=whole(form, "user_id"),
            begins_on=maybe_day(form, "begins_on"),
            ends_on=maybe_day(form, "ends_on"),
        )
        self.asking = ""
        self._changed_rows()
        await self._show(str(granted.membership_id))
        self.chosen = str(granted.membership_id)
        return say(f"{self.access['vendor']} is open to {self.access['user']}.")

    @handler(Permission.MEMBERSHIP_EDIT)
    async def end_now(self) -> Any:
        """End the membership at once."""
        await self._do(end_membership, membership_id=self._membership())
        return await self._ended(f"{self.access['vendor']} is closed to {self.access['user']}.")

    @handler(Permission.MEMBERSHIP_EDIT)
    async def end_on(self, form: dict[str, Any]) -> Any:
        """End the membership with a day."""
        await self._do(end_membership, membership_id=self._membership(), ends_on=day(form, "ends_on"))
        return await self._ended("The last day is saved.")

    def _membership(self) -> int:
        return int(self.chosen) if self.chosen.isdecimal() and len(self.chosen) <= 18 else 0

    async def _ended(self, says: str) -> Any:
        self.asking = ""
        await self._show(self.chosen)
        self._changed_rows(self.chosen)
        return say(says)
