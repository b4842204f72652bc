"""What a messenger calls the pictures it already has, so that each is uploaded once."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.schema import media
from storage.upsert import dialect_insert


class MediaReferences:
    """References of uploaded pictures by picture and channel."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def get(self, picture: str, channel: str) -> str | None:
        """The channel's reference of a picture, or None before its first upload."""
        return (
            await self._connection.execute(
                select(media.c.reference).where(media.c.picture == picture, media.c.channel == channel)
            )
        ).scalar_one_or_none()

    async def put(self, picture: str, channel: str, reference: str, at: datetime) -> None:
        """Remember the reference of a picture, whatever it was before."""
        fresh = dialect_insert(self._connection, media).values(
            picture=picture, channel=channel, reference=reference, at=at
        )
        await self._connection.execute(
            fresh.on_conflict_do_update(
                index_elements=[media.c.picture, media.c.channel],
                set_={"reference": fresh.excluded.reference, "at": fresh.excluded.at},
            )
        )
