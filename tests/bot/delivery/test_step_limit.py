"""A step that keeps the loop for too long is ended; everything else goes on."""

from __future__ import annotations

import asyncio
import re
import signal
import time
from collections.abc import Callable
from contextlib import suppress

import pytest
import uvloop

from bot.delivery.ports import TookTooLong
from bot.delivery.step_limit import step_limit

pytestmark = pytest.mark.slow

OURS = "ours"
LIMIT = 0.4
_ENDLESS = re.compile(r"(a+)+$")


def _in_a_pattern() -> None:
    _ENDLESS.match("a" * 100 + "!")


def _in_a_loop() -> None:
    while True:
        pass


def _compute(seconds: float) -> None:
    began = time.thread_time()
    while time.thread_time() - began < seconds:
        pass


async def _run(work: Callable[[], None], name: str = OURS) -> None:
    async def step() -> None:
        await asyncio.sleep(0)
        work()

    with step_limit({OURS}, LIMIT):
        await asyncio.create_task(step(), name=name)


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop])
@pytest.mark.parametrize("work", [_in_a_pattern, _in_a_loop])
def test_a_step_that_never_ends_is_ended(
    work: Callable[[], None], loop: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    began = time.thread_time()
    with asyncio.Runner(loop_factory=loop) as runner, pytest.raises(TookTooLong):
        runner.run(_run(work))
    assert time.thread_time() - began < LIMIT + 3.0


def test_other_tasks_may_take_their_time() -> None:
    asyncio.run(_run(lambda: _compute(2.5 * LIMIT), name="a report"))


def test_many_short_steps_are_no_long_one() -> None:
    async def work() -> None:
        for _ in range(20):
            _compute(LIMIT / 5)
            await asyncio.sleep(0)

    async def main() -> None:
        with step_limit({OURS}, LIMIT):
            await asyncio.create_task(work(), name=OURS)

    asyncio.run(main())


def test_waiting_is_not_computing() -> None:
    asyncio.run(_run(lambda: time.sleep(2.5 * LIMIT)))


def test_the_task_goes_on_after_the_error() -> None:
    said: list[str] = []

    def work() -> None:
        with suppress(TookTooLong):
            _in_a_loop()
        said.append("sorry")

    asyncio.run(_run(work))
    assert said == ["sorry"]


def test_nothing_is_left_behind() -> None:
    before = signal.getsignal(signal.SIGVTALRM)
    asyncio.run(_run(lambda: None))
    assert signal.getsignal(signal.SIGVTALRM) is before
    assert signal.getitimer(signal.ITIMER_VIRTUAL) == (0.0, 0.0)
