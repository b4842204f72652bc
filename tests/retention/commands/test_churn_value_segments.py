"""`liuke retention churn | value | segments`: files in, files out, and what is wrong is said."""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from retention.artifacts import read_manifest
from tests.benchmarks.long_log import write
from tests.retention.churn.test_contract import some
from tests.retention.commands.files import AT, COLUMNS, purchases, rows_of, run, written


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("log") / "log.csv", purchases())


def test_churn_of_a_log_sees_nothing_after_the_moment(log: Path, tmp_path: Path) -> None:
    out, saved = tmp_path / "risks.csv", tmp_path / "model"
    options = ("--columns", COLUMNS, "--at", AT, "--horizon", "30d")
    code, told = run("churn", "--events", log, *options, "--out", out, "--save", saved)
    assert code == 0, told
    found = rows_of(out)
    assert list(found[0])[:4] == ["customer", "probability", "band", "reasons"]
    assert {row["customer"] for row in found} == set(purchases(AT)["who"])
    chances = np.array([float(row["probability"]) for row in found])
    assert ((chances > 0) & (chances < 1)).all()
    assert {row["band"] for row in found} == {"low", "medium", "high"}
    assert all(row["reasons"] for row in found)
    kept = read_manifest(saved)
    assert kept.fitted_at == "2026-09-01T00:00:00+00:00"
    assert f"{kept.metrics['churn_auc']:.4g}" in told
    assert f"{kept.metrics['churn_expected_share']:.0%} of {len(found)} customers are expected" in told

    cut = written(tmp_path / "cut.csv", purchases(AT))
    again = tmp_path / "again.csv"
    code, told = run("churn", "--events", cut, *options, "--model", saved, "--out", again)
    assert code == 0, told
    assert again.read_bytes() == out.read_bytes()


def test_value_of_a_log_sees_nothing_after_the_moment(log: Path, tmp_path: Path) -> None:
    out, saved = tmp_path / "value.parquet", tmp_path / "model"
    options = ("--columns", COLUMNS, "--at", AT, "--horizon", "60d")
    code, told = run("value", "--events", log, *options, "--out", out, "--save", saved)
    assert code == 0, told
    assert f"{read_manifest(saved).metrics['value_spend_total']:.4g}" in told
    found = pq.read_table(out).to_pylist()
    assert set(found[0]) == {"customer", "purchases", "per_purchase", "spend"}
    assert found[0]["spend"] == max(row["spend"] for row in found)
    assert all(row["spend"] == pytest.approx(row["purchases"] * row["per_purchase"]) for row in found)

    cut = written(tmp_path / "cut.csv", purchases(AT))
    again = tmp_path / "again.parquet"
    code, told = run("value", "--events", cut, *options, "--model", saved, "--out", again)
    assert code == 0, told
    assert pq.read_table(again).equals(pq.read_table(out))


@pytest.mark.slow
def test_segments_of_a_log_from_one_night_to_the_next(log: Path, tmp_path: Path) -> None:
    out, saved = tmp_path / "segments.csv", tmp_path / "model"
    code, told = run(
        "segments", "--events", log, "--columns", COLUMNS, "--at", AT, "--out", out, "--save", saved
    )
    assert code == 0, told
    assert "重要价值客户" in told
    assert "silhouette" in told
    found = rows_of(out)
    assert len(found) == len(set(purchases(AT)["who"]))
    cut = written(tmp_path / "cut.csv", purchases(AT))
    again = tmp_path / "again.csv"
    options = ("--columns", COLUMNS, "--at", AT, "--model", saved, "--out", again)
    code, told = run("segments", "--events", cut, *options)
    assert code == 0, told
    assert again.read_bytes() == out.read_bytes()
    code, told = run(
        *("segments", "--events", log, "--columns", COLUMNS, "--at", "2026-09-02"),
        *("--out", tmp_path / "next.csv", "--previous", saved),
    )
    assert code == 0, told
    assert "adjusted Rand index with the previous clusters" in told


