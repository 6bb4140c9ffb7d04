"""No byte of another vendor: by number, by id, by name, in lists, files, papers, frames, logs, nor from the raw database."""

import asyncio
import io
import json
import random
import statistics
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import psycopg
import pypdf
import pytest

from buyside.db import engine
from buyside.identity.logins import token_digest
from tests.hostile import ground
from tests.hostile.campaign import Actor
from tests.hostile.channel import HYDRATE, Channel
from tests.hostile.conftest import Portal, vendor_actor
from tests.hostile.ground import Ground
from tests.hostile.judge import Count
from tests.loops import in_a_loop

STATE = "reflex___state____state.buyside___state___portal___"
_ORDER = f"{STATE}order____portal_order_state.load"
_CONTRACT = f"{STATE}contracts____portal_contract_state.load"
_SHELL = f"{STATE}shell____portal_shell_state"
_GRIDS = ("portal-orders", "portal-contracts", "portal-contract-items")
_NOT_THERE = "2020-VEN-A-9999"
Read = tuple[str, dict[str, str]]


def foreign_reads(laid: Ground, letters: str) -> Iterator[Read]:
    """Requests of somebody of these vendors for what is not theirs, or is not there at all."""
    others = [each for each in laid.parties.values() if each.letter not in letters]
    ids = range(1, 150)
    for other in others:
        for number in (*other.orders, *other.drafts):
            for revision in ("", "1", "2", "0", "999999999"):
                yield f"/api/orders/{quote(number, safe='')}/paper.pdf", {"revision": revision} if revision else {}
            yield f"/orders/{number}", {}
        for grid in _GRIDS:
            for scope in (
                {"vendor": other.code}, {"vendor": str(other.id)}, {"vendor": other.code.lower()}, {"vendor": [other.code]}, {},
                {"vendor": "%"}, {"vendor_id": other.id}, {"contract": other.contracts[0]}, {"vendor": f"{other.code}' or '1'='1"},
            ):  # fmt: skip
                for more in ({}, {"quick": other.canary}, {"sort": json.dumps([{"colId": "total", "sort": "desc"}])}):
                    yield f"/api/grid/{grid}", {"scope": json.dumps(scope), **more}
                yield f"/api/grid/{grid}.csv", {"scope": json.dumps(scope)}
        own = next(each for each in laid.parties.values() if each.letter in letters)
        for grid, keys in (
            ("portal-orders", (*other.orders, *other.drafts)),
            ("portal-contracts", (*other.contracts, *other.hidden_contracts)),
        ):
            for key in keys:
                yield f"/api/grid/{grid}", {"ids": key, "scope": json.dumps({"vendor": own.code})}
                yield f"/api/grid/{grid}", {"quick": key, "scope": json.dumps({"vendor": own.code})}
                yield f"/api/grid/{grid}", {"after": key, "scope": json.dumps({"vendor": own.code})}
                typed = {"number": {"filterType": "text", "type": "contains", "filter": key}}
                yield f"/api/grid/{grid}", {"filter": json.dumps(typed), "scope": json.dumps({"vendor": own.code})}
        yield "/api/grid/portal-orders", {"start": "0", "end": "10000", "scope": json.dumps({"vendor": own.code})}
    for number in ids:
        yield f"/api/orders/{number}/paper.pdf", {}
        yield "/api/grid/portal-orders", {"ids": str(number), "scope": "{}"}
        yield f"/orders/{number}", {}
        yield f"/contracts/C-B-{number - 20}", {}
    for name in (
        "orders",
        "contracts",
        "stock-balances",
        "plan-lines",
        "users",
        "audit",
        "sessions",
        "receipts",
        "memberships",
    ):
        for suffix in ("", ".csv"):
            yield f"/api/grid/{name}{suffix}", {}


def read_pdf(body: bytes) -> str:
    """The text of a paper, and everything that stands in it unread."""
    if not body.startswith(b"%PDF"):
        return body.decode("utf-8", "replace")
    found = pypdf.PdfReader(io.BytesIO(body))
    return " ".join(page.extract_text() for page in found.pages) + str(found.metadata) + body.decode("latin-1")


