"""The model that reads messages: the shipped one, or the version that the shop taught; noticed and swapped in."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

import nlu
from nlu.errors import NluError
from nlu.types import (
    CatalogueEntry,
    DialogueContext,
    Language,
    PageIndex,
    Passage,
    Understander,
    Understanding,
)
from storage import Store
from storage.models import ModelVersions

KIND = "nlu"
SHIPPED = "shipped"
"""The version that comes with the program; its path in the register is empty."""
_CHECK_EVERY = 5.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Pair:
    """A model and the pages as it sees them: vectors of one model mean nothing to another."""

    understander: Understander
    pages: PageIndex


class ServedUnderstanding:
    """Reads with the current version and answers from the pages; both are replaced together."""

    def __init__(self, store: Store, home: Path, load_pages: Callable[[Understander], PageIndex]) -> None:
        """Load the shipped model.

        Raises:
            nlu.NluError: it, or a page of the shop's, can't be loaded.
        """
        self._store, self._home, self._load_pages = store, home, load_pages
        self._catalogue: Sequence[CatalogueEntry] = ()
        self._refused = ""
        self.version = SHIPPED
        understander = nlu.load()
        self._pair = _Pair(understander, load_pages(understander))

    def set_catalogue(self, entries: Sequence[CatalogueEntry]) -> None:
        """Replace the products that can be recognised, now and in later versions."""
        self._catalogue = entries
        self._pair.understander.set_catalogue(entries)

    def understand(
        self, texts: Sequence[str], dialogue: DialogueContext | None = None
    ) -> list[Understanding]:
        """Read a batch; one result a text, in order."""
        return self._pair.understander.understand(texts, dialogue)

    def search(
        self,
        question: str,
        language: Language,
        n: int = 3,
        vector: npt.NDArray[np.float32] | None = None,
        at_least: float | None = None,
    ) -> list[Passage]:
        """Passages of the shop's pages."""
        return self._pair.pages.search(question, language, n, vector, at_least)

    async def refresh(self) -> bool:
        """Load the version that the store calls current, if it isn't the one in use; True after a swap.

        One that can't be loaded is reported once, and the one in use stays.
        """
        async with self._store.read() as connection:
            current = await ModelVersions(connection).current(KIND)
        wanted = SHIPPED if current is None else current.version
        if wanted in (self.version, self._refused):
            return False
        try:
            self._pair = await asyncio.to_thread(self._load, "" if current is None else current.path)
        except (NluError, OSError) as error:
            self._refused = wanted
            log.error("model %s can't be loaded (%s); still reading with %s", wanted, error, self.version)
            return False
        self.version, self._refused = wanted, ""
        log.info("reading messages with model %s", wanted)
        return True

    async def watch(self) -> None:
        """Refresh until cancelled."""
        while True:
            await asyncio.sleep(_CHECK_EVERY)
            await self.refresh()

    def _load(self, path: str) -> _Pair:
        understander = nlu.load(self._home / path if path else None)
        understander.set_catalogue(self._catalogue)
        return _Pair(understander, self._load_pages(understander))
