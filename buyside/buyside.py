"""The web app of one surface: its pages, its guard, its routes and its error net. Reflex loads it by the name in rxconfig.py.

The setting `surface` chooses between the company's own pages and its vendors' (ACC-5). What belongs to the other surface is not
imported: no page, no state, no event handler of it exists in this process.
"""

import gc
import importlib
import pkgutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import reflex as rx
from starlette.applications import Starlette
from starlette.types import ASGIApp

from buyside.config import settings
from buyside.db.engine import dispose_engines
from buyside.state.base import Guard, close_executor, something_went_wrong, unmarked_handlers
from buyside.web import auth, ended, papers, rows
from buyside.web.doors import unlocked
from buyside.web.gate import Gate

_NOT_PAGES = {"routes", "shell", "family", "saved_views"}


@dataclass(frozen=True)
class _Side:
    """Where what one surface shows is found: by name, so that nothing is imported before it is chosen."""

    pages: str
    grids: str
    paper: tuple[str, str]
    doors: tuple[str, ...] = ()
    """Modules of plain routes that this surface alone has."""
    keepers: tuple[str, ...] = ()
    """Modules whose `keep` goes on for as long as this surface serves."""


_SIDES = {
    "internal": _Side(
        "buyside.pages",
        "buyside.queries.grids",
        ("buyside.queries.order_papers", "order_paper"),
        doors=(
            "buyside.web.choices",
            "buyside.web.plan_board",
            "buyside.web.requirement_board",
            "buyside.web.sheet_files",
        ),
        keepers=("buyside.web.schedules",),
    ),
    "portal": _Side(
        "buyside.pages.portal", "buyside.queries.portal_grids", ("buyside.queries.portal_orders", "portal_paper")
    ),
}


def _load_pages(package: str) -> None:
    """Import every module of pages; each puts its page into the list of its shell."""
    for module in pkgutil.iter_modules(importlib.import_module(package).__path__):
        if not module.ispkg and module.name not in _NOT_PAGES:
            importlib.import_module(f"{package}.{module.name}")


@asynccontextmanager
async def _resources() -> AsyncIterator[None]:
    """Threads and connections are made when first used and closed here; open ones would hang the server's shutdown."""
    gc.collect()
    gc.freeze()  # what is loaded stays: no later collection walks it, while everybody waits for a tenth of a second
    try:
        yield
    finally:
        close_executor()
        dispose_engines()


def _gate(served: ASGIApp) -> ASGIApp:
    return Gate(served, _doors.permission_of_path)


_side = _SIDES[settings().surface]
_doors = importlib.import_module(f"{_side.pages}.routes")
_shell = importlib.import_module(f"{_side.pages}.shell")
_grids = importlib.import_module(_side.grids)
_paper = getattr(importlib.import_module(_side.paper[0]), _side.paper[1])
_own_doors = [route for name in _side.doors for route in importlib.import_module(name).routes()]
_routes = [*auth.routes(), *rows.routes(_grids.GRIDS), *papers.routes(_paper), *_own_doors]

app = rx.App(
    stylesheets=["/buyside.css"],
    head_components=[
        rx.el.link(rel="icon", href="/favicon.svg", type="image/svg+xml"),
        # Not deferred: the page's own script is async, and would open its socket before anybody watches it.
        rx.el.script(src="/buyside.js"),
    ],
    html_lang="en",
    backend_exception_handler=something_went_wrong,
    api_transformer=[Starlette(routes=_routes), _gate],  # the last one is outermost
)
app.add_middleware(Guard(), index=0)
app.register_lifespan_task(_resources)
app.register_lifespan_task(ended.listen)
for _keeper in _side.keepers:
    app.register_lifespan_task(importlib.import_module(_keeper).keep)

_load_pages(_side.pages)
for page in (*_shell.PAGES, _shell.missing()):
    app.add_page(page.component, route=page.route.path, title=f"{page.route.label} · Buyside", on_load=page.on_load)

_open_pages = [page.route.path for page in _shell.PAGES if _doors.permission_of_path(page.route.path) is None]
if forgotten := [*unmarked_handlers(), *unlocked(_routes), *_open_pages]:
    raise RuntimeError(f"open to everybody, because they name no permission: {', '.join(forgotten)}")
