"""`implicit` (BM25, ALS, BPR) and RecTools (EASE, PureSVD) on the same split; they are the extra `peers`."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any, TypeAlias

import numpy as np
import scipy.sparse as sp

from kernel.arrays import Floats, Ints
from kernel.console import Progress, quiet
from retention.choices import Mode
from retention.recommenders.interactions import PURCHASE
from retention.threads import one_thread
from retention.workshop.recommendation import Judged, Split, judge, order_by_scores

Scores: TypeAlias = Callable[[Ints], Floats]
Settings: TypeAlias = Mapping[str, Any]

VALIDATION_SHARE = 0.8


@dataclass(frozen=True, slots=True)
class Baseline:
    """One tool's model, and the settings that are worth trying, the most usual first."""

    name: str
    fit: Callable[[sp.csr_matrix, Settings, int], Scores]
    """From days with a purchase, shape (customers, products), settings and a seed."""
    settings: Sequence[Settings]


def days_bought(split: Split) -> sp.csr_matrix:
    """On how many days each customer bought each product, shape (customers, products)."""
    bought = split.interactions.once_a_day().only(PURCHASE)
    shape = (split.interactions.customers, len(split.interactions.products))
    ones = np.ones(len(bought.users), np.float32)
    return sp.csr_matrix((ones, (bought.users, bought.items)), shape=shape)


