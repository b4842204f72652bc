"""What the ranker cannot learn is done without, and said."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

from kernel.times import DAY
from retention.checks import check
from retention.history import History
from retention.metrics import ndcg
from retention.recommenders import candidates, ease, features, fitting, ranker
from retention.recommenders.fitting import PRIOR_NEW, fallback_notes
from retention.recommenders.interactions import PURCHASE, RATING, VIEW, Interactions
from retention.recommenders.ranker import Choice, fit_choices
from retention.recommenders.similarity import FallbackWarning
from tests.contracts.retention_core import NOW


@pytest.fixture(scope="module")
def log(history: History) -> Interactions:
    return Interactions.of(check(history, NOW))


def choice(seed: int) -> Choice:
    rows = np.random.default_rng(seed).normal(size=(6, 2))
    return Choice(
        np.arange(6), np.column_stack([rows, np.ones(6)]), np.arange(6) == seed % 6, frozenset([seed % 6])
    )


def test_a_step_that_cannot_be_solved_gives_no_weights() -> None:
    """A feature that never varies, and nothing that holds its weight."""
    choices = [choice(seed) for seed in range(30)]
    assert fit_choices(choices, np.zeros(3), 1.0) is not None
    assert fit_choices(choices, np.zeros(3), 0.0) is None


def test_numbers_that_are_none_give_no_weights() -> None:
    broken = choice(1)
    broken.rows[0, 0] = np.nan
    with np.errstate(invalid="ignore"):
        assert fit_choices([broken], np.zeros(3), 1.0) is None


def test_a_ranker_that_cannot_be_learned_is_noted(log: Interactions, monkeypatch: pytest.MonkeyPatch) -> None:
    def singular(*given: Any) -> Any:
        raise np.linalg.LinAlgError("Singular matrix")

    monkeypatch.setattr(ranker.np.linalg, "solve", singular)
    fitted = fitting.fit(log, seed=1)
    for mode in ("new", "any"):
        [note] = [one for one in fitted.notes if one.startswith(f"recommender ({mode}): with a ridge")]
        assert "30 and 100" in note
    assert fitted.model.new.weights.shape == fitting._vector(PRIOR_NEW).shape


def test_one_strength_that_fails_is_noted_too(log: Interactions, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails_at_30(choices: list[Choice], prior: Any, ridge: float) -> Any:
        return None if ridge == 30.0 else fit_choices(choices, prior, ridge)

    monkeypatch.setattr(fitting, "fit_choices", fails_at_30)
    notes = fitting.fit(log, seed=1).notes
    assert sum("with a ridge of 30 the ranker" in note for note in notes) == 2


def test_tables_that_fell_back_are_noted_once(log: Interactions, monkeypatch: pytest.MonkeyPatch) -> None:
    def falls_back(*given: Any) -> float:
        for _ in range(2):
            warnings.warn(FallbackWarning("EASE could not be fitted; cosines stand in for it"), stacklevel=1)
        return ease.WEAK

    monkeypatch.setattr(ease, "choose_ridge_factor", falls_back)
    notes = fitting.fit(log, seed=1).notes
    assert [one for one in notes if "EASE" in one] == [
        "recommender: EASE could not be fitted; cosines stand in for it"
    ]


def test_other_warnings_go_on_their_way() -> None:
    def other() -> list[str]:
        with fallback_notes() as notes:
            warnings.warn("other", RuntimeWarning, stacklevel=1)
        return notes

    with pytest.warns(RuntimeWarning, match="other"):
        assert other() == []


@pytest.mark.parametrize("source", candidates.SOURCES)
def test_the_own_list_of_any_source_is_chosen_where_it_does_best(source: str) -> None:
    """All that is bought is what this source puts first, and everything else misleads."""
    draw = np.random.default_rng(2)
    told = features.NAMES.index(f"{source}_log")
    choices = []
    for _ in range(40):
        rows = draw.normal(size=(30, len(features.NAMES)))
        best = np.argsort(rows[:, told])[-3:]
        rows[:, [place for place in range(len(features.NAMES)) if place != told]] *= 5.0
        choices.append(Choice(np.arange(30), rows, np.isin(np.arange(30), best), frozenset(best.tolist())))
    mode, metrics, _ = fitting._mode([choices], fitting._vector(PRIOR_NEW))
    assert mode.weights.tolist() == fitting._vector(fitting.PLAIN[source]).tolist()
    assert metrics[""] > 0.9


def test_both_windows_decide_each_by_weights_from_the_other() -> None:
    last, before = [choice(seed) for seed in range(60)], [choice(seed) for seed in range(60, 120)]
    assert fitting._parts([last, before]) == [last, before]
    assert fitting._parts([last, before[:10]]) == [last[::2], last[1::2]]
    assert fitting._parts([last]) == [last[::2], last[1::2]]
    found = fitting._validated([last, before], np.zeros(3), 1.0)
    weights = fit_choices(last, np.zeros(3), 1.0)
    assert found is not None
    assert weights is not None
    assert found[60:] == pytest.approx(fitting._ndcg(before, weights))


def test_choices_are_judged_by_ndcg() -> None:
    """Also where less than ten places, or products beside the candidates, could have been filled."""
    draw = np.random.default_rng(3)
    for size in (4, 10, 40):
        bought = draw.random(size) < 0.3
        truth = frozenset(np.flatnonzero(bought).tolist()) | {100}
        one = Choice(np.arange(size), draw.normal(size=(size, 2)).astype(np.float32), bought, truth)
        orders = [np.array([1.0, 0.0]), np.array([0.5, -2.0])]
        found = fitting._ndcg_of_each([one], orders)
        for judged, order in zip(found[:, 0], orders, strict=True):
            ranked = np.argsort(-(one.rows @ order), kind="stable").tolist()
            assert judged == pytest.approx(ndcg(ranked, truth, 10))


def test_rows_of_a_day_are_one() -> None:
    """The last of a product's purchases by a customer on a day, the last rating of all days, and every view."""
    day = np.array([0.1, 0.2, 1.1, 0.3, 0.4, 3.0, 0.5, 0.6, 0.7])
    log = Interactions(
        products=("p0", "p1"),
        texts=["", ""],
        category=np.full(2, -1, np.int32),
        category_names=(),
        created=np.zeros(2, np.int64),
        names=("c0", "c1"),
        now=20 * DAY,
        users=np.array([0, 0, 0, 0, 0, 0, 0, 0, 1]),
        items=np.array([0, 0, 0, 1, 1, 1, 1, 1, 0]),
        kinds=np.array([PURCHASE, PURCHASE, PURCHASE, PURCHASE, RATING, RATING, VIEW, VIEW, PURCHASE]),
        at=((10 + day) * DAY).astype(np.int64),
        values=np.arange(9.0),
    )
    once = log.once_a_day()
    assert once.values.tolist() == [1, 2, 3, 5, 6, 7, 8]
    assert once.once_a_day() is once
    assert once.before(11 * DAY).daily
