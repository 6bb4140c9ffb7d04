"""The one place that reads whole bank numbers: for a recorded look, and to compare them with each other."""

from sqlmodel import Session, col, select

from buyside.db.bank import VendorBankAccount, VendorBankNumber
from buyside.db.vendors import Vendor
from buyside.domain.bank import BankAccountState, BankDetails
from buyside.domain.refusals import NotFound

_STANDS = (BankAccountState.PROPOSED.value, BankAccountState.CURRENT.value, BankAccountState.REPLACED.value)


def numbers_of(session: Session, account_id: int) -> VendorBankNumber:
    """The whole numbers of an account. Refuses: NotFound."""
    found = session.get(VendorBankNumber, account_id)
    if found is None:
        raise NotFound(kind="bank account")
    return found


def same_numbers(session: Session, details: BankDetails | VendorBankNumber) -> frozenset[int]:
    """Accounts with the same number at the same bank, whatever became of them."""
    number = VendorBankNumber
    wanted = (
        number.iban == details.iban
        if details.iban
        else (number.account_number == details.account_number) & (number.routing_number == details.routing_number)
    )
    same_bank = [] if details.iban or details.routing_number else [number.bic == details.bic]
    return frozenset(session.exec(select(number.account_id).where(wanted, *same_bank)).all())


def numbers_elsewhere(session: Session, vendor_id: int, details: BankDetails | VendorBankNumber) -> tuple[str, ...]:
    """A doubt for each other vendor that has or had the same account."""
    names = session.exec(
        select(Vendor.name, Vendor.code)
        .join(VendorBankAccount, col(VendorBankAccount.vendor_id) == col(Vendor.id))
        .where(
            col(VendorBankAccount.id).in_(same_numbers(session, details)),
            col(Vendor.id) != vendor_id,
            col(VendorBankAccount.state).in_(_STANDS),
        )
        .distinct()
        .order_by(col(Vendor.code))
    ).all()
    return tuple(f"The same account stands at {name} ({code})." for name, code in names)
