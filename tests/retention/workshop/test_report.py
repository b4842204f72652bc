"""A report is whole or not there, and says the same in words, figures and charts."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from kernel.intervals import wilson
from retention.checks import check
from retention.choices import Mode
from retention.history import History
from retention.metrics import auc_interval
from retention.rates import Activity, Ending, Kind, cohorts, rates, survival
from retention.recommenders.registry import fit_model
from retention.value.fit import Outcome
from retention.workshop import baselines, charts, report, tables
from retention.workshop.evaluation import Evaluation, segment
from retention.workshop.outcomes import (
    LIUKE,
    ChurnSplit,
    calibration_curve,
    judge,
    judge_churn,
    judge_value,
    lift,
)
from retention.workshop.recommendation import Split, judge_models
from retention.workshop.report import FolderTaken
from tests.contracts.retention_core import NOW

pytestmark = pytest.mark.slow

CUT = NOW - timedelta(days=60)


@pytest.fixture(scope="module")
def evaluation(history: History) -> Evaluation:
    activity = Activity.of(history.events, NOW)
    split = Split.of(history, NOW, CUT)
    churn = ChurnSplit.of(history, CUT, 60, seed=1)
    return Evaluation(
        log="made up",
        rows=history.events.num_rows,
        start=NOW - timedelta(days=400),
        end=NOW,
        seed=1,
        split=split,
        recommendation=judge_models(split, 10, seed=1, names=("popularity", "own")),
        churn=judge_churn(churn),
        value=judge_value(churn, seed=1),
        segments=segment(check(history, NOW), seed=1),
        rates=rates(activity, Kind.WITHIN),
        cohorts=cohorts(activity),
        survival=survival(activity, Ending.LAPSE, lapse=60),
        silence=60,
    )


TABLES = (
    "recommendation", "churn", "lift", "calibration", "value", "segments", "clusters", "cluster_choices",
    "retention", "cohorts", "survival",
)  # fmt: skip


def test_a_report_holds_tables_figures_and_pictures(evaluation: Evaluation, tmp_path: Path) -> None:
    out = tmp_path / "report"
    files = {path.name for path in report.write(evaluation, out, "svg")}
    assert files == {
        "report.md",
        "report.json",
        *(f"{name}.svg" for name in ("ndcg", "coverage", "lift", "calibration", "cohorts")),
        *(f"{name}.csv" for name in TABLES),
    }
    page = (out / "report.md").read_text("utf-8")
    assert all(f"]({name})" in page for name in files if not name.startswith("report."))
    figures = json.loads((out / "report.json").read_text("utf-8"))
    own = next(
        one for one in figures["recommendation"]["models"] if (one["model"], one["mode"]) == ("own", "any")
    )
    assert f"| own | {own['ndcg']['value']:.3f} ±" in page
    ours = figures["churn"]["models"][0]
    assert ours["model"] == LIUKE
    assert f"| **Liuke** | {ours['auc']['value']:.3f} ({ours['auc']['low']:.3f}" in page
    worth = figures["value"][0]
    assert worth["model"] == LIUKE
    assert f"{worth['spend_mae']:.2f} ±" in page
    assert list(tmp_path.iterdir()) == [out]


def test_segments_cohorts_and_curves_are_in_the_figures(evaluation: Evaluation, tmp_path: Path) -> None:
    out = tmp_path / "report"
    report.write(evaluation, out, "svg")
    figures = json.loads((out / "report.json").read_text("utf-8"))
    page = (out / "report.md").read_text("utf-8")
    found = figures["segments"]
    assert sum(one["customers"] for one in found["rfm"]) == found["customers"]
    assert sum(one["customers"] for one in found["clusters"]) == found["customers"]
    (chosen,) = (one for one in found["choices"] if one["chosen"])
    assert chosen["k"] == len(found["clusters"])
    assert all(-1 <= one["silhouette"] <= 1 and one["stability"] <= 1 for one in found["choices"])
    assert f"| **{chosen['k']}** | {chosen['silhouette']:.3f} | {chosen['stability']:.3f} |" in page
    assert "重要价值客户" in page
    assert len(figures["cohorts"]) == len(evaluation.cohorts)
    assert figures["cohorts"][0]["rate"] == 1.0
    assert figures["survival"]["silence_days"] == 60
    shares = [one["share"] for one in figures["survival"]["steps"]]
    assert shares == sorted(shares, reverse=True)
    assert {one["of"] for one in figures["churn"]["lift"]} == {"all", "active"}
    assert {one["model"] for one in figures["churn"]["calibration"]} == {
        one["model"] for one in figures["churn"]["models"]
    }


def test_the_csv_files_hold_what_the_figures_do(evaluation: Evaluation, tmp_path: Path) -> None:
    for name, file in tables.write_tables(evaluation, tmp_path).items():
        read = list(csv.DictReader((tmp_path / file).read_text("utf-8").splitlines()))
        rows = tables.tables(evaluation)[name]
        assert read == [
            {key: "" if value is None else str(value) for key, value in row.items()} for row in rows
        ]


def test_curves_by_hand() -> None:
    left = np.array([True, False, True, False])
    points = lift(left, np.array([0.9, 0.8, 0.7, 0.1]))
    assert [(one["customers"], one["left"]) for one in points] == [(1, 1), (2, 1), (3, 2), (4, 2)]
    assert [one["lift"] for one in points] == pytest.approx([2, 1, 4 / 3, 1])
    assert [one["recall"] for one in points] == [0.5, 0.5, 1, 1]
    assert lift(~left & left, left.astype(float)) == []
    tenths = calibration_curve(left, np.array([0.9, 0.8, 0.7, 0.1]))
    assert [(one["said"], one["came"]) for one in tenths] == [(0.1, 0), (0.7, 1), (0.8, 0), (0.9, 1)]


@pytest.mark.parametrize(("capacity", "reached"), [(0.05, 10), (0.5, 100), (40.0, 40), (1.0, 1), (1e6, 201)])
def test_the_staffs_capacity_is_a_share_or_a_number(
    evaluation: Evaluation, capacity: float, reached: int
) -> None:
    assert evaluation.churn is not None
    split = replace(evaluation.churn.split, capacity=capacity)
    active = split.active
    assert active.sum() == 201
    assert split.reached == reached
    ours = judge(LIUKE, split, evaluation.churn.judged[0].probability)
    chance, left = ours.probability[active], split.window.left[active]
    hits = int(left[np.argsort(-chance, kind="stable")[:reached]].sum())
    assert ours.precision_at_capacity.value == hits / reached
    assert (ours.precision_at_capacity.low, ours.precision_at_capacity.high) == wilson(hits, reached)
    assert (ours.auc_active.low, ours.auc_active.high) == auc_interval(left, chance)
    assert ours.auc_active.low < ours.auc_active.value < ours.auc_active.high


def test_what_auto_has_to_say_is_in_the_notes(history: History) -> None:
    """With too few customers who came back it says so, and what it takes."""
    split = Split.of(history, NOW, NOW - timedelta(days=360))
    fitted = fit_model("auto", split.interactions, seed=1)
    assert fitted.notes
    done = judge_models(split, 10, seed=1, names=("auto",))
    assert set(fitted.notes) <= set(done.notes)


def test_the_same_figures_draw_the_same_picture(evaluation: Evaluation, tmp_path: Path) -> None:
    assert evaluation.recommendation is not None
    for name in ("a.svg", "b.svg"):
        charts.save(charts.ndcg_bars(evaluation.recommendation), tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_an_earlier_report_is_replaced_and_nothing_else_is(evaluation: Evaluation, tmp_path: Path) -> None:
    small = Evaluation(log="x", rows=0, start=NOW, end=NOW, seed=0, cohorts=evaluation.cohorts)
    out = tmp_path / "report"
    report.write(small, out)
    (out / "old.txt").write_text("old")
    report.write(small, out)
    assert not (out / "old.txt").exists()
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / "thesis.tex").write_text("do not lose me")
    with pytest.raises(FolderTaken, match="not a report"):
        report.write(small, theirs)
    assert (theirs / "thesis.tex").exists()


def test_a_report_that_cannot_be_drawn_leaves_nothing(
    evaluation: Evaluation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(charts, "draw_all", broken)
    with pytest.raises(OSError, match="full"):
        report.write(evaluation, tmp_path / "report")
    assert list(tmp_path.iterdir()) == []


def test_a_churn_split_asks_buyers_before_the_cut_only(history: History, evaluation: Evaluation) -> None:
    assert evaluation.churn is not None
    window = evaluation.churn.split.window
    bought = [row for row in history.events.to_pylist() if row["kind"] == "purchase"]
    cut, end = (int(moment.timestamp() * 1e6) for moment in (CUT, NOW))
    before = {row["customer"] for row in bought if row["at"] < cut}
    after = {row["customer"] for row in bought if cut <= row["at"] < end}
    assert set(window.customers) == before
    assert [name not in after for name in window.customers] == window.left.tolist()


def test_what_customers_spend_is_counted_in_the_window(history: History, evaluation: Evaluation) -> None:
    assert evaluation.churn is not None
    split = evaluation.churn.split
    cut, end = (int(moment.timestamp() * 1e6) for moment in (CUT, NOW))
    spent = sum(
        row["amount"]
        for row in history.events.to_pylist()
        if row["kind"] == "purchase" and cut <= row["at"] < end and row["customer"] in split.window.customers
    )
    assert split.outcome.spend.sum() == spent


def test_without_the_baselines_it_is_said_how_to_get_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(baselines, "find_spec", lambda name: None)
    missing = r"implicit, lifetimes, lightgbm missing: pip install 'liuke\[peers\]'"
    with pytest.raises(baselines.BaselinesMissing, match=missing):
        baselines.require()


def test_baselines_are_tuned_within_the_past_and_judged_alike(evaluation: Evaluation) -> None:
    for library in ("implicit", "lightgbm", "lifetimes"):
        pytest.importorskip(library, reason=f"{library} is of the extra `peers`", exc_type=ImportError)
    from retention.workshop.recommender_baselines import judge_baselines

    assert evaluation.split is not None
    judged = judge_baselines(evaluation.split, 10, tries=2, seed=1)
    names = {(one.model, one.mode) for one in judged}
    assert {(f"implicit {name}", mode) for name in ("BM25", "ALS", "BPR") for mode in Mode} <= names
    assert evaluation.recommendation is not None
    popular = evaluation.recommendation.find("popularity", Mode.ANY)
    tuned = next(one for one in judged if (one.model, one.mode) == ("implicit BM25", Mode.ANY))
    assert popular is not None
    assert tuned.settings
    assert tuned.mean("ndcg").value > popular.mean("ndcg").value
    assert evaluation.churn is not None
    done = judge_churn(evaluation.churn.split)
    baselines.add_churn(done, tries=2, seed=1)
    found = {one.model: one for one in done.judged}
    assert found["LightGBM, our features"].auc.value > 0.6
    assert found["lifetimes BG/NBD"].auc.value > 0.6
    worth = baselines.judge_lifetimes(done.split, 2)
    assert not isinstance(worth, str)
    assert 0.3 < worth.purchases_total < 3


def test_the_penalty_of_lifetimes_is_tuned_on_the_past(evaluation: Evaluation) -> None:
    """The best of those tried is taken, not the first that converges, and never by a look at what came after."""
    assert evaluation.churn is not None
    split = evaluation.churn.split
    latest = split.learned[-1]
    came = Outcome.of(split.past.history.events, latest.customers, latest.moment, latest.end)
    asked: list[float] = []

    def foretell(
        penalty: float, raw: NDArray[np.int64], days: float
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        asked.append(days)
        assert raw is latest.raw
        if penalty == 0.0:
            raise ArithmeticError("it gives no finite number")
        off = abs(penalty - 0.01)
        return np.ones(len(raw)), came.spend + 100 * off

    best, trouble = baselines.ranked_penalties(
        4, lambda penalty: baselines.spend_error_before(split, penalty, foretell)
    )
    assert best == [0.01, 0.001, 0.1]
    assert "no finite number" in trouble
    assert asked == [latest.days] * 4
