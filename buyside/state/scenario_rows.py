"""Rows of the what-if page: scenarios in the list, changes, sales order lines that are served later or sooner."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, TypedDict
from urllib.parse import quote

from buyside.domain.locales import shown_date, shown_days, shown_instant, shown_money, shown_number
from buyside.domain.words import Tone
from buyside.queries.scenario_items import LateLine
from buyside.queries.scenarios import ScenarioRow


class Listed(TypedDict):
    """A scenario in the list."""

    id: int
    name: str
    note: str
    plan: str
    changes: str
    by: str
    made: str
    is_kept: bool
    is_calculated: bool
    cost: str
    late: str


class Told(TypedDict):
    """A change of the scenario."""

    id: int
    place: int
    says: str


class Late(TypedDict):
    """A sales order line that is served later or sooner."""

    line: str
    path: str
    customer: str
    needed_by: str
    base: str
    days: str
    tone: str
    word: str


def _days(days: int | None) -> str:
    if days is None:
        return "no supply"
    return f"{shown_days(days)} late" if days else "in time"


def _is_worse(before: int | None, after: int | None) -> bool:
    return before is not None and (after is None or after > before)


def _waiting(figures: Mapping[str, Any]) -> int:
    """Sales lines that are served late or not at all."""
    return int(figures["late_demand"]) + int(figures["endless_demand"])


def listed(row: ScenarioRow, locale: str, zone: str) -> Listed:
    """A scenario of the list, and what it comes to beside its plan."""
    cost, late = "", ""
    if row.figures:
        after, before = row.figures["cost"], row.base_figures["cost"]
        if after is not None and before is not None:
            moved = Decimal(after) - Decimal(before)
            cost = f"{'+' if moved > 0 else ''}{shown_money(moved, row.currency, locale)}" if moved else "same"
        waits = _waiting(row.figures) - _waiting(row.base_figures)
        late = f"{'+' if waits > 0 else ''}{shown_number(Decimal(waits), locale)}" if waits else "same"
    return Listed(
        id=row.id,
        name=row.name,
        note=row.note,
        plan=shown_date(row.base_as_of, locale),
        changes=str(row.changes),
        by="you" if row.is_mine else row.created_by,
        made=shown_instant(row.created_at, locale, zone),
        is_kept=row.is_kept,
        is_calculated=row.result_run_id > 0,
        cost=cost,
        late=late,
    )


def late_rows(lines: Iterable[LateLine], locale: str) -> list[Late]:
    """Lines whose lateness a scenario changes."""
    return [
        Late(
            line=f"{each.order_number}/{each.line_number}",
            path=f"/sales-orders/{quote(each.order_number, safe='')}?line={each.line_number}",
            customer=each.customer,
            needed_by=shown_date(each.needed_by, locale),
            base=_days(each.base_days),
            days=_days(each.days),
            tone=(Tone.WARN if _is_worse(each.base_days, each.days) else Tone.GOOD).value,
            word="later" if _is_worse(each.base_days, each.days) else "sooner",
        )
        for each in lines
    ]
