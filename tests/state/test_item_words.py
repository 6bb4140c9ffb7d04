"""Charts of an item: how many points they have at most, and where their lines begin and end."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from buyside.domain.access import Actor, Role
from buyside.domain.rates import Rate, Rates
from buyside.queries.item_card import OpenLine
from buyside.queries.item_prices import ItemPrices, PaidPrice, PriceStep, VendorPrices
from buyside.queries.item_stock import ComingDay, PastDay, StockOverTime
from buyside.state import item_words
from buyside.state.item import on_order_in_words
from buyside.state.item_words import (
    day_number,
    lines_in_words,
    sourcing_in_words,
    stock_points,
)
from buyside.state.price_words import price_marks, price_points

DAY = date(2026, 3, 2)


def _stock(past: int, coming: int) -> StockOverTime:
    return StockOverTime(
        warehouse_id=1, warehouse="MAIN", today=DAY, since=DAY - timedelta(days=183), opening=Decimal(7), on_hand=Decimal(5),
        safety_stock=Decimal(2), reorder_point=None, run_id=1, as_of=DAY,
        past=tuple(PastDay(DAY - timedelta(days=n), Decimal(1), Decimal(n)) for n in range(past, 0, -1)),
        coming=tuple(
            ComingDay(DAY + timedelta(days=n), Decimal(1), Decimal(0), Decimal(-n), Decimal(0), Decimal(n), None, ())
            for n in range(1, coming + 1)
        ),
    )  # fmt: skip


def test_a_chart_of_stock_has_at_most_two_hundred_points() -> None:
    points, start, end = stock_points(_stock(past=183, coming=900))
    assert len(points) <= 200
    assert points == sorted(points, key=lambda point: point["t"])
    assert (start, end) == (day_number(DAY) - 183, day_number(DAY) + 907)


def test_the_balance_ends_today_and_the_projection_begins_there() -> None:
    points, _, end = stock_points(_stock(past=2, coming=1))
    [today] = [point for point in points if point["t"] == day_number(DAY)]
    assert (today["balance"], today["projected"], today["with_plan"]) == (5, 5, 5)
    assert all("projected" not in point for point in points if point["t"] < day_number(DAY))
    assert points[-1] == {"t": end, "projected": -1, "with_plan": 1}
    nothing, _, end = stock_points(_stock(past=0, coming=0))
    assert nothing[-1] == {"t": end, "projected": 5, "with_plan": 5}


def _step(since: int, until: int, comparable: str | None) -> PriceStep:
    price = None if comparable is None else Decimal(comparable)
    return PriceStep(
        DAY + timedelta(days=since), DAY + timedelta(days=until), price, "pcs", Decimal(1), Decimal(1), None, price
    )


def test_a_price_line_ends_where_nothing_is_offered_and_points_stay_within_two_hundred() -> None:
    steps = tuple(_step(2 * n, 2 * n + 1, str(n + 1)) for n in range(49))
    acme = VendorPrices("ACME", "Acme", "EUR", (*steps, _step(98, 120, None)))
    yen = VendorPrices(
        "BEST", "Best", "JPY", (PriceStep(DAY, DAY, Decimal(1), "pcs", Decimal(1), Decimal(1), None, None),)
    )
    paid = tuple(
        PaidPrice(str(n), 1, "ACME", "Acme", DAY + timedelta(days=n), Decimal(1), "pcs", Decimal(2), Decimal(2), "EUR", None, Decimal(2))
        for n in range(98)
    )  # fmt: skip
    prices = ItemPrices("EUR", True, DAY, DAY + timedelta(days=120), (acme, yen), paid, ("JPY",))
    points = price_points(prices)
    assert len(points) <= 200
    by_day = {point["t"] - day_number(DAY): point["offer0"] for point in points}
    assert (by_day[97], by_day[98], by_day[120]) == (49, None, None)
    assert [mark["name"] for mark in price_marks(prices)] == [
        "Acme (EUR)",
        "Paid",
    ]  # what cannot be compared is not drawn


def test_a_rate_holds_from_its_day_until_the_next_one() -> None:
    rates = Rates("EUR", [Rate("USD", Decimal("0.8"), DAY), Rate("USD", Decimal("0.9"), DAY - timedelta(days=9))])
    found = [rates.on("USD", DAY + timedelta(days=n)) for n in (-10, -9, -1, 0, 400)]
    assert [each and str(each.rate) for each in found] == [None, "0.9", "0.9", "0.8", "0.8"]
    assert rates.on("EUR", DAY) == Rate("EUR", Decimal(1), None)
    assert rates.on("CHF", DAY) is None


def test_whose_vendor_goes_first_is_a_sentence() -> None:
    assert sourcing_in_words("BRAKES", "cheapest", contracts_first=True) == (
        "Group BRAKES: cheapest first; a contract with enough left goes before that."
    )
    assert sourcing_in_words("", "preference", contracts_first=True) == (
        "Preferred first, as no group says otherwise; a contract with enough left goes before that."
    )
    assert sourcing_in_words("SEATS", "share", contracts_first=False) == (
        "Group SEATS: split by share; contracts do not go before that."
    )


def test_what_is_on_order_in_another_unit_is_told_in_stock_units_too(monkeypatch: pytest.MonkeyPatch) -> None:
    reader = Actor(user_id=None, name="buyer", roles=frozenset({Role.BUYER}), locale="de_DE")
    monkeypatch.setattr(item_words, "me", lambda: reader)

    def line(unit: str, stock: str) -> OpenLine:
        return OpenLine(
            "PO-1", 1, "issued", False, "ACME", "Acme", "MAIN", Decimal(50), Decimal(50), unit, Decimal(stock),
            Decimal(2), "EUR", None, DAY, 0,
        )  # fmt: skip

    bars, metres = lines_in_words([line("bar6", "1300.5"), line("m", "50")])
    assert (bars["open"], bars["unit"], bars["stock"]) == ("50", "bar6", "1.300,5")
    assert metres["stock"] == ""


def test_open_orders_say_what_they_come_to_so_that_the_figure_on_order_is_theirs() -> None:
    def line(state: str, stock: str) -> OpenLine:
        return OpenLine(
            "PO-1", 1, state, False, "ACME", "Acme", "MAIN", Decimal(50), Decimal(50), "box", Decimal(stock), Decimal(2),
            "EUR", None, DAY, 0,
        )  # fmt: skip

    issued = [line("issued", "1200"), line("partly_received", "0.5")]
    assert on_order_in_words([], "m", "de_DE") == ""
    assert on_order_in_words(issued, "m", "de_DE") == "1.200,5 m on order"
    assert on_order_in_words([*issued, line("draft", "7")], "m", "de_DE") == (
        "1.200,5 m on order, and 7 m of orders that are not issued yet"
    )
    assert on_order_in_words(issued * 50, "m", "de_DE") == "the first 100 of them"
