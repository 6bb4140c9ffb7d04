"""A draft plan for tests that look at it: a run with lines as a planner may have left them, drawn from a seed."""

import random
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from sqlmodel import col, select

from buyside.db.contracts import Contract
from buyside.db.items import Item, VendorItem
from buyside.db.plans import PlanLine, PlanningRun
from buyside.db.stock import Warehouse
from tests.world import NOW, TODAY, AVendor, World


@dataclass
class ADraft:
    """A run with its lines."""

    world: World
    run: PlanningRun
    lines: list[PlanLine] = field(default_factory=list)

    def line(
        self,
        item: Item,
        warehouse: Warehouse,
        vendor: AVendor | None,
        quantity: int,
        *,
        price: Decimal | None = None,
        needed_on: date = TODAY + timedelta(days=30),
        **columns: object,
    ) -> PlanLine:
        """A line as it was suggested: in the vendor's unit, at its price unless another is given."""
        mapping = _mapping(self.world, item, vendor) if vendor else None
        lead = (mapping.lead_days if mapping else 0) + item.goods_in_days
        order_by = needed_on - timedelta(days=lead)
        given = {
            "run_id": self.run.id,
            "item_id": item.id,
            "warehouse_id": warehouse.id,
            "suggested_needed_on": needed_on,
            "needed_on": needed_on,
            "suggested_vendor_item_id": mapping.id if mapping else None,
            "vendor_item_id": mapping.id if mapping else None,
            "suggested_quantity_packs": Decimal(quantity),
            "quantity_packs": Decimal(quantity),
            "suggested_unit_price": price,
            "unit_price": price,
            "shortage": Decimal(quantity) * (mapping.unit_factor if mapping else 1),
            "order_by": order_by,
            "late_days": max(0, (self.run.as_of - order_by).days),
            "unit_id": mapping.purchase_unit_id if mapping else item.unit_id,
            "unit_factor": mapping.unit_factor if mapping else Decimal(1),
            "currency_code": vendor.row.currency_code if vendor and price is not None else None,
        }
        line = self.world.add(PlanLine(**(given | columns)))
        self.lines.append(line)
        return line


def _mapping(world: World, item: Item, vendor: AVendor) -> VendorItem:
    return world.session.exec(
        select(VendorItem).where(col(VendorItem.item_id) == item.id, col(VendorItem.vendor_id) == vendor.id)
    ).one()


def a_draft(world: World, *, as_of: date = TODAY, **columns: object) -> ADraft:
    """A run that is done and has no lines yet."""
    given = {"as_of": as_of, "scope": {}, "state": "done", "counts": {}, "started_at": NOW, "finished_at": NOW}
    return ADraft(world, world.add(PlanningRun(**(given | columns))))


def a_drawn_draft(world: World, seed: int, lines: int = 60) -> ADraft:
    """A run with lines of every sort: late, locked, split, drifted, left out, without vendor or price, on a contract."""
    chance = random.Random(seed)
    places = [world.warehouse("Main"), world.warehouse("North")]
    vendors = [
        world.vendor("Zeta"),
        world.vendor(
            "acme", order_weekdays="mon,thu", minimum_order_value=Decimal(500), freight_free_value=Decimal(2000)
        ),
        world.vendor("Best", currency="USD", minimum_order_value=Decimal(100)),
    ]
    items = []
    for number in range(8):
        item = world.item(
            f"Part {number}", group=chance.choice(["", "STEEL", "WOOD"]), planner=chance.choice(["", "Ann", "Ben"])
        )
        for vendor in chance.sample(vendors, chance.randint(1, 3)):
            vendor.supplies(
                item,
                pack=chance.choice([1, 10]),
                price=Decimal(chance.randint(1, 90)) / 10,
                breaks={20: Decimal("0.5")} if chance.random() < 0.3 else None,
                lead_days=chance.choice([2, 9, 40]),
                multiple=chance.choice([None, 5]),
                minimum=chance.choice([0, 8]),
            )
        items.append(item)
    contract = world.add(
        Contract(
            number=f"C-{seed}",
            vendor_id=vendors[0].id,
            currency_code="EUR",
            valid_from=TODAY,
            valid_to=TODAY + timedelta(days=900),
        )
    )
    draft = a_draft(world)
    for _ in range(lines):
        item = chance.choice(items)
        sellers = [each for each in vendors if _sells(world, item, each)]
        vendor = chance.choice([None, *sellers, *sellers])
        is_contract = vendor is vendors[0] and chance.random() < 0.3
        state = chance.choice(["open", "open", "open", "left_out"])
        draft.line(
            item,
            chance.choice(places),
            vendor,
            chance.randint(1, 60),
            price=Decimal(chance.randint(1, 900)) / 100 if vendor and chance.random() < 0.9 else None,
            needed_on=TODAY + timedelta(days=chance.randint(0, 45)),
            is_locked=chance.random() < 0.2,
            drift="Demand +5" if chance.random() < 0.2 else "",
            contract_id=contract.id if is_contract else None,
            suggested_contract_id=contract.id if is_contract else None,
            split_from_id=draft.lines[-1].id if draft.lines and chance.random() < 0.1 else None,
            state=state,
            left_out_reason="Not now" if state == "left_out" else "",
        )
    return draft


def _sells(world: World, item: Item, vendor: AVendor) -> bool:
    return (
        world.session.exec(
            select(VendorItem.id).where(col(VendorItem.item_id) == item.id, col(VendorItem.vendor_id) == vendor.id)
        ).first()
        is not None
    )
