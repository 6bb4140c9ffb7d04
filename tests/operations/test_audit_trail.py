"""Every operation leaves exactly one entry: who, when, what, which records, before and after (ACC-6)."""

import importlib
import inspect
import json
import pkgutil
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from sqlmodel import Session, SQLModel, col, func, select

import buyside.operations
from buyside.db.audit import AuditEvent, AuditSubject
from buyside.db.engine import sessions
from buyside.db.people import AppUser, UserSession
from buyside.db.plans import ActionMessage, PlanLine
from buyside.db.stock import Warehouse
from buyside.domain.access import INTERNAL_ROLES, OPERATOR, Actor, Permission, Role, needs, permission_of
from buyside.domain.refusals import Refused
from buyside.domain.schedules import Planned
from buyside.domain.sheet_changes import RowChange
from buyside.identity.logins import find_login
from buyside.ledgers import audit
from buyside.operations.bank_accounts import (
    approve_account,
    propose_account,
    propose_end,
    reject_account,
    reveal_account,
    withdraw_account,
)
from buyside.operations.invitations import invite_user, renew_invitation, revoke_invitation
from buyside.operations.memberships import end_membership, grant_membership
from buyside.operations.messages import (
    dismiss_messages,
    finish_messages,
    reopen_messages,
    snooze_messages,
    take_messages,
)
from buyside.operations.order_lines import add_line, change_line, remove_line
from buyside.operations.orders import cancel_order, close_order, hold_order, issue_order, save_order
from buyside.operations.packs import import_pack
from buyside.operations.people import Address, add_user, change_user, set_organisation
from buyside.operations.people_access import disable_user, enable_user, forget_identity, set_roles
from buyside.operations.plan_conversion import convert_plan
from buyside.operations.plan_line_sets import SetAct, decide_plan_lines
from buyside.operations.plan_lines import (
    change_plan_line,
    change_plan_lines,
    leave_out_line,
    lock_line,
    mark_drift,
    take_back_line,
    take_better_offer,
)
from buyside.operations.plan_splits import LinePart, join_plan_line, split_plan_line
from buyside.operations.plans import cancel_run, run_plan, start_run
from buyside.operations.production import Finished, Used, post_production
from buyside.operations.receipts import receive_order, void_receipt
from buyside.operations.run import perform, within
from buyside.operations.scenarios import (
    add_change,
    calculate_scenario,
    copy_scenario,
    create_scenario,
    discard_scenario,
    keep_scenario,
    move_change,
    remove_change,
    rename_scenario,
    set_change,
)
from buyside.operations.schedules import (
    add_schedule,
    change_schedule,
    claim_schedule,
    pause_schedule,
    remove_schedule,
    resume_schedule,
    tell_of_schedule,
)
from buyside.operations.sessions import end_session, end_sessions_of_user
from buyside.operations.sheet_files import (
    cancel_import,
    check_import,
    keep_file,
    read_file_as,
    run_import,
    start_import,
)
from buyside.operations.sheets import remove_rows, retire_rows, save_rows
from buyside.operations.stock import adjust_stock, transfer_stock
from buyside.operations.vendors import move_vendor
from buyside.operations.views import forget_view, keep_view
from tests.logins import open_login
from tests.pack_samples import write_pack
from tests.world import NOW, TODAY, World


