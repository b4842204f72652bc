"""`liuke backup`, `restore` and `copy` say what they did and what is next, and what is wrong in a sentence."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import Result
from sqlalchemy.engine import make_url
from typer.testing import CliRunner

from bot.cli import app
from storage import Store
from tests.conftest import POSTGRES, make_tables
from tests.factories import add_customer

Liuke = Callable[..., Result]


@pytest.fixture
def liuke(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Liuke]:
    """Runs a command on a home with a shop; `home` names another one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LIUKE_DATABASE_URL", raising=False)
    before = os.umask(0o077)
    (tmp_path / "home").mkdir()
    asyncio.run(_fill(f"sqlite:///{tmp_path / 'home' / 'liuke.db'}"))

    def run(*words: str, home: str = "home") -> Result:
        done = CliRunner().invoke(
            app, list(words), env={"LIUKE_HOME": str(tmp_path / home), "COLUMNS": "400"}
        )
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done

    yield run
    os.umask(before)


async def _fill(url: str) -> None:
    await make_tables(url)
    store = Store.open(url)
    await store.write(lambda connection: add_customer(connection, "c1"))
    await store.close()


def test_there_and_back(liuke: Liuke, tmp_path: Path) -> None:
    (tmp_path / "home" / "liuke.env").write_text("LIUKE_TELEGRAM_TOKEN=1:sesame\n")
    made = liuke("backup")
    (backup,) = tmp_path.glob("liuke-*.zip")
    assert made.exit_code == 0
    assert backup.name in made.stdout
    assert backup.stat().st_mode & 0o077 == 0
    restored = liuke("restore", str(backup), home="new")
    assert restored.exit_code == 0
    assert "0 messages that were on their way then are not sent" in restored.stdout
    assert "Set again what a back-up doesn't hold: LIUKE_TELEGRAM_TOKEN." in restored.stderr
    assert "sesame" not in made.output + restored.output
    assert "c1" in liuke("customer", "show", "c1", home="new").stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("backup", "none/b.zip"), "There is no folder none"),
        (("restore", "none.zip"), "none.zip can't be read or written"),
        (("restore", "home/liuke.db"), "is no back-up of Liuke"),
        (("copy", "--to", "mysql://h/d"), "must begin with sqlite:/// or postgresql://"),
        (("copy", "--to", "sqlite:///"), "--to must name a file"),
        (("copy", "--to", "postgresql://u:sesame@h:many/d"), "--to is no address such as"),
        (("copy", "--to", "sqlite:///home/liuke.db"), "in that database already"),
    ],
)
def test_what_is_wrong_is_said(liuke: Liuke, words: tuple[str, ...], said: str) -> None:
    done = liuke(*words)
    assert done.exit_code == 1
    assert said in done.stderr
    assert "Traceback" not in done.output
    assert "sesame" not in done.output


def test_a_copy_says_what_is_next(liuke: Liuke, tmp_path: Path) -> None:
    done = liuke("copy", "--to", "sqlite:///other.db")
    assert done.exit_code == 0
    assert f"set LIUKE_DATABASE_URL to it, such as in {tmp_path / 'home' / 'liuke.env'}" in done.stdout
    assert (tmp_path / "other.db").exists()


def test_a_database_to_copy_to_that_is_not_there_is_named(liuke: Liuke) -> None:
    where = make_url(POSTGRES).set(password="sesame", database="nobody_made_this")
    done = liuke("copy", "--to", where.render_as_string(hide_password=False))
    assert done.exit_code == 1
    assert "createdb" in done.stderr
    assert "nobody_made_this" in done.stderr
    assert "sesame" not in done.stderr
