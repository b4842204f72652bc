"""Boosted trees as they are served: arrays of full binary trees, walked with NumPy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_CHUNK = 4_096


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

    def explain(self, rows: Floats) -> tuple[Floats, Floats]:
        """The sum, shape (rows,), and each column's part in it beside `centre`, (rows, columns).

        A comparison's part is the change of the mean on the way down.

        Source: Saabas, "Interpreting random forests", 2014.
        """
        parts = [self._explain(rows[start : start + _CHUNK]) for start in range(0, len(rows), _CHUNK)]
        contributions = np.concatenate(parts) if parts else np.zeros(rows.shape)
        return self.predict(rows), contributions

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


def saved(trees: Trees) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """The trees as JSON-able facts and arrays; `restored` is the way back."""
    arrays: dict[str, NDArray[Any]] = {
        "feature": trees.feature,
        "threshold": trees.threshold,
        "value": trees.value,
    }
    return {"base": trees.base}, arrays


def restored(facts: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Trees:
    """The trees from their saved form."""
    return Trees(
        feature=arrays["feature"],
        threshold=arrays["threshold"],
        value=arrays["value"],
        base=float(facts["base"]),
    )
