"""A warning is an event: a customer's risk has crossed into a higher band since the night before.

`crossings` is all that a nightly job needs. `replay` shows on a log what it would have said, and how early.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from retention.types import CustomerId, Money, Reason, Risk, RiskBand

ORDER = (RiskBand.LOW, RiskBand.MEDIUM, RiskBand.HIGH)
_HEIGHT = {band: place for place, band in enumerate(ORDER)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned:
    """A customer whose risk rose into a higher band."""

    customer: CustomerId
    before: RiskBand
    band: RiskBand
    probability: float
    horizon_days: int
    lead_days: float | None
    """Days until their next purchase is due by their own gaps: what is left to act in. Below 0: since when it is
    overdue."""
    reasons: tuple[Reason, ...]
    expected_loss: Money | None


def crossings(previous: Mapping[CustomerId, RiskBand], risks: Iterable[Risk]) -> list[Warned]:
    """Who rose into a higher band, the most expensive to lose first.

    Args:
        previous: the bands as of the night before. Somebody without one is new or was never scored, and has
            crossed nothing; nor has anybody whose risk fell.
        risks: as of now, such as `retention.score_customers` gives them.
    """
    found = [
        Warned(
            customer=risk.customer,
            before=previous[risk.customer],
            band=risk.band,
            probability=risk.probability,
            horizon_days=risk.horizon_days,
            lead_days=risk.due_days,
            reasons=risk.reasons,
            expected_loss=risk.expected_loss,
        )
        for risk in risks
        if risk.customer in previous and _HEIGHT[risk.band] > _HEIGHT[previous[risk.customer]]
    ]
    return sorted(
        found, key=lambda one: (-(one.expected_loss.minor if one.expected_loss else 0), one.customer)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What the warnings of some past weeks would have been worth."""

    nights: int
    customers: int
    """Below the band on the first night."""
    left: int
    """Of them, who then bought no more within the horizon of the last night."""
    warned: int
    """Who crossed into the band on some night."""
    warned_and_left: int
    warned_before_due: int
    """Of those, whose next purchase was not yet due."""
    due_days: tuple[float, float, float]
    """Quartiles of the days from the warning until the purchase that never came was due; below 0, it was."""
    lead_days: tuple[float, float, float]
    """Quartiles of the days from the warning until the silence had lasted for the horizon."""

    @property
    def precision(self) -> float:
        """Of the warned, the share that left."""
        return self.warned_and_left / self.warned if self.warned else 0.0

    @property
    def recall(self) -> float:
        """Of those who left, the share that was warned of."""
        return self.warned_and_left / self.left if self.left else 0.0


@dataclass(frozen=True, slots=True)
class Lead:
    """What was left to act in when a customer was warned of."""

    until_due: float
    """Days until the next purchase was due by the customer's own gaps."""
    until_gone: float
    """Days until the silence would have lasted for the horizon."""


def summed_up(
    warned: Mapping[CustomerId, Lead],
    watched: Iterable[CustomerId],
    left: frozenset[CustomerId],
    nights: int,
) -> Replay:
    """The outcome of a replay.

    Args:
        warned: everybody who crossed into the band.
        watched: who was below it on the first night.
        left: who bought no more.
    """
    seen = frozenset(watched)
    true = [lead for one, lead in warned.items() if one in seen and one in left]
    return Replay(
        nights=nights,
        customers=len(seen),
        left=len(seen & left),
        warned=sum(one in seen for one in warned),
        warned_and_left=len(true),
        warned_before_due=sum(one.until_due > 0 for one in true),
        due_days=_quartiles([one.until_due for one in true]),
        lead_days=_quartiles([one.until_gone for one in true]),
    )


def _quartiles(days: list[float]) -> tuple[float, float, float]:
    low, middle, high = np.quantile(days, (0.25, 0.5, 0.75)).tolist() if days else (0.0, 0.0, 0.0)
    return low, middle, high
