"""Measures of rankings and of probabilities."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


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


def auc(label: NDArray[np.bool_], score: NDArray[np.float64]) -> float:
    """The chance that a positive scores above a negative, ties counting half; 0.5 if one is absent."""
    positives, negatives = int(label.sum()), int((~label).sum())
    if not positives or not negatives:
        return 0.5
    _, place, counts = np.unique(score, return_inverse=True, return_counts=True)
    mean_rank = np.cumsum(counts) - (counts - 1) / 2
    total = float(mean_rank[place][label].sum())
    return (total - positives * (positives + 1) / 2) / (positives * negatives)


def average_precision(label: NDArray[np.bool_], score: NDArray[np.float64]) -> float:
    """The precision at each positive, averaged, best scores first; 0 without positives."""
    order = np.argsort(-score, kind="stable")
    hits = label[order]
    if not hits.any():
        return 0.0
    return float((np.cumsum(hits) / np.arange(1, len(hits) + 1))[hits].mean())


def brier(label: NDArray[np.bool_], probability: NDArray[np.float64]) -> float:
    """Mean squared difference of probability and outcome."""
    return float(np.mean((probability - label) ** 2)) if len(label) else 0.0


def calibration_error(label: NDArray[np.bool_], probability: NDArray[np.float64], bins: int = 10) -> float:
    """Expected calibration error over bins of equal count: mean distance of mean probability and share."""
    if not len(label):
        return 0.0
    order = np.argsort(probability, kind="stable")
    parts = [part for part in np.array_split(order, bins) if len(part)]
    gaps = [abs(probability[part].mean() - label[part].mean()) * len(part) for part in parts]
    return float(sum(gaps) / len(label))
