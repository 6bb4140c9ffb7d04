"""The honest way in, on both surfaces, and what it leaves in the browser and the database."""

import base64
import time

import pytest
from joserfc.jwk import ECKey

from buyside.config import settings
from buyside.identity import oidc
from buyside.identity.cookies import cookie_name
from buyside.identity.oidc_discovery import ALGORITHMS
from tests.identity.conftest import ELSEWHERE, Desk, reference
from tests.identity.faulty_provider import Person, challenge_of, sign_with


@pytest.mark.rule("ACC-8")
def test_a_known_person_signs_in_and_lands_where_they_wanted_to_go(either: Desk) -> None:
    browser = either.browser()
    answer = browser.sign_in(either.person, "/orders?view=late")
    assert (answer.status_code, answer.headers["location"]) == (303, "/orders?view=late")
    assert (either.opened(), browser.name()) == (1, either.person.subject)


@pytest.mark.rule("ACC-8")
def test_the_request_carries_state_nonce_and_a_challenge_and_the_verifier_follows(either: Desk) -> None:
    browser = either.browser()
    asked = browser.begin()
    assert browser.get(either.provider.authorize(asked, either.person)).status_code == 303
    assert (asked["response_type"], asked["scope"]) == ("code", "openid profile email")
    assert (asked["client_id"], asked["redirect_uri"]) == (either.client_id, f"{either.address}/auth/callback")
    assert asked["code_challenge_method"] == "S256"
    assert len(asked["state"]) >= 20
    assert len(asked["nonce"]) >= 20
    _, form, headers = next(each for each in either.provider.requests if each[0] == "/token")
    assert challenge_of(form["code_verifier"]) == asked["code_challenge"]
    assert form["redirect_uri"] == asked["redirect_uri"]
    assert headers["authorization"].startswith("Basic ")
    assert "client_secret" not in form


def test_no_two_sign_ins_share_a_secret(desk: Desk) -> None:
    asked = [desk.browser().begin() for _ in range(5)]
    for part in ("state", "nonce", "code_challenge"):
        assert len({each[part] for each in asked}) == 5


def test_userinfo_is_never_asked(desk: Desk) -> None:
    assert desk.browser().sign_in(desk.person).status_code == 303
    assert {path for path, _, _ in desk.provider.requests} == {"/.well-known/openid-configuration", "/token", "/keys"}


