"""Files of labelled messages, the command line, and the corpus itself."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from nlu.commands import app
from nlu.datafiles import read_table
from nlu.errors import DataRefused
from nlu.evaluation import PREDICTION_COLUMNS, read_rows, wilson
from nlu.intents import GROUPS, INTENTS

RUN = CliRunner()
LABELLED = "text\tintent\tsentiment\n我的快递呢\torder_status\tneutral\nwhat a lovely shop, thanks\tthanks\tpositive\n"


def written(folder: Path, content: str | bytes) -> Path:
    path = folder / "data.tsv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "empty"),
        (b"message\tintent\nhi\tgreeting\n", "column text is missing"),
        ("text\tintent\n好\tgreeting\n".encode("gbk"), "line 2: not UTF-8"),
        (b"text\tintent\nhi\tgreeting\textra\n", "line 2: 3 fields"),
        (b"text\tintent\nhi\tgreeting\n\tthanks\n", "line 3: text is empty"),
    ],
)
def test_a_file_that_cannot_be_used_is_told_by_line(tmp_path: Path, content: bytes, told: str) -> None:
    with pytest.raises(DataRefused, match=told):
        read_table(written(tmp_path, content), ["text", "intent"])


def test_commas_work_as_well(tmp_path: Path) -> None:
    path = written(tmp_path, 'text,label\n"hi, there",greeting\n')
    assert read_table(path, ["text"]) == [{"text": "hi, there", "label": "greeting"}]


def test_unknown_labels_need_a_map(tmp_path: Path) -> None:
    path = written(tmp_path, "text\tlabel\n查单\t查单\n天气\t天气\n")
    with pytest.raises(DataRefused, match="--map"):
        read_rows(path)
    table = tmp_path / "map.tsv"
    table.write_text("label\tintent\n查单\torder_status\n*\t-\n", "utf-8")
    assert [row.intent for row in read_rows(path, table)] == ["order_status"]


def test_evaluate_prints_and_writes_figures(tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"
    done = RUN.invoke(app, ["evaluate", "--data", str(written(tmp_path, LABELLED)), "--json", str(figures)])
    assert done.exit_code == 0, done.output
    assert "accuracy" in done.output
    assert json.loads(figures.read_text("utf-8"))["rows"] == 2


def test_predict_writes_a_row_a_text_in_order(tmp_path: Path) -> None:
    out = tmp_path / "out.tsv"
    data = written(tmp_path, 'text\n我的快递呢\n"quoted" and, odd\n\n订单 LK-20931\n')
    done = RUN.invoke(app, ["predict", "--data", str(data), "--out", str(out)])
    assert done.exit_code == 0, done.output
    with out.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    assert tuple(rows[0]) == PREDICTION_COLUMNS
    assert [row["text"] for row in rows] == ["我的快递呢", '"quoted" and, odd', "", "订单 LK-20931"]
    assert json.loads(rows[3]["entities"])[0]["value"] == "LK-20931"
    assert json.loads(rows[0]["intents"])[0]["intent"] == rows[0]["intent"]


def test_a_bad_file_ends_with_a_message_and_not_a_trace(tmp_path: Path) -> None:
    done = RUN.invoke(app, ["evaluate", "--data", str(written(tmp_path, "nothing\n"))])
    assert done.exit_code == 1
    assert "Traceback" not in done.output


def test_the_interval_of_a_share() -> None:
    low, high = wilson(90, 100)
    assert 0.82 < low < 0.84
    assert 0.94 < high < 0.96
    assert wilson(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize("name", ["jddc_zh", "bitext_en", "multidogo_en", "clinc150_en", "hwu64_en"])
def test_mappings_name_intents_of_ours(name: str) -> None:
    from nlu.training.data import mapping

    assert mapping(name)


def test_groups_cover_the_intents_once() -> None:
    assert len(INTENTS) == len(set(INTENTS)) == sum(len(group) for group in GROUPS.values())
