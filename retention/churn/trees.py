"""Boosted trees: fitted by scikit-learn, kept and served as arrays of full binary trees that NumPy walks.

An ONNX graph would give their sum, and not each column's part in it, which the reasons need.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kernel.arrays import Bools, Floats, Ints

_CHUNK = 250_000
"""Rows times trees that are walked at once."""
MOST_KINDS = 64
"""Different kinds in a column: a bit each."""
PATIENCE = 30
"""Trees without a gain on the rows that are watched, after which boosting stops."""
LEAST_GAIN = 1e-4
"""In log loss: what counts as one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """How trees are fitted. As it stands here: few and shallow, for a shop's few windows that differ in season."""

    trees: int = 60
    depth: int = 3
    """Comparisons from the root to a leaf, at most."""
    rate: float = 0.08
    """What each tree counts."""
    leaf: int = 60
    """Rows in a leaf, at least."""
    ridge: float = 10.0
    """The penalty on a leaf's squared value."""
    columns: float = 1.0
    """The share of the columns that a comparison is chosen from, drawn anew each time."""
    rows: int = 1_000
    """Without so many there are no trees."""
    of_a_label: int = 100
    """Rows of either label, likewise."""


SHOP = Setting()


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
    missing_right: Bools | None = None
    """Where a missing value (NaN) goes right, (trees, 2^D - 1); nowhere by default."""
    members: NDArray[np.uint64] | None = None
    """The kinds that go left, bit by bit, where the column is one of kinds, and 0 elsewhere, (trees, 2^D - 1)."""

    @property
    def depth(self) -> int:
        """Comparisons from the root to a leaf."""
        return int(self.feature.shape[1]).bit_length()

    @property
    def centre(self) -> float:
        """The mean answer over the rows of the fit: what contributions are counted from."""
        return self.base + float(self.value[:, 0].sum())

    def predict(self, rows: Floats) -> Floats:
        """The sum of the trees (log-odds), shape (rows,).

        Args:
            rows: shape (rows, columns); NaN is what is missing; a column of kinds holds their places.
        """
        parts = [self._sums(one) for one in self._chunks(rows)]
        return self.base + np.concatenate(parts) if parts else np.zeros(0)

    def first(self, trees: int) -> Trees:
        """The sum of the first so many trees."""
        kept = slice(0, trees)
        return replace(
            self,
            feature=self.feature[kept],
            threshold=self.threshold[kept],
            value=self.value[kept],
            missing_right=None if self.missing_right is None else self.missing_right[kept],
            members=None if self.members is None else self.members[kept],
        )

    def explain(self, rows: Floats) -> Floats:
        """Each column's part in the sum beside `centre`, shape (rows, columns).

        A comparison's part is the change of the mean on the way down.

        Source: Saabas, "Interpreting random forests", 2014.
        """
        parts = [self._explain(one) for one in self._chunks(rows)]
        return np.concatenate(parts) if parts else np.zeros(rows.shape)

    def _chunks(self, rows: Floats) -> list[Floats]:
        step = max(_CHUNK // max(len(self.feature), 1), 1)
        return [rows[start : start + step] for start in range(0, len(rows), step)]

    def _right(self, found: Floats, here: Ints) -> Bools:
        """Whether values of columns, NaN where missing, go right at nodes, counted over all trees; shapes alike."""
        right: Bools = found > self.threshold.take(here)
        if self.members is not None:
            members = self.members.take(here)
            kind = np.where(np.isfinite(found) & (members > 0), found, 0).astype(np.uint64)
            right = np.where(members > 0, (members >> kind) & np.uint64(1) == 0, right)
        if self.missing_right is not None:
            right = np.where(np.isnan(found), self.missing_right.take(here), right)
        return right

    def _sums(self, rows: Floats) -> Floats:
        """The values of the leaves that rows end in, added up, shape (rows,)."""
        count, columns = rows.shape
        trees, inner = self.feature.shape
        flat, feature = rows.ravel(), self.feature.ravel()
        row = np.arange(count)[:, None] * columns
        first = np.arange(trees)[None, :] * inner
        node = np.zeros((count, trees), np.intp)
        for _ in range(self.depth):
            here = first + node
            right = self._right(flat.take(row + feature.take(here)), here)
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
        first = tree * self.feature.shape[1]
        node = np.zeros((count, len(self.feature)), np.intp)
        flat = rows.ravel()
        found = np.zeros(count * columns)
        for _ in range(self.depth):
            place = row + self.feature[tree, node]
            below = 2 * node + 1 + self._right(flat[place], first + node)
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
    setting: Setting = SHOP,
    rising: tuple[int, ...] = (),
    kinds: Bools | None = None,
    watched: tuple[Floats, Bools] | None = None,
) -> Trees | None:
    """Boosted trees for the log-odds of `label`; None with too few rows, or none that could be taken out.

    Args:
        rows: shape (rows, columns); NaN is what is missing.
        rising: columns with which the answer may only rise.
        kinds: the columns of kinds, shape (columns,): they hold the kinds' places, below `MOST_KINDS`.
        watched: rows and label; boosting stops when it gains no more on them, and what came after the best is left out.
    """
    if not enough(label, setting):
        return None
    from sklearn.ensemble import HistGradientBoostingClassifier

    direction = np.zeros(rows.shape[1], np.int8)
    direction[list(rising)] = 1
    model: Any = HistGradientBoostingClassifier(
        learning_rate=setting.rate,
        max_iter=setting.trees,
        max_depth=setting.depth,
        max_leaf_nodes=2**setting.depth,
        min_samples_leaf=setting.leaf,
        l2_regularization=setting.ridge,
        max_features=setting.columns,
        early_stopping=watched is not None,
        n_iter_no_change=PATIENCE,
        tol=LEAST_GAIN,
        monotonic_cst=direction,
        categorical_features=kinds,
        random_state=seed,
    )
    if watched is None:
        model.fit(rows, label)
    else:
        model.fit(rows, label, X_val=watched[0], y_val=watched[1])
    found = _extracted(model, kinds)
    sample = rows[:: max(len(rows) // 500, 1)]
    # The trees are private to the library: they are only used while they say what the library says.
    if found is None or not np.allclose(found.predict(sample), model.decision_function(sample), atol=1e-6):
        return None
    return found if watched is None else found.first(max(int(np.argmax(model.validation_score_)), 1))


def enough(label: Bools, setting: Setting = SHOP) -> bool:
    """Whether there are rows of both labels enough for trees."""
    return len(label) >= setting.rows and min(label.sum(), (~label).sum()) >= setting.of_a_label


def lacking(label: Bools, setting: Setting = SHOP) -> str:
    """Why `fit` gave no trees for these labels, for people."""
    if enough(label, setting):
        return "boosting gave trees that could not be taken out of scikit-learn"
    return (
        f"boosting needs {setting.rows} outcomes, {setting.of_a_label} of each; "
        f"there are {len(label)}, {int(label.sum())} of which left"
    )


def _extracted(model: Any, kinds: Bools | None) -> Trees | None:
    try:
        predictors = [stage[0] for stage in model._predictors]
        base = float(np.ravel(model._baseline_prediction)[0])
        depth = max(max(int(one.nodes["depth"].max()) for one in predictors), 1)
        columns, places = _columns(model, kinds)
        filled = [_full(one, depth, columns, places) for one in predictors]
    except (AttributeError, KeyError, IndexError, ValueError, TypeError):
        return None
    feature, threshold, value, right, members = (np.stack(one) for one in zip(*filled, strict=True))
    if kinds is None:
        return Trees(feature=feature, threshold=threshold, value=value, base=base)
    return Trees(
        feature=feature, threshold=threshold, value=value, base=base, missing_right=right, members=members
    )


def _columns(model: Any, kinds: Bools | None) -> tuple[Ints, list[Ints]]:
    """The columns in the order that the library turns them to, those of kinds first, and of each of these the kinds
    that it saw."""
    if kinds is None or not kinds.any():
        return np.arange(model.n_features_in_), []
    order = np.concatenate([np.flatnonzero(kinds), np.flatnonzero(~kinds)])
    seen = model._preprocessor.named_transformers_["encoder"].categories_
    return order, [one[np.isfinite(one)].astype(np.int64) for one in seen]


def _full(predictor: Any, depth: int, columns: Ints, places: list[Ints]) -> tuple[NDArray[Any], ...]:
    """One fitted tree as a full one: features, thresholds, the mean of the leaves below each node, weighted by their
    rows, where what is missing goes right, and kinds that go left. What stands below a leaf repeats it."""
    inner, nodes = 2**depth - 1, predictor.nodes
    feature, threshold, value = np.zeros(inner, np.int32), np.full(inner, np.inf), np.zeros(2 * inner + 1)
    right, members = np.zeros(inner, bool), np.zeros(inner, np.uint64)

    def fill(place: int, number: int) -> float:
        node = nodes[number]
        value[place] = node["value"]
        if place < inner:
            below = [number, number] if node["is_leaf"] else [int(node["left"]), int(node["right"])]
            means = [fill(2 * place + 1, below[0]), fill(2 * place + 2, below[1])]
            if not node["is_leaf"]:
                feature[place], threshold[place] = columns[node["feature_idx"]], node["num_threshold"]
                right[place] = not node["missing_go_to_left"]
                if node["is_categorical"]:
                    words = predictor.raw_left_cat_bitsets[int(node["bitset_idx"])].tolist()
                    members[place] = _members(
                        words, places[int(node["feature_idx"])], missing_left=not right[place]
                    )
                value[place] = np.average(means, weights=nodes["count"][below])
        return float(value[place])

    fill(0, 0)
    return feature, threshold, value, right, members


def _members(words: list[int], places: Ints, *, missing_left: bool) -> int:
    """The kinds that go left as bits. The library numbers those that it saw, and takes others for missing."""
    bits = (1 << MOST_KINDS) - 1 if missing_left else 0
    for number, place in enumerate(places.tolist()):
        goes_left = words[number // 32] >> (number % 32) & 1
        bits = bits | (1 << place) if goes_left else bits & ~(1 << place)
    return bits
