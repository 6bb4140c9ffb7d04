"""Purchase orders and their lines: where each stands, and what in them contradicts itself."""

from collections import Counter, defaultdict
from collections.abc import Generator, Sequence
from decimal import Decimal

from buyside.domain.money import ZERO, rounded
from buyside.integrations.adventureworks.catalogue import CURRENCY, WAREHOUSE, Catalogue, Part
from buyside.integrations.adventureworks.report import Told
from buyside.integrations.adventureworks.source import Row, Source, UnreadableSource, number

_PENDING, _APPROVED, _REJECTED, _COMPLETE = "1", "2", "3", "4"
_STATUSES = {_PENDING: "pending", _APPROVED: "approved", _REJECTED: "rejected", _COMPLETE: "complete"}


def purchases(source: Source, catalogue: Catalogue, told: Told) -> Generator[Part, None, str]:
    """The orders, then their lines; ends with the day of the last one. Refuses: UnreadableSource."""
    heads = {row["PurchaseOrderID"]: row for row in source.table("PurchaseOrderHeader")}
    lines = source.table("PurchaseOrderDetail")
    by_order: dict[str, list[Row]] = defaultdict(list)
    for row in lines:
        if row["PurchaseOrderID"] not in heads:
            raise UnreadableSource(
                file="PurchaseOrderDetail.csv", reason=f"there is no order {row['PurchaseOrderID']}."
            )
        by_order[row["PurchaseOrderID"]].append(row)
    states = {key: _state(row, by_order[key]) for key, row in heads.items()}
    yield Part("purchase_orders", [_order(catalogue, row, states[key]) for key, row in heads.items()])
    yield Part(
        "purchase_order_lines",
        [
            _line(catalogue, row, position)
            for key in heads
            for position, row in enumerate(
                sorted(by_order[key], key=lambda each: int(each["PurchaseOrderDetailID"])), start=1
            )
        ],
    )
    _tell_states(told, heads, lines, states)
    _tell_lines(told, heads, lines)
    _tell_on_order(told, catalogue, lines, states)
    _tell_totals(told, heads, lines)
    return max((row["OrderDate"] for row in heads.values()), default="")


def _order(catalogue: Catalogue, row: Row, state: str) -> Row:
    return {
        "number": f"PO{row['PurchaseOrderID']}",
        "vendor": catalogue.vendors[row["VendorID"]]["AccountNumber"],
        "currency": CURRENCY,
        "status": state,
        "warehouse": WAREHOUSE,
        "ordered_on": row["OrderDate"],
    }


def _line(catalogue: Catalogue, row: Row, position: int) -> Row:
    return {
        "order": f"PO{row['PurchaseOrderID']}",
        "line": str(position),
        "item": catalogue.code(row["ProductID"]),
        "qty": row["OrderQty"],
        "unit_price": row["UnitPrice"],
        "received_qty": row["ReceivedQty"],
        "rejected_qty": row["RejectedQty"],
        "expected_on": row["DueDate"],
        "promised_on": row["DueDate"],
    }


def _state(head: Row, lines: Sequence[Row]) -> str:
    """Complete and rejected orders are closed; others stand where their receipts have brought them."""
    if head["Status"] in (_REJECTED, _COMPLETE):
        return "closed"
    received = [Decimal(row["ReceivedQty"]) for row in lines]
    if not any(received):
        return "issued" if head["Status"] == _APPROVED else "draft"
    is_all = all(got >= Decimal(row["OrderQty"]) for got, row in zip(received, lines, strict=True))
    return "received" if is_all else "partly_received"


def _is_short(line: Row) -> bool:
    return Decimal(line["ReceivedQty"]) < Decimal(line["OrderQty"])


def _value(line: Row) -> Decimal:
    return Decimal(line["OrderQty"]) * Decimal(line["UnitPrice"])


