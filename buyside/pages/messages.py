"""Action messages: what to order, expedite, defer, increase, decrease or cancel, and by whom (PLAN-16)."""

from __future__ import annotations

from typing import Any

import reflex as rx

from buyside.domain.access import Permission
from buyside.domain.words import MESSAGE_KIND_WORDS, MESSAGE_STATE_WORDS, Tone
from buyside.pages import routes
from buyside.pages.kit import form
from buyside.pages.kit.base import link
from buyside.pages.kit.dialog import dialog
from buyside.pages.kit.grid import Column, View, grid, is_true, one_of, until_today
from buyside.pages.kit.parts import amount, button, link_button, notice, panel, section, split, status, table
from buyside.pages.shell import can, page, when_allowed
from buyside.state.messages import MessagesState as Messages

_AT_WORK = {"is_at_work": is_true()}


def _list() -> rx.Component:
    return grid(
        Messages.rows,
        (
            Column("kind", "To do", width=108, words=MESSAGE_KIND_WORDS),
            Column("item", width=128),
            Column("name", grow=2, least=120),
            Column("quantity", width=104, unit_from="unit"),
            Column("from_on", "Comes", width=118, help="When the open order brings it, as it stands."),
            Column("to_on", "Needed", width=118),
            Column("due_on", "Due", width=118, help="The last day to order, or the day of the run that found it."),
            Column("vendor", grow=2, least=120),
            Column("order_number", "Order", width=132, href="/orders/{order_number}?line={line_number}"),
            Column("owner", grow=1, least=110),
            Column("warehouse", width=104),
            Column("planner", width=130, is_hidden=True),
            Column("group", "Item group", width=120, is_hidden=True),
            Column("to_quantity", "Instead open", width=120, unit_from="unit", is_hidden=True),
            Column("state", "Status", width=112, words=MESSAGE_STATE_WORDS),
            Column("snoozed_until", width=120, is_hidden=True),
            Column("closing_reason", "Reason", grow=1, least=120, is_hidden=True),
            Column("opened_at", "Since", width=150, is_hidden=True),
            Column("closed_at", "Closed", width=150, is_hidden=True),
            Column("closed_by", width=130, is_hidden=True),
        ),
        label="Action messages",
        noun="messages",
        state=Messages,
        on_open=Messages.open,
        on_select=Messages.select,
        scope=rx.cond(Messages.item_id > 0, {"item_id": Messages.item_id}, {}),
        views=(
            View("Open", _AT_WORK),
            View("Mine", {**_AT_WORK, "is_mine": is_true()}),
            View("Unassigned", {**_AT_WORK, "is_unassigned": is_true()}),
            View("Due", {**_AT_WORK, "due_on": until_today()}),
            View("Snoozed", {"is_snoozed": is_true()}),
            View("Closed", {"state": one_of("done", "dismissed", "gone")}),
        ),
        quick_hint="Item, vendor, order or person",
        empty=(
            "Nothing to do",
            "Each run of the plan compares open orders with what is needed when, and says here what should be changed.",
        ),
        can_export=can(Permission.DATA_EXPORT),
        actions=[
            rx.cond(
                Messages.item_id > 0,
                button("Show all items", Messages.show_all_items, icon_name="x"),
                rx.fragment(),
            ),
            when_allowed(
                Permission.PLAN_EDIT, rx.cond(Messages.selected.length() > 0, _acts(ticked=True), rx.fragment())
            ),
        ],
        links=True,
    )


def _acts(*, ticked: bool) -> rx.Component:
    """What can be done with the chosen messages, or with the open one."""
    many = Messages.selected.length().to_string()
    take = button("Take " + many if ticked else "Take", Messages.take(ticked), icon_name="user-check")
    return rx.el.div(
        take if ticked else rx.cond(Messages.is_mine, rx.fragment(), take),
        button("Hand over", Messages.ask("give", ticked)),
        button("Snooze", Messages.ask("snooze", ticked), icon_name="alarm-clock"),
        button("Done", Messages.finish(ticked), icon_name="check"),
        button("Dismiss", Messages.ask("dismiss", ticked)),
        class_name="actions bulk-actions",
        role="group",
        aria_label="With the chosen messages" if ticked else "With this message",
    )


def _fact(label: str, name: str, shown: Any = None) -> rx.Component:
    """A label with its value, where there is one."""
    value = Messages.facts[name]
    pair = rx.fragment(rx.el.dt(label), rx.el.dd(value if shown is None else shown))
    return rx.cond(value != "", pair, rx.fragment())


