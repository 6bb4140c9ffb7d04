"""The demo's own OpenID provider: a correct one, to people on this machine only."""

import base64
import re
import secrets
import subprocess
import sys
from html import unescape
from typing import Any
from urllib.parse import urlencode

import pytest

from buyside.config import ROOT, Settings
from buyside.web.demo_provider import NotHere, check, clients, signing_key
from buyside.web.demo_provider_server import CODE_SECONDS
from tests.web.demo_house import (
    INTERNAL,
    ISSUER,
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


# What it offers.


def test_it_describes_itself_at_the_address_that_follows_from_its_issuer(house: House) -> None:
    told = house.browser.get("/.well-known/openid-configuration").json()
    assert told["issuer"] == ISSUER
    assert told["code_challenge_methods_supported"] == ["S256"]
    assert told["response_types_supported"] == ["code"]
    assert told["authorization_response_iss_parameter_supported"] is True
    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri", "end_session_endpoint"):
        assert told[name].startswith(f"{ISSUER}/")


def test_its_public_keys_hold_nothing_private(house: House) -> None:
    (key,) = house.browser.get("/jwks").json()["keys"]
    assert set(key) == {"kty", "n", "e", "use", "alg", "kid"}


def test_each_surface_is_shown_its_own_people(house: House) -> None:
    staff = Attempt(INTERNAL).begin(house.browser)
    assert names_on(staff.text) == [("Ada Byrne", "Buyer, Manager"), ("Ivo <b>", "Receiver · invited")]
    assert "<b>" not in staff.text.replace("&lt;b&gt;", "")
    assert names_on(Attempt(PORTAL).begin(house.browser).text) == [("Vera Lund", "Acme, Bolts & Co")]


def test_without_people_it_says_what_to_do(house: House) -> None:
    house.people = {"internal": [], "portal": []}
    assert "make demo" in Attempt(INTERNAL).begin(house.browser).text
    assert "invite" in Attempt(PORTAL).begin(house.browser).text


def test_its_pages_run_nothing_and_stand_in_no_frame(house: House) -> None:
    policy = Attempt().begin(house.browser).headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "script-src" not in policy


# A sign-in that is as it should be.


@pytest.mark.rule("ACC-8")
def test_a_click_signs_the_person_in(house: House) -> None:
    attempt = Attempt()
    answer = attempt.choose(house.browser, "ada")
    assert answer.headers["location"].startswith(f"{INTERNAL.redirect_uri}?")
    back = sent_back(answer)
    assert (back["state"], back["iss"]) == ("the state", ISSUER)
    given = attempt.redeem(house.browser, back["code"])
    assert given.headers["cache-control"] == "no-store"
    claims = claims_of(given.json()["id_token"], house)
    assert claims["iss"] == ISSUER
    assert claims["aud"] == "buyside"
    assert (claims["sub"], claims["name"], claims["email"]) == ("ada", "Ada Byrne", "ada@example.org")
    assert claims["email_verified"] is True
    assert claims["nonce"] == "the nonce"
    assert claims["auth_time"] == claims["iat"] == int(house.now)
    assert 0 < claims["exp"] - claims["iat"] <= 3600
    assert claims["sid"]


def test_the_secret_may_come_in_the_header(house: House) -> None:
    attempt = Attempt(PORTAL)
    code = attempt.code(house.browser, "vera")
    basic = base64.b64encode(
        urlencode({PORTAL.client_id: PORTAL.client_secret}).replace("=", ":").replace("+", "%20").encode()
    )
    answer = house.browser.post(
        "/token",
        data={
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": PORTAL.redirect_uri,
            "code_verifier": attempt.verifier,
        },
        headers={"authorization": f"Basic {basic.decode()}"},
    )
    assert claims_of(answer.json()["id_token"], house)["aud"] == "buyside-portal"


def test_a_header_that_is_no_secret_is_refused(house: House) -> None:
    for header in (
        "Basic",
        "Basic !",
        f"Basic {base64.b64encode(bytes([255, 254])).decode()}",
        "Basic eA==",
        "Bearer x",
    ):
        answer = house.browser.post(
            "/token", data={"grant_type": "authorization_code", "code": "x"}, headers={"authorization": header}
        )
        assert refused(answer) in {"invalid_client", "invalid_request"}


def test_only_what_was_asked_for_is_told(house: House) -> None:
    attempt = Attempt()
    page = attempt.begin(house.browser, scope="openid")
    action = unescape(re.findall(r'action="([^"]*)"', page.text)[0])
    back = sent_back(house.browser.post(action, data={"person": "ada"}, headers={"origin": ISSUER}))
    claims = claims_of(attempt.redeem(house.browser, back["code"]).json()["id_token"], house)
    assert not {"name", "email", "email_verified"} & set(claims)


def test_an_authorization_request_may_be_posted(house: House) -> None:
    page = house.browser.post("/authorize", data=Attempt().values)
    assert names_on(page.text)[0][0] == "Ada Byrne"


def test_everybody_chooses_anew_even_when_signed_in(house: House) -> None:
    first = claims_of(Attempt().id_token(house, "ada"), house)
    again = claims_of(Attempt().id_token(house, "ada"), house)
    other = claims_of(Attempt().id_token(house, "invited-7"), house)
    assert first["sid"] == again["sid"] != other["sid"]


# Refusals at the authorization endpoint.


@pytest.mark.parametrize(
    "redirect_uri",
    [
        "http://localhost:8301/auth/callback",
        "http://localhost:8300/auth/callback/",
        "http://localhost:8300/auth/callback?x=1",
        "http://localhost:8300/auth/callback#x",
        "http://LOCALHOST:8300/auth/callback",
        "https://evil.example.com/auth/callback",
        "javascript:alert(1)",
        'http://localhost:8300/"ü\\',
        "",
        None,
    ],
)
@pytest.mark.rule("ACC-8")
def test_nobody_is_sent_to_an_address_that_is_not_exactly_the_clients(house: House, redirect_uri: str | None) -> None:
    answer = Attempt().begin(house.browser, redirect_uri=redirect_uri)
    assert answer.status_code == 400
    assert "location" not in answer.headers
    assert names_on(answer.text) == []


def test_an_unknown_client_is_sent_nowhere(house: House) -> None:
    for client_id in ("somebody", "", None, 'x"ü'):
        answer = Attempt().begin(house.browser, client_id=client_id)
        assert answer.status_code == 400
        assert "location" not in answer.headers


REFUSED = [
    ("invalid_request", {"code_challenge": None}),
    ("invalid_request", {"code_challenge_method": None}),
    ("invalid_request", {"code_challenge_method": "plain"}),
    ("invalid_request", {"code_challenge": None, "code_challenge_method": None}),
    ("invalid_request", {"code_challenge": "short"}),
    ("invalid_request", {"response_mode": "fragment"}),
    ("invalid_request", {"prompt": "none login"}),
    ("invalid_scope", {"scope": "profile"}),
    ("invalid_scope", {"scope": None}),
    ("unsupported_response_type", {"response_type": "token"}),
    ("unsupported_response_type", {"response_type": 'co"de'}),
    ("unsupported_response_type", {"response_type": None}),
    ("request_not_supported", {"request": "x.y.z"}),
    ("request_uri_not_supported", {"request_uri": "https://example.org/x"}),
    ("login_required", {"prompt": "none"}),
]


@pytest.mark.parametrize(("error", "changed"), REFUSED, ids=str)
@pytest.mark.rule("ACC-8")
def test_a_wrong_wish_goes_back_to_the_client_by_name_of_the_issuer(
    house: House, error: str, changed: dict[str, str | None]
) -> None:
    back = sent_back(Attempt().begin(house.browser, **changed))
    assert (back["error"], back["state"], back["iss"]) == (error, "the state", ISSUER)
    assert "code" not in back


def test_no_parameter_may_come_twice(house: House) -> None:
    values = [*Attempt().values.items(), ("state", "another")]
    answer = house.browser.get(f"/authorize?{urlencode(values)}")
    assert answer.status_code == 400
    form = urlencode([("grant_type", "authorization_code"), ("code", "a"), ("code", "b")])
    headers = {"content-type": "application/x-www-form-urlencoded"}
    answer = house.browser.post("/token", content=form, headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_without_a_page_only_who_is_signed_in_comes_through(house: House) -> None:
    Attempt().id_token(house, "ada")
    attempt = Attempt()
    back = sent_back(attempt.begin(house.browser, prompt="none"))
    claims = claims_of(attempt.redeem(house.browser, back["code"]).json()["id_token"], house)
    assert claims["sub"] == "ada"
    assert sent_back(Attempt(PORTAL).begin(house.browser, prompt="none"))["error"] == "login_required"
    assert sent_back(Attempt().begin(house.another_browser(), prompt="none"))["error"] == "login_required"
    house.now += 30
    assert "code" in sent_back(Attempt().begin(house.browser, prompt="none", max_age="60"))
    house.now += 31
    assert sent_back(Attempt().begin(house.browser, prompt="none", max_age="60"))["error"] == "login_required"


def test_who_is_not_among_the_people_any_more_does_not_come_through_without_a_page(house: House) -> None:
    Attempt().id_token(house, "ada")
    house.people["internal"] = []
    assert sent_back(Attempt().begin(house.browser, prompt="none"))["error"] == "login_required"


@pytest.mark.rule("ACC-8")
def test_nobody_is_chosen_who_is_not_on_the_page(house: House) -> None:
    for client, subject in ((INTERNAL, "vera"), (PORTAL, "ada"), (INTERNAL, "nobody"), (INTERNAL, "")):
        answer = Attempt(client).choose(house.browser, subject)
        assert answer.status_code == 404
        assert "location" not in answer.headers


def test_a_choice_is_made_on_our_own_page(house: House) -> None:
    for origin in ("http://localhost:8300", "null", "http://localhost:8302.evil.example.com"):
        assert Attempt().choose(house.browser, "ada", origin=origin).status_code == 403


def test_it_answers_by_its_own_name_only(house: House) -> None:
    assert house.browser.get("/jwks", headers={"host": "evil.example.com:8302"}).status_code == 421
    assert house.browser.get("/authorize", headers={"host": "localhost:8300"}).status_code == 421
    assert house.browser.get("/ping", headers={"host": "127.0.0.1:8302"}).status_code == 200


# Refusals at the token endpoint.


@pytest.mark.rule("ACC-8")
def test_a_wrong_secret_gets_nothing_and_uses_nothing_up(house: House) -> None:
    attempt = Attempt()
    code = attempt.code(house.browser, "ada")
    for secret in ("wrong", PORTAL.client_secret, INTERNAL.client_secret.upper(), "ü", None):
        assert refused(attempt.redeem(house.browser, code, client_secret=secret)) == "invalid_client"
    assert refused(attempt.redeem(house.browser, code, client_id="somebody")) == "invalid_client"
    assert attempt.redeem(house.browser, code).status_code == 200


@pytest.mark.rule("ACC-8")
def test_a_wrong_verifier_gets_nothing_and_uses_the_code_up(house: House) -> None:
    for verifier in (secrets.token_urlsafe(48), "short", None):
        attempt = Attempt()
        code = attempt.code(house.browser, "ada")
        assert refused(attempt.redeem(house.browser, code, code_verifier=verifier)) in {
            "invalid_grant",
            "invalid_request",
        }
        assert refused(attempt.redeem(house.browser, code)) == "invalid_grant"


def test_the_challenge_itself_is_no_verifier(house: House) -> None:
    attempt = Attempt()
    code = attempt.code(house.browser, "ada")
    answer = attempt.redeem(house.browser, code, code_verifier=attempt.values["code_challenge"])
    assert refused(answer) == "invalid_grant"


@pytest.mark.rule("ACC-8")
def test_a_code_works_once(house: House) -> None:
    attempt = Attempt()
    code = attempt.code(house.browser, "ada")
    assert attempt.redeem(house.browser, code).status_code == 200
    assert refused(attempt.redeem(house.browser, code)) == "invalid_grant"


@pytest.mark.rule("ACC-8")
def test_a_code_works_for_a_minute(house: House) -> None:
    attempt = Attempt()
    codes = [attempt.code(house.browser, "ada") for _ in range(2)]
    house.now += CODE_SECONDS - 1
    assert attempt.redeem(house.browser, codes[0]).status_code == 200
    house.now += 1
    assert refused(attempt.redeem(house.browser, codes[1])) == "invalid_grant"


def test_a_code_works_for_its_own_client_and_address(house: House) -> None:
    attempt = Attempt()
    theirs = {"client_id": PORTAL.client_id, "client_secret": PORTAL.client_secret}
    assert refused(attempt.redeem(house.browser, attempt.code(house.browser, "ada"), **theirs)) == "invalid_grant"
    code = attempt.code(house.browser, "ada")
    assert refused(attempt.redeem(house.browser, code, redirect_uri=PORTAL.redirect_uri)) == "invalid_grant"
    assert (
        refused(attempt.redeem(house.browser, attempt.code(house.browser, "ada"), redirect_uri=None)) == "invalid_grant"
    )


def test_no_other_grant_is_offered(house: House) -> None:
    for grant in ("password", "refresh_token", "client_credentials", "implicit", 'x"ü', ""):
        assert refused(Attempt().redeem(house.browser, "x", grant_type=grant)) == "unsupported_grant_type"
    assert refused(Attempt().redeem(house.browser, "no such code")) == "invalid_grant"
    assert refused(Attempt().redeem(house.browser, "")) == "invalid_request"
    assert house.browser.get("/token").status_code == 405


# Where it runs at all.


def demo_settings(**changed: Any) -> Settings:
    return Settings(demo=True, **changed).with_demo_provider()


@pytest.mark.rule("ACC-8")
def test_it_refuses_to_start_outside_demo_mode() -> None:
    with pytest.raises(NotHere, match="demo mode only"):
        check(Settings())


@pytest.mark.rule("ACC-8")
@pytest.mark.parametrize(
    "changed",
    [
        {"host": "0.0.0.0"},
        {"public_url": "http://buyside.example.com"},
        {"portal_public_url": "http://192.168.1.4:8301"},
    ],
)
def test_it_refuses_to_start_where_others_can_reach_it(changed: dict[str, str]) -> None:
    check(demo_settings())
    with pytest.raises(NotHere, match="this machine only"):
        check(demo_settings().model_copy(update=changed))  # settings refuse it too: here they were got round


def test_it_refuses_to_start_beside_another_provider() -> None:
    assert [each.surface for each in clients(demo_settings())] == ["internal", "portal"]
    other = {
        "oidc_discovery_url": "https://login.example.com/.well-known/openid-configuration",
        "oidc_client_id": "buyside",
        "oidc_client_secret": "kept",
    }
    with pytest.raises(NotHere, match="Another sign-in provider"):
        clients(Settings(demo=True, **other))


def test_its_clients_have_ids_and_secrets_of_their_own() -> None:
    internal, portal = clients(demo_settings())
    assert internal.client_id != portal.client_id
    assert internal.client_secret != portal.client_secret
    assert internal.client_secret not in repr(internal)


@pytest.mark.rule("ACC-8")
@pytest.mark.parametrize(
    "changed", [{}, {"BUYSIDE_DEMO": "1", "BUYSIDE_HOST": "0.0.0.0"}], ids=["no demo", "reachable"]
)
def test_the_process_says_in_a_sentence_why_it_does_not_start(
    changed: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in changed.items():
        monkeypatch.setenv(name, value)
    command = [sys.executable, "-m", "buyside.web.demo_provider"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 2
    assert "anybody sign in as anybody" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_its_key_is_kept_for_itself(tmp_path: Any) -> None:
    key = signing_key(tmp_path / "home")
    assert signing_key(tmp_path / "home").as_dict(private=True) == key.as_dict(private=True)
    (kept,) = (tmp_path / "home").iterdir()
    assert kept.stat().st_mode & 0o077 == 0
