"""Questions handed over to a thread: each gets its own answer, whatever becomes of the others."""

from __future__ import annotations

import asyncio
import threading

import pytest

from bot.conversation.in_turn import InTurn


class Reader:
    """Answers with the double, one at a time, once it is let."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.inside = 0
        self.at_once = 0
        self.order: list[int] = []

    def __call__(self, number: int) -> int:
        self.inside += 1
        self.at_once = max(self.at_once, self.inside)
        self.go.wait(10)
        self.order.append(number)
        self.inside -= 1
        if number == 13:
            raise ValueError("unlucky")
        return 2 * number


async def test_everybody_gets_their_own_answer_and_one_is_read_at_a_time() -> None:
    reader = Reader()
    reader.go.set()
    ask = InTurn(reader)
    numbers = [number for number in range(50) if number != 13]
    assert await asyncio.gather(*map(ask, numbers)) == [2 * number for number in numbers]
    assert reader.order == numbers
    assert reader.at_once == 1


async def test_what_fails_fails_alone() -> None:
    reader = Reader()
    reader.go.set()
    ask = InTurn(reader)
    first, failed, last = await asyncio.gather(ask(1), ask(13), ask(2), return_exceptions=True)
    assert (first, last) == (2, 4)
    with pytest.raises(ValueError, match="unlucky"):
        raise failed  # type: ignore[misc]


async def test_one_who_gives_up_holds_nobody_up() -> None:
    reader = Reader()
    ask = InTurn(reader)
    waiting = [asyncio.create_task(ask(number)) for number in range(12)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    waiting[5].cancel()
    reader.go.set()
    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    cancelled = [number for number, outcome in enumerate(outcomes) if isinstance(outcome, BaseException)]
    assert cancelled == [0, 5]
    assert await ask(21) == 42
