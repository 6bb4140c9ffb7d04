"""The few pages that are served without a session: plain HTML in our look, no script needed."""

from __future__ import annotations

from functools import cache
from html import escape
from pathlib import Path

from buyside.identity.demo import Person

_FRAME = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>{title} · Buyside</title><link rel="icon" href="/favicon.svg">
<style>{style}</style></head><body><main>
<p class="brand"><img src="/favicon.svg" width="20" height="20" alt=""> Buyside</p>
<h1>{title}</h1>
{body}
</main></body></html>"""


@cache
def _style() -> str:
    return Path(__file__).with_name("plain_pages.css").read_text(encoding="utf-8")


def _page(title: str, body: str) -> str:
    return _FRAME.format(title=escape(title), style=_style(), body=body)


def refusal_page(title: str, says: str, target: str, link: str) -> str:
    """A page that says why something is not shown, and where to go instead."""
    return _page(title, f'<p class="says">{escape(says)}</p><p><a href="{escape(target)}">{escape(link)}</a></p>')


def demo_sign_in_page(people: list[Person], after: str) -> str:
    """Pick a person and sign in as them. `after` is the page that they go to, already checked."""
    if not people:
        says = "The database has no people yet. Load the demo company, or import one, then reload this page."
        return _page("Sign in", f'<p class="says">{says}</p>')
    buttons = "".join(
        f'<li><button name="user_id" value="{person.user_id}"><span class="name">{escape(person.name)}</span>'
        f'<span class="roles">{escape(", ".join(role.value.capitalize() for role in person.roles))}</span></button></li>'
        for person in people
    )
    return _page(
        "Sign in",
        '<p class="says">This is a demonstration on this machine. Choose whom to work as.</p>'
        f'<form method="post" action="/auth/demo"><input type="hidden" name="next" value="{escape(after)}">'
        f"<ul>{buttons}</ul></form>",
    )
