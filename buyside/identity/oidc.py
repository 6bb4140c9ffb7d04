"""Signing people in at an OpenID provider: the authorization code flow with PKCE, state and nonce (ACC-8).

Authlib speaks the protocol; what it leaves open is closed here and in the modules beside: what is believed of the provider's
description (`oidc_discovery`), what is checked of its tokens (`oidc_tokens`), how it is talked to (`oidc_http`).
Nothing here knows the database: attempts and sessions are kept by `logins`.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import httpx
from authlib.integrations.base_client import BaseApp, OAuthError
from authlib.integrations.base_client.async_app import AsyncOAuth2Mixin
from authlib.integrations.base_client.async_openid import AsyncOpenIDMixin
from joserfc import jwt
from joserfc.errors import BadSignatureError, InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from buyside.config import RelyingParty, settings
from buyside.domain.refusals import Refused
from buyside.identity.logins import VerifiedIdentity
from buyside.identity.oidc_discovery import ALGORITHMS, Description, fetch_description, fetch_keys
from buyside.identity.oidc_http import Kept, ProviderClient, ProviderUnreachable, basic_credentials
from buyside.identity.oidc_tokens import (
    LEEWAY_SECONDS,
    LoggedOut,
    LogoutTokenRefused,
    TokenRefused,
    check_audience,
    identity_of,
    logged_out,
)

CALLBACK = "/auth/callback"
SIGNED_OUT = "/auth/signed-out"
SCOPE = "openid profile email"
_CLAIMS = json.dumps({"id_token": {"email": None, "email_verified": None, "name": None}}, separators=(",", ":"))
_HOUR, _DAY = 3600.0, 86400.0
_UNREADABLE = (JoseError, ValueError, TypeError, KeyError, AttributeError, RecursionError)
"""What reading a token that somebody made up can raise."""


class AttemptUnknown(Refused):
    code = "sign-in.attempt"
    says = (
        "This sign-in was used already, took longer than ten minutes, or was begun in another browser. Sign in again."
    )


class AnotherIssuer(Refused):
    code = "sign-in.issuer"
    says = "This answer comes from another sign-in service than the one that was asked. Sign in again."


class Declined(Refused):
    code = "sign-in.declined"
    says = "The sign-in service did not let you in, or you turned back there."


class ProviderFailed(Refused):
    """The provider answered with an error of its own; `why` is for the log."""

    code = "sign-in.provider-error"
    says = "The sign-in service could not sign you in. Try again; if that does not help, ask whoever runs this server."


class CodeRefused(Refused):
    """The token endpoint refuses; `why` is for the log: `invalid_client` means a wrong id or secret in our settings."""

    code = "sign-in.code"
    says = "The sign-in service does not accept its own answer any more. Sign in again."


class NoIdToken(Refused):
    code = "sign-in.no-id-token"
    says = "The sign-in service did not say who you are. Ask whoever runs this server."


class NotGenuine(Refused):
    """A token that the provider did not sign, or not in a way that we accept; `why` is for the log."""

    code = "sign-in.signature"
    says = "The answer of the sign-in service is not genuine. Sign in again; if that does not help, ask whoever runs this server."


@dataclass(frozen=True, slots=True)
class Begun:
    """A sign-in that has begun: where to send the browser, and what must be known when it comes back."""

    url: str
    state: str
    content: dict[str, Any]
    """Nonce, verifier and issuer: secrets that stay on the server."""


@dataclass(frozen=True, slots=True)
class Returned:
    """What the browser brought back from the provider."""

    code: str
    error: str
    issuer: str | None


class Provider:
    """The OpenID provider of this surface, as one process sees it."""

    def __init__(self, party: RelyingParty, public_url: str) -> None:
        self._party = party
        self._public_url = public_url
        self._description = Kept(self._describe, fresh_seconds=_HOUR, stale_seconds=_DAY)
        self._keys = Kept(self._fetch_keys, fresh_seconds=600.0, stale_seconds=_HOUR)

    async def begin(self, *, other_person: bool = False) -> Begun:
        """Begin a sign-in. `other_person` makes the provider ask who it is, even when it knows somebody.

        Refuses: ProviderUnreachable, ProviderWrong.
        """
        description = await self._description.get()
        asked: dict[str, str] = {"prompt": "login"} if other_person else {}
        if description.takes_claims:
            asked["claims"] = _CLAIMS
        made = await self._app(description).create_authorization_url(self._public_url + CALLBACK, **asked)
        content = {"nonce": made["nonce"], "code_verifier": made["code_verifier"], "issuer": description.issuer}
        return Begun(made["url"], made["state"], content)

    async def finish(self, returned: Returned, content: Mapping[str, Any]) -> VerifiedIdentity:
        """Find out who came back. `content` is that of the attempt, taken once and for this browser.

        Refuses: AttemptUnknown, AnotherIssuer, Declined, ProviderFailed, CodeRefused, NoIdToken, NotGenuine, TokenRefused,
        ForAnotherApplication, ProviderUnreachable, ProviderWrong.
        """
        description = await self._description.get()
        if content.get("issuer") != description.issuer:
            raise AttemptUnknown  # begun before another provider was configured
        check_answering_issuer(returned.issuer, description)
        if returned.error:
            raise Declined if returned.error == "access_denied" else ProviderFailed(why=returned.error)
        app = self._app(description)
        token = await self._redeem(app, returned.code, str(content["code_verifier"]))
        id_token = token.get("id_token")
        if not isinstance(id_token, str):
            raise NoIdToken
        claims = await self._claims(app, token, nonce=str(content["nonce"]), issuer=description.issuer)
        check_audience(claims, self._party.client_id)
        return identity_of(claims, id_token)

    async def sign_out_url(self, *, issuer: str | None = None, id_token: str | None = None) -> str | None:
        """Where the browser ends its session at the provider too; None when the provider has no such place.

        `issuer` and `id_token` are those of the session that ended here. Refuses: ProviderUnreachable, ProviderWrong.
        """
        description = await self._description.get()
        if description.end_session_endpoint is None or issuer not in (None, description.issuer):
            return None
        made = await self._app(description).create_logout_url(
            post_logout_redirect_uri=self._public_url + SIGNED_OUT,
            id_token_hint=id_token,
            state=secrets.token_urlsafe(16),
            client_id=self._party.client_id,
        )
        return str(made["url"])

    async def read_logout_token(self, token: str) -> LoggedOut:
        """Check a logout token. Refuses: LogoutTokenRefused, ProviderUnreachable, ProviderWrong."""
        description = await self._description.get()
        registry = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)

        async def decode(anew: bool) -> jwt.Token:
            keys: Any = await self._keys.get(anew=anew)
            return jwt.decode(token, KeySet.import_key_set(keys), registry=registry)

        try:
            try:
                found = await decode(anew=False)
            except (InvalidKeyIdError, BadSignatureError):
                found = await decode(anew=True)
            issuer, client_id = description.issuer, self._party.client_id
            return logged_out(found.header, found.claims, issuer=issuer, client_id=client_id)
        except _UNREADABLE as problem:
            raise LogoutTokenRefused(why=type(problem).__name__) from problem

    async def _describe(self) -> Description:
        return await fetch_description(self._party)

    async def _fetch_keys(self) -> dict[str, Any]:
        return await fetch_keys(await self._description.get())

    def _app(self, description: Description) -> _App:
        return _App(
            None,
            client_id=self._party.client_id,
            client_secret=self._party.client_secret,
            client_kwargs={"scope": SCOPE, "code_challenge_method": "S256"},
            client_auth_methods=[("client_secret_basic", basic_credentials)],
            keys=self._keys,
            **description.for_authlib(),
        )

    async def _redeem(self, app: _App, code: str, code_verifier: str) -> Mapping[str, Any]:
        if not code:
            raise CodeRefused
        try:
            token: Mapping[str, Any] = await app.fetch_access_token(
                redirect_uri=self._public_url + CALLBACK, code=code, code_verifier=code_verifier
            )
        except ProviderUnreachable:
            raise
        except (OAuthError, httpx.HTTPError, ValueError, RecursionError) as problem:
            raise CodeRefused(why=getattr(problem, "error", type(problem).__name__)) from problem
        return token

    async def _claims(self, app: _App, token: Mapping[str, Any], *, nonce: str, issuer: str) -> Mapping[str, Any]:
        options = {"iss": {"essential": True, "value": issuer}}

        async def parse() -> Mapping[str, Any]:
            claims: Mapping[str, Any] = await app.parse_id_token(
                token, nonce=nonce, claims_options=options, leeway=LEEWAY_SECONDS
            )
            return claims

        try:
            try:
                return await parse()
            except BadSignatureError:  # a new key under no name, or under an old one
                await self._keys.get(anew=True)
                return await parse()
        except _UNREADABLE as problem:
            claim = getattr(problem, "claim", None)
            if claim is not None:
                raise TokenRefused(why=claim) from problem
            raise NotGenuine(why=type(problem).__name__) from problem


def check_answering_issuer(answering: str | None, description: Description) -> None:
    """An answer that names its issuer must name the one that was asked; it must name one where the provider says it does.

    (RFC 9207, against answers of one provider passed off as those of another.) Refuses: AnotherIssuer.
    """
    if answering is None:
        if description.answers_with_issuer:
            raise AnotherIssuer
    elif answering != description.issuer:
        raise AnotherIssuer


class _App(AsyncOAuth2Mixin, AsyncOpenIDMixin, BaseApp):  # type: ignore[misc]  # Authlib is untyped
    """Authlib's relying party on our line, with the description and the keys that we keep."""

    client_cls = ProviderClient

    def __init__(self, *given: Any, keys: Kept[dict[str, Any]], **named: Any) -> None:
        super().__init__(*given, **named)
        self._keys = keys

    async def fetch_jwk_set(self, force: bool = False) -> dict[str, Any]:
        return await self._keys.get(anew=force)


@lru_cache(maxsize=4)
def _provider(party: RelyingParty, public_url: str) -> Provider:
    return Provider(party, public_url)


def provider() -> Provider | None:
    """The provider that people of this surface sign in at; None while none is configured."""
    given = settings()
    return None if given.oidc is None else _provider(given.oidc, given.public_url)
