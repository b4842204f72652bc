"""Messages that say much the same, grouped: average-linkage clustering (UPGMA, Sokal and Michener 1958) of the cosines
between their character n-grams, which count the more the fewer messages have them (TF-IDF).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kernel.arrays import Floats
from nlu.ngrams import BUCKETS, ngrams_of
from nlu.normalise import encoder_text

_APART = 0.8
"""One less the mean cosine at which groups are joined no more."""
_MOST_CHARACTERS = 200
"""Of a message that are compared."""


def alike(messages: Sequence[tuple[str, str]]) -> list[list[int]]:
    """Groups of messages, the largest first; within one the most typical message first.

    Args:
        messages: what each answers, and its words. Messages that answer different questions are never put together.

    Returns:
        Places in `messages`, each in one group. Of equally large groups that with the earliest message is first.
    """
    same: dict[tuple[str, str], list[int]] = {}
    for place, (question, text) in enumerate(messages):
        same.setdefault((question, encoder_text(text)[:_MOST_CHARACTERS].strip()), []).append(place)
    by_question: dict[str, list[str]] = {}
    for question, text in same:
        by_question.setdefault(question, []).append(text)
    weights = _weights([text for texts in by_question.values() for text in texts])
    groups = [
        [place for text in group for place in same[question, text]]
        for question, texts in by_question.items()
        for group in _groups(texts, [len(same[question, text]) for text in texts], weights)
    ]
    return sorted(groups, key=lambda group: (-len(group), min(group)))


def _weights(texts: Sequence[str]) -> Floats:
    """What each n-gram counts: more, the fewer texts have it."""
    having = np.zeros(BUCKETS)
    for text in texts:
        having[ngrams_of(text).buckets] += 1
    return np.asarray(np.log((1 + len(texts)) / (1 + having)) + 1.0)


def _groups(texts: Sequence[str], counts: Sequence[int], weights: Floats) -> list[list[str]]:
    """Different texts in groups, the most typical first in each."""
    if len(texts) == 1:
        return [list(texts)]
    import scipy.cluster.hierarchy as clusters

    cosines = _cosines(texts, weights)
    between = np.clip(1.0 - cosines[np.triu_indices(len(texts), 1)], 0.0, 1.0)
    numbers = clusters.fcluster(clusters.linkage(between, "average"), _APART, "distance")
    found = []
    for number in dict.fromkeys(numbers):
        members = np.flatnonzero(numbers == number)
        typical = cosines[np.ix_(members, members)] @ np.asarray(counts, float)[members]
        found.append([texts[place] for place in members[np.argsort(-typical, kind="stable")]])
    return found


def _cosines(texts: Sequence[str], weights: Floats) -> Floats:
    import scipy.sparse as sp

    found = [ngrams_of(text).buckets for text in texts]
    ends = np.cumsum([0, *(len(buckets) for buckets in found)])
    columns = np.concatenate(found)
    rows = sp.csr_array((weights[columns], columns, ends), shape=(len(texts), BUCKETS))
    lengths = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1)).ravel())
    product = (rows @ rows.T).toarray()
    beside = np.where(lengths > 0, lengths, 1.0)
    return np.asarray(product / beside[:, None] / beside[None, :])
