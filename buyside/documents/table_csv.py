"""Text files of tables: which encoding, which delimiter, and their records one by one."""

from __future__ import annotations

import codecs
import csv
import io
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from charset_normalizer import from_bytes

from buyside.domain.refusals import Refused

DELIMITERS: tuple[tuple[str, str], ...] = ((",", "Comma"), (";", "Semicolon"), ("\t", "Tab"), ("|", "Bar"))
ENCODINGS: tuple[tuple[str, str], ...] = (
    ("utf-8", "Unicode (UTF-8)"),
    ("cp1252", "Western European (Windows-1252)"),
    ("iso8859-15", "Western European (ISO 8859-15)"),
    ("cp1250", "Central European (Windows-1250)"),
    ("iso8859-2", "Central European (ISO 8859-2)"),
    ("cp1251", "Cyrillic (Windows-1251)"),
    ("cp1253", "Greek (Windows-1253)"),
    ("cp1254", "Turkish (Windows-1254)"),
    ("cp850", "Western European (DOS 850)"),
    ("cp437", "Western European (DOS 437)"),
    ("mac_roman", "Western European (Macintosh)"),
    ("shift_jis", "Japanese (Shift JIS)"),
    ("gb18030", "Chinese (GB 18030)"),
    ("utf-16", "Unicode (UTF-16)"),
    ("utf-16-le", "Unicode (UTF-16, little endian)"),
    ("utf-16-be", "Unicode (UTF-16, big endian)"),
    ("utf-32", "Unicode (UTF-32)"),
)
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CHUNK = 1 << 20
_AROUND = 400  # bytes of each stretch of text that no encoding claims
_STRETCHES = 40
_SIGNS = "µªº"  # letters to Unicode, and signs beside words to who writes them
_ALTERNATIVES = 6
_SAMPLED_RECORDS = 200
_SURE = 0.95  # of the records of a sample have as many cells as most do, where the delimiter is right


class FileUnreadable(Refused):
    code = "files.unreadable"
    says = "{name} cannot be read: {reason}"


@dataclass(frozen=True, slots=True)
class OneOf:
    """What was found, and what else it could be; `is_sure` where nothing else comes into question."""

    value: str
    others: tuple[str, ...] = ()
    is_sure: bool = True
    row: int = 0
    sample: str = ""


def encoding_of(content: bytes) -> OneOf:
    """The encoding of a text file: by its byte order mark, by being UTF-8 throughout, else the likeliest with others to choose.

    An eight-bit encoding is never sure: the same bytes are letters in all of them. The first line with such letters is told.
    """
    for mark, name in _MARKS:
        if content.startswith(mark):
            return OneOf(name)
    wrong_at = _not_utf8(content)
    if wrong_at is None:
        wide = _wide(content)
        return OneOf(wide, ("utf-8",), is_sure=False, row=1) if wide else OneOf("utf-8")
    if wide := _wide(content):
        return OneOf(wide, is_sure=True)
    row = content.count(b"\n", 0, wrong_at) + 1
    line = content[content.rfind(b"\n", 0, wrong_at) + 1 :][:_AROUND].splitlines()[0]
    found = _likely(content)
    return OneOf(found[0], tuple(found[1:]), is_sure=False, row=row, sample=_plain(line, found[0]))