def _tell_states(told: Told, heads: dict[str, Row], lines: Sequence[Row], states: dict[str, str]) -> None:
    loaded = Counter((row["Status"], states[key]) for key, row in heads.items())
    parts = {
        f"{name}_loaded_as_{state}": loaded[status, state]
        for status, name in _STATUSES.items()
        for state in sorted(set(states.values()))
        if loaded[status, state]
    }
    told.account("PurchaseOrderHeader", len(heads), **parts)
    told.account("PurchaseOrderDetail", len(lines), order_lines=len(lines))
    come = {row["PurchaseOrderID"] for row in lines if Decimal(row["ReceivedQty"])}
    with_receipts = Counter(heads[key]["Status"] for key in come)
    rejected = sum(row["Status"] == _REJECTED for row in heads.values())
    told.find(
        "pending_orders_with_receipts",
        with_receipts[_PENDING],
        "{} pending orders have receipts: they count as issued, and stand where their receipts brought them.",
    )
    told.find(
        "rejected_orders_with_receipts",
        with_receipts[_REJECTED],
        f"{{}} of {rejected:,} rejected orders have receipts: the goods were rejected, not the order, so they are closed with what came and was refused.",
    )


def _tell_lines(told: Told, heads: dict[str, Row], lines: Sequence[Row]) -> None:
    told.find(
        "short_lines",
        sum(_is_short(row) for row in lines),
        "{} lines received less than was ordered; those of complete orders are closed short.",
    )
    refused = sum(Decimal(row["RejectedQty"]) > 0 for row in lines)
    told.find("lines_with_rejects", refused, "{} lines have rejects; received quantities include them.")
    late = sum(row["DueDate"] < heads[row["PurchaseOrderID"]]["OrderDate"] for row in lines)
    told.find("due_before_ordered", late, "{} lines were due before their order was placed; both dates are kept.")
    told.find(
        "modified_after_due",
        sum(row["ModifiedDate"][:10] > row["DueDate"] for row in lines),
        "{} lines were modified after they were due, some by mass changes: ModifiedDate is no receipt date, and none is made of it.",
    )


def _tell_on_order(told: Told, catalogue: Catalogue, lines: Sequence[Row], states: dict[str, str]) -> None:
    awaited = sum(
        (
            Decimal(row["OrderQty"]) - Decimal(row["ReceivedQty"])
            for row in lines
            if _is_short(row) and states[row["PurchaseOrderID"]] == "partly_received"
        ),
        ZERO,
    )
    noted = sum((number("ProductVendor", row, "OnOrderQty") for row in catalogue.sources if row["OnOrderQty"]), ZERO)
    told.find("on_order_by_lines", awaited, "{} purchase units are on order by the order lines,")
    told.find(
        "on_order_as_stored",
        noted,
        "{} by ProductVendor.OnOrderQty: the stored total drifted, and the lines count.",
    )


def _tell_totals(told: Told, heads: dict[str, Row], lines: Sequence[Row]) -> None:
    stored = sum((number("PurchaseOrderHeader", row, "SubTotal") for row in heads.values()), ZERO)
    own: dict[str, Decimal] = defaultdict(Decimal)
    for row in lines:
        own[row["PurchaseOrderID"]] += _value(row)
    told.find("subtotal_stored", stored, "The orders' subtotals add up to {},")
    told.find("subtotal_of_lines", sum(own.values(), ZERO), "their lines to {},")
    told.find(
        "subtotal_imported",
        sum((rounded(_value(row), 2) for row in lines), ZERO),
        "and rounded to cents line by line, as documents are here, to {}.",
    )
    told.find(
        "subtotals_unlike_lines",
        sum(own[key] != Decimal(row["SubTotal"]) for key, row in heads.items()),
        "{} orders have a subtotal that is not the sum of their lines; the lines count.",
    )
    aside = sum((Decimal(row["TaxAmt"]) + Decimal(row["Freight"]) for row in heads.values()), ZERO)
    told.find("tax_and_freight", aside, "Tax and freight of {} in all stand on the heads alone and are not loaded.")
