"""The sender against a model of everything that can go wrong: kills, freezes, lost answers, opt-outs, in any order.

The real sender runs here; only time, the moment at which each of its transactions happens, and the other side
are in the hands of the test.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from hypothesis import HealthCheck, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.delivery.departure import Drop, Leave, Verdict
from bot.delivery.sender import LEASE, Sender
from bot.messages import Delivery, DeliveryStatus, Outgoing
from storage.inline import InlineConnection, inline_engine
from storage.outbox import OutboxRow
from storage.schema import metadata, outbox
from tests.bot.delivery.fakes import START, put

ENDED = {"sent", "failed", "unknown", "cancelled"}
NOT_SENT = {"ready", "claimed", "failed"}
GONE = {"sending", "sent", "unknown"}


class Shared:
    """One database in memory, in which one transaction happens after the other."""

    def __init__(self) -> None:
        self.engine = inline_engine(":memory:", pragmas=())
        self.lock = asyncio.Lock()
        self._connection: InlineConnection | None = None

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        async with self.lock:
            if self._connection is None:
                self._connection = await InlineConnection.open(self.engine)
            self._connection.run("BEGIN")
            try:
                yield self._connection
                await self._connection.commit_durably()
            finally:
                self._connection.undo()

    async def close(self) -> None:
        if self._connection is not None:
            await self._connection.close()


class SteppedStore:
    """A store on which each transaction waits until the test lets it happen, or for ever."""

    def __init__(self, database: Shared) -> None:
        self._database = database
        self.free = 0
        """Transactions that needn't wait."""
        self.waiting: list[asyncio.Event] = []

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        async with self._database.transaction() as connection:
            yield connection

    async def write(self, work: Callable[[AsyncConnection], Awaitable[Any]]) -> Any:
        if self.free:
            self.free -= 1
        else:
            gate = asyncio.Event()
            self.waiting.append(gate)
            await gate.wait()
        async with self._database.transaction() as connection:
            return await work(connection)


class SteppedChannel:
    """A channel on which each attempt waits until the test says how it ends, or for ever."""

    name = "telegram"

    def __init__(self) -> None:
        self.waiting: list[tuple[int, asyncio.Future[Delivery]]] = []

    async def run(self, inbox: object) -> None: ...

    async def working(self, address: str) -> None: ...

    async def deliver(self, message: Outgoing) -> Delivery:
        answer: asyncio.Future[Delivery] = asyncio.get_running_loop().create_future()
        self.waiting.append((message.outbox_id, answer))
        return await answer


class StopList:
    """A last look at who has said stop, row by row: as much may still arrive as when they said so."""

    def __init__(self) -> None:
        self.most: dict[int, int] = {}

    async def look(self, connection: AsyncConnection, row: OutboxRow, now: datetime) -> Verdict:
        return Drop("opted_out") if row.id in self.most else Leave(row.payload)

    async def not_sent(self, connection: AsyncConnection, row: OutboxRow) -> None: ...


class Worker:
    """A process that sends. Killing it means never letting it go on."""

    def __init__(self, name: str, database: Shared, clock: Callable[[], datetime], stopped: StopList) -> None:
        self.name = name
        self.store = SteppedStore(database)
        self.channel = SteppedChannel()
        self.sender = Sender(
            self.store,  # type: ignore[arg-type]
            [self.channel],
            owner=name,
            last_looks={"campaign": stopped},
            clock=clock,
        )
        self.lane = next(lane for lane in self.sender._lanes if lane.policy == "once")


