"""Fits every model of the room on a shop's history and writes one version."""

from __future__ import annotations

import time
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.compute as pc

from kernel.arrays import Floats
from kernel.console import Progress, quiet
from kernel.times import DAY, to_micros
from retention import artifacts, backtest, drift
from retention.checks import Checked, check
from retention.churn import fit as churn_fit
from retention.churn import rhythm
from retention.churn.model import saved as churn_saved
from retention.features.expressions import RawTable, Shop
from retention.features.raw import NAMES as RAW
from retention.history import History
from retention.recommenders import fitting as recommend_fit
from retention.recommenders.interactions import Interactions
from retention.recommenders.nightly import NightlyLists
from retention.report import FitReport
from retention.segments import nightly
from retention.threads import one_thread
from retention.types import EventKind, ProductId
from retention.value import fit as value_fit
from retention.value import model as value_model

SALES_DAYS = 60
"""The rate of sale is taken over so many days."""
_ANY = 1
"""The mode of `NightlyLists` that allows repeats."""


def fit(
    history: History,
    out: Path,
    *,
    now: datetime,
    seed: int = 0,
    progress: Progress = quiet,
    previous: Path | None = None,
    judged: bool = True,
) -> FitReport:
    """Fit everything on a shop's history and write one model version to `out`.

    Meant for a child process: it imports Arrow, DuckDB and scikit-learn and takes seconds. What there is too
    little data for is left out, and the report's `notes` say so; an empty history gives a working model.

    The models are fitted twice: on everything, to serve, and on what lies before the last window, to be judged there
    by `review`. A shop's first version has nothing to be compared with and can do without the second (`judged`).

    Args:
        history: build it with `retention.history.History.of`.
        out: the folder of this version, such as `models/retention/20261124T020000`; it must be absent or
            empty. It appears whole or not at all. The version is the folder's name.
        now: aware; events after it are refused as coming from the future.
        seed: of every random choice; the same history, moment and seed give the same files.
        progress: called with the step's name and the share done, 0 to 1.
        previous: the folder of the version in use, whose segments and clusters keep their names; what can't be read
            there is taken as absent.
        judged: whether to fit what `review` judges the version by, too. It takes nearly as long again; without it the
            version is never promoted over one that can be read.

    Raises:
        FileExistsError: `out` holds something already.
        HistoryError: a table is not in the documented form.
    """
    with one_thread():
        started = time.monotonic()
        stretch = 1.0 if judged else 0.95 / 0.55
        progress("checking the history", 0.0)
        checked = check(history, now)
        data_hash = checked.history.fingerprint()
        progress("learning what to recommend", 0.05 * stretch)
        interactions = Interactions.of(checked)
        recommender = recommend_fit.fit(interactions, seed=seed)
        lists = NightlyLists.of(recommender.model, interactions)
        progress("learning who leaves", 0.45 * stretch)
        shop = Shop(checked.history)
        churn = churn_fit.fit(checked, shop, seed=seed)
        own = rhythm.fit(rhythm.Spells.of(checked), seed=seed)
        churn = replace(churn, model=replace(churn.model, rhythm=own))
        progress("learning what customers are worth", 0.5 * stretch)
        value = value_fit.fit(checked, shop, seed=seed)
        progress("grouping customers", 0.53 * stretch)
        today = RawTable.of(shop, to_micros(now)).values
        segments = nightly.fit(
            today[today[:, RAW.index("purchase_days")] > 0],
            horizon_days=churn.model.horizon_days,
            usual_gap=churn.model.usual_gap,
            seed=seed,
            previous=nightly.in_folder(previous),
        )
        before = None
        if judged:
            step = "fitting on what lies before the last window, to be judged there"
            progress(step, 0.55)
            before = backtest.fit_before(
                history,
                now=now,
                horizon_days=churn.model.horizon_days,
                seed=seed,
                progress=lambda share: progress(step, 0.55 + 0.4 * share),
            )
        progress("writing the model", 0.95)
        parts = (recommender, churn, value, segments)
        report = FitReport(
            kind=artifacts.KIND,
            version=out.name,
            directory=out,
            fitted_at=now,
            seed=seed,
            data_hash=data_hash,
            metrics={name: number for one in parts for name, number in one.metrics.items()},
            problems=checked.problems,
            notes=tuple(note for one in parts for note in one.notes),
            readiness=tuple(word for one in parts for word in one.readiness),
            groups=segments.groups,
            choices=tuple(asdict(one) for one in segments.clusters.choices) if segments.clusters else (),
        )
        artifacts.write(
            out,
            _manifest(report),
            {
                "shop": ({"daily_sales": daily_sales(checked)}, {}),
                "recommender": recommender.model.parts(),
                "lists": lists.parts(),
                "churn": churn_saved(churn.model),
                value_model.PART: value_model.saved(value.model),
                nightly.PART: nightly.saved(segments.rfm, segments.clusters),
                "reference": (asdict(drift.reference(churn.model, today, _best(lists))), {}),
                **({} if before is None else backtest.saved(before)),
            },
        )
        progress("fitted", 1.0)
        return replace(report, seconds=time.monotonic() - started)


def _manifest(report: FitReport) -> dict[str, Any]:
    return {
        "version": report.version,
        "fitted_at": report.fitted_at.astimezone(UTC).isoformat(),
        "seed": report.seed,
        "data_hash": report.data_hash,
        "metrics": dict(report.metrics),
        "notes": list(report.notes),
        "readiness": [asdict(one) for one in report.readiness],
    }


def _best(lists: NightlyLists) -> Floats:
    """The score of each list's first product, repeats allowed; see `drift.BEST`."""
    first = (_ANY, slice(None), 0)
    scores: Floats = lists.scores[first][lists.items[first] >= 0]
    return scores


def daily_sales(checked: Checked) -> dict[ProductId, float]:
    """Units sold a day over the last weeks, by product, for products that have been on sale so long.

    A product without a sale in them has the rate of half a unit in all, so that a full shelf of it counts as
    more than it will sell.
    """
    since = to_micros(checked.now) - SALES_DAYS * DAY
    events, products = checked.history.events, checked.history.products
    if not events.num_rows or events.column("at")[0].as_py() > since:
        return {}
    recent = pc.and_(
        pc.equal(events.column("kind"), EventKind.PURCHASE.value),
        pc.greater_equal(events.column("at"), since),
    )
    sold = events.filter(recent).group_by("product").aggregate([("quantity", "sum")]).to_pylist()
    units = {one["product"]: one["quantity_sum"] for one in sold}
    rows = products.select(["product", "created_at"]).to_pylist()
    return {
        one["product"]: max(units.get(one["product"], 0), 0.5) / SALES_DAYS
        for one in rows
        if (one["created_at"] or 0) <= since
    }
