"""What each process that the supervisor starts may know: its own login, its own client's secret, and nothing of the others.

An allow-list. What stands in the supervisor's environment for other programs, or for the other surface, is not handed on.
"""

import os

from buyside.config import PREFIX, Settings
from buyside.db.engine import app_url, portal_url
from buyside.web.build import environment

_HANDED_ON = {
    "PATH", "HOME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "SSL_CERT_FILE", "SSL_CERT_DIR",
    "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy",
}  # fmt: skip
_HANDED_ON_BEGINS = ("LC_", "PYTHON", "PGSSL")


def of_worker(given: Settings, own: Settings) -> dict[str, str]:
    """For the process that serves one surface. `own`: the settings `given` as that surface sees them.

    It gets the login of its surface, a secret derived for it, and a home of its own, in which no other secret lies.
    """
    known = {
        **_address(own),
        "HOME": str(given.home / own.surface),
        "SURFACE": own.surface,
        "DEMO": "1" if given.demo else "0",
        "SECRET": given.key(f"serving process of the {own.surface} surface").hex(),
        **_client("OIDC", own),
    }
    if own.surface == "portal":
        known["PORTAL_DATABASE_URL"] = portal_url()
    else:
        known["APP_DATABASE_URL"] = app_url()
        # Invitations tell vendors where to go.
        known |= {"PORTAL_PORT": str(given.portal_port), "PORTAL_PUBLIC_URL": given.portal_public_url}
    serving = {
        "REFLEX_ENV_MODE": "prod",
        # Reflex's own switches for serving a page that is built already, from the same port and without Node.
        "__REFLEX_SKIP_COMPILE": "1",
        "__REFLEX_MOUNT_FRONTEND_COMPILED_APP": "1",
    }
    return _handed_on() | _prefixed(known) | environment(own) | serving


def of_demo_provider(given: Settings) -> dict[str, str]:
    """For the demo's sign-in provider, which knows both surfaces as its clients and lets anybody in as anybody anyway."""
    portal = given.of_surface("portal")
    known = {
        **_address(given),
        "HOME": str(given.home),  # its signing key stays there
        "PORTAL_PORT": str(portal.port),
        "PORTAL_PUBLIC_URL": portal.public_url,
        "DEMO": "1",
        "DEMO_PROVIDER_PORT": str(given.demo_provider_port),
        "APP_DATABASE_URL": app_url(),
        "SECRET": given.key("demo provider").hex(),
        **_client("OIDC", given),
        **_client("PORTAL_OIDC", portal),
    }
    return _handed_on() | _prefixed(known)


def _handed_on() -> dict[str, str]:
    return {
        name: value
        for name, value in os.environ.items()
        if name in _HANDED_ON or name.startswith(_HANDED_ON_BEGINS)
    }  # fmt: skip


def _prefixed(known: dict[str, str]) -> dict[str, str]:
    return {PREFIX + name: value for name, value in known.items()}


def _address(own: Settings) -> dict[str, str]:
    return {"HOST": own.host, "PORT": str(own.port), "PUBLIC_URL": own.public_url}


def _client(prefix: str, own: Settings) -> dict[str, str]:
    provider = own.oidc
    if provider is None:
        return {}
    return {
        f"{prefix}_DISCOVERY_URL": provider.discovery_url,
        f"{prefix}_CLIENT_ID": provider.client_id,
        f"{prefix}_CLIENT_SECRET": provider.client_secret,
    }
