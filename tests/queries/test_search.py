"""One search over everything that a person may look at: by beginnings, parts and words, and in spite of slips of the finger."""

from collections.abc import Callable

import pytest
from sqlmodel import Session

from buyside.domain.access import Actor, Role
from buyside.queries.search import Found, find_anything
from tests.world import World

Search = Callable[[str], set[tuple[str, str]]]


@pytest.mark.rule("ACC-2")
def test_everything_is_found_by_code_name_and_vendor_part_as_far_as_roles_reach(session: Session) -> None:
    world = World(session)
    main, bolt, bike = world.warehouse(), world.item("Hex bolt", code="HB-8"), world.variant("Hexabike")
    acme = world.vendor("Hexagon").supplies(bolt, part="ZZ-4711")
    order, _ = world.order(acme, main)
    demand, _ = world.sales_order(main, (bike, 1), customer="Hexenhaus")
    buyer, sales, receiver = (world.user(role) for role in (Role.BUYER, Role.SALES, Role.RECEIVER))

    def found(actor: Actor, text: str) -> set[tuple[str, str]]:
        return {(each.kind, each.name) for each in find_anything(session, actor, text=text)}

    assert found(buyer, "hex") == {
        ("item", "HB-8"),
        ("vendor", acme.row.code),
        ("variant", bike.sku),
        ("order", order.number),
        ("sales order", demand.number),
    }
    assert found(buyer, "zz-47") == {("item", "HB-8")}
    assert found(buyer, demand.number) == {("sales order", demand.number)}
    assert found(sales, "hex") == {("sales order", demand.number)}
    assert found(receiver, "hex") == {("variant", bike.sku)}
    assert found(buyer, "%") == set()


@pytest.fixture
def ask(session: Session) -> Callable[[str], tuple[Found, ...]]:
    """Searches as a buyer in a small company."""
    world = World(session)
    world.item("Derailleur, rear, black", code="DR-48064-72")
    world.item("Rear rack, steel", code="RR-100")
    world.item("Steel bolt M8", code="BO-8")
    world.item("Bolt cutter", code="TOOL-1")
    world.vendor("Björk Ståhl AB").supplies(world.item("Gasket", code="GA-1"), part="QX-77-1234")
    buyer = world.user(Role.BUYER)
    return lambda text: find_anything(session, buyer, text=text)


def _names(found: tuple[Found, ...]) -> list[str]:
    return [each.name for each in found]


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ("rear derail", "DR-48064-72"),
        ("derail rear", "DR-48064-72"),
        ("DERAILLEUR", "DR-48064-72"),
        ("48064", "DR-48064-72"),
        ("bol ste", "BO-8"),
        ("77-12", "GA-1"),
    ],
)
def test_what_is_written_so_is_found_and_is_no_guess(
    ask: Callable[[str], tuple[Found, ...]], asked: str, name: str
) -> None:
    found = ask(asked)
    assert name in _names(found)
    assert not any(each.is_guess for each in found)


def test_accents_and_case_do_not_matter(ask: Callable[[str], tuple[Found, ...]]) -> None:
    assert {each.kind for each in ask("bjork stahl")} == {"vendor"}
    assert _names(ask("BJÖRK")) == _names(ask("bjork"))


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ("deraileur", "DR-48064-72"),  # one letter missing
        ("derialleur", "DR-48064-72"),  # two swapped
        ("derallieur", "DR-48064-72"),  # two edits
        ("boltt cutter", "TOOL-1"),  # one too many, in one of two words
        ("dr-40864-72", "DR-48064-72"),  # a code with two figures swapped
        ("dr-4806-72", "DR-48064-72"),  # a code with one missing
        ("dr48064-72", "DR-48064-72"),
        ("qx-77-1243", "GA-1"),  # a vendor's part number
        ("bjrok", "Björk"),
    ],
)
def test_a_slip_of_the_finger_still_finds_and_says_that_it_is_a_guess(
    ask: Callable[[str], tuple[Found, ...]], asked: str, name: str
) -> None:
    found = ask(asked)
    assert any(name in f"{each.name} {each.says}" for each in found)
    assert all(each.is_guess for each in found)


def test_what_begins_so_goes_before_what_only_holds_it(ask: Callable[[str], tuple[Found, ...]]) -> None:
    assert _names(ask("bolt")).index("TOOL-1") < _names(ask("bolt")).index("BO-8")


@pytest.mark.parametrize("asked", ["", "  ", "' & | !", "\\", "q:*", "(((", "%_%", "x" * 80, "zzqqy"])
def test_anything_may_be_asked(ask: Callable[[str], tuple[Found, ...]], asked: str) -> None:
    assert ask(asked) == ()
