"""Contract tables: whatever stands in their columns, a finite chance comes out, in the order of the rows."""

from __future__ import annotations

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import HistGradientBoostingClassifier

from retention.churn import contract, logistic, trees
from retention.churn.encoding import Encoder
from retention.errors import LogRefused, MissingColumn
from retention.metrics import auc, calibration_error
from retention.report import Fitted
from tests.benchmarks.churn_tables import as_numbers, simulated
from tests.retention.real import hillstrom, telco

Table = dict[str, list[str | None]]

cells = st.one_of(st.none(), st.text(max_size=6), st.floats().map(str), st.integers().map(str))


def some(rows: int = 400, seed: int = 0) -> Table:
    """Who pays by the month and is new leaves."""
    draw = np.random.default_rng(seed)
    months = draw.integers(0, 70, rows)
    monthly = draw.random(rows) < 0.5
    left = draw.random(rows) < 1 / (1 + np.exp(-(1.5 * monthly - months / 15)))
    return {
        "id": [f"C{number}" for number in range(rows)],
        "months": [str(one) if draw.random() > 0.05 else None for one in months],
        "contract": ["monthly" if one else "yearly" for one in monthly],
        "left": ["yes" if one else "no" for one in left],
    }


def only(table: Table, rows: slice) -> Table:
    return {name: values[rows] for name, values in table.items()}


@pytest.fixture(scope="module")
def fitted() -> Fitted[contract.ContractModel]:
    return contract.fit(some(), "left", customer="id", seed=1)


def test_tells_leavers_from_stayers(fitted: Fitted[contract.ContractModel]) -> None:
    table = some(seed=9)
    chances = fitted.model.probabilities(table, 400)
    left = np.array([one == "yes" for one in table["left"]])
    assert auc(left, chances) > 0.75
    assert calibration_error(left, chances) < 0.1
    assert any("by cross-validation" in note for note in fitted.notes)


def test_too_few_rows_for_trees_are_told_of() -> None:
    notes = contract.fit(some(200), "left", customer="id", seed=1).notes
    assert any("boosting needs 400 outcomes" in note for note in notes)


def test_what_could_not_be_fitted_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """With rows enough, trees are only lacking because the library keeps them to itself."""
    monkeypatch.setattr(contract.trees, "_extracted", lambda model, kinds: None)
    notes = contract.fit(some(2_000), "left", customer="id", seed=1).notes
    assert any("could not be taken out" in note for note in notes)
    assert not any("too few" in note or "needs" in note for note in notes)
    monkeypatch.setattr(contract.logistic, "regression", lambda *given: None)
    assert any("regression did not converge" in note for note in contract.fit(some(), "left", seed=1).notes)


def test_the_label_is_not_needed_and_order_is_kept(fitted: Fitted[contract.ContractModel]) -> None:
    table = {name: values for name, values in some(50, seed=2).items() if name != "left"}
    straight = fitted.model.probabilities(table, 50)
    turned = fitted.model.probabilities({name: values[::-1] for name, values in table.items()}, 50)
    assert straight == pytest.approx(turned[::-1], abs=1e-12)


def test_reasons_push_the_right_way(fitted: Fitted[contract.ContractModel]) -> None:
    table: Table = {"months": ["1", "69"], "contract": ["monthly", "yearly"]}
    new, old = fitted.model.reasons(table, 2)
    assert {one.code for one in new} == {"months", "contract"}
    assert all(one.weight > 0 for one in new)
    assert all(one.weight < 0 for one in old)


def test_a_column_that_is_not_there_is_named(fitted: Fitted[contract.ContractModel]) -> None:
    with pytest.raises(MissingColumn, match="contract"):
        fitted.model.probabilities({"months": ["1"]}, 1)
    with pytest.raises(MissingColumn, match="churned"):
        contract.fit(some(), "churned")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(cells, cells), min_size=1, max_size=8))
def test_anything_in_a_cell_gives_a_chance(
    fitted: Fitted[contract.ContractModel], rows: list[tuple[str | None, str | None]]
) -> None:
    table: Table = {"months": [one for one, _ in rows], "contract": [two for _, two in rows]}
    chances = fitted.model.probabilities(table, len(rows))
    assert ((chances > 0) & (chances < 1)).all()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(cells, cells), max_size=40))
