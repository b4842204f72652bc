"""Which line of what is written of something answers a question, such as an attribute of a product.

Lines are read as the sentences of an entry are (`nlu.pages.sentences`), each for itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from kernel.arrays import Floats32
from nlu.pages.model import MOST, QUESTION, TEXT, PagesModel
from nlu.pages.parts import parts_of
from nlu.pages.sentences import Sayings

_LINES, _QUESTIONS = 4_096, 64
"""So many are remembered: a shop's lines come again and again. One takes about 10 kB."""


class LineReader:
    """Reads lines. Safe to call from several threads."""

    def __init__(self, model: PagesModel) -> None:
        self._model = model
        self._said = lru_cache(_LINES)(self._sayings)
        self._asked = lru_cache(_QUESTIONS)(self._tokens)

    def shares(self, question: str, lines: Sequence[str]) -> list[float]:
        """Of each line the chance that it answers, out of all of them and silence; 0 where nothing is said.

        The chances of lines that answer together, and of none, add up to 1.
        """
        asked = self._asked(question)
        if asked is None:
            return [0.0] * len(lines)
        odds = np.array([self._odds(asked, line) for line in lines])
        shares: list[float] = (odds / (1.0 + odds.sum())).tolist()
        return shares

    def _odds(self, asked: Floats32, line: str) -> float:
        said = self._said(line)
        if said is None:
            return 0.0
        _, none = self._model.sentences.chances(asked, said, [(0, len(line))])
        return (1.0 - none) / max(none, 1e-6)

    def _sayings(self, line: str) -> Sayings | None:
        if not _says_something(line):
            return None
        first = parts_of([line], self._model.encoder)[0][0]
        return self._model.sentences.sayings(first.vectors[: MOST[TEXT]], first.spans[: MOST[TEXT]])

    def _tokens(self, question: str) -> Floats32 | None:
        if not _says_something(question):
            return None
        (parts,) = parts_of([question], self._model.encoder)
        return np.concatenate([part.vectors for part in parts])[: MOST[QUESTION]]


def _says_something(text: str) -> bool:
    return any(character.isalnum() for character in text)
