"""What a schedule of the planning must be: all that is wrong with one at once, each at its field (PLAN-6)."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlmodel import Session, col, select

from buyside.db.items import ItemGroup
from buyside.db.stock import Warehouse
from buyside.domain.access import Actor, Permission, needs
from buyside.domain.refusals import OutOfRange, Refused, Unreadable, refuse_all
from buyside.domain.schedules import LONGEST_HORIZON, Planned, read_time, written_weekdays

LONGEST_NAME = 80


class NameMissing(Refused):
    code, field = "schedules.name-missing", "name"
    says = "Give the schedule a name of at most {most} characters."


class UnknownScope(Refused):
    code = "schedules.unknown-scope"
    says = "There is no {what} {codes}."


@dataclass
class Checked:
    """A schedule as it is kept, as far as it could be read."""

    name: str = ""
    weekdays: str = ""
    at_time: str = ""
    scope: dict[str, object] = field(default_factory=dict)


def checked(session: Session, planned: Planned) -> tuple[Checked, list[Refused]]:
    """What is kept of a schedule, and what is refused of it: NameMissing, Unreadable, UnknownScope, OutOfRange."""
    refused: list[Refused] = []
    found = Checked(name=" ".join(planned.name.split()))
    if not found.name or len(found.name) > LONGEST_NAME:
        refused.append(NameMissing(most=LONGEST_NAME))
    try:
        found.at_time = f"{read_time(planned.at_time):%H:%M}"
        found.weekdays = written_weekdays(planned.weekdays)
    except (ValueError, IndexError):
        wanted = "a time of day such as 06:00, on days of the week"
        refused.append(Unreadable(value=planned.at_time, wanted=wanted, field="at_time"))
    if planned.warehouse_codes is not None:
        known = session.exec(select(Warehouse.code).where(col(Warehouse.code).in_(planned.warehouse_codes))).all()
        refused += _unknown("warehouse", planned.warehouse_codes, known, "warehouse")
        found.scope["codes"] = sorted(set(planned.warehouse_codes))
    if planned.group_codes is not None:
        known = session.exec(select(ItemGroup.code).where(col(ItemGroup.code).in_(planned.group_codes))).all()
        refused += _unknown("item group", planned.group_codes, known, "group")
        found.scope["group_codes"] = sorted(set(planned.group_codes))
    if planned.horizon_days is not None:
        if not 0 <= planned.horizon_days <= LONGEST_HORIZON:
            refused.append(OutOfRange(what="The horizon", range=f"0 to {LONGEST_HORIZON} days", field="horizon_days"))
        found.scope["horizon_days"] = planned.horizon_days
    return found, refused


@needs(Permission.PLAN_RUN)
def check_schedule(session: Session, actor: Actor, *, planned: Planned) -> None:
    """Nothing where a schedule could be kept like this. Refuses: what `checked` finds, all of it."""
    refuse_all(checked(session, planned)[1])


def _unknown(what: str, wanted: Iterable[str], known: Iterable[str], field: str) -> list[Refused]:
    missing = sorted(set(wanted) - set(known))
    return [UnknownScope(what=what, codes=", ".join(missing), field=field)] if missing else []
