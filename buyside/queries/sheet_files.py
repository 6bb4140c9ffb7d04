"""Files of master data and their imports, as people look at them: what a file is, what it could become, what became of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, ColumnElement, Select, case, exists, func, literal, literal_column, select, text
from sqlmodel import Session, col

from buyside.db.files import ImportFile, ImportMapping, ImportOutcome, ImportRun
from buyside.db.people import AppUser
from buyside.documents.table_doubts import Doubt
from buyside.documents.table_files import Recognised, resolved
from buyside.domain.access import Actor, Permission, needs
from buyside.domain.all_sheets import SHEETS, sheet_named
from buyside.domain.files import WORKED_ON, ImportState, header_digest, may_import
from buyside.domain.refusals import NotAllowed, NotFound
from buyside.domain.sheets import Sheet
from buyside.domain.words import Kind
from buyside.ledgers.import_runs import INTERRUPTED, LOCKS
from buyside.queries.rows import GridSource, RowColumn
from buyside.queries.sheet_names import columns_by_name

_SAMPLES = 3


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file of one's own. `choices` are one's decisions about how it is read."""

    file_id: int
    name: str
    size: int
    recognised: Recognised
    choices: dict[str, str]
    can_be_read: bool


@dataclass(frozen=True, slots=True)
class SuggestedColumn:
    """A column of a file and the column of the sheet that it seems to be; `column` is "" where none seems right.

    `why`: "remembered", "same name", "similar" or "".
    """

    place: int
    header: str
    column: str
    why: str
    samples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ImportSeen:
    """An import as it stands. Counts are rows of its file; `says` is why it ended without a result."""

    run_id: int
    file_id: int
    file_name: str
    sheet: str
    state: str
    step: str
    rows_done: int
    rows_total: int
    created: int
    changed: int
    unchanged: int
    refused: int
    only_good: bool
    says: str
    who: str
    started_at: datetime
    ended_at: datetime | None
    mapping: tuple[tuple[int, str], ...]


def importable(actor: Actor) -> tuple[Sheet, ...]:
    """The sheets that somebody may import into, in the order in which an empty system is filled."""
    return tuple(each for each in SHEETS if may_import(actor, each))


@needs(Permission.DATA_IMPORT)
def kept_file(session: Session, actor: Actor, /, *, file_id: int) -> KeptFile:
    """A file of one's own. Refuses: NotFound, also for other people's."""
    found = session.execute(
        select(
            col(ImportFile.name),
            col(ImportFile.size),
            col(ImportFile.recognised),
            col(ImportFile.choices),
            col(ImportFile.user_id),
            col(ImportFile.content).is_not(None),
        ).where(col(ImportFile.id) == file_id)
    ).first()
    if found is None or found[4] != actor.user_id:
        raise NotFound(kind="file")
    name, size, recognised, choices, _, can_be_read = found
    return KeptFile(file_id, name, size, Recognised.from_document(recognised), dict(choices), bool(can_be_read))


@needs(Permission.DATA_IMPORT)
def suggested_sheets(session: Session, actor: Actor, /, *, file_id: int) -> tuple[tuple[str, int], ...]:
    """The sheets that a file could be for, the likeliest first, each with how much of it fits (0 to 100). Refuses: NotFound."""
    file = kept_file(session, actor, file_id=file_id)
    found = []
    for sheet in importable(actor):
        mapped = columns_by_name(sheet, file.recognised.header)
        key = [each for each in sheet.key if (column := sheet.column(each)) and column.is_required]
        if not mapped or not set(key) <= {column for column, _ in mapped.values()}:
            continue
        needed = [each.name for each in sheet.written if each.is_required]
        hits = {column for column, _ in mapped.values()}
        of_file = len(mapped) / max(len(file.recognised.header), 1)
        of_needed = sum(each in hits for each in needed) / max(len(needed), 1)
        stem = re.sub(r"[\W\d_]+", "-", file.name.rsplit(".", 1)[0].casefold()).strip("-")
        named = 0.1 if stem.startswith(sheet.name) else 0.0
        found.append((sheet.name, round(100 * (0.5 * of_file + 0.5 * of_needed + named))))
    return tuple((name, min(100, score)) for name, score in sorted(found, key=lambda each: -each[1]))


