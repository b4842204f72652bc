"""How the handling is shared: what one client sends waits behind its own, and not in front of others'."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeAlias

from storage.inbox import Place

Share: TypeAlias = str | Place
"""A client (`Incoming.client`), or a conversation where the channel knows no clients."""

WAITING_OF_ONE = 40
"""Updates of one share that wait or are in hand; then its channel takes no more."""
WAITING = 1_000
"""The same of all together: some seconds' work."""
SIDE_BY_SIDE = 4
"""Conversations of one share that are handled at the same time."""


class Shares:
    """Counts what waits of each share, and gives out the places for handling."""

    def __init__(self, parallel: int) -> None:
        self._slots = asyncio.Semaphore(parallel)
        self._own: dict[Share, asyncio.Semaphore] = {}
        self._waiting: Counter[Share] = Counter()
        self._count = 0

    def has_room(self, share: Share) -> bool:
        """Whether one more update of a share may wait."""
        return self._count < WAITING and self._waiting[share] < WAITING_OF_ONE

    def add(self, share: Share) -> None:
        """An update waits to be handled."""
        self._waiting[share] += 1
        self._count += 1

    def remove(self, share: Share) -> None:
        """An update was handled, or is left to another time."""
        self._count -= 1
        self._waiting[share] -= 1
        if self._waiting[share] <= 0:
            del self._waiting[share]
            self._own.pop(share, None)

    @asynccontextmanager
    async def slot(self, share: Share) -> AsyncIterator[None]:
        """A place among what is handled now. A share waits for its own places first, in front of nobody else."""
        own = self._own.setdefault(share, asyncio.Semaphore(SIDE_BY_SIDE))
        async with own, self._slots:
            yield
