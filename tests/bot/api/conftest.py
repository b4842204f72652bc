"""A shop's system beside each database."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from storage import Store
from tests.bot.api.shop import Shop, opened


@pytest.fixture
async def shop(store: Store) -> AsyncIterator[Shop]:
    async with opened(store) as known:
        yield known


@pytest.fixture
async def any_shop(any_store: Store) -> AsyncIterator[Shop]:
    """The same on each database, for what reaches it."""
    async with opened(any_store) as known:
        yield known
