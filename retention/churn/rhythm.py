"""A customer's own rhythm: from which day of a silence on they will probably stay away for a whole horizon.

Gaps between a customer's days with a purchase are Gamma distributed with a shape that all share and a rate of their
own; rates are Gamma distributed over customers, and after each purchase a customer leaves with a chance that is Beta
distributed. So somebody with few purchases is foretold by the others, and somebody with many by their own gaps.

Sources: the renewal process with Gamma gaps is that of Platzer and Reutterer, "Ticking away the moments", Marketing
Science 35(5), 2016; leaving after a purchase is that of BG/NBD (`bgnbd`), whose customers buy as by chance alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kernel.arrays import Bools, Floats, Ints
from kernel.times import DAY, to_micros
from retention.churn.bgnbd import optimum
from retention.features.raw import NAMES as RAW
from retention.types import EventKind

if TYPE_CHECKING:
    from retention.checks import Checked

CHANCE = 0.7
"""A warning is due from the day on which so large a share of silences like it become as long as the horizon."""
LEAST_SILENCE = 7.0
"""Days after a purchase on which nobody is warned of, however seldom they buy."""
LEAST_GAPS = 100
"""With fewer gaps in the shop there is no rhythm to learn."""
MOST_SPELLS = 4_000
"""A larger shop is sampled: five numbers need no more."""
_STARTS = ((0.3, 0.0, 0.0, -1.0, 1.0),)
_PURCHASE_DAYS, _GAP_DAYS, _RECENCY = (RAW.index(one) for one in ("purchase_days", "gap_days", "recency"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """The five parameters; gaps are in days."""

    regular: float
    """Shape of the gaps: 1 is as by chance, more is more regular."""
    shape: float
    """Of the Gamma over customers' rates."""
    scale: float
    """Likewise, in days."""
    leave: float
    """Of the Beta over the chance to leave: its mean after the first purchase is leave/(leave+stay)."""
    stay: float

    def limits(self, raw: Ints, horizon_days: float, chance: float = CHANCE) -> Floats:
        """The silence in days from which on a warning is due; shape (customers,).

        Args:
            raw: raw features of customers who have bought, shape (customers, raw.NAMES).
            horizon_days: how long a silence means that somebody has left.
            chance: see `CHANCE`.
        """
        return self.limits_of(raw[:, _PURCHASE_DAYS] - 1, raw[:, _GAP_DAYS], horizon_days, chance)

    def limits_of(self, gaps: Ints, days: Ints, horizon_days: float, chance: float = CHANCE) -> Floats:
        """As `limits`, from how many gaps each customer had, and their sum in days; shapes (customers,)."""
        from scipy.special import betainc, betaincinv

        known, own = self.scale + days, self.shape + self.regular * gaps
        gone = self.leave / (self.leave + self.stay + gaps)
        longer = betainc(own, self.regular, known / (known + horizon_days))
        # Of silences as long as the limit, `chance` last for the horizon, those of who has left among them.
        wanted = np.clip(((gone + (1 - gone) * longer) / chance - gone) / (1 - gone), 1e-12, 1.0)
        share = np.maximum(betaincinv(own, self.regular, wanted), 1e-12)
        limits = known * (1 - share) / share
        result: Floats = np.clip(limits, min(LEAST_SILENCE, horizon_days), horizon_days)
        return result

    def passed(self, raw: Ints, horizon_days: float, days: float) -> Bools:
        """Whose limit was passed in the last `days`: warnings that are due and were not before."""
        silent = raw[:, _RECENCY] / DAY
        limits = self.limits(raw, horizon_days)
        result: Bools = (silent >= limits) & (silent - days < limits)
        return result


@dataclass(frozen=True, slots=True)
class Spells:
    """Silences after a day with a purchase; shape (spells,) each."""

    customers: Ints
    days: Ints
    """The day of the purchase, since 1970."""
    gaps: Ints
    """How many gaps the customer had had by then."""
    known: Ints
    """Their sum in days."""
    length: Ints
    """Days until the next purchase, or until the end of the history."""
    ended: Bools
    """Whether there was one."""

    @classmethod
    def of(cls, checked: Checked) -> Spells:
        """All of a history, as of its moment."""
        import pyarrow.compute as pc

        events = checked.history.events
        bought = events.filter(pc.equal(events.column("kind"), EventKind.PURCHASE.value))
        names = pc.unique(bought.column("customer")).sort()
        users = pc.index_in(bought.column("customer"), value_set=names).to_numpy().astype(np.int64)
        days = bought.column("at").to_numpy() // DAY
        first_day = int(days.min(initial=0))
        width = int(days.max(initial=0)) - first_day + 1
        users, days = np.divmod(np.unique(users * width + days - first_day), width)
        days = days + first_day
        again = np.append(users[1:] == users[:-1], False)
        after = np.append(days[1:], 0)
        starts = np.flatnonzero(np.diff(users, prepend=-1))
        first = np.repeat(starts, np.diff(starts, append=len(users)))
        return cls(
            customers=users,
            days=days,
            gaps=np.arange(len(users)) - first,
            known=days - days[first],
            length=np.where(again, after, to_micros(checked.now) // DAY) - days,
            ended=again,
        )


def fit(spells: Spells, *, seed: int = 0) -> Rhythm | None:
    """The parameters by maximum likelihood; None where there are too few gaps, or no optimum is found."""
    if spells.ended.sum() < LEAST_GAPS or spells.ended.all():
        return None
    chosen = np.arange(len(spells.gaps))
    if len(chosen) > MOST_SPELLS:
        chosen = np.sort(np.random.default_rng(seed).choice(chosen, MOST_SPELLS, replace=False))
    usual = float(np.median(spells.length[spells.ended]))
    gaps, ended = spells.gaps[chosen].astype(np.float64), spells.ended[chosen]
    known, length = spells.known[chosen] / usual, np.maximum(spells.length[chosen], 0.5) / usual

    def loss(values: Floats) -> float:
        from scipy.special import betainc, betaln

        regular, shape, scale, leave, stay = np.exp(values)
        own, told = shape + regular * gaps, scale + known
        gone = leave / (leave + stay + gaps)
        # The gap over `told` has a beta prime distribution.
        density = (
            (regular - 1) * np.log(length) + own * np.log(told) - (own + regular) * np.log(told + length)
            - betaln(own, regular)
        )  # fmt: skip
        still = gone + (1 - gone) * betainc(own, regular, told / (told + length))
        return -float(np.where(ended, np.log1p(-gone) + density, np.log(still)).mean())

    best = optimum(loss, _STARTS)
    if best is None:
        return None
    regular, shape, scale, leave, stay = np.exp(best).tolist()
    return Rhythm(regular=regular, shape=shape, scale=scale * usual, leave=leave, stay=stay)
