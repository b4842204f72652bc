"""The entry of the shop's pages nearest to what was missed, and adding to it what it is also asked as."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.delivery.ports import TookTooLong
from bot.staff.missed import Group
from bot.staff.roles import EDITING, permitted
from kernel.errors import LiukeError
from kernel.times import utc_now
from nlu.errors import EntryNotFound, NluError
from nlu.pages.asked_as import LONGEST, add_asked_as, entry_of, new_among
from nlu.types import Language, Passage
from storage import Store
from storage.audit import Audit
from storage.staff import StaffMember

PLAUSIBLE = 0.2
"""Mean chance from which on an entry is shown beside messages (`docs/decisions/0022` has what it is worth)."""
_ASKED = 3
"""Different messages of a group that the pages are searched for, and lines that are suggested."""
_ENTRIES = 5
_REDACTED = "["
"""Stands before what was left out of a message, as in `[phone]`: such words are no question for a page."""


class PageSearch(Protocol):
    """Searches the shop's pages: `bot.models.understanding.ServedUnderstanding`."""

    @property
    def pages(self) -> Path:
        """The folder of the pages."""
        ...

    async def search(
        self, question: str, language: Language, n: int = 3, before: str = "", at_least: float | None = None
    ) -> list[Passage]:
        """As `nlu.types.PageIndex`."""
        ...


class PageNotWritten(LiukeError):
    """A page could not be changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Which entry of the pages."""

    page: str
    """The file's name without its ending."""
    title: str
    language: Language
    text: str = ""
    """Empty: the first of that title."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NearEntry:
    """The entry of the shop's pages that is nearest to a group of messages."""

    entry: Entry
    chance: float
    """That it answers them: the mean over those searched for."""
    lines: tuple[str, ...]
    """Messages that it could be also asked as, without those that it has already."""
    own: bool
    """Whether the page is the shop's own, and no part of the program."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupBesidePages:
    """A group of missed messages, and what the pages have for it."""

    group: Group
    nearest: NearEntry | None
    """None where no entry is near."""
    searched: bool = True
    """False where the pages could not be searched now."""


class NearestEntries:
    """Finds the entries for what was missed."""

    def __init__(self, search: PageSearch, own: Path) -> None:
        """Wire it up: whoever searches the pages in use, and the folder of the shop's own."""
        self._search, self._own = search, own

    async def beside(self, groups: Sequence[Group]) -> list[GroupBesidePages]:
        """Each group with the entry nearest to it; one search after the other, so that customers come in between."""
        found = []
        for group in groups:
            try:
                found.append(GroupBesidePages(group=group, nearest=await self._nearest(group)))
            except (NluError, TookTooLong):
                found.append(GroupBesidePages(group=group, nearest=None, searched=False))
        return found

    async def _nearest(self, group: Group) -> NearEntry | None:
        asked = list(dict.fromkeys(one.say for one in group.examples))[:_ASKED]
        language: Language = "zh" if group.examples[0].language == "zh" else "en"
        chances: dict[Entry, dict[str, float]] = {}
        for question in asked:
            for one in await self._search.search(question, language, _ENTRIES, "", 0.0):
                entry = Entry(page=one.page, title=one.title, language=one.language, text=one.text)
                chances.setdefault(entry, {})[question] = one.score
        best = max(chances, key=lambda entry: sum(chances[entry].values()), default=None)
        if best is None or sum(chances[best].values()) < PLAUSIBLE * len(asked):
            return None
        # A group may hold a message that is about something else.
        near = [question for question, chance in chances[best].items() if chance >= PLAUSIBLE]
        return NearEntry(
            entry=best,
            chance=round(sum(chances[best].values()) / len(asked), 4),
            lines=await asyncio.to_thread(self._lines, best, near),
            own=self._search.pages == self._own,
        )

    def _lines(self, entry: Entry, asked: Sequence[str]) -> tuple[str, ...]:
        clean = [one for one in asked if _REDACTED not in one and len(one) <= LONGEST]
        try:
            _, section = entry_of(self._search.pages, entry.page, entry.title, entry.language, entry.text)
        except NluError:
            return ()  # it was changed just now: the next look finds it
        return new_among(clean, section)


class AskedAs:
    """Adds to entries of the shop's own pages what they are also asked as."""

    def __init__(self, store: Store, own: Path, *, clock: Callable[[], datetime] = utc_now) -> None:
        """Wire it up.

        Args:
            store: keeps who added what.
            own: the folder of the shop's own pages; no others are written to.
            clock: the time now.
        """
        self._store, self._own, self._clock = store, own, clock

    async def add(self, member: StaffMember, entry: Entry, lines: Sequence[str]) -> tuple[str, ...]:
        """Add lines to an entry in its file; the running bot reads it again within seconds.

        Returns:
            Those that were not there yet.

        Raises:
            NotAllowed: the member's role is another.
            ValueError: no line says anything.
            EntryNotFound: there is no such entry, or none any more.
            PageNotWritten: the file can't be changed.
        """
        if not any(any(map(str.isalnum, line)) for line in lines):
            raise ValueError("no line says anything")
        now = self._clock()

        async def work(connection: AsyncConnection) -> tuple[str, ...]:
            added = await asyncio.to_thread(self._write, entry, lines)
            if added:
                # How many, not which: they are customers' words.
                await Audit(connection).add(
                    f"staff:{member.id}",
                    "asked_as_added",
                    f"page:{entry.language}/{entry.page}",
                    {"title": entry.title, "lines": len(added)},
                    now,
                )
            return added

        return await self._store.write(permitted(member, EDITING, work))

    def _write(self, entry: Entry, lines: Sequence[str]) -> tuple[str, ...]:
        try:
            path, section = entry_of(self._own, entry.page, entry.title, entry.language, entry.text)
            return add_asked_as(path, section, lines)
        except EntryNotFound:
            raise
        except (NluError, OSError) as error:
            raise PageNotWritten(f"the page {entry.page} can't be changed: {error}") from error
