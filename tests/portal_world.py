"""A story for the vendors' portal: two vendors of one person, a third that is nobody's business, and marks that must not show.

Everything that the people of Acme and Beta must never read carries `FOREIGN` (it is another vendor's) or `INTERNAL` (it is the
buying company's own), so that a test can search whatever it got for either.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from sqlalchemy import func, select, text
from sqlmodel import Session, col

from buyside.db import engine
from buyside.db.contracts import Contract, ContractItem
from buyside.db.items import Item
from buyside.db.orders import PurchaseOrder, PurchaseOrderLine
from buyside.db.people import VendorMembership
from buyside.db.stock import Warehouse
from buyside.domain.access import Actor, Role
from buyside.identity.logins import find_login
from buyside.ledgers.order_snapshots import freeze
from buyside.operations.orders import issue_order
from buyside.operations.run import within
from tests.logins import open_login
from tests.world import NOW, TODAY, AVendor, World

FOREIGN = "FRGN7Q"
INTERNAL = "NTRNL4Z"


@dataclass(frozen=True)
class PortalWorld:
    """Who is in the story, and the numbers of its documents."""

    acme: str
    """Code of a vendor; `beta` and `foreign` likewise."""
    beta: str
    foreign: str
    of_both: int
    """The user who acts for Acme and Beta; `of_acme` for Acme alone, `of_foreign` for the third, `of_nobody` no longer for any."""
    of_acme: int
    of_foreign: int
    of_nobody: int
    order: str
    """Acme's order in its second revision: 10 and 4 ordered, 5 and 0 received, 1 of them rejected."""
    beta_order: str
    old_order: str
    """Acme's, issued before papers were kept."""
    draft: str
    """Acme's, not issued."""
    foreign_order: str
    contract: str
    """Acme's: an amount and two items. `expired` is active on paper and past its last day."""
    expired: str
    draft_contract: str
    foreign_contract: str


def write(world: World) -> PortalWorld:
    """Write the story through a world's session."""
    story = _Story(world)
    acme, beta = story.vendor("Acme Metals"), story.vendor("Beta Parts")
    foreign = story.vendor(f"{FOREIGN} Works")
    order = story.order(acme, "Spring steel", (story.bolt, 10, "2.50"), (story.nut, 4, "1.25"))
    story.receive(order)
    beta_order = story.order(beta, "Beta's own", (story.nut, 7, "3"))
    foreign_order = story.order(foreign, f"{FOREIGN} title", (story.secret, 99, "9.99"))
    old = story.draft(acme, "From the old books", (story.bolt, 3, "2"))
    old.state, old.issued_at, old.ordered_on = "partly_received", NOW - timedelta(days=90), TODAY - timedelta(days=90)
    draft = story.draft(acme, f"{INTERNAL} draft", (story.bolt, 1, "1"))
    contract = story.contract(acme, "Steel of the year", amount="5000", items=((story.bolt, "1000", "2.4"),))
    story.contract_item(contract, story.nut, None, "1.2")
    expired = story.contract(acme, "Last year", ends=TODAY - timedelta(days=1), items=())
    hidden = story.contract(acme, f"{INTERNAL} not agreed", status="draft", items=())
    strange = story.contract(foreign, f"{FOREIGN} agreement", amount="777777", items=((story.secret, "1", "1"),))
    return PortalWorld(
        acme=acme.row.code,
        beta=beta.row.code,
        foreign=foreign.row.code,
        of_both=story.user("Vera Both", acme, beta),
        of_acme=story.user("Ada One", acme),
        of_foreign=story.user(f"{FOREIGN} Person", foreign),
        of_nobody=story.former_user("Nob Ody", acme),
        order=order.number,
        beta_order=beta_order.number,
        old_order=old.number,
        draft=draft.number,
        foreign_order=foreign_order.number,
        contract=contract.number,
        expired=expired.number,
        draft_contract=hidden.number,
        foreign_contract=strange.number,
    )


