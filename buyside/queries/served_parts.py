"""What serves a need, in a form that loads nothing of the planning engine."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a need, in stock units, and what serves it: `kind` and `source` as SERVED declares them."""

    item_id: int
    needed_on: date
    sales_line_id: int | None
    kind: str
    source: int
    available_on: date | None
    quantity: Decimal
