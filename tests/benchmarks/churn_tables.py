"""Simulated tables of customers with a label: 18 columns of a shop, some values missing, 17 % of the customers left.

What decides differs by kind: `steps` (sharp steps and interactions), `duplicates` (the same, nearly half of the rows
being others once more with a little changed), `regions` (sixty boxes in up to four columns), `smooth` (curves and
products), `linear`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retention import metrics
from retention.churn import contract

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Table = dict[str, list[str | None]]

KINDS = ("steps", "duplicates", "regions", "smooth", "linear")
CHURN = 0.17
DISTINCT = 0.55
"""Of the rows of `duplicates`."""
TRIES = 5
_LIGHTGBM: Mapping[str, list[float | int]] = {
    "learning_rate": [0.03, 0.06, 0.1],
    "num_leaves": [4, 8, 16, 31, 63],
    "min_data_in_leaf": [3, 10, 20, 50],
    "feature_fraction": [0.4, 0.7, 1.0],
    "lambda_l2": [0.0, 1.0, 10.0],
}
_GAPPY = ("tenure", "distance", "hours", "rise", "coupons", "orders", "days_since_order")


@dataclass(frozen=True)
class Customers:
    """Columns of numbers and of kinds, shape (rows,) each."""

    numbers: dict[str, Floats]
    kinds: dict[str, NDArray[np.str_]]

    @property
    def standard(self) -> Floats:
        """The numbers per standard deviation, shape (rows, columns)."""
        found = np.stack(list(self.numbers.values()), axis=1)
        return np.asarray((found - found.mean(axis=0)) / found.std(axis=0), np.float64)


def simulated(kind: str, rows: int, seed: int) -> tuple[Table, Bools]:
    """A table without its label, and who left, shape (rows,)."""
    draw = np.random.default_rng(seed)
    distinct = round(rows * DISTINCT) if kind == "duplicates" else rows
    customers = _customers(draw, distinct)
    left = draw.random(distinct) < _chance(_SCORES[kind](customers, draw))
    for name in _GAPPY:
        customers.numbers[name][draw.random(distinct) < 0.05] = np.nan
    customers.numbers["days_since_order"][left & (draw.random(distinct) < 0.12)] = np.nan
    order = draw.permutation(rows)
    again = np.concatenate([np.arange(distinct), draw.integers(0, distinct, rows - distinct)])[order]
    numbers = {name: values[again] for name, values in customers.numbers.items()}
    copied = order >= distinct
    for name, spread in (("cashback", 1.0), ("distance", 0.4)):
        numbers[name] = np.where(
            copied, np.round(numbers[name] + draw.normal(0, spread, rows), 1), numbers[name]
        )
    table: Table = {name: [_text(one) for one in values.tolist()] for name, values in numbers.items()}
    table |= {name: [str(one) for one in values[again]] for name, values in customers.kinds.items()}
    return table, left[again]


def _customers(draw: np.random.Generator, rows: int) -> Customers:
    tenure = np.minimum(np.floor(draw.gamma(1.1, 9, rows)), 60)
    tenure = np.where(draw.random(rows) < 0.15, draw.integers(0, 2, rows), tenure)
    category = draw.choice(
        ["laptop", "phone", "fashion", "grocery", "other"], rows, p=[0.36, 0.37, 0.15, 0.07, 0.05]
    )
    numbers: Mapping[str, Floats | NDArray[np.int64]] = {
        "tenure": tenure,
        "city_tier": draw.choice([1, 2, 3], rows, p=[0.65, 0.05, 0.30]),
        "distance": np.clip(np.round(draw.gamma(3.5, 4.5, rows)), 5, 130),
        "hours": draw.choice([1, 2, 3, 4], rows, p=[0.1, 0.4, 0.45, 0.05]),
        "devices": draw.choice([1, 2, 3, 4, 5, 6], rows, p=[0.05, 0.1, 0.45, 0.28, 0.1, 0.02]),
        "satisfaction": draw.integers(1, 6, rows),
        "addresses": np.clip(np.round(draw.gamma(1.6, 2.6, rows)), 1, 22),
        "complaint": (draw.random(rows) < 0.285).astype(np.float64),
        "rise": draw.integers(11, 27, rows),
        "coupons": np.clip(np.round(draw.exponential(1.5, rows)), 0, 16),
        "orders": np.clip(1 + np.round(draw.exponential(2, rows)), 1, 16),
        "days_since_order": np.clip(np.round(draw.gamma(1.5, 3, rows)), 0, 40),
        "cashback": np.round(110 + 5 * np.minimum(tenure, 20) + draw.gamma(4, 12, rows), 1),
    }
    kinds = {
        "category": category,
        "marital": draw.choice(["married", "single", "divorced"], rows, p=[0.53, 0.32, 0.15]),
        "pays": draw.choice(
            ["debit", "credit", "wallet", "cash", "transfer"], rows, p=[0.41, 0.31, 0.11, 0.1, 0.07]
        ),
        "login": draw.choice(["phone", "computer"], rows, p=[0.7, 0.3]),
        "gender": draw.choice(["male", "female"], rows, p=[0.6, 0.4]),
    }
    return Customers({name: np.asarray(one, np.float64) for name, one in numbers.items()}, kinds)


def _steps(customers: Customers, draw: np.random.Generator) -> Floats:
    del draw
    n, k = customers.numbers, customers.kinds
    new, single, far = n["tenure"] < 2, k["marital"] == "single", n["distance"] > 20
    score = 2.6 * new - 1.0 * (n["tenure"] > 15) - 0.9 * (n["tenure"] > 22)
    score += n["complaint"] * (1.1 + 1.4 * (n["tenure"] < 12)) + 0.9 * single * (1 + (n["devices"] > 4))
    score += 0.8 * ((k["category"] == "phone") & (n["tenure"] < 6)) + 0.9 * (
        (k["category"] == "fashion") & (n["cashback"] < 160)
    )
    score += 1.2 * (far & (n["city_tier"] == 3)) + 0.25 * (n["satisfaction"] - 3) * (1 + n["complaint"])
    score += 0.8 * ((n["addresses"] > 6) & (n["tenure"] < 10)) - 0.9 * (
        (n["days_since_order"] > 6) & (n["orders"] > 2)
    )
    score += (np.isin(k["pays"], ["cash", "wallet"])) & (n["city_tier"] != 1)
    score += 1.2 * ((n["cashback"] > 150) & (n["cashback"] < 170) & (n["days_since_order"] < 3))
    return np.asarray(1.9 * (score - 1.3 * ((n["rise"] > 18) & (n["coupons"] > 2))), np.float64)


def _regions(customers: Customers, draw: np.random.Generator) -> Floats:
    standard = customers.standard
    score = 2.0 * (customers.numbers["tenure"] < 3)
    for _ in range(60):
        inside = np.ones(len(score), bool)
        for column in draw.choice(standard.shape[1], draw.integers(2, 5), replace=False):
            inside &= (standard[:, column] > draw.normal(0, 0.7)) == (draw.random() < 0.5)
        score = score + draw.normal(0, 2.0) * inside
    return np.asarray(score, np.float64)


def _smooth(customers: Customers, draw: np.random.Generator) -> Floats:
    del draw
    s, single = customers.standard, customers.kinds["marital"] == "single"
    score = (
        1.2 * np.sin(1.5 * s[:, 0]) + 0.8 * s[:, 12] * s[:, 11] + 0.5 * s[:, 2] ** 2 - 0.6 * np.abs(s[:, 8])
    )
    return np.asarray(
        score + 0.7 * s[:, 5] * (2 * customers.numbers["complaint"] - 1) + 0.6 * single, np.float64
    )


def _linear(customers: Customers, draw: np.random.Generator) -> Floats:
    standard = customers.standard
    weights = draw.normal(0, 0.35, standard.shape[1])
    return np.asarray(standard @ weights + 0.7 * (customers.kinds["marital"] == "single"), np.float64)


_SCORES: Mapping[str, Callable[[Customers, np.random.Generator], Floats]] = {
    "steps": _steps,
    "duplicates": _steps,
    "regions": _regions,
    "smooth": _smooth,
    "linear": _linear,
}


def _chance(score: Floats) -> Floats:
    """With the level at which `CHURN` of the customers leave."""
    low, high = -30.0, 30.0
    for _ in range(50):
        middle = (low + high) / 2
        share = float((1 / (1 + np.exp(-(score + middle)))).mean())
        low, high = (middle, high) if share < CHURN else (low, middle)
    return np.asarray(1 / (1 + np.exp(-(score + low))), np.float64)


def _text(value: float) -> str | None:
    return None if np.isnan(value) else f"{value:g}"


# --- beside other tools -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Judged:
    """How one tool did on the rows that were held out."""

    name: str
    chance: Floats
    note: str = ""


def beside_peers(kind: str, rows: int, learned: int, seed: int) -> list[list[str]]:
    """Rows of a table: ours, scikit-learn's boosting with its defaults and, where it is installed, a tuned LightGBM."""
    table, left = simulated(kind, rows, seed)
    learn = {name: values[:learned] for name, values in table.items()}
    held = {name: values[learned:] for name, values in table.items()}
    label: Table = {"left": ["yes" if one else "no" for one in left[:learned]]}
    fitted = contract.fit({**learn, **label}, "left", seed=seed)
    note = next((one.removeprefix("by cross-validation: ") for one in fitted.notes if "cross-val" in one), "")
    ours = Judged("liuke", fitted.model.probabilities(held, rows - learned), note)
    matrix, kinds = as_numbers(table)
    peers = [_boosting(matrix, kinds, left, learned), _lightgbm(matrix, kinds, left, learned, seed)]
    return [
        [
            kind,
            one.name,
            f"{metrics.auc(left[learned:], one.chance):.4f}",
            "–" if one is ours else _difference(left[learned:], ours.chance, one.chance),
            f"{metrics.average_precision(left[learned:], one.chance):.3f}",
            f"{metrics.calibration_error(left[learned:], one.chance):.3f}",
            one.note,
        ]
        for one in (ours, *peers)
        if one is not None
    ]


