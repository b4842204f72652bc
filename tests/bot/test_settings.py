"""Settings are checked at the start, all at once, and secrets stay secret."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bot.settings import SettingsInvalid, load_settings

SECRET = "a-secret-that-nobody-should-ever-see-in-a-log"


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No settings of the person who runs the tests; a home of its own."""
    for name in [name for name in os.environ if name.startswith("LIUKE_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def problems() -> list[str]:
    with pytest.raises(SettingsInvalid) as invalid:
        load_settings()
    assert all(problem in str(invalid.value) for problem in invalid.value.problems)
    return invalid.value.problems


def test_nothing_need_be_set(clean: Path) -> None:
    settings = load_settings()
    assert settings.home == clean / ".liuke"
    assert settings.store_url == f"sqlite:///{clean / '.liuke' / 'liuke.db'}"
    assert settings.base_url == "http://127.0.0.1:8080"
    assert settings.telegram_token is None
    assert settings.telegram_rate == 28


def test_every_problem_is_told_at_once(clean: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (clean / "file").write_text("")
    wrong = {
        "LIUKE_TELEGRAM_TOKEN": "not-a-token",
        "LIUKE_TELEGRAM_API": "api.telegram.org",
        "LIUKE_TELEGRAM_WEBHOOK": "ftp://example.org",
        "LIUKE_TELEGRAM_RATE": "-1",
        "LIUKE_DATABASE_URL": "mysql://localhost/x",
        "LIUKE_REDIS_URL": "localhost:6379",
        "LIUKE_HOST": "",
        "LIUKE_PORT": "70000",
        "LIUKE_PUBLIC_URL": "http://[",
        "LIUKE_TIME_ZONE": "Mars/Olympus",
        "LIUKE_WEB_SECRET": "short",
        "LIUKE_TRUSTED_PROXIES": "127.0.0.1, nginx",
        "LIUKE_BOT_NAME_EN": "",
        "LIUKE_CHAT_COLOR": "teal",
        "LIUKE_CHAT_LOGO": "logo.svg",
        "LIUKE_HOME": str(clean / "file"),
        "LIUKE_CART_URL": "https://shop.example/cart?add={colour}",
        "LIUKE_DEMO": "perhaps",
        "LIUKE_LOG_LEVEL": "LOUD",
    }
    for name, value in wrong.items():
        monkeypatch.setenv(name, value)
    told = problems()
    assert sorted(line.split(":")[0] for line in told) == sorted(wrong)


@pytest.mark.parametrize(
    ("name", "value"),
    [("LIUKE_TELEGRAM_TOKEN", SECRET), ("LIUKE_DATABASE_URL", f"mysql://root:{SECRET}@localhost/x"),
     ("LIUKE_REDIS_URL", f"http://:{SECRET}@localhost"), ("LIUKE_WEB_SECRET", SECRET[:31])],
)  # fmt: skip
def test_a_bad_secret_is_not_repeated(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    [told] = problems()
    assert told.startswith(name)
    assert SECRET[:31] not in told


def test_good_secrets_are_not_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIUKE_TELEGRAM_TOKEN", f"123:{SECRET}")
    monkeypatch.setenv("LIUKE_WEB_SECRET", SECRET)
    assert SECRET not in repr(load_settings())


def test_empty_is_the_same_as_not_set(clean: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "TELEGRAM_TOKEN",
        "TELEGRAM_WEBHOOK",
        "PUBLIC_URL",
        "DATABASE_URL",
        "REDIS_URL",
        "CART_URL",
        "WEB_SECRET",
        "TRUSTED_PROXIES",
        "HOME",
    ):
        monkeypatch.setenv(f"LIUKE_{name}", "")
    settings = load_settings()
    assert settings.home == clean / ".liuke"
    assert settings.telegram_token is None
    assert settings.telegram_webhook is None
    assert settings.web_secret is None
    assert settings.basket is None
    assert settings.store_url.startswith("sqlite:///")
    assert [str(network) for network in settings.proxies] == ["127.0.0.1/32", "::1/128"]


def test_proxies_are_addresses_and_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIUKE_TRUSTED_PROXIES", "10.1.2.3/8 , 172.18.0.2,fd00::/8,")
    proxies = load_settings().proxies
    assert [str(network) for network in proxies] == ["10.0.0.0/8", "172.18.0.2/32", "fd00::/8"]


def test_files_are_read_and_the_environment_wins(clean: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (clean / ".liuke").mkdir()
    (clean / ".liuke" / "liuke.env").write_text(
        "LIUKE_PORT=9000\nLIUKE_HOST=0.0.0.0\nLIUKE_SHOP_NAME_EN=Home\n"
    )
    (clean / "liuke.env").write_text("LIUKE_PORT=9001\nLIUKE_SHOP_NAME_EN=Here\nUNKNOWN=1\n")
    monkeypatch.setenv("LIUKE_PORT", "9002")
    settings = load_settings()
    assert (settings.port, settings.shop_name_en, settings.host) == (9002, "Here", "0.0.0.0")  # noqa: S104
    assert settings.base_url == "http://127.0.0.1:9002"


@pytest.mark.parametrize("colour", ["teal", "#fff", "aa3355", "#aa335g", "#aa3355;", "#aa3355\n"])
def test_a_colour_is_told_how_it_is_written(monkeypatch: pytest.MonkeyPatch, colour: str) -> None:
    monkeypatch.setenv("LIUKE_CHAT_COLOR", colour)
    [told] = problems()
    assert told.startswith("LIUKE_CHAT_COLOR: must be a colour such as #0f766e")


def test_a_colour_stands_in_a_file_as_it_is(clean: Path) -> None:
    (clean / "liuke.env").write_text("LIUKE_CHAT_COLOR=#AA3355\nLIUKE_CHAT_LOGO=brand/logo.png\n")
    settings = load_settings()
    assert (settings.chat_color, settings.chat_logo) == ("#aa3355", "brand/logo.png")


@pytest.mark.parametrize(
    "logo",
    ["http://e.org/a.png", "https://", "https://[", "https://e.org/a\nb.png", "../a.png", "/a.png", "a.svg"],
)
def test_a_logo_is_an_https_address_or_a_picture_of_the_media_folder(
    monkeypatch: pytest.MonkeyPatch, logo: str
) -> None:
    monkeypatch.setenv("LIUKE_CHAT_LOGO", logo)
    [told] = problems()
    assert told.startswith("LIUKE_CHAT_LOGO: must be an address that begins with https://")


def test_a_file_that_is_no_text_is_named(clean: Path) -> None:
    (clean / "liuke.env").write_bytes(b"\xff\xfe\x00LIUKE")
    assert "liuke.env" in problems()[0]


def test_a_tilde_is_a_persons_home(clean: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIUKE_HOME", "~/shop")
    assert load_settings().home == clean / "shop"


def test_the_older_name_of_postgresql_is_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIUKE_DATABASE_URL", "postgres://shop@db/liuke")
    assert load_settings().store_url == "postgresql://shop@db/liuke"
