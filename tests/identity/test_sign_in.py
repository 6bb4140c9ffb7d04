"""The honest way in, on both surfaces: first by invitation, then by who one is."""

import pytest

from tests.identity.conftest import Desk


@pytest.mark.rule("ACC-8")
def test_a_known_person_signs_in_and_lands_where_they_wanted_to_go(either: Desk) -> None:
    browser = either.browser()
    answer = browser.sign_in(either.person, "/orders?view=late")
    assert (answer.status_code, answer.headers["location"]) == (303, "/orders?view=late")
    assert (either.opened(), browser.name()) == (1, either.person.subject)
