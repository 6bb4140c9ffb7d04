"""Where a vendor stands, and what follows from it (VEN-2)."""

from typing import Any

import pytest
from sqlmodel import Session

from buyside.domain.access import Actor, Role
from buyside.domain.refusals import Refused
from buyside.domain.vendors import STATUS_SAYS, VENDOR, VendorStatus
from buyside.operations.orders import issue_order
from buyside.operations.run import within
from buyside.operations.vendors import move_vendor
from tests.world import NOW, World

pytestmark = pytest.mark.rule("VEN-2")
_S = VendorStatus


class Setup:
    def __init__(self, session: Session) -> None:
        self.session, self.world = session, World(session)
        self.world.organisation()
        self.buyer = self.world.user(Role.BUYER)
        self.acme = self.world.vendor("Acme")

    def moves(self, move: str, *, reason: str = "because", actor: Actor | None = None, **changes: Any) -> Any:
        given = {"vendor_id": self.acme.id, "version": self.acme.row.version, "move": move, "reason": reason} | changes
        return within(self.session, move_vendor, actor or self.buyer, **given)

    def refused(self, move: str, **named: Any) -> str:
        before = self.acme.row.model_dump()
        with pytest.raises(Refused) as refusal, self.session.begin_nested():
            self.moves(move, **named)
        self.session.refresh(self.acme.row)
        assert self.acme.row.model_dump() == before
        return refusal.value.code


@pytest.fixture
def setup(session: Session) -> Setup:
    return Setup(session)


@pytest.mark.parametrize("status", list(_S))
@pytest.mark.parametrize("move", list(VENDOR.moves))
def test_each_move_leads_where_the_table_says_or_is_refused(setup: Setup, status: VendorStatus, move: str) -> None:
    setup.acme.row.status = status.value
    setup.session.flush()
    if VENDOR.allows(move, status):
        assert setup.moves(move, reason=" audit failed ").status is VENDOR.moves[move][1]
        assert (setup.acme.row.status_reason, setup.acme.row.version) == ("audit failed", 2)
    else:
        assert setup.refused(move) == "lifecycle.wrong-state"


def test_a_move_needs_a_reason_the_latest_version_and_the_permission(setup: Setup) -> None:
    assert setup.refused("hold", reason="  ") == "general.reason-missing"
    assert setup.refused("hold", version=9) == "general.stale"
    assert setup.refused("hold", vendor_id=0) == "access.not-found"
    assert setup.refused("delete") == "access.not-found"
    assert setup.refused("hold", actor=setup.world.user(Role.FINANCE)) == "access.not-allowed"


@pytest.mark.parametrize("move", ["hold", "close"])
def test_a_vendor_that_is_not_active_gets_no_new_order_and_keeps_those_it_has(setup: Setup, move: str) -> None:
    bolt, main = setup.world.item(), setup.world.warehouse()
    setup.acme.supplies(bolt)
    running, _ = setup.world.order(setup.acme, main, (bolt, 5), issued=True)
    draft, _ = setup.world.order(setup.acme, main, (bolt, 5))
    setup.moves(move)
    with pytest.raises(Refused) as refusal, setup.session.begin_nested():
        within(setup.session, issue_order, setup.buyer, order_id=draft.id, at=NOW)
    assert refusal.value.code == "orders.vendor-not-active"
    setup.session.refresh(running)
    assert running.state == "issued"


def test_every_status_says_what_it_means() -> None:
    assert set(STATUS_SAYS) == set(_S)
