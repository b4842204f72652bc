"""What another policy would have earned, told from the decisions that the one in use has logged.

The log keeps, for each decision, what could have been chosen, with which probability, what was chosen and what came
of it. Where everybody of a product and day is judged by one draw, that product and day is the cluster.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kernel.arrays import Bools, Floats, Ints
from kernel.intervals import Z95
from retention.errors import LogRefused, OutsideSupport

LEAST_EFFECTIVE = 50.0
"""Decisions, as far as they count for the policy; below it its interval isn't to be trusted."""
LEAST_CLUSTERS = 10
_FOLDS = 5
_PRIOR = 20.0
"""Decisions that the mean of an action counts for in the mean of a group with it."""
_SUM = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One logged decision."""

    eligible: tuple[str, ...]
    """What could have been chosen, within the law."""
    probabilities: tuple[float, ...]
    """Of each; they sum to 1."""
    choice: str
    outcome: float
    """What came of it, such as the margin in minor units."""
    cluster: str
    """Decisions that hang together: by one draw, or of one customer."""
    group: str = ""
    """What the outcome depends on besides the choice, such as the tier."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionLog:
    """Decisions as arrays; n decisions, k actions."""

    actions: tuple[str, ...]
    probability: Floats
    """Shape (n, k); 0 for what was not eligible."""
    choice: Ints
    """The action's place, shape (n,)."""
    outcome: Floats
    cluster: Ints
    group: Ints

    @classmethod
    def of(cls, decisions: Sequence[Decision]) -> DecisionLog:
        """Read decisions.

        Raises:
            LogRefused: there are none, or one's probabilities are no distribution over what was eligible, or give
                its choice no chance.
        """
        if not decisions:
            raise LogRefused("there are no logged decisions: a policy can't be judged before one was made")
        actions = tuple(dict.fromkeys(action for one in decisions for action in one.eligible))
        place = {action: number for number, action in enumerate(actions)}
        probability = np.zeros((len(decisions), len(actions)))
        for row, one in enumerate(decisions):
            _check(row, one)
            for action, chance in zip(one.eligible, one.probabilities, strict=True):
                probability[row, place[action]] += chance
        return cls(
            actions=actions,
            probability=probability,
            choice=np.array([place[one.choice] for one in decisions], np.int64),
            outcome=np.array([one.outcome for one in decisions], np.float64),
            cluster=_numbered([one.cluster for one in decisions]),
            group=_numbered([one.group for one in decisions]),
        )

    def always(self, action: str) -> Floats:
        """The policy that takes one action wherever it was logged, else what was logged; shape (n, k)."""
        target = np.zeros_like(self.probability)
        place = self.actions.index(action)
        there = self.probability[:, place] > 0
        target[there, place] = 1.0
        target[~there] = self.probability[~there]
        return target


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A policy's mean outcome a decision, with its 95 % interval."""

    estimator: str
    mean: float
    low: float
    high: float
    effective: float
    """Decisions of the policy's own that would tell as much (Kish): (Σw)²/Σw²."""
    decisions: int
    clusters: int

    @property
    def enough(self) -> bool:
        """Whether the interval can be trusted."""
        return self.effective >= LEAST_EFFECTIVE and self.clusters >= LEAST_CLUSTERS


def inverse_propensity(log: DecisionLog, target: Floats) -> Value:
    """Outcomes weighted by how much more often the policy would have chosen so (IPS): unbiased, wide.

    Args:
        target: the policy's probabilities, shape (n, k).

    Raises:
        OutsideSupport: the policy would choose what had no logged probability.

    Source: Horvitz, Thompson, "A generalization of sampling without replacement", JASA 47, 1952.
    """
    weight = _weights(log, target)
    return _value("ips", log, weight, weight * log.outcome)


def self_normalised(log: DecisionLog, target: Floats) -> Value:
    """As `inverse_propensity`, divided by the mean weight (SNIPS): hardly biased, and steady.

    Source: Swaminathan, Joachims, "The self-normalized estimator for counterfactual learning", NeurIPS 2015.
    """
    weight = _weights(log, target)
    mean = float(np.average(log.outcome, weights=weight)) if weight.any() else 0.0
    scale = float(weight.mean()) or 1.0
    return _value("snips", log, weight, mean + weight * (log.outcome - mean) / scale)


