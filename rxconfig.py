"""Names the web app to Reflex; everything else comes from buyside.config."""

import reflex as rx

from buyside.config import settings

_given = settings()

config = rx.Config(
    app_name="buyside",
    api_url=_given.public_url,
    deploy_url=_given.public_url,
    backend_host=_given.host,
    backend_port=_given.port,
    cors_allowed_origins=[_given.public_url],
    state_manager_mode=rx.constants.StateManagerMode.MEMORY,
    frontend_compression_formats=["gzip"],
    telemetry_enabled=False,
    show_built_with_reflex=False,
    plugins=[rx.plugins.RadixThemesPlugin(theme=rx.theme(accent_color="indigo", gray_color="slate", radius="medium"))],
    disable_plugins=[rx.plugins.SitemapPlugin],
)
