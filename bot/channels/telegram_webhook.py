"""Being told of updates by Telegram: the route it calls, and telling it so."""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit

from aiogram.exceptions import AiogramError, TelegramBadRequest, TelegramRetryAfter
from aiogram.methods import GetWebhookInfo, SetWebhook
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from bot.channels.errors import ChannelError, TokenRefused
from bot.channels.telegram_api import BotApi, Failure, describe, failure_of
from bot.channels.telegram_polling import parsed
from bot.channels.telegram_updates import ALLOWED_UPDATES
from bot.delivery.ports import Inbox
from storage import Store
from storage.settings import SettingStore

log = logging.getLogger(__name__)

PATH: Final = "/telegram/webhook"
SECRET_SETTING: Final = "telegram.webhook_secret"  # noqa: S105 - where it is kept, not what it is
_SECRET_HEADER: Final = "x-telegram-bot-api-secret-token"  # noqa: S105
_MAX_BODY: Final = 1024 * 1024
_CONNECTIONS: Final = 100
_PAUSES: Final = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
_CHECK_SECONDS: Final = 300.0


class WebhookRefused(ChannelError):
    """Telegram does not take this webhook address: it must be public and begin with https://."""


class TelegramWebhook:
    """Receives updates at a public address."""

    def __init__(self, api: BotApi, store: Store, public_address: str) -> None:
        """Wire it up.

        Args:
            api: the bot.
            store: keeps the secret, the same for all replicas.
            public_address: of this server, to which `PATH` is added.
        """
        self._api = api
        self._store = store
        self._url = public_address.rstrip("/") + PATH
        self._secret = b""
        self._inbox: Inbox | None = None

    def routes(self) -> list[BaseRoute]:
        """What Telegram calls, below the address's own path and, as behind a proxy that cuts it off, bare."""
        paths = dict.fromkeys((PATH, urlsplit(self._url).path))
        return [Route(path, self._receive, methods=["POST"]) for path in paths]

    async def run(self, inbox: Inbox) -> None:
        """Register, and see to it that it stays so, until cancelled.

        Raises:
            TokenRefused: Telegram does not know the token.
            WebhookRefused: Telegram does not take the address.
        """
        secret = await self._store.write(
            lambda connection: SettingStore(connection).get_or_create(
                SECRET_SETTING, secrets.token_urlsafe(32)
            )
        )
        self._secret = str(secret).encode()
        self._inbox = inbox
        await self._register()
        while True:
            await asyncio.sleep(_CHECK_SECONDS)
            if not await self._registered():
                log.warning("the webhook had been changed from outside; setting it again")
                await self._register()

    async def _register(self) -> None:
        """Tell Telegram the address, again and again until it answers."""
        method = SetWebhook(
            url=self._url,
            secret_token=self._secret.decode(),
            allowed_updates=list(ALLOWED_UPDATES),
            max_connections=_CONNECTIONS,
            drop_pending_updates=False,
        )
        failures = 0
        while True:
            try:
                await self._api.call(method)
            except AiogramError as error:
                if failure_of(error) is Failure.TOKEN:
                    raise TokenRefused from None
                if isinstance(error, TelegramBadRequest):
                    raise WebhookRefused(
                        f"{WebhookRefused.__doc__} Telegram says: {describe(error)}"
                    ) from None
                log.warning("could not set the webhook, trying again: %s", describe(error))
                pause = _PAUSES[min(failures, len(_PAUSES) - 1)]
                failures += 1
                await asyncio.sleep(
                    max(pause, error.retry_after) if isinstance(error, TelegramRetryAfter) else pause
                )
            else:
                log.info("Telegram delivers to the webhook")
                return

    async def _registered(self) -> bool:
        try:
            info = await self._api.call(GetWebhookInfo())
        except AiogramError as error:
            log.info("could not look at the webhook: %s", describe(error))
            return True
        return not isinstance(info, dict) or info.get("url") == self._url

    async def _receive(self, request: Request) -> Response:
        """200 only once the update is kept; anything else makes Telegram deliver it again."""
        inbox = self._inbox
        if inbox is None:
            return Response(status_code=503)
        given = request.headers.get(_SECRET_HEADER, "").encode()
        if not secrets.compare_digest(given, self._secret):
            return Response(status_code=401)
        try:
            update = json.loads(await _body(request))
        except _TooLarge:
            return Response(status_code=413)
        except ClientDisconnect:
            return Response(status_code=400)
        except ValueError:
            return Response(status_code=400)
        incoming = parsed(update, datetime.now(UTC))
        if incoming is not None:
            try:
                await inbox.put([incoming])
            except Exception as error:  # noqa: BLE001 - not acknowledged, so Telegram delivers it again
                log.error("could not keep an update: %s", type(error).__name__)
                return Response(status_code=503)
        return Response(status_code=200)


class _TooLarge(Exception):
    """A body larger than any update."""


async def _body(request: Request) -> bytes:
    announced = request.headers.get("content-length", "0")
    if not announced.isdigit() or int(announced) > _MAX_BODY:
        raise _TooLarge
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_BODY:
            raise _TooLarge
    return bytes(body)
