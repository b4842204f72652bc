"""A clock that tests can replace, and waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from datetime import datetime
from typing import TypeAlias

Clock: TypeAlias = Callable[[], datetime]
"""Gives an aware datetime in UTC."""


async def end(tasks: Collection[asyncio.Task[None]], within: float) -> None:
    """Wait at most `within` seconds for tasks, and cancel those that are late."""
    if tasks:
        _, late = await asyncio.wait(tasks, timeout=within)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late)


async def wait(event: asyncio.Event, seconds: float) -> None:
    """Wait until an event is set, or for so long."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass
