"""How many will leave: what each forecast says counts, and what was never seen makes the interval wider."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.times import DAY, from_micros, to_micros
from retention.checks import check
from retention.churn import level, season
from retention.churn.bgnbd import Counts, PurchaseProcess
from retention.churn.fit import fit
from retention.churn.model import ChurnModel, restored, saved
from retention.churn.windows import Window, as_of
from retention.features.expressions import Shop
from retention.features.raw import NAMES as RAW
from tests.benchmarks.churn_levels import simulated

PROCESS = PurchaseProcess(shape=0.8, scale=40.0, leave=0.6, stay=2.4)
SPRING = to_micros(datetime(2026, 4, 1, tzinfo=UTC))
AUTUMN = to_micros(datetime(2026, 10, 1, tzinfo=UTC))


def customers(count: int, seed: int = 0) -> np.ndarray:
    """Raw features as far as BG/NBD looks at them."""
    draw = np.random.default_rng(seed)
    raw = np.zeros((count, len(RAW)), np.int64)
    raw[:, RAW.index("purchase_days")] = 1 + draw.poisson(1.5, count)
    raw[:, RAW.index("gap_days")] = np.where(
        raw[:, RAW.index("purchase_days")] > 1, draw.integers(5, 150, count), 0
    )
    raw[:, RAW.index("recency")] = draw.integers(1, 150, count) * DAY
    return raw


def window(moment: int, days: int, left: float, seed: int = 1) -> Window:
    """500 customers, of whom the share `left` bought nothing in so many days."""
    raw = customers(500, seed)
    gone = np.arange(500) < round(500 * left)
    return Window(moment, moment + days * DAY, tuple(f"c{one}" for one in range(500)), raw, gone, None)


def ahead(now: int, days: int = 60, *, history: int = 300, blend: float = 0.0) -> level.Ahead:
    """The customers of now; the blend says the same log-odds of all."""
    return level.Ahead(
        first=now - history * DAY,
        now=now,
        horizon_days=days,
        counts=Counts.of(customers(800, 2)),
        log_odds=np.full(800, blend),
    )


def windows(now: int, *left: float, days: int = 60) -> list[Window]:
    """Windows that end now, a half of one before the other, with those shares, oldest first."""
    count = len(left)
    return [
        window(now - days * DAY - (count - 1 - one) * days // 2 * DAY, days, left[one])
        for one in range(count)
    ]


def test_without_windows_it_is_bg_nbd() -> None:
    found = level.foretell(PROCESS, [], ahead(SPRING, history=120))
    days = ahead(SPRING, history=120).days(SPRING, 60)
    assert found.share == pytest.approx(PROCESS.silence(Counts.of(customers(800, 2)), days).mean(), abs=1e-9)
    assert found.high - found.low > 0.15


@settings(max_examples=20, deadline=None)
@given(st.floats(-0.2, 0.0), st.floats(0.02, 0.2), st.floats(-2, 2))
def test_more_silence_in_the_latest_window_foretells_more(wrong: float, more: float, blend: float) -> None:
    """While BG/NBD fits: its share is missed by no more than a season may explain."""
    foretold = PROCESS.silence(Counts.of(customers(500, 1)), 60).mean()
    left, latest = (float(foretold + 0.2 * one) for one in (wrong, wrong + more))
    less = level.foretell(PROCESS, windows(SPRING, left, left, left), ahead(SPRING, blend=blend))
    found = level.foretell(PROCESS, windows(SPRING, left, left, latest), ahead(SPRING, blend=blend))
    assert 0 < less.low < less.share < less.high < 1
    assert found.share > less.share


def test_the_blend_counts_and_more_so_where_bg_nbd_does_not_fit() -> None:
    fits = windows(SPRING, 0.62, 0.62)
    wrong = windows(SPRING, 0.2, 0.2)
    gains = []
    for past in (fits, wrong):
        low = level.foretell(PROCESS, past, ahead(SPRING, blend=-1.0)).share
        high = level.foretell(PROCESS, past, ahead(SPRING, blend=1.0)).share
        gains.append(high - low)
    assert 0.03 < gains[0] < gains[1]


def test_the_same_season_of_a_year_ago_counts_and_narrows() -> None:
    plain = ahead(SPRING, history=800)
    past = windows(SPRING, 0.6, 0.6, 0.6)
    unseen = level.foretell(PROCESS, past, plain)
    counts = Counts.of(customers(700, 5))
    quiet = level.foretell(PROCESS, past, replace(plain, year_ago=(counts, 0.8)))
    busy = level.foretell(PROCESS, past, replace(plain, year_ago=(counts, 0.4)))
    assert busy.share < unseen.share < quiet.share
    usual = level.foretell(PROCESS, past, replace(plain, year_ago=(counts, 0.6)))
    assert usual.high - usual.low < unseen.high - unseen.low
    assert unseen.caveat
    assert not usual.caveat


def test_the_last_quarter_is_busy_and_is_said() -> None:
    past = windows(AUTUMN, 0.6, 0.6, 0.6)
    autumn = level.foretell(PROCESS, past, ahead(AUTUMN, 80))
    spring = level.foretell(PROCESS, windows(SPRING, 0.6, 0.6, 0.6), ahead(SPRING, 80))
    assert -0.05 < autumn.season_moved < -0.01
    assert "October to December" in autumn.caveat
    assert abs(spring.season_moved) < 0.01
    assert autumn.high - autumn.low > spring.high - spring.low


def test_days_of_the_last_quarter_are_counted() -> None:
    assert season.busy(SPRING, 90) == 1.0
    assert season.busy(AUTUMN, 90) == pytest.approx(season.LAST_QUARTER**season.HELD)
    half = season.busy(AUTUMN - 30 * DAY, 60)
    assert half == pytest.approx((1 + season.LAST_QUARTER**season.HELD) / 2)


def test_a_longer_horizon_than_the_windows_is_less_certain() -> None:
    past = windows(SPRING, 0.6, 0.6, 0.6)
    near = level.foretell(PROCESS, past, ahead(SPRING, 60))
    far = level.foretell(PROCESS, past, ahead(SPRING, 180))
    assert logit_width(far) > logit_width(near) + 0.2


def logit_width(found: level.ExpectedShare) -> float:
    return float(np.log(found.high / (1 - found.high)) - np.log(found.low / (1 - found.low)))


@pytest.mark.slow
def test_a_gift_shop_of_two_years_foretells_its_season() -> None:
    """Simulated: the log has seen one autumn, and the next is foretold with it."""
    first = to_micros(datetime(2023, 2, 1, tzinfo=UTC))
    moment = to_micros(datetime(2024, 10, 20, tzinfo=UTC))
    shop = simulated("gifts", 900, 720, 11, first=first)
    day = (moment - first) / DAY
    checked = check(shop.history(day), from_micros(moment))
    found = fit(checked, Shop(checked.history), seed=1, horizon_days=45).model
    _, left = as_of(Shop(shop.history()), moment, moment + 45 * DAY)
    assert found.level is not None
    assert found.level.season_seen
    assert found.level.low < left.mean() < found.level.high
    assert found.level.share == pytest.approx(left.mean(), abs=0.05)
    again = restored(*saved(found))
    assert again.level == found.level


def test_a_level_is_kept_and_models_of_earlier_releases_have_none() -> None:
    found = level.foretell(PROCESS, windows(AUTUMN, 0.6, 0.6), ahead(AUTUMN))
    model = replace(ChurnModel.without_data(), level=found)
    facts, arrays = saved(model)
    assert restored(json.loads(json.dumps(facts)), arrays).level == found
    del facts["level"]
    assert restored(facts, arrays).level is None
    assert set(found.metrics) == {f"churn_expected_{one}" for one in ("share", "low", "high")}
    assert "800 customers" in str(found)
