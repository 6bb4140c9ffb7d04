"""Other sites, other people's tokens, forms posted from elsewhere: nothing is accepted (SECURITY: T7)."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from buyside.domain.access import Role
from buyside.web.gate import BACK_CHANNEL_LOGOUT
from tests.hostile.campaign import Target
from tests.hostile.channel import HYDRATE, Channel
from tests.hostile.conftest import Portal, vendor_actor
from tests.hostile.ground import Ground
from tests.hostile.test_isolation import _ORDER, _place
from tests.loops import in_a_loop


def origins(address: str) -> list[str]:
    """Thirty that are not ours, though some look much like it."""
    scheme, _, host = address.partition("://")
    name, _, port = host.partition(":")
    return [
        "null", "", "http://evil.example", "https://evil.example", f"https://{host}", f"{scheme}://{name}", f"{scheme}://{name}:{port}0",
        f"{scheme}://{name}:80", f"{scheme}://{name}:8300", f"{scheme}://127.0.0.1:{port}", f"{scheme}://[::1]:{port}",
        f"{scheme}://{name.upper()}:{port}", f"{scheme.upper()}://{host}", f"{address}/", f"{address}.evil.example",
        f"{scheme}://evil.example:{port}", f"{scheme}://{name}.evil.example:{port}", f"{scheme}://evil{name}:{port}",
        f"{scheme}://x.{name}:{port}", f"{scheme}://{name}@evil.example", f"{scheme}://user@{host}", f"{address}, http://evil.example",
        f"http://evil.example, {address}", f"{address} http://evil.example", f"http://evil.example/{address}", f"{address}#", f"{address}?",
        f"ws://{host}", host, "file://",
    ]  # fmt: skip


def test_thirty_origins_get_no_socket_no_write_and_no_permission_to_ask(
    laid: Ground, vendors: Portal, told: Any
) -> None:
    actor, address = vendor_actor(laid, "A"), vendors.target.address
    tried = origins(address)
    assert len(set(tried)) == 30

    async def story() -> None:
        for origin in tried:
            channel = Channel(address, actor.cookie, cookie_name=vendors.target.cookie_name)
            assert not await channel.open(origin=origin), origin
        good = Channel(address, actor.cookie, cookie_name=vendors.target.cookie_name)
        assert await good.open()
        await good.close()

    in_a_loop(story())
    with httpx.Client(base_url=address, cookies={vendors.target.cookie_name: actor.cookie}) as client:
        for origin in tried:
            headers = {"origin": origin} if origin else {}
            for path in ("/auth/sign-out", "/_upload", "/anything", "/api/files", "/api/grid/portal-orders"):
                assert client.post(path, headers=headers).status_code in {403, 404}, (origin, path)
            asked = {
                **headers,
                "access-control-request-method": "POST",
                "access-control-request-headers": "content-type",
            }
            preflight = client.options("/auth/sign-out", headers=asked)
            read = client.get("/auth/me", headers=headers)
            for answer in (preflight, read):
                assert answer.headers.get("access-control-allow-origin", "") in {"", address}
                assert answer.headers.get("access-control-allow-origin") != origin
        assert client.get("/auth/me").status_code == 200  # nobody signed them out
        assert client.post(BACK_CHANNEL_LOGOUT, data={"logout_token": "x"}).status_code in {400, 503}
        assert client.get("/auth/me").status_code == 200
    told(f"origins: {len(tried)} tried on sockets, five writes, preflight and read each; 0 accepted")


def test_a_stolen_tab_token_shows_nothing_to_another_person(laid: Ground, vendors: Portal) -> None:
    owner, thief, own = vendor_actor(laid, "A"), vendor_actor(laid, "B"), laid.parties["A"]
    token = str(uuid4())

    async def heard(cookie: str, first: bool) -> str:
        channel = Channel(vendors.target.address, cookie, cookie_name=vendors.target.cookie_name, token=token)
        assert await channel.open()
        place = _place("/orders/[order_number]", "order_number", own.orders[0], own.code)
        reply = await (channel.call(_ORDER, place=place) if first else channel.call(HYDRATE, marked=False))
        await channel.close()
        return reply.text

    async def story() -> None:
        assert own.canary in await heard(owner.cookie, True)
        assert own.canary not in await heard(thief.cookie, False)
        assert own.canary in await heard(owner.cookie, False)  # it was there to be stolen

    in_a_loop(story())


@pytest.mark.parametrize("secret", ["cookie", "proof", "secret of the house"])
def test_secrets_stand_in_no_log_page_bundle_or_answer(secret: str, laid: Ground, vendors: Portal) -> None:
    from buyside.config import settings
    from buyside.identity.logins import token_digest

    actor = vendor_actor(laid, "A")
    word = {
        "cookie": actor.cookie,
        "proof": token_digest(actor.cookie).hex(),
        "secret of the house": settings().key("serving process of the portal surface").hex(),
    }[secret]

    async def story() -> str:
        channel = Channel(vendors.target.address, actor.cookie, cookie_name=vendors.target.cookie_name)
        assert await channel.open()
        said = (await channel.call(HYDRATE, marked=False)).text
        await channel.send(["no", "event"], marked=False, patience=1)
        await channel.close()
        return said

    said = in_a_loop(story())
    with httpx.Client(base_url=vendors.target.address, cookies={vendors.target.cookie_name: actor.cookie}) as client:
        said += "".join(client.get(path).text for path in ("/", "/contracts", "/auth/me", "/auth/sign-in", "/no-page"))
    said += vendors.log.read_text(errors="replace")
    for path in settings().of_surface("portal").web_folder.joinpath("build").rglob("*"):
        said += path.read_text(errors="replace") if path.suffix in {".js", ".html", ".json"} else ""
    assert word not in said
    assert len(said) > 5000


@pytest.mark.parametrize("secret", ["cookie", "digest", "secret of the house"])
def test_secrets_stand_in_no_page_answer_bundle_or_log_of_the_internal_surface(
    secret: str, laid: Ground, internal: Target, caplog: pytest.LogCaptureFixture
) -> None:
    from buyside.config import settings
    from buyside.identity.logins import token_digest

    cookie = laid.a_session(laid.staff[Role.BUYER].user_id or 0)
    word = {
        "cookie": cookie,
        "digest": token_digest(cookie).hex(),
        "secret of the house": settings().key("serving process").hex(),
    }[secret]
    paths = (
        "/",
        "/orders",
        "/auth/me",
        "/auth/sign-in",
        "/no-page",
        "/api/grid/orders",
        "/api/grid/orders.csv",
        "/api/grid/no",
    )

    async def story() -> str:
        channel = Channel(internal.address, cookie, cookie_name=internal.cookie_name)
        assert await channel.open()
        said = (await channel.call(HYDRATE, marked=False)).text
        await channel.send(["no", "event"], marked=False, patience=1)
        await channel.close()
        return said

    with caplog.at_level("DEBUG"):
        said = in_a_loop(story())
        with httpx.Client(base_url=internal.address, cookies={internal.cookie_name: cookie}) as client:
            said += "".join(client.get(path).text for path in paths)
    said += caplog.text
    for path in settings().web_folder.joinpath("build").rglob("*"):
        said += path.read_text(errors="replace") if path.suffix in {".js", ".html", ".json"} else ""
    assert word not in said
    assert len(said) > 5000
