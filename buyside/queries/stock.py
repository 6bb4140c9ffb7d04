"""Reading stock: balances now and as of any day, the ledger, the card of one article (STK-5, STK-7)."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Date, Select, and_, case, cast, func, literal, select
from sqlmodel import Session, col

from buyside.db.items import Item, Unit
from buyside.db.orders import PurchaseOrder, PurchaseOrderLine
from buyside.db.people import AppUser, Organisation
from buyside.db.receipts import Receipt
from buyside.db.stock import StockBalance, StockEntry, Warehouse
from buyside.db.structure import Variant
from buyside.db.vendors import Vendor
from buyside.domain.access import Actor, Permission, needs
from buyside.domain.refusals import NotFound
from buyside.domain.stock import StockPlace
from buyside.domain.words import Kind
from buyside.queries.answers import columns, each_as, organisation_today
from buyside.queries.orders import due_on, is_open, late_days, open_quantity
from buyside.queries.rows import GridSource, RowColumn

_NOTHING = literal(Decimal(0))
PIECES = "pcs"
"""The unit of sold variants: the sell-side platform counts them."""


@dataclass(frozen=True, slots=True)
class WarehouseChoice:
    """A warehouse to choose."""

    id: int
    code: str
    name: str


@needs(Permission.SHELL_USE)
def warehouse_choices(session: Session, actor: Actor) -> list[WarehouseChoice]:
    """All warehouses, by code."""
    chosen = columns(id=col(Warehouse.id), code=col(Warehouse.code), name=col(Warehouse.name))
    return each_as(session, WarehouseChoice, chosen.order_by(col(Warehouse.code)))


def _currency() -> ColumnElement[str]:
    """What values of stock are in."""
    return select(col(Organisation.currency_code)).where(col(Organisation.id) == 1).scalar_subquery()


def _article(table: type[StockBalance] | type[StockEntry]) -> dict[str, Any]:
    """What a row of stock is about: an item, or a sold variant."""
    return {
        "warehouse": col(Warehouse.code),
        "code": func.coalesce(Item.code, Variant.sku),
        "name": func.coalesce(Item.name, Variant.name),
        "kind": case((col(table.item_id).is_not(None), "item"), else_="variant"),
        "unit": func.coalesce(Unit.code, PIECES),
    }


def _with_article(statement: Select[Any], table: type[StockBalance] | type[StockEntry]) -> Select[Any]:
    return (
        statement.select_from(table)
        .join(Warehouse, col(Warehouse.id) == col(table.warehouse_id))
        .join(Item, col(Item.id) == col(table.item_id), isouter=True)
        .join(Unit, col(Unit.id) == col(Item.unit_id), isouter=True)
        .join(Variant, col(Variant.id) == col(table.variant_id), isouter=True)
    )


def _on_order(value: ColumnElement[Any]) -> ColumnElement[Any]:
    """Of the open order lines for an item into the balance's warehouse."""
    return (
        select(value)
        .select_from(PurchaseOrderLine)
        .join(PurchaseOrder, col(PurchaseOrder.id) == col(PurchaseOrderLine.order_id))
        .where(
            col(PurchaseOrderLine.item_id) == col(StockBalance.item_id),
            col(PurchaseOrder.warehouse_id) == col(StockBalance.warehouse_id),
            is_open(),
        )
        .correlate(StockBalance)
        .scalar_subquery()
    )


def _balances() -> Select[Any]:
    held = col(StockBalance.on_hand) + col(StockBalance.in_inspection)
    on_order = func.coalesce(_on_order(func.sum(open_quantity() * col(PurchaseOrderLine.unit_factor))), _NOTHING)
    return _with_article(
        columns(
            id=col(StockBalance.id),
            warehouse_id=col(StockBalance.warehouse_id),
            item_id=col(StockBalance.item_id),
            variant_id=col(StockBalance.variant_id),
            **_article(StockBalance),
            on_hand=col(StockBalance.on_hand),
            in_inspection=col(StockBalance.in_inspection),
            reserved=_NOTHING,
            available=col(StockBalance.on_hand),
            on_order=on_order,
            next_due_on=_on_order(func.min(due_on())),
            value=col(StockBalance.value),
            average_cost=case((held > 0, func.round(col(StockBalance.value) / held, 6)), else_=_NOTHING),
            currency=_currency(),
        ),
        StockBalance,
    )