@pytest.mark.rule("ACC-8")
@pytest.mark.parametrize(
    ("public_url", "prefix", "secure"), [("", "", False), ("https://buyside.example", "__Host-", True)]
)
def test_cookies_are_out_of_reach_of_scripts_and_other_sites(
    public_url: str, prefix: str, secure: bool, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    if public_url:
        monkeypatch.setenv("BUYSIDE_PUBLIC_URL", public_url)
        settings.cache_clear()
        desk.address = public_url
    browser = desk.browser()
    done = browser.sign_in(desk.person)
    assert done.status_code == 303
    attempt = browser.begun.headers["set-cookie"]
    session, spent, marker = done.headers.get_list("set-cookie")
    assert session.startswith(f"{prefix}buyside=")
    assert attempt.startswith(f"{prefix}buyside-sign-in=")
    for cookie, age in ((attempt, 600), (session, 43200), (spent, 0), (marker, 0)):
        parts = [each.strip() for each in cookie.split(";")[1:]]
        assert parts[:4] == ["Path=/", f"Max-Age={age}", "HttpOnly", "SameSite=Lax"]
        assert ("Secure" in parts) is secure
        assert not any(each.lower().startswith("domain") for each in parts)


@pytest.mark.rule("ACC-8")
def test_an_invitation_gives_an_account_its_identity_once(desk: Desk) -> None:
    first = desk.browser()
    assert first.sign_in(Person("i-7", "IRIS@Example.com")).status_code == 303
    assert first.name() == "iris"
    bound = desk.ask("select issuer || ' ' || subject from app_user where name = 'iris'")
    assert bound == f"{desk.provider.issuer} i-7"
    assert desk.ask("select count(*) from audit_event where operation = 'accept_invitation'") == 1
    moved = desk.browser()
    assert moved.sign_in(Person("i-7", "other@example.com", False)).status_code == 303  # the address matters no more
    assert moved.name() == "iris"


@pytest.mark.rule("ACC-8")
def test_an_invitation_works_on_the_portal_too(portal: Desk) -> None:
    browser = portal.browser()
    assert browser.sign_in(Person("v-1", "vito@example.com")).status_code == 303
    assert browser.name() == "vito"


def test_a_session_that_somebody_planted_is_not_the_one_that_begins(desk: Desk) -> None:
    browser = desk.browser()
    browser.client.cookies.set(cookie_name(), "planted-by-an-attacker")
    assert browser.sign_in(desk.person).status_code == 303
    held = [cookie.value for cookie in browser.client.cookies.jar if cookie.name == cookie_name() and cookie.domain]
    assert held
    thief = desk.browser()
    thief.client.cookies.set(cookie_name(), "planted-by-an-attacker")
    assert thief.name() is None


def test_signing_in_over_a_session_ends_it_and_begins_another(desk: Desk) -> None:
    browser = desk.browser()
    browser.sign_in(desk.person)
    first, living = browser.session, desk.sessions(living=True)
    assert first is not None
    browser.sign_in(Person("ada"))
    assert browser.session not in {None, first}
    assert desk.sessions(living=True) == living
    old = desk.browser()
    old.client.cookies.set(cookie_name(), first)
    assert old.name() is None


def test_a_refused_sign_in_leaves_the_session_that_was_there(desk: Desk) -> None:
    browser = desk.browser()
    browser.sign_in(desk.person)
    assert reference(browser.sign_in(Person("mallory"))) == "identity.unknown-person"
    assert browser.name() == "ada"


def test_who_has_no_way_in_is_offered_another_person(desk: Desk) -> None:
    answer = desk.browser().sign_in(Person("mallory"))
    assert f'href="{desk.provider.issuer}/end?' in answer.text
    assert "id_token_hint=" in answer.text
    desk.provider.change_discovery = lambda document: document.pop("end_session_endpoint")
    oidc._provider.cache_clear()
    answer = desk.browser().sign_in(Person("mallory"), "/orders")
    assert 'href="/auth/sign-in?other=1&amp;next=%2Forders"' in answer.text
    again = desk.browser().get("/auth/sign-in?other=1&next=%2Forders")
    assert "prompt=login" in again.headers["location"]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_algorithm_of_the_list_signs_people_in(algorithm: str, desk: Desk) -> None:
    key = ECKey.generate_key("P-256", {"kid": "curve"}) if algorithm == "ES256" else desk.provider.rsa["first"]
    desk.provider.keys = [key.as_dict(private=False)]
    desk.provider.sign = lambda header, claims: sign_with(key, header | {"alg": algorithm, "kid": key.kid}, claims)
    assert desk.browser().sign_in(desk.person).status_code == 303


def test_a_token_is_taken_that_expired_within_the_leeway(desk: Desk) -> None:
    desk.provider.change_claims = lambda claims: claims.update(exp=int(time.time()) - 20)
    assert desk.browser().sign_in(desk.person).status_code == 303


def test_a_token_for_us_and_others_is_taken_when_it_was_issued_to_us(desk: Desk) -> None:
    desk.provider.change_claims = lambda claims: claims.update(aud=[claims["aud"], "another"], azp=claims["aud"])
    assert desk.browser().sign_in(desk.person).status_code == 303


def test_an_issuer_may_end_in_a_slash(desk: Desk) -> None:
    slashed = desk.provider.issuer + "/"
    desk.provider.change_discovery = lambda document: document.update(issuer=slashed)
    desk.provider.change_claims = lambda claims: claims.update(iss=slashed)
    desk.provider.change_answer = lambda answer: answer.update(iss=slashed)
    assert reference(desk.browser().sign_in(desk.person)) == "identity.unknown-person"  # verified, and somebody else


def test_the_providers_description_sets_no_options_of_our_client(desk: Desk) -> None:
    traps = {
        "verify": False,
        "proxy": "http://127.0.0.1:9",
        "client_secret": "x",
        "scope": "all",
        "timeout": 0,
        "leeway": 9999,
    }
    desk.provider.change_discovery = lambda document: document.update(traps)
    browser = desk.browser()
    assert browser.begin()["scope"] == "openid profile email"
    assert browser.sign_in(desk.person).status_code == 303


def test_a_provider_that_wants_the_secret_in_the_form_gets_it_there(desk: Desk) -> None:
    desk.provider.change_discovery = lambda document: document.update(
        token_endpoint_auth_methods_supported=["client_secret_post"]
    )
    desk.browser().sign_in(desk.person)
    form = next(form for path, form, _ in desk.provider.requests if path == "/token")
    assert (form["client_id"], form["client_secret"]) == (desk.client_id, "secret-of-the-company")


def test_a_secret_with_special_characters_is_sent_as_the_standard_says(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BUYSIDE_OIDC_CLIENT_SECRET", "a:b+c %ü")
    settings.cache_clear()
    desk.browser().sign_in(desk.person)
    headers = next(headers for path, _, headers in desk.provider.requests if path == "/token")
    assert base64.b64decode(headers["authorization"].partition(" ")[2]) == b"buyside:a%3Ab%2Bc+%25%C3%BC"


def test_claims_are_asked_for_where_a_provider_takes_that(desk: Desk) -> None:
    assert "claims" not in desk.browser().begin()
    desk.provider.change_discovery = lambda document: document.update(claims_parameter_supported=True)
    oidc._provider.cache_clear()
    assert '"email_verified":null' in desk.browser().begin()["claims"]


@pytest.mark.rule("ACC-8")
def test_new_keys_are_taken_within_five_seconds_and_without_a_restart(either: Desk) -> None:
    assert either.browser().sign_in(either.person).status_code == 303
    for kid, keep in (("second", True), ("third", False)):
        either.provider.rotate(kid, keep=keep)
        began = time.monotonic()
        while either.browser().sign_in(either.person).status_code != 303:
            assert time.monotonic() - began < 5, "the new key is not taken"
    asked = [path for path, _, _ in either.provider.requests].count("/keys")
    assert asked <= 4  # and the provider is not asked more often than that


def test_a_provider_that_does_not_name_its_only_key_may_change_it(desk: Desk) -> None:
    desk.provider.change_header = lambda header: header.pop("kid")
    assert desk.browser().sign_in(desk.person).status_code == 303
    time.sleep(2.1)
    desk.provider.rotate("second")
    assert desk.browser().sign_in(desk.person).status_code == 303


def test_a_person_of_an_earlier_issuer_is_nobody_now(desk: Desk) -> None:
    assert reference(desk.browser().sign_in(Person("boss"))) == "identity.unknown-person"
    assert desk.ask(f"select count(*) from app_user where issuer = '{ELSEWHERE}'") == 1


def test_without_a_provider_the_page_says_so(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISCOVERY_URL", "CLIENT_ID", "CLIENT_SECRET"):
        monkeypatch.delenv(f"BUYSIDE_OIDC_{name}")
    settings.cache_clear()
    for path in ("/auth/sign-in", "/auth/callback?state=a&code=b"):
        answer = desk.browser().get(path)
        assert (answer.status_code, reference(answer)) == (503, "sign-in.no-provider")
    assert desk.browser().post("/auth/sign-out").json() == {"next": "/auth/signed-out"}
    assert desk.browser().post("/auth/back-channel-logout", data={"logout_token": "a.b.c"}).status_code == 400


def test_a_provider_that_is_away_gets_a_page_with_a_way_to_try_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BUYSIDE_OIDC_DISCOVERY_URL", "http://127.0.0.1:9/.well-known/openid-configuration")
    settings.cache_clear()
    answer = desk.browser().get("/auth/sign-in?next=/orders")
    assert (answer.status_code, reference(answer)) == (503, "sign-in.unreachable")
    assert 'href="/auth/sign-in?now=1&amp;next=%2Forders"' in answer.text


def test_an_attempt_is_kept_for_its_browser_alone_and_holds_no_secret_in_the_open(desk: Desk) -> None:
    desk.browser().begin("/orders")
    stored = desk.ask("select string_agg(row_to_json(attempt)::text, ' ') from sign_in_attempt as attempt")
    asked = desk.browser().begin("/orders")
    assert asked["state"] not in stored
    assert '"after": "/orders"' in stored
