"""An evaluation's figures as flat tables (the CSV files) and for programs (`report.json`)."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeAlias

from retention.choices import Mode
from retention.metrics import Mean
from retention.rates import Cell, Curve, Rate
from retention.segments.nightly import Segmented
from retention.segments.rfm import MEANING, NAMES, Segment
from retention.workshop.evaluation import Evaluation
from retention.workshop.outcomes import ChurnComparison, JudgedValue, calibration_curve, groups, lift
from retention.workshop.recommendation import Comparison, Split

MEASURES = ("ndcg", "precision", "recall", "auc")

Row: TypeAlias = dict[str, Any]

_CHURN = (
    "model",
    "auc",
    "auc_active",
    "precision_at_capacity",
    "average_precision",
    "brier",
    "calibration_error",
    "mean_probability",
    "settings",
)
_COHORT = ("group", "cohort", "period", "customers", "active", "complete", "rate", "low", "high")


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
    return {name: [_flat(row) for row in rows] for name, rows in found.items() if rows}


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


def _flat(row: Row) -> Row:
    """A mean as `ndcg`, `ndcg_low`, `ndcg_high`."""
    flat: Row = {}
    for name, one in row.items():
        if isinstance(one, Mean):
            flat |= {name: one.value, f"{name}_low": one.low, f"{name}_high": one.high}
        else:
            flat[name] = one
    return flat


def figures(evaluation: Evaluation) -> dict[str, Any]:
    """All figures, for programs."""
    found: dict[str, Any] = {
        "log": evaluation.log,
        "rows": evaluation.rows,
        "start": evaluation.start.isoformat(),
        "end": evaluation.end.isoformat(),
        "seed": evaluation.seed,
        "problems": {one.code: one.count for one in evaluation.problems},
        "notes": evaluation.notes,
    }
    split, done = evaluation.split, evaluation.recommendation
    if split is not None and done is not None:
        found["recommendation"] = {
            "cut": split.cut.isoformat(),
            "k": evaluation.k,
            "products": len(split.interactions.products),
            "customers": {mode.value: asked(split, mode) for mode in Mode},
            "models": _nested(recommendation_rows(done)),
            "notes": done.notes,
        }
    if evaluation.churn is not None:
        found["churn"] = _churn(evaluation.churn)
    found["value"] = value_rows(evaluation.value)
    if evaluation.segments is not None:
        found["segments"] = {
            "customers": bought(evaluation.segments),
            "recent_days": round(evaluation.segments.rfm.recent_days),
            "rfm": segment_rows(evaluation.segments),
            "clusters": cluster_rows(evaluation.segments),
            "choices": choice_rows(evaluation.segments),
        }
    found["retention"] = [
        {name: one for name, one in row.items() if name not in ("low", "high")}
        | {"interval": [row["low"], row["high"]]}
        for row in rate_rows(evaluation.rates)
    ]
    found["cohorts"] = cohort_rows(evaluation.cohorts)
    found["survival"] = {
        "silence_days": evaluation.silence,
        "steps": survival_rows(evaluation.survival),
    }
    return found


def _churn(done: ChurnComparison) -> dict[str, Any]:
    split = done.split
    return {
        "cut": split.cut.isoformat(),
        "days": split.days,
        "customers": len(split.window.left),
        "active": int(split.active.sum()),
        "capacity": split.reached,
        "left": float(split.window.left.mean()),
        "models": _nested(churn_rows(done)),
        "lift": lift_rows(done),
        "calibration": calibration_rows(done),
        "notes": done.notes,
    }


def _nested(rows: Sequence[Mapping[str, Any]]) -> list[Row]:
    """A mean as an object with its ends."""
    return [
        {name: asdict(one) if isinstance(one, Mean) else one for name, one in row.items()} for row in rows
    ]


# --- rows -------------------------------------------------------------------------------------------------


def asked(split: Split, mode: Mode) -> int:
    """How many customers had something to be found for."""
    return sum(bool(basket) for basket in split.bought[mode])


def recommendation_rows(done: Comparison) -> list[Row]:
    """A row for each model and mode, best first."""
    return [
        {
            "model": one.model,
            "mode": mode.value,
            **{measure: one.mean(measure) for measure in MEASURES},
            "coverage": one.coverage,
            "fit_seconds": round(one.seconds, 3),
            "order_milliseconds": round(one.milliseconds, 4),
            "settings": one.settings,
        }
        for mode in Mode
        for one in done.of(mode)
    ]


def churn_rows(done: ChurnComparison) -> list[Row]:
    """A row for each method, ours first."""
    return [{name: getattr(one, name) for name in _CHURN} for one in done.judged]


def lift_rows(done: ChurnComparison) -> list[Row]:
    """The points of the lift curves, of all customers and of the active."""
    left = done.split.window.left
    return [
        {"model": one.model, "of": name, **point}
        for one in done.judged
        for name, mine in groups(done).items()
        for point in lift(left[mine], one.probability[mine])
    ]


def calibration_rows(done: ChurnComparison) -> list[Row]:
    """The points of the calibration curves."""
    return [
        {"model": one.model, **point}
        for one in done.judged
        for point in calibration_curve(done.split.window.left, one.probability)
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


def bought(found: Segmented) -> int:
    """How many customers are divided: all who have bought."""
    return sum(one.customers for one in found.groups if one.kind == "segment")


def segment_rows(found: Segmented) -> list[Row]:
    """A row for each RFM segment."""
    return [
        {
            "segment": one.name,
            "segment_zh": NAMES[Segment(one.name)][0],
            "segment_en": NAMES[Segment(one.name)][1],
            "meaning": MEANING[Segment(one.name)][1],
            "customers": one.customers,
            "share": one.customers / max(bought(found), 1),
        }
        for one in found.groups
        if one.kind == "segment"
    ]


def cluster_rows(found: Segmented) -> list[Row]:
    """A row for each cluster, with what sets it apart in standard deviations from everybody's mean."""
    return [
        {
            "cluster": int(one.name),
            "customers": one.customers,
            "share": one.customers / bought(found),
            "apart": "" if found.clusters is None else found.clusters.apart(int(one.name)),
        }
        for one in found.groups
        if one.kind == "cluster"
    ]


def choice_rows(found: Segmented) -> list[Row]:
    """A row for each number of clusters that was tried.

    `stability` is the mean adjusted Rand index of the clusterings of two random halves.
    """
    if found.clusters is None:
        return []
    return [{**asdict(one), "chosen": one.k == found.clusters.k} for one in found.clusters.choices]


def rate_rows(rates: Sequence[Rate]) -> list[Row]:
    """A row for each period."""
    return [{name: one for name, one in rate.row.items() if name != "group"} for rate in rates]


def cohort_rows(cells: Sequence[Cell]) -> list[Row]:
    """A row for each cohort and period; `complete` is false while the period is not over."""
    return [{name: cell.row[name] for name in _COHORT} for cell in cells]


def survival_rows(drawn: Sequence[Curve]) -> list[Row]:
    """A row for each day on which somebody lapsed, for the first time."""
    return [row for one in drawn for row in one.rows]
