"""Users: who can come in, with which roles, and the invitation of somebody new."""

from __future__ import annotations

from typing import Any

import reflex as rx

from buyside.domain.access import INTERNAL_ROLES, Permission, Role
from buyside.domain.people import PersonKind, PersonStatus
from buyside.domain.words import PERSON_KIND_WORDS, PERSON_WORDS, ROLE_SAYS
from buyside.pages import routes
from buyside.pages.kit import form
from buyside.pages.kit.base import link
from buyside.pages.kit.dialog import confirm, dialog
from buyside.pages.kit.grid import Column, View, grid, one_of
from buyside.pages.kit.parts import button, facts, panel, section, split, status
from buyside.pages.shell import can, page, when_allowed
from buyside.state.users import UsersState as Users

_ROLES = [role for role in Role if role in INTERNAL_ROLES]
_NOT_YET = (PersonStatus.INVITED, PersonStatus.INVITATION_EXPIRED, PersonStatus.NOT_INVITED)
_MAIL = "Buyside sends no mail yet: copy this text, or open it in your own mail program."


def _list() -> rx.Component:
    return grid(
        Users.rows,
        (
            Column("name", grow=2, least=160, is_pinned=True),
            Column("email", "E-mail", grow=2, least=180),
            Column("roles", grow=2, least=160),
            Column("kind", width=126, words=PERSON_KIND_WORDS),
            Column("vendors", "Acts for", width=140, help="Vendors that are open to a vendor's user now."),
            Column("status", width=156, words=PERSON_WORDS),
            Column("last_sign_in_at", "Last sign-in", width=160),
            Column("sessions", width=96, help="Browsers in which somebody is signed in now."),
        ),
        label="Users",
        noun="people",
        one="person",
        state=Users,
        on_open=Users.open,
        views=(
            View("All"),
            View("Staff", {"kind": one_of(PersonKind.STAFF)}),
            View("Vendors' users", {"kind": one_of(PersonKind.VENDOR)}),
            View("Not here yet", {"status": one_of(*_NOT_YET)}),
            View("Disabled", {"status": one_of(PersonStatus.DISABLED)}),
        ),
        quick_hint="Name, e-mail, role or vendor",
        empty=("Nobody yet", "Add the people who work here, and those of your vendors."),
        can_export=can(Permission.DATA_EXPORT),
        actions=[
            when_allowed(
                Permission.USER_EDIT,
                rx.fragment(
                    button("Add vendor's user", Users.ask("vendor"), icon_name="plus", aria_haspopup="dialog"),
                    button("Add staff", Users.ask("staff"), look="primary", icon_name="plus", aria_haspopup="dialog"),
                ),
            )
        ],
    )


def _is(*wanted: PersonStatus) -> Any:
    found = Users.person["status"] == wanted[0].value
    for each in wanted[1:]:
        found = found | (Users.person["status"] == each.value)
    return found


def _shown(text: Any) -> rx.Component:
    return rx.cond(text != "", rx.el.span(text), rx.el.span("–"))


def _panel() -> rx.Component:
    person = Users.person
    is_staff = person["kind"] == PersonKind.STAFF.value
    return panel(
        person["name"],
        rx.el.div(
            status(person["status"], PERSON_WORDS),
            when_allowed(Permission.USER_EDIT, _actions()),
            class_name="card-head",
        ),
        facts(
            ("E-mail", _shown(person["email"])),
            ("Kind", status(person["kind"], PERSON_KIND_WORDS)),
            ("Roles", person["roles"]),
            ("Manager", person["manager"]),
            ("Language", person["language"]),
            ("Time zone", person["time_zone"]),
        ),
        rx.cond(_is(*_NOT_YET), _invitation(), rx.fragment()),
        section(
            "Signing in",
            facts(
                ("Through", person["signs_in"]),
                ("Last sign-in", person["last_sign_in"]),
                (
                    "Signed in now",
                    rx.cond(
                        can(Permission.SESSION_VIEW),
                        link(_browsers(person["sessions"]), to="/admin/sessions?user=" + person["id"].to(str)),
                        _browsers(person["sessions"]),
                    ),
                ),
            ),
            rx.cond(Users.is_own, rx.fragment(), rx.el.div(_sign_out(), _forget(), class_name="actions")),
        ),
        rx.cond(
            is_staff,
            rx.fragment(),
            section(
                "Vendors",
                facts(("Acts for", person["vendors"])),
                rx.el.p(
                    "In the vendor portal they see what is of these vendors, and nothing else.", class_name="quiet"
                ),
                link("Vendor access of this person", to="/admin/memberships?user=" + person["id"].to(str)),
            ),
        ),
        rx.cond(
            can(Permission.AUDIT_VIEW),
            section(
                "History",
                rx.el.p(
                    link("Changes to this person", to="/admin/audit?kind=app_user&record=" + person["id"].to(str)),
                    " · ",
                    link("What they did", to="/admin/audit?user=" + person["id"].to(str)),
                ),
            ),
            rx.fragment(),
        ),
        on_close=Users.close,
        label="Person",
    )


