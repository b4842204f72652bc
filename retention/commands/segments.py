"""`liuke retention segments`: RFM segments by name, and clusters of behaviour."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kernel.console import failing, print_table, working
from retention.commands import options
from retention.commands.files import check_targets, load_part, open_log, print_notes, save_part, write_table

if TYPE_CHECKING:
    from retention.features.expressions import RawTable
    from retention.segments.clusters import Clusters
    from retention.segments.rfm import Rfm

Save = Annotated[Path | None, typer.Option("--save", help="Keep divisions and clusters in this folder.")]
Model = Annotated[
    Path | None,
    typer.Option(
        "--model",
        help="Use the divisions and clusters in this folder as they are: of --save, or a version of `liuke refit`.",
    ),
]
Previous = Annotated[
    Path | None,
    typer.Option("--previous", help="Cluster anew, from the centres in this folder, and match to them."),
]
Number = Annotated[
    int | None, typer.Option("--clusters", min=2, max=20, help="How many; chosen and shown without it.")
]


def segments(
    events: options.Events,
    columns: options.Columns = None,
    at: options.At = None,
    horizon: options.Horizon = None,
    clusters: Number = None,
    save: Save = None,
    model: Model = None,
    previous: Previous = None,
    seed: options.Seed = 0,
    out_file: options.Out = None,
) -> None:
    """Groups of customers: `customer, segment, segment_zh, segment_en`, three scores and a cluster, a row each.

    `lately` is within --horizon; the shop's own gaps between purchases decide without it.
    """
    from kernel.times import to_micros
    from retention.churn.windows import buyers, horizon_of, purchase_gaps, usual_gap
    from retention.features.expressions import Shop
    from retention.segments.nightly import PART, saved

    check_targets(out_file, save, "the table", "divisions and clusters")
    days = options.days(horizon)
    log = open_log(events, columns, options.moment(at))
    now = to_micros(log.at)
    with failing(), working("grouping customers"):
        checked = log.checked()
        table = buyers(Shop(checked.history), now)
        usual = usual_gap(purchase_gaps(checked)[1])
    if model is not None:
        rfm, found = _load(model)
    else:
        before = _load(previous)[1] if previous is not None else None
        rfm, found = _fit(table, days or horizon_of(checked), usual, before, clusters, seed)
    if save is not None:
        save_part(save, PART, saved(rfm, found), seed=seed, at=log.at, data=log.history.fingerprint())
    _show(table, rfm, found)
    if out_file is not None:
        write_table(_table(table, rfm, found), out_file, log=log)


def _fit(
    table: RawTable, days: int, usual_gap: float, previous: Clusters | None, k: int | None, seed: int
) -> tuple[Rfm, Clusters | None]:
    from retention.segments import clusters, rfm

    with failing(), working("clustering"):
        found = clusters.fit(table.values, usual_gap=usual_gap, seed=seed, previous=previous, k=k)
    if found is None:
        print_notes(
            [
                f"{len(table.customers)} customers who bought; clusters need {clusters.LEAST_CUSTOMERS}: left out"
            ]
        )
    return rfm.fit(table.values, days), found


def _show(table: RawTable, rfm: Rfm, clusters: Clusters | None) -> None:
    from collections import Counter

    from retention.segments.rfm import MEANING, NAMES, Segment

    counts = Counter(rfm.segments(table.values))
    rows = [(one.value, *NAMES[one], MEANING[one][1], counts[one]) for one in Segment]
    print_table("Segments", ("segment", "中文", "English", "meaning", "customers"), rows)
    if clusters is None:
        return
    sizes = Counter(clusters.assign(table.values).tolist())
    print_table(
        "Clusters",
        ("cluster", "customers", "beside everybody's mean, in standard deviations"),
        [(one, sizes[one], clusters.in_words(one)) for one in clusters.numbers.tolist()],
    )
    print_table(
        "How many clusters",
        ("k", "silhouette", "stability (adjusted Rand index of two halves)", "chosen"),
        [
            (
                one.k,
                f"{one.silhouette:.3f}",
                f"{one.stability:.3f}",
                "✓" if one.k == clusters.k else "",
            )
            for one in clusters.choices
        ],
    )
    if clusters.agreement is not None:
        print_notes([f"adjusted Rand index with the previous clusters: {clusters.agreement:.3f}"])


def _table(table: RawTable, rfm: Rfm, clusters: Clusters | None) -> dict[str, Any]:
    from retention.segments.rfm import NAMES

    found = rfm.segments(table.values)
    scores = rfm.scores(table.values)
    rows: dict[str, Any] = {
        "customer": list(table.customers),
        "segment": [one.value for one in found],
        "segment_zh": [NAMES[one][0] for one in found],
        "segment_en": [NAMES[one][1] for one in found],
        "recency_score": scores[:, 0],
        "frequency_score": scores[:, 1],
        "money_score": scores[:, 2],
    }
    if clusters is not None:
        rows["cluster"] = clusters.assign(table.values)
    return rows


def _load(directory: Path) -> tuple[Rfm, Clusters | None]:
    from retention.segments.nightly import PART, restored

    with failing():
        return restored(*load_part(directory, PART))
