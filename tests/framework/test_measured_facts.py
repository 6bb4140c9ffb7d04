"""What the framework does by itself to whoever talks to it raw. Each fact is answered in docs/reference/security.md.

When a newer version closes one of these doors, its test fails here, and our own lock before it may be looked at again.
"""

import asyncio
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen
from uuid import uuid4

import pytest
import socketio

from buyside.config import ROOT
from tests.loops import in_a_loop

EVIL = "https://evil.example"
FRAMEWORK = "reflex___state____state."
SHOP = f"{FRAMEWORK}stock___stock____shop."
UPDATE = f"{FRAMEWORK}reflex___state____update_vars_internal_state.update_vars_internal"
_START_SECONDS, _ANSWER_SECONDS = 60, 10


@dataclass
class Stock:
    """The stock application as a process of its own."""

    port: int
    output: Path

    def did(self) -> list[Any]:
        """What its handlers did so far."""
        lines = self.output.read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines if line.startswith("[")]

    def wait_for(self, what: str, count: int = 1) -> list[Any]:
        """What handlers of a name did, once they did it `count` times; what there is after a while."""
        end = time.monotonic() + _ANSWER_SECONDS
        while time.monotonic() < end:
            found = [each for each in self.did() if each[0] == what]
            if len(found) >= count:
                return found
            time.sleep(0.05)
        return [each for each in self.did() if each[0] == what]


@pytest.fixture(scope="module")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stock]:
    """The application of stock_app.py, served."""
    folder = tmp_path_factory.mktemp("stock")
    (folder / "stock").mkdir()
    (folder / "stock" / "__init__.py").touch()
    shutil.copy(ROOT / "tests" / "framework" / "stock_app.py", folder / "stock" / "stock.py")
    config = "import reflex as rx\nconfig = rx.Config(app_name='stock', telemetry_enabled=False)\n"
    (folder / "rxconfig.py").write_text(config, encoding="utf-8")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    output = folder / "output"
    variables = {
        name: value for name, value in os.environ.items() if not name.startswith(("BUYSIDE_", "REFLEX_", "__"))
    }
    variables |= {"__REFLEX_SKIP_COMPILE": "1", "REFLEX_DIR": str(folder / "reflex"), "REFLEX_ENV_MODE": "prod"}
    command = "import sys; from stock import stock; sys.exit(stock.main())"
    with output.open("w") as written:
        process = subprocess.Popen(
            [sys.executable, "-c", command, str(port)],
            cwd=folder,
            env=variables,
            stdout=written,
            stderr=subprocess.STDOUT,
        )
    try:
        end = time.monotonic() + _START_SECONDS
        while time.monotonic() < end and process.poll() is None:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            time.sleep(0.1)
        yield Stock(port, output)
    finally:
        process.terminate()
        process.wait(20)


class Client:
    """A socket of no browser of ours."""

    def __init__(self, stock: Stock) -> None:
        self.stock, self.heard = stock, ""
        self.client = socketio.AsyncClient(reconnection=False)
        self.client.on("event", self._hear, namespace="/_event")

    async def _hear(self, update: Any) -> None:
        self.heard += json.dumps(update, default=str)

    async def open(self, token: str = "", origin: str = EVIL) -> "Client":
        await self.client.connect(
            f"http://127.0.0.1:{self.stock.port}/_event?token={token or uuid4()}",
            headers={"Origin": origin},
            namespaces=["/_event"],
            socketio_path="/_event",
            transports=["websocket"],
        )
        return self

    async def send(self, name: str, payload: dict[str, Any] | None = None, *, until: str = "") -> str:
        """Call a handler; everything heard since, once `until` was heard, or after a second."""
        self.heard = ""
        place = {"pathname": "/", "asPath": "/", "query": {}}
        await self.client.emit(
            "event", {"name": name, "payload": payload or {}, "router_data": place}, namespace="/_event"
        )
        for _ in range(20 * (_ANSWER_SECONDS if until else 1)):
            if until and until in self.heard:
                break
            await asyncio.sleep(0.05)
        return self.heard


def test_m1_a_socket_and_a_request_of_any_origin_are_accepted(stock: Stock) -> None:
    async def story() -> None:
        client = await Client(stock).open(origin=EVIL)
        assert client.client.connected
        await client.client.disconnect()

    in_a_loop(story())
    with urlopen(Request(f"http://127.0.0.1:{stock.port}/ping", headers={"Origin": EVIL})) as answer:
        assert answer.headers["access-control-allow-origin"] == EVIL
        assert answer.headers["access-control-allow-credentials"] == "true"


