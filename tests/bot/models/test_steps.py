"""A shop that lets its steps be learned serves the model of the day, and goes back to its own where they pay better."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.models.steps import LearnedSteps, candidate_steps
from bot.shop.prices import Prices
from retention.types import PricePolicy
from storage import Store
from tests.bot.models.test_judging import LIST, buy, shop, tell
from tests.factories import NOW

DAYS = 220


def learning(home: Path, text: str = "learn = true") -> Prices:
    (home / "prices.toml").write_text(text, encoding="utf-8")
    return Prices(home)


def test_candidates_are_nothing_the_published_steps_and_some_between() -> None:
    steps = candidate_steps(PricePolicy(max_discount=0.1))
    assert steps == (0, 200, 300, 400, 500, 600, 800, 1_000)
    assert candidate_steps(PricePolicy(max_discount=0.0)) == (0,)


async def test_without_the_owners_word_nothing_is_learned(any_store: Store, tmp_path: Path) -> None:
    steps = LearnedSteps(any_store, Prices(tmp_path))
    await steps.refresh(NOW)
    assert steps.model is None


async def test_the_published_steps_decide_until_enough_is_known(any_store: Store, tmp_path: Path) -> None:
    await any_store.write(shop)
    steps = LearnedSteps(any_store, learning(tmp_path))
    await steps.refresh(NOW)
    assert steps.model is not None
    assert steps.model.missing == ("offers_shown 0 of 300", "offers_bought 0 of 30")


async def _log(connection: AsyncConnection, chance_by_step: dict[int, float], policy: str) -> None:
    """Both customers ask every day; each step had the same chance."""
    await shop(connection)
    draw = np.random.default_rng(3)
    steps = list(chance_by_step)
    chances = tuple((LIST - LIST * one // 10_000, 1 / len(steps)) for one in steps)
    for number in range(DAYS):
        at = NOW - timedelta(days=5 + DAYS - number)
        step = steps[draw.integers(len(steps))]
        for who in ("c1", "c2"):
            price = LIST - LIST * step // 10_000
            await tell(
                connection, at, who, price=price, chances=chances, policy=policy, held=timedelta(hours=9)
            )
            if draw.random() < chance_by_step[step]:
                await buy(connection, at + timedelta(hours=1), price, who=who)


async def test_the_model_of_the_day_is_the_same_in_every_process(any_store: Store, tmp_path: Path) -> None:
    await any_store.write(lambda c: _log(c, {0: 0.1, 800: 0.5}, "rules/1"))
    one, other = LearnedSteps(any_store, learning(tmp_path)), LearnedSteps(any_store, learning(tmp_path))
    await one.refresh(NOW)
    await other.refresh(NOW + timedelta(hours=3))
    assert one.model is not None
    assert other.model is not None
    assert not one.model.missing
    assert (one.model.chances == other.model.chances).all()
    low, deep = one.model.steps.index(0), one.model.steps.index(800)
    assert one.model.chances[0, 0, deep] > 2 * one.model.chances[0, 0, low]


@pytest.mark.parametrize(("buys_for_less", "used"), [(0.1, False), (0.9, True)])
async def test_the_published_steps_come_back_where_they_pay_better(
    any_store: Store, tmp_path: Path, buys_for_less: float, used: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """Tier 0 gets nothing by the published steps; 2,000 basis points off bring less, or far more."""
    chances = {0: 0.5 if not used else 0.1, 2_000: 0.5 if not used else buys_for_less}
    await any_store.write(lambda c: _log(c, chances, "thompson/1"))
    prices = learning(tmp_path)
    steps = LearnedSteps(any_store, prices)
    await steps.refresh(NOW)
    assert (steps.model is not None) == used
    assert ("the published steps" in caplog.text) == (not used)


async def test_a_changed_file_counts_at_once(any_store: Store, tmp_path: Path) -> None:
    await any_store.write(lambda c: _log(c, {0: 0.1, 800: 0.5}, "rules/1"))
    steps = LearnedSteps(any_store, learning(tmp_path))
    await steps.refresh(NOW)
    assert steps.model is not None
    steps = LearnedSteps(any_store, learning(tmp_path, "learn = true\nlargest_discount = 5"))
    await steps.refresh(NOW)
    assert steps.model is not None
    assert max(steps.model.steps) == 500
    learning(tmp_path, "learn = false")
    await steps.refresh(NOW + timedelta(minutes=1))
    assert steps.model is None
