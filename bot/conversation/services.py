"""What skills work with besides the store: the texts, the shop's own facts, and who reads, decides and links."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.conversation.baskets import BasketTemplate
from bot.conversation.hours import ALWAYS, OpeningHours
from bot.conversation.texts import Texts
from bot.linking.linker import Linker
from bot.models.decisions import Decisions
from nlu.products.needs import Need
from nlu.products.searching import Found
from nlu.types import DialogueContext, Language, Passage, Understanding


class Reader(Protocol):
    """Who reads messages and answers from the shop's pages: `bot.models.understanding.ServedUnderstanding`."""

    async def understand(
        self, texts: Sequence[str], dialogue: DialogueContext | None = None
    ) -> list[Understanding]:
        """As `nlu.types.Understander`; raises TookTooLong when it was ended."""
        ...

    async def search(
        self, question: str, language: Language, n: int = 3, before: str = "", at_least: float | None = None
    ) -> list[Passage]:
        """As `nlu.types.PageIndex`; raises TookTooLong when it was ended."""
        ...

    async def read_lines(self, question: str, lines: Sequence[str]) -> list[float]:
        """As `nlu.pages.lines.LineReader.shares`; raises TookTooLong when it was ended."""
        ...

    async def search_goods(self, need: Need, language: Language, n: int) -> list[Found] | None:
        """As `nlu.products.searching.GoodsIndex`, None while it has no goods; raises TookTooLong when it was ended."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """What the bot says about the shop itself."""

    names: dict[str, str]
    """Name by language."""
    time_zone: str = "Asia/Shanghai"
    is_demo: Callable[[], bool] = lambda: False
    hours: OpeningHours = ALWAYS
    """When people answer."""
    basket: BasketTemplate | None = None
    """Makes links that put a product into the shop's basket; None where it has none."""
    track_url: str = ""
    """Where parcels are followed that the shop tells no address for; `{number}` stands for the tracking number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What skills work with besides the store."""

    texts: Texts
    shop: Shop
    decisions: Decisions
    linker: Linker
    reader: Reader
