"""When the page is built again, and what the build may know."""

from pathlib import Path

import pytest

from buyside.config import Settings
from buyside.web import build


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small project of the same shape."""
    for name in (
        "rxconfig.py",
        "buyside/pages/orders.py",
        "buyside/pages/kit/grid.py",
        "buyside/pages/portal/orders.py",
        "buyside/cli/main.py",
        "assets/logo.svg",
        "reflex.lock/package.json",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text('"one"')
    monkeypatch.setattr(build, "ROOT", tmp_path)
    monkeypatch.setattr("buyside.config.ROOT", tmp_path)
    return tmp_path


@pytest.fixture
def exports(project: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The builds that were made, which make nothing but a page."""
    made: list[str] = []

    def export(given: Settings) -> None:
        made.append(given.surface)
        (given.web_folder / "build" / "client").mkdir(parents=True, exist_ok=True)
        (given.web_folder / "build" / "client" / "index.html").write_text("page")

    monkeypatch.setattr(build, "_export", export)
    return made


@pytest.fixture
def given(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home")


def test_unchanged_code_is_built_once(given: Settings, exports: list[str]) -> None:
    build.build(given)
    build.build(given)
    assert len(exports) == 1
    assert build.is_built(given)


@pytest.mark.parametrize(
    "changed", ["rxconfig.py", "buyside/pages/orders.py", "assets/logo.svg", "reflex.lock/package.json"]
)
def test_a_change_of_what_the_page_is_made_of_builds_it_again(
    given: Settings, exports: list[str], project: Path, changed: str
) -> None:
    build.build(given)
    (project / changed).write_text('"two"')
    assert not build.is_built(given)
    build.build(given)
    assert len(exports) == 2


def test_a_change_of_a_command_builds_nothing(given: Settings, exports: list[str], project: Path) -> None:
    build.build(given)
    (project / "buyside/cli/main.py").write_text('"two"')
    assert build.is_built(given)


@pytest.mark.parametrize(
    ("changed", "surfaces"),
    [
        ("buyside/pages/orders.py", ["internal"]),
        ("buyside/pages/portal/orders.py", ["portal"]),
        ("buyside/pages/kit/grid.py", ["internal", "portal"]),
    ],
)
def test_a_change_builds_the_surface_that_shows_it(
    given: Settings, exports: list[str], project: Path, changed: str, surfaces: list[str]
) -> None:
    both = [given, given.of_surface("portal")]
    for each in both:
        build.build(each)
    exports.clear()
    (project / changed).write_text('"two"')
    for each in both:
        build.build(each)
    assert exports == surfaces


def test_the_first_build_of_the_portal_takes_the_packages_that_are_installed(
    given: Settings, exports: list[str], project: Path
) -> None:
    build.build(given)
    installed = given.web_folder / "node_modules" / "react" / "index.js"
    installed.parent.mkdir(parents=True)
    installed.write_text("react")
    for name in (
        "reflex.install_frontend_packages.cached",
        "package.json",
        "app/entry.client.js",
        "app/routes/orders.jsx",
        "backend/stateful_pages.json",
    ):
        (given.web_folder / name).parent.mkdir(parents=True, exist_ok=True)
        (given.web_folder / name).write_text("internal")
    portal = given.of_surface("portal")
    build.build(portal)
    taken = {path.relative_to(portal.web_folder).as_posix() for path in portal.web_folder.rglob("*") if path.is_file()}
    assert taken == {
        "node_modules/react/index.js",
        "reflex.install_frontend_packages.cached",
        "package.json",
        "app/entry.client.js",
        "build/client/index.html",
        "buyside.stamp",
    }
    (portal.web_folder / "package.json").write_text("portal")
    assert (given.web_folder / "package.json").read_text() == "internal"


def test_another_public_address_builds_it_again(given: Settings, exports: list[str]) -> None:
    build.build(given)
    assert not build.is_built(given.model_copy(update={"public_url": "https://buyside.example.com"}))


def test_a_lock_written_by_the_build_itself_is_no_reason_to_build_again(
    given: Settings, exports: list[str], project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export = build._export

    def export_and_lock(chosen: Settings) -> None:
        export(chosen)
        (project / "reflex.lock/package.json").write_text('{"b":1,   "a":2}')

    monkeypatch.setattr(build, "_export", export_and_lock)
    build.build(given)
    assert build.is_built(given)
    assert (project / "reflex.lock/package.json").read_text() == '{\n  "a": 2,\n  "b": 1\n}\n'


def test_a_failed_build_is_told_and_leaves_no_old_page(
    given: Settings, exports: list[str], project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build.build(given)
    (project / "rxconfig.py").write_text('"two"')

    def fail(_given: Settings) -> None:
        raise build.BuildFailed("The page could not be built.")

    monkeypatch.setattr(build, "_export", fail)
    with pytest.raises(build.BuildFailed):
        build.build(given)
    assert not build.is_built(given)
    assert not (given.web_folder / "build" / "client").exists()


def test_the_build_knows_no_login_and_no_secret(
    given: Settings, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BUYSIDE_DATABASE_URL", "postgresql://owner:hidden@host/base")
    monkeypatch.setenv("BUYSIDE_SECRET", "s" * 32)
    monkeypatch.setenv("BUYSIDE_OIDC_CLIENT_SECRET", "hidden")
    monkeypatch.setenv("NPM_CONFIG_REGISTRY", "http://mirror.example")
    monkeypatch.setenv("__REFLEX_SKIP_COMPILE", "1")
    variables = build._build_environment(given)
    assert "__REFLEX_SKIP_COMPILE" not in variables  # of a process that serves: its build would be of an old page
    assert {name for name in variables if name.startswith("BUYSIDE_")} == {
        "BUYSIDE_HOME",
        "BUYSIDE_SURFACE",
        "BUYSIDE_PUBLIC_URL",
    }
    assert "hidden" not in str(variables)
    assert variables["NPM_CONFIG_REGISTRY"] == "http://mirror.example"
    assert (Path(variables["PATH"].split(":")[0]) / "node").exists()
