"""An evaluation's figures as flat tables: what the CSV files beside the page hold, and parts of `report.json`."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retention.evaluation import curves
from retention.evaluation.churn import ChurnComparison
from retention.evaluation.recommenders import Comparison
from retention.evaluation.segments import Segmentation
from retention.evaluation.splits import Mode
from retention.evaluation.value import JudgedValue
from retention.rates import Cell, Curve, Rate
from retention.segments.rfm import MEANING, NAMES

if TYPE_CHECKING:
    from retention.evaluation.report import Evaluation

MEASURES = ("ndcg", "precision", "recall", "auc")

Row = dict[str, Any]

_STEPS = ("day", "at_risk", "ended", "share", "low", "high")


def tables(evaluation: Evaluation) -> dict[str, list[Row]]:
    """Every table that there are figures for, by name; the rows of one have the same columns."""
    found: dict[str, list[Row]] = {}
    if evaluation.recommendation is not None:
        found["recommendation"] = recommendation_rows(evaluation.recommendation)
    if evaluation.churn is not None:
        found["churn"] = churn_rows(evaluation.churn)
        found["lift"] = lift_rows(evaluation.churn)
        found["calibration"] = calibration_rows(evaluation.churn)
    found["value"] = value_rows(evaluation.value)
    if evaluation.segments is not None:
        found["segments"] = segment_rows(evaluation.segments)
        found["clusters"] = cluster_rows(evaluation.segments)
        found["cluster_choices"] = choice_rows(evaluation.segments)
    found["retention"] = rate_rows(evaluation.rates)
    found["cohorts"] = cohort_rows(evaluation.cohorts)
    found["survival"] = survival_rows(evaluation.survival)
    return {name: rows for name, rows in found.items() if rows}


def write_tables(evaluation: Evaluation, folder: Path) -> dict[str, str]:
    """Write each table as CSV into an existing folder; name to file name."""
    files = {}
    for name, rows in tables(evaluation).items():
        files[name] = f"{name}.csv"
        with (folder / files[name]).open("w", newline="", encoding="utf-8") as file:
            out = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
            out.writeheader()
            out.writerows(rows)
    return files


def recommendation_rows(done: Comparison) -> list[Row]:
    """A row for each model and mode, best first."""
    return [
        {
            "model": one.model,
            "mode": mode.value,
            **_with_ends({measure: one.mean(measure) for measure in MEASURES}),
            "coverage": one.coverage,
            "fit_seconds": round(one.seconds, 3),
            "order_milliseconds": round(one.milliseconds, 4),
            "settings": one.settings,
        }
        for mode in Mode
        for one in done.of(mode)
    ]


def _with_ends(means: Mapping[str, Any]) -> Row:
    """`ndcg`, `ndcg_low`, `ndcg_high`, and so on."""
    row: Row = {}
    for name, mean in means.items():
        row |= {name: mean.value, f"{name}_low": mean.low, f"{name}_high": mean.high}
    return row


def churn_rows(done: ChurnComparison) -> list[Row]:
    """A row for each method, ours first."""
    return [
        {
            "model": one.model,
            **_with_ends(
                {"auc": one.auc, "auc_active": one.auc_active, "precision_at_capacity": one.precision}
            ),
            "average_precision": one.average_precision,
            "brier": one.brier,
            "calibration_error": one.calibration_error,
            "mean_probability": one.mean_probability,
            "settings": one.settings,
        }
        for one in done.judged
    ]


def lift_rows(done: ChurnComparison) -> list[Row]:
    """The points of the lift curves, of all customers and of the active."""
    left = done.split.window.left
    return [
        {"model": one.model, "of": name, **asdict(point)}
        for one in done.judged
        for name, mine in curves.groups(done).items()
        for point in curves.lift(left[mine], one.probability[mine])
    ]


def calibration_rows(done: ChurnComparison) -> list[Row]:
    """The points of the calibration curves."""
    return [
        {"model": one.model, **asdict(point)}
        for one in done.judged
        for point in curves.calibration(done.split.window.left, one.probability)
    ]


def value_rows(judged: Sequence[JudgedValue]) -> list[Row]:
    """A row for each method, ours first."""
    return [
        {
            "model": one.model,
            "purchases_mae": one.purchases_error.value,
            "purchases_total": one.purchases_total,
            "spend_mae": one.spend_error.value,
            "spend_rmse": one.spend_root,
            "spend_total": one.spend_total,
            "settings": one.settings,
        }
        for one in judged
    ]


def segment_rows(found: Segmentation) -> list[Row]:
    """A row for each RFM segment."""
    return [
        {
            "segment": one.value,
            "segment_zh": NAMES[one][0],
            "segment_en": NAMES[one][1],
            "meaning": MEANING[one][1],
            "customers": size,
            "share": size / max(found.customers, 1),
        }
        for one, size in found.sizes.items()
    ]


def cluster_rows(found: Segmentation) -> list[Row]:
    """A row for each cluster, with what sets it apart in standard deviations from everybody's mean."""
    if found.clusters is None:
        return []
    return [
        {
            "cluster": place,
            "customers": size,
            "share": size / found.customers,
            "apart": ", ".join(f"{name} {by:+.1f}" for name, by in found.clusters.describe(place)),
        }
        for place, size in enumerate(found.cluster_sizes)
    ]


def choice_rows(found: Segmentation) -> list[Row]:
    """A row for each number of clusters that was tried.

    `stability` is the mean adjusted Rand index of the clusterings of two random halves.
    """
    if found.clusters is None:
        return []
    chosen = len(found.clusters.centres)
    return [{**asdict(one), "chosen": one.k == chosen} for one in found.clusters.choices]


def rate_rows(rates: Sequence[Rate]) -> list[Row]:
    """A row for each period."""
    return [
        {
            "kind": one.kind.value,
            "start": str(one.start),
            "end": str(one.end),
            "customers": one.customers,
            "returned": one.returned,
            "rate": one.rate,
            "low": one.interval[0],
            "high": one.interval[1],
        }
        for one in rates
    ]


def cohort_rows(cells: Sequence[Cell]) -> list[Row]:
    """A row for each cohort and period; `complete` is false while the period is not over."""
    return [
        {**asdict(one), "rate": one.rate, "low": one.interval[0], "high": one.interval[1]} for one in cells
    ]


def survival_rows(drawn: Sequence[Curve]) -> list[Row]:
    """A row for each day on which somebody lapsed, for the first time."""
    return [
        {"group": one.group, **dict(zip(_STEPS, step, strict=True))}
        for one in drawn
        for step in zip(*(getattr(one, name).tolist() for name in _STEPS), strict=True)
    ]
