"""A new version is served unless it is worse by more than the margin, and not by chance."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import retention
from retention import promotion
from retention.history import History
from retention.promotion import MARGINS, Beside, Comparison, compare, judge
from tests.contracts.retention_core import NOW

DRAW = np.random.default_rng(0)
SPREAD = DRAW.normal(0, 0.05, 400)


def brier(loss: float, spread: float = 1.0, customers: int = 400) -> Comparison:
    """A candidate worse by `loss` in the mean; `spread` says how much that differs between customers."""
    served = np.full(customers, 0.2)
    noise = spread * (SPREAD[:customers] - SPREAD[:customers].mean())
    return compare("brier", served, served + loss + noise, seed=3)


@pytest.mark.parametrize(
    ("comparison", "promoted"),
    [
        (brier(-0.05), True),
        (brier(0.0), True),
        (brier(0.8 * MARGINS["brier"]), True),
        (brier(3 * MARGINS["brier"]), False),
        (brier(3 * MARGINS["brier"], spread=20.0), True),
        (brier(0.5, customers=promotion.LEAST_CUSTOMERS - 1), True),
    ],
    ids=["better", "the same", "within the margin", "worse", "worse by chance", "too few to tell"],
)
def test_what_is_refused(comparison: Comparison, promoted: bool) -> None:
    verdict = judge("before", [comparison])
    assert verdict.promoted is promoted
    assert verdict.comparisons == (comparison,)
    if not promoted:
        assert f"{comparison.gain:+.4f}" in verdict.reason


def test_one_measure_is_enough_to_refuse() -> None:
    better = compare("ndcg_at_10", np.full(90, 0.1), np.full(90, 0.3), seed=1)
    assert better.gain == pytest.approx(0.2)
    assert not judge("before", [better, brier(0.1)]).promoted


def test_the_interval_is_that_of_the_mean_over_customers() -> None:
    found = brier(0.0)
    half = 1.96 * SPREAD.std() / np.sqrt(len(SPREAD))
    assert found.low == pytest.approx(-half, rel=0.15)
    assert found.high == pytest.approx(half, rel=0.15)


def test_the_same_seed_the_same_interval() -> None:
    assert brier(0.01) == brier(0.01)


def test_a_margin_may_be_a_share_of_what_it_is_measured_against() -> None:
    served = np.full(90, 4.0)
    found = compare("purchases_error", served, served + 0.3, seed=1)
    assert found.margin == pytest.approx(4.0 * MARGINS["purchases_error"])
    assert found.worse
    assert not compare("purchases_error", served, served + 0.1, seed=1).worse


def test_beside_itself_a_fit_is_only_refused_if_it_is_grossly_worse() -> None:
    """It is levelled for other customers than those of the window's beginning."""
    served, margin = np.full(90, 0.1), promotion.GROSSLY * MARGINS["brier"]
    for loss, refused in ((0.9 * margin, False), (1.1 * margin, True)):
        found = compare("brier", served, served + loss, seed=1, beside=Beside.ITSELF)
        assert found.worse is refused


def test_where_nothing_fair_can_be_compared_it_is_said() -> None:
    itself = compare("brier", np.full(90, 0.2), np.full(90, 0.1), seed=1, beside=Beside.ITSELF)
    verdict = judge("before", [itself])
    assert verdict.promoted
    assert "nothing fair to compare with" in verdict.reason


def scrambled(history: History) -> History:
    """The same shop with every event at somebody else's: nothing left to learn."""
    rows: list[dict[str, Any]] = history.events.to_pylist()
    draw = np.random.default_rng(5)
    customers = draw.permutation([row["customer"] for row in rows])
    products = draw.permutation([row["product"] or "" for row in rows])
    rows = [
        {**row, "customer": str(customers[place]), "product": str(products[place]) or None}
        for place, row in enumerate(rows)
    ]
    return History.from_rows(rows, history.products.to_pylist())


@pytest.fixture(scope="module")
def spoilt(history: History, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A version from a night in which the data was mixed up."""
    out = tmp_path_factory.mktemp("models") / "spoilt"
    return retention.fit(scrambled(history), out, now=NOW, seed=3).directory


@pytest.mark.slow
def test_a_version_of_spoilt_data_is_refused(
    judged: retention.FitReport, spoilt: Path, history: History
) -> None:
    review = retention.review(judged.directory, spoilt, history, now=NOW, seed=1)
    assert not review.verdict.promoted
    assert review.verdict.against == judged.version
    worse = {one.measure for one in review.verdict.comparisons if one.worse and one.beside is Beside.SERVED}
    assert worse == {"brier", "ndcg_at_10", "purchases_error", "spend_error"}
    assert retention.review(spoilt, judged.directory, history, now=NOW, seed=1).verdict.promoted


def test_the_first_version_and_one_after_a_broken_one_are_served(
    report: retention.FitReport, judged: retention.FitReport, history: History, tmp_path: Path
) -> None:
    for version in (report, judged):
        first = retention.review(None, version.directory, history, now=NOW)
        assert first.verdict.promoted
        assert first.verdict.reason == "there was none before: nothing to compare it with"
        assert not first.verdict.comparisons
        assert first.drift is None
    broken = retention.review(tmp_path / "nothing", judged.directory, history, now=NOW)
    assert broken.verdict.promoted
    assert "can't be read" in broken.verdict.reason


def test_one_without_a_trial_does_not_take_the_place_of_another(
    report: retention.FitReport, judged: retention.FitReport, history: History
) -> None:
    found = retention.review(judged.directory, report.directory, history, now=NOW)
    assert not found.verdict.promoted
    assert "without a backtest" in found.verdict.reason
    assert found.drift is not None


def test_a_broken_candidate_is_an_error(
    judged: retention.FitReport, history: History, tmp_path: Path
) -> None:
    with pytest.raises(retention.ModelDamaged):
        retention.review(judged.directory, tmp_path / "nothing", history, now=NOW)
