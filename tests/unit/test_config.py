"""Settings: defaults that need nothing, a sentence for everything that is wrong."""

import os
from pathlib import Path

import pytest

from buyside.config import Settings, WrongSettings, read_settings


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("BUYSIDE_HOME", str(tmp_path / "home"))
    for name in [each for each in os.environ if each.startswith("BUYSIDE_") and each != "BUYSIDE_HOME"]:
        monkeypatch.delenv(name)
    return tmp_path / "home"


def test_no_setting_is_needed() -> None:
    read = read_settings()
    assert (read.host, read.port, read.public_url) == ("127.0.0.1", 8300, "http://localhost:8300")
    assert read.is_loopback
    assert not read.demo


def test_the_public_address_follows_the_port(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BUYSIDE_PORT", "9100")
    assert read_settings().public_url == "http://localhost:9100"


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("PORT", "many", "BUYSIDE_PORT is 'many', but must be a whole number from 1 to 65535."),
        ("PORT", "0", "BUYSIDE_PORT is '0', but must be a whole number from 1 to 65535."),
        ("DEMO", "perhaps", "BUYSIDE_DEMO is 'perhaps', but must be 1 or 0."),
        ("SURFACE", "shop", "BUYSIDE_SURFACE is 'shop', but must be 'internal' or 'portal'."),
        ("SECRET", "short", "BUYSIDE_SECRET is set, but must have at least 32 characters."),
        (
            "DATABASE_URL",
            "mysql://me:hidden@host/base",
            "BUYSIDE_DATABASE_URL is set, but must look like postgresql://user:password@host:5432/database.",
        ),
        (
            "PUBLIC_URL",
            "https://host/path",
            (
                "BUYSIDE_PUBLIC_URL is 'https://host/path', but must be a web address without a path, such as "
                "https://buyside.example.com."
            ),
        ),
        (
            "DATABASE_NAME",
            "Buy-Side",
            (
                "BUYSIDE_DATABASE_NAME is 'Buy-Side', but must be a name of small letters, digits and underscores that begins "
                "with a letter."
            ),
        ),
        ("PROT", "1", "BUYSIDE_PROT is no setting. Is BUYSIDE_PORT meant?"),
    ],
)
def test_a_wrong_setting_is_told_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, sentence: str
) -> None:
    monkeypatch.setenv(f"BUYSIDE_{name}", value)
    with pytest.raises(WrongSettings) as caught:
        read_settings()
    assert caught.value.sentences == [sentence]


def test_all_wrong_settings_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BUYSIDE_PORT", "x")
    monkeypatch.setenv("BUYSIDE_SECRET", "x")
    with pytest.raises(WrongSettings) as caught:
        read_settings()
    assert len(caught.value.sentences) == 2


@pytest.mark.parametrize(("name", "value"), [("HOST", "0.0.0.0"), ("PUBLIC_URL", "https://buyside.example.com")])
def test_the_demo_refuses_to_be_reachable_from_elsewhere(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv("BUYSIDE_DEMO", "1")
    monkeypatch.setenv(f"BUYSIDE_{name}", value)
    with pytest.raises(WrongSettings, match="on this machine only"):
        read_settings()


def test_settings_cannot_be_changed_and_do_not_show_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BUYSIDE_DATABASE_URL", "postgresql://me:hidden@host/base")
    read = read_settings()
    assert "hidden" not in repr(read)
    with pytest.raises(ValueError, match="frozen"):
        read.port = 1


def test_the_secret_is_drawn_once_and_kept_for_its_owner_only(home: Path) -> None:
    first = Settings().key("cookies")
    assert first == Settings().key("cookies")
    assert first != Settings().key("passwords")
    assert (home / "secret").stat().st_mode & 0o777 == 0o600


def test_a_given_secret_counts_for_keys_but_not_for_the_embedded_server(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Settings().local_key("passwords")
    monkeypatch.setenv("BUYSIDE_SECRET", "s" * 32)
    assert Settings().key("passwords") != kept
    assert Settings().local_key("passwords") == kept
