"""What the framework would open, and nobody here uses: our sources are searched for it (the measured facts M1 to M11)."""

import ast
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from buyside.config import ROOT

_SCRIPTS = {"call_script", "run_script", "call_function"}

WORDS = {
    "raw markup (M11)": r"rx\.html|rx\.markdown|use_raw|dangerouslySetInnerHTML|innerHTML|outerHTML|insertAdjacentHTML",
    "variables that browsers keep and may write (M6)": r"rx\.(Cookie|LocalStorage|SessionStorage)\b|localStorage|sessionStorage",
    "setters that anybody may call (M5)": r"\bsetvar\(|\.setvar\b(?!\")|state_auto_setters",
    "uploads of the framework (M8)": r"rx\.upload|UploadFile\b|get_upload_dir",
    "code made of text": r"(?<![\w.])eval\(|new Function\(|(?<![\w.])exec\(|document\.write",
    "computed variables, whose values are built into the page": r"@rx\.(var|cached_var|computed_var)\b|ComputedVar",
    "files sent over the socket": r"rx\.download\(",
}


def sources() -> Iterator[Path]:
    for folder, kinds in ((ROOT / "buyside", {".py", ".jsx", ".js"}), (ROOT / "assets", {".js"})):
        yield from (each for each in folder.rglob("*") if each.suffix in kinds and "external" not in each.parts)


def found_in(text: str, words: str) -> list[str]:
    return [match[0] for match in re.finditer(words, text)]


@pytest.mark.parametrize("what", WORDS)
def test_no_source_uses(what: str) -> None:
    used = {
        f"{path.relative_to(ROOT)}: {word}"
        for path in sources()
        for word in found_in(path.read_text(encoding="utf-8"), WORDS[what])
    }
    assert used == set()


@pytest.mark.parametrize(
    ("what", "line"),
    [
        ("raw markup (M11)", "rx.html(State.notes)"),
        ("raw markup (M11)", "rx.markdown(State.notes, use_raw=True)"),
        ("raw markup (M11)", "<div dangerouslySetInnerHTML={{__html: notes}} />"),
        ("variables that browsers keep and may write (M6)", 'role: str = rx.Cookie("buyer")'),
        ("variables that browsers keep and may write (M6)", "window.localStorage.setItem('role', 'admin')"),
        ("setters that anybody may call (M5)", 'on_change=State.setvar("role")'),
        ("setters that anybody may call (M5)", "state_auto_setters=True"),
        ("uploads of the framework (M8)", "rx.upload(id='files')"),
        ("code made of text", "eval(typed)"),
        ("computed variables, whose values are built into the page", "    @rx.var\n    def costs(self): ..."),
        ("files sent over the socket", "rx.download(data=rows)"),
    ],
)
def test_such_a_use_would_be_found(what: str, line: str) -> None:
    assert found_in(line, WORDS[what])


def scripts_with_text(tree: ast.AST) -> list[str]:
    """Scripts for the browser that are put together from anything but constants of ours."""
    loose = []
    for call in ast.walk(tree):
        name = getattr(getattr(call, "func", None), "attr", "")
        if not isinstance(call, ast.Call) or name not in _SCRIPTS:
            continue
        for argument in [*call.args[:1], *[each.value for each in call.keywords if each.arg == "javascript_code"]]:
            parts = argument.values if isinstance(argument, ast.JoinedStr) else [argument]
            inner = [each.value if isinstance(each, ast.FormattedValue) else each for each in parts]
            if not all(
                isinstance(each, ast.Constant) or (isinstance(each, ast.Name) and each.id.isupper()) for each in inner
            ):
                loose.append(ast.unparse(call))
    return loose


def test_no_script_for_the_browser_is_made_of_text_that_people_typed() -> None:
    """The page evaluates such scripts, so nothing but constants may stand in them."""
    for path in sources():
        if path.suffix == ".py":
            assert scripts_with_text(ast.parse(path.read_text(encoding="utf-8"))) == [], path


@pytest.mark.parametrize(
    "line", ["rx.call_script(f'say({self.name})')", "rx.call_script(typed)", "rx.call_script('say(' + name + ')')"]
)
def test_such_a_script_would_be_found(line: str) -> None:
    assert scripts_with_text(ast.parse(line))
    assert not scripts_with_text(ast.parse("rx.call_script(f\"window.location.replace('{SIGN_IN}')\")"))


@pytest.mark.parametrize("surface", ["internal", "portal"])
def test_the_framework_is_set_to_one_origin_and_keeps_states_in_memory(surface: str) -> None:
    """M1: sockets of any origin by default; M10: states pickled to disk by default."""
    script = (
        "import json, rxconfig; from buyside.config import settings; given = rxconfig.config\n"
        "print(json.dumps([list(given.cors_allowed_origins), given.state_manager_mode.value, given.state_auto_setters, "
        "settings().public_url]))"
    )
    finished = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env=os.environ | {"BUYSIDE_SURFACE": surface},
        capture_output=True,
        text=True,
        check=True,
    )
    origins, manager, setters, public_url = json.loads(finished.stdout)
    assert origins == [public_url]
    assert manager == "memory"
    assert not setters
