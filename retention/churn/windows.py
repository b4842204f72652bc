"""The shop's past cut into windows: customers as of a moment, and what they did after it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kernel.arrays import Bools, Floats, Ints
from kernel.times import DAY, to_micros
from retention.checks import Checked
from retention.churn import bgnbd
from retention.churn.bgnbd import Counts, PurchaseProcess
from retention.churn.model import BASE_HORIZON_DAYS
from retention.features.expressions import RawTable, Shop
from retention.features.raw import NAMES as RAW
from retention.types import EventKind

GAP_QUANTILE = 0.9
"""The horizon is the gap that nine of ten gaps between purchases stay below, in whole weeks."""
HORIZON_LEAST, HORIZON_MOST = 14, 180
WINDOW_LEAST = 7
MOST_WINDOWS = 5
LEAST_CUSTOMERS = 50
LEAST_OF_A_LABEL = 10


@dataclass(frozen=True, slots=True)
class Window:
    """Customers as of a moment, and whether they were silent from then until its end."""

    moment: int
    end: int
    customers: tuple[str, ...]
    raw: Ints
    """Shape (customers, raw.NAMES)."""
    left: Bools
    process: PurchaseProcess | None
    """BG/NBD as it could be fitted at the moment; it takes no outcome, so it sees nothing later."""

    @property
    def days(self) -> float:
        """Its length."""
        return (self.end - self.moment) / DAY

    @property
    def enough(self) -> bool:
        """Whether there is something to learn from it."""
        gone, all_of_them = int(self.left.sum()), len(self.left)
        return all_of_them >= LEAST_CUSTOMERS and LEAST_OF_A_LABEL <= gone <= all_of_them - LEAST_OF_A_LABEL

    def column(self, name: str) -> Ints:
        """A raw feature, shape (customers,)."""
        column: Ints = self.raw[:, RAW.index(name)]
        return column

    def without(self, names: frozenset[str]) -> Window:
        """The window of its other customers."""
        return self.only(np.array([one not in names for one in self.customers], bool)) if names else self

    def only(self, kept: Bools) -> Window:
        """The window of some of its customers."""
        names = tuple(one for one, stays in zip(self.customers, kept.tolist(), strict=True) if stays)
        return replace(self, customers=names, raw=self.raw[kept], left=self.left[kept])


# --- campaigns --------------------------------------------------------------------------------------------


def untreated(windows: list[Window], events: pa.Table) -> tuple[list[Window], list[str]]:
    """The windows without the customers whom a campaign reached in them, and what is to be said about it.

    A risk is what happens if nothing is done, so it is learned from the holdout and whoever else no campaign has
    reached. Where these differ from the rest by what the model sees, it corrects for that itself; a holdout drawn by
    chance makes sure that there are some of every kind. A window where too few were left alone stays as it is: its
    labels are better than none.

    Source: Radcliffe, "Using control groups to target on predicted lift", 2007.
    """
    found, notes = [], []
    for window in windows:
        alone = left_alone(window, events)
        reached, kept = int((~alone).sum()), window.only(alone)
        found.append(kept if kept.enough else window)
        if reached and kept.enough:
            notes.append(treatment_note(reached, len(alone)))
        elif reached:
            notes.append(
                f"churn: campaigns reached {reached} of {len(alone)} customers of a window and left "
                "too few alone to learn from: its risks are those of customers who are written to; keep a holdout"
            )
    return found, list(dict.fromkeys(notes))


def left_alone(window: Window, events: pa.Table) -> Bools:
    """The customers of a window whom no campaign has reached in it, shape (customers,)."""
    at = events.column("at")
    inside = pc.and_(pc.greater_equal(at, window.moment), pc.less(at, window.end))
    contact = pc.and_(inside, pc.equal(events.column("kind"), EventKind.CONTACT.value))
    reached = frozenset(events.filter(contact).column("customer").unique().to_pylist())
    return np.array([one not in reached for one in window.customers], bool)


def treatment_note(reached: int, customers: int) -> str:
    """What is to be said where those whom campaigns reached are left out of a fit."""
    return f"churn: campaigns reached {reached} of {customers} customers; the risk is learned from those left alone"


# --- the past in windows ----------------------------------------------------------------------------------


def purchase_gaps(checked: Checked, *, before: int | None = None) -> tuple[int, Floats]:
    """The first purchase (microseconds; 0 if none), and all gaps in days between days with a purchase.

    Args:
        before: microseconds; later purchases, and those at the moment, are not seen.
    """
    events = checked.history.events
    bought = events.filter(pc.equal(events.column("kind"), EventKind.PURCHASE.value))
    if before is not None:
        bought = bought.filter(pc.less(bought.column("at"), before))
    if not bought.num_rows:
        return 0, np.zeros(0)
    at = bought.column("at").to_numpy()
    names = pc.unique(bought.column("customer"))
    users = pc.index_in(bought.column("customer"), value_set=names).to_numpy().astype(np.int64)
    pairs = np.unique(np.stack([users, at // DAY]), axis=1)
    same = pairs[0, 1:] == pairs[0, :-1]
    return int(at.min()), (pairs[1, 1:] - pairs[1, :-1])[same].astype(np.float64)


def usual_gap(gaps: Floats) -> float:
    """The median gap in days; a month where there is none."""
    return float(np.median(gaps)) if len(gaps) else 30.0


def choose_horizon(gaps: Floats, span_days: float) -> int:
    """Days after which silence means something, in whole weeks: the 90 % point of the gaps between purchases.

    Never more than a third of the history, so that there is a window to learn from and one to judge on.
    """
    wanted = float(np.quantile(gaps, GAP_QUANTILE)) if len(gaps) >= LEAST_CUSTOMERS else BASE_HORIZON_DAYS
    if not span_days:
        return BASE_HORIZON_DAYS
    most = min(max(span_days / 3, HORIZON_LEAST), HORIZON_MOST)
    return int(np.clip(wanted, HORIZON_LEAST, most) // 7 * 7)


def horizon_of(checked: Checked, *, before: int | None = None) -> int:
    """The horizon that the shop's own gaps give, as of `checked.now`, or of an earlier moment in microseconds."""
    first, gaps = purchase_gaps(checked, before=before)
    now = to_micros(checked.now) if before is None else before
    return choose_horizon(gaps, (now - first) / DAY if first else 0.0)