class Told:
    """Performs operations and looks at what each one left in the trail."""

    def __init__(self, actor: Actor) -> None:
        self.actor = actor
        self.operations: set[str] = set()

    def _last(self) -> int:
        with sessions()() as session:
            return session.exec(select(func.coalesce(func.max(AuditEvent.id), 0))).one()

    def of(self, operation: Any, *kinds: str, has_before: bool = False, **arguments: Any) -> Any:
        """The operation's answer, after a look at its one entry, which tells of records of these kinds."""
        last, began = self._last(), datetime.now(UTC)
        answer = perform(operation, self.actor, **arguments)
        with sessions()() as session:
            [entry] = session.exec(select(AuditEvent).where(col(AuditEvent.id) > last)).all()
            subjects = session.exec(select(AuditSubject).where(AuditSubject.event_id == entry.id)).all()
        assert (entry.operation, entry.user_id, entry.actor_name) == (
            operation.__name__,
            self.actor.user_id,
            self.actor.name,
        )
        assert began - timedelta(seconds=1) <= entry.at <= datetime.now(UTC) + timedelta(seconds=1)
        assert set(kinds) <= {each["kind"] for each in entry.changes}, entry.changes
        assert {each["id"] for each in entry.changes if isinstance(each["id"], int)} <= {
            each.record_id for each in subjects
        }
        changed = [each for each in entry.changes if each["kind"] in kinds and each["before"]]
        assert bool(changed) or not has_before, entry.changes
        assert all(each["before"] != each["after"] for each in changed)
        self.operations.add(operation.__name__)
        return answer


def _decisions_on_lines(told: Told, line: PlanLine, version: int) -> None:
    """Several lines at once, cells of a grid, parts, the larger order; in the end the line stands locked as before."""
    ids = {"line_ids": (line.id,)}
    told.of(decide_plan_lines, "plan_line", has_before=True, **ids, act=SetAct.UNLOCK)
    [saved] = told.of(
        change_plan_lines, "plan_line", has_before=True,
        changes=(RowChange(str(line.id), version + 1, {"quantity_packs": "8"}),),
    ).saved  # fmt: skip
    parts = (LinePart(Decimal(5)), LinePart(Decimal(3)))
    split = told.of(split_plan_line, "plan_line", has_before=True, line_id=line.id, version=saved.version, parts=parts)
    joined = told.of(join_plan_line, "plan_line", has_before=True, line_id=line.id, version=split.lines[0].version)
    with sessions()() as session, session.begin():
        row = session.get_one(PlanLine, line.id)
        row.quantity_packs, row.unit_price = row.suggested_quantity_packs, row.suggested_unit_price
        row.better_quantity_packs, row.better_unit_price = row.quantity_packs + 1, row.unit_price
    at = {"line_id": line.id, "version": joined.line.version}
    told.of(take_better_offer, "plan_line", has_before=True, **at)
    told.of(decide_plan_lines, "plan_line", has_before=True, **ids, act=SetAct.LOCK)


