"""The few pages that are served without a session: plain HTML in our look, no script needed."""

from __future__ import annotations

from functools import cache
from html import escape
from pathlib import Path

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


def page(title: str, body: str) -> str:
    """A page in our look. `title` is escaped here; `body` is HTML and must be safe already."""
    return _FRAME.format(title=escape(title), style=_style(), body=body)


def refusal_page(title: str, says: str, target: str, link: str, reference: str = "") -> str:
    """A page that says why something is not shown, and where to go instead.

    `reference` is what somebody who asks for help should name: a refusal's code, or the number of a line in the log.
    """
    body = f'<p class="says">{escape(says)}</p><p><a class="go" href="{escape(target)}">{escape(link)}</a></p>'
    if reference:
        body += f'<p class="reference">Reference: {escape(reference)}</p>'
    return page(title, body)


def signed_out_page(target: str) -> str:
    """What a person sees after signing out; `target` begins a new sign-in."""
    says = "You are signed out here and in every open page of this browser."
    return page("Signed out", f'<p class="says">{says}</p><p><a class="go" href="{escape(target)}">Sign in</a></p>')
