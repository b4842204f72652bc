"""`liuke retention evaluate` and `compare`: every model on a shop's own log, split in time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from retention.commands import options, sources
from retention.commands.output import err, fail, tell_notes, told
from retention.commands.progress import progress_bar
from retention.commands.sources import Source

if TYPE_CHECKING:
    from retention.evaluation.churn import ChurnComparison
    from retention.evaluation.report import Evaluation

Progress = Callable[[str, float], None]


class Form(StrEnum):
    """Of pictures."""

    PNG = "png"
    SVG = "svg"


Folder = Annotated[
    Path, typer.Option("--out", help="A folder for report.md, report.json, tables (CSV) and pictures.")
]
CutAt = Annotated[
    str | None,
    typer.Option(
        "--at",
        help="Where the log is cut: what came before is learned from, what came after is foretold. By default at "
        "80 % of the time for recommendations, and one horizon before the end for churn.",
    ),
]
Models = Annotated[
    str | None,
    typer.Option("--models", help="Of the recommenders only these, such as auto,ease,own; all without it."),
]
Places = Annotated[int, typer.Option("--n", min=1, max=1000, help="Places of a list.")]
Pictures = Annotated[Form, typer.Option("--pictures", help="png or svg.")]


def evaluate(
    context: typer.Context,
    out_folder: Folder,
    events: sources.OwnEvents = None,
    columns: options.Columns = None,
    at: CutAt = None,
    n: Places = 10,
    horizon: options.Horizon = None,
    capacity: options.Capacity = None,
    models: Models = None,
    pictures: Pictures = Form.PNG,
    seed: options.Seed = 0,
) -> None:
    """Judge every model on what came after a cut in time; write tables and pictures."""
    plan = _plan(at, n, horizon, capacity, models, seed, tries=0)
    _run(context, events, columns, out_folder, pictures, plan)


def compare(
    context: typer.Context,
    out_folder: Folder,
    events: sources.OwnEvents = None,
    columns: options.Columns = None,
    at: CutAt = None,
    n: Places = 10,
    horizon: options.Horizon = None,
    capacity: options.Capacity = None,
    models: Models = None,
    tries: Annotated[
        int, typer.Option(min=1, max=6, help="Settings that each peer may try on a cut within the past.")
    ] = 6,
    pictures: Pictures = Form.PNG,
    seed: options.Seed = 0,
) -> None:
    """As `evaluate`, beside implicit (ALS, BPR, BM25), RecTools, lifetimes and LightGBM; needs the extra `peers`."""
    plan = _plan(at, n, horizon, capacity, models, seed, tries=tries)
    _run(context, events, columns, out_folder, pictures, plan)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """What is to be judged, and how."""

    cut: datetime | None
    days: int | None
    capacity: float | None
    """Whom the staff can look after, a share of the active or a number; None is the usual share."""
    places: int
    models: Sequence[str]
    seed: int
    tries: int
    """Settings for each peer; 0 leaves the peers out."""


def _plan(
    at: str | None,
    n: int,
    horizon: str | None,
    capacity: str | None,
    models: str | None,
    seed: int,
    *,
    tries: int,
) -> _Plan:
    return _Plan(
        cut=options.moment(at),
        days=options.days(horizon),
        capacity=options.capacity(capacity),
        places=n,
        models=_named(models),
        seed=seed,
        tries=tries,
    )


def _named(models: str | None) -> list[str]:
    from retention.recommenders.registry import MODELS

    chosen = [one.strip() for one in models.split(",")] if models is not None else list(MODELS)
    strange = [one for one in chosen if one not in MODELS]
    if strange:
        fail(f"--models: there is no {', '.join(map(repr, strange))}; there are {', '.join(MODELS)}")
    return chosen


def _run(
    context: typer.Context,
    events: Path | None,
    columns: str | None,
    folder: Path,
    pictures: Form,
    plan: _Plan,
) -> None:
    with told():
        from retention.evaluation import peers, report

        report.check_folder(folder)
        notes = peers.require() if plan.tries else []
        source = sources.opened(context, events, columns, None)
        with progress_bar() as progress:
            found = _evaluated(source, plan, progress)
            found.notes += notes
            progress("writing the report", 1.0)
            files = report.write(found, folder, pictures.value)
    tell_notes([*found.notes, *_said(found)])
    err.print(f"{len(files)} files in {folder}; begin with {report.PAGE}", markup=False, highlight=False)


def _said(found: Evaluation) -> list[str]:
    return [
        *(found.recommendation.notes if found.recommendation else ()),
        *(found.churn.notes if found.churn else ()),
        *(found.segments.notes if found.segments else ()),
    ]


def _evaluated(source: Source, plan: _Plan, progress: Progress) -> Evaluation:
    from retention.evaluation.report import Evaluation
    from retention.evaluation.segments import segment
    from retention.rates import Activity, Ending, Kind, cohorts, rates, survival
    from retention.times import from_micros

    first = from_micros(min(source.history.events.column("at").to_pylist()))
    if plan.cut is not None and not first < plan.cut < source.at:
        fail(f"--at {plan.cut:%Y-%m-%d} must lie within the log, {first:%Y-%m-%d} to {source.at:%Y-%m-%d}")
    activity = Activity.of(source.history.events, source.at)
    silence = activity.usual_silence() if activity.customers else 90
    found = Evaluation(
        log=source.name,
        rows=source.rows,
        start=first,
        end=source.at,
        seed=plan.seed,
        problems=source.checked().problems,
        notes=list(source.notes),
        rates=rates(activity, Kind.WITHIN),
        cohorts=cohorts(activity),
        survival=survival(activity, Ending.LAPSE, lapse=silence),
        silence=silence,
        k=plan.places,
    )
    _recommendation(found, source, plan, progress)
    _churn(found, source, plan, progress)
    progress("grouping customers", 0.98)
    found.segments = segment(source.checked(), seed=plan.seed, horizon_days=plan.days)
    return found


def _recommendation(found: Evaluation, source: Source, plan: _Plan, progress: Progress) -> None:
    from retention.errors import HistoryError
    from retention.evaluation.recommenders import judge_models
    from retention.evaluation.splits import Split, cut_at

    if not source.items:
        found.notes.append("the log has no items: there is nothing to recommend, only churn is judged")
        return
    share = 0.35 if plan.tries else 0.7
    try:
        found.split = Split.of(source.history, source.at, plan.cut or cut_at(source.history, source.at, 0.8))
    except HistoryError as empty:
        found.notes.append(f"recommendations were not judged: {empty}")
        return
    found.recommendation = judge_models(
        found.split, plan.places, seed=plan.seed, names=plan.models, progress=_part(progress, 0.0, share)
    )
    if plan.tries:
        from retention.evaluation.peers.recommenders import judge_peers

        found.recommendation.judged += judge_peers(
            found.split, plan.places, tries=plan.tries, seed=plan.seed, progress=_part(progress, share, 0.8)
        )


def _churn(found: Evaluation, source: Source, plan: _Plan, progress: Progress) -> None:
    from retention.churn.fit import CAPACITY
    from retention.churn.windows import choose_horizon, rhythm_of
    from retention.errors import HistoryError
    from retention.evaluation.churn import ChurnSplit, judge_churn
    from retention.evaluation.value import judge_value

    days = plan.days
    if days is None:
        _, gaps = rhythm_of(source.checked())
        days = choose_horizon(gaps, (source.at - found.start) / timedelta(days=1))
    moment = plan.cut or source.at - timedelta(days=days)
    days = min(days, (source.at - moment).days)
    progress("learning who leaves", 0.8)
    try:
        if moment <= found.start or days < 1:
            raise HistoryError(f"the log is too short for a horizon of {days} days")
        capacity = plan.capacity or CAPACITY
        split = ChurnSplit.of(source.history, moment, days, seed=plan.seed, capacity=capacity)
    except HistoryError as empty:
        found.notes.append(f"churn was not judged: {empty}")
        return
    found.churn = judge_churn(split, progress=_part(progress, 0.85, 0.9))
    found.value = judge_value(split, seed=plan.seed)
    if plan.tries:
        _churn_peers(found, found.churn, plan, progress)


def _churn_peers(found: Evaluation, churn: ChurnComparison, plan: _Plan, progress: Progress) -> None:
    from retention.evaluation.peers.churn import add_peers
    from retention.evaluation.peers.value import judge_lifetimes

    if churn.judged:
        add_peers(churn, tries=plan.tries, seed=plan.seed, progress=_part(progress, 0.9, 0.98))
    if found.value:
        peer = judge_lifetimes(churn.split, plan.tries)
        if isinstance(peer, str):
            found.notes.append(f"lifetimes was left out of the value: {peer}")
        else:
            found.value = [*found.value, peer]


def _part(progress: Progress, start: float, end: float) -> Progress:
    return lambda step, share: progress(step, start + (end - start) * share)
