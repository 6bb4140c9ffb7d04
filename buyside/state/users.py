"""Users: who can come in, with which roles, and how somebody new is invited."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, ClassVar, TypedDict, TypeVar
from urllib.parse import quote
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import reflex as rx

from buyside.config import settings
from buyside.domain.access import INTERNAL_ROLES, Permission, Role
from buyside.domain.locales import known_locales, known_time_zones, shown_date, shown_instant
from buyside.domain.people import PersonKind, invitation_letter
from buyside.domain.refusals import NotFound, Stale
from buyside.operations.invitations import invite_user, renew_invitation, revoke_invitation
from buyside.operations.people import add_user, change_user
from buyside.operations.people_access import disable_user, enable_user, forget_identity, set_roles
from buyside.operations.sessions import end_sessions_of_user
from buyside.queries.people import USER_ROWS, UserDetail, manager_choices, organisation_name, user_detail
from buyside.queries.rows import GridSource
from buyside.state.base import handler, me, now, say
from buyside.state.forms import flag, maybe_whole, text
from buyside.state.grid import GridState
from buyside.state.receipts import Choice
from buyside.state.roles import AdministratorState

Answer = TypeVar("Answer")
_NOBODY = "–"


class Person(TypedDict):
    """One person in words."""

    id: str
    name: str
    email: str
    kind: str
    roles: str
    vendors: str
    status: str
    language: str
    locale: str
    time_zone: str
    manager_id: str
    manager: str
    signs_in: str
    last_sign_in: str
    sessions: str


class Waiting(TypedDict):
    """An open invitation in words; `text` is ready to be sent."""

    says: str
    text: str
    mail: str


_EMPTY_PERSON = Person(
    id="", name="", email="", kind="", roles="", vendors="", status="", language="", locale="", time_zone="",
    manager_id="", manager="", signs_in="", last_sign_in="", sessions="",
)  # fmt: skip
_EMPTY_WAITING = Waiting(says="", text="", mail="")


class UsersState(GridState, AdministratorState, rx.State):
    """All users, and the one whose panel is open."""

    rows: ClassVar[GridSource] = USER_ROWS
    person: Person = _EMPTY_PERSON
    held: list[str] = []
    """The roles of the person in the panel."""
    waiting: Waiting = _EMPTY_WAITING
    asking: str = ""
    """The dialog that is open: "staff" or "vendor" for a new person, "change", "roles", or none."""
    locales: list[Choice] = []
    time_zones: list[Choice] = []
    managers: list[Choice] = []
    own_locale: str = ""
    own_time_zone: str = ""
    is_own: bool = False
    _user_id: int = 0
    _version: int = 0
    _request_id: UUID | None = None

    @handler(Permission.USER_VIEW)
    async def load(self) -> None:
        """List everybody; open the one that the address names."""
        self.chosen, self.asking = "", ""
        asked = str(self.router.url.query_parameters.get("user", ""))
        if asked:
            await self._open(asked)

    @handler(Permission.USER_VIEW)
    async def open(self, row_id: str) -> None:
        """Show one person."""
        await self._open(row_id)

    @handler(Permission.USER_VIEW)
    def close(self) -> None:
        """Close the panel."""
        self.chosen = ""

    @handler(Permission.USER_VIEW)
    def leave(self) -> None:
        """Close the form; nothing changed."""
        self._close_form()

    def _close_form(self) -> None:
        self.asking = ""
        self.locales, self.time_zones, self.managers = [], [], []

    @handler(Permission.USER_EDIT)
    async def ask(self, what: str) -> None:
        """Open a form."""
        self.asking = what if what in {"staff", "vendor", "change", "roles"} else ""
        self._request_id = uuid4()
        if self.asking and self.asking != "roles":
            await self._fill_choices()

    async def _fill_choices(self) -> None:
        self.locales = [Choice(value=code, label=f"{name} · {code}") for code, name in known_locales()]
        self.time_zones = [Choice(value=each, label=each.replace("_", " ")) for each in known_time_zones()]
        found = await self._ask(manager_choices)
        self.managers = [
            Choice(value="", label="Nobody"),
            *(Choice(value=str(each.id), label=each.name) for each in found if each.id != self._known()),
        ]
        self.own_locale, self.own_time_zone = me().locale, me().time_zone

    def _known(self) -> int:
        """The person whom the open form is about; a new one has no number yet."""
        return self._user_id if self.asking == "change" else 0

    @handler(Permission.USER_EDIT)
    async def add(self, form: dict[str, Any]) -> Any:
        """Add a person, and invite them where that was ticked."""
        is_vendor = self.asking == "vendor"
        added = await self._do(
            add_user,
            request_id=self._request_id,
            name=text(form, "name", needed=True),
            email=text(form, "email", needed=flag(form, "invite")),
            roles=(Role.VENDOR,) if is_vendor else _roles(form),
            locale=text(form, "locale"),
            time_zone=text(form, "time_zone"),
            manager_id=None if is_vendor else maybe_whole(form, "manager_id"),
            invite_at=now() if flag(form, "invite") else None,
        )
        self._close_form()
        self._changed_rows()
        await self._open(str(added.user_id))
        return say(f"{added.name} is added{' and invited' if added.invited_until else ''}.")

    @handler(Permission.USER_EDIT)
    async def change(self, form: dict[str, Any]) -> Any:
        """Change what is known of the person."""
        changed = await self._on_version(
            change_user,
            name=text(form, "name", needed=True),
            email=text(form, "email"),
            locale=text(form, "locale"),
            time_zone=text(form, "time_zone"),
            manager_id=maybe_whole(form, "manager_id"),
            at=now(),
        )
        taken_back = " The invitation to the earlier address was taken back." if changed.is_invitation_revoked else ""
        return await self._changed(f"{changed.name} is saved.{taken_back}")

    @handler(Permission.USER_EDIT)
    async def set_held(self, form: dict[str, Any]) -> Any:
        """Give the person exactly the ticked roles."""
        saved = await self._on_version(set_roles, roles=_roles(form))
        return await self._changed(f"{saved.name} is {_listed(saved.roles)} now.")

    @handler(Permission.USER_EDIT)
    async def disable(self) -> Any:
        """Let the person in no more."""
        saved = await self._on_version(disable_user, at=now())
        return await self._changed(f"{saved.name} is disabled.{_ended(saved.sessions_ended)}")

    @handler(Permission.USER_EDIT)
    async def enable(self) -> Any:
        """Let the person in again."""
        saved = await self._on_version(enable_user)
        return await self._changed(f"{saved.name} is enabled.")

    @handler(Permission.USER_EDIT)
    async def forget(self) -> Any:
        """Unbind the person from the identity that signs in for them."""
        saved = await self._on_version(forget_identity, at=now())
        return await self._changed(f"The sign-in of {saved.name} is forgotten.{_ended(saved.sessions_ended)}")

    @handler(Permission.USER_EDIT)
    async def invite(self) -> Any:
        """Invite the person."""
        done = await self._do(invite_user, user_id=self._user_id, at=now())
        return await self._changed(f"{done.name} is invited.")

    @handler(Permission.USER_EDIT)
    async def renew(self) -> Any:
        """Prolong the invitation."""
        done = await self._do(renew_invitation, user_id=self._user_id, at=now())
        return await self._changed(f"The invitation of {done.name} holds for another 14 days.")

    @handler(Permission.USER_EDIT)
    async def revoke(self) -> Any:
        """Take the invitation back."""
        await self._do(revoke_invitation, user_id=self._user_id, at=now())
        return await self._changed(f"The invitation of {self.person['name']} is taken back.")

    @handler(Permission.SESSION_END)
    async def sign_out(self) -> Any:
        """End all sessions of the person."""
        done = await self._do(end_sessions_of_user, user_id=self._user_id, at=now())
        return await self._changed(_ended(len(done.session_ids)).strip() or f"{done.name} was not signed in.")

    async def _on_version(self, operation: Callable[..., Answer], **arguments: Any) -> Answer:
        """An operation on the person as the panel shows them; whoever was too late sees the fresh version."""
        try:
            return await self._do(operation, user_id=self._user_id, version=self._version, **arguments)
        except Stale:
            self._close_form()
            await self._show()
            raise

    async def _changed(self, says: str) -> Any:
        self._close_form()
        await self._show()
        self._changed_rows(self._user_id)
        return say(says)

    async def _open(self, row_id: str) -> None:
        if not row_id.isdecimal() or len(row_id) > 18:
            raise NotFound(kind="user")
        self._user_id = int(row_id)
        await self._show()
        self.chosen = row_id

    async def _show(self) -> None:
        found = await self._ask(user_detail, user_id=self._user_id)
        self._version = found.version
        self.person, self.held = _person(found), [role.value for role in found.roles]
        self.is_own = found.id == me().user_id
        self.waiting = _EMPTY_WAITING
        if found.invited_at is not None and found.invited_until is not None:
            company = await self._ask(organisation_name)
            self.waiting = _waiting(found, company, found.invited_at, found.invited_until)


def _roles(form: dict[str, Any]) -> tuple[Role, ...]:
    """The ticked ones of the roles that a form can give."""
    return tuple(role for role in Role if role in INTERNAL_ROLES and flag(form, f"role_{role.value}"))


def _listed(words: tuple[str, ...]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def _ended(count: int) -> str:
    return "" if not count else " One session has ended." if count == 1 else f" {count} sessions have ended."


def _person(found: UserDetail) -> Person:
    locale, zone = me().locale, me().time_zone
    names = dict(known_locales())
    last = found.last_sign_in_at
    return Person(
        id=str(found.id),
        name=found.name,
        email=found.email,
        kind=found.kind,
        roles=", ".join(role.value.capitalize() for role in found.roles) or _NOBODY,
        vendors=found.vendors or _NOBODY,
        status=found.status,
        language=names.get(found.locale, found.locale),
        locale=found.locale,
        time_zone=found.time_zone,
        manager_id=str(found.manager_id or ""),
        manager=found.manager or _NOBODY,
        signs_in=found.issuer or _NOBODY,
        last_sign_in=shown_instant(last, locale, zone) if last else "Never",
        sessions=str(found.sessions),
    )


def _waiting(found: UserDetail, company: str, invited_at: datetime, until: datetime) -> Waiting:
    """The invitation as it can be sent: who wrote it, where to sign in, and how long it holds."""
    locale, zone = me().locale, me().time_zone
    is_vendor = found.kind == PersonKind.VENDOR
    letter = invitation_letter(
        name=found.name,
        email=found.invited_email,
        address=settings().portal_public_url if is_vendor else settings().public_url,
        until=shown_date(until.astimezone(ZoneInfo(zone)).date(), locale),
        company=company,
        sender=found.invited_by,
        is_vendor=is_vendor,
    )
    body = letter.text.replace("\n", "\r\n")  # as mail has it (RFC 6068)
    by = f" by {found.invited_by}" if found.invited_by else ""
    return Waiting(
        says=f"To {found.invited_email}, {shown_instant(invited_at, locale, zone)}{by}; holds until "
        f"{shown_instant(until, locale, zone)}.",
        text=letter.text,
        mail=f"mailto:{quote(found.invited_email)}?subject={quote(letter.subject)}&body={quote(body)}",
    )
