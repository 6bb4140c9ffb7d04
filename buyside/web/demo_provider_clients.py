"""Who deals with the demo's provider and about what: its clients, who is signed in, codes, and requests as Authlib reads them."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field

from authlib.oauth2.rfc6749 import OAuth2Request
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from starlette.responses import JSONResponse

from buyside.config import Surface
from buyside.identity.demo_people import Person
from buyside.identity.oidc import CALLBACK, SIGNED_OUT
from buyside.web.gate import BACK_CHANNEL_LOGOUT

SCOPES = ("openid", "profile", "email")
AUTH_METHODS = ("client_secret_basic", "client_secret_post")


@dataclass(frozen=True, slots=True)
class Client:
    """One of the two surfaces, as a confidential client. Its methods are what Authlib asks a client."""

    surface: Surface
    client_id: str
    client_secret: str = field(repr=False)
    public_url: str

    @property
    def redirect_uri(self) -> str:
        """Where people come back to with a code."""
        return self.public_url + CALLBACK

    @property
    def signed_out_uri(self) -> str:
        """Where people may be sent after signing out."""
        return self.public_url + SIGNED_OUT

    @property
    def back_channel_uri(self) -> str:
        """Where the client wants to be told that somebody signed out."""
        return self.public_url + BACK_CHANNEL_LOGOUT

    @property
    def client_metadata(self) -> dict[str, list[str]]:
        return {"post_logout_redirect_uris": [self.signed_out_uri]}

    def get_client_id(self) -> str:
        return self.client_id

    def get_default_redirect_uri(self) -> None:
        """None: OpenID Connect wants the address in every request."""

    def get_allowed_scope(self, scope: str | None) -> str | None:
        """The scopes asked for that there are; None, which refuses, without `openid`."""
        asked = (scope or "").split()
        return " ".join(each for each in asked if each in SCOPES) if "openid" in asked else None

    def check_redirect_uri(self, redirect_uri: str | None) -> bool:
        return redirect_uri == self.redirect_uri

    def check_client_secret(self, client_secret: str) -> bool:
        return hmac.compare_digest(self.client_secret.encode(), client_secret.encode())

    def check_endpoint_auth_method(self, method: str, _endpoint: str) -> bool:
        return method in AUTH_METHODS

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"


@dataclass(slots=True)
class SignIn:
    """One person, signed in at the provider in one browser. `at` is in seconds since the epoch."""

    sid: str
    browser: str
    person: Person
    surface: Surface
    at: int
    client_ids: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Code:
    """What an authorization code stands for. Its methods are what Authlib asks a code."""

    client_id: str
    redirect_uri: str
    scope: str
    nonce: str | None
    code_challenge: str
    code_challenge_method: str
    sign_in: SignIn
    auth_time: int
    expires_at: float

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope

    def get_nonce(self) -> str | None:
        return self.nonce

    def get_auth_time(self) -> int:
        return self.auth_time

    def get_acr(self) -> None:
        """None: nobody proves anything here."""

    def get_amr(self) -> None:
        """None, as above."""


class Asked(OAuth2Request):  # type: ignore[misc]
    """A request as Authlib reads it: `values` are the parameters of its query or its form, `browser` is its cookie's value."""

    def __init__(
        self, method: str, uri: str, values: Mapping[str, str], headers: Mapping[str, str], browser: str = ""
    ) -> None:
        super().__init__(method, uri, headers=headers)
        self.payload = BasicOAuth2Payload(values)
        self.browser = browser

    @property
    def form(self) -> Mapping[str, str]:
        values: Mapping[str, str] = self.payload.data
        return values


class Answer(JSONResponse):
    """An answer whose address Authlib's extension for the issuer can read and set."""

    @property
    def location(self) -> str | None:
        return self.headers.get("location")

    @location.setter
    def location(self, address: str) -> None:
        self.headers["location"] = address
