"""Signing out at the demo's own provider, and of it: from either side, told to the clients, and only by who may."""

import base64
import json
import re

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from starlette.testclient import TestClient

from buyside.web.demo_provider_server import LOGOUT_EVENT
from tests.web.demo_house import (
    INTERNAL,
    ISSUER,
    KEY,
    PORTAL,
    Attempt,
    House,
    claims_of,
    names_on,
    open_house,
    refused,
    sent_back,
)


@pytest.fixture
def house() -> House:
    return open_house()


def sign_out(browser: TestClient, **values: str) -> httpx.Response:
    return browser.get("/sign-out", params=values)


@pytest.mark.rule("ACC-8")
def test_signing_out_at_a_client_ends_the_session_here_and_tells_the_clients(house: House) -> None:
    token = Attempt().id_token(house, "ada")
    sid = claims_of(token, house)["sid"]
    answer = sign_out(
        house.browser, id_token_hint=token, post_logout_redirect_uri=INTERNAL.signed_out_uri, state="back again"
    )
    assert answer.headers["location"] == f"{INTERNAL.signed_out_uri}?state=back+again"
    assert sent_back(Attempt().begin(house.browser, prompt="none"))["error"] == "login_required"
    ((address, logout_token),) = house.told
    assert address == INTERNAL.back_channel_uri
    read = jwt.decode(logout_token, KeySet([KEY]), ["RS256"])
    assert read.header["typ"] == "logout+jwt"
    assert read.claims["events"] == {LOGOUT_EVENT: {}}
    assert (read.claims["iss"], read.claims["aud"]) == (ISSUER, "buyside")
    assert (read.claims["sub"], read.claims["sid"]) == ("ada", sid)
    assert "nonce" not in read.claims
    assert read.claims["jti"]
    assert 0 < read.claims["exp"] - read.claims["iat"] <= 120


def test_an_id_token_that_has_expired_still_signs_out(house: House) -> None:
    token = Attempt().id_token(house, "ada")
    house.now += 8 * 3600
    sign_out(house.browser, id_token_hint=token)
    assert len(house.told) == 1


def test_after_signing_out_nobody_is_sent_to_a_foreign_address(house: House) -> None:
    token = Attempt().id_token(house, "ada")
    for address in (
        "https://evil.example.com/",
        PORTAL.signed_out_uri,
        f"{INTERNAL.signed_out_uri}/x",
        INTERNAL.public_url,
    ):
        answer = sign_out(house.browser, id_token_hint=token, post_logout_redirect_uri=address)
        assert answer.status_code == 200
        assert "location" not in answer.headers


@pytest.mark.parametrize("kind", ["no token", "other key", "alg none", "cut", "other client"])
def test_a_hint_that_is_not_ours_signs_nobody_out(house: House, kind: str) -> None:
    token = Attempt().id_token(house, "ada")
    claims = claims_of(token, house)
    foreign = RSAKey.generate_key(2048, {"kid": KEY.kid or ""})
    header = base64.urlsafe_b64encode(json.dumps({"alg": "none"}).encode()).decode().rstrip("=")
    hints = {
        "no token": "no token",
        "other key": jwt.encode({"alg": "RS256", "kid": KEY.kid}, claims, foreign),
        "alg none": f"{header}.{token.split('.')[1]}.",
        "cut": token[:-6],
        "other client": token,
    }
    named = {"client_id": PORTAL.client_id} if kind == "other client" else {}
    answer = sign_out(
        house.browser, id_token_hint=hints[kind], post_logout_redirect_uri=INTERNAL.signed_out_uri, **named
    )
    assert answer.status_code == 400
    assert "location" not in answer.headers
    assert house.told == []


def test_another_browser_with_the_id_token_signs_nobody_out(house: House) -> None:
    token = Attempt().id_token(house, "ada")
    sign_out(house.another_browser(), id_token_hint=token)
    assert house.told == []
    assert "code" in sent_back(Attempt().begin(house.browser, prompt="none"))


def test_without_a_hint_somebody_has_to_say_so(house: House) -> None:
    Attempt().id_token(house, "ada")
    answer = sign_out(house.browser, post_logout_redirect_uri=INTERNAL.signed_out_uri)
    assert names_on(answer.text) == [("Sign out Ada Byrne", "Buyer, Manager")]
    assert house.told == []


@pytest.mark.rule("ACC-8")
def test_who_signs_out_at_the_provider_is_signed_out_of_the_client(house: House) -> None:
    Attempt(INTERNAL).id_token(house, "ada")
    Attempt(PORTAL).id_token(house, "vera")
    page = house.browser.get("/").text
    assert {name for name, _ in names_on(page)} == {"Sign out Ada Byrne", "Sign out Vera Lund"}
    sids = dict(zip([name for name, _ in names_on(page)], re.findall(r'name="sid" value="(\w+)"', page), strict=True))
    chosen = {"sid": sids["Sign out Vera Lund"]}
    assert house.browser.post("/end", data=chosen, headers={"origin": INTERNAL.public_url}).status_code == 403
    assert house.told == []
    house.another_browser().post("/end", data=chosen, headers={"origin": ISSUER})
    assert house.told == []
    house.browser.post("/end", data=chosen, headers={"origin": ISSUER})
    assert [address for address, _ in house.told] == [PORTAL.back_channel_uri]
    assert names_on(house.browser.get("/").text) == [("Sign out Ada Byrne", "Buyer, Manager")]


def test_a_code_of_somebody_who_signed_out_meanwhile_is_worth_nothing(house: House) -> None:
    token = Attempt().id_token(house, "ada")
    attempt = Attempt()
    code = attempt.code(house.browser, "ada")
    sign_out(house.browser, id_token_hint=token)
    assert refused(attempt.redeem(house.browser, code)) == "invalid_grant"


def test_a_client_that_does_not_answer_keeps_nobody_signed_in(house: House, caplog: pytest.LogCaptureFixture) -> None:
    def down(_address: str, _token: str) -> None:
        raise httpx.ConnectError("refused")

    house.provider._tell = down
    token = Attempt().id_token(house, "ada")
    sign_out(house.browser, id_token_hint=token)
    assert names_on(house.browser.get("/").text) == []
    assert "was not told" in caplog.text
