"""A warning is an event: a customer's risk has crossed into a higher band since the night before.

A nightly job takes `crossings` of `settled` risks, and keeps the settled bands for the next night. `replay` shows
on a log what it would have said, and how early.

Bands are shares of a shop's own customers, and each fit draws their edges anew. On a quarter of a real shop's
customers (some 870), the fit of each of eight nights by itself lifted 14 to 27 of them into a higher band, the day
that had passed only 2 to 7: without a margin most warnings tell of the model and not of the customer. With it they
were 3 to 9 a night, the day and the fit together.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

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
