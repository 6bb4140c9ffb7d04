"""What-if: the list of scenarios, one with its changes, its calculation, and scenarios beside the plan (PLAN-15)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

import reflex as rx

from buyside.domain.access import Permission
from buyside.domain.locales import shown_date, shown_instant
from buyside.domain.refusals import NotFound
from buyside.domain.words import Tone
from buyside.operations.scenarios import (
    LONGEST_NAME,
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
from buyside.queries.scenario_preview import scenario_preview
from buyside.queries.scenarios import (
    ScenarioDetail,
    ScenarioRow,
    plans_to_start_from,
    scenario_detail,
    scenarios,
)
from buyside.state.base import handler, me, now, say
from buyside.state.calculations import CalculationState
from buyside.state.forms import day, decimal, flag, key, text, whole
from buyside.state.scenario_results import ScenarioResultState
from buyside.state.scenario_rows import Listed, Told, listed
from buyside.state.scenario_words import ACTS, Words, act_of_kind, preview_says

_RECORDS = ("vendor", "item", "group", "product", "variant", "warehouse", "line", "order_line", "options")
_GIVEN = tuple(each for each in _RECORDS if each not in {"group", "options"})
"""What an address may name of a change."""
_READERS: dict[str, Callable[[Mapping[str, Any], str], Any]] = {
    **dict.fromkeys((*_RECORDS, "policy", "lot_policy"), text),
    **dict.fromkeys(
        ("quantity", "percent", "on_hand", "more", "safety_stock", "reorder_point", "order_up_to"), decimal
    ),
    **dict.fromkeys(("days", "more_days", "period_days"), whole),
    **dict.fromkeys(("needed_on", "arrives_on"), day),
    **dict.fromkeys(("is_cancelled", "is_out", "contracts_first"), flag),
}
_ALWAYS_SAID = {"is_out"}


class ScenariosState(ScenarioResultState, CalculationState, rx.State):
    """One scenario in view, with its changes and what they come to, or the list of all."""

    listed: list[Listed] = []
    loaded: bool = False
    missing: str = ""
    address: str = ""
    plans: list[dict[str, str]] = []
    is_naming: str = ""
    """"new" or "copy" while the question for a name stands open."""
    suggested_name: str = ""
    suggested_plan: str = ""
    name: str = ""
    note: str = ""
    version: int = 0
    is_kept: bool = False
    plan: str = ""
    plan_path: str = ""
    status: str = ""
    status_tone: str = ""
    preview: str = ""
    """What the changes would do, told right after one of them was written."""
    changes: list[Told] = []
    act: str = ""
    """The change that the open form says; empty while it is closed."""
    change_id: int = 0
    """The change that the form is about; zero for a new one."""
    values: dict[str, str] = {}
    form_key: str = ""
    _began_in: int = 0
    """The scenario that was in view when its calculation began."""
    _currency: str = ""
    _given: dict[str, str] = {}

    @handler(Permission.PLAN_VIEW)
    async def load(self) -> None:
        """Show the scenario that the address names, else the list; `new` asks for one with a change prepared."""
        asked = self.router.url.query_parameters
        self._forget()
        self.missing, self.is_naming, self.beside, self._given = "", "", [], {}
        self.locale = me().locale.replace("_", "-")
        wanted = key(str(asked.get("scenario", "")))
        if wanted:
            try:
                await self._open(wanted)
            except NotFound:
                self.missing = "This scenario is gone: somebody discarded it."
        await self._list()
        if asked.get("new") and me().may(Permission.PLAN_RUN):
            given = {name: str(asked.get(name, ""))[:120] for name in _GIVEN}
            self._given = {name: value for name, value in given.items() if value}
            act = act_of_kind(str(asked.get("kind", ""))[:40], self._given.get("item", ""))
            self._given |= {"act": act} if act else {}
            about = " ".join(value for name, value in self._given.items() if name != "act")
            label = dict(ACTS).get(act, "What if")
            await self._ask_name("new", f"{label} {about}".strip(), str(asked.get("run", "")))
        self.loaded = True

    @handler(Permission.PLAN_RUN)
    async def ask_new(self) -> None:
        """Open the question for a new scenario."""
        self._given = {}
        await self._ask_name("new", "", "")

    @handler(Permission.PLAN_RUN)
    async def ask_copy(self) -> None:
        """Open the question for the name of a copy."""
        await self._ask_name("copy", f"{self.name} (copy)"[:LONGEST_NAME], "")

    @handler(Permission.PLAN_RUN)
    def stop_asking(self) -> None:
        """Close the question."""
        self.is_naming = ""

    @handler(Permission.PLAN_RUN)
    async def make(self, form: dict[str, Any]) -> Any:
        """Make the scenario, or the copy, that was asked for, and open it."""
        if self.is_naming == "copy":
            saved = await self._do(copy_scenario, scenario_id=self.scenario_id, name=text(form, "name"), at=now())
        else:
            run_id = key(text(form, "plan"))
            saved = await self._do(create_scenario, run_id=run_id, name=text(form, "name"), at=now())
        given, self._given, self.is_naming = self._given, {}, ""
        await self._open(saved.scenario_id)
        await self._list()
        if given.get("act"):
            self._show_form(given["act"], 0, given)

    @handler(Permission.PLAN_VIEW)
    async def open_scenario(self, scenario_id: int) -> None:
        """Open a scenario of the list."""
        await self._open(scenario_id)

    @handler(Permission.PLAN_VIEW)
    async def show_list(self) -> None:
        """Go back to the list."""
        self._forget()
        self.address = "/scenarios"
        await self._list()

    @handler(Permission.PLAN_RUN)
    async def rename(self, value: str) -> None:
        """Give the scenario another name."""
        await self._write(rename_scenario, scenario_id=self.scenario_id, name=value, note=self.note)

    @handler(Permission.PLAN_RUN)
    async def set_note(self, value: str) -> None:
        """Write what the scenario is for."""
        await self._write(rename_scenario, scenario_id=self.scenario_id, name=self.name, note=value)

    @handler(Permission.PLAN_RUN)
    async def keep(self, is_kept: bool) -> Any:
        """Keep the scenario for everybody, or for oneself alone."""
        await self._write(keep_scenario, scenario_id=self.scenario_id, is_kept=is_kept)
        return say("Everybody who plans sees it now." if is_kept else "It is yours alone again.")

    @handler(Permission.PLAN_RUN)
    async def discard(self) -> Any:
        """Remove the scenario and its result."""
        name = await self._do(discard_scenario, scenario_id=self.scenario_id, version=self.version)
        self._forget()
        self.address = "/scenarios"
        await self._list()
        return say(f"“{name}” is discarded.")

    @handler(Permission.PLAN_RUN)
    def choose_act(self, act: str) -> None:
        """Open the form of a kind of change."""
        self._show_form(act if act in dict(ACTS) else "", self.change_id, {})

    @handler(Permission.PLAN_RUN)
    def close_form(self) -> None:
        """Close the form of a change."""
        self._show_form("", 0, {})

    @handler(Permission.PLAN_RUN)
    async def edit(self, change_id: int) -> None:
        """Open a change in its form."""
        detail = await self._ask(scenario_detail, scenario_id=self.scenario_id)
        for found, said in detail.changes:
            if found == change_id:
                texts = Words(detail.names, me().locale).form(said)
                self._show_form(f"{said.kind.value}/{said.act}", found, texts)

    @handler(Permission.PLAN_RUN)
    async def save(self, form: dict[str, Any]) -> Any:
        """Add what the form says as a change, or put it in the place of the one that is edited."""
        kind, _, act = self.act.partition("/")
        said = {
            name: reader(form, name)
            for name, reader in _READERS.items()
            if name in form and (text(form, name) or name in _ALWAYS_SAID)
        }
        arguments: dict[str, Any] = {"version": self.version, "kind": kind, "act": act, "said": said}
        if self.change_id:
            await self._do(set_change, change_id=self.change_id, **arguments)
        else:
            await self._do(add_change, scenario_id=self.scenario_id, **arguments)
        self._show_form("", 0, {})
        await self._open(self.scenario_id)
        return ScenariosState.look_ahead

    @handler(Permission.PLAN_RUN)
    async def remove(self, change_id: int) -> Any:
        """Take a change out."""
        await self._write(remove_change, change_id=change_id)
        return ScenariosState.look_ahead

    @handler(Permission.PLAN_RUN)
    async def move(self, change_id: int, place: int) -> Any:
        """Put a change at another place among the others."""
        await self._write(move_change, change_id=change_id, place=place)
        return ScenariosState.look_ahead

    @handler(Permission.PLAN_RUN)
    async def look_ahead(self) -> None:
        """Tell what the changes would do, before they are calculated in full."""
        self.preview = ""
        if self.changes:
            found = await self._ask(scenario_preview, scenario_id=self.scenario_id)
            self.preview = preview_says(found, self._currency, me().locale)

    @handler(Permission.PLAN_RUN)
    async def start(self) -> Any:
        """Begin the calculation, beside the page."""
        begun = await self._do(calculate_scenario, scenario_id=self.scenario_id, at=now())
        self._began_in = self.scenario_id
        return self._begin(begun.run_id)

    async def _calculated(self, run_id: int) -> str:  # noqa: ARG002
        async with self:
            if self.scenario_id == self._began_in:
                await self._open(self.scenario_id)
        return "The scenario is calculated."

    async def _write(self, operation: Callable[..., Any], **arguments: Any) -> None:
        await self._do(operation, version=self.version, **arguments)
        await self._open(self.scenario_id)

    async def _ask_name(self, what: str, name: str, plan: str) -> None:
        locale, zone = me().locale, me().time_zone
        found = await self._ask(plans_to_start_from)
        self.plans = [
            {"value": str(run_id), "label": f"{shown_date(as_of, locale)} · {shown_instant(made, locale, zone)}"}
            for run_id, as_of, made in found
        ]
        known = [each["value"] for each in self.plans]
        self.suggested_plan = plan if plan in known else next(iter(known), "")
        self.suggested_name, self.is_naming = name[:LONGEST_NAME], what

    async def _list(self) -> None:
        found = await self._ask(scenarios)
        self.listed = [listed(each, me().locale, me().time_zone) for each in found]
        self._offer(found)

    def _offer(self, found: list[ScenarioRow]) -> None:
        self.others = [
            {"value": str(each.id), "label": each.name}
            for each in found
            if each.result_run_id and each.id != self.scenario_id and each.base_run_id == self._base_run_id
        ]

    async def _open(self, scenario_id: int) -> None:
        detail = await self._ask(scenario_detail, scenario_id=scenario_id)
        if scenario_id != self.scenario_id:
            self._forget()
            self.beside = []
        self._fill(detail)
        self._offer(await self._ask(scenarios))
        self.address = f"/scenarios?{urlencode({'scenario': scenario_id})}"
        await self._compare()

    def _fill(self, detail: ScenarioDetail) -> None:
        locale, zone = me().locale, me().time_zone
        words = Words(detail.names, locale)
        self.scenario_id, self.version = detail.id, detail.version
        self.name, self.note, self.is_kept = detail.name, detail.note, detail.is_kept
        self._base_run_id = detail.base_run_id
        made = shown_instant(detail.base_made_at, locale, zone)
        self.plan = f"Plan as of {shown_date(detail.base_as_of, locale)}, made {made}"
        self.plan_path = f"/plan?run={detail.base_run_id}"
        self.changes = [
            Told(id=change_id, place=place, says=words.sentence(said))
            for place, (change_id, said) in enumerate(detail.changes, start=1)
        ]
        self.result_run_id, self._currency = detail.result_run_id, detail.currency
        self.preview = ""
        if detail.is_stale:
            self.status, self.status_tone = "Changed since it was calculated", Tone.WARN.value
        elif detail.result_run_id:
            self.status, self.status_tone = "Calculated", Tone.GOOD.value
        else:
            self.status, self.status_tone = "Not calculated yet", Tone.NEUTRAL.value

    def _show_form(self, act: str, change_id: int, values: dict[str, str]) -> None:
        self.act, self.change_id, self.errors = act, change_id, {}
        self.values = dict.fromkeys(_READERS, "") | {"is_out": "true"} | values
        self._serial += 1
        self.form_key = f"{self._serial} {act} {change_id}"

    def _forget(self) -> None:
        self.scenario_id = self.result_run_id = self._base_run_id = 0
        self.changes, self.figures, self.vendor_parts, self.late, self.heads = [], [], [], [], []
        self.chosen, self.status, self.late_says = "", "", ""
        self._show_form("", 0, {})
