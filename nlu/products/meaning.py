"""Goods by the meaning of their names and first sentences: the nearest among many vectors."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from kernel.arrays import Floats32
from nlu.heads import units
from nlu.products.goods import Goods
from nlu.types import Language

_COARSE = 32
"""Directions in which goods differ most, by which the nearest are looked for first."""
REFINED = 256
VARIANTS = 8
_SAMPLED = 16
_LANGUAGES = 2
_CHINESE = re.compile(r"[\u3400-\u9fff]")


class Meaning:
    """Sentence vectors of goods."""

    def __init__(self, goods: Sequence[Goods], vectors: Floats32, centres: dict[Language, Floats32]) -> None:
        self._centres = centres
        texts = list(spoken(goods))
        place = {text: at for at, text in enumerate(texts)}
        zh = np.array([_CHINESE.search(text) is not None for text in texts], bool)
        centred = vectors.astype(np.float32, copy=True)
        for part in (zh, ~zh):
            if part.any():
                centred[part] -= centred[part].mean(0)
        self._vectors = units(centred).astype(np.float16)
        _, _, axes = np.linalg.svd(
            self._vectors[:: max(1, len(texts) // 4_000)].astype(np.float32), full_matrices=False
        )
        self._axes = axes[:_COARSE].astype(np.float32)
        self._coarse = np.concatenate(
            [
                self._vectors[start : start + 4_096].astype(np.float32) @ self._axes.T
                for start in range(0, len(texts), 4_096)
            ]
        )
        # Goods of one text share its vector.
        self._texts = np.full((len(goods), _LANGUAGES), -1, np.int32)
        for row, one in enumerate(goods):
            known = [place[text] for text in one.told if text in place][:_LANGUAGES]
            self._texts[row, : len(known)] = known
        owned = [(text, row) for row, texts in enumerate(self._texts.tolist()) for text in texts if text >= 0]
        self._owners = np.array(sorted(owned), np.int32).reshape(-1, 2)
        self._starts = np.searchsorted(self._owners[:, 0], np.arange(len(texts) + 1))

    def _asked(self, vector: Floats32, language: Language) -> Floats32:
        asked: Floats32 = units(vector - self._centres[language]).astype(np.float32)
        return asked

    def nearest(self, vector: Floats32, language: Language) -> npt.NDArray[np.int32]:
        """The goods nearest to a vector."""
        coarse = self._coarse @ (self._axes @ self._asked(vector, language))
        texts = best(coarse, np.arange(len(coarse)), REFINED)
        places = [self._owners[self._starts[text] : self._starts[text + 1], 1][:VARIANTS] for text in texts]
        return np.unique(np.concatenate(places)) if places else np.zeros(0, np.int32)

    def likeness(self, vector: Floats32, language: Language, rows: npt.NDArray[np.int32]) -> Floats32:
        """Cosines of goods with a vector, the most of their languages, shape (rows,)."""
        texts = self._texts[rows]
        cosines = self._vectors[texts].astype(np.float32) @ self._asked(vector, language)
        most: Floats32 = np.where(texts >= 0, cosines, -1.0).max(1).astype(np.float32)
        return most


def best(scores: Floats32, rows: npt.NDArray[np.intp], n: int) -> npt.NDArray[np.int32]:
    """At most `n` of some rows, those with the highest scores, in no order."""
    if len(rows) > _SAMPLED * n:
        # Some of them tell from which score on about three times as many are left.
        some = np.sort(scores[rows[:: max(1, len(rows) // (_SAMPLED * 64))]])
        above = rows[scores[rows] >= some[-min(len(some), 1 + 3 * n * len(some) // len(rows))]]
        rows = above if len(above) >= n else rows
    if len(rows) > n:
        rows = rows[np.argpartition(scores[rows], len(rows) - n)[-n:]]
    return rows.astype(np.int32)


def spoken(goods: Sequence[Goods]) -> Iterator[str]:
    """The texts by which goods are found by meaning, each once; of variants those of the first."""
    seen, groups = set[str](), set[str]()
    for one in goods:
        if one.group in groups:
            continue
        groups.add(one.group)
        for text in one.told:
            if text not in seen:
                seen.add(text)
                yield text
