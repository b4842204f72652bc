"""Looks at a new version beside the one that is served, before it takes its place.

Both answer on the last window as of its beginning, for the same customers, from the events before it. A nightly
version was fitted on all but the last day of that window, and so was the one before: neither has an advantage,
and what shows is a fit that went wrong. How well a model foretells what it has not seen is what its own fit
measures, on windows kept back.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from retention import artifacts, drift, promotion
from retention.checks import Checked, check
from retention.churn.model import ChurnModel
from retention.churn.windows import make_window
from retention.core import Core, load
from retention.drift import Drift
from retention.errors import ModelDamaged
from retention.features.expressions import RawTable, Shop
from retention.history import History
from retention.metrics import ndcg
from retention.promotion import Comparison, Verdict
from retention.recommenders.interactions import Interactions
from retention.recommenders.nightly import MOST as LATEST
from retention.times import DAY, from_micros, to_micros
from retention.types import Event, EventKind, Money, ProductState, RecommendContext

Floats = NDArray[np.float64]

RECOMMENDED_DAYS = 28
"""Recommendations are judged on what was bought in so many last days."""
PLACES = 10
ASKED_FOR = 200
"""Customers for whom both versions recommend; drawn by the seed."""
SLOW = timedelta(days=30)
"""How far back the older version lies that drift is measured from, where one so old is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """What there is to say of a new version."""

    verdict: Verdict
    drift: Drift | None
    """What has moved since the served version was fitted, and since one some weeks before; None when that can't
    be told."""


def review(served: Path | None, candidate: Path, history: History, *, now: datetime, seed: int) -> Review:
    """Compare a new version with the one that is served, on the last window, and look for drift.

    Drift is measured from the served version and from an older one beside the candidate (see `older_version`):
    what moves a little every night shows from there.

    Args:
        served: the folder of the version in use; None when there is none.
        candidate: the folder of the new one.

    Raises:
        ModelDamaged: the candidate can't be read.
    """
    new = load(candidate)
    if served is None:
        return Review(verdict=_alone("there was none before", ""), drift=None)
    try:
        old = load(served)
        then = reference_of(served)
    except ModelDamaged as error:
        return Review(verdict=_alone(f"the one before can't be read: {error}", served.name), drift=None)
    checked = check(history, now)
    shop = Shop(checked.history)
    comparisons = [
        _of_risks(old, new, checked, shop, seed),
        _of_recommendations(old, new, checked, seed),
    ]
    return Review(
        verdict=promotion.judge(old.version, [one for one in comparisons if one is not None]),
        drift=None if then is None else _drift(then, old, (served, candidate), checked, shop, seed),
    )


def reference_of(directory: Path) -> drift.Reference | None:
    """How the customers were when this version was fitted; None for one saved without it."""
    _, parts = artifacts.read(directory)
    return drift.from_facts(parts["reference"][0]) if "reference" in parts else None


def older_version(served: Path, candidate: Path, now: datetime) -> Path | None:
    """The oldest version of the last 30 days in the candidate's folder, or else the latest before them.

    Only versions fitted before the served one count. Whether one was ever served is not looked at: what is
    compared is how the customers were when it was fitted.
    """
    before = _fitted_at(served)
    others = candidate.parent.iterdir() if before is not None else ()
    times = {one: _fitted_at(one) for one in others if one.name not in (served.name, candidate.name)}
    older = sorted((at, one) for one, at in times.items() if at is not None and before and at < before)
    recent = [one for at, one in older if at >= now - SLOW]
    if recent:
        return recent[0]
    return older[-1][1] if older else None


def _fitted_at(directory: Path) -> datetime | None:
    """None for what is no version that can be read."""
    try:
        return datetime.fromisoformat(artifacts.read_manifest(directory).fitted_at)
    except (ModelDamaged, ValueError):
        return None


def _drift(
    then: drift.Reference,
    old: Core,
    versions: tuple[Path, Path],
    checked: Checked,
    shop: Shop,
    seed: int,
) -> Drift:
    """From the served version, and from the older one.

    Args:
        then: of the served version, which is `old`.
        versions: the folders of the served version and of the candidate.
    """
    table = RawTable.of(shop, to_micros(checked.now)).values
    slow = None
    older = older_version(*versions, checked.now)
    if older is not None:
        slow = _since(older, table, checked, seed)
    return drift.since(then, old.version, old.churn, table, best_scores(old, checked, seed), slow)


def _since(version: Path, table: NDArray[np.int64], checked: Checked, seed: int) -> Drift | None:
    """None where the version is damaged or was saved without a reference."""
    try:
        core, then = load(version), reference_of(version)
    except ModelDamaged:
        return None
    if then is None:
        return None
    return drift.since(then, core.version, core.churn, table, best_scores(core, checked, seed))


