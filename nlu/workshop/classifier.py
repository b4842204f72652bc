"""A classifier for any labels, learned from a table in seconds, and the labels that it doubts.

It mixes the answers of two logistic regressions. One reads the encoder's vectors, which know what words mean that no
example contains; the other reads character n-grams, which know the spelling of a shop's own words.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Self, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.optimize import minimize
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from kernel.arrays import Bools, Floats, Floats32, Ints
from nlu.normalise import encoder_text
from nlu.workshop.labelled import OUTSIDE
from nlu.workshop.layered_encoder import LayeredEncoder

Labels: TypeAlias = npt.NDArray[np.str_]

DENSE_STRENGTH = 0.05
"""Inverse of the penalty for standardised vectors."""
INNER = 0.4
"""What the layers below the last count: they know more of the wording, and with few messages mislead more."""
SPARSE_STRENGTH = 20.0
RARE = 3_000
"""With more messages than this, an n-gram must occur twice."""
FOLDS = 3
ONE_SPLIT_FROM = 3_000
"""With more messages than this, one part held back says as much about the mixture as all folds do."""
_EVEN = np.array([0.5, 0.5])
UNSEEN = 0.9
"""What a label must be likely by that has no examples here to compare with."""
LEAST_LEAD = 2.0
"""A doubt is worth saying when the other label is so many times as likely."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Predictions:
    """What a classifier says of n messages."""

    labels: tuple[str, ...]
    probabilities: Floats32
    """Shape (n, k), calibrated."""
    out_of_scope: Floats32
    """Shape (n,); higher is further from everything that was learned."""

    @property
    def best(self) -> list[str]:
        """The likeliest label of each message."""
        return [self.labels[i] for i in self.probabilities.argmax(1)]


Predict: TypeAlias = Callable[[Sequence[str]], Predictions]
"""Any classifier: texts in, predictions out."""


class Classifier:
    """Logistic regressions on the encoder's vectors and on character n-grams, mixed in the logarithm.

    The weights of the mixture are fitted on answers about messages that were held back (stacking, Wolpert 1992);
    they scale the logits too, and so calibrate them.
    """

    def __init__(self, encoder: LayeredEncoder) -> None:
        self._encoder = encoder

    def fit(
        self,
        texts: Sequence[str],
        labels: Sequence[str],
        *,
        seed: int = 0,
        advance: Callable[[float], None] = lambda _: None,
    ) -> Self:
        """Learn from labelled messages.

        Args:
            texts: the messages.
            labels: their labels.
            seed: of the parts that are held back for the mixture.
            advance: called with the share of the messages that is encoded.
        """
        vectors, names = self._encoder.vectors(texts, advance), np.array(labels)
        ngrams = np.array(texts, object)
        self.labels = tuple(str(name) for name in np.unique(names))
        self.mixture = _mixture(vectors, ngrams, names, self._encoder.layers, seed)
        self.by_vector = VectorModel(vectors, names, self._encoder.layers)
        self.by_ngrams = NgramModel(texts, names)
        return self

    def predict(self, texts: Sequence[str]) -> Predictions:
        """What is said of each message."""
        said = [
            self.by_vector.log_probabilities(self._encoder.vectors(texts)),
            self.by_ngrams.log_probabilities(texts),
        ]
        return predictions(self.labels, weighed(said, self.mixture))


def predictions(labels: tuple[str, ...], logits: Floats32) -> Predictions:
    """Of logits of shape (n, k), or of margins of shape (n,) for the second of two labels against the first.

    A message is as far out of scope as the likeliest label within it is unlikely.
    """
    if logits.ndim == 1:  # as far apart as the margin says: their softmax is its sigmoid
        logits = np.stack([-logits / 2, logits / 2], axis=1)
    probabilities = np.exp(log_softmax(logits))
    inside = probabilities[:, _within_scope(labels)].max(1, initial=0.0)
    return Predictions(
        labels=labels, probabilities=probabilities, out_of_scope=(1.0 - inside).astype(np.float32)
    )


@cache  # A message that is timed does not wait for it.
def _within_scope(labels: tuple[str, ...]) -> Bools:
    return np.array([label.lower() not in OUTSIDE for label in labels], bool)


class _Linear:
    """Multinomial logistic regression, kept as plain arrays: one message is answered in microseconds."""

    def __init__(self, features: Floats32 | sparse.csr_matrix, labels: Labels, strength: float) -> None:
        classes, targets = np.unique(labels, return_inverse=True)
        if len(classes) == 1:
            self.weight = np.zeros((1, features.shape[1]), np.float32)
            self.bias = np.zeros(1, np.float32)
            return
        with at_most_so_many_steps():
            fitted = LogisticRegression(C=strength, max_iter=100, tol=1e-4).fit(features, targets)
        weight, bias = fitted.coef_, fitted.intercept_
        if len(classes) == 2:  # scikit-learn keeps one row for two classes
            weight, bias = np.concatenate([-weight, weight]) / 2, np.concatenate([-bias, bias]) / 2
        self.weight, self.bias = weight.astype(np.float32), bias.astype(np.float32)

    def __call__(self, features: Floats32 | sparse.csr_matrix) -> Floats32:
        return log_softmax(np.asarray(features @ self.weight.T + self.bias, np.float32))


