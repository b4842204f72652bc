"""The parts of the blend: trees as they were fitted, penalties by cross-validation, levels that last."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.ensemble import HistGradientBoostingClassifier

from retention.churn import calibration, logistic, trees, tuning
from retention.churn.model import parts_restored, parts_saved
from retention.metrics import auc

DRAW = np.random.default_rng(4)
ROWS = DRAW.normal(size=(3_000, 6))
LABEL = DRAW.random(3_000) < 1 / (1 + np.exp(-(ROWS[:, 0] - ROWS[:, 1] * ROWS[:, 2])))


@pytest.fixture(scope="module")
def fitted() -> trees.Trees:
    found = trees.fit(ROWS, LABEL, seed=1, rising=(0,))
    assert found is not None
    return found


def test_trees_say_what_the_library_says(fitted: trees.Trees) -> None:
    library = HistGradientBoostingClassifier(
        learning_rate=trees.SHOP.rate,
        max_iter=trees.SHOP.trees,
        max_depth=trees.SHOP.depth,
        min_samples_leaf=60,
        l2_regularization=10.0,
        early_stopping=False,
        monotonic_cst=[1, 0, 0, 0, 0, 0],
        random_state=1,
    ).fit(ROWS, LABEL)
    fresh = np.random.default_rng(5).normal(size=(200, 6)) * 3
    assert fitted.predict(fresh) == pytest.approx(library.decision_function(fresh), abs=1e-9)


def test_the_parts_of_trees_add_up(fitted: trees.Trees) -> None:
    total, parts = fitted.predict(ROWS[:50]), fitted.explain(ROWS[:50])
    assert fitted.centre + parts.sum(axis=1) == pytest.approx(total, abs=1e-12)
    assert np.abs(parts[:, :3]).mean() > 5 * np.abs(parts[:, 3:]).mean()


def test_the_answer_rises_with_a_rising_column(fitted: trees.Trees) -> None:
    rows = np.repeat(ROWS[:40], 20, axis=0)
    rows[:, 0] = np.tile(np.linspace(-3, 3, 20), 40)
    assert (np.diff(fitted.predict(rows).reshape(40, 20), axis=1) >= -1e-12).all()


def test_trees_come_back_from_their_files(fitted: trees.Trees) -> None:
    linear, again = parts_restored(*parts_saved(None, fitted))
    assert linear is None
    assert again is not None
    assert (again.predict(ROWS[:20]) == fitted.predict(ROWS[:20])).all()


def test_trees_that_changed_inside_the_library_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library keeps its trees to itself: a new version of it may keep them differently."""
    monkeypatch.setattr(trees, "_extracted", lambda model, kinds: None)
    assert trees.fit(ROWS, LABEL, seed=1) is None
    assert "could not be taken out" in trees.lacking(LABEL)
    assert "there are 500," in trees.lacking(LABEL[:500])


