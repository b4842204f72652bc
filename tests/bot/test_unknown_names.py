"""A name that nobody reads is told with the one that was meant, and stops nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.conversation.texts import TextsInvalid
from bot.unknown_names import unknown_names


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "home" / "texts").mkdir(parents=True)
    return tmp_path / "home"


def told(home: Path, environment: dict[str, str] | None = None) -> list[tuple[str, str, str]]:
    return [(one.name, one.where, one.nearest) for one in unknown_names(home, environment or {})]


def test_settings_in_the_environment(home: Path) -> None:
    given = {
        "LIUKE_DEMOO": "false", "LIUKE_SHOP_NAM_EN": "Lin's", "LIUKE_XYZ": "1",
        "liuke_port": "1", "LIUKE_DB_PASSWORD": "sesame", "PATH": "/bin", "DEMOO": "1",
    }  # fmt: skip
    assert told(home, given) == [
        ("LIUKE_DEMOO", "the environment", "LIUKE_DEMO"),
        ("LIUKE_SHOP_NAM_EN", "the environment", "LIUKE_SHOP_NAME_EN"),
        ("LIUKE_XYZ", "the environment", ""),
    ]


def test_settings_in_both_files(home: Path) -> None:
    (home / "liuke.env").write_text("LIUKE_SHOPNAME_EN=Lin's\nLIUKE_PORT=1\n", "utf-8")
    Path("liuke.env").write_text("PORT=8080\n", "utf-8")
    assert told(home) == [
        ("LIUKE_SHOPNAME_EN", str(home / "liuke.env"), "LIUKE_SHOP_NAME_EN"),
        ("PORT", str(Path("liuke.env").resolve()), "LIUKE_PORT"),
    ]


def test_a_value_is_never_told(home: Path) -> None:
    (home / "liuke.env").write_text("LIUKE_TOKEN=sesame\n", "utf-8")
    said = [str(one) for one in unknown_names(home, {"LIUKE_WEB_SECRT": "sesame"})]
    assert len(said) == 2
    assert all("did you mean LIUKE_" in one and "sesame" not in one for one in said)


def test_texts(home: Path) -> None:
    ours = "our-name = Lin\n-brand = Lin\nthanks = { our-name } of { -brand }\n"
    (home / "texts" / "zh.ftl").write_text(ours + "gretting-known = { $name }!\n", "utf-8")
    (home / "texts" / "de.ftl").write_text("thanks = Danke\n", "utf-8")
    assert told(home) == [
        ("de.ftl", str(home / "texts"), "en.ftl"),
        ("gretting-known", str(home / "texts" / "zh.ftl"), "greeting-known"),
    ]


def test_a_file_in_another_encoding_is_named(home: Path) -> None:
    (home / "texts" / "zh.ftl").write_bytes("thanks = 不客气\n".encode("gbk"))
    with pytest.raises(TextsInvalid, match=r"zh\.ftl.*UTF-8"):
        told(home)
