"""Among whom similar customers are looked for, and that what is old counts less only in shops where that helps."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from kernel.times import to_micros
from retention.recommenders import facts, neighbourhood
from retention.recommenders.facts import ProductFacts, Ways
from retention.recommenders.neighbourhood import EVER, LATELY, choose_comparison
from tests.contracts.item_model import interactions, purchases
from tests.contracts.retention_core import NOW

BEGIN = to_micros(NOW - timedelta(days=20))
GROUPS = 12


def seldom(customers: int) -> list[tuple[str, str, float]]:
    """Everybody likes one group of products for years, comes back rarely, and last took something by chance."""
    draw = np.random.default_rng(3)
    rows = []
    for number in range(customers):
        mine = draw.permutation(10)[:5]
        days = [*draw.uniform(150, 900, 4).tolist(), 5.0]
        rows += [
            (f"c{number}", f"g{number % GROUPS}-{product}", day)
            for product, day in zip(mine.tolist(), days, strict=True)
        ]
        rows.append((f"c{number}", f"chance-{draw.integers(0, 30)}", 40.0))
    return rows


def fickle(customers: int) -> list[tuple[str, str, float]]:
    """Everybody goes from one group to another; those who are there now tell what comes next, all others mislead."""
    draw = np.random.default_rng(4)
    rows = []
    for number in range(customers):
        for back, group in enumerate(draw.permutation(GROUPS)[:4].tolist()):
            mine = draw.permutation(6)[:3].tolist()
            start = 400.0 * back + 30
            rows += [
                (f"c{number}", f"g{group}-{product}", start + place) for place, product in enumerate(mine)
            ]
            if not back:
                rest = next(product for product in range(6) if product not in mine)
                rows.append((f"c{number}", f"g{group}-{rest}", 5.0))
    return rows


def test_old_purchases_count_alike_where_customers_come_seldom() -> None:
    assert choose_comparison(interactions(purchases(seldom(400))), BEGIN, 0) == EVER


def test_old_purchases_count_less_where_tastes_change() -> None:
    assert choose_comparison(interactions(purchases(fickle(300))), BEGIN, 0) == LATELY


def test_too_few_customers_decide_nothing() -> None:
    assert choose_comparison(interactions(purchases(seldom(40))), BEGIN, 0) == LATELY


@pytest.mark.parametrize(
    ("least", "most", "kept"), [(5_000, 10, 60), (10, 120, 20), (30, 120, 30), (10, 1_000, 60)]
)
def test_so_many_customers_and_more_while_they_have_bought_little(
    monkeypatch: pytest.MonkeyPatch, least: int, most: int, kept: int
) -> None:
    monkeypatch.setattr(neighbourhood, "LEAST_CUSTOMERS", least)
    monkeypatch.setattr(neighbourhood, "MOST_INTERACTIONS", most)
    assert len(neighbourhood.neighbourhood(interactions(purchases(seldom(60))), EVER).norms) == kept


def test_a_model_without_the_power_has_the_usual_one() -> None:
    """Models saved by older releases don't say it."""
    log = interactions(purchases(seldom(60)))
    nothing = (np.zeros((len(log.products), 0), np.int32), np.zeros((len(log.products), 0), np.float32))
    fitted = ProductFacts.of(log, nothing, Ways(customers=EVER))
    arrays = fitted.arrays()
    assert ProductFacts.from_arrays(arrays, 0).closeness == EVER.closeness
    del arrays["crowd_closeness"]
    assert facts.ProductFacts.from_arrays(arrays, 0).closeness == LATELY.closeness == 2.0
