"""Effects of a treatment, values of policies from a log, and what an offer's step takes.

    make bench-prices, or python -m tests.benchmarks.prices_uplift --data FOLDER

`FOLDER` holds `hillstrom/`; without it that part is left out.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from kernel.arrays import Bools, Floats, Ints
from kernel.intervals import wilson
from retention.core import unfitted
from retention.pricing.off_policy import (
    DecisionLog,
    Value,
    doubly_robust,
    inverse_propensity,
    self_normalised,
)
from retention.pricing.thompson import History, Sale, StepModel, choose
from retention.pricing.thompson import fit as fit_steps
from retention.pricing.uplift.curves import gain
from retention.pricing.uplift.fit import fit
from retention.pricing.uplift.learners import LEARNERS, Task
from retention.pricing.uplift.table import Texts, read
from retention.threads import one_thread
from retention.types import Event, EventKind, Money, OfferContext, PricePolicy, ProductState
from tests.benchmarks.report import machine, table, today, write_section
from tests.retention.pricing.simulated_log import STEPS, TRUTH, simulated

SPLITS = 20
LOGS = 200
OFFERS = 100_000
HISTORY = 40
NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
OUTCOME, TREATMENT = "visit", "segment"
AFTER = ("conversion", "spend")
"""Other outcomes of Hillstrom's."""
FIRST = "two logistic regressions (scikit-learn)"
CHOSEN = "chosen by cross-validation (`liuke uplift score`)"
_Estimator = Callable[[DecisionLog, Floats], Value]


@dataclass(frozen=True, slots=True)
class Halves:
    """One split: learned from, and judged on."""

    learned: dict[str, Texts]
    judged: dict[str, Texts]
    treated: Bools
    outcome: Floats


def halves(raw: Mapping[str, Texts], split: int) -> Halves:
    """A random half of the customers, and the rest."""
    size = len(raw[OUTCOME])
    order = np.random.default_rng(1_000 + split).permutation(size)
    first, second = order[: size // 2], order[size // 2 :]

    def rows(which: Ints) -> dict[str, Texts]:
        places = which.tolist()
        return {name: [values[one] for one in places] for name, values in raw.items()}

    judged = rows(second)
    return Halves(
        learned=rows(first),
        judged={name: values for name, values in judged.items() if name not in (TREATMENT, OUTCOME)},
        treated=np.array([one != "No E-Mail" for one in judged[TREATMENT]]),
        outcome=np.array([float(one or 0) for one in judged[OUTCOME]]),
    )


def scores(split: Halves, seed: int) -> tuple[dict[str, Floats], str]:
    """The effects that each learner gives the second half, and which one cross-validation chose."""
    experiment = read(split.learned, TREATMENT, OUTCOME)
    task = Task(
        rows=experiment.rows,
        treated=experiment.treated,
        outcome=experiment.outcome,
        propensity=np.full(len(experiment.outcome), experiment.treated.mean()),
        binary=True,
        seed=seed,
    )
    new = experiment.columns.encode(split.judged, len(split.outcome))
    found = {FIRST: plain(task, new), "by risk: the least likely to come first": risk(task, new)}
    with one_thread():
        found |= {f"`{name}`": learner(task)(new) for name, learner in LEARNERS.items()}
    fitted = fit(split.learned, TREATMENT, OUTCOME, seed=seed)
    found[CHOSEN] = fitted.model.uplift(split.judged, len(split.outcome))
    return found, fitted.model.learner


def plain(task: Task, new: Floats) -> Floats:
    """What most would write first: a logistic regression of each arm, as scikit-learn ships it."""
    return _chance(task, new, task.treated) - _chance(task, new, ~task.treated)


def risk(task: Task, new: Floats) -> Floats:
    """Those least likely to come by themselves."""
    return -_chance(task, new, ~task.treated)


def _chance(task: Task, new: Floats, arm: Bools) -> Floats:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model: Any = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1_000))
    model.fit(task.rows[arm], task.outcome[arm])
    return np.asarray(model.predict_proba(new)[:, 1], np.float64)


