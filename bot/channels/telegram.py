"""The Channel port over Telegram, through aiogram.

telegram_updates    what arrived, as Incoming
telegram_polling    fetching it          telegram_webhook    being told of it
telegram_parts      a Reply as messages  telegram_sending    sending them    telegram_pictures    uploads
telegram_api        calling the Bot API, and what its errors mean
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from aiogram.exceptions import AiogramError
from aiogram.methods import SetMyCommands
from aiogram.types import BotCommand
from starlette.routing import BaseRoute

from bot.channels.errors import TokenRefused
from bot.channels.telegram_api import BotApi, Failure, describe, failure_of
from bot.channels.telegram_pictures import FindPicture, Pictures
from bot.channels.telegram_polling import TelegramPolling
from bot.channels.telegram_sending import TelegramSender
from bot.channels.telegram_updates import CHANNEL
from bot.channels.telegram_webhook import TelegramWebhook
from bot.conversation.messages import Delivery, Outgoing
from bot.delivery.ports import Inbox
from storage import Store
from storage.leases import Leases

log = logging.getLogger(__name__)

NAME: Final = CHANNEL
_LEASE_NAME: Final = "telegram.polling"


@dataclass(frozen=True, slots=True, kw_only=True)
class TelegramSettings:
    """Which bot, where, and how it is told of updates."""

    token: str = field(repr=False)
    api: str = "https://api.telegram.org"
    """Address of the Bot API server."""
    webhook: str | None = None
    """Public address of this server; without one Telegram is polled."""
    commands: Mapping[str, Sequence[tuple[str, str]]] = field(default_factory=dict)
    """What Telegram shows in its menu, (command, description), by language code; "" is for all others."""


class TelegramChannel:
    """One bot in private chats."""

    def __init__(
        self, settings: TelegramSettings, store: Store, *, find_picture: FindPicture, owner: str
    ) -> None:
        """Wire it up; nothing is called before `run` or `deliver`.

        Args:
            settings: the bot.
            store: keeps the webhook secret, the polling lease and the names of uploaded pictures.
            find_picture: finds the file of a picture that has no address.
            owner: this process, for the lease.
        """
        self._settings = settings
        self._api = BotApi(settings.token, settings.api)
        self._sender = TelegramSender(self._api, Pictures(store, find_picture, self._api.bot_id))
        self._webhook = (
            None if settings.webhook is None else TelegramWebhook(self._api, store, settings.webhook)
        )
        self._polling = TelegramPolling(self._api, _StoredLease(store, owner))

    @property
    def name(self) -> str:
        """As in `Incoming.channel`."""
        return NAME

    def routes(self) -> list[BaseRoute]:
        """What the web server has to serve for it: the webhook, or nothing while polling."""
        return [] if self._webhook is None else self._webhook.routes()

    async def run(self, inbox: Inbox) -> None:
        """Receive until cancelled.

        Raises:
            ChannelError: the token or the webhook's address is refused; its message tells what to do.
        """
        await self._introduce()
        await (self._polling if self._webhook is None else self._webhook).run(inbox)

    async def deliver(self, message: Outgoing) -> Delivery:
        """Try once to deliver every part of a reply that has not arrived yet."""
        return await self._sender.deliver(message)

    async def working(self, address: str) -> None:
        """Show that an answer is being made."""
        await self._sender.working(address)

    async def close(self) -> None:
        """Close the connections."""
        await self._api.close()

    async def _introduce(self) -> None:
        """Fill Telegram's command menu; a server that has none is as good."""
        for language, commands in self._settings.commands.items():
            method = SetMyCommands(
                commands=[BotCommand(command=name, description=text) for name, text in commands],
                language_code=language or None,
            )
            try:
                await self._api.call(method)
            except AiogramError as error:
                if failure_of(error) is Failure.TOKEN:
                    raise TokenRefused from None
                log.info("could not set the commands: %s", describe(error))


class _StoredLease:
    """The polling lease in the store."""

    def __init__(self, store: Store, owner: str) -> None:
        self._store = store
        self._owner = owner

    async def acquire(self, now: datetime, ttl: timedelta) -> bool:
        return await self._store.write(
            lambda connection: Leases(connection).acquire(_LEASE_NAME, self._owner, now, ttl)
        )

    async def release(self) -> None:
        await self._store.write(lambda connection: Leases(connection).release(_LEASE_NAME, self._owner))
