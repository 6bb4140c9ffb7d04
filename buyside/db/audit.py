"""The audit trail, and the memory of answered requests."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index, Text
from sqlmodel import Field, SQLModel

from buyside.db.base import (
    document_column,
    identity,
    instant_column,
    key_of,
    may_refer_to,
    text_column,
    words_from,
)


class AuditEvent(SQLModel, table=True):
    """One operation that changed something: who, when, what, before and after (ACC-6). Append-only."""

    __tablename__ = "audit_event"
    __table_args__ = (
        Index("audit_event_at", "at"),
        Index("audit_event_operation_at", "operation", "at"),
        Index("audit_event_words", "words", postgresql_using="gin"),
    )
    id: int = identity()
    at: datetime = instant_column()
    user_id: int | None = may_refer_to("app_user.id")
    actor_name: str = text_column()
    operation: str = text_column()
    request_id: UUID | None = None
    changes: list[dict[str, Any]] = document_column()
    words: str = words_from("audit_words(actor_name, operation, changes)")
    """What it can be found by: of an entry that changed very much, the words of its beginning. The database's own."""


class AuditSubject(SQLModel, table=True):
    """A record that an audit event touched, so that a record's history is found by itself. Append-only."""

    __tablename__ = "audit_subject"
    __table_args__ = (Index("audit_subject_record", "kind", "record_id"),)
    event_id: int = key_of("audit_event.id")
    kind: str = Field(primary_key=True, sa_type=Text)
    record_id: int = Field(primary_key=True, sa_type=BigInteger)


class AnsweredRequest(SQLModel, table=True):
    """What a request was answered with, so that sending it again changes nothing."""

    __tablename__ = "answered_request"
    request_id: UUID = Field(primary_key=True)
    operation: str = text_column()
    user_id: int | None = may_refer_to("app_user.id", index=False)
    arguments_sha256: bytes
    answer: dict[str, Any] | None = document_column(None)
    at: datetime = instant_column()
