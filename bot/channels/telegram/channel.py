"""The Channel port over Telegram, through aiogram."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from aiogram.exceptions import AiogramError
from aiogram.methods import SetMyCommands
from aiogram.types import BotCommand
from starlette.routing import BaseRoute

from bot.channels.kind import ChannelError, FindPicture
from bot.channels.telegram import NAME, TokenRefused
from bot.channels.telegram.api import BotApi, Failure, describe, failure_of
from bot.channels.telegram.receiving import PollingLease, TelegramPolling, TelegramWebhook
from bot.channels.telegram.sending import Pictures, TelegramSender
from bot.delivery.ports import ChannelState, Inbox
from bot.messages import Delivery, Outgoing
from storage import Store

log = logging.getLogger(__name__)


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
        self._receiving = self._webhook or TelegramPolling(self._api, PollingLease(store, owner))
        self._refused = False

    @property
    def name(self) -> str:
        """As in `Incoming.channel`."""
        return NAME

    @property
    def state(self) -> ChannelState:
        """Whether it receives."""
        return ChannelState.REFUSED if self._refused else self._receiving.state

    def routes(self) -> list[BaseRoute]:
        """What the web server has to serve for it: the webhook, or nothing while polling."""
        return [] if self._webhook is None else self._webhook.routes()

    async def run(self, inbox: Inbox) -> None:
        """Receive until cancelled.

        Raises:
            ChannelError: the token or the webhook's address is refused; its message tells what to do.
        """
        try:
            await self._introduce()
            await self._receiving.run(inbox)
        except ChannelError:
            self._refused = True
            raise

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
