"""From codes to the rows they name: looked up for a whole batch at once, with what was perhaps meant where there is none."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlalchemy import func, select
from sqlmodel import Session

from buyside.domain.all_sheets import sheet_named
from buyside.ledgers.sheet_selects import code_column_of, table_of

_CHUNK = 20_000
_MOST_GUESSES = 50
"""Unknown codes of a batch for which the nearest known ones are looked for."""
_GUESSES = 3


class References:
    """Ids of rows by their codes, for each sheet that others refer to."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._ids: dict[str, dict[str, str]] = {}
        self._asked: dict[str, set[str]] = {}
        self._guesses: dict[tuple[str, str], tuple[str, ...]] = {}

    def load(self, sheet: str, codes: Collection[str]) -> None:
        """Look up codes of a sheet, as many as there are."""
        asked = self._asked.setdefault(sheet, set())
        wanted = sorted({each for each in codes if each} - asked)
        asked.update(wanted)
        known = sheet_named(sheet)
        table = table_of(known)
        code = table.c[code_column_of(known)]
        key = table.c.id if "id" in table.c else code
        ids = self._ids.setdefault(sheet, {})
        for start in range(0, len(wanted), _CHUNK):
            found = select(code, key).where(code == func.any(wanted[start : start + _CHUNK]))
            ids.update((name, str(each)) for name, each in self._session.execute(found))

    def find(self, sheet: str, code: str) -> str | None:
        """The id, as text, of what a code names; None where there is nothing. `load` it first."""
        return self._ids.get(sheet, {}).get(code)

    def unknown(self, sheet: str, code: str) -> str:
        """The sentence that a code names nothing, with the nearest codes that do."""
        known = sheet_named(sheet)
        nearest = self._nearest(sheet, code)
        guess = f" Did you mean {_or(f'“{each}”' for each in nearest)}?" if nearest else ""
        return f"There is no {known.one} “{code}”.{guess}"

    def _nearest(self, sheet: str, code: str) -> tuple[str, ...]:
        if (sheet, code) not in self._guesses:
            if len(self._guesses) >= _MOST_GUESSES:
                return ()
            known = sheet_named(sheet)
            table = table_of(known)
            column = table.c[code_column_of(known)]
            alike = func.similarity(column, code)
            # The operator finds by the trigram index; codes of two or three characters have too little in common for it.
            near = column.op("%")(code) if len(code) > 3 else func.lower(func.left(column, 1)) == code[:1].lower()
            found = select(column).where(near).order_by(alike.desc(), func.length(column), column).limit(_GUESSES)
            self._guesses[sheet, code] = tuple(self._session.execute(found).scalars())
        return self._guesses[sheet, code]


def _or(words: Iterable[str]) -> str:
    listed = list(words)
    return " or ".join([", ".join(listed[:-1]), listed[-1]]) if len(listed) > 1 else listed[0]
