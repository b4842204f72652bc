"""The words of a shop's products: which products have them, and which are alike by them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from retention.recommenders import similarity, words
from retention.recommenders.interactions import Interactions
from retention.recommenders.words import Postings

NEIGHBOURS = 50
COMMON_WORD, COMMON_WORD_MOST = 0.2, 2_000
"""A word that a larger share of products has, or more of them, says nothing about likeness: in a large shop it only
makes for so many pairs that the fit takes minutes."""

Table = tuple[NDArray[np.int32], NDArray[np.float32]]
"""Neighbours and how close they are, both of shape (products, k)."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Which product has which words, those of its category among them (itself one, where it has none: `12`)."""

    names: tuple[str, ...]
    matrix: Any
    """Sparse, products by words; 1 where a product has a word."""
    rarity: NDArray[np.float32]
    """Of each word: the log of how few products have it; shape (words,)."""

    @classmethod
    def of(cls, interactions: Interactions) -> Self:
        """From the texts and categories of all products."""
        texts = interactions.texts
        of_category = [words.tokens(name) or [f"category:{name}"] for name in interactions.category_names]
        vocabulary: dict[str, int] = {}
        rows, columns = [], []
        for row, (text, category) in enumerate(zip(texts, interactions.category.tolist(), strict=True)):
            own = of_category[category] if category >= 0 else []
            for word in sorted({*words.tokens(text), *own}):
                rows.append(row)
                columns.append(vocabulary.setdefault(word, len(vocabulary)))
        shape = (len(texts), len(vocabulary))
        matrix = sp.csr_matrix((np.ones(len(rows), np.float32), (rows, columns)), shape=shape)
        with_word = np.asarray(matrix.sum(axis=0)).ravel()
        rarity = np.log((len(texts) + 1.0) / (with_word + 1.0)).astype(np.float32) + np.float32(0.1)
        return cls(tuple(vocabulary), matrix, rarity)

    def postings(self) -> Postings:
        """Word to the products that have it, and its weight in each."""
        by_word = self.matrix.tocsc()
        found = {}
        for column, name in enumerate(self.names):
            places = by_word.indices[by_word.indptr[column] : by_word.indptr[column + 1]].astype(np.int32)
            found[name] = (places, np.full(len(places), self.rarity[column], np.float32))
        return found


@dataclass(frozen=True, slots=True)
class Terms:
    """TF-IDF of the products' words."""

    vocabulary: Vocabulary
    near: Table
    """The products with the likest words; the same at every moment, so it is worked out once."""

    @classmethod
    def of(cls, interactions: Interactions) -> Self:
        """From the texts and categories of all products."""
        known = Vocabulary.of(interactions)
        count = len(interactions.texts)
        with_word = np.asarray(known.matrix.sum(axis=0)).ravel()
        telling = with_word <= min(COMMON_WORD * count, COMMON_WORD_MOST)
        keep = known.rarity * (telling | (count < 20))
        likeness = known.matrix.multiply(keep[None, :]).T.tocsr()
        return cls(known, similarity.neighbours(likeness, NEIGHBOURS, 0.0))
