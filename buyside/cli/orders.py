"""`buyside order`: issue an order, receive what it brought."""

from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated

import typer

from buyside.cli.opened import opened_database
from buyside.cli.output import Json, say, show_json
from buyside.domain.access import OPERATOR
from buyside.domain.refusals import NotFound, Refused
from buyside.operations.orders import issue_order
from buyside.operations.receipts import receive_order
from buyside.operations.run import perform
from buyside.queries.orders import order_detail, order_id_of
from buyside.queries.read import ask
from buyside.queries.stock import warehouse_choices

app = typer.Typer(help="Issue purchase orders and receive their goods.", no_args_is_help=True)


class NoSuchLine(Refused):
    code = "orders.no-such-line"
    says = "{number} has no line {line}. It has: {lines}."


@app.command()
def issue(number: Annotated[str, typer.Argument(help="Number of the order.")], as_json: Json = False) -> None:
    """Issue a draft order: date it and freeze its snapshot."""
    with opened_database():
        order_id = ask(order_id_of, OPERATOR, number=number)
        issued = perform(issue_order, OPERATOR, order_id=order_id, at=datetime.now(UTC))
    if as_json:
        show_json(asdict(issued))
        return
    say(
        f"{issued.number} is issued, dated {issued.ordered_on}, {issued.total:f} {issued.currency_code}; "
        f"snapshot {issued.revision}, SHA-256 {issued.sha256}."
    )


@app.command()
def receive(
    number: Annotated[str, typer.Argument(help="Number of the order.")],
    warehouse: Annotated[str, typer.Option(help="Code of the warehouse that the goods come into.")],
    lines: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[LINE=QTY]...", help="Line number and quantity in the ordered unit; none: all that is open."
        ),
    ] = None,
    delivery_note: Annotated[str, typer.Option(help="Number of the vendor's delivery note.")] = "",
    as_json: Json = False,
) -> None:
    """Receive lines of an issued order, or all that is open, into a warehouse."""
    given = [_line_and_quantity(each) for each in lines or []]
    quantities = dict(given)
    if len(quantities) < len(given):
        raise typer.BadParameter("A line stands there twice; name each line once, with all that came of it.")
    with opened_database():
        order = ask(order_detail, OPERATOR, number=number)
        known = {each.line_number: each.id for each in order.lines}
        for line in quantities.keys() - known.keys():
            raise NoSuchLine(number=number, line=line, lines=", ".join(map(str, known)))
        received = perform(
            receive_order,
            OPERATOR,
            order_id=order.id,
            warehouse_id=_warehouse(warehouse),
            lines={known[line]: quantity for line, quantity in quantities.items()} if quantities else None,
            delivery_note=delivery_note,
            at=datetime.now(UTC),
        )
    if as_json:
        show_json(asdict(received))
        return
    valued = ""
    if received.is_estimated:
        valued = f" Its value is an estimate: no rate of {received.currency} is known for that day."
    elif received.rate is not None:
        valued = f" Valued at {received.rate.normalize():f} for one {received.currency}, the rate since {received.rate_from}."
    say(
        f"Receipt {received.number} is posted to {received.warehouse_code}; "
        f"{received.order_number} is {received.order_state.replace('_', ' ')}.{valued}"
    )


def _line_and_quantity(text: str) -> tuple[int, Decimal]:
    line, _, quantity = text.partition("=")
    try:
        return int(line), Decimal(quantity)
    except (ValueError, InvalidOperation):
        raise typer.BadParameter(f"“{text}” is not a line number and a quantity, such as 1=2.5.") from None


def _warehouse(code: str) -> int:
    for each in ask(warehouse_choices, OPERATOR):
        if each.code == code:
            return each.id
    raise NotFound(kind="warehouse")
