"""What production reports: components out, finished goods in, shipments out, in one step or not at all."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import Session, col, select

from buyside.db.stock import StockEntry
from buyside.domain.access import OPERATOR, Actor, Role
from buyside.domain.refusals import Refused
from buyside.domain.stock import StockReason
from buyside.ledgers import stock
from buyside.operations.production import Finished, Used, post_production
from buyside.operations.run import within
from tests.world import NOW, TODAY, World


@pytest.fixture
def works(session: Session) -> dict[str, Any]:
    """A warehouse with ten tubes at 3.00, and a bike that is made of them."""
    world = World(session)
    world.organisation()
    tube, bike, warehouse = world.item("Tube"), world.variant("Bike"), world.warehouse()
    opening = stock.Movement(
        warehouse.id, Decimal(10), StockReason.OPENING, TODAY, item_id=tube.id, unit_cost=Decimal(3)
    )
    stock.post(session, OPERATOR, [opening])
    return {"tube": tube, "bike": bike, "warehouse": warehouse}


def report(session: Session, works: dict[str, Any], actor: Actor = OPERATOR, **changes: Any) -> int:
    what: dict[str, Any] = {
        "warehouse_id": works["warehouse"].id,
        "effective_on": TODAY,
        "at": NOW,
        "used": (Used(works["tube"].id, Decimal(4)),),
        "finished": (Finished(works["bike"].id, Decimal(2), Decimal("900.50"), shipped=Decimal(1)),),
    }
    return within(session, post_production, actor, **(what | changes)).movements


def entries(session: Session) -> list[tuple[str, Decimal, Decimal]]:
    rows = session.exec(select(StockEntry).order_by(col(StockEntry.id))).all()
    return sorted((row.reason, row.quantity, row.value) for row in rows)


@pytest.mark.rule("STK-6")
def test_components_go_out_goods_come_in_and_leave_at_what_they_cost(session: Session, works: dict[str, Any]) -> None:
    assert report(session, works) == 3
    assert entries(session) == [
        ("fulfilment", Decimal(-1), Decimal("-900.5")),
        ("issue", Decimal(-4), Decimal(-12)),
        ("make", Decimal(2), Decimal(1801)),
        ("opening", Decimal(10), Decimal(30)),
    ]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"warehouse_id": 987_654}, "access.not-found"),
        ({"effective_on": TODAY + timedelta(days=1)}, "production.day-to-come"),
        ({"used": (Used(1, Decimal(0)),)}, "general.not-positive"),
        ({"finished": (Finished(1, Decimal(-1), Decimal(1)),)}, "general.not-positive"),
    ],
)
def test_a_report_that_cannot_be_is_refused(
    session: Session, works: dict[str, Any], changes: dict[str, Any], code: str
) -> None:
    with pytest.raises(Refused) as refused:
        report(session, works, **changes)
    assert refused.value.code == code
    assert len(entries(session)) == 1


def test_more_than_lies_there_is_not_used(session: Session, works: dict[str, Any]) -> None:
    with pytest.raises(Refused) as refused:
        report(session, works, used=(Used(works["tube"].id, Decimal("10.001")),))
    assert refused.value.code == "stock.negative"
    assert len(entries(session)) == 1


@pytest.mark.rule("ACC-2")
def test_a_buyer_reports_no_production(session: Session, works: dict[str, Any]) -> None:
    buyer = Actor(user_id=None, name="Buyer", roles=frozenset({Role.BUYER}))
    with pytest.raises(Refused) as refused:
        report(session, works, buyer)
    assert refused.value.code == "access.not-allowed"
