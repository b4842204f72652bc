"""How much may leave, and when: GCRA over buckets that all replicas share.

A bucket is one number, the theoretical arrival time (TAT) of its next message. Source: ITU-T I.371, generic
cell rate algorithm, virtual scheduling.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select

from storage.repository import Repository
from storage.schema import rate_bucket
from storage.upsert import dialect_insert, insert_ignoring_conflicts


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A bucket and its rate. In any window W at most `burst + W / interval` messages pass."""

    key: str
    interval: timedelta
    """Between two messages in the long run."""
    burst: int = 1
    """How many may go at once after a pause."""

    @property
    def tolerance(self) -> timedelta:
        """How far ahead of schedule a message may be."""
        return self.interval * (self.burst - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """A message that wants to leave, and the limits it falls under."""

    limits: tuple[Limit, ...]
    cost: int = 1
    """How many messages it is to the other side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """The answer to a demand."""

    granted: bool
    at: datetime
    """Granted: it may leave at this time. Otherwise nothing was reserved; ask again at this time."""
    by: str | None = None
    """The key of the limit that set the time; None where it was none."""


class RateLimits(Repository):
    """Reserves places in several buckets at once, or in none."""

    async def reserve(
        self, demands: Sequence[Demand], now: datetime, horizon: timedelta = timedelta(0)
    ) -> list[Reservation]:
        """Reserve a place for each demand, in order, where it can leave by `now + horizon`.

        Run it in a transaction: the buckets stay locked until its end. A demand that would have to wait
        longer takes nothing, so one slow chat holds no place in the bucket of the whole bot.
        """
        limits = {limit.key: limit for demand in demands for limit in demand.limits}
        arrival = await self._lock(limits)
        before = dict(arrival)
        reservations = [_reserve(demand, arrival, now, now + horizon) for demand in demands]
        await self._save({key: tat for key, tat in arrival.items() if before[key] != tat})
        return reservations

    async def pause(self, limits: Iterable[Limit], until: datetime) -> None:
        """Let nothing pass before `until`: the other side said so."""
        limits = list(limits)
        arrival = await self._lock({limit.key: limit for limit in limits})
        later = {limit.key: max(arrival[limit.key], until + limit.tolerance) for limit in limits}
        await self._save(later)

    async def give_back(self, limits: Iterable[Limit]) -> None:
        """Undo one reservation in each of some buckets: what it was for does not count after all."""
        known = {limit.key: limit for limit in limits}
        arrival = await self._lock(known)
        await self._save({key: arrival[key] - limit.interval for key, limit in known.items()})

    async def forget(self, limit: Limit) -> None:
        """Begin anew with one bucket, as if nothing had ever passed."""
        await self._connection.execute(delete(rate_bucket).where(rate_bucket.c.key == limit.key))

    async def prune(self, now: datetime) -> int:
        """Drop the buckets that are full again; return how many. One without a row is full as well."""
        gone = await self._connection.execute(delete(rate_bucket).where(rate_bucket.c.tat <= now))
        return gone.rowcount

    async def _lock(self, limits: dict[str, Limit]) -> dict[str, datetime]:
        keys = sorted(limits)
        if not keys:
            return {}
        if self._connection.dialect.name != "postgresql":
            known = await self._pairs(_BUCKETS.where(rate_bucket.c.key.in_(keys)))
            return {key: known.get(key, _LONG_AGO) for key in keys}
        known = {}
        # A row must be there to be locked, and one that was may be pruned between the two statements.
        while len(known) < len(keys):
            await self._connection.execute(
                insert_ignoring_conflicts(self._connection, rate_bucket),
                [{"key": key, "tat": _LONG_AGO} for key in keys],
            )
            # With the keys in order, no two senders wait for each other.
            these = _BUCKETS.where(rate_bucket.c.key.in_(keys)).order_by(rate_bucket.c.key)
            known = await self._pairs(these.with_for_update())
        return known

    async def _save(self, arrival: dict[str, datetime]) -> None:
        if not arrival:
            return
        fresh = dialect_insert(self._connection, rate_bucket)
        await self._connection.execute(
            fresh.on_conflict_do_update(index_elements=[rate_bucket.c.key], set_={"tat": fresh.excluded.tat}),
            [{"key": key, "tat": tat} for key, tat in sorted(arrival.items())],
        )


_BUCKETS = select(rate_bucket.c.key, rate_bucket.c.tat)
_LONG_AGO = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def _reserve(demand: Demand, arrival: dict[str, datetime], now: datetime, latest: datetime) -> Reservation:
    at, by = max(
        ((arrival[limit.key] - limit.tolerance, limit.key) for limit in demand.limits), default=(now, None)
    )
    if at <= now:
        at, by = now, None
    if at > latest:
        return Reservation(granted=False, at=at, by=by)
    for limit in demand.limits:
        arrival[limit.key] = max(arrival[limit.key], at) + limit.interval * demand.cost
    return Reservation(granted=True, at=at, by=by)