def window_days(horizon: int, span_days: float) -> int:
    """How long the windows to learn from are: the horizon, where three of them fit into the history.

    A longer horizon is reached from shorter windows by BG/NBD (`ChurnModel.log_odds`).
    """
    return int(max(min(horizon, span_days // 3), WINDOW_LEAST))


def make_windows(shop: Shop, first: int, now: int, days: int, leave_out: frozenset[str]) -> list[Window]:
    """Windows with a known outcome, oldest first. The last ends now; each begins half a window before the next.

    None begins before the history is as long as a window, and none has a customer of `leave_out`: robots as of now.
    That they were not known for robots at the windows' moments matters not, for it only decides whom to learn from.
    """
    length = days * DAY
    moment, moments = now - length, list[int]()
    while moment - length >= first - DAY and len(moments) < MOST_WINDOWS:
        moments.append(moment)
        moment -= length // 2
    if not moments and now - length > first:
        moments = [now - length]
    return [make_window(shop, moment, moment + length).without(leave_out) for moment in reversed(moments)]


def make_window(shop: Shop, moment: int, end: int) -> Window:
    """Customers who had bought before `moment`, and whether they didn't from then until `end`.

    Their features see no later event. Of the products they see the category and the list price as of the fit, as
    serving does: there are no earlier ones to be had, and neither follows from what a customer did later.
    """
    known: Window | None = shop.windows.get((moment, end))
    if known is None:
        table, left = as_of(shop, moment, end)
        process = bgnbd.fit(Counts.of(table.values), seed=moment)
        known = shop.windows[moment, end] = Window(moment, end, table.customers, table.values, left, process)
    return known


def as_of(shop: Shop, moment: int, end: int) -> tuple[RawTable, Bools]:
    """Everybody who had bought before a moment, and whether they didn't from then until `end`, shape (customers,)."""
    table = buyers(shop, moment)
    stayed = shop.buyers_between(moment, end)
    return table, np.array([customer not in stayed for customer in table.customers], dtype=bool)


def buyers(shop: Shop, moment: int) -> RawTable:
    """The raw features of everybody who had bought before a moment."""
    table = RawTable.of(shop, moment)
    rows = np.flatnonzero(table.values[:, RAW.index("purchase_days")] > 0)
    return RawTable(tuple(table.customers[row] for row in rows), table.values[rows])
