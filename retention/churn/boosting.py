"""Fits gradient boosting with scikit-learn and takes the trees out as arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from retention.churn.trees import Trees

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

DEPTH = 3
TREES, RATE = 60, 0.08
LEAST_ROWS = 1_000
LEAST_OF_A_LABEL = 100


def fit(
    rows: Floats,
    label: Bools,
    *,
    seed: int,
    rising: tuple[int, ...] = (),
    trees: int = TREES,
    rate: float = RATE,
) -> Trees | None:
    """Boosted trees for the log-odds of `label`; None with too few rows, or none that could be taken out.

    Args:
        rows: finite, shape (rows, columns).
        rising: columns with which the answer may only rise.
        trees: how many, each of which counts by `rate`.
    """
    if not enough(label):
        return None
    from sklearn.ensemble import HistGradientBoostingClassifier

    direction = np.zeros(rows.shape[1], np.int8)
    direction[list(rising)] = 1
    model: Any = HistGradientBoostingClassifier(
        learning_rate=rate,
        max_iter=trees,
        max_depth=DEPTH,
        min_samples_leaf=60,
        l2_regularization=10.0,
        early_stopping=False,
        monotonic_cst=direction,
        random_state=seed,
    )
    model.fit(rows, label)
    found = _taken_out(model)
    sample = rows[:: max(len(rows) // 500, 1)]
    # The trees are private to the library: they are only used while they say what the library says.
    if found is None or not np.allclose(found.predict(sample), model.decision_function(sample), atol=1e-6):
        return None
    return found


def enough(label: Bools) -> bool:
    """Whether there are rows of both labels enough for trees."""
    return len(label) >= LEAST_ROWS and min(label.sum(), (~label).sum()) >= LEAST_OF_A_LABEL


def lacking(label: Bools) -> str:
    """Why `fit` gave no trees for these labels, for people."""
    if enough(label):
        return "boosting gave trees that could not be taken out of scikit-learn"
    return (
        f"boosting needs {LEAST_ROWS} outcomes, {LEAST_OF_A_LABEL} of each; "
        f"there are {len(label)}, {int(label.sum())} of which left"
    )


def _taken_out(model: Any) -> Trees | None:
    try:
        predictors = [stage[0].nodes for stage in model._predictors]
        base = float(np.ravel(model._baseline_prediction)[0])
        filled = [_full(nodes) for nodes in predictors]
    except (AttributeError, KeyError, IndexError, ValueError):
        return None
    feature, threshold, value = (np.stack(one) for one in zip(*filled, strict=True))
    return Trees(feature=feature, threshold=threshold, value=value, base=base)


def _full(nodes: Any) -> tuple[NDArray[np.int32], Floats, Floats]:
    """One fitted tree as a full one; what stands below a leaf repeats it."""
    inner = 2**DEPTH - 1
    feature = np.zeros(inner, np.int32)
    threshold = np.full(inner, np.inf)
    value = np.zeros(2 * inner + 1)
    means = _means(nodes)
    places = {0: 0}
    for place in range(2 * inner + 1):
        node = nodes[places[place]]
        value[place] = means[places[place]]
        if place >= inner:
            continue
        left, right = 2 * place + 1, 2 * place + 2
        if node["is_leaf"]:
            places[left] = places[right] = places[place]
        else:
            feature[place], threshold[place] = node["feature_idx"], node["num_threshold"]
            places[left], places[right] = int(node["left"]), int(node["right"])
    return feature, threshold, value


def _means(nodes: Any) -> Floats:
    """The mean of the leaves below each node, weighted by their rows. Children stand after their parents."""
    means = np.zeros(len(nodes))
    for place in range(len(nodes) - 1, -1, -1):
        node = nodes[place]
        if node["is_leaf"]:
            means[place] = node["value"]
            continue
        below = [int(node["left"]), int(node["right"])]
        means[place] = np.average(means[below], weights=nodes["count"][below])
    return means
