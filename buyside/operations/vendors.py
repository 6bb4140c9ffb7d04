"""Where a vendor stands: active, on hold, inactive, and why (VEN-2)."""

from dataclasses import dataclass

from sqlmodel import Session, select

from buyside.db.vendors import Vendor
from buyside.domain.access import Actor, Permission, needs
from buyside.domain.refusals import NotFound, ReasonMissing, Stale
from buyside.domain.vendors import VENDOR, VendorStatus


@dataclass(frozen=True, slots=True)
class VendorMoved:
    """A vendor after a change of its status."""

    vendor_id: int
    code: str
    name: str
    status: VendorStatus
    version: int


@needs(Permission.VENDOR_EDIT)
def move_vendor(
    session: Session, actor: Actor, /, *, vendor_id: int, version: int, move: str, reason: str
) -> VendorMoved:
    """Set a vendor active ("activate"), on hold ("hold") or inactive ("close"), and say why.

    From on hold on, no new order is issued and open ones go on; inactive closes its portal too, with the next event of an open
    page. Refuses, in this order: NotFound, WrongState, Stale, ReasonMissing.
    """
    vendor = session.exec(
        select(Vendor).where(Vendor.id == vendor_id).with_for_update().execution_options(populate_existing=True)
    ).one_or_none()
    if vendor is None or move not in VENDOR.moves:
        raise NotFound(kind="vendor")
    after = VENDOR.after(move, VendorStatus(vendor.status))
    if vendor.version != version:
        raise Stale(kind="vendor")
    if not reason.strip():
        raise ReasonMissing
    vendor.status, vendor.status_reason = after.value, reason.strip()
    vendor.version += 1
    session.add(vendor)
    session.flush()
    return VendorMoved(vendor.id, vendor.code, vendor.name, after, vendor.version)
