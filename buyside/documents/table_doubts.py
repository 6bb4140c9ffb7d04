"""What about a file can be read in two ways: each with its choices, and what a cell of the file would be under each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from buyside.documents.table_cells import Profile
from buyside.documents.table_csv import DELIMITERS, ENCODINGS, OneOf
from buyside.domain.pack import Form
from buyside.domain.sheet_cells import NUMBERS

_WORDS_OF_GROUPS = {",": "a comma", ".": "a point", " ": "a blank", "'": "an apostrophe"}
_GROUPS = tuple(_WORDS_OF_GROUPS)


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something to decide: `choices` are values with what they would mean, `places` the columns that it is about (none: the
    whole file), `samples` cells that show it.
    """

    name: str
    says: str
    choices: tuple[tuple[str, str], ...]
    places: tuple[int, ...] = ()
    samples: tuple[str, ...] = ()
    row: int = 0

    @classmethod
    def from_document(cls, kept: Mapping[str, Any]) -> Doubt:
        """What was kept, as it was."""
        choices = tuple((value, says) for value, says in kept["choices"])
        return cls(kept["name"], kept["says"], choices, tuple(kept["places"]), tuple(kept["samples"]), kept["row"])


def of_encoding(found: OneOf, read_as: Callable[[str], str]) -> Doubt:
    labels = dict(ENCODINGS)
    choices = tuple((each, f"{labels.get(each, each)}: {read_as(each)}") for each in (found.value, *found.others))
    says = f"The file is not Unicode, so its letters can be read in several ways. Row {found.row} shows which is right."
    return Doubt("encoding", says, choices, samples=(found.sample,), row=found.row)


def of_delimiter(found: OneOf) -> Doubt:
    labels = dict(DELIMITERS)
    choices = tuple((each, labels[each]) for each in (found.value, *found.others))
    return Doubt("delimiter", "More than one character divides the rows into equally many cells.", choices, row=1)


def of_worksheets(names: Sequence[str]) -> Doubt:
    return Doubt("worksheet", "The workbook has several worksheets.", tuple((each, each) for each in names))


def of_header(header_row: int, top: Sequence[tuple[int, list[str]]]) -> Doubt:
    choices = [(str(number), f"Row {number}: {' · '.join(filter(None, texts))[:80]}") for number, texts in top]
    choices.sort(key=lambda each: each[0] != str(header_row))
    none = ("0", "No row: all of them are rows of the table")
    ordered = (none, *choices) if header_row == 0 else (*choices, none)
    return Doubt("header_row", "The first row does not look like the names of columns.", ordered, row=top[0][0])


def columns_that_matter(
    columns: Sequence[Profile], forms: Mapping[int, Form] | None
) -> tuple[list[int], list[int], list[int]]:
    """The places of numbers, of dates and of percents: as they are mapped, or else as they look."""
    if forms is None:
        alike = [place for place, each in enumerate(columns) if each.is_numeric]
        return alike, alike, []
    known = {place: form for place, form in forms.items() if place < len(columns)}
    return (
        [place for place, form in known.items() if form in NUMBERS],
        [place for place, form in known.items() if form is Form.DATE],
        [place for place, form in known.items() if form is Form.PERCENT],
    )


class _Seen:
    """Counts and examples over several columns."""

    def __init__(self, places: Sequence[int], columns: Sequence[Profile], header: Sequence[str]) -> None:
        self.places, self._columns, self._header = places, columns, header

    def count(self, *names: str) -> int:
        return sum(self._columns[each].count(*names) for each in self.places)

    def where(self, *names: str) -> tuple[int, ...]:
        return tuple(each for each in self.places if self._columns[each].count(*names))

    def examples(self, *names: str) -> tuple[str, ...]:
        return tuple(
            text for each in self.places for name in names for text in self._columns[each].examples.get(name, ())
        )

    def column(self, *names: str) -> str:
        """The first column with any such cells, as people read it."""
        return next((f"“{self._header[each]}”" for each in self.where(*names)), "")


def of_numbers(
    places: Sequence[int],
    columns: Sequence[Profile],
    header: Sequence[str],
    chosen: Mapping[str, str],
    delimiter: str,
) -> tuple[tuple[str, str], list[Doubt]]:
    """The decimal and the thousands mark of some columns, and what is in doubt about them."""
    seen = _Seen(places, columns, header)
    points, commas = seen.count("point"), seen.count("comma")
    either = ("point_or_group", "comma_or_group")
    doubts: list[Doubt] = []
    mark = chosen.get("decimal_mark", "")
    if not mark:
        mark = "." if points > commas else "," if commas > points else "," if delimiter == ";" else "."
        if points and commas:
            doubts.append(_two_marks(seen, mark))
        elif not points and not commas and seen.count(*either):
            doubts.append(_thousand_or_thousandth(seen, mark))
    if not mark or not (points or commas or seen.count(*either) or "decimal_mark" in chosen):
        mark = ""
    thousands, more = _thousands(seen, mark or ".", chosen, is_open=bool(doubts))
    return (mark, thousands), [*doubts, *more]


def _two_marks(seen: _Seen, mark: str) -> Doubt:
    samples = (*seen.examples("point")[:1], *seen.examples("comma")[:1])
    says = (
        f"Numbers are written with a decimal point in {seen.column('point')} ({samples[0]}) "
        f"and with a comma in {seen.column('comma')} ({samples[1]})."
    )
    return Doubt("decimal_mark", says, _marks(mark), seen.where("point", "comma"), samples)


