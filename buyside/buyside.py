"""The web app: its pages, its guard, its routes and its error net. Reflex loads it by the name in rxconfig.py."""

import importlib
import pkgutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import reflex as rx
from starlette.applications import Starlette
from starlette.types import ASGIApp

import buyside.pages
from buyside.db.engine import dispose_engines
from buyside.pages.routes import permission_of_path
from buyside.pages.shell import PAGES
from buyside.queries.grids import GRIDS
from buyside.state.base import Guard, close_executor, something_went_wrong, unmarked_handlers
from buyside.web import auth, ended, rows
from buyside.web.gate import Gate

_NOT_PAGES = {"routes", "shell"}


def _load_pages() -> None:
    """Import every module of pages; each puts its page into the list."""
    for module in pkgutil.iter_modules(buyside.pages.__path__):
        if not module.ispkg and module.name not in _NOT_PAGES:
            importlib.import_module(f"buyside.pages.{module.name}")


@asynccontextmanager
async def _resources() -> AsyncIterator[None]:
    """Threads and connections are made when first used and closed here; open ones would hang the server's shutdown."""
    try:
        yield
    finally:
        close_executor()
        dispose_engines()


def _gate(served: ASGIApp) -> ASGIApp:
    return Gate(served, permission_of_path)


app = rx.App(
    stylesheets=["/buyside.css"],
    head_components=[
        rx.el.link(rel="icon", href="/favicon.svg", type="image/svg+xml"),
        rx.el.script(src="/buyside.js", defer=True),
    ],
    html_lang="en",
    backend_exception_handler=something_went_wrong,
    api_transformer=[Starlette(routes=[*auth.routes(), *rows.routes(GRIDS)]), _gate],  # the last one is outermost
)
app.add_middleware(Guard(), index=0)
app.register_lifespan_task(_resources)
app.register_lifespan_task(ended.listen)

_load_pages()
for page in PAGES:
    app.add_page(page.component, route=page.route.path, title=f"{page.route.label} · Buyside", on_load=page.on_load)

if forgotten := unmarked_handlers():
    raise RuntimeError(f"handlers that nobody may call, because they name no permission: {', '.join(forgotten)}")
