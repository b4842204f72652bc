"""Character n-grams of a message as numbers of buckets: what the shipped heads read beside the sentence vector.

A transformer reads meaning and overlooks spelling; n-grams know a word by its looks, and nothing else.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

BUCKETS = 2**15
LONGEST = 4


@dataclass(frozen=True, slots=True)
class Spelt:
    """The n-grams of one text, each once."""

    buckets: npt.NDArray[np.int64]
    """Which of the BUCKETS each falls into, shape (n,)."""
    starts: npt.NDArray[np.int64]
    """The first character of its first occurrence, the space before a word aside, shape (n,)."""

    @property
    def value(self) -> float:
        """What each counts, so that long texts count no more than short ones."""
        return 1.0 / float(np.sqrt(max(1, len(self.buckets))))


def spell(text: str) -> Spelt:
    """The n-grams of 1 to LONGEST characters inside the words of a text as `model_text` gives it, edges included."""
    found: dict[int, int] = {}
    start = 0
    for word in text.split(" "):
        if word:
            edged = f" {word} "
            for length in range(1, LONGEST + 1):
                for place in range(len(edged) - length + 1):
                    bucket = zlib.crc32(edged[place : place + length].encode()) % BUCKETS
                    if bucket not in found:
                        found[bucket] = start + (place - 1 if place else 0)
        start += len(word) + 1
    return Spelt(np.array(list(found), np.int64), np.array(list(found.values()), np.int64))