def test_anything_in_a_column_can_be_learned_from(rows: list[tuple[str | None, str | None]]) -> None:
    table: Table = {"one": [one for one, _ in rows], "two": [two for _, two in rows]}
    encoder, notes = Encoder.of(table)
    encoded = encoder.encode(table, len(rows))
    assert np.isfinite(encoded).all()
    assert encoded.shape == (len(rows), len(encoder.owners))
    assert len(encoder.columns) + len(notes) == 2


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["Yes", "No", " yes "], [True, False, True]),
        (["1", "0", "1.0"], [True, False, True]),
        (["True.", "False.", "TRUE"], [True, False, True]),
        (["Churned", "Stayed", "churned"], [True, False, True]),
        (["是", "否", "流失"], [True, False, True]),
    ],
)
def test_labels_are_read_as_people_write_them(values: list[str | None], expected: list[bool]) -> None:
    left, known = contract.read_label([*values, None, ""], "left")
    assert left.tolist() == [*expected, False, False]
    assert known.tolist() == [True, True, True, False, False]


def test_a_label_of_other_values_is_refused() -> None:
    with pytest.raises(LogRefused, match="'maybe'"):
        contract.read_label(["yes", "maybe"], "left")


@pytest.mark.parametrize("rows", [0, 1, 30, 400])
@pytest.mark.parametrize("label", ["yes", "no"])
def test_one_label_everywhere_gives_its_rate(rows: int, label: str) -> None:
    table = some(rows)
    table["left"] = [label] * rows
    fitted = contract.fit(table, "left", customer="id")
    assert not fitted.model.fitted
    assert fitted.notes
    chance = fitted.model.probabilities(some(5), 5)
    assert ((chance > 0) & (chance < 1)).all()
    assert rows == 0 or (chance > 0.5).all() == (label == "yes")


def test_a_column_that_gives_it_away_is_told_of() -> None:
    table = some(600)
    table["goodbye"] = [str(7 if one == "yes" else number % 3) for number, one in enumerate(table["left"])]
    assert any("'goodbye'" in note for note in contract.fit(table, "left", customer="id").notes)


def test_a_saved_model_gives_the_same(fitted: Fitted[contract.ContractModel]) -> None:
    table = some(40, seed=3)
    again = contract.restored(*contract.saved(fitted.model))
    assert (again.probabilities(table, 40) == fitted.model.probabilities(table, 40)).all()
    assert again.reasons(table, 40) == fitted.model.reasons(table, 40)


@pytest.mark.slow
def test_telco_is_above_its_target_on_a_fold() -> None:
    """One fold of five; the benchmark has them all."""
    raw = pq.read_table(telco())
    table: Table = {name: [str(one) for one in raw.column(name).to_pylist()] for name in raw.column_names}
    order = np.random.default_rng(0).permutation(raw.num_rows)
    part = {name: [values[place] for place in order] for name, values in table.items()}
    fitted = contract.fit(only(part, slice(1_408, None)), "Churn", seed=0)
    held = only(part, slice(0, 1_408))
    chances = fitted.model.probabilities(held, 1_408)
    left = np.array([one == "Yes" for one in held["Churn"]])
    assert auc(left, chances) > 0.83
    assert fitted.metrics["churn_auc"] > 0.845
    assert calibration_error(left, chances) < 0.04


@pytest.mark.slow
def test_a_campaign_that_helped_hides_the_risk_of_those_left_alone() -> None:
    """Hillstrom's experiment: half were written to by chance, and more of them came."""
    raw = pq.read_table(hillstrom()).slice(0, 9_000)
    columns = ("recency", "history", "mens", "womens", "zip_code", "newbie", "channel")
    table: Table = {name: [str(one) for one in raw.column(name).to_pylist()] for name in columns}
    table["left"] = [str(1 - one) for one in raw.column("visit").to_pylist()]
    table["written"] = [str(int(one != "No E-Mail")) for one in raw.column("segment").to_pylist()]
    learn, held = only(table, slice(0, 5_000)), only(table, slice(5_000, None))
    alone = np.array([one == "0" for one in held["written"]])
    left = np.array([one == "1" for one in held["left"]])
    rows = len(alone)
    all_of_them = contract.fit({k: v for k, v in learn.items() if k != "written"}, "left", seed=0).model
    of_alone = contract.fit_untreated(learn, "left", "written", seed=0).model
    modelled = contract.fit(learn, "left", seed=0).model
    off = {**held, "written": ["0"] * rows}
    wrong = [
        abs(one[alone].mean() - left[alone].mean())
        for one in (
            all_of_them.probabilities(held, rows),
            of_alone.probabilities(held, rows),
            modelled.probabilities(off, rows),
        )
    ]
    assert wrong[0] > 0.015
    assert max(wrong[1:]) < wrong[0]


