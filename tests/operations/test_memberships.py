"""Memberships: which vendors a vendor's user acts for, from when until when."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import Session, col, func, select

from buyside.db.audit import AuditEvent
from buyside.db.people import VendorMembership
from buyside.domain.access import Actor, Role
from buyside.domain.refusals import Refused
from buyside.domain.vendors import VendorStatus
from buyside.operations.memberships import end_membership, grant_membership
from buyside.operations.people_access import disable_user
from buyside.operations.run import within
from tests.world import World

ADMIN = Actor(user_id=None, name="An administrator", roles=frozenset({Role.ADMIN}))
OSLO = ZoneInfo("Europe/Oslo")


class Setup:
    """An organisation in Oslo, two vendors, and a vendor's user."""

    def __init__(self, session: Session) -> None:
        self.session = session
        world = World(session)
        world.organisation(time_zone="Europe/Oslo")
        self.acme, self.bolts = world.vendor("Acme"), world.vendor("Bolts")
        vera, ada = world.user(Role.VENDOR, name="Vera Stone"), world.user(Role.BUYER, name="Ada Quill")
        assert vera.user_id is not None
        assert ada.user_id is not None
        self.vera, self.ada = vera.user_id, ada.user_id
        self.today = datetime.now(OSLO).date()

    def grants(self, actor: Actor = ADMIN, **changes: Any) -> Any:
        arguments = {"vendor_id": self.acme.id, "user_id": self.vera} | changes
        return within(self.session, grant_membership, actor, **arguments)

    def ends(self, membership_id: int, actor: Actor = ADMIN, **more: Any) -> Any:
        return within(self.session, end_membership, actor, membership_id=membership_id, **more)

    def rows(self) -> list[dict[str, Any]]:
        self.session.expire_all()
        found = self.session.exec(select(VendorMembership).order_by(col(VendorMembership.id))).all()
        return [each.model_dump() for each in found]

    def refused(self, act: Any, *arguments: Any, **named: Any) -> str:
        before = self.rows(), self.session.exec(select(func.count(col(AuditEvent.id)))).one()
        with pytest.raises(Refused) as refusal, self.session.begin_nested():
            act(*arguments, **named)
        assert (self.rows(), self.session.exec(select(func.count(col(AuditEvent.id)))).one()) == before
        return refusal.value.code


@pytest.fixture
def setup(session: Session) -> Setup:
    return Setup(session)


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=OSLO)


@pytest.mark.rule("VEN-1")
def test_a_membership_holds_from_now_for_good(setup: Setup) -> None:
    done = setup.grants()
    assert abs(done.begins_at - datetime.now(UTC)) < timedelta(seconds=10)
    assert done.ends_at is None
    [row] = setup.rows()
    assert (row["vendor_id"], row["user_id"], row["id"]) == (setup.acme.id, setup.vera, done.membership_id)


@pytest.mark.rule("VEN-1")
def test_days_are_the_organisations_and_the_last_one_counts(setup: Setup) -> None:
    begins, ends = setup.today + timedelta(days=3), setup.today + timedelta(days=10)
    done = setup.grants(begins_on=begins, ends_on=ends)
    assert done.begins_at == midnight(begins)
    assert done.ends_at == midnight(ends + timedelta(days=1))
    today = setup.grants(vendor_id=setup.bolts.id, begins_on=setup.today, ends_on=setup.today)
    assert today.begins_at < today.ends_at == midnight(setup.today + timedelta(days=1))


@pytest.mark.rule("VEN-1")
def test_somebody_acts_for_several_vendors_and_a_vendor_has_several_people(setup: Setup) -> None:
    setup.grants()
    setup.grants(vendor_id=setup.bolts.id)
    other = World(setup.session).user(Role.VENDOR)
    setup.grants(user_id=other.user_id)
    assert len(setup.rows()) == 3


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"vendor_id": 987_654_321}, "access.not-found"),
        ({"user_id": 987_654_321}, "access.not-found"),
        pytest.param({"user_id": "ada"}, "memberships.only-vendors-users", marks=pytest.mark.rule("ACC-1")),
        ({"begins": -1}, "general.out-of-range"),
        ({"begins": 2, "ends": 1}, "general.out-of-range"),
        ({"ends": -1}, "general.out-of-range"),
    ],
)
def test_a_membership_that_cannot_be_leaves_nothing_behind(setup: Setup, changes: dict[str, Any], code: str) -> None:
    arguments = {name: value for name, value in changes.items() if name.endswith("_id")}
    if arguments.get("user_id") == "ada":
        arguments["user_id"] = setup.ada
    for name in ("begins", "ends"):
        if name in changes:
            arguments[f"{name}_on"] = setup.today + timedelta(days=changes[name])
    assert setup.refused(setup.grants, **arguments) == code


