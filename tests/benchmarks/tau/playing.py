"""Plays tasks: the customer writes, the bot answers, until the customer is done or has had enough."""

from __future__ import annotations

import random
from collections.abc import Sequence

from tests.benchmarks.stage import Stage
from tests.benchmarks.tau.customer import Customer, Move
from tests.benchmarks.tau.judging import Played
from tests.benchmarks.tau.reading import read
from tests.benchmarks.tau.shop import NOW
from tests.benchmarks.tau.templates import STYLES
from tests.benchmarks.tau.wishes import Goal

MOST = 14
"""Messages that a customer writes."""


async def play(stage: Stage, goals: Sequence[Goal], seed: int) -> list[Played]:
    """Every task once, each by a customer whose style and words the seed chooses."""
    return [await _one(stage, goal, seed) for goal in goals]


async def _one(stage: Stage, goal: Goal, seed: int) -> Played:
    style = STYLES[(goal.number + seed) % len(STYLES)]
    customer = Customer(goal, style, random.Random(f"{seed} {goal.number}"))
    stage.now = NOW
    address = await stage.enter(goal.customer, "en")
    said: list[tuple[str, str]] = []
    move: Move | None = customer.opens()
    while move is not None and len(said) < MOST:
        answer = await stage.say(address, move.text, f"{address}-{len(said)}", "en", press=move.press)
        said.append((f"[{move.text}]" if move.press else move.text, answer))
        move = customer.replies(answer)
    requests = await stage.filed(address)
    await stage.clear()
    return Played(
        goal=goal,
        style=style,
        said=tuple(said),
        requests=requests,
        retracted=customer.retracted,
        reached_person=any(read(answer).handed_over for _, answer in said),
    )
