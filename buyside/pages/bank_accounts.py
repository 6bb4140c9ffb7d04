"""Bank accounts of vendors: what waits for a second person, and all accounts, numbers masked (ACC-7)."""

from __future__ import annotations

from typing import Any

import reflex as rx

from buyside.domain.access import Permission
from buyside.domain.bank import BANK_ACCOUNT_WORDS, BankAccountState
from buyside.domain.words import Tone
from buyside.pages import routes
from buyside.pages.family import family_tabs
from buyside.pages.kit import form
from buyside.pages.kit.base import link
from buyside.pages.kit.dialog import confirm, dialog
from buyside.pages.kit.grid import Column, View, grid, is_true, one_of
from buyside.pages.kit.history import history_table
from buyside.pages.kit.parts import button, facts, notice, panel, section, split, status, switch
from buyside.pages.shell import can, page, when_allowed
from buyside.state.bank_accounts import BankAccountsState as Accounts

_S = BankAccountState
_MAIL = "Buyside sends no mail yet: copy this text, or open it in your own mail program."


def _list() -> rx.Component:
    only = rx.cond(
        Accounts.only != "",
        button(rx.fragment("Only ", Accounts.only, " ×"), Accounts.show_all, title="Show the accounts of every vendor"),
        rx.fragment(),
    )
    enter = button(
        "Enter account",
        Accounts.ask_to_enter(Accounts.only),
        look="primary",
        icon_name="plus",
        aria_haspopup="dialog",
    )
    return grid(
        Accounts.rows,
        (
            Column("vendor_code", "Vendor", width=120, is_pinned=True),
            Column("vendor", "Name", grow=2, least=150),
            Column("currency", width=96),
            Column(
                "account", "Account", width=140, help="Only the ends of the number; open the account for a whole one."
            ),
            Column("status", width=140, words=BANK_ACCOUNT_WORDS),
            Column("holder", grow=2, least=140),
            Column("bank", grow=2, least=140),
            Column("replaces", "Instead of", width=140),
            Column("entered_by", "Asked for by", width=140),
            Column("entered_at", "Asked for", width=150),
            Column("decided_by", "Decided by", width=140),
            Column("decided_at", "Decided", width=150),
            Column("country", width=92, is_hidden=True),
            Column("waits", "Waits for approval", width=140, is_hidden=True),
        ),
        label="Bank accounts",
        noun="bank accounts",
        state=Accounts,
        on_open=Accounts.open,
        scope=Accounts.scope,
        views=(
            View("All"),
            View("Waiting for approval", {"waits": is_true()}),
            View("Current", {"status": one_of(_S.CURRENT)}),
            View("Not taken", {"status": one_of(_S.REJECTED, _S.WITHDRAWN)}),
            View("Former", {"status": one_of(_S.REPLACED, _S.ENDED)}),
        ),
        quick_hint="Vendor, holder or bank",
        empty=("No bank account yet", "One person enters an account, another one approves it."),
        can_export=can(Permission.DATA_EXPORT),
        actions=[only, when_allowed(Permission.BANK_ENTER, enter)],
    )


def _panel() -> rx.Component:
    account = Accounts.account
    return panel(
        rx.fragment(account["vendor"], " · ", account["currency"]),
        rx.el.div(status(account["status"], BANK_ACCOUNT_WORDS), _actions(), class_name="card-head"),
        rx.cond(
            Accounts.waits & Accounts.is_own,
            notice("You asked for this yourself, so somebody else has to decide on it."),
            rx.fragment(),
        ),
        rx.cond(
            Accounts.is_stale,
            notice(
                "The account that is paid to changed since this was entered, so it cannot be approved. Reject or "
                "withdraw it, and enter it again if it still holds.",
                tone=Tone.WARN,
            ),
            rx.fragment(),
        ),
        rx.cond(
            Accounts.doubts.length() > 0,
            notice(
                rx.el.strong("Look again"),
                rx.el.ul(rx.foreach(Accounts.doubts, _said), class_name="bank-doubts"),
                tone=Tone.WARN,
            ),
            rx.fragment(),
        ),
        _difference(),
        facts(
            ("Vendor", link(account["vendor_code"], to=account["vendor_path"])),
            ("Asked for by", account["asked"]),
            ("Why", rx.cond(account["reason"] != "", account["reason"], "–")),
            ("Decided by", rx.cond(account["decided"] != "", account["decided"], "–")),
            ("Decision", rx.cond(account["decision"] != "", account["decision"], "–")),
        ),
        rx.cond(Accounts.notice != "", _notice(), rx.fragment()),
        section("History", history_table(Accounts, "History of the account")),
        on_close=Accounts.close,
        label="Bank account",
    )


