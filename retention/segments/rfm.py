"""RFM segments with names that a shop understands, from three plain questions.

Did they buy lately, do they come often, do they spend much: eight answers, as shops in China and elsewhere
name them. Beside them stand the usual scores from 1 to 5.

Source: Hughes, "Strategic database marketing", 1994 (the scores).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import product

import numpy as np

from kernel.arrays import Floats, Ints
from kernel.times import DAY
from retention.features.raw import NAMES as RAW

LEAST_CUSTOMERS = 5
_RECENCY, _DAYS, _MONEY = (RAW.index(one) for one in ("recency", "purchase_days", "money"))


class Segment(StrEnum):
    """Lately or not, within these much or not, within these often or not: in this order."""

    CHAMPIONS = "champions"
    BIG_NEWCOMERS = "big_newcomers"
    LOYAL = "loyal"
    NEWCOMERS = "newcomers"
    CANNOT_LOSE = "cannot_lose"
    BIG_SPENDERS_LEAVING = "big_spenders_leaving"
    REGULARS_LEAVING = "regulars_leaving"
    GONE = "gone"


NAMES: Mapping[Segment, tuple[str, str]] = {
    Segment.CHAMPIONS: ("重要价值客户", "Champions"),
    Segment.BIG_NEWCOMERS: ("重要发展客户", "Promising big spenders"),
    Segment.LOYAL: ("一般价值客户", "Loyal, small baskets"),
    Segment.NEWCOMERS: ("一般发展客户", "New or occasional"),
    Segment.CANNOT_LOSE: ("重要保持客户", "Cannot lose them"),
    Segment.BIG_SPENDERS_LEAVING: ("重要挽留客户", "Big spenders slipping away"),
    Segment.REGULARS_LEAVING: ("一般保持客户", "Regulars slipping away"),
    Segment.GONE: ("一般挽留客户", "Lost or nearly"),
}
"""In Chinese and in English."""

MEANING: Mapping[Segment, tuple[str, str]] = {
    Segment.CHAMPIONS: ("最近来过，常来，花得多", "bought lately, comes often, spends much"),
    Segment.BIG_NEWCOMERS: ("最近来过，还不常来，但花得多", "bought lately and much, not yet often"),
    Segment.LOYAL: ("最近来过，常来，花得少", "bought lately and often, small amounts"),
    Segment.NEWCOMERS: ("最近来过，不常来，花得少", "bought lately, seldom and little so far"),
    Segment.CANNOT_LOSE: ("以前常来，花得多，最近没来", "used to come often and spend much; silent now"),
    Segment.BIG_SPENDERS_LEAVING: ("花得多，不常来，最近没来", "spent much in few visits; silent now"),
    Segment.REGULARS_LEAVING: ("以前常来，花得少，最近没来", "used to come often for little; silent now"),
    Segment.GONE: ("来得少，花得少，很久没来", "came seldom, spent little, silent for long"),
}

_BY_ANSWERS = dict(zip(product((True, False), repeat=3), Segment, strict=True))
"""(lately, much, often) to the segment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rfm:
    """Where the answers divide. Fitted once and kept, it gives the same customer the same segment every night."""

    recent_days: float
    """Bought within so many days: lately."""
    often: float
    """More days with a purchase than this: often."""
    much: float
    """More money in all than this: much; minor units."""
    recency_steps: tuple[float, ...]
    frequency_steps: tuple[float, ...]
    money_steps: tuple[float, ...]
    """The four quintiles of each, for the scores."""

    def segments(self, table: Ints) -> list[Segment]:
        """Of customers who have bought, from raw features of shape (customers, raw.NAMES)."""
        recency, often, much = _measures(table)
        answers = zip(
            (recency <= self.recent_days).tolist(),
            (much > self.much).tolist(),
            (often > self.often).tolist(),
            strict=True,
        )
        return [_BY_ANSWERS[one] for one in answers]

    def scores(self, table: Ints) -> Ints:
        """Recency, frequency and money from 1 (worst fifth) to 5 (best), shape (customers, 3)."""
        recency, often, much = _measures(table)
        of_recency = 5 - np.searchsorted(self.recency_steps, recency, side="left")
        of_often = 1 + np.searchsorted(self.frequency_steps, often, side="left")
        of_money = 1 + np.searchsorted(self.money_steps, much, side="left")
        return np.stack([of_recency, of_often, of_money], axis=1).astype(np.int64)


def fit(table: Ints, horizon_days: int) -> Rfm:
    """The divisions of a shop: lately is within its own horizon, often and much are above the middle customer.

    Args:
        table: raw features of customers who have bought; may be empty.
        horizon_days: such as `windows.choose_horizon` finds.
    """
    recency, often, much = _measures(table)
    if len(table) < LEAST_CUSTOMERS:
        return Rfm(
            recent_days=float(horizon_days),
            often=1.0,
            much=float(much.mean()) if len(table) else 0.0,
            recency_steps=tuple(horizon_days * one for one in (0.25, 0.5, 1.0, 2.0)),
            frequency_steps=(1.0, 2.0, 3.0, 4.0),
            money_steps=tuple(float(much.mean() if len(table) else 0) * one for one in (0.25, 0.5, 1.0, 2.0)),
        )

    def steps(values: Floats) -> tuple[float, ...]:
        return tuple(float(one) for one in np.quantile(values, (0.2, 0.4, 0.6, 0.8)))

    return Rfm(
        recent_days=float(horizon_days),
        often=max(float(np.median(often)), 1.0),
        much=float(np.median(much)),
        recency_steps=steps(recency),
        frequency_steps=steps(often),
        money_steps=steps(much),
    )


def _measures(table: Ints) -> tuple[Floats, Floats, Floats]:
    return (
        table[:, _RECENCY] / DAY,
        table[:, _DAYS].astype(np.float64),
        np.maximum(table[:, _MONEY], 0).astype(np.float64),
    )
