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
    """Not yet at high risk on the first night."""
    left: int
    """Of them, who then bought no more within the horizon of the last night."""
    warned: int
    """Who crossed into the high band on some night."""
    warned_and_left: int
    warned_before_due: int
    """Of those, whose next purchase was not yet due."""
    lead_days: tuple[float, float, float]
    """Quartiles of the days between the warning and when the purchase that never came was due."""

    @property
    def precision(self) -> float:
        """Of the warned, the share that left."""
        return self.warned_and_left / self.warned if self.warned else 0.0

    @property
    def recall(self) -> float:
        """Of those who left, the share that was warned of."""
        return self.warned_and_left / self.left if self.left else 0.0


def summed_up(
    first_high: Mapping[CustomerId, float | None],
    watched: Iterable[CustomerId],
    left: frozenset[CustomerId],
    nights: int,
) -> Replay:
    """The outcome of a replay.

    Args:
        first_high: the days until the next purchase was due, of everybody who crossed into the high band.
        watched: who was below it on the first night.
        left: who bought no more.
    """
    seen = frozenset(watched)
    warned = [one for one in first_high if one in seen]
    true = [one for one in warned if one in left]
    leads = np.array([lead for one in true if (lead := first_high[one]) is not None])
    low, middle, high = np.quantile(leads, (0.25, 0.5, 0.75)).tolist() if len(leads) else (0.0, 0.0, 0.0)
    return Replay(
        nights=nights,
        customers=len(seen),
        left=len(seen & left),
        warned=len(warned),
        warned_and_left=len(true),
        warned_before_due=int((leads > 0).sum()),
        lead_days=(low, middle, high),
    )
