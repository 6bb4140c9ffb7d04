"""Where the database is, as whom to sign in, and the SQLAlchemy engines of this process.

Three logins, from the least to the most: `portal_url` and `app_url` for running processes, `owner_url` for migrations,
backups and bulk loads. A process of the portal has the first and asks for no other. Importing this module connects to
nothing and starts nothing; `buyside.db.ready` does.
"""

import os
from pathlib import Path

from sqlalchemy import URL, Engine, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import sessionmaker
from sqlmodel import Session

from buyside.config import settings
from buyside.db import arrow, server

OWNER = "buyside_owner"
"""Role that owns the tables and migrates them."""
APP = "buyside_app"
"""Login role of the internal application: neither owner nor superuser."""
PORTAL = "buyside_portal"
"""Login role of the vendor portal."""


class WrongSurface(RuntimeError):
    """A process of the vendor portal asked for a login that reaches past the vendor boundary."""


_engines: dict[tuple[int, str], Engine] = {}


def is_embedded() -> bool:
    """Whether the database is the embedded server's, and not one that a setting points to."""
    given = settings()
    return given.database_url is None and given.app_database_url is None and given.portal_database_url is None


def data_folder() -> Path:
    """The embedded server's data folder."""
    return settings().home / "postgres"


def password(role: str) -> str:
    """The password of one of our roles, derived from the secret."""
    given = settings()
    key = given.local_key if is_embedded() else given.key
    return key(f"database password of {role}").hex()


def administrator_url() -> str:
    """Login that may make roles: the embedded server's superuser, or what BUYSIDE_DATABASE_URL names. Raises WrongSurface."""
    _not_on_the_portal()
    return settings().database_url or _embedded_url(server.ADMINISTRATOR)


def owner_url() -> str:
    """Login that owns the tables. On another server it is the configured login, turned into `OWNER`. Raises WrongSurface."""
    _not_on_the_portal()
    given = settings().database_url
    if given is None:
        return _embedded_url(OWNER)
    url = make_url(given)
    options = " ".join(filter(None, [str(url.query.get("options", "")), f"-c role={OWNER}"]))
    return libpq(url.update_query_dict({"options": options}))


def app_url() -> str:
    """Login of the internal application. Raises WrongSurface."""
    _not_on_the_portal()
    return settings().app_database_url or _role_url(APP)


def portal_url() -> str:
    """Login of the vendor portal."""
    return settings().portal_database_url or _role_url(PORTAL)


def engine(url: str) -> Engine:
    """The engine of a connection string (libpq or SQLAlchemy spelling): one per string and process, made when first asked for."""
    name = (os.getpid(), url)  # a forked process must not share its parent's connections
    if name not in _engines:
        _engines[name] = create_engine(
            make_url(url).set(drivername="postgresql+psycopg"),
            pool_size=12,
            max_overflow=8,
            pool_pre_ping=True,
            hide_parameters=True,  # errors are logged, and what a statement carries may be a secret
            connect_args={"application_name": f"buyside {os.getpid()}"},
        )
    return _engines[name]


def app_engine() -> Engine:
    """The engine of the internal application. Raises WrongSurface."""
    return engine(app_url())


def portal_engine() -> Engine:
    """The engine of the vendor portal."""
    return engine(portal_url())


def sessions() -> sessionmaker[Session]:
    """What operations and queries make their sessions with: as this surface's login, rows usable after commit."""
    own = portal_engine() if settings().surface == "portal" else app_engine()
    return sessionmaker(own, class_=Session, expire_on_commit=False)


def prove(session: Session, proof: str) -> None:
    """Show the database, on the portal, whose session this transaction is for: row security asks for it.

    It holds until the transaction ends and never longer: the connection goes to somebody else then.
    """
    if settings().surface == "portal":
        session.execute(text("SELECT set_config('app.session', :proof, true)"), {"proof": proof})


def dispose_engines() -> None:
    """Close this process's connections."""
    for name in [each for each in _engines if each[0] == os.getpid()]:
        _engines.pop(name).dispose()
    arrow.dispose()


def with_login(url: str, user: str, secret: str) -> str:
    """The same server and database with another login."""
    return libpq(make_url(url).set(username=user, password=secret))


def with_database(url: str, database: str) -> str:
    """The same server and login with another database."""
    return libpq(make_url(url).set(database=database))


def _not_on_the_portal() -> None:
    if settings().surface == "portal":
        raise WrongSurface("a process of the vendor portal has the portal's login and no other")


def _role_url(role: str) -> str:
    given = settings().database_url
    return _embedded_url(role) if given is None else with_login(given, role, password(role))


def _embedded_url(role: str) -> str:
    return libpq(
        URL.create(
            "postgresql",
            username=role,
            password=password(role),
            database=settings().database_name,
            query={"host": str(server.socket_folder(data_folder()))},
        )
    )


def libpq(url: URL) -> str:
    """A libpq address. SQLAlchemy writes a blank of the query part as a plus sign, which libpq takes as it stands."""
    address, mark, query = url.set(drivername="postgresql").render_as_string(hide_password=False).partition("?")
    return address + mark + query.replace("+", "%20")
