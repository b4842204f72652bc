"""How near goods are to what is looked for: each of its tokens looks for its likest in what a shop writes of them.

Late interaction (Khattab and Zaharia 2020), by the linear map that finds entries of the shop's pages.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kernel.arrays import Floats32
from nlu.normalise import normalise
from nlu.pages.model import HEADING, QUESTION, TEXT, PagesModel
from nlu.pages.parts import parts_of
from nlu.pages.reading import LANGUAGES
from nlu.products.goods import Goods, Written
from nlu.types import Language

MOST_GOODS = 5_000
"""Goods at most whose tokens are kept: some 20 kB each."""
_SCALE = 127.0
_AT_ONCE = 16
_ASKED_AT_MOST = 300
"""Characters."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is looked for, token by token."""

    tokens: Floats32
    """Unit vectors, shape (n, t)."""
    counts: Floats32
    """What each counts, shape (n,); they sum to 1."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of what is written of a product."""

    lie: npt.NDArray[np.int8]
    """Where, in 8 bits, shape (tokens, t)."""
    lines: npt.NDArray[np.int16]
    """In which line of the text each stands; -1: in the name."""

    def likeness(self, wish: Wish) -> Floats32:
        """Of each token of a wish with each of these."""
        near: Floats32 = wish.tokens @ (self.lie.astype(np.float32).T / np.float32(_SCALE))
        return near


def placed(model: PagesModel, texts: Sequence[Written]) -> list[Tokens]:
    """The tokens of what is written."""
    found: list[Tokens] = []
    for first in range(0, len(texts), _AT_ONCE):
        some = texts[first : first + _AT_ONCE]
        headings = parts_of([one.name for one in some], model.encoder)
        bodies = parts_of([one.text for one in some], model.encoder)
        for one, heading, body in zip(some, headings, bodies, strict=True):
            lies = model.place([(heading, HEADING), (body, TEXT)])
            named = int((lies.kinds == HEADING).sum())
            starts = [start for part in body for start, _ in part.spans][: len(lies.kinds) - named]
            lines = [-1] * named + [one.text.count("\n", 0, at) for at in starts]
            found.append(Tokens(np.rint(lies.tokens * _SCALE).astype(np.int8), np.array(lines, np.int16)))
    return found


def wish(model: PagesModel, said: str) -> Wish | None:
    """Where what is looked for lies; None where nothing is said."""
    (parts,) = parts_of([normalise(said).text[:_ASKED_AT_MOST]], model.encoder)
    if not parts:
        return None
    lies = model.place([(parts, QUESTION)])
    return Wish(lies.tokens, lies.counts)


class Nearness:
    """The tokens of goods, by language. Read-only once built."""

    def __init__(self, goods: Sequence[Goods], tokens: Mapping[Written, Tokens]) -> None:
        self._goods = goods
        self._of = {
            language: [
                tokens[written] if (written := written_in(one, language)) is not None else None
                for one in goods
            ]
            for language in LANGUAGES
        }

    def to(self, wish: Wish, language: Language, rows: Sequence[int]) -> Floats32:
        """How near goods are, -1 to 1; by what is written in a language, else in the other, shape (rows,)."""
        held = [self._of[language][row] for row in rows]
        near = np.full(len(held), -1.0, np.float32)
        known = [place for place, tokens in enumerate(held) if tokens is not None]
        several = [tokens.lie for tokens in held if tokens is not None]
        if not several:
            return near
        first = np.cumsum([0, *(len(tokens) for tokens in several[:-1])])
        likeness = wish.tokens @ (np.concatenate(several).astype(np.float32).T / np.float32(_SCALE))
        near[known] = wish.counts @ np.maximum.reduceat(likeness, first, axis=1)
        return near

    def line(self, wish: Wish, language: Language, row: int) -> tuple[str, float]:
        """The line of what is written of a product that adds most to its name, and how much; empty: none adds any."""
        written, tokens = written_in(self._goods[row], language), self._of[language][row]
        if written is None or tokens is None:
            return "", 0.0
        near = tokens.likeness(wish)
        name = near[:, tokens.lines < 0].max(1, initial=0.0)
        lines = written.text.split("\n")
        adds = {
            at: float(wish.counts @ (np.maximum(near[:, tokens.lines == at].max(1), name) - name))
            for at in np.unique(tokens.lines[tokens.lines >= 0]).tolist()
            if at < len(lines) and lines[at] != written.kind
        }
        best = max(adds, key=lambda at: adds[at], default=-1)
        return (lines[best], adds[best]) if best >= 0 and adds[best] > 0 else ("", 0.0)


def written_in(goods: Goods, language: Language) -> Written | None:
    """What is written of goods in a language, else in the other."""
    own = [one for one in goods.written if one.language == language]
    return next(iter((*own, *goods.written)), None)
