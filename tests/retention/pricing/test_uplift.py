"""Effects learned from an experiment: what they are worth, and which tables are refused."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.arrays import Bools, Floats
from retention.errors import ExperimentRefused, MissingColumn
from retention.pricing.uplift.curves import gain, rank_weights
from retention.pricing.uplift.fit import fit
from retention.pricing.uplift.learners import LEARNERS, Task, pseudo_outcomes
from retention.pricing.uplift.table import Texts, read
from tests.retention.real import hillstrom

Table = dict[str, Texts]


def made(rows: int = 4_000, seed: int = 3) -> tuple[Table, Floats]:
    """An experiment in which only customers of the north are moved by the treatment, and their true effects."""
    draw = np.random.default_rng(seed)
    north, age = draw.random(rows) < 0.5, draw.integers(18, 80, rows)
    treated = draw.random(rows) < 0.5
    effect = np.where(north, 0.25, -0.05)
    bought = draw.random(rows) < 0.2 + age / 1_000 + effect * treated
    table: Table = {
        "region": ["north" if one else "south" for one in north],
        "age": [str(one) for one in age],
        "since": [f"20{one % 20 + 5:02d}-0{one % 9 + 1}-11" for one in age],
        "group": ["mail" if one else "No mail" for one in treated],
        "bought": [str(int(one)) for one in bought],
    }
    return table, effect


def test_effects_are_found_and_are_the_same_again() -> None:
    table, effect = made()
    fitted = fit(table, "group", "bought", seed=1)
    found = fitted.model.uplift(table, len(effect))
    assert np.corrcoef(found, effect)[0, 1] > 0.9
    assert fitted.average == pytest.approx(0.10, abs=0.03)
    assert fitted.held_out is not None
    assert fitted.held_out.qini_low > 0
    again = fit(table, "group", "bought", learner=fitted.model.learner, seed=1)
    np.testing.assert_array_equal(found, again.model.uplift(table, len(effect)))


@pytest.mark.parametrize("learner", LEARNERS)
def test_each_learner_knows_whom_the_treatment_moves(learner: str) -> None:
    table, _ = made()
    fitted = fit(table, "group", "bought", learner=learner)
    new, truth = made(1_000, seed=9)
    found = fitted.model.uplift({name: new[name] for name in ("age", "region", "since")}, 1_000)
    assert found[truth > 0].mean() > 0.15
    assert found[truth < 0].mean() < 0.05
    assert fitted.model.learner == learner


def test_amounts_are_learned_from_too() -> None:
    table, effect = made()
    spent = [f"{30 * int(one or 0) + number % 7}.5" for number, one in enumerate(table["bought"])]
    fitted = fit({**table, "bought": spent}, "group", "bought")
    assert np.corrcoef(fitted.model.uplift(table, len(effect)), effect)[0, 1] > 0.8


def test_bent_effects_are_left_to_trees() -> None:
    """The treatment moves those in the middle alone: no straight line shows that."""
    draw = np.random.default_rng(4)
    age, treated = draw.uniform(0, 100, 6_000), draw.random(6_000) < 0.5
    middle = (age > 35) & (age < 65)
    bought = draw.random(6_000) < 0.2 + 0.4 * middle * treated
    table: Table = {
        "age": [f"{one:.2f}" for one in age],
        "treated": [str(bool(one)) for one in treated],
        "bought": [str(bool(one)) for one in bought],
    }
    fitted = fit(table, "treated", "bought")
    assert "boosting" in fitted.model.learner
    assert {one.learner: one.verdict for one in fitted.trials}["two_models"] == "tie"


@given(st.lists(st.tuples(st.floats(-1, 1), st.booleans(), st.booleans()), min_size=4, max_size=60))
def test_equal_scores_are_worth_nothing(rows: list[tuple[float, bool, bool]]) -> None:
    treated, outcome = np.array([one[1] for one in rows]), np.array([float(one[2]) for one in rows])
    assert gain(np.ones(len(rows)), treated, outcome, draws=0).qini == pytest.approx(0.0, abs=1e-12)
    scores = np.array([one[0] for one in rows])
    weights = rank_weights(scores)
    assert weights.sum() == pytest.approx(0.0, abs=1e-9)
    assert all(weights[scores == one].std() < 1e-12 for one in scores)


def test_areas_are_those_of_a_small_case_by_hand() -> None:
    """Treated 1 and 0, others 0 and 1, scored so that the first of each comes first: the curve goes to 1/2 and back to
    0 at half, so its area is 1/4, and the line below it is at 0."""
    treated, outcome = np.array([True, False, True, False]), np.array([1.0, 0.0, 0.0, 1.0])
    found = gain(np.array([2.0, 2.0, 1.0, 1.0]), treated, outcome, draws=0)
    assert found.qini == pytest.approx(0.25)
    assert found.auuc == pytest.approx(0.25)


def test_pseudo_outcomes_have_the_effect_as_their_mean() -> None:
    table, effect = made(8_000)
    experiment = read(table, "group", "bought")
    pseudo = pseudo_outcomes(
        Task(
            rows=experiment.rows,
            treated=experiment.treated,
            outcome=experiment.outcome,
            propensity=np.full(8_000, 0.5),
            binary=True,
            seed=0,
        )
    )
    for those in (effect > 0, effect < 0):
        error = 3 * pseudo[those].std() / those.sum() ** 0.5
        assert pseudo[those].mean() == pytest.approx(effect[those].mean(), abs=error)


def test_columns_that_name_rows_or_follow_the_outcome_are_left_out() -> None:
    table, _ = made(1_000)
    hits = np.array([one == "1" for one in table["bought"]])
    odd: Table = {
        **table,
        "customer_id": [str(70_000 + 13 * number) for number in range(1_000)],
        "email": [f"c{number}@shop.example" for number in range(1_000)],
        "country": ["CN"] * 1_000,
        "empty": [None] * 1_000,
        "spent": [f"{number % 40 + 1}.5" if hit else "0" for number, hit in enumerate(hits)],
    }
    experiment = read(odd, "group", "bought")
    assert {one.name for one in experiment.columns.encoder.columns} == {"region", "age", "since"}
    told = " ".join(experiment.notes)
    assert all(repr(name) in told for name in ("customer_id", "email", "country", "empty", "spent"))
    assert experiment.control == "No mail"
    kept = read(odd, "group", "bought", only=["age", "spent"])
    assert {one.name for one in kept.columns.encoder.columns} == {"age", "spent"}


def test_who_was_treated_not_by_chance_is_told_and_weighed() -> None:
    draw = np.random.default_rng(0)
    old = draw.random(6_000) < 0.5
    treated = draw.random(6_000) < np.where(old, 0.85, 0.15)
    bought = draw.random(6_000) < np.where(old, 0.5, 0.1)
    table: Table = {
        "old": [str(int(one)) for one in old],
        "noise": [str(one) for one in draw.integers(0, 9, 6_000)],
        "treated": [str(int(one)) for one in treated],
        "bought": [str(int(one)) for one in bought],
    }
    fitted = fit(table, "treated", "bought", learner="doubly_robust")
    assert any("not by chance" in note for note in fitted.notes)
    assert fitted.average > 0.2
    assert abs(fitted.model.uplift(table, 6_000).mean()) < 0.05


def _with(**columns: Callable[[int], str | None]) -> Table:
    table, _ = made(400)
    return {**table, **{name: [make(number) for number in range(400)] for name, make in columns.items()}}


@pytest.mark.parametrize(
    ("table", "says"),
    [
        (_with(group=lambda _: "mail"), "every row of 'group'"),
        (_with(group=lambda number: f"g{number % 3}"), "3 groups"),
        (_with(bought=lambda _: "1"), "is 1 everywhere"),
        (_with(bought=lambda number: ("often", "never")[number % 2]), "write 1/0"),
        (_with(group=lambda number: "mail" if number < 3 else "no"), "3 in the smaller group"),
        (_with(bought=lambda _: None), "0 rows|one group|are in one group"),
    ],
)
def test_tables_without_an_effect_to_learn_are_refused(table: Table, says: str) -> None:
    with pytest.raises(ExperimentRefused, match=says):
        fit(table, "group", "bought")


def test_absent_columns_are_named() -> None:
    table, _ = made(400)
    with pytest.raises(MissingColumn, match="arm"):
        fit(table, "arm", "bought")
    fitted = fit(table, "group", "bought", learner="two_models")
    with pytest.raises(MissingColumn, match="region"):
        fitted.model.uplift({"age": ["3"], "since": ["2020-01-01"]}, 1)
    with pytest.raises(ExperimentRefused, match="no row of 'group' is 'x'"):
        fit(table, "group", "bought", control="x")
    with pytest.raises(ExperimentRefused, match="no learner"):
        fit(table, "group", "bought", learner="x")


def test_values_that_were_not_there_in_the_fit_do_no_harm() -> None:
    table, _ = made(600)
    fitted = fit(table, "group", "bought", learner="interactions")
    found = fitted.model.uplift({"region": ["east", None], "age": [None, "x"], "since": ["?", ""]}, 2)
    assert np.isfinite(found).all()
    assert not len(fitted.model.uplift({"region": [], "age": [], "since": []}, 0))


def _halves(raw: Table, rows: int) -> tuple[Table, Table, Bools]:
    first = np.random.default_rng(11).permutation(rows) % 2 == 0
    parts = [
        {name: [one for one, kept in zip(values, mine, strict=True) if kept] for name, values in raw.items()}
        for mine in (first.tolist(), (~first).tolist())
    ]
    return parts[0], parts[1], ~first


@pytest.mark.slow
def test_hillstroms_experiment_is_ordered_better_than_by_chance() -> None:
    source = pq.read_table(hillstrom())
    raw: Table = {name: [str(one) for one in source.column(name).to_pylist()] for name in source.column_names}
    learned, judged, rest = _halves(raw, source.num_rows)
    fitted = fit(learned, "segment", "visit")
    assert {"conversion", "spend"}.isdisjoint(one.name for one in fitted.model.columns.encoder.columns)
    score = fitted.model.uplift(judged, int(rest.sum()))
    treated = np.array([one != "No E-Mail" for one in judged["segment"]])
    worth = gain(score, treated, np.array([float(one or 0) for one in judged["visit"]]))
    assert worth.qini_low > 0
    assert worth.qini > 0.004