def _browsers(count: Any) -> rx.Component:
    many = rx.fragment("In ", count, " browsers")
    return rx.el.span(rx.cond(count == "0", "Nowhere", rx.cond(count == "1", "In one browser", many)))


def _actions() -> rx.Component:
    disable = confirm(
        button("Disable", icon_name="user-x"),
        "Disable " + Users.person["name"].to(str) + "?",
        "Their sessions end at once, an open invitation is taken back, and they cannot sign in. What they did stays.",
        action="Disable",
        on_confirm=Users.disable,
        is_danger=True,
    )
    own = rx.cond(Users.is_own, rx.fragment(), disable)
    return rx.el.div(
        button("Change", Users.ask("change"), icon_name="pencil-line", aria_haspopup="dialog"),
        rx.cond(
            Users.person["kind"] == PersonKind.STAFF.value,
            button("Roles", Users.ask("roles"), icon_name="shield", aria_haspopup="dialog"),
            rx.fragment(),
        ),
        rx.cond(_is(PersonStatus.DISABLED), button("Enable", Users.enable, icon_name="user-check"), own),
        class_name="actions",
    )


def _invitation() -> rx.Component:
    waiting = Users.waiting
    open_one = rx.fragment(
        rx.el.p(waiting["says"], class_name="quiet"),
        rx.el.textarea(
            value=waiting["text"], read_only=True, rows=10, class_name="input", aria_label="Text of the invitation"
        ),
        rx.el.p(_MAIL, class_name="quiet"),
        rx.el.div(
            button("Copy text", [rx.set_clipboard(waiting["text"]), rx.toast("Copied.")], icon_name="copy"),
            rx.el.a("Open in mail program", href=waiting["mail"], class_name="button"),
            when_allowed(
                Permission.USER_EDIT,
                rx.fragment(
                    button("Renew", Users.renew, icon_name="refresh-cw"),
                    confirm(
                        button("Revoke", icon_name="x"),
                        "Take the invitation back?",
                        "Who has the text cannot use it any more.",
                        action="Revoke",
                        on_confirm=Users.revoke,
                        is_danger=True,
                    ),
                ),
            ),
            class_name="actions",
        ),
    )
    none = rx.fragment(
        rx.el.p("Nobody can sign in for this person yet. An invitation holds for 14 days.", class_name="quiet"),
        when_allowed(Permission.USER_EDIT, button("Invite", Users.invite, icon_name="mail", look="primary")),
    )
    return section("Invitation", rx.cond(waiting["text"] != "", open_one, none))


def _sign_out() -> rx.Component:
    return rx.cond(
        can(Permission.SESSION_END) & (Users.person["sessions"] != "0"),
        confirm(
            button("Sign out everywhere", icon_name="log-out"),
            "Sign " + Users.person["name"].to(str) + " out everywhere?",
            "Every open page of theirs asks to sign in again with its next click. Unsaved input is lost.",
            action="Sign out",
            on_confirm=Users.sign_out,
        ),
        rx.fragment(),
    )