def _marks(first: str) -> tuple[tuple[str, str], ...]:
    both = ((".", "The point is the decimal mark"), (",", "The comma is the decimal mark"))
    return both if first == "." else both[::-1]


def _thousand_or_thousandth(seen: _Seen, mark: str) -> Doubt:
    names = ("point_or_group", "comma_or_group")
    sample = seen.examples(*names)[0]
    whole, after = sample.replace(",", ".").split(".")
    fraction = f"{whole}.{after}".rstrip("0").rstrip(".") or "0"
    is_point = "." in sample
    choices = [
        (".", f"{sample} is {fraction if is_point else whole + after}"),
        (",", f"{sample} is {whole + after if is_point else fraction}"),
    ]
    if mark == ",":
        choices.reverse()
    says = f"“{sample}” in {seen.column(*names)} can be {whole + after} or {fraction}, and no other number tells which."
    return Doubt("decimal_mark", says, tuple(choices), seen.where(*names), seen.examples(*names)[:3])


def _thousands(seen: _Seen, mark: str, chosen: Mapping[str, str], *, is_open: bool) -> tuple[str, list[Doubt]]:
    if "thousands_mark" in chosen:
        return chosen["thousands_mark"], []
    other = "," if mark == "." else "."
    other_name = "comma_or_group" if other == "," else "point_or_group"
    sure = {group: seen.count(f"grouped{group}") for group in _GROUPS if group != mark}
    sure = {group: times for group, times in sure.items() if times}
    perhaps = seen.count(other_name)
    if is_open or not (sure or perhaps):
        return (max(sure, key=lambda each: sure[each]) if sure else other if perhaps else ""), []
    group = max(sure, key=lambda each: sure[each]) if sure else other
    is_certain = len(sure) == 1 and (not perhaps or group == other) and not seen.count("plain")
    if is_certain or ("decimal_mark" in chosen and not sure and not seen.count("plain")):
        return group, []
    names = [*(f"grouped{each}" for each in sure), *([other_name] if perhaps else [])]
    sample = seen.examples(*names)[0]
    plain = sample.replace(group, "").replace("\u00a0", "").replace("\u202f", "").replace("’", "")
    says = f"“{sample}” in {seen.column(*names)} has {_WORDS_OF_GROUPS[group]} between thousands"
    if len(sure) > 1 or (perhaps and group != other):
        says += f", and “{seen.examples(*names)[-1]}” another mark."
    elif seen.count("plain"):
        says += f", but “{seen.examples('plain')[0]}” in {seen.column('plain')} has none."
    else:
        says += ", or it is a mistake: no other number shows such a mark."
    choices = ((group, f"{sample} is {plain}"), ("", "Such cells are wrong"))
    return group, [Doubt("thousands_mark", says, choices, seen.where(*names), (sample,))]


def of_dates(
    places: Sequence[int], columns: Sequence[Profile], header: Sequence[str], chosen: Mapping[str, str]
) -> tuple[str, list[Doubt]]:
    """The order of day and month in some columns, and what is in doubt about it."""
    seen = _Seen(places, columns, header)
    days, months, either = seen.count("day_first"), seen.count("month_first"), seen.count("day_or_month")
    if "date_order" in chosen:
        return chosen["date_order"], []
    if not (days or months or either or seen.count("same_day")):
        return ("ymd" if seen.count("year_first") else ""), []
    order = "mdy" if months > days else "dmy"
    if bool(days) != bool(months) or (not either and not (days and months)):
        return order, []
    if days and months:
        samples = (seen.examples("day_first")[0], seen.examples("month_first")[0])
        says = f"Dates begin with the day in {seen.column('day_first')} ({samples[0]}) and with the month in {seen.column('month_first')} ({samples[1]})."
        choices = (("dmy", "Day, month, year"), ("mdy", "Month, day, year"))
        return order, [Doubt("date_order", says, choices, seen.where("day_first", "month_first"), samples)]
    sample = seen.examples("day_or_month")[0]
    first, second, year = sample.replace("-", "/").split("/")[:3]
    day_first = f"{year[:4]}-{int(second):02}-{int(first):02}"
    month_first = f"{year[:4]}-{int(first):02}-{int(second):02}"
    says = f"“{sample}” in {seen.column('day_or_month')} can be {day_first} or {month_first}, and no other date tells which."
    choices = (("dmy", f"{sample} is {day_first}"), ("mdy", f"{sample} is {month_first}"))
    return order, [Doubt("date_order", says, choices, seen.where("day_or_month"), (sample,))]


def of_percents(
    places: Sequence[int], columns: Sequence[Profile], header: Sequence[str], chosen: Mapping[str, str]
) -> tuple[str, list[Doubt]]:
    """Whether a spreadsheet's 0.05 is five percent: cells that show a percent sign keep the hundredth part."""
    if "percents" in chosen:
        return chosen["percents"], []
    seen = _Seen(places, columns, header)
    fractions = seen.count("fractions")
    if not fractions or fractions < seen.count("numbers"):
        return "", []
    sample = seen.examples("fractions")[0]
    says = f"{sample} in {seen.column('fractions')} can be {sample} percent, or a share that the spreadsheet shows as percent."
    folded = f"{float(sample) * 100:.10g}"
    choices = (("as_written", f"{sample} is {sample} %"), ("hundredfold", f"{sample} is {folded} %"))
    return "as_written", [Doubt("percents", says, choices, seen.where("fractions"), (sample,))]
