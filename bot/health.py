"""Whether this process is alive, and whether it can serve: `/healthz` and `/readyz`.

Alive is whoever answers. Ready is who can keep and handle what arrives here. Trouble with a messenger is told and
doesn't count: the web chat, the console and the API go on, and another process would meet the same trouble.
"""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from bot.delivery.clock import Clock
from bot.delivery.ports import Channel, ChannelState
from kernel.times import utc_now
from storage import StorageError, Store, StoreUnavailable
from storage.inbox import Inbox
from storage.settings import SettingStore

_HOLDS = 1.0
"""Seconds for which a look holds: however often strangers ask, the database is asked once."""
_WITHIN = 2.0
"""Seconds in which the database must have answered."""
LEAST_FREE = 64 * 2**20
"""Bytes."""
_LONGEST_WAIT = timedelta(minutes=2)
"""For what arrived and isn't handled yet."""
_PROBE = "health.probe"


@dataclass(frozen=True, slots=True)
class Check:
    """How one thing stands. Anybody may read it: no addresses, names or numbers."""

    ok: bool
    state: str


class Health:
    """Looks at what this process needs."""

    def __init__(
        self,
        store: Store,
        home: Path,
        channels: Sequence[Channel],
        *,
        essential: Collection[str],
        running: Callable[[], bool],
        fitted: Callable[[], bool],
        least_free: int = LEAST_FREE,
        clock: Clock = utc_now,
    ) -> None:
        """Wire it up.

        Args:
            store: must take a write.
            home: its disk must have room.
            channels: each says how it stands.
            essential: names of channels that must serve.
            running: False while the program starts or stops.
            fitted: whether decisions are made with a fitted model.
            least_free: bytes that must be free.
            clock: the time.
        """
        self._store = store
        self._home = home
        self._channels = channels
        self._essential = essential
        self._running = running
        self._fitted = fitted
        self._least_free = least_free
        self._clock = clock
        self._looking = asyncio.Lock()
        self._seen: Mapping[str, Check] = {}
        self._seen_at = float("-inf")

    def routes(self) -> list[BaseRoute]:
        """Both addresses."""
        return [Route("/healthz", self._alive), Route("/readyz", self._ready)]

    async def checks(self) -> Mapping[str, Check]:
        """Everything that is looked at, by name; not older than a second."""
        async with self._looking:
            if time.monotonic() - self._seen_at >= _HOLDS:
                self._seen = await self._look()
                self._seen_at = time.monotonic()
            return self._seen

    async def _alive(self, _request: Request) -> Response:
        return JSONResponse({"alive": True})

    async def _ready(self, _request: Request) -> Response:
        checks = await self.checks()
        ready = all(check.ok for name, check in checks.items() if self._counts(name))
        told: dict[str, Any] = {name: asdict(check) for name, check in checks.items()}
        return JSONResponse({"ready": ready, "checks": told}, status_code=200 if ready else 503)

    def _counts(self, name: str) -> bool:
        return name in self._essential or all(channel.name != name for channel in self._channels)

    async def _look(self) -> Mapping[str, Check]:
        database, inbox, disk = await asyncio.gather(
            _asked(self._written), _asked(self._inbox), asyncio.to_thread(self._disk)
        )
        running = self._running()
        return {
            "program": Check(running, "running" if running else "starting or stopping"),
            "database": database,
            "disk": disk,
            "inbox": inbox,
            "models": Check(True, "loaded" if self._fitted() else "nothing fitted yet"),
            **{
                channel.name: Check(
                    channel.state in (ChannelState.SERVING, ChannelState.STANDBY), channel.state.value
                )
                for channel in self._channels
            },
        }

    async def _written(self) -> Check:
        async def work(connection: AsyncConnection) -> None:
            await SettingStore(connection).put(_PROBE, True)

        await self._store.write(work)
        return Check(True, "takes writes")

    async def _inbox(self) -> Check:
        now = self._clock()
        async with self._store.read() as connection:
            oldest = await Inbox(connection).oldest(now)
        if oldest is None or now - oldest <= _LONGEST_WAIT:
            return Check(True, "nothing waits for long")
        return Check(False, "what arrived waits for minutes")

    def _disk(self) -> Check:
        try:
            free = shutil.disk_usage(self._home).free
        except OSError:
            return Check(False, "can't be looked at")
        return Check(True, "has room") if free >= self._least_free else Check(False, "nearly full")


async def _asked(ask: Callable[[], Awaitable[Check]]) -> Check:
    try:
        async with asyncio.timeout(_WITHIN):
            return await ask()
    except TimeoutError:
        return Check(False, "the database doesn't answer in time")
    except StoreUnavailable as away:
        return Check(False, str(away))
    except StorageError:
        return Check(False, "the database is closed")
