"""The ground that hostile clients are let loose on: three vendors with orders, contracts and papers, and people of every kind.

Every text that belongs to a vendor carries its canary, a word that stands nowhere else; every text that no vendor may see
carries the house's. Whoever is told a canary that is not theirs was told too much.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import psycopg
from psycopg import sql
from sqlmodel import col, select, text

from buyside.db import engine
from buyside.db.contracts import Contract, ContractItem
from buyside.db.engine import sessions
from buyside.db.orders import PurchaseOrder
from buyside.db.people import AppUser, UserRole, VendorMembership
from buyside.db.receipts import Receipt
from buyside.db.vendors import VendorAddress, VendorContact
from buyside.domain.access import OPERATOR, Actor, Role
from buyside.operations.orders import cancel_order, issue_order
from buyside.operations.plans import run_plan, start_run
from buyside.operations.receipts import receive_order
from buyside.operations.run import perform
from tests.logins import open_login
from tests.world import World

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
HOUSE = "interna9c4e"
"""The canary of what no vendor may see."""
_INTERNAL = {("purchase_order", "internal_notes"), ("vendor", "status_reason"), ("sales_order", "customer")}
_WORDS_WITH_MEANING = {
    "code", "number", "sku", "status", "state", "purpose", "language", "currency_code", "kind", "trigger", "supply_mode",
    "lot_policy", "locale", "time_zone", "role", "order_type",
}  # fmt: skip
# From a table to the vendor of its rows.
_VENDOR_OF = {
    "vendor": "id",
    "vendor_address": "vendor_id",
    "vendor_contact": "vendor_id",
    "vendor_item": "vendor_id",
    "contract": "vendor_id",
    "purchase_order": "vendor_id",
    "purchase_order_line": "(select o.vendor_id from purchase_order o where o.id = order_id)",
}


@dataclass
class Party:
    """One vendor, and what is its own."""

    letter: str
    id: int
    code: str
    canary: str
    orders: list[str] = field(default_factory=list)
    """Numbers of what was issued to it."""
    drafts: list[str] = field(default_factory=list)
    contracts: list[str] = field(default_factory=list)
    hidden_contracts: list[str] = field(default_factory=list)
    order_ids: list[int] = field(default_factory=list)
    line_ids: list[int] = field(default_factory=list)
    receipt_ids: list[int] = field(default_factory=list)
    item_ids: list[int] = field(default_factory=list)


@dataclass
class Ground:
    """Everything that was laid."""

    parties: dict[str, Party]
    staff: dict[Role, Actor]
    vendor_users: dict[str, int]
    """By the letters of the vendors they are members of: "A", "AB"; "was A" for one whose membership ended."""
    other: dict[str, Any]

    def foreign_canaries(self, letters: str) -> list[str]:
        """What members of these vendors must never be told."""
        return [HOUSE, *(each.canary for each in self.parties.values() if each.letter not in letters)]

    def a_session(self, user_id: int) -> str:
        """The cookie of a new session."""
        with internal_sessions() as session:
            return open_login(session, user_id=user_id, browser="a hostile client")


def internal_sessions() -> Any:
    """One committed transaction as the internal application."""
    return sessions().begin()


UNNAMED = 150
"""The last item that is laid, and that nobody who fires has heard of: Spacer 150."""


def lay(*, orders: int = 6) -> Ground:
    """Lay it in the module's database, with so many issued orders per vendor."""
    with World.open() as world:
        world.organisation()
        staff = {role: world.user(role, name=f"Staff {role.value}") for role in Role if role is not Role.VENDOR}
        warehouse, north = world.warehouse("Main"), world.warehouse("North")
        shared = world.item("Washer", group="metal")
        bike = world.variant("Bike")
        world.bom(bike, shared, 4)
        world.sales_order(warehouse, (bike, 50), customer=f"Customer {HOUSE}")
        world.stock(warehouse, shared, 10)
        parties, made = {}, {}
        for letter in "ABC":
            canary = f"kanari{letter.lower()}{hashlib.sha256(letter.encode()).hexdigest()[:4]}"
            vendor = world.vendor(f"Vendor {letter}", code=f"VEN-{letter}")
            own = [world.item(f"Part {letter}{number}") for number in range(3)]
            for item in (shared, *own):
                vendor.supplies(item, price="2.50", part=f"VP-{letter}-{item.id}")
            world.add(VendorAddress(vendor_id=vendor.id, purpose="order_form", name="Desk", lines="1 Road"))
            world.add(VendorContact(vendor_id=vendor.id, name="Somebody", email="somebody@vendor.example"))
            party = Party(letter, vendor.id, vendor.row.code, canary, item_ids=[each.id for each in own])
            for number, status in enumerate(("active", "active", "closed", "draft")):
                contract = world.add(
                    Contract(
                        number=f"C-{letter}-{number}", vendor_id=vendor.id, title="Frame agreement", currency_code="EUR",
                        valid_from=AT.date(), valid_to=AT.date() + timedelta(days=900), amount=Decimal(7000), status=status,
                    )
                )  # fmt: skip
                world.add(
                    ContractItem(contract_id=contract.id, item_id=own[0].id, quantity=Decimal(5), unit_price=Decimal(2))
                )
                (party.hidden_contracts if status == "draft" else party.contracts).append(contract.number)
            made[letter] = [
                world.order(vendor, warehouse, (shared, 10 + number), *((item, 5 + number) for item in own))
                for number in range(orders + 2)
            ]
            parties[letter] = party
        for number in range(UNNAMED + 1):  # honest people find the last one: no small number that is fired names it
            world.item(f"Spacer {number}")
        run_stock = {"warehouse": warehouse.code, "north": north.code, "variant": bike.sku, "shared": shared.id}
        deleted = _one_deleted(world, warehouse, shared)
    for party in parties.values():
        _mark(party)
        _issue(party, made[party.letter], orders)
    _mark_house()
    run = perform(start_run, OPERATOR, as_of=AT.date(), at=AT)
    perform(run_plan, OPERATOR, run_id=run.run_id)
    users = _vendor_users(parties)
    return Ground(parties, staff, users, {**run_stock, "run_id": run.run_id, "deleted": deleted})