def doubly_robust(log: DecisionLog, target: Floats, expected: Floats | None = None) -> Value:
    """What a model expects of the policy, corrected by its weighted misses: unbiased, and narrow where it is good.

    Args:
        expected: outcomes expected of each action by a model that has not seen the decision, shape (n, k); without
            it, `expected_outcomes`.

    Source: Dudík, Langford, Li, "Doubly robust policy evaluation and learning", ICML 2011.
    """
    weight = _weights(log, target)
    expected = expected_outcomes(log) if expected is None else expected
    rows = np.arange(len(log.choice))
    model = (target * expected).sum(axis=1)
    return _value("dr", log, weight, model + weight * (log.outcome - expected[rows, log.choice]))


def expected_outcomes(log: DecisionLog) -> Floats:
    """The mean outcome of each action in each group, drawn towards that of the action, then of all; shape (n, k).

    Cross-fitted: a decision's numbers come from other clusters.
    """
    size, actions, groups = len(log.choice), len(log.actions), int(log.group.max()) + 1
    expected = np.zeros((size, actions))
    fold = log.cluster % _FOLDS
    for number in range(_FOLDS):
        mine = fold == number
        if not mine.any():
            continue
        choice, group, outcome = log.choice[~mine], log.group[~mine], log.outcome[~mine]
        overall = float(outcome.mean()) if len(outcome) else 0.0
        by_action = _shrunk(choice, outcome, actions, np.full(actions, overall))
        cell = group * actions + choice
        by_cell = _shrunk(cell, outcome, groups * actions, np.tile(by_action, groups))
        expected[mine] = by_cell.reshape(groups, actions)[log.group[mine]]
    return expected


# --- which policy is served -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Promotion:
    """Whether a policy takes the place of the one in use, and why."""

    promoted: bool
    reason: str
    candidate: Value
    in_use: Value


def promote(candidate: Value, in_use: Value) -> Promotion:
    """Promote a policy only if the lower end of its interval lies above the value of the one in use."""
    if not candidate.enough:
        reason = (
            f"too little tells of it: {candidate.effective:.0f} effective decisions in {candidate.clusters} clusters; "
            f"{LEAST_EFFECTIVE:.0f} in {LEAST_CLUSTERS} are needed"
        )
        return Promotion(promoted=False, reason=reason, candidate=candidate, in_use=in_use)
    better = candidate.low > in_use.mean
    reason = (
        f"at least {candidate.low:.4g} a decision, and the one in use brings {in_use.mean:.4g}"
        if better
        else f"it may bring as little as {candidate.low:.4g} a decision, and the one in use brings {in_use.mean:.4g}"
    )
    return Promotion(promoted=better, reason=reason, candidate=candidate, in_use=in_use)


# --- parity -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupMean:
    """What a group was offered, beside all the others."""

    group: str
    offers: int
    mean: float
    low: float
    high: float
    """The 95 % interval of the mean."""
    beside: float
    """The mean less that of the others; 0 where there are none."""
    beside_low: float
    beside_high: float


def parity(groups: Sequence[str], offered: Floats, clusters: Sequence[str]) -> tuple[GroupMean, ...]:
    """Mean offers by group, each beside the others, in the order of their names.

    Args:
        groups: of each offer, such as the customer's language.
        offered: the discount of each, in basis points.
        clusters: offers that hang together, such as those of one customer.
    """
    names, whose = np.array(groups, dtype=str), _numbered(clusters)
    found = []
    for name in np.unique(names).tolist():
        mine = names == name
        mean, half = _mean(offered[mine], whose[mine])
        other, half_of_others = _mean(offered[~mine], whose[~mine])
        beside, width = (
            (mean - other, float(np.hypot(half, half_of_others))) if not mine.all() else (0.0, 0.0)
        )
        found.append(
            GroupMean(
                group=name,
                offers=int(mine.sum()),
                mean=mean,
                low=mean - half,
                high=mean + half,
                beside=beside,
                beside_low=beside - width,
                beside_high=beside + width,
            )
        )
    return tuple(found)


