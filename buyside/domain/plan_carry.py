"""Which line of a new plan continues a locked one of the plan before (PLAN-11)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Suggested:
    """A line of a plan: an item in a warehouse, the date that the run suggested, and from whom."""

    line_id: int
    place: tuple[int, int]
    on: date
    vendor_item_id: int | None


def continued(kept: Iterable[Suggested], fresh: Iterable[Suggested]) -> dict[int, int]:
    """By kept line, the fresh line that continues it: of the same item and warehouse, the nearest date first.

    Each line on either side has one partner at most; of equal dates the same vendor goes first, then the earlier line.
    """
    by_place: dict[tuple[int, int], list[Suggested]] = {}
    for each in fresh:
        by_place.setdefault(each.place, []).append(each)
    ways = sorted(
        (abs((one.on - other.on).days), one.vendor_item_id != other.vendor_item_id, one.line_id, other.line_id)
        for one in kept
        for other in by_place.get(one.place, ())
    )
    found: dict[int, int] = {}
    taken: set[int] = set()
    for _, _, one_id, other_id in ways:
        if one_id not in found and other_id not in taken:
            found[one_id] = other_id
            taken.add(other_id)
    return found
