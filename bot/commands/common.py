"""What every command needs: settings, a store that is up to date, and errors that say what to do."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from sqlalchemy.exc import SQLAlchemyError

from bot.console_output import fail
from bot.settings import Settings, SettingsInvalid, load_settings
from storage import StorageError, Store, migrate

T = TypeVar("T")


def settings_or_exit() -> Settings:
    """The settings, or the end of the command with every problem listed."""
    try:
        return load_settings()
    except SettingsInvalid as invalid:
        fail(str(invalid))


@asynccontextmanager
async def opened_store(settings: Settings) -> AsyncIterator[Store]:
    """The store, migrated, and closed afterwards."""
    settings.home.mkdir(parents=True, exist_ok=True)
    await migrate(settings.store_url)
    store = Store.open(settings.store_url)
    try:
        yield store
    finally:
        await store.close()


def with_store(work: Callable[[Settings, Store], Awaitable[T]]) -> T:
    """Run a command's work on the store; what the store refuses ends the command with its message."""
    settings = settings_or_exit()
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")

    async def run() -> T:
        async with opened_store(settings) as store:
            return await work(settings, store)

    try:
        return asyncio.run(run())
    except (StorageError, ValueError) as refused:
        fail(str(refused))
    except (OSError, SQLAlchemyError) as broken:
        fail(f"the store at {_without_password(settings.store_url)} can't be used: {type(broken).__name__}")


def _without_password(url: str) -> str:
    from sqlalchemy.engine import make_url

    return make_url(url).render_as_string(hide_password=True)
