"""What must be there before the first customer: a migrated store, a shop, fitted models, an admin."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from bot.console_output import err, progress_bar
from bot.jobs import owner_name
from bot.models import KIND
from bot.refit_child import child_command
from bot.settings import Settings
from bot.staff.accounts import StaffAccounts
from storage import Store, migrate
from storage.leases import Leases
from storage.models import ModelVersions
from storage.shop import Shop, ShopKind

_SEED = 20_261_124
# If the one that prepares dies, another goes on after this.
_PATIENCE = timedelta(minutes=3)


async def prepare(settings: Settings) -> tuple[str, str] | None:
    """Make what is missing; safe when several processes start at once.

    Returns:
        Login and password of the first admin when one was made, to be shown once.
    """
    for folder in (settings.home, settings.media, settings.models):
        folder.mkdir(parents=True, exist_ok=True)
    await migrate(settings.store_url)
    store = Store.open(settings.store_url)
    try:
        async with _only_one(store):
            if settings.demo:
                await _make_demo(store)
            await _fit_once(store)
            return await StaffAccounts(store).first_admin(datetime.now(UTC))
    finally:
        await store.close()


async def _make_demo(store: Store) -> None:
    async with store.read() as connection:
        if await Shop(connection).kind() is not ShopKind.EMPTY:
            return
    from bot.shop.demo import make_demo

    err.print("Making the demo shop …")
    with progress_bar() as progress:
        await make_demo(store, progress=progress)


async def _fit_once(store: Store) -> None:
    """Fit before the first customer; later fits come by night. A shop without events is served without."""
    async with store.read() as connection:
        if await ModelVersions(connection).current(KIND) is not None:
            return
    err.print("Fitting the models to the shop's history …")
    child = await asyncio.create_subprocess_exec(*child_command(_SEED), env=dict(os.environ))
    if await child.wait() != 0:
        err.print("The models could not be fitted; recommendations start without them.", style="yellow")


@asynccontextmanager
async def _only_one(store: Store) -> AsyncIterator[None]:
    """Several replicas may start together: one prepares, the others wait for it."""
    owner = owner_name()

    async def acquire() -> bool:
        return await store.write(
            lambda connection: Leases(connection).acquire("prepare", owner, datetime.now(UTC), _PATIENCE)
        )

    # Another process holds it, so there is no event to wait for.
    while not await acquire():  # noqa: ASYNC110
        await asyncio.sleep(0.2)
    try:
        yield
    finally:
        await store.write(lambda connection: Leases(connection).release("prepare", owner))
