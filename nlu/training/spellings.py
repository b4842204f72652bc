"""Fitting what character n-grams say for each intent: one logistic regression an intent, by averaged SGD."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
import scipy.sparse
from sklearn.linear_model import SGDClassifier

from nlu.heads import Floats
from nlu.intents import INTENTS
from nlu.spelling import BUCKETS, spell
from nlu.training.augment import augment
from nlu.training.batches import readable
from nlu.training.data import Example

PENALTY = 2e-6
PASSES = 10


def features(texts: Sequence[str]) -> scipy.sparse.csr_matrix:
    """Rows of n-gram values, shape (texts, BUCKETS)."""
    columns: list[int] = []
    values: list[float] = []
    starts = [0]
    for text in texts:
        spelt = spell(readable(text))
        columns += spelt.buckets.tolist()
        values += [spelt.value] * len(spelt.buckets)
        starts.append(len(columns))
    return scipy.sparse.csr_matrix(
        (np.array(values, np.float32), columns, starts), shape=(len(texts), BUCKETS)
    )


def fit_spelling(examples: Sequence[Example], seed: int) -> tuple[Floats, Floats]:
    """Weight of shape (BUCKETS, k) and bias of shape (k,), for the intents in their order.

    Our own messages are read twice, once as they stand and once written another way.
    """
    rng = random.Random(seed)
    labelled = [example for example in examples if example.intents]
    ours = [example for example in labelled if example.source.startswith("corpus/")]
    rows = [*labelled, *(augment(example, rng) for example in ours)]
    wanted = np.array([INTENTS.index((example.intents or ("",))[0]) for example in rows])
    model = SGDClassifier(
        loss="log_loss", alpha=PENALTY, max_iter=PASSES, tol=None, average=True, random_state=seed
    )
    model.fit(
        features([example.text for example in rows]),
        wanted,
        sample_weight=[example.weight for example in rows],
    )
    weight, bias = np.zeros((BUCKETS, len(INTENTS)), np.float32), np.zeros(len(INTENTS), np.float32)
    weight[:, model.classes_] = model.coef_.T
    bias[model.classes_] = model.intercept_
    return weight, bias


def quantised(weight: Floats) -> tuple[np.ndarray[tuple[int, int], np.dtype[np.int8]], Floats]:
    """The weights in 8 bits, and the scale of each intent."""
    scale = np.maximum(np.abs(weight).max(0), 1e-6) / 127
    return np.round(weight / scale).astype(np.int8), scale.astype(np.float32)
