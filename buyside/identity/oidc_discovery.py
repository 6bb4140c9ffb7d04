"""What a provider says of itself, and how much of it is believed.

Authlib takes every member of the document as an option of its client, `verify` and `proxy` among them. Here a document is
checked once and reduced to what a sign-in needs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from buyside.config import RelyingParty
from buyside.domain.refusals import Refused
from buyside.identity.oidc_http import ProviderUnreachable, fetch_document, may_be_called

ALGORITHMS = ("RS256", "ES256", "PS256")
"""Signatures that are accepted, whatever the provider lists: public keys only, and no `none`."""
_MOST_KEYS = 100


class ProviderWrong(Refused):
    """The provider's description of itself cannot be trusted; `why` is for the log."""

    code = "sign-in.provider"
    says = "The sign-in service does not describe itself as it must. Ask whoever runs this server."


@dataclass(frozen=True, slots=True)
class Description:
    """A provider, checked: its exact issuer and its addresses."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    end_session_endpoint: str | None
    client_authentication: str
    """`client_secret_basic` or `client_secret_post`."""
    answers_with_issuer: bool
    """RFC 9207: every answer names the issuer."""
    takes_claims: bool
    """Whether single claims may be asked for (OpenID Connect Core 5.5)."""

    def for_authlib(self) -> dict[str, Any]:
        """The members of the discovery document that Authlib gets to see."""
        return {
            "issuer": self.issuer,
            "authorization_endpoint": self.authorization_endpoint,
            "token_endpoint": self.token_endpoint,
            "jwks_uri": self.jwks_uri,
            "end_session_endpoint": self.end_session_endpoint,
            "token_endpoint_auth_method": self.client_authentication,
            "id_token_signing_alg_values_supported": list(ALGORITHMS),
        }


async def fetch_description(party: RelyingParty) -> Description:
    """Read and check the discovery document. Refuses: ProviderUnreachable, ProviderWrong."""
    document = await fetch_document(party.discovery_url)
    check_issuer(document, party)
    check_challenges(document)
    discovery = urlsplit(party.discovery_url)
    plain_host = discovery.hostname if discovery.scheme == "http" else None

    def address(name: str) -> str:
        url = document.get(name)
        if not isinstance(url, str) or not may_be_called(url, plain_host=plain_host):
            raise ProviderWrong(why=name)
        return url

    return Description(
        issuer=document["issuer"],
        authorization_endpoint=address("authorization_endpoint"),
        token_endpoint=address("token_endpoint"),
        jwks_uri=address("jwks_uri"),
        end_session_endpoint=address("end_session_endpoint") if document.get("end_session_endpoint") else None,
        client_authentication=_client_authentication(document),
        answers_with_issuer=document.get("authorization_response_iss_parameter_supported") is True,
        takes_claims=document.get("claims_parameter_supported") is True,
    )


def check_issuer(document: dict[str, Any], party: RelyingParty) -> None:
    """The issuer must be the configured one, to the letter; a slash at its very end is lost in the discovery address.

    (OpenID Connect Discovery 4.3; ASVS 10.5.3.) Refuses: ProviderWrong.
    """
    if document.get("issuer") not in (party.issuer, f"{party.issuer}/"):
        raise ProviderWrong(why="issuer")


def check_challenges(document: dict[str, Any]) -> None:
    """A provider that lists its PKCE methods must know S256, else it would ignore ours. Refuses: ProviderWrong."""
    challenges = document.get("code_challenge_methods_supported")
    if challenges is not None and not (isinstance(challenges, list) and "S256" in challenges):
        raise ProviderWrong(why="code_challenge_methods_supported")


def _client_authentication(document: dict[str, Any]) -> str:
    known = document.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
    for method in ("client_secret_basic", "client_secret_post"):
        if isinstance(known, list) and method in known:
            return method
    raise ProviderWrong(why="token_endpoint_auth_methods_supported")


async def fetch_keys(description: Description) -> dict[str, Any]:
    """The provider's public keys for signatures. Refuses: ProviderUnreachable."""
    document = await fetch_document(description.jwks_uri)
    listed = document.get("keys")
    if not isinstance(listed, list) or len(listed) > _MOST_KEYS:
        raise ProviderUnreachable
    return {"keys": [key for key in listed if _is_for_signatures(key)]}


def _is_for_signatures(key: object) -> bool:
    return isinstance(key, dict) and key.get("kty") in {"RSA", "EC"} and key.get("use", "sig") == "sig"
