"""Polite customers of a program under attack, and what became of everything that it acknowledged."""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from tests.e2e.program import ROOT, Program, rows
from tests.e2e.visitor import Visitor

POLITE = 20
_PAUSES = (1.0, 4.0)
"""Seconds that a customer reads before they write again, from and to."""
_ALONE = 20.0
_AFTERWARDS = 60.0
_QUESTIONS = {
    "en": (
        "Do you have green tea?", "How much is shipping?", "Where is my parcel?", "How do I return something?",
        "Thanks!", "Which cards do you take?", "is there a warranty?", "can you recommend something?",
    ),
    "zh": ("有绿茶吗？", "运费多少", "我的快递到哪了", "怎么退货", "谢谢", "可以开发票吗", "保修多久", "推荐一下"),
}  # fmt: skip


@dataclass
class Torture:
    """What was measured."""

    seconds: float
    before: list[float] = field(default_factory=list)
    """Seconds to an answer without attacks."""
    during: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    """MB of all processes of the program, once a second under attack; shared pages count once."""
    attacks: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """What became of the attempts of each."""
    kept: list[str] = field(default_factory=list)
    """Update ids of all that somebody was told is kept."""
    lost: int = 0
    """Of those, not in the inbox."""
    open: int = 0
    """Still to be handled a minute after the end."""
    failed: int = 0
    """Given up and put before staff."""


async def torture(home: Path, seconds: float, *, progress: Callable[[str], None] = lambda _: None) -> Torture:
    """Run the program on a filled home, first alone with its customers, then under attack."""
    result = Torture(seconds)
    # The attackers' addresses are their own; the customers come through a proxy that names theirs.
    program = Program(home, more={"LIUKE_TRUSTED_PROXIES": "127.0.0.1"})
    async with program:
        async with asyncio.TaskGroup() as together:
            customers = [together.create_task(_customer(program, number, result)) for number in range(POLITE)]
            await asyncio.sleep(min(_ALONE, seconds))
            result.before, result.during = result.during, []
            progress(f"{len(result.before)} answers before the attacks")
            await _under_attack(program, result, progress)
            for customer in customers:
                customer.cancel()
        await _look_at_inbox(program, result)
        await program.stop()
    return result


async def _under_attack(program: Program, result: Torture, progress: Callable[[str], None]) -> None:
    report = program.home.with_name("attacks.json")
    attacking = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.torture.attacks",
        program.address,
        str(result.seconds),
        str(report),
        cwd=ROOT,
    )
    measuring = asyncio.create_task(_measure(program.pid, result, progress))
    try:
        await attacking.wait()
        told = json.loads(report.read_text("utf-8"))
        result.attacks = told["seen"]
        result.kept += told["kept"]
    finally:
        measuring.cancel()
        if attacking.returncode is None:
            attacking.kill()


async def _customer(program: Program, number: int, result: Torture) -> None:
    """Write, read the answer, think, write again; a socket that is sent away comes back."""
    language = ("en", "zh")[number % 2]
    thinking = random.Random(number)
    questions = _QUESTIONS[language]
    visitor = Visitor(program.address, language=language, client=f"198.51.100.{number + 1}")
    async with visitor:
        while True:
            await asyncio.sleep(thinking.uniform(*_PAUSES))
            began = time.perf_counter()
            heard = len(visitor.answers)
            reference = await visitor.says(thinking.choice(questions))
            await visitor.hears(heard + 1, within=60)
            result.during.append(time.perf_counter() - began)
            result.kept.append(f"{visitor.welcome['visitor']}:{reference}")


async def _measure(pid: int, result: Torture, progress: Callable[[str], None]) -> None:
    own = psutil.Process(pid)
    began = time.monotonic()
    while True:
        processes = [own, *own.children(recursive=True)]
        result.memory.append(sum(one.memory_full_info().pss for one in processes) / 2**20)
        if len(result.memory) % 30 == 0:
            progress(
                f"{time.monotonic() - began:,.0f} s: {len(result.during)} answers, {result.memory[-1]:,.0f} MB"
            )
        await asyncio.sleep(1)


async def _look_at_inbox(program: Program, result: Torture) -> None:
    """Everything that was acknowledged is in the inbox; wait until it is handled."""
    until = time.monotonic() + _AFTERWARDS
    while (waiting := _count(program.home, "state = 'new'")) and time.monotonic() < until:  # noqa: ASYNC110
        await asyncio.sleep(0.5)  # another process handles it
    result.open = waiting
    result.failed = _count(program.home, "state = 'failed'")
    known = {update for (update,) in rows(program.home, "SELECT update_id FROM inbox")}
    result.lost = len(set(result.kept) - known)


def _count(home: Path, condition: str) -> int:
    ((count,),) = rows(home, f"SELECT COUNT(*) FROM inbox WHERE {condition}")  # noqa: S608
    return int(count)