def effects(path: Path) -> str:
    """A table: each learner over all splits, and paired with the first."""
    source = pq.read_table(path)
    raw: dict[str, Texts] = {
        name: [str(one) for one in source.column(name).to_pylist()]
        for name in source.column_names
        if name not in AFTER
    }
    found: dict[str, list[float]] = {}
    chosen: list[str] = []
    for number in range(SPLITS):
        split = halves(raw, number)
        scored, learner = scores(split, number)
        chosen.append(learner)
        for name, score in scored.items():
            worth = gain(score, split.treated, split.outcome, draws=0)
            found.setdefault(name, []).append(worth.qini)
    first = np.array(found[FIRST])
    rows = [_row(name, np.array(values), first) for name, values in found.items()]
    counts = ", ".join(f"`{name}` {chosen.count(name)} times" for name in dict.fromkeys(chosen))
    head = [
        "Qini per customer above random",
        "mean ± SD",
        f"beside the first (95 %, {SPLITS} splits)",
        "verdict",
    ]
    return f"{table(head, rows)}\n\nChosen: {counts}."


def _row(name: str, values: Floats, first: Floats) -> list[str]:
    spread = f"{values.mean():.4f} ± {values.std(ddof=1):.4f}"
    ahead = values - first
    if not ahead.any():
        return [name, spread, "", ""]
    # Halves of one set overlap: the variance of a mean over splits is corrected for it.
    half = 2.093 * float(ahead.std(ddof=1)) * (1 / SPLITS + 1.0) ** 0.5
    low, high = float(ahead.mean()) - half, float(ahead.mean()) + half
    verdict = "above" if low > 0 else "below" if high < 0 else "tie"
    return [name, spread, f"{ahead.mean():+.4f} ({low:+.4f} to {high:+.4f})", verdict]


def coverage() -> str:
    """How often 95 % intervals hold the truth, over logs whose truth is known."""
    estimators: Sequence[tuple[str, _Estimator]] = (
        ("IPS", inverse_propensity),
        ("SNIPS", self_normalised),
        ("doubly robust", doubly_robust),
    )
    rows = []
    for name, estimate in estimators:
        for place, step in enumerate(STEPS):
            values = []
            for seed in range(LOGS):
                log = simulated(seed)
                values.append(estimate(log, log.always(str(step))))
            held = sum(one.low <= TRUTH[place] <= one.high for one in values)
            low, high = wilson(held, LOGS)
            width = float(np.mean([one.high - one.low for one in values]))
            effective = float(np.mean([one.effective for one in values]))
            mean = float(np.mean([one.mean for one in values]))
            rows.append(
                [
                    f"{name}, always {step / 100:g} %",
                    f"{TRUTH[place]:.2f}",
                    f"{mean:.2f}",
                    f"{held / LOGS:.1%} ({low:.1%} to {high:.1%})",
                    f"{width:.2f}",
                    f"{effective:.0f}",
                ]
            )
    head = ["policy", "truth", "mean estimate", "intervals that hold it", "mean width", "effective decisions"]
    return table(head, rows)


def steps() -> str:
    """How long an offer's step takes, and a hundred thousand; in time of the processor, whatever else runs."""
    model = learned()
    sales = [
        Sale(product=f"p{one}", day=date(2026, 11, 1 + one % 28), list_price=10_000 + one, cost=6_000)
        for one in range(OFFERS)
    ]
    times = []
    began, clock = time.process_time(), time.perf_counter()
    for number, sale in enumerate(sales):
        before = time.process_time()
        choose(model, model.tiers[number % len(model.tiers)], sale)
        times.append(time.process_time() - before)
    whole, by_clock = time.process_time() - began, time.perf_counter() - clock
    before = time.process_time()
    learned()
    fitting = time.process_time() - before
    middle, high = np.quantile(times, (0.5, 0.99)) * 1e3
    rows = [
        ["one offer's step", f"{middle:.3f} ms (median), {high:.3f} ms (99 of 100)"],
        [f"{OFFERS:,} offers' steps, one process", f"{whole:.1f} s ({by_clock:.1f} s by the clock)"],
        ["a fit from counts", f"{1e3 * fitting:.1f} ms"],
    ]
    return table(["what", "processor's time"], rows)


