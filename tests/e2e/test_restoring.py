"""A back-up is made while the program runs; a program on the restored one sends nothing of what was on its way then."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.botapi import FakeBotApi
from tests.e2e.conftest import MakeProgram
from tests.e2e.program import ROOT, Program, rows

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

_WAITING = """INSERT INTO outbox (channel, address, kind, policy, state, payload, author, created_at, not_before,
                                  attempts, message_refs)
              VALUES ('telegram', '4711', ?, ?, 'ready', '{"text": "hello", "language": "en"}', 'bot', 1, 1, 0, '[]')"""


async def test_what_was_on_its_way_stays_where_it_is(
    make_program: MakeProgram, api: FakeBotApi, tmp_path: Path
) -> None:
    backup = tmp_path / "backup.zip"
    # Without a token nobody here sends what waits for Telegram.
    async with make_program() as program:
        with closing(sqlite3.connect(program.home / "liuke.db", timeout=20)) as file, file:
            file.executemany(_WAITING, [("reply", "retry"), ("notice", "once")])
        said = await program.liuke("backup", str(backup))
        assert "The back-up is" in said
        # What it writes from here on would be left behind.
        with pytest.raises(RuntimeError, match="stop it first"):
            await program.liuke("copy", "--to", f"sqlite:///{tmp_path / 'copy.db'}")
        await program.stop()
    restored = Program(tmp_path / "elsewhere", bot_api=api.address)
    await restored.liuke("restore", str(backup))
    async with restored:
        await restored.prints("Outreach is paused since a back-up of")
        await restored.prints("`liuke outreach resume win-back`")
        assert "paused since a back-up" in await _said_on_errors(restored, "outreach", "show")
        # A person writes: Telegram is served, and the senders have looked at the outbox since.
        person = api.person("lin")
        person.says("hello")
        await person.hears(1, 20)
        assert rows(restored.home, "SELECT state FROM outbox WHERE address = '4711'") == [("unknown",)] * 2
        assert rows(restored.home, "SELECT state FROM campaign") == [("paused",)]
        await restored.stop()
    assert "Traceback" not in restored.log


async def _said_on_errors(program: Program, *words: str) -> str:
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot.cli", *words, env=program.environment(), cwd=ROOT, stderr=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    _, errors = await child.communicate()
    return " ".join(errors.decode().split())
