"""Fits that have little or odd data, are the same twice, and are kept safe on disk."""

from __future__ import annotations

import json
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import retention
from kernel.times import to_micros
from retention import ModelDamaged, RecommendContext, RiskContext
from retention.artifacts import read_manifest
from retention.checks import check
from retention.fitting import daily_sales
from retention.history import History
from tests.contracts.retention_core import NOW, bought, states
from tests.retention.conftest import make_events, make_history, make_products


def purchase(number: int, customer: str, days_ago: float, **values: Any) -> dict[str, Any]:
    at = to_micros(NOW - timedelta(days=days_ago))
    row = {"id": f"e{number}", "kind": "purchase", "customer": customer, "product": "p0", "at": at}
    return {**row, "amount": 100, "currency": "CNY", **values}


def everybody_leaves() -> History:
    return History.from_rows(purchase(n, f"c{n}", 390 - n % 40) for n in range(200))


def everybody_stays() -> History:
    return History.from_rows(
        purchase(1_000 * n + day, f"c{n}", day + 0.5, product=f"p{n % 3}")
        for n in range(60)
        for day in range(0, 380, 7)
    )


DEGENERATE = {
    "empty": History.of(),
    "products only": History.from_rows(products=make_products()),
    "one event": History.from_rows([purchase(1, "c", 5)]),
    "one customer": History.from_rows(purchase(n, "c", n * 3) for n in range(1, 100)),
    "one product": History.from_rows(purchase(n, f"c{n % 70}", n / 2 + 1) for n in range(700)),
    "one moment": History.from_rows(purchase(n, f"c{n}", 100, product=f"p{n % 9}") for n in range(300)),
    "nothing but views": History.from_rows(
        purchase(n, f"c{n % 50}", n / 3 + 1, kind="view", amount=None) for n in range(600)
    ),
    "no products named": History.from_rows(
        purchase(n, f"c{n % 50}", n / 3 + 1, product=None) for n in range(600)
    ),
    "all leave": everybody_leaves(),
    "all stay": everybody_stays(),
    "all rows bad": History.from_rows(purchase(n, f"c{n}", -5) for n in range(50)),
}


@pytest.mark.parametrize("name", DEGENERATE)
def test_odd_data_gives_a_working_model_that_says_what_it_lacks(name: str, tmp_path: Path) -> None:
    report = retention.fit(DEGENERATE[name], tmp_path / "v", now=NOW)
    core = retention.load(report.directory)
    events = [bought("p0", 30), bought("p1", 3)]
    found = core.recommend("c", 5, RecommendContext(now=NOW, stock=states(), events=events))
    assert len(found) == 5
    risk = core.risk("c", RiskContext(now=NOW, events=events))
    assert 0 <= risk.probability <= 1
    assert report.notes
    json.dumps(dict(report.metrics), allow_nan=False)
    for one in retention.score_customers(report.directory, DEGENERATE[name], now=NOW):
        assert 0 <= one.probability <= 1


def test_base_rate_follows_the_labels(tmp_path: Path) -> None:
    leave = retention.load(retention.fit(everybody_leaves(), tmp_path / "a", now=NOW, judged=False).directory)
    stay = retention.load(retention.fit(everybody_stays(), tmp_path / "b", now=NOW, judged=False).directory)
    assert leave.risk("c", RiskContext(now=NOW)).probability > 0.9
    assert stay.risk("c", RiskContext(now=NOW)).probability < 0.1


def test_bad_rows_are_in_the_report(tmp_path: Path) -> None:
    rows = [*make_events(customers=20), purchase(10**6, "c", -3), purchase(10**6 + 1, "c", 3, amount=-5)]
    report = retention.fit(History.from_rows(rows, make_products()), tmp_path / "v", now=NOW, judged=False)
    assert {one.code: one.count for one in report.problems} == {"future": 1, "negative_amount": 1}