def with_gaps_and_kinds(rows: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Numbers of which some are missing, a column of kinds, and a label that both and their interplay decide."""
    draw = np.random.default_rng(8)
    number, kind = draw.normal(size=rows), draw.integers(0, 9, rows).astype(float)
    gone = draw.random(rows) < 0.1 + 0.2 * (number > 1)
    label = draw.random(rows) < 1 / (1 + np.exp(-(2 * np.isin(kind, [1, 4, 7]) * number + gone - 1)))
    table = np.column_stack(
        [np.where(gone, np.nan, number), np.where(kind == 8, np.nan, kind), draw.normal(size=rows)]
    )
    return table, label, np.array([False, True, False])


def test_missing_values_and_kinds_are_walked_as_the_library_does() -> None:
    table, label, kinds = with_gaps_and_kinds(3_000)
    setting = trees.Setting(trees=60, depth=6, rate=0.1, leaf=5, ridge=1.0)
    found = trees.fit(table, label, seed=2, setting=setting, kinds=kinds)
    assert found is not None
    assert found.depth > 3
    library = HistGradientBoostingClassifier(
        learning_rate=0.1,
        max_iter=60,
        max_depth=6,
        max_leaf_nodes=64,
        min_samples_leaf=5,
        l2_regularization=1.0,
        early_stopping=False,
        categorical_features=kinds,
        random_state=2,
    ).fit(table, label)
    fresh = with_gaps_and_kinds(500)[0] * [1.5, 1, 1]
    fresh[::7, 1] = 40  # a kind that was not there in the fit
    assert found.predict(fresh) == pytest.approx(library.decision_function(fresh), abs=1e-9)
    assert found.centre + found.explain(fresh).sum(axis=1) == pytest.approx(found.predict(fresh), abs=1e-12)
    again = parts_restored(*parts_saved(None, found))[1]
    assert again is not None
    assert (again.predict(fresh) == found.predict(fresh)).all()


def test_boosting_stops_where_watched_rows_gain_no_more() -> None:
    table, label, kinds = with_gaps_and_kinds(3_000)
    setting = trees.Setting(trees=800, depth=6, rate=0.3, leaf=5, ridge=0.0)
    found = trees.fit(
        table[:2_000],
        label[:2_000],
        seed=2,
        setting=setting,
        kinds=kinds,
        watched=(table[2_000:], label[2_000:]),
    )
    assert found is not None
    assert len(found.feature) < 100


@pytest.mark.slow
def test_a_depth_is_chosen_for_the_table() -> None:
    """A product of three signs takes three comparisons; a sum of them one each."""
    draw = np.random.default_rng(3)
    rows = draw.normal(size=(2_400, 5))
    signs = np.sign(rows[:, :3])
    folds = np.arange(2_400) % logistic.FOLDS
    kinds = np.zeros(5, bool)
    deep = tuning.choose(
        rows, draw.random(2_400) < 0.5 + 0.4 * signs.prod(axis=1), folds, kinds=kinds, seed=1
    )
    flat_label = draw.random(2_400) < 1 / (1 + np.exp(-signs.sum(axis=1)))
    flat = tuning.choose(rows, flat_label, folds, kinds=kinds, seed=1)
    assert deep is not None
    assert flat is not None
    assert deep.setting.depth >= 3
    assert flat.setting.depth == 2
    assert auc(flat_label, flat.unseen) > 0.75
    assert tuning.choose(rows[:300], flat_label[:300], folds[:300], kinds=kinds, seed=1) is None


def test_too_few_rows_give_no_trees() -> None:
    assert trees.fit(ROWS[:500], LABEL[:500], seed=1) is None
    assert trees.fit(ROWS, np.arange(3_000) < 20, seed=1) is None


def test_a_regression_finds_the_direction_and_ignores_what_never_changes() -> None:
    rows = np.column_stack([ROWS[:, :1], np.ones(3_000)])
    found = logistic.fit(rows, LABEL, np.arange(3_000) % logistic.FOLDS)
    assert found is not None
    assert found.weights[0] > 0.3
    assert found.weights[1] == 0
    assert found.predict(rows).mean() == pytest.approx(calibration.logit(LABEL.mean()), abs=0.1)


def test_one_label_gives_no_regression() -> None:
    assert logistic.fit(ROWS, np.ones(3_000, bool), np.arange(3_000) % logistic.FOLDS) is None


def test_a_regression_that_does_not_converge_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    import sklearn.linear_model

    class Endless:
        def __init__(self, **options: object) -> None: ...

        def fit(self, rows: object, label: object) -> None:
            raise np.linalg.LinAlgError("singular")

    monkeypatch.setattr(sklearn.linear_model, "LogisticRegression", Endless)
    assert logistic.fit(ROWS, LABEL, np.arange(3_000) % logistic.FOLDS) is None


def test_a_customer_has_one_fold() -> None:
    one, again = logistic.fold_of(["a", "b", "c"], 3), logistic.fold_of(["c", "a"], 3)
    assert (one[0], one[2]) == (again[1], again[0])


@given(st.lists(st.floats(-20, 20), min_size=1, max_size=30), st.floats(0.01, 0.99))
def test_the_level_is_met(log_odds: list[float], mean: float) -> None:
    scores = np.array(log_odds)
    shift = calibration.shift_to(scores, mean)
    assert (1 / (1 + np.exp(-(scores + shift)))).mean() == pytest.approx(mean, abs=1e-6)


@given(st.lists(st.floats(-2, 2), max_size=6))
def test_part_of_a_difference_lasts(differences: list[float]) -> None:
    found = calibration.lasting(differences)
    mean = float(np.mean(differences)) if differences else 0.0
    assert abs(found) <= abs(mean) + 1e-12
    assert found * mean >= 0
    assert abs(found) >= abs(mean) / 2 - 1e-12


def test_platt_takes_confidence_away_and_never_adds_any() -> None:
    draw = np.random.default_rng(0)
    true = draw.normal(size=5_000)
    label = draw.random(5_000) < 1 / (1 + np.exp(-true))
    slope, _ = calibration.platt(1.3 * true, label)
    assert slope == pytest.approx(1 / 1.3, abs=0.08)
    assert calibration.platt(0.5 * true, label)[0] == calibration.SLOPES[1] == 1.0
    assert calibration.platt(-true, label) == (1.0, 0.0)


def test_extracted_of_something_else_is_none() -> None:
    assert trees._extracted(SimpleNamespace(), None) is None
