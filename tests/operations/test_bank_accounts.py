"""Bank accounts of vendors: one enters, another approves, and until then the old details stand (ACC-7)."""

import json
from typing import Any

import pytest
from sqlalchemy import text, update
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, col, func, select

from buyside.db.audit import AuditEvent
from buyside.db.bank import VendorBankAccount, VendorBankNumber
from buyside.domain.access import OPERATOR, Actor, Permission, Role, needs
from buyside.domain.bank import BankAccountState
from buyside.domain.refusals import Refused
from buyside.operations.bank_accounts import (
    approve_account,
    propose_account,
    propose_end,
    reject_account,
    reveal_account,
    withdraw_account,
)
from buyside.operations.run import within
from buyside.queries.bank_accounts import account_detail, accounts_of_vendor
from tests.world import NOW, World

pytestmark = pytest.mark.rule("ACC-7")

FIRST, SECOND, THIRD = "DE89370400440532013000", "NL91ABNA0417164300", "FR1420041010050500013M02606"
_S = BankAccountState


class Setup:
    """A vendor, a buyer who enters, and two of finance."""

    def __init__(self, session: Session) -> None:
        self.session = session
        world = World(session)
        world.organisation()
        self.acme, self.other = world.vendor("Acme", legal_name="Acme Works GmbH").row, world.vendor("Bolts").row
        self.buyer, self.chief = world.user(Role.BUYER, name="Ada"), world.user(Role.FINANCE, name="Finn")
        self.second = world.user(Role.FINANCE, name="Fay")

    def proposes(self, iban: str = FIRST, actor: Actor | None = None, **changes: Any) -> Any:
        given = {
            "vendor_id": self.acme.id, "currency_code": "EUR", "holder": "Acme Works GmbH", "iban": iban,
            "reason": "new bank, by letter", "at": NOW,
        } | changes  # fmt: skip
        return within(self.session, propose_account, actor or self.buyer, **given)

    def does(self, operation: Any, account: Any, actor: Actor | None = None, **changes: Any) -> Any:
        given = {"account_id": account.account_id, "version": account.version, "at": NOW} | changes
        return within(self.session, operation, actor or self.chief, **given)

    def current(self, iban: str = FIRST, **changes: Any) -> Any:
        return self.does(approve_account, self.proposes(iban, **changes))

    def states(self) -> dict[str, str]:
        self.session.expire_all()
        return {
            each.shown: each.state
            for each in self.session.exec(select(VendorBankAccount).order_by(col(VendorBankAccount.id)))
        }

    def refused(self, act: Any, *positional: Any, **named: Any) -> Refused:
        before = self.states(), self.session.exec(select(func.count(col(AuditEvent.id)))).one()
        with pytest.raises(Refused) as refusal, self.session.begin_nested():
            act(*positional, **named)
        assert (self.states(), self.session.exec(select(func.count(col(AuditEvent.id)))).one()) == before
        return refusal.value

    def forbidden_by_the_database(self, constraint: str, account: VendorBankAccount, **values: Any) -> None:
        self.session.flush()
        change = update(VendorBankAccount).where(col(VendorBankAccount.id) == account.id).values(**values)
        with pytest.raises(DBAPIError, match=constraint) as error, self.session.begin_nested():
            self.session.execute(change)
        assert not any(number in str(error.value) for number in (FIRST, SECOND, THIRD))


@pytest.fixture
def setup(session: Session) -> Setup:
    return Setup(session)


def test_an_account_counts_once_another_person_approved_it(setup: Setup) -> None:
    entered = setup.proposes()
    assert (entered.state, entered.shown) == (_S.PROPOSED, "DE89 … 3000")
    approved = setup.does(approve_account, entered)
    assert approved.state is _S.CURRENT
    kept = setup.session.get_one(VendorBankAccount, entered.account_id)
    assert (kept.entered_by, kept.decided_by, kept.bank_name) == (
        setup.buyer.user_id,
        setup.chief.user_id,
        "Commerzbank",
    )


