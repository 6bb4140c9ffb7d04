"""Settings, read once from the environment into one frozen object.

Every setting is a variable `BUYSIDE_<NAME>`; none is needed for the demo. A wrong one is told in a sentence, together with
all the others that are wrong, as `WrongSettings`.
"""

import difflib
import hmac
import os
import secrets
from dataclasses import dataclass, field
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parent.parent
"""The project's folder: rxconfig.py, alembic.ini and assets/ lie in it."""

PREFIX = "BUYSIDE_"
Surface = Literal["internal", "portal"]
"""The two web surfaces of the one package: the company's own people, and its vendors."""

_POSTGRES = ("postgresql", "postgres")
_SECRET_LENGTH = 32
_FIRST_PORT = 8300
_HIGHEST_PORT = 65535
_DISCOVERY = "/.well-known/openid-configuration"


class WrongSettings(Exception):
    """The environment holds settings that cannot be used; `sentences` has one for each."""

    def __init__(self, sentences: list[str]) -> None:
        super().__init__("\n".join(sentences))
        self.sentences = sentences


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """What an OpenID provider knows a surface as, and where the provider describes itself."""

    discovery_url: str
    client_id: str
    client_secret: str = field(repr=False)

    @property
    def issuer(self) -> str:
        """The issuer whose description `discovery_url` is, without a slash at its end (OpenID Connect Discovery 4)."""
        return self.discovery_url.removesuffix(_DISCOVERY)


