"""A shop that upgrades: its orders came in without their purchases."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.commands.prepare import prepare
from bot.models.retention import KIND
from bot.settings import Settings
from bot.shop.demo.making import make_demo
from bot.shop.intake import purchases
from bot.shop.intake.purchases import derive_purchases
from storage import Store, migrate
from storage.customers import Customers
from storage.events import Events, StoredEvent
from storage.models import ModelVersion, ModelVersions
from storage.orders import Order, Orders
from storage.schema import event
from tests.factories import erase_customer
from tests.storage.shop import NOW, a_customer, an_order, stock_shop


def silent(_what: str, _share: float) -> None:
    """Nobody is watching."""


def order(name: str, **values: object) -> Order:
    return an_order(name, **{"status": "paid", "parcels": (), "refunds": (), **values})


async def shop_of_then(connection: AsyncConnection) -> None:
    """Orders of every kind, as they were stored without their purchases; some of those the shop told itself."""
    await stock_shop(connection)
    await Customers(connection).put_many([a_customer("c2"), a_customer("gone")])
    await Orders(connection).put_many(
        [
            *(order(f"n{number}") for number in range(5)),
            order("back", status="returned"),
            order("open", status="placed"),
            order("guest", customer_id=None),
            order("erased", customer_id="gone"),
            order("told", customer_id="c2"),
            order("demo", customer_id="c2", demo=True),
        ]
    )
    await erase_customer(connection, "gone")
    told = StoredEvent(
        id="own", kind="purchase", customer_id="c2", product_id="p1", order_id="told", at=NOW, amount=1
    )
    view = replace(told, id="view", kind="view")
    of_the_demo = replace(told, id="demo", order_id="demo")
    unpaid = replace(told, id="unpaid", customer_id="c1", order_id="open")
    await Events(connection).append([told, view, of_the_demo, unpaid])


EXPECTED = {
    ("c1", "o1"): 1, ("c1", "back"): 2, ("c2", "told"): 2, ("c2", "demo"): 1, ("c1", "open"): 1,
    **{("c1", f"n{number}"): 1 for number in range(5)},
}  # fmt: skip
"""Events by customer and order: of a purchase, of a return, and of the view."""
ORDERS = 9
"""Those that are a real customer's who wasn't erased."""


async def counted(store: Store) -> dict[tuple[str, str], int]:
    async with store.read() as connection:
        rows = await connection.execute(
            select(event.c.customer_id, event.c.order_id, func.count()).group_by(
                event.c.customer_id, event.c.order_id
            )
        )
        return {(row[0], row[1]): row[2] for row in rows}


async def test_every_order_gets_its_purchases_once(any_store: Store) -> None:
    await any_store.write(shop_of_then)
    assert await derive_purchases(any_store, silent) == ORDERS
    assert await counted(any_store) == EXPECTED
    async with any_store.read() as connection:
        bought = [one for one in await Events(connection).by_customer("c2") if one.order_id == "told"]
    assert sorted((one.kind, one.amount) for one in bought) == [("purchase", 19_900), ("view", 1)]
    assert await derive_purchases(any_store, silent) == 0


@pytest.mark.parametrize("portion", [1, 2, 3])
async def test_it_goes_on_where_it_was_stopped(
    any_store: Store, monkeypatch: pytest.MonkeyPatch, portion: int
) -> None:
    monkeypatch.setattr(purchases, "_PORTION", portion)
    await any_store.write(shop_of_then)

    class Killed(Exception):
        pass

    def kill(_what: str, share: float) -> None:
        shares.append(share)
        if len(shares) == 2:
            raise Killed

    shares: list[float] = []
    with pytest.raises(Killed):
        await derive_purchases(any_store, kill)
    done = await derive_purchases(any_store, kill)
    assert done + 2 * portion == ORDERS
    assert shares[-1] == 1.0
    assert await counted(any_store) == EXPECTED


async def test_a_new_shop_has_nothing_to_derive(any_store: Store) -> None:
    assert await derive_purchases(any_store, silent) == 0
    await any_store.write(shop_of_then)
    assert await derive_purchases(any_store, silent) == 0


async def test_the_demo_shop_tells_of_its_purchases_itself(store: Store) -> None:
    await make_demo(store, 1, NOW, customers=120, days=150)
    async with store.read() as connection:
        before = await connection.scalar(select(func.count()).select_from(event))
    assert await derive_purchases(store, silent) == 0
    async with store.read() as connection:
        assert await connection.scalar(select(func.count()).select_from(event)) == before


async def test_the_program_derives_them_before_it_starts(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, demo=False)
    await migrate(settings.store_url)
    store = Store.open(settings.store_url)
    await store.write(shop_of_then)
    # With a model in use nothing is fitted.
    model = ModelVersion(
        kind=KIND, version="1", path="models/1", metrics={}, data_hash="", seed=0, fitted_at=NOW, current=True,
        report={},
    )  # fmt: skip
    await store.write(lambda connection: ModelVersions(connection).add(model))
    await prepare(settings)
    assert await counted(store) == EXPECTED
    await store.close()