def test_until_approval_the_old_details_stand_and_then_they_are_replaced(setup: Setup) -> None:
    setup.current()
    later = setup.proposes(SECOND)
    assert setup.states() == {"DE89 … 3000": _S.CURRENT, "NL91 … 4300": _S.PROPOSED}
    setup.does(approve_account, later)
    assert setup.states() == {"DE89 … 3000": _S.REPLACED, "NL91 … 4300": _S.CURRENT}


def test_whoever_entered_it_cannot_decide_on_it(setup: Setup) -> None:
    own = setup.proposes(actor=setup.chief)
    assert setup.refused(setup.does, approve_account, own).code == "bank.same-person"
    assert setup.refused(setup.does, reject_account, own, reason="no").code == "bank.same-person"
    assert setup.does(approve_account, own, setup.second).state is _S.CURRENT


def test_approval_takes_the_permission_and_a_person(setup: Setup) -> None:
    entered = setup.proposes()
    assert setup.refused(setup.does, approve_account, entered, setup.buyer).code == "access.not-allowed"
    assert setup.refused(setup.does, approve_account, entered, OPERATOR).code == "bank.needs-person"
    assert setup.refused(setup.proposes, SECOND, OPERATOR).code == "bank.needs-person"
    manager = Actor(user_id=setup.chief.user_id, name="Mona", roles=frozenset({Role.MANAGER}))
    for operation in (approve_account, reject_account, withdraw_account, propose_end):
        more = {"reason": "no"} if operation in {reject_account, propose_end} else {}
        assert setup.refused(setup.does, operation, entered, manager, **more).code == "access.not-allowed"
    assert setup.refused(within, setup.session, reveal_account, manager, account_id=1).code == "access.not-allowed"


def test_a_rejection_says_why_and_changes_nothing_else(setup: Setup) -> None:
    setup.current()
    entered = setup.proposes(SECOND)
    assert setup.refused(setup.does, reject_account, entered, reason="  ").code == "general.reason-missing"
    setup.does(reject_account, entered, reason="The vendor knows nothing of it.")
    assert setup.states() == {"DE89 … 3000": _S.CURRENT, "NL91 … 4300": _S.REJECTED}
    assert setup.session.get_one(VendorBankAccount, entered.account_id).decision == "The vendor knows nothing of it."


def test_only_its_enterer_withdraws_it(setup: Setup) -> None:
    entered = setup.proposes()
    assert setup.refused(setup.does, withdraw_account, entered, setup.second).code == "bank.not-yours"
    assert setup.does(withdraw_account, entered, setup.buyer).state is _S.WITHDRAWN
    assert setup.refused(setup.does, approve_account, entered).code == "lifecycle.wrong-state"


def test_what_another_decided_on_meanwhile_is_told(setup: Setup) -> None:
    entered = setup.proposes()
    setup.does(approve_account, entered)
    assert setup.refused(setup.does, approve_account, entered, setup.second).code == "lifecycle.wrong-state"
    assert setup.refused(setup.does, reject_account, entered, reason="no").code == "lifecycle.wrong-state"
    assert setup.refused(setup.does, propose_end, entered, setup.buyer, reason="closed").code == "general.stale"
    assert setup.refused(setup.does, approve_account, entered, account_id=0).code == "access.not-found"


def test_a_proposal_that_would_replace_another_account_than_its_enterer_saw_is_stale(setup: Setup) -> None:
    setup.current()
    one, other = setup.proposes(SECOND), setup.proposes(THIRD)
    setup.does(approve_account, one)
    assert setup.refused(setup.does, approve_account, other).code == "bank.stale-proposal"
    detail = account_detail(setup.session, setup.chief, account_id=other.account_id, at=NOW)
    assert detail.is_stale
    assert detail.old is not None
    assert detail.old.shown == "NL91 … 4300"
    setup.does(reject_account, other, reason="stale")


