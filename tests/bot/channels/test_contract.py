"""Telegram and the web chat keep the contract of channels."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.channels.telegram import TelegramChannel
from bot.channels.web import WebChannel
from bot.channels.web_history import WebHistory
from storage import Store
from storage.conversations import Conversations
from storage.customers import Accounts
from tests.botapi import Person
from tests.contracts.channel import ChannelContract


class TestTelegram(ChannelContract):
    @pytest.fixture
    def channel(self, channel: TelegramChannel) -> TelegramChannel:
        return channel

    @pytest.fixture
    def address(self, lin: Person) -> str:
        return str(lin.id)


class TestWeb(ChannelContract):
    @pytest.fixture
    def channel(self, store: Store) -> WebChannel:
        return WebChannel(
            b"w" * 32, WebHistory(store), lambda _: None, shop_names={"zh": "小店", "en": "Shop"}, demo=False
        )

    @pytest.fixture
    async def address(self, store: Store) -> str:
        async def open_conversation(connection: AsyncConnection) -> None:
            now = datetime.now(UTC)
            account = await Accounts(connection).get_or_create("web", "visitor", now=now)
            await Conversations(connection).open("web", "visitor", account.id, "en", now)

        await store.write(open_conversation)
        return "visitor"
