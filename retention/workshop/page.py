"""An evaluation in words and tables: what `report.md` holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import mean, median

from retention.choices import Mode
from retention.metrics import Mean
from retention.rates import Rate
from retention.segments.nightly import Segmented
from retention.workshop.evaluation import Evaluation
from retention.workshop.outcomes import LIUKE, ChurnComparison, JudgedValue
from retention.workshop.recommendation import Comparison, Judged, Split
from retention.workshop.tables import MEASURES, asked, bought, choice_rows, cluster_rows, segment_rows


def page(evaluation: Evaluation, charts: Mapping[str, str], tables: Mapping[str, str]) -> str:
    """The report for people; `charts` and `tables` are title to file name."""
    parts = [
        f"# {evaluation.log}: how well it is known",
        f"{evaluation.rows} rows, {evaluation.start:%Y-%m-%d} to {evaluation.end:%Y-%m-%d}; "
        f"seed {evaluation.seed}. Intervals are 95 %.",
    ]
    if evaluation.split is not None and evaluation.recommendation is not None:
        parts += ["## Recommendation", recommendation_text(evaluation.split, evaluation.k)]
        for mode in Mode:
            limits = limits_text(evaluation.split, mode, evaluation.k)
            limits = f"{limits[0].upper()}{limits[1:]}"
            figures = recommendation_table(evaluation.recommendation, mode)
            parts += [f"### `{mode.value}`", limits, figures]
        parts += _settings_text([one for one in evaluation.recommendation.judged if one.settings])
        parts += _shown(charts, "ndcg", "coverage")
    if evaluation.churn is not None:
        parts += ["## Churn", churn_text(evaluation.churn)]
        if evaluation.churn.judged:
            parts += [churn_table(evaluation.churn)]
        parts += _shown(charts, "lift", "calibration")
    if evaluation.value and evaluation.churn is not None:
        parts += ["## Value", value_text(evaluation.churn), value_table(evaluation.value)]
    if evaluation.segments is not None:
        parts += ["## Segments", *segments_text(evaluation.segments)]
    parts += ["## Retention", "Of those who bought in a period, the share that bought in the next."]
    parts += [rate_table(evaluation.rates), *_shown(charts, "cohorts")]
    notes = evaluation.all_notes
    if notes:
        parts += ["## Notes", "\n".join(f"- {note}" for note in notes)]
    if evaluation.problems:
        rows = [[str(one.count), one.message, one.action] for one in evaluation.problems]
        parts += ["## Rows of the log", table(["rows", "what", "done"], rows)]
    if tables:
        listed = ", ".join(f"[{name.replace('_', ' ')}]({file})" for name, file in tables.items())
        parts += ["## The figures as CSV", listed]
    return "\n\n".join(parts) + "\n"


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; numbers stand to the right."""
    lines: list[Sequence[str]] = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def recommendation_text(split: Split, k: int) -> str:
    """Who was asked about what, in a paragraph."""
    new, both = (asked(split, mode) for mode in Mode)
    return (
        f"Fitted on what came before {split.cut:%Y-%m-%d %H:%M}, asked about every customer with a purchase on "
        f"both sides of it: {new} with something new, {both} in all. All {len(split.interactions.products)} "
        f"products are put in order, none sampled; lists have {k} places. `new` hides what the customer had "
        "bought; `any` allows repeats. AUC: the chance that something bought stands above something not bought. "
        "Coverage: the share of products in anybody's list."
    )


def limits_text(split: Split, mode: Mode, k: int) -> str:
    """How many are asked, and what lists that knew the future would reach."""
    sizes = [len(basket) for basket in split.bought[mode] if basket]
    precision = mean(min(size, k) / k for size in sizes) if sizes else 0.0
    recall = mean(min(size, k) / size for size in sizes) if sizes else 0.0
    return (
        f"{len(sizes)} customers, who went on to buy {median(sizes) if sizes else 0:g} products in the median; "
        f"the best lists there could be reach a precision of {precision:.3f} and a recall of {recall:.3f}."
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


def _plus_minus(found: Mean) -> str:
    return f"{found.value:.3f} ± {found.high - found.value:.3f}"


def _between(found: Mean) -> str:
    return f"{found.value:.3f} ({found.low:.3f} to {found.high:.3f})"


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
        f"Precision at capacity: the share that left among the {split.reached} of the active said to be most at "
        "risk, whom the staff can look after (`--capacity`). "
        "The share that leaves moves with the season, and the calibration error (ECE, ten bins) with it: compare "
        "it with the mean probability. A part alone is shifted to the blend's mean."
    )


def churn_table(done: ChurnComparison) -> str:
    """A row for each method, ours first."""
    rows = [
        [
            f"**{one.model}**" if one.model == LIUKE else one.model,
            *(_between(value) for value in (one.auc, one.auc_active, one.precision_at_capacity)),
            *(f"{value:.3f}" for value in (one.average_precision, one.brier)),
            *(f"{value:.3f}" for value in (one.calibration_error, one.mean_probability)),
        ]
        for one in done.judged
    ]
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


def segments_text(found: Segmented) -> list[str]:
    """RFM segments, and the clusters with how many there might have been."""
    segments = [
        [one["segment_en"], one["segment_zh"], one["meaning"], str(one["customers"]), f"{one['share']:.1%}"]
        for one in segment_rows(found)
    ]
    parts = [
        f"All {bought(found)} customers who bought. Lately: within {found.rfm.recent_days:.0f} days of the log's end.",
        table(["segment", "中文", "meaning", "customers", "share"], segments),
    ]
    if found.clusters is None:
        return parts
    clusters = [
        [str(one["cluster"]), str(one["customers"]), one["apart"] or "like everybody"]
        for one in cluster_rows(found)
    ]
    choices = [
        [
            f"**{one['k']}**" if one["chosen"] else str(one["k"]),
            f"{one['silhouette']:.3f}",
            f"{one['stability']:.3f}",
        ]
        for one in choice_rows(found)
    ]
    return [
        *parts,
        "Clusters of behaviour, and what sets each apart, in standard deviations from everybody's mean:",
        table(["cluster", "customers", "apart by"], clusters),
        "How many clusters: the best sum of silhouette and stability. Stability: the mean adjusted Rand index of the "
        "clusterings of two random halves; 1 is always the same, 0 is chance.",
        table(["clusters", "silhouette", "stability"], choices),
    ]


def rate_table(rates: Sequence[Rate]) -> str:
    """A row for each period."""
    rows = []
    for one in rates:
        low, high = one.interval
        share = f"{one.rate:.1%} ({low:.1%} to {high:.1%})" if one.rate is not None else "–"
        rows.append([f"{one.start} to {one.end}", str(one.customers), str(one.returned), share])
    return table(["came back between", "of", "back", "retention rate"], rows)


def _shown(charts: Mapping[str, str], *names: str) -> list[str]:
    return [f"![{name}]({charts[name]})" for name in names if name in charts]
