"""Log files of the made-up shop, and the commands run on them in this process."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from typer.testing import CliRunner

from kernel.times import from_micros
from retention.commands import app
from tests.retention.conftest import make_events

COLUMNS = "customer=who,item=what,time=when,quantity=units,amount=paid"
AT = "2026-09-01"

Table = Mapping[str, Sequence[str | None]]


def run(*arguments: object) -> tuple[int, str]:
    """The exit code, and all that was said, with single spaces."""
    done = CliRunner().invoke(app, [str(one) for one in arguments])
    return done.exit_code, " ".join((done.stdout + done.stderr).split())


def rows_of(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    return list(csv.DictReader(path.read_text("utf-8").splitlines()))


def written(path: Path, table: Table) -> Path:
    """The table as CSV or Parquet, by the suffix."""
    if path.suffix == ".parquet":
        pq.write_table(pa.table(dict(table)), path)
        return path
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(table)
        out.writerows(zip(*([one or "" for one in values] for values in table.values()), strict=True))
    return path


def purchases(end: str = "9999") -> dict[str, list[str | None]]:
    """What was bought in the made-up shop before a moment, as columns of a log."""
    bought = [row for row in make_events() if row["kind"] == "purchase"]
    kept = [row for row in bought if from_micros(row["at"]).isoformat() < end]
    return {
        "who": [row["customer"] for row in kept],
        "what": [row["product"] for row in kept],
        "when": [from_micros(row["at"]).isoformat() for row in kept],
        "units": ["1"] * len(kept),
        "paid": [f"{row['amount'] / 100}" for row in kept],
    }
