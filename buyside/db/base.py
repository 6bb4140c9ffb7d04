"""Kinds of columns that every table shares, so that a quantity or an instant means the same everywhere."""

from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Computed,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Numeric,
    Text,
    literal_column,
)
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR
from sqlmodel import Field, SQLModel

SQLModel.metadata.naming_convention = {
    "pk": "%(table_name)s_pkey",
    "fk": "%(table_name)s_%(column_0_name)s_fkey",
    "uq": "%(table_name)s_%(column_0_N_name)s_key",
    "ix": "%(table_name)s_%(column_0_N_name)s_idx",
    "ck": "%(table_name)s_%(constraint_name)s_check",
}


def identity() -> Any:
    """A surrogate key, drawn by the database."""
    return Field(default=None, primary_key=True, sa_type=BigInteger, sa_column_args=(Identity(),))


def refers_to(target: str, *, index: bool = True, unique: bool = False) -> Any:
    """A required reference to another table's key, `table.column`."""
    return Field(sa_type=BigInteger, sa_column_args=(ForeignKey(target),), index=index, unique=unique)


def may_refer_to(target: str, *, index: bool = True, unique: bool = False) -> Any:
    """An optional reference to another table's key, `table.column`."""
    return Field(
        default=None,
        sa_type=BigInteger,
        sa_column_args=(ForeignKey(target),),
        index=index,
        unique=unique,
        nullable=True,
    )


def key_of(target: str) -> Any:
    """A reference that is part of the row's own key, `table.column`."""
    return Field(
        primary_key=True,
        sa_type=BigInteger,
        sa_column_args=(ForeignKey(target),),
        sa_column_kwargs={"autoincrement": False},
    )


def _with_default(default: Any, sa_type: Any) -> Any:
    """A field whose default the database knows too, so that bulk loads need not repeat it."""
    if default is ... or default is None:
        return Field(default=default, sa_type=sa_type)
    return Field(default=default, sa_type=sa_type, sa_column_kwargs={"server_default": str(default)})


def quantity_column(default: Any = ...) -> Any:
    """An exact quantity with six decimals; the column's name says in which unit."""
    return _with_default(default, Numeric(18, 6))


def price_column(default: Any = ...) -> Any:
    """A price per unit, six decimals, in the currency of the row."""
    return _with_default(default, Numeric(18, 6))


def money_column(default: Any = ...) -> Any:
    """An amount of money, four decimals, in the currency of the row."""
    return _with_default(default, Numeric(18, 4))


def percent_column(default: Any = ...) -> Any:
    """A percent with four decimals: 2.5 is two and a half percent."""
    return _with_default(default, Numeric(9, 4))


def instant_column(default: Any = ...) -> Any:
    """A moment, kept as UTC."""
    return Field(default=default, sa_type=DateTime(timezone=True))


def text_column(default: Any = "") -> Any:
    """A text of any length."""
    return _with_default(default, Text)


def code_column() -> Any:
    """The code that people know a record by; no two records share one."""
    return Field(unique=True, sa_type=Text)


def currency_column(default: Any = ...) -> Any:
    """The currency that the row's money is in, by its ISO 4217 code."""
    return Field(default=default, sa_type=Text, sa_column_args=(ForeignKey("currency.code"),))


def flag_column(default: bool) -> Any:
    """Yes or no, with a default that the database knows too."""
    return Field(default=default, sa_type=Boolean, sa_column_kwargs={"server_default": "true" if default else "false"})


def version_column() -> Any:
    """How often a row was written, so that who changes it says which state they saw."""
    return Field(default=1, sa_type=Integer, sa_column_kwargs={"server_default": "1"})


def document_column(default: Any = ...) -> Any:
    """A JSON document; decimals inside it are strings."""
    return Field(default=default, sa_type=JSONB)


def flag_from(expression: str) -> Any:
    """A flag that the database calculates from the row's other columns, so that a reference can hold to it. Never written."""
    return Field(default=None, sa_type=Boolean, sa_column_args=(Computed(expression, persisted=True),), nullable=False)


def words_from(expression: str) -> Any:
    """What a row is found by, as the database takes it from the row's other columns. Never written."""
    return Field(default=None, sa_type=TSVECTOR, sa_column_args=(Computed(expression, persisted=True),), nullable=False)


def document_from(expression: str) -> Any:
    """A JSON document that the database calculates from the row's other columns. Never written."""
    return Field(
        default=None,
        sa_type=JSONB(none_as_null=True),
        sa_column_args=(Computed(expression, persisted=True),),
        nullable=False,
    )


def searched(table: str, column: str) -> Index:
    """An index for search by any part of a text, typing errors tolerated."""
    return Index(f"{table}_{column}_trigram", column, postgresql_using="gin", postgresql_ops={column: "gin_trgm_ops"})


def found_by_code(table: str, column: str) -> tuple[Index, Index]:
    """Indexes for search by the beginning of a code, and by something much like it; case and accents do not matter."""
    folded: Any = literal_column(f"folded({column})").label("folded")
    return (
        Index(f"{table}_{column}_beginning", folded, postgresql_ops={"folded": "text_pattern_ops"}),
        Index(f"{table}_{column}_alike", folded, postgresql_using="gin", postgresql_ops={"folded": "gin_trgm_ops"}),
    )


def found_by_words(table: str, column: str) -> Index:
    """An index for search by the words of a name."""
    words: Any = literal_column(f"to_tsvector('simple'::regconfig, folded({column}))")
    return Index(f"{table}_{column}_words", words, postgresql_using="gin")


def one_of(column: str, words: type[StrEnum]) -> str:
    """The SQL of a check that `column` holds a word of an enumeration."""
    members = ", ".join(f"'{word.value}'" for word in words)
    return f"{column} IN ({members})"
