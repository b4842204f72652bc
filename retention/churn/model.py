"""The churn score as it is served: `ŷ = sigmoid(β0 + Σ_j β_j X_j)` over standardised features, calibrated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retention.features import derived, raw
from retention.features.derived import CONCEPTS
from retention.features.raw import Shelf
from retention.times import DAY
from retention.types import CustomerId, Money, Reason, Risk, RiskBand, RiskContext

Floats = NDArray[np.float64]

BASE_RATE = 0.5
BASE_HORIZON_DAYS = 90
MOST_REASONS = 6
LEAST_WEIGHT = 0.01
"""Reasons that move the log-odds by less are not worth a word."""

_EMPTY_SHELF = Shelf(category={}, list_price={})
_RAW_COLUMN = {name: place for place, name in enumerate(raw.NAMES)}

_SHOWN: Mapping[str, tuple[str, float]] = {
    "recency": ("recency", DAY),
    "frequency": ("purchase_days", 1),
    "money": ("money", 1),
    "tenure": ("tenure", DAY),
    "recent_purchases": ("purchase_days_90", 1),
    "silence": ("silence", DAY),
    "returns": ("returns", 1),
    "views": ("views_30", 1),
    "searches": ("searches_30", 1),
    "carts": ("carts_30", 1),
    "categories": ("categories", 1),
    "discounts": ("discounted", 1),
    "complaints": ("complaints", 1),
    "messages": ("messages_90", 1),
    "contacts_ignored": ("contacts_90", 1),
}
"""The raw number, and its divisor, that is shown beside a concept: days, counts, minor units."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChurnModel:
    """A logistic model, or a base rate for everybody where there is no model."""

    horizon_days: int
    base_rate: float
    """The share of customers who didn't buy within the horizon; what is answered without a model."""
    intercept: float = 0.0
    """In calibrated log-odds, at the mean of the features."""
    weights: Floats | None = None
    """Calibrated, per standard deviation of each of `derived.NAMES`; None: base rate only."""
    means: Floats | None = None
    scales: Floats | None = None
    usual_gap: float = 30.0
    bands: tuple[float, float] = (0.5, 0.8)
    """Probabilities at which medium and high begin."""
    currency: str | None = None
    shelf: Shelf = field(default=_EMPTY_SHELF)

    @classmethod
    def without_data(cls) -> ChurnModel:
        """For a shop with no history."""
        return cls(horizon_days=BASE_HORIZON_DAYS, base_rate=BASE_RATE)

    def risk(self, customer: CustomerId, context: RiskContext, *, version: str) -> Risk:
        """The customer's risk as of `context.now`, from the events before it."""
        counted = raw.of_events(context.events, context.now, self.shelf)
        if self.weights is None or counted is None or not counted["purchase_days"]:
            code = "base_rate" if self.weights is None else "never_bought"
            return self._base(customer, context, code, version)
        table = np.array([[counted[name] for name in raw.NAMES]], dtype=np.int64)
        return self.risks((customer,), table, version=version, horizon_days=context.horizon_days)[0]

    def log_odds(self, table: NDArray[np.int64]) -> tuple[Floats, Floats]:
        """Calibrated log-odds, shape (customers,), and each feature's part in them, (customers, features)."""
        if self.weights is None or self.means is None or self.scales is None:
            raise ValueError("a base rate has no log-odds")
        standard = (derived.derive(table, self.usual_gap) - self.means) / self.scales
        parts = np.clip(standard, -6.0, 6.0) * self.weights
        return self.intercept + parts.sum(axis=1), parts

    def probabilities(self, table: NDArray[np.int64], horizon_days: int | None = None) -> Floats:
        """The chance of no purchase within the horizon, shape (customers,)."""
        log_odds, _ = self.log_odds(table)
        return _stretched(1 / (1 + np.exp(-log_odds)), horizon_days, self.horizon_days)

    def risks(
        self,
        customers: tuple[CustomerId, ...],
        table: NDArray[np.int64],
        *,
        version: str,
        horizon_days: int | None = None,
    ) -> list[Risk]:
        """The risks of customers who have bought, from their raw features of shape (customers, raw.NAMES)."""
        log_odds, parts = self.log_odds(table)
        own_horizon = 1 / (1 + np.exp(-log_odds))
        asked = _stretched(own_horizon, horizon_days, self.horizon_days)
        return [
            Risk(
                customer=customer,
                probability=float(asked[place]),
                band=self._band(float(own_horizon[place])),
                horizon_days=horizon_days or self.horizon_days,
                policy=f"logistic/{version}",
                reasons=_reasons(parts[place], table[place]),
                expected_loss=self._loss(
                    table[place], float(asked[place]), horizon_days or self.horizon_days
                ),
            )
            for place, customer in enumerate(customers)
        ]

    def _base(self, customer: CustomerId, context: RiskContext, code: str, version: str) -> Risk:
        rates = _stretched(np.array([self.base_rate]), context.horizon_days, self.horizon_days)
        return Risk(
            customer=customer,
            probability=float(rates[0]),
            band=RiskBand.MEDIUM,
            horizon_days=context.horizon_days or self.horizon_days,
            policy=f"base_rate/{version}",
            reasons=(Reason(code=code, value=round(self.base_rate, 4)),),
        )

    def _band(self, probability: float) -> RiskBand:
        medium, high = self.bands
        if probability >= high:
            return RiskBand.HIGH
        return RiskBand.MEDIUM if probability >= medium else RiskBand.LOW

    def _loss(self, row: NDArray[np.int64], probability: float, horizon_days: int) -> Money | None:
        """What they used to spend in so many days, times the chance that they won't.

        The first purchase opens the account, so the rate counts at least one horizon of time.
        """
        if self.currency is None:
            return None
        days = max(row[_RAW_COLUMN["tenure"]] / DAY, float(self.horizon_days))
        spent = max(int(row[_RAW_COLUMN["money"]]), 0)
        return Money(round(spent / days * horizon_days * probability), self.currency)


