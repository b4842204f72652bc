"""The words of a product's name and of a customer's message, cut alike so that they meet.

Latin text becomes lower-case words without a plural `s`; Chinese text becomes pairs of neighbouring
characters, which finds 蓝牙耳机 in 无线蓝牙耳机 whatever a dictionary would have cut.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

Postings = Mapping[str, tuple[NDArray[np.int32], NDArray[np.float32]]]
"""Word to the products that have it, by index, and its weight in each."""

WEIGHT = 6.0
"""What a product that has all the words of the message gains; more than any other feature moves."""
LEAST = 0.34
"""Products with less of the words (by weight, of the best match) are not taken as matching."""

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


def matching(postings: Postings, texts: Sequence[str], products: int) -> NDArray[np.float64] | None:
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
    found: NDArray[np.float64] = score / best if best > 0 else score
    return found
