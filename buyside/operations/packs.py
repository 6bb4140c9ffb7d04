"""Taking in a pack: all of it or nothing, in one transaction, every bad row named."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import psycopg
from sqlalchemy import text
from sqlmodel import Session

from buyside.db.bulk import driver, pack_source
from buyside.domain.access import Actor, Permission, needs
from buyside.domain.pack import FILES, Fault
from buyside.domain.refusals import Refused
from buyside.domain.structure_sheets import BOM_SHEET, OPTION_RULE_SHEET
from buyside.ledgers import audit, pack_rows
from buyside.ledgers.orders import day_of
from buyside.ledgers.pack_checks import check_rows
from buyside.ledgers.pack_demand import write_contracts, write_demand
from buyside.ledgers.pack_master import Written, write_master
from buyside.ledgers.pack_orders import resolve_orders, write_orders
from buyside.ledgers.pack_rows import Rows, read_rows
from buyside.ledgers.pack_stock import post_balances
from buyside.ledgers.sheet_rows import lock_sheet

MOST_FAULTS_TOLD = 1000
"""Bad rows that a refusal names; it always counts them all."""

_LOCK = 3_018_254_607_719_201  # one import at a time; the number only has to be ours


class PackRefused(Refused):
    """`faults` are the first bad rows in the order of files and rows, `total` is how many there are."""

    code = "packs.bad-rows"
    says = "Nothing was imported: {total} {noun} of the pack {verb} wrong. The first: {first}"

    def __init__(self, faults: tuple[Fault, ...], total: int) -> None:
        self.faults, self.total = faults, total
        one = total == 1
        super().__init__(
            total=total, noun="value" if one else "values", verb="is" if one else "are", first=str(faults[0])
        )


@dataclass(frozen=True, slots=True)
class FileDone:
    """What one file came to. `rows` = created + changed + those that were so already."""

    file: str
    rows: int
    created: int
    changed: int


@dataclass(frozen=True, slots=True)
class PackDone:
    """What an import wrote, or in a dry run would write."""

    files: tuple[FileDone, ...]
    dry_run: bool

    @property
    def is_unchanged(self) -> bool:
        return not any(each.created or each.changed for each in self.files)


def _silent(_step: str) -> None:
    return


@needs(Permission.DATA_IMPORT)
def import_pack(
    session: Session,
    actor: Actor,
    *,
    source: Path,
    at: datetime,
    dry_run: bool = False,
    on_step: Callable[[str], None] = _silent,
) -> PackDone:
    """Load a pack from a folder or a zip: records by their codes, balances by their difference to the ledger.

    Nothing is deleted, and the same pack a second time changes nothing. A dry run does all of it and takes it back.
    `on_step` is told what is being done. Refuses: UnreadablePack, PackRefused (every bad row, before anything is written).
    """
    connection = driver(session)
    session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    for sheet in (BOM_SHEET, OPTION_RULE_SHEET):  # half a circle here and half on a grid would close it unseen
        lock_sheet(session, sheet, alone=True)
    session.execute(text("SET LOCAL work_mem = '128MB'"))
    with pack_source(source) as opened:
        rows = read_rows(connection, opened, on_step)
    with connection.transaction(force_rollback=dry_run):
        done = _checked_and_written(session, actor, rows, at, on_step)
    pack_rows.drop(connection)
    answer = PackDone(
        tuple(
            FileDone(each.file_name, rows.counts[each.name], done[each.name].created, done[each.name].changed)
            for each in FILES
            if rows.headers[each.name]
        ),
        dry_run,
    )
    if not dry_run and not answer.is_unchanged:
        counts = {each.file: {"created": each.created, "changed": each.changed} for each in answer.files}
        audit.note(session, "pack", None, after={"name": source.name, "files": counts})
    return answer


def _checked_and_written(
    session: Session, actor: Actor, rows: Rows, at: datetime, on_step: Callable[[str], None]
) -> dict[str, Written]:
    try:
        on_step("checking")
        check_rows(rows)
        _refuse_faults(rows)
        on_step("writing master data")
        done = write_master(rows)
        on_step("writing sales orders")
        done |= write_demand(rows)
        done |= write_contracts(rows)
        on_step("writing purchase orders")
        resolve_orders(rows, at)
        _refuse_faults(rows)
        done |= write_orders(rows, actor, at)
        on_step("posting balances")
        done["stock"] = post_balances(rows, actor, at=at, today=day_of(session, at))
    except (psycopg.IntegrityError, psycopg.DataError) as error:
        raise PackRefused((_from_database(error),), 1) from error
    return done


def _refuse_faults(rows: Rows) -> None:
    told, total = pack_rows.faults(rows.connection, MOST_FAULTS_TOLD)
    if total:
        raise PackRefused(told, total)


def _from_database(error: psycopg.Error) -> Fault:
    """What only the database found: a rule between a pack and records that are already there."""
    table = error.diag.table_name or ""
    rule = error.diag.constraint_name or (error.diag.message_primary or str(error)).strip()
    detail = error.diag.message_detail or ""
    return Fault(
        f"({table})" if table else "(database)", 0, error.diag.column_name or "", detail[:200], f"breaks {rule}"
    )
