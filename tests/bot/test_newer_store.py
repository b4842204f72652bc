"""A store that a newer version has migrated: every command that would open it says so in a sentence, and stops."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from bot.cli import app
from tests.conftest import make_tables

# `tests/e2e/test_start.py` starts the first, `tests/bot/house` restores, and
# `tests/bot/doctor` asks the doctor. Others open no store: what they read and
# write is named.
_ELSEWHERE = {
    "run", "serve", "work", "nlu build", "nlu context", "nlu pages", "nlu evaluate", "nlu compare", "nlu predict",
    "retention recommend", "retention churn", "retention value", "retention segments", "retention score",
    "retention evaluate", "retention compare", "prices forecast", "prices elasticity", "uplift score", "restore",
    "doctor",
}  # fmt: skip
_GIVEN = {
    "kind": "customers", "decision": "accept", "mode": "off", "role": "agent", "case_id": "1", "warning_id": "1",
    "request_id": "1", "text": "hello", "number": "1",
}  # fmt: skip
_MORE = {"customer erase": ["c1", "--yes"], "chat": ["--as", "c1"], "copy": ["--to", "sqlite:///x.db"]}


def _commands(command: Any, path: str = "") -> Iterator[tuple[str, list[str]]]:
    for name, child in command.commands.items():
        words = f"{path} {name}".strip()
        if hasattr(child, "commands"):
            yield from _commands(child, words)
        elif words not in _ELSEWHERE:
            yield (
                words,
                [part for parameter in child.params if parameter.required for part in _given(parameter)],
            )


def _given(parameter: Any) -> list[str]:
    value = _GIVEN.get(parameter.name, "x")
    return [value] if parameter.param_type_name == "argument" else [parameter.opts[0], value]


COMMANDS = dict(_commands(typer.main.get_command(app)))


@pytest.fixture(scope="module")
def newer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    asyncio.run(make_tables(f"sqlite:///{home / 'liuke.db'}"))
    with closing(sqlite3.connect(home / "liuke.db")) as file, file:
        file.execute("UPDATE alembic_version SET version_num = '9999'")
    for path in (home, home / "liuke.db"):
        path.chmod(path.stat().st_mode & 0o700)
    return home


@pytest.fixture(autouse=True)
def _own_umask() -> Iterator[None]:
    before = os.umask(0o077)
    yield
    os.umask(before)


@pytest.mark.parametrize("words", COMMANDS)
def test_no_command_touches_it(
    newer: Path, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LIUKE_HOME", str(newer))
    monkeypatch.delenv("LIUKE_DATABASE_URL", raising=False)
    done = CliRunner().invoke(app, [*words.split(), *COMMANDS[words], *_MORE.get(words, ())])
    assert done.exit_code == 1, done.output
    assert isinstance(done.exception, SystemExit), done.exception
    assert "9999" in done.stderr
    assert "update this program" in done.stderr
    assert len(done.stderr.splitlines()) == 1