class Settings(BaseSettings):
    """What an operator may decide. Read it through `settings()`."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore", env_ignore_empty=True)

    home: Path = ROOT / ".buyside"
    """Folder of everything Buyside keeps on this machine: the embedded server's data, its secret, its log."""
    database_name: str = Field(default="buyside", pattern=r"^[a-z][a-z0-9_]{0,62}$")
    """Name of the database on the embedded server."""
    database_url: str | None = Field(default=None, repr=False)
    """Login that owns (or may create) the tables on another PostgreSQL server, 16 or newer. Unset: the embedded server."""
    app_database_url: str | None = Field(default=None, repr=False)
    """Login of the internal application. Set by `buyside serve` for the process it starts; that process knows no other."""
    portal_database_url: str | None = Field(default=None, repr=False)
    """The same for the vendor portal, whose process knows neither of the two above."""
    secret: str | None = Field(default=None, repr=False)
    """At least 32 characters from which keys and database passwords are derived. Unset: one is drawn and kept in `home`."""
    host: str = "127.0.0.1"
    """Address to listen on."""
    port: int = Field(default=_FIRST_PORT, ge=1, le=_HIGHEST_PORT)
    """TCP port of the internal application."""
    public_url: str = ""
    """Address the company's people type. It becomes part of the built page. Unset: http://localhost:<port>."""
    portal_port: int = Field(default=_FIRST_PORT + 1, ge=1, le=_HIGHEST_PORT)
    """TCP port of the vendor portal. Unset: the one after `BUYSIDE_PORT`."""
    portal_public_url: str = ""
    """Address vendors type, on a host of its own wherever it is more than this machine. Unset: http://localhost:<portal port>."""
    oidc_discovery_url: str | None = None
    """Where the OpenID provider of the company's people describes itself: its issuer and /.well-known/openid-configuration."""
    oidc_client_id: str | None = None
    """What that provider knows the internal application as."""
    oidc_client_secret: str | None = Field(default=None, repr=False)
    """The secret that the provider gave for it."""
    portal_oidc_discovery_url: str | None = None
    """The provider of the vendors' people. Unset, with the two below: the provider and client of the company's own."""
    portal_oidc_client_id: str | None = None
    """What it knows the portal as; a client of its own keeps the internal application's secret out of the portal's process."""
    portal_oidc_client_secret: str | None = Field(default=None, repr=False)
    """The secret that it gave for the portal."""
    surface: Surface = "internal"
    """Which of the two web surfaces this process serves. Set by `buyside serve`, which serves both, for each that it starts."""
    demo: bool = False
    """Bring a sign-in provider of our own where none is set, with people to click on. Only on a loopback address."""
    demo_provider_port: int = Field(default=_FIRST_PORT + 2, ge=1, le=_HIGHEST_PORT)
    """TCP port of that provider. Unset: the second after `BUYSIDE_PORT`."""

    @field_validator("home", mode="after")
    @classmethod
    def _home_is_absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @field_validator("database_url", "app_database_url", "portal_database_url")
    @classmethod
    def _is_postgresql(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        if parts.scheme not in _POSTGRES or not parts.path.strip("/"):
            raise ValueError("must look like postgresql://user:password@host:5432/database")
        return value

    @field_validator("secret")
    @classmethod
    def _is_long_enough(cls, value: str | None) -> str | None:
        if value is not None and len(value) < _SECRET_LENGTH:
            raise ValueError(f"must have at least {_SECRET_LENGTH} characters")
        return value

    @field_validator("public_url", "portal_public_url")
    @classmethod
    def _is_an_origin(cls, value: str) -> str:
        if not value:
            return value
        try:
            parts = urlsplit(value)
            usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
        except ValueError:
            usable = False
        if not usable or parts.path.strip("/") or parts.query or parts.fragment or parts.username:
            raise ValueError("must be a web address without a path, such as https://buyside.example.com")
        return value.rstrip("/")

    @field_validator("oidc_discovery_url", "portal_oidc_discovery_url")
    @classmethod
    def _is_a_discovery_address(cls, value: str | None) -> str | None:
        if value is None:
            return None
        try:
            parts = urlsplit(value)
            host, usable = parts.hostname or "", (parts.port or 1) > 0
        except ValueError:
            host, usable = "", False
        usable = usable and bool(host) and parts.scheme in {"http", "https"} and parts.path.endswith(_DISCOVERY)
        if not usable or parts.query or parts.fragment or parts.username is not None:
            raise ValueError(f"must be a web address such as https://login.example.com{_DISCOVERY}")
        if parts.scheme == "http" and not _is_loopback(host):
            raise ValueError("must begin with https, as anybody on the way could answer in the provider's place")
        return value

    @model_validator(mode="before")
    @classmethod
    def _follow_the_port(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Ports that are unset follow the first one, addresses follow their port; a wrong port is told once, as the port."""
        first = _port(values, "port", _FIRST_PORT)
        is_portal = values.get("surface") == "portal"  # such a process has no neighbour: what it serves is the portal
        for name, port in {"portal_port": first if is_portal else first + 1, "demo_provider_port": first + 2}.items():
            if not values.get(name):
                values[name] = port
        for name, port in {"public_url": first, "portal_public_url": _port(values, "portal_port", first + 1)}.items():
            if not values.get(name):
                own = values.get("public_url") if is_portal else None
                values[name] = own or f"http://localhost:{port}"
        return values

    @model_validator(mode="after")
    def _demo_stays_at_home(self) -> "Settings":
        if self.demo and not (self.is_loopback and _is_loopback(urlsplit(self.portal_public_url).hostname or "")):
            raise ValueError(
                "BUYSIDE_DEMO lets anybody sign in as anybody, so it works on this machine only: BUYSIDE_HOST must be a "
                "loopback address such as 127.0.0.1, and BUYSIDE_PUBLIC_URL and BUYSIDE_PORTAL_PUBLIC_URL must name localhost."
            )
        return self

    @model_validator(mode="after")
    def _providers_are_whole(self) -> "Settings":
        for prefix in ("oidc", "portal_oidc"):
            names = [f"{prefix}_{part}" for part in ("discovery_url", "client_id", "client_secret")]
            missing = [f"{PREFIX}{name}".upper() for name in names if not getattr(self, name)]
            if prefix == "portal_oidc" and self.oidc_discovery_url and missing == ["BUYSIDE_PORTAL_OIDC_DISCOVERY_URL"]:
                continue  # the same provider, which knows the portal as a client of its own
            if 0 < len(missing) < len(names):
                raise ValueError(
                    f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing: the address of a provider, the "
                    "client's id and its secret belong together."
                )
        return self

    @model_validator(mode="after")
    def _surfaces_are_apart(self) -> "Settings":
        if self.surface == "portal":
            return self
        if self.port == self.portal_port:
            raise ValueError(f"BUYSIDE_PORT and BUYSIDE_PORTAL_PORT are both {self.port}: each surface needs its own.")
        internal, portal = (urlsplit(each).hostname or "" for each in (self.public_url, self.portal_public_url))
        if internal == portal and not _is_loopback(internal):
            raise ValueError(
                f"BUYSIDE_PUBLIC_URL and BUYSIDE_PORTAL_PUBLIC_URL both name {internal}: a browser shows the cookies of a host to "
                "all its ports, so the portal would be shown the company's. Give the portal a host of its own."
            )
        return self

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the server, by its address and by its public name."""
        return _is_loopback(self.host) and _is_loopback(urlsplit(self.public_url).hostname or "")

    @property
    def oidc(self) -> RelyingParty | None:
        """The provider of this process's surface; None while there is none, and nobody can sign in."""
        if not (self.oidc_discovery_url and self.oidc_client_id and self.oidc_client_secret):
            return None
        return RelyingParty(self.oidc_discovery_url, self.oidc_client_id, self.oidc_client_secret)

    @property
    def demo_issuer(self) -> str:
        """Who the demo's own provider is, as OpenID names it."""
        return f"http://localhost:{self.demo_provider_port}"

    def with_demo_provider(self) -> "Settings":
        """The same settings; in demo mode without a provider, with the demo's own, and a client at it for each surface."""
        if not self.demo or self.oidc_discovery_url or self.portal_oidc_discovery_url or self.surface != "internal":
            return self
        provider = {}
        for prefix, client in {"oidc": "buyside", "portal_oidc": "buyside-portal"}.items():
            provider[f"{prefix}_discovery_url"] = self.demo_issuer + _DISCOVERY
            provider[f"{prefix}_client_id"] = client
            provider[f"{prefix}_client_secret"] = self.key(f"demo provider's client {client}").hex()
        return self.model_copy(update=provider)

    def of_surface(self, surface: Surface) -> "Settings":
        """The same settings as the process of one surface sees them: port, address and provider are its own.

        Raises ValueError for the internal surface in the portal's process, which knows nothing of it.
        """
        if surface == self.surface:
            return self
        if surface == "internal":
            raise ValueError("the portal's process knows nothing of the internal surface")
        own = {
            "surface": surface,
            "port": self.portal_port,
            "public_url": self.portal_public_url,
            "oidc_discovery_url": self.portal_oidc_discovery_url or self.oidc_discovery_url,
            "oidc_client_id": self.portal_oidc_client_id or self.oidc_client_id,
            "oidc_client_secret": self.portal_oidc_client_secret or self.oidc_client_secret,
        }
        return self.model_copy(update=own)

    @property
    def web_folder(self) -> Path:
        """Where the page is built; each surface has a folder of its own."""
        return ROOT / (".web" if self.surface == "internal" else ".web-portal")

    def key(self, purpose: str) -> bytes:
        """Derive the 32-byte key of one purpose from the secret; keys of different purposes tell nothing of each other."""
        return hmac.digest((self.secret or _kept_secret(self.home)).encode(), purpose.encode(), "sha256")

    def local_key(self, purpose: str) -> bytes:
        """The same from the secret that lies beside the embedded server's data, whatever `secret` says."""
        return hmac.digest(_kept_secret(self.home).encode(), purpose.encode(), "sha256")


def _port(values: dict[str, Any], name: str, otherwise: int) -> int:
    """A port among values that are not checked yet."""
    text = str(values.get(name) or otherwise)
    return int(text) if text.isdecimal() and 1 <= int(text) <= _HIGHEST_PORT else otherwise


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _kept_secret(home: Path) -> str:
    """The secret kept in the home folder, drawn at first use."""
    path = home / "secret"
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        pass
    home.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"secret.{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(secrets.token_urlsafe(48) + "\n")
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        pass  # another process drew one at the same moment: its secret counts
    finally:
        draft.unlink()
    return path.read_text().strip()


def _sentence(error: ErrorDetails) -> str:
    if not error["loc"]:
        return str(error["msg"]).removeprefix("Value error, ")
    name = f"{PREFIX}{error['loc'][0]}".upper()
    kind, value = error["type"], error["input"]
    # Neither passwords nor secrets on a screen.
    is_told = not name.endswith(("DATABASE_URL", "SECRET")) and "@" not in str(value)
    shown = f"is {str(value)!r}, but" if is_told else "is set, but"
    if kind == "value_error":
        must = str(error["msg"]).removeprefix("Value error, ")
    elif name.endswith("_PORT"):
        must = "must be a whole number from 1 to 65535"
    elif kind == "string_pattern_mismatch":
        must = "must be a name of small letters, digits and underscores that begins with a letter"
    elif kind.startswith("bool"):
        must = "must be 1 or 0"
    elif kind == "literal_error":
        must = f"must be {error['ctx']['expected']}"
    else:
        must = f"cannot be used: {error['msg']}"
    return f"{name} {shown} {must}."


def _unknown_names() -> list[str]:
    """A sentence for each variable with our prefix that is no setting: a misspelt one would be ignored in silence."""
    known = [f"{PREFIX}{name}".upper() for name in Settings.model_fields]
    sentences = []
    for name in sorted(os.environ):
        if name.startswith(PREFIX) and name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            sentences.append(f"{name} is no setting." + (f" Is {near[0]} meant?" if near else ""))
    return sentences


def read_settings() -> Settings:
    """Read the environment. Raises `WrongSettings` with a sentence for every setting that cannot be used."""
    sentences = _unknown_names()
    try:
        read = Settings()
    except ValidationError as error:
        raise WrongSettings([*sentences, *(_sentence(each) for each in error.errors())]) from None
    if sentences:
        raise WrongSettings(sentences)
    return read


@cache
def settings() -> Settings:
    """The settings of this process. Raises `WrongSettings`."""
    return read_settings()
