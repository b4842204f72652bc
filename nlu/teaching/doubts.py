"""Examples that are likely mislabelled: confident learning (Northcutt, Jiang and Chuang 2021)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nlu.teaching.deep import Floats
from nlu.teaching.views import Labels

UNSEEN = 0.9
"""What a label must be likely by that has no examples here to compare with."""
LEAST_LEAD = 2.0
"""A doubt is worth saying when the other label is so many times as likely."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """One example whose label may be wrong."""

    row: int
    """Its place among the examples."""
    likelier: str
    probability: float
    """Of the likelier label, from a model that had not seen the example."""


def doubts(labels: Labels, probabilities: Floats, classes: Sequence[str]) -> list[Doubt]:
    """Examples that another label suits as well as it suits its own examples, the surest first.

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
            found.append(Doubt(row=row, likelier=best, probability=round(sure, 4)))
    return sorted(found, key=lambda doubt: -doubt.probability)
