"""Out again: from our side through to the provider, and from the provider's side through to every open page."""

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from buyside.config import settings
from buyside.identity import oidc
from buyside.identity.cookies import cookie_name
from buyside.web import auth
from tests.identity.attacks import STRANGER, by_secret
from tests.identity.conftest import CLIENTS, ELSEWHERE, Browser, Desk
from tests.identity.faulty_provider import Person, sign_with, unsigned

BACK_CHANNEL = "/auth/back-channel-logout"
EVENT = "http://schemas.openid.net/event/backchannel-logout"


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The sessions whose sockets were closed."""
    found: list[Any] = []
    monkeypatch.setattr(auth, "close_sockets", found.append)
    return found


def signed_in(desk: Desk) -> Browser:
    browser = desk.browser()
    assert browser.sign_in(desk.person).status_code == 303
    return browser


def back_channel(desk: Desk, token: str, **given: Any) -> int:
    """Post a logout token as a provider's server does: no cookie, no origin."""
    given = {"data": {"logout_token": token}, "headers": {}} | given
    answer = desk.browser().post(BACK_CHANNEL, **given)
    assert answer.headers["cache-control"] == "no-store"
    return answer.status_code


@pytest.mark.rule("ACC-4")
def test_signing_out_ends_the_session_here_and_leads_to_its_end_at_the_provider(
    either: Desk, closed: list[Any]
) -> None:
    browser = signed_in(either)
    cookie, id_token = browser.session, either.ask("select id_token from user_session where ended_at is null limit 1")
    answer = browser.post("/auth/sign-out")
    url = urlsplit(answer.json()["next"])
    asked = dict(parse_qsl(url.query))
    assert f"{url.scheme}://{url.netloc}{url.path}" == f"{either.provider.issuer}/end"
    assert asked["client_id"] == either.client_id
    assert asked["post_logout_redirect_uri"] == f"{either.address}/auth/signed-out"
    assert asked["id_token_hint"].count(".") == 2
    assert id_token is not None
    assert asked["state"]
    assert len(closed) == 1
    assert browser.session is None
    thief = either.browser()
    thief.client.cookies.set(cookie_name(), cookie or "")
    assert thief.name() is None  # the cookie is worth nothing any more, wherever it went


def test_an_open_tab_does_not_sign_in_again_by_itself(desk: Desk) -> None:
    browser = signed_in(desk)
    browser.post("/auth/sign-out")
    page = browser.get("/auth/sign-in?next=/orders")
    assert (page.status_code, "Signed out" in page.text) == (200, True)
    assert 'href="/auth/sign-in?now=1&amp;next=%2Forders"' in page.text
    assert browser.sign_in(desk.person, "/orders").headers["location"] == "/orders"
    assert browser.get("/auth/sign-in").status_code == 303  # that page is for those who have just signed out


