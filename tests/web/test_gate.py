"""The gate: no session, no page, no rows; and nothing from another site."""

import asyncio
import re
from typing import Any
from urllib.parse import quote, unquote

import pytest
from sqlmodel import Session, select

from buyside.config import settings
from buyside.db.engine import sessions
from buyside.db.people import AppUser, UserRole
from buyside.domain.access import Permission, Role
from buyside.identity.cookies import cookie_name
from buyside.identity.logins import end_login, find_login
from buyside.web.gate import BACK_CHANNEL_LOGOUT, Gate, close_sockets, cookies_of_sockets
from tests.logins import open_login
from tests.loops import in_a_loop

ORIGIN = settings().public_url
HOST = ORIGIN.removeprefix("http://")
PORT = settings().port


def _doors(path: str) -> Permission | None:
    """As the table of pages says it: a page with a permission, one of a record, and nothing else."""
    if path == "/plan":
        return Permission.PLAN_VIEW
    return Permission.ITEM_VIEW if re.fullmatch("/items/[^/]+/?", path) else None


class Served:
    """The application behind the gate: notes what reached it."""

    def __init__(self) -> None:
        self.scopes: list[Any] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.scopes.append(scope)
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"served"})
        else:
            await send({"type": "websocket.accept"})
            for _ in range(1000):
                if (await receive())["type"] == "websocket.disconnect":
                    self.scopes.append("disconnected")
                    return


async def _nothing(_scope: Any, _receive: Any, send: Any) -> None:
    """An application that knows no page."""
    await send({"type": "http.response.start", "status": 404, "headers": [(b"x-from", b"the app")]})
    await send({"type": "http.response.body", "body": b"the app's own"})


@pytest.fixture(scope="module")
def cookies(database: Any) -> dict[str, str]:
    """Cookie headers of living sessions of a buyer and a salesperson, and of a session that has ended."""
    found = {}
    with sessions()() as session, session.begin():
        for name in ("buyer", "sales", "ended"):
            user = AppUser(name=name.capitalize())
            session.add(user)
            session.flush()
            session.add(UserRole(user_id=user.id, role="sales" if name == "sales" else Role.BUYER.value))
            session.flush()
            token = open_login(session, user_id=user.id)
            found[name] = f"{cookie_name()}={token}"
            if name == "ended":
                login = find_login(session, token)
                assert login is not None
                end_login(session, login.session_id)
    return found


def ask(
    path: str,
    *,
    method: str = "GET",
    cookie: str = "",
    origin: str = "",
    host: str = HOST,
    html: bool = False,
    body: bytes = b"",
    length: str = "",
    behind: Any = None,
) -> tuple[int, dict[str, str], Any]:
    """Send one request through a gate. Answers with status, headers, and what was behind it."""
    served = behind or Served()
    answers: list[Any] = []
    headers = {"host": host, "cookie": cookie, "origin": origin, "accept": "text/html" if html else "application/json"}
    headers["content-length"] = length
    scope = {
        "type": "http",
        "method": method,
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items() if value],
    }

    async def run() -> None:
        async def receive() -> Any:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            answers.append(message)

        await Gate(served, _doors)(scope, receive, send)

    in_a_loop(run())
    return answers[0]["status"], {name.decode(): value.decode() for name, value in answers[0]["headers"]}, served


def socket_scope(cookie: str, origin: str, host: str = HOST, query: bytes = b"token=tab-of-mine&EIO=4") -> Any:
    """What a server hands on for a browser that wants a socket."""
    headers = {"host": host, "cookie": cookie, "origin": origin}
    return {
        "type": "websocket",
        "path": "/_event/",
        "query_string": query,
        "headers": [(name.encode(), value.encode()) for name, value in headers.items() if value],
    }


def connect(
    cookie: str, origin: str, *, host: str = HOST, messages: int = 1, query: bytes = b"token=tab-of-mine"
) -> Served:
    """Open a socket through a gate and send some messages over it."""
    served = Served()
    scope = socket_scope(cookie, origin, host, query)
    waiting = [{"type": "websocket.receive", "text": "x"}] * messages + [{"type": "websocket.disconnect"}]

    async def run() -> None:
        async def receive() -> Any:
            return waiting.pop(0)

        async def send(message: Any) -> None:
            pass

        await Gate(served, _doors)(scope, receive, send)

    in_a_loop(run())
    return served