@pytest.mark.slow
def test_a_robot_does_not_speak_for_everybody(tmp_path: Path, history: History) -> None:
    """A customer with a tenth of all events leaves the recommender as it is without them."""
    rows = history.events.to_pylist()
    robot = [
        {**rows[0], "id": f"r{n}", "kind": "purchase", "customer": "robot", "product": f"p{n % 40}"}
        for n in range(len(rows) // 5)
    ]
    products = history.products.to_pylist()
    loud = retention.fit(
        History.from_rows(rows + robot, products), tmp_path / "loud", now=NOW, seed=3, judged=False
    )
    quiet = retention.fit(history, tmp_path / "quiet", now=NOW, seed=3, judged=False)
    parts = [(one.directory / "recommender.npz").read_bytes() for one in (loud, quiet)]
    assert parts[0] == parts[1]


@pytest.mark.slow
def test_same_data_moment_and_seed_same_files(tmp_path: Path) -> None:
    reports = [
        retention.fit(make_history(customers=120), tmp_path / name / "v1", now=NOW, seed=5) for name in "ab"
    ]
    files = [sorted(one.directory.iterdir()) for one in reports]
    assert [one.name for one in files[0]] == [one.name for one in files[1]]
    assert [one.read_bytes() for one in files[0]] == [one.read_bytes() for one in files[1]]


@pytest.mark.slow
def test_row_order_does_not_matter(tmp_path: Path) -> None:
    events = make_events(customers=120)
    one = retention.fit(
        History.from_rows(events, make_products()), tmp_path / "a" / "v", now=NOW, judged=False
    )
    other = retention.fit(
        History.from_rows(events[::-1], make_products()[::-1]), tmp_path / "b" / "v", now=NOW, judged=False
    )
    assert one.data_hash == other.data_hash
    assert one.metrics == other.metrics


def test_manifest_says_what_was_fitted(report: retention.FitReport) -> None:
    manifest = read_manifest(report.directory)
    assert (manifest.kind, manifest.version, manifest.seed) == ("retention", "20261101T090000", 3)
    assert manifest.data_hash == report.data_hash
    assert dict(manifest.metrics) == dict(report.metrics)
    assert set(manifest.files) == {one.name for one in report.directory.iterdir()} - {"manifest.json"}


@pytest.mark.parametrize("judged", [True, False])
def test_progress_goes_from_nothing_to_all(tmp_path: Path, judged: bool) -> None:
    seen: list[float] = []
    retention.fit(
        History.of(),
        tmp_path / "v",
        now=NOW,
        progress=lambda step, share: seen.append(share),
        judged=judged,
    )
    assert seen == sorted(seen)
    assert (seen[0], seen[-1]) == (0.0, 1.0)


def test_a_version_is_never_overwritten(report: retention.FitReport) -> None:
    with pytest.raises(FileExistsError, match="folder of its own"):
        retention.fit(History.of(), report.directory, now=NOW)


@pytest.mark.parametrize(
    "name", ["recommender.npz", "recommender.json", "churn.npz", "shop.json", "manifest.json"]
)
@pytest.mark.parametrize("damage", ["cut", "flip", "gone"])
def test_damage_is_noticed(report: retention.FitReport, tmp_path: Path, name: str, damage: str) -> None:
    shutil.copytree(report.directory, tmp_path / "v")
    path = tmp_path / "v" / name
    content = bytearray(path.read_bytes())
    if damage == "gone":
        path.unlink()
    else:
        content[len(content) // 2] ^= 0xFF
        path.write_bytes(content[: len(content) // 2] if damage == "cut" else content)
    with pytest.raises(ModelDamaged):
        retention.load(tmp_path / "v")


def test_a_changed_number_is_noticed(report: retention.FitReport, tmp_path: Path) -> None:
    """A file that still reads well is refused too."""
    shutil.copytree(report.directory, tmp_path / "v")
    path = tmp_path / "v" / "churn.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "base_rate": 0.123}))
    with pytest.raises(ModelDamaged, match="checksum"):
        retention.load(tmp_path / "v")


def test_a_manifest_cannot_point_out_of_its_folder(report: retention.FitReport, tmp_path: Path) -> None:
    shutil.copytree(report.directory, tmp_path / "v")
    path = tmp_path / "v" / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["files"]["../../etc/passwd"] = "0" * 64
    path.write_text(json.dumps(manifest))
    with pytest.raises(ModelDamaged, match="outside"):
        retention.load(tmp_path / "v")


def test_models_of_another_form_are_refused(report: retention.FitReport, tmp_path: Path) -> None:
    shutil.copytree(report.directory, tmp_path / "v")
    path = tmp_path / "v" / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "form": 99}))
    with pytest.raises(ModelDamaged, match="form 99"):
        retention.load(tmp_path / "v")


def test_rates_of_sale(history: History) -> None:
    rates = daily_sales(check(history, NOW))
    assert "p39" not in rates  # on sale for three days: too short to tell
    assert rates["p0"] > rates["p36"] > 0
