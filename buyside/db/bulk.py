"""CSV files streamed into temporary text tables: a chunk in memory at a time, every row numbered as a reader counts it.

The server parses the CSV. What it would take for something else than it is (a quote in the middle of a cell, line ends
of two kinds, text that is not UTF-8) is found on the way there, and then told row by row from a second, slow reading.
"""

import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any, LiteralString

import psycopg
from psycopg import sql
from sqlmodel import Session

from buyside.domain.pack import BY_NAME, ENDING, Fault, PackFile
from buyside.domain.refusals import Refused

Connection = psycopg.Connection[tuple[Any, ...]]

_CHUNK = 1 << 20
_LONGEST_ROW = 1 << 20
_LONGEST_SHOWN = 80
_MOST_UNZIPPED = 16 << 30  # bytes, all members together, as they are declared; reading never goes beyond the declared
_MOST_RATIO = 200  # times the packed size, for members above a hundred megabytes
_LARGE = 100 << 20
_MOST_FAULTS = 1000  # malformed rows of one file

_CELL = rb'(?:"(?:[^"]|"")*"|[^",\r\n]*)'
_COMPLETE = re.compile(rb"%s(?:,%s)*" % (_CELL, _CELL))
_OPEN = re.compile(rb'(?:%s,)*"(?:[^"]|"")*' % _CELL)
_CELLS = re.compile(r'("(?:[^"]|"")*"|[^",\r\n]*)(?:,|$)')


class UnreadablePack(Refused):
    code = "packs.unreadable"
    says = "{path} cannot be read as a pack: {reason}"


@dataclass(frozen=True, slots=True)
class Source:
    """A pack on the file system: its CSV files by their name without ending, each to be opened as often as needed."""

    path: Path
    opened: dict[str, Callable[[], IO[bytes]]]
    strangers: tuple[str, ...]

    def size(self) -> int:
        """How many files of the pack there are."""
        return len(self.opened)


@contextmanager
def pack_source(path: Path) -> Iterator[Source]:
    """Open a folder or a zip as a pack. Refuses: UnreadablePack."""
    if path.is_dir():
        yield _folder(path)
        return
    if not path.is_file():
        raise UnreadablePack(path=path, reason="there is no such folder or zip file.")
    try:
        with zipfile.ZipFile(path) as archive:
            yield _zip(path, archive)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, NotImplementedError, zlib.error) as error:
        raise UnreadablePack(path=path, reason=f"the zip file is damaged or of an unknown kind ({error}).") from None


def _folder(path: Path) -> Source:
    files = sorted(each for each in path.iterdir() if each.suffix.lower() == ENDING and each.is_file())
    opened = {each.stem: (lambda each=each: each.open("rb")) for each in files if each.name in _KNOWN}
    return _source(path, opened, [each.name for each in files if each.name not in _KNOWN])


def _zip(path: Path, archive: zipfile.ZipFile) -> Source:
    members = [each for each in archive.infolist() if each.filename.lower().endswith(ENDING) and not each.is_dir()]
    members = [each for each in members if not each.filename.startswith("__MACOSX/")]
    names = [PurePosixPath(each.filename) for each in members]
    if len({each.parent for each in names}) > 1:
        raise UnreadablePack(path=path, reason="its CSV files lie in more than one folder.")
    if len(set(names)) < len(names):
        raise UnreadablePack(path=path, reason="it holds two files of the same name.")
    if sum(each.file_size for each in members) > _MOST_UNZIPPED:
        raise UnreadablePack(path=path, reason=f"it unpacks to more than {_MOST_UNZIPPED >> 30} GiB.")
    for each in members:
        if each.flag_bits & 1:
            raise UnreadablePack(path=path, reason=f"{each.filename} is encrypted.")
        if each.file_size > _LARGE and each.file_size > _MOST_RATIO * max(each.compress_size, 1):
            raise UnreadablePack(
                path=path, reason=f"{each.filename} unpacks to more than {_MOST_RATIO} times its size."
            )
    known = {name.stem: each for name, each in zip(names, members, strict=True) if name.name in _KNOWN}
    opened = {stem: (lambda each=each: archive.open(each)) for stem, each in known.items()}
    return _source(path, opened, [each.name for each in names if each.name not in _KNOWN])


