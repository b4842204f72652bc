"""The fitted model that decisions are made with: noticed, loaded beside the old one, swapped in."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import retention
from bot.delivery.faults import faults
from retention.errors import RetentionError
from retention.types import RetentionCore
from storage import StoreUnavailable
from storage.models import ModelVersions
from storage.trial import AnyStore

KIND = "retention"
_CHECK_EVERY = 5.0

log = logging.getLogger(__name__)


class ServedRetention:
    """Holds the current retention core. Before the first fit it is one that knows no shop yet."""

    def __init__(self, store: AnyStore, home: Path) -> None:
        self._store = store
        self._home = home
        self.version = ""
        """Served; empty before the first."""
        self._refused = ""
        self.core: RetentionCore = retention.unfitted()

    async def refresh(self) -> bool:
        """Load the version that the store calls current, if it isn't the one served; True after a swap.

        One that can't be loaded is reported once, and the one in use stays.
        """
        async with self._store.read() as connection:
            current = await ModelVersions(connection).current(KIND)
        if current is None or current.version in (self.version, self._refused):
            return False
        try:
            core = await asyncio.to_thread(retention.load, self._home / current.path)
        except (RetentionError, OSError) as error:
            self._refused = current.version
            log.error(
                "retention model %s can't be loaded (%s); still serving %s",
                current.version,
                error,
                self.version or "without a model",
            )
            return False
        self.core, self.version = core, current.version
        log.info("serving retention model %s", current.version)
        return True

    async def watch(self) -> None:
        """Refresh until cancelled."""
        while True:
            await asyncio.sleep(_CHECK_EVERY)
            with faults.told(log.warning, "could not look for a newer model", only=StoreUnavailable):
                await self.refresh()