def _not_utf8(content: bytes) -> int | None:
    """Where the content stops being UTF-8; None where it is so throughout."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for start in range(0, len(content), _CHUNK):
            done = start
            decoder.decode(content[start : start + _CHUNK])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        tail = max(0, done - 4)
        for shift in range(5):  # a character may have begun in the chunk before
            try:
                content[tail + shift : done + _CHUNK].decode()
            except UnicodeDecodeError as error:
                if error.start or shift == 4 or not done:
                    return tail + shift + error.start
        return len(content) - 1
    return None


def _wide(content: bytes) -> str:
    """UTF-16 without a mark: every other byte of plain letters is zero."""
    head = content[:4096]
    zeros = head.count(0)
    if len(head) < 4 or zeros * 3 < len(head):
        return ""
    return "utf-16-be" if head[0::2].count(0) > head[1::2].count(0) else "utf-16-le"


def _likely(content: bytes) -> list[str]:
    """Encodings, the likeliest first, as a statistic of the letters beyond ASCII sees it; of those that read alike, the usual."""
    stretches: list[bytes] = []
    at = 0
    for found in re.finditer(rb"[\x80-\xff]", content):
        if found.start() >= at and len(stretches) < _STRETCHES:
            start = max(at, found.start() - _AROUND)
            at = found.start() + _AROUND
            stretches.append(content[start:at])
    sample = b"\n".join(stretches)
    known = {codecs.lookup(name).name: name for name, _ in ENCODINGS if not name.startswith("utf")}
    ranked = [codecs.lookup(each.encoding).name for each in from_bytes(sample, cp_isolation=list(known.values()))]
    alike: dict[str, str] = {}
    for name in known.values():
        try:
            alike.setdefault(sample.decode(name), name)
        except UnicodeDecodeError:
            continue
    best = [alike[text] for each in ranked if each in known and (text := _read_as(sample, known[each])) in alike]
    odd = {name: _odd_letters(text) for text, name in alike.items()}
    likely = sorted(dict.fromkeys([*best, *alike.values()]), key=lambda name: odd[name])
    return likely[:_ALTERNATIVES] or ["cp1252"]


def _odd_letters(text: str) -> int:
    """How many characters beyond ASCII stand in or at a Latin word where no one writes them: a sign between letters, a letter
    of another script, a capital after a small one. Few letters are too little for a statistic, and enough for this."""
    odd = 0
    for before, each, after in zip(" " + text, text, text[1:] + " ", strict=False):
        beside = [near for near in (before, after) if near.isascii() and near.isalpha()]
        if each.isascii() or each in _SIGNS or not beside:
            continue
        is_latin = unicodedata.name(each, "").startswith("LATIN")
        if (not is_latin and (each.isalpha() or len(beside) == 2)) or (each.isupper() and before.islower()):
            odd += 1
    return odd


def _read_as(sample: bytes, encoding: str) -> str:
    try:
        return sample.decode(encoding)
    except UnicodeDecodeError:
        return ""


def delimiter_of(content: bytes, encoding: str) -> OneOf:
    """What stands between the cells of a record: that which divides nearly all records of a sample into equally many cells, the
    first one too, where any does.
    """
    found: dict[str, tuple[int, int]] = {}
    of_header: set[str] = set()
    for mark, _ in DELIMITERS:
        widths: Counter[int] = Counter()
        first = 0
        try:
            for number, cells in enumerate(_records(content, encoding, mark)):
                if number >= _SAMPLED_RECORDS:
                    break
                if any(cells):
                    widths[len(cells)] += 1
                    first = first or len(cells)
        except (csv.Error, UnicodeError):
            pass
        if not widths:
            continue
        width, times = widths.most_common(1)[0]
        if width > 1 and times >= _SURE * sum(widths.values()):
            found[mark] = (width, times)
            if first == width:
                of_header.add(mark)
    if not found:
        return OneOf(_most_in_first_line(content, encoding))
    ranked = sorted(of_header or found, key=lambda mark: found[mark], reverse=True)
    return OneOf(ranked[0], tuple(ranked[1:]), is_sure=len(ranked) == 1, row=1)


def _most_in_first_line(content: bytes, encoding: str) -> str:
    line = content[:4096].decode(encoding, "replace").splitlines() or [""]
    return max((mark for mark, _ in DELIMITERS), key=line[0].count)


def _records(content: bytes, encoding: str, delimiter: str) -> Iterator[list[str]]:
    text = io.TextIOWrapper(io.BytesIO(content), encoding=encoding, newline="")
    return csv.reader(text, delimiter=delimiter, strict=True)


def csv_rows(content: bytes, name: str, encoding: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """The records of a text file with their numbers from one, as spreadsheets number them. Refuses: FileUnreadable."""
    number = 0
    try:
        for number, cells in enumerate(_records(content, encoding, delimiter), 1):
            yield number, cells
    except csv.Error as error:
        raise FileUnreadable(name=name, reason=f"row {number + 1}: {_in_words(str(error))}") from None
    except UnicodeError as error:
        where = f"row {number + 1} or soon after"
        raise FileUnreadable(name=name, reason=f"{where} is not in the encoding {encoding} ({_byte(error)}).") from None


def _byte(error: UnicodeError) -> str:
    if isinstance(error, UnicodeDecodeError):
        return f"byte {error.object[error.start]:#04x}"
    return str(error)


def _in_words(told: str) -> str:
    if "expected after" in told:
        return "a quote stands inside a cell that is not quoted as a whole; quotes inside are doubled."
    if "unexpected end" in told:
        return "a quote opens a cell and is never closed."
    if "field larger" in told:
        return "a cell is longer than 131,072 characters, as happens where a quote is never closed."
    if "NUL" in told:
        return "it holds the character NUL."
    return f"{told}."


def reads(content: bytes, encoding: str) -> str:
    """The first line with letters beyond ASCII, as an encoding reads it."""
    found = re.search(rb"[^\n]*[\x80-\xff][^\n]*", content)
    return _plain(found[0][:_AROUND], encoding).strip()[:80] if found else ""


def _plain(line: bytes, encoding: str) -> str:
    return line.decode(encoding, "replace").replace("\0", "␀")
