"""Tryton's side of benches/peer.py: run by a Python that has it, never imported by ours.

`PYTHON peer_tryton.py WORLD URI DATABASE 0|1` makes a database with the modules and the world, lets Tryton plan and, with 1,
draft purchases, and prints one JSON object: seconds, and what was found. The master data comes in by its own records, stock and what is
planned by SQL, as that is faster; neither is timed. The client's protocol is left out, which flatters Tryton.
"""

import datetime as dt
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

WORLD, URI, DATABASE, WITH_ORDERS = sys.argv[1:]
os.environ["DB_NAME"] = DATABASE  # before Tryton is loaded
MODULES = ["stock_supply", "stock_supply_production"]
_MOVE = """
    INSERT INTO stock_move (
        product, unit, quantity, internal_quantity, from_location, to_location, planned_date, effective_date, state, company
    )
    SELECT product, %s, quantity, quantity, %s, %s, day, CASE WHEN %s = 'done' THEN day END, %s, %s
    FROM unnest(%s::int4[], %s::float8[], %s::date[]) AS given (product, quantity, day)
"""


def main() -> None:
    """Make the world, plan it, draft the purchases, print."""
    from trytond import config

    config.set("database", "uri", URI)
    from proteus import Model, Wizard
    from trytond.modules.account.tests.tools import create_chart, get_accounts
    from trytond.modules.company.tests.tools import create_company, get_company
    from trytond.tests.tools import activate_modules

    world = json.loads(Path(WORLD).read_text())
    today = dt.datetime.now(dt.UTC).date()
    activate_modules(MODULES, create_company, create_chart)
    for name in ("purchase.configuration", "production.configuration"):
        settings = Model.get(name)(1)
        settings.supply_period = dt.timedelta(days=world["period_days"])
        settings.save()
    category = Model.get("product.category")(name="Bought", accounting=True)
    category.account_expense = get_accounts()["expense"]
    category.save()
    company = get_company()
    _fill(world, today, company=company.id, currency=company.currency.id, category=category.id)
    seconds = {}

    print("the world stands; planning", file=sys.stderr, flush=True)
    begun = time.perf_counter()
    Wizard("stock.supply").execute("create_")
    seconds["plan"] = time.perf_counter() - begun
    print(f"planned in {seconds['plan']:.1f} s", file=sys.stderr, flush=True)
    requests = Model.get("purchase.request").find([("state", "=", "draft")])
    found = [
        [each.product.code, each.supply_date.isoformat(), each.party.code, int(each.quantity)] for each in requests
    ]

    if WITH_ORDERS == "1":
        begun = time.perf_counter()
        Wizard("purchase.request.create_purchase", requests)
        seconds["order"] = time.perf_counter() - begun
    orders = len(Model.get("purchase.purchase").find([]))
    makes = len(Model.get("production").find([("state", "=", "request")]))
    print(json.dumps({"seconds": seconds, "found": found, "orders": orders, "makes": makes}))


def _fill(world: dict[str, Any], today: dt.date, *, company: int, currency: int, category: int) -> None:
    """Vendors, products with structures, stock and moves."""
    from trytond.pool import Pool
    from trytond.transaction import Transaction

    pool = Pool(DATABASE)
    with Transaction().start(DATABASE, 1, context={"company": company}) as transaction:
        [unit] = pool.get("product.uom").search([("name", "=", "Unit")])
        vendors = pool.get("party.party").create([{"name": each, "code": each} for each in world["vendors"]])
        by_code = {each.code: each.id for each in vendors}
        templates = [
            {
                "name": code,
                "type": "goods",
                "default_uom": unit.id,
                "list_price": 1,
                "account_category": category,
                "producible": made,
                "purchasable": not made,
                "purchase_uom": None if made else unit.id,
                "products": [("create", [{"suffix_code": code}])],
                "product_suppliers": []
                if made
                else [
                    (
                        "create",
                        [{"party": by_code[vendor], "lead_time": dt.timedelta(days=lead), "currency": currency}],
                    ),
                ],
            }
            for code, made, vendor, lead in world["items"]
        ]
        made = pool.get("product.template").create(templates)
        products = {each.products[0].code: each.products[0].id for each in made}
        bom, product = pool.get("production.bom"), pool.get("product.product")
        for code, components in world["structure"].items():
            [structure] = bom.create(
                [
                    {
                        "name": code,
                        "inputs": [
                            ("create", [{"product": products[each], "quantity": many, "unit": unit.id}])
                            for each, many in components
                        ],
                        "outputs": [("create", [{"product": products[code], "quantity": 1, "unit": unit.id}])],
                    }
                ]
            )
            product.write([product(products[code])], {"boms": [("create", [{"bom": structure.id}])]})
        places = {each.code: each.id for each in pool.get("stock.location").search([("code", "!=", None)])}
        [lost] = pool.get("stock.location").search([("type", "=", "lost_found")])
        with transaction.connection.cursor() as cursor:
            for origin, target, state, moves in (
                (lost.id, places["STO"], "done", world["stock"]),
                (places["SUP"], places["STO"], "draft", world["receipts"]),
                (places["STO"], places["CUS"], "draft", world["demand"]),
            ):
                codes, many, days = zip(*moves, strict=True)
                given = [products[each] for each in codes], list(many), [today + dt.timedelta(days=n) for n in days]
                cursor.execute(_MOVE, (unit.id, origin, target, state, state, company, *given))
            cursor.execute("ANALYZE stock_move")


if __name__ == "__main__":
    main()
