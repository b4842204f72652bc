"""`liuke retention score`: Parquet in, Parquet out, the risks that the model in memory gives."""

from __future__ import annotations

import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import retention
from retention.checks import check
from retention.history import History
from tests.contracts.retention_core import NOW
from tests.retention.commands.test_churn_value_segments import run


@pytest.fixture(scope="module")
def shop(history: History, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The events in two files of a folder, as an export in parts is."""
    folder = tmp_path_factory.mktemp("shop")
    checked = check(history, NOW).history
    (folder / "events").mkdir()
    half = checked.events.num_rows // 2
    pq.write_table(checked.events.slice(0, half), folder / "events" / "1.parquet")
    pq.write_table(checked.events.slice(half), folder / "events" / "2.parquet")
    pq.write_table(checked.products, folder / "products.parquet")
    return {"--events": folder / "events", "--products": folder / "products.parquet"}


def asked(shop: dict[str, Path], report: retention.FitReport, **other: object) -> tuple[int, str]:
    named = {f"--{name}": value for name, value in other.items()}
    options = {**shop, "--model": report.directory, "--at": NOW.isoformat(), **named}
    return run("score", *(part for pair in options.items() for part in pair))


def test_scores_of_files_are_those_of_the_history_in_memory(
    shop: dict[str, Path], report: retention.FitReport, history: History, tmp_path: Path
) -> None:
    out = tmp_path / "scores.parquet"
    code, told = asked(shop, report, out=out)
    assert code == 0, told
    risks = {one.customer: one for one in retention.score_customers(report.directory, history, now=NOW)}
    assert f"{len(risks)} customers scored" in told
    found = pq.read_table(out).to_pylist()
    assert {row["customer"] for row in found} == set(risks)
    for row in found:
        assert row["probability"] == pytest.approx(risks[row["customer"]].probability)
        assert row["band"] == risks[row["customer"]].band.value
    assert [one.name for one in tmp_path.iterdir()] == ["scores.parquet"]


def test_what_lies_after_the_moment_is_not_seen(
    shop: dict[str, Path], report: retention.FitReport, history: History, tmp_path: Path
) -> None:
    earlier = NOW.replace(month=NOW.month - 3)
    code, told = asked(shop, report, out=tmp_path / "scores.parquet", at=earlier.isoformat())
    assert code == 0, told
    risks = {one.customer: one for one in retention.score_customers(report.directory, history, now=earlier)}
    found = pq.read_table(tmp_path / "scores.parquet").to_pylist()
    assert {row["customer"]: row["probability"] for row in found} == pytest.approx(
        {name: one.probability for name, one in risks.items()}
    )


def test_what_is_wrong_is_said_and_nothing_is_written(
    shop: dict[str, Path], report: retention.FitReport, history: History, tmp_path: Path
) -> None:
    inputs = tmp_path / "in"
    inputs.mkdir()
    (inputs / "text.parquet").write_text("not Parquet")
    pq.write_table(history.events.drop_columns(["at"]), inputs / "short.parquet")
    (inputs / "empty").mkdir()
    cases: tuple[tuple[dict[str, object], str], ...] = (
        ({"out": tmp_path / "scores.csv"}, "written as .parquet"),
        ({"events": inputs / "none.parquet"}, "none.parquet is not there"),
        ({"model": inputs / "none"}, "none is not there"),
        ({"model": inputs}, "cannot be read"),
        ({"at": "tomorrow"}, "'tomorrow' is no time"),
        ({"events": inputs / "short.parquet"}, "lacks the column(s) at"),
        ({"events": inputs / "text.parquet"}, "text.parquet cannot be read as Parquet"),
        ({"events": inputs / "empty"}, "empty holds no .parquet file"),
        ({"memory": "much"}, "with --memory much"),
        ({"memory": "2MB"}, "--memory 2MB is too little"),
        ({"out": tmp_path / "nowhere" / "scores.parquet"}, "nowhere is not there"),
    )
    for changed, said in cases:
        code, told = asked(shop, report, **{"out": tmp_path / "scores.parquet", **changed})
        assert code == 1, (changed, told)
        # A long path wraps the line, within the path, too.
        assert said.replace(" ", "") in "".join(told.split())
    assert [one.name for one in tmp_path.iterdir()] == ["in"]


def test_without_the_extra_it_is_said_how_to_get_spark(
    shop: dict[str, Path], report: retention.FitReport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    code, told = asked(shop, report, out=tmp_path / "scores.parquet", engine="spark")
    assert code == 1
    assert "pip install 'liuke[scale]'" in told
    assert list(tmp_path.iterdir()) == []
