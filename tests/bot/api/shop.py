"""A shop's system that talks to the API, and rows that it sends."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from starlette.applications import Starlette

from bot.api.keys import ApiKeys
from bot.api.service import ShopApi
from bot.linking.deep_links import DeepLinks
from bot.linking.linker import Linker
from storage import Store

NOW = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)
CUSTOMER = {"id": "c1", "name": "王芳", "email": "Fang@Example.org", "phone": "+86 138-0000-1234"}
PRODUCT = {
    "id": "p1",
    "code": "TEA-1",
    "name_zh": "绿茶",
    "name_en": "Green tea",
    "category": {"id": "tea", "name_zh": "茶", "name_en": "Tea"},
    "attributes": {"origin": {"zh": ["产地", "杭州"], "en": ["Origin", "Hangzhou"]}},
    "list_price": 9_900,
    "cost": 4_000,
    "currency": "CNY",
    "stock": 5,
}
ORDER = {
    "id": "o1",
    "number": "1024",
    "customer_id": "c1",
    "status": "shipped",
    "placed_at": "2026-11-20T10:00:00+08:00",
    "total": 9_900,
    "currency": "CNY",
    "ship_to": {"recipient": "王芳", "phone": "13800001234", "city": "杭州"},
    "lines": [{"product_id": "p1", "quantity": 1, "unit_price": 9_900}],
    "parcels": [
        {
            "id": "k1",
            "carrier": "SF",
            "tracking_number": "SF1",
            "tracking_url": "https://example.org/SF1",
            "status": "in_transit",
            "updated_at": "2026-11-21T10:00:00Z",
            "scans": [{"at": "2026-11-21T09:00:00Z", "place": "杭州", "text_zh": "已揽收"}],
        }
    ],
}
EVENT = {"id": "e1", "kind": "view", "customer_id": "c1", "product_id": "p1", "at": "2026-11-20T10:00:00Z"}


def an_order(order_id: str, **values: Any) -> dict[str, Any]:
    """An order of the customer, for one product, without a parcel."""
    return {**ORDER, "id": order_id, "number": f"N-{order_id}", "parcels": [], **values}


@dataclass
class Clock:
    """What the program takes for now, and for its bot in Telegram."""

    now: datetime = NOW
    bot: str | None = None
    """The bot's name in Telegram, where it is served."""

    async def telegram(self) -> str | None:
        return self.bot


class Shop:
    """The shop's system: knows the key."""

    def __init__(self, client: httpx.AsyncClient, store: Store, clock: Clock) -> None:
        self.client = client
        self.store = store
        self.clock = clock

    async def send(self, name: str, *batch: dict[str, Any]) -> dict[str, Any]:
        answer = await self.client.post(f"/{name}", json={name: list(batch)})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def refused(self, name: str, *batch: dict[str, Any], status: int = 422) -> dict[str, Any]:
        answer = await self.client.post(f"/{name}", json={name: list(batch)})
        assert answer.status_code == status, answer.text
        return dict(answer.json()["error"])

    async def stocked(self) -> Shop:
        await self.send("customers", CUSTOMER)
        await self.send("products", PRODUCT)
        return self


def links_of(store: Store, clock: Clock) -> DeepLinks:
    """What makes links into the shop's channels."""
    linker = Linker(b"k" * 32, "s" * 32)
    return DeepLinks(
        store, linker, site="https://bot.test", telegram=clock.telegram, lifetime=timedelta(hours=24)
    )


@asynccontextmanager
async def opened(store: Store) -> AsyncIterator[Shop]:
    """A shop's system that has its key."""
    clock = Clock()
    keys = ApiKeys(store)
    key = await keys.make()
    links = links_of(store, clock)
    app = Starlette(routes=ShopApi(store, keys, deep_links=links, clock=lambda: clock.now).routes())
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app),
        base_url="http://shop.test/api/v1",
        headers={"Authorization": f"Bearer {key}"},
    ) as client:
        yield Shop(client, store, clock)
