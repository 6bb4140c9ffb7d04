"""Files of master data: what was sent, how it is read, what an import of it came to, row by row (VEN-5)."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import SQLModel

from buyside.db.base import (
    document_column,
    flag_column,
    identity,
    instant_column,
    may_refer_to,
    one_of,
    refers_to,
    text_column,
)
from buyside.domain.files import ImportState
from buyside.domain.sheet_changes import Outcome


class ImportFile(SQLModel, table=True):
    """A file as it was sent. `content` goes after a while, and with it the way to import it again; its digest stays.

    `recognised` is what was found about how to read it, `choices` what a person decided where it could be read in two ways.
    """

    __tablename__ = "import_file"
    id: int = identity()
    user_id: int | None = may_refer_to("app_user.id")
    name: str = text_column(...)
    size: int
    sha256: bytes
    content: bytes | None = None
    recognised: dict[str, Any] = document_column()
    choices: dict[str, Any] = document_column()
    kept_at: datetime = instant_column()


class ImportRun(SQLModel, table=True):
    """One import of a file into a sheet: checked, then written or left.

    `reading` is how the file is read, as it was decided when the import began; `mapping` holds pairs of a place in the file (from
    zero) and a column of the sheet. Counts are rows of the file.
    """

    __tablename__ = "import_run"
    __table_args__ = (
        CheckConstraint(one_of("state", ImportState), name="known_state"),
        Index("import_run_started", "started_at"),
    )
    id: int = identity()
    file_id: int = refers_to("import_file.id")
    user_id: int | None = may_refer_to("app_user.id", index=False)
    sheet: str = text_column(...)
    reading: dict[str, Any] = document_column()
    mapping: list[Any] = document_column()
    state: str = text_column(ImportState.WAITING.value)
    step: str = text_column()
    only_good: bool = flag_column(False)
    rows_total: int = 0
    rows_done: int = 0
    created: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: int = 0
    problem: str = text_column()
    started_at: datetime = instant_column()
    ended_at: datetime | None = instant_column(None)


class ImportOutcome(SQLModel, table=True):
    """What became of one row of a file: one line for each changed cell and each problem, one for a row that is new or as it was.

    `value` is what the cell would hold, or the value that was refused; `before` what it held.
    """

    __tablename__ = "import_outcome"
    __table_args__ = (
        CheckConstraint(one_of("outcome", Outcome), name="known_outcome"),
        Index("import_outcome_row", "run_id", "row_number", "id"),
    )
    id: int = identity()
    run_id: int = refers_to("import_run.id", index=False)
    row_number: int
    outcome: str = text_column(...)
    record: str = text_column()
    column_name: str = text_column()
    before: str = text_column()
    value: str = text_column()
    reason: str = text_column()
    code: str = text_column()


class ImportMapping(SQLModel, table=True):
    """Which columns somebody mapped where, for files with the same header and the same sheet; `header_sha256` finds it."""

    __tablename__ = "import_mapping"
    __table_args__ = (UniqueConstraint("user_id", "sheet", "header_sha256"),)
    id: int = identity()
    user_id: int = refers_to("app_user.id", index=False)
    sheet: str = text_column(...)
    header_sha256: bytes
    mapping: list[Any] = document_column()
    used_at: datetime = instant_column()
