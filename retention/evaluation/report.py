"""An evaluation as a folder: tables in Markdown and JSON, and pictures. It appears whole or not at all."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from retention.errors import RetentionError
from retention.evaluation.churn import LIUKE, ChurnComparison
from retention.evaluation.rankings import Judged, Mean
from retention.evaluation.recommenders import Comparison
from retention.evaluation.splits import Mode, Split
from retention.evaluation.value import JudgedValue
from retention.rates import Cell, Curve, Rate
from retention.report import Problem

PAGE, DATA = "report.md", "report.json"
MEASURES = ("ndcg", "precision", "recall", "auc")


@dataclass(slots=True, kw_only=True)
class Evaluation:
    """Everything that was found out about one log."""

    log: str
    rows: int
    start: datetime
    end: datetime
    seed: int
    problems: Sequence[Problem] = ()
    notes: list[str] = field(default_factory=list)
    split: Split | None = None
    recommendation: Comparison | None = None
    churn: ChurnComparison | None = None
    value: Sequence[JudgedValue] = ()
    rates: Sequence[Rate] = ()
    cohorts: Sequence[Cell] = ()
    survival: Sequence[Curve] = ()
    silence: int = 90
    k: int = 10


class FolderTaken(RetentionError):
    """The folder holds something that is not an evaluation."""


def check_folder(out: Path) -> None:
    """Refuse a folder that holds something else than an earlier report.

    Raises:
        FolderTaken: it does.
    """
    if out.exists() and (not out.is_dir() or (any(out.iterdir()) and not (out / DATA).is_file())):
        raise FolderTaken(f"{out} holds something that is not a report: name a new folder")


def write(evaluation: Evaluation, out: Path, form: str = "png") -> list[Path]:
    """Write the report; an earlier one in the same folder is replaced when the new one is whole.

    Args:
        form: of the pictures, `png` or `svg`.

    Raises:
        FolderTaken: the folder holds something else.
    """
    from retention.evaluation import pictures

    check_folder(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    draft = out.with_name(f".{out.name}.{os.getpid()}.part")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    try:
        drawn = pictures.draw_all(evaluation, draft, form)
        (draft / PAGE).write_text(page(evaluation, drawn), "utf-8")
        (draft / DATA).write_text(
            json.dumps(figures(evaluation), ensure_ascii=False, indent=1, allow_nan=False) + "\n", "utf-8"
        )
        if out.exists():
            shutil.rmtree(out)
        draft.rename(out)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return sorted(out.iterdir())


# --- JSON -------------------------------------------------------------------------------------------------


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
                    measure: {"value": mean.value, "low": mean.low, "high": mean.high}
                    for measure, mean in ((name, one.mean(name)) for name in MEASURES)
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


# --- Markdown ---------------------------------------------------------------------------------------------


def page(evaluation: Evaluation, pictures: Mapping[str, str]) -> str:
    """The report for people; `pictures` are title to file name."""
    parts = [
        f"# {evaluation.log}: how well it is known",
        f"{evaluation.rows} rows, {evaluation.start:%Y-%m-%d} to {evaluation.end:%Y-%m-%d}; "
        f"seed {evaluation.seed}. Intervals are 95 %.",
    ]
    if evaluation.split is not None and evaluation.recommendation is not None:
        parts += ["## Recommendation", recommendation_text(evaluation.split, evaluation.k)]
        for mode in Mode:
            parts += [f"### `{mode.value}`", recommendation_table(evaluation.recommendation, mode)]
        parts += _settings_text([one for one in evaluation.recommendation.judged if one.settings])
        parts += _shown(pictures, "ndcg", "coverage")
    if evaluation.churn is not None:
        parts += ["## Churn", churn_text(evaluation.churn)]
        if evaluation.churn.judged:
            parts += [churn_table(evaluation.churn)]
        parts += _shown(pictures, "lift", "calibration")
    if evaluation.value and evaluation.churn is not None:
        parts += ["## Value", value_text(evaluation.churn), value_table(evaluation.value)]
    parts += ["## Retention", "Of those who bought in a period, the share that bought in the next."]
    parts += [rate_table(evaluation.rates), *_shown(pictures, "cohorts")]
    notes = [
        *evaluation.notes,
        *(evaluation.recommendation.notes if evaluation.recommendation else ()),
        *(evaluation.churn.notes if evaluation.churn else ()),
    ]
    if notes:
        parts += ["## Notes", "\n".join(f"- {note}" for note in dict.fromkeys(notes))]
    if evaluation.problems:
        rows = [[str(one.count), one.message, one.action] for one in evaluation.problems]
        parts += ["## Rows of the log", table(["rows", "what", "done"], rows)]
    return "\n\n".join(parts) + "\n"


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; numbers stand to the right."""
    lines: list[Sequence[str]] = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def recommendation_text(split: Split, k: int) -> str:
    """Who was asked about what, in a paragraph."""
    new, both = (_asked(split, mode) for mode in Mode)
    return (
        f"Fitted on what came before {split.cut:%Y-%m-%d %H:%M}, asked about every customer with a purchase on "
        f"both sides of it: {new} with something new, {both} in all. All {len(split.interactions.products)} "
        f"products are put in order, none sampled; lists have {k} places. `new` hides what the customer had "
        "bought; `any` allows repeats. AUC: the chance that something bought stands above something not bought. "
        "Coverage: the share of products in anybody's list."
    )


