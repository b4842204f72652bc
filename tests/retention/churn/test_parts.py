"""The parts of the blend: trees as they were fitted, penalties by cross-validation, levels that last."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.ensemble import HistGradientBoostingClassifier

from retention.churn import calibration, logistic, trees
from retention.churn.model import parts_restored, parts_saved

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
        learning_rate=trees.RATE,
        max_iter=trees.TREES,
        max_depth=trees.DEPTH,
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
    monkeypatch.setattr(trees, "_extracted", lambda model: None)
    assert trees.fit(ROWS, LABEL, seed=1) is None
    assert "could not be taken out" in trees.lacking(LABEL)
    assert "there are 500," in trees.lacking(LABEL[:500])


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
    assert trees._extracted(SimpleNamespace()) is None
