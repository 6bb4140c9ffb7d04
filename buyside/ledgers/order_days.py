"""When vendors take orders, as their records say (VEN-6)."""

from collections.abc import Mapping

from sqlmodel import Session, col, select

from buyside.db.vendors import VendorClosingDay
from buyside.domain.order_days import OrderDays


def order_days_of(session: Session, weekdays: Mapping[int, str]) -> dict[int, OrderDays]:
    """By vendor, when it takes orders; `weekdays` are what its record says."""
    closings: dict[int, list[tuple[str, str]]] = {}
    for each in session.exec(select(VendorClosingDay).where(col(VendorClosingDay.vendor_id).in_(weekdays))):
        closings.setdefault(each.vendor_id, []).append((each.from_day, each.to_day))
    return {vendor_id: OrderDays.of(days, closings.get(vendor_id, ())) for vendor_id, days in weekdays.items()}