async def walk(vendors: Portal, actor: Actor, reads: list[Read], count: Count) -> None:
    """Fetch them, eight at a time, and search every answer."""
    cookies = {vendors.target.cookie_name: actor.cookie}
    waiting = iter(reads)
    async with httpx.AsyncClient(base_url=vendors.target.address, cookies=cookies, timeout=30) as client:

        async def one() -> None:
            for path, query in waiting:
                answer = await client.get(path, params=query)
                kind = path.split("/")[2] if path.startswith("/api/") else "page"
                count.events[kind] += 1
                count.by_actor[actor.name] += 1
                count.answers[str(answer.status_code)] += 1
                probed = path + json.dumps(query)
                said = read_pdf(answer.content).replace(probed, "") + str(dict(answer.headers))
                canaries = [each for each in actor.canaries if each not in probed]
                count.look(
                    said if answer.headers.get("content-type", "").startswith(("application/json", "text/csv")) else "",
                    probed,
                    canaries,
                )
                for canary in canaries:
                    if canary in said:
                        count.find("leak", f"{actor.name} {probed}: {canary}")
                if answer.status_code >= 500:
                    count.find("mistake", f"{actor.name} {probed}: {answer.text[:200]}")
                if answer.content.startswith(b"%PDF"):
                    count.find("paper", f"{actor.name} {probed}")

        await asyncio.gather(*(one() for _ in range(8)))


async def walk_events(vendors: Portal, actor: Actor, laid: Ground, count: Count, every: int) -> None:
    """The same over a socket: addresses of other vendors' documents, their codes, and a page that is asked for whole after each."""
    letters = actor.name.removeprefix("vendor ").partition("was")[0].strip()
    others = [each for each in laid.parties.values() if each.letter not in letters]
    channel = Channel(vendors.target.address, actor.cookie, cookie_name=vendors.target.cookie_name)
    assert await channel.open()
    start = {"pathname": "/", "asPath": "/", "query": {}}
    asked: list[tuple[str, dict[str, Any], dict[str, Any]]] = []
    for other in others:
        for number in (*other.orders, *other.drafts):
            asked += [(_ORDER, {}, _place("/orders/[order_number]", "order_number", number, other.code))]
        for number in (*other.contracts, *other.hidden_contracts):
            asked += [(_CONTRACT, {}, _place("/contracts/[contract_number]", "contract_number", number, other.code))]
        asked += [
            (f"{_SHELL}.choose", {"code": other.code}, start),
            (f"{_SHELL}.enter", {}, _place("/", "order_number", "", other.code)),
        ]
    for number, (name, payload, place) in enumerate(asked[::every]):
        for reply in (
            await channel.call(name, payload, place=place),
            *([await channel.call(HYDRATE, marked=False)] if number % 10 == 0 else []),
        ):
            count.events["frame"] += 1
            count.by_actor[actor.name] += 1
            count.look(_without(reply.text, place), f"{actor.name} {name} {place}", actor.canaries)
    await channel.close()


def _place(pattern: str, name: str, number: str, code: str) -> dict[str, Any]:
    path = pattern.replace(f"[{name}]", quote(number, safe=""))
    return {"pathname": pattern, "asPath": f"{path}?vendor={code}", "query": {name: number, "vendor": code}}


def _without(said: str, place: dict[str, Any]) -> str:
    """Without the address that was asked for, which the framework sends back."""
    return said.replace(str(place.get("asPath", "")), "")


