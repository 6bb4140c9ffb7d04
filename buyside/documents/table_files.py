"""Files of tables as people have them, recognised: encoding, delimiter, header, decimal and thousands marks, order of dates.

What was found is told, and whatever could be read in two ways is a doubt with its choices: the file is read once the doubts of
the columns that are taken in are decided, and never guessed in silence (VEN-5, INT-3).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from buyside.documents import table_doubts
from buyside.documents.table_cells import Cell, Marks, Profile, canonical_cell, shown
from buyside.documents.table_csv import (
    DELIMITERS,
    ENCODINGS,
    FileUnreadable,
    csv_rows,
    delimiter_of,
    encoding_of,
    reads,
)
from buyside.documents.table_doubts import Doubt
from buyside.documents.table_xlsx import is_workbook, look_through, xlsx_rows
from buyside.domain.files import LONGEST_FILE, MOST_COLUMNS, MOST_ROWS
from buyside.domain.pack import Form
from buyside.domain.table_texts import unescaped

DECIMAL_MARKS: tuple[tuple[str, str], ...] = ((".", "Point: 1234.5"), (",", "Comma: 1234,5"))
THOUSANDS_MARKS: tuple[tuple[str, str], ...] = (
    ("", "None: 1234"),
    (",", "Comma: 1,234"),
    (".", "Point: 1.234"),
    (" ", "Blank: 1 234"),
    ("'", "Apostrophe: 1'234"),
)
DATE_ORDERS: tuple[tuple[str, str], ...] = (("dmy", "Day, month, year"), ("mdy", "Month, day, year"))
CHOICES = (
    *("encoding", "delimiter", "worksheet", "header_row"),
    *("decimal_mark", "thousands_mark", "date_order", "percents"),
)
"""What a person may decide about how a file is read, by name."""
_SAMPLE = 8
_HEADER_WITHIN = 20
_SHOWN = 200
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"


@dataclass(frozen=True, slots=True)
class Recognised:
    """How a file is read, what was found in it, and what is still to be decided about it.

    `header_row` counts from one, 0 where the file has no header. `header` names every column, each once. `rows` are those below
    the header that hold anything. `settled` names what a person decided. `doubts` are the open ones, over all columns that look
    like numbers or dates; `resolved` narrows them to the columns that are taken in.
    """

    name: str
    kind: str
    encoding: str
    delimiter: str
    worksheet: str
    worksheets: tuple[str, ...]
    header_row: int
    header: tuple[str, ...]
    sample: tuple[tuple[str, ...], ...]
    rows: int
    blank_rows: int
    formulas: int
    decimal_mark: str
    thousands_mark: str
    date_order: str
    percents: str
    doubts: tuple[Doubt, ...]
    about_file: tuple[Doubt, ...]
    settled: tuple[str, ...]
    columns: tuple[Profile, ...]

    @property
    def marks(self) -> Marks:
        """How its numbers and dates are written."""
        return Marks(self.decimal_mark or ".", self.thousands_mark, self.date_order or "dmy", self.percents)

    def as_document(self) -> dict[str, Any]:
        """The same as plain values, to be kept."""
        return asdict(self)

    @classmethod
    def from_document(cls, kept: Mapping[str, Any]) -> Recognised:
        """What was kept, as it was."""
        doubts = {each: tuple(Doubt.from_document(one) for one in kept[each]) for each in ("doubts", "about_file")}
        tuples = {each: tuple(kept[each]) for each in ("worksheets", "header", "settled")}
        sample = tuple(tuple(each) for each in kept["sample"])
        columns = tuple(Profile(**each) for each in kept["columns"])
        return cls(**{**kept, **tuples, **doubts, "sample": sample, "columns": columns})


def recognise(
    content: bytes, name: str, choices: Mapping[str, str] | None = None, known: Collection[str] = ()
) -> Recognised:
    """Find out how a file is read. `choices` are a person's decisions by the names in `CHOICES`; `known` are names of columns
    that tell a header from a title. Refuses: FileUnreadable.
    """
    chosen = _checked(choices or {}, name)
    if not content.strip(b"\0 \r\n\t"):
        raise FileUnreadable(name=name, reason="it is empty.")
    if len(content) > LONGEST_FILE:
        raise FileUnreadable(name=name, reason=f"it is longer than {LONGEST_FILE >> 20} MiB.")
    if content.startswith(_OLD_EXCEL):
        raise FileUnreadable(name=name, reason="it is a workbook of an old kind or protected. Save it as .xlsx.")
    doubts: list[Doubt] = []
    if is_workbook(content):
        book = look_through(content, name)
        worksheet, is_doubtful = _worksheet(content, name, book.worksheets, known)
        if "worksheet" in chosen:
            worksheet, is_doubtful = chosen["worksheet"], False
        if worksheet not in book.worksheets:
            raise FileUnreadable(name=name, reason=f"it has no worksheet “{worksheet}”.")
        if is_doubtful:
            doubts.append(table_doubts.of_worksheets(book.worksheets))
        found: dict[str, Any] = {"kind": "xlsx", "encoding": "", "delimiter": "", "worksheet": worksheet}
        found |= {"worksheets": book.worksheets, "formulas": book.formulas}
    else:
        found = {"kind": "csv", "worksheet": "", "worksheets": (), "formulas": 0}
        found |= _text_file(content, chosen, doubts)
    top = _top(content, name, found)
    if not top:
        raise FileUnreadable(name=name, reason="it holds no rows.")
    header_row, others = _header_row(top, known)
    if "header_row" in chosen:
        header_row = int(chosen["header_row"])
    elif others:
        doubts.append(table_doubts.of_header(header_row, top))
    looked = _look(content, name, found, header_row)
    whole = Recognised(
        name=name,
        **found,
        header_row=header_row,
        **looked,
        decimal_mark="",
        thousands_mark="",
        date_order="",
        percents="",
        doubts=(),
        about_file=tuple(doubts),
        settled=tuple(sorted(chosen)),
    )
    return _with_marks(whole, None, chosen)


def resolved(how: Recognised, forms: Mapping[int, Form], choices: Mapping[str, str]) -> Recognised:
    """The same reading with marks and doubts of those columns alone that are taken in: `forms` by place in the file."""
    return _with_marks(how, forms, {name: value for name, value in choices.items() if name in CHOICES})


def read_rows(content: bytes, how: Recognised) -> Iterator[tuple[int, list[Cell]]]:
    """The filled rows below the header as they stand, numbered as a spreadsheet does. Refuses: FileUnreadable."""
    for number, cells in _all_rows(content, how.name, how.kind, how.encoding, how.delimiter, how.worksheet):
        if number > how.header_row and any(each != "" for each in cells):
            yield number, cells


def canonical(cell: Cell, form: Form, how: Recognised) -> str:
    """A cell as sheets write it; texts of CSV files lose the apostrophe that kept a spreadsheet from running them. Raises: WrongCell."""
    if how.kind == "csv" and isinstance(cell, str):
        cell = unescaped(cell)
    return canonical_cell(cell, form, how.marks)


def _checked(choices: Mapping[str, str], name: str) -> dict[str, str]:
    allowed = {
        "encoding": {value for value, _ in ENCODINGS} | {"utf-8-sig"},
        "delimiter": {value for value, _ in DELIMITERS},
        "decimal_mark": {value for value, _ in DECIMAL_MARKS},
        "thousands_mark": {value for value, _ in THOUSANDS_MARKS},
        "date_order": {value for value, _ in DATE_ORDERS},
        "percents": {"as_written", "hundredfold"},
    }
    for each, value in choices.items():
        is_row = each == "header_row" and re.fullmatch(r"\d{1,4}", value)
        if not (is_row or each == "worksheet" or value in allowed.get(each, ())):
            raise FileUnreadable(name=name, reason=f"“{value[:40]}” cannot be chosen as its {each.replace('_', ' ')}.")
    return dict(choices)


def _text_file(content: bytes, chosen: Mapping[str, str], doubts: list[Doubt]) -> dict[str, str]:
    encoding = chosen.get("encoding", "")
    if not encoding:
        found = encoding_of(content)
        encoding = found.value
        if not found.is_sure:
            doubts.append(table_doubts.of_encoding(found, lambda other: reads(content, other)))
    elif encoding == "utf-8" and content.startswith(b"\xef\xbb\xbf"):
        encoding = "utf-8-sig"
    delimiter = chosen.get("delimiter", "")
    if not delimiter:
        marks = delimiter_of(content, encoding)
        delimiter = marks.value
        if not marks.is_sure:
            doubts.append(table_doubts.of_delimiter(marks))
    return {"encoding": encoding, "delimiter": delimiter}


def _all_rows(
    content: bytes, name: str, kind: str, encoding: str, delimiter: str, worksheet: str
) -> Iterator[tuple[int, list[Cell]]]:
    if kind == "xlsx":
        yield from xlsx_rows(content, name, worksheet)
    else:
        for number, cells in csv_rows(content, name, encoding, delimiter):
            yield number, [*cells]


def _found_rows(content: bytes, name: str, found: Mapping[str, Any]) -> Iterator[tuple[int, list[Cell]]]:
    wanted = ("kind", "encoding", "delimiter", "worksheet")
    return _all_rows(content, name, *(found[each] for each in wanted))


def _worksheet(content: bytes, name: str, worksheets: Sequence[str], known: Collection[str]) -> tuple[str, bool]:
    """The worksheet that holds the table, and whether that is in doubt: the only one with rows, or that begins with known names."""
    first = {each: next(xlsx_rows(content, name, each), None) for each in worksheets}
    filled = [each for each in worksheets if first[each]]
    if len(filled) < 2:
        return (filled or [*worksheets])[0], False
    words = {_bare(each) for each in known}
    telling = [each for each in filled if (top := first[each]) and any(_bare(shown(cell)) in words for cell in top[1])]
    return (telling or filled)[0], len(telling) != 1


def _top(content: bytes, name: str, found: Mapping[str, Any]) -> list[tuple[int, list[str]]]:
    """The first filled rows."""
    top: list[tuple[int, list[str]]] = []
    for number, cells in _found_rows(content, name, found):
        texts = [shown(each).strip() for each in cells]
        if any(texts):
            top.append((number, texts))
        if len(top) >= _HEADER_WITHIN:
            break
    return top


def _header_row(top: Sequence[tuple[int, list[str]]], known: Collection[str]) -> tuple[int, bool]:
    """The row that names the columns, and whether that is in doubt.

    The first row, where all its cells are names: filled, each once, none a number or a date. Else the row that holds most known
    names, else the first row as wide as the rest.
    """
    widest = max(sum(map(bool, texts)) for _, texts in top)

    def names(texts: list[str]) -> bool:
        filled = [each for each in texts if each]
        return len(set(filled)) == len(filled) and not any(_is_value(each) for each in filled)

    first_number, first = top[0]
    is_wide = 2 * sum(map(bool, first)) >= widest
    words = {_bare(each) for each in known}
    hits = {number: sum(_bare(each) in words for each in texts) for number, texts in top}
    best = max(hits, key=lambda number: (hits[number], -number)) if hits else first_number
    if names(first) and is_wide and hits[first_number] >= hits[best]:
        return first_number, False
    if hits[best]:
        return best, best != first_number
    wide = next((number for number, texts in top if sum(map(bool, texts)) == widest and names(texts)), 0)
    return wide, True


def _bare(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).casefold()


def _is_value(text: str) -> bool:
    profile = Profile()
    profile.add(text)
    return bool(profile.counts)


def _look(content: bytes, name: str, found: Mapping[str, Any], header_row: int) -> dict[str, Any]:
    """Go through all rows once: header, sample, what the cells of each column look like, and what is wrong with their number."""
    header: tuple[str, ...] = ()
    sample: list[tuple[str, ...]] = []
    profiles: list[Profile] = []
    rows = blank = 0
    for number, cells in _found_rows(content, name, found):
        if len(cells) > MOST_COLUMNS and any(each != "" for each in cells[MOST_COLUMNS:]):
            raise FileUnreadable(name=name, reason=f"row {number} has more than {MOST_COLUMNS} columns.")
        if number == header_row:
            header = _header([shown(each) for each in cells])
        if number <= header_row:
            continue
        if not any(each != "" for each in cells):
            blank += 1
            continue
        rows += 1
        if rows > MOST_ROWS:
            raise FileUnreadable(name=name, reason=f"it holds more than {MOST_ROWS:,} rows.")
        while len(profiles) < min(len(cells), MOST_COLUMNS):
            profiles.append(Profile())
        for profile, cell in zip(profiles, cells, strict=False):
            if cell != "":
                profile.add(cell)
        if len(sample) < _SAMPLE:
            sample.append(tuple(shown(each)[:_SHOWN] for each in cells))
    if header_row and not header:
        raise FileUnreadable(name=name, reason=f"there is no row {header_row} to be its header.")
    header = header or _header([""] * len(profiles))
    if len(profiles) > len(header) and found["kind"] == "xlsx":
        header = (*header, *_header([""] * len(profiles))[len(header) :])
    profiles += [Profile() for _ in range(len(header) - len(profiles))]
    return {
        "header": header,
        "sample": tuple(sample),
        "rows": rows,
        "blank_rows": blank,
        "columns": tuple(profiles[: len(header)]),
    }


def _header(cells: Sequence[str]) -> tuple[str, ...]:
    """Names of columns, each once and none empty; empty cells at the end are no columns."""
    texts = [" ".join(each.replace("\ufeff", "").replace("\0", "␀").split())[:_SHOWN] for each in cells][:MOST_COLUMNS]
    if any(texts):
        while texts and not texts[-1]:
            texts.pop()
    names: list[str] = []
    for place, text in enumerate(texts):
        wanted = text or f"Column {_letters(place)}"
        name, again = wanted, 2
        while name in names:
            name, again = f"{wanted} ({again})", again + 1
        names.append(name)
    return tuple(names)


def _letters(place: int) -> str:
    letters = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _with_marks(how: Recognised, forms: Mapping[int, Form] | None, chosen: Mapping[str, str]) -> Recognised:
    """Decide the marks from the columns that matter; `forms` None: all that look like numbers or dates."""
    numbers, dates, percents = table_doubts.columns_that_matter(how.columns, forms)
    marks, doubts = table_doubts.of_numbers(numbers, how.columns, how.header, chosen, how.delimiter)
    order, more = table_doubts.of_dates(dates, how.columns, how.header, chosen)
    fold, most = table_doubts.of_percents(percents, how.columns, how.header, chosen)
    return replace(
        how,
        decimal_mark=marks[0],
        thousands_mark=marks[1],
        date_order=order,
        percents=fold,
        doubts=(*how.about_file, *doubts, *more, *most),
    )
