"""Settings: defaults that need nothing, a sentence for everything that is wrong."""

import os
from pathlib import Path

import pytest

from buyside.config import RelyingParty, Settings, WrongSettings, read_settings


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
        ("PORTAL_PORT", "0", "BUYSIDE_PORTAL_PORT is '0', but must be a whole number from 1 to 65535."),
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


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HOST", "0.0.0.0"),
        ("PUBLIC_URL", "https://buyside.example.com"),
        ("PORTAL_PUBLIC_URL", "https://vendors.example.com"),
    ],
)
def test_the_demo_refuses_to_be_reachable_from_elsewhere(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv("BUYSIDE_DEMO", "1")
    monkeypatch.setenv(f"BUYSIDE_{name}", value)
    with pytest.raises(WrongSettings, match="on this machine only"):
        read_settings()


def test_the_portal_follows_the_port_of_the_internal_application(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BUYSIDE_PORT", "9100")
    read = read_settings()
    assert (read.portal_port, read.portal_public_url) == (9101, "http://localhost:9101")
    assert read.demo_provider_port == 9102
    monkeypatch.setenv("BUYSIDE_PORTAL_PORT", "9200")
    assert read_settings().portal_public_url == "http://localhost:9200"


def test_a_surface_sees_its_own_port_address_and_provider(monkeypatch: pytest.MonkeyPatch) -> None:
    provider = "https://login.example.com/.well-known/openid-configuration"
    for name, value in {"DISCOVERY_URL": provider, "CLIENT_ID": "staff", "CLIENT_SECRET": "one"}.items():
        monkeypatch.setenv(f"BUYSIDE_OIDC_{name}", value)
    read = read_settings()
    internal, portal = read.of_surface("internal"), read.of_surface("portal")
    assert internal is read
    assert (portal.surface, portal.port, portal.public_url) == ("portal", 8301, "http://localhost:8301")
    assert internal.web_folder != portal.web_folder
    assert internal.oidc == portal.oidc == RelyingParty(provider, "staff", "one")
    assert portal.of_surface("portal") is portal
    with pytest.raises(ValueError, match="nothing of the internal surface"):
        portal.of_surface("internal")
    monkeypatch.setenv("BUYSIDE_PORTAL_OIDC_CLIENT_ID", "vendors")
    monkeypatch.setenv("BUYSIDE_PORTAL_OIDC_CLIENT_SECRET", "two")
    assert read_settings().of_surface("portal").oidc == RelyingParty(provider, "vendors", "two")


def test_nobody_signs_in_without_a_provider() -> None:
    read = read_settings()
    assert read.oidc is None
    assert read.of_surface("portal").oidc is None


def test_a_provider_is_known_by_its_issuer() -> None:
    provider = RelyingParty("https://login.example.com/realm/.well-known/openid-configuration", "id", "hidden")
    assert provider.issuer == "https://login.example.com/realm"
    assert "hidden" not in repr(provider)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("https://login.example.com", "must be a web address such as"),
        ("login.example.com/.well-known/openid-configuration", "must be a web address such as"),
        ("ftp://login.example.com/.well-known/openid-configuration", "must be a web address such as"),
        ("https://login.example.com:0x/.well-known/openid-configuration", "must be a web address such as"),
        ("https://login.example.com/.well-known/openid-configuration?p=1", "must be a web address such as"),
        ("https://me:hidden@login.example.com/.well-known/openid-configuration", "is set, but must be a web address"),
        ("http://login.example.com/.well-known/openid-configuration", "must begin with https"),
        ("http://localhost.example.com/.well-known/openid-configuration", "must begin with https"),
    ],
)
@pytest.mark.parametrize("prefix", ["", "PORTAL_"])
@pytest.mark.rule("ACC-8")
def test_a_provider_is_asked_over_https_only(monkeypatch: pytest.MonkeyPatch, prefix: str, url: str, why: str) -> None:
    monkeypatch.setenv(f"BUYSIDE_{prefix}OIDC_DISCOVERY_URL", url)
    with pytest.raises(WrongSettings) as caught:
        read_settings()
    assert len(caught.value.sentences) == 1
    assert caught.value.sentences[0].startswith(f"BUYSIDE_{prefix}OIDC_DISCOVERY_URL is ")
    assert why in caught.value.sentences[0]
    assert "hidden" not in caught.value.sentences[0]


@pytest.mark.parametrize("host", ["localhost:8302", "127.0.0.1:8302", "[::1]:8302"])
def test_a_provider_on_this_machine_needs_no_https(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.setenv("BUYSIDE_OIDC_DISCOVERY_URL", f"http://{host}/.well-known/openid-configuration")
    monkeypatch.setenv("BUYSIDE_OIDC_CLIENT_ID", "id")
    monkeypatch.setenv("BUYSIDE_OIDC_CLIENT_SECRET", "secret")
    assert read_settings().oidc is not None


@pytest.mark.parametrize("prefix", ["", "PORTAL_"])
@pytest.mark.parametrize("given", [{"CLIENT_ID"}, {"CLIENT_SECRET"}, {"DISCOVERY_URL"}, {"DISCOVERY_URL", "CLIENT_ID"}])
def test_half_a_provider_is_refused(monkeypatch: pytest.MonkeyPatch, prefix: str, given: set[str]) -> None:
    values = {
        "DISCOVERY_URL": "https://a.example/.well-known/openid-configuration",
        "CLIENT_ID": "i",
        "CLIENT_SECRET": "s",
    }
    for name in given:
        monkeypatch.setenv(f"BUYSIDE_{prefix}OIDC_{name}", values[name])
    with pytest.raises(WrongSettings, match="belong together") as caught:
        read_settings()
    for name in values.keys() - given:
        assert f"BUYSIDE_{prefix}OIDC_{name}" in str(caught.value)


def test_a_client_of_the_portal_needs_a_provider_to_be_known_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BUYSIDE_PORTAL_OIDC_CLIENT_ID", "vendors")
    monkeypatch.setenv("BUYSIDE_PORTAL_OIDC_CLIENT_SECRET", "two")
    with pytest.raises(WrongSettings, match="BUYSIDE_PORTAL_OIDC_DISCOVERY_URL is missing"):
        read_settings()


def test_the_two_surfaces_do_not_share_a_port(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BUYSIDE_PORTAL_PORT", "8300")
    with pytest.raises(WrongSettings, match="are both 8300"):
        read_settings()


@pytest.mark.rule("ACC-5")
def test_the_two_surfaces_do_not_share_a_host_that_others_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BUYSIDE_PUBLIC_URL", "https://buying.example.com")
    monkeypatch.setenv("BUYSIDE_PORTAL_PUBLIC_URL", "https://buying.example.com:8443")
    with pytest.raises(WrongSettings, match="a host of its own"):
        read_settings()
    monkeypatch.setenv("BUYSIDE_PORTAL_PUBLIC_URL", "https://vendors.example.com")
    assert read_settings().portal_public_url == "https://vendors.example.com"


def test_a_process_of_the_portal_knows_one_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BUYSIDE_SURFACE", "portal")
    monkeypatch.setenv("BUYSIDE_PORT", "9301")
    monkeypatch.setenv("BUYSIDE_PUBLIC_URL", "https://vendors.example.com")
    read = read_settings()
    assert (read.portal_port, read.portal_public_url) == (9301, "https://vendors.example.com")


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