@pytest.mark.rule("ACC-6")
def test_every_operation_leaves_exactly_one_entry(database: object, tmp_path: Any) -> None:
    with World.open() as world:
        world.organisation()
        told = Told(world.user(*INTERNAL_ROLES))
        bolt, frame, main, other = world.item(), world.item("Frame"), world.warehouse(), world.warehouse()
        vendor = world.vendor().supplies(bolt).supplies(frame)
        bike = world.variant()
        world.bom(bike, bolt, 2)
        world.bom(bike, frame, 1)
        world.sales_order(main, (bike, 5))
        world.stock(main, bolt, 4)
    ids: dict[str, Any] = {"vendor_id": vendor.id, "warehouse_id": main.id, "currency_code": "EUR"}

    run = told.of(start_run, "planning_run", as_of=TODAY, at=NOW).run_id
    told.of(run_plan, "planning_run", "plan_line", has_before=True, run_id=run)
    with sessions()() as session:
        first, _ = session.exec(select(PlanLine).where(PlanLine.run_id == run).order_by(col(PlanLine.id))).all()
    at = {"line_id": first.id}
    line = told.of(change_plan_line, "plan_line", has_before=True, **at, version=1, quantity_packs=Decimal(9))
    line = told.of(leave_out_line, "plan_line", has_before=True, **at, version=line.version, reason="not now")
    line = told.of(take_back_line, "plan_line", has_before=True, **at, version=line.version)
    line = told.of(lock_line, "plan_line", has_before=True, **at, version=line.version, locked=True)
    _decisions_on_lines(told, first, line.version)
    told.of(
        adjust_stock, "stock_entry", warehouse_id=main.id, item_id=bolt.id, quantity=Decimal(-1), reason="lost", at=NOW
    )
    told.of(mark_drift, "planning_run", has_before=True, run_id=run)
    [order] = told.of(
        convert_plan, "purchase_order", "purchase_order_line", "plan_line",
        has_before=True, run_id=run, despite_drift=True, at=NOW,
    ).orders  # fmt: skip
    told.of(cancel_run, "planning_run", has_before=True, run_id=told.of(start_run, as_of=TODAY, at=NOW).run_id, at=NOW)

    told.of(hold_order, "purchase_order", has_before=True, order_id=order.order_id, is_on_hold=True, reason="?", at=NOW)
    told.of(hold_order, "purchase_order", has_before=True, order_id=order.order_id, is_on_hold=False, at=NOW)
    told.of(issue_order, "purchase_order", "purchase_order_snapshot", has_before=True, order_id=order.order_id, at=NOW)
    receive = {"order_id": order.order_id, "warehouse_id": main.id, "at": NOW}
    receipt = told.of(
        receive_order, "receipt", "receipt_line", "purchase_order_line", "stock_entry", has_before=True, **receive
    )
    told.of(
        void_receipt, "receipt", "purchase_order_line", "stock_entry",
        has_before=True, receipt_id=receipt.receipt_id, reason="wrong", at=NOW,
    )  # fmt: skip
    told.of(receive_order, "receipt", **receive)
    told.of(close_order, "purchase_order", has_before=True, order_id=order.order_id, at=NOW)

    draft = told.of(save_order, "purchase_order", head=ids, at=NOW)
    head = {"order_id": draft.order_id, "at": NOW}
    saved = told.of(
        add_line, "purchase_order", "purchase_order_line",
        has_before=True, **head, version=draft.version, item_id=bolt.id, quantity=Decimal(3),
    )  # fmt: skip
    line_of = {**head, "line_id": saved.line_id}
    saved = told.of(
        change_line, "purchase_order_line", has_before=True, **line_of, version=saved.version,
        changes={"quantity": Decimal(4)},
    )  # fmt: skip
    saved = told.of(remove_line, "purchase_order_line", has_before=True, **line_of, version=saved.version)
    told.of(cancel_order, "purchase_order", has_before=True, order_id=draft.order_id, reason="not needed", at=NOW)

    told.of(
        transfer_stock, "stock_entry", from_warehouse_id=main.id, to_warehouse_id=other.id, item_id=bolt.id,
        quantity=Decimal(1), at=NOW,
    )  # fmt: skip
    told.of(
        post_production, "stock_entry", warehouse_id=main.id, effective_on=TODAY, at=NOW,
        used=(Used(bolt.id, Decimal(2)),), finished=(Finished(bike.id, Decimal(1), Decimal(9)),),
    )  # fmt: skip
    _told_of_people(told, vendor.id)
    _told_of_bank_accounts(told, vendor.id)
    told.of(move_vendor, "vendor", has_before=True, vendor_id=vendor.id, version=1, move="hold", reason="audit")
    told.of(
        set_organisation, "organisation", has_before=True, name="Works", currency_code="EUR", time_zone="UTC",
        addresses=(Address("Works", "Mill Lane", is_bill_to=True, is_ship_to=True),),
    )  # fmt: skip
    told.of(import_pack, "pack", source=write_pack(tmp_path / "pack"), at=NOW)
    _told_of_sheets(told)
    view = told.of(keep_view, "saved_view", grid="orders", name="Late", content={"quick": "bolt"})
    told.of(keep_view, "saved_view", has_before=True, grid="orders", name="Late", content={}, is_first=True)
    told.of(forget_view, "saved_view", has_before=True, view_id=view.view_id)
    _told_of_files(told)
    _told_of_messages(told, run, bolt.id, main.id)
    _told_of_schedules(told)
    _told_of_scenarios(told, run)

    assert told.operations == every_operation()