def judge_baselines(
    split: Split,
    k: int,
    *,
    tries: int,
    seed: int,
    progress: Progress = quiet,
) -> list[Judged]:
    """Tune each baseline on a cut within the past, fit it on all of the past, and judge it in both modes.

    Args:
        tries: settings for each baseline and mode; those with fewer worth trying are given all they have.
    """
    inner = split.inner(VALIDATION_SHARE)
    found: list[Judged] = []
    baselines = available()
    with one_thread(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for place, baseline in enumerate(baselines):
            progress(f"tuning {baseline.name}", place / len(baselines))
            best = _tuned(baseline, inner, k, tries, seed)
            progress(f"judging {baseline.name}", (place + 0.8) / len(baselines))
            found += _judged(baseline, split, best, k, seed)
    progress("baselines judged", 1.0)
    return found


def _tuned(baseline: Baseline, inner: Split, k: int, tries: int, seed: int) -> dict[Mode, Settings]:
    """The settings with the highest NDCG in each mode."""
    matrix = days_bought(inner)
    best: dict[Mode, tuple[float, Settings]] = {}
    for settings in baseline.settings[:tries]:
        order = order_by_scores(inner, baseline.fit(matrix, settings, seed))
        for mode in Mode:
            reached = judge(baseline.name, order, inner, mode, k).mean("ndcg").value
            if mode not in best or reached > best[mode][0]:
                best[mode] = reached, settings
    return {mode: settings for mode, (_, settings) in best.items()}


def _judged(
    baseline: Baseline, split: Split, best: Mapping[Mode, Settings], k: int, seed: int
) -> Iterator[Judged]:
    matrix = days_bought(split)
    for mode, settings in best.items():
        start = time.perf_counter()
        scores = baseline.fit(matrix, settings, seed)
        seconds = time.perf_counter() - start
        chosen = ", ".join(f"{name} {value}" for name, value in settings.items())
        yield judge(
            baseline.name, order_by_scores(split, scores), split, mode, k, seconds=seconds, settings=chosen
        )


# --- implicit ---------------------------------------------------------------------------------------------


def _bm25(matrix: sp.csr_matrix, settings: Settings, _seed: int) -> Scores:
    from implicit.nearest_neighbours import BM25Recommender

    model = BM25Recommender(num_threads=1, **settings)
    model.fit(matrix, show_progress=False)
    return lambda codes: np.asarray((matrix[codes] @ model.similarity).todense(), np.float64)


def _factors(module: str, name: str) -> Callable[[sp.csr_matrix, Settings, int], Scores]:
    """A model of `implicit` that scores by factors of customers and products."""

    def fit(matrix: sp.csr_matrix, settings: Settings, seed: int) -> Scores:
        model = getattr(import_module(f"implicit.{module}"), name)(
            num_threads=1, random_state=seed, **settings
        )
        model.fit(matrix, show_progress=False)
        users, items = np.asarray(model.user_factors), np.asarray(model.item_factors)
        return lambda codes: (users[codes] @ items.T).astype(np.float64)

    return fit


# --- RecTools ---------------------------------------------------------------------------------------------


def _rectools(name: str) -> Callable[[sp.csr_matrix, Settings, int], Scores]:
    def fit(matrix: sp.csr_matrix, settings: Settings, seed: int) -> Scores:
        import pandas as pd
        from rectools import Columns, models
        from rectools.dataset import Dataset

        pairs = matrix.tocoo()
        rows = pd.DataFrame(
            {
                Columns.User: pairs.row,
                Columns.Item: pairs.col,
                Columns.Weight: pairs.data,
                Columns.Datetime: pd.Timestamp(2000, 1, 1),
            }
        )
        dataset = Dataset.construct(rows)
        seeded = {"random_state": seed} if name == "PureSVDModel" else {}
        model = getattr(models, name)(**settings, **seeded)
        model.fit(dataset)
        products = matrix.shape[1]

        def scores(codes: Ints) -> Floats:
            whole = np.full((len(codes), products), -np.inf)
            known = codes[np.isin(codes, pairs.row)]
            found = model.recommend(known, dataset, k=products, filter_viewed=False)
            place = {code: row for row, code in enumerate(codes.tolist())}
            rows = np.array([place[code] for code in found[Columns.User].tolist()], np.int64)
            whole[rows, found[Columns.Item].to_numpy()] = found[Columns.Score].to_numpy()
            return whole

        return scores

    return fit


IMPLICIT = (
    Baseline(
        "implicit BM25",
        _bm25,
        tuple(
            {"K": k, "K1": k1, "B": b}
            for k, k1, b in (
                (20, 1.2, 0.75), (100, 1.2, 0.75), (500, 1.2, 0.75),
                (100, 1.2, 0.2), (500, 0.5, 0.2), (100, 0.5, 0.9),
            )
        ),
    ),
    Baseline(
        "implicit ALS",
        _factors("als", "AlternatingLeastSquares"),
        tuple(
            {"factors": factors, "regularization": ridge, "alpha": alpha, "iterations": 15}
            for factors, ridge, alpha in (
                (64, 0.01, 1.0), (64, 0.1, 5.0), (128, 0.1, 2.0),
                (32, 0.1, 10.0), (128, 1.0, 10.0), (32, 1.0, 2.0),
            )
        ),
    ),
    Baseline(
        "implicit BPR",
        _factors("bpr", "BayesianPersonalizedRanking"),
        tuple(
            {"factors": factors, "learning_rate": rate, "regularization": ridge, "iterations": 100}
            for factors, rate, ridge in (
                (64, 0.01, 0.01), (64, 0.05, 0.01), (32, 0.05, 0.05),
                (128, 0.02, 0.01), (32, 0.02, 0.1), (128, 0.05, 0.05),
            )
        ),
    ),
)  # fmt: skip
RECTOOLS = (
    Baseline(
        "RecTools EASE",
        _rectools("EASEModel"),
        tuple({"regularization": ridge} for ridge in (500.0, 100.0, 250.0, 1_000.0, 2_000.0, 50.0)),
    ),
    Baseline(
        "RecTools PureSVD",
        _rectools("PureSVDModel"),
        tuple({"factors": factors} for factors in (10, 20, 32, 64, 128, 256)),
    ),
)


def available() -> tuple[Baseline, ...]:
    """Those whose library is installed."""
    return (*IMPLICIT, *(RECTOOLS if find_spec("rectools") is not None else ()))
