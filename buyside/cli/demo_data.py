"""Fills an empty database with the demo company: its pack by import, its year by the operations that the screens call."""

import gc
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from sqlmodel import Session, select

from buyside.cli import demo_people
from buyside.cli.output import progress, say
from buyside.config import settings
from buyside.db.engine import sessions
from buyside.db.items import Item, ItemGroup, Unit, VendorItem
from buyside.db.people import AppUser, Organisation
from buyside.db.stock import Warehouse
from buyside.db.structure import Variant
from buyside.db.vendors import Currency, PaymentTerm, Vendor
from buyside.domain.access import OPERATOR, Actor, Permission, Role, needs
from buyside.domain.all_sheets import sheet_named
from buyside.domain.money import ZERO
from buyside.domain.sheet_changes import RowChange
from buyside.integrations.demo_company.history import Cancelled, Closed, Event, Ordered, Production, Received
from buyside.integrations.demo_company.pack import Rows, make_company, write_pack
from buyside.integrations.demo_company.terms import Cells, terms
from buyside.ledgers.orders import DraftLine, write_draft
from buyside.operations.orders import cancel_order, close_order, issue_order
from buyside.operations.packs import import_pack
from buyside.operations.people import Address, set_organisation
from buyside.operations.plans import run_plan, start_run
from buyside.operations.production import Finished, Used, post_production
from buyside.operations.receipts import OverReceipt, PostedReceipt, receive_order, void_receipt
from buyside.operations.run import perform, within
from buyside.operations.sheets import save_rows

Answer = TypeVar("Answer")

ORGANISATION = "Brennholt Cargo Cycles GmbH"
TIME_ZONE = "Europe/Berlin"
_PLANT = f"{ORGANISATION}\nAm Rollfeld 12\n38999 Hainfelde\nGermany"
_OFFICE = f"{ORGANISATION}\nAccounts payable\nPostfach 20 17\n38991 Hainfelde\nGermany"
_MORNING = time(9, 30, tzinfo=UTC)
_VOID_REASON = "Counted wrong; the whole delivery was counted again."
_TAX_AT_HOME = Decimal(19)


