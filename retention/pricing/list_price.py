"""List prices that follow demand: a proposal with its expected margin, inside limits that no demand can pass.

The price moves with what was forecast and what was sold, P_t = P_0 · exp(-Σ λ_i (D̂_{t-i} - D_{t-i})), D in shares of
the usual demand; λ is fitted by the margin that it earns in a simulated shop with the product's own stock, lead time,
cost and elasticity. That price stands beside others within the limits, and the one with the highest expected margin is
proposed where it is better than the present one for all but one draw in twenty. Nothing here changes a price.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil, exp
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from kernel.money import decimals
from retention.errors import RetentionError
from retention.pricing.law import spaced
from retention.types import Money, Reason

WHOLE = 10_000
LAGS = 3
"""Periods whose surprises move the price."""
_STRENGTHS = (0.0, 0.05, 0.1, 0.2, 0.4)
_DECAY = 0.5
_DRAWS = 400
_CANDIDATES = 25
_SURE = 0.05
_WEEK = 7

_PriceOf: TypeAlias = Callable[[int, "NDArray[np.float64] | None"], "NDArray[np.float64]"]
"""Prices of a week, from its number and how far the week before was from its forecast."""


class PriceRefused(RetentionError):
    """No list price can be proposed for the product: the message says what is missing or wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceLimits:
    """What a proposed list price keeps to."""

    floor: int | None = None
    """Minor units."""
    ceiling: int | None = None
    margin_floor: int = 500
    """Basis points of the price that must be left above cost."""
    step: int = 500
    """Basis points of the present price that it may change by in a day."""
    endings: tuple[str, ...] = ()
    """What a price may end in, such as ".90" or "9"; empty: anything."""
    horizon_days: int = 28

    def __post_init__(self) -> None:
        if self.floor is not None and self.ceiling is not None and self.floor > self.ceiling:
            raise PriceRefused(
                f"the floor {self.floor} lies above the ceiling {self.ceiling}: change one of them"
            )
        if not 0 < self.step < WHOLE:
            raise PriceRefused(f"a step of {self.step / 100:g} % a day: give one above 0 and below 100 %")
        if not 0 <= self.margin_floor < WHOLE:
            raise PriceRefused(
                f"a margin floor of {self.margin_floor / 100:g} %: give one from 0 to below 100 %"
            )
        if self.horizon_days < 1:
            raise PriceRefused("the horizon is at least one day")