def recommendation_table(done: Comparison, mode: Mode) -> str:
    """A row for each model, best first, with its distance to `auto` for the same customers."""
    ours = done.find("auto", mode)
    rows = []
    for one in done.of(mode):
        lead = ours.lead(one) if ours is not None and ours is not one else None
        rows.append(
            [
                f"**{one.model}**" if one is ours else one.model,
                *(_plus_minus(one.mean(measure)) for measure in MEASURES),
                f"{one.coverage:.0%}",
                f"{lead.value:+.3f} ({lead.low:+.3f} to {lead.high:+.3f})" if lead else "–",
                f"{one.seconds:.1f} s",
            ]
        )
    k = done.judged[0].k if done.judged else 10
    head = ["model", *(f"{name}@{k}" for name in ("NDCG", "precision", "recall")), "AUC", "coverage"]
    return table([*head, "auto leads by (NDCG)", "fit"], rows)


def _plus_minus(mean: Mean) -> str:
    return f"{mean.value:.3f} ± {mean.high - mean.value:.3f}"


def _settings_text(tuned: Sequence[Judged]) -> list[str]:
    if not tuned:
        return []
    lines = [f"- {one.model}, `{one.mode.value}`: {one.settings}" for one in tuned]
    return ["Settings chosen on a cut within the past:", "\n".join(lines)]


def churn_text(done: ChurnComparison) -> str:
    """Who was asked about, in a paragraph."""
    split = done.split
    return (
        f"Fitted on what came before {split.cut:%Y-%m-%d}; who bought nothing in the {split.days} days after it "
        f"has left: {split.window.left.mean():.1%} of {len(split.window.left)} customers. "
        f"*Active*: the {int(split.active.sum())} who had bought within as many days before. "
        "Precision at capacity: the share that left among the twentieth of the active said to be most at risk. "
        "The share that leaves moves with the season, and the calibration error (ECE, ten bins) with it: compare "
        "it with the mean probability. A part alone is shifted to the blend's mean."
    )


def churn_table(done: ChurnComparison) -> str:
    """A row for each method, ours first."""
    rows = []
    for one in done.judged:
        rows.append(
            [
                f"**{one.model}**" if one.model == LIUKE else one.model,
                f"{one.auc:.3f} ({one.auc_low:.3f} to {one.auc_high:.3f})",
                *(
                    f"{value:.3f}"
                    for value in (
                        one.auc_active,
                        one.precision_at_capacity,
                        one.average_precision,
                        one.brier,
                        one.calibration_error,
                        one.mean_probability,
                    )
                ),
            ]
        )
    head = ["method", "AUC", "AUC, active", "precision at capacity", "average precision", "Brier", "ECE"]
    return table([*head, "mean probability"], rows)


def value_text(done: ChurnComparison) -> str:
    """What was foretold, in a sentence."""
    return (
        f"Days with a purchase, and spend in the log's units of money, of the same customers in the "
        f"{done.split.days} days after the cut. Total: what was expected of all together, over what came."
    )


def value_table(judged: Sequence[JudgedValue]) -> str:
    """A row for each method, ours first."""
    rows = [
        [
            f"**{one.model}**" if one.model == LIUKE else one.model,
            _plus_minus(one.purchases_error),
            f"{one.purchases_total:.2f}",
            f"{one.spend_error.value:.2f} ± {one.spend_error.high - one.spend_error.value:.2f}",
            f"{one.spend_root:.2f}",
            f"{one.spend_total:.2f}",
        ]
        for one in judged
    ]
    head = ["method", "purchases, mean error", "total", "spend, mean error", "root mean square", "total"]
    return table(head, rows)


def rate_table(rates: Sequence[Rate]) -> str:
    """A row for each period."""
    rows = []
    for one in rates:
        low, high = one.interval
        share = f"{one.rate:.1%} ({low:.1%} to {high:.1%})" if one.rate is not None else "–"
        rows.append([f"{one.start} to {one.end}", str(one.customers), str(one.returned), share])
    return table(["came back between", "of", "back", "retention rate"], rows)


def _shown(pictures: Mapping[str, str], *names: str) -> list[str]:
    return [f"![{name}]({pictures[name]})" for name in names if name in pictures]
