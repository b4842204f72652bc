"""Receiving updates, by long polling or at a webhook, so that none is confirmed before it is kept.

Polled, Telegram forgets an update when a later offset is asked for, so the next offset is asked for only after
`Inbox.put` has committed. The offset itself isn't kept: a fresh start fetches what is unconfirmed, and the
inbox knows what it already has. (A kept one could even hide updates, since Telegram starts counting somewhere
else after a quiet week; for the same reason it is dropped as soon as it has confirmed what it should.)
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, Final
from urllib.parse import urlsplit

from aiogram.exceptions import AiogramError, TelegramBadRequest, TelegramConflictError, TelegramRetryAfter
from aiogram.methods import DeleteWebhook, GetUpdates, GetWebhookInfo, SetWebhook
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from bot.channels.kind import ChannelError
from bot.channels.telegram import PATH, TokenRefused, webhook_address
from bot.channels.telegram.api import BotApi, Failure, describe, failure_of
from bot.channels.telegram.updates import ALLOWED_UPDATES, parse_update
from bot.delivery.faults import faults
from bot.delivery.ports import ChannelState, Inbox
from bot.http.parsing import parse_json
from bot.messages import Incoming
from kernel.times import utc_now
from storage import Store
from storage.leases import Leases
from storage.settings import SettingStore

log = logging.getLogger(__name__)

_POLL_SECONDS: Final = 25
_LEASE_NAME: Final = "telegram.polling"
# Short, for nobody polls while the lease of a killed process runs out. Two pollers would do no harm: Telegram
# turns one of them away, and the inbox knows what it already has.
_LEASE: Final = timedelta(seconds=10)
_RENEW_SECONDS: Final = 3.0
_ASK_SECONDS: Final = 1.0
_PAUSES: Final = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
_SHORTEST_POLL: Final = 0.5

SECRET_SETTING: Final = "telegram.webhook_secret"  # noqa: S105 - where it is kept, not what it is
_SECRET_HEADER: Final = "x-telegram-bot-api-secret-token"  # noqa: S105
_MAX_BODY: Final = 1024 * 1024
_CONNECTIONS: Final = 100
_CHECK_SECONDS: Final = 300.0


class PollingLease:
    """Lets one process of several poll."""

    def __init__(self, store: Store, owner: str) -> None:
        self._store = store
        self._owner = owner

    async def acquire(self, now: datetime, ttl: timedelta) -> bool:
        """Take or renew it; False while another process has it."""
        return await self._store.write(
            lambda connection: Leases(connection).acquire(_LEASE_NAME, self._owner, now, ttl)
        )

    async def release(self) -> None:
        """Give it back."""
        await self._store.write(lambda connection: Leases(connection).release(_LEASE_NAME, self._owner))


class TelegramPolling:
    """The loop over `getUpdates`."""

    def __init__(self, api: BotApi, lease: PollingLease) -> None:
        self._api = api
        self._lease = lease
        self._failures = 0
        self.state = ChannelState.STARTING

    async def run(self, inbox: Inbox) -> None:
        """Poll until cancelled, whenever this process is the one to do it.

        Raises:
            TokenRefused: Telegram does not know the token.
        """
        while True:
            await self._until_leader()
            try:
                async with asyncio.TaskGroup() as together:
                    keeping = together.create_task(self._keep_lease())
                    polling = together.create_task(self._poll(inbox))
                    await asyncio.wait((keeping, polling), return_when=asyncio.FIRST_COMPLETED)
                    keeping.cancel()
                    polling.cancel()
            except* TokenRefused as refused:
                raise TokenRefused from refused
            finally:
                await asyncio.shield(self._give_lease_back())

    async def _until_leader(self) -> None:
        while True:
            if await self._take_lease():
                return
            self.state = ChannelState.STANDBY
            await asyncio.sleep(_ASK_SECONDS)

    async def _keep_lease(self) -> None:
        """Renew the lease; ends when it was lost."""
        held_until = monotonic() + _LEASE.total_seconds()
        while monotonic() < held_until:
            await asyncio.sleep(_RENEW_SECONDS)
            if await self._take_lease():
                held_until = monotonic() + _LEASE.total_seconds()
        log.warning("another process polls Telegram now")

    async def _take_lease(self) -> bool:
        try:
            return await self._lease.acquire(utc_now(), _LEASE)
        except Exception as error:  # noqa: BLE001 - a database that is away comes back; the lease runs out meanwhile
            faults.tell(log.warning, error, "could not take the polling lease")
            return False

    async def _give_lease_back(self) -> None:
        with faults.told(log.warning, "could not give the polling lease back"):  # it runs out by itself
            await self._lease.release()

    async def _poll(self, inbox: Inbox) -> None:
        await self._leave_webhook()
        offset: int | None = None
        while True:
            began = monotonic()
            updates = await self._fetch(offset)
            if updates is None:
                continue
            if await self._keep(inbox, updates):
                offset = _next_offset(updates)
            if not updates and monotonic() - began < _SHORTEST_POLL:
                # A server that does not wait by itself must not be asked without a pause.
                await asyncio.sleep(_SHORTEST_POLL)

    async def _leave_webhook(self) -> None:
        try:
            await self._api.call(DeleteWebhook(drop_pending_updates=False))
        except AiogramError as error:
            if failure_of(error) is Failure.TOKEN:
                raise TokenRefused from None
            log.info("no webhook was taken away: %s", describe(error))

    async def _fetch(self, offset: int | None) -> list[Any] | None:
        """What waits, perhaps nothing; None after a failure, once it is time to try again."""
        method = GetUpdates(
            offset=offset, limit=100, timeout=_POLL_SECONDS, allowed_updates=list(ALLOWED_UPDATES)
        )
        try:
            updates = await self._api.call(method, _POLL_SECONDS + 10)
        except AiogramError as error:
            await self._recover(error)
            return None
        self._failures = 0
        self.state = ChannelState.SERVING
        return updates if isinstance(updates, list) else []

    async def _recover(self, error: AiogramError) -> None:
        if failure_of(error) is Failure.TOKEN:
            raise TokenRefused from None
        if isinstance(error, TelegramConflictError):
            log.warning("somebody else receives this bot's updates: %s", describe(error))
            if "webhook" in error.message:
                await self._leave_webhook()
        else:
            log.warning("polling Telegram failed: %s", describe(error))
        self.state = ChannelState.TROUBLED
        pause = _PAUSES[min(self._failures, len(_PAUSES) - 1)]
        self._failures += 1
        if isinstance(error, TelegramRetryAfter):
            pause = max(pause, float(error.retry_after))
        await asyncio.sleep(pause)

    async def _keep(self, inbox: Inbox, updates: Sequence[Any]) -> bool:
        """Commit what arrived; False, after a pause, where that failed."""
        now = utc_now()
        incoming = [each for update in updates if (each := parsed(update, now)) is not None]
        if not incoming:
            return True
        try:
            await inbox.put(incoming)
        except Exception as error:  # noqa: BLE001 - not confirmed, so Telegram gives them out again
            faults.tell(log.error, error, "could not keep updates, they will be fetched again")
            await asyncio.sleep(_PAUSES[1])
            return False
        return True


def parsed(update: Any, now: datetime) -> Incoming | None:
    """As `parse_update`; an update that breaks it is named in the log and does not hold up the others."""
    try:
        return parse_update(update, now)
    except Exception as error:  # noqa: BLE001 - one bad update must never stop what comes after it
        log.error("an update could not be read: %s", type(error).__name__)
        return None


def _next_offset(updates: Sequence[Any]) -> int | None:
    ids = [update.get("update_id") for update in updates if isinstance(update, dict)]
    return max((each for each in ids if isinstance(each, int)), default=-1) + 1 or None


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
        self._url = webhook_address(public_address)
        self._secret = b""
        self._inbox: Inbox | None = None
        self.state = ChannelState.STARTING

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
                self.state = ChannelState.TROUBLED
                log.warning("could not set the webhook, trying again: %s", describe(error))
                pause = _PAUSES[min(failures, len(_PAUSES) - 1)]
                failures += 1
                await asyncio.sleep(
                    max(pause, error.retry_after) if isinstance(error, TelegramRetryAfter) else pause
                )
            else:
                self.state = ChannelState.SERVING
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
            update = parse_json(await _body(request))
        except _TooLarge:
            return Response(status_code=413)
        except (ClientDisconnect, ValueError):
            return Response(status_code=400)
        incoming = parsed(update, utc_now())
        if incoming is not None:
            try:
                await inbox.put([incoming])
            except Exception as error:  # noqa: BLE001 - not acknowledged, so Telegram delivers it again
                faults.tell(log.error, error, "could not keep an update")
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
