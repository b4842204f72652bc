"""The retention rate: which share of the customers come back, when, and for how long.

Everything counts days with an activity (UTC), whole periods only: who could not be watched to the end of a
period is not counted for it. Rates carry Wilson intervals, survival curves log-log ones, 95 % each.
"""

from retention.choices import Kind, Unit
from retention.rates.activity import Activity
from retention.rates.rates import BRACKETS, Cell, Rate, cohorts, rates
from retention.rates.survival import Curve, Ending, kaplan_meier, survival

__all__ = [
    "BRACKETS",
    "Activity",
    "Cell",
    "Curve",
    "Ending",
    "Kind",
    "Rate",
    "Unit",
    "cohorts",
    "kaplan_meier",
    "rates",
    "survival",
]
