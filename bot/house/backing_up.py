"""Makes a back-up while Liuke runs, and puts one into an empty home."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from pathlib import Path

from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.house.archive import FOLDERS, HOME, STORE, Manifest, read_archive, unpack, write_archive
from bot.settings import ENV_FILE, Settings
from bot.shop.prices import FILE as PRICES
from bot.shop.rules import FILE as RULES
from kernel.console import Progress
from kernel.errors import LiukeError
from storage import dumps
from storage.contents import look_into, require_empty
from storage.migrate import require_known
from storage.restored import Restoration, Restorations


class BackupRefused(LiukeError):
    """Something is in the way of a back-up or of what it is to be put into."""


async def back_up(settings: Settings, path: Path, now: datetime, progress: Progress) -> tuple[Path, Manifest]:
    """Write a back-up; returns where it is and what is in it.

    It is made beside its place under another name, read again from the beginning to the end, and only then put there.

    Args:
        settings: of the home and the store.
        path: a file that isn't there yet, or a folder, in which it is named by the time.
        now: the time.
        progress: told how far it is.

    Raises:
        BackupRefused: there is such a file already, or no such folder, or nothing to back up.
        StoreNewer, StoreUnavailable, DumpFailed: the store can't be copied.
        BackupDamaged: what was written is not what was to be written.
        OSError: a file can't be read or written.
    """
    path = _named(path, now)
    _require_free(path)
    there = await look_into(settings.store_url)
    require_known(there.revision)
    if there.empty:
        raise BackupRefused(
            f"There is nothing to back up: the database of {settings.home} holds nothing yet."
        )
    async with _workplace(path.parent) as work:
        store = work / STORE
        found = await dumps.dump(settings.store_url, store, progress)
        facts = {
            "made_at": now.isoformat(),
            "kind": make_url(settings.store_url).get_backend_name(),
            "revision": found.revision,
            "counts": dict(found.counts),
        }
        draft = work / "backup.zip"
        await asyncio.to_thread(write_archive, draft, store, settings.home, facts, progress)
        manifest = await asyncio.to_thread(read_archive, draft, progress)
        _require_free(path)
        draft.replace(path)
    return path, manifest


async def restore(
    settings: Settings, path: Path, now: datetime, progress: Progress
) -> tuple[Manifest, Restoration]:
    """Put a back-up into an empty store and home; nothing stays of one that fails.

    Args:
        settings: of the home and the store, which must be of the kind that was backed up.
        path: the back-up.
        now: the time.
        progress: told how far it is.

    Raises:
        BackupRefused: the home is not empty, or the store of another kind.
        BackupDamaged: the file is none, or altered.
        StoreNotEmpty, StoreNewer, StoreUnavailable, DumpFailed: as `storage.dumps.load`.
        OSError: a file can't be read or written.
    """
    manifest = await asyncio.to_thread(read_archive, path, progress)
    kind = make_url(settings.store_url).get_backend_name()
    if kind != manifest.kind:
        raise BackupRefused(
            f"The back-up is of {manifest.kind} and LIUKE_DATABASE_URL names {kind}: restore it into "
            f"{manifest.kind}, and take it from there with `liuke copy --to`."
        )
    require_known(manifest.revision)
    await require_empty(settings.store_url)
    _require_bare(settings.home)
    restored: list[Restoration] = []

    async def settle(connection: AsyncConnection) -> None:
        made_at = datetime.fromisoformat(manifest.made_at)
        restored.append(await Restorations(connection).settle(made_at, now))

    async with _workplace(settings.home) as work:
        await asyncio.to_thread(unpack, path, work, progress)
        with _moved_in(work / HOME, settings.home):
            progress("putting the database in place", 0.9)
            await dumps.load(settings.store_url, work / STORE, manifest.revision, settle)
    return manifest, restored[0]


@contextlib.asynccontextmanager
async def _workplace(beside: Path) -> AsyncIterator[Path]:
    """A folder on the same disk, that nobody else reads and that goes with all that is in it."""
    work = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix=".liuke-", dir=beside))
    try:
        yield work
    finally:
        await asyncio.to_thread(shutil.rmtree, work, ignore_errors=True)


def _named(path: Path, now: datetime) -> Path:
    return path / f"liuke-{now:%Y%m%d-%H%M%S}.zip" if path.is_dir() else path


def _require_free(path: Path) -> None:
    if path.exists():
        raise BackupRefused(f"{path} is there already and is not overwritten; name another file.")
    if not path.parent.is_dir():
        raise BackupRefused(f"There is no folder {path.parent}; make it first.")


def _require_bare(home: Path) -> None:
    """Nothing of a shop; settings may be there, for they say where its store is."""
    there = [name for name in (*FOLDERS, RULES, PRICES) if _holds_something(home / name)]
    if there:
        raise BackupRefused(
            f"{home} is not empty: it holds {', '.join(there)}. Set LIUKE_HOME to a folder that isn't there yet."
        )


def _holds_something(path: Path) -> bool:
    return path.is_file() or (path.is_dir() and any(path.iterdir()))


@contextlib.contextmanager
def _moved_in(unpacked: Path, home: Path) -> Iterator[None]:
    """The files of a back-up at their place in the home; gone again where what is done meanwhile fails."""
    moved: list[Path] = []
    try:
        for source in sorted(unpacked.iterdir()) if unpacked.is_dir() else ():
            target = home / source.name
            if source.name == ENV_FILE and target.exists():
                continue
            if target.is_dir():
                target.rmdir()
            source.replace(target)
            moved.append(target)
        yield
    except BaseException:
        for target in moved:
            if target.is_dir():
                shutil.rmtree(target)
            else:
                target.unlink()
        raise