class _Story:
    def __init__(self, world: World) -> None:
        self.world = world
        world.organisation(name="Own Works Ltd")
        self.main: Warehouse = world.warehouse()
        self.bolt, self.nut = world.item("Bolt"), world.item("Nut")
        self.secret: Item = world.item(f"{FOREIGN} part")
        self.buyer = world.user(Role.BUYER, name=f"{INTERNAL} Buyer")

    def vendor(self, name: str) -> AVendor:
        vendor = self.world.vendor(name, legal_name=f"{name} Ltd", delivery_terms="DAP Berlin")
        part = FOREIGN if FOREIGN in name else "OWN"
        for item in (self.bolt, self.nut, self.secret):
            vendor.supplies(item, price="1.00", part=f"{part}-{item.id}")
        return vendor

    def draft(self, vendor: AVendor, title: str, *lines: tuple[Item, int, str]) -> PurchaseOrder:
        order, written = self.world.order(vendor, self.main, *lines, expected_on=TODAY + timedelta(days=7))
        order.title, order.internal_notes = title, f"{INTERNAL} note"
        if FOREIGN in title:
            order.notes = order.bill_to_address = f"{FOREIGN} text"
        for line in written:
            line.description = f"{FOREIGN} line" if FOREIGN in title else f"Line {line.line_number}"
            line.needed_on = TODAY + timedelta(days=30 + line.line_number)
        self.world.session.flush()
        return order

    def order(self, vendor: AVendor, title: str, *lines: tuple[Item, int, str]) -> PurchaseOrder:
        order = self.draft(vendor, title, *lines)
        within(self.world.session, issue_order, self.buyer, order_id=order.id, at=NOW)
        return order

    def receive(self, order: PurchaseOrder) -> None:
        """Goods of its first line, and a second paper after that with another title."""
        line = self.world.session.scalars(
            select(PurchaseOrderLine).where(col(PurchaseOrderLine.order_id) == order.id).order_by(text("line_number"))
        ).first()
        assert line is not None
        line.received_quantity, line.rejected_quantity = Decimal(5), Decimal(1)
        line.promised_on = TODAY + timedelta(days=9)
        order.state, order.title = "partly_received", "Spring steel, changed"
        self.world.session.flush()
        freeze(self.world.session, self.buyer, order, at=NOW + timedelta(days=1))

    def contract(
        self,
        vendor: AVendor,
        title: str,
        *,
        items: tuple[tuple[Item, str | None, str | None], ...],
        amount: str | None = None,
        status: str = "active",
        ends: object = None,
    ) -> Contract:
        stem = FOREIGN if FOREIGN in title else "K"
        contract: Contract = self.world.add(
            Contract(
                number=f"{stem}-{vendor.row.code}-{len(title)}",
                vendor_id=vendor.id,
                title=title,
                currency_code="EUR",
                valid_from=TODAY - timedelta(days=300),
                valid_to=ends or TODAY + timedelta(days=3000),
                amount=None if amount is None else Decimal(amount),
                status=status,
            )
        )
        for item, quantity, price in items:
            self.contract_item(contract, item, quantity, price)
        return contract

    def contract_item(self, contract: Contract, item: Item, quantity: str | None, price: str | None) -> None:
        self.world.add(
            ContractItem(
                contract_id=contract.id,
                item_id=item.id,
                quantity=None if quantity is None else Decimal(quantity),
                unit_price=None if price is None else Decimal(price),
            )
        )

    def user(self, name: str, *vendors: AVendor) -> int:
        user = self.world.user(Role.VENDOR, name=name)
        assert user.user_id is not None
        begins = self.world.session.scalar(select(func.now())) - timedelta(days=10)
        for vendor in vendors:
            self.world.add(VendorMembership(vendor_id=vendor.id, user_id=user.user_id, begins_at=begins))
        return user.user_id

    def former_user(self, name: str, vendor: AVendor) -> int:
        user_id = self.user(name, vendor)
        membership = self.world.session.scalars(
            select(VendorMembership).where(col(VendorMembership.user_id) == user_id)
        ).one()
        membership.ends_at = self.world.session.scalar(select(func.now()))
        self.world.session.flush()
        return user_id


def sign_in(user_id: int) -> str:
    """A living session of a person. Answers with the cookie's value."""
    with World.open() as world:
        return open_login(world.session, user_id=user_id)


@contextmanager
def as_vendor(portal_url: str, token: str) -> Iterator[tuple[Session, Actor]]:
    """A session of the portal's login with the proof of whoever holds `token`, and that person; ended by rolling back."""
    with Session(engine.engine(portal_url)) as session:
        login = find_login(session, token)
        assert login is not None, "nobody is signed in with this"
        session.execute(text("SELECT set_config('app.session', :proof, true)"), {"proof": login.actor.proof})
        yield session, login.actor
        session.rollback()
