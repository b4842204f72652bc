"""The figures by which classifiers are compared, from plain arrays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]
_Z = 1.96
_BINS = 10


def wilson(right: int, count: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927)."""
    if count == 0:
        return 0.0, 1.0
    share = right / count
    middle = (share + _Z**2 / (2 * count)) / (1 + _Z**2 / count)
    half = _Z * np.sqrt(share * (1 - share) / count + _Z**2 / (4 * count**2)) / (1 + _Z**2 / count)
    return float(middle - half), float(middle + half)


def macro_f1(wanted: Sequence[str], said: Sequence[str]) -> float:
    """Mean over the labels that occur of their F1; 0 without any."""
    hits = Counter(label for label, answer in zip(wanted, said, strict=True) if label == answer)
    there, given = Counter(wanted), Counter(said)
    scores = [2 * hits[label] / (there[label] + given[label]) for label in there]
    return float(np.mean(scores)) if scores else 0.0


def calibration_error(probabilities: Floats, right: npt.NDArray[np.bool_]) -> float:
    """Expected calibration error of the best answer's probability, ten bins (Guo et al. 2017)."""
    bins = np.minimum((probabilities * _BINS).astype(int), _BINS - 1)
    gaps = [
        abs(float(probabilities[bins == number].mean()) - float(right[bins == number].mean()))
        * (bins == number).mean()
        for number in range(_BINS)
        if (bins == number).any()
    ]
    return float(sum(gaps))


def auroc(outside: Floats, inside: Floats) -> float | None:
    """Probability that a message outside the scope has the higher score (Mann and Whitney 1947).

    None where one of the two is empty.
    """
    if not outside.size or not inside.size:
        return None
    ordered = np.sort(inside)
    below = np.searchsorted(ordered, outside, side="left")
    ties = np.searchsorted(ordered, outside, side="right") - below
    return float((below + 0.5 * ties).mean() / inside.size)


def confusions(
    wanted: Sequence[str], said: Sequence[str], most: int = 15
) -> tuple[tuple[str, str, int], ...]:
    """Labelled, said instead, how often; the most frequent first."""
    pairs = Counter(pair for pair in zip(wanted, said, strict=True) if pair[0] != pair[1])
    return tuple((label, answer, count) for (label, answer), count in pairs.most_common(most))


def percentiles(milliseconds: Sequence[float]) -> tuple[float, float, float]:
    """Median, 95th and 99th percentile; zeros without any."""
    if not milliseconds:
        return 0.0, 0.0, 0.0
    middle, late, latest = (float(value) for value in np.percentile(milliseconds, [50, 95, 99]))
    return middle, late, latest
