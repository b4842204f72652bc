"""A warning is an event: a customer's risk has crossed into a higher band since the night before.

A nightly job takes `crossings` of `settled` risks, and keeps the settled bands for the next night.

Bands are shares of a shop's own customers, and each fit draws their edges anew. On a quarter of a real shop's
customers (some 870), the fit of each of eight nights by itself lifted 14 to 27 of them into a higher band, the day
that had passed only 2 to 7: without a margin most warnings tell of the model and not of the customer. With it they
were 3 to 9 a night, the day and the fit together.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from retention.types import CustomerId, Money, Reason, Risk, RiskBand

ORDER = (RiskBand.LOW, RiskBand.MEDIUM, RiskBand.HIGH)
_HEIGHT = {band: place for place, band in enumerate(ORDER)}
MARGIN = 0.1
"""How far beyond an edge a risk must lie to change its band, in log-odds: as far as edges move from one nightly fit
to the next. At even odds it is 2.5 points of probability."""
_LEAST = 1e-9


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


def settled(
    previous: Mapping[CustomerId, RiskBand],
    risks: Iterable[Risk],
    edges: tuple[float, float],
    margin: float = MARGIN,
) -> list[Risk]:
    """The risks with bands that do not flicker: a band is left only where its edge is passed by the margin.

    A risk that creeps up is settled higher on the night on which it has passed the edge by the margin, so nobody is
    missed; one that hovers about an edge, or whose edge has moved, stays where it was.

    Args:
        previous: the settled bands as of the night before. Somebody without one takes the model's.
        risks: as of now, such as `retention.score_customers` gives them.
        edges: the probabilities at which medium and high begin in the model that gave them, `ChurnModel.bands`.
            A model that is not fitted has none: its risks go as they are.
        margin: in log-odds; 0 gives the risks as they are.
    """
    heights = tuple(_log_odds(one) for one in edges)
    return [
        replace(risk, band=_settled_band(previous.get(risk.customer), risk, heights, margin))
        for risk in risks
    ]


def _settled_band(before: RiskBand | None, risk: Risk, edges: tuple[float, ...], margin: float) -> RiskBand:
    if before is None or before is risk.band:
        return risk.band
    odds = _log_odds(risk.probability)
    surely = sum(odds >= edge + margin for edge in edges)
    perhaps = sum(odds >= edge - margin for edge in edges)
    return ORDER[max(min(_HEIGHT[before], perhaps), surely)]


def _log_odds(probability: float) -> float:
    kept = min(max(probability, _LEAST), 1 - _LEAST)
    return math.log(kept / (1 - kept))


def crossings(previous: Mapping[CustomerId, RiskBand], risks: Iterable[Risk]) -> list[Warned]:
    """Who rose into a higher band, the most expensive to lose first.

    Args:
        previous: the bands as of the night before. Somebody without one is new or was never scored, and has
            crossed nothing; nor has anybody whose risk fell.
        risks: as of now, such as `retention.score_customers` gives them; `settled` against the same bands,
            where the model may have changed since.
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
