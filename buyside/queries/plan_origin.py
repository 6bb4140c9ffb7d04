"""Which runs are plans: those of scenarios are compared with one, and are nobody's plan themselves (PLAN-15)."""

from sqlalchemy import ColumnElement
from sqlmodel import col

from buyside.db.plans import PlanningRun
from buyside.domain.plans import RunOrigin


def is_a_plan() -> ColumnElement[bool]:
    """Whether a run was made to plan by, not by a scenario to compare with."""
    return col(PlanningRun.origin) != RunOrigin.SCENARIO.value
