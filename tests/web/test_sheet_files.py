"""Files of master data over HTTP: who may send one, how long it may be, what comes back."""

import io
from typing import Any

import httpx
import openpyxl
import pytest
from starlette.applications import Starlette

from buyside.config import settings
from buyside.db.engine import sessions
from buyside.db.people import AppUser, UserRole
from buyside.domain.access import Actor, Role
from buyside.domain.all_sheets import SHEETS, sheet_named
from buyside.domain.files import LONGEST_FILE
from buyside.identity.cookies import cookie_name
from buyside.operations.run import perform
from buyside.operations.sheet_files import check_import, start_import
from buyside.queries.grids import GRIDS
from buyside.queries.read import ask
from buyside.queries.sheet_files import kept_file, suggested_mapping, suggested_sheets
from buyside.web import rows, sheet_files
from buyside.web.gate import Gate
from tests.logins import open_login
from tests.loops import in_a_loop
from tests.world import NOW

Person = tuple[Actor, str]


@pytest.fixture(scope="module")
def people(database: Any) -> dict[Role, Person]:
    """A buyer, a manager, who only reads, and somebody of finance: the actor and the Cookie header of each."""
    found = {}
    with sessions()() as session, session.begin():
        for role in (Role.BUYER, Role.MANAGER, Role.FINANCE):
            user = AppUser(name=role.value.capitalize())
            session.add(user)
            session.flush()
            session.add(UserRole(user_id=user.id, role=role.value))
            session.flush()
            token = open_login(session, user_id=user.id)
            found[role] = (Actor(user.id, user.name, frozenset({role})), f"{cookie_name()}={token}")
    return found


def send(
    path: str, person: Person | None, *, method: str = "GET", origin: bool = True, body: Any = None
) -> httpx.Response:
    """One request through the gate to the routes that the internal surface has."""
    app = Gate(Starlette(routes=[*rows.routes(GRIDS), *sheet_files.routes()]))
    headers = {"origin": settings().public_url} if origin else {}
    if person is not None:
        headers["cookie"] = person[1]

    async def story() -> httpx.Response:
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=settings().public_url, timeout=60) as client:
            return await client.request(method, path, headers=headers, content=body)

    answer: httpx.Response = in_a_loop(story())
    return answer


def post(person: Person | None, body: Any, *, name: str = "units.csv", origin: bool = True) -> httpx.Response:
    return send(f"/api/files?name={name}", person, method="POST", origin=origin, body=body)


@pytest.mark.rule("ACC-3")
def test_a_file_is_taken_from_our_own_page_and_from_who_may_import_alone(people: dict[Role, Person]) -> None:
    good = b"code,name,category\nPCE,Piece,count\n"
    assert post(None, good).status_code == 401
    assert post(people[Role.BUYER], good, origin=False).status_code == 403
    refused = post(people[Role.MANAGER], good)
    assert (refused.status_code, refused.json()["code"]) == (403, "access.not-allowed")
    kept = post(people[Role.BUYER], good)
    assert kept.status_code == 200
    file = ask(kept_file, people[Role.BUYER][0], file_id=kept.json()["file"])
    assert (file.name, file.size, file.recognised.header) == ("units.csv", len(good), ("code", "name", "category"))
    with pytest.raises(Exception, match="no such file"):
        ask(kept_file, people[Role.FINANCE][0], file_id=kept.json()["file"])


def test_a_file_that_cannot_be_read_is_refused_with_the_reason(people: dict[Role, Person]) -> None:
    answer = post(people[Role.BUYER], b'code,name\n"a"b,c\n')
    assert (answer.status_code, answer.json()["code"]) == (400, "files.unreadable")
    assert "row 2" in answer.json()["says"]
    assert post(people[Role.BUYER], b"").json()["code"] == "files.unreadable"


def test_a_file_that_goes_on_for_too_long_is_refused_whatever_it_announced(people: dict[Role, Person]) -> None:
    chunk = b"x" * (1 << 20)

    async def endless() -> Any:
        for _ in range((LONGEST_FILE >> 20) + 1):
            yield chunk

    answer = post(people[Role.BUYER], endless())
    assert (answer.status_code, answer.json()["code"]) == (413, "files.too-long")


@pytest.mark.rule("VEN-5")
@pytest.mark.parametrize("sheet", [each.name for each in SHEETS])
@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_an_empty_file_of_every_sheet_is_recognised_as_that_sheet(
    sheet: str, ending: str, people: dict[Role, Person]
) -> None:
    buyer = people[Role.BUYER]
    template = send(f"/api/sheets/{sheet}/template.{ending}", buyer)
    assert template.status_code == 200
    file_id = post(buyer, template.content, name=f"{sheet}.{ending}").json()["file"]
    recognised = ask(kept_file, buyer[0], file_id=file_id).recognised
    columns = tuple(each.name for each in sheet_named(sheet).written)
    assert (recognised.header, recognised.rows, recognised.doubts) == (columns, 0, ())
    mapped = ask(suggested_mapping, buyer[0], file_id=file_id, sheet=sheet)
    assert [each.column for each in mapped] == list(columns)
    best = ask(suggested_sheets, buyer[0], file_id=file_id)
    assert best[0][0] == sheet
    assert send(f"/api/sheets/{sheet}/template.{ending}", people[Role.MANAGER]).status_code == 403


def test_the_refused_rows_come_back_as_they_were_with_the_reason_and_can_be_sent_again(
    people: dict[Role, Person],
) -> None:
    buyer = people[Role.BUYER]
    body = 'code;name;category;factor\nA;"two\nlines";count;1,5\nB;\'=x;count;-1,5\nC;;length;no\n'.encode("utf-8-sig")
    file_id = post(buyer, body).json()["file"]
    mapping = dict(enumerate(("code", "name", "category", "factor")))
    run = perform(start_import, buyer[0], file_id=file_id, sheet="units", mapping=mapping, at=NOW).run_id
    assert perform(check_import, buyer[0], run_id=run).refused == 2
    answer = send(f"/api/imports/{run}/refused.csv", buyer)
    assert answer.text.splitlines() == [
        "code;name;category;factor;Refused column;Refused because",
        "B;''=x;count;'-1,5;Factor;Factor must be above 0.",
        "C;;length;no;Factor;“no” is not a number with a decimal comma.",
    ]
    again = post(buyer, answer.content).json()["file"]
    assert [each.column for each in ask(suggested_mapping, buyer[0], file_id=again, sheet="units")] == [
        *("code", "name", "category", "factor", "", "")
    ]
    assert send(f"/api/imports/{run}/refused.csv", people[Role.FINANCE]).status_code == 404
    for path in ("/api/imports/999999/refused.csv", "/api/imports/x/refused.csv", "/api/sheets/no/template.csv"):
        assert send(path, buyer).status_code == 404


def test_every_sheet_is_taken_out_as_a_workbook(people: dict[Role, Person]) -> None:
    for sheet in SHEETS:
        answer = send(f"/api/grid/{sheet.name}.xlsx", people[Role.BUYER])
        assert answer.status_code == 200
        [header] = openpyxl.load_workbook(io.BytesIO(answer.content)).active.iter_rows(max_row=1, values_only=True)  # type: ignore[union-attr]
        assert {each.name for each in sheet.columns} <= set(header)
