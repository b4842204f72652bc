"""A table of products over periods, and what each period knows of those before it.

Every array is (products, periods). A helper here looks back only: column t is made of columns before t.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Grid: TypeAlias = NDArray[np.float64]
Mask: TypeAlias = NDArray[np.bool_]

_LEAST_UNIT = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """Products over periods in the order of time. Unknown numbers are NaN."""

    products: tuple[str, ...]
    times: tuple[str, ...]
    """As the table writes them."""
    quantity: Grid
    """Units sold; NaN where there is no row, or where its quantity can't be."""
    price: Grid
    """Of one unit, above 0; NaN where unknown."""
    promotion: Grid
    """How strongly the product is promoted, most often 0 or 1."""
    rows: Mask
    """Where the table has a row."""
    category: NDArray[np.int64]
    """A number a product; all 0 where there are none."""
    censored: Mask
    """Sold out: more might have been sold than `quantity`."""
    interest: tuple[Grid, ...] = ()
    """Views, carts, wishes spoken: each counts in the periods after it."""
    season: NDArray[np.int64] | None = None
    """Which period of the year (or week) each period is; None: the times don't tell."""
    cycle: int = 0
    """Periods in one such year (or week); 0 where the times don't tell."""
    candidates: tuple[int, ...] = field(default=())
    """Cycles to try where the times are mere numbers."""

    @property
    def shape(self) -> tuple[int, int]:
        """(products, periods)."""
        return len(self.products), len(self.times)


def shifted(values: Grid, by: int) -> Grid:
    """Column t holds what column t - by held; NaN before that."""
    moved = np.full_like(values, np.nan)
    if by < values.shape[1]:
        moved[:, by:] = values[:, : values.shape[1] - by]
    return moved


def carried(values: Grid) -> Grid:
    """Unknown values replaced by the last known one before."""
    known = np.where(np.isnan(values), -1, np.arange(values.shape[1]))
    last = np.maximum.accumulate(known, axis=1)
    found = np.take_along_axis(values, np.maximum(last, 0), axis=1)
    return np.where(last < 0, np.nan, found)


def mean_before(values: Grid, window: int) -> Grid:
    """The mean of the known ones of the last `window` columns before each; NaN where none is known."""
    known = ~np.isnan(values)
    sums = np.cumsum(np.where(known, values, 0.0), axis=1)
    counts = np.cumsum(known, axis=1)
    sums, counts = np.pad(sums, ((0, 0), (1, 0))), np.pad(counts, ((0, 0), (1, 0)))
    ends = np.arange(values.shape[1])
    starts = np.maximum(ends - window, 0)
    count = counts[:, ends] - counts[:, starts]
    return np.where(count > 0, (sums[:, ends] - sums[:, starts]) / np.maximum(count, 1), np.nan)


def mean_of_products(values: Grid, groups: NDArray[np.int64], least: int = 5) -> Grid:
    """Each column's mean over the products of a group, or over all where the group has fewer than `least`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a column in which nothing is known has no mean
        found = np.broadcast_to(np.nanmean(values, axis=0), values.shape).copy()
        for group in np.unique(groups):
            members = np.flatnonzero(groups == group)
            counts = np.sum(~np.isnan(values[members]), axis=0)
            enough = counts >= least
            if enough.any():
                found[np.ix_(members, enough)] = np.nanmean(values[members][:, enough], axis=0)
    return found


def unit(quantity: Grid) -> float:
    """What is added to quantities before their logarithm: one, or less where quantities are fractions."""
    sold = quantity[quantity > 0]
    return min(_LEAST_UNIT, float(np.quantile(sold, 0.01))) if sold.size else _LEAST_UNIT


def log_demand(panel: Panel, one: float) -> Grid:
    """The logarithm of quantity plus one unit; a period sold out counts as the demand that is to be expected.

    What was sold then is a lower bound: it is replaced by the mean of a normal distribution cut off there, around the
    level of the eight periods before (Tobin 1958), which uses the past alone.

    Args:
        one: see `unit`.
    """
    logs = np.log(panel.quantity + one)
    if not panel.censored.any():
        return logs
    from scipy.stats import norm

    for t in np.flatnonzero(panel.censored.any(axis=0)):
        rows = np.flatnonzero(panel.censored[:, t] & ~np.isnan(logs[:, t]))
        past = logs[rows, max(t - 8, 0) : t]
        known = np.sum(~np.isnan(past), axis=1) >= 2
        rows, past = rows[known], past[known]
        if not rows.size:
            continue
        level, spread = np.nanmean(past, axis=1), np.maximum(np.nanstd(past, axis=1), 0.1)
        bound = (logs[rows, t] - level) / spread
        logs[rows, t] = level + spread * np.exp(norm.logpdf(bound) - norm.logsf(bound))
    return logs
