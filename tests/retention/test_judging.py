"""Versions are compared on a window that neither was fitted on: who has learned it by heart gains nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.tree import DecisionTreeClassifier

import retention
from kernel.times import DAY, to_micros
from retention import artifacts, backtest, judging
from retention.checks import Checked, check
from retention.churn import fit as churn_fit
from retention.churn.model import ChurnModel
from retention.churn.trees import Trees
from retention.churn.windows import make_window
from retention.features.expressions import Shop
from retention.history import History
from retention.judging import Version
from retention.promotion import Beside, Comparison, judge
from retention.recommenders import fitting as recommend_fit
from retention.report import Fitted
from tests.contracts.retention_core import NOW
from tests.retention.conftest import make_events, make_history, make_products

pytestmark = pytest.mark.slow

SURE = 6.0
"""Log-odds of somebody whose outcome was seen."""


def by_heart(rows: NDArray[np.float64], left: NDArray[np.bool_]) -> Trees:
    """One tree, grown until every customer's outcome is known."""
    found = DecisionTreeClassifier(random_state=0).fit(rows, left)
    tree, depth = found.tree_, int(found.tree_.max_depth)
    inner = 2**depth - 1
    feature, threshold = np.zeros(inner, np.int32), np.full(inner, np.inf)
    value = np.zeros(2 * inner + 1)
    node_of = {0: 0}
    for place in range(2 * inner + 1):
        node = node_of[place]
        value[place] = SURE * (2 * tree.value[node, 0, -1] / tree.value[node, 0].sum() - 1)
        if place >= inner:
            continue
        leaf = tree.children_left[node] < 0
        node_of[2 * place + 1] = node if leaf else int(tree.children_left[node])
        node_of[2 * place + 2] = node if leaf else int(tree.children_right[node])
        if not leaf:
            feature[place], threshold[place] = tree.feature[node], tree.threshold[node]
    return Trees(feature=feature[None], threshold=threshold[None], value=value[None], base=0.0)


def memorise(checked: Checked, shop: Shop, *, seed: int, horizon_days: int | None = None) -> Fitted:
    """Instead of the churn fit: the outcomes of the last window that it is shown, by heart."""
    honest = HONEST(checked, shop, seed=seed, horizon_days=horizon_days)
    days, now = honest.model.horizon_days, to_micros(checked.now)
    window = make_window(shop, now - days * DAY, now)
    plain = replace(honest.model, process=None, linear=None, window_days=days, slope=1.0, shift=0.0)
    trees = by_heart(plain.features(window.raw), window.left)
    return replace(honest, model=replace(plain, trees=trees, shares=(0.0, 0.0, 1.0)))


HONEST = churn_fit.fit