BALANCE_ROWS = GridSource(
    "stock-balances",
    Permission.STOCK_VIEW,
    lambda _actor: _balances(),
    columns=(
        RowColumn("id", Kind.KEY, required=True),
        RowColumn("warehouse_id", Kind.KEY),
        RowColumn("item_id", Kind.KEY),
        RowColumn("variant_id", Kind.KEY),
        RowColumn("warehouse", required=True),
        RowColumn("code", searched=True, required=True),
        RowColumn("name", searched=True, required=True),
        RowColumn("kind", Kind.STATUS, required=True),
        RowColumn("unit", required=True),
        RowColumn("on_hand", Kind.QUANTITY, required=True),
        RowColumn("in_inspection", Kind.QUANTITY, required=True),
        RowColumn("reserved", Kind.QUANTITY, required=True),
        RowColumn("available", Kind.QUANTITY, required=True),
        RowColumn("on_order", Kind.QUANTITY, required=True),
        RowColumn("next_due_on", Kind.DATE),
        RowColumn("value", Kind.MONEY, required=True),
        RowColumn("average_cost", Kind.PRICE, required=True),
        RowColumn("currency", required=True),
    ),
    order=(("code", "asc"), ("warehouse", "asc")),
    scopes=("warehouse", "item_id", "variant_id"),
)


def _entries() -> Select[Any]:
    return (
        _with_article(
            columns(
                id=col(StockEntry.id),
                effective_on=col(StockEntry.effective_on),
                recorded_at=col(StockEntry.recorded_at),
                warehouse_id=col(StockEntry.warehouse_id),
                item_id=col(StockEntry.item_id),
                variant_id=col(StockEntry.variant_id),
                **_article(StockEntry),
                place=col(StockEntry.place),
                quantity=col(StockEntry.quantity),
                unit_cost=col(StockEntry.unit_cost),
                value=col(StockEntry.value),
                currency=_currency(),
                reason=col(StockEntry.reason),
                note=col(StockEntry.note),
                source=func.coalesce(Receipt.number, ""),
                order_number=func.coalesce(PurchaseOrder.number, ""),
                who=func.coalesce(AppUser.name, ""),
            ),
            StockEntry,
        )
        .join(
            Receipt,
            and_(col(StockEntry.source_kind) == "receipt", col(Receipt.id) == col(StockEntry.source_id)),
            isouter=True,
        )
        .join(PurchaseOrder, col(PurchaseOrder.id) == col(Receipt.order_id), isouter=True)
        .join(AppUser, col(AppUser.id) == col(StockEntry.user_id), isouter=True)
    )


ENTRY_ROWS = GridSource(
    "stock-ledger",
    Permission.STOCK_VIEW,
    lambda _actor: _entries(),
    columns=(
        RowColumn("id", Kind.KEY, required=True),
        RowColumn("effective_on", Kind.DATE, required=True),
        RowColumn("recorded_at", Kind.INSTANT, required=True),
        RowColumn("warehouse_id", Kind.KEY),
        RowColumn("item_id", Kind.KEY),
        RowColumn("variant_id", Kind.KEY),
        RowColumn("warehouse", required=True),
        RowColumn("code", searched=True, required=True),
        RowColumn("name", searched=True, required=True),
        RowColumn("kind", Kind.STATUS, required=True),
        RowColumn("unit", required=True),
        RowColumn("place", Kind.STATUS, required=True),
        RowColumn("quantity", Kind.QUANTITY, required=True),
        RowColumn("unit_cost", Kind.PRICE, required=True),
        RowColumn("value", Kind.MONEY, required=True),
        RowColumn("currency", required=True),
        RowColumn("reason", Kind.STATUS, required=True),
        RowColumn("note", searched=True, required=True),
        RowColumn("source", searched=True, required=True),
        RowColumn("order_number", required=True),
        RowColumn("who", required=True),
    ),
    order=(("id", "desc"),),
    scopes=("warehouse", "warehouse_id", "item_id", "variant_id"),
)