def _one_deleted(world: World, warehouse: Any, item: Any) -> dict[str, int]:
    """Keys of an order and its line that were there once."""
    order, lines = world.order(world.vendor("Vendor D"), warehouse, (item, 1))
    found = {"order_id": order.id, "line_id": lines[0].id}
    for each in (*lines, order):
        world.session.delete(each)
        world.session.flush()
    return found


def _issue(party: Party, made: list[Any], orders: int) -> None:
    for number, (order, lines) in enumerate(made):
        party.order_ids.append(order.id)
        party.line_ids.extend(each.id for each in lines)
        if number >= orders:
            party.drafts.append(order.number)
            continue
        party.orders.append(order.number)
        perform(issue_order, OPERATOR, order_id=order.id, at=AT)
        if number == 0:
            perform(
                receive_order, OPERATOR, order_id=order.id, warehouse_id=order.warehouse_id,
                lines={lines[0].id: Decimal(2)}, at=AT, request_id=uuid4(),
            )  # fmt: skip
        if number == orders - 1:
            perform(cancel_order, OPERATOR, order_id=order.id, reason=f"cancelled, {HOUSE}", at=AT)
    with sessions()() as session:
        party.receipt_ids = list(
            session.exec(
                select(Receipt.id).join(PurchaseOrder, col(PurchaseOrder.id) == Receipt.order_id).where(
                    PurchaseOrder.vendor_id == party.id
                )
            )
        )  # fmt: skip


