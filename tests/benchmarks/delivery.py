"""How many messages a second go from the inbox through a trivial handler and the outbox to a channel.

python -m tests.benchmarks.delivery [--messages 5000] [--conversations 2000] [--postgres URL]
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.delivery.dispatcher import Dispatcher
from bot.delivery.inbox import DurableInbox
from bot.delivery.ports import Inbox, Work
from bot.delivery.sender import Sender
from bot.messages import Delivery, DeliveryStatus, Incoming, IncomingKind, Outgoing, Reply, dump_reply
from storage import Store, migrate
from storage.outbox import Outbox


class Sink:
    """A channel that delivers at once and notes when."""

    name = "telegram"

    def __init__(self) -> None:
        self.arrived: dict[str, float] = {}
        self.expected = 0
        self.complete = asyncio.Event()

    async def run(self, inbox: Inbox) -> None:
        await asyncio.Event().wait()

    async def deliver(self, message: Outgoing) -> Delivery:
        self.arrived[message.reply.text] = time.perf_counter()
        if len(self.arrived) == self.expected:
            self.complete.set()
        return Delivery(status=DeliveryStatus.SENT, message_refs=(str(message.outbox_id),))

    async def working(self, address: str) -> None: ...


class Echo:
    """A handler that answers with what was said."""

    async def handle(self, incoming: Incoming) -> Work:
        async def work(connection: AsyncConnection) -> None:
            await Outbox(connection).put(
                channel=incoming.channel,
                address=incoming.address,
                kind="reply",
                policy="retry",
                reply=dump_reply(Reply(text=incoming.text)),
                now=incoming.at,
            )

        return work


async def measure(url: str, messages: int, conversations: int, at_once: int, rate: float | None) -> None:
    await migrate(url)
    store = Store.open(url)
    sink = Sink()
    sink.expected = messages
    sender = Sender(store, [sink], owner="bench")
    dispatcher = Dispatcher(store, Echo().handle, owner="bench", channels=[sink], wake_sender=sender.wake)
    inbox = DurableInbox(store, dispatcher)
    running = [asyncio.create_task(sender.run()), asyncio.create_task(dispatcher.run())]
    put: dict[str, float] = {}
    kept: list[float] = []
    slots = asyncio.Semaphore(at_once)

    async def one(number: int) -> None:
        async with slots:
            text = f"{began}:{number}"
            put[text] = time.perf_counter()
            await inbox.put(
                [
                    Incoming(
                        channel="telegram",
                        address=str(number % conversations),
                        update_id=text,
                        kind=IncomingKind.TEXT,
                        at=datetime.now(UTC),
                        text=text,
                    )
                ]
            )
            kept.append(time.perf_counter() - put[text])

    began = time.perf_counter()
    if rate is None:
        await asyncio.gather(*(one(number) for number in range(messages)))
    else:
        tasks = []
        for number in range(messages):
            tasks.append(asyncio.create_task(one(number)))
            await asyncio.sleep(max(0.0, began + (number + 1) / rate - time.perf_counter()))
        await asyncio.gather(*tasks)
    await sink.complete.wait()
    took = max(sink.arrived.values()) - began
    waits = sorted(sink.arrived[text] - put[text] for text in put)
    print(
        f"{url.split(':')[0]}: {messages / took:.0f} messages/s; "
        f"put p50 {statistics.median(kept) * 1000:.1f} ms; answered p50 {waits[len(waits) // 2] * 1000:.1f} ms, "
        f"p95 {waits[int(len(waits) * 0.95)] * 1000:.1f} ms, p99 {waits[int(len(waits) * 0.99)] * 1000:.1f} ms"
    )
    await dispatcher.stop()
    await sender.stop()
    await asyncio.gather(*running)
    await store.close()


def main() -> None:
    """Measure as fast as it goes, then at fifty a second."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--messages", type=int, default=5000)
    parser.add_argument("--conversations", type=int, default=2000)
    parser.add_argument("--at-once", type=int, default=200)
    parser.add_argument("--postgres", help="address of an empty database")
    asked = parser.parse_args()
    for messages, rate in ((asked.messages, None), (250, 50.0)):
        with tempfile.TemporaryDirectory() as folder:
            url = asked.postgres or f"sqlite:///{folder}/liuke.db"
            asyncio.run(measure(url, messages, asked.conversations, asked.at_once, rate))


if __name__ == "__main__":
    main()
