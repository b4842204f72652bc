"""What every product cost and whether it could be had on each day, and how the seasons go."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from bot.shop.demo.catalogue import Goods
from bot.shop.demo.people import Bools, Floats, Ints

# Sunday evenings are for shopping, Tuesdays are not. Monday first.
_WEEK = np.array([0.92, 0.84, 0.88, 0.92, 1.02, 1.22, 1.20])
# January to December: quiet around the Spring Festival, the sales of June and November, gifts in December.
_YEAR = np.array([0.92, 0.74, 0.98, 1.00, 1.02, 1.14, 0.92, 0.92, 1.02, 1.04, 1.34, 1.10])
_SALES = {(6, 18): 2.1, (11, 11): 2.4, (12, 12): 1.5}
_DEAREST = 1.35
# The margin a shop keeps at the least, so that a price is never below cost.
_CHEAPEST = 1.28


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """The shop's side of the window. Arrays are (days, products) or one entry a product; money in fen."""

    bustle: Floats
    """(days,): how much is going on, 1 on an average day."""
    season: Floats
    """(days, products): what time of year does to a product."""
    price: Ints
    in_stock: Bools
    launched: Ints
    """Day from which the product is sold; 0: before the window."""
    stock: Ints
    """Now."""
    restock_in: Ints
    """Days from now; -1: there is stock, or nobody knows."""


def open_market(goods: list[Goods], first_day: date, days: int, rng: np.random.Generator) -> Market:
    """Draw prices, stock-outs and launches."""
    dates = [first_day + timedelta(days=number) for number in range(days)]
    launched = _launches(goods, days, rng)
    in_stock = _shelves_filled(len(goods), days, rng) & (np.arange(days)[:, None] >= launched)
    out_now = ~in_stock[-1]
    stock = np.where(out_now, 0, np.clip(rng.lognormal(4.2, 1.1, len(goods)), 1, 2_500).astype(np.int64))
    announced = out_now & (rng.random(len(goods)) < 0.7)
    return Market(
        bustle=_bustle(dates),
        season=_season(goods, dates),
        price=_prices(goods, dates, rng),
        in_stock=in_stock,
        launched=launched,
        stock=stock,
        restock_in=np.where(announced, rng.integers(2, 21, len(goods)), -1),
    )


def _bustle(dates: list[date]) -> Floats:
    return np.array(
        [_WEEK[d.weekday()] * _YEAR[d.month - 1] * _SALES.get((d.month, d.day), 1.0) for d in dates]
    )


def _season(goods: list[Goods], dates: list[date]) -> Floats:
    by_month = np.array(
        [[1.5 if month in item.shelf.peak else 1.0 for item in goods] for month in range(1, 13)]
    )
    return by_month[[d.month - 1 for d in dates]]


def _launches(goods: list[Goods], days: int, rng: np.random.Generator) -> Ints:
    """A few lines are new: some within the year, some within the last weeks."""
    lines = np.array([item.line for item in goods])
    when = np.zeros(lines.max() + 1, dtype=np.int64)
    new = rng.permutation(len(when))[:18]
    when[new[:12]] = rng.integers(30, days - 60, 12)
    when[new[12:]] = rng.integers(days - 45, days - 5, 6)
    launched: Ints = when[lines]
    return launched


def _shelves_filled(count: int, days: int, rng: np.random.Generator) -> Bools:
    filled = np.ones((days, count), dtype=bool)
    for product in range(count):
        for _ in range(rng.poisson(1.5)):
            start = int(rng.integers(0, days - 25))
            filled[start : start + int(rng.integers(3, 22)), product] = False
    for product in rng.permutation(count)[: round(count * 0.06)]:
        filled[-int(rng.integers(2, 15)) :, product] = False
    return filled


def _prices(goods: list[Goods], dates: list[date], rng: np.random.Generator) -> Ints:
    """Prices stand for months and move on Mondays, up a little more often than down."""
    mondays = [number for number, day in enumerate(dates) if day.weekday() == 0 and number > 0]
    prices = np.empty((len(dates), len(goods)), dtype=np.int64)
    for column, item in enumerate(goods):
        price = item.price
        prices[:, column] = price
        for start in sorted(rng.choice(mondays, size=rng.poisson(1.7), replace=False).tolist()):
            up = rng.random() < 0.58
            factor = 1 + rng.uniform(0.04, 0.16) if up else 1 - rng.uniform(0.03, 0.12)
            wanted = min(max(price * factor, item.cost * _CHEAPEST), item.price * _DEAREST)
            price = _round_price(wanted)
            prices[start:, column] = price
    return prices


def _round_price(fen: float) -> int:
    if fen >= 5_000:
        return round(fen / 100) * 100
    return round(fen / 100) * 100 - 10
