"""How strongly EASE is regularised, in shops where it ought to be and where it ought not."""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from kernel.times import to_micros
from retention.recommenders.ease import STRONG, WEAK, choose_ridge_factor
from tests.contracts.item_model import interactions, purchases
from tests.contracts.retention_core import NOW

BEGIN = to_micros(NOW - timedelta(days=20))


def pairs(customers: int) -> list[tuple[str, str, float]]:
    """Products go together by twos: whoever bought one of a pair goes on to buy the other, but nothing else
    that is known of them says so."""
    draw = np.random.default_rng(5)
    rows = []
    for number in range(customers):
        mine = draw.choice(40, 6, replace=False).tolist()
        rows += [(f"c{number}", f"p{pair}-a", 60.0) for pair in mine]
        early = mine[:5]
        rows += [(f"c{number}", f"p{pair}-b", 40.0) for pair in early]
        rows += [(f"c{number}", f"p{pair}-b", 5.0) for pair in mine[5:]]
    return rows


def staples(customers: int) -> list[tuple[str, str, float]]:
    """Some products are bought by more people than others, and nothing goes with anything in particular."""
    draw = np.random.default_rng(6)
    chance = np.linspace(0.5, 0.02, 120)
    rows = []
    for number in range(customers):
        mine = np.flatnonzero(draw.random(120) < chance)
        late = draw.random(len(mine)) < 0.3
        rows += [
            (f"c{number}", f"s{one:03d}", 5.0 if after else 40.0)
            for one, after in zip(mine.tolist(), late.tolist(), strict=True)
        ]
    return rows


def test_the_ridge_stays_weak_where_products_go_together_in_pairs() -> None:
    assert choose_ridge_factor(interactions(purchases(pairs(150))), BEGIN, 0) == WEAK


def test_the_ridge_is_strong_where_nothing_goes_together() -> None:
    assert choose_ridge_factor(interactions(purchases(staples(300))), BEGIN, 0) == STRONG


def test_too_few_customers_decide_nothing() -> None:
    assert choose_ridge_factor(interactions(purchases(staples(30))), BEGIN, 0) == WEAK
