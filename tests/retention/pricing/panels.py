"""Made-up sales whose truth is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from retention.pricing.demand.panel import Panel

ELASTICITY = -1.6
COUNTED = -1.5
"""The mean elasticity of `counted`."""


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


def counted(
    mean: float,
    *,
    stepwise: bool,
    seed: int = 0,
    products: int = 60,
    weeks: int = 78,
    spread: float = 0.4,
    drift: float = 0.0,
) -> tuple[NDArray[np.float64], Panel]:
    """Whole units a week around levels with a season; prices that move each week, or twice in all and stay.

    Returns:
        Each product's true elasticity, and the panel.
    """
    draw = np.random.default_rng(seed)
    truth = draw.normal(COUNTED, spread, products)
    price = 0.005 * draw.normal(size=(products, weeks))
    if stepwise:
        for row in price:
            for week in draw.choice(np.arange(5, weeks - 5), size=2, replace=False):
                row[week:] += draw.choice([-0.08, 0.1])
    else:
        price += 0.08 * draw.normal(size=price.shape)
    state, level = np.zeros_like(price), np.zeros_like(price)
    for week in range(1, weeks):
        state[:, week] = 0.6 * state[:, week - 1] + 0.15 * draw.normal(size=products)
        level[:, week] = level[:, week - 1] + drift * draw.normal(size=products)
    season = 0.3 * np.sin(np.arange(weeks) / 52 * 2 * np.pi)
    level += np.log(mean) + draw.normal(0, 0.6, (products, 1))
    sold = draw.poisson(np.exp(level + state + season + truth[:, None] * price)).astype(np.float64)
    return truth, Panel(
        products=tuple(f"p{one}" for one in range(products)),
        times=tuple(map(str, range(weeks))),
        quantity=sold,
        price=np.exp(2 + price),
        promotion=np.zeros_like(price),
        rows=np.ones(price.shape, dtype=np.bool_),
        category=np.arange(products) % 3,
        censored=np.zeros(price.shape, dtype=np.bool_),
    )


def with_values(panel: Panel, **values: object) -> Panel:
    """The panel with other arrays."""
    return replace(panel, **values)  # type: ignore[arg-type]
