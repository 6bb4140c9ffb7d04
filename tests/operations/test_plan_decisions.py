"""Decisions on the draft plan: contracts, order days, offers, parts, several lines at once."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from sqlmodel import Session, col, select

from buyside.db.contracts import Contract, ContractItem
from buyside.db.items import Item, VendorItem
from buyside.db.orders import PurchaseOrder
from buyside.db.plans import PlanLine, PlanningRun
from buyside.db.stock import Warehouse
from buyside.db.vendors import Vendor, VendorClosingDay
from buyside.domain.access import Actor, Role
from buyside.domain.locales import shown_date
from buyside.domain.refusals import Refused
from buyside.domain.sheet_changes import RowChange, RowsRefused
from buyside.operations.plan_line_sets import SetAct, decide_plan_lines
from buyside.operations.plan_lines import change_plan_line, change_plan_lines, leave_out_line, take_better_offer
from buyside.operations.plan_splits import LinePart, join_plan_line, split_plan_line
from buyside.operations.run import within
from buyside.queries.plan_line_rows import closed_lines
from tests.world import NOW, TODAY, AVendor, World

BUYER = Actor(user_id=None, name="buyer", roles=frozenset({Role.BUYER}))
NEEDED = TODAY + timedelta(days=30)
SUGGESTED = (
    "suggested_needed_on", "suggested_vendor_item_id", "suggested_quantity_packs", "suggested_unit_price", "shortage",
    "suggested_contract_id", "reason",
)  # fmt: skip


@dataclass
class Draft:
    """A run with a line of seven frames: ten of Acme at 70 (fives, list 80/70/60), or packs of two of Best."""

    session: Session
    world: World
    run: PlanningRun
    main: Warehouse
    frame: Item
    acme: AVendor
    best: AVendor
    acme_frame: VendorItem
    best_frame: VendorItem
    line: PlanLine

    def of(self, item: Item, mapping: VendorItem | None, quantity: str, price: str | None, **columns: Any) -> PlanLine:
        """A line as a run stores one."""
        columns.setdefault("needed_on", NEEDED)
        return self.world.add(
            PlanLine(
                run_id=self.run.id, item_id=item.id, warehouse_id=self.main.id,
                suggested_needed_on=columns["needed_on"], suggested_vendor_item_id=mapping.id if mapping else None,
                suggested_quantity_packs=Decimal(quantity), suggested_unit_price=None if price is None else Decimal(price),
                shortage=columns.pop("shortage", Decimal(quantity)), reason="Short.",
                order_by=columns["needed_on"] - timedelta(days=7), vendor_item_id=mapping.id if mapping else None,
                unit_id=mapping.purchase_unit_id if mapping else item.unit_id,
                unit_factor=mapping.unit_factor if mapping else Decimal(1), quantity_packs=Decimal(quantity),
                unit_price=None if price is None else Decimal(price), currency_code="EUR" if price else None, **columns,
            )
        )  # fmt: skip

    def contract(self, number: str, vendor: AVendor, *, price: str | None = None, **columns: Any) -> Contract:
        agreed = {"quantity": columns.pop("quantity", None), "unit_price": None if price is None else Decimal(price)}
        made = self.world.add(
            Contract(
                number=number, vendor_id=vendor.id, currency_code=columns.pop("currency", "EUR"),
                valid_from=TODAY - timedelta(days=90), valid_to=columns.pop("valid_to", TODAY + timedelta(days=90)), **columns,
            )
        )  # fmt: skip
        self.world.add(ContractItem(contract_id=made.id, item_id=self.frame.id, **agreed))
        return made

    def change(self, **change: Any) -> Any:
        return within(self.session, change_plan_line, BUYER, line_id=self.line.id, version=self.line.version, **change)

    def split(self, *parts: LinePart) -> Any:
        return within(
            self.session, split_plan_line, BUYER, line_id=self.line.id, version=self.line.version, parts=parts
        )

    def lines(self) -> list[PlanLine]:
        return list(
            self.session.exec(select(PlanLine).where(PlanLine.run_id == self.run.id).order_by(col(PlanLine.id)))
        )


@pytest.fixture
def draft(session: Session) -> Draft:
    world = World(session)
    run = world.add(PlanningRun(as_of=TODAY, scope={}, state="done", counts={"pegs": 0}, started_at=NOW))
    main, frame = world.warehouse("Main"), world.item("Frame")
    acme = world.vendor("Acme").supplies(frame, price="80", breaks={10: "70", 100: "60"}, multiple=5)
    best = world.vendor("Best").supplies(frame, pack=2, price="150", lead_days=40, preference=2, minimum=8)
    mappings = session.exec(select(VendorItem).where(VendorItem.item_id == frame.id).order_by(col(VendorItem.id))).all()
    made = Draft(session, world, run, main, frame, acme, best, *mappings, line=None)  # type: ignore[arg-type]
    made.line = made.of(frame, mappings[0], "10", "70", shortage=Decimal(7))
    return made


def refusal(act: Any) -> str:
    with pytest.raises(Refused) as refused:
        act()
    return refused.value.code


# --- contracts ---------------------------------------------------------------------------------------------------------
@pytest.mark.rule("PLAN-11")
@pytest.mark.rule("VEN-4")
def test_a_line_on_a_contract_takes_its_price_and_goes_back_to_the_list_without_it(draft: Draft) -> None:
    contract = draft.contract("C-1", draft.acme, price="65")
    done = draft.change(contract_id=contract.id)
    assert (done.contract_id, done.unit_price, draft.line.suggested_unit_price) == (
        contract.id,
        Decimal(65),
        Decimal(70),
    )
    assert draft.change(quantity_packs=Decimal(100)).unit_price == 65
    done = draft.change(contract_id=0)
    assert (done.contract_id, done.unit_price) == (None, Decimal(60))


@pytest.mark.rule("VEN-4")
def test_a_contract_without_a_price_leaves_the_lists(draft: Draft) -> None:
    assert draft.change(contract_id=draft.contract("C-1", draft.acme, amount=Decimal(5000)).id).unit_price == 70


@pytest.mark.rule("CON-3")
@pytest.mark.parametrize(("quantity", "code"), [("12", None), ("13", "plans.contract-exhausted")])
def test_a_contract_gives_no_more_than_is_left_of_its_quantity(draft: Draft, quantity: str, code: str | None) -> None:
    contract = draft.contract("C-1", draft.acme, price="65", quantity=Decimal(30))
    order, _ = draft.world.order(draft.acme, draft.main, (draft.frame, 8))
    gone, _ = draft.world.order(draft.acme, draft.main, (draft.frame, 20))
    order.contract_id = gone.contract_id = contract.id
    gone.state = "cancelled"
    draft.of(draft.frame, draft.acme_frame, "10", "65", contract_id=contract.id)  # of the same plan, to be ordered too
    draft.world.add(order)

    def change() -> Any:
        return draft.change(contract_id=contract.id, quantity_packs=Decimal(quantity))

    if code is None:
        assert change().contract_id == contract.id
    else:
        assert refusal(change) == code


@pytest.mark.rule("CON-3")
def test_a_contracts_amount_counts_what_was_received_of_a_closed_order_and_tells_what_is_left(draft: Draft) -> None:
    contract = draft.contract("C-1", draft.acme, price="65", amount=Decimal(1000))
    order, [line] = draft.world.order(draft.acme, draft.main, (draft.frame, 10, 50))
    order.contract_id, order.state, line.received_quantity = contract.id, "closed", Decimal(4)
    draft.world.session.add_all([order, line])
    assert draft.change(contract_id=contract.id, quantity_packs=Decimal(12)).unit_price == 65
    with pytest.raises(Refused, match=r"C-1 has 800\.00 EUR left; this line asks for 845\.00 EUR"):
        draft.change(quantity_packs=Decimal(13))
    german = replace(BUYER, locale="de_DE")
    change = RowChange(str(draft.line.id), draft.line.version, {"quantity_packs": "13"})
    with pytest.raises(RowsRefused) as refused:
        within(draft.session, change_plan_lines, german, changes=(change,))
    assert refused.value.problems[0].says == "C-1 has 800,00 EUR left; this line asks for 845,00 EUR."
    draft.contract("C-2", draft.acme, price="65", quantity=Decimal(1000))
    short = RowChange(str(draft.line.id), draft.line.version, {"contract": "C-2", "quantity_packs": "1001"})
    with pytest.raises(RowsRefused) as refused:
        within(draft.session, change_plan_lines, german, changes=(short,))
    assert refused.value.problems[0].says == "C-2 has 1.000 pcs left; this line asks for 1.001 pcs."
    done = within(
        draft.session, change_plan_line, german,
        line_id=draft.line.id, version=draft.line.version, quantity_packs=Decimal(1), contract_id=0,
    )  # fmt: skip
    assert done.remarks == ("Not a multiple of 5, in which the vendor delivers.",)


@pytest.mark.rule("PLAN-7")
@pytest.mark.parametrize(
    ("columns", "why"),
    [({"status": "suspended"}, "not active"), ({"valid_to": TODAY - timedelta(days=1)}, "not active"), ({}, "vendor")],
)
def test_a_contract_that_is_not_valid_or_anothers_is_refused(draft: Draft, columns: dict[str, Any], why: str) -> None:
    contract = draft.contract("C-1", draft.acme if columns else draft.best, price="65", **columns)
    with pytest.raises(Refused, match=why) as refused:
        draft.change(contract_id=contract.id)
    assert refused.value.code == "plans.contract-not-usable"
    assert draft.line.contract_id is None


def test_a_contract_stays_behind_when_another_vendor_takes_over(draft: Draft) -> None:
    draft.change(contract_id=draft.contract("C-1", draft.acme, price="65").id)
    done = draft.change(vendor_item_id=draft.best_frame.id)
    assert (done.contract_id, done.unit_price, done.quantity_packs) == (None, Decimal(150), Decimal(8))


# --- order days ----------------------------------------------------------------------------------------------------------
@pytest.mark.rule("VEN-6")
@pytest.mark.rule("PLAN-9")
def test_the_order_by_date_is_a_day_on_which_the_vendor_takes_orders(draft: Draft) -> None:
    vendor = draft.session.get_one(Vendor, draft.acme.id)
    vendor.order_weekdays = "mon"
    draft.world.add(VendorClosingDay(vendor_id=vendor.id, from_day="03-09", to_day="03-15"))
    done = draft.change(needed_on=date(2026, 3, 20))
    # Seven days before the twentieth is Friday the thirteenth; Monday the ninth is closed, the second is the day of the run.
    assert (done.order_by, done.late_days, done.arrives_on) == (date(2026, 3, 2), 0, date(2026, 3, 9))
    late = draft.change(needed_on=date(2026, 3, 6))
    assert (late.order_by, late.late_days, late.arrives_on) == (date(2026, 2, 23), 7, date(2026, 3, 9))


# --- the larger order ----------------------------------------------------------------------------------------------------
@pytest.mark.rule("PLAN-8")
def test_the_larger_order_that_costs_less_is_taken_as_it_was_advised(draft: Draft) -> None:
    draft.line.better_quantity_packs, draft.line.better_unit_price = Decimal(100), Decimal(60)
    draft.line.saving = Decimal(1)
    done = within(draft.session, take_better_offer, BUYER, line_id=draft.line.id, version=1)
    assert (done.quantity_packs, done.unit_price, draft.line.suggested_quantity_packs) == (100, 60, 10)
    again = {"line_id": draft.line.id, "version": done.version}
    assert refusal(lambda: within(draft.session, take_better_offer, BUYER, **again)) == "plans.no-better-offer"


@pytest.mark.rule("PLAN-8")
def test_a_line_without_advice_has_no_better_offer(draft: Draft) -> None:
    at = {"line_id": draft.line.id, "version": 1}
    assert refusal(lambda: within(draft.session, take_better_offer, BUYER, **at)) == "plans.no-better-offer"


# --- parts ---------------------------------------------------------------------------------------------------------------
@pytest.mark.rule("PLAN-11")
def test_a_line_is_split_over_vendors_and_dates_and_the_suggestion_stays_with_the_first(draft: Draft) -> None:
    before = {name: getattr(draft.line, name) for name in SUGGESTED}
    later = NEEDED + timedelta(days=14)
    done = draft.split(
        LinePart(Decimal(4)), LinePart(Decimal(1), draft.best_frame.id), LinePart(Decimal(4), needed_on=later)
    )
    first, second, third = draft.lines()
    assert {name: getattr(first, name) for name in SUGGESTED} == before
    assert [(each.quantity_packs, each.unit_price, each.needed_on) for each in (first, second, third)] == [
        (4, Decimal(80), NEEDED), (1, Decimal(150), NEEDED), (4, Decimal(80), later),
    ]  # fmt: skip
    assert [(each.split_from_id, each.suggested_quantity_packs) for each in (second, third)] == [(first.id, 0)] * 2
    assert done.remarks == (
        "Not a multiple of 5, in which the vendor delivers.", "Below the vendor's minimum of 8.",
    )  # fmt: skip
    assert len(done.lines) == 3


@pytest.mark.rule("PLAN-11")
@pytest.mark.parametrize(("second", "says"), [("10", "bring 5 pcs more"), ("1", "bring 4 pcs less"), ("5", "")])
def test_parts_that_do_not_add_up_are_remarked(draft: Draft, second: str, says: str) -> None:
    remarks = " ".join(draft.split(LinePart(Decimal(5)), LinePart(Decimal(second))).remarks)
    assert says in remarks
    assert bool(says) == ("than the line did" in remarks)


@pytest.mark.rule("PLAN-11")
def test_joining_brings_back_what_the_parts_brought(draft: Draft) -> None:
    draft.split(LinePart(Decimal(5)), LinePart(Decimal(2), draft.best_frame.id), LinePart(Decimal(1)))
    part = draft.lines()[-1]
    done = within(draft.session, join_plan_line, BUYER, line_id=part.id, version=part.version).line
    assert (done.line_id, done.quantity_packs, done.unit_price) == (draft.line.id, Decimal(10), Decimal(70))
    assert [each.id for each in draft.lines()] == [draft.line.id]
    assert (
        refusal(lambda: within(draft.session, join_plan_line, BUYER, line_id=draft.line.id, version=done.version))
        == "plans.not-split"
    )


DECIDED = ("quantity_packs", "vendor_item_id", "needed_on", "unit_price", "contract_id", "order_by", "arrives_on")


def stands(lines: list[PlanLine]) -> list[list[Any]]:
    return [[getattr(each, name) for name in DECIDED] for each in lines]


@pytest.mark.rule("PLAN-11")
def test_a_split_is_taken_back_to_the_line_as_it_was(draft: Draft) -> None:
    draft.change(
        quantity_packs=Decimal(10), unit_price=Decimal("66.6"), contract_id=draft.contract("C-1", draft.acme).id
    )
    before = stands(draft.lines())
    later = NEEDED + timedelta(days=9)
    done = draft.split(LinePart(Decimal(3), draft.best_frame.id, later), LinePart(Decimal(9)))
    seen = tuple((each.line_id, each.version) for each in done.lines[1:])
    at = {"line_id": draft.line.id, "version": done.lines[0].version, "as_was": done.was}
    within(draft.session, join_plan_line, BUYER, **at, seen=seen)
    assert stands(draft.lines()) == before


@pytest.mark.rule("PLAN-11")
def test_a_split_is_not_taken_back_over_what_somebody_decided_on_a_part_meanwhile(draft: Draft) -> None:
    done = draft.split(LinePart(Decimal(5)), LinePart(Decimal(5)), LinePart(Decimal(1)))
    seen = tuple((each.line_id, each.version) for each in done.lines[1:])
    at = {"line_id": draft.line.id, "version": done.lines[0].version, "as_was": done.was, "seen": seen}
    other = {"line_id": done.lines[1].line_id, "version": done.lines[1].version}
    within(draft.session, change_plan_line, BUYER, **other, quantity_packs=Decimal(15))
    assert refusal(lambda: within(draft.session, join_plan_line, BUYER, **at)) == "general.stale"
    assert len(draft.lines()) == 3


@pytest.mark.rule("PLAN-11")
def test_a_join_is_taken_back_into_the_same_parts(draft: Draft) -> None:
    contract = draft.contract("C-1", draft.best, price="140")
    draft.split(
        LinePart(Decimal(5), unit_price=Decimal(71)),
        LinePart(Decimal(2), draft.best_frame.id, NEEDED + timedelta(days=9), contract_id=contract.id),
        LinePart(Decimal(1)),
    )
    before = stands(draft.lines())
    at = {"line_id": draft.line.id, "version": draft.line.version}
    done = within(draft.session, join_plan_line, BUYER, **at)
    assert len(draft.lines()) == 1
    draft.split(*done.was)
    assert stands(draft.lines()) == before


@pytest.mark.rule("PLAN-11")
@pytest.mark.rule("PLAN-8")
def test_shares_are_whole_lots_of_each_parts_vendor_and_bring_the_whole(draft: Draft) -> None:
    draft.change(quantity_packs=Decimal(40))
    third = [LinePart(share_percent=Decimal(33)) for _ in range(3)]
    assert not draft.split(*third).remarks
    assert [each.quantity_packs for each in draft.lines()] == [15, 15, 10], (
        "lots of five; what is left goes by remainder"
    )
    at = {"line_id": draft.line.id, "version": draft.line.version}
    within(draft.session, join_plan_line, BUYER, **at)
    other = LinePart(vendor_item_id=draft.best_frame.id, share_percent=Decimal(50))  # in packs of two
    assert not draft.split(LinePart(share_percent=Decimal(50)), other).remarks
    assert [each.quantity_packs for each in draft.lines()] == [20, 10]


@pytest.mark.rule("PLAN-11")
@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ((LinePart(share_percent=Decimal(60)), LinePart(share_percent=Decimal(30))), "plans.shares-not-whole"),
        ((LinePart(share_percent=Decimal(60)), LinePart(Decimal(4))), "plans.shares-mixed"),
        ((LinePart(share_percent=Decimal(60)), LinePart()), "plans.shares-mixed"),
        ((LinePart(share_percent=Decimal(99)), LinePart(share_percent=Decimal(1))), "plans.part-empty"),
        ((LinePart(share_percent=Decimal(101)), LinePart(share_percent=Decimal(-1))), "general.not-positive"),
    ],
)
def test_shares_that_cannot_be_are_refused(draft: Draft, parts: tuple[LinePart, ...], code: str) -> None:
    assert refusal(lambda: draft.split(*parts)) == code
    assert len(draft.lines()) == 1


@pytest.mark.rule("PLAN-11")
def test_a_price_that_was_typed_goes_on_in_the_parts_and_back(draft: Draft) -> None:
    draft.change(unit_price=Decimal("66.6"))
    draft.split(LinePart(Decimal(5)), LinePart(Decimal(5)))
    assert {each.unit_price for each in draft.lines()} == {Decimal("66.6")}
    done = within(draft.session, join_plan_line, BUYER, line_id=draft.line.id, version=draft.line.version).line
    assert (done.quantity_packs, done.unit_price) == (Decimal(10), Decimal("66.6"))


@pytest.mark.rule("PLAN-11")
@pytest.mark.parametrize(
    ("part", "code"),
    [
        (LinePart(Decimal(0)), "general.not-positive"),
        (LinePart(Decimal("NaN")), "general.not-a-number"),
        (LinePart(Decimal("0.5")), "plans.too-fine"),
        (LinePart(Decimal(1), unit_price=Decimal("0.0000001")), "general.not-a-number"),
        (LinePart(Decimal(1), needed_on=date(1900, 1, 1)), "general.date-out-of-reach"),
        (LinePart(Decimal(1), vendor_item_id=987_654_321), "access.not-found"),
        (LinePart(Decimal(1), contract_id=987_654_321), "access.not-found"),
    ],
)
def test_an_impossible_part_refuses_the_whole_split(draft: Draft, part: LinePart, code: str) -> None:
    assert refusal(lambda: draft.split(LinePart(Decimal(5)), part)) == code
    assert refusal(lambda: draft.split(LinePart(Decimal(5)))) == "plans.not-parts"


@pytest.mark.rule("CON-3")
def test_parts_draw_on_a_contract_together(draft: Draft) -> None:
    contract = draft.contract("C-1", draft.acme, price="65", quantity=Decimal(9))
    parts = [LinePart(Decimal(5), contract_id=contract.id), LinePart(Decimal(5), contract_id=contract.id)]
    assert refusal(lambda: draft.split(*parts)) == "plans.contract-exhausted"
    assert len(draft.split(LinePart(Decimal(5), contract_id=contract.id), LinePart(Decimal(5))).lines) == 2


def test_a_locked_line_and_one_that_was_ordered_are_not_split(draft: Draft) -> None:
    within(draft.session, decide_plan_lines, BUYER, line_ids=(draft.line.id,), act=SetAct.LOCK)
    assert refusal(lambda: draft.split(LinePart(Decimal(5)), LinePart(Decimal(5)))) == "plans.line-locked"


# --- several at once -----------------------------------------------------------------------------------------------------
@pytest.mark.rule("PLAN-11")
def test_several_lines_are_left_out_with_one_reason_and_taken_back(draft: Draft) -> None:
    other = draft.of(draft.frame, draft.acme_frame, "5", "80")
    ids = (draft.line.id, other.id)
    assert refusal(lambda: within(draft.session, decide_plan_lines, BUYER, line_ids=ids, act=SetAct.LEAVE_OUT)) == (
        "general.reason-missing"
    )
    done = within(draft.session, decide_plan_lines, BUYER, line_ids=ids, act=SetAct.LEAVE_OUT, reason="Enough")
    assert [(each.state, each.left_out_reason) for each in draft.lines()] == [("left_out", "Enough")] * 2
    back = within(draft.session, decide_plan_lines, BUYER, line_ids=done.line_ids, act=SetAct.TAKE_BACK)
    assert set(back.reasons.values()) == {"Enough"}
    assert [(each.state, each.left_out_reason, each.version) for each in draft.lines()] == [("open", "", 3)] * 2


@pytest.mark.rule("PLAN-11")
def test_of_several_lines_those_that_can_are_decided_on_and_the_others_are_named_with_the_reason(draft: Draft) -> None:
    locked = draft.of(draft.frame, draft.acme_frame, "5", "80", is_locked=True)
    gone = draft.of(draft.frame, draft.acme_frame, "6", "80", state="left_out", left_out_reason="Enough")
    decide = partial(within, draft.session, decide_plan_lines, replace(BUYER, locale="de_DE"))
    named, day = draft.frame.code, shown_date(NEEDED, "de_DE")
    with pytest.raises(Refused, match=f"{named} of {day} is left out") as refused:
        decide(line_ids=(locked.id, gone.id), act=SetAct.LOCK)  # the one is so already, the other cannot be
    assert refused.value.code == "plans.none-can"
    assert [each.version for each in draft.lines()] == [1, 1, 1]

    ids = (draft.line.id, locked.id, gone.id)
    done = decide(line_ids=ids, act=SetAct.LOCK)
    assert (done.line_ids, done.cannot, done.closed) == ((draft.line.id,), 1, (gone.id,))
    assert done.cannot_says == f"{named} of {day} is left out."
    assert [each.is_locked for each in draft.lines()] == [True, True, False]
    back = decide(line_ids=done.line_ids, act=SetAct.UNLOCK)
    assert (back.line_ids, back.cannot, back.cannot_says) == ((draft.line.id,), 0, "")

    done = decide(line_ids=ids, act=SetAct.LEAVE_OUT, reason="Really")
    assert (done.line_ids, done.cannot_says) == ((draft.line.id,), f"{named} of {day} is locked.")
    assert done.closed == (draft.line.id, gone.id)
    assert [each.left_out_reason for each in draft.lines()] == ["Really", "", "Enough"]
    asked = (gone.id, 987_654_321, locked.id, draft.line.id)
    assert closed_lines(draft.session, BUYER, line_ids=asked) == [gone.id, 987_654_321, draft.line.id]
    assert closed_lines(draft.session, BUYER, line_ids=()) == []


def test_more_lines_than_two_thousand_are_refused(draft: Draft) -> None:
    many = {"line_ids": tuple(range(1, 2002)), "act": SetAct.LOCK}
    assert refusal(lambda: within(draft.session, decide_plan_lines, BUYER, **many)) == "plans.too-many-lines"


# --- as a grid sends them ------------------------------------------------------------------------------------------------
def cells(draft: Draft, line: PlanLine, **change: str) -> Any:
    change_of = RowChange(str(line.id), line.version, change)
    return within(draft.session, change_plan_lines, BUYER, changes=(change_of,)).saved


@pytest.mark.rule("PLAN-11")
@pytest.mark.parametrize(
    "change",
    [
        {"quantity_packs": "100"},
        {"needed_on": "2026-05-05"},
        {"unit_price": "61.5"},
        {"vendor": "BEST"},
        {"contract": "c-1"},
        {"vendor": "BEST", "quantity_packs": "9", "unit_price": "140"},
    ],
)
def test_saving_what_stood_before_takes_any_change_back(draft: Draft, change: dict[str, str]) -> None:
    draft.contract("C-1", draft.acme, price="65")
    if "vendor" in change:
        change = change | {"vendor": draft.best.row.code.lower()}
    names = (
        "quantity_packs",
        "needed_on",
        "unit_price",
        "vendor_item_id",
        "contract_id",
        "unit_factor",
        "currency_code",
    )
    was = {name: getattr(draft.line, name) for name in names}
    [saved] = cells(draft, draft.line, **change)
    assert saved.before.keys() >= change.keys()
    assert {name: getattr(draft.line, name) for name in names} != was
    cells(draft, draft.line, **saved.before)
    assert {name: getattr(draft.line, name) for name in names} == was


@pytest.mark.rule("PLAN-11")
@pytest.mark.parametrize(
    ("change", "column", "code"),
    [
        ({"quantity_packs": "0"}, "quantity_packs", "general.not-positive"),
        ({"quantity_packs": "x"}, "quantity_packs", "general.unreadable"),
        ({"quantity_packs": "1e30"}, "quantity_packs", "general.unreadable"),
        ({"needed_on": "tomorrow"}, "needed_on", "general.unreadable"),
        ({"needed_on": "0001-01-01"}, "needed_on", "general.unreadable"),
        ({"vendor": "Nobody"}, "vendor", "general.unreadable"),
        ({"vendor": ""}, "vendor", "plans.vendor-needed"),
        ({"contract": "C-9"}, "contract", "general.unreadable"),
        ({"state": "converted"}, "state", "general.unreadable"),
    ],
)
def test_a_cell_that_cannot_be_is_told_at_the_cell(
    draft: Draft, change: dict[str, str], column: str, code: str
) -> None:
    with pytest.raises(RowsRefused) as refused:
        cells(draft, draft.line, **change)
    [problem] = refused.value.problems
    assert (problem.column, problem.code) == (column, code)


def test_of_two_lines_none_is_changed_when_one_is_stale(draft: Draft) -> None:
    other = draft.of(draft.frame, draft.acme_frame, "5", "80")
    changes = (
        RowChange(str(draft.line.id), 1, {"quantity_packs": "15"}),
        RowChange(str(other.id), 7, {"quantity_packs": "15"}),
    )
    with pytest.raises(RowsRefused) as refused:
        within(draft.session, change_plan_lines, BUYER, changes=changes)
    [problem] = refused.value.problems
    assert (problem.code, problem.theirs["quantity_packs"]) == ("general.stale", "5")


@pytest.mark.rule("PLAN-13")
def test_what_was_ordered_is_changed_by_no_decision(draft: Draft) -> None:
    order, [ordered] = draft.world.order(draft.acme, draft.main, (draft.frame, 10, 70))
    draft.line.state, draft.line.purchase_order_line_id = "converted", ordered.id
    draft.world.add(draft.line)
    assert isinstance(order, PurchaseOrder)
    at = {"line_id": draft.line.id, "version": 1}
    for act in (
        lambda: draft.change(quantity_packs=Decimal(5)),
        lambda: draft.split(LinePart(Decimal(5)), LinePart(Decimal(5))),
        lambda: within(draft.session, leave_out_line, BUYER, reason="No", **at),
        lambda: within(draft.session, take_better_offer, BUYER, **at),
        lambda: within(draft.session, join_plan_line, BUYER, **at),
    ):
        assert refusal(act) == "lifecycle.wrong-state"
    several = {"line_ids": (draft.line.id,), "reason": "No"}
    for each in SetAct:
        act = partial(within, draft.session, decide_plan_lines, BUYER, act=each, **several)
        assert refusal(act) == "plans.none-can"
    with pytest.raises(RowsRefused):
        cells(draft, draft.line, quantity_packs="5")
