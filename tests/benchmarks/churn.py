"""Churn beyond one later window: how the level moves, contract tables, warnings, campaigns, clusters.

    make bench-churn, or python -m tests.benchmarks.churn --data FOLDER [--only PART]

`FOLDER` holds `online_retail/`, `cdnow/`, `telco_churn/` and `hillstrom/`; what is absent is left out. The
comparison with other tools on later windows is in `tests.benchmarks.retention`.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from kernel.times import DAY, from_micros, to_micros
from retention import metrics
from retention.checks import check
from retention.churn import contract
from retention.churn.fit import fit
from retention.churn.windows import buyers, make_window
from retention.features.expressions import Shop
from retention.history import History
from retention.logs import Columns, read_log
from retention.metrics import auc_interval
from retention.segments import clusters
from retention.threads import one_thread
from tests.benchmarks import churn_levels, churn_tables
from tests.benchmarks.churn_warnings import warned
from tests.benchmarks.report import machine, table, today, write_section
from tests.retention.real import CDNOW_COLUMNS, ONLINE_RETAIL_COLUMNS

SEED = 20_261_101
DRAWS = 400
FOLDS = 5

Table = dict[str, list[str | None]]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


# --- cuts inside the logs ---------------------------------------------------------------------------------


def cuts(history: History, days: int, starts: Sequence[int]) -> list[list[str]]:
    """A row for each cut, `starts` days after the first event: fitted before it, judged on the `days` after."""
    first = pc.min(history.events.column("at")).as_py()
    whole = Shop(check(history, from_micros(pc.max(history.events.column("at")).as_py() + 1)).history)
    rows = []
    for start in starts:
        moment = first + start * DAY
        checked = check(history, from_micros(moment))
        model = fit(checked, Shop(checked.history), seed=SEED, horizon_days=days).model
        window = make_window(whole, moment, moment + days * DAY)
        chance = model.probabilities(window.raw)
        low, high = auc_interval(window.left, chance)
        error = bootstrap(window.left, chance)
        span = f" ({model.level.low:.3f} to {model.level.high:.3f})" if model.level else ""
        rows.append(
            [
                f"{from_micros(moment):%Y-%m-%d}",
                str(len(window.left)),
                f"{metrics.auc(window.left, chance):.3f} ({low:.3f} to {high:.3f})",
                f"{metrics.calibration_error(window.left, chance):.3f} ({error[0]:.3f} to {error[1]:.3f})",
                f"{metrics.brier(window.left, chance):.3f}",
                f"{chance.mean():.3f}{span}",
                f"{window.left.mean():.3f}",
            ]
        )
    return rows


def bootstrap(label: Bools, chance: Floats) -> tuple[float, float]:
    """95 % of the calibration error over customers drawn anew."""
    draw = np.random.default_rng(SEED)
    found = []
    for _ in range(DRAWS):
        rows = draw.integers(0, len(label), len(label))
        found.append(metrics.calibration_error(label[rows], chance[rows]))
    low, high = np.quantile(found, (0.025, 0.975))
    return float(low), float(high)


HEAD = [
    "cut",
    "customers",
    "AUC (95 %)",
    "ECE (95 %)",
    "Brier",
    "mean probability (90 % for the share)",
    "left",
]


def levels(folder: Path) -> list[str]:
    """Tables of cuts, a log each."""
    parts = []
    retail = folder / "online_retail" / "online_retail.parquet"
    if retail.exists():
        history = read_log(retail, Columns.parse(ONLINE_RETAIL_COLUMNS)).history
        parts += [
            "**online_retail**, silent for 90 days:",
            table(HEAD, cuts(history, 90, (120, 150, 180, 208))),
        ]
        parts += ["**online_retail**, silent for 60 days:", table(HEAD, cuts(history, 60, (150, 195, 238)))]
    cdnow = folder / "cdnow" / "cdnow_even.parquet"
    if cdnow.exists():
        history = read_log(cdnow, Columns.parse(CDNOW_COLUMNS)).history
        parts += ["**cdnow**, silent for 91 days:", table(HEAD, cuts(history, 91, (136, 182, 273)))]
        parts += ["**cdnow**, silent for 137 days:", table(HEAD, cuts(history, 137, (136, 273)))]
        parts += ["**cdnow**, silent for 273 days:", table(HEAD, cuts(history, 273, (273,)))]
    return parts


def simulated_levels() -> str:
    """Rolling cuts of simulated shops, a row each: two years and a half from a February on."""
    first = to_micros(datetime(2023, 2, 1, tzinfo=UTC))
    lines = []
    for number, kind in enumerate(churn_levels.KINDS):
        history = churn_levels.simulated(kind, 900, 900, number, first=first).history()
        lines += [[kind, *row] for row in cuts(history, 60, (260, 620))]
    return table(["shop", *HEAD], lines)


# --- contract tables --------------------------------------------------------------------------------------


def telco(path: Path) -> str:
    """Five folds of Telco: every customer is scored by a model that has not seen them."""
    raw = pq.read_table(path)
    rows: Table = {name: [str(one) for one in raw.column(name).to_pylist()] for name in raw.column_names}
    left = np.array([one == "Yes" for one in rows["Churn"]])
    order = np.random.default_rng(SEED).permutation(len(left))
    fold = np.empty(len(left), np.int64)
    fold[order[np.argsort(left[order], kind="stable")]] = np.arange(len(left)) % FOLDS
    chance, each = np.zeros(len(left)), []
    for number in range(FOLDS):
        mine = fold == number
        model = contract.fit(_rows(rows, ~mine), "Churn", seed=SEED).model
        chance[mine] = model.probabilities(_rows(rows, mine), int(mine.sum()))
        each.append(metrics.auc(left[mine], chance[mine]))
    low, high = auc_interval(left, chance)
    error = bootstrap(left, chance)
    head = [
        "Telco, 5 folds",
        "AUC, mean of folds",
        "AUC of all (95 %)",
        "average precision",
        "Brier",
        "ECE (95 %)",
    ]
    return table(
        head,
        [
            [
                f"{len(left)} customers",
                f"{np.mean(each):.4f}",
                f"{metrics.auc(left, chance):.3f} ({low:.3f} to {high:.3f})",
                f"{metrics.average_precision(left, chance):.3f}",
                f"{metrics.brier(left, chance):.3f}",
                f"{metrics.calibration_error(left, chance):.3f} ({error[0]:.3f} to {error[1]:.3f})",
            ]
        ],
    )


def _rows(rows: Table, kept: Bools) -> Table:
    places = np.flatnonzero(kept).tolist()
    return {name: [values[place] for place in places] for name, values in rows.items()}


def simulated_tables() -> str:
    """Ours beside other tools on tables of 5,630 rows, 3,551 of which are learned from."""
    head = ["table", "tool", "AUC", "liuke's less this (95 %)", "average precision", "ECE", "trees"]
    lines = [
        row for kind in churn_tables.KINDS for row in churn_tables.beside_peers(kind, 5_630, 3_551, SEED)
    ]
    return table(head, lines)


# --- campaigns --------------------------------------------------------------------------------------------


def campaigns(path: Path) -> str:
    """Hillstrom: fitted on all, on those left alone, with the treatment as a column; judged on those left alone."""
    raw = pq.read_table(path)
    names = ("recency", "history", "mens", "womens", "zip_code", "newbie", "channel")
    rows: Table = {name: [str(one) for one in raw.column(name).to_pylist()] for name in names}
    rows["left"] = [str(1 - one) for one in raw.column("visit").to_pylist()]
    rows["written"] = [str(int(one != "No E-Mail")) for one in raw.column("segment").to_pylist()]
    draw = np.random.default_rng(SEED)
    written = np.array([one == "1" for one in rows["written"]])
    held = draw.random(len(written)) < 0.3
    aimed = np.array([one == "1" for one in rows["womens"]])
    rare = draw.random(len(written)) < 0.15
    learned = {
        "half, by chance": ~held,
        "85 % of those who bought women's clothes, 15 % of the others": ~held & ((written == aimed) | rare),
    }
    judged = _rows(rows, held & ~written)
    left = np.array([one == "1" for one in judged["left"]])
    lines = []
    for campaign, kept in learned.items():
        train = _rows(rows, kept)
        plain = {name: values for name, values in train.items() if name != "written"}
        ways = {
            "everybody": contract.fit(plain, "left", seed=SEED).model.probabilities(judged, len(left)),
            "those left alone": contract.fit_untreated(
                train, "left", "written", seed=SEED
            ).model.probabilities(judged, len(left)),
            "everybody, the message as a column": contract.fit(train, "left", seed=SEED).model.probabilities(
                {**judged, "written": ["0"] * len(left)}, len(left)
            ),
        }
        for name, chance in ways.items():
            low, high = auc_interval(left, chance)
            error = bootstrap(left, chance)
            lines.append(
                [
                    campaign,
                    name,
                    f"{metrics.auc(left, chance):.3f} ({low:.3f} to {high:.3f})",
                    f"{metrics.calibration_error(left, chance):.3f} ({error[0]:.3f} to {error[1]:.3f})",
                    f"{chance.mean():.3f}",
                    f"{left.mean():.3f}",
                ]
            )
    return table(
        ["written to", "learned from", "AUC (95 %)", "ECE (95 %)", "mean probability", "left"], lines
    )


# --- clusters ---------------------------------------------------------------------------------------------


def nights(path: Path) -> str:
    """Clusters of online_retail on seven nights in a row, each matched to the one before."""
    log = read_log(path, Columns.parse(ONLINE_RETAIL_COLUMNS))
    shop = Shop(log.checked().history)
    now = to_micros(log.at)
    first = clusters.fit(buyers(shop, now - 7 * DAY).values, usual_gap=30.0, seed=SEED)
    if first is None:
        return ""
    found, agreements = first, []
    for night in range(6, -1, -1):
        rows = buyers(shop, now - night * DAY).values
        again = clusters.fit(rows, usual_gap=30.0, seed=SEED + night, previous=found)
        if again is None or again.agreement is None:
            return ""
        found = again
        agreements.append(again.agreement)
    shown = table(
        ["k", "silhouette", "stability (adjusted Rand index of two halves)"],
        [
            [
                f"**{one.k}**" if one.k == len(first.centres) else f"{one.k}",
                f"{one.silhouette:.3f}",
                f"{one.stability:.3f}",
            ]
            for one in first.choices
        ],
    )
    span = f"{min(agreements):.3f} to {max(agreements):.3f}"
    return f"{shown}\n\nAdjusted Rand index from night to night, seven nights: {span}."


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and write the sections `churn-level`, `churn-tables` and `churn` of the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder with the data sets")
    parser.add_argument("--only", choices=PARTS, help="one part; all by default")
    given = parser.parse_args(arguments)
    with one_thread():
        for part in (given.only,) if given.only else PARTS:
            about = f"`make bench-churn`, {today()}, {machine()}. Seed {SEED}."
            texts = [f"## {PARTS[part][0]}", about, *PARTS[part][1](given.data)]
            write_section(part, "\n\n".join(one.strip() for one in texts))


def _levels(folder: Path) -> list[str]:
    return [NOTE_CUTS, *levels(folder), NOTE_SHOPS, simulated_levels()]


def _tables(folder: Path) -> list[str]:
    path = folder / "telco_churn" / "telco.parquet"
    return [*([telco(path)] if path.exists() else []), NOTE_TABLES, simulated_tables()]


def _depth(folder: Path) -> list[str]:
    retail, hillstrom = (
        folder / "online_retail" / "online_retail.parquet",
        folder / "hillstrom" / "womens_train.parquet",
    )
    parts = []
    if retail.exists():
        parts += ["### Warnings", NOTE_WARNINGS, warned(retail)]
    if hillstrom.exists():
        parts += ["### Labels under campaigns", NOTE_CAMPAIGNS, campaigns(hillstrom)]
    if retail.exists():
        parts += ["### Clusters of behaviour", nights(retail)]
    return parts


PARTS: Mapping[str, tuple[str, Callable[[Path], list[str]]]] = {
    "churn-level": ("How many will leave", _levels),
    "churn-tables": ("Contract tables", _tables),
    "churn": ("Churn in depth", _depth),
}

NOTE_CUTS = """
Each row is a model fitted on what lay before the cut. The share that will leave is foretold as in
[decision 0028](decisions/0028-how-many-will-leave.md), with its interval of 90 %; what was tried before is in
[decision 0010](decisions/0010-who-leaves-is-a-blend.md). ECE over ten bins of equal count, its interval by bootstrap
over customers (which adds its own noise to it).
"""

NOTE_SHOPS = """
Simulated shops (`tests/benchmarks/churn_levels.py`), silent for 60 days. At the second cut the log has the same
season of a year before.
"""

NOTE_TABLES = """
Simulated tables of 5,630 rows (`tests/benchmarks/churn_tables.py`), 3,551 of which are learned from: 18 columns, some
values missing, 17 % left. Intervals are over the customers held out.
"""

NOTE_WARNINGS = """
online_retail. A warning is a crossing into a higher band. The lead is the time from the warning until the purchase
that never came was due by the customer's own gaps (below 0: overdue already), and until the silence had lasted for
the horizon, when the customer counts as gone. *Left*: no purchase within the horizon after the last night.
"""

NOTE_CAMPAIGNS = """
Hillstrom's e-mail experiment: half of the customers were written to by chance, and more of them visited. The
risk that counts is what happens without a message, so all are judged on customers who got none. The second
campaign is the first with rows left out until it looks aimed.
"""

if __name__ == "__main__":
    main()
