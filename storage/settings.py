"""Small things the program keeps for itself: keys, secrets, offsets, and what messengers call pictures they have."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete, select

from storage.repository import Repository
from storage.schema import media, setting
from storage.upsert import insert_new, upsert


class SettingStore(Repository):
    """JSON values by key."""

    async def get(self, key: str, default: Any = None) -> Any:
        """The value of `key`, or `default` where there is none."""
        found = (await self._connection.execute(select(setting.c.value).where(setting.c.key == key))).first()
        return default if found is None else found.value

    async def put(self, key: str, value: Any) -> None:
        """Set `key` to `value`, whatever it was."""
        await upsert(self._connection, setting, [_row(key, value)], stamps=frozenset({"updated_at"}))

    async def get_or_create(self, key: str, value: Any) -> Any:
        """The value of `key`, set to `value` where there was none; of a race all get the same one."""
        await insert_new(self._connection, setting, [_row(key, value)])
        return await self.get(key)

    async def delete(self, key: str) -> bool:
        """Forget `key`; whether it was there."""
        return (await self._connection.execute(delete(setting).where(setting.c.key == key))).rowcount == 1


def _row(key: str, value: Any) -> dict[str, Any]:
    # When a setting changed is only ever read by people, so the clock needn't be passed in.
    return {"key": key, "value": value, "updated_at": datetime.now(UTC)}


class MediaReferences(Repository):
    """References of uploaded pictures by picture and channel."""

    async def get(self, picture: str, channel: str) -> str | None:
        """The channel's reference of a picture, or None before its first upload."""
        return (
            await self._connection.execute(
                select(media.c.reference).where(media.c.picture == picture, media.c.channel == channel)
            )
        ).scalar_one_or_none()

    async def put(self, picture: str, channel: str, reference: str, at: datetime) -> None:
        """Remember the reference of a picture, whatever it was before."""
        row = {"picture": picture, "channel": channel, "reference": reference, "at": at}
        await upsert(self._connection, media, [row])
