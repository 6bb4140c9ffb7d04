"""A vendor reads the contracts that were agreed with it, under the portal's own login (POR-1, CON-4)."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import Session

from buyside.domain.access import Actor
from buyside.domain.refusals import NotFound
from buyside.queries.portal_contracts import PORTAL_CONTRACT_ITEM_ROWS, PORTAL_CONTRACT_ROWS, portal_contract
from buyside.queries.rows import GridSource, RowsWanted, portal_grid_page
from tests.conftest import Database
from tests.portal_world import FOREIGN, INTERNAL, PortalWorld, as_vendor, sign_in, write
from tests.world import TODAY, World


@pytest.fixture(scope="module")
def story(database: Database) -> PortalWorld:
    with World.open() as world:
        return write(world)


@pytest.fixture
def ada(database: Database, story: PortalWorld) -> Iterator[tuple[Session, Actor]]:
    """Who acts for Acme."""
    with as_vendor(database.portal_url, sign_in(story.of_acme)) as opened:
        yield opened


def _rows(opened: tuple[Session, Actor], source: GridSource, **scope: str) -> list[dict[str, Any]]:
    session, actor = opened
    return portal_grid_page(session, actor, source=source, wanted=RowsWanted(scope=scope), today=TODAY).rows


@pytest.mark.rule("POR-1")
def test_the_list_has_the_agreed_contracts_of_the_vendor(story: PortalWorld, ada: tuple[Session, Actor]) -> None:
    agreed, past = _rows(ada, PORTAL_CONTRACT_ROWS, vendor=story.acme)
    assert (agreed["id"], agreed["state"], agreed["items"], Decimal(agreed["amount"])) == (
        story.contract, "active", 2, Decimal(5000),
    )  # fmt: skip
    assert (past["id"], past["state"], past["items"], past["amount"]) == (story.expired, "expired", 0, None)
    assert _rows(ada, PORTAL_CONTRACT_ROWS, vendor=story.beta) == []
    assert _rows(ada, PORTAL_CONTRACT_ROWS, vendor=story.foreign) == []


@pytest.mark.rule("CON-4")
def test_a_contract_says_what_was_agreed(story: PortalWorld, ada: tuple[Session, Actor]) -> None:
    contract = portal_contract(*ada, number=story.contract)
    assert (contract.vendor_code, contract.title, contract.state) == (story.acme, "Steel of the year", "active")
    assert (contract.amount, contract.currency_code, contract.currency_digits) == (Decimal(5000), "EUR", 2)
    items = _rows(ada, PORTAL_CONTRACT_ITEM_ROWS, contract=story.contract)
    assert [(row["name"], row["quantity"], row["unit_price"]) for row in items] == [
        ("Bolt", "1000", "2.4"),
        ("Nut", None, "1.2"),
    ]
    assert all(row["id"] == row["item"] for row in items)


@pytest.mark.rule("POR-3")
def test_a_draft_a_foreign_and_an_absent_contract_are_refused_alike(
    story: PortalWorld, ada: tuple[Session, Actor]
) -> None:
    answers = set()
    for number in (story.foreign_contract, story.draft_contract, "NO-SUCH-CONTRACT", "", "a\0b", "\ud800"):
        with pytest.raises(NotFound) as refused:
            portal_contract(*ada, number=number)
        answers.add((refused.value.code, str(refused.value)))
    for number in (story.foreign_contract, story.draft_contract, "NO-SUCH-CONTRACT", ""):
        assert _rows(ada, PORTAL_CONTRACT_ITEM_ROWS, contract=number) == []
    assert answers == {("access.not-found", "There is no such contract.")}


@pytest.mark.rule("POR-3")
def test_nothing_foreign_and_no_draft_is_in_what_a_vendor_gets(story: PortalWorld, ada: tuple[Session, Actor]) -> None:
    got: list[Any] = [asdict(portal_contract(*ada, number=story.contract))]
    got += _rows(ada, PORTAL_CONTRACT_ROWS, vendor=story.acme)
    got += _rows(ada, PORTAL_CONTRACT_ITEM_ROWS, contract=story.contract)
    said = json.dumps(got, default=str)
    assert FOREIGN not in said
    assert INTERNAL not in said
    assert "Steel of the year" in said