def _forget() -> rx.Component:
    return rx.cond(
        can(Permission.USER_EDIT) & (Users.person["signs_in"] != "–"),
        confirm(
            button("Forget sign-in", icon_name="unlink"),
            "Forget how " + Users.person["name"].to(str) + " signs in?",
            "For somebody whose account at the sign-in provider was replaced. Their sessions end, and only a new "
            "invitation lets them in again.",
            action="Forget",
            on_confirm=Users.forget,
            is_danger=True,
        ),
        rx.fragment(),
    )


def _known(name: Any, email: Any, locale: Any, time_zone: Any) -> list[Any]:
    return [
        form.row(form.text("name", value=name, needed=True), form.text("email", "E-mail", value=email)),
        form.row(
            form.choice("locale", Users.locales, "Language and region", value=locale, needed=True),
            form.choice("time_zone", Users.time_zones, "Time zone", value=time_zone, needed=True),
        ),
    ]


def _role_boxes(held: Any) -> rx.Component:
    error = Users.errors["roles"]
    boxes = [
        form.draw(
            form.check(
                f"role_{role.value}",
                role.value.capitalize(),
                value=held.contains(role.value) if held is not None else False,
                help=ROLE_SAYS[role],
            ),
            "role-boxes",
            Users.errors,
        )
        for role in _ROLES
    ]
    return rx.el.fieldset(
        rx.el.legend("Roles"),
        form.draw(form.hidden("roles", ""), "role-boxes", Users.errors),  # what is wrong with the roles stands here
        rx.el.div(*boxes, class_name="role-boxes"),
        rx.cond(error, rx.el.span(error, class_name="field-error", role="alert"), rx.fragment()),
        class_name="roles",
    )


def _adding(title: str, *fields: rx.Component, kind: str, says: str) -> rx.Component:
    """The question for a new person of a kind."""
    invite = form.check(
        "invite", "Invite at once", value=True, help="You get a text to send. It lets them in for the first time."
    )
    return dialog(
        title,
        form.form(
            title,
            *_known("", "", Users.own_locale, Users.own_time_zone),
            *fields,
            invite,
            on_submit=Users.add,
            errors=Users.errors,
            submit="Add",
            show_title=False,
            actions=[button("Back", Users.leave)],
        ),
        is_open=Users.asking == kind,
        on_close=Users.leave,
        says=says,
        is_wide=True,
    )


def _dialogs() -> rx.Component:
    back = button("Back", Users.leave)
    return rx.fragment(
        _adding(
            "Add staff",
            form.choice("manager_id", Users.managers, "Manager", needed=False),
            _role_boxes(None),
            kind="staff",
            says="Somebody who works here.",
        ),
        _adding(
            "Add vendor's user",
            kind="vendor",
            says="Somebody of a vendor, for the vendor portal only. Which vendors are open to them is said afterwards.",
        ),
        dialog(
            "Change " + Users.person["name"].to(str),
            form.form(
                "Change person",
                *_known(Users.person["name"], Users.person["email"], Users.person["locale"], Users.person["time_zone"]),
                rx.cond(
                    Users.person["kind"] == PersonKind.STAFF.value,
                    form.draw(
                        form.choice(
                            "manager_id", Users.managers, "Manager", value=Users.person["manager_id"], needed=False
                        ),
                        "change-person",
                        Users.errors,
                    ),
                    rx.fragment(),
                ),
                on_submit=Users.change,
                errors=Users.errors,
                show_title=False,
                actions=[back],
            ),
            is_open=Users.asking == "change",
            on_close=Users.leave,
            says="Signing in stays bound to the account that was used first, whatever the e-mail address.",
            is_wide=True,
        ),
        dialog(
            "Roles of " + Users.person["name"].to(str),
            form.form(
                "Set roles",
                _role_boxes(Users.held),
                on_submit=Users.set_held,
                errors=Users.errors,
                submit="Set roles",
                show_title=False,
                actions=[back],
            ),
            is_open=Users.asking == "roles",
            on_close=Users.leave,
            says="They hold from the next click on an open page.",
            is_wide=True,
        ),
    )


@page(routes.USERS, on_load=Users.load, is_flush=True)
def users() -> rx.Component:
    """Everybody, with the panel of one person beside the list."""
    return rx.fragment(split(_list(), _panel(), is_open=Users.chosen != "", width="520px"), _dialogs())
