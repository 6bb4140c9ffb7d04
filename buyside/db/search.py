"""What the search knows besides the records themselves."""

from sqlalchemy import Text
from sqlmodel import Field, SQLModel

from buyside.db.base import identity, searched


class SearchWord(SQLModel, table=True):
    """A word of some name, folded. Written by the database when names are; kept when they go. A word may stand here twice."""

    __tablename__ = "search_word"
    __table_args__ = (searched("search_word", "word"),)
    id: int = identity()
    word: str = Field(index=True, sa_type=Text)
