"""All figures of an evaluation, for programs: what `report.json` holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from retention.evaluation import tables
from retention.evaluation.churn import ChurnComparison
from retention.evaluation.rankings import Mean
from retention.evaluation.recommenders import Comparison
from retention.evaluation.segments import Segmentation
from retention.evaluation.splits import Mode, Split
from retention.evaluation.tables import MEASURES

if TYPE_CHECKING:
    from retention.evaluation.report import Evaluation


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
    if evaluation.split is not None and evaluation.recommendation is not None:
        found["recommendation"] = _recommendation(evaluation.split, evaluation.recommendation, evaluation.k)
    if evaluation.churn is not None:
        found["churn"] = _churn(evaluation.churn)
    found["value"] = tables.value_rows(evaluation.value)
    if evaluation.segments is not None:
        found["segments"] = _segments(evaluation.segments)
    found["retention"] = [
        {
            "kind": one.kind.value,
            "start": str(one.start),
            "end": str(one.end),
            "customers": one.customers,
            "returned": one.returned,
            "rate": one.rate,
            "interval": list(one.interval),
        }
        for one in evaluation.rates
    ]
    found["cohorts"] = tables.cohort_rows(evaluation.cohorts)
    found["survival"] = {
        "silence_days": evaluation.silence,
        "steps": tables.survival_rows(evaluation.survival),
    }
    return found


def _recommendation(split: Split, done: Comparison, k: int) -> dict[str, Any]:
    return {
        "cut": split.cut.isoformat(),
        "k": k,
        "products": len(split.interactions.products),
        "customers": {mode.value: _asked(split, mode) for mode in Mode},
        "models": [
            {
                "model": one.model,
                "mode": one.mode.value,
                **{measure: _ends(one.mean(measure)) for measure in MEASURES},
                "coverage": one.coverage,
                "fit_seconds": round(one.seconds, 3),
                "order_milliseconds": round(one.milliseconds, 4),
                "settings": one.settings,
            }
            for mode in Mode
            for one in done.of(mode)
        ],
        "notes": done.notes,
    }


def _churn(done: ChurnComparison) -> dict[str, Any]:
    split = done.split
    return {
        "cut": split.cut.isoformat(),
        "days": split.days,
        "customers": len(split.window.left),
        "active": int(split.active.sum()),
        "capacity": split.reached,
        "left": float(split.window.left.mean()),
        "models": [
            {
                "model": one.model,
                "auc": _ends(one.auc),
                "auc_active": _ends(one.auc_active),
                "precision_at_capacity": _ends(one.precision),
                "average_precision": one.average_precision,
                "brier": one.brier,
                "calibration_error": one.calibration_error,
                "mean_probability": one.mean_probability,
                "settings": one.settings,
            }
            for one in done.judged
        ],
        "lift": tables.lift_rows(done),
        "calibration": tables.calibration_rows(done),
        "notes": done.notes,
    }


def _segments(found: Segmentation) -> dict[str, Any]:
    return {
        "customers": found.customers,
        "recent_days": found.recent_days,
        "rfm": tables.segment_rows(found),
        "clusters": tables.cluster_rows(found),
        "choices": tables.choice_rows(found),
    }


def _ends(found: Mean) -> dict[str, float]:
    return {"value": found.value, "low": found.low, "high": found.high}


def _asked(split: Split, mode: Mode) -> int:
    return sum(bool(basket) for basket in split.bought[mode])
