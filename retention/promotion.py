"""May a new version take the place of the one that is served? Only if it isn't worse where both are measured.

Both answer for the same customers on the same last window, which neither was fitted on (see `retention.judging`), and
each answer is judged by itself, so that the difference is taken customer by customer and its interval needs no
assumption on how the answers are spread.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from kernel.arrays import Floats
from kernel.intervals import Z95

MARGINS = {"brier": 0.01, "ndcg_at_10": 0.01, "purchases_error": 0.05, "spend_error": 0.05}
"""How much worse a new version may be on the last window: in the measure's own unit, or as a share (`SHARES`).

On a real shop's log, half of what lies between our churn model and a plain logistic regression, and rather more than
half of the ranker's lead over own frequency. Wide on purpose: both sides have nearly the same past, and a shop that
refuses good versions by chance serves old ones.
"""
SHARES = frozenset({"purchases_error", "spend_error"})
"""Their unit is the shop's, so their margin is a share of what they are measured against."""
HIGHER_IS_BETTER = frozenset({"ndcg_at_10"})
GROSSLY = 10.0
"""Times the margin, beside itself (`Beside.ITSELF`). A fit is levelled for the customers of now, not for those of the
window's beginning, and after weeks without any sales that alone costs more than the margin."""
LEAST_CUSTOMERS = 50
"""Fewer can't tell two versions apart."""
_DRAWS = 1_000
_MANY = 5_000


class Beside(StrEnum):
    """What a candidate is measured against."""

    SERVED = "served"
    """The version in use. Both sides were fitted on what lies before the window."""
    ITSELF = "itself"
    """Its own fit on what lies before the window. The fit that would be served has seen the window and has the
    advantage: where it is grossly worse all the same, the last days' data or the fit went wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two fits in one measure on the same customers."""

    measure: str
    beside: Beside
    days: float
    """The window's length."""
    customers: int
    served: float
    """What the candidate is measured against, see `beside`. The mean over customers."""
    candidate: float
    gain: float
    """How much better the candidate is; below 0 it is worse. The mean over customers."""
    low: float
    high: float
    """A 95 % interval of the gain, over customers."""
    margin: float

    @property
    def worse(self) -> bool:
        """Worse by more than the margin, and not by chance."""
        return self.gain < -self.margin and self.high < 0

    def __str__(self) -> str:
        """One line for people."""
        return (
            f"{self.measure} {self.candidate:.4f} {_WORDS[self.beside]} {self.served:.4f} on {self.customers} "
            f"customers over {self.days:.0f} days; "
            f"gain {self.gain:+.4f} [{self.low:+.4f}, {self.high:+.4f}], margin {self.margin:.4f}"
        )


_WORDS = {Beside.SERVED: "after", Beside.ITSELF: "fitted on all, before the window"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether the candidate is served, and the numbers that say so."""

    promoted: bool
    reason: str
    against: str
    """The version it was compared with; empty when there was none."""
    comparisons: tuple[Comparison, ...] = ()


def compare(
    measure: str,
    served: Floats,
    candidate: Floats,
    *,
    seed: int,
    beside: Beside = Beside.SERVED,
    days: float = 0.0,
) -> Comparison:
    """Compare two fits, customer by customer.

    Args:
        measure: a key of `MARGINS`.
        served: what the version in use, or what `beside` names, scored; shape (customers,).
        candidate: what the new one scored for the same customers.
        seed: of the bootstrap.
        days: the window's length.
    """
    margin = MARGINS[measure] * (float(served.mean()) if measure in SHARES else 1.0)
    gains = (candidate - served) if measure in HIGHER_IS_BETTER else (served - candidate)
    low, high = _interval(gains, seed)
    return Comparison(
        measure=measure,
        beside=beside,
        days=days,
        customers=len(gains),
        served=float(served.mean()),
        candidate=float(candidate.mean()),
        gain=float(gains.mean()),
        low=low,
        high=high,
        margin=margin * (GROSSLY if beside is Beside.ITSELF else 1.0),
    )


def judge(against: str, comparisons: Sequence[Comparison]) -> Verdict:
    """Promote unless a measure says that the candidate is worse. Too few customers say nothing.

    Args:
        against: the version in use.
        comparisons: none of them `Beside.SERVED` where that version has nothing that hasn't seen the window.
    """
    enough = [one for one in comparisons if one.customers >= LEAST_CUSTOMERS]
    worse = [one for one in enough if one.worse]
    if worse:
        reason = "worse on the last window: " + "; ".join(str(one) for one in worse)
    elif not any(one.beside is Beside.SERVED for one in comparisons):
        reason = "the one in use has no fit that hasn't seen the last window: nothing fair to compare with"
    elif not any(one.beside is Beside.SERVED for one in enough):
        reason = f"fewer than {LEAST_CUSTOMERS} customers to compare on"
    else:
        reason = "not worse on the last window, which neither was fitted on"
    return Verdict(promoted=not worse, reason=reason, against=against, comparisons=tuple(comparisons))


def _interval(gains: Floats, seed: int) -> tuple[float, float]:
    """Percentiles of the mean over customers drawn with replacement; of the normal law for very many."""
    size = len(gains)
    if not gains.any():
        return 0.0, 0.0
    if size > _MANY:
        half = Z95 * float(gains.std()) / size**0.5
        return float(gains.mean()) - half, float(gains.mean()) + half
    draw = np.random.default_rng(seed)
    means = [float(gains[draw.integers(0, size, size)].mean()) for _ in range(_DRAWS)]
    low, high = np.quantile(means, (0.025, 0.975))
    return float(low), float(high)
