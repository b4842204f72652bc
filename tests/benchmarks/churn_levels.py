"""Simulated shops for the question how many will leave: what their customers do differs by kind, a season or a trend
lies over it, and every week is a little better or worse than the last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kernel.times import DAY
from retention.history import History

KINDS = ("steady", "growing", "shrinking", "seasonal", "gifts", "subscriptions", "fading")
YEAR = 365.25
CURRENCY = "CNY"

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Shop:
    """Purchases of a simulated shop: customers' numbers and days since its first, shape (purchases,) each."""

    customers: NDArray[np.int64]
    days: Floats
    first: int
    """The first day, microseconds."""

    def history(self, before: float | None = None) -> History:
        """Its purchases, up to a day of its own count, as a log would have them."""
        rows = [
            {
                "id": f"{customer}-{number}",
                "kind": "purchase",
                "customer": f"c{customer}",
                "product": "p0",
                "quantity": 1,
                "at": self.first + int(day * DAY),
                "amount": 1_000,
                "currency": CURRENCY,
            }
            for number, (customer, day) in enumerate(
                zip(self.customers.tolist(), self.days.tolist(), strict=True)
            )
            if before is None or day < before
        ]
        return History.from_rows(rows, [{"product": "p0", "name": "one"}])


def simulated(kind: str, customers: int, days: int, seed: int, *, first: int) -> Shop:
    """A shop of the kind, whose customers come in over the days, a quarter of them in its first month."""
    draw = np.random.default_rng(seed)
    calendar = np.asarray((np.arange(days) + first / DAY) % YEAR, np.float64)
    mood = np.exp(_weeks(draw, days))
    busy = mood * _season(kind, calendar) * _trend(kind, days)
    born = _arrivals(kind, draw, customers, busy, days)
    mean, shape = np.exp(draw.uniform(np.log(1 / 90), np.log(1 / 30))), draw.uniform(0.6, 1.4)
    often = draw.gamma(shape, mean / shape, customers)
    leaves = np.zeros(customers) if kind == "fading" else draw.beta(0.8, 2.5, customers)
    found = [
        _subscriber(draw, born[one], days) if kind == "subscriptions" else
        _buyer(draw, born[one], often[one], leaves[one], busy, fading=120.0 if kind == "fading" else None)
        for one in range(customers)
    ]  # fmt: skip
    numbers = np.repeat(np.arange(customers), [len(one) for one in found])
    return Shop(numbers, np.concatenate(found), first)


def _weeks(draw: np.random.Generator, days: int) -> Floats:
    """The whole shop's ups and downs, in logarithms, shape (days,)."""
    weeks = [0.0]
    for _ in range(days // 7):
        weeks.append(0.8 * weeks[-1] + draw.normal(0, 0.06))
    return np.repeat(weeks, 7)[:days]


def _season(kind: str, calendar: Floats) -> Floats:
    if kind == "seasonal":
        return np.asarray(np.exp(0.35 * np.cos(2 * np.pi * (calendar - 120) / YEAR)), np.float64)
    if kind == "gifts":
        rising = np.clip((calendar - 285) / 50, 0, 1) * (calendar < 357)
        return np.asarray(np.exp(0.7 * rising - 0.4 * ((calendar >= 357) | (calendar < 40))), np.float64)
    return np.ones(len(calendar))


def _trend(kind: str, days: int) -> Floats:
    yearly = {"growing": 0.4, "shrinking": -0.4}.get(kind, 0.0)
    return np.asarray(np.exp(yearly * np.arange(days) / YEAR), np.float64)


def _arrivals(kind: str, draw: np.random.Generator, customers: int, busy: Floats, days: int) -> Floats:
    weights = busy / busy.sum()
    born = draw.choice(days, customers, p=weights) + draw.random(customers)
    early = draw.random(customers) < (1.0 if kind == "fading" else 0.25)
    return np.where(early, draw.uniform(0, 90 if kind == "fading" else 30, customers), born)


def _buyer(
    draw: np.random.Generator, born: float, often: float, leaves: float, busy: Floats, *, fading: float | None
) -> Floats:
    """Purchases at a rate that the shop's days move, until the customer leaves after one of them."""
    most, day, found = float(busy.max()), born, [born]
    while draw.random() >= leaves:
        while True:
            day += draw.exponential(1 / (often * most))
            if day >= len(busy):
                return np.array(found)
            kept = 1.0 if fading is None else 0.25 + 0.75 * np.exp(-(day - born) / fading)
            if draw.random() < kept * busy[int(day)] / most:
                break
        found.append(day)
    return np.array(found)


def _subscriber(draw: np.random.Generator, born: float, days: int) -> Floats:
    """Every thirty days, sometimes one left out, until the subscription is cancelled."""
    found, cancels, day = [born], draw.beta(1, 12), born
    while draw.random() >= cancels:
        day += 30 * draw.gamma(25, 1 / 25) * (2 if draw.random() < 0.08 else 1)
        if day >= days:
            break
        found.append(day)
    return np.array(found)


def rolling(days: int, horizon: int, cuts: int) -> Sequence[int]:
    """Days to cut at, the first after 150, with a whole horizon after the last."""
    return [round(one) for one in np.linspace(150, days - horizon, cuts).tolist()]
