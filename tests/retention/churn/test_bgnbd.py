"""BG/NBD: what it was fitted on comes out of it, it never diverges and is never certain."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import hyp2f1

from retention.churn import bgnbd
from retention.churn.bgnbd import LEAST_CHANCE, Counts, PurchaseProcess
from retention.value.model import expected_purchases

TRUE = PurchaseProcess(shape=0.6, scale=25.0, leave=0.8, stay=2.4)


def simulated(process: PurchaseProcess, customers: int, days: float, seed: int) -> tuple[Counts, np.ndarray]:
    """Customers of a process that is BG/NBD, seen for `days`; and their purchases in as many days more."""
    draw = np.random.default_rng(seed)
    rate = draw.gamma(process.shape, 1 / process.scale, customers)
    leave = draw.beta(process.leave, process.stay, customers)
    begun = draw.uniform(0, days / 2, customers)
    rows, later = [], []
    for place in range(customers):
        at, bought, after, last = begun[place], 0, 0, begun[place]
        while True:
            at += draw.exponential(1 / max(rate[place], 1e-9))
            if at > 2 * days:
                break
            if at <= days:
                bought, last = bought + 1, at
            else:
                after += 1
            if draw.random() < leave[place]:
                break
        rows.append((bought, last - begun[place], days - begun[place]))
        later.append(after)
    repeats, last, age = np.array(rows).T
    return Counts(repeats=repeats, last=last, age=age), np.array(later)


@pytest.fixture(scope="module")
def seen() -> tuple[Counts, np.ndarray]:
    return simulated(TRUE, 4_000, 200.0, seed=1)


def test_finds_the_process_that_made_the_data(seen: tuple[Counts, np.ndarray]) -> None:
    counts, later = seen
    fitted = bgnbd.fit(counts)
    assert fitted is not None
    assert fitted.shape / fitted.scale == pytest.approx(TRUE.shape / TRUE.scale, rel=0.15)
    silent = fitted.silence(counts, 200.0)
    assert silent.mean() == pytest.approx((later == 0).mean(), abs=0.02)
    assert expected_purchases(fitted, counts, 200.0).sum() == pytest.approx(later.sum(), rel=0.08)


def test_nothing_near_is_likelier(seen: tuple[Counts, np.ndarray]) -> None:
    """A maximum of the penalised likelihood, by looking around it."""
    counts, _ = seen
    fitted = bgnbd.fit(counts)
    assert fitted is not None
    rows = np.stack([counts.repeats, counts.last, counts.age])
    weights = np.ones(rows.shape[1])
    best = np.log([fitted.shape, fitted.scale, fitted.leave, fitted.stay])
    here = bgnbd.loss_and_slope(best, rows, weights)[0]
    for way in np.vstack([np.eye(4), -np.eye(4)]) * 0.3:
        assert bgnbd.loss_and_slope(best + way, rows, weights)[0] > here


@pytest.mark.parametrize("at", [(0.0, 0.0, 0.0, 0.0), (-1.0, 0.5, -2.0, 1.0), (3.0, -3.0, 2.0, -4.0)])
def test_the_slope_is_that_of_the_loss(seen: tuple[Counts, np.ndarray], at: tuple[float, ...]) -> None:
    counts, _ = seen
    rows, weights = np.stack([counts.repeats, counts.last / 200, counts.age / 200]), np.ones(len(counts.age))
    point, step = np.array(at), 1e-5
    ahead, behind = (
        np.array([bgnbd.loss_and_slope(point + way, rows, weights)[0] for way in sign * step * np.eye(4)])
        for sign in (1, -1)
    )
    slope = bgnbd.loss_and_slope(point, rows, weights)[1]
    assert slope == pytest.approx((ahead - behind) / (2 * step), rel=1e-4, abs=1e-6)


def test_somebody_who_bought_once_may_be_gone(seen: tuple[Counts, np.ndarray]) -> None:
    """By the model they are alive for certain; the chance of silence is what tells."""
    once = Counts(repeats=np.zeros(3), last=np.zeros(3), age=np.array([1.0, 100.0, 1_000.0]))
    assert TRUE.alive(once).tolist() == [1.0, 1.0, 1.0]
    silent = TRUE.silence(once, 90.0)
    assert (np.diff(silent) > 0).all()
    assert 0.2 < silent[0] < silent[-1] < 1


positive = st.floats(1e-3, 1e3)


@given(
    positive, positive, positive, positive, st.integers(0, 3_000), st.floats(0, 4_000), st.floats(0, 4_000)
)
def test_never_certain_and_rising_with_silence(
    shape: float, scale: float, leave: float, stay: float, repeats: int, last: float, quiet: float
) -> None:
    process = PurchaseProcess(shape=shape, scale=scale, leave=leave, stay=stay)
    first = Counts(
        repeats=np.full(2, float(repeats)),
        last=np.full(2, last if repeats else 0.0),
        age=np.array([last, last + quiet]) if repeats else np.array([0.0, quiet]),
    )
    soon, late = (process.silence(first, days) for days in (30.0, 300.0))
    assert (soon >= LEAST_CHANCE).all()
    assert (soon <= 1 - LEAST_CHANCE).all()
    assert (late <= soon + 1e-12).all()
    assert soon[1] >= soon[0] - 1e-9
    assert np.isfinite(expected_purchases(process, first, 300.0)).all()


def test_expected_purchases_are_those_of_the_closed_form() -> None:
    counts = Counts(
        repeats=np.array([0.0, 1, 4, 9]), last=np.array([0.0, 30, 90, 150]), age=np.full(4, 180.0)
    )
    r, alpha, a, b = TRUE.shape, TRUE.scale, TRUE.leave, TRUE.stay
    x, end, days = counts.repeats, alpha + counts.age, 120.0
    series = hyp2f1(r + x, b + x, a + b + x - 1, days / (end + days))
    closed = (a + b + x - 1) / (a - 1) * (1 - (end / (end + days)) ** (r + x) * series)
    assert expected_purchases(TRUE, counts, days) == pytest.approx(TRUE.alive(counts) * closed, rel=0.01)


@pytest.mark.parametrize(
    "counts",
    [
        Counts(repeats=np.zeros(500), last=np.zeros(500), age=np.full(500, 90.0)),
        Counts(repeats=np.ones(10), last=np.full(10, 5.0), age=np.full(10, 9.0)),
        Counts(repeats=np.ones(500), last=np.zeros(500), age=np.zeros(500)),
    ],
    ids=["nobody came again", "a handful", "all today"],
)
def test_too_little_is_no_fit(counts: Counts) -> None:
    assert bgnbd.fit(counts) is None


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(["regular", "all alike", "one giant", "noise"]))
def test_odd_shops_give_a_finite_fit_or_none(seed: int, kind: str) -> None:
    """Where the plain optimisation runs away: nobody leaves, everybody is alike, one buys every day."""
    draw = np.random.default_rng(seed)
    size = 200
    age = draw.uniform(50, 300, size)
    repeats = {
        "regular": np.floor(age / 7),
        "all alike": np.full(size, 3.0),
        "one giant": np.where(np.arange(size) == 0, 3_000.0, 1.0),
        "noise": draw.integers(0, 9, size).astype(float),
    }[kind]
    last = np.where(repeats > 0, age * draw.uniform(0.3, 1.0, size), 0.0)
    fitted = bgnbd.fit(Counts(repeats=repeats, last=last, age=age))
    if fitted is not None:
        assert np.isfinite([fitted.shape, fitted.scale, fitted.leave, fitted.stay]).all()
        assert np.isfinite(fitted.log_odds(Counts(repeats=repeats, last=last, age=age), 60.0)).all()