def _vendor_users(parties: Mapping[str, Party]) -> dict[str, int]:
    found = {}
    with internal_sessions() as session:
        now = session.scalar(text("select clock_timestamp()"))
        for name in ("A", "B", "C", "AB", "was A", "A was B"):
            user = AppUser(
                name=f"Vendor user {name}", email=f"{name.replace(' ', '.')}@vendor.example".lower(), is_vendor=True
            )
            session.add(user)
            session.flush()
            session.add(UserRole(user_id=user.id, role=Role.VENDOR.value))
            active, _, was = name.partition("was ")
            for letter in active.strip():
                session.add(
                    VendorMembership(vendor_id=parties[letter].id, user_id=user.id, begins_at=now - timedelta(days=9))
                )
            for letter in was:
                session.add(
                    VendorMembership(
                        vendor_id=parties[letter].id, user_id=user.id, begins_at=now - timedelta(days=9), ends_at=now
                    )
                )
            session.flush()
            found[name] = user.id
    return found


def _text_columns(connection: psycopg.Connection[Any], table: str) -> list[str]:
    rows = connection.execute(
        "select column_name from information_schema.columns where table_schema = 'public' and table_name = %s "
        "and data_type = 'text' and is_generated = 'NEVER'",
        (table,),
    ).fetchall()
    return [name for (name,) in rows if name not in _WORDS_WITH_MEANING]


def _mark(party: Party) -> None:
    """Put the canary into every text of the vendor's rows that is free text, before any paper is frozen."""
    marked = 0
    with psycopg.connect(engine.owner_url()) as connection:
        for table, vendor in _VENDOR_OF.items():
            for column in _text_columns(connection, table):
                word = HOUSE if (table, column) in _INTERNAL else party.canary
                done = connection.execute(
                    sql.SQL("update {} set {c} = trim({c} || ' ' || %s) where {v} = %s").format(
                        sql.Identifier(table),
                        c=sql.Identifier(column),
                        v=sql.SQL(vendor),  # type: ignore[arg-type]
                    ),
                    (word, party.id),
                )
                marked += done.rowcount
        connection.execute(
            "update item set name = name || ' ' || %s where id = any(%s)", (party.canary, party.item_ids)
        )
    assert marked > 100, f"only {marked} texts carry the canary"


def _mark_house() -> None:
    with psycopg.connect(engine.owner_url()) as connection:
        connection.execute("update warehouse set name = name || ' ' || %s", (HOUSE,))


def administrator() -> psycopg.Connection[Any]:
    """The module's database as somebody who sees and may do everything: to look at it, never to serve."""
    url = engine.with_database(engine.administrator_url(), engine.settings().database_name)
    return psycopg.connect(url, autocommit=True)


_NOT_COMPARED = {"user_session": ["last_seen_at"]}
"""Moves with every look at a session."""


def dump(*, without: Iterable[str] = ()) -> dict[str, tuple[int, str]]:
    """Every table's number of rows and the hash of its content."""
    found = {}
    with administrator() as connection:
        tables = connection.execute(
            "select table_name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'"
        ).fetchall()
        for (name,) in sorted(tables):
            if name in set(without):
                continue
            row = connection.execute(
                sql.SQL(
                    "select count(*), coalesce(md5(string_agg(r, '|' order by r)), '') "
                    "from (select md5((to_jsonb(t) - %s::text[])::text) as r from {} t) s"
                ).format(sql.Identifier(name)),
                (_NOT_COMPARED.get(name, []),),
            ).fetchone()
            assert row is not None
            found[name] = (row[0], row[1])
        sequences = connection.execute(
            "select sequencename, coalesce(last_value, 0) from pg_sequences where schemaname = 'public' order by 1"
        )
        found |= {f"sequence {name}": (value, "") for name, value in sequences}
    return found


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Tables that are not as they were."""
    return [f"{name}: {before.get(name)} became {after.get(name)}" for name in after if before.get(name) != after[name]]
