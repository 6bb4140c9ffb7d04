"""Small rules of the house that a machine can check."""

import re
from collections.abc import Iterator
from pathlib import Path

from buyside.config import ROOT


def modules() -> Iterator[Path]:
    return (ROOT / "buyside").rglob("*.py")


def test_package_files_stay_empty() -> None:
    filled = [path for path in modules() if path.name == "__init__.py" and path.read_text().strip()]
    assert filled == []


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        path
        for path in modules()
        if path.name != "__init__.py" and not path.read_text().lstrip().startswith(('"""', 'r"""'))
    ]
    assert silent == []


def test_no_module_is_too_long_to_read() -> None:
    long = {str(path): count for path in modules() if (count := len(path.read_text().splitlines())) > 700}
    assert long == {}


def test_no_text_follows_the_locale_of_the_machine() -> None:
    names = re.compile(
        r"strftime\([^)]*%[aAbBcpxX]|:%(?:[^{}\n]*%)?[aAbBcpxX]|\b(day|month)_(name|abbr)\b|\bsetlocale\("
    )
    found = [f"{path}: {each.group()}" for path in modules() for each in names.finditer(path.read_text())]
    assert found == []
