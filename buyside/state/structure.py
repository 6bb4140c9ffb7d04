"""What is made of what, as a tree that is read level by level, and the row of it that is being changed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, TypedDict
from urllib.parse import urlencode

import reflex as rx
from pydantic import BaseModel, ConfigDict, Field

from buyside.domain.access import Permission
from buyside.domain.locales import PERCENT_DIGITS, shown_date, shown_number
from buyside.domain.refusals import NotFound, Refused
from buyside.domain.sheet_cells import plain_number
from buyside.domain.sheet_changes import RowChange, RowsRefused
from buyside.domain.words import SUPPLY_MODE_WORDS
from buyside.operations.sheets import remove_rows, save_rows
from buyside.queries.structure import structure_levels, structure_root
from buyside.queries.structure_place import PlaceDetail, place_detail, structure_notes
from buyside.queries.structure_ways import Level, Place
from buyside.state.base import handler, me, now, say, today, warn
from buyside.state.forms import day, decimal, key, maybe_day, text
from buyside.state.roles import BuyerState

_KINDS = {"products": "product", "variants": "variant", "items": "item"}
_LONGEST = 80
BOM = "bom-rows"
_TREE = ".tree-body [tabindex='0']"


class Hit(BaseModel):
    """What was taken in the box that finds."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)
    list: str = Field(max_length=20)
    code: str = Field(max_length=_LONGEST)


