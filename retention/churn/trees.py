"""Boosted trees: fitted by scikit-learn, kept and served as arrays of full binary trees that NumPy walks.

An ONNX graph would give their sum, and not each column's part in it, which the reasons need.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kernel.arrays import Bools, Floats

_CHUNK = 4_096
DEPTH = 3
TREES, RATE = 60, 0.08
LEAST_ROWS = 1_000
LEAST_OF_A_LABEL = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Trees:
    """The sum of trees of equal depth D. Node n has the children 2n + 1 and 2n + 2; all leaves are on level D."""

    feature: NDArray[np.int32]
    """The column that is compared, shape (trees, 2^D - 1)."""
    threshold: Floats
    """Left up to and with it, (trees, 2^D - 1); infinite below a leaf of the fitted tree."""
    value: Floats
    """The mean of the leaves below each node, weighted by their rows, (trees, 2^(D+1) - 1)."""
    base: float
    """Added to the trees' sum."""

    @property
    def depth(self) -> int:
        """Comparisons from the root to a leaf."""
        return int(self.feature.shape[1]).bit_length()

    @property
    def centre(self) -> float:
        """The mean answer over the rows of the fit: what contributions are counted from."""
        return self.base + float(self.value[:, 0].sum())

    def predict(self, rows: Floats) -> Floats:
        """The sum of the trees (log-odds), shape (rows,)."""
        parts = [self._sums(rows[start : start + _CHUNK]) for start in range(0, len(rows), _CHUNK)]
        return self.base + np.concatenate(parts) if parts else np.zeros(0)

    def explain(self, rows: Floats) -> Floats:
        """Each column's part in the sum beside `centre`, shape (rows, columns).

        A comparison's part is the change of the mean on the way down.

        Source: Saabas, "Interpreting random forests", 2014.
        """
        parts = [self._explain(rows[start : start + _CHUNK]) for start in range(0, len(rows), _CHUNK)]
        return np.concatenate(parts) if parts else np.zeros(rows.shape)

    def _sums(self, rows: Floats) -> Floats:
        """The values of the leaves that rows end in, added up, shape (rows,)."""
        count, columns = rows.shape
        trees, inner = self.feature.shape
        flat, feature, threshold = rows.ravel(), self.feature.ravel(), self.threshold.ravel()
        row = np.arange(count)[:, None] * columns
        first = np.arange(trees)[None, :] * inner
        node = np.zeros((count, trees), np.intp)
        for _ in range(self.depth):
            here = first + node
            right = flat.take(row + feature.take(here)) > threshold.take(here)
            node += node
            node += 1
            node += right
        leaf = node + np.arange(trees)[None, :] * self.value.shape[1]
        result: Floats = self.value.ravel().take(leaf).sum(axis=1)
        return result

    def _explain(self, rows: Floats) -> Floats:
        count, columns = rows.shape
        row = np.arange(count)[:, None] * columns
        tree = np.arange(len(self.feature))[None, :]
        node = np.zeros((count, len(self.feature)), np.intp)
        flat = rows.ravel()
        found = np.zeros(count * columns)
        for _ in range(self.depth):
            place = row + self.feature[tree, node]
            below = 2 * node + 1 + (flat[place] > self.threshold[tree, node])
            change = self.value[tree, below] - self.value[tree, node]
            found += np.bincount(place.ravel(), weights=change.ravel(), minlength=count * columns)
            node = below
        return found.reshape(count, columns)


# --- the fit ---------------------------------------------------------------------------------------------


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
    found = _extracted(model)
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


def _extracted(model: Any) -> Trees | None:
    try:
        predictors = [stage[0].nodes for stage in model._predictors]
        base = float(np.ravel(model._baseline_prediction)[0])
        filled = [_full(nodes) for nodes in predictors]
    except (AttributeError, KeyError, IndexError, ValueError):
        return None
    feature, threshold, value = (np.stack(one) for one in zip(*filled, strict=True))
    return Trees(feature=feature, threshold=threshold, value=value, base=base)


def _full(nodes: Any) -> tuple[NDArray[np.int32], Floats, Floats]:
    """One fitted tree as a full one: features, thresholds, and the mean of the leaves below each node, weighted by
    their rows. What stands below a leaf repeats it."""
    inner = 2**DEPTH - 1
    feature, threshold, value = np.zeros(inner, np.int32), np.full(inner, np.inf), np.zeros(2 * inner + 1)

    def fill(place: int, number: int) -> float:
        node = nodes[number]
        value[place] = node["value"]
        if place < inner:
            below = [number, number] if node["is_leaf"] else [int(node["left"]), int(node["right"])]
            means = [fill(2 * place + 1, below[0]), fill(2 * place + 2, below[1])]
            if not node["is_leaf"]:
                feature[place], threshold[place] = node["feature_idx"], node["num_threshold"]
                value[place] = np.average(means, weights=nodes["count"][below])
        return float(value[place])

    fill(0, 0)
    return feature, threshold, value
