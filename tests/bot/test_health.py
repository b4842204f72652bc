"""`/healthz` says that the process is there, `/readyz` whether it can serve, and why not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

import bot.health
from bot.delivery.ports import Channel, ChannelState
from bot.health import Health
from storage import Store
from storage.inbox import Inbox, NewUpdate
from storage.settings import SettingStore
from tests.bot.delivery.fakes import FakeChannel
from tests.factories import NOW
from tests.outage import away


class _Standing(FakeChannel):
    """A channel in a state that the test chooses."""

    def __init__(self, name: str, state: ChannelState) -> None:
        super().__init__(name)
        self._state = state

    @property
    def state(self) -> ChannelState:
        return self._state


@pytest.fixture
def served(hasty_store: Store, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A store at which every look is a new one."""
    monkeypatch.setattr(bot.health, "_HOLDS", 0.0)
    return hasty_store


@asynccontextmanager
async def asked(
    store: Store, home: Path, *channels: Channel, **wired: Any
) -> AsyncIterator[httpx.AsyncClient]:
    known = {"essential": ["web"], "running": lambda: True, "fitted": lambda: True} | wired
    health = Health(store, home, channels or (FakeChannel("web"),), **known)
    transport = httpx.ASGITransport(Starlette(routes=health.routes()))
    async with httpx.AsyncClient(transport=transport, base_url="http://bot.test") as client:
        yield client


async def _failing(client: httpx.AsyncClient) -> dict[str, str]:
    """What is wrong, by name; the status must fit."""
    answer = await client.get("/readyz")
    told = answer.json()
    assert answer.status_code == (200 if told["ready"] else 503)
    return {name: check["state"] for name, check in told["checks"].items() if not check["ok"]}


async def test_ready_while_everything_is_there(served: Store, tmp_path: Path) -> None:
    async with asked(served, tmp_path) as client:
        answer = await client.get("/readyz")
        assert (answer.status_code, answer.json()["ready"]) == (200, True)
        assert set(answer.json()["checks"]) == {"program", "database", "disk", "inbox", "models", "web"}


async def test_alive_and_not_ready_while_the_database_is_away(
    served: Store, any_url: str, tmp_path: Path
) -> None:
    async with asked(served, tmp_path) as client:
        async with away(any_url):
            assert "database" in await _failing(client)
            assert (await client.get("/healthz")).status_code == 200
        # The first connection that is tried again may be one that was cut.
        await _failing(client)
        assert await _failing(client) == {}


async def test_alive_without_a_store_at_all(store: Store, tmp_path: Path) -> None:
    async with asked(store, tmp_path) as client:
        await store.close()
        assert (await client.get("/healthz")).json() == {"alive": True}
        assert "database" in await _failing(client)


async def test_a_disk_without_room(served: Store, tmp_path: Path) -> None:
    async with asked(served, tmp_path, least_free=2**62) as client:
        assert await _failing(client) == {"disk": "nearly full"}
    async with asked(served, tmp_path / "gone") as client:
        assert set(await _failing(client)) == {"disk"}


@pytest.mark.parametrize(
    ("age", "put_off", "ready"),
    [
        (timedelta(seconds=30), None, True),
        (timedelta(minutes=5), None, False),
        (timedelta(minutes=5), timedelta(seconds=10), True),
    ],
)
async def test_what_arrived_and_is_not_handled(
    served: Store, tmp_path: Path, age: timedelta, put_off: timedelta | None, ready: bool
) -> None:
    await served.write(
        lambda c: Inbox(c).add([NewUpdate(channel="web", address="v", update_id="1", payload={})], NOW - age)
    )
    if put_off is not None:
        await _put_off(served, NOW + put_off)
    async with asked(served, tmp_path, clock=lambda: NOW) as client:
        assert (await _failing(client) == {}) is ready


async def _put_off(store: Store, until: datetime) -> None:
    async with store.read() as connection:
        (row,) = await Inbox(connection).new([("web", "v")], 1)
    await store.write(lambda c: Inbox(c).lease([row.place], "me", NOW, NOW + timedelta(minutes=1)))
    assert await store.write(lambda c: Inbox(c).retry(row, "me", until, "x"))


async def test_not_ready_while_it_starts_or_stops(served: Store, tmp_path: Path) -> None:
    async with asked(served, tmp_path, running=lambda: False) as client:
        assert set(await _failing(client)) == {"program"}


@pytest.mark.parametrize("state", ChannelState)
async def test_a_messengers_trouble_is_told_and_the_rest_is_served(
    served: Store, tmp_path: Path, state: ChannelState
) -> None:
    fine = state in (ChannelState.SERVING, ChannelState.STANDBY)
    telegram = _Standing("telegram", state)
    async with asked(served, tmp_path, FakeChannel("web"), telegram) as client:
        assert await _failing(client) == ({} if fine else {"telegram": state.value})
        assert (await client.get("/readyz")).status_code == 200
    async with asked(served, tmp_path, _Standing("web", state)) as client:
        assert (await client.get("/readyz")).status_code == (200 if fine else 503)


async def test_a_shop_without_a_model_yet_is_served(served: Store, tmp_path: Path) -> None:
    async with asked(served, tmp_path, fitted=lambda: False) as client:
        assert (await client.get("/readyz")).json()["checks"]["models"] == {
            "ok": True,
            "state": "nothing fitted yet",
        }


async def test_however_many_ask_the_database_is_asked_once(
    served: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bot.health, "_HOLDS", 60.0)
    writes = 0
    put = SettingStore.put

    async def counted(self: SettingStore, key: str, value: Any) -> None:
        nonlocal writes
        writes += 1
        await put(self, key, value)

    monkeypatch.setattr(SettingStore, "put", counted)
    async with asked(served, tmp_path) as client:
        await asyncio.gather(*(client.get("/readyz") for _ in range(50)))
        assert writes == 1


async def test_strangers_learn_no_addresses_or_numbers(served: Store, any_url: str, tmp_path: Path) -> None:
    async with asked(served, tmp_path) as client:
        told = (await client.get("/readyz")).text
        async with away(any_url):
            told += (await client.get("/readyz")).text
    for secret in (str(tmp_path), "5432", "liuke_test", ".db", "127.0.0.1"):
        assert secret not in told
    assert not any(character.isdigit() for character in told)
