"""A handler, a channel and a clock for tests of delivery."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.delivery.ports import ChannelState, Inbox, Work
from bot.messages import Delivery, DeliveryStatus, Incoming, IncomingKind, Outgoing, Reply, dump_reply
from storage import Store
from storage.outbox import Outbox, OutboxKind, Policy
from storage.schema import outbox

START = datetime(2026, 11, 1, 9, tzinfo=UTC)


class Clock:
    """Runs with the real one from `START` and can be put forward."""

    def __init__(self) -> None:
        self._real = datetime.now(UTC)
        self._ahead = timedelta(0)

    def __call__(self) -> datetime:
        return START + (datetime.now(UTC) - self._real) + self._ahead

    def forward(self, seconds: float) -> None:
        """Let time pass at once."""
        self._ahead += timedelta(seconds=seconds)


def incoming(update_id: str | int, address: str = "1", text: str | None = None) -> Incoming:
    """A text message; its text is its update id unless given."""
    return Incoming(
        channel="telegram",
        address=address,
        update_id=str(update_id),
        kind=IncomingKind.TEXT,
        at=START,
        text=str(update_id) if text is None else text,
    )


def answering(what: Incoming) -> Work:
    """A decision that answers with the words of the customer."""

    async def work(connection: AsyncConnection) -> None:
        await put(connection, what.text, address=what.address)

    return work


async def put(
    connection: AsyncConnection,
    text: str,
    *,
    address: str = "1",
    channel: str = "telegram",
    kind: OutboxKind = "reply",
    policy: Policy = "retry",
    now: datetime = START,
) -> int | None:
    """Put a text into the outbox."""
    return await Outbox(connection).put(
        channel=channel,
        address=address,
        kind=kind,
        policy=policy,
        reply=dump_reply(Reply(text=text)),
        now=now,
    )


class Answering:
    """A handler that answers with the customer's own words, after `before` let it."""

    def __init__(self, before: Callable[[Incoming], Awaitable[None]] | None = None) -> None:
        self.seen: list[str] = []
        self._before = before

    async def handle(self, incoming: Incoming) -> Work:
        """Decide."""
        self.seen.append(incoming.text)
        if self._before is not None:
            await self._before(incoming)
        return answering(incoming)


class FakeChannel:
    """A channel whose deliveries end as `script` says; sent by default."""

    def __init__(
        self,
        name: str = "telegram",
        script: Callable[[Outgoing], Delivery | Awaitable[Delivery]] | None = None,
    ) -> None:
        self._name = name
        self._script = script
        self.sent: list[Outgoing] = []
        self.times: list[datetime] = []
        self.shown: list[str] = []
        self.clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    @property
    def name(self) -> str:
        """As in `Incoming.channel`."""
        return self._name

    @property
    def state(self) -> ChannelState:
        """Serving."""
        return ChannelState.SERVING

    async def run(self, inbox: Inbox) -> None:
        """Receive nothing."""
        await asyncio.Event().wait()

    async def deliver(self, message: Outgoing) -> Delivery:
        """Note the attempt."""
        self.sent.append(message)
        self.times.append(self.clock())
        if self._script is None:
            return sent(message)
        ended = self._script(message)
        return ended if isinstance(ended, Delivery) else await ended

    async def working(self, address: str) -> None:
        """Note that typing was shown."""
        self.shown.append(address)

    def texts(self, address: str | None = None) -> list[str]:
        """What was sent, in order."""
        return [one.reply.text for one in self.sent if address is None or one.address == address]


def sent(message: Outgoing) -> Delivery:
    """It arrived."""
    return Delivery(status=DeliveryStatus.SENT, message_refs=(f"ref-{message.outbox_id}",))


async def answers(store: Store, address: str | None = None) -> list[str]:
    """The texts in the outbox, in order."""
    query = select(outbox.c.payload, outbox.c.address).order_by(outbox.c.id)
    async with store.read() as connection:
        rows = (await connection.execute(query)).all()
    return [row.payload["text"] for row in rows if address is None or row.address == address]


async def states(store: Store) -> dict[str, str]:
    """Text to state of what is in the outbox."""
    async with store.read() as connection:
        rows = (await connection.execute(select(outbox.c.payload, outbox.c.state))).all()
    return {row.payload["text"]: row.state for row in rows}


async def until(condition: Callable[[], bool | Awaitable[bool]], seconds: float = 20) -> None:
    """Wait for a condition."""
    async with asyncio.timeout(seconds):
        while True:
            holds = condition()
            if holds if isinstance(holds, bool) else await holds:
                return
            await asyncio.sleep(0.01)


@asynccontextmanager
async def running(*parts: object) -> AsyncIterator[None]:
    """Run dispatchers and senders, and stop them afterwards."""
    tasks = [asyncio.create_task(part.run()) for part in parts]  # type: ignore[attr-defined]
    try:
        yield
    finally:
        for part in parts:
            await part.stop()  # type: ignore[attr-defined]
        await asyncio.gather(*tasks)
