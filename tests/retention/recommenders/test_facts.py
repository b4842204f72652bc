"""How many products the buyers of a product have bought, against sums written out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from retention.recommenders.facts import BREADTH, BREADTH_PRIOR, BuyerBreadth
from retention.recommenders.interactions import profile_of_events
from tests.contracts.item_model import interactions, purchases
from tests.contracts.retention_core import NOW, bought

# `big` has bought three products, `small` and `late` one each; `big` bought `x` twice, of which the first counts.
LOG = [("big", "x", 90.0), ("big", "x", 2.0), ("big", "y", 60.0), ("big", "z", 60.0), ("small", "y", 30.0),
       ("late", "x", 0.5)]  # fmt: skip


def test_the_size_of_a_products_buyers_is_pulled_to_the_mean() -> None:
    breadth = BuyerBreadth.of(interactions(purchases(LOG)))
    sizes = {"big": np.log1p(3), "small": np.log1p(1), "late": np.log1p(1)}
    mean = (3 * sizes["big"] + sizes["small"] + sizes["late"]) / 5
    assert breadth.size[2] == pytest.approx((sizes["big"] + BREADTH_PRIOR * mean) / (1 + BREADTH_PRIOR))
    assert breadth.size[1] == pytest.approx(
        (sizes["big"] + sizes["small"] + BREADTH_PRIOR * mean) / (2 + BREADTH_PRIOR)
    )


def test_popular_among_customers_of_the_same_size() -> None:
    log = interactions(purchases(LOG))
    breadth = BuyerBreadth.of(log)
    small = int(np.searchsorted(breadth.quarters, np.log1p(1)))
    assert np.exp(breadth.popular[small]) - 0.5 == pytest.approx(
        [np.exp2(-0.5 / 30), np.exp2(-30 / 30), 0], abs=1e-3
    )


def test_rows_speak_of_the_customer() -> None:
    log = interactions(purchases(LOG))
    breadth = BuyerBreadth.of(log)
    index = {product: place for place, product in enumerate(log.products)}
    mine = profile_of_events([bought("y", 3)], index, NOW)
    rows = breadth.columns(mine, np.array([2, 0]))
    assert rows.shape == (2, len(BREADTH))
    assert rows[:, 0] == pytest.approx(breadth.size[[2, 0]])
    assert rows[:, 1] == pytest.approx(-np.abs(breadth.size[[2, 0]] - np.log1p(1)))
    assert rows[0, 1] < rows[1, 1], "z is a big customer's product"


def test_a_shop_without_purchases() -> None:
    breadth = BuyerBreadth.of(interactions(purchases([])))
    assert breadth.popular.shape == (4, 0)
