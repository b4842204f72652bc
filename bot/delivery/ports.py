"""The ports between the channels, what arrives, what is decided, and what leaves."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol, runtime_checkable

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation.messages import Delivery, Incoming, Outgoing

Work = Callable[[AsyncConnection], Awaitable[None]]
"""Everything a decision writes, run in one transaction; raises `storage.Conflict` to be decided again."""


@runtime_checkable
class Inbox(Protocol):
    """Where channels leave what arrived."""

    async def put(self, incoming: Sequence[Incoming]) -> int:
        """Keep updates durably, in order; return how many were new.

        When this returns, the updates survive a kill and may be acknowledged to the channel. One that was
        already kept (same channel and update id) is ignored.
        """
        ...


@runtime_checkable
class Channel(Protocol):
    """One messenger. Contract: `tests/contracts/channel.py`."""

    @property
    def name(self) -> str:
        """As in `Incoming.channel`."""
        ...

    async def run(self, inbox: Inbox) -> None:
        """Receive until cancelled. Reconnects by itself; raises only what a person must mend."""
        ...

    async def deliver(self, message: Outgoing) -> Delivery:
        """Try once to deliver every part of a reply. Never raises for anything the other side did."""
        ...

    async def working(self, address: str) -> None:
        """Show that an answer is being made (typing). Best effort; never raises."""
        ...


@runtime_checkable
class Handler(Protocol):
    """Decides about what arrived; the conversation engine is one."""

    async def handle(self, incoming: Incoming) -> Work:
        """Decide, and return what is to be written; the dispatcher commits it together with "handled".

        Called in order for one conversation and side by side for different ones.
        """
        ...
