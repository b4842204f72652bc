"""`liuke retention rate | cohorts | evaluate` as a program: right on a real log, clear on a wrong one."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections import defaultdict
from datetime import date, timedelta
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from retention.commands import app
from retention.commands.options import capacity
from retention.workshop import baselines
from tests.retention.commands.files import COLUMNS, purchases, written
from tests.retention.real import ONLINE_RETAIL_COLUMNS, cdnow, online_retail

PROGRAM = (sys.executable, "-m", "bot.cli", "retention")


def run(*arguments: object) -> tuple[int, str, str]:
    """In this process, which is quick."""
    done = CliRunner().invoke(app, [str(one) for one in arguments])
    return done.exit_code, done.stdout, " ".join(done.stderr.split())


def program(*arguments: object) -> subprocess.CompletedProcess[str]:
    """As the shop would start it."""
    return subprocess.run([*PROGRAM, *map(str, arguments)], capture_output=True, text=True, timeout=110)


@pytest.fixture(scope="module")
def slice_of_online_retail(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All rows of every eighth customer, and the rows without one."""
    rows = pq.read_table(online_retail())
    number = pc.fill_null(rows.column("CustomerID"), 0.0)
    kept = pc.equal(pc.subtract(number, pc.multiply(pc.floor(pc.divide(number, 8.0)), 8.0)), 0.0)
    path = tmp_path_factory.mktemp("slice") / "shop.parquet"
    pq.write_table(rows.filter(kept), path)
    return path


@pytest.mark.slow
def test_the_rate_of_a_real_log_equals_a_count(slice_of_online_retail: Path, tmp_path: Path) -> None:
    out = tmp_path / "rates.csv"
    done = program(
        "rate", "--events", slice_of_online_retail, "--columns", ONLINE_RETAIL_COLUMNS, "--out", out
    )
    assert done.returncode == 0, done.stderr
    assert "rows without a customer" in done.stderr
    days: dict[float, set[date]] = defaultdict(set)
    for row in pq.read_table(slice_of_online_retail).to_pylist():
        if row["CustomerID"] is not None and row["Quantity"] > 0:
            days[row["CustomerID"]].add(row["InvoiceDate"].date())
    found = list(csv.DictReader(out.read_text("utf-8").splitlines()))
    assert len(found) >= 8
    for row in found:
        start = date.fromisoformat(row["start"])
        assert date.fromisoformat(row["end"]) == start + timedelta(29)
        before = [n for n, seen in days.items() if any(-30 <= (day - start).days < 0 for day in seen)]
        back = [n for n in before if any(0 <= (day - start).days < 30 for day in days[n])]
        assert (int(row["customers"]), int(row["returned"])) == (len(before), len(back))


def test_cohorts_of_a_log_without_items(tmp_path: Path) -> None:
    """CDNOW's customers all came in the first quarter of 1997."""
    table, curve, picture = (tmp_path / name for name in ("c.parquet", "s.csv", "p.svg"))
    code, told, _ = run(
        "cohorts", "--events", cdnow(), "--columns", "customer=customer_id,time=date",
        "--unit", "quarter", "--at", "1998-07-01", "--out", table, "--survival", curve, "--picture", picture,
    )  # fmt: skip
    assert code == 0
    cells = pq.read_table(table).to_pylist()
    assert {cell["cohort"] for cell in cells} == {"1997-Q1"}
    raw = pq.read_table(cdnow(), columns=["customer_id", "date"])
    assert cells[0]["customers"] == len(pc.unique(raw.column("customer_id")))
    later = raw.filter(pc.equal(pc.quarter(raw.column("date")), 3))
    assert cells[2]["active"] == len(pc.unique(later.column("customer_id")))
    assert f"{cells[2]['rate']:.0%}" in told
    steps = list(csv.DictReader(curve.read_text("utf-8").splitlines()))
    assert {step["ending"] for step in steps} == {"lapse", "return"}
    assert picture.read_text("utf-8").startswith("<?xml")


def test_cohorts_by_segment_of_a_real_log(slice_of_online_retail: Path, tmp_path: Path) -> None:
    """The segments share a cohort out; each survival curve counts from the end of the first month."""
    log = ("--events", slice_of_online_retail, "--columns", ONLINE_RETAIL_COLUMNS)
    files = [tmp_path / name for name in ("all.parquet", "rfm.parquet")]
    curve = tmp_path / "survival.csv"
    assert run("cohorts", *log, "--out", files[0])[0] == 0
    code, told, notes = run("cohorts", *log, "--by", "rfm", "--out", files[1], "--survival", curve)
    assert code == 0
    assert "days since the end of the first month" in " ".join(told.split())
    assert "that of the end of the first month" in notes
    whole, shared = (defaultdict(lambda: [0, 0]) for _ in files)
    for counted, path in zip((whole, shared), files, strict=True):
        for cell in pq.read_table(path).to_pylist():
            counted[cell["cohort"], cell["period"]][0] += cell["customers"]
            counted[cell["cohort"], cell["period"]][1] += cell["active"]
    last = max(cohort for cohort, _ in whole)
    assert shared == {place: counts for place, counts in whole.items() if place[0] != last}
    groups = {step["group"] for step in csv.DictReader(curve.read_text("utf-8").splitlines())}
    assert {"champions", "newcomers", "gone"} <= groups


