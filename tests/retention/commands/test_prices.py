"""`liuke prices forecast`: any table of products over periods in; bad tables are refused with the reason."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import typer
from typer.testing import CliRunner

from retention.commands import prices
from retention.errors import LogRefused
from retention.logs.columns import Columns
from retention.pricing.demand.reading import ROLES, PanelFile, read_panel
from tests.retention.pricing.panels import made

app = typer.Typer()
app.command("forecast")(prices.forecast)
app.command("elasticity")(prices.elasticity)

COLUMNS = "product=what,time=week,quantity=units,price=paid"


def rows(products: int = 6, periods: int = 16) -> list[dict[str, Any]]:
    panel = made(products, periods)
    return [
        {
            "what": name,
            "week": t + 1,
            "units": panel.quantity[place, t],
            "paid": round(panel.price[place, t], 2),
        }
        for place, name in enumerate(panel.products)
        for t in range(periods)
    ]


def written(path: Path, table: list[dict[str, Any]]) -> Path:
    if path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(table), path)
        return path
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.DictWriter(file, table[0])
        out.writeheader()
        out.writerows(table)
    return path


def read(path: Path, table: list[dict[str, Any]], columns: str = COLUMNS) -> PanelFile:
    return read_panel(written(path, table), Columns.parse(columns, ROLES))


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_the_last_periods_are_forecast(tmp_path: Path, suffix: str) -> None:
    table = rows()
    out = tmp_path / "forecast.csv"
    panel = written(tmp_path / f"panel{suffix}", table)
    done = CliRunner().invoke(
        app,
        ["forecast", "--panel", str(panel), "--columns", COLUMNS, "--test-periods", "3", "--out", str(out)],
    )
    assert done.exit_code == 0, done.stderr
    found = list(csv.DictReader(out.read_text("utf-8").splitlines()))
    assert list(found[0]) == ["product", "time", "forecast", "lower", "upper"]
    assert [(one["product"], int(one["time"])) for one in found] == [
        (row["what"], row["week"]) for row in table if row["week"] > 13
    ]
    assert all(0 <= float(one["lower"]) <= float(one["forecast"]) <= float(one["upper"]) for one in found)


def test_too_few_periods_end_the_command(tmp_path: Path) -> None:
    panel = written(tmp_path / "panel.csv", rows(periods=9))
    done = CliRunner().invoke(
        app,
        ["forecast", "--panel", str(panel), "--columns", COLUMNS, "--test-periods", "5", "--out",
         str(tmp_path / "f.csv")],
    )  # fmt: skip
    assert done.exit_code == 1
    assert "fewer test periods" in " ".join(done.stderr.split())
    assert not (tmp_path / "f.csv").exists()


def test_numbers_count_periods_and_dates_have_seasons(tmp_path: Path) -> None:
    table = rows()
    counted = read(tmp_path / "a.csv", table).panel
    assert counted.times[:3] == ("1", "2", "3")
    assert counted.season is None
    for row in table:
        row["week"] = str(np.datetime64("2026-01-05") + 7 * (row["week"] - 1))
    dated = read(tmp_path / "b.csv", table).panel
    assert dated.times[0] == "2026-01-05"
    assert dated.cycle == 52
    assert np.array_equal(dated.quantity, counted.quantity)


def test_gaps_and_new_products_stay_unknown(tmp_path: Path) -> None:
    table = [row for row in rows() if not (row["what"] == "p0" and row["week"] < 15)]
    panel = read(tmp_path / "a.csv", table).panel
    assert np.isnan(panel.quantity[0, :14]).all()
    assert not panel.rows[0, :14].any()
    assert panel.rows[0, 14:].all()


def test_prices_of_zero_and_negative_quantities_are_told_of_and_taken_as_unknown(tmp_path: Path) -> None:
    table = rows()
    table[3]["paid"], table[5]["units"], table[7]["paid"] = 0, -4, "n/a"
    found = read(tmp_path / "a.csv", table)
    assert np.isnan(found.panel.price[0, 3])
    assert np.isnan(found.panel.price[0, 7])
    assert np.isnan(found.panel.quantity[0, 5])
    said = " ".join(found.notes)
    assert "1 rows at a price of 0 or below" in said
    assert "1 rows with a negative quantity" in said
    assert "1 rows without a price" in said


def test_rows_of_one_period_are_added_up(tmp_path: Path) -> None:
    table = rows()
    table.append({**table[0], "units": 2 * table[0]["units"], "paid": 10.0})
    found = read(tmp_path / "a.csv", table)
    assert found.panel.quantity[0, 0] == 3 * table[0]["units"]
    assert found.panel.price[0, 0] == pytest.approx((table[0]["paid"] + 2 * 10.0) / 3)
    assert any("several rows" in one for one in found.notes)


def test_words_for_promotions_and_stock_outs_are_read(tmp_path: Path) -> None:
    table = [{**row, "ad": "yes" if row["week"] == 2 else "no", "gone": row["week"] == 3} for row in rows()]
    panel = read(tmp_path / "a.csv", table, f"{COLUMNS},promotion=ad,stock_out=gone").panel
    assert panel.promotion[:, 1].all()
    assert panel.promotion.sum() == 6
    assert panel.censored[:, 2].all()


@pytest.mark.parametrize(
    ("change", "columns", "said"),
    [
        ({"paid": 0}, COLUMNS, "have no price that can be used"),
        ({"paid": "dear"}, COLUMNS, "prices must be numbers"),
        ({"units": "many"}, COLUMNS, "quantities must be numbers"),
        ({"week": "soon"}, COLUMNS, "write dates as"),
        ({}, "product=what,time=week,quantity=units", "price"),
        ({}, COLUMNS.replace("paid", "cost"), "there is no column 'cost'"),
        ({}, f"{COLUMNS},colour=what", "there is no role 'colour'"),
        ({"ad": "perhaps"}, f"{COLUMNS},promotion=ad", "write yes/no, 1/0 or numbers"),
    ],
)
def test_bad_tables_are_refused_with_the_reason(
    tmp_path: Path, change: dict[str, Any], columns: str, said: str
) -> None:
    with pytest.raises(LogRefused, match=said):
        read(tmp_path / "a.csv", [{**row, **change} for row in rows()], columns)


def test_workbooks_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(b"PK")
    with pytest.raises(LogRefused, match="suffix"):
        read_panel(path, Columns.parse(COLUMNS, ROLES))
