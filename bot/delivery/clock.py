"""The time, as the parts that run by themselves ask for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeAlias

Clock: TypeAlias = Callable[[], datetime]
"""Gives an aware datetime in UTC."""


def utc_now() -> datetime:
    """The clock of the machine."""
    return datetime.now(UTC)


async def wait(event: asyncio.Event, seconds: float) -> None:
    """Wait until an event is set, or for so long."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass
