"""The pages of the demo's OpenID provider: whom to sign in as, who is signed in, who signs out."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from buyside.config import Surface
from buyside.identity.demo_people import Person
from buyside.web.plain_pages import page

_WHOM: dict[Surface, str] = {
    "internal": "Choose whom to work as.",
    "portal": "Choose which vendor's person to work as.",
}
_NOBODY: dict[Surface, str] = {
    "internal": "The database has no people whom this demonstration may sign in. Stop it and start it again with "
    "<code>make demo</code>: it adds them.",
    "portal": "No vendor has a person whom this demonstration may sign in. An administrator can invite one.",
}


def choice_page(surface: Surface, people: Sequence[Person], action: str) -> str:
    """Whom to sign in as. `action` is where the choice is sent, as the field `person`."""
    if not people:
        return page("Sign in", f'<p class="says">{_NOBODY[surface]}</p>')
    rows = "".join(
        f'<li><button name="person" value="{escape(each.subject)}"><span class="name">{escape(each.name)}</span>'
        f'<span class="roles">{escape(_what(surface, each))}</span></button></li>'
        for each in people
    )
    return page(
        "Sign in",
        f'<p class="says">This is a demonstration on this machine. {_WHOM[surface]}</p>'
        f'<form method="post" action="{escape(action)}"><ul>{rows}</ul></form>',
    )


def signed_in_page(people: Sequence[tuple[str, Person, Surface]], action: str) -> str:
    """Who is signed in at the provider in this browser, by session; each can be signed out, everywhere."""
    if not people:
        return page("Signed out", '<p class="says">Nobody is signed in at this provider in this browser.</p>')
    rows = "".join(
        f'<li><button name="sid" value="{escape(sid)}"><span class="name">Sign out {escape(person.name)}</span>'
        f'<span class="roles">{escape(_what(surface, person))}</span></button></li>'
        for sid, person, surface in people
    )
    return page(
        "Signed in",
        '<p class="says">Signed in at this provider in this browser. Signing out here signs out of Buyside too.</p>'
        f'<form method="post" action="{escape(action)}"><ul>{rows}</ul></form>',
    )


def _what(surface: Surface, person: Person) -> str:
    """What tells a person from the others."""
    if surface == "portal":
        what = ", ".join(person.vendors) or "no vendor at the moment"
    else:
        what = ", ".join(role.value.capitalize() for role in person.roles)
    return f"{what} · invited" if person.is_invited else what
