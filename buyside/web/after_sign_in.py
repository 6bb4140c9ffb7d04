"""Where somebody may be sent after signing in: to a page of ours and nowhere else."""

from __future__ import annotations

import re

_LONGEST_PATH = 500
_SEGMENT = r"(?:[A-Za-z0-9_.~!$&'()*+,;=:@-]|%20|%[89a-fA-F][0-9a-fA-F])+"
_PAGE = re.compile(rf"/|(?:/{_SEGMENT})+/?")
"""A path without empty parts. Escapes stand for a space or a letter beyond ASCII, never for what divides addresses."""
_REST = re.compile(r"[!#-&(-;=?-\[\]_a-z|~]*", re.IGNORECASE)
_HIDDEN = re.compile(r"%(?:[01][0-9a-f]|7f|5c|2f%2f)", re.IGNORECASE)
_OTHERS = re.compile(r"/(?:auth|api|_[^/]*|ping|assets|fonts)(?:/|$)", re.IGNORECASE)
"""What lies on our own address and is no page."""


def safe_path(asked: str) -> str:
    """A path of our own to go to after signing in, or the start page where `asked` could lead elsewhere.

    Refused are other schemes and hosts, `//`, backslashes and control characters, plain or escaped, parts such as `..`, and
    addresses of ours that are no pages.
    """
    if not asked.isascii() or len(asked) > _LONGEST_PATH:
        return "/"
    ends = min((asked.find(mark) for mark in "?#" if mark in asked), default=len(asked))
    path, rest = asked[:ends], asked[ends:]
    if not _PAGE.fullmatch(path) or not _REST.fullmatch(rest) or _HIDDEN.search(asked) or _OTHERS.match(path):
        return "/"
    return "/" if {".", ".."} & set(path.split("/")) else asked
