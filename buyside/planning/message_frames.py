"""The frames of action messages: what is asked of open orders beside a run's own inputs, and what is to be done (PLAN-16)."""

from types import MappingProxyType

from buyside.planning.frames import DATE, FLAG, NUMBER, TEXT, Column, Frame

_STOCK = "stock units, at QUANTITY_SCALE"
_PACKS = "purchase units, at QUANTITY_SCALE"

OPEN_ORDERS = Frame(
    "OPEN_ORDERS",
    ("order_line",),
    MappingProxyType(
        {
            "order_line": Column(NUMBER, "a line of SUPPLY"),
            "vendor": Column(NUMBER, "vendor of its order"),
            "is_issued": Column(FLAG, "the vendor has it"),
            "is_direct": Column(FLAG, "bought for one customer's order directly: no other need is measured by it"),
            "received": Column(NUMBER, f"what came of it already, {_STOCK}"),
            "unit_factor": Column(NUMBER, f"{_STOCK}, in one purchase unit"),
            "unit_digits": Column(NUMBER, "decimals of the purchase unit, 0 to 6"),
            "minimum": Column(NUMBER, f"the vendor's minimum, {_PACKS}; zero where there is none"),
            "multiple": Column(NUMBER, f"the vendor's multiple, {_PACKS}; zero where there is none"),
        }
    ),
)
MESSAGES = Frame(
    "MESSAGES",
    ("kind", "item", "warehouse", "order_line"),
    MappingProxyType(
        {
            "kind": Column(TEXT, "order, expedite, defer, increase, decrease or cancel"),
            "item": Column(NUMBER, "item"),
            "warehouse": Column(NUMBER, "warehouse"),
            "order_line": Column(NUMBER, "the open order line to change; empty: order anew", nullable=True),
            "quantity": Column(NUMBER, f"how much it is about, {_STOCK}, positive"),
            "to_quantity": Column(
                NUMBER, f"increase, decrease, cancel: what should be open instead, {_STOCK}", nullable=True
            ),
            "from_on": Column(DATE, "when the order line arrives as it stands; may be past", nullable=True),
            "to_on": Column(DATE, "when it is needed; empty: never", nullable=True),
            "due_on": Column(DATE, "order, increase: the last day to order; else the as-of day"),
        }
    ),
)
