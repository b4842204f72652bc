"""All figures of an evaluation, for programs: what `report.json` holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from retention.evaluation.churn import ChurnComparison
from retention.evaluation.recommenders import Comparison
from retention.evaluation.splits import Mode, Split

if TYPE_CHECKING:
    from retention.evaluation.report import Evaluation

MEASURES = ("ndcg", "precision", "recall", "auc")


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
    found["value"] = [
        {
            "model": one.model,
            "purchases_mae": one.purchases_error.value,
            "purchases_total": one.purchases_total,
            "spend_mae": one.spend_error.value,
            "spend_rmse": one.spend_root,
            "spend_total": one.spend_total,
            "settings": one.settings,
        }
        for one in evaluation.value
    ]
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
                **{
                    measure: {"value": found.value, "low": found.low, "high": found.high}
                    for measure, found in ((name, one.mean(name)) for name in MEASURES)
                },
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
        "left": float(split.window.left.mean()),
        "models": [
            {
                "model": one.model,
                "auc": {"value": one.auc, "low": one.auc_low, "high": one.auc_high},
                "auc_active": one.auc_active,
                "precision_at_capacity": one.precision_at_capacity,
                "average_precision": one.average_precision,
                "brier": one.brier,
                "calibration_error": one.calibration_error,
                "mean_probability": one.mean_probability,
                "settings": one.settings,
            }
            for one in done.judged
        ],
        "notes": done.notes,
    }


def _asked(split: Split, mode: Mode) -> int:
    return sum(bool(basket) for basket in split.bought[mode])
