"""From the rows of a select to the frozen values that queries answer with."""

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Executable
from sqlmodel import Session

Answer = TypeVar("Answer")


def each_as(session: Session, make: Callable[..., Answer], statement: Executable) -> list[Answer]:
    """Every row as a value, by the labels of its columns."""
    return [make(**row) for row in session.execute(statement).mappings()]


def one_as(session: Session, make: Callable[..., Answer], statement: Executable) -> Answer | None:
    """The one row as a value, or None."""
    row = session.execute(statement).mappings().one_or_none()
    return None if row is None else make(**row)