def _balances_by_day() -> Select[Any]:
    """The balances at the end of every day of the ledger, by effective date; a page fixes the day to one."""
    first = select(func.min(StockEntry.effective_on)).scalar_subquery()
    days = select(
        cast(func.generate_series(first, organisation_today(), timedelta(days=1)), Date).label("day")
    ).subquery()
    on_hand, in_inspection = _in_place(StockPlace.ON_HAND), _in_place(StockPlace.INSPECTION)
    value, held = func.sum(StockEntry.value), func.sum(StockEntry.quantity)
    article = _article(StockEntry)
    key = func.concat_ws(":", days.c.day, col(StockEntry.warehouse_id), article["kind"], article["code"])
    grouped = (days.c.day, col(StockEntry.warehouse_id), *article.values())
    return (
        _with_article(
            columns(
                id=key,
                day=days.c.day,
                **article,
                on_hand=on_hand,
                in_inspection=in_inspection,
                value=value,
                average_cost=case((held > 0, func.round(value / func.nullif(held, 0), 6)), else_=_NOTHING),
                currency=_currency(),
            ),
            StockEntry,
        )
        .join(days, col(StockEntry.effective_on) <= days.c.day)
        .group_by(*grouped)
        .having((on_hand != 0) | (in_inspection != 0) | (value != 0))
    )


PAST_BALANCE_ROWS = GridSource(
    "stock-balances-on",
    Permission.STOCK_VIEW,
    lambda _actor: _balances_by_day(),
    columns=(
        RowColumn("warehouse", required=True),
        RowColumn("code", searched=True, required=True),
        RowColumn("name", searched=True, required=True),
        RowColumn("kind", Kind.STATUS, required=True),
        RowColumn("unit", required=True),
        RowColumn("on_hand", Kind.QUANTITY, required=True),
        RowColumn("in_inspection", Kind.QUANTITY, required=True),
        RowColumn("value", Kind.MONEY, required=True),
        RowColumn("average_cost", Kind.PRICE, required=True),
        RowColumn("currency", required=True),
    ),
    order=(("code", "asc"), ("warehouse", "asc")),
    scopes=("day", "warehouse"),
    scopes_needed=("day",),
)


@dataclass(frozen=True, slots=True)
class Balance:
    """What lay, or lies, in a warehouse of one article: stock units, value in the organisation's currency."""

    warehouse: str
    code: str
    name: str
    kind: str
    unit: str
    on_hand: Decimal
    in_inspection: Decimal
    value: Decimal


@needs(Permission.STOCK_VIEW)
def balances_on(
    session: Session, actor: Actor, *, day: date | None = None, warehouse: str = "", limit: int | None = None
) -> list[Balance]:
    """Every balance that is not zero, at the end of `day` as the ledger has it by its effective dates; None is now.

    `warehouse`: code of the only one, empty for all. By code and warehouse.
    """
    if day is None:
        table: type[StockBalance] | type[StockEntry] = StockBalance
        on_hand, in_inspection = col(StockBalance.on_hand), col(StockBalance.in_inspection)
        value: Any = col(StockBalance.value)
    else:
        table = StockEntry
        on_hand, in_inspection = _in_place(StockPlace.ON_HAND), _in_place(StockPlace.INSPECTION)  # type: ignore[assignment]
        value = func.sum(StockEntry.value)
    article = _article(table)
    statement = _with_article(
        columns(**article, on_hand=on_hand, in_inspection=in_inspection, value=value), table
    ).order_by(article["code"], article["warehouse"])
    something = (on_hand != 0) | (in_inspection != 0) | (value != 0)
    if day is None:
        statement = statement.where(something)
    else:
        statement = statement.where(col(StockEntry.effective_on) <= day).having(something)
        statement = statement.group_by(*article.values())
    if warehouse:
        statement = statement.where(col(Warehouse.code) == warehouse)
    return each_as(session, Balance, statement.limit(limit))


def _in_place(place: StockPlace) -> ColumnElement[Decimal]:
    return func.coalesce(func.sum(StockEntry.quantity).filter(col(StockEntry.place) == place.value), _NOTHING)


