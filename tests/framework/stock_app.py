"""An application as the framework's pages teach to write one, with none of our checks: what a hostile client does to it is measured.

Serves it on the port that it is given, prints "ready", and one line of JSON for whatever one of its handlers did.
"""

import json
import sys
from pathlib import Path

import reflex as rx
import uvicorn
from reflex.config import get_config


def did(what: str, *values: object) -> None:
    sys.stdout.write(json.dumps([what, *values]) + "\n")
    sys.stdout.flush()


class Shop(rx.State):
    """A state with what people write into states."""

    role: str = "guest"
    kept: str = rx.Cookie("from the start")
    _backend: str = "backend-canary"
    rows: list[str] = ["row-canary"]

    @rx.event
    def erase(self) -> None:
        did("erase")

    def helper(self) -> None:
        did("helper")

    def _hidden(self) -> None:
        did("hidden")

    @rx.event
    def take(self, number: int) -> None:
        did("take", repr(number))

    def set_role(self, value: str) -> None:
        self.role = value

    @rx.event
    async def receive(self, files: list[rx.UploadFile]) -> None:
        did("upload", [each.name for each in files], sum([len(await each.read()) for each in files]))


def page() -> rx.Component:
    upload = rx.upload(id="files")
    return rx.box(upload, rx.button("send", on_click=Shop.receive(rx.upload_files("files"))), Shop.role)


app = rx.App()
app.add_page(page, route="/")


def main() -> None:
    given = get_config()
    page()
    did("defaults", list(given.cors_allowed_origins), given.state_manager_mode.value, Path.cwd().name)
    served = app()
    server = uvicorn.Server(
        uvicorn.Config(served, host="127.0.0.1", port=int(sys.argv[1]), ws="wsproto", log_level="error")
    )
    server.run()


if __name__ == "__main__":
    main()
