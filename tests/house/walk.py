"""Imports one surface, as its process does, and prints everything that can be called in it as JSON.

A process of its own, because both surfaces cannot live in one: `BUYSIDE_SURFACE=portal python -m tests.house.walk`.
"""

import inspect
import json
import sys
from importlib import import_module
from typing import Any


def handlers() -> list[dict[str, Any]]:
    """Every event handler that the process has registered, ours and the framework's."""
    from reflex_base.registry import RegistrationContext

    return [
        {
            "name": name,
            "module": each.states[0].__module__ if each.states else "",
            "permission": getattr(getattr(each.handler.fn, "__permission__", None), "value", None),
        }
        for name, each in RegistrationContext.ensure_context().event_handlers.items()
    ]


def routes(app: Any) -> list[dict[str, Any]]:
    """Every plain route and mount: ours, which stand before the framework's, and the framework's own."""
    ours = app.api_transformer[0].routes
    return [
        {
            "path": getattr(each, "path", str(each)),
            "kind": type(each).__name__,
            "methods": sorted(getattr(each, "methods", None) or []),
            "permission": getattr(getattr(getattr(each, "endpoint", None), "__permission__", None), "value", None),
            "is_ours": each in ours,
        }
        for each in [*ours, *app._api.routes]
    ]


def forget(what: str) -> None:
    """Add something that names no permission, as somebody could who forgets it: negative controls of the walk."""
    import reflex as rx
    from starlette.routing import Mount, Route
    from starlette.staticfiles import StaticFiles

    from buyside.domain.access import Permission
    from buyside.state.base import SignedInState, handler
    from buyside.web import rows

    def act(self: Any) -> None: ...
    def set_role(self: Any, role: str) -> None: ...
    def marked(self: Any, anything: Any) -> None: ...

    added = {
        "handler": lambda: {"erase": rx.event(act)},
        "helper": lambda: {"lowest_price": act},
        "setter": lambda: {"set_role": set_role},
        "type": lambda: {"take": handler(Permission.SHELL_USE)(marked)},
    }
    if what in added:
        module = f"buyside.state.{'portal.' if is_portal() else ''}forgotten"
        type("ForgottenState", (SignedInState, rx.State), {"__module__": module, **added[what]()})
    elif what in {"route", "mount"}:
        known = rows.routes
        door = (
            Route("/api/secrets", lambda _: None) if what == "route" else Mount("/files", StaticFiles(directory="docs"))
        )
        rows.routes = lambda sources: [*known(sources), door]
    elif what == "page":
        shell = import_module("buyside.pages.portal.shell" if is_portal() else "buyside.pages.shell")
        route = import_module("buyside.pages.kit.route").Route("/secrets", "Secrets", Permission.SHELL_USE)
        shell.PAGES.append(_page_of(route))


def _page_of(route: Any) -> Any:
    import reflex as rx

    return import_module("buyside.pages.kit.frame").Page(route, rx.fragment, [])


def is_portal() -> bool:
    from buyside.config import settings

    return settings().surface == "portal"


def _near() -> list[inspect.FrameInfo]:
    """Who asks, and who called that: all that Reflex wants to know at each script of a page. The whole stack takes seconds."""
    asking = sys._getframe(1)
    return [inspect.FrameInfo(each, *inspect.getframeinfo(each, 0)) for each in (asking, asking.f_back) if each]


def main() -> None:
    setattr(inspect, "stack", _near)  # noqa: B010
    if len(sys.argv) > 1:
        forget(sys.argv[1])
    from reflex_components_core.core.upload import Upload

    from buyside.buyside import _doors, _shell, app
    from buyside.state.base import _framework

    pages = {page.route.path: page.route.permission.value for page in _shell.PAGES}
    found = {
        "handlers": handlers(),
        "let_in": sorted(_framework()),
        "routes": routes(app),
        "served": sorted(app._unevaluated_pages),
        "pages": pages,
        "doors": {path: getattr(_doors.permission_of_path(path), "value", None) for path in pages},
        "takes_uploads": bool(Upload.is_used),
        "modules": sorted(name for name in sys.modules if name.startswith("buyside.")),
        "grids": {each.name: each.permission.value for each in import_module(_grids_module()).GRIDS},
    }
    sys.stdout.write(json.dumps(found))


def _grids_module() -> str:
    return "buyside.queries.portal_grids" if is_portal() else "buyside.queries.grids"


if __name__ == "__main__":
    main()