class AtMostOnce(RuleBasedStateMachine):
    """Two workers, a few messages, and a bad day."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.now = START
        self.sends: Counter[int] = Counter()
        self.database = Shared()
        self.run(self._write(lambda connection: connection.run_sync(metadata.create_all, tables=[outbox])))
        self.stopped = StopList()
        self.workers = [self._worker(name) for name in "ab"]
        self.rows = 0
        self.states: dict[int, str] = {}

    def _worker(self, name: str) -> Worker:
        return Worker(name, self.database, lambda: self.now, self.stopped)

    def run(self, work: Awaitable[Any]) -> Any:
        """Do something and let everything that can go on go on."""

        async def settled() -> Any:
            result = await work
            for _ in range(30):
                await asyncio.sleep(0)
            return result

        return self.loop.run_until_complete(settled())

    async def _write(self, work: Callable[[AsyncConnection], Awaitable[Any]]) -> Any:
        async with self.database.transaction() as connection:
            return await work(connection)

    async def _states(self) -> dict[int, str]:
        async with self.database.transaction() as connection:
            rows = await connection.execute(select(outbox.c.id, outbox.c.state))
            return {row.id: row.state for row in rows}

    async def _until_quiet(self) -> None:
        """Wait for a commit, which SQLite's driver does in a thread."""
        async with self.database.lock:
            pass

    @rule(data=st.data())
    def something_happens(self, data: st.DataObject) -> None:
        """One of the things that can happen now, each as likely as the others."""
        events = list(self._possible())
        name, event = events[data.draw(st.integers(0, len(events) - 1))]
        note(name)
        event()

    def _possible(self) -> Iterator[tuple[str, Callable[[], object]]]:
        if self.rows < 2:
            yield "a message is put", self._put
        for row, state in self.states.items():
            if row not in self.stopped.most:
                yield f"who gets message {row} says stop", partial(self._stop, row, state)
        for number, worker in enumerate(self.workers) if self.rows else ():
            who = f"worker {number}"
            yield f"{who} is killed", partial(self._kill, number, False)
            yield f"{who} freezes and the other goes on", partial(self._freeze, number)
            if "ready" in self.states.values():
                yield f"{who} claims", partial(self._claim, worker)
            if worker.store.waiting:
                yield f"{who} commits", partial(self._commit, worker)
            if worker.channel.waiting:
                ends = partial(self._end_attempt, worker)
                yield f"{who}'s message arrives", partial(ends, True, DeliveryStatus.SENT)
                yield (
                    f"{who}'s message arrives and its answer is lost",
                    partial(ends, True, DeliveryStatus.UNKNOWN),
                )
                yield f"{who}'s message is known not to arrive", partial(ends, False, DeliveryStatus.RETRY)
                yield f"{who}'s message is refused", partial(ends, False, DeliveryStatus.REFUSED)
                yield f"{who}'s message arrives and it is killed", partial(self._kill, number, True)

    def _put(self) -> None:
        self.rows += 1
        self.run(
            self._write(
                lambda connection: put(
                    connection, str(self.rows), kind="campaign", policy="once", now=self.now
                )
            )
        )

    def _stop(self, row: int, state: str) -> None:
        """What is past the point of no return may arrive; nothing else may."""
        self.stopped.most[row] = 1 if state in GONE else self.sends[row]

    def _claim(self, worker: Worker) -> None:
        worker.store.free = 1
        self.run(worker.sender._claim_and_begin(worker.lane))
        worker.store.free = 0

    def _commit(self, worker: Worker) -> None:
        """Let the transaction that has waited longest happen."""
        worker.store.waiting.pop(0).set()
        self.run(asyncio.sleep(0))
        self.run(self._until_quiet())

    def _end_attempt(self, worker: Worker, arrives: bool, status: DeliveryStatus) -> None:
        outbox_id, answer = worker.channel.waiting.pop(0)
        self.sends[outbox_id] += arrives
        answer.set_result(Delivery(status=status, retry_after=0.0))
        self.run(asyncio.sleep(0))

    def _go_on(self, worker: Worker) -> None:
        while worker.store.waiting or worker.channel.waiting:
            if worker.store.waiting:
                self._commit(worker)
            else:
                self._end_attempt(worker, True, DeliveryStatus.SENT)

    def _kill(self, number: int, arrives: bool) -> None:
        """A process dies, perhaps just after what it was sending has arrived; another one takes its name."""
        worker = self.workers[number]
        if arrives:
            for outbox_id, _ in worker.channel.waiting:
                self.sends[outbox_id] += 1
        self.workers[number] = self._worker(worker.name)

    def _freeze(self, number: int) -> None:
        """One stands still for longer than its leases last, and the other does its work."""
        other = self.workers[1 - number]
        self.now += LEASE * 1.1
        self._tidy(other)
        self._claim(other)
        self._go_on(other)

    def _tidy(self, worker: Worker) -> None:
        self.run(self._write(worker.sender._renew_and_reap))

    @invariant()
    def never_twice(self) -> None:
        assert not {row for row, sends in self.sends.items() if sends > 1}

    @invariant()
    def nothing_after_a_stop(self) -> None:
        assert not {row for row, most in self.stopped.most.items() if self.sends[row] > most}

    @invariant()
    def the_state_says_what_is_known(self) -> None:
        self.states = self.run(self._states())
        for row, state in self.states.items():
            assert state in ENDED | {"ready", "claimed", "sending"}
            if state == "sent":
                assert self.sends[row] == 1
            if state in NOT_SENT:
                assert self.sends[row] == 0

    def teardown(self) -> None:
        """Everybody dies; whoever comes after leaves no message without an end that somebody can see."""
        self.now += timedelta(hours=1)
        self.workers = [self._worker("later")]
        self._tidy(self.workers[0])
        for _ in range(self.rows + 1):
            self._claim(self.workers[0])
            self._go_on(self.workers[0])
        assert set(self.run(self._states()).values()) <= ENDED
        self.never_twice()
        self.nothing_after_a_stop()
        while tasks := asyncio.all_tasks(self.loop):
            for task in tasks:
                task.cancel()
            self.run(asyncio.sleep(0))
        self.run(self.database.close())
        self.loop.close()


AtMostOnce.TestCase.settings = settings(
    max_examples=80,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestAtMostOnce = AtMostOnce.TestCase
