"""Pictures on their way to Telegram: uploaded once, afterwards named by what Telegram calls them."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiogram.types import BufferedInputFile

from bot.channels.telegram_updates import CHANNEL
from storage import Store
from storage.media import MediaReferences

log = logging.getLogger(__name__)

_LARGEST_UPLOAD = 10 * 1024 * 1024


class Pictures:
    """Finds what `sendPhoto` is given for a picture, and remembers what it was called afterwards."""

    def __init__(self, store: Store, folder: Path, bot_id: int) -> None:
        """Wire it up.

        Args:
            store: keeps the references.
            folder: pictures without an address lie below it.
            bot_id: a reference is good for one bot alone.
        """
        self._store = store
        self._folder = folder.resolve()
        self._channel = f"{CHANNEL}:{bot_id}"
        self._known: dict[str, str] = {}

    async def reference(self, picture: str) -> str | None:
        """What Telegram calls a picture, or None before its first upload."""
        key = self._key(picture)
        if key not in self._known:
            async with self._store.read() as connection:
                found = await MediaReferences(connection).get(key, self._channel)
            if found is None:
                return None
            self._known[key] = found
        return self._known[key]

    async def upload(self, picture: str) -> BufferedInputFile | str | None:
        """The picture itself or its address; None where there is no such file that Telegram would take."""
        if picture.startswith(("http://", "https://")):
            return picture
        content = await asyncio.to_thread(self._read, picture)
        return None if content is None else BufferedInputFile(content, Path(picture).name)

    async def remember(self, picture: str, message: Any) -> None:
        """Keep what Telegram calls a picture, as the answer to `sendPhoto` tells."""
        reference = _file_id(message)
        if reference is None:
            return
        key = self._key(picture)
        self._known[key] = reference
        try:
            await self._store.write(
                lambda connection: MediaReferences(connection).put(
                    key, self._channel, reference, datetime.now(UTC)
                )
            )
        except Exception as error:  # noqa: BLE001 - the picture has arrived; it is uploaded again next time
            log.warning("could not keep the reference of a picture: %s", type(error).__name__)

    async def forget(self, picture: str) -> None:
        """Drop a reference that Telegram does not know any more."""
        key = self._key(picture)
        self._known.pop(key, None)
        await self._store.write(lambda connection: MediaReferences(connection).forget(key, self._channel))

    def _key(self, picture: str) -> str:
        """Names a picture and, for a file, its version, so that one that was replaced is uploaded again."""
        try:
            return f"{picture}@{(self._folder / picture).stat().st_mtime_ns}"
        except (OSError, ValueError):
            return picture

    def _read(self, picture: str) -> bytes | None:
        path = (self._folder / picture).resolve()
        if not path.is_relative_to(self._folder) or not path.is_file():
            return None
        return path.read_bytes() if 0 < path.stat().st_size <= _LARGEST_UPLOAD else None


def _file_id(message: Any) -> str | None:
    try:
        found = message["photo"][-1]["file_id"]
    except (TypeError, LookupError):
        return None
    return found if isinstance(found, str) else None
