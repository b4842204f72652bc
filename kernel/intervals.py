"""Intervals of what was counted."""

from __future__ import annotations

import math

Z95 = 1.959963984540054
"""The 97.5 % point of the normal distribution: 95 % lie between it and its negative."""


def wilson(hits: int, count: int) -> tuple[float, float]:
    """The 95 % interval of `hits` out of `count`; (0, 1) when nobody was counted.

    Source: Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22, 1927.
    """
    if not count:
        return 0.0, 1.0
    share, spread = hits / count, Z95 * Z95 / count
    centre = (share + spread / 2) / (1 + spread)
    half = Z95 * math.sqrt(share * (1 - share) / count + spread / (4 * count)) / (1 + spread)
    # The ends are exact where all or none came: rounding must not leave them outside.
    return max(centre - half, 0.0) if hits else 0.0, min(centre + half, 1.0) if hits < count else 1.0