def _said(each: Any) -> rx.Component:
    return rx.el.li(each)


def _difference() -> rx.Component:
    account = Accounts.account
    head = rx.el.thead(
        rx.el.tr(
            rx.el.th(rx.el.span("Part", class_name="only-read"), scope="col"),
            rx.el.th(account["old_head"], scope="col"),
            rx.el.th(account["new_head"], scope="col"),
        )
    )

    def part(each: Any) -> rx.Component:
        return rx.el.tr(
            rx.el.th(each["label"], scope="row"),
            rx.el.td(each["old"]),
            rx.el.td(
                each["new"],
                rx.cond(each["differs"], rx.el.span("differs", class_name="bank-differs"), rx.fragment()),
                data_differs=rx.cond(each["differs"], "true", "false"),
            ),
        )

    return rx.el.div(
        rx.el.div(
            rx.el.table(
                rx.el.caption("The account before and after", class_name="only-read"),
                head,
                rx.el.tbody(rx.foreach(Accounts.parts, part)),
                class_name="table bank-parts",
            ),
            class_name="table-wrap",
            tab_index=0,
            role="region",
            aria_label="The account before and after",
        ),
        when_allowed(Permission.BANK_REVEAL, _reveal()),
        class_name="bank-beside",
    )


def _reveal() -> rx.Component:
    account = Accounts.account

    def ask(side: str, head: Any, account_id: Any) -> rx.Component:
        return rx.cond(
            (account_id != "") & (Accounts.numbers_of != side),
            button(rx.fragment("Show number: ", head), Accounts.reveal(side), icon_name="eye"),
            rx.fragment(),
        )

    seen = rx.el.div(
        rx.el.dl(
            rx.foreach(
                Accounts.numbers,
                lambda each: rx.fragment(rx.el.dt(each["label"]), rx.el.dd(each["value"], class_name="number")),
            ),
            class_name="facts",
            aria_label="Whole numbers",
        ),
        rx.el.p("Your look is recorded. The number goes again after a minute.", class_name="quiet"),
        button("Hide", Accounts.hide, icon_name="eye-off"),
        class_name="bank-seen",
        role="status",
    )
    return rx.fragment(
        rx.el.div(
            ask("old", account["old_head"], account["old_id"]),
            ask("new", account["new_head"], account["new_id"]),
            class_name="actions",
        ),
        rx.cond(Accounts.numbers.length() > 0, seen, rx.fragment()),
    )


def _actions() -> rx.Component:
    account = Accounts.account
    is_end = account["status"] != _S.PROPOSED.value
    approve = confirm(
        button("Approve", icon_name="check", look="primary"),
        rx.cond(is_end, "End this account?", "Pay to this account?"),
        rx.cond(
            is_end,
            account["vendor"].to(str) + " is paid to " + account["shown"].to(str) + " no more.",
            account["vendor"].to(str)
            + " is paid to "
            + account["shown"].to(str)
            + " in "
            + account["currency"].to(str)
            + " from now on. Compare the whole number with the vendor's own paper first.",
        ),
        action="Approve",
        on_confirm=Accounts.approve,
    )
    decide = rx.fragment(
        button("Reject", Accounts.ask_to_reject, icon_name="x", aria_haspopup="dialog"),
        rx.cond(Accounts.is_stale, rx.fragment(), approve),
    )
    withdraw = confirm(
        button("Withdraw", icon_name="undo-2"),
        "Withdraw what you asked for?",
        "Nobody decides on it any more. What was current stays so.",
        action="Withdraw",
        on_confirm=Accounts.withdraw,
    )
    end = button("Propose end", Accounts.ask_to_end, icon_name="calendar-x-2", aria_haspopup="dialog")
    return rx.el.div(
        rx.cond(
            Accounts.waits,
            rx.cond(
                Accounts.is_own,
                when_allowed(Permission.BANK_ENTER, withdraw),
                when_allowed(Permission.BANK_APPROVE, decide),
            ),
            rx.cond(can(Permission.BANK_ENTER) & Accounts.can_end, end, rx.fragment()),
        ),
        class_name="actions",
    )


