"""The churn score as it is served."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from retention.types import CustomerId, Risk, RiskBand, RiskContext

BASE_RATE = 0.5
BASE_HORIZON_DAYS = 90


@dataclass(frozen=True, slots=True)
class ChurnModel:
    """A base rate for everybody."""

    rate: float
    horizon_days: int

    @classmethod
    def base_rate(cls, rate: float = BASE_RATE, horizon_days: int = BASE_HORIZON_DAYS) -> ChurnModel:
        """The same risk for everybody."""
        return cls(rate, horizon_days)

    @classmethod
    def of(cls, facts: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> ChurnModel:
        """From its saved form."""
        return cls(facts["rate"], facts["horizon_days"])

    def risk(self, customer: CustomerId, context: RiskContext, *, version: str) -> Risk:
        """The base rate."""
        return Risk(
            customer=customer,
            probability=self.rate,
            band=RiskBand.MEDIUM,
            horizon_days=context.horizon_days or self.horizon_days,
            policy=f"base_rate/{version}",
            reasons=(),
        )