def _panel() -> rx.Component:
    facts = Messages.facts
    snoozed = rx.cond(
        Messages.is_snoozed,
        notice("Put aside until ", facts["snoozed_until"], ". ", button("Wake up", Messages.wake(False), look="plain")),
        rx.fragment(),
    )
    closed = rx.cond(
        Messages.state != "open",
        notice(
            status(Messages.state, MESSAGE_STATE_WORDS),
            " ",
            facts["closed"],
            rx.cond(facts["closed_by"] != "", " by " + facts["closed_by"], ""),
            rx.cond(facts["closing_reason"] != "", ": " + facts["closing_reason"], ""),
            rx.cond(Messages.state == "gone", ". The newest run no longer finds its cause.", ""),
        ),
        rx.fragment(),
    )
    overdue = rx.cond(facts["overdue"] != "", rx.el.span(" ", status("overdue", tone=Tone.BAD)), rx.fragment())
    order = link(facts["order"], to=facts["order_path"])
    return panel(
        facts["title"],
        snoozed,
        closed,
        rx.el.p(facts["says"], class_name="message-says"),
        rx.el.dl(
            _fact("Item", "name"),
            _fact("Order", "order", order),
            _fact("Vendor", "vendor", link(facts["vendor"], to=facts["vendor_path"])),
            _fact("Still open", "open_quantity"),
            _fact("Comes", "from_on"),
            _fact("Needed", "to_on"),
            _fact("Due", "due", rx.fragment(facts["due"], overdue)),
            _fact("Warehouse", "warehouse"),
            rx.el.dt("Owner"),
            rx.el.dd(rx.cond(facts["owner"] != "", facts["owner"], "Nobody yet")),
            _fact("Planner", "planner"),
            _fact("Since", "opened"),
            _fact("Plan as of", "run"),
            class_name="facts",
        ),
        when_allowed(
            Permission.PLAN_EDIT,
            rx.fragment(
                rx.cond(Messages.state == "open", _acts(ticked=False), rx.fragment()),
                rx.cond(
                    facts["can_reopen"] != "",
                    rx.el.div(button("Open again", Messages.reopen(False), icon_name="undo-2"), class_name="actions"),
                    rx.fragment(),
                ),
            ),
        ),
        rx.el.div(
            link_button("How it was calculated", facts["requirement_path"]),
            rx.cond(facts["order_path"] != "", link_button("Purchase order", facts["order_path"]), rx.fragment()),
            rx.cond(facts["plan_path"] != "", link_button("Plan line", facts["plan_path"]), rx.fragment()),
            class_name="actions",
        ),
        section(
            "Who waits for it",
            table(
                "Customers' orders behind it",
                ("Order", "Customer", "Needed by", "Quantity"),
                Messages.waiting,
                lambda each: (
                    link(each["number"], to=each["path"], class_name="whole"),
                    each["customer"],
                    rx.el.span(each["needed_by"], class_name="day"),
                    amount(each["quantity"]),
                ),
                numbers=("Quantity",),
                empty="No customer's order: stock that is to be kept, or nothing any more.",
            ),
            rx.cond(
                facts["in_all"] != "",
                rx.el.p(
                    rx.cond(
                        facts["rest"] != "",
                        rx.fragment(link(facts["rest"], to=facts["requirement_path"]), ", "),
                        rx.fragment(),
                    ),
                    facts["in_all"],
                    class_name="quiet",
                ),
                rx.fragment(),
            ),
        ),
        rx.cond(
            Messages.vendor_text != "",
            section(
                "For the vendor",
                rx.el.pre(Messages.vendor_text, class_name="vendor-text", lang=Messages.vendor_language),
                actions=(
                    button(
                        "Copy text",
                        [rx.set_clipboard(Messages.vendor_text), rx.toast("Copied.")],
                        icon_name="copy",
                    ),
                ),
            ),
            rx.fragment(),
        ),
        on_close=Messages.close,
        label="Action message",
    )


def _dialogs() -> rx.Component:
    about = rx.cond(
        Messages.asking_about > 1, Messages.asking_about.to_string() + " messages are decided on together.", ""
    )

    def question(what: str, title: str, says: str, field: Any, on_submit: Any, submit: str) -> rx.Component:
        return dialog(
            title,
            form.form(
                title,
                field,
                on_submit=on_submit,
                errors=Messages.errors,
                submit=submit,
                show_title=False,
                key=Messages.asking,
                actions=[button("Back", Messages.stop_asking)],
            ),
            is_open=Messages.asking == what,
            on_close=Messages.stop_asking,
            says=rx.fragment(says, " ", about),
        )

    return rx.fragment(
        question(
            "snooze",
            "Snooze",
            "Runs keep following what is put aside; on that day it stands in the list again.",
            form.date("until", "Until", value=Messages.suggested_day),
            Messages.snooze,
            "Snooze",
        ),
        question(
            "dismiss",
            "Dismiss",
            "It stays quiet until its quantity or date changes.",
            form.text("reason", help="Stands with the message."),
            Messages.dismiss,
            "Dismiss",
        ),
        question(
            "give",
            "Hand over",
            "Who works on it from now on.",
            form.choice("owner_id", Messages.owners, "To"),
            Messages.give,
            "Hand over",
        ),
    )


@page(routes.MESSAGES, on_load=Messages.load, is_flush=True)
def messages() -> rx.Component:
    """The list with one message beside it."""
    return rx.fragment(_dialogs(), split(_list(), _panel(), is_open=Messages.chosen != "", width="520px"))