def _notice() -> rx.Component:
    return section(
        "Tell the vendor",
        rx.el.p(
            "Write to an address that was known before, and call a number that you have always used. " + _MAIL,
            class_name="quiet",
        ),
        rx.el.textarea(
            value=Accounts.notice, read_only=True, rows=9, class_name="input", aria_label="Text of the notice"
        ),
        rx.el.div(
            button("Copy text", [rx.set_clipboard(Accounts.notice), rx.toast("Copied.")], icon_name="copy"),
            rx.foreach(Accounts.mails, lambda each: rx.el.a(each["says"], href=each["href"], class_name="button")),
            class_name="actions wrapped",
        ),
        rx.cond(
            Accounts.mails.length() == 0,
            rx.el.p("No e-mail address of this vendor is known.", class_name="quiet"),
            rx.fragment(),
        ),
    )


def _entry_fields() -> rx.Component:
    """The numbers that the chosen kind of account has."""

    def drawn(*fields: form.Field) -> rx.Component:
        return rx.fragment(*[form.draw(each, "enter-account", Accounts.errors) for each in fields])

    iban = drawn(
        form.text("iban", "IBAN", needed=True, spell_check=False),
        form.text("bic", "BIC", needed=False, spell_check=False, help="Empty: the bank that the IBAN names."),
    )
    other = drawn(
        form.choice("country", Accounts.countries, "Country of the bank", needed=True),
        form.text("account_number", "Account number", needed=True, spell_check=False),
        form.text(
            "routing_number",
            "Bank code",
            needed=False,
            spell_check=False,
            help="Routing number, BSB, IFSC or sort code, as the country has it.",
        ),
        form.text("bic", "BIC", needed=False, spell_check=False, help="Needed where there is no bank code."),
    )
    kinds = (("iban", "IBAN"), ("other", "Country without IBAN"))
    return rx.fragment(
        switch("Kind of account", Accounts.kind, kinds, Accounts.choose_kind),
        rx.cond(Accounts.kind == "iban", iban, other),
    )


def _enter() -> rx.Component:
    vendor = Accounts.for_vendor
    checked = form.draw(
        form.check("is_checked", "I compared the numbers with the vendor's own paper"), "enter-account", Accounts.errors
    )
    return form.form(
        "Enter account",
        form.text(
            "vendor",
            "Vendor",
            value=Accounts.for_vendor["code"],
            needed=True,
            list="enter-account-vendors",
            on_change=Accounts.look_for_vendor.debounce(250),
            help=rx.cond(vendor["name"] != "", vendor["name"], "By code or name."),
        ),
        rx.el.datalist(
            rx.foreach(Accounts.hits, lambda each: rx.el.option(each["label"], value=each["value"])),
            id="enter-account-vendors",
        ),
        form.row(
            form.text("holder", "Holder", value=vendor["holder"], key=vendor["code"], needed=True),
            form.choice("currency_code", Accounts.currencies, "Currency", value=vendor["currency"], needed=True),
        ),
        _entry_fields(),
        form.area("reason", "Why", needed=True, help="Who asked for it, when and how."),
        rx.cond(
            Accounts.entry_doubts != "",
            rx.el.div(notice(Accounts.entry_doubts, tone=Tone.WARN), checked),
            rx.fragment(),
        ),
        on_submit=Accounts.enter,
        errors=Accounts.errors,
        submit="Ask for approval",
        show_title=False,
        actions=[button("Back", Accounts.leave)],
    )


def _why(title: str, submit: str, on_submit: Any) -> rx.Component:
    return form.form(
        title,
        form.area("reason", "Why", needed=True),
        on_submit=on_submit,
        errors=Accounts.errors,
        submit=submit,
        show_title=False,
        actions=[button("Back", Accounts.leave)],
    )


def _dialogs() -> rx.Component:
    return rx.fragment(
        dialog(
            "Enter account",
            _enter(),
            is_open=Accounts.asking == "enter",
            on_close=Accounts.leave,
            says="It is paid to once another person approved it. Until then what was current stays so.",
            is_wide=True,
        ),
        dialog(
            "Reject",
            _why("Reject account", "Reject", Accounts.reject),
            is_open=Accounts.asking == "reject",
            on_close=Accounts.leave,
            says="What was current stays so. Whoever asked reads why.",
        ),
        dialog(
            "Propose the end of this account",
            _why("Propose end", "Ask for approval", Accounts.end),
            is_open=Accounts.asking == "end",
            on_close=Accounts.leave,
            says="It is paid to until another person approved that.",
        ),
    )


@page(routes.BANK_ACCOUNTS, on_load=Accounts.load, is_flush=True)
def bank_accounts() -> rx.Component:
    """All accounts, with the panel of one beside the list."""
    return rx.fragment(
        rx.el.div(
            family_tabs(routes.BANK_ACCOUNTS),
            split(_list(), _panel(), is_open=Accounts.chosen != "", width="560px"),
            class_name="stacked",
        ),
        _dialogs(),
    )