class ChosenRow(BaseModel):
    """The row of the tree that was chosen; looked up anew before anything of it is shown."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)
    path: str = Field(max_length=1300)
    kind: str = Field(max_length=10)
    code: str = Field(max_length=_LONGEST)
    row: str = Field(max_length=18)


class RowCells(TypedDict):
    """The changeable cells of a row as a form shows them: numbers as the person writes them, dates for date fields."""

    component: str
    quantity_per: str
    scrap_percent: str
    valid_from: str
    valid_to: str


_NO_CELLS = RowCells(component="", quantity_per="", scrap_percent="", valid_from="", valid_to="")


class StructureState(BuyerState, rx.State):
    """The tree and the panel beside it."""

    mode: str = "parts"
    """"parts": what it is made of; "uses": what uses it."""
    on: str = ""
    on_shown: str = ""
    all_days: bool = False
    root_kind: str = ""
    root_code: str = ""
    root_name: str = ""
    root_supply: str = ""
    roots: list[dict[str, Any]] = []
    start: str = "levels"
    stamp: str = ""
    answer: dict[str, Any] = {}
    missing: str = ""
    address: str = ""
    focus: str = ""

    chosen: str = ""
    kind: str = ""
    code: str = ""
    name: str = ""
    says: str = ""
    supply: str = ""
    supply_says: str = ""
    unit: str = ""
    product: str = ""
    variants: str = ""
    row_id: int = 0
    parent: str = ""
    parent_kind: str = ""
    cells: RowCells = _NO_CELLS
    days: str = ""
    takes_rows: bool = False
    is_adding: bool = False
    form_key: str = ""
    refused: str = ""
    _version: int = 0
    _serial: int = 0

    @handler(Permission.STRUCTURE_VIEW)
    async def load(self) -> Any:
        """Show the tree that the address names: of an item, a variant, a product, or all products."""
        asked = self.router.url.query_parameters
        self.address = self.focus = ""
        self.mode = "uses" if asked.get("uses") == "1" else "parts"
        self.all_days = asked.get("days") == "all"
        try:
            self._set_day(day({"on": asked.get("on", "")}, "on"))
        except Refused:  # an address that says no day means today
            self._set_day(today())
        self._close()
        named = next(((kind, str(asked[kind])) for kind in ("item", "variant", "product") if asked.get(kind)), ("", ""))
        await self._begin(*named)

    @handler(Permission.STRUCTURE_VIEW)
    async def find(self, hit: Hit) -> Any:
        """Begin the tree with what was found."""
        self._close()
        await self._begin(_KINDS.get(hit.list, ""), hit.code)
        self._keep_address()

    @handler(Permission.STRUCTURE_VIEW)
    async def show_all(self) -> Any:
        """Begin with all products again."""
        self.mode = "parts"
        self._close()
        await self._begin("", "")
        self._keep_address()

    @handler(Permission.STRUCTURE_VIEW)
    async def show(self, mode: str) -> Any:
        """Look down at what it is made of, or up at what uses it."""
        self.mode = "uses" if mode == "uses" and self.root_kind == "item" else "parts"
        self._close()
        self._again()
        self._keep_address()

    @handler(Permission.STRUCTURE_VIEW)
    async def begin_here(self, mode: str) -> Any:
        """Begin a tree of its own with what is chosen."""
        self.mode = "uses" if mode == "uses" and self.kind == "item" else "parts"
        kind, code = self.kind, self.code
        self._close()
        await self._begin(kind, code)
        self._keep_address()

    @handler(Permission.STRUCTURE_VIEW)
    async def look_at(self, on: str) -> Any:
        """Look at another day."""
        self._set_day(day({"on": on}, "on") if on else today())
        self._again()
        self._keep_address()

    @handler(Permission.STRUCTURE_VIEW)
    async def with_all_days(self, wanted: bool) -> Any:
        """Show also rows that do not count on the day, or only those that do."""
        self.all_days = wanted
        self._again()
        self._keep_address()

    @handler(Permission.STRUCTURE_VIEW)
    async def levels(self, paths: list[str], request: int) -> None:
        """Answer with what is directly below some places."""
        found = await self._ask(
            structure_levels,
            paths=tuple(paths),
            on=self._day(),
            uses=self.mode == "uses",
            all_days=self.all_days,
        )
        locale = me().locale
        self._serial += 1
        self.answer = {
            "serial": self._serial,
            "request": request,
            "levels": {path: _level(level, locale) for path, level in found.items()},
        }

    @handler(Permission.STRUCTURE_VIEW)
    async def choose(self, row: ChosenRow) -> None:
        """Open a row of the tree in the panel."""
        self.is_adding = False
        await self._open(row.path, row.kind, row.code, key(row.row))

    @handler(Permission.STRUCTURE_VIEW)
    def act(self, act: str) -> None:
        """What a key asked for on the chosen row: change it, add below it, take it out."""
        if act == "add" and self.takes_rows:
            self.is_adding = True
            self._focus("#add-a-component-component")
        if act == "edit" and self.row_id:
            self._focus("#change-the-row-quantity_per")
        if act == "remove" and self.row_id:
            self._focus("#remove-row")

    @handler(Permission.STRUCTURE_VIEW)
    def close(self) -> Any:
        """Close the panel."""
        self._close()
        self._focus(_TREE)

    @handler(Permission.STRUCTURE_EDIT)
    def begin_adding(self) -> Any:
        """Open the form for a component below what is chosen."""
        self.is_adding, self.refused = True, ""
        self._focus("#add-a-component-component")

    @handler(Permission.STRUCTURE_EDIT)
    def stop_adding(self) -> Any:
        """Close it."""
        self.is_adding, self.refused = False, ""
        self._focus(_TREE)

    @handler(Permission.STRUCTURE_EDIT)
    async def save(self, form: dict[str, str]) -> Any:
        """Change the row that is open."""
        change = RowChange(str(self.row_id), self._version, _cells(form))
        if not await self._save(change):
            return None
        await self._open(self.chosen, self.kind, text(form, "component"), self.row_id)
        self._focus(_TREE)
        return [say("The row is saved."), *await self._notes(str(self.row_id))]

    @handler(Permission.STRUCTURE_EDIT)
    async def add(self, form: dict[str, str]) -> Any:
        """Add a component to what is chosen."""
        parent = {"parent_kind": self.kind, "parent": self.code}
        saved = await self._save(RowChange("", 0, parent | _cells(form)))
        if not saved:
            return None
        self.is_adding = False
        added = text(form, "component")
        await self._open(self.chosen, self.kind, self.code, self.row_id)
        self._focus(_TREE)
        return [say(f"{added} is a component of {self.code} now."), *await self._notes(saved)]

    @handler(Permission.STRUCTURE_EDIT)
    async def remove(self) -> Any:
        """Take the row that is open out of the bill of material."""
        code, parent = self.cells["component"], self.parent
        try:
            await self._do(remove_rows, sheet=BOM, rows=((str(self.row_id), self._version),), at=now())
        except RowsRefused as refused:
            self.refused = " ".join(each.says for each in refused.problems)
            return None
        self._close()
        self._again()
        self._focus(_TREE)
        return say(f"{code} is no component of {parent} any more.")

    async def _save(self, change: RowChange) -> str:
        """The key of the row that was saved; "" where it was refused, which then stands at the fields."""
        self.refused = ""
        try:
            [saved] = await self._do(save_rows, sheet=BOM, changes=(change,), at=now())
        except RowsRefused as refused:
            fields = [each for each in refused.problems if each.column in _NO_CELLS]
            self.errors = {each.column: each.says for each in fields}
            self.refused = " ".join(each.says for each in refused.problems if each not in fields)
            return ""
        self._again()
        return saved.key

    async def _notes(self, row: str) -> list[Any]:
        notes = await self._ask(structure_notes, sheet=BOM, keys=(row,), today=today())
        return [warn(each) for each in notes]

    async def _begin(self, kind: str, code: str) -> None:
        self.missing = ""
        root = None
        if kind and len(code) <= _LONGEST:
            root = await self._ask(structure_root, kind=kind, code=code, on=self._day())
            self.missing = "" if root else f"There is no {kind} {code}."
        self.root_kind, self.root_code = (root.kind, root.code) if root else ("", "")
        self.root_name, self.root_supply = (root.name, root.supply) if root else ("", "")
        if self.root_kind != "item":
            self.mode = "parts"
        self.roots = [_shown(root, me().locale)] if root else []
        self.start = "roots" if root else "levels"
        self._again()

    async def _open(self, path: str, kind: str, code: str, row_id: int) -> None:
        try:
            found = await self._ask(place_detail, kind=kind, code=code, row_id=row_id, on=self._day())
        except NotFound:
            self._close()
            self._again()
            return
        self.chosen = path
        self._fill(found)

    def _fill(self, found: PlaceDetail) -> None:
        locale = me().locale
        self._serial += 1
        self.refused, self.form_key = "", f"{self._serial}"
        self.kind, self.code, self.name, self.says = found.kind, found.code, found.name, found.says
        self.supply, self.unit, self.product = found.supply, found.unit, found.product
        self.supply_says = SUPPLY_MODE_WORDS[found.supply][0] if found.supply else ""
        self.variants = str(found.variants)
        self.row_id, self._version, self.takes_rows = found.row_id, found.version, found.takes_rows
        self.parent, self.parent_kind = found.row.get("parent", ""), found.row.get("parent_kind", "")
        self.cells = _form_cells(found.row, locale) if found.row else _NO_CELLS
        since, until = (_date(found.row.get(name, "")) for name in ("valid_from", "valid_to"))
        self.days = _days(since, until, locale)

    def _close(self) -> None:
        self.chosen = self.kind = self.code = self.name = self.says = self.refused = ""
        self.row_id, self._version, self.cells = 0, 0, _NO_CELLS
        self.takes_rows = self.is_adding = False

    def _day(self) -> date:
        return date.fromisoformat(self.on) if self.on else today()

    def _set_day(self, on: date) -> None:
        self.on, self.on_shown = on.isoformat(), shown_date(on, me().locale)

    def _again(self) -> None:
        """Let the tree ask anew for all that is open."""
        self._serial += 1
        self.stamp = f"{self.root_kind} {self.root_code} {self.mode} {self._serial}"

    def _keep_address(self) -> None:
        """The address of what is shown, so that it can be passed on."""
        asked = {self.root_kind: self.root_code} if self.root_kind else {}
        asked |= {"uses": "1"} if self.mode == "uses" else {}
        asked |= {"on": self.on} if self.on != today().isoformat() else {}
        asked |= {"days": "all"} if self.all_days else {}
        self.address = f"/structure?{urlencode(asked)}" if asked else "/structure"

    def _focus(self, selector: str) -> None:
        """Put the focus where the next key belongs, as soon as it is drawn."""
        self._serial += 1
        self.focus = f"{self._serial} {selector}"


def _cells(form: dict[str, str]) -> dict[str, str]:
    """The cells of a row that a form sent, in canonical texts. Refuses: Needed, Unreadable."""
    since, until = maybe_day(form, "valid_from"), maybe_day(form, "valid_to")
    return {
        "component": text(form, "component", needed=True),
        "quantity_per": plain_number(decimal(form, "quantity_per")),
        "scrap_percent": plain_number(decimal(form, "scrap_percent")) if text(form, "scrap_percent") else "",
        "valid_from": since.isoformat() if since else "",
        "valid_to": until.isoformat() if until else "",
    }


def _form_cells(row: dict[str, str], locale: str) -> RowCells:
    return RowCells(
        component=row["component"],
        quantity_per=shown_number(Decimal(row["quantity_per"]), locale),
        scrap_percent=shown_number(Decimal(row["scrap_percent"] or 0), locale, PERCENT_DIGITS),
        valid_from=row["valid_from"],
        valid_to=row["valid_to"],
    )


def _level(level: Level, locale: str) -> dict[str, Any]:
    return {"places": [_shown(each, locale) for each in level.places], "left": level.left}


def _shown(place: Place, locale: str) -> dict[str, Any]:
    """A place as the tree takes it: everything in the person's words."""
    unit = f" {place.unit}" if place.unit else ""
    return {
        "path": place.path,
        "kind": place.kind,
        "code": place.code,
        "name": place.name,
        "says": place.says,
        "has_more": place.has_more,
        "row_id": place.row_id,
        "counts": place.counts,
        "per": "" if place.quantity_per is None else shown_number(place.quantity_per, locale) + unit,
        "scrap": f"{shown_number(place.scrap_percent, locale, PERCENT_DIGITS)} %" if place.scrap_percent else "",
        "cumulated": "" if place.cumulated is None or not place.unit else shown_number(place.cumulated, locale) + unit,
        "days": _days(place.valid_from, place.valid_to, locale) if place.valid_from or place.valid_to else "",
        "supply_says": SUPPLY_MODE_WORDS[place.supply][0] if place.supply else "",
    }


def _date(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def _days(since: date | None, until: date | None, locale: str) -> str:
    """When a row counts, in words."""
    if since and until:
        return f"{shown_date(since, locale)} – {shown_date(until, locale)}"
    if since:
        return f"from {shown_date(since, locale)}"
    return f"until {shown_date(until, locale)}" if until else "always"
