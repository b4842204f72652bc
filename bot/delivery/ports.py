"""The ports between the channels, what arrives, what is decided, and what leaves."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from enum import StrEnum
from typing import Protocol, runtime_checkable

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.messages import Delivery, Incoming, Outgoing

Work = Callable[[AsyncConnection], Awaitable[None]]
"""Everything a decision writes, run in one transaction; raises `storage.Conflict` to be decided again."""


class TookTooLong(Exception):
    """Understanding a message or deciding about it took longer than it may, and was ended."""


@runtime_checkable
class Inbox(Protocol):
    """Where channels leave what arrived."""

    async def put(self, incoming: Sequence[Incoming]) -> int:
        """Keep updates durably, in order; return how many were new.

        When this returns, the updates survive a kill and may be acknowledged to the channel. One that was
        already kept (same channel and update id) is ignored. Addresses and update ids have at most 100 characters.

        Raises:
            StorageError, sqlalchemy.exc.SQLAlchemyError: nothing was kept, and nothing may be acknowledged.
        """
        ...

    def has_room(self, incoming: Incoming) -> bool:
        """Whether it may be put now. False: its client has sent more than is handled yet, or all together have.

        For a channel that can ask its customers to send again later; what one can't refuse is put all the same.
        """
        ...


class ChannelState(StrEnum):
    """Whether a channel receives, in words for people."""

    STARTING = "starting"
    SERVING = "serving"
    STANDBY = "another process receives"
    TROUBLED = "can't be reached, trying again"
    REFUSED = "refused: somebody must look"


@runtime_checkable
class Channel(Protocol):
    """One messenger. Contract: `tests/contracts/channel.py`."""

    @property
    def name(self) -> str:
        """As in `Incoming.channel`."""
        ...

    @property
    def state(self) -> ChannelState:
        """Whether it receives now."""
        ...

    async def run(self, inbox: Inbox) -> None:
        """Receive until cancelled, reconnecting by itself.

        Raises:
            ChannelError: a person must mend something, such as a token or a port; the other channels go on. Any other
                error ends the program.
        """
        ...

    async def deliver(self, message: Outgoing) -> Delivery:
        """Try once to deliver every part of a reply. Never raises for anything the other side did.

        Also called in a process that sends and doesn't receive, where `run` never was (`liuke work`): what must be
        known of an address is asked of the store.
        """
        ...

    async def working(self, address: str) -> None:
        """Show that an answer is being made (typing). Best effort; never raises."""
        ...
