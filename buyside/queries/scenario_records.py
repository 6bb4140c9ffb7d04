"""From the codes that people type into a scenario's changes to the records that they mean, and back (PLAN-15)."""

from collections.abc import Iterable, Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any, get_args, get_type_hints

from sqlalchemy import ColumnElement, Select, String, cast, literal, or_, select
from sqlmodel import Session, col

from buyside.db.demand import SalesOrder, SalesOrderLine
from buyside.db.items import Item, ItemGroup, Unit
from buyside.db.orders import PurchaseOrder, PurchaseOrderLine
from buyside.db.stock import Warehouse
from buyside.db.structure import OptionValue, Product, Variant
from buyside.db.vendors import Vendor
from buyside.domain.access import Actor, Permission, needs
from buyside.domain.orders import AWAITING_GOODS, BEFORE_ISSUE
from buyside.domain.refusals import Refused, Unreadable
from buyside.domain.scenarios import Change, ExtraDemand, class_of
from buyside.queries.answers import columns
from buyside.queries.demand import is_demand
from buyside.queries.rows import ESCAPE, escaped
from buyside.queries.scenario_options import option_values, refuse_not_offered

_BY_CODE: Mapping[str, tuple[str, Any, Any]] = {
    "vendor": ("vendor", Vendor.id, Vendor.code),
    "item": ("item", Item.id, Item.code),
    "group": ("item group", ItemGroup.id, ItemGroup.code),
    "product": ("product", Product.id, Product.code),
    "variant": ("variant", Variant.id, Variant.sku),
    "warehouse": ("warehouse", Warehouse.id, Warehouse.code),
}
_LINES: Mapping[str, tuple[str, Any, Any]] = {
    "line": ("sales order line", SalesOrder, SalesOrderLine),
    "order_line": ("purchase order line", PurchaseOrder, PurchaseOrderLine),
}
LINE_LISTS = {"sales-order-lines": "line", "purchase-order-lines": "order_line"}
"""Lists to choose an open line from while typing, beside those of master data."""


class Lacking(Refused):
    code = "scenarios.lacking"
    says = "This is needed."


class Unknown(Refused):
    code = "scenarios.unknown"
    says = "There is no {kind} {code}."


def change_said(session: Session, kind: str, act: str, said: Mapping[str, Any]) -> Change:
    """A change from what was said of it: records by code (lines as "NUMBER/LINE"), everything else by its own name.

    Empty values say nothing; `options` are written as "colour=red, size=L". Refuses: Unreadable, Lacking, Unknown, UnknownOption, NotOffered.
    """
    made = class_of(kind, act)
    if made is None:
        raise Unreadable(value=f"{kind} {act}"[:60], wanted="a kind of change", field="kind")
    names = {each.name for each in fields(made)}  # type: ignore[arg-type]
    given: dict[str, Any] = {}
    for name, value in said.items():
        if value is None or value == "":
            continue
        if name == "options" and "option_value_ids" in names:
            given["option_value_ids"] = option_values(session, str(value))
            continue
        own = f"{name}_id" if name in _BY_CODE or name in _LINES else name
        if own not in names:
            raise Unreadable(value=name[:60], wanted="something that this change speaks of", field=name)
        given[own] = _key(session, name, str(value)) if own != name else value
    if made is ExtraDemand and "variant_id" in given:
        product = session.get_one(Product, session.get_one(Variant, given["variant_id"]).product_id)
        given["product_id"] = product.id
        refuse_not_offered(session, product.id, product.name, given.get("option_value_ids", ()))
    return made(**_typed(made, given))


def _typed(made: type[Change], given: dict[str, Any]) -> dict[str, Any]:
    """The values, if they are of the types declared and nothing needed is missing. Refuses: Unreadable, Lacking."""
    hints = get_type_hints(made)
    for each in fields(made):  # type: ignore[arg-type]
        hint = hints[each.name]
        if each.name not in given:
            if each.default is MISSING:
                raise Lacking(field=each.name.removesuffix("_id"))
            continue
        value = given[each.name]
        if hint == tuple[int, ...]:
            given[each.name] = tuple(sorted({int(one) for one in value}))
        elif type(value) not in (get_args(hint) or (hint,)):
            raise Unreadable(value=str(value)[:60], wanted="what this field holds", field=each.name)
    return given


def _key(session: Session, name: str, code: str) -> int:
    if name in _BY_CODE:
        kind, key, column = _BY_CODE[name]
        found = session.execute(select(col(key)).where(col(column) == code)).scalar_one_or_none()
    else:
        kind, order, line = _LINES[name]
        number, _, position = code.rpartition("/")
        place = int(position) if position.isascii() and position.isdecimal() and len(position) < 9 else 0
        found = session.execute(
            select(col(line.id))
            .join(order, col(order.id) == col(line.order_id))
            .where(col(order.number) == number, col(line.line_number) == place)
        ).scalar_one_or_none()
    if found is None:
        raise Unknown(kind=kind, code=code[:60], field=name)
    return int(found)


@dataclass(frozen=True, slots=True)
class Named:
    """What people call a record: its code, its name, and its unit where it has one."""

    code: str
    name: str = ""
    unit: str = ""


Names = Mapping[tuple[str, int], Named]
"""By the field of a change without "_id", and key."""


