"""Files that staff bring to be imported: kept below the home until then, for a day at most, and served to nobody."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from kernel.sentence import Sentence

MAX_BYTES = 200 * 1024 * 1024
"""Of all files of an import together."""
MAX_FILES = 10
KEPT = timedelta(days=1)

_AT_ONCE = 1024 * 1024
_LONGEST_NAME = 120


class TooLarge(ValueError):
    """The files of an import have 200 MB together at most, and are ten at most."""

    def __init__(self) -> None:
        super().__init__((self.__doc__ or "").strip())


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file that has arrived."""

    number: int
    name: str
    """What it was called where it came from; shown, and used for nothing else."""
    path: Path
    """Where it is; nothing of the name is in it."""
    size: int
    """Bytes."""


class UploadFolder:
    """The files of one import, in a folder that nobody can guess; it is made with the first of them."""

    def __init__(self, home: Path) -> None:
        self._top = home / "uploads"
        self._own: Path | None = None
        self._count = 0

    @property
    def path(self) -> Path:
        """Where they are; made if need be."""
        if self._own is None or not self._own.is_dir():
            self._own = self._top / secrets.token_hex(16)
            self._own.mkdir(mode=0o700, parents=True)
        return self._own

    async def take(self, name: str, body: AsyncIterator[bytes], room: int) -> Upload:
        """Keep a file.

        Args:
            name: as the browser says it.
            body: its bytes as they come.
            room: how many there may be.

        Raises:
            TooLarge: there are more; nothing of it is kept.
        """
        self._count += 1
        number = self._count
        # Gzip is known by the name alone; everything else by what is in the file.
        zipped = name.lower().endswith(".gz")
        path = self.path / f"{number}.csv{'.gz' if zipped else ''}"
        try:
            size = await _write(path, body, room)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return Upload(number=number, name=_shown(name), path=path, size=size)

    def clear(self) -> None:
        """Delete all of them."""
        if self._own is not None:
            shutil.rmtree(self._own, ignore_errors=True)
        self._own = None

    def sweep(self, now: datetime, *, spare: bool) -> datetime | None:
        """Delete folders of any process that are older than a day; when the next one will be, if there is one.

        Args:
            spare: not the own one.
        """
        due: list[datetime] = []
        for folder in self._top.iterdir() if self._top.is_dir() else ():
            with suppress(OSError):
                ends = datetime.fromtimestamp(folder.stat().st_mtime, now.tzinfo) + KEPT
                if ends > now or (spare and folder == self._own):
                    due.append(max(ends, now + timedelta(hours=1)))
                else:
                    shutil.rmtree(folder)
        return min(due, default=None)


def named(said: str, files: Iterable[Upload]) -> str:
    """What is said with the files' names in place of where they are."""
    names = {str(one.path): one.name for one in files}

    def name(words: str) -> str:
        for path, called in names.items():
            words = words.replace(path, called)
        return words

    return said.put(name) if isinstance(said, Sentence) else name(said)


async def _write(path: Path, body: AsyncIterator[bytes], room: int) -> int:
    size, waiting = 0, bytearray()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        async for portion in body:
            size += len(portion)
            if size > room:
                raise TooLarge
            waiting += portion
            if len(waiting) >= _AT_ONCE:
                await asyncio.to_thread(file.write, bytes(waiting))
                waiting.clear()
        file.write(waiting)
    return size


def _shown(name: str) -> str:
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(filter(str.isprintable, last)).strip()[-_LONGEST_NAME:] or "?"
