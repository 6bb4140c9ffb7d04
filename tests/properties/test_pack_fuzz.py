"""Files that people and programs get wrong: a bad pack leaves no row and is told where, a good one loads."""

import csv
import io
import random
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text as sql

from buyside.db import engine
from buyside.domain.access import OPERATOR
from buyside.domain.pack import BY_NAME, Column, Fault, Form
from buyside.operations.packs import PackRefused, import_pack
from buyside.operations.run import perform
from tests.conftest import Database
from tests.pack_samples import SAMPLE, write_pack

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
FILES, NIGHTLY_FILES = 60, 5_000
_NUMBERS = {Form.WHOLE, Form.QUANTITY, Form.PRICE, Form.MONEY, Form.PERCENT}
_BAD_NUMBERS = [
    "1e9",
    "1,234.56",
    "1.234,56",
    "0x10",
    "NaN",
    "Infinity",
    "--1",
    "1 000",
    "½",
    "1234567890123456",
    "1.2345678",
    "=1+1",
]
_BAD_DATES = [
    "2026-02-31",
    "31/02/2026",
    "2026-13-01",
    "2026-1-5",
    "tomorrow",
    "20260105",
    "0000-01-01",
    "2026-01-05T00:00:00Z",
]
_BAD_CODES = ["", " A", "A ", "A\tB", "x" * 300]


def _bad_value(chance: random.Random, column: Column) -> str | None:
    """A value that no cell of the column may hold; None where there is none."""
    if column.form in _NUMBERS:
        return chance.choice(_BAD_NUMBERS)
    if column.form is Form.DATE:
        return chance.choice(_BAD_DATES)
    if column.form is Form.INSTANT:
        return chance.choice([*_BAD_DATES[:5], "2026-03-01T25:00:00Z", "2026-03-01T08:00:00", "1e9"])
    if column.form in (Form.WORD, Form.FLAG):
        return chance.choice(["?", "TRUE?", "Inventory ", "=cmd()", "🚲"])
    if column.form is Form.CHOICES:
        return chance.choice(["colour", "=red", "colour=", ";", "colour=red;", "colour=plaid"])
    if column.refers:
        return chance.choice(["no such code", "'; DROP TABLE item; --", "=1+1", "%s", "{0}"])
    if column.form is Form.CODE and column.required:
        return chance.choice(_BAD_CODES)
    return "" if column.required else None


def _cell(value: str) -> str:
    return '"' + value.replace('"', '""') + '"' if any(each in value for each in ',"\r\n') else value


def _break_cell(chance: random.Random, name: str, text: str) -> tuple[bytes, int, str]:
    rows = list(csv.reader(io.StringIO(text)))
    while True:
        row, position = chance.randrange(1, len(rows)), chance.randrange(len(rows[0]))
        value = _bad_value(chance, BY_NAME[name].column(rows[0][position]))
        if value is not None:
            break
    rows[row][position] = value
    return "".join(",".join(map(_cell, each)) + "\n" for each in rows).encode(), row + 1, rows[0][position]


def _break_bytes(chance: random.Random, text: str) -> bytes:
    lines = text.encode().splitlines(keepends=True)
    at = chance.randrange(1, len(lines))
    line = lines[at]
    how = chance.randrange(8)
    if how == 0:
        lines[at] = line.rstrip(b"\n") + b",extra\n"
    elif how == 1:
        lines[at] = line.split(b",", 1)[1]
    elif how == 2:
        lines[at] = line[: len(line) // 2] + b"\xff\xfe" + line[len(line) // 2 :]
    elif how == 3:
        lines[at] = line[: len(line) // 2] + b"\0" + line[len(line) // 2 :]
    elif how == 4:
        lines[at] = b'"' + line
    elif how == 5:
        lines[at] = b"x" + line[:1] + b'"' + line[1:]
    elif how == 6:
        lines[at] = line.rstrip(b"\n") + b"\r\r\n"
    else:
        lines[0] = lines[0].rstrip(b"\n") + b",surprise\n"
    return b"".join(lines)


def _rows_in_all_tables(url: str) -> int:
    with psycopg.connect(url) as connection:
        tables = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
        ).fetchall()
        return sum(connection.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0] for (table,) in tables)  # type: ignore[index]


def _faults_of(folder: Path) -> tuple[Fault, ...]:
    try:
        perform(import_pack, OPERATOR, source=folder, at=AT)
    except PackRefused as refused:
        return refused.faults
    return ()


def refuse_bad_packs(database: Database, folder_of_all: Path, *, files: int, seed: int) -> None:
    chance = random.Random(seed)
    nothing = _rows_in_all_tables(database.owner_url)
    names = sorted(SAMPLE)
    for number in range(files):
        name = chance.choice(names)
        folder = folder_of_all / str(number)
        row = column = None
        if chance.random() < 0.7:
            content, row, column = _break_cell(chance, name, SAMPLE[name])
        else:
            content = _break_bytes(chance, SAMPLE[name])
        write_pack(folder, {name: content})
        faults = _faults_of(folder)
        assert faults, f"{name}: {content!r} was taken"
        assert all(each.file and each.rule for each in faults)
        in_file = [each for each in faults if each.file == f"{name}.csv" and each.row]
        if row is None:
            assert in_file, content
        else:
            assert (row, column) in [(each.row, each.column) for each in in_file], (content, [*map(str, faults)])
    assert _rows_in_all_tables(database.owner_url) == nothing


@pytest.mark.rule("VEN-5")
def test_bad_packs_leave_nothing_and_say_where(database: Database, tmp_path: Path) -> None:
    refuse_bad_packs(database, tmp_path, files=FILES, seed=20261121)


@pytest.mark.nightly
@pytest.mark.timeout(3600)
def test_thousands_of_bad_packs_leave_nothing_and_say_where(database: Database, tmp_path: Path) -> None:
    refuse_bad_packs(database, tmp_path, files=NIGHTLY_FILES, seed=20261122)


def take_good_packs(folder_of_all: Path, *, files: int, seed: int) -> None:
    chance = random.Random(seed)
    texts = [
        "=1+1",
        "@SUM(A1)",
        "-2",
        "a\nb",
        'say "no"',
        "Ω≈ç",
        "\u202eabc",
        "NULL",
        "\\N",
        "\\.",
        "{}%s",
        "x" * 9000,
        " blank ",
    ]
    for number in range(files):
        text = chance.choice(texts)
        folder = write_pack(
            folder_of_all / str(number),
            {"warehouses": f"code,name\nMAIN,{_cell(text)}\nYARD,Yard\n"},
            leave_out=set(SAMPLE) - {"warehouses"},
        )
        with engine.sessions()() as session:
            import_pack(session, OPERATOR, source=folder, at=AT)
            assert session.execute(sql("SELECT name FROM warehouse WHERE code = 'MAIN'")).scalar_one() == text
            session.rollback()


def test_good_packs_load_whatever_their_texts(database: Database, tmp_path: Path) -> None:
    take_good_packs(tmp_path, files=FILES // 20, seed=7)


@pytest.mark.nightly
@pytest.mark.timeout(3600)
def test_many_good_packs_load_whatever_their_texts(database: Database, tmp_path: Path) -> None:
    take_good_packs(tmp_path, files=NIGHTLY_FILES // 20, seed=8)