@pytest.mark.slow
def test_an_evaluation_of_a_real_log(slice_of_online_retail: Path, tmp_path: Path) -> None:
    out = tmp_path / "report"
    done = program(
        "evaluate", "--events", slice_of_online_retail, "--columns", ONLINE_RETAIL_COLUMNS, "--out", out,
        "--models", "auto,popularity",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "no views, searches or carts" in " ".join(done.stderr.split())
    figures = json.loads((out / "report.json").read_text("utf-8"))
    models = {(one["model"], one["mode"]): one for one in figures["recommendation"]["models"]}
    assert models["auto", "any"]["ndcg"]["value"] > models["popularity", "any"]["ndcg"]["value"]
    assert figures["churn"]["models"][0]["model"] == "Liuke"
    assert figures["churn"]["models"][0]["auc"]["value"] > 0.6
    assert {one["model"] for one in figures["recommendation"]["models"]} == {"auto", "popularity"}
    assert figures["segments"]["customers"] > 0
    assert (out / "cohorts.png").read_bytes().startswith(b"\x89PNG")
    assert (
        (out / "lift.csv")
        .read_text("utf-8")
        .startswith("model,of,share,customers,left,precision,recall,lift")
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("rate", "--columns", "customer=CustomrId,time=InvoiceDate"), "Nearest: 'CustomerID'"),
        (("rate", "--columns", "customer=CustomerID,time=Description"), "cannot be read as time"),
        (("rate", "--at", "yesterday"), "--at 'yesterday' is no time"),
        (("rate", "--at", "2009-01-01"), "nothing before 2009-01-01"),
        (("rate", "--period", "soon"), "--period 'soon' is no span of time"),
        (("rate", "--period", "5y"), "too few days for a rate over 1825 days"),
        (("rate", "--by", "Land"), "no column 'Land'"),
        (("rate", "--by", "StockCode"), "makes no table"),
        (("rate", "--by", "rfm", "--kind", "classic"), "goes with --kind within"),
        (("cohorts", "--by", "rfm", "--at", "2010-12-20"), "nobody's first month is over"),
        (("rate", "--out", "rates.xlsx"), "use .csv or .parquet"),
        (("rate", "--out", "/nowhere/rates.csv"), "there is no folder /nowhere"),
        (("cohorts", "--picture", "c.pdf"), "use .png or .svg"),
        (("cohorts", "--lapse", "0d"), "--lapse '0d' is no span"),
        (("evaluate", "--out", "{here}"), "is not a report"),
        (("evaluate", "--out", "{here}/new", "--at", "2020-01-01"), "must lie within the log"),
        (("evaluate", "--out", "{here}/new", "--models", "auto,eese"), "there is no 'eese'; there are auto"),
        (("evaluate", "--out", "{here}/new", "--horizon", "-1d"), "--horizon '-1d' is no span"),
        *(
            (("evaluate", "--out", "{here}/new", "--capacity", wrong), f"--capacity '{wrong}' is no capacity")
            for wrong in ("0", "-5", "120%", "2.5", "many")
        ),
    ],
)
def test_what_is_wrong_is_said(
    slice_of_online_retail: Path, tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    given = [one.replace("{here}", str(tmp_path)) for one in arguments]
    if "--columns" not in given:
        given += ["--columns", ONLINE_RETAIL_COLUMNS]
    code, told, wrong = run(*given, "--events", slice_of_online_retail)
    assert code == 1
    assert words in wrong
    assert told == ""
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_capacity_is_a_share_or_a_number() -> None:
    given = {None: None, "5%": 0.05, "0.05": 0.05, "12.5 %": 0.125, "40": 40.0, "1": 1.0}
    assert {text: capacity(text) for text in given} == given


def test_a_comparison_beside_the_baselines(tmp_path: Path) -> None:
    """On the made-up shop: each baseline in both modes, tuned, and the staff's number in the report."""
    for library in ("implicit", "lightgbm", "lifetimes"):
        pytest.importorskip(library, reason=f"{library} is of the extra `peers`", exc_type=ImportError)
    log, out = written(tmp_path / "log.csv", purchases()), tmp_path / "report"
    code, _, told = run(
        "compare", "--events", log, "--columns", COLUMNS, "--out", out, "--models", "auto,own",
        "--tries", 2, "--capacity", 12, "--pictures", "svg",
    )  # fmt: skip
    assert code == 0, told
    figures = json.loads((out / "report.json").read_text("utf-8"))
    models = {one["model"] for one in figures["recommendation"]["models"]}
    assert {"auto", "own", "implicit BM25", "implicit ALS", "implicit BPR"} <= models
    assert {"Liuke", "LightGBM, our features"} <= {one["model"] for one in figures["churn"]["models"]}
    assert figures["churn"]["capacity"] == 12


def test_a_comparison_without_the_baselines_says_how_to_get_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(baselines, "find_spec", lambda name: None)
    log = written(tmp_path / "log.csv", purchases())
    code, _, told = run("compare", "--events", log, "--columns", COLUMNS, "--out", tmp_path / "report")
    assert code == 1
    assert "pip install 'liuke[peers]'" in told
    assert not (tmp_path / "report").exists()


def test_without_a_log_and_without_a_shop() -> None:
    code, _, wrong = run("rate")
    assert (code, wrong) == (1, "name the shop's log with --events FILE")
