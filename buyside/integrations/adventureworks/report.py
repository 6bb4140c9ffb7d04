"""What is told of a source: what became of each row, and what was found and decided, with counts."""

from dataclasses import dataclass, field
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Account:
    """What became of the rows of one source file: `rows` = the sum of `parts`."""

    file: str
    rows: int
    parts: dict[str, int]


@dataclass(slots=True)
class Told:
    """The report: every row accounted for, and what was found and decided, in sentences with counts."""

    accounts: list[Account] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)
    figures: dict[str, int | Decimal] = field(default_factory=dict)

    def account(self, table: str, rows: int, **parts: int) -> None:
        """Say what became of the rows of a table."""
        named = {name.replace("_", " "): count for name, count in parts.items()}
        self.accounts.append(Account(f"{table}.csv", rows, named))

    def find(self, name: str, figure: int | Decimal, sentence: str) -> None:
        """Say what was found; the sentence names the figure as {}."""
        self.figures[name] = figure
        self.findings.append(sentence.format(f"{figure:,}"))