def best_scores(core: Core, checked: Checked, seed: int) -> Floats:
    """What the recommender gives each customer's first product, repeats allowed; see `drift.BEST`.

    Of customers drawn from the latest to come, who are those that the fit has lists for; shape (at most
    ASKED_FOR,).
    """
    log = Interactions.of(checked, products=core.recommender.products)
    last = np.zeros(log.customers, np.int64)
    np.maximum.at(last, log.users, log.at)
    latest = np.argsort(-last, kind="stable")[:LATEST]
    if len(latest) > ASKED_FOR:
        latest = np.random.default_rng(seed).choice(latest, ASKED_FOR, replace=False)
    rows, nothing = log.by_user(), np.zeros(0, np.int64)
    ranked = (core.recommender.rank(log.profile(rows[code]), repeats=True, hidden=nothing) for code in latest)
    return np.array([float(scores.max()) for _, scores in ranked if len(scores)], np.float64)


def _alone(reason: str, against: str) -> Verdict:
    return Verdict(promoted=True, reason=reason, against=against)


def _of_risks(old: Core, new: Core, checked: Checked, shop: Shop, seed: int) -> Comparison | None:
    """Brier scores of the risks as of one horizon ago."""
    now, horizon = to_micros(checked.now), new.churn.horizon_days
    window = make_window(shop, now - horizon * DAY, now)
    window = window.only(np.array([one not in checked.dominant for one in window.customers], bool))
    if not len(window.left):
        return None
    errors = [(_chances(one.churn, window.raw, horizon) - window.left) ** 2 for one in (old, new)]
    return promotion.compare("brier", errors[0], errors[1], lower_is_better=True, seed=seed)


def _chances(model: ChurnModel, raw: NDArray[np.int64], horizon: int) -> Floats:
    if model.fitted:
        return model.probabilities(raw, horizon)
    return np.full(len(raw), model.base_rate ** (horizon / model.horizon_days))


def _of_recommendations(old: Core, new: Core, checked: Checked, seed: int) -> Comparison | None:
    """NDCG@10 of what was bought, own goods included, as of some weeks ago."""
    start = to_micros(checked.now) - RECOMMENDED_DAYS * DAY
    before, bought = _split(checked, start, seed)
    if not bought:
        return None
    stock = _on_the_shelf(checked.history.products)
    found: list[list[float]] = [[], []]
    for customer, truth in sorted(bought.items()):
        context = RecommendContext(
            now=from_micros(start), events=before[customer], stock=stock, allow_repeats=True
        )
        for scores, core in zip(found, (old, new), strict=True):
            ranked = [one.product for one in core.recommend(customer, PLACES, context)]
            scores.append(ndcg(ranked, truth, PLACES))
    return promotion.compare(
        "ndcg_at_10", np.array(found[0]), np.array(found[1]), lower_is_better=False, seed=seed
    )


def _split(checked: Checked, start: int, seed: int) -> tuple[dict[str, list[Event]], dict[str, set[str]]]:
    """Events before `start` and products bought since, of customers with both, drawn by the seed."""
    events = checked.history.events
    purchase = pc.and_(pc.equal(events.column("kind"), EventKind.PURCHASE.value), _named(events))
    late = pc.greater_equal(events.column("at"), start)
    buyers = pc.unique(events.filter(pc.and_(purchase, late)).column("customer")).to_pylist()
    known = set(pc.unique(events.filter(pc.invert(late)).column("customer")).to_pylist())
    asked = sorted((set(buyers) & known) - checked.dominant)
    if len(asked) > ASKED_FOR:
        asked = sorted(np.random.default_rng(seed).choice(asked, ASKED_FOR, replace=False).tolist())
    theirs = events.filter(pc.is_in(events.column("customer"), value_set=pa.array(asked, pa.string())))
    before: dict[str, list[Event]] = defaultdict(list)
    bought: dict[str, set[str]] = defaultdict(set)
    for row in theirs.to_pylist():
        if row["at"] < start:
            before[row["customer"]].append(_event(row))
        elif row["kind"] == EventKind.PURCHASE.value and row["product"]:
            bought[row["customer"]].add(row["product"])
    return before, bought


def _named(events: pa.Table) -> Any:
    return pc.is_valid(events.column("product"))


def _event(row: dict[str, Any]) -> Event:
    return Event(
        kind=EventKind(row["kind"]),
        at=from_micros(row["at"]),
        product=row["product"],
        quantity=row["quantity"],
        amount_minor=row["amount"],
        text=row["text"],
        value=row["value"],
    )


def _on_the_shelf(products: pa.Table) -> dict[str, ProductState]:
    """Every product as if it were in stock: what is sold out today may have been there then."""
    return {
        row["product"]: ProductState(
            product=row["product"],
            list_price=Money(row["list_price"] or 0, row["currency"] or ""),
            cost=Money(row["cost"] or 0, row["currency"] or ""),
            stock=1,
            category=row["category"] or "",
        )
        for row in products.to_pylist()
    }
