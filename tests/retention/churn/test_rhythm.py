"""A warning comes by the customer's own rhythm, and early."""

from __future__ import annotations

import numpy as np
import pytest

from kernel.times import DAY
from retention.churn.rhythm import LEAST_SILENCE, Rhythm, Spells, fit
from retention.features.raw import NAMES as RAW

HORIZON = 90.0


def drawn(seed: int, customers: int = 800, days: int = 500) -> Spells:
    """Customers of three rhythms who leave after a purchase with a chance of .1."""
    draw = np.random.default_rng(seed)
    rows = []
    for one in range(customers):
        mean = (7.0, 21.0, 60.0)[one % 3]
        day, gaps, known = float(draw.uniform(0, 200)), 0, 0
        while True:
            gap = max(round(float(draw.gamma(3.0, mean / 3.0))), 1)
            gone = draw.random() < 0.1 or day + gap >= days
            rows.append((one, int(day), gaps, known, int(days - day) if gone else gap, not gone))
            if gone:
                break
            day, gaps, known = day + gap, gaps + 1, known + gap
    users, at, gaps_, known_, length, ended = (np.array(one) for one in zip(*rows, strict=True))
    return Spells(users, at, gaps_, known_, length, ended.astype(bool))


@pytest.fixture(scope="module")
def rhythm() -> Rhythm:
    found = fit(drawn(1), seed=0)
    assert found is not None
    return found


def raw(gaps: int, days: int, silent: float) -> np.ndarray:
    row = np.zeros((1, len(RAW)), np.int64)
    row[0, RAW.index("purchase_days")], row[0, RAW.index("gap_days")] = gaps + 1, days
    row[0, RAW.index("recency")] = round(silent * DAY)
    return row


def test_who_buys_often_is_missed_sooner(rhythm: Rhythm) -> None:
    weekly, monthly, quarterly = (
        float(rhythm.limits(raw(10, 10 * gap, 0), HORIZON)[0]) for gap in (7, 30, 60)
    )
    assert LEAST_SILENCE <= weekly < monthly < quarterly <= HORIZON
    assert weekly < 30


def test_few_gaps_are_drawn_to_everybodys(rhythm: Rhythm) -> None:
    short = [float(rhythm.limits(raw(gaps, 7 * gaps, 0), HORIZON)[0]) for gaps in (1, 3, 12)]
    assert short == sorted(short, reverse=True)


def test_as_many_of_the_warned_stay_away_as_is_said(rhythm: Rhythm) -> None:
    """Of silences that reach the limit, seven in ten or more reach the horizon, in customers nobody was fitted on."""
    spells = drawn(2)
    seen = spells.days + HORIZON <= 500
    limits = rhythm.limits_of(spells.gaps, spells.known, HORIZON, 0.7)
    warned = seen & (spells.length > limits) & (limits < HORIZON)
    stayed_away = float((spells.length[warned] >= HORIZON).mean())
    assert warned.sum() > 200
    assert 0.6 < stayed_away < 0.95
    assert (HORIZON - limits[warned]).mean() > 30


def test_a_warning_is_due_once(rhythm: Rhythm) -> None:
    limit = float(rhythm.limits(raw(5, 70, 0), HORIZON)[0])
    nights = [bool(rhythm.passed(raw(5, 70, silent), HORIZON, 1.0)[0]) for silent in np.arange(0, 120) + 0.5]
    assert sum(nights) == 1
    assert nights.index(True) == int(np.ceil(limit - 0.5))
    assert rhythm.passed(raw(5, 70, limit + 5), HORIZON, 7.0)[0], "a week without a night misses nobody"


def test_too_few_gaps_have_no_rhythm() -> None:
    few = drawn(3, customers=6)
    assert fit(few) is None
