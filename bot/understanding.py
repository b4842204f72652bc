"""The model that reads messages: the shipped one, or the version that the shop taught; noticed and swapped in."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Lock
from weakref import WeakValueDictionary

import numpy as np
import numpy.typing as npt

import nlu
from nlu.errors import NluError, PagesRefused
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
_PAGE_EVERY = 60.0
"""While a page is awaited: each look loads the whole model."""

Vector = npt.NDArray[np.float32]

log = logging.getLogger(__name__)


class _Pair:
    """A model and the pages as it sees them: vectors of one model mean nothing to another."""

    def __init__(self, understander: Understander, pages: PageIndex) -> None:
        self.understander = understander
        self._pages = pages
        # An array can't be looked up by what it holds, and is forgotten with the message that it is of.
        self._vectors: WeakValueDictionary[int, Vector] = WeakValueDictionary()

    def understand(self, texts: Sequence[str], dialogue: DialogueContext | None) -> list[Understanding]:
        read = self.understander.understand(texts, dialogue)
        self._vectors.update(
            (id(meaning.vector), meaning.vector) for meaning in read if meaning.vector is not None
        )
        return read

    def search(
        self, question: str, language: Language, n: int, vector: Vector | None, at_least: float | None
    ) -> list[Passage]:
        """A message that the model before this one read is read again."""
        own = self._vectors.get(id(vector))
        return self._pages.search(question, language, n, own, at_least)


class ServedUnderstanding:
    """Reads with the current version and answers from the pages; both are replaced together."""

    def __init__(self, store: Store, home: Path, load_pages: Callable[[Understander], PageIndex]) -> None:
        """Load the shipped model.

        Raises:
            nlu.NluError: it, or a page of the shop's, can't be loaded.
        """
        self._store, self._home, self._load_pages = store, home, load_pages
        self._catalogue: Sequence[CatalogueEntry] = ()
        self._setting = Lock()
        self._refused = ""
        self._awaited = ""
        self.version = SHIPPED
        understander = nlu.load()
        self._pair = _Pair(understander, load_pages(understander))

    @property
    def catalogue(self) -> Sequence[CatalogueEntry]:
        """The products that can be recognised."""
        return self._catalogue

    def set_catalogue(self, entries: Sequence[CatalogueEntry]) -> None:
        """Replace the products that can be recognised, now and in later versions."""
        with self._setting:
            self._catalogue = entries
            self._pair.understander.set_catalogue(entries)

    def understand(
        self, texts: Sequence[str], dialogue: DialogueContext | None = None
    ) -> list[Understanding]:
        """Read a batch; one result a text, in order."""
        return self._pair.understand(texts, dialogue)

    def search(
        self,
        question: str,
        language: Language,
        n: int = 3,
        vector: Vector | None = None,
        at_least: float | None = None,
    ) -> list[Passage]:
        """Passages of the shop's pages."""
        return self._pair.search(question, language, n, vector, at_least)

    async def refresh(self) -> bool:
        """Load the version that the store calls current, if it isn't the one in use; True after a swap.

        One that can't be loaded is reported once, and the one in use stays. One whose pages can't be is tried again.
        """
        async with self._store.read() as connection:
            current = await ModelVersions(connection).current(KIND)
        wanted = SHIPPED if current is None else current.version
        awaited, self._awaited = self._awaited, ""
        if wanted in (self.version, self._refused):
            return False
        try:
            await asyncio.to_thread(self._swap, "" if current is None else current.path)
        except PagesRefused as error:
            # The page may be mended; the model is sound.
            self._awaited = str(error)
            if self._awaited != awaited:
                log.error(
                    "model %s waits for a page (%s); still reading with %s", wanted, error, self.version
                )
            return False
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
            await asyncio.sleep(_PAGE_EVERY if self._awaited else _CHECK_EVERY)
            await self.refresh()

    def _swap(self, path: str) -> None:
        understander = nlu.load(self._home / path if path else None)
        pair = _Pair(understander, self._load_pages(understander))
        # The products may change while all that is loaded.
        with self._setting:
            understander.set_catalogue(self._catalogue)
            self._pair = pair
