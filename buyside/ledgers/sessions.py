"""Ending sessions of people, with a word in the audit trail: the sessions themselves move with every click and are not followed."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, update
from sqlmodel import Session, col

from buyside.db.people import UserSession
from buyside.ledgers import audit


def end_sessions(session: Session, *which: ColumnElement[bool], user_id: int, because: str, at: datetime) -> list[UUID]:
    """End those of a person's sessions that have not ended (`which` narrows them). Answers with their ids.

    The database tells every server; the next event of any of their pages is refused (ACC-4).
    """
    ended = session.scalars(
        update(UserSession)
        .where(col(UserSession.user_id) == user_id, col(UserSession.ended_at).is_(None), *which)
        .values(ended_at=at, ended_because=because, id_token=None)
        .returning(col(UserSession.id))
        .execution_options(synchronize_session="fetch")
    ).all()
    found = sorted(ended)
    if found:
        before: dict[str, Any] = {
            "sessions_ended": [],
            "because": "",
        }  # told as a change of the person, not as a new one
        after = {"sessions_ended": [str(each) for each in found], "because": because}
        audit.note(session, "app_user", user_id, before=before, after=after)
    return found
