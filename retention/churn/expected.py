"""How many are expected to leave, for whoever plans a budget by it."""

from __future__ import annotations

from dataclasses import dataclass

EXPECTED = "churn_expected_"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedShare:
    """The share of customers who are foretold to leave within the horizon, with an interval of 90 %."""

    share: float
    low: float
    high: float
    customers: int
    horizon_days: int
    season_seen: bool
    """Whether the history has the same days of an earlier year."""
    season_moved: float = 0.0
    """What the general season of retail adds to the share."""

    def __str__(self) -> str:
        """One sentence for people."""
        return (
            f"{self.share:.0%} of {self.customers:,} customers are expected to buy nothing within {self.horizon_days} "
            f"days (90 % interval: {self.low:.0%} to {self.high:.0%})"
        )

    @property
    def metrics(self) -> dict[str, float]:
        """As it stands among the measures of a fit."""
        ends = {"share": self.share, "low": self.low, "high": self.high}
        return {f"{EXPECTED}{name}": value for name, value in ends.items()}

    @property
    def caveat(self) -> str:
        """What to bear in mind about the season; empty where the history has seen it."""
        if self.season_seen:
            return ""
        said = "the history has no such season of an earlier year, so the interval is wider"
        if abs(self.season_moved) >= 0.005:
            said += (
                f"; that shops sell more from October to December moves the share by {100 * self.season_moved:+.0f} "
                "points, half of what retail as a whole shows"
            )
        return said