def _told_of_messages(told: Told, run: int, item_id: int, warehouse_id: int) -> None:
    """One message in all its turns."""
    with World.open() as world:
        about: dict[str, Any] = {"item_id": item_id, "warehouse_id": warehouse_id, "quantity": Decimal(4)}
        runs = {"first_run_id": run, "last_run_id": run, "opened_at": NOW, "due_on": TODAY}
        message = world.add(ActionMessage(kind="order", cause="order of the story", **about, **runs))
    which: dict[str, Any] = {"has_before": True, "message_ids": (message.id,)}
    told.of(take_messages, "action_message", **which)
    told.of(snooze_messages, "action_message", **which, until=TODAY + timedelta(days=3), today=TODAY)
    told.of(finish_messages, "action_message", **which, at=NOW)
    told.of(reopen_messages, "action_message", **which)
    told.of(dismiss_messages, "action_message", **which, reason="not now", at=NOW)


def _told_of_schedules(told: Told) -> None:
    """A schedule from its first day to its last."""
    planned = Planned("Mornings", "06:00")
    kind, which = "planning_schedule", {"has_before": True}
    made = told.of(add_schedule, kind, planned=planned, at=NOW)
    which |= {"schedule_id": made.schedule_id}
    told.of(change_schedule, kind, **which, version=1, planned=Planned("Evenings", "18:00"), at=NOW)
    told.of(claim_schedule, kind, **which, at=NOW, is_asked_for=True)
    told.of(tell_of_schedule, kind, **which, problem="nothing to plan")
    told.of(pause_schedule, kind, **which, because="holidays", at=NOW)
    told.of(resume_schedule, kind, **which, version=3, at=NOW)
    told.of(remove_schedule, kind, **which, version=4)


def _told_of_scenarios(told: Told, run: int) -> None:
    """A scenario from its first change to its last run; a calculation again removes the run before."""
    kind, change = "planning_scenario", "planning_scenario_change"
    made = told.of(create_scenario, kind, run_id=run, name="What if", at=NOW)
    which: dict[str, Any] = {"scenario_id": made.scenario_id}
    more: dict[str, Any] = {"kind": "demand", "act": "percent", "said": {"percent": Decimal(10)}}
    now = told.of(add_change, kind, change, has_before=True, **which, version=1, **more)
    about: dict[str, Any] = {"change_id": now.change_id}
    now = told.of(
        set_change,
        kind,
        change,
        has_before=True,
        **about,
        version=now.version,
        **more | {"said": {"percent": Decimal(20)}},
    )
    perform(add_change, told.actor, **which, version=now.version, **more)
    now = told.of(move_change, kind, change, has_before=True, **about, version=now.version + 1, place=2)
    now = told.of(remove_change, kind, change, has_before=True, **about, version=now.version)
    now = told.of(rename_scenario, kind, has_before=True, **which, version=now.version, name="A tenth more", note="")
    now = told.of(keep_scenario, kind, has_before=True, **which, version=now.version)
    told.of(copy_scenario, kind, change, **which, name="Copy", at=NOW)
    for _ in range(2):
        begun = told.of(calculate_scenario, "planning_run", **which, at=NOW)
        told.of(run_plan, "planning_run", kind, has_before=True, run_id=begun.run_id)
    told.of(discard_scenario, kind, change, "planning_run", has_before=True, **which, version=now.version)


