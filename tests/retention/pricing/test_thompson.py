"""The step with the highest expected margin: what it promises to customers, and that it learns."""

from __future__ import annotations

import time
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.arrays import Floats
from retention.pricing.thompson import History, Sale, StepModel, choose, fit

STEPS = (0, 300, 500, 800, 1_500)
TIERS = ("none", "bronze", "silver", "gold")
RULES = (0, 300, 500, 800)
DAY = date(2026, 11, 1)
OFF = np.array(STEPS) / 10_000


def logistic(level: Floats, slope: Floats) -> Floats:
    """True chances, shape (tiers, steps)."""
    result: Floats = 1 / (1 + np.exp(-(level[:, None] + slope[:, None] * OFF)))
    return result


def counted(chances: Floats, shown: int, seed: int = 0) -> History:
    draw = np.random.default_rng(seed)
    each = np.full(chances.shape, shown)
    return History(shown=each, bought=draw.binomial(each, chances))


def fitted(history: History, seed: int = 0) -> StepModel:
    return fit(history, steps=STEPS, tiers=TIERS, rules=RULES, margin=0.4, seed=seed)


def sale(product: str = "p", day: date = DAY, **other: int) -> Sale:
    return Sale(**{"product": product, "day": day, "list_price": 10_000, "cost": 6_000, **other})  # type: ignore[arg-type]


LEVELS, SLOPES = np.full(4, -2.0), np.array([1.5, 3.0, 3.3, 8.0])
LEARNED = fitted(counted(logistic(LEVELS, SLOPES), 800))

histories = st.lists(st.tuples(st.integers(0, 400), st.floats(0, 1)), min_size=20, max_size=20).map(
    lambda rows: History(
        shown=np.array([one[0] for one in rows]).reshape(4, 5),
        bought=np.array([int(one[0] * one[1]) for one in rows]).reshape(4, 5),
    )
)
sales = st.builds(
    sale,
    product=st.text(max_size=5),
    day=st.integers(0, 900).map(lambda number: DAY + timedelta(days=number)),
    list_price=st.integers(0, 10**6),
    cost=st.integers(0, 10**6),
    kept=st.integers(0, 10**5),
)


@settings(deadline=None, max_examples=60)
@given(histories, sales, st.sets(st.sampled_from(STEPS)))
def test_a_better_tier_never_gets_less_and_probabilities_are_those_of_the_draws(
    history: History, one: Sale, candidates: set[int]
) -> None:
    model = fitted(history)
    chosen = [choose(model, tier, one, sorted(candidates)) for tier in TIERS]
    assert [found.step for found in chosen] == sorted(found.step for found in chosen)
    for found in chosen:
        assert sum(share for _, share in found.probabilities) == pytest.approx(1.0)
        assert {step for step, _ in found.probabilities} == candidates | {0}
        assert found.probability() > 0
    assert (np.diff(model.chances, axis=2) >= 0).all()
    assert np.isfinite(model.chances).all()


def test_everybody_of_a_day_is_judged_by_the_same_draw() -> None:
    again = [choose(LEARNED, "silver", sale()) for _ in range(3)]
    assert again[0] == again[1] == again[2]
    days = [choose(LEARNED, "silver", sale(day=DAY + timedelta(days=number))).step for number in range(60)]
    assert len(set(days)) > 1


def test_probabilities_are_how_often_each_step_is_chosen() -> None:
    said = dict(choose(LEARNED, "silver", sale()).probabilities)
    steps = [choose(LEARNED, "silver", sale(product=f"p{number}")).step for number in range(4_000)]
    for step, share in said.items():
        error = 4 * (share * (1 - share) / len(steps)) ** 0.5 + 1e-9
        assert steps.count(step) / len(steps) == pytest.approx(share, abs=error)


def test_no_price_is_withheld_to_learn_from_it() -> None:
    """No draw gives less than what is thought best."""
    worth = LEARNED.chances[0] * (10_000 * (1 - OFF) - 6_000)
    thought_best = [STEPS[place] for place in np.maximum.accumulate(worth.argmax(axis=1))]
    for tier, least in zip(TIERS, thought_best, strict=True):
        assert all(choose(LEARNED, tier, sale(product=f"p{number}")).step >= least for number in range(200))


