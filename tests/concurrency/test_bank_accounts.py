"""Two people decide on bank accounts at the same moment: one decision counts, and a vendor is paid to one account (ACC-7)."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from sqlmodel import col, select

from buyside.db.bank import VendorBankAccount
from buyside.db.engine import sessions
from buyside.domain.access import Actor, Role
from buyside.domain.refusals import Refused
from buyside.operations.bank_accounts import AccountSaved, approve_account, propose_account, reject_account
from buyside.operations.run import perform
from tests.conftest import Database
from tests.world import NOW, World

IBANS = ("DE89370400440532013000", "NL91ABNA0417164300")
TRIES = 12


class Bank:
    """A buyer who enters, two who decide, and a new vendor for each try."""

    def __init__(self) -> None:
        with World.open() as world:
            self.buyer = world.user(Role.BUYER)
            self.deciders = (world.user(Role.FINANCE), world.user(Role.FINANCE))

    def proposes(self, vendor_id: int, iban: str) -> AccountSaved:
        return perform(
            propose_account, self.buyer,
            vendor_id=vendor_id, currency_code="EUR", holder="Acme", iban=iban, reason="letter", at=NOW, is_checked=True,
        )  # fmt: skip

    def at_once(self, *acts: Callable[[Actor], Any]) -> list[str]:
        """Each act by another person, begun together. Answers "" or the code of the refusal, each."""
        start = Barrier(len(acts))

        def go(act: Callable[[Actor], Any], actor: Actor) -> str:
            start.wait()
            try:
                act(actor)
            except Refused as refusal:
                return refusal.code
            return ""

        with ThreadPoolExecutor(len(acts)) as threads:
            return [
                each.result() for each in [threads.submit(go, *pair) for pair in zip(acts, self.deciders, strict=True)]
            ]


def states(vendor_id: int) -> list[str]:
    with sessions()() as session:
        found = select(VendorBankAccount.state).where(VendorBankAccount.vendor_id == vendor_id)
        return list(session.exec(found.order_by(col(VendorBankAccount.id))).all())


def decides(operation: Any, account: AccountSaved, **more: Any) -> Callable[[Actor], Any]:
    given = {"account_id": account.account_id, "version": account.version, "at": NOW} | more
    return lambda actor: perform(operation, actor, **given)


@pytest.fixture
def bank(database: Database) -> Bank:
    return Bank()


def new_vendor() -> int:
    with World.open() as world:
        return world.vendor("Acme").id


@pytest.mark.rule("ACC-7")
def test_of_two_approvals_of_one_account_one_counts(bank: Bank) -> None:
    for _ in range(TRIES):
        vendor = new_vendor()
        account = bank.proposes(vendor, IBANS[0])
        told = bank.at_once(decides(approve_account, account), decides(approve_account, account))
        assert sorted(told) == ["", "lifecycle.wrong-state"]
        assert states(vendor) == ["current"]


@pytest.mark.rule("ACC-7")
def test_of_an_approval_and_a_rejection_one_counts(bank: Bank) -> None:
    for _ in range(TRIES):
        vendor = new_vendor()
        account = bank.proposes(vendor, IBANS[0])
        told = bank.at_once(decides(approve_account, account), decides(reject_account, account, reason="no"))
        assert sorted(told) == ["", "lifecycle.wrong-state"]
        assert states(vendor) == ["current" if told[0] == "" else "rejected"]


@pytest.mark.rule("ACC-7")
def test_two_accounts_approved_at_once_are_never_both_current(bank: Bank) -> None:
    for _ in range(TRIES):
        vendor = new_vendor()
        one, other = (bank.proposes(vendor, iban) for iban in IBANS)
        told = bank.at_once(decides(approve_account, one), decides(approve_account, other))
        assert sorted(told) == ["", "bank.stale-proposal"]
        assert sorted(states(vendor)) == ["current", "proposed"]
