"""Locked lines go on in the next plan: their decisions are written into it, each kind by one statement (PLAN-11)."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Protocol

from sqlalchemy import text
from sqlmodel import Session

from buyside.ledgers import audit


class CarriedLine(Protocol):
    """A locked line of the plan before: the decision of `onto_id`, or a line of its own, a part of `part_of_id` if it is one."""

    @property
    def line_id(self) -> int: ...
    @property
    def onto_id(self) -> int | None: ...
    @property
    def part_of_id(self) -> int | None: ...
    @property
    def suggested_on(self) -> date: ...
    @property
    def order_by(self) -> date: ...
    @property
    def late_days(self) -> int: ...
    @property
    def arrives_on(self) -> date | None: ...


class LoweredLine(Protocol):
    """A line of the new plan that orders less, because parts bring some of it."""

    @property
    def line_id(self) -> int: ...
    @property
    def quantity_packs(self) -> Decimal: ...
    @property
    def unit_price(self) -> Decimal | None: ...


_GIVEN = (
    "unnest(CAST(:line AS int8[]), CAST(:onto AS int8[]), CAST(:part_of AS int8[]), CAST(:suggested AS date[]), "
    "CAST(:order_by AS date[]), CAST(:late AS int4[]), CAST(:arrives AS date[])) "
    "AS given (line, onto, part_of, suggested, order_by, late, arrives) JOIN plan_line AS kept ON kept.id = given.line"
)
_DECISION = ("vendor_item_id", "contract_id", "unit_id", "unit_factor", "quantity_packs", "unit_price", "currency_code")
_ONTO = text(
    "UPDATE plan_line AS line SET "  # noqa: S608 - our own names
    + "".join(f"{name} = kept.{name}, " for name in (*_DECISION, "needed_on"))
    + "order_by = given.order_by, late_days = given.late, arrives_on = given.arrives, is_locked = true, "
    f"carried_from_id = kept.id FROM {_GIVEN} WHERE line.id = given.onto"
)
_ALONE = text(
    "INSERT INTO plan_line (run_id, item_id, warehouse_id, suggested_needed_on, suggested_quantity_packs, shortage, reason, "  # noqa: S608
    f"needed_on, order_by, late_days, arrives_on, {', '.join(_DECISION)}, is_locked, state, version, trigger, "
    "split_from_id, carried_from_id) "
    "SELECT :run, kept.item_id, kept.warehouse_id, given.suggested, 0, 0, 'Locked in the plan before.', kept.needed_on, "
    f"given.order_by, given.late, given.arrives, {', '.join(f'kept.{name}' for name in _DECISION)}, true, 'open', 1, "
    f"'carried', given.part_of, kept.id FROM {_GIVEN} WHERE given.onto IS NULL ORDER BY kept.id"
)
_LOWER = text(
    "UPDATE plan_line AS line SET quantity_packs = given.quantity, unit_price = given.price "
    "FROM unnest(CAST(:line AS int8[]), CAST(:quantity AS numeric[]), CAST(:price AS numeric[])) "
    "AS given (line, quantity, price) WHERE line.id = given.line"
)


def carry_over(session: Session, run_id: int, lines: Sequence[CarriedLine], lowered: Sequence[LoweredLine]) -> int:
    """Write locked decisions into a new plan. The suggestions there stay as they are. Answers with the number of lines."""
    if not lines:
        return 0
    given = {
        "line": [each.line_id for each in lines],
        "onto": [each.onto_id for each in lines],
        "part_of": [each.part_of_id for each in lines],
        "suggested": [each.suggested_on for each in lines],
        "order_by": [each.order_by for each in lines],
        "late": [each.late_days for each in lines],
        "arrives": [each.arrives_on for each in lines],
    }
    if lowered:
        asked = {
            "line": [each.line_id for each in lowered],
            "quantity": [each.quantity_packs for each in lowered],
            "price": [each.unit_price for each in lowered],
        }
        session.execute(_LOWER, asked)
    session.execute(_ONTO, given)
    session.execute(_ALONE, given | {"run": run_id})
    audit.note(session, "plan_line", None, after={"run_id": run_id, "carried": len(lines)})
    return len(lines)