def _told_of_people(told: Told, vendor_id: int) -> None:
    """Two people, one of a vendor, from the first word about them to the last."""
    ada = told.of(add_user, "app_user", "user_role", name="New here", roles=(Role.BUYER,), email="new@example.com")
    at = {"user_id": ada.user_id, "at": NOW}
    told.of(invite_user, "user_invitation", **at)
    told.of(renew_invitation, "user_invitation", has_before=True, **at)
    told.of(revoke_invitation, "user_invitation", has_before=True, **at)
    known = {"name": "Ada", "email": "", "locale": "en_GB", "time_zone": "UTC"}
    done = told.of(change_user, "app_user", has_before=True, **at, version=1, **known)
    done = told.of(
        set_roles, "app_user", "user_role", user_id=ada.user_id, version=done.version, roles=(Role.BUYER, Role.SALES)
    )
    with World.open() as world:
        browser = open_login(world.session, user_id=ada.user_id)
        login = find_login(world.session, browser)
        assert login is not None
        open_login(world.session, user_id=ada.user_id)
    told.of(end_session, "app_user", session_id=login.session_id, at=NOW)
    told.of(end_sessions_of_user, "app_user", **at)
    done = told.of(disable_user, "app_user", has_before=True, **at, version=done.version)
    told.of(enable_user, "app_user", has_before=True, user_id=ada.user_id, version=done.version)

    identity = {"issuer": "https://login.example.com", "subject": "vera"}
    vera = told.of(add_user, "app_user", "user_role", name="Vera", roles=(Role.VENDOR,), **identity)
    granted = told.of(grant_membership, "vendor_membership", vendor_id=vendor_id, user_id=vera.user_id)
    told.of(end_membership, "vendor_membership", has_before=True, membership_id=granted.membership_id)
    told.of(forget_identity, "app_user", has_before=True, user_id=vera.user_id, version=1, at=NOW)


def _told_of_sheets(told: Told) -> None:
    new = RowChange("", 0, {"code": "T7", "name": "Reduced", "rate_percent": "7"})
    [made] = told.of(save_rows, "tax_code", sheet="tax-codes", changes=(new,), at=NOW)
    change = RowChange(made.key, 1, {"rate_percent": "5"})
    told.of(save_rows, "tax_code", has_before=True, sheet="tax-codes", changes=(change,), at=NOW)
    told.of(retire_rows, "tax_code", has_before=True, sheet="tax-codes", rows=((made.key, 2),), at=NOW)
    told.of(remove_rows, "tax_code", has_before=True, sheet="tax-codes", rows=((made.key, 3),), at=NOW)


def _told_of_bank_accounts(told: Told, vendor_id: int) -> None:
    """Two accounts and the end of one, each asked for by one person and decided on by another."""
    with World.open() as world:
        other = Told(world.user(Role.FINANCE))
    kind, at = "vendor_bank_account", {"at": NOW}
    new = {"vendor_id": vendor_id, "currency_code": "EUR", "holder": "Acme", "reason": "by letter", **at}

    def proposed(iban: str) -> dict[str, Any]:
        saved = told.of(propose_account, kind, "vendor_bank_number", iban=iban, **new)
        return {"account_id": saved.account_id, "version": saved.version, **at}

    account = proposed("DE89370400440532013000")
    saved = other.of(approve_account, kind, has_before=True, **account)
    told.of(reveal_account, kind, has_before=True, account_id=saved.account_id)
    told.of(propose_end, kind, has_before=True, **account | {"version": saved.version}, reason="closed")
    told.of(withdraw_account, kind, has_before=True, **proposed("NL91ABNA0417164300"))
    other.of(reject_account, kind, has_before=True, reason="unknown", **proposed("NL91ABNA0417164300"))
    told.operations |= other.operations


def _told_of_files(told: Told) -> None:
    """A file of units: kept, read otherwise, looked through, taken in; and another import of it that is given up."""
    file = told.of(keep_file, "import_file", name="units.csv", content=b"code,name,category\nPAIR,Pair,count\n", at=NOW)
    told.of(read_file_as, "import_file", has_before=True, file_id=file.file_id, choices={"decimal_mark": "."})
    begin = {"file_id": file.file_id, "sheet": "units", "mapping": {0: "code", 1: "name", 2: "category"}, "at": NOW}
    run = told.of(start_import, "import_run", "import_mapping", **begin).run_id
    told.of(check_import, "import_run", has_before=True, run_id=run)
    told.of(run_import, "import_run", "unit", has_before=True, run_id=run, at=NOW)
    given_up = told.of(start_import, "import_run", **begin).run_id
    told.of(cancel_import, "import_run", has_before=True, run_id=given_up, at=NOW)


