"""The table of pages tells which address needs which permission."""

import pytest

from buyside.domain.access import Permission
from buyside.pages.routes import ORDER, ORDERS, ROUTES, permission_of_path


@pytest.mark.rule("ACC-2")
@pytest.mark.parametrize(
    ("path", "permission"),
    [
        ("/", Permission.START_VIEW),
        ("/orders", Permission.ORDER_VIEW),
        ("/orders/", Permission.ORDER_VIEW),
        ("/orders/2026-7-12", Permission.ORDER_VIEW),
        ("/stock", Permission.STOCK_VIEW),
        ("/stocks", None),
        ("/orders/1/2", None),
        ("/buyside.css", None),
    ],
)
def test_an_address_leads_to_its_permission(path: str, permission: Permission | None) -> None:
    assert permission_of_path(path) is permission


def test_addresses_are_filled_in() -> None:
    assert ORDER.to("2026-7-12") == "/orders/2026-7-12"
    assert ORDERS.to("unused") == "/orders"


def test_no_two_pages_share_an_address_or_a_shortcut() -> None:
    shortcuts = [route.shortcut for route in ROUTES if route.shortcut]
    assert len(set(shortcuts)) == len(shortcuts)
    assert len({route.path for route in ROUTES}) == len(ROUTES)
