"""Fitting what character n-grams say for each intent: one logistic regression an intent, by averaged SGD."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import scipy.sparse
from scipy.optimize import minimize
from sklearn.linear_model import SGDClassifier

from nlu.heads import Floats
from nlu.intents import INTENTS, SENTIMENTS
from nlu.normalise import readable
from nlu.spelling import BUCKETS, spell
from nlu.training.augment import augment
from nlu.training.data import Example

PENALTY = 2e-6
FEELING_PENALTY = 1e-5
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
    wanted = [INTENTS.index((example.intents or ("",))[0]) for example in rows]
    return _fit(rows, wanted, len(INTENTS), PENALTY, seed)


def fit_feelings(examples: Sequence[Example], seed: int) -> tuple[Floats, Floats]:
    """Weight of shape (BUCKETS, 3) and bias of shape (3,), for the feelings in their order."""
    felt = [example for example in examples if example.sentiment]
    wanted = [SENTIMENTS.index(str(example.sentiment)) for example in felt]
    return _fit(felt, wanted, len(SENTIMENTS), FEELING_PENALTY, seed)


def _fit(
    rows: Sequence[Example], wanted: Sequence[int], classes: int, penalty: float, seed: int
) -> tuple[Floats, Floats]:
    model = SGDClassifier(
        loss="log_loss", alpha=penalty, max_iter=PASSES, tol=None, average=True, random_state=seed
    )
    model.fit(
        features([example.text for example in rows]),
        np.array(wanted),
        sample_weight=[example.weight for example in rows],
    )
    weight, bias = np.zeros((BUCKETS, classes), np.float32), np.zeros(classes, np.float32)
    weight[:, model.classes_] = model.coef_.T
    bias[model.classes_] = model.intercept_
    return weight, bias


def quantised(weight: Floats) -> tuple[np.ndarray[tuple[int, int], np.dtype[np.int8]], Floats]:
    """The weights in 8 bits, and the scale of each column."""
    scale = np.maximum(np.abs(weight).max(0), 1e-6) / 127
    return np.round(weight / scale).astype(np.int8), scale.astype(np.float32)


def say_of_spelling(meant: Floats, spelt: Floats, wanted: Sequence[int], sets: Sequence[str]) -> np.float32:
    """How much the n-grams' logits should count where the vector's count 1, both of shape (messages, classes).

    It makes the wanted classes likeliest; no set of messages counts more for being larger.
    """
    each = np.array([1.0 / sets.count(name) for name in sets])
    rows = np.arange(len(wanted))

    def loss(weights: npt.NDArray[np.float64]) -> float:
        logits = weights[0] * meant + weights[1] * spelt
        return float((each * (np.logaddexp.reduce(logits, axis=1) - logits[rows, wanted])).sum())

    meaning, spelling = minimize(loss, np.array([1.0, 0.5]), bounds=[(0.1, 5.0), (0.0, 5.0)]).x
    return np.float32(spelling / meaning)