def every_operation() -> set[str]:
    """The names of all operations there are: whoever adds one has to tell its story above."""
    found = set()
    for each in pkgutil.iter_modules(buyside.operations.__path__):
        module = importlib.import_module(f"buyside.operations.{each.name}")
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if function.__module__ == module.__name__ and permission_of(function) is not None:
                found.add(name)
    return found


@pytest.mark.rule("ACC-6")
def test_a_refused_operation_leaves_no_entry(session: Session) -> None:
    world = World(session)
    before = session.exec(select(func.count(col(AuditEvent.id)))).one()
    with pytest.raises(Refused), session.begin_nested():
        within(
            session,
            adjust_stock,
            OPERATOR,
            warehouse_id=world.warehouse().id,
            item_id=world.item().id,
            quantity=Decimal(-1),
            reason="lost",
            at=NOW,
            effective_on=date(2026, 3, 1),
        )
    assert session.exec(select(func.count(col(AuditEvent.id)))).one() == before


@needs(Permission.STOCK_ADJUST)
def open_many(session: Session, actor: Actor, *, count: int) -> None:
    session.add_all(Warehouse(code=f"MANY-{position}") for position in range(count))


@pytest.mark.rule("ACC-6")
def test_each_record_of_a_large_change_finds_its_entry(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "MOST_CHANGES", 3)
    within(session, open_many, OPERATOR, count=8)
    entry = session.exec(select(AuditEvent).order_by(col(AuditEvent.id).desc())).first()
    assert entry is not None
    assert entry.changes[-1] == {"kind": "counts", "id": None, "before": None, "after": {"warehouse": 8}}
    subjects = session.exec(select(AuditSubject).where(AuditSubject.event_id == entry.id)).all()
    opened = session.exec(select(Warehouse.id).where(col(Warehouse.code).startswith("MANY-"))).all()
    assert {each.record_id for each in subjects} == set(opened)
    assert len(opened) == 8


CANARY = "canary-7f3a91"


@needs(Permission.STOCK_ADJUST)
def keep_secrets(session: Session, actor: Actor) -> None:
    """What a careless operation could do: write secrets into rows, and tell the trail of them."""
    user = AppUser(name="Keeper")
    session.add(user)
    session.flush()
    at = datetime.now(UTC)
    session.add(
        UserSession(
            id=uuid4(), user_id=user.id, surface="internal", token_sha256=CANARY.encode(),
            created_at=at, last_seen_at=at, expires_at=at,
            browser=f"{CANARY} browser",
        )
    )  # fmt: skip
    for name in sorted(audit.WITHHELD):
        after = {name: CANARY, "inside": [{name.upper(): CANARY}]}
        audit.note(session, "vendor", user.id, before={name: f"{CANARY} before"}, after=after)


@pytest.mark.rule("ACC-6")
def test_no_secret_reaches_the_trail_and_that_one_changed_does(session: Session) -> None:
    within(session, keep_secrets, OPERATOR)
    entry = session.exec(select(AuditEvent).order_by(col(AuditEvent.id).desc())).first()
    assert entry is not None
    text = json.dumps(entry.changes)
    assert CANARY not in text
    assert CANARY.encode().hex() not in text
    assert len(entry.changes) == 1 + len(audit.WITHHELD)
    told = {name for each in entry.changes for name, value in each["after"].items() if value == audit.WITHHELD_MARK}
    assert told == audit.WITHHELD


def test_every_column_that_sounds_secret_is_withheld_or_in_a_table_that_is_not_followed() -> None:
    sounds = re.compile(r"token|secret|password|cookie|verifier|nonce|iban|bic$|bank_account|account_number|_sha256$")
    told = {
        f"{table.name}.{column.name}"
        for table in SQLModel.metadata.tables.values()
        for column in table.columns
        if sounds.search(column.name) and table.name not in audit.NOT_FOLLOWED and column.name not in audit.WITHHELD
    }
    # Hashes of what everybody concerned may read: an order's paper, a run's result, the header of a file.
    assert told == {
        "purchase_order_snapshot.content_sha256",
        "planning_run.result_sha256",
        "import_mapping.header_sha256",
    }