def test_bad_rows_are_told_of_with_their_numbers(tmp_path: Path) -> None:
    table = purchases(AT)
    rows = len(table["who"])
    bad = [("c0", "p39", "2026-08-01", "-1", "0.5"), ("c0", "p1", "2026-08-02", "1", "9000000000000")]
    bad += [
        ("crowd", "p2", f"2026-07-01T{n // 3600:02}:{n // 60 % 60:02}:{n % 60:02}", "1", "10")
        for n in range(rows)
    ]
    for name, values in zip(table, zip(*bad, strict=True), strict=True):
        table[name] = [*table[name], *values]
    log = written(tmp_path / "log.csv", table)
    out = tmp_path / "value.csv"
    code, told = run("value", "--events", log, "--columns", COLUMNS, "--at", AT, "--out", out)
    assert code == 0, told
    said = ("returns of what", f"{rows + 2}", "amounts above", f"{rows + 3}", "customers with 10%", "crowd")
    assert [one for one in said if one not in told] == []
    assert all(float(row["spend"]) < 1e6 for row in rows_of(out))


def test_a_contract_table_is_scored_in_its_order(tmp_path: Path) -> None:
    train = written(tmp_path / "train.csv", some(300))
    unlabelled = {name: values for name, values in some(60, seed=5).items() if name != "left"}
    test = written(tmp_path / "test.csv", unlabelled)
    out, saved = tmp_path / "scores.csv", tmp_path / "model"
    code, told = run(
        *("churn", "--data", train, "--label", "left", "--test", test, "--columns", "customer=id"),
        *("--out", out, "--save", saved),
    )
    assert code == 0, told
    found = rows_of(out)
    assert [row["customer"] for row in found] == unlabelled["id"]
    assert all(0 < float(row["probability"]) < 1 for row in found)
    kept = read_manifest(saved)
    assert kept.data_hash == sha256(train.read_bytes()).hexdigest()
    assert f"{kept.metrics['churn_auc']:.4g}" in told
    again = tmp_path / "again.csv"
    code, told = run("churn", "--model", saved, "--test", test, "--columns", "customer=id", "--out", again)
    assert code == 0, told
    assert again.read_bytes() == out.read_bytes()


def test_ids_of_a_contract_table_keep_their_type(tmp_path: Path) -> None:
    """Scores of numbered customers join with the table that they came from."""
    numbers = list(range(300))
    tables = {
        name: pa.table({**some(300), "id": pa.array(numbers, kind)})
        for name, kind in (("train", pa.int32()), ("test", pa.int64()))
    }
    for name, table in tables.items():
        pq.write_table(table, tmp_path / f"{name}.parquet")
    out = tmp_path / "scores.parquet"
    code, told = run(
        *("churn", "--data", tmp_path / "train.parquet", "--label", "left", "--columns", "customer=id"),
        *("--test", tmp_path / "test.parquet", "--out", out),
    )
    assert code == 0, told
    found = pq.read_table(out)
    assert found.column("customer").type == pa.int64()
    assert found.column("customer").to_pylist() == numbers


def test_what_a_contract_table_takes_no_notice_of_is_said(tmp_path: Path) -> None:
    train = written(tmp_path / "train.csv", some(300))
    options = ("--label", "left", "--columns", "customer=id", "--save", tmp_path / "model")
    code, told = run("churn", "--data", train, *options, "--horizon", "90d", "--at", AT)
    assert code == 0, told
    assert "--horizon 90d has no effect on a table" in told
    assert f"--at {AT} has no effect on a table" in told


def test_those_whom_a_campaign_reached_do_not_teach_the_risk(tmp_path: Path) -> None:
    """Everybody who was written to stayed: learned from, they would halve the risk of the others."""
    alone = some(300)
    reached: dict[str, list[str | None]] = {**some(300, seed=9), "left": ["no"] * 300}
    both = {name: [*alone[name], *reached[name]] for name in alone}
    sent = {"sent": ["0"] * 300 + ["1"] * 300}
    files = {
        name: written(tmp_path / f"{name}.csv", both | more) for name, more in (("all", {}), ("alone", sent))
    }
    options = ("--label", "left", "--columns", "customer=id")
    test = written(tmp_path / "test.csv", some(200, seed=5))
    means = {}
    for name, more in (("all", ()), ("alone", ("--treated", "sent"))):
        out = tmp_path / f"risks-{name}.csv"
        code, told = run("churn", "--data", files[name], *options, *more, "--test", test, "--out", out)
        assert code == 0, told
        assert ("campaigns reached 300 of 600 customers" in told) == bool(more)
        means[name] = np.mean([float(row["probability"]) for row in rows_of(out)])
    left = np.mean([one == "yes" for one in some(200, seed=5)["left"]])
    assert means["all"] < 0.7 * left
    assert means["alone"] == pytest.approx(left, abs=0.08)


