"""Old versions of the fitted models: what they were and how good stays in the register, their files go."""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from bot.models.retention import KIND
from storage import Store
from storage.limits import RateLimits
from storage.models import ModelVersion, ModelVersions
from storage.pruning import Pruning

NEWEST = 14
"""Nights whose versions are kept, served or refused."""
SERVED = 3
"""Of those that were served, however old: so often one can roll back."""

log = logging.getLogger(__name__)

# A messenger keeps an update for a day at most; after this none can come a second time.
KEEP_UPDATES = timedelta(days=30)
KEEP_DELIVERIES = timedelta(days=30)
# An attempt counts for an hour; the rest is for whoever looks into an alarm.
KEEP_ATTEMPTS = timedelta(days=7)
KEEP_LINKS = timedelta(days=1)
# They end after twelve hours; until then a page that was left open is told why.
KEEP_SESSIONS = timedelta(days=7)
# For an answer, and to show afterwards what they were told it was for.
KEEP_EMAILS = timedelta(days=30)
KEEP_UPLOADS = timedelta(days=180)
KEEP_IMPORT_CHANGES = timedelta(days=30)
KEEP_SILENT_VISITORS = timedelta(days=1)


async def prune(store: Store, home: Path) -> None:
    """Remove the files of versions that nobody will go back to. What can't be removed is tried again next time."""
    old = [one.version for one in outdated(await _all(store))]
    if old:
        await store.write(lambda connection: ModelVersions(connection).let_go(KIND, old))
    # Read again: what somebody has gone back to meanwhile was not let go, and nobody goes back to what was.
    gone = [home / "models" / KIND / one.version for one in await _all(store) if not one.kept]
    await asyncio.to_thread(_remove, gone)


async def _all(store: Store) -> list[ModelVersion]:
    async with store.read() as connection:
        return await ModelVersions(connection).all(KIND)


def outdated(versions: Sequence[ModelVersion]) -> list[ModelVersion]:
    """Those whose files may go; the versions come newest first."""
    kept = [one for one in versions if one.kept]
    served = [one for one in kept if one.served_since is not None and not one.current]
    needed = {one.version for one in (*kept[:NEWEST], *served[:SERVED])}
    return [one for one in kept if not one.current and one.version not in needed]


def _remove(folders: Sequence[Path]) -> None:
    for folder in folders:
        try:
            shutil.rmtree(folder)
        except FileNotFoundError:
            continue
        except OSError as error:
            log.warning("the files of model %s can't be removed: %s", folder.name, error)


async def forget(store: Store, now: datetime) -> Mapping[str, int]:
    """Take out of the store what nothing depends on any more; how many rows that were, by kind."""
    old = Pruning(store)
    return {
        "updates": await old.updates(now - KEEP_UPDATES),
        "deliveries": await old.deliveries(now - KEEP_DELIVERIES),
        "attempts": await old.attempts(now - KEEP_ATTEMPTS),
        "links": await old.links(now - KEEP_LINKS),
        "sessions": await old.sessions(now - KEEP_SESSIONS),
        "emails": await old.emails(now - KEEP_EMAILS),
        "uploads": await old.uploads(now - KEEP_UPLOADS),
        "import_changes": await old.import_changes(now - KEEP_IMPORT_CHANGES),
        "visitors": await old.silent_visitors("web", now - KEEP_SILENT_VISITORS),
        "limits": await store.write(lambda connection: RateLimits(connection).prune(now)),
    }
