"""`liuke uplift score`: an experiment's table in, a table of effects out, in the order of the rows to score."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from retention.commands.uplift import app
from tests.retention.commands.files import rows_of, written
from tests.retention.pricing.test_uplift import Table, made


def run(*arguments: object) -> tuple[int, str]:
    """The exit code, and all that was said, with single spaces."""
    done = CliRunner().invoke(app, ["score", *(str(one) for one in arguments)])
    return done.exit_code, " ".join((done.stdout + done.stderr).split())


def asked(data: Path, test: Path, out: Path, *more: object) -> tuple[int, str]:
    return run(
        "--data", data, "--treatment", "group", "--outcome", "bought", "--test", test, "--out", out, *more
    )  # fmt: skip


def without(table: Table, *names: str) -> Table:
    return {name: values for name, values in table.items() if name not in names}


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_effects_stand_in_the_order_of_the_rows(tmp_path: Path, suffix: str) -> None:
    table, _ = made(1_500)
    new, truth = made(300, seed=8)
    data = written(tmp_path / f"data{suffix}", table)
    test = written(tmp_path / f"test{suffix}", without(new, "group", "bought"))
    out = tmp_path / "effects.csv"
    code, told = asked(data, test, out, "--learner", "two_models")
    assert code == 0, told
    rows = rows_of(out)
    assert list(rows[0]) == ["uplift"]
    assert np.corrcoef([float(row["uplift"]) for row in rows], truth)[0, 1] > 0.7
    assert "Learner: two_models" in told
    assert "Qini" in told


def test_what_can_not_be_scored_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    table, _ = made(400)
    data = written(tmp_path / "data.csv", table)
    test = written(tmp_path / "test.csv", without(table, "region"))
    out = tmp_path / "effects.csv"
    for told_of, (code, told) in {
        "region": asked(data, test, out),
        "no row of 'group' is 'x'": asked(data, data, out, "--control", "x"),
        "lacks the column(s) city": asked(data, data, out, "--columns", "city"),
        "use .csv or .parquet": asked(data, data, tmp_path / "effects.xls"),
        "nowhere.csv": asked(tmp_path / "nowhere.csv", data, out),
    }.items():
        assert code == 1, told
        assert told_of in told
    assert not out.exists()