def test_m2_m3_public_methods_run_for_anybody_whether_or_not_a_page_was_opened(stock: Stock) -> None:
    async def story() -> None:
        client = await Client(stock).open()
        for method in ("_hidden", "erase", "helper"):
            await client.send(SHOP + method)
        await client.client.disconnect()

    in_a_loop(story())
    assert stock.wait_for("erase")
    assert stock.wait_for("helper")
    assert not [each for each in stock.did() if each[0] == "hidden"]


def test_m4_arguments_of_other_types_reach_the_handler(stock: Stock) -> None:
    async def story() -> None:
        client = await Client(stock).open()
        for value in ("1; drop", {"a": 1}):
            await client.send(f"{SHOP}take", {"number": value})
        await client.client.disconnect()

    in_a_loop(story())
    assert [each[1] for each in stock.wait_for("take", 2)] == ["'1; drop'", "{'a': 1}"]


def test_m5_m6_m10_a_client_writes_variables_and_is_sent_all_that_are_not_private(stock: Stock) -> None:
    async def story() -> None:
        client = await Client(stock).open()
        hydrated = await client.send(f"{FRAMEWORK}hydrate", until="row-canary")
        assert "row-canary" in hydrated  # whole, whatever a page shows of it
        assert "backend-canary" not in hydrated
        set_ = await client.send(f"{SHOP}setvar", {"var_name": "role", "value": "administrator"}, until="administrator")
        assert "administrator" in set_
        kept = await client.send(UPDATE, {"vars": {f"{SHOP}kept": "planted"}}, until="planted")
        assert "planted" in kept
        await client.send(UPDATE, {"vars": {f"{SHOP}rows": ["planted too"]}})
        assert "planted too" not in await client.send(f"{FRAMEWORK}hydrate", until="row-canary")
        await client.client.disconnect()

    in_a_loop(story())


def test_m7_a_token_alone_resumes_the_state_of_another_client(stock: Stock) -> None:
    async def story() -> None:
        token = str(uuid4())
        owner = await Client(stock).open(token)
        await owner.send(f"{SHOP}setvar", {"var_name": "role", "value": "owner-canary"}, until="owner-canary")
        await owner.client.disconnect()
        await asyncio.sleep(0.5)
        thief = await Client(stock).open(token, origin="https://another.example")
        assert "owner-canary" in await thief.send(f"{FRAMEWORK}hydrate", until="owner-canary")
        await thief.client.disconnect()
        stranger = await Client(stock).open("no-token-at-all")
        assert stranger.client.connected
        await stranger.client.disconnect()

    in_a_loop(story())


def test_m8_files_are_taken_from_anybody_and_read_before_the_handler_decides(stock: Stock) -> None:
    size, edge = 20_000_000, "edge"
    head = (
        f'--{edge}\r\nContent-Disposition: form-data; name="files"; filename="../../evil.txt"\r\n'
        "Content-Type: text/plain\r\n\r\n"
    )
    body = head.encode() + b"z" * size + f"\r\n--{edge}--\r\n".encode()
    headers = {
        "Content-Type": f"multipart/form-data; boundary={edge}",
        "Reflex-Client-Token": "never-seen",
        "Reflex-Event-Handler": f"{SHOP}receive",
        "Origin": EVIL,
    }
    with urlopen(Request(f"http://127.0.0.1:{stock.port}/_upload", data=body, headers=headers)) as answer:
        assert answer.status == 200
        assert answer.read()
    assert stock.wait_for("upload") == [["upload", ["evil.txt"], size]]


def test_m9_a_message_of_three_megabytes_closes_the_socket(stock: Stock) -> None:
    async def story() -> None:
        client = await Client(stock).open()
        long = {"name": "any", "payload": {"text": "x" * 3_000_000}, "router_data": {}}
        await client.client.emit("event", long, namespace="/_event")
        for _ in range(20 * _ANSWER_SECONDS):
            if client.client.connected:
                await asyncio.sleep(0.05)
        assert not client.client.connected

    in_a_loop(story())


def test_m1_m10_the_defaults_are_any_origin_and_states_on_disk(stock: Stock) -> None:
    [[_, origins, manager, _]] = stock.wait_for("defaults")
    assert origins == ["*"]
    assert manager == "disk"


def test_m11_raw_markup_stays_raw() -> None:
    import reflex as rx

    assert "dangerouslySetInnerHTML" in str(rx.html("<b>x</b>").render())
