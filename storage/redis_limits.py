"""The rate limits of `storage.limits` in Redis: for replicas that would wait for each other's transactions.

What Redis forgets is at worst one burst, so it needs no persistence.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Self

from redis.asyncio import Redis
from redis.exceptions import RedisError

from kernel.times import from_micros, to_micros
from storage.limits import Demand, Limit, Reservation

__all__ = ["RedisError", "RedisLimits"]

_PREFIX = "liuke:rate:"
_MICROSECOND = timedelta(microseconds=1)

# As `storage.limits` does it, for one demand at once. KEYS: the buckets. ARGV: now, latest, cost, then interval
# and tolerance of each; microseconds, which a double holds exactly until the year 2255.
_RESERVE = """
local now, latest, cost = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local at, by, tats = now, 0, {}
for i, key in ipairs(KEYS) do
  tats[i] = tonumber(redis.call('GET', key) or '0')
  local free = tats[i] - tonumber(ARGV[3 + 2 * i])
  if free > at then at, by = free, i end
end
if at > latest then return {0, string.format('%.0f', at), by} end
for i, key in ipairs(KEYS) do
  local tat = math.max(tats[i], at) + tonumber(ARGV[2 + 2 * i]) * cost
  redis.call('SET', key, string.format('%.0f', tat), 'PX', math.ceil((tat - now) / 1000) + 1000)
end
return {1, string.format('%.0f', at), by}
"""

# KEYS: one bucket. ARGV: the time before which nothing passes, plus its tolerance; now.
_PAUSE = """
local tat = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), tonumber(ARGV[1]))
redis.call('SET', KEYS[1], string.format('%.0f', tat), 'PX',
           math.max(math.ceil((tat - tonumber(ARGV[2])) / 1000), 0) + 1000)
"""


class RedisLimits:
    """Reserves places in several buckets at once, or in none."""

    def __init__(self, client: Redis) -> None:
        self._client = client
        self._reserve: Any = client.register_script(_RESERVE)
        self._pause: Any = client.register_script(_PAUSE)

    @classmethod
    def open(cls, url: str) -> Self:
        """Use the Redis at an address; it is connected to at first use."""
        return cls(Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2))

    async def reserve(
        self, demands: Sequence[Demand], now: datetime, horizon: timedelta = timedelta(0)
    ) -> list[Reservation]:
        """As `RateLimits.reserve`. Raises RedisError where Redis can't be asked."""
        return [await self._reserve_one(demand, now, now + horizon) for demand in demands]

    async def _reserve_one(self, demand: Demand, now: datetime, latest: datetime) -> Reservation:
        pairs = [(limit.interval // _MICROSECOND, limit.tolerance // _MICROSECOND) for limit in demand.limits]
        granted, at, by = await self._reserve(
            keys=[_PREFIX + limit.key for limit in demand.limits],
            args=[
                to_micros(now),
                to_micros(latest),
                demand.cost,
                *(number for pair in pairs for number in pair),
            ],
        )
        return Reservation(
            granted=bool(granted), at=from_micros(int(at)), by=demand.limits[by - 1].key if by else None
        )

    async def pause(self, limits: Iterable[Limit], until: datetime, now: datetime) -> None:
        """As `RateLimits.pause`. Raises RedisError where Redis can't be asked."""
        for limit in limits:
            await self._pause(
                keys=[_PREFIX + limit.key], args=[to_micros(until + limit.tolerance), to_micros(now)]
            )

    async def close(self) -> None:
        """Give the connections back."""
        await self._client.aclose()
