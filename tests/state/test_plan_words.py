"""A plan line tells who else could deliver, and of those who cannot why not (PLAN-14)."""

from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest
from sqlmodel import Session

from buyside.domain.access import Actor, Role
from buyside.domain.locales import shown_date
from buyside.planning.reasons import reason_text
from buyside.queries.plan_explanations import plan_line_detail
from buyside.queries.plan_line_marks import ContractChoice
from buyside.state.plan_words import Other, contracts_of, other_of
from tests.plan_world import a_draft
from tests.world import TODAY, World

BUYER = Actor(user_id=None, name="buyer", roles=frozenset({Role.BUYER}))
GERMAN = "de_DE"


@pytest.mark.rule("PLAN-14")
def test_a_vendor_that_a_line_cannot_be_ordered_from_says_why(session: Session) -> None:
    world = World(session)
    draft, bolt, main = a_draft(world), world.item(), world.warehouse()
    acme = world.vendor("Acme").supplies(bolt, price="2", lead_days=31)
    yesterday, tomorrow = TODAY - timedelta(days=1), TODAY + timedelta(days=1)
    world.vendor("Held", status="on_hold").supplies(bolt)
    world.vendor("Maybe", status="prospect").supplies(bolt)
    world.vendor("Gone").supplies(bolt, is_active=False)
    world.vendor("Past").supplies(bolt, valid_to=yesterday)
    world.vendor("Soon").supplies(bolt, valid_from=tomorrow)
    world.vendor("Mute").supplies(bolt, price=None, breaks={5000: "1.00"}, lead_days=40)
    world.vendor("Far", currency="JPY").supplies(bolt, price="300", lead_days=2)
    line = draft.line(bolt, main, acme, 2500, price=Decimal(2))
    told = plan_line_detail(session, BUYER, line_id=line.id)
    shown: dict[str, Other] = {each.vendor: other_of(each, GERMAN, is_editable=True) for each in told.alternatives}
    assert {name: (each["says"], each["can_take"]) for name, each in shown.items()} == {
        "Acme": ("Chosen; 1 d late", False),
        "Held": ("Takes no new orders: on hold", False),
        "Maybe": ("Takes no new orders: prospect", False),
        "Gone": ("No longer offers it", False),
        "Past": (f"Offered it until {shown_date(yesterday, GERMAN)}", False),
        "Soon": (f"Offers it from {shown_date(tomorrow, GERMAN)} on", False),
        "Mute": ("10 d late; no price for 2.500 pcs", True),
        "Far": ("No exchange rate of JPY; price did not decide", True),
    }
    assert [shown[name]["tone"] for name in ("Acme", "Held", "Mute", "Far")] == ["warn", "neutral", "warn", "neutral"]


@pytest.mark.rule("PLAN-14", "CON-1")
def test_a_contract_says_how_much_is_left_in_which_unit_and_that_its_price_counts(session: Session) -> None:
    world = World(session)
    draft, bolt, main = a_draft(world), world.item(), world.warehouse()
    acme = world.vendor("Acme").supplies(bolt, price="2", lead_days=1)
    line = draft.line(bolt, main, acme, 10, price=Decimal("1.5"))
    agreed = ContractChoice(7, "C-7", 1, Decimal("1.5"), "EUR", Decimal(2500), "pcs", Decimal("99.5"), is_chosen=True)
    [told] = contracts_of(SimpleNamespace(contracts=(agreed,)), GERMAN, is_editable=True)  # type: ignore[arg-type]
    assert (told["left"], told["says"]) == ("2.500 pcs and 99,50 EUR", "Chosen")
    [alternative] = plan_line_detail(session, BUYER, line_id=line.id).alternatives
    assert (
        other_of(alternative, GERMAN, is_editable=True, contract="C-7")["says"]
        == "Chosen, at the price of contract C-7"
    )


_NOT_COMPARED = "No exchange rate of JPY, so not compared by price"
_NOT_ASKED = "No exchange rate of JPY; price did not decide"


@pytest.mark.rule("PLAN-7")
@pytest.mark.parametrize(
    ("reason", "equal", "better"),
    [
        ("preferred", _NOT_ASKED, _NOT_ASKED),
        ("fastest", _NOT_ASKED, _NOT_ASKED),
        ("share", _NOT_ASKED, _NOT_ASKED),
        ("contract", _NOT_ASKED, _NOT_ASKED),
        ("only", _NOT_ASKED, _NOT_ASKED),
        ("shortest_time", _NOT_ASKED, _NOT_ASKED),
        ("cheapest", _NOT_COMPARED, _NOT_ASKED),
        ("priced", _NOT_COMPARED, _NOT_ASKED),
        ("no_rate", _NOT_COMPARED, _NOT_ASKED),
        ("lowest_price", _NOT_COMPARED, _NOT_COMPARED),
    ],
)
def test_a_missing_exchange_rate_counts_only_where_prices_were_compared(
    session: Session, reason: str, equal: str, better: str
) -> None:
    """Of two vendors without a rate one is as preferred and as quick as the vendor chosen, and one is less preferred."""
    world = World(session)
    draft, bolt, main = a_draft(world), world.item(), world.warehouse()
    acme = world.vendor("Acme").supplies(bolt, price="2", lead_days=5)
    world.vendor("Equal", currency="JPY").supplies(bolt, price="300", lead_days=5)
    world.vendor("Other", currency="JPY").supplies(bolt, price="300", lead_days=5, preference=7)
    row = {
        "reason": reason, "candidates": 3, "trigger": "shortage", "contract": "C-1", "share_percent": 0, "split_need": 0,
        "order_by": TODAY, "latest_order_on": TODAY,
    }  # fmt: skip
    line = draft.line(bolt, main, acme, 10, price=Decimal(2), reason=reason_text(row))
    told = {
        each.vendor: other_of(each, GERMAN, is_editable=True)
        for each in plan_line_detail(session, BUYER, line_id=line.id).alternatives
    }
    assert [told[name]["says"] for name in ("Acme", "Equal", "Other")] == ["Chosen", equal, better]
    assert [told[name]["tone"] for name in ("Acme", "Equal")] == [
        "active",
        "warn" if equal == _NOT_COMPARED else "neutral",
    ]
