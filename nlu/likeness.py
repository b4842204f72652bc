"""How near in meaning short texts are to a question, such as the names of a product's attributes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TypeAlias

import numpy as np

from kernel.arrays import Floats32
from nlu.datafiles import read_table
from nlu.heads import units
from nlu.types import Language, Understander

Embed: TypeAlias = Callable[[Sequence[str]], Floats32]
"""Sentence vectors of unit length, shape (texts, d)."""
_CORPUS = Path(__file__).parent / "corpus"
_REMEMBERED = 1_024
_AT_ONCE = 8


class Likeness:
    """Compares by sentence vectors, seen from the middle of their language: `embed` gives unit vectors, (texts, d)."""

    def __init__(self, embed: Embed) -> None:
        self._embed = embed
        self._centre = lru_cache(2)(lambda language: centre_of(embed, language))
        # The names of attributes come again and again.
        self._vector = lru_cache(_REMEMBERED)(lambda text: self._embed([text])[0])

    def to(self, question: str, texts: Sequence[str], language: Language) -> list[float]:
        """The cosine of each text with the question, -1 to 1, in the order of the texts."""
        if not texts:
            return []
        vectors = np.stack([self._vector(text) for text in (question, *texts)]) - self._centre(language)
        first, *others = units(vectors)
        return [float(first @ other) for other in others]


def centre_of(embed: Embed, language: Language) -> Floats32:
    """The mean of a message of each intent, shape (d,): vectors of one language lie together."""
    rows = [
        next(iter(read_table(path, ["text"])))["text"] for path in sorted((_CORPUS / language).glob("*.tsv"))
    ]
    parts = [embed(rows[start : start + _AT_ONCE]) for start in range(0, len(rows), _AT_ONCE)]
    return np.asarray(np.concatenate(parts).mean(0), np.float32)


def embedding_of(understander: Understander) -> Embed:
    """Sentence vectors by an understander."""

    def embed(texts: Sequence[str]) -> Floats32:
        # Few at a time: the memory of the largest batch is never given back.
        vectors = [
            meaning.vector
            for start in range(0, len(texts), _AT_ONCE)
            for meaning in understander.understand(texts[start : start + _AT_ONCE])
            if meaning.vector is not None
        ]
        return np.stack(vectors) if vectors else np.zeros((0, 1), np.float32)

    return embed
