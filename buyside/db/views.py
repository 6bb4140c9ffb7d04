"""What people keep of how they look at lists."""

from typing import Any

from sqlalchemy import UniqueConstraint
from sqlmodel import SQLModel

from buyside.db.base import document_column, flag_column, identity, refers_to, text_column, version_column


class SavedView(SQLModel, table=True):
    """A list as one person likes to see it: its filter, order and columns, under a name.

    `content` is what the grid sends and takes: {"filter", "sort", "columns", "quick"}. One view of a list may be the one that
    it opens with.
    """

    __tablename__ = "saved_view"
    __table_args__ = (UniqueConstraint("user_id", "grid", "name"),)
    id: int = identity()
    user_id: int = refers_to("app_user.id", index=False)
    grid: str = text_column(...)
    name: str = text_column(...)
    content: dict[str, Any] = document_column()
    is_first: bool = flag_column(False)
    version: int = version_column()
