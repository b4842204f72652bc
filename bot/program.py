"""A process of Liuke, from its start to its end.

It serves (channels, chat, console, API), works (ticks, campaigns, refits) or does both until it is told to stop;
then it finishes what is in hand.
"""

from __future__ import annotations

import asyncio
import gc
import logging
from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable, Coroutine
from datetime import timedelta
from typing import Any

from bot.app import Parts, build
from bot.channels.kind import ChannelError
from bot.delivery import dispatcher
from bot.delivery.inbox import DurableInbox
from bot.delivery.ports import Channel
from bot.delivery.step_limit import step_limit
from bot.settings import Settings
from storage import Store, group_commit

log = logging.getLogger(__name__)

STOP_WITHIN = 9.0
"""Seconds."""
_REFIT_AFTER = timedelta(hours=26)


class Program:
    """One process of Liuke."""

    def __init__(
        self, settings: Settings, *, serve: bool, work: bool, reading: Process | None = None
    ) -> None:
        """Make it.

        Args:
            settings: of the installation.
            serve: answer customers and staff.
            work: run what is done by the clock.
            reading: the process that reads messages, if `launch_reading` has started it.
        """
        self._settings = settings
        self._serve, self._work = serve, work
        self._reading = reading
        self._stopping = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def stop(self) -> None:
        """Ask the program to finish what is in hand and end."""
        self._stopping.set()

    async def run(self, on_ready: Callable[[Parts], Awaitable[None]]) -> None:
        """Run until `stop`; `on_ready` is awaited once everything is served.

        Raises:
            OSError: the port is taken.
        """
        async with Store.open(self._settings.store_url) as store:
            parts = await build(self._settings, store, self._reading)
            # Skills decide in the first of these tasks; what only a transaction can know is decided in the second.
            with step_limit({dispatcher.TASK, group_commit.TASK}):
                try:
                    await self._start(parts)
                    await on_ready(parts)
                    await self._stopping.wait()
                finally:
                    await self._stop(parts)

    async def _start(self, parts: Parts) -> None:
        if self._serve:
            await parts.server.start()
            self._spawn(parts.dispatcher.run(), "dispatcher")
            self._spawn(parts.watch_catalogue(), "catalogue")
            self._spawn(parts.watch_demo(), "demo")
            for channel in parts.channels:
                self._spawn(self._run_channel(channel, parts.inbox), f"channel-{channel.name}")
        self._spawn(parts.sender.run(), "sender")
        self._spawn(parts.served.watch(), "model")
        self._spawn(parts.steps.watch(), "steps")
        self._spawn(parts.understanding.watch(), "understanding")
        if self._work:
            parts.jobs.start()
            self._spawn(parts.jobs.refit_if_older(_REFIT_AFTER), "refit")
        _settle_garbage_collection()
        parts.running.set()

    async def _run_channel(self, channel: Channel, inbox: DurableInbox) -> None:
        """One channel that a person must mend does not stop the others."""
        try:
            await channel.run(inbox)
        except ChannelError as error:
            log.error("%s is not served: %s", channel.name, error)

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        task.add_done_callback(self._ended)
        self._tasks.append(task)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """A part that fails takes the program with it, so that whoever runs it starts it again."""
        if not task.cancelled() and (error := task.exception()) is not None:
            log.critical("%s failed; stopping", task.get_name(), exc_info=error)
            self.stop()

    async def _stop(self, parts: Parts) -> None:
        """Stop taking, then finish deciding, then finish sending."""
        parts.running.clear()
        try:
            async with asyncio.timeout(STOP_WITHIN):
                await parts.jobs.stop()
                await self._cancel("channel-")
                await parts.dispatcher.stop(within=STOP_WITHIN / 2)
                await parts.sender.stop(within=STOP_WITHIN / 3)
                await parts.server.stop()
                await parts.imports.stop()
        except TimeoutError:
            log.warning("stopping took too long; what was in hand is kept and goes on at the next start")
        await self._cancel("")
        for channel in parts.channels:
            await channel.close()
        if parts.limits is not None:
            await parts.limits.close()
        await parts.understanding.close()

    async def _cancel(self, prefix: str) -> None:
        chosen = [task for task in self._tasks if task.get_name().startswith(prefix)]
        for task in chosen:
            task.cancel()
        await asyncio.gather(*chosen, return_exceptions=True)


def _settle_garbage_collection() -> None:
    """Leave what lives as long as the program out of every collection, and collect less often.

    The dictionaries, models and classes of a started program are a million objects; walking them again and
    again took a fifth of the time of a message. What came later is walked, the older the less often: objects that
    know each other, as the pages of the console, stay until then, some tens of megabytes at most.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 10, 5)
