"""A warning is an event: since the night before, a customer's silence has become too long for their own rhythm, or
their risk has crossed into a higher band.

The first comes early enough to act on (`retention.churn.rhythm`). The second tells what is no silence: a complaint,
searches that stop, more at stake. For it a nightly job takes `crossings` of `settled` risks, and keeps the settled
bands for the next night.

Bands are drawn among a shop's own customers, and each night draws their edges anew. On a quarter of a real shop's
customers (some 870), with bands that were shares of their risks, the fit of each of eight nights by itself lifted 14 to
27 of them into a higher band, the day that had passed only 2 to 7: without a margin most warnings told of the model and
not of the customer. With it they were 3 to 9 a night, the day and the fit together.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from retention.churn.bands import ORDER, Bands
from retention.types import CustomerId, Money, Reason, Risk, RiskBand

_HEIGHT = {band: place for place, band in enumerate(ORDER)}
MARGIN = 0.1
"""How far beyond an edge a customer must lie to change their band, in log-odds of the risk and in the logarithm of what
is at stake: as far as edges move from one nightly fit to the next. At even odds it is 2.5 points of probability."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned:
    """A customer whom somebody should look after."""

    customer: CustomerId
    before: RiskBand
    band: RiskBand
    """Higher than `before`, or the same where they have been silent for too long."""
    probability: float
    horizon_days: int
    lead_days: float | None
    """Days until their next purchase is due by their own gaps: what is left to act in. Below 0: since when it is
    overdue."""
    reasons: tuple[Reason, ...]
    expected_loss: Money | None


def settled(
    previous: Mapping[CustomerId, RiskBand],
    risks: Sequence[Risk],
    bands: Bands,
    margin: float = MARGIN,
) -> list[Risk]:
    """The risks with bands that do not flicker: a band is left only where its edge is passed by the margin.

    A risk that creeps up is settled higher on the night on which it has passed the edge by the margin, so nobody is
    missed; one that hovers about an edge, or whose edge has moved, stays where it was. So somewhat more customers than
    the staff can look after may be high for a while.

    Args:
        previous: the settled bands as of the night before. Somebody without one takes the new one.
        risks: as of now, with the bands and stakes that `bands.banded` gives them.
        bands: where bands begin, of the same call.
        margin: see `MARGIN`; 0 gives the risks as they are.
    """
    chance = np.array([one.probability for one in risks])
    stake = np.array([one.at_stake for one in risks])
    surely, perhaps = (bands.moved(by).heights(chance, stake).tolist() for by in (margin, -margin))
    return [
        _settled(previous.get(risk.customer), risk, low, high)
        for risk, low, high in zip(risks, surely, perhaps, strict=True)
    ]


def _settled(before: RiskBand | None, risk: Risk, surely: int, perhaps: int) -> Risk:
    if before is None or before is risk.band:
        return risk
    return replace(risk, band=ORDER[max(min(_HEIGHT[before], perhaps), surely)])


def crossings(
    previous: Mapping[CustomerId, RiskBand], risks: Iterable[Risk], silent: Collection[CustomerId] = ()
) -> list[Warned]:
    """Who rose into a higher band or has been silent for too long, the most expensive to lose first.

    Args:
        previous: the bands as of the night before. Somebody without one is new or was never scored, and has
            crossed nothing; nor has anybody whose risk fell.
        risks: as of now, such as `retention.score_customers` gives them; `settled` against the same bands,
            where the model may have changed since.
        silent: whose silence has become too long for their own rhythm since the night before, whatever their band.
    """
    found = [
        risk
        for risk in risks
        if risk.customer in previous
        and (_HEIGHT[risk.band] > _HEIGHT[previous[risk.customer]] or risk.customer in silent)
    ]
    return [
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
        for risk in sorted(found, key=lambda one: (-_loss(one), one.customer))
    ]


def _loss(risk: Risk) -> int:
    return risk.expected_loss.minor if risk.expected_loss else 0
