"""Why a plan line orders where, how much and when it does, in words (PLAN-7, PLAN-9, PLAN-14)."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from buyside.domain.locales import named_day
from buyside.planning.choice import WORDS
from buyside.planning.frames import PERCENT_SCALE, PRICE_SCALE, QUANTITY_SCALE

ABOUT = (
    "trigger", "reason", "candidates", "split_need", "share_percent", "contract_amount_left", "contract_quantity_left",
    "order_by", "latest_order_on", "contract_number", "unit", "purchase_unit", "currency",
)  # fmt: skip
"""What the words say. The last four are said with `contract` and `share` only: number and units are what people call them."""


def reason_text(row: Mapping[str, Any]) -> str:
    """What decided for the vendor of a plan line, what asked for it, and why its order day is another; `row` is one of PLAN_LINES.

    Beside the columns of PLAN_LINES it may have `contract_number`, `unit` (of stock) and `purchase_unit`.
    """
    others = row["candidates"] - 1
    words = WORDS[row["reason"]].format(
        candidates=row["candidates"],
        others=f"{others} other vendor{'' if others == 1 else 's'}",
        contract=row.get("contract_number") or row.get("contract"),
        percent=plain(row.get("share_percent"), PERCENT_SCALE),
        need=plain(row.get("split_need"), QUANTITY_SCALE),
        unit=row.get("unit") or "",
    )
    if row["reason"] == "contract" and (left := _left(row)):
        words += f": {left} left after it"
    if row["trigger"] == "reorder_point":
        words += "; ordered because the position reaches the reorder point"
    words = words[0].upper() + words[1:].rstrip()
    if row["order_by"] != row["latest_order_on"]:
        words += f". Order day moved from {day_text(row['latest_order_on'], row['order_by'])} to "
        words += day_text(row["order_by"], row["latest_order_on"])
    return words


def _left(row: Mapping[str, Any]) -> str:
    """What is left of a contract's amount and quantity, of what was agreed."""
    amount, quantity = row.get("contract_amount_left"), row.get("contract_quantity_left")
    said = []
    if amount is not None:
        said.append(f"{plain(amount, PRICE_SCALE)} {row.get('currency') or ''}".strip())
    if quantity is not None:
        said.append(f"{plain(quantity, QUANTITY_SCALE)} {row.get('purchase_unit') or ''}".strip())
    return " and ".join(said)


def day_text(day: date, beside: date) -> str:
    """A day by its name, as in Sunday 3 May; with its year where the day beside it is in another one."""
    return named_day(day, with_year=day.year != beside.year)


def plain(value: int | None, scale: int) -> str:
    """A number at a scale of ten, exact and without trailing zeros."""
    if value is None:
        return ""
    whole, rest = divmod(abs(value), scale)
    decimals = str(rest).zfill(len(str(scale)) - 1).rstrip("0")
    return ("-" if value < 0 else "") + str(whole) + ("." + decimals if decimals else "")
