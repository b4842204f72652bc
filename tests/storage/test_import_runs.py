"""What was imported when."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

from sqlalchemy.ext.asyncio import AsyncConnection

from storage import Store
from storage.shop import ImportRuns

NOW = datetime(2026, 11, 28, tzinfo=UTC)


async def _note(number: int, connection: AsyncConnection) -> None:
    runs = ImportRuns(connection)
    begun = await runs.begin("orders", f"{number}.csv", str(number), NOW)
    await runs.finish(begun, {"rows": number}, True, NOW)


async def test_the_latest_imports_come_first(any_store: Store) -> None:
    for number in range(3):
        await any_store.write(partial(_note, number))
    async with any_store.read() as connection:
        found = await ImportRuns(connection).latest(2)
    assert [(one.source, one.counts["rows"], one.started_at) for one in found] == [
        ("2.csv", 2, NOW),
        ("1.csv", 1, NOW),
    ]
