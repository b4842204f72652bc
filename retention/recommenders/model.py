"""The recommender as it is served."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retention.types import EventKind, ProductId, Reason, Recommendation, RecommendContext


@dataclass(frozen=True, slots=True)
class Recommender:
    """Products by their decayed popularity."""

    products: tuple[ProductId, ...]
    popularity: NDArray[np.float32]

    @classmethod
    def empty(cls) -> Recommender:
        """Knows no product."""
        return cls((), np.zeros(0, np.float32))

    @classmethod
    def of(cls, facts: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Recommender:
        """From its saved form."""
        return cls(tuple(facts["products"]), arrays["popularity"])

    def recommend(self, n: int, context: RecommendContext, *, version: str) -> list[Recommendation]:
        """At most `n` products in stock, most popular first, then the newest."""
        owned = {event.product for event in context.events if event.kind is EventKind.PURCHASE}
        hidden = context.exclude if context.allow_repeats else context.exclude | owned
        known = dict(zip(self.products, self.popularity.tolist(), strict=True))

        def newest(product: ProductId) -> float:
            created = context.stock[product].created_at
            return created.timestamp() if created else 0.0

        fit = [
            product
            for product, state in context.stock.items()
            if state.active
            and state.stock > 0
            and product not in hidden
            and context.category in (None, state.category)
        ]
        fit.sort(key=lambda product: (-known.get(product, 0.0), -newest(product), product))
        return [
            Recommendation(
                product=product,
                position=position,
                score=known.get(product, 0.0),
                policy=f"popularity/{version}",
                probability=1.0,
                reasons=(
                    Reason(code="popular" if product in known else "new_product", value=known.get(product)),
                ),
            )
            for position, product in enumerate(fit[: max(n, 0)])
        ]
