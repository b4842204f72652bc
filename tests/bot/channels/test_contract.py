"""The Channel port's contract, on Telegram told by polling and by webhook, and on the web chat's sockets."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect

from bot.channels.telegram.channel import TelegramChannel
from bot.channels.web.channel import WebChannel
from bot.http.server import WebServer, build_site
from bot.messages import DeliveryStatus, Reply
from storage import Store
from storage.conversations import Conversations
from storage.customers import Accounts
from tests.bot.channels.conftest import MakeChannel
from tests.bot.channels.webchat import CLIENTS, FRONT, TEXTS, Page, free_port, hello_to
from tests.botapi import FakeBotApi, Person, texts
from tests.contracts.channel import ChannelContract, GatedInbox


async def nobody(_token: str, _now: datetime) -> None:
    """No shop's site vouches for anybody."""


async def no_picture(_name: str) -> Path | None:
    return None


@dataclass
class TelegramWire:
    """林 in a private chat with the bot."""

    channel: TelegramChannel
    inbox: GatedInbox
    api: FakeBotApi
    person: Person
    _written: dict[int, dict[str, Any]] = field(default_factory=dict)

    @property
    def address(self) -> str:
        return str(self.person.id)

    async def says(self, text: str, number: int) -> None:
        before = self.api.updates.confirmed
        if number in self._written:
            self.api.updates.repeat(self._written[number], self.person.id)
        else:
            message = self.person.says(text)
            self._written[number] = {"update_id": self.api.updates.first_id, "message": message}
        await self.api.wait_for(lambda: self.api.updates.confirmed > before)

    async def sees(self, text: str) -> None:
        await self.api.wait_for(lambda: text in texts(self.person.answers))

    async def breaks(self) -> None:
        self.api.faults.add("closed", times=None)


@contextlib.asynccontextmanager
async def running(channel: TelegramChannel | WebChannel, inbox: GatedInbox, port: int) -> AsyncIterator[None]:
    """The channel receives, and what it serves is served."""
    site, _ = build_site(fast=[], routes=channel.routes(), find_picture=no_picture)
    server = WebServer(site, "127.0.0.1", port, CLIENTS)
    await server.start()
    receiving = asyncio.create_task(channel.run(inbox))
    try:
        yield
    finally:
        receiving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await receiving
        await server.stop()


class TestTelegram(ChannelContract):
    @pytest.fixture(params=["polling", "webhook"])
    async def wire(
        self,
        request: pytest.FixtureRequest,
        api: FakeBotApi,
        lin: Person,
        make_channel: MakeChannel,
        store: Store,
    ) -> AsyncIterator[TelegramWire]:
        port = free_port()
        channel = make_channel(webhook=f"http://127.0.0.1:{port}" if request.param == "webhook" else None)
        inbox = GatedInbox(store)
        async with running(channel, inbox, port):
            await api.wait_for(lambda: api.updates.confirmed == 1)  # the start of the chat
            yield TelegramWire(channel, inbox, api, lin)

    async def test_who_blocked_the_bot_is_refused_for_good(self, wire: TelegramWire) -> None:
        wire.person.blocks()
        delivery = await wire.channel.deliver(self.outgoing(wire, Reply(text="hello")))
        assert (delivery.status, delivery.blocked) == (DeliveryStatus.REFUSED, True)


@dataclass
class WebWire:
    """A visitor with an open page."""

    channel: WebChannel
    inbox: GatedInbox
    page: Page

    @property
    def address(self) -> str:
        assert self.page.visitor is not None
        return self.page.visitor

    async def says(self, text: str, number: int) -> None:
        await self.page.say(text, f"m{number}")
        await self.page.until("kept", id=f"m{number}")

    async def sees(self, text: str) -> None:
        await self.page.until_told(text)

    async def breaks(self) -> None:
        self.page.socket.transport.abort()
        await self.page.socket.wait_closed()


class TestWeb(ChannelContract):
    @pytest.fixture
    async def wire(self, store: Store) -> AsyncIterator[WebWire]:
        channel = WebChannel(b"w" * 32, store, nobody, greeting=hello_to, front=FRONT, texts=TEXTS)
        inbox, port = GatedInbox(store), free_port()
        async with (
            running(channel, inbox, port),
            connect(f"ws://127.0.0.1:{port}/chat/ws", proxy=None) as socket,
        ):
            page = Page(socket)
            await page.hello()
            wire = WebWire(channel, inbox, page)
            await _becomes_known(store, wire.address)
            yield wire


async def _becomes_known(store: Store, visitor: str) -> None:
    """As the conversation does at first contact."""

    async def work(connection: Any) -> None:
        now = datetime.now(UTC)
        account = await Accounts(connection).get_or_create("web", visitor, now=now)
        await Conversations(connection).open("web", visitor, account.id, "en", now)

    await store.write(work)
