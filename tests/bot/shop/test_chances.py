"""Chances that depend on whom they are about are those of their distributions, and the same in every copy."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

from bot.shop.demo.chances import Chances, Draws

PEOPLE = np.arange(20_000)
SHARES = np.array([0.5, 0.1, 0.4])


def _compared(seed: int = 1, day: int = 3) -> Chances:
    chances = Chances(np.random.default_rng(0))
    chances.compared(seed)
    chances.begin(day)
    return chances


@pytest.mark.parametrize(
    ("draw", "cdf"),
    [
        (lambda draws: draws.random(), stats.uniform.cdf),
        (lambda draws: draws.uniform(2, 6), stats.uniform(2, 4).cdf),
        (lambda draws: draws.normal(1, 2), stats.norm(1, 2).cdf),
        (lambda draws: draws.lognormal(0, 0.2), stats.lognorm(0.2).cdf),
        (lambda draws: draws.gamma_2(1.3), stats.gamma(2, scale=1.3).cdf),
    ],
)
def test_numbers_are_of_their_distribution(
    draw: Callable[[Draws], np.ndarray], cdf: Callable[[np.ndarray], np.ndarray]
) -> None:
    assert stats.kstest(draw(_compared().of(PEOPLE)), cdf).pvalue > 0.001


def test_whole_numbers_are_of_their_distribution() -> None:
    chances = _compared()
    counts = np.bincount(chances.of(PEOPLE).integers(2, 6), minlength=6)
    assert counts[:2].sum() == 0
    assert stats.chisquare(counts[2:]).pvalue > 0.001
    assert abs(chances.of(PEOPLE).poisson(2.3).mean() - 2.3) < 0.05
    chosen = np.bincount(chances.of(PEOPLE).choice(SHARES)) / len(PEOPLE)
    assert np.abs(chosen - SHARES).max() < 0.02


def test_a_customer_draws_the_same_whoever_else_does() -> None:
    all_, some = _compared().of(PEOPLE).random(), _compared().of(PEOPLE[7_000:7_010]).random()
    assert (all_[7_000:7_010] == some).all()


def test_draws_differ_by_seed_day_place_and_time() -> None:
    first, others = _compared().of(PEOPLE).random(), []
    others.append(_compared(seed=2).of(PEOPLE).random())
    others.append(_compared(day=4).of(PEOPLE).random())
    chances = _compared()
    chances.of(PEOPLE)
    others.append(chances.of(PEOPLE).random())
    twice = _compared().of(np.concatenate([PEOPLE, PEOPLE])).random()
    assert (twice[: len(PEOPLE)] == first).all()
    others.append(twice[len(PEOPLE) :])
    for other in others:
        assert abs(np.corrcoef(first, other)[0, 1]) < 0.03