def _stretched(probability: Floats, asked: int | None, fitted: int) -> Floats:
    """The chance of silence over another horizon, as if each day were as likely to bring a purchase."""
    if not asked or asked == fitted:
        return probability
    result: Floats = np.power(probability, asked / fitted)
    return result


def _reasons(parts: Floats, row: NDArray[np.int64]) -> tuple[Reason, ...]:
    """The concepts' parts in the log-odds beside a customer of the mean, strongest first."""
    by_concept: dict[str, float] = {}
    for part, concept in zip(parts.tolist(), CONCEPTS.values(), strict=True):
        by_concept[concept] = by_concept.get(concept, 0.0) + part
    order = sorted(by_concept.items(), key=lambda item: (-abs(item[1]), item[0]))
    return tuple(
        Reason(code=concept, value=_shown(concept, row), weight=round(weight, 4))
        for concept, weight in order[:MOST_REASONS]
        if abs(weight) >= LEAST_WEIGHT
    )


def _shown(concept: str, row: NDArray[np.int64]) -> float | None:
    if concept not in _SHOWN:
        return None
    name, divisor = _SHOWN[concept]
    return round(int(row[_RAW_COLUMN[name]]) / divisor, 2)


def saved(model: ChurnModel) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """The model as JSON-able facts and arrays; `restored` is the way back."""
    facts = {
        "horizon_days": model.horizon_days,
        "base_rate": model.base_rate,
        "intercept": model.intercept,
        "usual_gap": model.usual_gap,
        "bands": list(model.bands),
        "currency": model.currency,
        "features": list(derived.NAMES),
        "category": dict(model.shelf.category),
        "list_price": dict(model.shelf.list_price),
    }
    if model.weights is None or model.means is None or model.scales is None:
        return facts, {}
    return facts, {"weights": model.weights, "means": model.means, "scales": model.scales}


def restored(facts: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> ChurnModel:
    """The model from its saved form.

    Raises:
        ValueError: it was saved with other features than this program computes.
    """
    if tuple(facts["features"]) != derived.NAMES:
        raise ValueError("the churn model was fitted on other features")
    return ChurnModel(
        horizon_days=facts["horizon_days"],
        base_rate=facts["base_rate"],
        intercept=facts["intercept"],
        usual_gap=facts["usual_gap"],
        bands=(facts["bands"][0], facts["bands"][1]),
        currency=facts["currency"],
        shelf=Shelf(category=facts["category"], list_price=facts["list_price"]),
        weights=arrays.get("weights"),
        means=arrays.get("means"),
        scales=arrays.get("scales"),
    )
