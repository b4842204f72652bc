"""Words that a question and a passage have in common: BM25 (Robertson and Zaragoza 2009)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from kernel.arrays import Floats32
from nlu.normalise import model_text, normalise
from nlu.words import Words

K1, B = 1.2, 0.6
"""Saturation, and the share of the length."""
_STOP_WORDS = frozenset((
    "的", "了", "吗", "呢", "啊", "吧", "我", "你", "你们", "我们", "是", "在", "有", "和", "就", "都", "也",
    "这", "那", "个", "请", "请问", "想", "要", "一下", "怎么", "什么", "可以", "能", "能不能", "会", "么",
    "为什么", "a", "an", "the", "i", "you", "we", "my", "your", "me", "is", "are", "was", "do", "does",
    "did", "can", "could", "will", "would", "to", "of", "for", "in", "on", "at", "it", "this", "that", "and",
    "or", "be", "have", "has", "if", "how", "what", "when", "where", "which", "please", "there", "with",
    "am", "s", "t",
))  # fmt: skip


class Bm25:
    """BM25 over the words of passages, worked out beforehand. Read-only once built."""

    def __init__(self, passages: Iterable[tuple[str, int, str]]) -> None:
        """A heading, how many times it counts, and a text, of each passage."""
        self._words = Words()
        counts = [
            Counter([*self._terms(heading) * often, *self._terms(text)]) for heading, often, text in passages
        ]
        self._passages = len(counts)
        self._postings = _postings(counts)

    def shares(self, text: str) -> Floats32:
        """BM25 as a share of what a passage could reach that repeats every term of the question; (passages,)."""
        total = np.zeros(self._passages, np.float32)
        known = set(self._terms(text))
        if not known:
            return total
        unseen = float(np.log(1 + self._passages))
        reachable = 0.0
        for term in known:
            posting = self._postings.get(term)
            if posting is None:
                reachable += unseen
            else:
                rarity, passages, gains = posting
                reachable += rarity
                total[passages] += gains
        share: Floats32 = np.clip(total / (reachable * (K1 + 1) * 0.7), 0, 1)
        return share

    def _terms(self, text: str) -> list[str]:
        words = self._words.cut(model_text(normalise(text).text))
        return [_stem(word) for word in words if word not in _STOP_WORDS and word[0].isalnum()]


def _postings(counts: Sequence[Counter[str]]) -> dict[str, tuple[float, npt.NDArray[np.intp], Floats32]]:
    """Of every term its rarity, the passages that hold it, and what it adds to the score of each."""
    lengths = np.array([counted.total() for counted in counts], np.float32)
    mean = max(1.0, float(lengths.mean())) if len(counts) else 1.0
    norms = K1 * (1 - B + B * lengths / mean)
    found: dict[str, list[int]] = {}
    for row, counted in enumerate(counts):
        for term in counted:
            found.setdefault(term, []).append(row)
    postings = {}
    for term, rows in found.items():
        rarity = float(np.log(1 + (len(counts) - len(rows) + 0.5) / (len(rows) + 0.5)))
        often = np.array([counts[row][term] for row in rows], np.float32)
        gains = rarity * often * (K1 + 1) / (often + norms[rows])
        postings[term] = rarity, np.array(rows, np.intp), gains.astype(np.float32)
    return postings


def _stem(word: str) -> str:
    """English plurals and endings off, roughly: a shop's page is short, and a near match is a match."""
    if not word.isascii() or len(word) < 5:
        return word.removesuffix("s") if word.isascii() and len(word) == 4 else word
    for ending in ("ing", "ies", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word