def load(*, today: date | None = None, quiet: bool = False) -> bool:
    """Load the demo company as of `today` into an empty database, and plan once. Answers whether it did.

    All of it but the plan is one transaction: a load that is interrupted leaves nothing. A database with people or items in
    it is left as it is.
    """
    if not _is_empty():
        say("The database is not empty; the demo company was not loaded.")
        return False
    now = datetime.now(UTC)
    today = today or now.astimezone(ZoneInfo(TIME_ZONE)).date()
    company = make_company(today)
    with _without_garbage_collection(), progress(quiet=quiet) as bar:
        task = bar.add_task("Demo company", total=len(company.history.events) + 3)
        with sessions()() as session, session.begin():
            people = _found(session)
            bar.advance(task)
            _import(session, people[Role.ADMIN], company.pack, now)
            _agree(session, people[Role.BUYER], people[Role.FINANCE], terms(today), now)
            demo_people.add_others(session, people[Role.ADMIN], issuer=settings().demo_issuer, at=now)
            bar.advance(task)
            books = _Books(session, people)
            for event in company.history.events:
                books.write(event)
                bar.advance(task)
            _import(session, people[Role.ADMIN], company.later, now)
        buyer = people[Role.BUYER]
        run = perform(start_run, buyer, as_of=today, at=now)
        perform(run_plan, buyer, run_id=run.run_id)
        bar.advance(task)
    return True


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """A transaction of many thousand living rows is walked through over and over for nothing: a third of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _is_empty() -> bool:
    with sessions()() as session:
        return not any(session.exec(select(table.id).limit(1)).first() for table in (AppUser, Item, Vendor))


def _found(session: Session) -> dict[Role, Actor]:
    """The organisation and its people, one for each role; answers with them."""
    within(
        session,
        set_organisation,
        OPERATOR,
        name=ORGANISATION,
        currency_code="EUR",
        time_zone=TIME_ZONE,
        addresses=(
            Address(ORGANISATION, _OFFICE, "Chiara Bellandi", "invoices@example.com", "", is_bill_to=True),
            Address(ORGANISATION, _PLANT, "Marta Quintela", "goods-in@example.com", "", is_ship_to=True),
        ),
    )
    return demo_people.add_staff(session, issuer=settings().demo_issuer)


_HELD = (Organisation, Currency, PaymentTerm, Unit, Item, Vendor, VendorItem, Warehouse, Variant, AppUser)


class _Books:
    """Writes the script, event by event, by operations; knows the ids of what the pack brought."""

    def __init__(self, session: Session, people: dict[Role, Actor]) -> None:
        self.session, self.people = session, people
        """Ids by code. What operations look up again and again is held, so that the session need not read it each time."""
        self.items = {each.code: (each.id, each.name) for each in session.exec(select(Item))}
        self.variants = {each.sku: each.id for each in session.exec(select(Variant))}
        self.warehouses = {each.code: each.id for each in session.exec(select(Warehouse))}
        self.vendors = {each.code: each for each in session.exec(select(Vendor))}
        code_of = {each.id: each.code for each in self.vendors.values()}
        self.offers = {(code_of[each.vendor_id], each.item_id): each for each in session.exec(select(VendorItem))}
        self.orders: dict[int, tuple[int, int, list[int]]] = {}
        self._held = [list(session.exec(select(table))) for table in _HELD]

    def write(self, event: Event) -> None:
        """Write one event of the script."""
        at = datetime.combine(event.on, _MORNING)
        match event:
            case Ordered():
                self._order(event, at)
            case Received():
                self._receive(event, at)
            case Cancelled():
                order_id = self.orders[event.key][0]
                self._do(cancel_order, Role.BUYER, order_id=order_id, reason=event.reason, at=at)
            case Closed():
                self._do(close_order, Role.BUYER, order_id=self.orders[event.key][0], at=at)
            case Production():
                self._do(
                    post_production,
                    Role.RECEIVER,
                    warehouse_id=self.warehouses[event.warehouse],
                    effective_on=event.on,
                    at=at,
                    used=tuple(Used(self.items[code][0], quantity) for code, quantity in event.issued),
                    finished=tuple(Finished(self.variants[sku], count, cost, count) for sku, count, cost in event.made),
                )

    def _do(self, operation: Callable[..., Answer], role: Role, **arguments: Any) -> Answer:
        return within(self.session, operation, self.people[role], **arguments)

    def _order(self, event: Ordered, at: datetime) -> None:
        vendor = self.vendors[event.vendor]
        tax = _TAX_AT_HOME if vendor.tax_id.startswith("DE") else ZERO
        lines = []
        for line in event.lines:
            item_id, name = self.items[line.item]
            offer = self.offers[event.vendor, item_id]
            lines.append(
                DraftLine(
                    item_id=item_id,
                    quantity=line.quantity,
                    unit_id=offer.purchase_unit_id,
                    unit_factor=offer.unit_factor,
                    unit_price=line.price,
                    needed_on=line.needed_on,
                    expected_on=line.expected_on,
                    vendor_item_id=offer.id,
                    vendor_part=offer.vendor_part,
                    description=name,
                    tax_percent=tax,
                )
            )
        written = self._do(
            enter_order,
            Role.BUYER,
            vendor_id=vendor.id,
            warehouse_id=self.warehouses[event.warehouse],
            currency_code=vendor.currency_code,
            title=event.title,
            lines=tuple(lines),
            at=at,
        )
        self.orders[event.key] = (written.order_id, self.warehouses[event.warehouse], list(written.line_ids))
        if event.is_issued:
            self._do(issue_order, Role.BUYER, order_id=written.order_id, at=at)

    def _receive(self, event: Received, at: datetime) -> None:
        order_id, warehouse_id, line_ids = self.orders[event.key]

        def arrive(lines: tuple[tuple[int, Decimal], ...]) -> PostedReceipt:
            return self._do(
                receive_order,
                Role.RECEIVER,
                order_id=order_id,
                warehouse_id=warehouse_id,
                at=at,
                lines={line_ids[number - 1]: quantity for number, quantity in lines},
                delivery_note=event.note,
            )

        if event.refused:
            with suppress(OverReceipt):  # as it should: typed ten times too high, and typed again
                arrive(event.refused)
        if event.voided:
            wrong = arrive(event.voided)
            self._do(void_receipt, Role.RECEIVER, receipt_id=wrong.receipt_id, reason=_VOID_REASON, at=at)
        arrive(event.lines)


@dataclass(frozen=True, slots=True)
class EnteredOrder:
    """A draft as entered, and its lines in order."""

    order_id: int
    line_ids: tuple[int, ...]


@needs(Permission.ORDER_EDIT)
def enter_order(
    session: Session,
    actor: Actor,
    *,
    vendor_id: int,
    warehouse_id: int,
    currency_code: str,
    title: str,
    lines: tuple[DraftLine, ...],
    at: datetime,
) -> EnteredOrder:
    """A whole draft at once, as a plan's conversion writes them. Refuses: what `write_draft` refuses."""
    order, written = write_draft(
        session,
        actor,
        vendor_id=vendor_id,
        warehouse_id=warehouse_id,
        currency_code=currency_code,
        title=title,
        lines=lines,
        at=at,
    )
    return EnteredOrder(order.id, tuple(each.id for each in written))


def _agree(session: Session, buyer: Actor, finance: Actor, sheets: Mapping[str, Cells], at: datetime) -> None:
    """How vendors and groups work, row by row as in the grids; a row that stands is changed, another one is made."""
    stand: dict[str, dict[tuple[str, ...], tuple[int, int]]] = {
        "vendors": {(each.code,): (each.id, each.version) for each in session.exec(select(Vendor))},
        "items": {(each.code,): (each.id, each.version) for each in session.exec(select(Item))},
        "item-groups": {(each.code,): (each.id, each.version) for each in session.exec(select(ItemGroup))},
        "vendor-items": {
            (vendor, item): (mapping.id, mapping.version)
            for mapping, vendor, item in session.exec(
                select(VendorItem, Vendor.code, Item.code)
                .where(Vendor.id == VendorItem.vendor_id)
                .where(Item.id == VendorItem.item_id)
            )
        },
    }
    for name, rows in sheets.items():
        keys = sheet_named(name).key
        changes = []
        for row in rows:
            key, version = stand.get(name, {}).get(tuple(row[each] for each in keys if each in row), (0, 0))
            changes.append(RowChange(str(key or ""), version, row if not key else _but(row, keys)))
        actor = finance if name == "exchange-rates" else buyer
        within(session, save_rows, actor, sheet=name, changes=tuple(changes), at=at)


def _but(row: Mapping[str, str], keys: Collection[str]) -> dict[str, str]:
    return {name: text for name, text in row.items() if name not in keys}


def _import(session: Session, actor: Actor, pack: Mapping[str, Rows], at: datetime) -> None:
    with tempfile.TemporaryDirectory(prefix="buyside-demo-") as folder:
        write_pack(pack, Path(folder))
        within(session, import_pack, actor, source=Path(folder), at=at)
