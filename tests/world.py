"""The nouns of stories told in tests: `acme = world.vendor("Acme").supplies(bolt, pack=100, lead_days=7, price="1.20")`.

Every noun gets what the story does not mention, from counters: nothing is shared between tests. A world writes through the
session that it was given; `World.open()` gives one that commits, for stories told through `perform`.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from sqlmodel import Session, col, select

from buyside.db.demand import SalesOrder, SalesOrderLine, SalesOrderLineOption
from buyside.db.engine import sessions
from buyside.db.items import Item, ItemGroup, PriceBreak, Unit, VendorItem
from buyside.db.orders import PurchaseOrder, PurchaseOrderLine
from buyside.db.people import AppUser, Organisation, OrganisationAddress, UserRole
from buyside.db.stock import StockBalance, Warehouse
from buyside.db.structure import BomRow, OptionValue, Product, ProductOption, Variant
from buyside.db.vendors import Vendor
from buyside.domain.access import OPERATOR, Actor, Role
from buyside.domain.orders import OrderState
from buyside.domain.stock import StockReason
from buyside.ledgers import stock
from buyside.ledgers.orders import DraftLine, write_draft

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TODAY = NOW.date()
_numbers = count(1)
Number = Decimal | str | int


def _code(stem: str) -> str:
    return f"{stem}{next(_numbers)}"


@dataclass(frozen=True)
class AVendor:
    """A vendor of the story."""

    world: "World"
    row: Vendor

    @property
    def id(self) -> int:
        return self.row.id

    def supplies(
        self,
        item: Item,
        *,
        pack: Number = 1,
        price: Number | None = "1.00",
        lead_days: int = 7,
        unit: Unit | None = None,
        breaks: dict[Number, Number] | None = None,
        minimum: Number = 0,
        multiple: Number | None = None,
        currency: str | None = None,
        part: str = "",
        **columns: Any,
    ) -> "AVendor":
        """It sells an item in packs of `pack` stock units; `breaks` is from-quantity to price, in packs."""
        add = self.world.add
        mapping = add(
            VendorItem(
                vendor_id=self.row.id,
                item_id=item.id,
                vendor_part=part or _code("V-"),
                purchase_unit_id=unit.id if unit else item.unit_id,
                unit_factor=Decimal(pack),
                lead_days=lead_days,
                minimum_quantity=Decimal(minimum),
                order_multiple=None if multiple is None else Decimal(multiple),
                **columns,
            )
        )
        prices = dict(breaks or {}) if price is None else {0: price, **(breaks or {})}
        for from_quantity, unit_price in prices.items():
            add(
                PriceBreak(
                    vendor_item_id=mapping.id,
                    from_quantity=Decimal(from_quantity),
                    unit_price=Decimal(unit_price),
                    currency_code=currency or self.row.currency_code,
                )
            )
        return self


class World:
    """Makes nouns in one session."""

    def __init__(self, session: Session) -> None:
        self.session = session

    @classmethod
    @contextmanager
    def open(cls) -> Iterator["World"]:
        """A world whose nouns are committed when the block ends."""
        with sessions()() as session, session.begin():
            yield cls(session)

    def add(self, row: Any) -> Any:
        """Write a row and give it back with its key."""
        self.session.add(row)
        self.session.flush()
        return row

    def organisation(self, **columns: Any) -> Organisation:
        """The own organisation, with an address to bill and to ship to."""
        organisation = self.session.get_one(Organisation, 1)
        for name, value in columns.items():
            setattr(organisation, name, value)
        flagged = self.session.exec(select(OrganisationAddress).where(OrganisationAddress.is_bill_to)).first()
        if flagged is None:
            self.add(
                OrganisationAddress(
                    account="Own Works Ltd",
                    lines="1 Works Road\n10115 Berlin",
                    contact_name="Accounts",
                    contact_email="accounts@own.example",
                    is_bill_to=True,
                )
            )
            self.add(
                OrganisationAddress(
                    account="Own Works Ltd", lines="Gate 2\n10115 Berlin", contact_name="Goods in", is_ship_to=True
                )
            )
        return self.add(organisation)

    def user(self, *roles: Role | str, name: str = "") -> Actor:
        """A person of the own organisation with these roles, as an actor."""
        known = frozenset(Role(role) for role in roles)
        label = name or _code(f"{'-'.join(sorted(known)) or 'nobody'}-")
        row = self.add(AppUser(name=label, email=f"{label}@own.example".lower(), is_vendor=Role.VENDOR in known))
        for role in known:
            self.add(UserRole(user_id=row.id, role=role.value))
        return Actor(user_id=row.id, name=row.name, roles=known)

    def unit(self, code: str = "pcs", *, digits: int = 0, category: str = "count", factor: Number = 1) -> Unit:
        found = self.session.exec(select(Unit).where(Unit.code == code)).one_or_none()
        return found or self.add(Unit(code=code, name=code, category=category, digits=digits, factor=Decimal(factor)))

    def item(self, name: str = "Bolt", *, unit: Unit | None = None, group: str = "", **columns: Any) -> Item:
        """An inventory item that is bought, in pieces unless said otherwise."""
        if group:
            known = self.session.exec(select(ItemGroup).where(ItemGroup.code == group)).one_or_none()
            columns["group_id"] = (known or self.add(ItemGroup(code=group, name=group))).id
        columns.setdefault("code", _code(f"{name.upper().replace(' ', '-')}-"))
        return self.add(Item(name=name, unit_id=(unit or self.unit()).id, **columns))

    def warehouse(self, name: str = "Main", **columns: Any) -> Warehouse:
        columns.setdefault("code", _code(f"{name.upper()}-"))
        return self.add(Warehouse(name=name, **columns))

    def vendor(self, name: str = "Acme", *, currency: str = "EUR", **columns: Any) -> AVendor:
        columns.setdefault("code", _code(f"{name.upper()}-"))
        return AVendor(self, self.add(Vendor(name=name, currency_code=currency, **columns)))

    def variant(self, name: str = "Bike", *, product: Product | None = None) -> Variant:
        """A sold variant, of a product of its own unless one is given."""
        owner = product or self.add(Product(code=_code("P-"), name=name))
        return self.add(Variant(sku=_code(f"{name.upper().replace(' ', '-')}-"), product_id=owner.id, name=name))

    def option(self, product_id: int, group: str, value: str) -> OptionValue:
        """An option value that a product offers."""
        known = self.session.exec(
            select(OptionValue).where(OptionValue.group_name == group, OptionValue.value == value)
        ).one_or_none()
        row = known or self.add(OptionValue(group_name=group, value=value))
        self.add(ProductOption(product_id=product_id, option_value_id=row.id))
        return row

    def bom(self, parent: Variant | Product | Item, component: Item, quantity: Number = 1, **columns: Any) -> BomRow:
        """A BOM row: `quantity` of the component per parent."""
        kind = {Variant: "variant_id", Product: "product_id", Item: "item_id"}[type(parent)]
        return self.add(
            BomRow(component_id=component.id, quantity_per=Decimal(quantity), **{kind: parent.id}, **columns)
        )

    def sales_order(
        self,
        warehouse: Warehouse,
        *lines: tuple[Variant, Number] | tuple[Variant, Number, date],
        customer: str = "Customer",
        status: str = "approved",
        options: Sequence[OptionValue] = (),
    ) -> tuple[SalesOrder, list[SalesOrderLine]]:
        """A customer's order, approved unless said otherwise. Lines are (variant, quantity[, needed by])."""
        order = self.add(
            SalesOrder(
                number=_code("SO-"),
                customer=customer,
                status=status,
                approved_at=NOW if status == "approved" else None,
                warehouse_id=warehouse.id,
            )
        )
        written = []
        for position, (variant, quantity, *needed) in enumerate(lines, start=1):
            line = self.add(
                SalesOrderLine(
                    order_id=order.id,
                    line_number=position,
                    variant_id=variant.id,
                    quantity=Decimal(quantity),
                    needed_by=needed[0] if needed else TODAY + timedelta(days=30),
                )
            )
            for each in options:
                self.add(SalesOrderLineOption(line_id=line.id, option_value_id=each.id))
            written.append(line)
        return order, written

    def order(
        self,
        vendor: AVendor,
        warehouse: Warehouse,
        *lines: tuple[Item, Number] | tuple[Item, Number, Number],
        issued: bool = False,
        currency: str | None = None,
        at: datetime = NOW,
        expected_on: date | None = None,
        pegs: tuple[tuple[int | None, Decimal], ...] = (),
    ) -> tuple[PurchaseOrder, list[PurchaseOrderLine]]:
        """A draft order, lines (item, quantity[, unit price]); `issued` puts it in the state alone, without a snapshot."""
        mappings = {
            each.item_id: each
            for each in self.session.exec(select(VendorItem).where(VendorItem.vendor_id == vendor.id)).all()
        }
        drafted = []
        for item, quantity, *price in lines:
            mapping = mappings.get(item.id)
            drafted.append(
                DraftLine(
                    item_id=item.id,
                    quantity=Decimal(quantity),
                    unit_id=mapping.purchase_unit_id if mapping else item.unit_id,
                    unit_factor=mapping.unit_factor if mapping else Decimal(1),
                    unit_price=Decimal(price[0]) if price else Decimal(1),
                    needed_on=expected_on,
                    expected_on=expected_on or TODAY + timedelta(days=7),
                    vendor_item_id=mapping.id if mapping else None,
                    pegs=pegs,
                )
            )
        order, written = write_draft(
            self.session,
            OPERATOR,
            vendor_id=vendor.id,
            warehouse_id=warehouse.id,
            currency_code=currency or vendor.row.currency_code,
            lines=drafted,
            at=at,
        )
        if issued:
            order.state, order.ordered_on, order.issued_at = OrderState.ISSUED.value, at.date(), at
            self.add(order)
        return order, written

    def stock(
        self, warehouse: Warehouse, article: Item | Variant, quantity: Number, *, unit_cost: Number = 1
    ) -> StockBalance:
        """Opening stock, posted to the ledger. Answers with the balance."""
        which = {"item_id" if isinstance(article, Item) else "variant_id": article.id}
        movement = stock.Movement(
            warehouse_id=warehouse.id,
            quantity=Decimal(quantity),
            reason=StockReason.OPENING,
            effective_on=TODAY,
            unit_cost=Decimal(unit_cost),
            source_kind="opening",
            **which,
        )
        stock.post(self.session, OPERATOR, [movement])
        return self.balance(warehouse, article)

    def balance(self, warehouse: Warehouse, article: Item | Variant) -> StockBalance:
        """What lies there now, as the database keeps it."""
        kind = StockBalance.item_id if isinstance(article, Item) else StockBalance.variant_id
        return self.session.exec(
            select(StockBalance)
            .where(StockBalance.warehouse_id == warehouse.id, col(kind) == article.id)
            .execution_options(populate_existing=True)
        ).one()
