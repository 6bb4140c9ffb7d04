"""Texts in CSV files: spreadsheets run what begins like a formula, so an apostrophe goes before it, and comes off again."""

from __future__ import annotations

import re

_DANGEROUS = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")
_ESCAPED = re.compile(r"'+[=+\-@\t\r\n＝＋－＠]")


def escaped(text: str) -> str:
    """A text that no spreadsheet takes for a formula: an apostrophe goes before one that begins like one, however many stand there."""
    return f"'{text}" if _DANGEROUS.match(text) else text


def unescaped(text: str) -> str:
    """The text that `escaped` was given; any other as it is."""
    return text[1:] if _ESCAPED.match(text) else text
