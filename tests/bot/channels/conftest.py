"""A Telegram to talk to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path

import pytest
from PIL import Image

from bot.channels.telegram.channel import TelegramChannel, TelegramSettings
from bot.messages import Incoming
from storage import Store
from tests.botapi import TOKEN, FakeBotApi, Person


class ListInbox:
    """The Inbox port in memory; `broken` makes the next puts fail."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], Incoming] = {}
        self.puts = 0
        self.broken = 0
        self.on_put: Callable[[], None] = lambda: None

    async def put(self, incoming: Sequence[Incoming]) -> int:
        self.puts += 1
        if self.broken:
            self.broken -= 1
            raise OSError("the disk is full")
        before = len(self.kept)
        for each in incoming:
            self.kept.setdefault((each.channel, each.update_id), each)
        self.on_put()
        return len(self.kept) - before

    @property
    def texts(self) -> list[str]:
        return [each.text for each in self.kept.values()]


@pytest.fixture
async def api() -> AsyncIterator[FakeBotApi]:
    fake = FakeBotApi()
    async with fake.serve():
        yield fake
    assert fake.problems == []


@pytest.fixture
def lin(api: FakeBotApi) -> Person:
    person = api.person("林")
    person.starts()
    return person


@pytest.fixture
def inbox(api: FakeBotApi) -> ListInbox:
    kept = ListInbox()
    kept.on_put = api.world.changed
    return kept


@pytest.fixture
def media(tmp_path: Path) -> Path:
    folder = tmp_path / "media"
    folder.mkdir()
    Image.new("RGB", (8, 8), "red").save(folder / "cup.png")
    return folder


async def _at_once(_: float) -> None:
    return


MakeChannel = Callable[..., TelegramChannel]


@pytest.fixture
async def make_channel(api: FakeBotApi, store: Store, media: Path) -> AsyncIterator[MakeChannel]:
    """Makes channels of the bot on the fake Telegram."""
    made: list[TelegramChannel] = []

    async def find(picture: str) -> Path | None:
        path = media / picture
        return path if path.exists() else None

    def make(
        token: str = TOKEN, webhook: str | None = None, owner: str = "one", base: str = ""
    ) -> TelegramChannel:
        settings = TelegramSettings(
            token=token, api=base or api.address, webhook=webhook, commands={"": [("menu", "Menu")]}
        )
        channel = TelegramChannel(settings, store, find_picture=find, owner=owner)
        made.append(channel)
        return channel

    yield make
    with pytest.MonkeyPatch.context() as patch:
        # aiogram waits for TLS connections to close; there are none here.
        patch.setattr("aiogram.client.session.aiohttp.asyncio.sleep", _at_once)
        for channel in made:
            await channel.close()


@pytest.fixture
def channel(make_channel: MakeChannel) -> TelegramChannel:
    return make_channel()


@pytest.fixture
async def start() -> AsyncIterator[Callable[[Awaitable[None]], asyncio.Task[None]]]:
    """Runs something beside the test and stops it afterwards."""
    tasks: list[asyncio.Task[None]] = []

    def begin(work: Awaitable[None]) -> asyncio.Task[None]:
        task = asyncio.ensure_future(work)
        tasks.append(task)
        return task

    yield begin
    for task in tasks:
        task.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await task
