"""Answered messages a second and latency of Liuke, beside a bare aiogram echo bot in the same run.

    python -m tests.benchmarks.load [--conversations 2000] [--messages 3] [--repeat 3] [--write]

The load and the fake Telegram run in this process, the bot in another, on the same cores. Latency is taken from
the moment the webhook is called to the moment the answer's `sendMessage` has been read: it holds both bots' HTTP
and the fake's own work.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import uvloop

from tests.benchmarks.report import machine, table, today, write_section
from tests.botapi import TOKEN, Chat, FakeBotApi, Message, Person
from tests.e2e.program import ROOT, Program, free_port

QUESTIONS = (
    ("zh-hans", ("你好", "怎么退货?", "我的订单到哪了", "可以开发票吗", "什么时候发货", "谢谢你")),
    (
        "en",
        ("Hello", "How do I return something?", "Where is my parcel?", "Which cards do you take?", "Thanks!"),
    ),
)
_GIVE_UP = 300.0


@dataclass
class Measured:
    """What one round of load showed."""

    seconds: float
    latencies: list[float]
    sent: int
    """Messages that the bot sent; more than were asked for where an answer is more than one message."""
    cpu: float = 0.0
    """Processor seconds of the bot's processes."""
    memory: int = 0
    """Bytes that the bot's processes keep resident afterwards; a page that two of them share counts once."""

    @property
    def rate(self) -> float:
        """Answered messages a second."""
        return len(self.latencies) / self.seconds

    def percentile(self, share: float) -> float:
        """Of the latencies, in milliseconds."""
        ordered = sorted(self.latencies)
        return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]


@dataclass
class Load:
    """Conversations with a bot through the fake, and when each message was pushed and answered."""

    api: FakeBotApi
    latencies: list[float] = field(default_factory=list)
    sent: int = 0
    _pushed: dict[int, float] = field(default_factory=dict)
    _answered: dict[int, asyncio.Event] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.api.updates.on_push = self._note_push
        self.api.world.on_sent = self._note_sent

    def _note_push(self, chat_id: int) -> None:
        self._pushed.setdefault(chat_id, time.perf_counter())

    def _note_sent(self, chat: Chat, _: Message) -> None:
        self.sent += 1
        if (pushed := self._pushed.pop(chat.id, None)) is not None:
            self.latencies.append(time.perf_counter() - pushed)
        if (waiting := self._answered.get(chat.id)) is not None:
            waiting.set()

    async def ask(self, person: Person, text: str) -> None:
        """Say something and wait for the answer."""
        event = self._answered[person.id] = asyncio.Event()
        person.says(text)
        async with asyncio.timeout(_GIVE_UP):
            await event.wait()

    async def converse(self, person: Person, questions: list[str]) -> None:
        """Ask one after the other."""
        for question in questions:
            await self.ask(person, question)


def _people(api: FakeBotApi, count: int) -> list[tuple[Person, tuple[str, ...]]]:
    pairs = [QUESTIONS[i % len(QUESTIONS)] for i in range(count)]
    return [(api.person("P", language), questions) for language, questions in pairs]


async def all_at_once(api: FakeBotApi, conversations: int, messages: int) -> Measured:
    """Every conversation asks as fast as it is answered."""
    load = Load(api)
    people = _people(api, conversations)
    began = time.perf_counter()
    async with asyncio.TaskGroup() as together:
        for number, (person, questions) in enumerate(people):
            asked = [questions[(number + i) % len(questions)] for i in range(messages)]
            together.create_task(load.converse(person, asked))
    return Measured(time.perf_counter() - began, load.latencies, load.sent)


async def at_a_rate(api: FakeBotApi, rate: float, seconds: float) -> Measured:
    """So many messages a second, each from another person, whatever becomes of those before."""
    load = Load(api)
    count = int(rate * seconds)
    began = time.perf_counter()
    async with asyncio.TaskGroup() as together:
        for number, (person, questions) in enumerate(_people(api, count)):
            await asyncio.sleep(max(0.0, began + number / rate - time.perf_counter()))
            together.create_task(load.ask(person, questions[number % len(questions)]))
    return Measured(time.perf_counter() - began, load.latencies, load.sent)


# --- the two bots -----------------------------------------------------------------------------------------


@asynccontextmanager
async def _echo(api: FakeBotApi) -> AsyncIterator[int]:
    command = [
        "-m",
        "tests.benchmarks.echo",
        "--port",
        str(free_port()),
        "--api",
        api.address,
        "--token",
        TOKEN,
    ]
    process = await asyncio.create_subprocess_exec(sys.executable, *command, cwd=ROOT)
    try:
        await api.wait_for(lambda: api.updates.webhook is not None, 30)
        person = api.person("First")
        await Load(api).ask(person, "are you there?")
        yield process.pid
    finally:
        process.terminate()
        await process.wait()


@asynccontextmanager
async def _liuke(api: FakeBotApi, filled: Path) -> AsyncIterator[int]:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        shutil.copytree(filled, home)
        program = Program(home, bot_api=api.address, webhook=True, rate=0)
        await program.start()
        try:
            await api.wait_for(lambda: api.updates.webhook is not None, 30)
            await Load(api).ask(api.person("First"), "你好")
            yield program.pid
            await program.stop()
        finally:
            await program.kill()


