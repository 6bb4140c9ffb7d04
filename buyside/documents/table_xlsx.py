"""Workbooks: looked through for what would not fit into memory before they are opened, then read row by row.

A workbook is a zip of XML. What it unpacks to, and how far its cells reach, is in the hands of whoever wrote it: a cell in the last
row and the last column makes a reader ask for seventeen thousand million places. So the parts are counted first, as a stream.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from buyside.documents.table_cells import Cell
from buyside.documents.table_csv import FileUnreadable

MOST_UNPACKED = 1 << 30
"""Bytes that all parts of a workbook may unpack to."""
MOST_CELLS = 12_000_000
"""Rows times columns that a worksheet may reach over."""
_MOST_PARTS = 2000
_MOST_RATIO, _LARGE = 200, 100 << 20
_CHUNK = 1 << 20
_LONGEST_ROW = 4 << 20  # bytes of one row of a worksheet
_LAST_ROW, _LAST_COLUMN = 1_048_576, 16_384
_CELL = re.compile(rb"<(?:\w+:)?c\s[^<>]*?\br\s*=\s*[\"']\s*([A-Za-z]{1,9})(\d{1,12})")
_ROW = re.compile(rb"<(?:\w+:)?row\s[^<>]*?\br\s*=\s*[\"']\s*(\d{1,12})")
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s>/]")
_NOT_KEPT = re.compile(
    rb"<(?:\w+:)?c\s([^<>]*)>\s*<(?:\w+:)?f(?:\s[^<>]*)?(?:/>|>[^<]*</(?:\w+:)?f>)\s*"
    rb"(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v></(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)


@dataclass(frozen=True, slots=True)
class Workbook:
    """What a workbook holds: the names of its worksheets in their order, hidden ones last, and how many cells hold formulas."""

    worksheets: tuple[str, ...]
    formulas: int


def is_workbook(content: bytes) -> bool:
    """Whether a file is a zip, as workbooks are."""
    return content.startswith(b"PK\x03\x04")


def look_through(content: bytes, name: str) -> Workbook:
    """Count a workbook's parts and cells without opening it, then name its worksheets. Refuses: FileUnreadable."""
    formulas = 0
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            _check_parts(parts, name)
            for each in parts:
                if each.filename.lower().endswith((".xml", ".bin")) and "/" in each.filename:
                    with archive.open(each) as part:
                        formulas += _count(part, name, each.filename)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, NotImplementedError, zlib.error, RuntimeError) as error:
        raise FileUnreadable(name=name, reason=f"the workbook is damaged ({error}).") from None
    with _opened(content, name) as workbook:
        sheets = [each for each in workbook.sheets_metadata if each.typ == SheetTypeEnum.WorkSheet]
    sheets.sort(key=lambda each: each.visible != SheetVisibleEnum.Visible)
    if not sheets:
        raise FileUnreadable(name=name, reason="it holds no worksheet.")
    return Workbook(tuple(each.name for each in sheets), formulas)


def _check_parts(parts: list[zipfile.ZipInfo], name: str) -> None:
    names = {each.filename for each in parts}
    if "[Content_Types].xml" not in names or not any(each.startswith("xl/") for each in names):
        raise FileUnreadable(name=name, reason="it is a zip file and no Excel workbook (.xlsx).")
    if len(parts) > _MOST_PARTS or len(names) < len(parts):
        raise FileUnreadable(name=name, reason="the workbook has too many parts, or two of the same name.")
    if sum(each.file_size for each in parts) > MOST_UNPACKED:
        raise FileUnreadable(name=name, reason=f"the workbook unpacks to more than {MOST_UNPACKED >> 30} GiB.")
    for each in parts:
        if each.flag_bits & 1:
            raise FileUnreadable(name=name, reason="the workbook is protected by a password.")
        if each.file_size > _LARGE and each.file_size > _MOST_RATIO * max(each.compress_size, 1):
            raise FileUnreadable(
                name=name, reason=f"its part {each.filename} unpacks to more than {_MOST_RATIO} times its size."
            )


def _count(part: IO[bytes], name: str, part_name: str) -> int:
    """Formulas in a part. Refuses: FileUnreadable, where cells reach further than there is room for."""
    widest = lowest = formulas = 0
    held = b""
    is_first = True
    while chunk := part.read(_CHUNK):
        if is_first and chunk[:2] in (b"\xff\xfe", b"\xfe\xff"):
            raise FileUnreadable(name=name, reason=f"its part {part_name} is not written in UTF-8.")
        is_first = False
        text = held + chunk
        cut = text.rfind(b"row>") + 4
        if cut < 4 or len(text) - cut > _LONGEST_ROW:
            cut = max(text.rfind(b"<"), 0)
        text, held = text[:cut], text[cut:]
        for column, row in _CELL.findall(text):
            lowest = max(lowest, int(row))
            widest = max(widest, _column_number(column))
        for row in _ROW.findall(text):
            lowest = max(lowest, int(row))
        formulas += len(_FORMULA.findall(text))
        for told in _NOT_KEPT.findall(text):
            if b't="str"' not in told:
                place = re.search(rb"\br=[\"']([A-Za-z]+\d+)", told)
                where = place[1].decode() if place else "?"
                reason = (
                    f"cell {where} holds a formula without its result. Open it in a spreadsheet program and save it."
                )
                raise FileUnreadable(name=name, reason=reason)
        if lowest > _LAST_ROW or widest > _LAST_COLUMN or lowest * max(widest, 1) > MOST_CELLS:
            reason = f"its cells reach to row {lowest:,} and column {widest:,}; it may hold {MOST_CELLS:,} cells."
            raise FileUnreadable(name=name, reason=reason)
    return formulas


def _column_number(letters: bytes) -> int:
    number = 0
    for each in letters.upper():
        number = number * 26 + each - 64
    return number


def _opened(content: bytes, name: str) -> CalamineWorkbook:
    try:
        return CalamineWorkbook.from_filelike(io.BytesIO(content))
    except (CalamineError, ValueError, OSError) as error:
        raise FileUnreadable(name=name, reason=f"the workbook is damaged ({error}).") from None


def xlsx_rows(content: bytes, name: str, worksheet: str) -> Iterator[tuple[int, list[Cell]]]:
    """The filled rows of a worksheet with their numbers, its cells from column A on. Refuses: FileUnreadable."""
    with _opened(content, name) as workbook:
        try:
            sheet = workbook.get_sheet_by_name(worksheet)
        except (CalamineError, ValueError) as error:
            raise FileUnreadable(name=name, reason=f"its worksheet “{worksheet}” cannot be read ({error}).") from None
        if sheet.start is None:
            return
        first_row, first_column = sheet.start
        before: list[Cell] = [""] * first_column
        for number, cells in enumerate(sheet.iter_rows(), first_row + 1):
            yield number, [*before, *cells]
