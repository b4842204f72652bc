"""Small things the program keeps for itself: keys, secrets, offsets."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.schema import setting
from storage.upsert import dialect_insert, insert_ignoring_conflicts


class SettingStore:
    """JSON values by key."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def get(self, key: str, default: Any = None) -> Any:
        """The value of `key`, or `default` where there is none."""
        found = (await self._connection.execute(select(setting.c.value).where(setting.c.key == key))).first()
        return default if found is None else found.value

    async def put(self, key: str, value: Any) -> None:
        """Set `key` to `value`, whatever it was."""
        fresh = dialect_insert(self._connection, setting).values(_row(key, value))
        await self._connection.execute(
            fresh.on_conflict_do_update(
                index_elements=[setting.c.key],
                set_={"value": fresh.excluded.value, "updated_at": fresh.excluded.updated_at},
            )
        )

    async def get_or_create(self, key: str, value: Any) -> Any:
        """The value of `key`, set to `value` where there was none; of a race all get the same one."""
        await self._connection.execute(
            insert_ignoring_conflicts(self._connection, setting).values(_row(key, value))
        )
        return await self.get(key)

    async def delete(self, key: str) -> bool:
        """Forget `key`; whether it was there."""
        return (await self._connection.execute(delete(setting).where(setting.c.key == key))).rowcount == 1


def _row(key: str, value: Any) -> dict[str, Any]:
    # When a setting changed is only ever read by people, so the clock needn't be passed in.
    return {"key": key, "value": value, "updated_at": datetime.now(UTC)}