@needs(Permission.DATA_IMPORT)
def suggested_mapping(session: Session, actor: Actor, /, *, file_id: int, sheet: str) -> tuple[SuggestedColumn, ...]:
    """What each column of a file seems to be: as this person mapped this header before, else by names. Refuses: NotFound, NotAllowed."""
    into = _importable(actor, sheet)
    file = kept_file(session, actor, file_id=file_id)
    how = file.recognised
    kept = session.execute(
        select(col(ImportMapping.mapping)).where(
            col(ImportMapping.user_id) == actor.user_id,
            col(ImportMapping.sheet) == into.name,
            col(ImportMapping.header_sha256) == header_digest(how.header),
        )
    ).scalar_one_or_none()
    writable = {each.name for each in into.written}
    if kept is not None:
        remembered = {int(place): str(name) for place, name in kept if name in writable}
        found = {place: (name, "remembered") for place, name in remembered.items()}
    else:
        found = columns_by_name(into, how.header)
    return tuple(
        SuggestedColumn(place, header, *found.get(place, ("", "")), _samples(how, place))
        for place, header in enumerate(how.header)
    )


@needs(Permission.DATA_IMPORT)
def mapping_doubts(
    session: Session, actor: Actor, /, *, file_id: int, sheet: str, mapping: Mapping[int, str]
) -> tuple[Doubt, ...]:
    """What must still be decided about a file before it is imported with a mapping. Refuses: NotFound, NotAllowed."""
    into = _importable(actor, sheet)
    file = kept_file(session, actor, file_id=file_id)
    forms = {place: column.form for place, name in mapping.items() if (column := into.column(name))}
    return resolved(file.recognised, forms, file.choices).doubts


@needs(Permission.DATA_IMPORT)
def import_run(session: Session, actor: Actor, /, *, run_id: int) -> ImportSeen:
    """An import, as far as it is now. One whose worker died is told as interrupted. Refuses: NotFound, also for sheets out of reach."""
    found = session.execute(
        select(ImportRun, col(ImportFile.name), func.coalesce(col(AppUser.name), literal("operator")))
        .join(ImportFile, col(ImportFile.id) == col(ImportRun.file_id))
        .outerjoin(AppUser, col(AppUser.id) == col(ImportRun.user_id))
        .where(col(ImportRun.id) == run_id)
    ).first()
    if found is None or found[0].sheet not in _visible(actor):
        raise NotFound(kind="import")
    run, file_name, who = found
    is_dead = run.state in WORKED_ON and not _is_held(session, run.id)
    return ImportSeen(
        run_id=run.id,
        file_id=run.file_id,
        file_name=file_name,
        sheet=run.sheet,
        state=ImportState.INTERRUPTED.value if is_dead else run.state,
        step=run.step,
        rows_done=run.rows_done,
        rows_total=run.rows_total,
        created=run.created,
        changed=run.changed,
        unchanged=run.unchanged,
        refused=run.refused,
        only_good=run.only_good,
        says=INTERRUPTED if is_dead else run.problem,
        who=who,
        started_at=run.started_at,
        ended_at=run.ended_at,
        mapping=tuple((int(place), str(name)) for place, name in run.mapping),
    )


@dataclass(frozen=True, slots=True)
class RefusedFile:
    """What is needed to write the refused rows of an import again: the file, how it is read, and what was wrong by row."""

    content: bytes
    how: Recognised
    reasons: dict[int, tuple[tuple[str, str], ...]]


@needs(Permission.DATA_IMPORT)
def refused_rows(session: Session, actor: Actor, /, *, run_id: int) -> RefusedFile:
    """The refused rows of an import on a file of one's own. Refuses: NotFound."""
    run = session.get(ImportRun, run_id)
    if run is None or run.user_id != actor.user_id or run.sheet not in _visible(actor):
        raise NotFound(kind="import")
    content = session.execute(select(col(ImportFile.content)).where(col(ImportFile.id) == run.file_id)).scalar_one()
    if content is None:
        raise NotFound(kind="file")
    asked = (
        select(col(ImportOutcome.row_number), col(ImportOutcome.column_name), col(ImportOutcome.reason))
        .where(col(ImportOutcome.run_id) == run_id, col(ImportOutcome.outcome) == "refused")
        .order_by(col(ImportOutcome.row_number), col(ImportOutcome.id))
    )
    reasons: dict[int, tuple[tuple[str, str], ...]] = {}
    for number, column, reason in session.execute(asked):
        reasons[number] = (*reasons.get(number, ()), (column, reason))
    return RefusedFile(content, Recognised.from_document(run.reading), reasons)


def _importable(actor: Actor, name: str) -> Sheet:
    sheet = sheet_named(name)
    if not may_import(actor, sheet):
        raise NotAllowed(act=(sheet.edit or sheet.view).value)
    return sheet


def _visible(actor: Actor) -> list[str]:
    return [each.name for each in SHEETS if actor.may(each.view)]