async def _measure(which: str, filled: Path, options: argparse.Namespace) -> tuple[Measured, Measured]:
    api = FakeBotApi(limits=False, checked=False, log_calls=False)
    async with api.serve(), _echo(api) if which == "echo" else _liuke(api, filled) as pid:
        calm = await at_a_rate(api, options.rate, options.seconds)
        own = psutil.Process(pid)
        processes = [own, *own.children(recursive=True)]
        before = _cpu(processes)
        full = await all_at_once(api, options.conversations, options.messages)
        full.cpu = _cpu(processes) - before
        full.memory = sum(process.memory_full_info().pss for process in processes)
    return full, calm


def _cpu(processes: Sequence[psutil.Process]) -> float:
    spent = [process.cpu_times() for process in processes]
    return float(sum(times.user + times.system for times in spent))


def _line(name: str, measured: Measured) -> list[str]:
    times = [f"{measured.percentile(share):,.0f}" for share in (0.5, 0.95, 0.99)]
    return [name, f"{measured.rate:,.0f}", *times, f"{measured.sent / len(measured.latencies):.2f}"]


async def _run(options: argparse.Namespace) -> str:
    with tempfile.TemporaryDirectory() as folder:
        filled = Path(folder) / "filled"
        first = await _start_up(filled, fits=True)
        again = await _start_up(filled)
        results: dict[str, list[tuple[Measured, Measured]]] = {"echo": [], "liuke": []}
        for number in range(options.repeat):
            for which in ("echo", "liuke"):
                results[which].append(await _measure(which, filled, options))
                print(
                    f"{number + 1}/{options.repeat} {which}: {results[which][-1][0].rate:,.0f}/s", flush=True
                )
    return _report(results, first, again, options)


async def _start_up(home: Path, *, fits: bool = False) -> float:
    program = Program(home)
    seconds = await program.start()
    if fits:
        await program.fitted()
    await program.stop()
    return seconds


def _report(
    results: dict[str, list[tuple[Measured, Measured]]],
    first: float,
    again: float,
    options: argparse.Namespace,
) -> str:
    full = {which: _median([f for f, _ in runs], lambda m: m.rate) for which, runs in results.items()}
    calm = {
        which: _median([c for _, c in runs], lambda m: m.percentile(0.95)) for which, runs in results.items()
    }
    pairs = zip(results["liuke"], results["echo"], strict=True)
    shares = sorted(ours.rate / theirs.rate for (ours, _), (theirs, _) in pairs)
    memory = {which: max(f.memory for f, _ in runs) for which, runs in results.items()}
    header = ["", "answered/s", "p50 ms", "p95 ms", "p99 ms", "messages an answer"]
    rows = [
        _line(f"{name}, {options.conversations:,} conversations at once", full[which])
        for which, name in (("echo", "bare aiogram echo"), ("liuke", "Liuke"))
    ]
    rows += [
        _line(f"{name}, {options.rate:.0f} messages a second", calm[which])
        for which, name in (("echo", "bare aiogram echo"), ("liuke", "Liuke"))
    ]
    return f"""## Load

`make bench` ({today()}; {machine()}, shared by the load, the fake Telegram and the bot; the median of {options.repeat}
interleaved runs; SQLite with every answer durable before it is sent).

{table(header, rows)}

Liuke answers at {statistics.median(shares):.0%} of the echo bot's rate ({shares[0]:.0%} to {shares[-1]:.0%},
each run against the one beside it), with understanding, store, inbox and outbox included.

| | |
| --- | ---: |
| start with an empty home (demo shop made; models are fitted afterwards) | {first:.1f} s |
| start with a filled home | {again:.1f} s |
| processor time an answered message | {_cost(full["liuke"])} |
| the echo bot's | {_cost(full["echo"])} |
| resident memory after the load | {memory["liuke"] / 2**20:,.0f} MB |
| the echo bot's | {memory["echo"] / 2**20:,.0f} MB |
"""


def _median(runs: list[Measured], figure: Callable[[Measured], float]) -> Measured:
    """The run in the middle by a figure; of an even number the lower of the two."""
    return sorted(runs, key=figure)[(len(runs) - 1) // 2]


def _cost(measured: Measured) -> str:
    return f"{1000 * measured.cpu / len(measured.latencies):.1f} ms"


def main() -> None:
    """Measure and print; with --write also into docs/benchmarks.md."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--conversations", type=int, default=2000)
    parser.add_argument("--messages", type=int, default=3, help="in each conversation")
    parser.add_argument("--rate", type=float, default=50.0, help="messages a second of the calm run")
    parser.add_argument("--seconds", type=float, default=20.0, help="of the calm run")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--write", action="store_true", help="replace the section in docs/benchmarks.md")
    options = parser.parse_args()
    report = uvloop.run(_run(options))
    print(report)
    if options.write:
        write_section("load", report)


if __name__ == "__main__":
    main()
