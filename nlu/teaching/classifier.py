"""A classifier for any labels, learned from a table in seconds: vectors and spelling, mixed and calibrated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from nlu.teaching.deep import Advance, DeepEncoder, Floats
from nlu.teaching.labelled import OUTSIDE
from nlu.teaching.views import Labels, Meaning, Spelling, View, log_softmax

FOLDS = 3
ONE_SPLIT_FROM = 3_000
"""With more messages than this, one part held back says as much about the mixture as all folds do."""
_EVEN = np.array([0.5, 0.5])


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What a classifier says of n messages."""

    labels: tuple[str, ...]
    probabilities: Floats
    """Shape (n, k), calibrated."""
    out_of_scope: Floats
    """Shape (n,); higher is further from everything that was learned."""

    @property
    def best(self) -> list[str]:
        """The likeliest label of each message."""
        return [self.labels[i] for i in self.probabilities.argmax(1)]


class Classifier:
    """Logistic regressions on the encoder's vectors and on character n-grams, mixed in the logarithm.

    The weights of the mixture are fitted on answers about messages that were held back (stacking, Wolpert 1992);
    they scale the logits too, and so calibrate them.
    """

    def __init__(self, encoder: DeepEncoder) -> None:
        self._encoder = encoder

    def fit(
        self,
        texts: Sequence[str],
        labels: Sequence[str],
        *,
        seed: int = 0,
        advance: Advance = lambda _: None,
        vectors: Floats | None = None,
    ) -> Self:
        """Learn from labelled messages.

        Args:
            texts: the messages.
            labels: their labels.
            seed: of the parts that are held back for the mixture.
            advance: told how many messages were encoded.
            vectors: of the messages, where they are known already, shape (texts, d).
        """
        inputs = (
            self._encoder.vectors(texts, advance) if vectors is None else vectors,
            np.array(list(texts), object),
        )
        names = np.array(list(labels))
        self.labels = tuple(str(name) for name in np.unique(names))
        self.mixture = _mixture(inputs, names, self._encoder.layers, seed)
        self.meaning, self.spelling = _fitted(inputs, names, self._encoder.layers)
        self.outside = np.array([label.lower() in OUTSIDE for label in self.labels])
        return self

    def read(self, texts: Sequence[str], vectors: Floats | None = None) -> Answers:
        """What is said of each message."""
        inputs = (
            self._encoder.vectors(texts) if vectors is None else vectors,
            np.array(list(texts), object),
        )
        logits = weighed(_said((self.meaning, self.spelling), inputs), self.mixture)
        return Answers(
            labels=self.labels,
            probabilities=np.exp(log_softmax(logits)),
            out_of_scope=outside_score(logits, self.outside),
        )


def outside_score(logits: Floats, outside: npt.NDArray[np.bool_]) -> Floats:
    """1 − the probability of the likeliest label within the scope."""
    if outside.all():
        return np.ones(len(logits), np.float32)
    probabilities = np.exp(log_softmax(logits))
    score: Floats = (1.0 - probabilities[:, ~outside].max(1)).astype(np.float32)
    return score


def _fitted(
    inputs: tuple[npt.NDArray[np.generic], ...], labels: Labels, layers: int
) -> tuple[Meaning, Spelling]:
    meaning, spelling = Meaning(layers), Spelling()
    meaning.fit(inputs[0], labels)
    spelling.fit(inputs[1], labels)
    return meaning, spelling


def _said(views: tuple[View, ...], inputs: tuple[npt.NDArray[np.generic], ...]) -> list[Floats]:
    return [view.log_probabilities(values) for view, values in zip(views, inputs, strict=True)]


def weighed(parts: Sequence[Floats], weights: npt.NDArray[np.float64]) -> Floats:
    """Log probabilities of several views as one set of logits."""
    logits: Floats = np.einsum("v,vnk->nk", weights.astype(np.float32), np.stack(parts))
    return logits


def folds(labels: Labels, count: int, seed: int) -> npt.NDArray[np.int64]:
    """A part number for each row; each label is spread over the parts as evenly as it goes, shape (rows,)."""
    rng = np.random.default_rng(seed)
    parts = np.zeros(len(labels), np.int64)
    for place, label in enumerate(np.unique(labels)):
        rows = rng.permutation(np.flatnonzero(labels == label))
        parts[rows] = (np.arange(len(rows)) + place) % count
    return parts


def _mixture(
    inputs: tuple[npt.NDArray[np.generic], ...], labels: Labels, layers: int, seed: int
) -> npt.NDArray[np.float64]:
    parts = folds(labels, FOLDS, seed)
    tried = 1 if len(labels) > ONE_SPLIT_FROM else FOLDS
    said: list[list[Floats]] = []
    wanted: list[npt.NDArray[np.int64]] = []
    for part in range(tried):
        learned, held = parts != part, parts == part
        known = np.unique(labels[learned])
        held &= np.isin(labels, known)
        if len(known) < 2 or not held.any():
            continue
        views = _fitted(tuple(values[learned] for values in inputs), labels[learned], layers)
        said.append(_said(views, tuple(values[held] for values in inputs)))
        wanted.append(np.searchsorted(known, labels[held]))
    return _fit_mixture(said, wanted) if said else _EVEN.copy()


def _fit_mixture(
    said: Sequence[Sequence[Floats]], wanted: Sequence[npt.NDArray[np.int64]]
) -> npt.NDArray[np.float64]:
    """Weights of least log loss, a convex function of them; none is negative."""
    count = sum(len(right) for right in wanted)

    def loss(weights: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        total, slope = 0.0, np.zeros_like(weights)
        for parts, right in zip(said, wanted, strict=True):
            logits = log_softmax(weighed(parts, weights))
            rows = np.arange(len(right))
            total -= float(logits[rows, right].sum())
            shares = np.exp(logits)
            slope += [float((shares * part).sum() - part[rows, right].sum()) for part in parts]
        return total / count, slope / count

    found = minimize(loss, 2 * _EVEN, jac=True, bounds=[(0.0, 10.0)] * len(_EVEN), method="L-BFGS-B")
    weights: npt.NDArray[np.float64] = found.x
    return weights
