"""What must be there before the first customer: a migrated store, a shop, a campaign."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from sqlalchemy.engine import make_url

from bot.jobs.schedule import owner_name
from bot.outreach.planner import ensure_win_back
from bot.settings import Settings
from bot.shop.intake.purchases import derive_purchases
from kernel.console import err, progress_bar, remark
from kernel.times import utc_now
from storage import Store, migrate
from storage.contents import look_into, sqlite_path
from storage.leases import Leases
from storage.shop import Shop, ShopKind

# If the one that prepares dies, another goes on after this.
_PATIENCE = timedelta(minutes=3)


async def prepare(settings: Settings) -> None:
    """Make what is missing; safe when several processes start at once."""
    for folder in (settings.home, settings.media, settings.models):
        folder.mkdir(parents=True, exist_ok=True)
    forgotten = await _forgotten_shop(settings)
    await migrate(settings.store_url)
    async with Store.open(settings.store_url) as store, _only_one(store):
        if settings.demo and not forgotten:
            await _make_demo(store)
        await _derive_purchases(store)
        await store.write(lambda connection: ensure_win_back(connection, utc_now()))


async def _forgotten_shop(settings: Settings) -> bool:
    """Whether the home holds a shop and the database that is named instead holds none; says what that means.

    A shop would seem to have lost everything, with invented customers in its place.
    """
    path = settings.home / "liuke.db"
    if settings.database_url is None or sqlite_path(settings.store_url) == path:
        return False
    if await shop_kind(settings.store_url) is not ShopKind.EMPTY:
        return False
    shown = make_url(settings.store_url).render_as_string(hide_password=True)
    if await shop_kind(f"sqlite:///{path}") is ShopKind.REAL:
        remark(
            f"{shown} holds no shop, and {path} holds one, which is not used. To take it along, stop, let the database "
            "be empty (dropdb, createdb), and run: LIUKE_DATABASE_URL= liuke copy --to URL"
        )
        return True
    if (await look_into(settings.store_url)).empty:
        remark(
            f"{shown} is empty: this is a new shop. `liuke copy --to` takes one along from another database."
        )
    return False


async def shop_kind(url: str) -> ShopKind:
    """Whose shop a database holds; one that isn't there, or is older than shops, holds none. Nothing is made."""
    if not (await look_into(url)).counts:
        return ShopKind.EMPTY
    async with Store.open(url) as store, store.read(long=True) as connection:
        return await Shop(connection).kind()


async def _make_demo(store: Store) -> None:
    async with store.read() as connection:
        if await Shop(connection).kind() is not ShopKind.EMPTY:
            return
    from bot.shop.demo.making import make_demo

    err.print("Making the demo shop …")
    with progress_bar() as progress:
        await make_demo(store, progress=progress)


async def _derive_purchases(store: Store) -> None:
    """After an upgrade: orders used to come in without their purchases. Everything after this counts on them."""
    with progress_bar() as progress:
        await derive_purchases(store, progress)


@asynccontextmanager
async def _only_one(store: Store) -> AsyncIterator[None]:
    """Several replicas may start together: one prepares, the others wait for it."""
    owner = owner_name()

    async def acquire() -> bool:
        return await store.write(
            lambda connection: Leases(connection).acquire("prepare", owner, utc_now(), _PATIENCE)
        )

    # Another process holds it, so there is no event to wait for.
    while not await acquire():  # noqa: ASYNC110
        await asyncio.sleep(0.2)
    try:
        yield
    finally:
        await store.write(lambda connection: Leases(connection).release("prepare", owner))