def names_of(session: Session, changes: Iterable[Change]) -> Names:
    """What the records of some changes are called; those gone meanwhile are left out."""
    wanted: dict[str, set[int]] = {}
    for change in changes:
        for each in fields(change):  # type: ignore[arg-type]
            value = getattr(change, each.name)
            if each.name.endswith("_id") and value is not None:
                wanted.setdefault(each.name.removesuffix("_id"), set()).add(value)
            elif each.name == "option_value_ids":
                wanted.setdefault("option_value", set()).update(value)
    found: dict[tuple[str, int], Named] = {}
    for name, keys in wanted.items():
        for row in session.execute(_names(name, keys)).mappings():
            found[name, row["id"]] = Named(row["code"], row["name"] or "", row["unit"])
    return found


def _names(name: str, keys: set[int]) -> Select[Any]:
    nothing = literal("")
    if name == "line":
        line = SalesOrderLine
        return (
            columns(
                id=col(line.id), code=_place(SalesOrder.number, line.line_number), name=col(Variant.sku), unit=nothing
            )
            .join(SalesOrder, col(SalesOrder.id) == col(line.order_id))
            .join(Variant, col(Variant.id) == col(line.variant_id))
            .where(col(line.id).in_(keys))
        )
    if name == "order_line":
        bought = PurchaseOrderLine
        return (
            columns(
                id=col(bought.id),
                code=_place(PurchaseOrder.number, bought.line_number),
                name=col(Item.code),
                unit=col(Unit.code),
            )
            .join(PurchaseOrder, col(PurchaseOrder.id) == col(bought.order_id))
            .join(Item, col(Item.id) == col(bought.item_id))
            .join(Unit, col(Unit.id) == col(Item.unit_id))
            .where(col(bought.id).in_(keys))
        )
    if name == "option_value":
        value = OptionValue
        return columns(id=col(value.id), code=col(value.value), name=col(value.group_name), unit=nothing).where(
            col(value.id).in_(keys)
        )
    if name == "item":
        return (
            columns(id=col(Item.id), code=col(Item.code), name=col(Item.name), unit=col(Unit.code))
            .join(Unit, col(Unit.id) == col(Item.unit_id))
            .where(col(Item.id).in_(keys))
        )
    _, key, code = _BY_CODE[name]
    return columns(id=col(key), code=col(code), name=col(key.class_.name), unit=nothing).where(col(key).in_(keys))


def _place(number: Any, position: Any) -> ColumnElement[str]:
    return cast(number, String) + "/" + cast(position, String)


@needs(Permission.PLAN_VIEW)
def open_line_choices(
    session: Session, actor: Actor, /, *, among: str, text: str, limit: int = 20
) -> tuple[tuple[str, str], ...]:
    """Open lines as "NUMBER/LINE" and what they are about, by number of the order, customer, vendor or article.

    `among`: a list of LINE_LISTS. Refuses: Unreadable.
    """
    if among == "sales-order-lines":
        code: Any = _place(SalesOrder.number, SalesOrderLine.line_number)
        says: Any = col(Variant.sku) + " · " + col(SalesOrder.customer)
        searched: tuple[Any, ...] = (SalesOrder.number, SalesOrder.customer, Variant.sku)
        order: tuple[Any, ...] = (SalesOrder.number, SalesOrderLine.line_number)
        statement = (
            columns(code=code, says=says)
            .select_from(SalesOrderLine)
            .join(SalesOrder, col(SalesOrder.id) == col(SalesOrderLine.order_id))
            .join(Variant, col(Variant.id) == col(SalesOrderLine.variant_id))
            .where(is_demand())
        )
    elif among == "purchase-order-lines":
        code = _place(PurchaseOrder.number, PurchaseOrderLine.line_number)
        says = col(Item.code) + " · " + col(Vendor.name)
        searched = (PurchaseOrder.number, Vendor.name, Item.code)
        order = (PurchaseOrder.number, PurchaseOrderLine.line_number)
        statement = (
            columns(code=code, says=says)
            .select_from(PurchaseOrderLine)
            .join(PurchaseOrder, col(PurchaseOrder.id) == col(PurchaseOrderLine.order_id))
            .join(Vendor, col(Vendor.id) == col(PurchaseOrder.vendor_id))
            .join(Item, col(Item.id) == col(PurchaseOrderLine.item_id))
            .where(
                col(PurchaseOrder.state).in_([each.value for each in AWAITING_GOODS | BEFORE_ISSUE]),
                col(PurchaseOrderLine.quantity) > col(PurchaseOrderLine.received_quantity),
            )
        )
    else:
        raise Unreadable(value=among[:60], wanted="a list of lines")
    number, _, position = text.strip().rpartition("/")
    if number and position.isdecimal():
        statement = statement.where(order[0].ilike(f"{escaped(number)}%", escape=ESCAPE), _starts(order[1], position))
    else:
        for word in text.split()[:6]:
            statement = statement.where(or_(*(each.ilike(f"%{escaped(word)}%", escape=ESCAPE) for each in searched)))
    found = session.execute(statement.order_by(*order).limit(max(1, min(limit, 50))))
    return tuple((str(each[0]), str(each[1])) for each in found)


def _starts(position: Any, digits: str) -> ColumnElement[bool]:
    return cast(position, String).like(f"{digits}%")
