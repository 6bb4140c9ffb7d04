"""Bank numbers stand in their own table and in the answer of a recorded look, and nowhere else (SECURITY T24, ACC-7)."""

import logging
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, SQLModel, col, select

from buyside.db import tables
from buyside.db.audit import AuditEvent
from buyside.db.bank import VendorBankNumber
from buyside.db.engine import sessions
from buyside.domain.access import GRANTS, INTERNAL_ROLES, Actor, Permission, Role, needs
from buyside.domain.refusals import Refused
from buyside.operations.bank_accounts import approve_account, propose_account, reveal_account
from buyside.operations.run import perform
from buyside.queries.audit import audit_entry
from buyside.queries.bank_accounts import account_detail, accounts_of_vendor
from buyside.queries.grids import GRIDS
from buyside.queries.history import record_history
from buyside.queries.packs import export_pack
from buyside.queries.read import ask
from buyside.queries.rows import RowsWanted, grid_csv, grid_page
from buyside.state.base import our_mistake
from tests.world import NOW, TODAY, World

pytestmark = pytest.mark.rule("ACC-7")

IBAN, BIC, ACCOUNT, ROUTING = "DE02120300000000202051", "BYLADEM1001", "990012345678", "021000021"
CANARIES = (IBAN, IBAN[4:], BIC, ACCOUNT, ROUTING)
IS_KEPT_IN = "vendor_bank_number"


def found_in(*written: object) -> list[str]:
    everything = "\n".join(str(each) for each in written)
    return [each for each in CANARIES if each in everything]


class Entered:
    """Two accounts of one vendor: an IBAN that was approved, and one without IBAN that waits. Both were looked at."""

    def __init__(self) -> None:
        with World.open() as world:
            world.organisation()
            self.vendor = world.vendor("Acme").row.id
            self.buyer, self.chief = world.user(Role.BUYER), world.user(Role.FINANCE)
        self.request = uuid4()
        self.answers: list[object] = []
        self.iban = self._proposes(self.request, currency_code="EUR", iban=IBAN, bic=BIC)
        other = {"country": "US", "account_number": ACCOUNT, "routing_number": ROUTING}
        self.other = self._proposes(uuid4(), currency_code="USD", **other)
        self.answers.append(perform(approve_account, self.chief, account_id=self.iban, version=1, at=NOW))
        for each in (self.iban, self.other):
            self.answers.append(perform(reveal_account, self.chief, request_id=uuid4(), account_id=each))

    def _proposes(self, request_id: UUID, **numbers: str) -> int:
        given = {"vendor_id": self.vendor, "holder": "Acme", "reason": "letter", "at": NOW}
        saved = perform(propose_account, self.buyer, request_id=request_id, **given, **numbers)
        self.answers.append(saved)
        return saved.account_id


@pytest.fixture(scope="module")
def entered(database: object) -> Entered:
    return Entered()


def actors() -> list[Actor]:
    return [Actor(user_id=None, name=role.value, roles=frozenset({role})) for role in sorted(INTERNAL_ROLES)]


def test_no_answer_shows_a_number_unless_it_is_unwrapped(entered: Entered) -> None:
    assert found_in(*entered.answers, *(repr(each) for each in entered.answers)) == []


def test_no_other_table_of_the_database_holds_one(entered: Entered) -> None:
    assert tables.MODULES
    with sessions()() as session:
        kept = list(session.execute(text(f"SELECT t::text FROM {IS_KEPT_IN} AS t")).scalars())
        assert found_in(*kept) == list(CANARIES)
        for name in sorted(SQLModel.metadata.tables.keys() - {IS_KEPT_IN}):
            may = session.execute(text("SELECT has_table_privilege(:name, 'SELECT')"), {"name": name}).scalar_one()
            rows = session.execute(text(f'SELECT t::text FROM "{name}" AS t')).scalars() if may else ()
            assert found_in(*rows) == [], name


