"""The harness can see what it looks for: with one of our checks switched off, its attack succeeds and a session opens."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import pytest
from authlib.oidc.core import IDToken

from buyside.identity import logins, oidc, oidc_discovery, oidc_tokens
from tests.identity.attacks import ATTACKS, callback, code_of
from tests.identity.conftest import Desk, reference

Patch = pytest.MonkeyPatch


def no_check(*_: Any, **__: Any) -> None:
    """In place of a check."""


def without_audience(patch: Patch) -> None:
    patch.setattr(oidc, "check_audience", no_check)


def without_algorithms(patch: Patch) -> None:
    patch.setattr(oidc_discovery, "ALGORITHMS", ("RS256", "none"))


def without_answering_issuer(patch: Patch) -> None:
    patch.setattr(oidc, "check_answering_issuer", no_check)


def without_discovery_issuer(patch: Patch) -> None:
    patch.setattr(oidc_discovery, "check_issuer", no_check)


def without_nonce(patch: Patch) -> None:
    patch.setattr(IDToken, "validate_nonce", no_check)


def without_leeway(patch: Patch) -> None:
    patch.setattr(oidc, "LEEWAY_SECONDS", 120)  # what Authlib would grant by itself


def without_verified_email(patch: Patch) -> None:
    patch.setattr(oidc_tokens, "is_verified", lambda claims: True)


def _attempts(patch: Patch, *, bound: bool, once: bool) -> None:
    """Keep attempts in memory as a careless server would."""
    kept: dict[str, tuple[str, dict[str, Any]]] = {}

    def keep(_: Any, *, state: str, browser: str, content: Mapping[str, Any], expires_at: Any) -> None:
        kept[state] = (browser, dict(content))

    def take(_: Any, *, state: str, browser: str) -> dict[str, Any] | None:
        of, content = kept.get(state, ("", None))
        if content is None or (bound and of != browser):
            return None
        if once:
            del kept[state]
        return content

    patch.setattr(logins, "keep_attempt", keep)
    patch.setattr(logins, "take_attempt", take)


def without_one_time_state(patch: Patch) -> None:
    _attempts(patch, bound=True, once=False)


def without_browser_binding(patch: Patch) -> None:
    _attempts(patch, bound=False, once=True)


CONTROLS: list[tuple[Callable[[Patch], None], str]] = [
    (without_audience, "an ID token for another application, issued to us"),
    (without_audience, "an ID token for two others, issued to us"),
    (without_algorithms, "an ID token by nobody, which is listed"),
    (without_answering_issuer, "an answer of another issuer"),
    (without_answering_issuer, "an answer without issuer where one is promised"),
    (without_discovery_issuer, "a description of another issuer, and tokens of it"),
    (without_nonce, "an ID token of an earlier sign-in"),
    (without_leeway, "an ID token that expired 31 seconds ago"),
    (without_verified_email, "an invited address that nobody verified"),
    (without_one_time_state, "a callback that is used twice"),
    (without_browser_binding, "a callback in another browser, which has a sign-in of its own"),
]


@pytest.mark.parametrize(("switch_off", "name"), CONTROLS, ids=[f"{off.__name__}: {name}" for off, name in CONTROLS])
def test_an_attack_succeeds_when_its_check_is_off(
    switch_off: Callable[[Patch], None], name: str, desk: Desk, monkeypatch: Patch
) -> None:
    switch_off(monkeypatch)
    answer = ATTACKS[name].run(desk)
    assert (answer.status_code, desk.opened()) == (303, 1), reference(answer)


def stolen_code(desk: Desk, *, challenge: bool) -> httpx.Response:
    """Use the code of another browser's sign-in, which was asked for with or without a challenge."""
    asked = desk.browser().begin()
    if not challenge:
        asked = {name: value for name, value in asked.items() if not name.startswith("code_challenge")}
    return callback(desk.browser(), code=code_of(desk.provider.authorize(asked, desk.person)))


@pytest.mark.rule("ACC-8")
@pytest.mark.parametrize(
    ("challenge", "nonce", "refusal"),
    [(True, True, "sign-in.code"), (True, False, "sign-in.code"), (False, True, "sign-in.token"), (False, False, "")],
)
def test_a_stolen_code_is_stopped_by_challenge_and_nonce_each_alone(
    challenge: bool, nonce: bool, refusal: str, desk: Desk, monkeypatch: Patch
) -> None:
    if not nonce:
        without_nonce(monkeypatch)
    answer = stolen_code(desk, challenge=challenge)
    assert (reference(answer), desk.opened()) == (refusal, 0 if refusal else 1)


@pytest.mark.rule("ACC-4")
@pytest.mark.parametrize("remembered", [True, False])
def test_a_replayed_logout_succeeds_only_when_nothing_is_remembered(
    remembered: bool, desk: Desk, monkeypatch: Patch
) -> None:
    if not remembered:
        monkeypatch.setattr(logins, "use_logout_token", lambda *_, **__: True)
    token = desk.provider.logout_token(desk.client_id, sub="ada")
    outcomes = []
    for _ in range(2):
        browser = desk.browser()
        assert browser.sign_in(desk.person).status_code == 303
        answer = browser.post("/auth/back-channel-logout", data={"logout_token": token}, headers={})
        outcomes.append((answer.status_code, browser.name()))
    assert outcomes == [(200, None), (400, "ada") if remembered else (200, None)]


def test_the_harness_reads_a_callback_as_a_browser_does(desk: Desk) -> None:
    browser = desk.browser()
    url = urlsplit(desk.provider.authorize(browser.begin(), desk.person))
    assert browser.get(f"{url.path}?{urlencode(parse_qsl(url.query))}").status_code == 303
    assert desk.opened() == 1
