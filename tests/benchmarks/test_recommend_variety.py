"""The measure of variety, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from tests.benchmarks.recommend_variety import Lists, unlike


def test_unlike_is_the_mean_over_pairs() -> None:
    similar = np.array([[0, 0.5, 0.1], [0.5, 0, 0], [0.1, 0, 0]], np.float32)
    assert unlike([0, 1, 2], similar) == pytest.approx(1 - (0.5 + 0.1 + 0.0) / 3)
    assert unlike([2, 1, 0], similar) == unlike([0, 1, 2], similar)
    assert unlike([1], similar) == 0


def test_coverage_counts_a_product_once() -> None:
    assert Lists(shown=[(0, 1), (1, 2)]).coverage(6) == 0.5