def prices() -> str:
    """How long a personal price takes in the port, law included, of fixed rules and of learned steps."""
    core, model, rows = unfitted(), learned(), list[list[str]]()
    history = [
        Event(kind=EventKind.PURCHASE, at=NOW - timedelta(days=9 * one), product=f"p{one % 4}", quantity=1)
        for one in range(HISTORY, 0, -1)
    ]
    policy = PricePolicy(loyalty=((2, 300), (5, 500), (10, 800)))
    for name, steps_, rules in (
        ("rules/1", None, policy),
        ("learned steps", model, replace(policy, learn=True)),
    ):
        contexts = [
            OfferContext(
                now=NOW,
                product=ProductState(
                    product=f"p{one}",
                    list_price=Money(10_000 + one, "CNY"),
                    cost=Money(6_000, "CNY"),
                    stock=10,
                    category="tea",
                ),
                policy=rules,
                events=history[HISTORY - one % (HISTORY + 1) :],
                budget_left=Money(100_000, "CNY"),
                steps=steps_,
            )
            for one in range(1_000)
        ]
        times, began, clock = list[float](), time.process_time(), time.perf_counter()
        for number in range(OFFERS):
            context = contexts[number % len(contexts)]
            before = time.process_time()
            core.offer("c", context.product.product, context)
            times.append(time.process_time() - before)
        whole, by_clock = time.process_time() - began, time.perf_counter() - clock
        middle, high = np.quantile(times, (0.5, 0.99)) * 1e3
        rows.append([name, f"{middle:.3f} ms", f"{high:.3f} ms", f"{whole:.1f} s", f"{by_clock:.1f} s"])
    return table(["policy", "median", "99 of 100", f"{OFFERS:,} of them", "by the clock"], rows)


def learned() -> StepModel:
    """Four tiers, five steps, counts of some months."""
    draw = np.random.default_rng(0)
    off = np.array([0, 300, 500, 800, 1_500]) / 10_000
    slopes = np.array([1.5, 3.0, 3.3, 8.0])
    shown = np.full((4, 5), 2_000)
    bought = draw.binomial(shown, 1 / (1 + np.exp(2 - slopes[:, None] * off)))
    return fit_steps(
        History(shown=shown, bought=bought),
        steps=(0, 300, 500, 800, 1_500),
        tiers=("none", "bronze", "silver", "gold"),
        rules=(0, 300, 500, 800),
        margin=0.4,
    )


EFFECTS = """## Effects of a treatment

`make bench-prices`, on {machine}, {today}. Hillstrom's e-mail experiment (25,616 customers, half written to; outcome: a
visit), {splits} random halves: learned from one, judged on the other. A verdict is a tie where the paired interval
holds 0; it allows for halves of one set being no independent repetitions (Nadeau, Bengio, "Inference for the
generalization error", 2003).

{table}
"""
POLICIES = """## Values of policies from a log

`make bench-prices`, on {machine}, {today}. {logs} simulated logs of known truth, 4,000 decisions each: one draw for the
40 decisions of a product and day, the probability of each step by tier. Margin a decision.

{table}
"""
STEP = """## The step of an offer

`make bench-prices`, on {machine}, {today}, {load:.0f} processes waiting beside it. Thompson sampling, 256 draws, four
tiers, five steps; without the law and the store.

{table}

A personal price in the port, law included and without the store, for customers of up to {history} purchases, in time of
the processor:

{prices}
"""


def main() -> None:
    """Run all, or one part, and write its section of docs/benchmarks.md."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--data", type=Path, required=True)
    options.add_argument("--only", choices=["effects", "policies", "steps"])
    chosen = options.parse_args()
    where = {"machine": machine(), "today": today()}
    path = chosen.data / "hillstrom" / "womens_train.parquet"
    if chosen.only in (None, "effects") and path.exists():
        write_section("prices-effects", EFFECTS.format(**where, splits=SPLITS, table=effects(path)))
    if chosen.only in (None, "policies"):
        write_section("prices-policies", POLICIES.format(**where, logs=LOGS, table=coverage()))
    if chosen.only in (None, "steps"):
        write_section(
            "prices-steps",
            STEP.format(**where, load=os.getloadavg()[0], table=steps(), history=HISTORY, prices=prices()),
        )


if __name__ == "__main__":
    main()
