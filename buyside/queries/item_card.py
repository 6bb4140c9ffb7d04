"""What the page of one item gathers beside its prices and its stock: which item it is, open orders, contracts, where it is used."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import and_, case, exists, func, literal, or_, select, true
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from buyside.db.contracts import Contract, ContractItem
from buyside.db.items import Item, ItemGroup, Unit, VendorItem
from buyside.db.orders import PurchaseOrder, PurchaseOrderLine
from buyside.db.people import Organisation
from buyside.db.stock import Warehouse
from buyside.db.structure import BomRow, OptionRule, Product, Variant
from buyside.db.vendors import Vendor
from buyside.domain.access import Actor, Permission, needs
from buyside.domain.contracts import ContractStatus
from buyside.domain.items import VendorPolicy
from buyside.domain.orders import BEFORE_ISSUE
from buyside.domain.refusals import NotFound
from buyside.queries.answers import columns, each_as, one_as
from buyside.queries.orders import AWAITING, due_on, open_quantity

MOST_LINES = 100
"""Open order lines, contracts and uses of an item that its page tells; lists tell all."""
_TO_ISSUE = tuple(sorted(BEFORE_ISSUE))


@dataclass(frozen=True, slots=True)
class ItemHead:
    """Which item it is."""

    item_id: int
    code: str
    name: str
    unit: str
    unit_digits: int
    supply: str
    kind: str
    is_active: bool
    default_warehouse_id: int | None
    currency: str
    """The organisation's, which its standard cost is in."""
    group: str
    vendor_policy: str
    """Whose vendor goes first (PLAN-7); by preference for an item without a group."""
    contracts_first: bool


@needs(Permission.ITEM_VIEW)
def item_head(session: Session, actor: Actor, /, *, code: str) -> ItemHead:
    """An item by its code. Refuses: NotFound."""
    statement = (
        columns(
            item_id=col(Item.id),
            code=col(Item.code),
            name=col(Item.name),
            unit=col(Unit.code),
            unit_digits=col(Unit.digits),
            supply=col(Item.supply),
            kind=col(Item.kind),
            is_active=col(Item.is_active),
            default_warehouse_id=col(Item.default_warehouse_id),
            currency=select(col(Organisation.currency_code)).where(col(Organisation.id) == 1).scalar_subquery(),
            group=func.coalesce(col(ItemGroup.code), ""),
            vendor_policy=func.coalesce(col(ItemGroup.vendor_policy), VendorPolicy.PREFERENCE.value),
            contracts_first=func.coalesce(col(ItemGroup.contracts_first), true()),
        )
        .join(Unit, col(Unit.id) == col(Item.unit_id))
        .join(ItemGroup, col(ItemGroup.id) == col(Item.group_id), isouter=True)
        .where(col(Item.code) == code)
    )
    found = one_as(session, ItemHead, statement)
    if found is None:
        raise NotFound(kind="item")
    return found


@dataclass(frozen=True, slots=True)
class OpenLine:
    """An order line that is still to come, or to be issued first. Quantities and price in the ordered unit."""

    order_number: str
    line_number: int
    state: str
    is_on_hold: bool
    vendor_code: str
    vendor: str
    warehouse: str
    quantity: Decimal
    open: Decimal
    unit: str
    open_stock_units: Decimal
    unit_price: Decimal
    currency: str
    promised_on: date | None
    due_on: date | None
    """As promised, else as expected."""
    late_days: int


@needs(Permission.ORDER_VIEW)
def open_lines_of_item(session: Session, actor: Actor, /, *, item_id: int, today: date) -> list[OpenLine]:
    """Order lines of an item that are still to come, the next one first; of orders before their issue too."""
    is_awaited = col(PurchaseOrder.state).in_(AWAITING)
    statement = (
        columns(
            order_number=col(PurchaseOrder.number),
            line_number=col(PurchaseOrderLine.line_number),
            state=col(PurchaseOrder.state),
            is_on_hold=col(PurchaseOrder.is_on_hold),
            vendor_code=col(Vendor.code),
            vendor=col(Vendor.name),
            warehouse=col(Warehouse.code),
            quantity=col(PurchaseOrderLine.quantity),
            open=open_quantity(),
            unit=col(Unit.code),
            open_stock_units=open_quantity() * col(PurchaseOrderLine.unit_factor),
            unit_price=col(PurchaseOrderLine.unit_price),
            currency=col(PurchaseOrder.currency_code),
            promised_on=col(PurchaseOrderLine.promised_on),
            due_on=due_on(),
            late_days=func.coalesce(case((and_(is_awaited, due_on() < today), literal(today) - due_on()), else_=0), 0),
        )
        .select_from(PurchaseOrderLine)
        .join(PurchaseOrder, col(PurchaseOrder.id) == col(PurchaseOrderLine.order_id))
        .join(Vendor, col(Vendor.id) == col(PurchaseOrder.vendor_id))
        .join(Warehouse, col(Warehouse.id) == col(PurchaseOrder.warehouse_id))
        .join(Unit, col(Unit.id) == col(PurchaseOrderLine.unit_id))
        .where(
            col(PurchaseOrderLine.item_id) == item_id,
            or_(is_awaited, col(PurchaseOrder.state).in_(_TO_ISSUE)),
            col(PurchaseOrderLine.quantity) > col(PurchaseOrderLine.received_quantity),
        )
        .order_by(is_awaited.desc(), due_on(), col(PurchaseOrderLine.id))
        .limit(MOST_LINES)
    )
    return each_as(session, OpenLine, statement)


