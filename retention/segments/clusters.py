"""Clusters of behaviour by k-means: how many is chosen and shown, and they stay the same from night to night.

Sources: Rousseeuw, "Silhouettes", 1987; Hubert, Arabie, "Comparing partitions", 1985 (the adjusted Rand
index); Kuhn, "The Hungarian method", 1955.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retention.features.derived import NAMES as DERIVED
from retention.features.derived import derive

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FEATURES = (
    "recency",
    "frequency",
    "money",
    "gap",
    "gap_variation",
    "units",
    "categories",
    "returns",
    "discounts",
)
"""Of `features.derived`; what never varies in a shop is left out."""
CHOICES = range(3, 9)
LEAST_CUSTOMERS = 100
MOST_CUSTOMERS = 20_000
SILHOUETTE_SAMPLE = 2_000
FARTHEST = 3.0
"""Standard deviations at which a feature stops to count for more."""
STABILITY_DRAWS = 4
WORTH_A_WORD = 0.5
"""Standard deviations from everybody's mean that make a feature part of a cluster's description."""

_PLACES = [DERIVED.index(one) for one in FEATURES]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """How good one number of clusters is."""

    k: int
    silhouette: float
    """-1 to 1: how much nearer customers are to their own cluster than to the next."""
    stability: float
    """The mean adjusted Rand index of clusterings of random halves: 1 is always the same, 0 is chance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clusters:
    """Centres in standardised features. A cluster is known by its place, from one night to the next."""

    centres: Floats
    """Shape (k, FEATURES)."""
    means: Floats
    scales: Floats
    """Infinite for a feature that does not vary."""
    usual_gap: float
    choices: tuple[Choice, ...] = ()
    agreement: float | None = None
    """The adjusted Rand index of last night's clusters and these on tonight's customers; None on the first."""

    def assign(self, table: Ints) -> Ints:
        """The cluster of each customer, 0 to k - 1, from raw features of shape (customers, raw.NAMES)."""
        return _nearest(self.standard(table), self.centres)

    def standard(self, table: Ints) -> Floats:
        """Standardised features, shape (customers, FEATURES)."""
        return _standard(derive(table, self.usual_gap)[:, _PLACES], self.means, self.scales)

    def describe(self, cluster: int) -> tuple[tuple[str, float], ...]:
        """What sets a cluster apart: features and standard deviations from everybody's mean, strongest first."""
        centre = self.centres[cluster]
        order = np.argsort(-np.abs(centre), kind="stable").tolist()
        return tuple((FEATURES[one], float(centre[one])) for one in order if abs(centre[one]) >= WORTH_A_WORD)


def fit(
    table: Ints, *, usual_gap: float, seed: int, previous: Clusters | None = None, k: int | None = None
) -> Clusters | None:
    """Choose k and cluster; None with too few customers.

    With last night's clusters, k and the measure of the features are kept, the centres start from the old
    ones, and the new are matched to them, so that a cluster keeps its place and its meaning.

    Args:
        table: raw features of customers who have bought.
        previous: of the night before.
        k: instead of choosing.
    """
    if len(table) < LEAST_CUSTOMERS:
        return None
    draw = np.random.default_rng(seed)
    sample = table
    if len(table) > MOST_CUSTOMERS:
        sample = table[np.sort(draw.choice(len(table), MOST_CUSTOMERS, replace=False))]
    if previous is not None and (k is None or k == len(previous.centres)):
        return _again(sample, previous, seed)
    features = derive(sample, usual_gap)[:, _PLACES]
    means, spread = features.mean(axis=0), features.std(axis=0)
    scales = np.where(spread > 1e-9, spread, np.inf)
    rows = _standard(features, means, scales)
    choices = tuple(_judge(rows, one, seed) for one in (CHOICES if k is None else (k,)))
    best = max(choices, key=lambda one: (one.silhouette + one.stability, -one.k))
    centres = _largest_first(rows, _kmeans(rows, best.k, seed))
    return Clusters(centres=centres, means=means, scales=scales, usual_gap=usual_gap, choices=choices)


