"""The line to an OpenID provider: nothing but https, no redirects followed, bounded in time and size.

A provider is trusted to say who somebody is, and with nothing else. What it answers may be slow, huge or somewhere else.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
import time
import warnings
from base64 import b64encode
from collections.abc import Awaitable, Callable
from functools import cache
from typing import Any, Generic, TypeVar
from urllib.parse import quote_plus, urlsplit

import authlib.deprecate
import httpx

from buyside.domain.refusals import Refused

with warnings.catch_warnings():
    warnings.simplefilter(
        "ignore", authlib.deprecate.AuthlibDeprecationWarning
    )  # of httpx's successor; both are pinned
    from authlib.integrations.httpx_client import AsyncOAuth2Client

logging.getLogger("authlib").setLevel(logging.INFO)  # its debugging lines hold secrets of a sign-in

CONNECT_SECONDS = 5.0
"""How long one step of a request may take."""
REQUEST_SECONDS = 10.0
"""How long a request may take in all."""
LARGEST_ANSWER = 256 * 1024
"""Bytes of the largest answer that is read."""
REST_SECONDS = 2.0
"""The shortest time between two requests for the same document, whoever asks for it."""

Document = TypeVar("Document")


class ProviderUnreachable(Refused):
    code = "sign-in.unreachable"
    says = "The sign-in service cannot be reached at the moment. Try again in a little while."


def may_be_called(url: object, *, plain_host: str | None) -> bool:
    """Whether an address is one of the web's and over https. Plain http goes to `plain_host` only: a provider on this machine."""
    if not isinstance(url, str) or not url.isascii() or not url.isprintable() or set(url) & set(' "<>\\'):
        return False
    try:
        parts = urlsplit(url)
        usable = bool(parts.hostname) and parts.username is None and not parts.fragment and (parts.port or 1) > 0
    except ValueError:
        return False
    return usable and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname == plain_host))


@cache
def _trusted() -> ssl.SSLContext:
    """The certificates of the web, read once: reading them takes longer than a request."""
    return httpx.create_ssl_context()


class ProviderClient(AsyncOAuth2Client):  # type: ignore[misc]  # Authlib is untyped
    """Authlib's client on a bounded line."""

    def __init__(self, *given: Any, **named: Any) -> None:
        headers = {"accept-encoding": "identity"}  # so that a small answer cannot unfold into a large one
        super().__init__(
            *given, **named, timeout=httpx.Timeout(CONNECT_SECONDS), headers=headers, follow_redirects=False
        )

    async def send(self, request: httpx.Request, **named: Any) -> httpx.Response:
        """Send a request and read its answer. Refuses: ProviderUnreachable."""
        named["stream"] = True
        try:
            async with asyncio.timeout(REQUEST_SECONDS):
                answer = await super().send(request, **named)
                try:
                    content = await _read(answer)
                finally:
                    await answer.aclose()
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as problem:
            raise ProviderUnreachable from problem
        if (
            answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR
            or answer.status_code == httpx.codes.TOO_MANY_REQUESTS
        ):
            raise ProviderUnreachable
        kept = [(name, value) for name, value in answer.headers.multi_items() if name != "transfer-encoding"]
        return httpx.Response(answer.status_code, headers=kept, content=content, request=answer.request)


async def _read(answer: httpx.Response) -> bytes:
    if answer.headers.get("content-encoding", "identity") != "identity":
        raise ProviderUnreachable
    content = bytearray()
    async for part in answer.aiter_raw():
        content += part
        if len(content) > LARGEST_ANSWER:
            raise ProviderUnreachable
    return bytes(content)


async def fetch_document(url: str) -> dict[str, Any]:
    """The JSON object at an address. Refuses: ProviderUnreachable, also when there is something else."""
    async with ProviderClient() as client:
        answer = await client.request("GET", url, withhold_token=True)
    try:
        found = answer.json() if answer.status_code == httpx.codes.OK else None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise ProviderUnreachable
    return found


def basic_credentials(client: Any, _method: str, uri: str, headers: Any, body: Any) -> tuple[str, Any, Any]:
    """Client id and secret as RFC 6749 2.3.1 has them: form-encoded first. Authlib leaves that out."""
    pair = f"{quote_plus(client.client_id)}:{quote_plus(client.client_secret)}"
    headers["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
    return uri, headers, body


class Kept(Generic[Document]):
    """A document of the provider that is fetched when it is needed and kept for a while.

    It is fetched by one request at a time and not more often than every `REST_SECONDS`, so that nobody can make us press
    the provider. While it cannot be fetched, the last one is good for `stale_seconds`.
    """

    def __init__(self, fetch: Callable[[], Awaitable[Document]], *, fresh_seconds: float, stale_seconds: float) -> None:
        self._fetch = fetch
        self._fresh_seconds = fresh_seconds
        self._stale_seconds = stale_seconds
        self._lock = asyncio.Lock()
        self._document: Document | None = None
        self._fetched_at = float("-inf")
        self._failure: Refused | None = None
        self._failed_at = float("-inf")

    async def get(self, *, anew: bool = False) -> Document:
        """The document; `anew` when what was kept did not help. Refuses: ProviderUnreachable and what fetching refuses."""
        async with self._lock:
            age = time.monotonic() - self._fetched_at
            if self._document is not None and age < (REST_SECONDS if anew else self._fresh_seconds):
                return self._document
            if self._failure is None or time.monotonic() - self._failed_at >= REST_SECONDS:
                try:
                    self._document = await self._fetch()
                except Refused as refusal:
                    self._failure, self._failed_at = refusal, time.monotonic()
                else:
                    self._failure, self._fetched_at = None, time.monotonic()
                    return self._document
            if (
                self._document is not None
                and age < self._stale_seconds
                and isinstance(self._failure, ProviderUnreachable)
            ):
                return self._document
            raise self._failure.with_traceback(None)
