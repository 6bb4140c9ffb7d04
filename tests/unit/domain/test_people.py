"""Which texts are e-mail addresses, and in which form they are kept."""

import pytest

from buyside.domain.people import email_address
from buyside.domain.refusals import Refused


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("ada@example.com", "ada@example.com"),
        ("  Ada.Quill+orders@Example.COM ", "ada.quill+orders@example.com"),
        ("o'neill@mail.example.co.uk", "o'neill@mail.example.co.uk"),
        ("a@xn--bcher-kva.example", "a@xn--bcher-kva.example"),
        ("x" * 64 + "@example.com", "x" * 64 + "@example.com"),
    ],
)
def test_an_address_is_kept_trimmed_and_in_small_letters(typed: str, kept: str) -> None:
    assert email_address(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        *("", "ada", "ada@", "@example.com", "ada@example", "ada@@example.com", "a b@example.com", "ada@example.com."),
        *("ada@-example.com", "ada@example-.com", "ada..quill@example.com", ".ada@example.com", "ada@[192.0.2.1]"),
        *("Ada <ada@example.com>", "ada@example.com, bo@example.com", "ada@example.com\nbcc: bo@example.com"),
        *("аda@example.com", "ada@exаmple.com", "ada@example.123", "x" * 65 + "@example.com"),
        "a@" + "b" * 64 + ".com",
        "a@" + ".".join(["b" * 60] * 5) + ".com",
    ],
)
def test_what_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(Refused) as refused:
        email_address(typed)
    assert refused.value.code == "people.no-such-address"
