"""No number that the database would round, or could not hold, and no day that nobody can mean, reaches an operation."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import inspect
from sqlmodel import Session, SQLModel

from buyside.db.orders import PurchaseOrderLine
from buyside.domain.access import OPERATOR
from buyside.domain.refusals import Refused
from buyside.operations import run
from buyside.operations.order_lines import add_line, change_line
from buyside.operations.orders import save_order
from buyside.operations.plans import start_run
from buyside.operations.receipts import receive_order
from buyside.operations.run import within
from buyside.operations.stock import adjust_stock, transfer_stock
from tests.world import NOW, World

UNFIT = [
    Decimal(each)
    for each in ("NaN", "sNaN", "Infinity", "-Infinity", "1e15", "-1e15", "1e400", "0.0000001", "1.0000001")
]


class Setup:
    """A draft and an issued order of an item in packs of a thousand."""

    def __init__(self, session: Session) -> None:
        world = World(session)
        world.organisation()
        self.session = session
        self.metre = world.unit("m", digits=3, category="length")
        self.item = world.item("Tube", unit=self.metre)
        self.main, self.other = world.warehouse(), world.warehouse()
        vendor = world.vendor().supplies(self.item, pack=1000, unit=self.metre)
        self.draft, [self.line] = world.order(vendor, self.main, (self.item, 5))
        self.issued, [self.coming] = world.order(vendor, self.main, (self.item, 5), issued=True)
        world.stock(self.main, self.item, 10)

    def calls(self, number: Decimal) -> list[tuple[Any, dict[str, Any]]]:
        draft = {"order_id": self.draft.id, "version": self.draft.version, "at": NOW}
        where = {"item_id": self.item.id, "at": NOW, "reason": "count"}
        return [
            (add_line, draft | {"item_id": self.item.id, "quantity": number}),
            (add_line, draft | {"item_id": self.item.id, "quantity": Decimal(1), "unit_price": number}),
            (change_line, draft | {"line_id": self.line.id, "changes": {"quantity": number}}),
            (change_line, draft | {"line_id": self.line.id, "changes": {"tax_percent": number}}),
            (save_order, draft | {"head": {"header_discount": number}}),
            (save_order, draft | {"head": {"shipping_costs": number}}),
            (
                receive_order,
                {
                    "order_id": self.issued.id,
                    "warehouse_id": self.main.id,
                    "at": NOW,
                    "lines": {self.coming.id: number},
                },
            ),
            (adjust_stock, where | {"warehouse_id": self.main.id, "quantity": number}),
            (adjust_stock, where | {"warehouse_id": self.main.id, "quantity": Decimal(1), "unit_cost": number}),
            (
                transfer_stock,
                where | {"from_warehouse_id": self.main.id, "to_warehouse_id": self.other.id, "quantity": number},
            ),
        ]


@pytest.mark.rule("PO-4")
@pytest.mark.rule("STK-5")
@pytest.mark.parametrize("number", UNFIT, ids=str)
def test_what_cannot_be_kept_exactly_is_refused_everywhere(session: Session, number: Decimal) -> None:
    setup = Setup(session)
    for operation, arguments in setup.calls(number):
        with pytest.raises(Refused) as refused, session.begin_nested():
            within(session, operation, OPERATOR, **arguments)
        assert refused.value.code == "general.not-a-number", operation
        assert refused.value.field in {
            "quantity",
            "unit_price",
            "tax_percent",
            "header_discount",
            "shipping_costs",
            "unit_cost",
        }


@pytest.mark.rule("PO-4")
def test_a_percentage_finer_than_it_is_kept_is_refused(session: Session) -> None:
    setup = Setup(session)
    for field in ("discount_percent", "tax_percent", "discount_amount"):
        with pytest.raises(Refused) as refused:
            within(
                session,
                change_line,
                OPERATOR,
                order_id=setup.draft.id,
                version=setup.draft.version,
                line_id=setup.line.id,
                changes={field: Decimal("33.33333")},
                at=NOW,
            )
        assert (refused.value.code, refused.value.field) == ("general.not-a-number", field)


def test_the_limits_are_those_of_the_columns() -> None:
    of_line = SQLModel.metadata.tables[PurchaseOrderLine.__tablename__].columns
    for name, decimals in run._DECIMALS_OF.items():
        if name in of_line:
            assert of_line[name].type.scale == decimals, name
    assert inspect(PurchaseOrderLine).columns["quantity"].type.scale == run._MOST_DECIMALS


@pytest.mark.rule("STK-5")
@pytest.mark.parametrize("unit_cost", [None, Decimal(999_999_999_999)], ids=["balance", "value"])
def test_numbers_that_add_up_or_multiply_beyond_what_is_kept_are_refused(
    session: Session, unit_cost: Decimal | None
) -> None:
    setup = Setup(session)
    arguments = {"warehouse_id": setup.main.id, "item_id": setup.item.id, "reason": "count", "at": NOW}
    with pytest.raises(Refused) as refused, session.begin_nested():
        within(session, adjust_stock, OPERATOR, **arguments, quantity=Decimal(999_999_999_999), unit_cost=unit_cost)
    assert refused.value.code == "general.too-large"


@pytest.mark.rule("PLAN-9")
@pytest.mark.rule("STK-5")
@pytest.mark.parametrize("day", [date(1, 1, 1), date(206, 3, 2), date(9999, 12, 31)], ids=str)
def test_a_day_that_nobody_can_mean_is_refused_everywhere(session: Session, day: date) -> None:
    setup = Setup(session)
    draft = {"order_id": setup.draft.id, "version": setup.draft.version, "at": NOW}
    calls: list[tuple[Any, dict[str, Any]]] = [
        (add_line, draft | {"item_id": setup.item.id, "quantity": Decimal(1), "needed_on": day}),
        (change_line, draft | {"line_id": setup.line.id, "changes": {"expected_on": day}}),
        (save_order, draft | {"head": {"order_by": day}}),
        (
            receive_order,
            {"order_id": setup.issued.id, "warehouse_id": setup.main.id, "at": NOW, "effective_on": day},
        ),
        (start_run, {"as_of": day, "at": NOW}),
    ]
    for operation, arguments in calls:
        with pytest.raises(Refused) as refused, session.begin_nested():
            within(session, operation, OPERATOR, **arguments)
        assert refused.value.code == "general.date-out-of-reach", operation
