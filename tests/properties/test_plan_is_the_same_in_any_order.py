"""The same company, written to the database in any order, gives the same plan to the last digit (PLAN-10)."""

import random
from datetime import timedelta
from decimal import Decimal

import psycopg
import pytest

from buyside.db.engine import administrator_url
from buyside.domain.access import OPERATOR
from buyside.operations.plans import run_plan, start_run
from buyside.operations.run import perform
from tests.world import NOW, TODAY, World

SEEDS = range(4)


def write_company(order: int) -> str:
    """One company, its records written in an order drawn from `order`: keys differ, codes do not. Answers its plan's hash."""
    draw = random.Random(order)

    def shuffled(names: str) -> list[str]:
        return draw.sample(names.split(), len(names.split()))

    with World.open() as world:
        main = world.warehouse("Main", code="MAIN")
        supplies = {"frame": "buy", "wheel": "make", "spoke": "buy", "rim": "buy", "kit": "phantom", "bell": "buy"}
        items = {
            name: world.item(name, code=name.upper(), supply=supplies[name], safety_stock=Decimal(len(name)))
            for name in shuffled("frame wheel spoke rim kit bell")
        }
        variants = {name: world.variant(name) for name in shuffled("road city")}
        for name, variant in variants.items():
            variant.sku = name.upper()
        rows = (
            "road-frame-1 road-wheel-2 road-kit-1 city-frame-1 city-wheel-2 wheel-spoke-28.25 wheel-rim-1 kit-bell-1.5"
        )
        for row in shuffled(rows):
            parent, component, quantity = row.split("-")
            world.bom(variants.get(parent) or items[parent], items[component], quantity)
        vendors = {name: world.vendor(name, code=name.upper()) for name in shuffled("acme best")}
        offers = "acme-frame-80-1 best-frame-79-2 acme-spoke-1-1 best-rim-12-1 acme-bell-3-1"
        for row in shuffled(offers):
            vendor, item, price, preference = row.split("-")
            vendors[vendor].supplies(
                items[item], price=price, breaks={50: "0.5"}, preference=int(preference), multiple=3, part=row
            )
        for name in shuffled("frame spoke bell"):
            world.stock(main, items[name], len(name) * 3)
        world.stock(main, variants["road"], 2)
        orders = {"SO-1": ("road", 5, 30), "SO-2": ("city", 7, 30), "SO-3": ("road", 4, 12), "SO-4": ("city", 1, -3)}
        for number in shuffled("SO-1 SO-2 SO-3 SO-4"):
            name, quantity, days = orders[number]
            sold, _ = world.sales_order(main, (variants[name], quantity, TODAY + timedelta(days=days)))
            sold.number = number
            world.add(sold)
    started = perform(start_run, OPERATOR, as_of=TODAY, at=NOW)
    done = perform(run_plan, OPERATOR, run_id=started.run_id)
    assert done.plan_lines > 5
    return done.result_sha256


@pytest.mark.rule("PLAN-10")
def test_the_order_in_which_records_were_written_never_changes_the_plan(database: object) -> None:
    hashes = []
    tables = (
        "sales_order, variant, product, item, vendor, warehouse, purchase_order, planning_run, stock_entry, audit_event"
    )
    for seed in SEEDS:
        hashes.append(write_company(seed))
        with psycopg.connect(administrator_url()) as connection:  # history refuses to be emptied by anybody less
            connection.execute("SET session_replication_role = replica")
            connection.execute(f"TRUNCATE {tables} CASCADE")
    assert len(set(hashes)) == 1
