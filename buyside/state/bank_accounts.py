"""Bank accounts of vendors: what waits for a second person, all accounts, and the one whose panel is open."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any, ClassVar, TypedDict, TypeVar
from urllib.parse import quote
from uuid import UUID, uuid4

import reflex as rx

from buyside.domain.access import Permission
from buyside.domain.bank import BankAccountState, countries_without_iban, country_name, notice_of_account
from buyside.domain.locales import shown_instant
from buyside.domain.refusals import NotFound, Stale, WrongState
from buyside.operations.bank_accounts import (
    AccountSaved,
    Doubtful,
    StaleProposal,
    approve_account,
    propose_account,
    propose_end,
    reject_account,
    reveal_account,
    withdraw_account,
)
from buyside.queries.bank_accounts import (
    BANK_ACCOUNT_ROWS,
    AccountDetail,
    AccountShown,
    account_detail,
    currency_codes,
    find_vendor,
)
from buyside.queries.rows import GridSource
from buyside.queries.sheets import reference_choices
from buyside.state.base import handler, me, now, say
from buyside.state.forms import flag, key, text
from buyside.state.grid import GridState
from buyside.state.history import HistoryState
from buyside.state.receipts import Choice
from buyside.state.roles import BuyerState

Answer = TypeVar("Answer")
SHOWN_FOR = 60
"""Seconds for which a whole number stays on the screen."""
_LONGEST_NUMBER = 100
_NOTHING = "–"


class Account(TypedDict):
    """One account in words; its number masked."""

    id: str
    old_id: str
    new_id: str
    vendor_code: str
    vendor_path: str
    vendor: str
    currency: str
    shown: str
    status: str
    asked: str
    reason: str
    decided: str
    decision: str
    old_head: str
    new_head: str


class Part(TypedDict):
    """One part of the details: as it was, as it is to be, and whether that differs."""

    label: str
    old: str
    new: str
    differs: bool


class Number(TypedDict):
    """A whole number that is looked at now."""

    label: str
    value: str


class Mail(TypedDict):
    """An address to which the notice can be sent."""

    says: str
    href: str


class ForVendor(TypedDict):
    """The vendor for which an account is being entered."""

    code: str
    name: str
    holder: str
    currency: str


_NO_ACCOUNT = Account(
    id="", old_id="", new_id="", vendor_code="", vendor_path="", vendor="", currency="", shown="", status="", asked="",
    reason="", decided="", decision="", old_head="", new_head="",
)  # fmt: skip
_NO_VENDOR = ForVendor(code="", name="", holder="", currency="")


class BankAccountsState(GridState, HistoryState, BuyerState, rx.State):
    """All accounts or those of one vendor, and the one whose panel is open."""

    rows: ClassVar[GridSource] = BANK_ACCOUNT_ROWS
    only: str = ""
    """The vendor whose accounts alone are listed, as the address asks, or nothing."""
    scope: dict[str, str] = {}
    account: Account = _NO_ACCOUNT
    parts: list[Part] = []
    doubts: list[str] = []
    """What wants a second look about the account in the panel."""
    waits: bool = False
    is_own: bool = False
    """Whoever looks asked for it, and cannot decide on it."""
    is_stale: bool = False
    can_end: bool = False
    notice: str = ""
    """What to write to the vendor, ready to be sent."""
    mails: list[Mail] = []
    numbers: list[Number] = []
    """The whole numbers that are looked at now, for a minute at most."""
    numbers_of: str = ""
    asking: str = ""
    """The dialog that is open: "enter", "reject", "end" or none."""
    for_vendor: ForVendor = _NO_VENDOR
    hits: list[Choice] = []
    currencies: list[Choice] = []
    countries: list[Choice] = []
    kind: str = "iban"
    """What kind of number is being entered: "iban" or "other"."""
    entry_doubts: str = ""
    """What wants a second look about the account that is being entered."""
    _currencies: list[str] = []
    _version: int = 0
    _look: int = 0
    _request_id: UUID | None = None

    @handler(Permission.VENDOR_VIEW)
    async def load(self) -> None:
        """List what the address asks for; open the account or the form that it names."""
        self.chosen, self.asking, self.only, self.scope = "", "", "", {}
        self._forget_numbers()
        asked = self.router.url.query_parameters
        code = str(asked.get("vendor", ""))
        if code:
            self.only, self.scope = code, {"vendor_code": code}
        if asked.get("account"):
            await self._open(str(asked["account"]))
        elif asked.get("new") and me().may(Permission.BANK_ENTER):
            await self._ask_for_account(code)

    @handler(Permission.VENDOR_VIEW)
    def show_all(self) -> Any:
        """List the accounts of every vendor."""
        self.only, self.scope = "", {}
        return rx.redirect("/bank-accounts", replace=True)

    @handler(Permission.VENDOR_VIEW)
    async def open(self, row_id: str) -> None:
        """Show one account."""
        await self._open(row_id)

    @handler(Permission.VENDOR_VIEW)
    def close(self) -> None:
        """Close the panel."""
        self.chosen = ""
        self._forget_numbers()

    @handler(Permission.VENDOR_VIEW)
    def leave(self) -> None:
        """Close the form; nothing changed."""
        self._close_form()

    @handler(Permission.BANK_REVEAL)
    async def reveal(self, which: str) -> Any:
        """Show the whole numbers of one side of the panel: of what was ("old") or of what is to be ("new")."""
        account_id = self.account["old_id"] if which == "old" else self.account["new_id"]
        seen = await self._do(reveal_account, account_id=key(account_id))
        labelled = (
            ("IBAN", seen.iban),
            ("Account number", seen.account_number),
            ("Bank code", seen.routing_number),
            ("BIC", seen.bic),
        )
        self.numbers = [
            Number(
                label=label, value=_spaced(secret.get_secret_value()) if label == "IBAN" else secret.get_secret_value()
            )
            for label, secret in labelled
            if secret.get_secret_value()
        ]
        self.numbers_of = which if which == "old" else "new"
        self._look += 1
        await self._read_history("vendor_bank_account", key(self.account["id"]))
        return BankAccountsState.hide_later

    @handler(Permission.BANK_REVEAL, background=True)
    async def hide_later(self) -> None:
        """Mask the numbers after a minute, unless they were looked at anew."""
        async with self:
            look, is_shown = self._look, bool(self.numbers)
        if not is_shown:
            return
        await asyncio.sleep(SHOWN_FOR)
        async with self:
            if self._look == look:
                self._forget_numbers()

    @handler(Permission.VENDOR_VIEW)
    def hide(self) -> None:
        """Mask the numbers again."""
        self._forget_numbers()

    @handler(Permission.BANK_APPROVE)
    async def approve(self) -> Any:
        """Approve what waits."""
        saved = await self._on_version(approve_account, at=now())
        is_end = saved.state is BankAccountState.ENDED
        says = f"{saved.vendor} is paid to {saved.shown}{' no more' if is_end else ''} in {saved.currency_code}."
        return await self._changed(saved, f"{says} Tell the vendor: the text is below.")

    @handler(Permission.BANK_APPROVE)
    async def reject(self, form: dict[str, Any]) -> Any:
        """Say no to what waits."""
        saved = await self._on_version(reject_account, reason=text(form, "reason"), at=now())
        return await self._changed(saved, "Rejected. What was current stays so.")

    @handler(Permission.BANK_ENTER)
    async def withdraw(self) -> Any:
        """Take back what one asked for."""
        saved = await self._on_version(withdraw_account, at=now())
        return await self._changed(saved, "Withdrawn.")

    @handler(Permission.BANK_ENTER)
    async def end(self, form: dict[str, Any]) -> Any:
        """Ask for the end of the account in the panel."""
        saved = await self._on_version(propose_end, reason=text(form, "reason"), at=now())
        return await self._changed(saved, "The end waits for approval by another person.")

    @handler(Permission.BANK_APPROVE)
    def ask_to_reject(self) -> None:
        """Open the question why."""
        self.asking = "reject"

    @handler(Permission.BANK_ENTER)
    def ask_to_end(self) -> None:
        """Open the question why."""
        self.asking = "end"

    @handler(Permission.BANK_ENTER)
    async def ask_to_enter(self, code: str) -> None:
        """Open the form for an account, of a vendor or of one that is chosen there."""
        await self._ask_for_account(code)

    async def _ask_for_account(self, code: str) -> None:
        self._currencies = await self._ask(currency_codes)
        self.countries = [
            Choice(value="", label="Choose"),
            *(Choice(value=code, label=name) for code, name in countries_without_iban()),
        ]
        self.hits, self.kind, self.entry_doubts = [], "iban", ""
        await self._take_vendor(code)
        self._request_id = uuid4()
        self.asking = "enter"

    @handler(Permission.BANK_ENTER)
    async def look_for_vendor(self, typed: str) -> None:
        """Offer vendors whose code or name holds what is typed; take the one whose code it is."""
        found = await self._ask(reference_choices, sheet="vendors", text=typed, limit=8)
        self.hits = [Choice(value=code, label=name) for code, name in found]
        await self._take_vendor(typed.strip())

    async def _take_vendor(self, code: str) -> None:
        """Enter an account of the vendor of a code; of none while no vendor has it."""
        found = await self._ask(find_vendor, code=code) if code else None
        self.for_vendor = _NO_VENDOR
        self.currencies = [Choice(value=each, label=each) for each in self._currencies]
        if found is None:
            self.currencies.insert(0, Choice(value="", label="Choose"))
        else:
            self.for_vendor = ForVendor(code=found.code, name=found.name, holder=found.holder, currency=found.currency)

    @handler(Permission.BANK_ENTER)
    def choose_kind(self, kind: str) -> None:
        """Enter an IBAN, or the numbers of a country that has none."""
        self.kind = "other" if kind == "other" else "iban"
        self.entry_doubts = ""

    @handler(Permission.BANK_ENTER)
    async def enter(self, form: dict[str, Any]) -> Any:
        """Save what was entered, to be approved by another person."""
        vendor = await self._ask(find_vendor, code=text(form, "vendor", needed=True))
        if vendor is None:
            raise NotFound(kind="vendor", field="vendor")
        try:
            saved = await self._do(
                propose_account,
                request_id=self._request_id,
                vendor_id=vendor.id,
                currency_code=text(form, "currency_code", needed=True),
                holder=text(form, "holder"),
                reason=text(form, "reason"),
                iban=_number(form, "iban"),
                bic=_number(form, "bic"),
                country=_number(form, "country"),
                account_number=_number(form, "account_number"),
                routing_number=_number(form, "routing_number"),
                is_checked=flag(form, "is_checked"),
                at=now(),
            )
        except Doubtful as doubtful:
            self.entry_doubts = str(doubtful)
            return None
        self._close_form()
        self._changed_rows()
        await self._open(str(saved.account_id))
        return say(f"{saved.shown} waits for approval by another person.")

    def _close_form(self) -> None:
        self.asking, self.entry_doubts = "", ""
        self.for_vendor, self.hits, self.currencies, self.countries = _NO_VENDOR, [], [], []

    def _forget_numbers(self) -> None:
        self.numbers, self.numbers_of = [], ""

    async def _on_version(self, operation: Callable[..., Answer], **arguments: Any) -> Answer:
        """An operation on the account as the panel shows it; whoever was too late sees the fresh version."""
        try:
            return await self._do(operation, account_id=key(self.account["id"]), version=self._version, **arguments)
        except (Stale, StaleProposal, WrongState):
            self._close_form()
            await self._show()
            self._changed_rows(self.account["id"])
            raise

    async def _changed(self, saved: AccountSaved, says: str) -> Any:
        self._close_form()
        self._changed_rows()
        await self._open(str(saved.account_id))
        return say(says)

    async def _open(self, row_id: str) -> None:
        self.account = {**_NO_ACCOUNT, "id": str(key(row_id))}
        self._forget_numbers()
        await self._show()
        self.chosen = self.account["id"]

    async def _show(self) -> None:
        found = await self._ask(account_detail, account_id=key(self.account["id"]), at=now())
        self._version = found.version
        self.account, self.parts = _account(found), _parts(found)
        self.waits, self.is_stale = found.waits, found.is_stale
        self.is_own = found.asked_by == me().user_id
        self.can_end = found.status == BankAccountState.CURRENT
        self.doubts = list(found.doubts) if found.waits else []
        self.doubts += [_address_doubt(each.before, each.after, each.who, each.at) for each in found.address_changes]
        self._write_notice(found)
        await self._read_history("vendor_bank_account", found.account_id)

    def _write_notice(self, found: AccountDetail) -> None:
        """The notice to the vendor's known contact, for those who deal with accounts."""
        self.notice, self.mails = "", []
        is_told = found.waits or found.status in {BankAccountState.CURRENT, BankAccountState.ENDED}
        if not is_told or not (me().may(Permission.BANK_ENTER) or me().may(Permission.BANK_APPROVE)):
            return
        old, new = _sides(found)
        letter = notice_of_account(
            vendor=found.vendor,
            company=found.company,
            currency=found.currency,
            old=old.shown if old else "",
            new=new.shown if new else "",
            is_current=not found.waits,
            sender=me().name,
        )
        body = quote(letter.text.replace("\n", "\r\n"))  # as mail has it (RFC 6068)
        known = [(each.email, each.name or "Order forms") for each in found.addresses]
        listed = {email.lower() for email, _ in known}
        former = dict.fromkeys(each.before for each in found.address_changes if each.before.lower() not in listed)
        self.notice = letter.text
        self.mails = [
            Mail(says=f"{name} · {email}", href=f"mailto:{quote(email)}?subject={quote(letter.subject)}&body={body}")
            for email, name in [*((each, "Known before") for each in former if each), *known]
        ]


