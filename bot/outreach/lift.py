"""What a campaign has changed, as far as its two arms can tell."""

from __future__ import annotations

import math
from dataclasses import dataclass

# The 97.5 % point of the normal distribution. `retention.rates` has the same interval, but brings Arrow along,
# which the serving process does without.
_Z = 1.959963984540054


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """So many of so many, and where the true share lies with 95 % confidence."""

    hits: int
    count: int

    @property
    def value(self) -> float:
        """The share itself; 0 when nobody was counted."""
        return self.hits / self.count if self.count else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """From, to; (0, 1) when nobody was counted.

        Source: Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22, 1927.
        """
        if not self.count:
            return 0.0, 1.0
        spread = _Z * _Z / self.count
        centre = (self.value + spread / 2) / (1 + spread)
        half = _Z * math.sqrt(self.value * (1 - self.value) / self.count + spread / (4 * self.count))
        half /= 1 + spread
        # The ends are exact where all or none came: rounding must not leave them outside.
        low = max(centre - half, 0.0) if self.hits else 0.0
        return low, min(centre + half, 1.0) if self.hits < self.count else 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Lift:
    """By how much the share of those written to is above that of those left alone, with 95 % confidence."""

    value: float
    low: float
    high: float

    @property
    def certain(self) -> bool:
        """Whether it can be told from no difference at all."""
        return self.low > 0 or self.high < 0


def lift(written_to: Share, left_alone: Share) -> Lift | None:
    """The difference of two shares; None while an arm is empty.

    Source: Newcombe, "Interval estimation for the difference between independent proportions", Statistics in
    Medicine 17, 1998, method 10.
    """
    if not written_to.count or not left_alone.count:
        return None
    value = written_to.value - left_alone.value
    (low, high), (other_low, other_high) = written_to.interval, left_alone.interval
    return Lift(
        value=value,
        low=value - math.hypot(written_to.value - low, other_high - left_alone.value),
        high=value + math.hypot(high - written_to.value, left_alone.value - other_low),
    )
