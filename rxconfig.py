"""Names the web app to Reflex; everything else comes from buyside.config."""

import json

import reflex as rx

from buyside.config import ROOT, Settings, settings

_given = settings()


def _packages(given: Settings) -> list[str]:
    """The packages of the internal page, for the portal to declare them too: one lock holds for both pages."""
    lock = ROOT / "reflex.lock" / "package.json"
    if given.surface == "internal" or not lock.exists():
        return []
    locked = json.loads(lock.read_text(encoding="utf-8"))["dependencies"]
    own = locked.keys() - rx.constants.PackageJson.DEPENDENCIES.keys()
    return sorted(f"{name}@{locked[name].removeprefix('^')}" for name in own)


config = rx.Config(
    app_name="buyside",
    api_url=_given.public_url,
    deploy_url=_given.public_url,
    backend_host=_given.host,
    backend_port=_given.port,
    cors_allowed_origins=[_given.public_url],
    frontend_packages=_packages(_given),
    state_manager_mode=rx.constants.StateManagerMode.MEMORY,
    frontend_compression_formats=["gzip"],
    telemetry_enabled=False,
    show_built_with_reflex=False,
    plugins=[rx.plugins.RadixThemesPlugin(theme=rx.theme(accent_color="indigo", gray_color="slate", radius="medium"))],
    disable_plugins=[rx.plugins.SitemapPlugin],
)
