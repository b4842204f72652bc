"""What a home folder holds is its owner's alone."""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import app
from bot.settings import Settings, keep_private
from storage import Store, migrate


@pytest.fixture(autouse=True)
def _own_umask(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """As on most machines: whatever is made can be read by everybody."""
    monkeypatch.chdir(tmp_path)
    before = os.umask(0o022)
    yield
    os.umask(before)


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def _open_home(home: Path) -> list[Path]:
    """A home as earlier versions left it."""
    files = [
        home / "liuke.db", home / "liuke.db-wal", home / "liuke.db-shm", home / "liuke.env",
        home / "console" / "storage-user-1.json", home / "imports" / "rejects.csv",
        home / "models" / "retention" / "v1" / "lists.json",
    ]  # fmt: skip
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("x")
    return [home, *files, *(folder for file in files for folder in file.relative_to(home).parents)]


def test_what_others_could_read_is_mended_and_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "home"
    held = [home / path for path in _open_home(home)]
    (home / "liuke.env").chmod(0o664)
    keep_private(Settings(home=home))
    assert {path: oct(_mode(path)) for path in held if _mode(path) & 0o077} == {}
    assert all(_mode(path) & 0o600 == 0o600 for path in held)
    assert str(home) in capsys.readouterr().err.replace("\n", "")
    keep_private(Settings(home=home))
    assert capsys.readouterr().err == ""


def test_a_token_where_a_command_is_run_is_mended(tmp_path: Path) -> None:
    (tmp_path / "liuke.env").write_text("LIUKE_TELEGRAM_TOKEN=1:a")
    keep_private(Settings(home=tmp_path / "home"))
    assert _mode(tmp_path / "liuke.env") == 0o600


def test_everything_is_made_private(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    keep_private(settings)

    async def start() -> None:
        settings.home.mkdir()
        await migrate(settings.store_url)
        store = Store.open(settings.store_url)
        async with store.read():
            made = {path.name: _mode(path) for path in settings.home.iterdir()}
        await store.close()
        assert made == {"liuke.db": 0o600, "liuke.db-wal": 0o600, "liuke.db-shm": 0o600}

    asyncio.run(start())
    assert _mode(settings.home) == 0o700


def test_every_command_sees_to_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("LIUKE_HOME", str(home))
    done = CliRunner().invoke(app, ["customer", "list"])
    assert done.exit_code == 0
    assert _mode(home) == 0o700
    assert _mode(home / "liuke.db") == 0o600


def test_a_folder_that_others_share_stays_theirs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shared, person = tmp_path / "shared", tmp_path / "person"
    for folder, mode in ((shared, 0o1777), (person, 0o755)):
        folder.mkdir()
        folder.chmod(mode)
        (folder / "liuke.db").write_text("")
        (folder / "letter.txt").write_text("")
    monkeypatch.setenv("HOME", str(person))
    for folder, mode in ((shared, 0o1777), (person, 0o755)):
        keep_private(Settings(home=folder))
        assert (_mode(folder), _mode(folder / "letter.txt")) == (mode, 0o644)
        assert _mode(folder / "liuke.db") == 0o600


def test_a_link_out_of_the_home_is_not_followed(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("")
    (tmp_path / "home" / "models").mkdir(parents=True)
    (tmp_path / "home" / "models" / "link").symlink_to(elsewhere)
    keep_private(Settings(home=tmp_path / "home"))
    assert _mode(elsewhere) == 0o644


def test_where_permissions_cannot_be_changed_it_is_said_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As on a file system without permissions: the call succeeds and changes nothing."""
    home = tmp_path / "home"
    _open_home(home)
    monkeypatch.setattr(Path, "chmod", lambda _path, _mode: None)
    keep_private(Settings(home=home))
    said = capsys.readouterr().err.replace("\n", " ")
    assert "may read" in said
    assert "LIUKE_HOME" in said
