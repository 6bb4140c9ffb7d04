"""Writes docs/reference from the code: who may do what, the settings, the data pack. `make docs` runs it.

A house test compares the written pages with what this module would write now.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from pathlib import Path

from buyside import config
from buyside.config import PREFIX, Settings
from buyside.domain.access import GRANTS, INTERNAL_ROLES, Role
from buyside.domain.pack import FILES, SPELLINGS, Column, Form, PackFile
from buyside.domain.pack_decisions import DECISIONS
from buyside.queries.permissions import Act, matrix

FOLDER = Path(__file__).parent / "reference"
_WRITTEN = "This page is written from `{module}` by `make docs`; change it there.\n"


def permissions_page() -> str:
    """The table from act to roles, as every door of the program reads it, and the doors behind each act."""
    acts = matrix()
    rows = [
        [f"`{act.permission.value}`", *("●" if role in act.roles else "" for role in Role), act.permission.says]
        for act in acts
    ]
    parts = [
        "# Who may do what",
        "",
        _WRITTEN.format(module="buyside/domain/access.py"),
        (
            "Every page, list, address, event, operation and query names one of these acts and reads this one table; what "
            "names none cannot be called, and a surface does not start while there is such a thing. A person holds any set of "
            "internal roles and may do what any of them allows, or is a vendor's user, never both. The same table stands in "
            "the application, behind the person's name, with the reader's own roles marked."
        ),
        "",
        *_table(["act", *(role.value for role in Role), "lets one"], rows),
        "",
        _bare_roles(),
        "",
        "## What asks for it",
        "",
        (
            "The doors behind each act, as they stand in the sources. An act without one is asked for inside others, or waits "
            "for its screens. What belongs to the vendors' portal is marked so; it does not exist in the internal process, nor "
            "the other way round."
        ),
        "",
    ]
    for act in acts:
        parts += _doors_of(act)
    return "\n".join(parts)


def _bare_roles() -> str:
    """Roles that so far only get in."""
    everybody = frozenset.intersection(*(GRANTS[role] for role in INTERNAL_ROLES))
    bare = [role.value for role in Role if GRANTS[role] <= everybody]
    if not bare:
        return "Every role has acts of its own."
    names = " and ".join(filter(None, (", ".join(bare[:-1]), bare[-1])))
    return f"The roles {names} have no act of their own yet, only those of everybody inside."


def _doors_of(act: Act) -> list[str]:
    if not act.doors:
        return [f"### `{act.permission.value}`", "", f"{act.permission.says} No door of its own.", ""]
    rows = [
        [kind, ", ".join(f"`{each.name}`{' (portal)' if each.is_portal else ''}" for each in doors)]
        for kind, doors in groupby(act.doors, key=lambda each: each.kind)
    ]
    return [f"### `{act.permission.value}`", "", act.permission.says, "", *_table(["door", "names"], rows), ""]


def settings_page() -> str:
    """Every setting with its default and its meaning."""
    says = _attribute_docstrings(Settings)
    rows = []
    for name, field in Settings.model_fields.items():
        default = field.default
        if isinstance(default, Path):
            default = f"{default.relative_to(config.ROOT)}, in the project's folder"
        elif isinstance(default, bool):
            default = int(default)
        rows.append(
            [f"`{PREFIX}{name}`".upper(), str(default) if default not in {None, ""} else "", says.get(name, "")]
        )
    return "\n".join(
        (
            "# Settings",
            "",
            _WRITTEN.format(module="buyside/config.py"),
            (
                "Settings are environment variables, read once at the start. None is needed for the demo. Each one that cannot be "
                "used is told in a sentence, and so is a variable of this prefix that is no setting."
            ),
            "",
            *_table(["variable", "default", "meaning"], rows),
            "",
        )
    )


def pack_page() -> str:
    """The exchange format: every file, every column."""
    parts = [
        "# The data pack",
        "",
        _WRITTEN.format(module="buyside/domain/pack.py"),
        (
            "The one exchange format for bulk data: a folder or a zip of UTF-8 CSV files (RFC 4180) with a header each. "
            "`buyside import pack` loads one, all or nothing, and names every bad row by file, row, column and rule; "
            "`buyside export pack` writes one that imports again to the same state. A file may be absent, and so may every column "
            "without a mark under “needed”; cells of the others may be empty. Columns marked “+” stand in an export only where a "
            "row could not be told without them."
        ),
        "",
        "## How cells are written",
        "",
        *_table(["form", "a cell is refused when it is"], [[form.value, SPELLINGS[form].wanted] for form in Form]),
        "",
        "## What is decided",
        "",
        *_table(["about", "rule"], [list(each) for each in DECISIONS]),
        "",
    ]
    for file in FILES:
        parts += _file_section(file)
    return "\n".join(parts)


def _file_section(file: PackFile) -> list[str]:
    told_apart = f"Rows are told apart, and exports sorted, by {_listed(file.key)}."
    if file.period:
        told_apart += f" Rows that are alike in {_listed(file.period)} must not be valid on the same day."
    rows = [
        [f"`{each.name}`", "●" if each.required else "+" if each.beyond else "", each.form.value, _meaning(each)]
        for each in file.columns
    ]
    intro = [file.says, ""] if file.says else []
    return [
        f"## {file.file_name}",
        "",
        *intro,
        told_apart,
        "",
        *_table(["column", "needed", "form", "meaning"], rows),
        "",
    ]


def _meaning(column: Column) -> str:
    parts = [column.says] if column.says else []
    if column.words:
        parts.append("one of " + ", ".join(column.words))
    if column.refers == "currencies":
        parts.append("an ISO 4217 code")
    elif column.refers:
        parts.append(f"a code of `{column.refers}.csv` or of the database")
    if column.above is not None:
        parts.append(f"above {column.above}")
    if column.least is not None:
        parts.append(f"at least {column.least}")
    if column.most is not None:
        parts.append(f"at most {column.most}")
    if column.default:
        parts.append(f"empty means {column.default}")
    return "; ".join(parts)


def _listed(names: Sequence[str]) -> str:
    quoted = [f"`{name}`" for name in names]
    return " and ".join(filter(None, (", ".join(quoted[:-1]), quoted[-1])))


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    def line(cells: Iterable[str]) -> str:
        return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"

    return [line(head), line("---" for _ in head), *map(line, rows)]


def _attribute_docstrings(kind: type) -> dict[str, str]:
    """The sentence that stands under each field of a class."""
    body = ast.parse(inspect.getsource(kind)).body[0]
    assert isinstance(body, ast.ClassDef)
    found = {}
    for field, after in zip(body.body, body.body[1:], strict=False):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(after, ast.Expr)
            and isinstance(after.value, ast.Constant)
        ):
            found[field.target.id] = inspect.cleandoc(str(after.value.value))
    return found


PAGES: dict[str, Callable[[], str]] = {
    "permissions.md": permissions_page,
    "settings.md": settings_page,
    "pack.md": pack_page,
}


def main() -> None:
    """Write every page."""
    FOLDER.mkdir(exist_ok=True)
    for name, page in PAGES.items():
        (FOLDER / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