def test_with_little_history_the_rules_decide_and_what_is_missing_is_said() -> None:
    model = fitted(counted(logistic(LEVELS, SLOPES), 5))
    found = choose(model, "gold", sale())
    assert (found.step, found.policy, found.probability()) == (800, "rules/1", 1.0)
    assert found.missing == ("offers_shown 100 of 300", f"offers_bought {found.missing[1].split()[1]} of 30")
    assert choose(model, "gold", sale(), [300]).step == 300
    assert choose(model, "none", sale()).step == 0


def test_before_any_history_the_prior_thinks_the_rules_best() -> None:
    nothing = History(shown=np.zeros((4, 5), int), bought=np.zeros((4, 5), int))
    model = fitted(nothing)
    worth = model.chances[0] * (0.4 - OFF)
    assert [STEPS[place] for place in worth.argmax(axis=1)] == list(RULES)


def test_it_learns_which_step_pays() -> None:
    truth = logistic(LEVELS, SLOPES)
    worth = truth * (0.4 - OFF)
    model = fitted(counted(truth, 20_000))
    for place, tier in enumerate(TIERS):
        brought = [
            worth[place, STEPS.index(choose(model, tier, sale(product=f"p{one}")).step)] for one in range(50)
        ]
        assert np.mean(brought) > 0.98 * worth[place].max()
    assert choose(model, "gold", sale()).step == 1_500
    np.testing.assert_allclose(model.chances[0], truth, atol=0.02)


def test_nothing_is_given_where_nothing_is_left_to_give_or_nobody_minds() -> None:
    assert all(choose(LEARNED, tier, sale(cost=10_000)).step == 0 for tier in TIERS)
    flat = fitted(counted(logistic(LEVELS, np.full(4, 0.01)), 20_000))
    assert choose(flat, "gold", sale()).step == 0


def test_the_law_is_applied_to_every_step_and_to_its_probability() -> None:
    found = choose(LEARNED, "silver", sale())
    capped = found.within(lambda step: min(step, 400))
    assert capped.step == min(found.step, 400)
    before, after = dict(found.probabilities), dict(capped.probabilities)
    assert after == pytest.approx({0: before[0], 300: before[300], 400: 1 - before[0] - before[300]})
    assert capped.probability() == after[capped.step]


def test_a_sale_that_keeps_a_customer_is_worth_more() -> None:
    steps = [choose(LEARNED, "silver", sale(kept=kept)).step for kept in (0, 5_000, 20_000)]
    assert steps == sorted(steps)
    assert steps[0] < steps[2]


def test_the_numbers_behind_a_step_are_told() -> None:
    found = choose(LEARNED, "gold", sale())
    told = {one.code: one.value for one in found.reasons}
    off = 10_000 * found.step / 10_000
    assert told["paid_anyway"] == pytest.approx((told["chance_without"] or 0) * off, rel=0.01)
    more = ((told["chance_to_buy"] or 0) - (told["chance_without"] or 0)) * (4_000 - off)
    assert told["more_margin"] == pytest.approx(more, rel=0.01)


@pytest.mark.parametrize(
    "wrong",
    [
        {"steps": (300, 500)},
        {"steps": (0, 500, 300, 800, 1_500)},
        {"rules": (800, 500, 300, 0)},
        {"tiers": ("none",)},
    ],
)
def test_what_does_not_fit_together_is_refused(wrong: dict[str, tuple[int, ...]]) -> None:
    asked = {"steps": STEPS, "tiers": TIERS, "rules": RULES, "margin": 0.4, **wrong}
    with pytest.raises(ValueError, match=r"steps|rules|tiers"):
        fit(counted(logistic(LEVELS, SLOPES), 5), **asked)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="more was bought"):
        fitted(History(shown=np.zeros((4, 5), int), bought=np.ones((4, 5), int)))


def test_a_step_takes_little_time() -> None:
    began = time.process_time()
    for number in range(300):
        choose(LEARNED, "gold", sale(product=f"p{number}"))
    assert (time.process_time() - began) / 300 < 0.001
