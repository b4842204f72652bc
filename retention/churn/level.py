"""How many will leave: several forecasts in one, each moved by what it was wrong by in the shop's past windows.

The weights are those with which the share was foretold best on rolling cuts of many logs (decision 0028).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kernel.arrays import Floats
from kernel.times import DAY
from retention.churn import season
from retention.churn.bgnbd import Counts, PurchaseProcess
from retention.churn.calibration import logit
from retention.churn.expected import ExpectedShare
from retention.churn.windows import Window

MEAN, LATEST = 0.25, 0.4
"""How much of what BG/NBD is wrong by in the windows, and in the latest one, is added to it."""
REGRESSION = 0.2
"""The weight of the level that the blend learned from the windows; the rest is BG/NBD's."""
SAME_SEASON = 0.3
"""The weight of what BG/NBD is wrong by over the same days a year ago, where the history has them."""
FAR = 0.25
"""Log-odds that a season may move the share by. BG/NBD that is wrong by more on average doesn't fit this shop."""
SPREAD, UNSEEN, CARRIED, ALWAYS = 0.6, 0.08, 0.14, 0.05
"""What the forecast's variance consists of, in log-odds: the windows' own (times `SPREAD`); a season never seen, each
window's length beyond the windows' own, and what remains anyhow (squared)."""
NINE_OF_TEN = 1.645
BASE_ERROR = 0.3
"""The standard error in log-odds where nothing was foretold before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ahead:
    """The customers as of now and the days that are foretold."""

    first: int
    """The first purchase of the history, microseconds."""
    now: int
    horizon_days: int
    counts: Counts
    log_odds: Floats
    """The blend's, as it learned them, for the windows' length; shape (customers,)."""
    year_ago: tuple[Counts, float] | None = None
    """Customers a year ago, and the share of them who then bought nothing over the horizon."""

    def days(self, moment: int, days: float, *, seasons: bool = True) -> float:
        """Days in the measure of the history's usual ones: there are more of them in a busy season."""
        if not seasons:
            return days
        whole = max((self.now - self.first) / DAY, 1.0)
        return days * season.busy(moment, days) / season.busy(self.first, whole)


def foretell(process: PurchaseProcess, windows: Sequence[Window], ahead: Ahead) -> ExpectedShare:
    """The level by BG/NBD, the windows, the blend that was fitted on them, and the same days a year ago.

    Args:
        process: as of now.
        windows: with a known outcome, oldest first; there may be none.
    """
    found = _log_odds(process, windows, ahead)
    moved = found - _log_odds(process, windows, ahead, seasons=False)
    seen = ahead.year_ago is not None
    wrong = [_wrong_by(process, one, ahead) for one in windows]
    error = _error(wrong, windows, ahead, _chance(found), moved, seen=seen)
    return _level(found, error, ahead, seen=seen, moved=moved)


def of_the_latest(latest: Window, ahead: Ahead) -> ExpectedShare:
    """Without BG/NBD: the share that left in the latest window."""
    return _level(logit(float(latest.left.mean())), BASE_ERROR, ahead, seen=False)


def _level(found: float, error: float, ahead: Ahead, *, seen: bool, moved: float = 0.0) -> ExpectedShare:
    return ExpectedShare(
        share=_chance(found),
        low=_chance(found - NINE_OF_TEN * error),
        high=_chance(found + NINE_OF_TEN * error),
        customers=len(ahead.log_odds),
        horizon_days=ahead.horizon_days,
        season_seen=seen,
        season_moved=_chance(found) - _chance(found - moved),
    )


def _log_odds(
    process: PurchaseProcess, windows: Sequence[Window], ahead: Ahead, *, seasons: bool = True
) -> float:
    days = ahead.days(ahead.now, ahead.horizon_days, seasons=seasons)
    found = logit(float(process.silence(ahead.counts, days).mean()))
    own = found
    if windows:
        wrong = [_wrong_by(process, one, ahead, seasons=seasons) for one in windows]
        mean = float(np.mean(wrong))
        moved = own + MEAN * mean + LATEST * wrong[-1]
        weight = max(REGRESSION, 1 - (FAR / mean) ** 2 if abs(mean) > FAR else 0.0)
        found = (1 - weight) * moved + weight * _of_blend(process, windows, ahead, days, seasons=seasons)
    if ahead.year_ago is not None:
        counts, left = ahead.year_ago
        then = ahead.days(ahead.now - season.YEAR * DAY, ahead.horizon_days, seasons=seasons)
        last_year = logit(left) - logit(float(process.silence(counts, then).mean()))
        found += SAME_SEASON * (own + last_year - found)
    return found


def _wrong_by(process: PurchaseProcess, window: Window, ahead: Ahead, *, seasons: bool = True) -> float:
    """The share that left less the share that BG/NBD says now, looking back, in log-odds.

    What it said at the time came of less data than it has now, and was wrong by more.
    """
    days = ahead.days(window.moment, window.days, seasons=seasons)
    foretold = process.silence(Counts.of(window.raw), days)
    return logit(float(window.left.mean())) - logit(float(foretold.mean()))


def _of_blend(
    process: PurchaseProcess, windows: Sequence[Window], ahead: Ahead, days: float, *, seasons: bool
) -> float:
    """The blend's own level, carried by BG/NBD from the windows' days to those that lie ahead."""
    learned = float(np.mean([ahead.days(one.moment, one.days, seasons=seasons) for one in windows]))
    carried = process.log_odds(ahead.counts, days) - process.log_odds(ahead.counts, learned)
    return logit(float((1 / (1 + np.exp(-(ahead.log_odds + carried)))).mean()))


def _error(
    wrong: Sequence[float],
    windows: Sequence[Window],
    ahead: Ahead,
    share: float,
    moved: float,
    *,
    seen: bool,
) -> float:
    """The standard error of the forecast in log-odds."""
    if not windows:
        return BASE_ERROR
    longer = max(ahead.horizon_days / windows[-1].days - 1, 0.0)
    by_chance = 2 / (max(len(ahead.log_odds), 1) * share * (1 - share))
    variance = ALWAYS**2 + SPREAD * float(np.var(wrong)) + CARRIED**2 * longer + by_chance
    return float(np.sqrt(variance + (0.0 if seen else UNSEEN**2 + moved**2)))


def _chance(log_odds: float) -> float:
    return float(1 / (1 + np.exp(-log_odds)))