@pytest.fixture(scope="module")
def memoriser(
    judged: retention.FitReport, history: History, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A version by that fit; its recommender, which is not what it is about, is an honest one."""
    honest = backtest.in_folder(judged.directory)
    assert honest is not None
    recommender = recommend_fit.Fitted(model=honest.models.recommender, metrics={}, notes=())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(churn_fit, "fit", memorise)
        patch.setattr(recommend_fit, "fit", lambda *_, **__: recommender)
        out = tmp_path_factory.mktemp("models") / "by_heart"
        return retention.fit(history, out, now=NOW, seed=3).directory


def brier(model: ChurnModel, history: History, days: int) -> float:
    checked = check(history, NOW)
    window = make_window(Shop(checked.history), to_micros(NOW) - days * DAY, to_micros(NOW))
    return float(((model.probabilities(window.raw, days) - window.left) ** 2).mean())


def of(comparisons: tuple[Comparison, ...] | list[Comparison], measure: str, beside: Beside) -> Comparison:
    (found,) = (one for one in comparisons if (one.measure, one.beside) == (measure, beside))
    return found


def with_wrong_risks(version: Path, where: Path) -> Path:
    """The same version, with risks far too high in the fit on everything; its backtest is left as it is."""
    broken = where / "broken"
    manifest, parts = artifacts.read(version)
    facts, arrays = parts["churn"]
    kept: dict[str, Any] = {
        "version": "broken",
        "fitted_at": manifest.fitted_at,
        "seed": manifest.seed,
        "data_hash": manifest.data_hash,
    }
    artifacts.write(broken, kept, {**parts, "churn": ({**facts, "shift": facts["shift"] + 4.0}, arrays)})
    return broken


def test_who_memorised_the_window_is_not_promoted(
    judged: retention.FitReport, memoriser: Path, history: History
) -> None:
    """It knows the window's outcomes, and would have won where both are judged by what they were fitted on."""
    served, candidate = Version.of(judged.directory), Version.of(memoriser)
    days = served.models.churn.horizon_days
    assert brier(candidate.models.churn, history, days) < 0.01
    assert brier(served.models.churn, history, days) > 0.05
    review = retention.review(judged.directory, memoriser, history, now=NOW, seed=1)
    assert not review.verdict.promoted
    found = of(review.verdict.comparisons, "brier", Beside.SERVED)
    assert found.worse
    assert found.candidate > found.served + 0.05
    assert f"margin {found.margin:.4f}" in review.verdict.reason
    assert of(review.verdict.comparisons, "brier", Beside.ITSELF).gain > 0
    assert retention.review(memoriser, judged.directory, history, now=NOW, seed=1).verdict.promoted


def test_what_a_version_is_judged_by_has_seen_nothing_of_the_window() -> None:
    """Whatever happens in the window, the backtest is the same to the last byte."""
    days = backtest.RECOMMENDED_DAYS
    start = to_micros(NOW) - days * DAY
    rows, products = make_events(customers=120), make_products()
    changed = [row if row["at"] < start else {**row, "customer": "c0", "product": "p7"} for row in rows]
    assert changed != rows
    found = [
        backtest.saved(
            backtest.fit_before(History.from_rows(one, products), now=NOW, horizon_days=days, seed=3)
        )
        for one in (rows, changed)
    ]
    assert set(found[0]) == set(backtest.PARTS)
    for part, (facts, arrays) in found[0].items():
        facts_too, arrays_too = found[1][part]
        assert json.dumps(facts, sort_keys=True) == json.dumps(facts_too, sort_keys=True)
        assert all(np.array_equal(array, arrays_too[key]) for key, array in arrays.items())


def test_a_trial_is_saved_and_read(judged: retention.FitReport) -> None:
    found = backtest.in_folder(judged.directory)
    assert found is not None
    version = Version.of(judged.directory)
    assert found.outcomes_until == to_micros(NOW) - version.models.churn.horizon_days * DAY
    assert found.recommender_until == to_micros(NOW) - backtest.RECOMMENDED_DAYS * DAY
    assert found.models.churn.horizon_days == version.models.churn.horizon_days
    assert found.models.value is not None


def test_a_version_fitted_without_a_trial_is_the_same_but_for_it(tmp_path: Path) -> None:
    history = make_history(customers=60)
    folders = [
        retention.fit(history, tmp_path / name / "v", now=NOW, seed=3, judged=name == "with").directory
        for name in ("with", "without")
    ]
    assert [backtest.in_folder(one) is None for one in folders] == [False, True]
    files = [{one.name: one.read_bytes() for one in folder.iterdir()} for folder in folders]
    lacking = files[0].keys() - files[1].keys()
    assert {name.split(".")[0] for name in lacking} == set(backtest.PARTS)
    for name in files[1].keys() - {artifacts.MANIFEST}:
        assert files[0][name] == files[1][name]


def test_after_a_first_version_without_a_trial_the_next_is_judged_by_its_own(
    report: retention.FitReport, judged: retention.FitReport, history: History, tmp_path: Path
) -> None:
    """Nothing is fair to compare with, but a fit that went wrong is still noticed."""
    verdict = retention.review(report.directory, judged.directory, history, now=NOW, seed=1).verdict
    assert verdict.promoted
    assert "nothing fair to compare with" in verdict.reason
    assert {one.beside for one in verdict.comparisons} == {Beside.ITSELF}
    broken = with_wrong_risks(judged.directory, tmp_path)
    verdict = retention.review(report.directory, broken, history, now=NOW, seed=1).verdict
    assert not verdict.promoted
    assert of(verdict.comparisons, "brier", Beside.ITSELF).worse


def test_a_first_version_fitted_before_the_window_is_compared_with(
    report: retention.FitReport, judged: retention.FitReport, history: History
) -> None:
    old = replace(Version.of(report.directory), until=to_micros(NOW - timedelta(days=200)))
    assert old.backtest is None
    found = judging.comparisons(old, Version.of(judged.directory), check(history, NOW), 1)
    assert {one.beside for one in found} == {Beside.SERVED, Beside.ITSELF}


def test_a_window_begins_where_both_sides_end(judged: retention.FitReport, history: History) -> None:
    new = Version.of(judged.directory)
    assert new.backtest is not None
    days = new.models.churn.horizon_days
    checked = check(history, NOW)

    def window_of(until: int) -> float | None:
        assert new.backtest is not None
        old = replace(new, backtest=replace(new.backtest, outcomes_until=until))
        found = [
            one
            for one in judging.comparisons(old, new, checked, 1)
            if (one.measure, one.beside) == ("brier", Beside.SERVED)
        ]
        return found[0].days if found else None

    start = new.backtest.outcomes_until
    assert window_of(start - 9 * DAY) == days
    assert window_of(start + 5 * DAY) == days - 5
    assert window_of(start + (days // 2 + 1) * DAY) is None


def test_one_that_was_fitted_before_the_window_is_judged_by_itself(
    judged: retention.FitReport, memoriser: Path, history: History
) -> None:
    """The shop did not refit for months: what is served is what the new version has to match."""
    new, old = Version.of(judged.directory), Version.of(memoriser)
    checked = check(history, NOW)
    ago = replace(old, until=to_micros(NOW - timedelta(days=200)), backtest=None)
    found = of(judging.comparisons(ago, new, checked, 1), "brier", Beside.SERVED)
    assert found.served < 0.01
    late = replace(old, backtest=None)
    none = judging.comparisons(late, new, checked, 1)
    assert {one.beside for one in none} == {Beside.ITSELF}
    assert "nothing fair to compare with" in judge("before", none).reason


def test_a_fit_on_everything_that_went_wrong_is_refused(
    judged: retention.FitReport, history: History, tmp_path: Path
) -> None:
    """Its backtest is as good as ever: what broke is in the last days."""
    broken = with_wrong_risks(judged.directory, tmp_path)
    verdict = retention.review(judged.directory, broken, history, now=NOW, seed=1).verdict
    assert not verdict.promoted
    assert of(verdict.comparisons, "brier", Beside.ITSELF).worse
    assert not of(verdict.comparisons, "brier", Beside.SERVED).worse
