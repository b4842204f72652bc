"""Search by words: which products have the words of a customer's message, and which products have alike words.

Latin text becomes lower-case words without a plural `s`; Chinese text becomes pairs of neighbouring
characters, which finds 蓝牙耳机 in 无线蓝牙耳机 whatever a dictionary would have cut.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from kernel.arrays import Floats, Floats32
from retention.recommenders.similarity import Table, neighbours

if TYPE_CHECKING:
    from retention.recommenders.interactions import Interactions

Postings = Mapping[str, tuple[NDArray[np.int32], Floats32]]
"""Word to the products that have it, by index, and its weight in each."""

WEIGHT = 6.0
"""What a product that has all the words of the message gains; more than any other feature moves."""
LEAST = 0.34
"""Products with less of the words (by weight, of the best match) are not taken as matching."""
NEIGHBOURS = 50
COMMON_WORD, COMMON_WORD_MOST = 0.2, 2_000
"""A word that a larger share of products has, or more of them, says nothing about likeness: in a large shop it only
makes for so many pairs that the fit takes minutes."""

_RUNS = re.compile(r"[a-zà-öø-ÿ0-9]+|[\u3400-\u9fff]+")


def tokens(text: str) -> list[str]:
    """The words of a text in their order, repeated ones included."""
    found: list[str] = []
    for run in _RUNS.findall(unicodedata.normalize("NFKC", text).lower()):
        if run[0] >= "\u3400":
            found += [run[start : start + 2] for start in range(max(len(run) - 1, 1))]
        elif len(run) > 1 and not run.isdigit():
            found.append(run[:-1] if len(run) > 3 and run.endswith("s") and not run.endswith("ss") else run)
    return found


def matching(postings: Postings, texts: Sequence[str], products: int) -> Floats | None:
    """How much of the asked words' weight each product has, relative to the best; None where nothing is asked.

    Args:
        postings: of the products.
        texts: what the customer wrote, whole or in words.
        products: how many there are.

    Returns:
        Shape (products,), 0 to 1.
    """
    asked = {token for text in texts for token in tokens(text)}
    if not asked:
        return None
    score = np.zeros(products)
    # In one order, whatever the hashes of strings are today: sums of fractions depend on it.
    for word in sorted(asked & postings.keys()):
        places, weights = postings[word]
        score[places] += weights
    best = score.max(initial=0.0)
    found: Floats = score / best if best > 0 else score
    return found


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Which product has which words, those of its category among them (itself one, where it has none: `12`)."""

    names: tuple[str, ...]
    matrix: Any
    """Sparse, products by words; 1 where a product has a word."""
    rarity: Floats32
    """Of each word: the log of how few products have it; shape (words,)."""

    @classmethod
    def of(cls, interactions: Interactions) -> Self:
        """From the texts and categories of all products."""
        import scipy.sparse as sp

        texts = interactions.texts
        of_category = [tokens(name) or [f"category:{name}"] for name in interactions.category_names]
        vocabulary: dict[str, int] = {}
        rows, columns = [], []
        for row, (text, category) in enumerate(zip(texts, interactions.category.tolist(), strict=True)):
            own = of_category[category] if category >= 0 else []
            for word in sorted({*tokens(text), *own}):
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

    def similar_products(self) -> Table:
        """The products with the most similar words, by the cosine of their TF-IDF."""
        count = self.matrix.shape[0]
        with_word = np.asarray(self.matrix.sum(axis=0)).ravel()
        telling = with_word <= min(COMMON_WORD * count, COMMON_WORD_MOST)
        keep = self.rarity * (telling | (count < 20))
        return neighbours(self.matrix.multiply(keep[None, :]).T.tocsr(), NEIGHBOURS, 0.0)
