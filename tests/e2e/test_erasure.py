"""Somebody is erased while the whole program runs: no file holds them afterwards, and they come back a stranger."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from websockets.asyncio.client import connect

import retention
from tests.bot.channels.webchat import Page, token
from tests.e2e.conftest import MakeProgram
from tests.e2e.program import Program, rows

pytestmark = pytest.mark.slow

MARK = "zq7xkv"


def _prepare(home: Path) -> str:
    """A customer of the demo whom the fitted models name, with the mark on what the shop knows of them."""
    (version,) = (home / "models" / "retention").iterdir()
    customer_id = next(one for one in retention.listed(version) if one)
    with closing(sqlite3.connect(home / "liuke.db")) as file, file:
        known = (f"Ann {MARK}", f"{MARK}@example.org", customer_id)
        assert file.execute("UPDATE customer SET name = ?, email = ? WHERE id = ?", known).rowcount == 1
    (home / "imports").mkdir(exist_ok=True)
    (home / "imports" / "rejects-x.csv").write_text(f"row,reason,mail\n1,bad,{MARK}@example.org\n", "utf-8")
    return customer_id


def _holding(home: Path, *marks: str) -> dict[str, list[str]]:
    """The files that hold a mark."""
    found = {
        path.name: [mark for mark in marks if mark.encode() in path.read_bytes()]
        for path in home.rglob("*")
        if path.is_file()
    }
    return {name: marks for name, marks in found.items() if marks}


def _token(home: Path, customer_id: str) -> str:
    ((secret,),) = rows(home, "SELECT value FROM setting WHERE key = 'web.secret'")
    return token(customer_id, json.loads(secret), 600)


@pytest.mark.timeout(300)
async def test_nothing_of_them_is_left_while_it_runs_and_afterwards(make_program: MakeProgram) -> None:
    program = make_program()
    customer_id = _prepare(program.home)
    async with program:
        vouched = _token(program.home, customer_id)
        address = program.address.replace("http", "ws") + "/chat/ws"
        async with connect(address, proxy=None) as socket:
            page = Page(socket)
            assert (await page.hello(token=vouched))["signed_in"]
            for number in range(5):
                await page.say(f"{MARK} says {number}: where is my order?", f"m{number}")
                await page.until("message", author="bot")
            await program.holds("SELECT count(*) FROM inbox WHERE state = 'new'", [(0,)])
            assert "liuke.db-wal" in _holding(program.home, MARK)
            said = await program.liuke("customer", "erase", customer_id, "--yes")
            assert "Erased" in said
            assert "still hold" not in said
            assert _holding(program.home, MARK, customer_id) == {}
            await page.say("still me", "m9")
            await page.until("signed_out")
        async with connect(address, proxy=None) as socket:
            stranger = Page(socket)
            welcome = await stranger.hello(token=vouched)
            assert (welcome["signed_in"], welcome["messages"]) == (False, [])
            await stranger.say("still me", "m9")
            await stranger.until("kept", id="m9")
        await program.holds("SELECT count(*) FROM message WHERE text = 'still me'", [(1,)])
        assert await _linked(program) == []
        assert _holding(program.home, MARK, customer_id) == {}
        await program.stop()
    assert _holding(program.home, MARK, customer_id) == {}
    assert MARK not in program.log


async def _linked(program: Program) -> list[tuple[object, ...]]:
    """Accounts that belong to somebody nameless again."""
    return rows(
        program.home,
        "SELECT account.id FROM account JOIN customer ON customer.id = account.customer_id "
        "WHERE customer.erased_at IS NOT NULL",
    )
