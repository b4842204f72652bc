"""What the margins of a peer say of messages."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from nlu.teaching.classifier import Answers, outside_score
from nlu.teaching.deep import Floats
from nlu.teaching.labelled import OUTSIDE
from nlu.teaching.views import log_softmax


def answers(labels: tuple[str, ...], margins: Floats) -> Answers:
    """Of margins of shape (n, k), or (n,) for the second of two labels against the first."""
    logits = margins if margins.ndim > 1 else _of_both(margins)
    return Answers(
        labels=labels,
        probabilities=np.exp(log_softmax(logits)),
        out_of_scope=outside_score(logits, _outside(labels)),
    )


def _of_both(margins: Floats) -> Floats:
    """Logits that lie as far apart as the margin says: their softmax is its sigmoid."""
    half = margins / np.float32(2)
    return np.stack([-half, half], axis=1)


@cache  # A message that is timed does not wait for it.
def _outside(labels: tuple[str, ...]) -> npt.NDArray[np.bool_]:
    return np.array([label.lower() in OUTSIDE for label in labels], bool)
