"""Reading in a process of its own: what a message does to it holds up nobody else, and can be ended.

The two processes exchange pickled values, each after its length, over a pair of pipes. Both ends are this program and
nobody else holds the pipes, so unpickling is safe here.
"""

from __future__ import annotations

import pickle
import struct
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, TypeAlias

from nlu.products.goods import Goods
from nlu.products.needs import Need
from nlu.types import CatalogueEntry, DialogueContext, Language

LENGTH = struct.Struct("!I")


@dataclass(frozen=True, slots=True)
class Read:
    """Answered with a list of `Understanding`, without their vectors."""

    texts: Sequence[str]
    dialogue: DialogueContext | None


@dataclass(frozen=True, slots=True)
class Search:
    """Answered with a list of `Passage`; a question that was asked lately is not read again."""

    question: str
    language: Language
    n: int
    before: str
    at_least: float | None


@dataclass(frozen=True, slots=True)
class ReadLines:
    """Answered with the chance of each line to answer a question, as `nlu.pages.lines.LineReader.shares`."""

    question: str
    lines: Sequence[str]


@dataclass(frozen=True, slots=True)
class SetCatalogue:
    """Answered with None once the products can be recognised; later requests don't wait for it."""

    entries: Sequence[CatalogueEntry]


@dataclass(frozen=True, slots=True)
class SetGoods:
    """Answered with None; few goods can be searched by words then, many, and by meaning all, somewhat later."""

    goods: Sequence[Goods]


@dataclass(frozen=True, slots=True)
class SearchGoods:
    """Answered with a list of `Found`, or None while there are no goods to search."""

    need: Need
    language: Language
    n: int


Request: TypeAlias = Read | Search | ReadLines | SetCatalogue | SetGoods | SearchGoods


@dataclass(frozen=True, slots=True)
class Failed:
    """A request raised: what, and where. Never the error's own words, which may quote a customer."""

    what: str

    @classmethod
    def of(cls, error: BaseException) -> Self:
        """What may be said of an error."""
        *_, place = traceback.extract_tb(error.__traceback__)
        return cls(f"{type(error).__name__} at {Path(place.filename).name}:{place.lineno}")


def pack(value: Any) -> bytes:
    """A value as it travels."""
    content = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
    return LENGTH.pack(len(content)) + content


def unpack(content: bytes) -> Any:
    """The value, without its length."""
    return pickle.loads(content)  # noqa: S301 - from our own process