_KNOWN = frozenset(name + ENDING for name in BY_NAME)


def _source(path: Path, opened: dict[str, Any], strangers: list[str]) -> Source:
    if not opened and not strangers:
        raise UnreadablePack(path=path, reason="it holds none of the files of a pack.")
    return Source(path, {name: opened[name] for name in BY_NAME if name in opened}, tuple(sorted(strangers)))


def run(
    connection: Connection,
    statement: LiteralString,
    given: Sequence[Any] | None = None,
    **names: sql.Composable | str,
) -> psycopg.Cursor[tuple[Any, ...]]:
    """Run one statement. Its {names} are filled with identifiers (texts) or with pieces of SQL, `given` are values."""
    parts = {name: sql.Identifier(each) if isinstance(each, str) else each for name, each in names.items()}
    return connection.execute(sql.SQL(statement).format(**parts), given)


def driver(session: Session) -> Connection:
    """The psycopg connection beneath a session, inside its transaction."""
    connection: Connection = session.connection().connection.driver_connection  # type: ignore[assignment]
    return connection


def stage(
    connection: Connection, file: PackFile, opened: Callable[[], IO[bytes]] | None
) -> tuple[tuple[str, ...], list[Fault]]:
    """Fill the temporary table `raw_<file>`, every column of the file as text beside its `row`.

    An empty cell is null. Answers with the columns that the header names, and with what is malformed; then the table
    is empty. Raises no refusal.
    """
    table = sql.Identifier(f"raw_{file.name}")
    columns = sql.SQL(", ").join(sql.SQL("{} text").format(sql.Identifier(each.name)) for each in file.columns)
    connection.execute(sql.SQL("DROP TABLE IF EXISTS pg_temp.{}").format(table))
    connection.execute(
        sql.SQL(
            "CREATE TEMPORARY TABLE {} (row bigint GENERATED ALWAYS AS IDENTITY (START 2 CACHE 1000), {}) ON COMMIT DROP"
        ).format(table, columns)
    )
    if opened is None:
        return (), []
    with opened() as stream:
        header, faults = _header(file, stream)
        if faults:
            return header, faults
        rest = _Straight(stream)
        try:
            with connection.transaction():
                _copy(connection, table, header, rest)
            return header, []
        except (_Crooked, UnicodeError):
            reason = ""
        except psycopg.DataError as error:
            reason = _told(error)
    with opened() as stream:
        faults = _malformed(file, stream, len(header))
    return header, faults or [Fault(file.file_name, 0, "", "", reason or "not well-formed CSV")]


def _told(error: psycopg.Error) -> str:
    said = error.diag.message_primary or str(error)
    line = re.search(r"line (\d+)", error.diag.context or "")
    return f"row {int(line[1]) + 1}: {said}" if line else said


def _copy(connection: Connection, table: sql.Composable, header: Sequence[str], rest: "_Straight") -> None:
    names = sql.SQL(", ").join(sql.Identifier(each) for each in header)
    statement = sql.SQL("COPY pg_temp.{} ({}) FROM STDIN (FORMAT csv, FORCE_NULL ({}), ENCODING 'UTF8')").format(
        table, names, names
    )
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for chunk in rest:
            copy.write(chunk)


def _header(file: PackFile, stream: IO[bytes]) -> tuple[tuple[str, ...], list[Fault]]:
    line = stream.readline(_LONGEST_ROW)
    text = line.removeprefix(b"\xef\xbb\xbf").rstrip(b"\n").removesuffix(b"\r")

    def wrong(rule: str, column: str = "", value: str = "") -> tuple[tuple[str, ...], list[Fault]]:
        return (), [Fault(file.file_name, 1, column, value[:_LONGEST_SHOWN], rule)]

    if not text:
        return wrong("has no header")
    try:
        words = text.decode()
    except UnicodeDecodeError:
        return wrong("is not UTF-8")
    if "\r" in words or "\0" in words or _COMPLETE.fullmatch(text) is None:
        return wrong("is not a header of CSV: lines end with LF or CRLF, cells are separated by commas")
    names = [each.replace('""', '"') for each in _cells(words)]
    known = {each.name for each in file.columns}
    faults = [
        *(
            Fault(file.file_name, 1, each, "", "column stands twice")
            for each in sorted(set(names))
            if names.count(each) > 1
        ),
        *(
            Fault(file.file_name, 1, each[:_LONGEST_SHOWN], "", "is not a column of this file")
            for each in dict.fromkeys(names)
            if each not in known
        ),
        *(Fault(file.file_name, 1, each, "", "column is missing") for each in file.required if each not in names),
    ]
    return tuple(names), faults


