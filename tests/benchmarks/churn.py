"""Churn beyond one later window: how the level moves, contract tables, warnings, campaigns, clusters.

    make bench-churn, or python -m tests.benchmarks.churn --data FOLDER

`FOLDER` holds `online_retail/`, `cdnow/`, `telco_churn/` and `hillstrom/`; what is absent is left out. The
comparison with other tools on later windows is in `tests.benchmarks.retention`.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from kernel.intervals import wilson
from kernel.times import DAY, from_micros, to_micros
from retention import metrics
from retention.checks import check
from retention.churn import contract
from retention.churn.bands import ORDER
from retention.churn.fit import fit
from retention.churn.model import ChurnModel
from retention.churn.warning import crossings
from retention.churn.windows import buyers, make_window
from retention.features.expressions import Shop
from retention.features.raw import NAMES as RAW
from retention.logs import Columns, Log, read_log
from retention.metrics import auc_interval
from retention.segments import clusters
from retention.types import RiskBand
from tests.benchmarks.report import machine, table, today, write_section
from tests.retention.real import CDNOW_COLUMNS, ONLINE_RETAIL_COLUMNS

SEED = 20_261_101
DRAWS = 400
FOLDS = 5

Table = dict[str, list[str | None]]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


# --- cuts inside the logs ---------------------------------------------------------------------------------


def cuts(log: Log, days: int, starts: Sequence[int]) -> list[list[str]]:
    """A row for each cut, `starts` days after the first event: fitted before it, judged on the `days` after."""
    first = pc.min(log.history.events.column("at")).as_py()
    whole = Shop(log.checked().history)
    rows = []
    for start in starts:
        moment = first + start * DAY
        checked = check(log.history, from_micros(moment))
        model = fit(checked, Shop(checked.history), seed=SEED, horizon_days=days).model
        window = make_window(whole, moment, moment + days * DAY)
        chance = model.probabilities(window.raw)
        low, high = auc_interval(window.left, chance)
        error = bootstrap(window.left, chance)
        rows.append(
            [
                f"{from_micros(moment):%Y-%m-%d}",
                str(len(window.left)),
                f"{metrics.auc(window.left, chance):.3f} ({low:.3f} to {high:.3f})",
                f"{metrics.calibration_error(window.left, chance):.3f} ({error[0]:.3f} to {error[1]:.3f})",
                f"{metrics.brier(window.left, chance):.3f}",
                f"{chance.mean():.3f}",
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


def levels(folder: Path) -> list[str]:
    """Tables of cuts, a log each."""
    head = ["cut", "customers", "AUC (95 %)", "ECE (95 %)", "Brier", "mean probability", "left"]
    parts = []
    retail = folder / "online_retail" / "online_retail.parquet"
    if retail.exists():
        log = read_log(retail, Columns.parse(ONLINE_RETAIL_COLUMNS))
        parts += ["**online_retail**, silent for 90 days:", table(head, cuts(log, 90, (120, 150, 180, 208)))]
    cdnow = folder / "cdnow" / "cdnow_even.parquet"
    if cdnow.exists():
        log = read_log(cdnow, Columns.parse(CDNOW_COLUMNS))
        parts += ["**cdnow**, silent for 91 days:", table(head, cuts(log, 91, (136, 182, 273)))]
        parts += ["**cdnow**, silent for 137 days:", table(head, cuts(log, 137, (136, 273)))]
        parts += ["**cdnow**, silent for 273 days:", table(head, cuts(log, 273, (273,)))]
    return parts


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


# --- warnings ---------------------------------------------------------------------------------------------


RECENCY = RAW.index("recency")


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What the warnings of some past nights would have been worth."""

    customers: int
    """Below the band on the first night."""
    left: int
    """Of them, who then bought no more within the horizon of the last night."""
    warned: int
    """Who crossed into the band on some night."""
    warned_and_left: int
    warned_before_due: int
    """Of those, whose next purchase was not yet due."""
    due_days: tuple[float, float, float]
    """Quartiles of the days from the warning until the purchase that never came was due; below 0, it was."""
    lead_days: tuple[float, float, float]
    """Quartiles of the days from the warning until the silence had lasted for the horizon."""


