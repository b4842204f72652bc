"""Fetching updates by long polling, so that none is confirmed before it is kept.

Telegram forgets an update when a later offset is asked for, so the next offset is asked for only after
`Inbox.put` has committed. The offset itself isn't kept: a fresh start fetches what is unconfirmed, and the
inbox knows what it already has. (A kept one could even hide updates, since Telegram starts counting somewhere
else after a quiet week; for the same reason it is dropped as soon as it has confirmed what it should.)
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any, Final, Protocol

from aiogram.exceptions import AiogramError, TelegramConflictError, TelegramRetryAfter
from aiogram.methods import DeleteWebhook, GetUpdates

from bot.channels.errors import TokenRefused
from bot.channels.telegram_api import BotApi, Failure, describe, failure_of
from bot.channels.telegram_updates import ALLOWED_UPDATES, parse_update
from bot.conversation.messages import Incoming
from bot.delivery.ports import Inbox

log = logging.getLogger(__name__)

_POLL_SECONDS: Final = 25
# Short, for nobody polls while the lease of a killed process runs out. Two pollers would do no harm: Telegram
# turns one of them away, and the inbox knows what it already has.
_LEASE: Final = timedelta(seconds=10)
_RENEW_SECONDS: Final = 3.0
_ASK_SECONDS: Final = 1.0
_PAUSES: Final = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
_SHORTEST_POLL: Final = 0.5


class Lease(Protocol):
    """Lets one process of several poll."""

    async def acquire(self, now: datetime, ttl: timedelta) -> bool:
        """Take or renew it; False while another process has it."""
        ...

    async def release(self) -> None:
        """Give it back."""
        ...


class TelegramPolling:
    """The loop over `getUpdates`."""

    def __init__(self, api: BotApi, lease: Lease) -> None:
        self._api = api
        self._lease = lease
        self._failures = 0

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
                await asyncio.shield(self._lease.release())

    async def _until_leader(self) -> None:
        while True:
            if await self._take_lease():
                return
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
            return await self._lease.acquire(datetime.now(UTC), _LEASE)
        except Exception as error:  # noqa: BLE001 - a database that is away comes back; the lease runs out meanwhile
            log.warning("could not take the polling lease: %s", type(error).__name__)
            return False

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
        pause = _PAUSES[min(self._failures, len(_PAUSES) - 1)]
        self._failures += 1
        if isinstance(error, TelegramRetryAfter):
            pause = max(pause, float(error.retry_after))
        await asyncio.sleep(pause)

    async def _keep(self, inbox: Inbox, updates: Sequence[Any]) -> bool:
        """Commit what arrived; False, after a pause, where that failed."""
        now = datetime.now(UTC)
        incoming = [each for update in updates if (each := parsed(update, now)) is not None]
        if not incoming:
            return True
        try:
            await inbox.put(incoming)
        except Exception as error:  # noqa: BLE001 - not confirmed, so Telegram gives them out again
            log.error("could not keep updates, they will be fetched again: %s", type(error).__name__)
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
