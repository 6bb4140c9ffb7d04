"""People keep views of lists: their own, of lists that they may see, and nobody else's."""

from typing import Any

import pytest
from sqlmodel import Session, col, func, select

from buyside.db.views import SavedView
from buyside.domain.access import OPERATOR, Actor, Role
from buyside.domain.refusals import Refused
from buyside.domain.views import LONGEST_CONTENT, LONGEST_NAME, MOST_VIEWS
from buyside.operations.run import within
from buyside.operations.views import forget_view, keep_view
from buyside.queries.views import KeptView, kept_views
from tests.world import World

LATE = {
    "view": "all",
    "filter": {"late_days": ["greaterThan", "0"]},
    "sort": [["number", "asc"]],
    "columns": [],
    "quick": "",
}


class Desk:
    """A buyer and a manager with the list of orders before them."""

    def __init__(self, session: Session) -> None:
        self.session = session
        world = World(session)
        self.bea, self.max = world.user(Role.BUYER, name="Bea"), world.user(Role.MANAGER, name="Max")
        self.sam = world.user(Role.SALES, name="Sam")

    def keeps(self, name: str = "Late", *, actor: Actor | None = None, **more: Any) -> Any:
        arguments = {"grid": "orders", "content": LATE} | more
        return within(self.session, keep_view, actor or self.bea, name=name, **arguments)

    def forgets(self, view_id: int, *, actor: Actor | None = None) -> Any:
        return within(self.session, forget_view, actor or self.bea, view_id=view_id)

    def views(self, actor: Actor | None = None, grid: str = "orders") -> tuple[KeptView, ...]:
        self.session.expire_all()
        return kept_views(self.session, actor or self.bea, grid=grid)

    def refused(self, act: Any, *arguments: Any, **named: Any) -> str:
        def kept() -> list[dict[str, Any]]:
            self.session.expire_all()
            return [each.model_dump() for each in self.session.exec(select(SavedView).order_by(col(SavedView.id)))]

        before = kept()
        with pytest.raises(Refused) as refusal, self.session.begin_nested():
            act(*arguments, **named)
        assert kept() == before
        return refusal.value.code


@pytest.fixture
def desk(session: Session) -> Desk:
    return Desk(session)


def test_a_view_is_kept_as_it_was_given_and_found_by_its_owner_alone(desk: Desk) -> None:
    kept = desk.keeps("  Late   orders ", is_first=True)
    [found] = desk.views()
    assert found == KeptView(kept.view_id, "orders", "Late orders", LATE, is_first=True)
    assert desk.views(desk.max) == ()


def test_views_are_listed_by_name_whatever_its_letters(desk: Desk) -> None:
    for name in ("late", "Drafts", "In March"):
        desk.keeps(name)
    assert [each.name for each in desk.views()] == ["Drafts", "In March", "late"]


def test_a_view_of_the_same_name_takes_the_place_of_the_one_before(desk: Desk) -> None:
    first = desk.keeps()
    again = desk.keeps("LATE", content={"quick": "bolt"})
    assert again.view_id == first.view_id
    [found] = desk.views()
    assert found.name == "LATE"
    assert found.content == {"quick": "bolt"}
    assert desk.session.get_one(SavedView, first.view_id).version == 2


def test_two_people_keep_views_of_one_name(desk: Desk) -> None:
    mine, theirs = desk.keeps(), desk.keeps(actor=desk.max, content={"quick": "nut"})
    assert mine.view_id != theirs.view_id
    assert desk.views()[0].content == LATE


def test_one_view_of_a_list_goes_first_and_it_is_the_last_one_kept_so(desk: Desk) -> None:
    desk.keeps("Late", is_first=True)
    desk.keeps("Drafts", is_first=True)
    desk.keeps("Sold", grid="sales-orders", is_first=True)
    desk.keeps("Late", actor=desk.max, is_first=True)
    assert [each.name for each in desk.views() if each.is_first] == ["Drafts"]
    assert [each.name for each in desk.views(desk.max) if each.is_first] == ["Late"]
    assert [each.name for each in desk.views(grid="sales-orders") if each.is_first] == ["Sold"]
    desk.keeps("Drafts")
    assert [each.name for each in desk.views() if each.is_first] == []


def test_a_view_that_is_kept_again_unchanged_writes_nothing(desk: Desk) -> None:
    kept = desk.keeps()
    desk.keeps()
    assert desk.session.get_one(SavedView, kept.view_id).version == 1


def test_a_view_is_forgotten_by_its_owner(desk: Desk) -> None:
    kept = desk.keeps()
    assert desk.forgets(kept.view_id) == "Late"
    assert desk.views() == ()
    assert desk.refused(desk.forgets, kept.view_id) == "access.not-found"


@pytest.mark.rule("ACC-3")
def test_nobody_forgets_the_view_of_somebody_else(desk: Desk) -> None:
    kept = desk.keeps()
    assert desk.refused(desk.forgets, kept.view_id, actor=desk.max) == "access.not-found"


@pytest.mark.rule("ACC-3")
def test_a_list_that_one_may_not_see_has_no_views(desk: Desk) -> None:
    assert desk.refused(desk.keeps, actor=desk.sam) == "access.not-allowed"
    assert desk.refused(desk.views, desk.sam) == "access.not-allowed"
    assert desk.refused(desk.keeps, grid="secrets") == "access.not-found"
    assert desk.refused(desk.views, grid="secrets") == "access.not-found"


def test_the_operator_at_the_command_line_keeps_no_views(desk: Desk) -> None:
    assert desk.refused(desk.keeps, actor=OPERATOR) == "views.nobodys"
    assert desk.refused(desk.forgets, 1, actor=OPERATOR) == "views.nobodys"
    assert desk.views(OPERATOR) == ()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"name": "   "}, "views.name-missing"),
        ({"name": "x" * (LONGEST_NAME + 1)}, "views.name-too-long"),
        ({"content": {"quick": "x" * LONGEST_CONTENT}}, "general.unreadable"),
        ({"content": {"quick": float("nan")}}, "general.unreadable"),
        ({"content": {"quick": "a\0b"}}, "general.unreadable"),
        ({"content": {"quick": "\ud800"}}, "general.unreadable"),
        ({"content": {"quick": {1, 2}}}, "general.unreadable"),
    ],
)
def test_a_view_that_cannot_be_kept_is_refused(desk: Desk, changes: dict[str, Any], code: str) -> None:
    assert desk.refused(desk.keeps, **changes) == code


def test_nobody_keeps_more_views_of_a_list_than_can_be_chosen_from(desk: Desk) -> None:
    desk.session.add_all(
        SavedView(user_id=desk.bea.user_id, grid="orders", name=f"View {number}", content={})
        for number in range(MOST_VIEWS)
    )
    desk.session.flush()
    assert desk.refused(desk.keeps, "One more") == "views.too-many"
    desk.keeps("View 7")  # which is there already
    desk.keeps("One more", grid="sales-orders")
    assert desk.session.exec(select(func.count(col(SavedView.id)))).one() == MOST_VIEWS + 1
