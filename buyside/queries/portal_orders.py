"""What a vendor reads of its purchase orders: the list, and one order as it was issued (POR-1, POR-3).

Every select names its columns, because the portal's login may read no others, and starts from the actor's vendors and issued
orders; the database's policies say the same once more. What a vendor gets has types of its own, with nothing to leave out.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlmodel import Session, col

from buyside.db.contracts import Contract
from buyside.db.items import Unit
from buyside.db.orders import PurchaseOrder, PurchaseOrderLine, PurchaseOrderSnapshot
from buyside.db.people import Organisation
from buyside.db.vendors import Currency, Vendor
from buyside.documents.order_paper import OrderPaper, Standing
from buyside.domain.access import Actor, Permission, needs
from buyside.domain.contracts import ContractStatus
from buyside.domain.orders import AWAITING_GOODS
from buyside.domain.refusals import NotFound
from buyside.domain.words import Kind
from buyside.queries.answers import columns, each_as, one_as, organisation_date
from buyside.queries.portal_vendors import can_be_a_number, is_own
from buyside.queries.rows import GridSource, RowColumn

_AWAITING = tuple(sorted(AWAITING_GOODS))


def _is_visible(actor: Actor) -> ColumnElement[bool]:
    """Whether an order is one that a vendor of the actor has got."""
    return and_(is_own(actor, col(PurchaseOrder.vendor_id)), col(PurchaseOrder.issued_at).is_not(None))


def _of_lines(value: ColumnElement[Any], *where: ColumnElement[bool]) -> ColumnElement[Any]:
    of_order = col(PurchaseOrderLine.order_id) == col(PurchaseOrder.id)
    return select(value).where(of_order, *where).correlate(PurchaseOrder).scalar_subquery()


def _of_papers(value: ColumnElement[Any]) -> ColumnElement[Any]:
    of_order = col(PurchaseOrderSnapshot.order_id) == col(PurchaseOrder.id)
    return select(value).where(of_order).correlate(PurchaseOrder).scalar_subquery()


def _expected_on() -> ColumnElement[date | None]:
    """When a line is to arrive, as far as its vendor was told: as promised, else as the paper says."""
    return func.coalesce(PurchaseOrderLine.promised_on, PurchaseOrderLine.expected_on)


def _is_awaited() -> ColumnElement[bool]:
    return and_(
        col(PurchaseOrder.state).in_(_AWAITING),
        col(PurchaseOrderLine.quantity) > col(PurchaseOrderLine.received_quantity),
    )


def _received_percent() -> ColumnElement[Decimal]:
    """How much of an order has arrived: the mean of its lines, rounded down, so that 100 means all of it."""
    share = func.least(col(PurchaseOrderLine.received_quantity) / col(PurchaseOrderLine.quantity), 1)
    return func.coalesce(func.floor(100 * _of_lines(func.avg(share))), 0)


def portal_orders_in_reach(actor: Actor) -> Select[Any]:
    """Every order that was issued to a vendor of the actor."""
    return (
        columns(
            number=col(PurchaseOrder.number),
            vendor=col(Vendor.code),
            revision=_of_papers(func.max(PurchaseOrderSnapshot.revision)),
            issued_on=func.coalesce(
                organisation_date(_of_papers(func.max(PurchaseOrderSnapshot.issued_at))), PurchaseOrder.ordered_on
            ),
            title=col(PurchaseOrder.title),
            state=col(PurchaseOrder.state),
            expected_on=_of_lines(func.min(_expected_on()), _is_awaited()),
            received_percent=_received_percent(),
            open_percent=100 - _received_percent(),
            total=col(PurchaseOrder.total),
            currency=col(PurchaseOrder.currency_code),
        )
        .select_from(PurchaseOrder)
        .join(Vendor, col(Vendor.id) == col(PurchaseOrder.vendor_id))
        .where(_is_visible(actor))
    )


PORTAL_ORDER_ROWS = GridSource(
    "portal-orders",
    Permission.PORTAL_ORDER_VIEW,
    portal_orders_in_reach,
    columns=(
        RowColumn("vendor", Kind.KEY, required=True),
        RowColumn("number", searched=True, required=True),
        RowColumn("revision", Kind.NUMBER),
        RowColumn("issued_on", Kind.DATE),
        RowColumn("title", searched=True, required=True),
        RowColumn("state", Kind.STATUS, required=True),
        RowColumn("expected_on", Kind.DATE),
        RowColumn("received_percent", Kind.PERCENT, required=True),
        RowColumn("open_percent", Kind.PERCENT, required=True),
        RowColumn("total", Kind.MONEY, required=True, currency="currency"),
        RowColumn("currency", required=True),
    ),
    order=(("issued_on", "desc"),),
    key="number",
    scopes=("vendor",),
    scopes_needed=("vendor",),
)


@dataclass(frozen=True, slots=True)
class PortalRevision:
    """A paper of an order: revision 1 is the first; the latest one is in force."""

    revision: int
    issued_at: datetime


@dataclass(frozen=True, slots=True)
class PortalLine:
    """How far the delivery of a line is, in the ordered unit."""

    line_number: int
    quantity: Decimal
    received_quantity: Decimal
    rejected_quantity: Decimal
    promised_on: date | None


@dataclass(frozen=True, slots=True)
class PortalOrder:
    """An order as its vendor got it. `paper` is the vendor's copy of the revision that was asked for.

    `revision` is 0 and `revisions` empty where the order was issued before papers were kept; the paper is then as the order
    stands, without what master data would add.
    """

    number: str
    vendor_code: str
    state: str
    contract_number: str
    """The contract it draws on, where the vendor sees that; else empty."""
    revision: int
    revisions: tuple[PortalRevision, ...]
    """The latest first."""
    paper: dict[str, Any]
    lines: tuple[PortalLine, ...]


@dataclass(frozen=True, slots=True)
class _Head:
    id: int
    number: str
    vendor_code: str
    vendor_name: str
    state: str
    contract_number: str


def _head(session: Session, actor: Actor, number: str) -> _Head:
    """An order in reach by its number: one statement, whether it is absent, foreign or not issued. Refuses: NotFound."""
    statement = (
        columns(
            id=col(PurchaseOrder.id),
            number=col(PurchaseOrder.number),
            vendor_code=col(Vendor.code),
            vendor_name=col(Vendor.name),
            state=col(PurchaseOrder.state),
            contract_number=func.coalesce(Contract.number, ""),
        )
        .select_from(PurchaseOrder)
        .join(Vendor, col(Vendor.id) == col(PurchaseOrder.vendor_id))
        .join(
            Contract,
            and_(
                col(Contract.id) == col(PurchaseOrder.contract_id),
                col(Contract.vendor_id) == col(PurchaseOrder.vendor_id),
                col(Contract.status) != ContractStatus.DRAFT.value,
            ),
            isouter=True,
        )
        .where(col(PurchaseOrder.number) == number, _is_visible(actor))
    )
    found = one_as(session, _Head, statement) if can_be_a_number(number) else None
    if found is None:
        raise NotFound(kind="purchase order")
    return found


def _revisions(session: Session, order_id: int) -> tuple[PortalRevision, ...]:
    statement = columns(
        revision=col(PurchaseOrderSnapshot.revision), issued_at=col(PurchaseOrderSnapshot.issued_at)
    ).where(col(PurchaseOrderSnapshot.order_id) == order_id)
    return tuple(each_as(session, PortalRevision, statement.order_by(col(PurchaseOrderSnapshot.revision).desc())))


def _chosen(revisions: tuple[PortalRevision, ...], wanted: int | None) -> PortalRevision | None:
    """The revision asked for, or the latest; None where there is no paper at all. Refuses: NotFound."""
    if wanted is None:
        return revisions[0] if revisions else None
    for each in revisions:
        if each.revision == wanted:
            return each
    raise NotFound(kind="revision")


def _vendor_copy(session: Session, order_id: int, revision: int) -> dict[str, Any]:
    copy: dict[str, Any] = session.execute(
        select(col(PurchaseOrderSnapshot.vendor_copy)).where(
            col(PurchaseOrderSnapshot.order_id) == order_id, col(PurchaseOrderSnapshot.revision) == revision
        )
    ).scalar_one()
    return copy


@needs(Permission.PORTAL_ORDER_VIEW)
def portal_order(session: Session, actor: Actor, *, number: str, revision: int | None = None) -> PortalOrder:
    """One order by number, its paper in a revision (None: the latest) and how far its delivery is. Refuses: NotFound."""
    head = _head(session, actor, number)
    revisions = _revisions(session, head.id)
    chosen = _chosen(revisions, revision)
    line = PurchaseOrderLine
    progress = columns(
        line_number=col(line.line_number),
        quantity=col(line.quantity),
        received_quantity=col(line.received_quantity),
        rejected_quantity=col(line.rejected_quantity),
        promised_on=col(line.promised_on),
    ).where(col(line.order_id) == head.id)
    return PortalOrder(
        number=head.number,
        vendor_code=head.vendor_code,
        state=head.state,
        contract_number=head.contract_number,
        revision=chosen.revision if chosen else 0,
        revisions=revisions,
        paper=_vendor_copy(session, head.id, chosen.revision) if chosen else _as_it_stands(session, head),
        lines=tuple(each_as(session, PortalLine, progress.order_by(col(line.line_number)))),
    )


@needs(Permission.PORTAL_ORDER_VIEW)
def portal_paper(session: Session, actor: Actor, *, number: str, revision: int | None) -> OrderPaper:
    """The vendor's copy of a revision as a paper to be set; None is the latest. Refuses: NotFound."""
    head = _head(session, actor, number)
    revisions = _revisions(session, head.id)
    chosen = _chosen(revisions, revision)
    if chosen is None:
        raise NotFound(kind="revision")
    standing = Standing.IN_FORCE if chosen == revisions[0] else Standing.REPLACED
    return OrderPaper(_vendor_copy(session, head.id, chosen.revision), chosen.issued_at, standing)


