"""Every write is one transaction and one audit entry, and safe to repeat."""

import threading
from dataclasses import dataclass
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from sqlmodel import Session, col, select

from buyside.db.audit import AnsweredRequest, AuditEvent, AuditSubject
from buyside.db.engine import app_engine
from buyside.db.stock import Warehouse
from buyside.domain.access import OPERATOR, Actor, Permission, Role, needs
from buyside.domain.refusals import Refused, RequestReused
from buyside.operations.run import perform, within


class Unwanted(Refused):
    code = "test.unwanted"
    says = "Not this one."


@dataclass(frozen=True)
class Opened:
    warehouse_id: int
    code: str


@needs(Permission.STOCK_ADJUST)
def open_warehouse(session: Session, actor: Actor, *, code: str, refuse: bool = False) -> Opened:
    warehouse = Warehouse(code=code, name="Somewhere")
    session.add(warehouse)
    session.flush()
    if refuse:
        raise Unwanted
    return Opened(warehouse.id, code)


@needs(Permission.STOCK_ADJUST)
def rename_warehouse(session: Session, actor: Actor, *, code: str, name: str) -> None:
    warehouse = session.exec(select(Warehouse).where(Warehouse.code == code)).one()
    warehouse.name = name


def unlocked(session: Session, actor: Actor) -> None:
    raise AssertionError("nobody may get here")


def events(session: Session) -> list[AuditEvent]:
    return list(session.exec(select(AuditEvent).order_by(col(AuditEvent.id))).all())


@pytest.mark.rule("ACC-6")
def test_a_write_leaves_one_entry_with_before_and_after(session):
    opened = within(session, open_warehouse, OPERATOR, code="NORTH")
    within(session, rename_warehouse, OPERATOR, code="NORTH", name="Far north")
    first, second = events(session)[-2:]
    assert (first.operation, first.actor_name, first.user_id) == ("open_warehouse", "operator", None)
    assert first.changes[0]["kind"] == "warehouse"
    assert first.changes[0]["before"] is None
    assert first.changes[0]["after"]["code"] == "NORTH"
    assert second.changes == [
        {
            "kind": "warehouse",
            "id": opened.warehouse_id,
            "before": {"name": "Somewhere"},
            "after": {"name": "Far north"},
        }
    ]
    history = session.exec(select(AuditSubject).where(AuditSubject.record_id == opened.warehouse_id)).all()
    assert {each.event_id for each in history if each.kind == "warehouse"} == {first.id, second.id}


def test_a_refusal_leaves_nothing_behind(database):
    request_id = uuid4()
    with pytest.raises(Unwanted):
        perform(open_warehouse, OPERATOR, request_id=request_id, code="GONE", refuse=True)
    with Session(app_engine()) as session:
        assert session.exec(select(Warehouse).where(Warehouse.code == "GONE")).all() == []
        assert [each for each in events(session) if "GONE" in str(each.changes)] == []
        assert session.get(AnsweredRequest, request_id) is None


@pytest.mark.rule("ACC-3")
def test_a_function_without_a_permission_cannot_be_performed(session):
    with pytest.raises(TypeError, match="declares no permission"):
        within(session, unlocked, OPERATOR)


def test_a_repeated_request_is_answered_as_before_and_changes_nothing(session):
    request_id = uuid4()
    first = within(session, open_warehouse, OPERATOR, request_id=request_id, code="ONCE")
    count = len(events(session))
    assert within(session, open_warehouse, OPERATOR, request_id=request_id, code="ONCE") == first
    assert len(events(session)) == count


def test_the_same_request_for_something_else_is_refused(session):
    request_id = uuid4()
    within(session, open_warehouse, OPERATOR, request_id=request_id, code="THIS")
    with pytest.raises(RequestReused) as refusal:
        within(session, open_warehouse, OPERATOR, request_id=request_id, code="THAT")
    assert refusal.value.code == "general.request-reused"
    other = Actor(user_id=None, name="other", roles=frozenset({Role.RECEIVER}))
    assert within(session, open_warehouse, other, request_id=request_id, code="THIS").code == "THIS"


def test_one_request_pressed_at_the_same_moment_by_eight_is_done_once(database):
    request_id = uuid4()
    start = threading.Barrier(8)
    answers: list[Opened] = []

    def press() -> None:
        start.wait()
        answers.append(perform(open_warehouse, OPERATOR, request_id=request_id, code="PRESSED"))

    pressing = [threading.Thread(target=press) for _ in range(8)]
    for each in pressing:
        each.start()
    for each in pressing:
        each.join()
    assert len(answers) == 8
    assert len(set(answers)) == 1


@pytest.mark.rule("ACC-6")
@pytest.mark.parametrize("table", ["audit_event", "audit_subject", "stock_entry", "receipt", "purchase_order_snapshot"])
@pytest.mark.parametrize("statement", ["DELETE FROM {}", "TRUNCATE {}", "UPDATE {} SET id = id"])
def test_the_application_cannot_rewrite_history(session, table, statement):
    if table == "audit_subject":
        statement = statement.replace("id = id", "kind = kind")
    with pytest.raises(ProgrammingError, match="permission denied"):
        session.execute(text(statement.format(table)))


@pytest.mark.rule("STK-5")
def test_the_application_cannot_write_a_balance_by_itself(session):
    with pytest.raises(ProgrammingError, match="permission denied"):
        session.execute(text("UPDATE stock_balance SET on_hand = 1"))
