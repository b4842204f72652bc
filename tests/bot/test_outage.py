"""While the database is away every part says so and waits, the log stays short, and nothing is lost."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from nicegui import ui
from nicegui.testing.user_simulation import user_simulation
from starlette.applications import Starlette
from websockets.exceptions import ConnectionClosed

from bot.api.keys import ApiKeys
from bot.api.service import ShopApi
from bot.conversation.texts import Texts
from bot.delivery.dispatcher import Dispatcher
from bot.delivery.faults import faults
from bot.delivery.inbox import DurableInbox
from bot.delivery.sender import Sender
from bot.messages import Incoming
from bot.models.retention import ServedRetention
from bot.staff import console
from bot.staff.console.frame import draw_outage, log_outages_once, tell_outages
from bot.staff.console.words import Words
from storage import Store, StoreUnavailable
from storage.inbox import Inbox
from storage.settings import SettingStore
from tests.bot.api.shop import Clock, links_of
from tests.bot.channels.webchat import replica
from tests.bot.delivery.fakes import Answering, FakeChannel, answers, incoming, running, until
from tests.outage import away

pytestmark = pytest.mark.slow

TRY_AGAIN_LATER = 1013
KINDS = 2
"""A line each: PostgreSQL first cuts connections and then lets nobody in."""


@pytest.fixture(autouse=True)
def _first_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing was said of the database before."""
    monkeypatch.setattr(faults, "_said", {})
    monkeypatch.setattr(faults, "_since", None)


def _said(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What was said of it, and that nothing else was said."""
    told = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert not [record for record in told if record.exc_info]
    return [record.getMessage() for record in told]


async def test_the_api_answers_that_it_is_to_be_tried_again(
    hasty_store: Store, any_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    keys = ApiKeys(hasty_store)
    headers = {"Authorization": f"Bearer {await keys.make()}"}
    links = links_of(hasty_store, Clock())
    transport = httpx.ASGITransport(Starlette(routes=ShopApi(hasty_store, keys, deep_links=links).routes()))
    batch = {"customers": [{"id": "c1", "name": "王芳"}]}
    async with httpx.AsyncClient(
        transport=transport, base_url="http://shop.test/api/v1", headers=headers
    ) as shop:
        async with away(any_url):
            for _ in range(3):
                refused = await shop.post("/customers", json=batch)
                assert refused.status_code == 503
                assert refused.json()["error"]["code"] == "unavailable"
                assert int(refused.headers["Retry-After"]) > 0
        assert 1 <= len(_said(caplog)) <= KINDS
        while (taken := await shop.post("/customers", json=batch)).status_code == 503:
            pass  # one of the connections that were cut
        assert taken.json()["changed"] == 1


async def test_the_web_chat_sends_pages_away_and_takes_what_they_send_again(
    hasty_store: Store, any_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with replica(hasty_store) as chat:
        async with chat.browser() as page:
            await page.hello()
            async with away(any_url):
                await page.say("hello", "a1")
                assert await page.is_closed() == TRY_AGAIN_LATER
                async with asyncio.timeout(10):
                    while await _greeted(chat) != TRY_AGAIN_LATER:
                        pass
        async with chat.browser() as again:
            await again.hello(visitor=page.visitor, key=page.key)
            await again.say("hello", "a1")
            await again.until_told("you said hello")
    assert 1 <= len(_said(caplog)) <= KINDS


async def _greeted(chat: Any) -> int:
    """How a new page's first words end: SQLite still reads, so that only writing tells."""
    async with chat.browser() as page:
        with suppress(ConnectionClosed):
            await page.hello()
            await page.say("hi", "b1")
        code: int = await page.is_closed()
        return code


async def test_what_arrived_before_is_handled_afterwards_and_not_counted_as_failed(
    hasty_store: Store, any_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    begun, gone, seen = asyncio.Event(), asyncio.Event(), 0

    async def meet_it(_what: Incoming) -> None:
        nonlocal seen
        seen += 1
        begun.set()
        await gone.wait()

    dispatcher = Dispatcher(hasty_store, Answering(meet_it).handle, owner="a")
    sender = Sender(hasty_store, [FakeChannel()], owner="a")
    async with running(dispatcher, sender):
        await DurableInbox(hasty_store, dispatcher).put([incoming(1)])
        await asyncio.wait_for(begun.wait(), 10)
        async with away(any_url):
            gone.set()
            await until(lambda: bool(_said(caplog)))
        await until(lambda: _answered(hasty_store))
    async with hasty_store.read() as connection:
        assert await Inbox(connection).count("failed") == 0
    assert 1 <= len(_said(caplog)) <= KINDS
    assert seen > 1


async def _answered(store: Store) -> bool:
    return await answers(store) == ["1"]


async def test_who_watches_for_newer_models_goes_on_watching(
    hasty_store: Store, any_url: str, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A part that fails ends the program; one without a database to look at must not."""
    monkeypatch.setattr("bot.models.retention._CHECK_EVERY", 0.01)
    served, looks = ServedRetention(hasty_store, tmp_path), 0
    refresh = served.refresh

    async def counted() -> bool:
        nonlocal looks
        looks += 1
        if looks == 1:
            raise StoreUnavailable("the database can't be reached")
        return await refresh()

    monkeypatch.setattr(served, "refresh", counted)
    watching = asyncio.create_task(served.watch())
    await until(lambda: bool(looks >= 3))
    watching.cancel()
    assert not watching.done()


async def test_a_page_of_the_console_says_so_and_the_log_does_once(
    hasty_store: Store, any_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    words = Words(Texts.load(package=console.__name__), "en")

    async def look() -> None:
        await hasty_store.write(lambda connection: SettingStore(connection).put("x", str(datetime.now(UTC))))
        ui.label("as things stand")

    async def page() -> None:
        tell_outages(words)
        ui.timer(0.05, look)

    log_outages_once()
    async with user_simulation(page) as user:
        await user.open("/")
        await user.should_see("as things stand")
        async with away(any_url):
            await until(lambda: bool("can't be reached just now" in str(user.notify.messages)))
    assert 1 <= len(_said(caplog)) <= KINDS


async def test_a_page_that_cannot_be_drawn_says_why() -> None:
    words = Words(Texts.load(package=console.__name__), "zh")

    async def page() -> None:
        draw_outage(words)

    async with user_simulation(page) as user:
        await user.open("/")
        await user.should_see("数据库暂时连不上")