@dataclass(frozen=True, slots=True, kw_only=True)
class Selling:
    """A product and its demand as of `now`; money in minor units of the list price's currency."""

    product: str
    now: datetime
    list_price: Money
    day_before: int | None = None
    """The list price a day ago, minor units; None: the present one."""
    cost: Money | None
    stock: int
    weekly_demand: float
    """Units a week that are expected at the present price."""
    spread: float
    """Standard deviation of log demand around what is expected, from week to week."""
    persistence: float = 0.5
    """How much of a week's surprise the next week keeps, 0 to 1."""
    elasticity: float
    elasticity_error: float
    """Its standard error."""
    doubt: str | None = None
    """Why the elasticity is no ground for a higher price, as the code of a reason: `hardly_moved` or
    `elasticity_unsure`; None: demand certainly falls as the price rises."""
    overstocked: bool = False
    """There is more of it than the shop wants to keep."""
    surprises: Sequence[float] = ()
    """(forecast - sold) / forecast of the last weeks, the latest first."""
    restock_at: datetime | None = None
    lead_days: int = 14
    """Until more can be there, where no restock is announced."""
    sale_from: datetime | None = None
    sale_until: datetime | None = None
    """Of a sale that is announced or under way."""
    sell_by: datetime | None = None
    """What is left then is worth nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceProposal:
    """A list price to be approved by a person, or the present one."""

    product: str
    old: Money
    new: Money
    gain: float
    """Expected margin over the horizon above that of the present price, minor units."""
    low: float
    high: float
    """90 % of the draws lie between."""
    strength: float
    """λ_0 as it was fitted."""
    reasons: tuple[Reason, ...] = field(default_factory=tuple)

    @property
    def changes(self) -> bool:
        """Whether another price than the present one is proposed."""
        return self.new != self.old


def followed(price: float, surprises: Sequence[float], strengths: Sequence[float]) -> float:
    """P_0 · exp(-Σ λ_i (D̂_{t-i} - D_{t-i})): what sells above its forecast gets dearer.

    Args:
        surprises: forecast less sold, in shares of the forecast, the latest first.
        strengths: λ_i, 0 or above.
    """
    moved = sum(strength * gap for strength, gap in zip(strengths, surprises, strict=False))
    return price * exp(-max(min(moved, 2.0), -2.0))


def strengths(first: float) -> tuple[float, ...]:
    """λ_0 and those after it, each half of the one before."""
    return tuple(first * _DECAY**lag for lag in range(LAGS))


def propose(selling: Selling, limits: PriceLimits, seed: int = 0) -> PriceProposal:
    """The list price with the highest expected margin within the limits, or the present one.

    Raises:
        PriceRefused: cost, price or sales are missing or can't be.
    """
    _check(selling)
    old = selling.list_price.minor
    kept = PriceProposal(
        product=selling.product,
        old=selling.list_price,
        new=selling.list_price,
        gain=0.0,
        low=0.0,
        high=0.0,
        strength=0.0,
    )
    end = selling.now + timedelta(days=limits.horizon_days)
    if _sale_in(selling, end):
        # A price that rises before a sale makes the sale look larger than it is.
        return _with(kept, Reason(code="announced_sale"))
    marked_down = selling.overstocked or (selling.sell_by is not None and selling.sell_by <= end)
    if selling.doubt is not None and not marked_down:
        return _with(kept, Reason(code=selling.doubt, value=selling.elasticity))
    draws = _Draws(selling, limits, seed)
    strength = draws.best_strength()
    formula = followed(old, selling.surprises, strengths(strength))
    candidates = sorted({*_candidates(selling, limits), *_rounded(formula, selling, limits)})
    if selling.doubt is not None:
        candidates = [one for one in candidates if one < old]
    present = draws.margins(old)
    if not candidates:
        return _with(kept, Reason(code=selling.doubt or "no_price_within_limits"))
    best = max(candidates, key=lambda one: float(draws.margins(one).mean()))
    gains = draws.margins(best) - present
    low, high = np.quantile(gains, (_SURE, 1 - _SURE))
    if best == old or low <= 0:
        return _with(kept, Reason(code=selling.doubt or "no_better_price", value=float(gains.mean())))
    reasons = [
        Reason(code="expected_margin", value=float(gains.mean())),
        Reason(code="elasticity", value=selling.elasticity),
        Reason(code="days_of_cover", value=_cover(selling)),
    ]
    if selling.doubt is not None:
        reasons.append(Reason(code=selling.doubt, value=selling.elasticity))
    if selling.surprises:
        reasons.append(Reason(code="surprise", value=-float(selling.surprises[0]), weight=strength))
    if selling.sell_by is not None and selling.sell_by <= end:
        reasons.append(Reason(code="sell_by", value=(selling.sell_by - selling.now) / timedelta(days=1)))
    if best in (min(candidates), max(candidates)):
        reasons.append(Reason(code="limit_reached", value=float(best)))
    return PriceProposal(
        product=selling.product,
        old=selling.list_price,
        new=Money(best, selling.list_price.currency),
        gain=float(gains.mean()),
        low=float(low),
        high=float(high),
        strength=strength,
        reasons=tuple(reasons),
    )


def _with(kept: PriceProposal, reason: Reason) -> PriceProposal:
    return PriceProposal(
        product=kept.product,
        old=kept.old,
        new=kept.new,
        gain=0.0,
        low=0.0,
        high=0.0,
        strength=0.0,
        reasons=(reason,),
    )


def _check(selling: Selling) -> None:
    name = selling.product
    if selling.list_price.minor <= 0:
        raise PriceRefused(f"{name} has no list price above 0: set one first")
    if selling.cost is None:
        raise PriceRefused(f"the cost of {name} is unknown: without it no margin can be told")
    if selling.cost.currency != selling.list_price.currency:
        raise PriceRefused(
            f"{name} costs {selling.cost.currency} and is sold for {selling.list_price.currency}: "
            "give both in one currency"
        )
    if selling.cost.minor < 0:
        raise PriceRefused(f"the cost of {name} is below 0: mend it")
    if selling.stock < 0:
        raise PriceRefused(f"the stock of {name} is below 0: mend it")
    if not selling.weekly_demand > 0:
        raise PriceRefused(f"{name} has no sales: nothing tells what another price would change")


def _sale_in(selling: Selling, end: datetime) -> bool:
    begins, ends = selling.sale_from, selling.sale_until
    announced = begins is not None or ends is not None
    return announced and (begins is None or begins < end) and (ends is None or ends > selling.now)


def _cover(selling: Selling) -> float:
    return selling.stock / selling.weekly_demand * _WEEK


def _bounds(selling: Selling, limits: PriceLimits) -> tuple[int, int]:
    """The lowest and highest price that the limits allow, in minor units; whole steps never pass them."""
    base = selling.list_price.minor if selling.day_before is None else selling.day_before
    cost = selling.cost.minor if selling.cost else 0
    least = ceil(cost * WHOLE / (WHOLE - limits.margin_floor))
    if selling.sell_by is not None:
        # What won't sell is worth nothing: any price above 0 brings more.
        least = 1
    low = max(base - base * limits.step // WHOLE, least, limits.floor or 1, 1)
    high = base + base * limits.step // WHOLE
    return low, high if limits.ceiling is None else min(high, limits.ceiling)


def _candidates(selling: Selling, limits: PriceLimits) -> Iterator[int]:
    low, high = _bounds(selling, limits)
    if low > high:
        return
    for one in np.linspace(low, high, _CANDIDATES):
        yield from _rounded(float(one), selling, limits)


def _rounded(price: float, selling: Selling, limits: PriceLimits) -> Iterator[int]:
    """The nearest prices with a permitted ending within the bounds."""
    low, high = _bounds(selling, limits)
    if not limits.endings:
        whole = round(price)
        if low <= whole <= high:
            yield whole
        return
    places = decimals(selling.list_price.currency)
    for ending in limits.endings:
        if (spacing := spaced(ending, places)) is not None:
            apart, first = spacing
            below = int(price) - (int(price) - first) % apart
            yield from (one for one in (below, below + apart) if low <= one <= high)


class _Draws:
    """The same days for every price: demand and elasticity as they may be, with what is not known of them."""

    def __init__(self, selling: Selling, limits: PriceLimits, seed: int) -> None:
        draw = np.random.default_rng(seed)
        self._selling = selling
        self._weeks = max(-(-limits.horizon_days // _WEEK), 1)
        shocks = draw.normal(0.0, selling.spread, (_DRAWS, self._weeks))
        level = np.zeros(_DRAWS)
        self._levels = np.empty((_DRAWS, self._weeks))
        for week in range(self._weeks):
            level = selling.persistence * level + shocks[:, week]
            self._levels[:, week] = level
        # Demand that rises with the price is chance: no draw says so.
        self._elasticity = np.minimum(
            draw.normal(selling.elasticity, selling.elasticity_error, _DRAWS), -0.05
        )
        restock = selling.restock_at or selling.now + timedelta(days=selling.lead_days)
        self._restock = max((restock - selling.now) / timedelta(days=_WEEK), 0.0)
        end = selling.sell_by
        self._end = None if end is None else max((end - selling.now) / timedelta(days=_WEEK), 0.0)

    def margins(self, price: int) -> NDArray[np.float64]:
        """Of each draw over the horizon, minor units, at one price."""
        prices = np.full(_DRAWS, float(price))
        return self._run(lambda _week, _gap: prices)

    def best_strength(self) -> float:
        """λ_0 with the highest mean margin; 0 where none is better for all but one draw in twenty."""
        old = float(self._selling.list_price.minor)
        plain = self.margins(int(old))
        best, most = 0.0, 0.0
        for first in _STRENGTHS[1:]:
            followed_ = self._followed(old, strengths(first))
            gain = followed_ - plain
            error = float(gain.std()) / _DRAWS**0.5
            if gain.mean() - 1.645 * error > most:
                best, most = first, float(gain.mean())
        return best

    def _followed(self, old: float, lambdas: Sequence[float]) -> NDArray[np.float64]:
        past = [np.full(_DRAWS, one) for one in self._selling.surprises[:LAGS]]

        def price(_week: int, gap: NDArray[np.float64] | None) -> NDArray[np.float64]:
            if gap is not None:
                past.insert(0, gap)
            moved = np.sum([one * gap_ for one, gap_ in zip(lambdas, past, strict=False)], axis=0)
            return np.asarray(old * np.exp(-np.clip(moved, -2.0, 2.0)) * np.ones(_DRAWS))

        return self._run(price)

    def _run(self, price_of: _PriceOf) -> NDArray[np.float64]:
        selling = self._selling
        old, cost = float(selling.list_price.minor), float(selling.cost.minor if selling.cost else 0)
        stock, margin = np.full(_DRAWS, float(selling.stock)), np.zeros(_DRAWS)
        gap: NDArray[np.float64] | None = None
        forecast = np.full(_DRAWS, selling.weekly_demand)
        for week in range(self._weeks):
            prices = price_of(week, gap)
            open_for = 1.0 if self._end is None else float(np.clip(self._end - week, 0.0, 1.0))
            answer = (prices / old) ** self._elasticity
            wanted = selling.weekly_demand * np.exp(self._levels[:, week]) * answer * open_for
            if self._end is None and week >= self._restock:
                sold = wanted
            else:
                sold = np.minimum(wanted, stock)
                stock = stock - sold
            margin += sold * (prices - (0.0 if self._end is not None else cost))
            expected = forecast * answer * max(open_for, 1e-9)
            gap = (expected - wanted) / expected
            forecast = selling.weekly_demand * np.exp(selling.persistence * self._levels[:, week])
        return margin