def as_numbers(table: Table) -> tuple[Floats, list[int]]:
    """The table as other tools take it: numbers with NaN, kinds as places, and which columns are of kinds."""
    columns, kinds = [], []
    for place, values in enumerate(table.values()):
        try:
            columns.append(np.array([np.nan if one is None else float(one) for one in values]))
        except ValueError:
            columns.append(np.unique(np.array(values, str), return_inverse=True)[1].astype(np.float64))
            kinds.append(place)
    return np.stack(columns, axis=1), kinds


def _boosting(matrix: Floats, kinds: list[int], left: Bools, learned: int) -> Judged:
    from sklearn.ensemble import HistGradientBoostingClassifier

    model: Any = HistGradientBoostingClassifier(categorical_features=kinds, random_state=0)
    model.fit(matrix[:learned], left[:learned])
    return Judged("HistGradientBoosting, defaults", model.predict_proba(matrix[learned:])[:, 1])


def _lightgbm(matrix: Floats, kinds: list[int], left: Bools, learned: int, seed: int) -> Judged | None:
    """The best of `TRIES` settings drawn by chance, by three folds with early stopping."""
    try:
        import lightgbm
    except ImportError:
        return None
    draw = np.random.default_rng(seed)
    fold = draw.integers(0, 3, learned)
    best: tuple[float, dict[str, Any], int] | None = None
    for _ in range(TRIES):
        setting = {name: draw.choice(values).item() for name, values in _LIGHTGBM.items()}
        given = {**setting, "objective": "binary", "verbose": -1, "num_threads": 1, "seed": 1}
        seen, counts = np.zeros(learned), []
        for one in range(3):
            mine = fold == one
            data = lightgbm.Dataset(matrix[:learned][~mine], left[:learned][~mine], categorical_feature=kinds)
            check = lightgbm.Dataset(matrix[:learned][mine], left[:learned][mine], reference=data)
            stop = lightgbm.early_stopping(30, verbose=False)
            model = lightgbm.train(given, data, 800, valid_sets=[check], callbacks=[stop])
            seen[mine] = model.predict(matrix[:learned][mine])
            counts.append(model.best_iteration)
        chance = np.clip(seen, 1e-6, 1 - 1e-6)
        loss = float(-np.log(np.where(left[:learned], chance, 1 - chance)).mean())
        if best is None or loss < best[0]:
            best = loss, given, round(float(np.mean(counts)))
    assert best is not None
    whole = lightgbm.Dataset(matrix[:learned], left[:learned], categorical_feature=kinds)
    found = lightgbm.train(best[1], whole, best[2])
    note = f"{best[2]} trees of {best[1]['num_leaves']} leaves"
    return Judged(f"LightGBM, best of {TRIES} settings", np.asarray(found.predict(matrix[learned:])), note)


def _difference(left: Bools, ours: Floats, theirs: Floats) -> str:
    """Our AUC less theirs, with 95 % over customers drawn anew."""
    draw, found = np.random.default_rng(0), []
    for _ in range(200):
        rows = draw.integers(0, len(left), len(left))
        found.append(metrics.auc(left[rows], ours[rows]) - metrics.auc(left[rows], theirs[rows]))
    low, high = np.quantile(found, (0.025, 0.975))
    return f"{np.mean(found):+.4f} ({low:+.4f} to {high:+.4f})"
