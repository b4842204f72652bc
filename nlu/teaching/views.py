"""What a message looks like to a classifier: the encoder's vectors, and the characters themselves.

Each view has its own logistic regression; `nlu.teaching.classifier` mixes their answers. Characters know the spelling
of a shop's own words, vectors what words mean that no example contains.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from nlu.normalise import readable
from nlu.teaching.deep import Floats

Labels = npt.NDArray[np.str_]

DENSE_STRENGTH = 0.05
"""Inverse of the penalty for standardised vectors."""
INNER = 0.4
"""What the layers below the last count: they know more of the wording, and with few messages mislead more."""
SPARSE_STRENGTH = 20.0
RARE = 3_000
"""With more messages than this, an n-gram must occur twice."""


class View(Protocol):
    """One way of looking at messages."""

    def fit(self, inputs: npt.NDArray[np.generic], labels: Labels) -> None: ...

    def log_probabilities(self, inputs: npt.NDArray[np.generic]) -> Floats: ...


class _Linear:
    """Multinomial logistic regression, kept as plain arrays: one message is answered in microseconds."""

    def __init__(self, features: Floats | sparse.csr_matrix, labels: Labels, strength: float) -> None:
        self.classes, targets = np.unique(labels, return_inverse=True)
        if len(self.classes) == 1:
            self.weight = np.zeros((1, features.shape[1]), np.float32)
            self.bias = np.zeros(1, np.float32)
            return
        with at_most_so_many_steps():
            fitted = LogisticRegression(C=strength, max_iter=100, tol=1e-4).fit(features, targets)
        weight, bias = fitted.coef_, fitted.intercept_
        if len(self.classes) == 2:  # scikit-learn keeps one row for two classes
            weight, bias = np.concatenate([-weight, weight]) / 2, np.concatenate([-bias, bias]) / 2
        self.weight, self.bias = weight.astype(np.float32), bias.astype(np.float32)

    def __call__(self, features: Floats | sparse.csr_matrix) -> Floats:
        logits = features @ self.weight.T + self.bias
        return log_softmax(np.asarray(logits, np.float32))


@contextmanager
def at_most_so_many_steps() -> Iterator[None]:
    """A fit that ends after its most steps bounds the time that somebody waits; it is nothing to warn them of."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield


def log_softmax(logits: Floats) -> Floats:
    """Log probabilities by row."""
    shifted = logits - logits.max(1, keepdims=True)
    result: Floats = shifted - np.log(np.exp(shifted).sum(1, keepdims=True))
    return result


class Meaning:
    """Vectors of the encoder's layers side by side, the last one first, standardised; inputs of shape (texts, d)."""

    def __init__(self, layers: int) -> None:
        self._layers = layers

    def fit(self, inputs: npt.NDArray[np.generic], labels: Labels) -> None:
        """Learn."""
        vectors = inputs.astype(np.float32)
        self._centre, self._spread = vectors.mean(0), vectors.std(0) + 1e-3
        self._spread[vectors.shape[1] // self._layers :] /= INNER
        self._linear = _Linear(self._standard(vectors), labels, DENSE_STRENGTH)

    def log_probabilities(self, inputs: npt.NDArray[np.generic]) -> Floats:
        """Shape (texts, classes), classes in sorted order."""
        return self._linear(self._standard(inputs.astype(np.float32)))

    @property
    def parts(self) -> tuple[Floats, Floats, Floats, Floats]:
        """Centre and spread of the vectors, shape (d,); weight (k, d) and bias (k,) for standardised ones."""
        return self._centre, self._spread, self._linear.weight, self._linear.bias

    def _standard(self, vectors: Floats) -> Floats:
        standard: Floats = (vectors - self._centre) / self._spread
        return standard


class Spelling:
    """Character n-grams within words, 1 to 4 long, weighted by TF-IDF; inputs are texts, shape (texts,)."""

    def fit(self, inputs: npt.NDArray[np.generic], labels: Labels) -> None:
        """Learn."""
        self._ngrams = TfidfVectorizer(
            analyzer="char_wb",
            ngram_range=(1, 4),
            sublinear_tf=True,
            min_df=2 if len(inputs) > RARE else 1,
            dtype=np.float32,
        )
        spelt = _spelt(inputs)
        if any(spelt):
            features = self._ngrams.fit_transform(spelt)
        else:  # of a part that is held back: nothing can be read in what is left, and an empty vocabulary is refused
            features = self._ngrams.set_params(min_df=1).fit(["-"]).transform(spelt)
        self._linear = _Linear(features, labels, SPARSE_STRENGTH)

    def log_probabilities(self, inputs: npt.NDArray[np.generic]) -> Floats:
        """Shape (texts, classes), classes in sorted order."""
        return self._linear(self._ngrams.transform(_spelt(inputs)))


def _spelt(texts: Sequence[object] | npt.NDArray[np.generic]) -> list[str]:
    return [readable(str(text)) for text in texts]
