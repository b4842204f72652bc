"""The decisions of retention behind its port, from a fitted model or without one.

Imports NumPy and nothing heavier: this is what the serving process loads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from retention import artifacts
from retention.churn.model import ChurnModel
from retention.churn.model import restored as churn_restored
from retention.errors import ModelDamaged
from retention.pricing import deciding
from retention.recommenders.model import Recommender
from retention.recommenders.nightly import NightlyLists
from retention.recommenders.request import recommend
from retention.types import (
    CustomerId,
    Offer,
    OfferContext,
    ProductId,
    Recommendation,
    RecommendContext,
    Risk,
    RiskContext,
)

UNFITTED = "unfitted"
PARTS = ("shop", "recommender", "lists", "churn")
"""Of a saved version, what is served; the rest is for the refit and for staff."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Core:
    """A `RetentionCore`: values that never change, so that any number of threads may ask at once."""

    version: str
    recommender: Recommender
    churn: ChurnModel
    daily_sales: Mapping[ProductId, float] = field(default_factory=dict)
    """Units sold a day lately, by product; for the overstock rule."""
    lists: NightlyLists = field(default_factory=NightlyLists.empty)
    """Made ahead, for customers of whom nothing new is known."""

    def recommend(
        self, customer: CustomerId | None, n: int, context: RecommendContext
    ) -> list[Recommendation]:
        """At most `n` products, best first; see `RetentionCore`."""
        prepared = self.lists.prepared(customer, context, self.recommender.products)
        return recommend(self.recommender, n, context, version=self.version, prepared=prepared)

    def offer(self, customer: CustomerId, product: ProductId, context: OfferContext) -> Offer:
        """The price for this customer now; see `retention.pricing.deciding`."""
        return deciding.decide(customer, product, context, self.daily_sales.get(product))

    def risk(self, customer: CustomerId, context: RiskContext) -> Risk:
        """The customer's churn risk as of `context.now`; see `retention.churn`."""
        return self.churn.risk(customer, context, version=self.version)


def unfitted() -> Core:
    """A core for a shop without a model yet: own purchases and the newest products, a stated base rate as the
    risk, and the price rules, which need no fit."""
    return Core(version=UNFITTED, recommender=Recommender.empty(), churn=ChurnModel.without_data())


def load(directory: Path) -> Core:
    """The model in `directory`, the checksums of what is served compared.

    Raises:
        ModelDamaged: a file is missing, changed, or of a form that this program doesn't know.
    """
    manifest, parts = artifacts.read(directory, only=PARTS)
    try:
        shop, _ = parts["shop"]
        return Core(
            version=manifest.version,
            recommender=Recommender.from_parts(*parts["recommender"]),
            churn=churn_restored(*parts["churn"]),
            lists=NightlyLists.from_parts(*parts["lists"]) if "lists" in parts else NightlyLists.empty(),
            daily_sales={str(one): float(rate) for one, rate in shop["daily_sales"].items()},
        )
    except (KeyError, ValueError, TypeError, IndexError) as error:
        raise ModelDamaged(f"{directory} lacks a part that belongs to it: {error!r}") from error
