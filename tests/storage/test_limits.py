"""Rates hold in every window, however many ask, and no bucket is drawn on for what can't leave."""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import Store
from storage.leases import Leases
from storage.limits import Demand, Limit, RateLimits, _reserve
from storage.redis_limits import RedisError, RedisLimits
from storage.settings import SettingStore
from tests.conftest import absent

REDIS = os.environ.get("LIUKE_TEST_REDIS", "redis://127.0.0.1:6379/15")
NOW = datetime(2026, 11, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
BOT = Limit(key="bot", interval=SECOND / 10)
CHAT = Limit(key="chat", interval=SECOND, burst=3)


def demand(*limits: Limit, cost: int = 1) -> Demand:
    return Demand(limits=limits, cost=cost)


async def test_burst_then_interval(any_store: Store) -> None:
    granted = await any_store.write(
        lambda connection: RateLimits(connection).reserve([demand(CHAT)] * 5, NOW, SECOND)
    )
    assert [(one.granted, (one.at - NOW) / SECOND) for one in granted] == [
        (True, 0),
        (True, 0),
        (True, 0),
        (True, 1),
        (False, 2),
    ]
    assert granted[-1].by == "chat"


async def test_buckets_that_are_full_again_are_dropped_and_the_others_hold(any_store: Store) -> None:
    slow = Limit(key="slow", interval=60 * SECOND)

    async def draw(connection: AsyncConnection) -> None:
        await RateLimits(connection).reserve([demand(CHAT), demand(slow)], NOW)

    await any_store.write(draw)
    soon = NOW + SECOND
    assert await any_store.write(lambda connection: RateLimits(connection).prune(NOW)) == 0
    assert await any_store.write(lambda connection: RateLimits(connection).prune(soon)) == 1
    again = await any_store.write(
        lambda connection: RateLimits(connection).reserve([demand(CHAT, cost=4), demand(slow)], soon)
    )
    assert [one.granted for one in again] == [True, False]
    await any_store.write(lambda connection: RateLimits(connection).forget(slow))
    (anew,) = await any_store.write(lambda connection: RateLimits(connection).reserve([demand(slow)], soon))
    assert anew.granted


async def test_a_bucket_pruned_while_it_is_drawn_on_holds(any_store: Store) -> None:
    """Draws and prunes side by side: no draw may be forgotten while its bucket isn't full."""

    async def draw() -> bool:
        (one,) = await any_store.write(lambda connection: RateLimits(connection).reserve([demand(CHAT)], NOW))
        return one.granted

    async def prune() -> bool:
        await any_store.write(lambda connection: RateLimits(connection).prune(NOW))
        return False

    granted = await asyncio.gather(*(work() for _ in range(12) for work in (draw, prune)))
    assert sum(granted) == CHAT.burst


async def test_what_cannot_leave_takes_no_place_of_others(any_store: Store) -> None:
    async def ask(*demands: Demand) -> list[tuple[bool, float]]:
        asked = await any_store.write(
            lambda connection: RateLimits(connection).reserve(list(demands), NOW, SECOND / 4)
        )
        return [(one.granted, round((one.at - NOW) / SECOND, 3)) for one in asked]

    assert await ask(demand(CHAT, cost=4)) == [(True, 0)]
    assert await ask(demand(BOT, CHAT), demand(BOT), demand(BOT)) == [(False, 2), (True, 0), (True, 0.1)]


async def test_all_replicas_share_a_bucket(any_store: Store) -> None:
    asked = await asyncio.gather(
        *(
            any_store.write(lambda connection: RateLimits(connection).reserve([demand(BOT)], NOW, SECOND))
            for _ in range(8)
        )
    )
    assert sorted((one.at - NOW) / SECOND for [one] in asked) == [number / 10 for number in range(8)]


async def test_what_is_given_back_can_be_taken_again(any_store: Store) -> None:
    async def draw() -> bool:
        (one,) = await any_store.write(lambda c: RateLimits(c).reserve([demand(CHAT, BOT)], NOW))
        return one.granted

    assert await draw()
    assert not await draw()
    await any_store.write(lambda c: RateLimits(c).give_back([BOT, CHAT]))
    assert await draw()
    assert not await draw()
    # One that was never drawn on is not fuller than full.
    unused = Limit(key="unused", interval=SECOND)
    await any_store.write(lambda c: RateLimits(c).give_back([unused]))
    both = await any_store.write(lambda c: RateLimits(c).reserve([demand(unused)] * 2, NOW))
    assert [one.granted for one in both] == [True, False]


async def test_a_pause_shuts_a_bucket_until_then(any_store: Store) -> None:
    await any_store.write(lambda connection: RateLimits(connection).pause([CHAT], NOW + 9 * SECOND))
    [asked] = await any_store.write(
        lambda connection: RateLimits(connection).reserve([demand(CHAT)], NOW, SECOND)
    )
    assert not asked.granted
    assert asked.at == NOW + 9 * SECOND


@given(
    interval=st.integers(1, 5_000),
    burst=st.integers(1, 6),
    gaps=st.lists(st.integers(0, 8_000), min_size=1, max_size=60),
    window=st.integers(1, 20_000),
)
def test_no_window_holds_more_than_promised(interval: int, burst: int, gaps: list[int], window: int) -> None:
    millisecond = timedelta(milliseconds=1)
    limit = Limit(key="x", interval=interval * millisecond, burst=burst)
    arrival = {"x": datetime(1970, 1, 1, tzinfo=UTC)}
    now, times = NOW, []
    for gap in gaps:
        now += gap * millisecond
        times.append(_reserve(demand(limit), arrival, now, now + timedelta(days=1)).at)
    for start in times:
        inside = sum(start <= time < start + window * millisecond for time in times)
        assert inside <= burst + -(-window // interval)


async def test_a_lease_has_one_holder_until_it_runs_out(any_store: Store) -> None:
    async def acquire(owner: str, at: datetime) -> bool:
        return await any_store.write(
            lambda connection: Leases(connection).acquire("poll", owner, at, timedelta(seconds=10))
        )

    assert await acquire("a", NOW)
    assert not await acquire("b", NOW + 9 * SECOND)
    assert await acquire("a", NOW + 9 * SECOND)
    assert not await acquire("b", NOW + 18 * SECOND)
    assert await acquire("b", NOW + 19 * SECOND)
    await any_store.write(lambda connection: Leases(connection).release("poll", "a"))
    assert not await acquire("a", NOW + 20 * SECOND)
    await any_store.write(lambda connection: Leases(connection).release("poll", "b"))
    assert await acquire("a", NOW + 20 * SECOND)


async def test_settings_keep_json_and_are_made_once(any_store: Store) -> None:
    made = await asyncio.gather(
        *(
            any_store.write(
                lambda connection, number=number: SettingStore(connection).get_or_create("key", [number])
            )
            for number in range(8)
        )
    )
    assert len({str(value) for value in made}) == 1

    async def change(connection: object) -> object:
        settings = SettingStore(connection)  # type: ignore[arg-type]
        await settings.put("other", {"a": None})
        assert await settings.get("other") == {"a": None}
        await settings.delete("other")
        return await settings.get("other", "nothing")

    assert await any_store.write(change) == "nothing"


# --- the same in Redis ----------------------------------------------------------------------------------------


@pytest.fixture
async def redis_limits() -> AsyncIterator[RedisLimits]:
    """Limits in a Redis of this machine, under keys of their own."""
    limits = RedisLimits.open(REDIS)
    try:
        await limits.pause([Limit(key=f"{uuid.uuid4()}", interval=SECOND)], NOW, NOW)
    except RedisError:
        absent("Redis on 127.0.0.1:6379")
    yield limits
    await limits.close()


def fresh(limit: Limit) -> Limit:
    return replace(limit, key=f"{limit.key}-{uuid.uuid4()}")


async def test_redis_reserves_as_the_store_does(store: Store, redis_limits: RedisLimits) -> None:
    bot, chat = fresh(BOT), fresh(CHAT)
    demands = [demand(bot, chat), demand(bot), demand(bot, chat, cost=4), demand(bot, chat), demand(bot)]
    for step in range(6):
        now = NOW + step * SECOND * 0.7
        stored = await store.write(
            lambda connection, now=now: RateLimits(connection).reserve(demands, now, SECOND / 4)
        )
        assert await redis_limits.reserve(demands, now, SECOND / 4) == stored


async def test_redis_pauses(redis_limits: RedisLimits) -> None:
    chat = fresh(CHAT)
    await redis_limits.pause([chat], NOW + 9 * SECOND, NOW)
    [asked] = await redis_limits.reserve([demand(chat)], NOW, SECOND)
    assert (asked.granted, asked.at, asked.by) == (False, NOW + 9 * SECOND, chat.key)


async def test_a_setting_may_be_nothing(any_store: Store) -> None:
    await any_store.write(lambda connection: SettingStore(connection).put("key", None))
    async with any_store.read() as connection:
        assert await SettingStore(connection).get("key", "default") is None
