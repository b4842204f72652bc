"""Made-up sales whose truth is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from retention.pricing.demand.panel import Panel

ELASTICITY = -1.6


def made(
    products: int = 40,
    periods: int = 60,
    *,
    elasticity: float = ELASTICITY,
    noise: float = 0.15,
    moves: float = 0.1,
    promoted: float = 0.0,
    seed: int = 0,
) -> Panel:
    """Log demand is a level, an autoregression of order one, and the elasticity times log price."""
    draw = np.random.default_rng(seed)
    level = draw.normal(5.0, 0.8, (products, 1))
    price = np.exp(draw.normal(2.0, 0.4, (products, 1)) + moves * draw.normal(size=(products, periods)))
    state = np.zeros((products, periods))
    for t in range(1, periods):
        state[:, t] = 0.7 * state[:, t - 1] + noise * draw.normal(size=products)
    promotion = (draw.random((products, periods)) < 0.2).astype(float) * (promoted > 0)
    logs = (
        level + state + elasticity * np.log(price / price.mean(axis=1, keepdims=True)) + promoted * promotion
    )
    return Panel(
        products=tuple(f"p{one}" for one in range(products)),
        times=tuple(str(one) for one in range(periods)),
        quantity=np.round(np.exp(logs)),
        price=price,
        promotion=promotion,
        rows=np.ones(price.shape, dtype=np.bool_),
        category=np.arange(products, dtype=np.int64) % 3,
        censored=np.zeros(price.shape, dtype=np.bool_),
    )


def with_values(panel: Panel, **values: object) -> Panel:
    """The panel with other arrays."""
    return replace(panel, **values)  # type: ignore[arg-type]
