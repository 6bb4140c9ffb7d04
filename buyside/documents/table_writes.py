"""Tables written as files: workbooks in which texts are texts, numbers numbers and dates dates, and nothing is a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import IO, Any

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from buyside.domain.pack import Form
from buyside.domain.sheet_cells import plain_number
from buyside.domain.sheets import Sheet, SheetColumn
from buyside.domain.table_texts import escaped

LONGEST_CELL = 32_767
"""Characters that a cell of a workbook holds; a longer text ends in an ellipsis there."""
_EXACT_DIGITS = 15
_WIDEST, _NARROWEST = 60, 8
_PLAIN = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
_FORM_WORDS = {
    Form.CODE: "a code",
    Form.TEXT: "text",
    Form.WHOLE: "a whole number",
    Form.QUANTITY: "a number with up to 6 decimals",
    Form.PRICE: "a number with up to 6 decimals",
    Form.MONEY: "a number with up to 4 decimals",
    Form.PERCENT: "percent: 2.5 is two and a half",
    Form.DATE: "a date, such as 2026-01-31",
    Form.INSTANT: "a moment, such as 2026-01-31T08:30:00Z",
    Form.FLAG: "true or false",
    Form.WORD: "one of the words beside",
    Form.CHOICES: "group=value;group=value",
}
_MOST_IN_LIST = 255  # characters of a list that a cell offers


def write_workbook(target: IO[bytes], title: str, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """Write a table as a workbook of one worksheet, row by row in constant memory; answers with the number of rows.

    A number of more than fifteen digits, which a spreadsheet would round, is written as a text; so is a moment, with its zone.
    """
    with xlsxwriter.Workbook(target, {**_PLAIN, "constant_memory": True}) as workbook:
        sheet = workbook.add_worksheet(_worksheet_name(title))
        bold, day = workbook.add_format({"bold": True}), workbook.add_format({"num_format": "yyyy-mm-dd"})
        sheet.freeze_panes(1, 0)
        for place, name in enumerate(header):
            sheet.set_column(place, place, min(_WIDEST, max(_NARROWEST, len(name) + 2)))
        for place, name in enumerate(header):
            sheet.write_string(0, place, name, bold)
        number = 0
        for number, row in enumerate(rows, 1):
            for place, value in enumerate(row):
                _write(sheet, number, place, value, day)
        if header:
            sheet.autofilter(0, 0, max(number, 1), len(header) - 1)
        return number


def _write(sheet: Worksheet, row: int, place: int, value: Any, day: Any) -> None:
    if value is None or value == "":
        return
    if isinstance(value, bool):
        sheet.write_boolean(row, place, value)
    elif isinstance(value, int | Decimal) and is_exact(value):
        sheet.write_number(row, place, float(value))
    elif isinstance(value, Decimal):
        sheet.write_string(row, place, plain_number(value))
    elif isinstance(value, datetime):
        sheet.write_string(row, place, value.isoformat())
    elif isinstance(value, date) and value.year >= 1900:
        sheet.write_datetime(row, place, value, day)
    else:
        text = value.isoformat() if isinstance(value, date) else str(value)
        sheet.write_string(row, place, text if len(text) <= LONGEST_CELL else f"{text[: LONGEST_CELL - 1]}…")


def is_exact(value: int | Decimal) -> bool:
    """Whether a spreadsheet holds a number to the last digit."""
    return len(Decimal(value).normalize().as_tuple().digits) <= _EXACT_DIGITS


def _worksheet_name(title: str) -> str:
    """A name that a worksheet may have: of thirty-one characters at most, without those that formulas use."""
    return "".join(each for each in title if each not in "[]:*?/\\'")[:31] or "Sheet"


def template_csv(sheet: Sheet) -> bytes:
    """The header of a sheet's files."""
    text = io.StringIO(newline="")
    csv.writer(text).writerow([each.name for each in sheet.written])
    return text.getvalue().encode()


def template_workbook(sheet: Sheet) -> bytes:
    """An empty workbook for a sheet's rows: the header with a remark on each column, lists to choose from, and notes beside."""
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {**_PLAIN, "in_memory": True}) as workbook:
        needed = workbook.add_format({"bold": True, "bg_color": "#FFF2CC"})
        plain, wrapped = workbook.add_format({"bold": True}), workbook.add_format({"text_wrap": True, "valign": "top"})
        table = workbook.add_worksheet(_worksheet_name(sheet.many.capitalize()))
        table.freeze_panes(1, 0)
        as_text, as_date = workbook.add_format({"num_format": "@"}), workbook.add_format({"num_format": "yyyy-mm-dd"})
        for place, column in enumerate(sheet.written):
            is_text = column.form in (Form.CODE, Form.TEXT, Form.CHOICES)
            cells = as_text if is_text else as_date if column.form is Form.DATE else None
            table.set_column(place, place, max(_NARROWEST + 4, len(column.name) + 2), cells)
            table.write_string(0, place, column.name, needed if column.is_required else plain)
            table.write_comment(0, place, f"{column.title}: {_holds(column)}. {column.says}".strip(), {"x_scale": 2})
            words = _words(column)
            if words and len(",".join(words)) <= _MOST_IN_LIST:
                table.data_validation(
                    *(1, place, 10_000, place), {"validate": "list", "source": words, "error_type": "warning"}
                )
        notes = workbook.add_worksheet("About this file")
        for place, (name, width) in enumerate((("Heading", 24), ("Means", 26), ("Must be filled", 14), ("Holds", 60))):
            notes.set_column(place, place, width)
            notes.write_string(0, place, name, plain)
        for row, column in enumerate(sheet.written, 1):
            must = "yes" if column.is_required else "no"
            for place, words_of in enumerate((column.name, column.title, must, f"{_holds(column)}. {column.says}")):
                notes.write_string(row, place, words_of.strip(), wrapped)
    return content.getvalue()


def _words(column: SheetColumn) -> list[str]:
    return (
        list(column.words or ()) if column.form is Form.WORD else ["true", "false"] if column.form is Form.FLAG else []
    )


def _holds(column: SheetColumn) -> str:
    """What a cell of the column is, in words."""
    parts = [f"code of a row of {column.refers}" if column.refers else _FORM_WORDS[column.form]]
    if column.form is Form.WORD and column.words:
        parts.append(", ".join(column.words))
    if column.wanted:
        parts.append(column.wanted)
    if column.default:
        parts.append(f"empty means {column.default}")
    return "; ".join(parts)


def csv_lines(rows: Iterable[Iterable[str]], delimiter: str = ",") -> Iterator[bytes]:
    """Rows of texts as lines of CSV in UTF-8 (RFC 4180)."""
    line = io.StringIO(newline="")
    writer = csv.writer(line, delimiter=delimiter)
    for row in rows:
        writer.writerow(list(row))
        yield line.getvalue().encode()
        line.seek(0)
        line.truncate()


def csv_cell(value: Any) -> str:
    """A value for a CSV file: decimals plain, instants in RFC 3339, and no text that a spreadsheet takes for a formula."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return plain_number(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime | date):
        return value.isoformat()
    return escaped(value) if isinstance(value, str) else str(value)
