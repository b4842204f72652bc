"""Clusters of behaviour by k-means: how many is chosen and shown, and they stay the same from night to night.

Sources: Rousseeuw, "Silhouettes", 1987; Hubert, Arabie, "Comparing partitions", 1985 (the adjusted Rand
index); Kuhn, "The Hungarian method", 1955.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kernel.arrays import Floats, Ints
from retention.features.derived import NAMES as DERIVED
from retention.features.derived import derive

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
CLEARLY = 0.1
"""In silhouette and stability together: less is no ground to leave last night's number of clusters."""
WORTH_A_WORD = 0.5
"""Standard deviations from everybody's mean that make a feature part of a cluster's description."""

_FACTS = ("usual_gap", "next_number", "silhouette", "agreement")
_ARRAYS = ("centres", "numbers", "means", "scales")
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
    """Centres in standardised features. A cluster is known by its number, from one night to the next."""

    centres: Floats
    """Shape (k, FEATURES)."""
    numbers: Ints
    """What each cluster is called, shape (k,), ascending. From 0 on, until the number of clusters changes: then those
    that are still there keep theirs, and no number is ever given to another cluster."""
    next_number: int
    """The first that no cluster has had."""
    means: Floats
    scales: Floats
    """Infinite for a feature that does not vary."""
    usual_gap: float
    silhouette: float = -1.0
    """Of these clusters, on a sample of the customers; see `Choice`."""
    choices: tuple[Choice, ...] = ()
    """Every number of clusters that was tried, as it did tonight."""
    agreement: float | None = None
    """The adjusted Rand index of last night's clusters and these on tonight's customers; None on the first."""

    @property
    def k(self) -> int:
        """How many there are."""
        return len(self.centres)

    def assign(self, table: Ints) -> Ints:
        """The number of each customer's cluster, from raw features of shape (customers, raw.NAMES)."""
        found: Ints = self.numbers[_nearest(self.standard(table), self.centres)]
        return found

    def standard(self, table: Ints) -> Floats:
        """Standardised features, shape (customers, FEATURES)."""
        return _standard(derive(table, self.usual_gap)[:, _PLACES], self.means, self.scales)

    def describe(self, cluster: int) -> tuple[tuple[str, float], ...]:
        """What sets a cluster apart: features and standard deviations from everybody's mean, strongest first.

        Args:
            cluster: its number.
        """
        centre = self.centres[self.numbers.tolist().index(cluster)]
        order = np.argsort(-np.abs(centre), kind="stable").tolist()
        return tuple((FEATURES[one], float(centre[one])) for one in order if abs(centre[one]) >= WORTH_A_WORD)

    def apart(self, cluster: int) -> str:
        """`frequency +1.5, gap -0.9`; empty for a cluster that nothing sets apart."""
        return ", ".join(f"{name} {by:+.1f}" for name, by in self.describe(cluster))

    def in_words(self, cluster: int) -> str:
        """`apart`, or `like everybody`."""
        return self.apart(cluster) or "like everybody"


