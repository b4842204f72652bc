"""Measures a new version beside the one in use, on a window that neither side was fitted on.

The rule:

1. The new version is judged by its backtest (`retention.backtest`): the same fit, on what lies before the last window.
   The one in use is judged by itself where its fit had ended before the window, and else by its own backtest. One
   in use that has neither (a shop's first version, the next night) is not compared with.
2. The window begins where both sides end. Where that leaves less than half of it, they are not compared.
3. What would be served, the fit on everything, is measured against its own backtest on the same window. It has seen
   the window, so this says nothing for it; where it is grossly worse all the same (`promotion.GROSSLY`), the fit or
   the last days' data went wrong.

The new version is refused where either comparison says that it is worse (`promotion.judge`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kernel.arrays import Floats, Ints
from kernel.times import DAY, from_micros, to_micros
from retention import artifacts, backtest, promotion
from retention.backtest import Backtest, Models
from retention.checks import Checked
from retention.churn.model import ChurnModel
from retention.churn.windows import make_window
from retention.core import Core, load
from retention.errors import ModelDamaged
from retention.features.expressions import Shop
from retention.metrics import ndcg
from retention.promotion import Beside, Comparison
from retention.recommenders.request import recommend
from retention.types import Event, EventKind, Money, ProductState, RecommendContext
from retention.value import model as value_model
from retention.value.fit import Outcome

PLACES = 10
ASKED_FOR = 200
"""Customers for whom both sides recommend; drawn by the seed."""
LEAST_SHARE = 0.5
"""Of the window, for a comparison with a version that has seen its beginning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A saved version, and what it can be judged by."""

    core: Core
    models: Models
    """Without the core's lists: they were made from all that the version has seen."""
    until: int
    """They were fitted on what lies before, microseconds since 1970."""
    backtest: Backtest | None

    @classmethod
    def of(cls, directory: Path) -> Version:
        """Read it.

        Raises:
            ModelDamaged: it can't be read.
        """
        core = load(directory)
        fitted_at = artifacts.read_manifest(directory).fitted_at
        try:
            until = to_micros(datetime.fromisoformat(fitted_at))
        except ValueError as error:
            raise ModelDamaged(f"{directory} does not say when it was fitted: {error}") from error
        value = value_model.in_folder(directory)
        models = Models(recommender=core.recommender, churn=core.churn, value=value)
        return cls(core=core, models=models, until=until, backtest=backtest.in_folder(directory))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pair:
    """Two sides that are asked the same."""

    beside: Beside
    sides: tuple[Models, Models]
    """What the candidate is measured against, and the candidate."""
    start: int
    """Of the window, microseconds. It ends now."""


_Measured = tuple[str, float, list[Floats]]
"""A measure, the window's days, and what both sides score by customer."""


def comparisons(old: Version, new: Version, checked: Checked, seed: int) -> list[Comparison]:
    """Every comparison that there are customers for.

    Args:
        old: the version in use.
        new: the candidate.
        checked: the candidate's history, as of its fit.
        seed: of the customers drawn and of the bootstrap.
    """
    shop, end = Shop(checked.history), to_micros(checked.now)
    found: list[tuple[_Pair, _Measured]] = []
    for pair in _pairs(old, new, end, lambda one: one.outcomes_until):
        found += ((pair, one) for one in _of_outcomes(pair, checked, shop))
    for pair in _pairs(old, new, end, lambda one: one.recommender_until):
        found += ((pair, one) for one in _of_recommendations(pair, checked, seed))
    return [
        promotion.compare(measure, *scores, seed=seed, beside=pair.beside, days=days)
        for pair, (measure, days, scores) in found
    ]