def _cells(record: str) -> list[str]:
    """The cells of a complete record, quotes around them taken off."""
    cells, at = [], 0
    while at <= len(record):
        found = _CELLS.match(record, at)
        if found is None:
            break
        cells.append(found[1][1:-1] if found[1].startswith('"') else found[1])
        at = found.end()
        if at == len(record):
            if record.endswith(",") and found[0].endswith(","):
                cells.append("")
            break
    return cells


class _Crooked(Exception):
    """The stream is no CSV of RFC 4180; the slow reading tells where."""


class _Straight:
    """The chunks of a stream, each looked through before it is passed on.

    Every quote must open a cell, close one, or be one of a pair inside; that is seen from what stands between quotes.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        inside = False
        outside_before = b"\n"  # the last byte outside quotes; a line begins here
        closing = False  # the last byte seen was a quote that closes a cell, or is the first of a pair
        tail = b"\n"
        while chunk := self._stream.read(_CHUNK):
            if b"\n\\.\n" in tail + chunk or b"\n\\.\r" in tail + chunk:  # older servers would stop reading there
                raise _Crooked
            tail = (tail + chunk)[-3:]
            for position, part in enumerate(chunk.split(b'"')):
                if position:
                    if inside:
                        inside, closing = False, True
                    elif closing:
                        inside, closing = True, False
                    elif outside_before in b",\n\r":
                        inside = True
                    else:
                        raise _Crooked
                if part and not inside:
                    if closing and part[:1] not in b",\n\r":
                        raise _Crooked
                    closing = False
                    outside_before = part[-1:]
            yield chunk
        if inside or tail == b"\n\\.":
            raise _Crooked


def _malformed(file: PackFile, stream: IO[bytes], width: int) -> list[Fault]:
    """What is malformed, row by row: encoding, quotes, line ends, number of cells. Stops at a thousand."""
    faults: list[Fault] = []
    stream.readline(_LONGEST_ROW)
    ending, row, held = b"", 1, b""
    for line in iter(lambda: stream.readline(_LONGEST_ROW), b""):
        ending = ending or (b"\r\n" if line.endswith(b"\r\n") else b"\n")
        record = held + line
        bare = record.removesuffix(b"\n").removesuffix(b"\r")
        if _COMPLETE.fullmatch(bare) is None and _OPEN.fullmatch(record) and len(record) < _LONGEST_ROW:
            held = record
            continue
        row, held = row + 1, b""
        rule = _wrong_with(bare, record, ending, width)
        if rule:
            shown = bare[:_LONGEST_SHOWN].decode(errors="replace").replace("\0", "␀")
            faults.append(Fault(file.file_name, row, "", shown, rule))
            if len(faults) >= _MOST_FAULTS:
                return faults
    if held:
        shown = held[:_LONGEST_SHOWN].decode(errors="replace").replace("\0", "␀")
        faults.append(Fault(file.file_name, row + 1, "", shown, "a quote opens a cell and is never closed"))
    return faults


def _wrong_with(bare: bytes, record: bytes, ending: bytes, width: int) -> str:
    if len(record) >= _LONGEST_ROW:
        return "is longer than a row may be"
    if b"\0" in bare:
        return "holds the character NUL"
    try:
        words = bare.decode()
    except UnicodeDecodeError as error:
        return f"is not UTF-8 (byte {bare[error.start]:#04x} at position {error.start + 1})"
    if _COMPLETE.fullmatch(bare) is None:
        if b'"' in bare:
            return "a quote stands where RFC 4180 has none: cells with quotes are quoted, quotes inside are doubled"
        return "a carriage return stands inside a line"
    if record.endswith(b"\n") and record.endswith(b"\r\n") != (ending == b"\r\n"):
        return "ends its line otherwise than the rows before"
    found = len(_cells(words))
    return "" if found == width else f"has {found} cells where the header has {width}"
