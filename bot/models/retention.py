"""The fitted model that decisions are made with: noticed, loaded beside the old one, swapped in."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import retention
from bot.delivery.faults import faults
from retention.errors import RetentionError
from retention.types import RetentionCore
from storage import Store, StoreUnavailable
from storage.models import ModelVersions

KIND = "retention"
_CHECK_EVERY = 5.0

log = logging.getLogger(__name__)


class ServedRetention:
    """Holds the current retention core. Before the first fit it is one that knows no shop yet."""

    def __init__(self, store: Store, home: Path) -> None:
        self._store = store
        self._home = home
        self._version = ""
        self._refused = ""
        self.core: RetentionCore = retention.unfitted()

    @property
    def version(self) -> str:
        """The version served, empty before the first."""
        return self._version

    async def refresh(self) -> bool:
        """Load the version that the store calls current, if it isn't the one served; True after a swap.

        One that can't be loaded is reported once, and the one in use stays.
        """
        async with self._store.read() as connection:
            current = await ModelVersions(connection).current(KIND)
        if current is None or current.version in (self._version, self._refused):
            return False
        try:
            core = await asyncio.to_thread(retention.load, self._home / current.path)
        except (RetentionError, OSError) as error:
            self._refused = current.version
            log.error(
                "retention model %s can't be loaded (%s); still serving %s",
                current.version,
                error,
                self._version or "without a model",
            )
            return False
        self.core, self._version = core, current.version
        log.info("serving retention model %s", current.version)
        return True

    async def watch(self) -> None:
        """Refresh until cancelled."""
        while True:
            await asyncio.sleep(_CHECK_EVERY)
            try:
                await self.refresh()
            except StoreUnavailable as error:
                faults.tell(log.warning, error, "could not look for a newer model")
