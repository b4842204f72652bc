"""The same expressions give the same integers wherever they run."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import retention
from kernel.times import DAY, to_micros
from retention import MissingColumn, WrongType
from retention.checks import check
from retention.features.engines import over_parquet, over_spark
from retention.features.expressions import RawTable, Shop, raw_features
from retention.history import History
from retention.scoring import SCORES, score_tables
from tests.contracts.retention_core import NOW

MOMENT = to_micros(NOW)


@pytest.fixture(scope="module")
def checked(history: History) -> History:
    return check(history, NOW).history


@pytest.fixture(scope="module")
def files(checked: History, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("shop")
    (folder / "events").mkdir()
    half = checked.events.num_rows // 2
    pq.write_table(checked.events.slice(0, half), folder / "events" / "one.parquet")
    pq.write_table(checked.events.slice(half), folder / "events" / "two.parquet")
    pq.write_table(checked.products, folder / "products.parquet")
    return folder / "events", folder / "products.parquet"


def same(one: RawTable, other: RawTable) -> bool:
    return one.customers == other.customers and bool(np.array_equal(one.values, other.values))


def test_parquet_in_place_is_as_arrow_in_memory(
    checked: History, files: tuple[Path, Path], tmp_path: Path
) -> None:
    shop = Shop(over_parquet(*files, tmp_path))
    for moment in (MOMENT, MOMENT - 100 * DAY):
        assert same(RawTable.of(Shop(checked), moment), RawTable.of(shop, moment))


def test_scores_of_a_stream_are_those_of_the_nightly_fit(
    report: retention.FitReport, history: History, files: tuple[Path, Path], tmp_path: Path
) -> None:
    out = tmp_path / "scores.parquet"
    written = score_tables(report.directory, over_parquet(*files, tmp_path), out, now=NOW)
    table = pq.read_table(out).sort_by("customer")
    assert table.schema.equals(SCORES)
    risks = list(retention.score_customers(report.directory, history, now=NOW))
    assert written == len(risks)
    assert table.column("customer").to_pylist() == [one.customer for one in risks]
    assert table.column("probability").to_pylist() == pytest.approx([one.probability for one in risks])
    assert table.column("band").to_pylist() == [one.band.value for one in risks]


def test_files_without_a_column_or_with_another_type_are_refused(
    checked: History, files: tuple[Path, Path], tmp_path: Path
) -> None:
    short, wrong = tmp_path / "short.parquet", tmp_path / "wrong.parquet"
    pq.write_table(checked.events.drop_columns(["at", "amount"]), short)
    with pytest.raises(MissingColumn, match="at, amount"):
        over_parquet(short, files[1], tmp_path)
    place = checked.events.schema.get_field_index("at")
    naive = checked.events.column("at").cast(pa.timestamp("us"))
    pq.write_table(checked.events.set_column(place, "at", naive), wrong)
    with pytest.raises(WrongType, match=r"events\.at"):
        over_parquet(wrong, files[1], tmp_path)


@pytest.mark.parametrize("dialect", ["clickhouse", "bigquery", "snowflake", "trino"])
def test_the_expressions_can_be_said_in_other_dialects(dialect: str, history: History) -> None:
    """That Spark's answers are equal is shown where Spark is: `make test-scale`."""
    statement = str(ibis.to_sql(raw_features(Shop(history).before(MOMENT)), dialect=dialect))
    assert "mood_thousandths_90" in statement


@pytest.fixture
def spark() -> Iterator[Any]:
    if find_spec("pyspark") is None:
        pytest.skip("PySpark is not there: `make test-scale` installs the extra `scale`")
    if shutil.which("java") is None:
        pytest.skip("Spark needs Java 17: install Debian's openjdk-17-jre-headless")
    from pyspark.sql import SparkSession

    session = (
        SparkSession.builder.master("local[1]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.shuffle.partitions", "1")
        .config("spark.driver.memory", "1g")
        .getOrCreate()
    )
    yield session
    session.stop()


@pytest.mark.scale
@pytest.mark.timeout(600)
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::ResourceWarning")
def test_spark_gives_the_same_integers(
    spark: Any, checked: History, report: retention.FitReport, files: tuple[Path, Path], tmp_path: Path
) -> None:
    tables = over_spark(spark, *files)
    for moment in (MOMENT, MOMENT - 100 * DAY):
        assert same(RawTable.of(Shop(checked), moment), RawTable.of(Shop(tables), moment))
    score_tables(report.directory, over_parquet(*files, tmp_path), tmp_path / "duckdb.parquet", now=NOW)
    score_tables(report.directory, tables, tmp_path / "spark.parquet", now=NOW)
    scores = [pq.read_table(tmp_path / f"{name}.parquet").sort_by("customer") for name in ("duckdb", "spark")]
    assert scores[0].equals(scores[1])
