"""What each model reaches on real shops' logs, beside the tools that people use, by splits in time.

    python -m tests.benchmarks.retention --data FOLDER [--only recommendation|churn] [--quick]

`FOLDER` holds `online_retail/`, `complete_journey/` and `cdnow/`. It is what `liuke retention compare` does, at
more than one cut; without the extra `peers`, the peers are left out and the page says so.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow.compute as pc

from kernel.times import from_micros
from retention.choices import Mode
from retention.history import History
from retention.logs import Log
from retention.metrics import Mean
from retention.workshop import baselines, page
from retention.workshop.outcomes import ChurnSplit, judge_churn, judge_value
from retention.workshop.recommendation import Split, cut_at, judge_models
from retention.workshop.recommender_baselines import judge_baselines
from tests.benchmarks.report import machine, table, today, write_section
from tests.benchmarks.retention_logs import LOGS

SEED = 20_261_101
CUTS = (0.7, 0.8)
K = 10
TRIES = 6
COLD = ((200, 24), (1_000, 10), (5_000, 3))
"""Orders of a small shop, and how many such shops are drawn."""


def recommendation(name: str, log: Log, cuts: Sequence[float], tries: int) -> list[str]:
    """A table for each cut and mode."""
    parts: list[str] = []
    for share in cuts:
        split = Split.of(log.history, log.at, cut_at(log.history, log.at, share))
        done = judge_models(split, K, seed=SEED, progress=_told)
        if tries:
            done.judged += judge_baselines(split, K, tries=tries, seed=SEED, progress=_told)
        for mode in Mode:
            parts.append(
                f"**{name}, cut at {share:.0%} of the time ({split.cut:%Y-%m-%d}), `{mode.value}`**: "
                f"{len(split.interactions.products)} products; {page.limits_text(split, mode, K)}"
            )
            parts.append(page.recommendation_table(done, mode))
        parts += [f"{note}." for note in done.notes]
    return parts


# --- cold start -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cold:
    """How far `auto` is above popularity in small shops, over the customers of all of them."""

    orders: int
    shops: int
    mode: Mode
    popular: Mean
    auto: Mean
    lead: Mean
    customers: int


def small_shop(history: History, orders: int, draw: np.random.Generator) -> History:
    """The log of customers drawn at random until they have made so many orders: a small shop's whole time."""
    events = history.events
    names = events.column("customer").to_pylist()
    numbers = events.column("order").to_pylist()
    made: dict[str, set[str]] = {}
    for customer, order in zip(names, numbers, strict=True):
        made.setdefault(customer, set()).add(order)
    people = sorted(made)
    chosen: set[str] = set()
    count = 0
    for place in draw.permutation(len(people)).tolist():
        if count >= orders:
            break
        chosen.add(people[place])
        count += len(made[people[place]])
    mine = np.array([name in chosen for name in names])
    kept = events.filter(mine)
    known = set(kept.column("product").to_pylist())
    sold = np.array([one in known for one in history.products.column("product").to_pylist()])
    return History(events=kept, products=history.products.filter(sold), customers=history.customers)


def cold_start(log: Log, orders: int, shops: int) -> list[Cold]:
    """Both modes at 80 % of the time, over several shops of one size."""
    draw = np.random.default_rng(SEED)
    found: dict[Mode, list[tuple[np.ndarray, np.ndarray]]] = {mode: [] for mode in Mode}
    for _ in range(shops):
        history = small_shop(log.history, orders, draw)
        split = Split.of(history, log.at, cut_at(history, log.at, 0.8))
        done = judge_models(split, K, seed=SEED, names=("auto", "popularity"))
        for mode in Mode:
            auto, popular = done.find("auto", mode), done.find("popularity", mode)
            assert auto is not None
            assert popular is not None
            found[mode].append((auto.ndcg, popular.ndcg))
    rows = []
    for mode, pairs in found.items():
        ours, plain = (np.concatenate(one) for one in zip(*pairs, strict=True))
        means = Mean.of(plain), Mean.of(ours), Mean.of(ours - plain)
        rows.append(Cold(orders, shops, mode, *means, customers=len(ours)))
    return rows


def cold_table(rows: Sequence[Cold]) -> str:
    """A row for each size and mode."""
    head = [
        "orders",
        "mode",
        "shops",
        "customers asked",
        "popularity NDCG@10",
        "auto NDCG@10",
        "auto leads by",
    ]
    cells = [
        [
            f"{one.orders:,}",
            f"`{one.mode.value}`",
            str(one.shops),
            str(one.customers),
            f"{one.popular.value:.3f}",
            f"{one.auto.value:.3f}",
            f"{one.lead.value:+.3f} ({one.lead.low:+.3f} to {one.lead.high:+.3f})",
        ]
        for one in rows
    ]
    return table(head, cells)