def test_no_list_and_no_file_of_one_shows_a_number_to_anybody(entered: Entered) -> None:
    shown = 0
    for actor in actors():
        for source in GRIDS:
            if not actor.may(source.permission) or source.scopes_needed:
                continue
            page = ask(grid_page, actor, source=source, wanted=RowsWanted(), today=TODAY)
            written: list[object] = [page.rows]
            if actor.may(Permission.DATA_EXPORT):
                with ask(grid_csv, actor, source=source, wanted=RowsWanted(), today=TODAY) as file:
                    written.append(file.read().decode())
            assert found_in(*written) == [], (actor.name, source.name)
            shown += "DE02 … 2051" in str(written)
    assert shown >= 3  # buyers, managers and finance see that there is an account


def test_no_page_of_a_record_shows_one(entered: Entered) -> None:
    for actor in (each for each in actors() if each.may(Permission.VENDOR_VIEW)):
        details = [ask(account_detail, actor, account_id=each, at=NOW) for each in (entered.iban, entered.other)]
        lists = ask(accounts_of_vendor, actor, vendor_id=entered.vendor)
        history = ask(record_history, actor, kind="vendor", record_id=entered.vendor)
        assert len(history.changes) >= 5
        assert found_in(*details, lists, history) == []


def test_the_trail_tells_that_numbers_were_kept_and_looked_at_and_not_which(entered: Entered) -> None:
    admin = Actor(user_id=None, name="admin", roles=frozenset({Role.ADMIN}))
    with sessions()() as session:
        events = list(session.exec(select(AuditEvent).order_by(col(AuditEvent.id))).all())
    told = [ask(audit_entry, admin, event_id=each.id) for each in events]
    assert [each.operation for each in events].count("reveal_account") == 2
    assert found_in(*(each.changes for each in events), *told) == []
    assert "(withheld)" in str([each.changes for each in events])


def test_no_pack_holds_one(entered: Entered, tmp_path: Path) -> None:
    ask(export_pack, entered.buyer, folder=tmp_path / "pack")
    files = [each.read_text() for each in (tmp_path / "pack").iterdir()]
    assert len(files) > 5
    assert found_in(*files) == []


@needs(Permission.BANK_ENTER)
def breaks(session: Session, actor: Actor, *, account_id: int) -> None:
    """What a mistake of ours could do: the database refuses the numbers and says so."""
    numbers = {"iban": IBAN, "bic": BIC, "account_number": ACCOUNT, "routing_number": ROUTING}
    session.add(VendorBankNumber(account_id=account_id, **numbers))
    session.flush()


@pytest.mark.parametrize("account_id", [-1, 1])
def test_no_error_and_no_line_of_the_log_writes_one_out(
    entered: Entered, caplog: pytest.LogCaptureFixture, account_id: int
) -> None:
    caplog.set_level(logging.DEBUG)
    known = entered.iban if account_id > 0 else account_id
    with pytest.raises(DBAPIError) as mistake:
        perform(breaks, entered.buyer, account_id=known)
    says = our_mistake(mistake.value)
    assert "unexpected error" in caplog.text
    assert found_in(caplog.text, says, mistake.value) == []


@pytest.mark.parametrize(
    "wrong", [{"iban": IBAN[:-1] + "2"}, {"iban": IBAN, "bic": "BYLAFRPP"}, {"iban": IBAN}, {"iban": IBAN * 9}]
)
def test_no_refusal_repeats_one(entered: Entered, wrong: dict[str, Any]) -> None:
    given = {"vendor_id": entered.vendor, "currency_code": "EUR", "holder": "Acme", "reason": "letter", "at": NOW}
    with pytest.raises(Refused) as refusal:
        perform(propose_account, entered.buyer, **given, **wrong)
    assert found_in(refusal.value, refusal.value.details) == []


def test_two_roles_may_look() -> None:
    assert {role for role, acts in GRANTS.items() if Permission.BANK_REVEAL in acts} == {Role.BUYER, Role.FINANCE}
    assert {role for role, acts in GRANTS.items() if Permission.BANK_APPROVE in acts} == {Role.FINANCE}