def _as_it_stands(session: Session, head: _Head) -> dict[str, Any]:
    """What an order without a kept paper says, in the form of a snapshot's content, from what the vendor may read of it."""
    same = (
        *("title", "ordered_on", "bill_to_account", "bill_to_address", "bill_to_contact", "ship_to_account"),
        *("ship_to_address", "ship_to_contact", "shipping_account", "shipping_method", "fulfil_all_at_once"),
        *("header_discount", "shipping_costs", "subtotal", "discount", "tax", "total", "notes"),
    )
    order = (
        session.execute(
            columns(
                **{name: col(getattr(PurchaseOrder, name)) for name in same},
                currency=col(Currency.code),
                digits=col(Currency.digits),
                buyer=select(col(Organisation.name)).where(col(Organisation.id) == 1).scalar_subquery(),
            )
            .select_from(PurchaseOrder)
            .join(Currency, col(Currency.code) == col(PurchaseOrder.currency_code))
            .where(col(PurchaseOrder.id) == head.id)
        )
        .mappings()
        .one()
    )
    return {
        "number": head.number,
        "revision": 0,
        "title": order["title"],
        "ordered_on": order["ordered_on"].isoformat() if order["ordered_on"] else None,
        "currency": {"code": order["currency"], "digits": order["digits"]},
        "buyer": {"name": order["buyer"] or ""},
        "vendor": {
            **dict.fromkeys(("legal_name", "tax_id", "address", "delivery_terms"), ""),
            "code": head.vendor_code,
            "name": head.vendor_name,
            "contacts": [],
        },
        "bill_to": {name: order[f"bill_to_{name}"] for name in ("account", "address", "contact")},
        "ship_to": {
            **{name: order[f"ship_to_{name}"] for name in ("account", "address", "contact")},
            "warehouse": {"code": "", "name": ""},
        },
        "terms": {
            **{name: order[name] for name in ("shipping_account", "shipping_method", "fulfil_all_at_once")},
            "payment": None,
            "pick_up": "",
        },
        "contract": {"number": head.contract_number, "title": ""} if head.contract_number else None,
        "lines": [_line_as_it_stands(row) for row in session.execute(_lines_as_they_stand(head.id)).mappings()],
        "foot": {
            name: str(order[name])
            for name in ("subtotal", "header_discount", "discount", "shipping_costs", "tax", "total")
        },
        "notes": order["notes"],
    }


_OF_LINE = (
    *("quantity", "unit_factor", "unit_price", "subtotal", "discount_percent", "discount", "header_discount"),
    *("tax_percent", "tax", "total"),
)


def _lines_as_they_stand(order_id: int) -> Select[Any]:
    line = PurchaseOrderLine
    same = ("line_number", "vendor_part", "description", "expected_on", *_OF_LINE)
    return (
        columns(**{name: col(getattr(line, name)) for name in same}, unit=col(Unit.code))
        .select_from(line)
        .join(Unit, col(Unit.id) == col(line.unit_id))
        .where(col(line.order_id) == order_id)
        .order_by(col(line.line_number))
    )


def _line_as_it_stands(line: Any) -> dict[str, Any]:
    return {
        "line": line["line_number"],
        "item": {"code": "", "name": "", "unit": ""},
        "vendor_part": line["vendor_part"],
        "description": line["description"],
        "unit": line["unit"],
        **{name: str(line[name]) for name in _OF_LINE},
        "expected_on": line["expected_on"].isoformat() if line["expected_on"] else None,
    }
