"""The model that reads messages: the shipped one, or the version that the shop taught; noticed and swapped in.

It reads in a process of its own, see `nlu.serving`.
"""

from __future__ import annotations

import asyncio
import logging
from asyncio.subprocess import Process
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self, TypeAlias

from bot.delivery.faults import faults
from bot.delivery.ports import TookTooLong
from nlu.errors import NluError, PagesRefused, ReadingTookTooLong
from nlu.products.goods import Goods
from nlu.products.needs import Need
from nlu.products.searching import Found
from nlu.serving.client import ReadingProcess, command, launch
from nlu.types import CatalogueEntry, DialogueContext, Language, Passage, Understanding
from storage import StoreUnavailable
from storage.models import ModelVersions
from storage.trial import AnyStore

Written: TypeAlias = frozenset[tuple[str, int, int]]
"""Of each file of a folder its place, its size and when it was last written."""
KIND = "nlu"
SHIPPED = "shipped"
"""The version that comes with the program; its path in the register is empty."""
_CACHE = "cache"
_CHECK_EVERY = 5.0
_PAGE_EVERY = 60.0
"""While a page is awaited: each look loads the whole model."""

log = logging.getLogger(__name__)


async def launch_reading(home: Path) -> Process:
    """Let the shipped model be loaded while the program does other things."""
    return await launch(command(home / _CACHE))


class ServedUnderstanding:
    """Reads with the current version and answers from the pages; both are replaced together."""

    def __init__(self, store: AnyStore, home: Path, pages: Path, reading: ReadingProcess) -> None:
        self._store, self._home = store, home
        self.pages = pages
        """The folder of the shop's pages; another one, and what is changed in it, is taken at the next look."""
        self._taken = (pages, _written(pages))
        self._reading = reading
        self.catalogue: Sequence[CatalogueEntry] = ()
        """The products that can be recognised; `set_catalogue` replaces them."""
        self.goods: Sequence[Goods] = ()
        """Those that can be searched; likewise."""
        self._refused = ""
        self._awaited = ""
        self.version, self._path = SHIPPED, ""

    @classmethod
    async def start(cls, store: AnyStore, home: Path, pages: Path, launched: Process | None = None) -> Self:
        """Load the shipped model and the pages of a folder.

        Args:
            store: has the register of versions.
            home: below it are the versions that the shop taught.
            pages: the folder of the pages.
            launched: the process, if `launch_reading` has started it.

        Raises:
            nlu.NluError: it, or a page of the shop's, can't be loaded.
        """
        reading = await ReadingProcess.start(command(home / _CACHE), pages, launched=launched)
        return cls(store, home, pages, reading)

    async def set_catalogue(self, entries: Sequence[CatalogueEntry]) -> None:
        """Replace the products that can be recognised, now and in later versions."""
        self.catalogue = entries
        await self._reading.set_catalogue(entries)

    async def set_goods(self, goods: Sequence[Goods]) -> None:
        """Replace the goods that can be searched, likewise."""
        self.goods = goods
        await self._reading.set_goods(goods)

    async def understand(
        self, texts: Sequence[str], dialogue: DialogueContext | None = None
    ) -> list[Understanding]:
        """Read a batch; one result a text, in order.

        Raises:
            TookTooLong: reading it was ended.
            nlu.NluError: reading it failed.
        """
        try:
            return await self._reading.understand(texts, dialogue)
        except ReadingTookTooLong as error:
            raise TookTooLong(str(error)) from None

    async def search(
        self, question: str, language: Language, n: int = 3, before: str = "", at_least: float | None = None
    ) -> list[Passage]:
        """Passages of the shop's pages; raises as `understand`."""
        try:
            return await self._reading.search(question, language, n, before, at_least)
        except ReadingTookTooLong as error:
            raise TookTooLong(str(error)) from None

    async def read_lines(self, question: str, lines: Sequence[str]) -> list[float]:
        """The chance of each line to answer a question; raises as `understand`."""
        try:
            return await self._reading.read_lines(question, lines)
        except ReadingTookTooLong as error:
            raise TookTooLong(str(error)) from None

    async def search_goods(self, need: Need, language: Language, n: int) -> list[Found] | None:
        """Goods that meet a need; None while there are none to search. Raises as `understand`."""
        try:
            return await self._reading.search_goods(need, language, n)
        except ReadingTookTooLong as error:
            raise TookTooLong(str(error)) from None

    async def refresh(self) -> bool:
        """Load the version that the store calls current and the pages, if they aren't in use; True after a swap.

        One that can't be loaded is reported once, and the one in use stays. One whose pages can't be is tried again.
        """
        async with self._store.read() as connection:
            current = await ModelVersions(connection).current(KIND)
        wanted, path = (SHIPPED, "") if current is None else (current.version, current.path)
        if wanted == self._refused:
            wanted, path = self.version, self._path
        awaited, self._awaited = self._awaited, ""
        pages = (self.pages, _written(self.pages))
        if (wanted, pages) == (self.version, self._taken):
            return False
        try:
            await self._swap(path, pages)
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
        self._refused = self._refused if wanted == self.version else ""
        self.version, self._path = wanted, path
        log.info("reading messages with model %s", wanted)
        return True

    async def watch(self) -> None:
        """Refresh until cancelled."""
        while True:
            await asyncio.sleep(_PAGE_EVERY if self._awaited else _CHECK_EVERY)
            with faults.told(log.warning, "could not look for a newer model", only=StoreUnavailable):
                await self.refresh()

    async def close(self) -> None:
        """End the process that reads."""
        await self._reading.close()

    async def _swap(self, path: str, pages: tuple[Path, Written]) -> None:
        """Load beside the version in use, which is closed once it has answered what it was asked."""
        model = self._home / path if path else None
        fresh = await ReadingProcess.start(command(self._home / _CACHE, model), pages[0])
        known: tuple[Sequence[CatalogueEntry], Sequence[Goods]] | None = None
        # The products may change while all that is loaded.
        while known != (self.catalogue, self.goods):
            known = (self.catalogue, self.goods)
            await fresh.set_catalogue(known[0])
            await fresh.set_goods(known[1])
        before, self._reading, self._taken = self._reading, fresh, pages
        await before.answered()
        await before.close()


def _written(folder: Path) -> Written:
    """What tells that a page has changed."""
    found = set()
    for path in folder.rglob("*.[mM][dD]"):
        with suppress(OSError):
            if path.is_file():
                kept = path.stat()
                found.add((str(path.relative_to(folder)), kept.st_size, kept.st_mtime_ns))
    return frozenset(found)
