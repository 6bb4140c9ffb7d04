"""What a vendor reads of its contracts: the list, one contract, and what was agreed per item (POR-1, CON-4)."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, select
from sqlmodel import Session, col

from buyside.db.contracts import Contract, ContractItem
from buyside.db.items import Item, Unit
from buyside.db.vendors import Currency, Vendor
from buyside.domain.access import Actor, Permission, needs
from buyside.domain.contracts import ContractStatus
from buyside.domain.refusals import NotFound
from buyside.domain.words import Kind
from buyside.queries.answers import columns, one_as, organisation_today
from buyside.queries.portal_vendors import can_be_a_number, is_own
from buyside.queries.rows import GridSource, RowColumn


def _is_visible(actor: Actor) -> ColumnElement[bool]:
    """Whether a contract is agreed with a vendor of the actor."""
    return and_(is_own(actor, col(Contract.vendor_id)), col(Contract.status) != ContractStatus.DRAFT.value)


def _state() -> ColumnElement[str]:
    """How the contract stands today: an active one whose last day has passed is expired."""
    has_passed = and_(
        col(Contract.status) == ContractStatus.ACTIVE.value, col(Contract.valid_to) < organisation_today()
    )
    return case((has_passed, ContractStatus.EXPIRED.value), else_=col(Contract.status))


def portal_contracts_in_reach(actor: Actor) -> Select[Any]:
    """Every contract that is agreed with a vendor of the actor."""
    items = (
        select(func.count())
        .select_from(ContractItem)
        .where(col(ContractItem.contract_id) == col(Contract.id))
        .correlate(Contract)
        .scalar_subquery()
    )
    return (
        columns(
            number=col(Contract.number),
            vendor=col(Vendor.code),
            title=col(Contract.title),
            state=_state(),
            valid_from=col(Contract.valid_from),
            valid_to=col(Contract.valid_to),
            items=items,
            amount=col(Contract.amount),
            currency=col(Contract.currency_code),
        )
        .select_from(Contract)
        .join(Vendor, col(Vendor.id) == col(Contract.vendor_id))
        .where(_is_visible(actor))
    )


PORTAL_CONTRACT_ROWS = GridSource(
    "portal-contracts",
    Permission.PORTAL_CONTRACT_VIEW,
    portal_contracts_in_reach,
    columns=(
        RowColumn("vendor", Kind.KEY, required=True),
        RowColumn("number", searched=True, required=True),
        RowColumn("title", searched=True, required=True),
        RowColumn("state", Kind.STATUS, required=True),
        RowColumn("valid_from", Kind.DATE, required=True),
        RowColumn("valid_to", Kind.DATE, required=True),
        RowColumn("items", Kind.NUMBER, required=True),
        RowColumn("amount", Kind.MONEY, currency="currency"),
        RowColumn("currency", required=True),
    ),
    order=(("valid_to", "desc"),),
    key="number",
    scopes=("vendor",),
    scopes_needed=("vendor",),
)


def portal_contract_items_in_reach(actor: Actor) -> Select[Any]:
    """What was agreed per item, of every contract that is agreed with a vendor of the actor."""
    return (
        columns(
            item=col(Item.code),
            contract=col(Contract.number),
            name=col(Item.name),
            quantity=col(ContractItem.quantity),
            unit=col(Unit.code),
            unit_price=col(ContractItem.unit_price),
            currency=col(Contract.currency_code),
        )
        .select_from(ContractItem)
        .join(Contract, col(Contract.id) == col(ContractItem.contract_id))
        .join(Item, col(Item.id) == col(ContractItem.item_id))
        .join(Unit, col(Unit.id) == col(Item.unit_id))
        .where(_is_visible(actor))
    )


PORTAL_CONTRACT_ITEM_ROWS = GridSource(
    "portal-contract-items",
    Permission.PORTAL_CONTRACT_VIEW,
    portal_contract_items_in_reach,
    columns=(
        RowColumn("item", searched=True, required=True),
        RowColumn("name", searched=True, required=True),
        RowColumn("quantity", Kind.QUANTITY),
        RowColumn("unit", required=True),
        RowColumn("unit_price", Kind.PRICE, currency="currency"),
        RowColumn("currency", required=True),
    ),
    order=(("item", "asc"),),
    key="item",
    scopes=("contract",),
    scopes_needed=("contract",),
)


@dataclass(frozen=True, slots=True)
class PortalContract:
    """A contract as its vendor sees it. `amount` is in the contract's currency; None where none was agreed."""

    number: str
    vendor_code: str
    title: str
    state: str
    valid_from: date
    valid_to: date
    currency_code: str
    currency_digits: int
    amount: Decimal | None


@needs(Permission.PORTAL_CONTRACT_VIEW)
def portal_contract(session: Session, actor: Actor, *, number: str) -> PortalContract:
    """One contract by number. Refuses: NotFound, for one that is absent, another vendor's, or a draft."""
    statement = (
        columns(
            number=col(Contract.number),
            vendor_code=col(Vendor.code),
            title=col(Contract.title),
            state=_state(),
            valid_from=col(Contract.valid_from),
            valid_to=col(Contract.valid_to),
            currency_code=col(Contract.currency_code),
            currency_digits=col(Currency.digits),
            amount=col(Contract.amount),
        )
        .select_from(Contract)
        .join(Vendor, col(Vendor.id) == col(Contract.vendor_id))
        .join(Currency, col(Currency.code) == col(Contract.currency_code))
        .where(col(Contract.number) == number, _is_visible(actor))
    )
    found = one_as(session, PortalContract, statement) if can_be_a_number(number) else None
    if found is None:
        raise NotFound(kind="contract")
    return found
