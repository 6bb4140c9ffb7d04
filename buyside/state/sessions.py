"""Live sessions: who is signed in where, and ending what should not go on."""

from __future__ import annotations

from typing import Any, ClassVar, TypedDict
from uuid import UUID

import reflex as rx

from buyside.domain.access import Permission
from buyside.domain.people import SessionStatus
from buyside.domain.refusals import NotFound
from buyside.operations.sessions import end_session, end_sessions_of_user
from buyside.queries.people import user_detail
from buyside.queries.rows import GridSource, grid_rows
from buyside.queries.sessions import OWN, SESSION_ROWS
from buyside.state.base import handler, now, say
from buyside.state.grid import GridState
from buyside.state.roles import AdministratorState


class SignedIn(TypedDict):
    """One session in words."""

    person: str
    user_id: str
    email: str
    surface: str
    browser: str
    began: str
    seen: str
    ends: str
    status: str
    because: str


_EMPTY = SignedIn(
    person="", user_id="", email="", surface="", browser="", began="", seen="", ends="", status="", because=""
)


class SessionsState(GridState, AdministratorState, rx.State):
    """All sessions, or those of one person."""

    rows: ClassVar[GridSource] = SESSION_ROWS
    only: str = ""
    """The person whose sessions alone are listed, as the address asks, or nothing."""
    scope: dict[str, str] = {}
    session: SignedIn = _EMPTY
    is_own: bool = False
    is_live: bool = False

    @handler(Permission.SESSION_VIEW)
    async def load(self) -> None:
        """List what the address asks for."""
        self.chosen, self.only, self.scope = "", "", {}
        asked = str(self.router.url.query_parameters.get("user", ""))
        if asked.isdecimal() and len(asked) <= 18:
            self.only = (await self._ask(user_detail, user_id=int(asked))).name
            self.scope = {"user_id": asked}

    @handler(Permission.SESSION_VIEW)
    def show_all(self) -> Any:
        """List the sessions of everybody."""
        self.only, self.scope, self.chosen = "", {}, ""
        return rx.redirect("/admin/sessions")

    @handler(Permission.SESSION_VIEW)
    async def open(self, row_id: str) -> None:
        """Show one session."""
        await self._show(row_id)
        self.chosen = row_id

    async def _show(self, row_id: str) -> None:
        rows = await self._ask(grid_rows, source=SESSION_ROWS, ids=(row_id,), scope={})
        if not rows:
            raise NotFound(kind="session")
        row, shown = rows[0], rows[0]["shown"]
        self.session = SignedIn(
            person=row["person"],
            user_id=str(row["user_id"]),
            email=row["email"],
            surface=row["surface"],
            browser=row["browser"],
            began=shown["created_at"],
            seen=shown["last_seen_at"],
            ends=shown["ends_at"],
            status=row["status"],
            because=row["because"],
        )
        self.is_own = row["whose"] == OWN
        self.is_live = row["status"] == SessionStatus.LIVE

    @handler(Permission.SESSION_VIEW)
    def close(self) -> None:
        """Close the panel."""
        self.chosen = ""

    @handler(Permission.SESSION_END)
    async def end(self) -> Any:
        """End the session."""
        done = await self._do(end_session, session_id=self._session_id(), at=now())
        return await self._ended(f"The session of {done.name} has ended.")

    @handler(Permission.SESSION_END)
    async def end_all(self) -> Any:
        """End all sessions of the person."""
        user_id = self.session["user_id"]
        done = await self._do(end_sessions_of_user, user_id=int(user_id) if user_id.isdecimal() else 0, at=now())
        count = len(done.session_ids)
        return await self._ended(f"{count} {'session' if count == 1 else 'sessions'} of {done.name} ended.")

    def _session_id(self) -> UUID:
        try:
            return UUID(self.chosen)
        except ValueError:
            raise NotFound(kind="session") from None

    async def _ended(self, says: str) -> Any:
        await self._show(self.chosen)
        self._changed_rows()
        return say(says)
