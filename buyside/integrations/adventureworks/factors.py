"""How many stock units a purchase unit holds: AdventureWorks does not say it, so it is given, and never guessed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path

from buyside.domain.refusals import Refused
from buyside.integrations.adventureworks.source import UnreadableSource, read_rows

_PAIRS_NAMED = 20


class FactorsNeeded(Refused):
    """`pairs` are all (vendor, item, purchase unit, stock unit) without a factor."""

    code = "adventureworks.factors-needed"
    says = (
        "{count} vendor items are ordered in another unit than the stock unit, and the data has no factors. Give them in "
        "a file of vendor,item,unit,factor (vendor and item may be empty: for all), or assume one for all. They are: {first}"
    )

    def __init__(self, pairs: Sequence[tuple[str, str, str, str]]) -> None:
        self.pairs = tuple(pairs)
        shown = "; ".join(f"{vendor} {item} {unit} of {stock}" for vendor, item, unit, stock in pairs[:_PAIRS_NAMED])
        rest = f"; and {len(pairs) - _PAIRS_NAMED} more" if len(pairs) > _PAIRS_NAMED else ""
        super().__init__(count=len(pairs), first=shown + rest)


@dataclass(frozen=True, slots=True)
class Factors:
    """Stock units in one purchase unit, by vendor, item and unit; an empty vendor or item stands for all."""

    given: dict[tuple[str, str, str], str] = field(default_factory=dict)
    assumed: Decimal | None = None

    def of(self, vendor: str, item: str, unit: str) -> str | None:
        """The factor that fits best; None where there is none."""
        for key in ((vendor, item, unit), ("", item, unit), (vendor, "", unit), ("", "", unit)):
            if key in self.given:
                return self.given[key]
        return None if self.assumed is None else format(self.assumed, "f")


def read_factors(path: Path) -> Factors:
    """Read a file of vendor,item,unit,factor. Refuses: UnreadableSource."""
    given = {}
    for row in read_rows(path, ("unit", "factor")):
        given[row.get("vendor", ""), row.get("item", ""), row["unit"]] = _above_zero(path.name, row["factor"])
    return Factors(given)


def _above_zero(file: str, factor: str) -> str:
    try:
        is_above_zero = Decimal(factor) > 0
    except InvalidOperation:
        raise UnreadableSource(file=file, reason=f"“{factor}” in factor is not a number.") from None
    if not is_above_zero:
        raise UnreadableSource(file=file, reason=f"the factor {factor} is not above zero.")
    return factor