@pytest.mark.rule("VEN-2")
@pytest.mark.parametrize("status", list(VendorStatus))
def test_an_inactive_vendor_gets_no_members(setup: Setup, status: VendorStatus) -> None:
    setup.acme.row.status = status.value
    setup.session.flush()
    if status is VendorStatus.INACTIVE:
        assert setup.refused(setup.grants) == "memberships.vendor-inactive"
    else:
        assert setup.grants().vendor_id == setup.acme.id


def test_a_disabled_person_gets_no_membership(setup: Setup) -> None:
    within(setup.session, disable_user, ADMIN, user_id=setup.vera, version=1, at=datetime.now(UTC))
    assert setup.refused(setup.grants) == "lifecycle.wrong-state"


@pytest.mark.rule("VEN-1")
def test_memberships_of_one_person_for_one_vendor_do_not_overlap(setup: Setup) -> None:
    first = setup.grants(ends_on=setup.today + timedelta(days=5))
    assert setup.refused(setup.grants) == "memberships.member-already"
    assert setup.refused(setup.grants, begins_on=setup.today + timedelta(days=5)) == "memberships.member-already"
    later = setup.grants(begins_on=setup.today + timedelta(days=6))  # one after the other is fine
    assert later.begins_at == first.ends_at
    setup.ends(first.membership_id)
    again = setup.grants(ends_on=setup.today + timedelta(days=5))  # up to the one that begins then
    assert again.ends_at == later.begins_at
    assert setup.refused(setup.grants, ends_on=setup.today) == "memberships.member-already"


@pytest.mark.rule("VEN-1")
def test_a_membership_ends_at_once_or_with_a_day(setup: Setup) -> None:
    granted = setup.grants()
    later = setup.ends(granted.membership_id, ends_on=setup.today + timedelta(days=2))
    assert later.ends_at == midnight(setup.today + timedelta(days=3))
    now = setup.ends(granted.membership_id)
    assert granted.begins_at <= now.ends_at <= datetime.now(UTC) + timedelta(seconds=10)
    assert setup.refused(setup.ends, granted.membership_id) == "memberships.ended-already"
    assert setup.refused(setup.ends, 987_654_321) == "access.not-found"


def test_a_membership_that_had_not_begun_never_does(setup: Setup) -> None:
    granted = setup.grants(begins_on=setup.today + timedelta(days=9))
    ended = setup.ends(granted.membership_id)
    assert ended.ends_at == ended.begins_at
    assert setup.refused(setup.ends, granted.membership_id) == "memberships.ended-already"


def test_a_membership_does_not_end_in_the_past(setup: Setup) -> None:
    granted = setup.grants()
    yesterday = setup.today - timedelta(days=1)
    assert setup.refused(setup.ends, granted.membership_id, ends_on=yesterday) == "general.out-of-range"


@pytest.mark.rule("ACC-6")
def test_the_trail_tells_who_opened_and_closed_a_vendor_to_whom(setup: Setup) -> None:
    granted = setup.grants()
    setup.ends(granted.membership_id)
    events = setup.session.exec(select(AuditEvent).order_by(col(AuditEvent.id).desc()).limit(2)).all()
    assert [each.operation for each in events] == ["end_membership", "grant_membership"]
    [end], [grant] = events[0].changes, events[1].changes
    assert (grant["kind"], grant["id"]) == (end["kind"], end["id"]) == ("vendor_membership", granted.membership_id)
    assert (grant["before"], end["before"]["ends_at"]) == (None, None)
    assert end["after"]["ends_at"]


@pytest.mark.rule("ACC-2")
@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
def test_only_administrators_open_vendors_to_people(setup: Setup, role: Role) -> None:
    granted = setup.grants()
    actor = Actor(user_id=None, name="Somebody", roles=frozenset({role}))
    assert setup.refused(setup.grants, actor, vendor_id=setup.bolts.id) == "access.not-allowed"
    assert setup.refused(setup.ends, granted.membership_id, actor) == "access.not-allowed"
