"""The pages of a folder, read anew for each search by the shipped model."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import nlu
from nlu.types import Language, Passage
from nlu.understander import TransformerUnderstander


class FolderPages:
    """Stands for `bot.models.understanding.ServedUnderstanding`, without a process of its own."""

    def __init__(self, pages: Path) -> None:
        self.pages = pages

    async def search(
        self, question: str, language: Language, n: int = 3, before: str = "", at_least: float | None = None
    ) -> list[Passage]:
        return nlu.load_pages(self.pages, _understander()).search(question, language, n, before, at_least)


@cache
def _understander() -> TransformerUnderstander:
    return nlu.load()
