"""Settings, read once from the environment into one frozen object.

Every setting is a variable `BUYSIDE_<NAME>`; none is needed for the demo. A wrong one is told in a sentence, together with
all the others that are wrong, as `WrongSettings`.
"""

import difflib
import hmac
import os
import secrets
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
_POSTGRES = ("postgresql", "postgres")
_SECRET_LENGTH = 32
_HIGHEST_PORT = 65535


class WrongSettings(Exception):
    """The environment holds settings that cannot be used; `sentences` has one for each."""

    def __init__(self, sentences: list[str]) -> None:
        super().__init__("\n".join(sentences))
        self.sentences = sentences


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
    """Login of the running application. Set by `buyside serve` for the process it starts; that process knows no other."""
    portal_database_url: str | None = Field(default=None, repr=False)
    """The same for the vendor portal."""
    secret: str | None = Field(default=None, repr=False)
    """At least 32 characters from which keys and database passwords are derived. Unset: one is drawn and kept in `home`."""
    host: str = "127.0.0.1"
    """Address to listen on."""
    port: int = Field(default=8300, ge=1, le=_HIGHEST_PORT)
    """TCP port to listen on."""
    public_url: str = ""
    """Address people type. It becomes part of the built page. Unset: http://localhost:<port>."""
    surface: Literal["internal", "portal"] = "internal"
    """Which of the two web surfaces this process serves."""
    demo: bool = False
    """Sign in by picking a person. Only on a loopback address."""

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

    @field_validator("public_url")
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

    @model_validator(mode="before")
    @classmethod
    def _default_public_url(cls, values: dict[str, Any]) -> dict[str, Any]:
        if not values.get("public_url"):
            port = str(values.get("port") or 8300)
            is_port = port.isdecimal() and 1 <= int(port) <= _HIGHEST_PORT  # a wrong one is told once, as the port
            values["public_url"] = f"http://localhost:{port if is_port else 8300}"
        return values

    @model_validator(mode="after")
    def _demo_stays_at_home(self) -> "Settings":
        if self.demo and not self.is_loopback:
            raise ValueError(
                "BUYSIDE_DEMO lets anybody sign in as anybody, so it works on this machine only: "
                "BUYSIDE_HOST must be a loopback address such as 127.0.0.1 and BUYSIDE_PUBLIC_URL must name localhost."
            )
        return self

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the server, by its address and by its public name."""
        return _is_loopback(self.host) and _is_loopback(urlsplit(self.public_url).hostname or "")

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
    if (name.endswith("_URL") and name != "BUYSIDE_PUBLIC_URL") or name.endswith("SECRET"):
        shown = "is set, but"  # neither passwords nor secrets on a screen
    else:
        shown = f"is {str(value)!r}, but"
    if kind == "value_error":
        must = str(error["msg"]).removeprefix("Value error, ")
    elif name == "BUYSIDE_PORT":
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
