"""Forecasts one step ahead, period after period, each model fitted again every some periods on what came before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from kernel.console import Progress, quiet
from retention.pricing.demand import boosting, features, regression
from retention.pricing.demand.features import FIRST, Known
from retention.pricing.demand.panel import Grid, Panel, mean_before
from retention.pricing.demand.regression import Setting

ORDERS = range(1, 9)
"""Of autoregressions that validation chooses among."""
MOST_PRODUCTS = 800
"""That settings are chosen on; all are forecast."""
CHANCE = 2.0
"""Standard errors of a difference that may be chance."""
_SEASON_PENALTIES = (0.3, 0.1, 1.0, 3.0, 30.0)
_WEIGHTS = (0.6, 0.3, 0.9)
_OWN = (2.0, 0.5, 10.0)
"""The usual ones first."""

Losses: TypeAlias = NDArray[np.float64]
"""The sum of absolute errors of each period."""


@dataclass(frozen=True, slots=True)
class Blocks:
    """Periods that are forecast, and how often the models are fitted again for them."""

    start: int
    end: int
    fits: int

    def __iter__(self) -> Iterator[tuple[int, int]]:
        step = max(-(-(self.end - self.start) // self.fits), 1)
        for first in range(self.start, self.end, step):
            yield first, min(first + step, self.end)


@dataclass(frozen=True, slots=True)
class Chosen:
    """Settings as validation chose them."""

    order: int
    cycle: int
    setting: Setting


class Rolling:
    """The models of one panel, each forecasting blocks of periods from what lies before a block."""

    def __init__(self, panel: Panel, seed: int, start: int) -> None:
        """Prepare.

        Args:
            start: the first period that is forecast, in validation.
        """
        self.panel, self.seed = panel, seed
        self.facts: Known = features.known(panel, start)
        self.elasticity = features.usual_elasticity(self.facts, start)
        self._linear: dict[int, tuple[tuple[str, ...], NDArray[np.float64]]] = {}
        self._trees: dict[int, tuple[tuple[str, ...], NDArray[np.float64]]] = {}

    def ar(self, blocks: Blocks, order: int) -> Grid:
        """The autoregression of the source text, its coefficients those of all products."""
        found = features.autoregressive(self.facts, order)
        stack = (tuple(found), features.stacked(found))
        return self._rolled(blocks, stack, 0, Setting(weight=0.3))

    def linear(self, blocks: Blocks, cycle: int, setting: Setting) -> Grid:
        """The regression on price, promotion and season."""
        if cycle not in self._linear:
            found = features.linear(self.facts, self.panel, self.elasticity, cycle)
            self._linear[cycle] = (tuple(found), features.stacked(found))
        return self._rolled(blocks, self._linear[cycle], cycle, setting)

    def trees(self, blocks: Blocks, cycle: int) -> Grid:
        """Boosted trees, falling in the price."""
        if cycle not in self._trees:
            found = features.trees(self.facts, self.panel, self.season(cycle), cycle)
            self._trees[cycle] = (tuple(found), features.stacked(found, np.float32))
        names, x = self._trees[cycle]
        parts = []
        for first, last in blocks:
            lessons = (names, x[:, FIRST:first])
            fitted = boosting.fit(lessons, self.facts.change[:, FIRST:first], self._level(first), self.seed)
            parts.append(fitted.predict(x[:, first:last]))
        return np.concatenate(parts, axis=1)

    def season(self, cycle: int) -> NDArray[np.int64] | None:
        """Which season each period is, of a cycle."""
        if not cycle:
            return None
        if cycle == self.panel.cycle and self.panel.season is not None:
            return self.panel.season
        return np.arange(self.panel.shape[1]) % cycle

    def _rolled(
        self, blocks: Blocks, stack: tuple[tuple[str, ...], NDArray[np.float64]], cycle: int, setting: Setting
    ) -> Grid:
        names, x = stack
        season = self.season(cycle)
        seasons = 0 if season is None else int(season.max()) + 1
        parts = []
        for first, last in blocks:
            fitted = regression.fit(
                (names, x[:, FIRST:first]),
                self.facts.change[:, FIRST:first],
                self._level(first),
                setting,
                None if season is None else season[FIRST:first],
                seasons,
            )
            parts.append(fitted.predict(x[:, first:last], None if season is None else season[first:last]))
        return np.concatenate(parts, axis=1)

    def _level(self, end: int) -> NDArray[np.float64]:
        return np.asarray(mean_before(self.facts.demand[:, : end + 1], end)[:, end])


def error(quantity: Grid, forecast: Grid) -> float:
    """wMAPE: the sum of absolute errors over the sum of what was sold."""
    there = ~np.isnan(quantity) & ~np.isnan(forecast)
    sold = float(np.sum(np.abs(quantity[there])))
    return float(np.sum(np.abs(quantity - forecast)[there])) / sold if sold else float("nan")


def losses(quantity: Grid, forecast: Grid) -> Losses:
    """The sum of absolute errors of each period."""
    return np.asarray(np.nansum(np.abs(quantity - forecast), axis=0))


def worse(loss: Losses, than: Losses) -> float:
    """By how many standard errors one loss a period lies above another of the same periods."""
    if loss is than or len(loss) < 2:
        return 0.0
    apart = loss - than
    return float(apart.sum() / (len(apart) ** 0.5 * max(apart.std(ddof=1), 1e-12)))


def best(found: Sequence[Losses]) -> int:
    """Which of several losses a period is the least."""
    return min(range(len(found)), key=lambda place: float(found[place].sum()))


def simplest(found: Sequence[Losses]) -> int:
    """The first of several losses a period that is not worse than the least by more than chance."""
    least = found[best(found)]
    return next(place for place, loss in enumerate(found) if worse(loss, least) <= CHANCE)


def choose(panel: Panel, seed: int, blocks: Blocks, progress: Progress = quiet) -> Chosen:
    """Orders and settings by rolling validation on periods before the test; on some products where there are many.

    What is simpler, or usual, stays unless something else is better by more than chance.
    """
    some = sampled(panel, seed)
    rolling = Rolling(some, seed, blocks.start)
    span = slice(blocks.start, blocks.end)
    before, actual = rolling.facts.before[:, span], some.quantity[:, span]
    actual = np.where(some.censored[:, span], np.nan, actual)

    def judged(change: Grid) -> Losses:
        return losses(actual, np.exp(before + change))

    order = ORDERS[simplest([judged(rolling.ar(blocks, k)) for k in ORDERS])]
    progress("choosing settings on earlier periods", 0.15)
    setting = Setting()
    cycles = [0, *(one for one in sorted({panel.cycle, *panel.candidates}) if 0 < one < blocks.start - 4)]
    found = [judged(rolling.linear(blocks, one, setting)) for one in cycles]
    # The calendar's own cycle need only do better; of those that numbers may have, one often seems to by chance.
    cycle = cycles[best(found) if panel.cycle else simplest(found)]
    for name, options in (("season", _SEASON_PENALTIES), ("weight", _WEIGHTS), ("own", _OWN)):
        if name == "season" and not cycle:
            continue
        tried = [replace(setting, **{name: one}) for one in options]
        setting = tried[simplest([judged(rolling.linear(blocks, cycle, one)) for one in tried])]
    progress("choosing settings on earlier periods", 0.3)
    return Chosen(order, cycle, setting)


def sampled(panel: Panel, seed: int) -> Panel:
    """At most `MOST_PRODUCTS` of the products."""
    if len(panel.products) <= MOST_PRODUCTS:
        return panel
    chosen = np.sort(np.random.default_rng(seed).choice(len(panel.products), MOST_PRODUCTS, replace=False))
    return replace(
        panel,
        products=tuple(panel.products[place] for place in chosen),
        quantity=panel.quantity[chosen],
        price=panel.price[chosen],
        promotion=panel.promotion[chosen],
        rows=panel.rows[chosen],
        category=panel.category[chosen],
        censored=panel.censored[chosen],
        interest=tuple(one[chosen] for one in panel.interest),
    )
