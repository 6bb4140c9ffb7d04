"""Live sessions: who is signed in, where, by which browser."""

from __future__ import annotations

import reflex as rx

from buyside.domain.access import Permission
from buyside.domain.people import SessionStatus
from buyside.domain.words import OWN_WORDS, SESSION_WORDS, SURFACE_WORDS
from buyside.pages import routes
from buyside.pages.kit.base import link
from buyside.pages.kit.dialog import confirm
from buyside.pages.kit.grid import Column, View, grid, one_of
from buyside.pages.kit.parts import button, facts, panel, split, status
from buyside.pages.shell import can, page
from buyside.state.sessions import SessionsState as Sessions


def _list() -> rx.Component:
    only = rx.cond(
        Sessions.only != "",
        button(rx.fragment("Only ", Sessions.only, " ×"), Sessions.show_all, title="Show the sessions of everybody"),
        rx.fragment(),
    )
    return grid(
        Sessions.rows,
        (
            Column("person", grow=2, least=150, is_pinned=True),
            Column("whose", "Yours", width=126, words=OWN_WORDS),
            Column(
                "surface",
                "Signed in to",
                width=124,
                words=SURFACE_WORDS,
                help="Internal: this application. Portal: the vendors'.",
            ),
            Column("browser", grow=2, least=160),
            Column("created_at", "Signed in", width=156),
            Column("last_seen_at", "Last seen", width=156, help="To the minute."),
            Column("ends_at", "Ends", width=156, help="If nothing more happens in it; or when it ended."),
            Column("status", width=116, words=SESSION_WORDS),
            Column("because", "Ended because", grow=1, least=150),
        ),
        label="Sessions",
        noun="sessions",
        state=Sessions,
        on_open=Sessions.open,
        scope=Sessions.scope,
        views=(
            View("Live", {"status": one_of(SessionStatus.LIVE)}),
            View("Over", {"status": one_of(SessionStatus.IDLE, SessionStatus.EXPIRED, SessionStatus.ENDED)}),
            View("All"),
        ),
        quick_hint="Person, e-mail or browser",
        empty=("Nobody is signed in", "Whoever signs in stands here until they sign out or the session runs out."),
        can_export=can(Permission.DATA_EXPORT),
        actions=[only],
    )


def _panel() -> rx.Component:
    session = Sessions.session
    end = confirm(
        button("End session", icon_name="x"),
        "End this session?",
        "Every open page of it asks to sign in again with its next click. Unsaved input is lost.",
        action="End session",
        on_confirm=Sessions.end,
        is_danger=True,
    )
    end_all = confirm(
        button("End all of this person", icon_name="log-out"),
        "End all sessions of " + session["person"].to(str) + "?",
        "In every browser, on this application and on the vendor portal.",
        action="End all",
        on_confirm=Sessions.end_all,
        is_danger=True,
    )
    return panel(
        session["person"],
        rx.el.div(
            status(session["status"], SESSION_WORDS),
            rx.cond(Sessions.is_own, status("This browser", tone="active"), rx.fragment()),
            rx.cond(
                can(Permission.SESSION_END) & Sessions.is_live & ~Sessions.is_own,
                rx.el.div(end, end_all, class_name="actions"),
                rx.fragment(),
            ),
            class_name="card-head",
        ),
        rx.cond(
            Sessions.is_own,
            rx.el.p(
                "This is the session you are working in. Sign out by the menu behind your name.", class_name="quiet"
            ),
            rx.fragment(),
        ),
        facts(
            ("Person", link(session["person"], to="/admin/users?user=" + session["user_id"].to(str))),
            ("E-mail", rx.cond(session["email"] != "", session["email"], "–")),
            ("Signed in to", status(session["surface"], SURFACE_WORDS)),
            ("Browser", rx.cond(session["browser"] != "", session["browser"], "–")),
            ("Signed in", session["began"]),
            ("Last seen", session["seen"]),
            ("Ends", session["ends"]),
            ("Ended because", rx.cond(session["because"] != "", session["because"], "–")),
        ),
        on_close=Sessions.close,
        label="Session",
    )


@page(routes.SESSIONS, on_load=Sessions.load, is_flush=True)
def sessions() -> rx.Component:
    """The sessions, with the panel of one beside the list."""
    return split(_list(), _panel(), is_open=Sessions.chosen != "", width="460px")
