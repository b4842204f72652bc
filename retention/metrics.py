"""Measures of rankings and of probabilities, and how sure they are."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kernel.arrays import Bools, Floats
from kernel.intervals import Z95


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean over customers with its 95 % interval."""

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Floats) -> Mean:
        """By the normal approximation, over the values that exist; NaN-free, 0 when there are none."""
        known = values[np.isfinite(values)]
        if not len(known):
            return cls(0.0, 0.0, 0.0)
        half = Z95 * float(known.std(ddof=1)) / np.sqrt(len(known)) if len(known) > 1 else 0.0
        mean = float(known.mean())
        return cls(mean, mean - float(half), mean + float(half))


def ndcg(ranked: Sequence[Any], truth: Collection[Any], k: int) -> float:
    """Normalised discounted cumulative gain of the first `k`.

    A hit at place `p` (from 1) counts `1 / log2(p + 1)`; the sum is divided by the best that could be
    reached. 0 when `truth` is empty.
    """
    best = sum(1 / np.log2(place + 2) for place in range(min(k, len(truth))))
    gained = sum(1 / np.log2(place + 2) for place, one in enumerate(ranked[:k]) if one in truth)
    return float(gained / best) if best else 0.0


def recall(ranked: Sequence[Any], truth: Collection[Any], k: int) -> float:
    """The share of `truth` among the first `k`."""
    return sum(one in truth for one in ranked[:k]) / len(truth) if truth else 0.0


def precision(ranked: Sequence[Any], truth: Collection[Any], k: int) -> float:
    """The share of the first `k` places that hold one of `truth`; empty places count as misses."""
    return sum(one in truth for one in ranked[:k]) / k


def auc(label: Bools, score: Floats) -> float:
    """The chance that a positive scores above a negative, ties counting half; 0.5 if one is absent."""
    positives, negatives = int(label.sum()), int((~label).sum())
    if not positives or not negatives:
        return 0.5
    _, place, counts = np.unique(score, return_inverse=True, return_counts=True)
    mean_rank = np.cumsum(counts) - (counts - 1) / 2
    total = float(mean_rank[place][label].sum())
    return (total - positives * (positives + 1) / 2) / (positives * negatives)


def auc_interval(label: Bools, score: Floats) -> tuple[float, float]:
    """95 % by the placements of each positive among the negatives and the other way round.

    Source: DeLong, DeLong, Clarke-Pearson, "Comparing the areas under two or more correlated receiver
    operating characteristic curves", Biometrics 44, 1988.
    """
    positives, negatives = score[label], score[~label]
    if len(positives) < 2 or len(negatives) < 2:
        return 0.0, 1.0
    above = _shares_below(positives, negatives)
    below = 1 - _shares_below(negatives, positives)
    variance = above.var(ddof=1) / len(positives) + below.var(ddof=1) / len(negatives)
    half = Z95 * float(np.sqrt(variance))
    return max(float(above.mean()) - half, 0.0), min(float(above.mean()) + half, 1.0)


def _shares_below(these: Floats, those: Floats) -> Floats:
    """For each of these, the share of those below it, ties counting half."""
    order = np.sort(those)
    less = np.searchsorted(order, these, side="left")
    no_more = np.searchsorted(order, these, side="right")
    result: Floats = (less + no_more) / (2 * len(those))
    return result


def average_precision(label: Bools, score: Floats) -> float:
    """The precision at each positive, averaged, best scores first; 0 without positives."""
    order = np.argsort(-score, kind="stable")
    hits = label[order]
    if not hits.any():
        return 0.0
    return float((np.cumsum(hits) / np.arange(1, len(hits) + 1))[hits].mean())


def brier(label: Bools, probability: Floats) -> float:
    """Mean squared difference of probability and outcome."""
    return float(np.mean((probability - label) ** 2)) if len(label) else 0.0


def calibration_error(label: Bools, probability: Floats, bins: int = 10) -> float:
    """Expected calibration error over bins of equal count: mean distance of mean probability and share."""
    if not len(label):
        return 0.0
    order = np.argsort(probability, kind="stable")
    parts = [part for part in np.array_split(order, bins) if len(part)]
    gaps = [abs(probability[part].mean() - label[part].mean()) * len(part) for part in parts]
    return float(sum(gaps) / len(label))
