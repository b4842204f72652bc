"""Character n-grams of a message as numbers of buckets: what the shipped heads read beside the sentence vector.

A transformer reads meaning and overlooks spelling; n-grams know a word by its looks, and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from zlib import crc32

import numpy as np

from kernel.arrays import Ints

BUCKETS = 2**15
LONGEST = 4


@dataclass(frozen=True, slots=True)
class Ngrams:
    """The n-grams of one text, each once."""

    buckets: Ints
    """Which of the BUCKETS each falls into, shape (n,)."""
    starts: Ints
    """The first character of its first occurrence, the space before a word aside, shape (n,)."""

    @property
    def value(self) -> float:
        """What each counts, so that long texts count no more than short ones."""
        return 1.0 / float(np.sqrt(max(1, len(self.buckets))))


def ngrams_of(text: str) -> Ngrams:
    """The n-grams of 1 to LONGEST characters inside the words of a text as `model_text` gives it, edges included."""
    found: dict[int, int] = {}
    start = 0
    for word in text.split(" "):
        if word:
            _add(found, [character.encode() for character in f" {word} "], start)
        start += len(word) + 1
    return Ngrams(np.array(list(found), np.int64), np.array(list(found.values()), np.int64))


def _add(found: dict[int, int], edged: list[bytes], start: int) -> None:
    """The n-grams of one word; a checksum goes on from that of the n-gram that is shorter by one."""
    for place in range(len(edged)):
        checksum, at = 0, start + (place - 1 if place else 0)
        for character in edged[place : place + LONGEST]:
            checksum = crc32(character, checksum)
            found.setdefault(checksum % BUCKETS, at)
