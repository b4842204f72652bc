"""Who floods the web chat is slowed alone and loses nothing; who only looks leaves nothing."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from sqlalchemy import func, select
from websockets.exceptions import InvalidStatus

from bot.channels.web import browser as web_browser
from bot.channels.web import visitors as web_limits
from bot.channels.web.visitors import CLIENT_BURST, LONGEST_COST, VISITOR_BURST
from bot.delivery import shares
from storage import Store
from storage.schema import account, conversation, inbox, message
from storage.warnings import Alarms
from tests.bot.channels.webchat import Page, Replica, replica
from tests.bot.http.serving import eventually

FLOODER, OTHER = "127.0.0.2", "127.0.0.3"


@pytest.fixture
async def chat(store: Store) -> AsyncIterator[Replica]:
    async with replica(store) as running:
        yield running


async def rows(store: Store) -> int:
    """All that is kept of visitors."""
    async with store.read() as connection:
        counts = [
            await connection.scalar(select(func.count()).select_from(table))
            for table in (account, conversation, inbox, message)
        ]
    return sum(count or 0 for count in counts)


async def verdict(page: Page, client_id: str) -> dict[str, Any]:
    """Whether a message was kept or refused."""
    while True:
        frame: dict[str, Any] = json.loads(await asyncio.wait_for(page.socket.recv(), 20))
        if frame.get("id") == client_id and frame["type"] in ("kept", "error"):
            return frame


async def test_who_writes_nothing_leaves_nothing(chat: Replica, store: Store) -> None:
    for _ in range(3):
        async with chat.browser() as page:
            assert (await page.hello())["greeting"]["text"] == "welcome"
            again = await page.hello(visitor=page.visitor, key=page.key)
            assert again["greeting"]["text"] == "welcome"
    assert await rows(store) == 0
    assert chat.clerk.seen == []


async def test_the_greeting_comes_first_and_is_in_the_history_once_they_write(chat: Replica) -> None:
    async with chat.browser() as page, chat.browser() as window:
        await page.hello()
        await window.hello(visitor=page.visitor, key=page.key)
        await asyncio.gather(page.say("one", "a1"), window.say("two", "a2"))
        await page.until_told("you said two")
    async with chat.browser() as back:
        welcome = await back.hello(visitor=page.visitor, key=page.key)
    told = [frame["reply"]["text"] for frame in welcome["messages"]]
    assert told[0] == "welcome"
    assert told.count("welcome") == 1
    assert "greeting" not in welcome


async def test_one_socket_is_one_visitor_however_often_it_says_hello(chat: Replica) -> None:
    async with chat.browser() as page:
        welcomed = {(await page.hello(visitor=f"v-{'x' * 32}", key="wrong"))["visitor"] for _ in range(3)}
    assert len(welcomed) == 1


async def test_what_comes_too_fast_is_told_once_and_taken_when_it_comes_again(chat: Replica) -> None:
    async with chat.browser() as page:
        await page.hello()
        for number in range(VISITOR_BURST + 10):
            await page.say(f"{number}", f"a{number}")
        refused = await page.until("error")
        assert refused["code"] == "too_fast"
        assert refused["retry_after"] >= 1
        assert [frame["id"] for frame in page.frames if frame["type"] == "kept"] == [
            f"a{number}" for number in range(int(refused["id"][1:]))
        ]
        # Until then nothing is read, so nothing is refused: a flood is not answered one by one.
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(refused["retry_after"] - 0.3):
                await page.until("error")
        while (last := await verdict(page, f"a{VISITOR_BURST + 9}"))["type"] == "error":
            await page.say("last", f"a{VISITOR_BURST + 9}")
        assert last["type"] == "kept"


async def test_a_long_message_counts_for_several(chat: Replica) -> None:
    async with chat.browser() as page:
        await page.hello()
        kept = 0
        while True:
            await page.say("x" * 4_000, f"a{kept}")
            if (await verdict(page, f"a{kept}"))["type"] == "error":
                break
            kept += 1
        assert VISITOR_BURST // LONGEST_COST <= kept < VISITOR_BURST // 2


async def test_others_do_not_wait_for_whom_is_slowed(chat: Replica) -> None:
    async with chat.browser(FLOODER) as flooder, chat.browser(OTHER) as page:
        await flooder.hello()
        for number in range(200):
            await flooder.say("x" * 1_800, f"a{number}")
        await flooder.until("error")
        await page.hello()
        began = asyncio.get_running_loop().time()
        await page.say("hello")
        await page.until_told("you said hello")
        assert asyncio.get_running_loop().time() - began < 1
        flooder.socket.transport.abort()


async def test_a_client_has_its_share_over_all_its_visitors(chat: Replica) -> None:
    async def visitor(host: str, count: int) -> list[str]:
        async with chat.browser(host) as page:
            await page.hello()
            kinds = []
            for number in range(count):
                await page.say("x", f"a{number}")
                kinds.append((await verdict(page, f"a{number}"))["type"])
            return kinds

    each = VISITOR_BURST // 2
    flood = [kind for _ in range(CLIENT_BURST // each) for kind in await visitor(FLOODER, each)]
    assert set(flood) == {"kept"}
    assert "error" in await visitor(FLOODER, each)
    assert set(await visitor(OTHER, each)) == {"kept"}


async def test_what_is_not_handled_yet_bounds_what_is_taken(
    chat: Replica, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shares, "WAITING_OF_ONE", 3)
    chat.clerk.may_answer.clear()
    async with chat.browser(FLOODER) as page, chat.browser(OTHER) as other:
        await page.hello()
        for number in range(2):  # with the opening they are three
            await page.say("x", f"a{number}")
            assert (await verdict(page, f"a{number}"))["type"] == "kept"
        await page.say("x", "a3")
        assert (await verdict(page, "a3"))["code"] == "too_fast"
        await other.hello()
        await other.say("x", "b1")
        assert (await verdict(other, "b1"))["type"] == "kept"
        chat.clerk.may_answer.set()
        await page.say("x", "a3")
        assert (await verdict(page, "a3"))["type"] == "kept"


async def test_a_client_makes_so_many_new_visitors(
    chat: Replica, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_limits, "NEW_OF_A_CLIENT", 2)
    async with AsyncExitStack() as stack:
        pages = [await stack.enter_async_context(chat.browser(FLOODER)) for _ in range(3)]
        for page in pages:
            await page.hello()
            await page.say("hi", "a1")
        told = [(await verdict(page, "a1"))["type"] for page in pages]
        assert told == ["kept", "kept", "error"]
        # Who is known goes on, and others come.
        await pages[0].say("more", "a2")
        assert (await verdict(pages[0], "a2"))["type"] == "kept"
        other = await stack.enter_async_context(chat.browser(OTHER))
        await other.hello()
        await other.say("hi", "a1")
        assert (await verdict(other, "a1"))["type"] == "kept"

    async def known() -> bool:
        async with store.read() as connection:
            return await connection.scalar(select(func.count()).select_from(account)) == 3

    await eventually(known)


async def test_a_link_is_a_first_word_too(chat: Replica, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_limits, "NEW_OF_A_CLIENT", 1)
    async with chat.browser(FLOODER) as page:
        await page.hello(start="l-made-up")
        await page.until_told("welcome l-made-up")
    async with chat.browser(FLOODER) as page:
        await page.send({"type": "hello", "start": "l-another"})
        refused = await page.until("error")
        assert (refused["code"], refused["id"]) == ("too_fast", None)
        assert refused["retry_after"] > 0


async def test_links_count_as_messages(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_limits, "VISITOR_BURST", 3)
    async with replica(store) as chat:
        async with chat.browser() as page:
            await page.hello()
            await page.say("hi")
            await page.until_told("you said hi")
        known = {"visitor": page.visitor, "key": page.key}
        for number in range(2):
            async with chat.browser() as again:
                await again.hello(start=f"l-{number}", **known)
        async with chat.browser() as again:
            await again.send({"type": "hello", "start": "l-3", **known})
            assert (await again.until("error"))["code"] == "too_fast"
            assert (await again.hello(**known))["visitor"] == page.visitor


async def test_so_many_new_visitors_in_all_are_an_alarm(
    chat: Replica, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_all = web_limits.Limit(key="visitor", interval=web_limits.NEW_IN_ALL_EVERY * 1_000, burst=1)
    monkeypatch.setattr(web_limits, "_IN_ALL", in_all)
    for host, kind in ((FLOODER, "kept"), (OTHER, "error")):
        async with chat.browser(host) as page:
            await page.hello()
            await page.say("hi", "a1")
            assert (await verdict(page, "a1"))["type"] == kind
    async with store.read() as connection:
        (alarm,) = await Alarms(connection).open()
    assert (alarm.kind, alarm.details) == ("flood", {"limit": "new visitors"})


async def test_a_visitor_has_so_many_windows(chat: Replica, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_browser, "WINDOWS", 2)
    async with chat.browser() as one, chat.browser() as two, chat.browser() as three:
        await one.hello()
        await two.hello(visitor=one.visitor, key=one.key)
        await three.send({"type": "hello", "visitor": one.visitor, "key": one.key})
        assert await three.is_closed() == 1013


async def test_who_never_says_hello_is_sent_away(chat: Replica, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_browser, "_HELLO_WITHIN", 0.5)
    async with chat.browser() as silent, chat.browser() as noisy:

        async def make_noise() -> None:
            while True:
                await noisy.send("junk")
                await asyncio.sleep(0.1)  # as often as keeps a socket busy and is not too fast

        noise = asyncio.create_task(make_noise())
        assert await silent.is_closed() == 1008
        assert await noisy.is_closed() == 1008
        noise.cancel()
        await asyncio.gather(noise, return_exceptions=True)


async def test_stopping_sends_everybody_away_and_leaves_nothing_running(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    async with AsyncExitStack() as stack:
        async with replica(store) as chat:
            silent, talking, slowed = [await stack.enter_async_context(chat.browser()) for _ in range(3)]
            await talking.hello()
            await slowed.hello()
            for number in range(3 * VISITOR_BURST):
                await slowed.say("x", f"a{number}")
            await slowed.until("error")
            began = asyncio.get_running_loop().time()
        assert asyncio.get_running_loop().time() - began < 2
        for page in (silent, talking, slowed):
            assert await page.is_closed() == 1012
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


async def test_who_comes_back_while_it_stops_is_not_kept_waiting(chat: Replica) -> None:
    channel = chat.channel
    async with chat.browser() as page:
        await page.hello()
        channel._talk = None  # as when `run` was cancelled

        async def refused() -> bool:
            with pytest.raises(InvalidStatus):
                async with chat.browser():
                    pass
            return True

        await eventually(refused)
