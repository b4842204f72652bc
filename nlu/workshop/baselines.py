"""Baselines without a transformer: character n-grams with logistic regression, jieba words with a linear SVM."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import jieba
import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from nlu.workshop.classifier import Predictions, at_most_so_many_steps, predictions

VERSION = "3"
"""Raised when a baseline's recipe or what is measured changes, so that nothing older is read back."""


class LinearBaseline:
    """A linear model on TF-IDF features, with scikit-learn's own settings but for what is said below."""

    def __init__(self, features: TfidfVectorizer, model: Any) -> None:
        self._features, self._model = features, model

    def fit(self, texts: Sequence[str], labels: Sequence[str]) -> Self:
        """Learn."""
        with at_most_so_many_steps():
            self._model.fit(self._features.fit_transform(texts), list(labels))
        self.labels = tuple(str(label) for label in self._model.classes_)
        return self

    def predict(self, texts: Sequence[str]) -> Predictions:
        """What it says; an SVM's margins pass for logits, since it knows no probabilities."""
        logits = self._model.decision_function(self._features.transform(texts))
        return predictions(self.labels, np.asarray(logits, np.float32))


def characters() -> LinearBaseline:
    """Character n-grams, 1 to 4 long, within words; logistic regression with C = 10."""
    features = TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 4), sublinear_tf=True, min_df=2)
    return LinearBaseline(features, LogisticRegression(C=10, max_iter=300))


def words() -> LinearBaseline:
    """Words and pairs of words as jieba cuts them; linear SVM with C = 1."""
    features = TfidfVectorizer(tokenizer=_cut, token_pattern=None, ngram_range=(1, 2), sublinear_tf=True)
    return LinearBaseline(features, LinearSVC())


def _cut(text: str) -> list[str]:
    return [word for word in jieba.cut(text) if not word.isspace()]
