"""A process that sends campaigns, for tests that freeze it: `python -m tests.bot.outreach.worker URL HOME LOG`.

Each message that leaves is a line in the log: the address it goes to.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from bot.delivery.sender import Sender
from bot.messages import Delivery, Outgoing
from bot.models.decisions import Decisions
from bot.models.retention import ServedRetention
from bot.outreach.last_look import LastLook
from storage import Store
from tests.bot.delivery.fakes import Clock, FakeChannel, sent
from tests.bot.outreach.campaigns import TIME_ZONE, write

A_SECOND = 20.0


async def work(url: str, home: str, log: str) -> None:
    """Send until killed; the clock begins at `START`, in the afternoon."""
    store = Store.open(url)
    lines = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    async def leave(message: Outgoing) -> Delivery:
        os.write(lines, f"{message.address}\n".encode())
        return sent(message)

    decisions = Decisions(ServedRetention(store, Path(home)))
    sender = Sender(
        store,
        [FakeChannel(script=leave)],
        owner="worker",
        rates={"telegram": A_SECOND},
        last_looks={"campaign": LastLook(decisions, write, TIME_ZONE, channels=["telegram"])},
        clock=Clock(),
    )
    await sender.run()


if __name__ == "__main__":
    asyncio.run(work(*sys.argv[1:]))