@dataclass(frozen=True, slots=True)
class ContractOfItem:
    """A contract that covers an item: by name, or as a contract over everything of a vendor that sells it."""

    number: str
    title: str
    vendor_code: str
    vendor: str
    status: str
    valid_from: date
    valid_to: date
    is_valid: bool
    """Active, and valid today."""
    is_by_name: bool
    quantity: Decimal | None
    unit_price: Decimal | None
    amount: Decimal | None
    currency: str


@needs(Permission.ORDER_VIEW)
def contracts_of_item(session: Session, actor: Actor, /, *, item_id: int, today: date) -> list[ContractOfItem]:
    """Contracts that cover an item, valid ones first; ended ones too, for what was agreed."""
    is_valid = and_(
        col(Contract.status) == ContractStatus.ACTIVE.value,
        col(Contract.valid_from) <= today,
        col(Contract.valid_to) >= today,
    )
    by_name = and_(col(ContractItem.contract_id) == col(Contract.id), col(ContractItem.item_id) == item_id)
    any_item = aliased(ContractItem)
    over_everything = and_(
        ~exists().where(col(any_item.contract_id) == col(Contract.id)),
        exists().where(col(VendorItem.vendor_id) == col(Contract.vendor_id), col(VendorItem.item_id) == item_id),
    )
    statement = (
        columns(
            number=col(Contract.number),
            title=col(Contract.title),
            vendor_code=col(Vendor.code),
            vendor=col(Vendor.name),
            status=col(Contract.status),
            valid_from=col(Contract.valid_from),
            valid_to=col(Contract.valid_to),
            is_valid=is_valid,
            is_by_name=col(ContractItem.id).is_not(None),
            quantity=col(ContractItem.quantity),
            unit_price=col(ContractItem.unit_price),
            amount=col(Contract.amount),
            currency=col(Contract.currency_code),
        )
        .select_from(Contract)
        .join(Vendor, col(Vendor.id) == col(Contract.vendor_id))
        .join(ContractItem, by_name, isouter=True)
        .where(or_(col(ContractItem.id).is_not(None), over_everything))
        .order_by(is_valid.desc(), col(Contract.valid_to).desc(), col(Contract.number))
        .limit(MOST_LINES)
    )
    return each_as(session, ContractOfItem, statement)


@dataclass(frozen=True, slots=True)
class ItemUse:
    """What has an item in its bill of material: a variant, a product or an item."""

    kind: str
    code: str
    name: str
    quantity_per: Decimal
    scrap_percent: Decimal
    valid_from: date | None
    valid_to: date | None


@dataclass(frozen=True, slots=True)
class ItemUses:
    """Where an item is used directly."""

    rows: tuple[ItemUse, ...]
    count: int
    """All of them, also those beyond `rows`."""
    rules: int
    """Rules of configuration that add, remove, replace or scale it."""
    components: int
    """Rows of its own bill of material."""


@needs(Permission.STRUCTURE_VIEW)
def uses_of_item(session: Session, actor: Actor, /, *, item_id: int, limit: int = 20) -> ItemUses:
    """The parents of an item, by kind and code."""
    parent = aliased(Item)
    kind = case(
        (col(BomRow.variant_id).is_not(None), "variant"), (col(BomRow.product_id).is_not(None), "product"), else_="item"
    )
    code = func.coalesce(Variant.sku, Product.code, col(parent.code))
    rows = (
        columns(
            kind=kind,
            code=code,
            name=func.coalesce(Variant.name, Product.name, col(parent.name)),
            quantity_per=col(BomRow.quantity_per),
            scrap_percent=col(BomRow.scrap_percent),
            valid_from=col(BomRow.valid_from),
            valid_to=col(BomRow.valid_to),
        )
        .select_from(BomRow)
        .join(Variant, col(Variant.id) == col(BomRow.variant_id), isouter=True)
        .join(Product, col(Product.id) == col(BomRow.product_id), isouter=True)
        .join(parent, col(parent.id) == col(BomRow.item_id), isouter=True)
        .where(col(BomRow.component_id) == item_id)
        .order_by(kind, code, col(BomRow.valid_from).nulls_first())
        .limit(limit)
    )
    of_rules = or_(col(OptionRule.component_id) == item_id, col(OptionRule.replacement_id) == item_id)
    counted = session.execute(
        select(
            select(func.count()).select_from(BomRow).where(col(BomRow.component_id) == item_id).scalar_subquery(),
            select(func.count()).select_from(OptionRule).where(of_rules).scalar_subquery(),
            select(func.count()).select_from(BomRow).where(col(BomRow.item_id) == item_id).scalar_subquery(),
        )
    ).one()
    return ItemUses(tuple(each_as(session, ItemUse, rows)), *counted)