def test_the_end_of_an_account_takes_two_as_well(setup: Setup) -> None:
    account = setup.current()
    assert setup.refused(setup.does, propose_end, account, setup.buyer, reason=" ").code == "general.reason-missing"
    asked = setup.does(propose_end, account, setup.chief, reason="account closed")
    assert setup.states() == {"DE89 … 3000": _S.CURRENT}
    assert setup.refused(setup.does, propose_end, asked, setup.buyer, reason="?").code == "bank.end-asked-already"
    assert setup.refused(setup.does, approve_account, asked, setup.chief).code == "bank.same-person"
    assert setup.refused(setup.does, withdraw_account, asked, setup.buyer).code == "bank.not-yours"
    assert setup.does(approve_account, asked, setup.second).state is _S.ENDED


def test_the_end_can_be_withdrawn_and_rejected_and_the_account_stays(setup: Setup) -> None:
    account = setup.does(propose_end, setup.current(), setup.buyer, reason="closed")
    account = setup.does(withdraw_account, account, setup.buyer)
    assert account.state is _S.CURRENT
    account = setup.does(propose_end, account, setup.buyer, reason="closed, surely")
    account = setup.does(reject_account, account, reason="It is open.")
    assert account.state is _S.CURRENT
    entry = setup.session.exec(select(AuditEvent).order_by(col(AuditEvent.id).desc()).limit(1)).one()
    assert {"reason": "It is open."} in [each["after"] for each in entry.changes]
    assert setup.refused(setup.does, approve_account, account, setup.second).code == "lifecycle.wrong-state"


def test_an_account_whose_end_waits_can_be_replaced_and_the_end_is_forgotten(setup: Setup) -> None:
    old = setup.does(propose_end, setup.current(), setup.buyer, reason="closed")
    setup.does(approve_account, setup.proposes(SECOND))
    kept = setup.session.get_one(VendorBankAccount, old.account_id)
    assert (kept.state, kept.end_asked_by, kept.end_reason) == (_S.REPLACED, None, "")


def test_the_same_account_is_not_entered_twice(setup: Setup) -> None:
    entered = setup.proposes()
    assert setup.refused(setup.proposes, "de89 3704 0044 0532 0130 00").code == "bank.proposed-already"
    setup.does(approve_account, entered)
    assert setup.refused(setup.proposes).code == "bank.current-already"
    assert setup.proposes(currency_code="USD").state is _S.PROPOSED  # another currency, another account


def test_doubts_want_a_second_look(setup: Setup) -> None:
    elsewhere = {"vendor_id": setup.other.id, "holder": "Bolts"}
    setup.does(approve_account, setup.proposes(SECOND, **elsewhere))
    for changes in ({"iban": SECOND}, {"holder": "J. Smith"}, {"bic": "DEUTDEFF"}):
        assert setup.refused(setup.proposes, **changes).code == "bank.doubtful"
    entered = setup.proposes(SECOND, holder="J. Smith", is_checked=True)
    detail = account_detail(setup.session, setup.chief, account_id=entered.account_id, at=NOW)
    assert len(detail.doubts) == 2
    assert setup.other.code in " ".join(detail.doubts)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"vendor_id": 0}, "access.not-found"),
        ({"currency_code": "ZZZ"}, "access.not-found"),
        ({"holder": " "}, "bank.holder-missing"),
        ({"iban": FIRST[:-1] + "1"}, "bank.no-such-iban"),
        ({"bic": "BNPAFRPP"}, "bank.bic-elsewhere"),
        ({"reason": ""}, "general.reason-missing"),
    ],
)
def test_what_is_wrong_with_an_entry_is_said(setup: Setup, changes: dict[str, Any], code: str) -> None:
    assert setup.refused(setup.proposes, **changes).code == code


def test_accounts_of_countries_without_iban_are_kept_too(setup: Setup) -> None:
    elsewhere = {"iban": "", "country": "US", "account_number": "000123456789", "routing_number": "021000021"}
    entered = setup.proposes(currency_code="USD", **elsewhere)
    assert entered.shown == "US … 6789"
    assert setup.refused(setup.proposes, currency_code="USD", **elsewhere).code == "bank.proposed-already"
    seen = within(setup.session, reveal_account, setup.chief, account_id=entered.account_id)
    assert (seen.account_number.get_secret_value(), seen.routing_number.get_secret_value()) == (
        "000123456789",
        "021000021",
    )