def test_the_session_ends_even_when_the_provider_is_away(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = signed_in(desk)
    living = desk.sessions(living=True)
    desk.provider.raw["/.well-known/openid-configuration"] = lambda handler: handler.send_error(503)
    oidc._provider.cache_clear()
    assert browser.post("/auth/sign-out").json() == {"next": "/auth/signed-out"}
    assert desk.sessions(living=True) == living - 1


def test_without_an_end_at_the_provider_it_ends_on_our_page(desk: Desk) -> None:
    desk.provider.change_discovery = lambda document: document.pop("end_session_endpoint")
    assert signed_in(desk).post("/auth/sign-out").json() == {"next": "/auth/signed-out"}
    page = desk.browser().get("/auth/signed-out?state=anything")
    assert (page.status_code, "Signed out" in page.text, "anything" in page.text) == (200, True, False)


@pytest.mark.parametrize("origin", [None, "null", "https://evil.example", "http://localhost:8300.evil.example"])
def test_another_site_cannot_sign_anybody_out(origin: str | None, desk: Desk) -> None:
    browser = signed_in(desk)
    headers = {"origin": origin.replace("8300", str(settings().port))} if origin else {}
    answer = browser.post("/auth/sign-out", headers=headers)
    assert (answer.status_code, browser.name()) == (403, "ada")


def test_nobody_is_signed_out_by_opening_an_address(desk: Desk) -> None:
    browser = signed_in(desk)
    for path in ("/auth/sign-out", BACK_CHANNEL, "/auth/signed-out"):
        browser.get(path)
    assert browser.name() == "ada"


@pytest.mark.rule("ACC-4")
def test_the_provider_ends_one_of_its_sessions(either: Desk, closed: list[Any]) -> None:
    person, other = either.person, either.person
    browsers = [either.browser() for _ in range(3)]
    for browser, who in zip(browsers, (person, person, other), strict=True):
        browser.sign_in(who)
    began = time.monotonic()
    assert back_channel(either, either.provider.logout_token(either.client_id, sid=person.session)) == 200
    assert [browser.name() for browser in browsers] == [None, None, other.subject]
    assert len(closed) == 2
    assert time.monotonic() - began < 5


@pytest.mark.rule("ACC-4")
def test_the_provider_ends_all_sessions_of_a_person(either: Desk, closed: list[Any]) -> None:
    browsers = [signed_in(either), signed_in(either)]
    assert back_channel(either, either.provider.logout_token(either.client_id, sub=either.person.subject)) == 200
    assert [browser.name() for browser in browsers] == [None, None]
    assert len(closed) >= 2


def test_a_logout_of_who_is_not_here_is_fine(desk: Desk, closed: list[Any]) -> None:
    browser = signed_in(desk)
    assert back_channel(desk, desk.provider.logout_token(desk.client_id, sub="nobody", sid="nothing")) == 200
    assert (browser.name(), closed) == ("ada", [])


def test_session_and_person_must_both_fit_where_both_are_named(desk: Desk) -> None:
    person = desk.person
    browser = desk.browser()
    browser.sign_in(person)
    back_channel(desk, desk.provider.logout_token(desk.client_id, sub="somebody-else", sid=person.session))
    assert browser.name() == "ada"
    back_channel(desk, desk.provider.logout_token(desk.client_id, sub="ada", sid=person.session))
    assert browser.name() is None


def test_the_type_may_be_written_out(desk: Desk) -> None:
    desk.provider.change_header = lambda header: header.update(typ="application/logout+jwt")
    assert back_channel(desk, desk.provider.logout_token(desk.client_id, sub="ada")) == 200


def test_a_logout_token_signed_by_a_new_key_is_taken(desk: Desk) -> None:
    browser = signed_in(desk)
    desk.provider.rotate("second")
    time.sleep(2.1)
    assert back_channel(desk, desk.provider.logout_token(desk.client_id, sub="ada")) == 200
    assert browser.name() is None


def token(**changed: Any) -> Callable[[Desk], str]:
    return lambda desk: desk.provider.logout_token(desk.client_id, **({"sub": desk.person.subject} | changed))


def headed(**changed: Any) -> Callable[[Desk], str]:
    def make(desk: Desk) -> str:
        desk.provider.change_header = lambda header: header.update(changed)
        return token()(desk)

    return make


def signed(sign: Callable[..., str]) -> Callable[[Desk], str]:
    def make(desk: Desk) -> str:
        desk.provider.sign = lambda header, claims: sign(desk, header, claims)
        return token()(desk)

    return make


def id_token(desk: Desk) -> str:
    """An ID token of a real sign-in, in place of a logout token."""
    kept: list[str] = []
    desk.provider.change_token_answer = lambda answer: kept.append(answer["id_token"])
    desk.browser().sign_in(desk.person)
    return kept[0]


def now(seconds: int) -> int:
    return int(time.time()) + seconds


FALSE_LOGOUTS: dict[str, Callable[[Desk], str]] = {
    "nothing": lambda desk: "",
    "noise": lambda desk: "a.b.c",
    "an ID token": id_token,
    "type of an ID token": headed(typ="JWT"),
    "type of an access token": headed(typ="at+jwt"),
    "no type": headed(typ=None),
    "type that is a list": headed(typ=["logout+jwt"]),
    "unknown extension": headed(crit=["more"], more=1),
    "nonce": token(nonce="n"),
    "empty nonce": token(nonce=""),
    "another issuer": token(iss=ELSEWHERE),
    "no issuer": token(iss=None),
    "another application": token(aud="another"),
    "other applications": token(aud=["one", "two"]),
    "our other surface": token(aud=CLIENTS["portal"][0]),
    "no application": token(aud=None),
    "issued an hour ago": token(iat=now(-3600), exp=now(3600)),
    "issued in an hour": token(iat=now(3600), exp=now(7200)),
    "no issue instant": token(iat=None),
    "issued in words": token(iat="now"),
    "expired": token(iat=now(-100), exp=now(-60)),
    "no expiry": token(exp=None),
    "expiry that is true": token(exp=True),
    "expiry at no number": token(exp=float("nan")),
    "no events": token(events=None),
    "events in a list": token(events=[EVENT]),
    "another event": token(events={"http://schemas.openid.net/event/other": {}}),
    "event that is no object": token(events={EVENT: True}),
    "no token id": token(jti=None),
    "token id that is a number": token(jti=1),
    "token id with a null": token(jti="a\x00"),
    "nobody": token(sub=None),
    "empty subject": token(sub=""),
    "subject that is a list": token(sub=["ada"]),
    "session that is a number": token(sid=7),
    "no signature": signed(lambda desk, header, claims: unsigned(header, claims)),
    "signed by nobody": signed(lambda desk, header, claims: unsigned(header | {"alg": "none"}, claims)),
    "signed by a stranger": signed(lambda desk, header, claims: sign_with(STRANGER, header, claims)),
    "signed by an unknown key": signed(lambda desk, h, claims: sign_with(STRANGER, h | {"kid": "stranger"}, claims)),
    "signed by our client secret": signed(
        lambda desk, h, claims: by_secret(h | {"alg": "HS256"}, claims, desk.provider.clients[claims["aud"]].encode())
    ),
}


@pytest.mark.rule("ACC-4")
@pytest.mark.parametrize("name", FALSE_LOGOUTS)
def test_a_false_logout_token_ends_nothing(name: str, desk: Desk, closed: list[Any]) -> None:
    browser = signed_in(desk)
    false = FALSE_LOGOUTS[name](desk)
    living = desk.sessions(living=True)
    assert back_channel(desk, false) == 400
    assert (browser.name(), desk.sessions(living=True), closed) == ("ada", living, [])


def test_a_logout_token_works_once(desk: Desk) -> None:
    again = desk.provider.logout_token(desk.client_id, sub="ada")
    signed_in(desk)
    assert back_channel(desk, again) == 200
    browser = signed_in(desk)
    assert (back_channel(desk, again), browser.name()) == (400, "ada")


def test_a_used_token_is_remembered_for_as_long_as_it_could_be_used(desk: Desk) -> None:
    back_channel(desk, desk.provider.logout_token(desk.client_id, sub="ada", jti="remembered", exp=now(86400)))
    kept = desk.ask("select extract(epoch from expires_at - now()) from used_logout_token where jti = 'remembered'")
    assert 330 < kept < 400  # five minutes, and the clocks' difference twice


@pytest.mark.parametrize(
    "given",
    [
        {"data": {}},
        {"data": {"logout_token": "a", "more": "b"}},
        {"content": b"logout_token=", "headers": {"content-type": "text/plain"}},
        {"content": b"logout_token=a&logout_token=b", "headers": {"content-type": "application/x-www-form-urlencoded"}},
        {"content": b"logout_token=" + b"a" * 62_000, "headers": {"content-type": "application/x-www-form-urlencoded"}},
        {"content": b"\xff\xfe", "headers": {"content-type": "application/x-www-form-urlencoded"}},
        {"json": {"logout_token": "a.b.c"}},
    ],
)
def test_a_form_that_is_none_is_refused(given: dict[str, Any], desk: Desk) -> None:
    answer = desk.browser().post(BACK_CHANNEL, **({"headers": {}} | given))
    assert (answer.status_code, answer.headers["cache-control"]) == (400, "no-store")


def test_the_answer_to_a_false_logout_tells_nothing(desk: Desk) -> None:
    answer = desk.browser().post(BACK_CHANNEL, data={"logout_token": "<script>"}, headers={})
    assert answer.json() == {"error": "invalid_request", "error_description": "sign-out.token"}


def test_a_person_who_is_out_at_the_provider_comes_back_by_signing_in(desk: Desk) -> None:
    browser = signed_in(desk)
    back_channel(desk, desk.provider.logout_token(desk.client_id, sub="ada"))
    assert browser.get("/auth/sign-in").status_code == 303
    assert browser.sign_in(Person("ada")).status_code == 303
