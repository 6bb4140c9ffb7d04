"""Vendor access: which people act for which vendor."""

from __future__ import annotations

import reflex as rx

from buyside.domain.access import Permission
from buyside.domain.people import MembershipStatus
from buyside.domain.words import MEMBERSHIP_WORDS
from buyside.pages import routes
from buyside.pages.kit import form
from buyside.pages.kit.base import link
from buyside.pages.kit.dialog import confirm, dialog
from buyside.pages.kit.grid import Column, View, grid, one_of
from buyside.pages.kit.parts import button, facts, panel, split, status
from buyside.pages.shell import can, page, when_allowed
from buyside.state.memberships import MembershipsState as Memberships

_S = MembershipStatus


def _list() -> rx.Component:
    only = rx.cond(
        Memberships.only != "",
        button(
            rx.fragment("Only ", Memberships.only, " ×"),
            Memberships.show_all,
            title="Show the memberships of everybody",
        ),
        rx.fragment(),
    )
    return grid(
        Memberships.rows,
        (
            Column("vendor_code", "Vendor", width=120, is_pinned=True),
            Column("vendor", "Name", grow=2, least=160),
            Column("user", "Person", grow=2, least=150),
            Column("email", "E-mail", grow=2, least=180),
            Column("begins_on", "From", width=122),
            Column("ends_on", "To", width=122, help="The last day; empty while nobody said one."),
            Column("status", width=150, words=MEMBERSHIP_WORDS),
            Column("granted_by", "Granted by", width=150),
        ),
        label="Vendor access",
        noun="memberships",
        state=Memberships,
        on_open=Memberships.open,
        scope=Memberships.scope,
        views=(
            View("All"),
            View("Active", {"status": one_of(_S.ACTIVE)}),
            View("Planned", {"status": one_of(_S.PLANNED)}),
            View("Ended", {"status": one_of(_S.ENDED)}),
        ),
        quick_hint="Vendor, person or e-mail",
        empty=("Nobody acts for a vendor yet", "Add a vendor's user, then grant access to the vendor."),
        can_export=can(Permission.DATA_EXPORT),
        actions=[
            only,
            when_allowed(
                Permission.MEMBERSHIP_EDIT,
                button(
                    "Grant access", Memberships.ask("grant"), look="primary", icon_name="plus", aria_haspopup="dialog"
                ),
            ),
        ],
    )


def _panel() -> rx.Component:
    access = Memberships.access
    end = confirm(
        button("End now", icon_name="x"),
        "End the access now?",
        access["vendor"].to(str) + " is closed to " + access["user"].to(str) + " from the next click on an open page.",
        action="End now",
        on_confirm=Memberships.end_now,
        is_danger=True,
    )
    return panel(
        access["user"],
        rx.el.div(
            status(access["status"], MEMBERSHIP_WORDS),
            rx.cond(
                can(Permission.MEMBERSHIP_EDIT) & Memberships.can_end,
                rx.el.div(
                    button("End on a day", Memberships.ask("end"), icon_name="calendar-x-2", aria_haspopup="dialog"),
                    end,
                    class_name="actions",
                ),
                rx.fragment(),
            ),
            class_name="card-head",
        ),
        facts(
            ("Vendor", access["vendor"]),
            ("Person", link(access["user"], to="/admin/users?user=" + access["user_id"].to(str))),
            ("E-mail", rx.cond(access["email"] != "", access["email"], "–")),
            ("From", access["begins"]),
            ("To", access["ends"]),
            ("Granted by", rx.cond(access["granted_by"] != "", access["granted_by"], "–")),
        ),
        on_close=Memberships.close,
        label="Membership",
    )


def _dialogs() -> rx.Component:
    back = button("Back", Memberships.leave)
    return rx.fragment(
        dialog(
            "Grant access",
            form.form(
                "Grant access",
                form.choice("user_id", Memberships.people, "Person", value=Memberships.picked, needed=True),
                form.choice("vendor_id", Memberships.vendors, "Vendor", needed=True),
                form.row(
                    form.date("begins_on", "From", value=Memberships.today, needed=True),
                    form.date("ends_on", "To", needed=False, help="The last day; empty: until somebody ends it."),
                ),
                on_submit=Memberships.grant,
                errors=Memberships.errors,
                submit="Grant access",
                show_title=False,
                actions=[back],
            ),
            is_open=Memberships.asking == "grant",
            on_close=Memberships.leave,
            says="The person sees this vendor's orders and contracts in the vendor portal, and nothing of others.",
        ),
        dialog(
            "End the access on a day",
            form.form(
                "End on a day",
                form.date("ends_on", "Last day", value=Memberships.today, needed=True),
                on_submit=Memberships.end_on,
                errors=Memberships.errors,
                submit="Save",
                show_title=False,
                actions=[back],
            ),
            is_open=Memberships.asking == "end",
            on_close=Memberships.leave,
            says="Days begin and end at midnight of the organisation.",
        ),
    )


@page(routes.MEMBERSHIPS, on_load=Memberships.load, is_flush=True)
def memberships() -> rx.Component:
    """All memberships, with the panel of one beside the list."""
    return rx.fragment(split(_list(), _panel(), is_open=Memberships.chosen != "", width="460px"), _dialogs())
