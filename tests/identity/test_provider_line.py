"""How a provider is talked to: bounded in time and size, and never pressed."""

import asyncio
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler

import pytest

from buyside.domain.refusals import Refused
from buyside.identity import oidc_http
from buyside.identity.oidc_http import Kept, ProviderUnreachable, fetch_document, may_be_called
from tests.identity.faulty_provider import FaultyProvider, send_json, start
from tests.loops import in_a_loop


@pytest.fixture
def provider() -> Iterator[FaultyProvider]:
    running = start({})
    yield running
    running.server.shutdown()
    running.server.server_close()


def trickle(handler: BaseHTTPRequestHandler) -> None:
    """A byte now and then: no single wait is long, and it never ends."""
    handler.send_response(200)
    handler.send_header("content-length", "1000")
    handler.end_headers()
    for _ in range(100):
        try:
            handler.wfile.write(b" ")
            handler.wfile.flush()
        except OSError:
            return
        time.sleep(0.05)


def silence(handler: BaseHTTPRequestHandler) -> None:
    time.sleep(2)


@pytest.mark.parametrize(("respond", "whole", "step"), [(trickle, 0.5, 5.0), (silence, 5.0, 0.3)])
def test_a_slow_provider_is_not_waited_for(
    respond: object, whole: float, step: float, provider: FaultyProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oidc_http, "REQUEST_SECONDS", whole)
    monkeypatch.setattr(oidc_http, "CONNECT_SECONDS", step)
    provider.raw["/slow"] = respond  # type: ignore[assignment]
    began = time.monotonic()
    with pytest.raises(ProviderUnreachable):
        in_a_loop(fetch_document(f"{provider.issuer}/slow"))
    assert time.monotonic() - began < 2


def test_an_answer_just_below_the_limit_is_read(provider: FaultyProvider) -> None:
    text = "a" * (oidc_http.LARGEST_ANSWER - 20)
    provider.raw["/large"] = lambda handler: send_json(handler, 200, {"more": text})
    assert in_a_loop(fetch_document(f"{provider.issuer}/large")) == {"more": text}


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://login.example.com/token", True),
        ("https://login.example.com:8443/token?tenant=1", True),
        ("http://localhost:8302/token", True),
        ("http://login.example.com/token", False),
        ("http://localhost.evil.example/token", False),
        ("http://localhost@evil.example/token", False),
        ("https://user:password@login.example.com/", False),
        ("https://login.example.com/#part", False),
        ("https://login.example.com:99999/", False),
        ("https:///token", False),
        ("//login.example.com/token", False),
        ("ftp://login.example.com/", False),
        ("javascript:alert(1)", False),
        ("https://login.example.com/\r\nx: y", False),
        ("https://login.example.com\\@evil.example/", False),
        ("https://lögin.example.com/", False),
        ("https://[::1", False),
        ("", False),
        (None, False),
        (["https://login.example.com"], False),
    ],
)
def test_addresses_that_a_provider_may_name(url: object, allowed: bool) -> None:
    assert may_be_called(url, plain_host="localhost") is allowed


def test_a_provider_elsewhere_may_name_no_plain_address_at_all() -> None:
    assert not may_be_called("http://localhost:8302/token", plain_host=None)


class Source:
    """Something to fetch, which counts how often it was, and fails when told to."""

    def __init__(self) -> None:
        self.fetched = 0
        self.failure: Refused | None = None

    async def fetch(self) -> int:
        self.fetched += 1
        await asyncio.sleep(0.01)
        if self.failure is not None:
            raise self.failure
        return self.fetched


def test_what_is_kept_is_fetched_once_for_all_who_ask_together() -> None:
    source = Source()

    async def ask() -> list[int]:
        kept = Kept(source.fetch, fresh_seconds=60, stale_seconds=600)
        return await asyncio.gather(*(kept.get(anew=number > 3) for number in range(8)))

    assert (in_a_loop(ask()), source.fetched) == ([1] * 8, 1)


def test_what_did_not_help_is_fetched_again_but_not_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    source = Source()

    async def ask() -> tuple[int, int]:
        kept = Kept(source.fetch, fresh_seconds=60, stale_seconds=600)
        await kept.get()
        first = await kept.get(anew=True)
        monkeypatch.setattr(oidc_http, "REST_SECONDS", 0.0)
        return first, await kept.get(anew=True)

    assert in_a_loop(ask()) == (1, 2)


def test_the_last_one_is_good_while_the_provider_is_away_but_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oidc_http, "REST_SECONDS", 0.0)
    source = Source()

    async def ask(stale_seconds: float) -> int:
        kept = Kept(source.fetch, fresh_seconds=0, stale_seconds=stale_seconds)
        source.failure = None
        await kept.get()
        source.failure = ProviderUnreachable()
        return await kept.get()

    assert in_a_loop(ask(600)) == 1
    with pytest.raises(ProviderUnreachable):
        in_a_loop(ask(0))


def test_a_provider_that_is_away_is_not_asked_by_everybody_in_turn() -> None:
    source = Source()
    source.failure = ProviderUnreachable()

    async def ask() -> list[object]:
        kept = Kept(source.fetch, fresh_seconds=60, stale_seconds=600)
        return await asyncio.gather(*(kept.get() for _ in range(20)), return_exceptions=True)

    refused = in_a_loop(ask())
    assert (source.fetched, {type(each) for each in refused}) == (1, {ProviderUnreachable})