# --- arithmetic -------------------------------------------------------------------------------------------


def _check(row: int, one: Decision) -> None:
    chances = np.array(one.probabilities, np.float64)
    if len(chances) != len(one.eligible) or not len(chances):
        raise LogRefused(f"decision {row} has {len(one.eligible)} actions and {len(chances)} probabilities")
    if not np.isfinite(chances).all() or (chances < 0).any() or abs(chances.sum() - 1) > _SUM:
        raise LogRefused(f"the probabilities of decision {row} sum to {chances.sum():g}, and not to 1")
    if one.choice not in one.eligible or not chances[one.eligible.index(one.choice)] > 0:
        raise LogRefused(f"decision {row} chose {one.choice!r}, which had no probability")


def _weights(log: DecisionLog, target: Floats) -> Floats:
    if target.shape != log.probability.shape:
        raise LogRefused(f"the policy has the shape {target.shape}, the log {log.probability.shape}")
    if not np.allclose(target.sum(axis=1), 1.0, atol=_SUM) or (target < 0).any():
        raise LogRefused("the policy's probabilities don't sum to 1 in each decision")
    outside: Bools = (target > 0) & (log.probability <= 0)
    if outside.any():
        actions = [log.actions[place] for place in np.flatnonzero(outside.any(axis=0)).tolist()]
        raise OutsideSupport(actions, int(outside.any(axis=1).sum()))
    rows = np.arange(len(log.choice))
    result: Floats = target[rows, log.choice] / log.probability[rows, log.choice]
    return result


def _value(estimator: str, log: DecisionLog, weight: Floats, parts: Floats) -> Value:
    mean, half = _mean(parts, log.cluster, weight)
    squares = float((weight**2).sum())
    return Value(
        estimator=estimator,
        mean=mean,
        low=mean - half,
        high=mean + half,
        effective=float(weight.sum()) ** 2 / squares if squares else 0.0,
        decisions=len(weight),
        clusters=len(np.unique(log.cluster)),
    )


def _mean(values: Floats, clusters: Ints, weight: Floats | None = None) -> tuple[float, float]:
    """The mean and half its 95 % interval, whose errors may be alike within a cluster.

    Student's quantile is that of the effective number of clusters: where few of them carry the weight, few tell of
    the spread.

    Sources: Liang, Zeger, "Longitudinal data analysis using generalized linear models", Biometrika 73, 1986; Carter,
    Schnepel, Steigerwald, "Asymptotic behavior of a t-test robust to cluster heterogeneity", 2017.
    """
    if not len(values):
        return 0.0, 0.0
    mean = float(values.mean())
    _, place = np.unique(clusters, return_inverse=True)
    sums = np.bincount(place, weights=values - mean)
    carried = np.bincount(place, weights=weight)
    count = len(sums)
    effective = float(carried.sum()) ** 2 / max(float((carried**2).sum()), 1e-12)
    if count < 2 or effective < 1:
        return mean, float("inf")
    error = float(np.sqrt(count / (count - 1) * (sums**2).sum())) / len(values)
    return mean, _student(max(effective - 1, 1.0)) * error


def _student(degrees: float) -> float:
    """The 97.5 % point of Student's distribution, by Cornish and Fisher: to three digits from 4 degrees on."""
    z = Z95
    first, second = (z**3 + z) / 4, (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / degrees + second / degrees**2 + third / degrees**3


def _shrunk(place: Ints, outcome: Floats, size: int, towards: Floats) -> Floats:
    counts = np.bincount(place, minlength=size)
    sums = np.bincount(place, weights=outcome, minlength=size)
    result: Floats = (sums + _PRIOR * towards) / (counts + _PRIOR)
    return result


def _numbered(names: Sequence[str]) -> Ints:
    """A number for each name, from 0, as they come."""
    known: dict[str, int] = {}
    return np.array([known.setdefault(one, len(known)) for one in names], np.int64)
