"""What another policy would have earned: against a log whose truth is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.arrays import Floats
from retention.errors import LogRefused, OutsideSupport
from retention.pricing.off_policy import (
    Decision,
    DecisionLog,
    doubly_robust,
    inverse_propensity,
    parity,
    promote,
    self_normalised,
)
from tests.retention.pricing.simulated_log import STEPS, TRUTH, simulated

ESTIMATORS = (inverse_propensity, self_normalised, doubly_robust)


def always(log: DecisionLog, step: int) -> Floats:
    return log.always(str(STEPS[step]))


def decision(**other: object) -> Decision:
    usual = Decision(
        eligible=("0", "500"), probabilities=(0.5, 0.5), choice="0", outcome=1.0, cluster="a", group="new"
    )
    return replace(usual, **other)  # type: ignore[arg-type]


@pytest.mark.parametrize("estimate", ESTIMATORS)
def test_intervals_hold_the_truth_at_their_rate(estimate: object) -> None:
    """200 logs: 95 % ± 4.5 of intervals hold the truth, which is three standard errors of that share."""
    held = 0
    for seed in range(200):
        log = simulated(seed)
        value = estimate(log, always(log, 2))  # type: ignore[operator]
        held += value.low <= TRUTH[2] <= value.high
    assert 0.905 <= held / 200 <= 0.995


def test_a_model_of_outcomes_makes_the_interval_narrower() -> None:
    widths = {
        estimate.__name__: np.mean(
            [
                (value := estimate(log, always(log, 2))).high - value.low
                for log in (simulated(seed) for seed in range(20))
            ]
        )
        for estimate in ESTIMATORS
    }
    assert widths["doubly_robust"] < 0.9 * widths["inverse_propensity"]


@pytest.mark.parametrize("estimate", [inverse_propensity, self_normalised])
def test_the_policy_that_made_the_log_is_worth_what_it_brought(estimate: object) -> None:
    log = simulated(1)
    value = estimate(log, log.probability)  # type: ignore[operator]
    assert value.mean == pytest.approx(log.outcome.mean(), rel=1e-9)
    assert value.effective == pytest.approx(len(log.outcome))


@given(st.integers(0, 2**31), st.floats(0.01, 100), st.floats(-50, 50))
def test_values_move_with_the_unit_and_the_level_of_outcomes(seed: int, unit: float, level: float) -> None:
    log = simulated(seed, days=4)
    target = always(log, 1)
    before, after = (
        self_normalised(one, target) for one in (log, replace(log, outcome=unit * log.outcome + level))
    )
    assert after.mean == pytest.approx(unit * before.mean + level, abs=1e-6 * (1 + unit + abs(level)))
    assert after.high - after.low == pytest.approx(unit * (before.high - before.low), abs=1e-6 * (1 + unit))


def test_what_the_log_never_chose_is_refused_by_name() -> None:
    log = DecisionLog.of([decision(eligible=("0", "500"), probabilities=(1.0, 0.0)), decision()])
    target = np.array([[0.0, 1.0], [0.0, 1.0]])
    for estimate in ESTIMATORS:
        with pytest.raises(OutsideSupport, match="500") as refused:
            estimate(log, target)
        assert refused.value.actions == ("500",)
        assert refused.value.decisions == 1


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ([], "no logged decisions"),
        ([decision(probabilities=(0.5, 0.4))], "sum to 0.9"),
        ([decision(probabilities=(1.5, -0.5))], "sum to"),
        ([decision(probabilities=(1.0,))], "2 actions and 1"),
        ([decision(choice="900")], "chose '900'"),
        ([decision(probabilities=(0.0, 1.0))], "chose '0'"),
    ],
)
def test_a_log_that_can_not_be_true_is_refused(bad: list[Decision], says: str) -> None:
    with pytest.raises(LogRefused, match=says):
        DecisionLog.of(bad)


def test_a_policy_is_promoted_only_by_its_lower_end() -> None:
    log = simulated(3, days=60)
    in_use = self_normalised(log, log.probability)
    candidate = self_normalised(log, always(log, 1))
    assert candidate.low > in_use.mean
    assert promote(candidate, in_use).promoted
    unsure = replace(candidate, low=in_use.mean - 0.01)
    assert not promote(unsure, in_use).promoted
    little = promote(replace(candidate, effective=20.0), in_use)
    assert not little.promoted
    assert "20 effective decisions" in little.reason


def test_groups_that_are_offered_less_show() -> None:
    draw = np.random.default_rng(0)
    groups = ["zh"] * 400 + ["en"] * 400
    offered = np.r_[draw.choice([300.0, 500.0], 400), draw.choice([0.0, 300.0], 400)]
    en, zh = parity(groups, offered, [str(one // 2) for one in range(800)])
    assert (en.group, zh.group) == ("en", "zh")
    assert en.beside_high < 0 < zh.beside_low
    assert en.offers == 400
    (alone,) = parity(["x"] * 10, np.ones(10), [str(one) for one in range(10)])
    assert (alone.mean, alone.beside, alone.beside_low) == (1.0, 0.0, 0.0)
