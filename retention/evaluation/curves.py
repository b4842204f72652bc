"""The points of the lift and calibration curves: what the pictures draw and the tables hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from retention.evaluation.churn import Bools, ChurnComparison, Floats
from retention.rates import wilson

STEPS = 100
"""Points of a lift curve: one for each per cent of the customers."""
BINS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class LiftPoint:
    """What is found among so many customers, most at risk first."""

    share: float
    """Of the customers."""
    customers: int
    left: int
    """Of these."""
    precision: float
    recall: float
    """The share of all who left that is among them."""
    lift: float
    """Times as many leave as at random."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationPoint:
    """What was said and what came, in a tenth of the customers by the foretold probability."""

    customers: int
    said: float
    """The mean probability."""
    came: float
    """The share that left."""
    low: float
    high: float
    """95 % of the latter, Wilson."""


def groups(done: ChurnComparison) -> dict[str, Bools]:
    """Whom the curves are drawn for: all customers of the window, and those still active; shape (customers,)."""
    return {"all": np.ones(len(done.split.window.left), dtype=bool), "active": done.split.active}


def lift(left: Bools, probability: Floats) -> list[LiftPoint]:
    """At each per cent of the customers, shape (customers,) both; empty where nobody left."""
    return list(_lift(left, probability)) if left.any() else []


def _lift(left: Bools, probability: Floats) -> Iterator[LiftPoint]:
    found = np.cumsum(left[np.argsort(-probability, kind="stable")])
    whole = len(left)
    reached = np.unique(np.ceil(np.arange(1, STEPS + 1) / STEPS * whole - 1e-9).astype(int))
    for count in reached.tolist():
        hits = int(found[count - 1])
        yield LiftPoint(
            share=count / whole,
            customers=count,
            left=hits,
            precision=hits / count,
            recall=hits / int(found[-1]),
            lift=hits / count / float(left.mean()),
        )


def calibration(left: Bools, probability: Floats) -> list[CalibrationPoint]:
    """By tenths of the probability, lowest first; shape (customers,) both."""
    order = np.argsort(probability, kind="stable")
    return [_tenth(left[part], probability[part]) for part in np.array_split(order, BINS) if len(part)]


def _tenth(left: Bools, probability: Floats) -> CalibrationPoint:
    low, high = wilson(int(left.sum()), len(left))
    return CalibrationPoint(
        customers=len(left), said=float(probability.mean()), came=float(left.mean()), low=low, high=high
    )
