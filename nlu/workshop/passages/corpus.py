"""Pages of invented shops and what customers ask of them, read from the folder `nlu/corpus/pages`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from nlu.errors import DataRefused
from nlu.pages.reading import LANGUAGES
from nlu.types import Language

FOLDER = Path(__file__).parents[2] / "corpus" / "pages"
HELD_OUT = Path(__file__).parents[2] / "corpus" / "heldout" / "pages"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An entry of a shop's pages in one language."""

    language: Language
    number: int
    """The same for the entry in the other language."""
    page: str
    title: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question, and the numbers of the entries that answer it: none where nothing does."""

    text: str
    before: str
    """The customer's message before; empty where there is none."""
    language: Language
    entries: frozenset[int]
    answer: str
    """The stretch of the first entry's text in the question's language that answers."""
    entry: int
    """Where `answer` lies; -1 where nothing answers."""
    near: int = -1
    """Where nothing answers, the entry of the same matter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PagesOfShop:
    """All entries of a shop, first the Chinese ones, and what is asked of them."""

    name: str
    entries: tuple[Entry, ...]
    asked: tuple[Asked, ...]

    @property
    def count(self) -> int:
        """Entries in each language."""
        return len(self.entries) // len(LANGUAGES)


def read_shops(folder: Path) -> list[PagesOfShop]:
    """Every shop of a folder, in the order of their names.

    Raises:
        DataRefused: a file holds something else.
    """
    return [read_shop(path) for path in sorted(folder.glob("*.json"))]


def read_shop(path: Path) -> PagesOfShop:
    """A shop's pages.

    Raises:
        DataRefused: the file holds something else.
    """
    try:
        kept = json.loads(path.read_text("utf-8"))
        numbers = {entry["id"]: number for number, entry in enumerate(kept["entries"])}
        entries = tuple(
            Entry(
                language=language,
                number=number,
                page=entry["page"],
                title=entry[f"title_{language}"],
                text=entry[f"text_{language}"],
            )
            for language in LANGUAGES
            for number, entry in enumerate(kept["entries"])
        )
        asked = [
            _asked(question, [number, *(numbers[one] for one in question.get("also", []))])
            for number, entry in enumerate(kept["entries"])
            for question in entry["questions"]
        ]
        asked += [_asked(one, [numbers[one["entry"]]]) for one in kept["followups"]]
        asked += [
            replace(_asked(one, []), near=numbers.get(one.get("near", ""), -1)) for one in kept["unanswered"]
        ]
    except (OSError, ValueError, KeyError, TypeError) as broken:
        raise DataRefused(path, [f"no pages of a shop: {broken!r}"]) from broken
    return PagesOfShop(name=path.stem, entries=entries, asked=tuple(asked))


def _asked(kept: Mapping[str, Any], entries: list[int]) -> Asked:
    return Asked(
        text=kept["q"],
        before=kept.get("before", ""),
        language="zh" if kept["lang"] == "zh" else "en",
        entries=frozenset(entries),
        answer=kept.get("answer", ""),
        entry=entries[0] if entries else -1,
    )
