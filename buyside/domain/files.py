"""Files of master data on their way in: what an import is while it lives, and what becomes of each row (VEN-5)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from enum import StrEnum

from buyside.domain.access import Actor, Permission
from buyside.domain.sheet_changes import Outcome
from buyside.domain.sheets import Sheet
from buyside.domain.words import Tone, words

LONGEST_FILE = 64 << 20
"""Bytes of a file that can be sent."""
MOST_ROWS = 500_000
"""Rows that one file may hold."""
MOST_COLUMNS = 200


class ImportState(StrEnum):
    """Where an import stands. A checked one has an outcome for every row and has written nothing."""

    WAITING = "waiting"
    CHECKING = "checking"
    CHECKED = "checked"
    RUNNING = "running"
    DONE = "done"
    REFUSED = "refused"
    """Run as all or nothing, and one row at least was wrong."""
    CANCELLED = "cancelled"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    """The process that worked on it stopped; nothing was written."""


WORKED_ON = frozenset({ImportState.CHECKING, ImportState.RUNNING})
"""A living worker holds the import's lock in these states."""
MAY_BE_CHECKED = frozenset({ImportState.WAITING, ImportState.CHECKED, ImportState.REFUSED})
"""Also by running it, which checks first. An import that was written, or ended otherwise, is begun anew."""


IMPORT_WORDS = words(
    ImportState,
    {
        ImportState.CHECKING: Tone.ACTIVE,
        ImportState.RUNNING: Tone.ACTIVE,
        ImportState.CHECKED: Tone.PARTIAL,
        ImportState.DONE: Tone.GOOD,
        ImportState.REFUSED: Tone.BAD,
        ImportState.FAILED: Tone.BAD,
        ImportState.INTERRUPTED: Tone.BAD,
    },
)
OUTCOME_WORDS = words(Outcome, {Outcome.CREATED: Tone.GOOD, Outcome.CHANGED: Tone.ACTIVE, Outcome.REFUSED: Tone.BAD})


def may_import(actor: Actor, sheet: Sheet) -> bool:
    """Whether somebody may import into a sheet. What comes from the sell-side is read-only in lists, and arrives by files (ITM-2)."""
    return actor.may(Permission.DATA_IMPORT) and actor.may(sheet.edit or sheet.view)


def header_digest(header: Sequence[str]) -> bytes:
    """What a header is found by: its names in their order, whatever their case."""
    return hashlib.sha256("\x1f".join(each.casefold() for each in header).encode()).digest()