def held_out(
    kind: str, rows: int, learned: int
) -> tuple[Fitted[contract.ContractModel], np.ndarray, np.ndarray, float]:
    """A fit on part of a simulated table; who left of the rest, the chances given to them, and the AUC there of
    scikit-learn's boosting with its defaults."""
    table, left = simulated(kind, rows, 5)
    label: Table = {"left": ["yes" if one else "no" for one in left[:learned]]}
    fitted = contract.fit({**only(table, slice(0, learned)), **label}, "left", seed=0)
    chances = fitted.model.probabilities(only(table, slice(learned, None)), rows - learned)
    matrix, kinds = as_numbers(table)
    library = HistGradientBoostingClassifier(categorical_features=kinds, random_state=0)
    library.fit(matrix[:learned], left[:learned])
    return fitted, left[learned:], chances, auc(left[learned:], library.predict_proba(matrix[learned:])[:, 1])


@pytest.mark.slow
def test_steps_and_interactions_are_found() -> None:
    fitted, left, chances, library = held_out("steps", 3_000, 1_800)
    assert auc(left, chances) > max(library, 0.91)
    assert fitted.model.trees is not None
    assert calibration_error(left, chances) < 0.04


@pytest.mark.slow
def test_rows_that_are_nearly_alike_take_deep_trees() -> None:
    fitted, left, chances, library = held_out("duplicates", 3_000, 1_900)
    assert fitted.model.trees is not None
    assert fitted.model.trees.depth >= 5
    assert auc(left, chances) > library - 0.005


def test_the_regression_stands_where_nothing_else_is_to_be_found() -> None:
    fitted, left, chances, library = held_out("linear", 2_000, 1_000)
    assert fitted.model.linear is not None
    assert auc(left, chances) > library + 0.01


def test_a_regression_that_adds_nothing_is_left_out() -> None:
    draw = np.random.default_rng(0)
    left = draw.random(2_000) < 0.3
    known, noise = np.where(left, 1.0, -1.0) + draw.normal(0, 1, 2_000), draw.normal(0, 1, 2_000)
    assert contract._linear_share(noise, known, left) == 0.0
    assert contract._linear_share(known, noise, left) > 0.5
    assert contract._linear_share(None, known, left) == 0.0


def test_the_parts_of_a_score_add_up(fitted: Fitted[contract.ContractModel]) -> None:
    model = fitted.model
    table = some(60, seed=4)
    log_odds, parts = model.log_odds(table, 60)
    usual = log_odds - parts.sum(axis=1)
    assert usual == pytest.approx(np.full(60, usual[0]), abs=1e-9)
    assert model.probabilities(table, 60) == pytest.approx(1 / (1 + np.exp(-log_odds)), abs=1e-12)


def test_models_of_earlier_releases_are_read_as_they_were() -> None:
    """Their trees look at the encoded table, and the regression is half of the blend."""
    table = some(1_500)
    left = np.array([one == "yes" for one in table["left"]])
    used = {name: values for name, values in table.items() if name in ("months", "contract")}
    encoder, _ = Encoder.of(used)
    rows = encoder.encode(used, 1_500)
    linear, boosted = (
        logistic.fit(rows, left, np.arange(1_500) % logistic.FOLDS),
        trees.fit(rows, left, seed=1),
    )
    assert linear is not None
    assert boosted is not None
    model = contract.ContractModel(label="left", base_rate=0.3, encoder=encoder, linear=linear, trees=boosted)
    facts, arrays = contract.saved(model)
    for name in ("linear_share", "native"):
        del facts[name]
    again = contract.restored(facts, arrays)
    blend = (linear.predict(rows) + boosted.predict(rows)) / 2
    assert again.log_odds(used, 1_500)[0] == pytest.approx(blend, abs=1e-9)
