"""Recommendation and churn on real shops' logs, beside the plain methods, by splits in time.

    python -m tests.benchmarks.retention --data FOLDER

`FOLDER` holds `online_retail/`, `complete_journey/` and `cdnow/`. What is measured is the whole product: a fit
on what came before the cut, its files loaded, and `RetentionCore` asked about each customer. Every customer
with a purchase on both sides of the cut is asked, over all products, no negatives sampled.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from threadpoolctl import threadpool_limits

import retention
from retention import Event, EventKind, Money, ProductState, RecommendContext
from retention import metrics as measure
from retention.checks import check
from retention.churn import fit as churn_fit
from retention.features.expressions import Shop
from retention.recommenders import similarity
from retention.times import DAY, from_micros
from tests.benchmarks.report import table, write_section
from tests.benchmarks.shop_logs import LOGS, Log

SEED = 20_261_101
CUTS = (0.7, 0.8)
K = 10

Lists = dict[str, list[str]]


@dataclass(frozen=True)
class Split:
    """A log cut in time."""

    log: Log
    cut: int
    past: Mapping[str, list[Event]]
    future: Mapping[str, frozenset[str]]

    @classmethod
    def of(cls, log: Log, share: float) -> Split:
        """Cut at a share of the log's time."""
        first, last = int(log.rows["at"].min()), int(log.rows["at"].max())
        cut = first + int((last - first) * share)
        past: dict[str, list[Event]] = defaultdict(list)
        for row in log.between(0, cut).itertuples():
            at = from_micros(row.at)
            past[row.customer].append(Event(kind=EventKind.PURCHASE, at=at, product=row.item))
        after = log.between(cut, last + 1)
        future = {one: frozenset(items) for one, items in after.groupby("customer")["item"] if one in past}
        return cls(log, cut, past, future)

    def truth(self, mode: str) -> dict[str, frozenset[str]]:
        """What each customer went on to buy; in mode `new`, what they had not bought before."""
        if mode == "any":
            return dict(self.future)
        found = {
            one: items - {event.product for event in self.past[one]} for one, items in self.future.items()
        }
        return {one: items for one, items in found.items() if items}


# --- recommendation ---------------------------------------------------------------------------------------


def ours(split: Split) -> tuple[dict[str, Lists], dict[str, str]]:
    """The product's own lists by mode, and how long things took."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        report = retention.fit(
            split.log.history(split.cut), Path(folder) / "v1", now=from_micros(split.cut), seed=SEED
        )
        took = time.perf_counter() - start
        core = retention.load(report.directory)
    stock = {
        one["product"]: ProductState(
            product=one["product"], list_price=Money(1, "XXX"), cost=Money(0, "XXX"), stock=1, category=""
        )
        for one in split.log.products
    }
    lists: dict[str, Lists] = {}
    times = []
    for mode in ("new", "any"):
        lists[mode] = {}
        for customer in split.truth(mode):
            context = RecommendContext(
                now=from_micros(split.cut),
                events=split.past[customer],
                stock=stock,
                allow_repeats=mode == "any",
                seed=SEED,
            )
            start = time.perf_counter()
            found = core.recommend(customer, K, context)
            times.append(time.perf_counter() - start)
            lists[mode][customer] = [one.product for one in found]
    milliseconds = np.percentile(times, (50, 95)) * 1e3
    facts = {
        "products": str(len(stock)),
        "fit": f"{took:.1f} s",
        "answer": f"{milliseconds[0]:.2f} ms ({milliseconds[1]:.2f} at p95)",
    }
    return lists, facts


def plain_methods(split: Split) -> dict[str, dict[str, Lists]]:
    """Lists of the methods that people use, by name and mode."""
    rows = split.log.between(0, split.cut)
    items, item = np.unique(rows["item"].to_numpy().astype(str), return_inverse=True)
    users, user = np.unique(rows["customer"].to_numpy().astype(str), return_inverse=True)
    days = np.unique(np.stack([user, item, rows["at"].to_numpy() // DAY]), axis=1)
    age = split.cut / DAY - days[2] - 0.5
    shape = (len(users), len(items))

    def decayed(half_life: float) -> sp.csr_matrix:
        return sp.csr_matrix((np.exp2(-age / half_life), (days[0], days[1])), shape=shape)

    counts = sp.csr_matrix((np.ones(len(age)), (days[0], days[1])), shape=shape)
    binary = counts.copy()
    binary.data[:] = 1.0
    popular = np.asarray(decayed(30.0).sum(axis=0))
    by_item = similarity.item_similarity(binary, shrinkage=10.0)
    by_user = similarity.user_similarity(binary)
    ease = similarity.ease_neighbours(binary, len(items), 500.0)
    weights = np.zeros((len(items), len(items)), np.float32)
    np.put_along_axis(weights, ease[0].astype(np.int64), ease[1], axis=1)
    score: dict[str, Callable[[np.ndarray], np.ndarray]] = {
        "popularity (half-life 30 days)": lambda who: np.repeat(popular, len(who), axis=0),
        "own frequency": lambda who: counts[who].toarray() + 1e-6 * popular,
        "user-kNN (cosine)": lambda who: similarity.weighted_sum(_strongest(by_user[who], 100), binary),
        "item-kNN (cosine)": lambda who: np.asarray(binary[who] @ by_item),
        "EASE": lambda who: np.asarray(binary[who] @ weights),
    }
    place = {one: number for number, one in enumerate(users)}
    found: dict[str, dict[str, Lists]] = {}
    for name, function in score.items():
        found[name] = {}
        for mode in ("new", "any"):
            customers = list(split.truth(mode))
            who = np.array([place[one] for one in customers])
            scores = np.array(function(who), np.float64)
            if mode == "new":
                scores[binary[who].toarray() > 0] = -np.inf
            best = np.argsort(-scores, axis=1, kind="stable")[:, :K]
            found[name][mode] = dict(zip(customers, items[best].tolist(), strict=True))
    return found


def _strongest(similarities: np.ndarray, k: int) -> np.ndarray:
    """Each row's `k` largest, the rest 0."""
    least = -np.partition(-similarities, k, axis=1)[:, k : k + 1]
    return np.where(similarities > least, similarities, 0.0)


