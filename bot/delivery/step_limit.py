"""Ends what keeps the event loop for too long while it decides about a message.

Such a thing is a regular expression on words that it was not made for, or a loop that never ends. Python runs the
handler of a signal in the main thread, between two instructions, and `re` looks for signals while it matches: an
exception raised there gets out of both. It is raised in the task that is being run, as if its own code had.
"""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from bot.delivery.ports import TookTooLong

LIMIT = 2.0
"""Seconds of processor time without a pause; an ordinary message takes a few thousandths."""
_LOOK_EVERY = 0.25


@contextmanager
def step_limit(names: Collection[str], seconds: float = LIMIT) -> Iterator[None]:
    """While it lasts, tasks with these names get TookTooLong where one step of theirs takes longer.

    To be used in the main thread, with the loop running there. The machine's being busy or the process being
    stopped does not count. Systems without interval timers (Windows) go without.
    """
    if not hasattr(signal, "setitimer"):
        yield
        return
    steps = _Steps(asyncio.get_running_loop(), names, seconds)
    before = signal.signal(signal.SIGVTALRM, lambda _number, _frame: steps.look())
    # This timer runs only while the process computes: one that waits is not woken.
    signal.setitimer(signal.ITIMER_VIRTUAL, _LOOK_EVERY, _LOOK_EVERY)
    steps.begin()
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
        steps.end()


class _Steps:
    """Since when the loop has been in one step, by the main thread's processor time."""

    def __init__(self, loop: asyncio.AbstractEventLoop, names: Collection[str], seconds: float) -> None:
        self._loop = loop
        self._names = frozenset(names)
        self._seconds = seconds
        self._timer: asyncio.TimerHandle | None = None
        self._paused_at = 0.0

    def begin(self) -> None:
        """Note again and again that the loop is free."""
        self._paused_at = time.thread_time()
        self._timer = self._loop.call_later(_LOOK_EVERY, self.begin)

    def end(self) -> None:
        """Note nothing more."""
        if self._timer is not None:
            self._timer.cancel()

    def look(self) -> None:
        """Raise in the task that is being run, if it is one of ours and has had its time."""
        now = time.thread_time()
        if now - self._paused_at < self._seconds:
            return
        task = asyncio.current_task(self._loop)
        if task is None or task.get_name() not in self._names:
            return
        self._paused_at = now  # what it does about the error has as much time again
        raise TookTooLong(f"deciding about a message took longer than {self._seconds:g} s")
