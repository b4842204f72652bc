"""Have the customers changed since a model was fitted? Features and scores, then and now.

The measure is the population stability index over the tenths of then, `Σ_b (q_b - p_b) · ln(q_b / p_b)`.
Two samples of one population differ by chance alone about as χ²·(1/n + 1/m); what lies within is not called a
shift, however small the shop.

Where a shop refits every night, the version in use is a day old, and what moves slowly hardly moves in a day: a
`Drift` therefore holds the distance from an older version, too.

Source: Yurdakul and Naranjo, "Statistical properties of the population stability index", 2020.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kernel.arrays import Floats, Ints
from kernel.times import DAY
from retention.churn.model import ChurnModel
from retention.features import derived
from retention.features.raw import NAMES as RAW

SCORE = "score"
"""The churn probability's name beside those of the features."""
BEST = "recommendation"
"""The name of the score that the recommender gives a customer's first product, repeats allowed."""
BINS = 10
SHIFTED, DRIFTED = 0.1, 0.25
"""Where an index is worth a look, and where the model was fitted on other customers than these."""
CHANCE = 0.05
"""Of calling anything shifted when nothing has changed, over all names together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """How features and scores were spread over the customers who still bought, at the time of the fit."""

    customers: int
    edges: Mapping[str, tuple[float, ...]]
    """Between the bins; a value on an edge is in the lower one."""
    counts: Mapping[str, tuple[int, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """One feature, or the score, then and now."""

    name: str
    index: float
    """Population stability index, 0 for no change."""
    by_chance: float
    """What it stays below where nothing has changed."""

    @property
    def level(self) -> str:
        """`steady`, `shifted` or `drifted`."""
        if self.index <= max(self.by_chance, SHIFTED):
            return "steady"
        return "drifted" if self.index > DRIFTED else "shifted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """What has moved since a version was fitted, the most first."""

    version: str
    customers_then: int
    customers_now: int
    shifts: tuple[Shift, ...]
    older: Drift | None = None
    """The same since a version from some weeks before; None where none is kept."""

    @property
    def drifted(self) -> tuple[Shift, ...]:
        """Where the customers of the fit, or of the older one, are no guide to those of now; each name once."""
        mine = tuple(one for one in self.shifts if one.level == "drifted")
        names = {one.name for one in mine}
        slow = self.older.drifted if self.older is not None else ()
        return (*mine, *(one for one in slow if one.name not in names))


def reference(model: ChurnModel, table: Ints, best: Floats | None = None) -> Reference:
    """The spread at the time of the fit.

    Args:
        table: raw features of everybody who had bought, shape (customers, raw.NAMES).
        best: the recommender's scores, see `BEST`, shape (customers asked,); those customers may be others.
    """
    columns = _columns(model, table, best)
    edges = {name: _edges(values) for name, values in columns.items()}
    counts = {name: _counts(values, edges[name]) for name, values in columns.items()}
    return Reference(customers=len(_active(model, table)), edges=edges, counts=counts)


def since(
    then: Reference,
    version: str,
    model: ChurnModel,
    table: Ints,
    best: Floats | None = None,
    older: Drift | None = None,
) -> Drift:
    """What has moved since `then`.

    Args:
        then: from the fit of `version`.
        model: of that version.
        table: raw features of everybody who has bought by now, shape (customers, raw.NAMES).
        best: scores of now by that version's recommender, shape (customers asked,); None leaves them out.
        older: what has moved since a version before it.
    """
    now = _columns(model, table, best)
    active = len(_active(model, table))
    names = [name for name in then.counts if name in now] if active and then.customers else []
    shifts = [_shift(name, then, now[name], CHANCE / len(names)) for name in names]
    return Drift(
        version=version,
        customers_then=then.customers,
        customers_now=active,
        shifts=tuple(sorted(shifts, key=lambda one: (-one.index, one.name))),
        older=older,
    )


def _shift(name: str, then: Reference, now: Floats, chance: float) -> Shift:
    counts = then.counts[name]
    return Shift(
        name=name,
        index=stability_index(counts, _counts(now, then.edges[name])),
        by_chance=by_chance(len(counts), sum(counts), len(now), chance),
    )


def stability_index(then: Sequence[int], now: Sequence[int]) -> float:
    """The population stability index of two counts over the same bins, each with half a customer more."""
    p, q = np.asarray(then, float) + 0.5, np.asarray(now, float) + 0.5
    p, q = p / p.sum(), q / q.sum()
    return float(((q - p) * np.log(q / p)).sum())


def by_chance(bins: int, then: int, now: int, chance: float) -> float:
    """What the index exceeds with this chance when both samples come from one population."""
    from scipy.stats import chi2

    if bins < 2 or not then or not now:
        return 0.0
    return float(chi2.ppf(1 - chance, bins - 1) * (1 / then + 1 / now))


def from_facts(facts: Mapping[str, Any]) -> Reference:
    """A reference from its fields as JSON."""
    return Reference(
        customers=facts["customers"],
        edges={name: tuple(one) for name, one in facts["edges"].items()},
        counts={name: tuple(one) for name, one in facts["counts"].items()},
    )


def _active(model: ChurnModel, table: Ints) -> Ints:
    """Who bought within two horizons: the long-gone only ever grow older."""
    rows = table[table[:, RAW.index("purchase_days")] > 0]
    return rows[rows[:, RAW.index("recency")] <= 2 * model.horizon_days * DAY]


def _columns(model: ChurnModel, table: Ints, best: Floats | None) -> dict[str, Floats]:
    active = _active(model, table)
    features = derived.derive(active, model.usual_gap)
    columns = {name: features[:, place] for place, name in enumerate(derived.NAMES)}
    if model.fitted:
        columns[SCORE] = model.probabilities(active)
    if best is not None and len(best):
        columns[BEST] = best
    return columns


def _edges(values: Floats) -> tuple[float, ...]:
    if not len(values):
        return ()
    inner = np.quantile(values, np.arange(1, BINS) / BINS, method="lower")
    return tuple(np.unique(inner).tolist())


def _counts(values: Floats, edges: Sequence[float]) -> tuple[int, ...]:
    places = np.searchsorted(np.asarray(edges, float), values, side="left")
    return tuple(np.bincount(places, minlength=len(edges) + 1).tolist())
