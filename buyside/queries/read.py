"""How every read is run: in a transaction that cannot write and sees one moment."""

from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import text

from buyside.db.engine import prove, sessions
from buyside.domain.access import Actor, permission_of
from buyside.domain.telling import told_to

Answer = TypeVar("Answer")


def ask(query: Callable[..., Answer], actor: Actor, /, **arguments: Any) -> Answer:
    """Run one query for an actor. Refuses: what the query refuses, with its values as the actor writes them."""
    if permission_of(query) is None:
        raise TypeError(f"{query.__qualname__} declares no permission, so nobody may call it")
    with told_to(actor.locale), sessions()() as session:
        session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
        prove(session, actor.proof)
        return query(session, actor, **arguments)
