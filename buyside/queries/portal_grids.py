"""Every grid of the vendors' portal; its process knows no other."""

from buyside.queries.portal_contracts import PORTAL_CONTRACT_ITEM_ROWS, PORTAL_CONTRACT_ROWS
from buyside.queries.portal_orders import PORTAL_ORDER_ROWS
from buyside.queries.rows import GridSource

GRIDS: tuple[GridSource, ...] = (PORTAL_ORDER_ROWS, PORTAL_CONTRACT_ROWS, PORTAL_CONTRACT_ITEM_ROWS)
