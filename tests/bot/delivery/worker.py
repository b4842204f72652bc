"""A process that handles and sends, for tests that kill it: `python -m tests.bot.delivery.worker URL NAME LOG`.

Each message that leaves is a line in the log. Leases are short, so that a test needn't wait long for them.
"""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import timedelta

from bot.delivery import dispatcher, sender
from bot.delivery.dispatcher import Dispatcher
from bot.delivery.sender import Sender
from bot.messages import Delivery, Incoming, Outgoing
from storage import Store
from tests.bot.delivery.fakes import Answering, FakeChannel, sent


def _shorten_leases() -> None:
    dispatcher.LEASE = timedelta(seconds=1)
    dispatcher._RENEW_BEFORE = timedelta(seconds=0.5)
    sender.LEASE = timedelta(seconds=1)
    sender._HOUSEKEEPING = 0.3


async def work(url: str, name: str, log: str) -> None:
    """Handle and send until killed."""
    store = Store.open(url)
    lines = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    async def leave(message: Outgoing) -> Delivery:
        os.write(lines, f"{message.outbox_id}\n".encode())
        await asyncio.sleep(0.1)  # the answer takes a moment, in which the process may die
        return sent(message)

    async def think(_: Incoming) -> None:
        await asyncio.sleep(0.01)

    sending = Sender(store, [FakeChannel(script=leave)], owner=name)
    handling = Dispatcher(store, Answering(think).handle, owner=name, wake_sender=sending.wake, parallel=4)
    await asyncio.gather(handling.run(), sending.run())


if __name__ == "__main__":
    _shorten_leases()
    asyncio.run(work(*sys.argv[1:]))