@pytest.mark.rule("ACC-4")
@pytest.mark.parametrize("path", ["/orders", "/assets/index.js", "/api/grid/orders", "/buyside.css"])
def test_nothing_is_served_without_a_living_session(path: str, cookies: dict[str, str]) -> None:
    for cookie in ("", "buyside=forged", cookies["ended"]):
        status, _, served = ask(path, cookie=cookie)
        assert (status, served.scopes) == (401, [])
    status, _, served = ask(path, cookie=cookies["buyer"])
    assert (status, len(served.scopes)) == (200, 1)


def test_a_person_without_session_is_led_to_the_sign_in_page_and_back(database: Any) -> None:
    status, headers, _ = ask("/orders", html=True)
    assert (status, headers["location"]) == (303, "/auth/sign-in?next=%2Forders")


def test_signing_in_needs_no_session(database: Any) -> None:
    assert ask("/auth/sign-in")[0] == 200
    assert ask("/ping")[0] == 200


@pytest.mark.parametrize("path", ["/auth/nothing", "/fonts/nothing.woff2"])
def test_where_nothing_is_a_page_of_ours_says_so_without_a_session(path: str, database: Any) -> None:
    status, headers, _ = ask(path, html=True, behind=_nothing)
    assert (status, headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert ask(path, behind=_nothing)[1]["content-type"] == "application/json"


def test_who_is_signed_in_gets_the_apps_own_page_for_an_address_of_no_page(cookies: dict[str, str]) -> None:
    status, headers, _ = ask("/nowhere", cookie=cookies["buyer"], html=True, behind=_nothing)
    assert (status, headers["x-from"]) == (404, "the app")


@pytest.mark.parametrize("path", ["/nowhere", "/orders", "/plan", "/admin/users"])
def test_without_a_session_an_address_of_no_page_is_answered_as_that_of_a_page(path: str, database: Any) -> None:
    status, headers, _ = ask(path, html=True, behind=_nothing)
    assert (status, headers["location"]) == (303, f"/auth/sign-in?next={quote(path, safe='')}")


@pytest.mark.parametrize("path", ["/_upload", "/_upload/file", "/_health", "/_all_routes", "/_event", "/_event/"])
def test_the_frameworks_own_doors_are_closed_even_to_the_signed_in(path: str, cookies: dict[str, str]) -> None:
    assert ask(path, cookie=cookies["buyer"])[0] == 404
    assert ask(path, method="POST", cookie=cookies["buyer"], origin=ORIGIN)[0] == 404


@pytest.mark.parametrize(
    "origin",
    ["", "null", "http://evil.example", "http://localhost:8300.evil.example", "http://evil.example/http://localhost:8300",
     "https://localhost:8300", "http://localhost", "http://LOCALHOST:8300", "http://localhost:83000"],
)  # fmt: skip
def test_writes_and_sockets_from_another_origin_are_refused(origin: str, cookies: dict[str, str]) -> None:
    origin = origin.replace("8300", str(PORT))  # the processes that share the tests each have a port of their own
    for path in ("/auth/demo", "/auth/sign-out", "/anything"):
        assert ask(path, method="POST", cookie=cookies["buyer"], origin=origin)[0] == 403
    assert connect(cookies["buyer"], origin).scopes == []


def test_an_unknown_host_name_gets_nothing(cookies: dict[str, str]) -> None:
    assert ask("/orders", cookie=cookies["buyer"], host="evil.example")[0] == 421
    status, headers, _ = ask("/orders", cookie=cookies["buyer"], host=f"127.0.0.1:{PORT}", html=True)
    assert (status, headers["location"]) == (307, f"{ORIGIN}/orders")
    assert connect(cookies["buyer"], ORIGIN, host="evil.example").scopes == []


@pytest.mark.rule("ACC-3")
def test_a_page_needs_its_permission(cookies: dict[str, str]) -> None:
    assert ask("/plan", cookie=cookies["buyer"], html=True)[0] == 200
    assert ask("/plan", cookie=cookies["sales"], html=True)[0] == 403


@pytest.mark.parametrize("code", ["4/7", "4\\7", "4//7", "/4", "4/", "../plan", "4?7", "4 7", "a\n"])
def test_a_record_has_its_page_whatever_its_code_holds(code: str, cookies: dict[str, str]) -> None:
    status, _, served = ask(f"/items/{quote(code, safe='')}", cookie=cookies["buyer"], html=True)
    is_served = "\n" not in code
    assert (status, len(served.scopes)) == ((200, 1) if is_served else (404, 0))
    assert all(re.fullmatch(r"/items/[^/\\]+", each["path"]) for each in served.scopes)


@pytest.mark.parametrize(
    ("path", "answer"), [("/pl%61n", 403), ("/items%2F4", 403), ("/items/4%2F7", 403), ("/items/%2e%2e", 404)]
)
def test_no_way_of_writing_an_address_leads_past_its_permission(
    path: str, answer: int, cookies: dict[str, str]
) -> None:
    status, _, served = ask(path, cookie=cookies["sales"], html=True)
    assert (status, served.scopes) == (answer, [])


def test_a_socket_needs_a_session_and_carries_a_key_of_its_own(cookies: dict[str, str]) -> None:
    assert connect("", ORIGIN).scopes == []
    assert connect(cookies["ended"], ORIGIN).scopes == []
    keys = set()
    for name in ("buyer", "sales"):
        scope = connect(cookies[name], ORIGIN).scopes[0]
        assert b"tab-of-mine" not in scope["query_string"]
        keys.add(scope["query_string"])
    assert len(keys) == 2  # the same tab token leads nobody to another's state


def test_a_tab_begins_anew_when_the_reach_of_its_person_changed(cookies: dict[str, str]) -> None:
    before = connect(cookies["sales"], ORIGIN).scopes[0]["query_string"]
    assert connect(cookies["sales"], ORIGIN).scopes[0]["query_string"] == before
    with sessions()() as own, own.begin():
        user = own.exec(select(AppUser).where(AppUser.name == "Sales")).one()
        own.add(UserRole(user_id=user.id, role="finance"))
    assert connect(cookies["sales"], ORIGIN).scopes[0]["query_string"] != before


def test_a_long_token_and_two_tokens_get_no_socket(cookies: dict[str, str]) -> None:
    for query in (b"", b"EIO=4", b"token=a&token=b", b"token=" + b"a" * 201):
        assert connect(cookies["buyer"], ORIGIN, query=query).scopes == []


@pytest.mark.parametrize(
    "path",
    ["/auth/../orders", "/fonts/../assets/index.js", "/auth/./../orders/", "//orders", "/auth//../orders", "/fonts/..",
     "/auth/..\\orders", "/orders/../plan", "/orders//", "/fonts/a\n"],
)  # fmt: skip
def test_a_path_that_could_be_read_as_another_is_no_page(path: str, cookies: dict[str, str]) -> None:
    for cookie in ("", cookies["buyer"]):
        status, _, served = ask(path, cookie=cookie, html=True)
        assert (status, served.scopes) == (404, [])


@pytest.mark.rule("ACC-8")
def test_only_the_back_channel_needs_no_origin_and_only_for_posting(database: Any) -> None:
    assert ask(BACK_CHANNEL_LOGOUT, method="POST")[0] == 200
    for path in (
        "/auth/sign-out",
        "/auth/demo",
        "/auth/callback",
        BACK_CHANNEL_LOGOUT + "/x",
        BACK_CHANNEL_LOGOUT + "/",
    ):
        assert ask(path, method="POST")[0] == 403, path
    for method in ("PUT", "DELETE", "PATCH"):
        assert ask(BACK_CHANNEL_LOGOUT, method=method)[0] == 403
    assert ask(BACK_CHANNEL_LOGOUT, method="POST", host="evil.example")[0] == 421
    assert ask(BACK_CHANNEL_LOGOUT, method="POST", length="70000")[0] == 413


class Reading:
    """An application that reads whatever it is sent, and answers."""

    scopes: list[Any] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        while (await receive()).get("more_body"):
            pass
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"read"})


