"""Pictures on their way to Telegram: uploaded once, afterwards named by what Telegram calls them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

from aiogram.types import BufferedInputFile

from bot.channels.telegram_updates import CHANNEL
from storage import Store
from storage.media import MediaReferences

log = logging.getLogger(__name__)

_LARGEST_UPLOAD = 10 * 1024 * 1024


FindPicture = Callable[[str], Awaitable[Path | None]]
"""The file of a picture's path, made if it must be; None when there is none."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that Telegram may be given."""

    key: str
    """Names the picture and, for a file, its version, so that one that was replaced is uploaded again."""
    source: Path | str
    """A file or an address."""
    reference: str | None
    """What Telegram calls it; None before its first upload."""


class Pictures:
    """Finds what `sendPhoto` is given for a picture, and remembers what it was called afterwards."""

    def __init__(self, store: Store, find_picture: FindPicture, bot_id: int) -> None:
        """Wire it up.

        Args:
            store: keeps the references.
            find_picture: finds the file of a picture that has no address.
            bot_id: a reference is good for one bot alone.
        """
        self._store = store
        self._find = find_picture
        self._channel = f"{CHANNEL}:{bot_id}"
        self._known: dict[str, str] = {}

    async def find(self, picture: str) -> Picture | None:
        """The picture of a card; None where there is no such file."""
        source = await self._source(picture)
        if source is None:
            return None
        key = picture if isinstance(source, str) else f"{picture}@{_version(source)}"
        if key not in self._known:
            async with self._store.read() as connection:
                kept = await MediaReferences(connection).get(key, self._channel)
            if kept is not None:
                self._known[key] = kept
        return Picture(key, source, self._known.get(key))

    async def upload(self, picture: Picture) -> BufferedInputFile | str | None:
        """The picture itself or its address; None where Telegram would not take the file."""
        if isinstance(picture.source, str):
            return picture.source
        content = await asyncio.to_thread(_read, picture.source)
        return None if content is None else BufferedInputFile(content, picture.source.name)

    async def remember(self, picture: Picture, message: Any) -> None:
        """Keep what Telegram calls a picture, as the answer to `sendPhoto` tells."""
        reference = _file_id(message)
        if reference is None:
            return
        self._known[picture.key] = reference
        try:
            await self._store.write(
                lambda connection: MediaReferences(connection).put(
                    picture.key, self._channel, reference, datetime.now(UTC)
                )
            )
        except Exception as error:  # noqa: BLE001 - the picture has arrived; it is uploaded again next time
            log.warning("could not keep the reference of a picture: %s", type(error).__name__)

    async def _source(self, picture: str) -> Path | str | None:
        if picture.startswith(("http://", "https://")):
            return picture
        path = PurePosixPath(picture)
        # A catalogue is imported: its paths must not lead out of the folder of pictures.
        return None if path.is_absolute() or ".." in path.parts else await self._find(picture)


def _version(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes() if 0 < path.stat().st_size <= _LARGEST_UPLOAD else None
    except OSError:
        return None


def _file_id(message: Any) -> str | None:
    try:
        found = message["photo"][-1]["file_id"]
    except (TypeError, LookupError):
        return None
    return found if isinstance(found, str) else None
