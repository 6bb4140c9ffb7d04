"""Terms of payment are said in the words of a paper."""

import pytest

from buyside.domain.payment import events_in_words


@pytest.mark.rule("PO-3")
def test_each_share_is_told_with_its_trigger_and_its_days() -> None:
    payment = {
        "events": [
            {"share_percent": "30", "trigger": "order", "days": 0},
            {"share_percent": "12.5", "trigger": "receipt", "days": 1},
            {"share_percent": "57.5", "trigger": "invoice", "days": 30},
        ]
    }
    assert events_in_words(payment, "de_DE") == "30 % on order; 12,5 % on receipt, 1 day; 57,5 % on invoice, 30 days"
    assert events_in_words(None, "de_DE") == ""