@pytest.mark.parametrize("command", ["churn", "value", "segments"])
def test_a_model_of_another_kind_is_refused(command: str, log: Path, tmp_path: Path) -> None:
    other = {"churn": "value", "value": "segments", "segments": "churn"}[command]
    saved, out = tmp_path / "model", tmp_path / "out.csv"
    code, told = run(other, "--events", log, "--columns", COLUMNS, "--at", AT, "--save", saved)
    assert code == 0, told
    code, told = run(
        command, "--events", log, "--columns", COLUMNS, "--at", AT, "--model", saved, "--out", out
    )
    assert code == 1
    assert f"no model of the kind '{command}'" in told
    assert not out.exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--out", "x.csv"), "name either a log"),
        (("--data", "DATA", "--test", "DATA", "--out", "x.csv"), "--data and --label"),
        (("--data", "DATA", "--label", "nope", "--test", "DATA", "--out", "x.csv"), "nope"),
        (("--data", "DATA", "--label", "months", "--test", "DATA", "--out", "x.csv"), "write yes/no"),
        (("--data", "DATA", "--label", "left", "--test", "DATA", "--out", "x.txt"), "suffix decides"),
        (("--data", "DATA", "--label", "left", "--out", "x.csv"), "--test"),
        (("--data", "DATA", "--label", "left", "--test", "DATA"), "--out"),
        (("--data", "none.csv", "--label", "left", "--test", "DATA", "--out", "x.csv"), "no such file"),
        (("--model", "none", "--test", "DATA", "--out", "x.csv"), "cannot be read"),
        (("--data", "DATA", "--label", "left", "--treated", "sent", "--save", "m"), "sent"),
    ],
)
def test_what_is_wrong_is_said(
    arguments: tuple[str, ...], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = written(tmp_path / "data.csv", some(80))
    monkeypatch.chdir(tmp_path)
    code, told = run("churn", *(str(data) if one == "DATA" else one for one in arguments))
    assert code == 1
    assert said in told
    assert sorted(one.name for one in tmp_path.iterdir()) == ["data.csv"]


def test_churn_of_a_long_log_is_fitted_on_a_sample_and_scores_everybody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from retention.commands import churn_of_log
    from retention.logs import parsed

    log, whole, parts = tmp_path / "log.parquet", tmp_path / "whole.csv", tmp_path / "parts.csv"
    write(log, 30_000, 1_200, seed=5)
    code, told = run("churn", "--events", log, "--horizon", "60d", "--capacity", "25", "--out", whole)
    assert code == 0, told
    assert "a long log" not in told
    monkeypatch.setattr(parsed, "LONG", 5_000)
    monkeypatch.setattr(parsed, "PART", 10_000)
    monkeypatch.setattr(churn_of_log, "SAMPLE", 300)
    code, told = run("churn", "--events", log, "--horizon", "60d", "--capacity", "25", "--out", parts)
    assert code == 0, told
    sampled = re.search(r"a long log: fitted on 300 of its ([\d,]+) customers", told)
    assert sampled is not None
    # Some have nothing in the log that can be used.
    assert len(rows_of(whole)) <= int(sampled[1].replace(",", "")) <= 1_200
    both = [rows_of(whole), rows_of(parts)]
    assert [row["customer"] for row in both[0]] == [row["customer"] for row in both[1]]
    assert [sum(row["band"] == "high" for row in rows) for rows in both] == [25, 25]
    chances = [np.array([float(row["probability"]) for row in rows]) for rows in both]
    assert np.corrcoef(*chances)[0, 1] > 0.9
    assert abs(chances[0].mean() - chances[1].mean()) < 0.05
    again = tmp_path / "again.csv"
    run("churn", "--events", log, "--horizon", "60d", "--capacity", "25", "--out", again)
    assert again.read_bytes() == parts.read_bytes()