def test_each_look_at_a_whole_number_is_recorded_and_the_number_is_not(setup: Setup) -> None:
    entered = setup.proposes(bic="COBADEFFXXX")
    for _ in range(2):
        seen = within(setup.session, reveal_account, setup.buyer, account_id=entered.account_id)
    assert seen.iban.get_secret_value() == FIRST
    assert FIRST not in repr(seen)
    looks = setup.session.exec(select(AuditEvent).where(AuditEvent.operation == "reveal_account")).all()
    assert [(each.user_id, each.changes[0]["id"]) for each in looks] == [(setup.buyer.user_id, entered.account_id)] * 2
    everything = json.dumps([each.changes for each in setup.session.exec(select(AuditEvent)).all()])
    assert FIRST not in everything
    assert "COBADEFF" not in everything
    assert "(withheld)" in everything


def test_the_database_itself_refuses_one_person_for_both(setup: Setup) -> None:
    entered = setup.proposes()
    account = setup.session.get_one(VendorBankAccount, entered.account_id)
    for decider in (setup.buyer.user_id, None):
        setup.forbidden_by_the_database("decided_by_another", account, state="current", decided_by=decider)
    setup.does(approve_account, entered)
    same = {"end_asked_by": setup.chief.user_id, "end_asked_at": NOW, "ended_by": setup.chief.user_id}
    setup.forbidden_by_the_database("ended_by_another", account, state="ended", **same)
    setup.forbidden_by_the_database("rejected_with_reason", account, state="rejected")


def test_the_database_itself_refuses_two_current_accounts(setup: Setup) -> None:
    setup.current()
    other = setup.session.get_one(VendorBankAccount, setup.proposes(SECOND).account_id)
    setup.forbidden_by_the_database("one_current", other, state="current", decided_by=setup.chief.user_id)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE vendor_bank_number SET iban = 'X'",
        "UPDATE vendor_bank_account SET entered_by = decided_by",
        "UPDATE vendor_bank_account SET holder = 'J. Smith'",
        "UPDATE vendor_bank_account SET shown = 'X'",
        "DELETE FROM vendor_bank_number",
        "DELETE FROM vendor_bank_account",
    ],
)
def test_what_was_entered_cannot_be_changed_by_the_application(setup: Setup, change: str) -> None:
    setup.proposes()
    with pytest.raises(DBAPIError, match="permission denied"), setup.session.begin_nested():
        setup.session.execute(text(change))


def test_a_changed_address_of_the_vendor_is_told_beside_the_account(setup: Setup) -> None:
    @needs(Permission.VENDOR_EDIT)
    def moves(session: Session, actor: Actor, *, email: str) -> None:
        setup.acme.email = email
        session.add(setup.acme)

    setup.acme.email = "old@acme.example"
    setup.session.flush()
    within(setup.session, moves, setup.buyer, email="new@elsewhere.example")
    entered = setup.proposes()
    detail = account_detail(setup.session, setup.chief, account_id=entered.account_id, at=NOW)
    assert [each.email for each in detail.addresses] == ["new@elsewhere.example"]
    assert [(each.before, each.after, each.who) for each in detail.address_changes] == [
        ("old@acme.example", "new@elsewhere.example", "Ada")
    ]


def test_a_vendor_lists_its_current_and_waiting_accounts_masked(setup: Setup) -> None:
    setup.current()
    setup.does(withdraw_account, setup.proposes(THIRD), setup.buyer)
    setup.proposes(SECOND)
    found = accounts_of_vendor(setup.session, setup.buyer, vendor_id=setup.acme.id)
    assert [(each.shown, each.status) for each in found] == [("DE89 … 3000", "current"), ("NL91 … 4300", "proposed")]
    assert setup.session.exec(select(func.count(col(VendorBankNumber.account_id)))).one() == 3