def _is_held(session: Session, run_id: int) -> bool:
    """Whether a living worker holds the import's lock. A lock's number of 64 bits stands in the list as two of 32."""
    lock = LOCKS + run_id
    held = text(
        "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1 AND granted "
        "AND classid = CAST(:high AS oid) AND objid = CAST(:low AS oid) "
        "AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))"
    )
    return bool(session.execute(held, {"high": lock >> 32, "low": lock & 0xFFFFFFFF}).scalar_one())


def _samples(how: Recognised, place: int) -> tuple[str, ...]:
    filled = (row[place] for row in how.sample if place < len(row) and row[place])
    return tuple(dict.fromkeys(filled))[:_SAMPLES]


def _import_rows(actor: Actor) -> Select[Any]:
    seen = exists().where(col(ImportRun.id) == col(ImportOutcome.run_id), col(ImportRun.sheet).in_(_visible(actor)))
    columns: tuple[Any, ...] = (
        col(ImportOutcome.id).label("id"),
        col(ImportOutcome.run_id).label("run_id"),
        col(ImportOutcome.row_number).label("row"),
        col(ImportOutcome.outcome).label("outcome"),
        col(ImportOutcome.record).label("record"),
        col(ImportOutcome.column_name).label("column"),
        col(ImportOutcome.before).label("before"),
        col(ImportOutcome.value).label("value"),
        col(ImportOutcome.reason).label("reason"),
        col(ImportOutcome.code).label("code"),
    )
    return select(*columns).where(seen)


def _imports(actor: Actor) -> Select[Any]:
    lock = "pg_locks.locktype = 'advisory' AND pg_locks.objsubid = 1 AND pg_locks.granted"
    held: ColumnElement[bool] = literal_column(
        f"EXISTS (SELECT FROM pg_locks WHERE {lock} AND classid = CAST({LOCKS >> 32} AS oid) "
        "AND objid = CAST(import_run.id & 4294967295 AS oid))",
        Boolean(),
    )
    is_dead = col(ImportRun.state).in_([each.value for each in WORKED_ON]) & ~held
    return (
        select(
            col(ImportRun.id).label("id"),
            col(ImportRun.started_at).label("at"),
            func.coalesce(col(AppUser.name), literal("operator")).label("who"),
            col(ImportRun.sheet).label("sheet"),
            col(ImportFile.name).label("file"),
            case((is_dead, literal(ImportState.INTERRUPTED.value)), else_=col(ImportRun.state)).label("state"),
            col(ImportRun.rows_total).label("rows"),
            col(ImportRun.created).label("created"),
            col(ImportRun.changed).label("changed"),
            col(ImportRun.unchanged).label("unchanged"),
            col(ImportRun.refused).label("refused"),
            col(ImportRun.only_good).label("only_good"),
            col(ImportRun.problem).label("problem"),
        )
        .join(ImportFile, col(ImportFile.id) == col(ImportRun.file_id))
        .outerjoin(AppUser, col(AppUser.id) == col(ImportRun.user_id))
        .where(col(ImportRun.sheet).in_(_visible(actor)))
    )


IMPORT_ROWS = GridSource(
    "imports",
    Permission.DATA_IMPORT,
    _imports,
    (
        RowColumn("id", Kind.KEY, required=True),
        RowColumn("at", Kind.INSTANT, required=True),
        RowColumn("who", searched=True),
        RowColumn("sheet", Kind.STATUS),
        RowColumn("file", searched=True),
        RowColumn("state", Kind.STATUS),
        RowColumn("rows", Kind.NUMBER),
        RowColumn("created", Kind.NUMBER),
        RowColumn("changed", Kind.NUMBER),
        RowColumn("unchanged", Kind.NUMBER),
        RowColumn("refused", Kind.NUMBER),
        RowColumn("only_good", Kind.FLAG),
        RowColumn("problem"),
    ),
    order=(("at", "desc"),),
)
IMPORT_OUTCOME_ROWS = GridSource(
    "import-rows",
    Permission.DATA_IMPORT,
    _import_rows,
    (
        RowColumn("id", Kind.KEY, required=True),
        RowColumn("run_id", Kind.KEY),
        RowColumn("row", Kind.NUMBER, required=True),
        RowColumn("outcome", Kind.STATUS),
        RowColumn("record", searched=True),
        RowColumn("column", searched=True),
        RowColumn("before"),
        RowColumn("value", searched=True),
        RowColumn("reason", searched=True),
        RowColumn("code"),
    ),
    order=(("row", "asc"),),
    scopes=("run_id", "outcome"),
    scopes_needed=("run_id",),
)