@pytest.mark.rule("POR-1")
@pytest.mark.rule("ACC-5")
@pytest.mark.parametrize("every", [4, pytest.param(1, marks=pytest.mark.nightly)])
def test_no_byte_of_another_vendor_reaches_anybody(every: int, laid: Ground, vendors: Portal, told: Any) -> None:
    count = Count()
    chance = random.Random(every)
    names = ("A", "AB", "A was B") if every > 1 else ("A", "B", "C", "AB", "A was B")

    async def story() -> None:
        for name, actor in actors.items():
            letters = name.partition("was")[0].strip()
            reads = list(foreign_reads(laid, letters))
            chance.shuffle(reads)
            await walk(vendors, actor, reads[: len(reads) // every], count)
            await walk_events(vendors, actor, laid, count, every)

    actors = {name: vendor_actor(laid, name) for name in names}
    before = ground.dump()
    in_a_loop(story())
    told(count.report("foreign reads"))
    assert count.found == {}
    assert count.total >= (5000 if every == 1 else 600)
    assert ground.differences(before, ground.dump()) == []
    log = vendors.log.read_text(errors="replace")
    assert [each.canary for each in laid.parties.values() if each.canary in log] == []


@pytest.mark.rule("POR-1")
def test_what_is_ones_own_is_found_so_that_nothing_found_means_something(laid: Ground, vendors: Portal) -> None:
    actor, own = vendor_actor(laid, "A"), laid.parties["A"]
    scope = json.dumps({"vendor": own.code})
    with httpx.Client(base_url=vendors.target.address, cookies={vendors.target.cookie_name: actor.cookie}) as client:
        rows = client.get("/api/grid/portal-orders", params={"scope": scope}).json()["rows"]
        assert {each["id"] for each in rows} == set(own.orders)
        assert (
            client.get("/api/grid/portal-orders.csv", params={"scope": scope}).status_code == 404
        )  # no files of lists here
        paper = client.get(f"/api/orders/{own.orders[0]}/paper.pdf")
        assert client.get(f"/api/orders/{own.drafts[0]}/paper.pdf").status_code == 404
    assert own.canary in str(rows)
    assert own.canary in read_pdf(paper.content)

    async def story() -> None:
        channel = Channel(vendors.target.address, actor.cookie, cookie_name=vendors.target.cookie_name)
        assert await channel.open()
        reply = await channel.call(
            _ORDER, place=_place("/orders/[order_number]", "order_number", own.orders[0], own.code)
        )
        assert own.canary in reply.text
        await channel.close()

    in_a_loop(story())


@pytest.mark.rule("POR-1")
def test_foreign_and_absent_are_answered_alike_and_as_fast(laid: Ground, vendors: Portal, told: Any) -> None:
    actor, own, other = vendor_actor(laid, "A"), laid.parties["A"], laid.parties["B"]
    scope = json.dumps({"vendor": own.code})
    pairs = (
        (f"/api/orders/{other.orders[0]}/paper.pdf", f"/api/orders/{_NOT_THERE}/paper.pdf", {}),
        (
            f"/api/grid/portal-orders?ids={other.orders[1]}",
            f"/api/grid/portal-orders?ids={_NOT_THERE}",
            {"scope": scope},
        ),
        ("/api/grid/portal-contracts", "/api/grid/portal-contracts", {}),
    )
    lines = []
    with httpx.Client(base_url=vendors.target.address, cookies={vendors.target.cookie_name: actor.cookie}) as client:
        for foreign, absent, query in pairs:
            taken: dict[str, list[float]] = {foreign: [], absent: []}
            answers: dict[str, set[tuple[int, str]]] = {foreign: set(), absent: set()}
            for number in range(80):
                for path in (foreign, absent) if number % 2 else (absent, foreign):
                    code = (
                        {"scope": json.dumps({"vendor": other.code if path is foreign else "VEN-NONE"})}
                        if "contracts" in path
                        else query
                    )
                    began = time.perf_counter()
                    answer = client.get(path, params={**dict(httpx.URL(path).params), **code})
                    taken[path].append(time.perf_counter() - began)
                    answers[path].add((answer.status_code, answer.text))
            if foreign != absent:
                assert answers[foreign] == answers[absent]
                both = zip(
                    taken[foreign], taken[absent], strict=True
                )  # asked one after the other, on a machine that is as busy
                gap = abs(statistics.median(one - two for one, two in both)) * 1000
                lines.append(f"{gap:.2f} ms")
                assert gap < 5, (foreign, gap)
            else:
                assert len(answers[foreign]) == 1
    told(f"foreign and absent differ by {', '.join(lines)} in the median")


@pytest.mark.rule("ACC-5")
def test_the_portals_login_reads_nothing_foreign_from_the_raw_database(laid: Ground, database: Any, told: Any) -> None:
    count, allowed = Count(), 0
    with ground.administrator() as administrator:
        tables = [
            name for (name,) in administrator.execute("select tablename from pg_tables where schemaname = 'public'")
        ]
    proofs = {name: laid.a_session(laid.vendor_users[name]) for name in ("A", "AB", "A was B")}
    with psycopg.connect(database.portal_url, autocommit=True) as portal:
        for name, token in {**proofs, "nobody": "", "forged": "x" * 43}.items():
            letters = name.partition("was")[0].strip() if name in proofs else ""
            for table in tables:
                with portal.transaction():
                    portal.execute(
                        "select set_config('app.session', %s, true)", (token_digest(token).hex() if token else "",)
                    )
                    columns = [
                        each
                        for (each,) in portal.execute(
                            "select column_name::text from information_schema.column_privileges where table_name = %s "
                            "and grantee = 'buyside_portal' and privilege_type = 'SELECT'",
                            (table,),
                        )
                    ]
                    count.events["read"] += 1
                    if not columns:
                        with pytest.raises(psycopg.errors.InsufficientPrivilege), portal.transaction():
                            portal.execute(f'select * from "{table}"')
                        continue
                    picked = ", ".join(f'"{each}"' for each in columns)
                    rows = portal.execute(f'select {picked} from "{table}"').fetchall()
                    allowed += len(rows)
                    count.look(str(rows), f"{name} {table}", laid.foreign_canaries(letters))
                    if name not in proofs and rows:
                        count.find("read without a session", f"{name} {table}: {len(rows)}")
    told(count.report(f"raw database under the portal's login, {allowed} rows of their own"))
    assert count.found == {}
    assert allowed > 100
    assert engine.PORTAL in database.portal_url
