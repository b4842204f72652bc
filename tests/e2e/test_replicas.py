"""Two processes that serve and one that works, on one PostgreSQL: together they are one bot."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from websockets.asyncio.client import connect

from storage import Store
from tests.bot.channels.webchat import Page
from tests.botapi import FakeBotApi, Person
from tests.e2e.program import Program

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]
# The lease of a poller that was killed runs for ten seconds, and is asked for every second.
_TAKEN_OVER_WITHIN = 15.0
_PATIENCE = 60.0


class Worker(Program):
    """`liuke work`: nothing can be asked of it, so what it prints must do."""

    async def _until_ready(self) -> None:
        assert self.process is not None
        while "Ready after" not in self.log:
            if self.process.returncode is not None:
                raise RuntimeError(f"ended with {self.process.returncode}:\n{self.log[-3000:]}")
            await asyncio.sleep(0.1)


@dataclass
class Replicas:
    """The processes of one shop without products."""

    serving: tuple[Program, Program]
    working: Worker
    store: Store

    async def poller(self) -> tuple[Program, Program]:
        """The one that polls Telegram, and the other."""
        pid = await self.poller_pid()
        one, two = self.serving
        assert pid in (one.pid, two.pid)
        return (one, two) if pid == one.pid else (two, one)

    async def poller_pid(self) -> int:
        """The process that polls Telegram."""
        rows = await self.until("SELECT owner FROM lease WHERE name = 'telegram.polling'", bool)
        return int(rows[0].owner.rsplit(":", 1)[1])

    async def until(
        self, query: str, holds: Callable[[Sequence[Any]], object], within: float = _PATIENCE
    ) -> Sequence[Any]:
        """The rows of a query as soon as they are as wanted."""
        async with asyncio.timeout(within):
            while True:
                async with self.store.read() as connection:
                    rows = (await connection.execute(text(query))).all()
                if holds(rows):
                    return rows
                await asyncio.sleep(0.1)

    async def tell_the_password_once(self) -> None:
        """Whichever process made the first account is the only one that knows its password."""

        def told() -> int:
            everyone = (*self.serving, self.working)
            return sum(program.log.count("with the password") for program in everyone)

        async with asyncio.timeout(_PATIENCE):
            while not told():  # noqa: ASYNC110 - other processes write it
                await asyncio.sleep(0.1)
        assert told() == 1

    async def everything_is_done(self) -> None:
        """Nothing waits to be handled or sent."""
        await self.until("SELECT 1 FROM inbox WHERE state != 'done'", lambda rows: not rows)
        await self.until("SELECT 1 FROM outbox WHERE state != 'sent'", lambda rows: not rows)


@pytest.fixture
async def replicas(postgres_url: str, api: FakeBotApi, tmp_path: Path) -> AsyncIterator[Replicas]:
    """Started at once on an empty database, as by an orchestrator."""
    more = {"LIUKE_DATABASE_URL": postgres_url, "LIUKE_DEMO": "false"}

    def make(kind: type[Program], command: str, name: str) -> Any:
        made = kind(tmp_path / "home", bot_api=api.address, command=command, more=more)
        made.log_path = tmp_path / f"{name}.log"
        return made

    one, two = make(Program, "serve", "one"), make(Program, "serve", "two")
    working = make(Worker, "work", "working")
    everyone = (one, two, working)
    store = Store.open(postgres_url)
    try:
        await asyncio.gather(*(program.start() for program in everyone))
        yield Replicas((one, two), working, store)
        assert not any("Traceback" in program.log for program in everyone)
    finally:
        for program in everyone:
            await program.kill()
        await store.close()


async def test_replicas_are_one_bot(replicas: Replicas, api: FakeBotApi) -> None:
    await replicas.tell_the_password_once()
    poller, other = await replicas.poller()
    people = [api.person(f"P{number}") for number in range(10)]
    await _everybody_is_answered_once(replicas, people, already=0)
    await _a_person_answers_over_the_other_replica(poller, other)
    await _a_killed_poller_is_followed(replicas, api, people, poller, other)
    # Two that poll at once turn each other away, and say so.
    assert not any("somebody else receives" in program.log for program in replicas.serving)
    await asyncio.gather(other.stop(), replicas.working.stop())


async def _everybody_is_answered_once(replicas: Replicas, people: Sequence[Person], already: int) -> None:
    for person in people:
        person.says("你好")
    await asyncio.gather(*(person.hears(1, _PATIENCE) for person in people))
    await replicas.everything_is_done()
    assert [_answers(person) for person in people] == [already + 1] * len(people)


async def _a_person_answers_over_the_other_replica(one: Program, other: Program) -> None:
    """The words go through whichever process sends them, and show in a browser at another."""
    async with connect(f"ws://127.0.0.1:{other.port}/chat/ws", proxy=None) as socket:
        page = Page(socket)
        await page.hello()
        await page.say("I want to talk to a human")
        await page.until("kept", id="m1")
        await page.until("message", author="bot")
        case = await _case_on_the_web(one)
        await one.liuke("staff", "take", str(case))
        await one.liuke("staff", "answer", str(case), "Here I am.")
        answer = await page.until_told("Here I am.")
        assert answer["author"] != "bot"
        assert not answer["mine"]


async def _case_on_the_web(program: Program) -> int:
    async with asyncio.timeout(_PATIENCE):
        while True:
            found = (await program.liuke_json("staff", "list"))["cases"]
            if found:
                [case] = found
                assert case["channel"] == "web"
                return int(case["id"])


async def _a_killed_poller_is_followed(
    replicas: Replicas, api: FakeBotApi, people: Sequence[Person], poller: Program, other: Program
) -> None:
    api.faults.add("429", "sendMessage", times=None)
    for person in people:
        person.says("你好")
    # Confirmed to Telegram, so that only the database knows of them; nothing has left.
    await api.wait_for(lambda: not api.updates.pending, _PATIENCE)
    await poller.kill()
    api.faults.clear()
    confirmed = api.updates.confirmed
    late = api.person("Late")
    late.says("你好")
    await api.wait_for(lambda: api.updates.confirmed > confirmed, _TAKEN_OVER_WITHIN)
    assert (await replicas.poller_pid()) == other.pid
    await asyncio.gather(*(person.hears(1, _PATIENCE) for person in (*people, late)))
    await replicas.everything_is_done()
    assert [_answers(person) for person in people] == [2] * len(people)
    assert _answers(late) == 1
    await _everybody_is_answered_once(replicas, people, already=2)


def _answers(person: Person) -> int:
    return sum(message["from"]["is_bot"] for message in person.chat.messages.values())
