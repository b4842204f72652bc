"""Works out list prices from what was logged, inside what the shop has written down."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bot.staff.demand_panel import Known, ListPriceHistory, panel, sale_spans
from kernel.console import Progress
from retention.pricing.list_price import (
    LAGS,
    WHOLE,
    PriceLimits,
    PriceProposal,
    PriceRefused,
    Selling,
    propose,
)
from retention.pricing.parts import minor_units, points
from retention.pricing.policy import WrittenPrices
from retention.types import Money
from storage.catalogue import Product

if TYPE_CHECKING:
    from retention.pricing.demand.elasticity import Elasticity

TESTED = 4
"""Weeks that are forecast one step ahead, to see how far demand is from what was to be expected."""
_DAY = timedelta(days=1)
_YEAR = timedelta(days=365)
_LEAST_SPREAD, _MOST_SPREAD = 0.05, 1.0


def proposed(
    of: Known, rules: WrittenPrices, zone: ZoneInfo, progress: Progress
) -> list[PriceProposal | PriceRefused]:
    """The best list price of each product, or why none can be told."""
    import numpy as np

    from retention.pricing.demand.elasticity import Z, elasticities
    from retention.pricing.demand.forecast import forecast

    table = panel(of, rules.list_prices.sales, zone)
    forecasts = forecast(table, TESTED, progress=progress)
    slopes = {one.name: one for one in elasticities(table).products}
    actual, cut = table.quantity[:, forecasts.first :], table.censored[:, forecasts.first :]
    # Where a product was sold out, nothing tells how far demand was from its forecast.
    gaps = np.where(cut, 0.0, (forecasts.point - actual) / np.maximum(forecasts.point, 1e-9))
    logs = np.where(cut, 0.0, np.log(actual + 1) - np.log(forecasts.point + 1))
    seen = np.maximum((~cut).sum(axis=1), 1)
    places = {name: place for place, name in enumerate(table.products)}
    starts = [datetime.fromtimestamp(int(week) * 7 * 86_400, UTC) for week in table.times[forecasts.first :]]
    history, found = ListPriceHistory(of), list[PriceProposal | PriceRefused]()
    for item in of.products:
        place = places.get(item.id)
        if place is None:
            found.append(
                PriceRefused(f"{item.id} has no sales: nothing tells what another price would change")
            )
            continue
        # Before its first sale there is neither a number sold nor a forecast.
        if not np.isfinite(gaps[place]).all():
            found.append(
                PriceRefused(
                    f"{item.id} has been sold for too few weeks to tell what another price would change"
                )
            )
            continue
        slope = slopes[item.id]
        # What was forecast for each week's own price, at the present one.
        moved = [item.list_price / max(history.at(item.id, one + 7 * _DAY), 1) for one in starts]
        weekly = float(np.mean(forecasts.point[place] * np.power(moved, min(slope.value, 0.0))))
        spread = float(np.sqrt(np.sum(logs[place] ** 2) / seen[place]))
        try:
            selling = _selling(item, of, rules, zone, history, weekly_demand=weekly, slope=slope,
                               spread=min(max(spread, _LEAST_SPREAD), _MOST_SPREAD),
                               error=(slope.high - slope.low) / (2 * Z),
                               surprises=[float(one) for one in gaps[place, ::-1][:LAGS]])  # fmt: skip
            found.append(propose(selling, limits_of(item, rules, history, of.now), seed=0))
        except PriceRefused as refused:
            found.append(refused)
    return found


def _selling(
    item: Product,
    of: Known,
    rules: WrittenPrices,
    zone: ZoneInfo,
    history: ListPriceHistory,
    *,
    weekly_demand: float,
    spread: float,
    slope: Elasticity,
    error: float,
    surprises: list[float],
) -> Selling:
    written, now = rules.list_prices, of.now
    last_day = written.sell_by.get(item.code)
    enough = min((float(one.days_of_cover) for one in rules.overstock), default=None)
    cover = item.stock / weekly_demand * 7 if weekly_demand > 0 else 0.0
    sale = next(
        (
            (begins or now, ends)
            for begins, ends in sale_spans(item, written.sales, zone)
            if (ends is None or ends > now) and (begins is None or begins < now + written.horizon_days * _DAY)
        ),
        (None, None),
    )
    return Selling(
        product=item.id,
        now=now,
        list_price=Money(item.list_price, item.currency),
        day_before=history.at(item.id, now - _DAY),
        cost=None if item.cost is None else Money(item.cost, item.currency),
        stock=item.stock,
        weekly_demand=weekly_demand,
        spread=spread,
        elasticity=slope.value,
        elasticity_error=error,
        doubt=doubt_of(slope),
        overstocked=enough is not None and cover >= enough,
        surprises=surprises,
        restock_at=item.restock_at,
        lead_days=written.restock_days,
        sale_from=sale[0],
        sale_until=sale[1],
        sell_by=None if last_day is None else datetime.combine(last_day + _DAY, time(), zone).astimezone(UTC),
    )


def doubt_of(slope: Elasticity) -> str | None:
    """Why an estimate is no ground for a higher price; None where demand certainly falls as the price rises."""
    if slope.warning is not None:
        return "hardly_moved"
    return "elasticity_unsure" if slope.high >= 0 else None


def limits_of(item: Product, rules: WrittenPrices, history: ListPriceHistory, now: datetime) -> PriceLimits:
    """What a product's list price keeps to.

    Raises:
        PriceRefused: the limits leave no room, or an amount has no coin in the product's currency.
    """
    written = rules.list_prices
    policy = rules.policy()
    category = (item.category_id or "").casefold()
    margin = dict(policy.margin_floors).get(category, policy.margin_floor)
    try:
        floor, ceiling = (
            None if (amount := amounts.get(item.code)) is None else minor_units(amount, item.currency)
            for amounts in (written.floors, written.ceilings)
        )
    except ValueError as wrong:
        raise PriceRefused(f"{item.id}: {wrong}") from None
    if written.ceiling is not None:
        most = history.at(item.id, now - _YEAR) * (WHOLE + points(written.ceiling)) // WHOLE
        ceiling = most if ceiling is None else min(ceiling, most)
    try:
        return PriceLimits(
            floor=floor,
            ceiling=ceiling,
            margin_floor=round(margin * WHOLE),
            step=points(written.step),
            endings=rules.endings if written.endings is None else written.endings,
            horizon_days=written.horizon_days,
        )
    except PriceRefused as refused:
        raise PriceRefused(f"{item.id}: {refused}") from None
