"""After signing in one lands on a page of ours, whatever the address asked for."""

import pytest

from buyside.web.auth import safe_path


@pytest.mark.parametrize("asked", ["/", "/orders", "/orders/2026-7-1?x=1", "/plan?view=late#top"])
def test_own_pages_are_gone_to(asked: str) -> None:
    assert safe_path(asked) == asked


@pytest.mark.rule("ACC-8")
@pytest.mark.parametrize(
    "asked",
    [
        "",
        "orders",
        "//evil.example",
        "///evil.example",
        "https://evil.example",
        "javascript:alert(1)",
        "/\\evil.example",
        "\\\\evil.example",
        "/%2f%2fevil.example",
        "/%5cevil.example",
        "/\tevil",
        "/ evil",
        "/\r\nset-cookie: x=1",
        "/auth/sign-out",
        "/api/grid/orders",
        "/_event",
        "/" + "a" * 600,
    ],
)
def test_everything_else_leads_to_the_start_page(asked: str) -> None:
    assert safe_path(asked) == "/"
