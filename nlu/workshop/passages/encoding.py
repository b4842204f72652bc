"""Shops' pages and questions as the arrays that the networks learn from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from kernel.arrays import Floats32
from nlu.encoder import Encoder
from nlu.pages.bm25 import Bm25
from nlu.pages.model import HEADING, MOST, TEXT
from nlu.pages.parts import parts_of
from nlu.pages.searching import HEADING_TIMES
from nlu.workshop.passages.corpus import Entry, PagesOfShop

_AT_ONCE = 256
Pieces = Sequence[tuple[str, int]]
"""Texts, each with its kind."""
Batch = tuple[torch.Tensor, torch.Tensor, torch.Tensor]
"""Vectors, mask and kinds."""


@dataclass(frozen=True, slots=True)
class Read:
    """A text as the encoder reads it: vectors in 16 bits, and where its tokens lie."""

    vectors: np.ndarray
    upper: np.ndarray
    spans: tuple[tuple[int, int], ...]


class Texts:
    """Texts as the encoder reads them, each read once."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._read: dict[str, Read] = {}

    def read(self, texts: Sequence[str]) -> None:
        """Read what has not been read."""
        new = [text for text in dict.fromkeys(texts) if text not in self._read]
        for start in range(0, len(new), _AT_ONCE):
            group = new[start : start + _AT_ONCE]
            for text, parts in zip(group, parts_of(group, self._encoder), strict=True):
                self._read[text] = Read(
                    np.concatenate([part.vectors for part in parts]).astype(np.float16),
                    np.concatenate([part.upper for part in parts]).astype(np.float16),
                    tuple(span for part in parts for span in part.spans),
                )

    def __getitem__(self, text: str) -> Read:
        return self._read[text]

    def shop(self, shop: PagesOfShop) -> None:
        """Read all of a shop."""
        self.read([text for entry in shop.entries for text in (entry.title, entry.text)])
        self.read([text for asked in shop.asked for text in (asked.text, asked.before) if text])

    def sequence(self, pieces: Pieces, *, upper: bool = False) -> tuple[np.ndarray, np.ndarray]:
        """Vectors and kinds of texts one after the other; `upper` for what the last layer reads."""
        read = [(self._read[text], kind) for text, kind in pieces if text]
        vectors = [(one.upper if upper else one.vectors)[: MOST[kind]] for one, kind in read]
        kinds = [np.full(len(part), kind) for part, (_, kind) in zip(vectors, read, strict=True)]
        return np.concatenate(vectors), np.concatenate(kinds)

    def batch(self, several: Sequence[Pieces], *, upper: bool = False) -> Batch:
        """Padded."""
        sequences = [self.sequence(pieces, upper=upper) for pieces in several]
        longest = max(len(kinds) for _, kinds in sequences)
        vectors = np.zeros((len(sequences), longest, sequences[0][0].shape[1]), np.float32)
        mask = np.zeros((len(sequences), longest), np.float32)
        kinds = np.zeros((len(sequences), longest), np.int64)
        for row, (values, of_kind) in enumerate(sequences):
            vectors[row, : len(values)] = values
            mask[row, : len(values)] = 1.0
            kinds[row, : len(of_kind)] = of_kind
        return torch.from_numpy(vectors), torch.from_numpy(mask), torch.from_numpy(kinds)


def words_in_common(shop: PagesOfShop) -> dict[tuple[str, str], Floats32]:
    """Of each question and the message before it, the words in common with each entry."""
    index = Bm25((entry.title, HEADING_TIMES, entry.text) for entry in shop.entries)
    return {(one.text, one.before): index.shares(f"{one.text} {one.before}") for one in shop.asked}


def row_of(entry: Entry, title: str | None = None) -> list[tuple[str, int]]:
    """The pieces of an entry; `title` in place of its own."""
    return [(entry.title if title is None else title, HEADING), (entry.text, TEXT)]
