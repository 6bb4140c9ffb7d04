"""From the rows of a select to the frozen values that queries answer with."""

from collections.abc import Callable
from datetime import date
from typing import Any, TypeVar
from typing import cast as cast_type

from sqlalchemy import ColumnElement, Date, Executable, Select, cast, func, select
from sqlmodel import Session, col

from buyside.db.people import Organisation

Answer = TypeVar("Answer")


def columns(**named: Any) -> Select[Any]:
    """A select of named columns: what a name stands for, by name."""
    return cast_type("Select[Any]", select(*(value.label(name) for name, value in named.items())))


def each_as(session: Session, make: Callable[..., Answer], statement: Executable) -> list[Answer]:
    """Every row as a value, by the labels of its columns."""
    return [make(**row) for row in session.execute(statement).mappings()]


def one_as(session: Session, make: Callable[..., Answer], statement: Executable) -> Answer | None:
    """The one row as a value, or None."""
    row = session.execute(statement).mappings().one_or_none()
    return None if row is None else make(**row)


def organisation_today() -> ColumnElement[date]:
    """The organisation's date now, inside a select (INT-3)."""
    return organisation_date(func.now())


def organisation_date(moment: Any) -> ColumnElement[date]:
    """The organisation's date at a moment, inside a select (INT-3)."""
    zone = select(col(Organisation.time_zone)).where(col(Organisation.id) == 1).scalar_subquery()
    return cast(func.timezone(zone, moment), Date)