def _number(form: dict[str, Any], name: str) -> str:
    """A number as typed. Not read like other texts: what is wrong with those is logged with their beginning."""
    return str(form.get(name) or "")[:_LONGEST_NUMBER]


def _spaced(number: str) -> str:
    """In groups of four, as on paper."""
    return " ".join(number[place : place + 4] for place in range(0, len(number), 4))


def _when(name: str, at: datetime | None) -> str:
    shown = shown_instant(at, me().locale, me().time_zone) if at else ""
    return ", ".join(filter(None, [name, shown]))


def _sides(found: AccountDetail) -> tuple[AccountShown | None, AccountShown | None]:
    """The account before and the one after what waits or was decided: of an end, the second is none."""
    is_end = found.end_asked_by is not None
    return (found.account, None) if is_end else (found.old, found.account)


def _account(found: AccountDetail) -> Account:
    is_end = found.end_asked_by is not None
    old, new = _sides(found)
    return Account(
        id=str(found.account_id),
        old_id=str(old.account_id) if old else "",
        new_id=str(new.account_id) if new else "",
        vendor_code=found.vendor_code,
        vendor_path="/vendors/" + quote(found.vendor_code, safe=""),
        vendor=found.vendor,
        currency=found.currency,
        shown=found.account.shown,
        status=found.status,
        asked=_when(found.end_asked_name, found.end_asked_at)
        if is_end
        else _when(found.entered_name, found.entered_at),
        reason=found.end_reason if is_end else found.reason,
        decided=_when(found.ended_name or found.decided_name, found.ended_at or found.decided_at),
        decision=found.decision,
        old_head="Paid to now" if found.waits else "Before",
        new_head=("After the end" if is_end else "Proposed")
        if found.waits
        else ("After" if is_end else "This account"),
    )


def _parts(found: AccountDetail) -> list[Part]:
    old, new = _sides(found)
    labelled: tuple[tuple[str, Callable[[AccountShown], str]], ...] = (
        ("Number", lambda each: each.shown),
        ("Holder", lambda each: each.holder),
        ("Bank", lambda each: each.bank or _NOTHING),
        ("Country", lambda each: country_name(each.country_code)),
    )
    parts = []
    for label, read in labelled:
        nothing = "No account" if label == "Number" else _NOTHING
        before, after = read(old) if old else nothing, read(new) if new else nothing
        differs = before != after or (label == "Number" and not found.is_same_number)
        parts.append(Part(label=label, old=before, new=after, differs=differs and old is not None))
    return parts


def _address_doubt(before: str, after: str, who: str, at: datetime) -> str:
    was = f"from {before} to {after}" if before else f"to {after}"
    return f"An e-mail address of the vendor changed {was}: {_when(who, at)}."