def _pairs(old: Version, new: Version, end: int, until: Callable[[Backtest], int]) -> list[_Pair]:
    """The comparisons of the rule that can be made."""
    if new.backtest is None:
        return []
    mine, start = new.backtest.models, until(new.backtest)
    pairs = [_Pair(beside=Beside.ITSELF, sides=(mine, new.models), start=start)]
    if old.until <= start:
        theirs, seen = old.models, old.until
    elif old.backtest is not None:
        theirs, seen = old.backtest.models, until(old.backtest)
    else:
        return pairs
    begin = max(start, seen)
    if end - begin >= LEAST_SHARE * (end - start):
        pairs.insert(0, _Pair(beside=Beside.SERVED, sides=(theirs, mine), start=begin))
    return pairs


def _of_outcomes(pair: _Pair, checked: Checked, shop: Shop) -> Iterator[_Measured]:
    """Who stayed away, how often the others bought, and what they spent."""
    end = to_micros(checked.now)
    days = round((end - pair.start) / DAY)
    window = make_window(shop, pair.start, end).without(checked.dominant)
    if not len(window.left) or not days:
        return
    yield "brier", days, [(_chances(one.churn, window.raw, days) - window.left) ** 2 for one in pair.sides]
    values = [one.value for one in pair.sides if one.value is not None]
    if len(values) < 2:
        return
    outcome = Outcome.of(checked.history.events, window.customers, pair.start, end)
    often = [np.abs(one.purchases(window.raw, days) - outcome.purchases) for one in values]
    yield "purchases_error", days, often
    if all(one.spend is not None for one in values):
        yield "spend_error", days, [np.abs(one.value(window.raw, days) - outcome.spend) for one in values]


def _chances(model: ChurnModel, raw: Ints, horizon: int) -> Floats:
    if model.fitted:
        return model.probabilities(raw, horizon)
    return np.full(len(raw), model.base_rate ** (horizon / model.horizon_days))


def _of_recommendations(pair: _Pair, checked: Checked, seed: int) -> Iterator[_Measured]:
    """NDCG@10 of what was bought, products bought before included, as of the window's beginning."""
    before, bought = _split(checked, pair.start, most=ASKED_FOR, seed=seed)
    if not bought:
        return
    stock, now = _all_in_stock(checked.history.products), from_micros(pair.start)
    found: list[list[float]] = [[], []]
    for customer, truth in sorted(bought.items()):
        context = RecommendContext(now=now, events=before[customer], stock=stock, allow_repeats=True)
        for scores, one in zip(found, pair.sides, strict=True):
            ranked = recommend(one.recommender, PLACES, context, version="")
            scores.append(ndcg([one.product for one in ranked], truth, PLACES))
    yield "ndcg_at_10", (to_micros(checked.now) - pair.start) / DAY, [np.array(scores) for scores in found]


def _split(
    checked: Checked, start: int, *, most: int, seed: int
) -> tuple[dict[str, list[Event]], dict[str, set[str]]]:
    """Events before `start` and products bought since, of at most `most` customers with both, drawn by the seed."""
    events = checked.history.events
    purchase = pc.and_(
        pc.equal(events.column("kind"), EventKind.PURCHASE.value), pc.is_valid(events.column("product"))
    )
    late = pc.greater_equal(events.column("at"), start)
    buyers = pc.unique(events.filter(pc.and_(purchase, late)).column("customer")).to_pylist()
    known = set(pc.unique(events.filter(pc.invert(late)).column("customer")).to_pylist())
    asked = sorted((set(buyers) & known) - checked.dominant)
    if len(asked) > most:
        asked = sorted(np.random.default_rng(seed).choice(asked, most, replace=False).tolist())
    theirs = events.filter(pc.is_in(events.column("customer"), value_set=pa.array(asked, pa.string())))
    before: dict[str, list[Event]] = defaultdict(list)
    bought: dict[str, set[str]] = defaultdict(set)
    for row in theirs.to_pylist():
        if row["at"] < start:
            before[row["customer"]].append(_event(row))
        elif row["kind"] == EventKind.PURCHASE.value and row["product"]:
            bought[row["customer"]].add(row["product"])
    return before, bought


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


def _all_in_stock(products: pa.Table) -> dict[str, ProductState]:
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
