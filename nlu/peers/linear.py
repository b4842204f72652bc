"""Peers without a transformer: character n-grams with logistic regression, jieba words with a linear SVM."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import jieba
import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from nlu.peers.answering import answers
from nlu.teaching.classifier import Answers
from nlu.teaching.deep import Floats
from nlu.teaching.views import at_most_so_many_steps


class LinearPeer:
    """A linear model on TF-IDF features, with scikit-learn's own settings but for what is said below."""

    def __init__(self, features: TfidfVectorizer, model: Any) -> None:
        self._features, self._model = features, model

    def fit(self, texts: Sequence[str], labels: Sequence[str]) -> Self:
        """Learn."""
        with at_most_so_many_steps():
            self._model.fit(self._features.fit_transform(texts), list(labels))
        self.labels = tuple(str(label) for label in self._model.classes_)
        return self

    def read(self, texts: Sequence[str]) -> Answers:
        """What it says; an SVM's margins pass for logits, since it knows no probabilities."""
        logits: Floats = np.asarray(
            self._model.decision_function(self._features.transform(texts)), np.float32
        )
        return answers(self.labels, logits)


def characters() -> LinearPeer:
    """Character n-grams, 1 to 4 long, within words; logistic regression with C = 10."""
    features = TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 4), sublinear_tf=True, min_df=2)
    return LinearPeer(features, LogisticRegression(C=10, max_iter=300))


def words() -> LinearPeer:
    """Words and pairs of words as jieba cuts them; linear SVM with C = 1."""
    features = TfidfVectorizer(tokenizer=_cut, token_pattern=None, ngram_range=(1, 2), sublinear_tf=True)
    return LinearPeer(features, LinearSVC())


def _cut(text: str) -> list[str]:
    return [word for word in jieba.cut(text) if not word.isspace()]
