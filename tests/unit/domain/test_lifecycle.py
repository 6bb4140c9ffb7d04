"""The table of moves answers for every document alike."""

import pytest

from buyside.domain.orders import ORDER, OrderState
from buyside.domain.refusals import WrongState


@pytest.mark.rule("PO-5")
def test_a_draft_can_be_issued_and_an_issued_order_cannot_be_issued_again():
    assert ORDER.after("issue", OrderState.DRAFT) is OrderState.ISSUED
    with pytest.raises(WrongState) as refusal:
        ORDER.after("issue", OrderState.ISSUED)
    assert refusal.value.code == "lifecycle.wrong-state"
    assert str(refusal.value) == "This purchase order is issued; “issue” needs it to be approved or draft."


@pytest.mark.rule("PO-5")
def test_open_moves_are_what_the_table_allows():
    assert set(ORDER.open_moves(OrderState.PARTLY_RECEIVED)) == {
        "receive_part",
        "receive_all",
        "close_short",
        "void_part_of_receipts",
        "void_all_receipts",
    }
    assert ORDER.open_moves(OrderState.CLOSED) == ()


@pytest.mark.rule("PO-5")
def test_every_state_but_the_two_ends_has_a_way_out_or_belongs_to_a_later_step():
    waiting_for_others = {OrderState.CLOSED, OrderState.CANCELLED}
    stuck = {state for state in OrderState if not ORDER.open_moves(state)} - waiting_for_others
    assert stuck == set()