@dataclass(frozen=True, slots=True)
class CardEntry:
    """A movement on a card, with what lay in that warehouse after it."""

    id: int
    effective_on: date
    recorded_at: datetime
    warehouse: str
    place: str
    quantity: Decimal
    value: Decimal
    reason: str
    note: str
    source: str
    order_number: str
    who: str
    balance: Decimal


@dataclass(frozen=True, slots=True)
class CardSupply:
    """What is still to come: an open order line, in stock units."""

    order_number: str
    line_number: int
    vendor: str
    warehouse: str
    open: Decimal
    due_on: date | None
    late_days: int


@dataclass(frozen=True, slots=True)
class CardBalance:
    """What lies in one warehouse now."""

    warehouse: str
    on_hand: Decimal
    in_inspection: Decimal
    on_order: Decimal
    next_due_on: date | None
    value: Decimal
    average_cost: Decimal


@dataclass(frozen=True, slots=True)
class StockCard:
    """One article: where it lies, what is on its way, what moved."""

    item_id: int | None
    variant_id: int | None
    code: str
    name: str
    kind: str
    unit: str
    balances: tuple[CardBalance, ...]
    supply: tuple[CardSupply, ...]
    entries: tuple[CardEntry, ...]


@needs(Permission.STOCK_VIEW)
def stock_card(session: Session, actor: Actor, *, code: str, kind: str = "item", limit: int = 100) -> StockCard:
    """The card of an item, or of a sold variant (`kind` "variant"), by code; its latest movements first. Refuses: NotFound."""
    table: type[Item] | type[Variant] = Variant if kind == "variant" else Item
    of_code = col(Variant.sku) if kind == "variant" else col(Item.code)
    found: Any = session.scalars(select(table).where(of_code == code)).one_or_none()
    if found is None:
        raise NotFound(kind=kind)
    item_id, variant_id = (None, found.id) if isinstance(found, Variant) else (found.id, None)
    unit = PIECES if isinstance(found, Variant) else session.get_one(Unit, found.unit_id).code

    def of_article(rows: type[StockBalance] | type[StockEntry]) -> ColumnElement[bool]:
        return col(rows.variant_id) == variant_id if item_id is None else col(rows.item_id) == item_id

    balances = _balances().where(of_article(StockBalance)).order_by(col(Warehouse.code)).subquery()
    names = CardBalance.__dataclass_fields__
    return StockCard(
        item_id=item_id,
        variant_id=variant_id,
        code=code,
        name=found.name,
        kind=kind,
        unit=unit,
        balances=tuple(each_as(session, CardBalance, columns(**{name: balances.c[name] for name in names}))),
        supply=tuple(each_as(session, CardSupply, _supply(item_id))) if item_id else (),
        entries=tuple(each_as(session, CardEntry, _card_entries(of_article(StockEntry), limit))),
    )


def _supply(item_id: int) -> Select[Any]:
    return (
        columns(
            order_number=col(PurchaseOrder.number),
            line_number=col(PurchaseOrderLine.line_number),
            vendor=col(Vendor.name),
            warehouse=col(Warehouse.code),
            open=open_quantity() * col(PurchaseOrderLine.unit_factor),
            due_on=due_on(),
            late_days=late_days(),
        )
        .select_from(PurchaseOrderLine)
        .join(PurchaseOrder, col(PurchaseOrder.id) == col(PurchaseOrderLine.order_id))
        .join(Vendor, col(Vendor.id) == col(PurchaseOrder.vendor_id))
        .join(Warehouse, col(Warehouse.id) == col(PurchaseOrder.warehouse_id))
        .where(col(PurchaseOrderLine.item_id) == item_id, is_open())
        .order_by(due_on(), col(PurchaseOrderLine.id))
        .limit(200)
    )


def _card_entries(of_article: ColumnElement[bool], limit: int) -> Select[Any]:
    balance = func.sum(StockEntry.quantity).over(partition_by=col(StockEntry.warehouse_id), order_by=col(StockEntry.id))
    moved = _entries().add_columns(balance.label("balance")).where(of_article).subquery()
    names = CardEntry.__dataclass_fields__
    return columns(**{name: moved.c[name] for name in names}).order_by(moved.c.id.desc()).limit(limit)