def fit(
    table: Ints, *, usual_gap: float, seed: int, previous: Clusters | None = None, k: int | None = None
) -> Clusters | None:
    """Choose k and cluster; None with too few customers, or with fewer different ones than clusters.

    With last night's clusters, their number is kept unless another is clearly better, the centres start from the old
    ones, and the new are matched to them, so that a cluster keeps its number and its meaning.

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
    features = derive(sample, usual_gap)[:, _PLACES]
    means, spread = features.mean(axis=0), features.std(axis=0)
    scales = np.where(spread > 1e-9, spread, np.inf)
    rows = _standard(features, means, scales)
    different = len(np.unique(rows, axis=0))
    possible = [one for one in (CHOICES if k is None else (k,)) if one <= different]
    if not possible:
        return None
    choices = tuple(_judge(rows, one, seed) for one in possible)
    wanted = _chosen(choices, None if previous is None else previous.k)
    old = None if previous is None else _moved(previous, means, scales)
    if old is not None and wanted == len(old):
        centres = _kmeans(rows, wanted, seed, start=old)
    else:
        centres = _largest_first(rows, _kmeans(rows, wanted, seed))
    numbers, following = np.arange(wanted, dtype=np.int64), wanted
    agreement = None
    if previous is not None and old is not None:
        centres, numbers, following = named(centres, old, previous)
        before = _nearest(previous.standard(sample), previous.centres)
        agreement = adjusted_rand(before, _nearest(rows, centres))
    return Clusters(
        centres=centres,
        numbers=numbers,
        next_number=following,
        means=means,
        scales=scales,
        usual_gap=usual_gap,
        silhouette=_silhouette(rows[_sampled(rows, np.random.default_rng([seed, wanted]))], centres),
        choices=choices,
        agreement=agreement,
    )


def adjusted_rand(one: Ints, other: Ints) -> float:
    """How alike two clusterings of the same customers are: 1 when equal but for names, about 0 by chance."""
    from sklearn.metrics import adjusted_rand_score

    return float(adjusted_rand_score(one, other))


def _chosen(choices: tuple[Choice, ...], kept: int | None) -> int:
    """The number of clusters that does best, or the one kept while that is hardly better."""
    scores = {one.k: one.silhouette + one.stability for one in choices}
    best = max(scores, key=lambda one: (scores[one], -one))
    if kept in scores and scores[best] < scores[kept] + CLEARLY:
        return kept
    return best


def _moved(previous: Clusters, means: Floats, scales: Floats) -> Floats:
    """Last night's centres in tonight's measure of the features."""
    varied = np.isfinite(previous.scales)
    raw = previous.means + np.where(varied, previous.centres * np.where(varied, previous.scales, 1.0), 0.0)
    return _standard(raw, means, scales)


def named(centres: Floats, old: Floats, previous: Clusters) -> tuple[Floats, Ints, int]:
    """The centres in the order of their numbers, the numbers, and the first that is free.

    One to one, those that lie nearest to a centre of last night have its number; the others have new ones.
    """
    from scipy.optimize import linear_sum_assignment
    from scipy.spatial.distance import cdist

    theirs, mine = linear_sum_assignment(cdist(old, centres, "sqeuclidean"))
    numbers = np.full(len(centres), -1, np.int64)
    numbers[mine] = previous.numbers[theirs]
    fresh = np.flatnonzero(numbers < 0)
    numbers[fresh] = previous.next_number + np.arange(len(fresh))
    order = np.argsort(numbers)
    return centres[order], numbers[order], previous.next_number + len(fresh)


def _judge(rows: Floats, k: int, seed: int) -> Choice:
    """Silhouette on a sample; stability as the agreement of two halves' clusterings on the other customers."""
    draw = np.random.default_rng([seed, k])
    place = _sampled(rows, draw)
    silhouette = _silhouette(rows[place], _kmeans(rows, k, seed))
    agreements = []
    for number in range(STABILITY_DRAWS):
        order = draw.permutation(len(rows))
        halves = (rows[order[::2]], rows[order[1::2]])
        first, second = (_nearest(rows[place], _kmeans(half, k, seed + number)) for half in halves)
        agreements.append(adjusted_rand(first, second))
    return Choice(k=k, silhouette=silhouette, stability=float(np.mean(agreements)))


def _sampled(rows: Floats, draw: np.random.Generator) -> Ints:
    place: Ints = draw.choice(len(rows), min(SILHOUETTE_SAMPLE, len(rows)), replace=False)
    return place


def _silhouette(rows: Floats, centres: Floats) -> float:
    from sklearn.metrics import silhouette_score

    own = _nearest(rows, centres)
    return float(silhouette_score(rows, own)) if len(np.unique(own)) > 1 else -1.0


def _kmeans(rows: Floats, k: int, seed: int, start: Floats | None = None) -> Floats:
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning

    begin = {"init": start, "n_init": 1} if start is not None else {"init": "k-means++", "n_init": 4}
    with warnings.catch_warnings():
        # A half may hold fewer different customers than clusters; its centres then coincide, which says enough.
        warnings.simplefilter("ignore", ConvergenceWarning)
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
    facts: dict[str, Any] = {name: getattr(clusters, name) for name in _FACTS}
    facts["features"] = list(FEATURES)
    facts["choices"] = [[one.k, one.silhouette, one.stability] for one in clusters.choices]
    return facts, {name: getattr(clusters, name) for name in _ARRAYS}


def restored(facts: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Clusters:
    """The clusters from their saved form.

    Raises:
        ValueError: they were saved with other features than this program computes.
    """
    if tuple(facts["features"]) != FEATURES:
        raise ValueError("the clusters were fitted on other features")
    own: dict[str, Any] = {name: facts[name] for name in _FACTS} | {name: arrays[name] for name in _ARRAYS}
    choices = tuple(Choice(k=k, silhouette=one, stability=two) for k, one, two in facts["choices"])
    return Clusters(**own, choices=choices)
