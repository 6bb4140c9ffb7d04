"""Files of master data taken in: kept, read as somebody decides, checked row by row, written as a whole or the good rows alone.

An import is a row that everybody sees while it is worked on, as a planning run is (VEN-5).
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import insert, select, text, update
from sqlmodel import Session, col

from buyside.db.files import ImportFile, ImportMapping, ImportRun
from buyside.documents.table_doubts import Doubt
from buyside.documents.table_files import Recognised, recognise, resolved
from buyside.domain.access import Actor, Permission, needs
from buyside.domain.all_sheets import SHEETS, sheet_named
from buyside.domain.files import (
    LONGEST_FILE,
    MAY_BE_CHECKED,
    WORKED_ON,
    ImportState,
    header_digest,
    may_import,
)
from buyside.domain.refusals import NotAllowed, NotFound, Refused
from buyside.domain.sheet_changes import Outcome
from buyside.domain.sheets import Sheet
from buyside.ledgers import audit
from buyside.ledgers.import_rows import FileRows, Outcomes, file_rows, take_in
from buyside.ledgers.import_runs import ImportCancelled, NotOpen, Worker, bury_dead, worker

_KEPT_UNUSED = 20
"""Files of a person that were never imported; older ones go when another is kept."""
_KEPT_FOR = timedelta(days=30)
"""How long a file can be imported again; its name, digest and imports stay."""


class FileTooLong(Refused):
    code = "files.too-long"
    says = "{name} is longer than {most} MiB."


class FileGone(Refused):
    code = "files.gone"
    says = "{name} is no longer kept. Send it again."


class InDoubt(Refused):
    """`doubts` are what must be decided first."""

    code = "files.doubt"
    says = "Decide first how the file is read: {first}"

    def __init__(self, doubts: tuple[Doubt, ...]) -> None:
        self.doubts = doubts
        super().__init__(first=doubts[0].says)


class NotAColumn(Refused):
    code, field = "files.not-a-column", "mapping"
    says = "{what}"


class ColumnTwice(Refused):
    code, field = "files.column-twice", "mapping"
    says = "“{first}” and “{second}” cannot both become {column}."


class KeyMissing(Refused):
    code, field = "files.key-missing", "mapping"
    says = "Say which column of the file is {columns}: rows of {sheet} are told by it."


@dataclass(frozen=True, slots=True)
class FileKept:
    """A file that can be read and imported."""

    file_id: int
    name: str
    size: int


@dataclass(frozen=True, slots=True)
class ImportStarted:
    """An import that waits for its worker."""

    run_id: int


@dataclass(frozen=True, slots=True)
class ImportDone:
    """Where an import stands, in rows of its file."""

    run_id: int
    state: str
    created: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: int = 0


@needs(Permission.DATA_IMPORT)
def keep_file(session: Session, actor: Actor, *, name: str, content: bytes, at: datetime) -> FileKept:
    """Keep a file to be imported, with what is recognised of it. Refuses: FileTooLong, FileUnreadable."""
    name = "".join(each for each in name if each.isprintable()).strip()[:200] or "file"
    if len(content) > LONGEST_FILE:
        raise FileTooLong(name=name, most=LONGEST_FILE >> 20)
    _forget_old_files(session, actor, at)
    found = recognise(content, name, known=_known_words())
    values = {
        "user_id": actor.user_id,
        "name": name,
        "size": len(content),
        "sha256": hashlib.sha256(content).digest(),
        "content": content,
        "recognised": found.as_document(),
        "choices": {},
        "kept_at": at,
    }
    file_id: int = session.execute(insert(ImportFile).values(values).returning(col(ImportFile.id))).scalar_one()
    told = {"name": name, "size": len(content), "sha256": values["sha256"]}
    audit.note(session, ImportFile.__tablename__, file_id, after=told)
    return FileKept(file_id, name, len(content))


@needs(Permission.DATA_IMPORT)
def read_file_as(session: Session, actor: Actor, *, file_id: int, choices: Mapping[str, str]) -> Recognised:
    """Read a file anew with a person's decisions, which take the place of the earlier ones.

    Refuses: NotFound (also for other people's files), FileGone, FileUnreadable.
    """
    file = _own_file(session, actor, file_id)
    found = recognise(_content(session, file_id, file.name), file.name, choices, _known_words())
    session.execute(
        update(ImportFile)
        .where(col(ImportFile.id) == file_id)
        .values(recognised=found.as_document(), choices=dict(choices))
    )
    before = {"choices": dict(file.choices)}
    if before != {"choices": dict(choices)}:
        audit.note(session, ImportFile.__tablename__, file_id, before=before, after={"choices": dict(choices)})
    return found


@needs(Permission.DATA_IMPORT)
def start_import(
    session: Session, actor: Actor, *, file_id: int, sheet: str, mapping: Mapping[int, str], at: datetime
) -> ImportStarted:
    """Open an import of a file into a sheet: `mapping` from places in the file (from zero) to columns; others are not taken.

    The mapping is kept for this person and this header. `check_import` looks what would happen, `run_import` does it. Imports
    whose worker died are marked on the way.
    Refuses: NotFound, NotAllowed, FileGone, NotAColumn, ColumnTwice, KeyMissing, InDoubt.
    """
    into = _importable(actor, sheet)
    file = _own_file(session, actor, file_id)
    read = Recognised.from_document(file.recognised)
    wanted = {place: mapping[place] for place in sorted(mapping) if mapping[place]}
    _check_mapping(into, read, wanted)
    forms = {place: column.form for place, name in wanted.items() if (column := into.column(name))}
    how = resolved(read, forms, file.choices)
    if how.doubts:
        raise InDoubt(how.doubts)
    bury_dead(session, at)
    run = ImportRun(
        file_id=file_id,
        user_id=actor.user_id,
        sheet=into.name,
        reading=how.as_document(),
        mapping=[[place, name] for place, name in wanted.items()],
        rows_total=how.rows,
        started_at=at,
    )
    session.add(run)
    session.flush()
    if actor.user_id is not None:
        _keep_mapping(session, actor.user_id, into, how.header, wanted, at)
    return ImportStarted(run.id)


@needs(Permission.DATA_IMPORT)
def check_import(session: Session, actor: Actor, *, run_id: int) -> ImportDone:
    """Look what an import would do to each row, and keep it with the import; nothing else is written.

    Refuses: NotFound, NotAllowed, FileGone, FileUnreadable, NotOpen, ImportCancelled.
    """
    return _worked(session, actor, run_id, write=False, only_good=False)


@needs(Permission.DATA_IMPORT)
def run_import(session: Session, actor: Actor, *, run_id: int, only_good: bool = False, at: datetime) -> ImportDone:
    """Check an import anew and write it: everything or, where a row is refused, nothing; with `only_good` the rows that are not.

    Refused rows are answered by the state "refused" and by the outcome of each row.
    Refuses: NotFound, NotAllowed, FileGone, FileUnreadable, NotOpen, ImportCancelled.
    """
    return _worked(session, actor, run_id, write=True, only_good=only_good)


@needs(Permission.DATA_IMPORT)
def cancel_import(session: Session, actor: Actor, *, run_id: int, at: datetime) -> ImportDone:
    """Stop an import, before or while it is worked on; nothing of it stays. Refuses: NotFound, NotAllowed, NotOpen."""
    run = _lock_run(session, actor, run_id)
    if run.state not in WORKED_ON | MAY_BE_CHECKED:
        raise NotOpen(state=run.state)
    run.state, run.ended_at = ImportState.CANCELLED.value, at
    session.add(run)
    return _done(run)


def _importable(actor: Actor, name: str) -> Sheet:
    sheet = sheet_named(name)
    if not may_import(actor, sheet):
        raise NotAllowed(act=(sheet.edit or sheet.view).value)
    return sheet


def _known_words() -> set[str]:
    return {word for sheet in SHEETS for column in sheet.columns for word in (column.name, column.title)}


@dataclass(frozen=True, slots=True)
class _OwnFile:
    name: str
    recognised: Mapping[str, Any]
    choices: Mapping[str, str]


def _own_file(session: Session, actor: Actor, file_id: int) -> _OwnFile:
    """A file that the actor sent and that can still be read. Refuses: NotFound, FileGone."""
    asked = select(
        col(ImportFile.name),
        col(ImportFile.recognised),
        col(ImportFile.choices),
        col(ImportFile.user_id),
        col(ImportFile.content).is_(None),
    ).where(col(ImportFile.id) == file_id)
    found = session.execute(asked).first()
    if found is None or found[3] != actor.user_id:
        raise NotFound(kind="file")
    if found[4]:
        raise FileGone(name=found[0])
    return _OwnFile(found[0], found[1], found[2])


def _content(session: Session, file_id: int, name: str) -> bytes:
    asked = select(col(ImportFile.content)).where(col(ImportFile.id) == file_id)
    content: bytes | None = session.execute(asked).scalar_one_or_none()
    if content is None:
        raise FileGone(name=name)
    return content


def _check_mapping(sheet: Sheet, read: Recognised, mapping: Mapping[int, str]) -> None:
    taken: dict[str, int] = {}
    writable = {each.name for each in sheet.written}
    for place, name in mapping.items():
        if not 0 <= place < len(read.header):
            raise NotAColumn(what=f"The file has no column {place + 1}.")
        if name not in writable:
            raise NotAColumn(what=f"{sheet.many.capitalize()} have no column “{name}” that can be written.")
        if name in taken:
            column = sheet.column(name)
            raise ColumnTwice(
                first=read.header[taken[name]], second=read.header[place], column=column.title if column else name
            )
        taken[name] = place
    missing = [
        column.title
        for name in sheet.key
        if (column := sheet.column(name)) and column.is_required and name not in taken
    ]
    if missing:
        raise KeyMissing(columns=" and ".join(missing), sheet=sheet.many)


def _keep_mapping(
    session: Session, user_id: int, sheet: Sheet, header: tuple[str, ...], mapping: Mapping[int, str], at: datetime
) -> None:
    digest = header_digest(header)
    pairs = [[place, name] for place, name in mapping.items()]
    kept = session.scalars(
        select(ImportMapping).where(
            col(ImportMapping.user_id) == user_id,
            col(ImportMapping.sheet) == sheet.name,
            col(ImportMapping.header_sha256) == digest,
        )
    ).one_or_none()
    if kept is None:
        kept = ImportMapping(user_id=user_id, sheet=sheet.name, header_sha256=digest, mapping=pairs, used_at=at)
    kept.mapping, kept.used_at = pairs, at
    session.add(kept)
    session.flush()


def _worked(session: Session, actor: Actor, run_id: int, *, write: bool, only_good: bool) -> ImportDone:
    run = _find_run(session, actor, run_id)
    sheet, mapping = sheet_named(run.sheet), {int(place): str(name) for place, name in run.mapping}
    how = Recognised.from_document(run.reading)
    content = _content(session, run.file_id, how.name)
    operation = "run_import" if write else "check_import"
    with worker(session, run_id) as work:
        work.begin(ImportState.RUNNING if write else ImportState.CHECKING, "reading")
        outcomes = Outcomes(sheet)
        try:
            given = file_rows(content, how, sheet, mapping)
            del content
            return _taken_in(session, actor, run_id, work, given, outcomes, write=write, only_good=only_good)
        except ImportCancelled:
            raise
        except BaseException as problem:
            session.rollback()  # lets go of what the keeper must write to
            told = str(problem) if isinstance(problem, Refused) else type(problem).__name__
            work.fail(actor, operation, told, datetime.now(UTC))
            raise
        finally:
            outcomes.close()


def _taken_in(
    session: Session,
    actor: Actor,
    run_id: int,
    work: Worker,
    given: FileRows,
    outcomes: Outcomes,
    *,
    write: bool,
    only_good: bool,
) -> ImportDone:
    """Plan and write between two points that one can go back to, then tell what became of each row."""
    work.tell(0, len(given.rows))
    before = audit.so_far(session)
    with session.begin_nested() as part:
        is_whole = take_in(session, given, outcomes, write=write, only_good=only_good, on_progress=work.tell)
        if write and not is_whole:
            part.rollback()
    if write and not is_whole:
        audit.back_to(session, before)
    outcomes.store(session, run_id)
    run = _lock_run(session, actor, run_id)
    if run.state not in WORKED_ON:
        raise ImportCancelled
    ended = ImportState.DONE if is_whole else ImportState.REFUSED
    run.state = (ended if write else ImportState.CHECKED).value
    run.step, run.only_good, run.ended_at = "", only_good, datetime.now(UTC)
    run.rows_done = run.rows_total = len(given.rows)
    run.created, run.changed = outcomes.counts[Outcome.CREATED], outcomes.counts[Outcome.CHANGED]
    run.unchanged, run.refused = outcomes.counts[Outcome.UNCHANGED], outcomes.counts[Outcome.REFUSED]
    session.add(run)
    return _done(run)


def _done(run: ImportRun) -> ImportDone:
    return ImportDone(run.id, run.state, run.created, run.changed, run.unchanged, run.refused)


def _find_run(session: Session, actor: Actor, run_id: int) -> ImportRun:
    run = session.get(ImportRun, run_id)
    if run is None:
        raise NotFound(kind="import")
    _importable(actor, run.sheet)
    return run


def _lock_run(session: Session, actor: Actor, run_id: int) -> ImportRun:
    run = session.scalars(
        select(ImportRun).where(col(ImportRun.id) == run_id).with_for_update(),
        execution_options={"populate_existing": True},
    ).one_or_none()
    if run is None:
        raise NotFound(kind="import")
    _importable(actor, run.sheet)
    return run


def _forget_old_files(session: Session, actor: Actor, at: datetime) -> None:
    """Let go of what nobody will ask for: files never imported, all but somebody's last, and the contents of old ones."""
    session.execute(
        text(
            "DELETE FROM import_file WHERE user_id IS NOT DISTINCT FROM :user AND id NOT IN "
            "(SELECT id FROM import_file WHERE user_id IS NOT DISTINCT FROM :user ORDER BY id DESC LIMIT :most) "
            "AND NOT EXISTS (SELECT FROM import_run WHERE file_id = import_file.id)"
        ),
        {"user": actor.user_id, "most": _KEPT_UNUSED},
    )
    session.execute(
        text("UPDATE import_file SET content = NULL WHERE kept_at < :before AND content IS NOT NULL"),
        {"before": at - _KEPT_FOR},
    )
