"""Which texts are e-mail addresses, which roles go together, and what an invitation says."""

import pytest

from buyside.domain.access import INTERNAL_ROLES, Role
from buyside.domain.people import checked_roles, email_address, invitation_letter
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


@pytest.mark.rule("ACC-1")
def test_internal_roles_go_together_and_a_vendors_user_is_only_that() -> None:
    assert checked_roles("Ada", [Role.BUYER, Role.BUYER, Role.ADMIN]) == {Role.BUYER, Role.ADMIN}
    assert checked_roles("Ada", INTERNAL_ROLES) == INTERNAL_ROLES
    assert checked_roles("Vera", [Role.VENDOR]) == {Role.VENDOR}
    for roles, code in (([], "people.no-role"), ([Role.VENDOR, Role.BUYER], "people.vendor-and-internal")):
        with pytest.raises(Refused) as refused:
            checked_roles("Ada", roles)
        assert refused.value.code == code


@pytest.mark.parametrize(
    ("is_vendor", "company", "subject"),
    [
        (False, "Own Works", "Your invitation to Buyside of Own Works"),
        (True, "Own Works", "Your invitation to the vendor portal of Own Works"),
        (False, "", "Your invitation to Buyside"),
        (True, "", "Your invitation to the vendor portal"),
    ],
)
def test_an_invitation_says_where_to_sign_in_and_until_when(is_vendor: bool, company: str, subject: str) -> None:
    letter = invitation_letter(
        name="Ada Quill",
        email="ada@example.com",
        address="https://buy.example.com",
        until="6 Dec 2026",
        company=company,
        sender="",
        is_vendor=is_vendor,
    )
    assert letter.subject == subject
    assert "Open https://buy.example.com and sign in with your account for ada@example.com." in letter.text
    assert "holds until 6 Dec 2026" in letter.text
    assert letter.text.endswith(f"\n\n{company or 'Buyside'}\n")
