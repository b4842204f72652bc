"""Old versions of the fitted models: what they were and how good stays in the register, their files go."""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import Sequence
from pathlib import Path

from bot.models import KIND
from storage import Store
from storage.models import ModelVersion, ModelVersions

NEWEST = 14
"""Nights whose versions are kept, served or refused."""
SERVED = 3
"""Of those that were served, however old: so often one can roll back."""

log = logging.getLogger(__name__)


async def prune(store: Store, home: Path) -> None:
    """Remove the files of versions that nobody will go back to. What can't be removed is tried again next time."""
    async with store.read() as connection:
        versions = await ModelVersions(connection).all(KIND)
    old = [one.version for one in outdated(versions)]
    if old:
        await store.write(lambda connection: ModelVersions(connection).let_go(KIND, old))
    gone = {*old, *(one.version for one in versions if not one.kept)}
    await asyncio.to_thread(_remove, [home / "models" / KIND / version for version in sorted(gone)])


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
