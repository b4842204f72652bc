"""Sentence vectors, and the middle of a language among them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np

from kernel.arrays import Floats32
from nlu.datafiles import read_table
from nlu.types import Language, Understander

Embed: TypeAlias = Callable[[Sequence[str]], Floats32]
"""Sentence vectors of unit length, shape (texts, d)."""
_CORPUS = Path(__file__).parent / "corpus"
_AT_ONCE = 8


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