def replay(
    model: ChurnModel, shop: Shop, start: int, nights: int, *, every_days: int, band: RiskBand
) -> Replay:
    """Score everybody night after night, and count the warnings against what became of the customers.

    Args:
        model: fitted on what lies before `start`.
        shop: must reach a horizon beyond the last night.
        start: the first night, microseconds.
        band: a warning is a crossing into it, or above.
    """
    reached = ORDER[ORDER.index(band) :]
    bands: dict[str, RiskBand] = {}
    watched: set[str] = set()
    warned: dict[str, tuple[float, float]] = {}
    night = start
    for number in range(nights):
        night = start + number * every_days * DAY
        table = buyers(shop, night)
        risks = model.risks(table.customers, table.values, version="replay")
        if number == 0:
            watched = {risk.customer for risk in risks if risk.band not in reached}
        silence = dict(zip(table.customers, (table.values[:, RECENCY] / DAY).tolist(), strict=True))
        for one in crossings(bands, risks):
            if one.band in reached and one.lead_days is not None:
                warned.setdefault(one.customer, (one.lead_days, model.horizon_days - silence[one.customer]))
        bands = {risk.customer: risk.band for risk in risks}
    stayed = shop.buyers_between(night, night + model.horizon_days * DAY)
    left = watched - stayed
    true = [lead for one, lead in warned.items() if one in left]
    return Replay(
        customers=len(watched),
        left=len(left),
        warned=sum(one in watched for one in warned),
        warned_and_left=len(true),
        warned_before_due=sum(due > 0 for due, _ in true),
        due_days=_quartiles([due for due, _ in true]),
        lead_days=_quartiles([gone for _, gone in true]),
    )


def _quartiles(days: list[float]) -> tuple[float, float, float]:
    low, middle, high = np.quantile(days, (0.25, 0.5, 0.75)).tolist() if days else (0.0, 0.0, 0.0)
    return low, middle, high


def warned(path: Path) -> str:
    """Eight weeks of nights on online_retail, by a model fitted before them, with the shop's own horizon."""
    log = read_log(path, Columns.parse(ONLINE_RETAIL_COLUMNS))
    whole = Shop(log.checked().history)
    nights, every, horizon = 28, 2, 60
    start = to_micros(log.at) - (horizon + nights * every) * DAY
    checked = check(log.history, from_micros(start))
    model = fit(checked, Shop(checked.history), seed=SEED, horizon_days=horizon).model
    head = [
        f"{nights} nights in {nights * every} days, horizon {horizon} days",
        "customers below it",
        "left",
        "warned",
        "of the warned, left",
        "of those who left, warned",
        "before the next purchase was due",
        "until it was due, median (quartiles)",
        "until the silence was a horizon long",
    ]
    lines = []
    for band in (RiskBand.MEDIUM, RiskBand.HIGH):
        found = replay(model, whole, start, nights, every_days=every, band=band)
        lines.append(
            [
                f"into {band.value}",
                str(found.customers),
                str(found.left),
                str(found.warned),
                _share(found.warned_and_left, found.warned),
                _share(found.warned_and_left, found.left),
                _share(found.warned_before_due, found.warned_and_left),
                _days(found.due_days),
                _days(found.lead_days),
            ]
        )
    return table(head, lines)


def _days(quartiles: tuple[float, float, float]) -> str:
    low, middle, high = quartiles
    return f"{middle:.0f} days ({low:.0f} to {high:.0f})"


def _share(part: int, whole: int) -> str:
    """With 95 % by Wilson."""
    if not whole:
        return "–"
    low, high = wilson(part, whole)
    return f"{part / whole:.0%} ({low:.0%} to {high:.0%})"


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
    """Measure and write the section `churn` of the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder with the data sets")
    folder = parser.parse_args(arguments).data
    retail = folder / "online_retail" / "online_retail.parquet"
    parts = [f"## Churn in depth\n\n`make bench-churn`, {today()}, {machine()}. Seed {SEED}."]
    with threadpool_limits(1):
        parts += ["### From cut to cut\n", NOTE_CUTS, *levels(folder)]
        if (folder / "telco_churn" / "telco.parquet").exists():
            parts += ["### Contract tables\n", telco(folder / "telco_churn" / "telco.parquet")]
        if retail.exists():
            parts += ["### Warnings\n", NOTE_WARNINGS, warned(retail)]
        if (folder / "hillstrom" / "womens_train.parquet").exists():
            parts += ["### Labels under campaigns\n", NOTE_CAMPAIGNS]
            parts.append(campaigns(folder / "hillstrom" / "womens_train.parquet"))
        if retail.exists():
            parts += ["### Clusters of behaviour\n", nights(retail)]
    write_section("churn", "\n\n".join(part.strip() for part in parts))


NOTE_CUTS = """
Each row is a model fitted on what lay before the cut. BG/NBD and past windows say how many will leave; nothing
before a cut can say what a season after it does, which is the distance between the last two columns: largest on
CDNOW from October on, whose customers had never been seen before Christmas. What was tried for the level is in
[decision 0010](decisions/0010-who-leaves-is-a-blend.md). ECE over ten bins of equal count, its interval by bootstrap
over customers (which adds its own noise to it).
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