def recommendation(log: Log) -> str:
    """A table per cut."""
    parts = []
    for share in CUTS:
        split = Split.of(log, share)
        lists, facts = ours(split)
        rows = [_row(name, split, one) for name, one in plain_methods(split).items()]
        rows.append(_row("**Liuke**", split, lists))
        head = [
            f"{log.name}, cut at {share:.0%}",
            *(
                f"{mode} {one}"
                for mode in ("`new`", "`any`")
                for one in ("NDCG@10", "recall@10", "precision@10")
            ),
        ]
        about = (
            f"{len(split.truth('new'))} customers with something new, {len(split.future)} in all; "
            f"{facts['products']} products. Fit {facts['fit']} (one thread), ten products {facts['answer']}."
        )
        parts.append(f"{table(head, rows)}\n\n{about}")
    return "\n\n".join(parts)


def _row(name: str, split: Split, lists: Mapping[str, Lists]) -> list[str]:
    cells = [name]
    for mode in ("new", "any"):
        truth = split.truth(mode)
        values = np.array(
            [
                [
                    measure.ndcg(lists[mode][one], items, K),
                    measure.recall(lists[mode][one], items, K),
                    measure.precision(lists[mode][one], items, K),
                ]
                for one, items in truth.items()
            ]
        )
        half = 1.96 * values[:, 0].std() / np.sqrt(len(values))
        means = values.mean(axis=0)
        cells += [f"{means[0]:.3f} ± {half:.3f}", f"{means[1]:.3f}", f"{means[2]:.3f}"]
    return cells


# --- churn ------------------------------------------------------------------------------------------------


def churn(log: Log, cut: int, horizon: int, asked: int) -> list[str]:
    """A row: a model fitted before the cut with a horizon of its own, asked about `asked` days after it."""
    now = from_micros(cut)
    with threadpool_limits(1):
        checked = check(log.history(cut), now)
        fitted = churn_fit.fit(checked, Shop(checked.history), seed=SEED, horizon_days=horizon)
        end = cut + asked * DAY
        whole = Shop(check(log.history(end), from_micros(end)).history)
        window = churn_fit.make_window(whole, cut, end)
    probability = fitted.model.probabilities(window.raw, asked)
    active = window.column("recency") <= asked * DAY
    return [
        f"{log.name}, silent for {asked} days",
        str(len(window.left)),
        f"{window.left.mean():.3f}",
        f"{measure.auc(window.left, probability):.3f}",
        f"{measure.auc(window.left[active], probability[active]):.3f}",
        f"{measure.average_precision(window.left, probability):.3f}",
        f"{measure.brier(window.left, probability):.3f}",
        f"{measure.calibration_error(window.left, probability):.3f}",
        f"{probability.mean():.3f}",
    ]


def churns(logs: Mapping[str, Log]) -> str:
    """One table over the logs that are there."""
    rows = []
    if "online_retail" in logs:
        log = logs["online_retail"]
        rows.append(churn(log, int(log.rows["at"].max()) + 1 - 90 * DAY, 60, 90))
    if "cdnow" in logs:
        log = logs["cdnow"]
        rows.append(churn(log, int(log.rows["at"].min()) + 273 * DAY, 75, 273))
    head = [
        "log",
        "customers",
        "left",
        "AUC",
        "AUC, active",
        "average precision",
        "Brier",
        "ECE",
        "mean probability",
    ]
    return table(head, rows)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and write the section `retention` of the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder with the logs")
    folder = parser.parse_args(arguments).data
    logs = {name: read(folder) for name, read in LOGS.items() if (folder / name).is_dir()}
    parts = ["## Retention\n\n### Recommendation\n", NOTE_RECOMMENDATION]
    parts += [recommendation(logs[name]) for name in ("online_retail", "complete_journey") if name in logs]
    parts += ["### Churn\n", NOTE_CHURN, churns(logs)]
    write_section("retention", "\n\n".join(part.strip() for part in parts))


NOTE_RECOMMENDATION = f"""
Fitted on what came before the cut, asked about every customer with a purchase on both sides of it, over all
products. `new` hides what the customer had bought; `any` allows repeats. NDCG with 95 % intervals over
customers. Neither log has views, searches or carts. Liuke is measured as served, its share of places for new
products included. Seed {SEED}.
"""

NOTE_CHURN = """
Fitted on windows that end before the cut, with horizons of 60 and 75 days (there is too little past for
longer ones), and asked about the longer time after it. *Active*: bought within that time before the cut. The
share that leaves moves with the season, and the calibration error with it: compare the share that left with
the mean probability.
"""

if __name__ == "__main__":
    main()