@contextmanager
def at_most_so_many_steps() -> Iterator[None]:
    """A fit that ends after its most steps bounds the time that somebody waits; it is nothing to warn them of."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield


def log_softmax(logits: Floats32) -> Floats32:
    """Log probabilities by row."""
    shifted = logits - logits.max(1, keepdims=True)
    result: Floats32 = shifted - np.log(np.exp(shifted).sum(1, keepdims=True))
    return result


class VectorModel:
    """Logistic regression on the vectors of the encoder's layers side by side, the last one first, standardised."""

    def __init__(self, vectors: Floats32, labels: Labels, layers: int) -> None:
        """Fit to vectors of shape (texts, layers · d)."""
        self.centre, self.spread = vectors.mean(0), vectors.std(0) + 1e-3
        self.spread[vectors.shape[1] // layers :] /= INNER
        self.linear = _Linear((vectors - self.centre) / self.spread, labels, DENSE_STRENGTH)

    def log_probabilities(self, vectors: Floats32) -> Floats32:
        """Shape (texts, classes), classes in sorted order."""
        return self.linear((vectors - self.centre) / self.spread)


class NgramModel:
    """Logistic regression on character n-grams within words, 1 to 4 long, weighted by TF-IDF."""

    def __init__(self, texts: Sequence[str], labels: Labels) -> None:
        """Fit."""
        self._ngrams = TfidfVectorizer(
            analyzer="char_wb",
            ngram_range=(1, 4),
            sublinear_tf=True,
            min_df=2 if len(texts) > RARE else 1,
            dtype=np.float32,
        )
        shown = [encoder_text(text) for text in texts]
        if any(shown):
            features = self._ngrams.fit_transform(shown)
        else:  # of a part that is held back: nothing can be read in what is left, and an empty vocabulary is refused
            features = self._ngrams.set_params(min_df=1).fit(["-"]).transform(shown)
        self._linear = _Linear(features, labels, SPARSE_STRENGTH)

    def log_probabilities(self, texts: Sequence[str]) -> Floats32:
        """Shape (texts, classes), classes in sorted order."""
        return self._linear(self._ngrams.transform([encoder_text(text) for text in texts]))


def weighed(parts: Sequence[Floats32], weights: Floats) -> Floats32:
    """Log probabilities of several models as one set of logits."""
    logits: Floats32 = np.einsum("v,vnk->nk", weights.astype(np.float32), np.stack(parts))
    return logits


def folds(labels: Labels, count: int, seed: int) -> Ints:
    """A part number for each row; each label is spread over the parts as evenly as it goes, shape (rows,)."""
    rng = np.random.default_rng(seed)
    parts = np.zeros(len(labels), np.int64)
    for place, label in enumerate(np.unique(labels)):
        rows = rng.permutation(np.flatnonzero(labels == label))
        parts[rows] = (np.arange(len(rows)) + place) % count
    return parts


def _mixture(
    vectors: Floats32, texts: npt.NDArray[np.object_], labels: Labels, layers: int, seed: int
) -> Floats:
    parts = folds(labels, FOLDS, seed)
    said: list[list[Floats32]] = []
    wanted: list[Ints] = []
    for part in range(1 if len(labels) > ONE_SPLIT_FROM else FOLDS):
        learned, held = parts != part, parts == part
        known = np.unique(labels[learned])
        held &= np.isin(labels, known)
        if len(known) < 2 or not held.any():
            continue
        by_vector = VectorModel(vectors[learned], labels[learned], layers)
        by_ngrams = NgramModel(list(texts[learned]), labels[learned])
        said.append(
            [by_vector.log_probabilities(vectors[held]), by_ngrams.log_probabilities(list(texts[held]))]
        )
        wanted.append(np.searchsorted(known, labels[held]))
    return _fit_mixture(said, wanted) if said else _EVEN.copy()


def _fit_mixture(said: Sequence[Sequence[Floats32]], wanted: Sequence[Ints]) -> Floats:
    """Weights of least log loss, a convex function of them; none is negative."""
    count = sum(len(right) for right in wanted)

    def loss(weights: Floats) -> tuple[float, Floats]:
        total, slope = 0.0, np.zeros_like(weights)
        for parts, right in zip(said, wanted, strict=True):
            logits = log_softmax(weighed(parts, weights))
            rows = np.arange(len(right))
            total -= float(logits[rows, right].sum())
            shares = np.exp(logits)
            slope += [float((shares * part).sum() - part[rows, right].sum()) for part in parts]
        return total / count, slope / count

    found = minimize(loss, 2 * _EVEN, jac=True, bounds=[(0.0, 10.0)] * len(_EVEN), method="L-BFGS-B")
    weights: Floats = found.x
    return weights


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelDoubt:
    """One example whose label may be wrong."""

    row: int
    """Its place among the examples."""
    likelier: str
    probability: float
    """Of the likelier label, from a model that had not seen the example."""


def label_doubts(labels: Labels, probabilities: Floats32, classes: Sequence[str]) -> list[LabelDoubt]:
    """Examples that another label suits as well as it suits its own examples, the surest first.

    Source: confident learning (Northcutt, Jiang and Chuang 2021).

    Args:
        labels: of n examples.
        probabilities: out of fold, shape (n, k).
        classes: the k labels.
    """
    names = list(classes)
    own = np.array([probabilities[i, names.index(str(label))] for i, label in enumerate(labels)])
    usual = {name: float(own[labels == name].mean()) for name in set(labels.tolist())}
    found = []
    for row, label in enumerate(labels.tolist()):
        best = names[int(probabilities[row].argmax())]
        sure = float(probabilities[row].max())
        if best != label and sure >= usual.get(best, UNSEEN) and sure >= LEAST_LEAD * float(own[row]):
            found.append(LabelDoubt(row=row, likelier=best, probability=round(sure, 4)))
    return sorted(found, key=lambda doubt: -doubt.probability)
