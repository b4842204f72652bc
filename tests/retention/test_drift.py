"""Drift is what has moved by more than chance would move it."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from kernel.times import to_micros
from retention import FitReport, artifacts, drift, review
from retention.checks import check
from retention.core import Core
from retention.features.expressions import RawTable, Shop
from retention.features.raw import NAMES as RAW
from retention.history import History
from retention.reviewing import SLOW, best_scores, older_version, reference_of
from tests.contracts.retention_core import NOW

counts = st.lists(st.integers(0, 500), min_size=2, max_size=10)


@pytest.fixture(scope="module")
def table(history: History) -> NDArray[np.int64]:
    return RawTable.of(Shop(history), to_micros(NOW)).values


def test_nothing_has_moved_at_the_moment_of_the_fit(fitted: Core, table: NDArray[np.int64]) -> None:
    then = drift.reference(fitted.churn, table)
    found = drift.since(then, "v", fitted.churn, table)
    assert {one.index for one in found.shifts} == {0.0}
    assert found.drifted == ()
    assert drift.SCORE in {one.name for one in found.shifts}


def test_what_moved_is_named_and_the_rest_is_not(fitted: Core, table: NDArray[np.int64]) -> None:
    then = drift.reference(fitted.churn, table)
    now = table.copy()
    now[:, RAW.index("searches_30")] += 40
    found = drift.since(then, "v", fitted.churn, now)
    assert found.shifts[0].name == "searches_30"
    assert found.shifts[0].level == "drifted"
    assert {one.name for one in found.shifts if one.level != "steady"} <= {"searches_30", drift.SCORE}


def test_a_small_sample_of_the_same_customers_has_not_drifted(fitted: Core, table: NDArray[np.int64]) -> None:
    then = drift.reference(fitted.churn, table)
    draw = np.random.default_rng(1)
    alarms = 0
    for _ in range(20):
        sample = table[draw.choice(len(table), 40, replace=False)]
        alarms += any(one.level != "steady" for one in drift.since(then, "v", fitted.churn, sample).shifts)
    assert alarms <= 2


def test_a_saved_version_carries_its_reference(
    fitted: Core, report: FitReport, table: NDArray[np.int64]
) -> None:
    then = reference_of(report.directory)
    assert then is not None
    alone = drift.reference(fitted.churn, table)
    assert {name: one for name, one in then.counts.items() if name != drift.BEST} == alone.counts
    assert sum(then.counts[drift.BEST]) == len(fitted.lists.customers)
    assert drift.from_facts(json.loads(json.dumps(asdict(then)))) == then


def test_nobody_left_says_nothing(fitted: Core, table: NDArray[np.int64]) -> None:
    then = drift.reference(fitted.churn, table)
    assert drift.since(then, "v", fitted.churn, table[:0]).shifts == ()
    nobody = drift.reference(fitted.churn, table[:0])
    assert drift.since(nobody, "v", fitted.churn, table).shifts == ()


@given(counts, st.integers(1, 50))
def test_the_index_is_nothing_for_the_same_shares_and_never_negative(one: list[int], times: int) -> None:
    assert drift.stability_index(one, one) == 0.0
    other = [value * times for value in one[::-1]]
    assert drift.stability_index(one, other) >= 0.0


def test_the_index_by_hand() -> None:
    """Two halves that became one and three quarters: (1/4)·ln(3/2 · 2), to the half customer in each bin."""
    found = drift.stability_index([50_000, 50_000], [75_000, 25_000])
    assert found == pytest.approx(0.25 * np.log(1.5) + 0.25 * np.log(2.0), abs=1e-4)


def test_chance_by_simulation() -> None:
    """In one of twenty draws from one population the index exceeds its limit."""
    draw = np.random.default_rng(2)
    shares = np.full(10, 0.1)
    limit = drift.by_chance(10, 400, 300, 0.05)
    found = [
        drift.stability_index(draw.multinomial(400, shares), draw.multinomial(300, shares))
        for _ in range(2_000)
    ]
    assert np.mean(np.array(found) > limit) == pytest.approx(0.05, abs=0.02)


def kept(of: Path, into: Path, version: str, at: datetime, reference: drift.Reference | None = None) -> Path:
    """The version once more, as if it had been fitted at another moment, on customers as they were then."""
    manifest, parts = artifacts.read(of)
    if reference is not None:
        parts["reference"] = (asdict(reference), {})
    facts = {"version": version, "fitted_at": at.isoformat(), "seed": 1, "data_hash": manifest.data_hash}
    artifacts.write(into / version, facts, parts)
    return into / version


def test_what_moves_a_little_every_night_shows_from_an_older_version(
    fitted: Core, report: FitReport, history: History, table: NDArray[np.int64], tmp_path: Path
) -> None:
    """Searches grew by two a night: from last night that is nothing, from three weeks ago it is a lot."""
    served = kept(report.directory, tmp_path, "b", NOW - timedelta(days=1))
    candidate = kept(report.directory, tmp_path, "c", NOW)
    alone = review(served, candidate, history, now=NOW).drift
    assert alone is not None
    assert alone.older is None
    past = table.copy()
    past[:, RAW.index("searches_30")] += 40
    kept(report.directory, tmp_path, "a", NOW - timedelta(days=20), drift.reference(fitted.churn, past))
    found = review(served, candidate, history, now=NOW).drift
    assert found is not None
    assert found.older is not None
    assert (found.version, found.older.version) == ("b", "a")
    assert "searches_30" not in {one.name for one in found.shifts if one.level == "drifted"}
    assert found.older.shifts[0].name == "searches_30"
    assert "searches_30" in {one.name for one in found.drifted}


def test_the_older_version_is_the_oldest_of_a_month(report: FitReport, tmp_path: Path) -> None:
    served = kept(report.directory, tmp_path, "served", NOW - timedelta(days=1))
    candidate = kept(report.directory, tmp_path, "new", NOW)
    (tmp_path / ".new.part").mkdir()
    (tmp_path / "notes.txt").write_text("no version")
    assert older_version(served, candidate, NOW) is None
    kept(report.directory, tmp_path, "ancient", NOW - 3 * SLOW)
    assert older_version(served, candidate, NOW) == tmp_path / "ancient"
    for days in (9, 29):
        kept(report.directory, tmp_path, f"{days} days", NOW - timedelta(days=days))
    kept(report.directory, tmp_path, "later", NOW - timedelta(hours=2))
    assert older_version(served, candidate, NOW) == tmp_path / "29 days"


def test_a_damaged_older_version_is_passed_over(report: FitReport, history: History, tmp_path: Path) -> None:
    served = kept(report.directory, tmp_path, "b", NOW - timedelta(days=1))
    candidate = kept(report.directory, tmp_path, "c", NOW)
    older = kept(report.directory, tmp_path, "a", NOW - timedelta(days=9))
    (older / "churn.npz").write_bytes(b"?")
    found = review(served, candidate, history, now=NOW).drift
    assert found is not None
    assert found.older is None


def test_the_recommenders_scores_are_watched(
    fitted: Core, report: FitReport, history: History, table: NDArray[np.int64]
) -> None:
    then = reference_of(report.directory)
    assert then is not None
    now = best_scores(fitted, check(history, NOW), seed=1)
    assert len(now) == 200
    steady = drift.since(then, "v", fitted.churn, table, now)
    found = {one.name: one for one in steady.shifts}
    assert found[drift.BEST].level == "steady"
    moved = drift.since(then, "v", fitted.churn, table, now + 3.0)
    assert {one.name: one for one in moved.shifts}[drift.BEST].level == "drifted"
