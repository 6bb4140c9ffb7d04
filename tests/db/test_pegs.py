"""What order lines' pegs refer to is there, whoever writes: the database itself checks it, for a whole statement at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from tests.conftest import Database
from tests.world import World

pytestmark = pytest.mark.rule("PLAN-17")
NOWHERE = 987_654_321
INSERT = (
    "INSERT INTO purchase_order_peg (order_line_id, sales_order_line_id, quantity) "
    "SELECT order_line_id, sales_order_line_id, quantity FROM purchase_order_peg "
    "UNION ALL SELECT :order_line_id, :sales_order_line_id, 1"
)
UPDATE = "UPDATE purchase_order_peg SET order_line_id = :order_line_id, sales_order_line_id = :sales_order_line_id"


@pytest.fixture
def pegged(session: Session) -> tuple[int, int, int, int]:
    """Ids of an order line and of a sales order line with a peg between them, and of one of each without."""
    return _pegged(World(session))


def _pegged(world: World) -> tuple[int, int, int, int]:
    main, bolt = world.warehouse(), world.item()
    _, (sold, unsold) = world.sales_order(main, (world.variant(), 3), (world.variant(), 4))
    acme = world.vendor().supplies(bolt)
    _, (line,) = world.order(acme, main, (bolt, 3), pegs=((sold.id, Decimal(3)), (None, Decimal(1))))
    _, (free,) = world.order(acme, main, (bolt, 3))
    return line.id, sold.id, free.id, unsold.id


@pytest.mark.parametrize("column", ["order_line_id", "sales_order_line_id"])
@pytest.mark.parametrize("statement", [INSERT, UPDATE], ids=["insert", "update"])
def test_one_peg_of_nothing_among_others_is_refused(
    session: Session, pegged: tuple[int, int, int, int], column: str, statement: str
) -> None:
    right = {"order_line_id": pegged[0], "sales_order_line_id": pegged[1]}
    session.execute(text(statement), right)
    with pytest.raises(IntegrityError) as refused:
        session.execute(text(statement), {**right, column: NOWHERE})
    assert isinstance(refused.value.orig, psycopg.errors.ForeignKeyViolation)
    assert refused.value.orig.diag.constraint_name == f"purchase_order_peg_{column}_fkey"


@pytest.mark.parametrize("change", ["DELETE FROM {table}", "UPDATE {table} SET id = id + 1000000"])
@pytest.mark.parametrize(("table", "with_peg"), [("purchase_order_line", 0), ("sales_order_line", 1)])
def test_what_has_pegs_stays_and_what_has_none_goes(
    session: Session, pegged: tuple[int, int, int, int], table: str, with_peg: int, change: str
) -> None:
    statement = change.format(table=table) + " WHERE id = :id"
    assert _count(session, statement, pegged[with_peg + 2]) == 1
    with pytest.raises(IntegrityError) as refused:
        session.execute(text(statement), {"id": pegged[with_peg]})
    assert isinstance(refused.value.orig, psycopg.errors.ForeignKeyViolation)


def _count(session: Session, statement: str, key: int) -> int:
    found: int = session.execute(
        text(f"WITH done AS ({statement} RETURNING 1) SELECT count(*) FROM done"), {"id": key}
    ).scalar_one()
    return found


@pytest.mark.parametrize("who_is_first", ["peg", "deletion"])
def test_a_peg_and_the_deletion_of_what_it_refers_to_wait_for_each_other(database: Database, who_is_first: str) -> None:
    with World.open() as world:
        line, _, _, sold = _pegged(world)
    peg = "INSERT INTO purchase_order_peg (order_line_id, sales_order_line_id, quantity) VALUES (%s, %s, 1)"
    delete = "DELETE FROM sales_order_line WHERE id = %s"
    acts: list[Callable[[psycopg.Connection], object]] = [
        lambda connection: connection.execute(peg, (line, sold)),
        lambda connection: connection.execute(delete, (sold,)),
    ]
    first, second = acts if who_is_first == "peg" else acts[::-1]
    with (
        psycopg.connect(database.app_url) as one,
        psycopg.connect(database.app_url) as two,
        ThreadPoolExecutor(1) as other,
    ):
        first(one)
        waiting = other.submit(second, two)
        with pytest.raises(TimeoutError):
            waiting.result(timeout=0.3)
        one.commit()
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            waiting.result(timeout=20)
