"""What is known of the year before a log has seen one: in retail as a whole, the last quarter is the busiest."""

from __future__ import annotations

from datetime import timedelta

from kernel.times import from_micros

LAST_QUARTER = 1.25
"""Sales of the last quarter over those of the third. US online retail, 2020: up by 23.1 % as it came, and down by
1.2 % with the season taken out.

Source: US Census Bureau, "Quarterly retail e-commerce sales, 4th quarter 2020", CB21-23, 2021.
"""
HELD = 0.5
"""How much of it is counted on, in logarithms: part of it is dearer baskets, and many a shop has no such season."""
YEAR = 365


def busy(moment: int, days: float) -> float:
    """How often customers buy in the days from a moment (microseconds) on, as against the rest of the year."""
    factor = LAST_QUARTER**HELD
    whole = max(round(days), 1)
    first = from_micros(moment)
    inside = sum((first + timedelta(days=one)).month >= 10 for one in range(whole))
    return float(1 + (factor - 1) * inside / whole)