@pytest.mark.parametrize(
    ("path", "longest"),
    [
        ("/auth/sign-out", 64 * 1024),
        ("/anything", 1024 * 1024),
        ("/api/files", 65 * 1024 * 1024),
        ("/api/files/x", 1024 * 1024),
    ],
)
def test_a_body_has_a_limit_whatever_it_announces(path: str, longest: int, cookies: dict[str, str]) -> None:
    def post(size: int, length: str = "") -> int:
        body = b"x" * size
        return ask(
            path, method="POST", cookie=cookies["buyer"], origin=ORIGIN, body=body, length=length, behind=Reading()
        )[0]

    assert post(longest) == 200
    assert post(longest + 1) == 413
    assert post(10, str(longest + 1)) == post(10, "9" * 5000) == post(10, "-1") == post(10, "ten") == 413


def test_our_mistakes_are_answered_with_a_reference_and_no_trace(
    cookies: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    class Broken:
        scopes: list[Any] = []

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            raise RuntimeError("the secret of the house")

    status, headers, _ = ask("/orders", cookie=cookies["buyer"], behind=Broken())
    assert status == 500
    assert headers["cache-control"] == "no-cache"
    assert "the secret of the house" in caplog.text  # for us, in the log


def test_the_end_of_a_session_closes_its_sockets_and_nobody_elses(cookies: dict[str, str]) -> None:
    sent: dict[str, list[Any]] = {"buyer": [], "sales": []}

    class Talking:
        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            while (await receive())["type"] != "websocket.disconnect":
                pass
            await send({"type": "websocket.send", "text": "what was on its way"})

    async def one(name: str, wait: asyncio.Event) -> None:
        async def receive() -> Any:
            await wait.wait()
            return {"type": "websocket.disconnect"}

        async def send(message: Any) -> None:
            sent[name].append(message["type"])

        await Gate(Talking())(socket_scope(cookies[name], ORIGIN), receive, send)

    async def story() -> None:
        never, later = asyncio.Event(), asyncio.Event()
        both = [asyncio.create_task(one("buyer", never)), asyncio.create_task(one("sales", later))]
        while len(cookies_of_sockets()) < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        mine = next(each for each, cookie in cookies_of_sockets().items() if cookie == cookies["buyer"])
        close_sockets(mine)
        await asyncio.wait_for(both[0], 5)
        assert set(cookies_of_sockets().values()) == {cookies["sales"]}
        assert not both[1].done()
        later.set()
        await asyncio.wait_for(both[1], 5)
        assert cookies_of_sockets() == {}

    in_a_loop(story())
    assert sent == {"buyer": ["websocket.close"], "sales": ["websocket.send"]}


def test_a_flood_of_messages_closes_the_socket(cookies: dict[str, str]) -> None:
    patient = connect(cookies["buyer"], ORIGIN, messages=30)
    assert patient.scopes[-1] == "disconnected"
    waiting = 500
    served = Served()

    async def run() -> int:
        left = waiting

        async def receive() -> Any:
            nonlocal left
            left -= 1
            return {"type": "websocket.receive", "text": "x"}

        async def send(message: Any) -> None:
            pass

        await Gate(served, _doors)(socket_scope(cookies["buyer"], ORIGIN), receive, send)
        return left

    assert in_a_loop(run()) > waiting - 100
    assert served.scopes[-1] == "disconnected"


def test_answers_carry_the_headers_that_browsers_obey(cookies: dict[str, str]) -> None:
    _, headers, _ = ask("/orders", cookie=cookies["buyer"])
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-cache"
    assert "immutable" in ask("/assets/index-abc.js", cookie=cookies["buyer"])[1]["cache-control"]
    assert ask("/api/grid/orders", cookie=cookies["buyer"])[1]["cache-control"] == "no-store"


@pytest.mark.rule("ACC-4")
def test_a_disabled_user_is_out_at_the_next_request(session: Session, database: Any) -> None:
    with sessions()() as own, own.begin():
        user = AppUser(name="Leaving")
        own.add(user)
        own.flush()
        own.add(UserRole(user_id=user.id, role="buyer"))
        token = open_login(own, user_id=user.id)
    cookie = f"{cookie_name()}={token}"
    assert ask("/orders", cookie=cookie)[0] == 200
    with sessions()() as own, own.begin():
        found = own.get(AppUser, user.id)
        assert found is not None
        found.is_active = False
        own.add(found)
    assert ask("/orders", cookie=cookie)[0] == 401
    assert settings().public_url == ORIGIN