def adjusted_rand(one: Ints, other: Ints) -> float:
    """How alike two clusterings of the same customers are: 1 when equal but for names, about 0 by chance."""
    from sklearn.metrics import adjusted_rand_score

    return float(adjusted_rand_score(one, other))


def matched(centres: Floats, previous: Floats) -> Floats:
    """The centres in the order in which they lie nearest to the previous ones, one to one."""
    from scipy.optimize import linear_sum_assignment

    distance = ((previous[:, None, :] - centres[None, :, :]) ** 2).sum(axis=2)
    _, order = linear_sum_assignment(distance)
    result: Floats = centres[order]
    return result


def _again(table: Ints, previous: Clusters, seed: int) -> Clusters:
    rows = previous.standard(table)
    centres = matched(_kmeans(rows, len(previous.centres), seed, start=previous.centres), previous.centres)
    agreement = adjusted_rand(_nearest(rows, previous.centres), _nearest(rows, centres))
    return Clusters(
        centres=centres,
        means=previous.means,
        scales=previous.scales,
        usual_gap=previous.usual_gap,
        choices=previous.choices,
        agreement=agreement,
    )


def _judge(rows: Floats, k: int, seed: int) -> Choice:
    """Silhouette on a sample; stability as the agreement of two halves' clusterings on the other customers."""
    from sklearn.metrics import silhouette_score

    draw = np.random.default_rng([seed, k])
    place = draw.choice(len(rows), min(SILHOUETTE_SAMPLE, len(rows)), replace=False)
    own = _nearest(rows[place], _kmeans(rows, k, seed))
    silhouette = float(silhouette_score(rows[place], own)) if len(np.unique(own)) > 1 else -1.0
    agreements = []
    for number in range(STABILITY_DRAWS):
        order = draw.permutation(len(rows))
        halves = (rows[order[::2]], rows[order[1::2]])
        first, second = (_nearest(rows[place], _kmeans(half, k, seed + number)) for half in halves)
        agreements.append(adjusted_rand(first, second))
    return Choice(k=k, silhouette=silhouette, stability=float(np.mean(agreements)))


def _kmeans(rows: Floats, k: int, seed: int, start: Floats | None = None) -> Floats:
    from sklearn.cluster import KMeans

    begin = {"init": start, "n_init": 1} if start is not None else {"init": "k-means++", "n_init": 4}
    centres: Floats = KMeans(k, random_state=seed % 2**32, **begin).fit(rows).cluster_centers_
    return centres


def _largest_first(rows: Floats, centres: Floats) -> Floats:
    sizes = np.bincount(_nearest(rows, centres), minlength=len(centres))
    result: Floats = centres[np.argsort(-sizes, kind="stable")]
    return result


def _nearest(rows: Floats, centres: Floats) -> Ints:
    distance = (centres**2).sum(axis=1)[None, :] - 2 * rows @ centres.T
    found: Ints = np.argmin(distance, axis=1).astype(np.int64)
    return found


def _standard(features: Floats, means: Floats, scales: Floats) -> Floats:
    return np.clip((features - means) / scales, -FARTHEST, FARTHEST)


def saved(clusters: Clusters) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """The clusters as JSON-able facts and arrays; `restored` is the way back."""
    facts = {
        "features": list(FEATURES),
        "usual_gap": clusters.usual_gap,
        "agreement": clusters.agreement,
        "choices": [[one.k, one.silhouette, one.stability] for one in clusters.choices],
    }
    return facts, {"centres": clusters.centres, "means": clusters.means, "scales": clusters.scales}


def restored(facts: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Clusters:
    """The clusters from their saved form.

    Raises:
        ValueError: they were saved with other features than this program computes.
    """
    if tuple(facts["features"]) != FEATURES:
        raise ValueError("the clusters were fitted on other features")
    return Clusters(
        centres=arrays["centres"],
        means=arrays["means"],
        scales=arrays["scales"],
        usual_gap=facts["usual_gap"],
        choices=tuple(Choice(k=k, silhouette=one, stability=two) for k, one, two in facts["choices"]),
        agreement=facts["agreement"],
    )