# --- churn and value --------------------------------------------------------------------------------------


def churn(name: str, log: Log, cut: datetime, days: int, tries: int) -> list[str]:
    """Tables of churn and value after one cut."""
    split = ChurnSplit.of(log.history, cut, days, seed=SEED)
    done = judge_churn(split, progress=_told)
    worth = judge_value(split, seed=SEED)
    if tries:
        baselines.add_churn(done, tries=tries, seed=SEED, progress=_told)
        peer = baselines.judge_lifetimes(split, tries)
        if isinstance(peer, str):
            done.notes.append(f"lifetimes was left out of the value: {peer}")
        else:
            worth.append(peer)
    parts = [f"**{name}**. {page.churn_text(done)}", page.churn_table(done)]
    if worth:
        parts += [page.value_text(done), page.value_table(worth)]
    return [*parts, *(f"{note}." for note in done.notes)]


def _told(step: str, share: float) -> None:
    print(f"{share:4.0%} {step}", flush=True)


def recommendation_section(logs: Mapping[str, Log], cuts: Sequence[float], tries: int) -> list[str]:
    """What each recommender reaches, and what a small shop can expect."""
    parts = ["### Recommendation", NOTE]
    for name in ("online_retail", "complete_journey"):
        if name in logs:
            parts += recommendation(name, logs[name], cuts, tries)
    if "online_retail" in logs:
        rows = [one for size in COLD for one in cold_start(logs["online_retail"], *size)]
        parts += ["### A small shop", COLD_NOTE, cold_table(rows)]
    return parts


def churn_section(logs: Mapping[str, Log], tries: int) -> list[str]:
    """Who leaves, and what customers are worth."""
    parts = ["### Churn and value", CHURN_NOTE]
    if "online_retail" in logs:
        log = logs["online_retail"]
        parts += churn("online_retail", log, log.at - timedelta(days=90), 90, tries)
    if "cdnow" in logs:
        log = logs["cdnow"]
        start = from_micros(pc.min(log.history.events.column("at")).as_py())
        parts += churn("cdnow", log, start + timedelta(days=273), 273, tries)
    return parts


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and write the sections `retention` and `retention-churn` of the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder with the logs")
    parser.add_argument("--only", choices=("recommendation", "churn"), help="one of the two sections")
    parser.add_argument("--quick", action="store_true", help="one cut, no peers, nothing written")
    given = parser.parse_args(arguments)
    logs = {name: read(given.data) for name, read in LOGS.items() if (given.data / name).is_dir()}
    try:
        missing, tries = baselines.require(), 0 if given.quick else TRIES
    except baselines.BaselinesMissing as absent:
        missing, tries = [f"The peers were left out: {absent}"], 0
    about = [HEAD.format(today(), machine(), SEED), *missing]
    if given.only != "churn":
        cuts = CUTS[-1:] if given.quick else CUTS
        _put("retention", ["## Retention", *about, *recommendation_section(logs, cuts, tries)], given.quick)
    if given.only != "recommendation":
        _put("retention-churn", [*churn_section(logs, tries)], given.quick)


def _put(section: str, parts: Sequence[str], quick: bool) -> None:
    text = "\n\n".join(part.strip() for part in parts)
    if quick:
        print(text)
    else:
        write_section(section, text)


HEAD = """`python -m tests.benchmarks.retention --data FOLDER` on {}; {}, one thread. Seed {}. Intervals are 95 %, over
customers. None of the logs has views, searches, carts or messages: what these would tell is in no figure here."""
NOTE = f"""
Fitted on what came before the cut, asked about every customer with a purchase on both sides of it. All products
are put in order, none sampled, and a purchase of something that was not on sale before the cut counts as missed.
`new` hides what the customer had bought; `any` allows repeats. AUC: the chance that something bought stands
above something not bought. Coverage: the share of products in anybody's list of ten. The lead of `auto` is paired
by customer. Each peer was given {TRIES} settings to try on a cut at 80 % of the past.

A toy run on random numbers can report a precision of .65 and a recall of .55. Beside each table stands what the
best possible lists would reach there: a customer who goes on to buy three products cannot fill a list of ten.
"""
COLD_NOTE = """
`online_retail` cut down to the orders of a small shop: customers drawn at random until they have made so many
orders in the whole time, 80 % of which is learned from.
"""
CHURN_NOTE = """
Every method learns from the same windows before the cut. A peer was given as many settings to try on the latest
of them as in the tables above.
"""

if __name__ == "__main__":
    main()
