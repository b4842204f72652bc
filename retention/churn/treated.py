"""Once campaigns run, outcomes are treated: who was written to stayed or left with the message, not without it.

A risk is what happens if nothing is done. So it is learned from those left alone: the holdout, and whoever no
campaign has reached. Where the ones left alone differ from the rest by what the model sees, it corrects for
that itself; a holdout drawn by chance, as campaigns here keep one, makes sure that there are some of every kind.

Source: Radcliffe, "Using control groups to target on predicted lift", 2007.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from retention.churn.contract import FittedContract, Table, fit, read_label
from retention.churn.windows import Window
from retention.types import EventKind

Bools = NDArray[np.bool_]


def left_alone(window: Window, events: pa.Table) -> Bools:
    """The customers of a window whom no campaign has reached in it, shape (customers,)."""
    at = events.column("at")
    inside = pc.and_(pc.greater_equal(at, window.moment), pc.less(at, window.end))
    contact = pc.and_(inside, pc.equal(events.column("kind"), EventKind.CONTACT.value))
    reached = frozenset(events.filter(contact).column("customer").unique().to_pylist())
    return np.array([one not in reached for one in window.customers], bool)


def untreated(windows: list[Window], events: pa.Table) -> tuple[list[Window], list[str]]:
    """The windows with those left alone only, and what is to be said about it.

    A window where too few were left alone stays as it is: its labels are better than none.
    """
    found, notes = [], []
    for window in windows:
        alone = left_alone(window, events)
        kept = window.only(alone)
        if alone.all():
            found.append(window)
        elif kept.enough:
            found.append(kept)
            notes.append(_left_out(int((~alone).sum()), len(alone)))
        else:
            found.append(window)
            notes.append(
                f"churn: campaigns reached {int((~alone).sum())} of {len(alone)} customers of a window and left "
                "too few alone to learn from: its risks are those of customers who are written to; keep a holdout"
            )
    return found, list(dict.fromkeys(notes))


def fit_left_alone(
    table: Table, label: str, treated: str, *, customer: str | None, seed: int
) -> FittedContract:
    """A contract model of those left alone.

    Args:
        treated: the column that says who was treated: yes/no, 1/0, true/false.
    """
    reached, known = read_label(table[treated], treated)
    alone = (~reached & known).tolist()
    kept = {
        name: [one for one, stays in zip(values, alone, strict=True) if stays]
        for name, values in table.items()
        if name != treated
    }
    fitted = fit(kept, label, customer=customer, seed=seed)
    note = _left_out(len(alone) - sum(alone), len(alone))
    return FittedContract(model=fitted.model, metrics=fitted.metrics, notes=(note, *fitted.notes))


def switched_off(table: Table, treated: str) -> Mapping[str, list[str | None]]:
    """The table as if nobody had been treated: what a model that has the treatment as a column is asked about."""
    return {name: ["0"] * len(one) if name == treated else list(one) for name, one in table.items()}


def _left_out(reached: int, customers: int) -> str:
    return f"churn: campaigns reached {reached} of {customers} customers; the risk is learned from those left alone"
