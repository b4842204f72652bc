"""Files of labelled messages, the command line, and the corpus itself."""

from __future__ import annotations

import csv
import io
import json
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import pandas
import pytest
from typer.testing import CliRunner

from nlu import commands
from nlu.commands import app
from nlu.datafiles import read_lines, read_table, written_beside
from nlu.errors import DataRefused
from nlu.intents import INTENTS
from nlu.types import CatalogueEntry, DialogueContext, IntentScore, Sentiment, Understanding
from nlu.workshop.evaluation import PREDICTION_COLUMNS, Row, evaluate, read_rows, wilson

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
        (b"text\tintent\nhi\tgreeting\na\rb\tthanks\n", "line 3: a carriage return"),
        (b"text\tintent\rhi\tgreeting\r", "line 1: a carriage return"),
        (
            b'text,intent\n"' + b"x" * 140_000 + b'",greeting\n',
            "line 2: a field of more than 131,072 characters; perhaps a quotation mark",
        ),
        (
            b"text\tintent\nhi\tgreeting\n" + b"x" * 140_000 + b"\tgreeting\n",
            "line 3: a field of more than 131,072 characters; shorten it",
        ),
        (b"text\tintent\ttext\nhi\tgreeting\tbye\n", "line 1: column text is there more than once"),
        (b'text,intent\n"a\nb",greeting\nhi,\n', "line 4: intent is empty"),
        (b'text,intent\n"a\nb",greeting\n"",thanks\n', "line 4: text is empty"),
        (b'text,intent\n"a\n",\n', "line 2: intent is empty"),
        (b'text,intent\nhi,greeting\n"a,thanks\nb,thanks\n', "line 3: the quotation mark that opens"),
        (b'text,intent\n"a\nb","greeting\nhi,thanks\n', "line 3: the quotation mark that opens"),
        (b'text,intent\n"a, b,thanks\nhi,greeting\n"c",thanks\n', "line 2: the quotation mark that opens"),
        (b'text,intent\n5" screen,thanks\n"a" b,thanks\n', "line 3: .* or text follows"),
        (b'text,intent\n"a,thanks\n' + b"b,thanks\n" * 20_000, "line 2: a field of more than 131,072"),
    ],
)
def test_a_file_that_cannot_be_used_is_told_by_line(tmp_path: Path, content: bytes, told: str) -> None:
    with pytest.raises(DataRefused, match=told):
        read_table(written(tmp_path, content), ["text", "intent"])


def test_commas_work_as_well(tmp_path: Path) -> None:
    path = written(tmp_path, 'text,label\n"hi, there",greeting\n')
    assert read_table(path, ["text"]) == [{"text": "hi, there", "label": "greeting"}]


def _texts(folder: Path, content: str, name: str = "data.tsv") -> list[str]:
    path = folder / name
    path.write_bytes(content.encode())
    return [row["text"] for _, row in read_lines(path, ["text"], keep_empty=True)]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_one_column_of_csv_is_unquoted(tmp_path: Path, end: str) -> None:
    content = end.join(["text", '"hi, there"', "plain", '"a', 'b ""c"""', '5" screen', ""])
    assert _texts(tmp_path, content, "data.csv") == ["hi, there", "plain", f'a{end}b "c"', '5" screen']


@pytest.mark.parametrize(
    "texts",
    [
        ['5" screen', "hi"],
        ['"hello" she said', "hi"],
        ['"hello"', "hi"],
        ['"where is it', 'my parcel"'],
        ['"where is it', "hi"],
        ['"a ""b"" c"', 'a "b" c'],
    ],
)
def test_quotation_marks_are_text_where_tabs_part_the_columns(tmp_path: Path, texts: list[str]) -> None:
    assert _texts(tmp_path, "text\tlabel\n" + "".join(f"{text}\tx\n" for text in texts)) == texts
    assert _texts(tmp_path, "text\n" + "".join(f"{text}\n" for text in texts)) == texts


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
def test_what_a_csv_writer_wrote_with_tabs_is_unquoted(
    tmp_path: Path, end: str, quoting: Literal[0, 1]
) -> None:
    texts = ['"quoted" and, odd', 'a\tb\nc\n\n"d"', "", "plain", '"']
    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter="\t", lineterminator=end, quoting=quoting)
    writer.writerows([("text", "label"), *((text, "x") for text in texts)])
    assert _texts(tmp_path, file.getvalue()) == texts


def test_what_the_shipped_model_learned_from_is_read_as_it_was(tmp_path: Path) -> None:
    path = written(tmp_path, 'text\tlabel\n"say ""hi"""\tx\n')
    assert read_table(path, ["text"])[0]["text"] == '"say ""hi"""'
    assert read_lines(path, ["text"])[0][1]["text"] == 'say "hi"'


def test_blank_lines_are_texts_only_where_there_is_nothing_but_texts(tmp_path: Path) -> None:
    assert _texts(tmp_path, "id,text\n1,hello\n\n2,refund me\n3,\n  \n\n") == ["hello", "refund me", ""]
    assert _texts(tmp_path, "text\nhello\n\nrefund me\n\n\n") == ["hello", "", "refund me"]
    assert _texts(tmp_path, 'text\nhello\n""\n', "data.csv") == ["hello", ""]


def test_a_row_is_named_by_the_line_it_starts_in(tmp_path: Path) -> None:
    path = written(tmp_path, 'text,label\n"a\nb",x\n\n"c\nd",y\n')
    assert [line for line, _ in read_lines(path, ["text"])] == [2, 5]


def test_unknown_labels_need_a_map(tmp_path: Path) -> None:
    path = written(tmp_path, "text\tlabel\n查单\t查单\n天气\t天气\n")
    with pytest.raises(DataRefused, match="--map"):
        read_rows(path)
    table = tmp_path / "map.tsv"
    table.write_text("label\tintent\n查单\torder_status\n*\t-\n", "utf-8")
    assert [row.intent for row in read_rows(path, table)] == ["order_status"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("text\tintent\n", "holds no message"),
        ("text\tlang\nhi\ten\n", "line 1: column intent or label is missing"),
        ("text\tintent\nhi\tgreeting\nyo\t\n", "line 3: intent is empty"),
        ("text\tintent\na\tx\nhi\tgreeting\nb\tx\n", "lines 2, 4: 'x' is no intent of this model"),
        ("text\tintent\talso\nhi\tgreeting\tx\n", "line 2: 'x' is no intent of this model"),
        ("text\tintent\tsentiment\nhi\tgreeting\tgood\n", "line 2: 'good' is no sentiment"),
    ],
)
def test_what_cannot_be_measured_is_told_by_line(tmp_path: Path, content: str, told: str) -> None:
    with pytest.raises(DataRefused, match=told):
        read_rows(written(tmp_path, content))


def test_what_is_odd_is_told_and_measured_as_it_is(tmp_path: Path) -> None:
    path = written(tmp_path, "text\tintent\nhi\tgreeting\n\tthanks\nHI\tgoodbye\n\t\n")
    told: list[str] = []
    assert len(read_rows(path, remark=told.append)) == 2
    assert "1 empty texts are left out: lines 3" in told[0]
    assert "lines 2 (greeting) and 4 (goodbye): one text, several labels: hi" in told[1]


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ("label\tintent\n", "maps no label"),
        (
            "label\tintent\na\tgreeting\nb\tthanks\na\tthanks\n",
            "line 4: label 'a' is mapped in line 2 already",
        ),
        ("label\tintent\na\tgreting\n", "line 2: 'greting' is no intent"),
    ],
)
def test_a_bad_map_is_named(tmp_path: Path, table: str, told: str) -> None:
    path = tmp_path / "map.tsv"
    path.write_text(table, "utf-8")
    with pytest.raises(DataRefused, match=rf"map.tsv was refused[^$]*{told}"):
        read_rows(written(tmp_path, "text\tlabel\nhi\ta\n"), path)


def test_what_a_label_leaves_out_is_counted(tmp_path: Path) -> None:
    told: list[str] = []
    path = written(tmp_path, "text\tintent\nhi\tgreeting\nx\t-\ny\t-\n")
    assert len(read_rows(path, remark=told.append)) == 1
    assert "2 of 3 messages are left out by the label `-`" in told[0]
    with pytest.raises(DataRefused, match="the label `-` leaves all of them out"):
        read_rows(written(tmp_path, "text\tintent\nx\t-\n"))


def test_a_model_is_measured_by_its_own_intents(tmp_path: Path) -> None:
    path = written(tmp_path, "text\tlabel\nwrap it\tgift_wrap\n")
    assert [row.intent for row in read_rows(path, known=("gift_wrap",))] == ["gift_wrap"]


class _Says:
    """Answers each text with the intents that were laid down for it."""

    def __init__(self, **intents: dict[str, float]) -> None:
        self._intents = intents

    def understand(
        self, texts: Sequence[str], dialogue: DialogueContext | None = None
    ) -> list[Understanding]:
        return [
            Understanding(
                text=text,
                language="en",
                intents=tuple(
                    IntentScore(intent=name, probability=share) for name, share in self._intents[text].items()
                ),
                sentiment=Sentiment.NEUTRAL,
                sentiment_strength=0.0,
                urgent=False,
                out_of_scope=0.9,
                understood=False,
            )
            for text in texts
        ]

    def set_catalogue(self, entries: Sequence[CatalogueEntry]) -> None: ...


def test_not_being_understood_alone_is_no_right_answer() -> None:
    says = _Says(a={"greeting": 0.4}, b={}, c={"out_of_scope": 0.7}, d={})
    rows = [Row(text=text, intent="out_of_scope") for text in "abc"] + [Row(text="d", intent="greeting")]
    report = evaluate(says, rows)
    assert report.accuracy == 0.5
    assert ("out_of_scope", "greeting", 1) in report.confused
    assert ("greeting", "out_of_scope", 1) in report.confused
    assert report.further_named is None


def test_where_nothing_is_within_the_scope_nothing_was_understood_or_not() -> None:
    report = evaluate(_Says(a={"out_of_scope": 0.7}), [Row(text="a", intent="out_of_scope")])
    assert report.answered is None
    assert report.accuracy == 1.0


def test_a_style_is_no_markup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    says = _Says(a={"greeting": 0.7})
    monkeypatch.setattr("nlu.load", lambda *_: says)
    data = written(tmp_path, "text\tintent\tstyle\na\tgreeting\t[/typo] :heart:\n")
    done = RUN.invoke(app, ["evaluate", "--data", str(data)])
    assert done.exit_code == 0, done.output
    assert "accuracy, [/typo] :heart:" in done.output


def test_further_wishes_are_counted() -> None:
    says = _Says(
        both={"refund_request": 0.9, "complaint": 0.6},
        one={"refund_request": 0.9, "complaint": 0.3},
        none={"greeting": 0.9, "thanks": 0.5},
        other={"thanks": 0.9},
    )
    also = {"both": ("complaint",), "one": ("complaint",)}
    report = evaluate(
        says,
        [
            Row(text=text, intent=intent, also=also.get(text, ()))
            for text, intent in [
                ("both", "refund_request"), ("one", "refund_request"), ("none", "greeting"), ("other", "greeting"),
            ]
        ],
    )  # fmt: skip
    assert report.further_named == 0.5
    assert report.further_false == 0.25, "a first answer that is wrong is no further wish"


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


def test_what_predict_writes_is_read_back_the_same(tmp_path: Path) -> None:
    texts = ['a\tb, "c"\nd', '"hi', '5" screen', "", "订单 LK-20931"]
    data, out = tmp_path / "data.csv", tmp_path / "out.tsv"
    with data.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("id", "text"), *enumerate(texts)])
    done = RUN.invoke(app, ["predict", "--data", str(data), "--out", str(out)])
    assert done.exit_code == 0, done.output
    rows = [row for _, row in read_lines(out, ["text"], keep_empty=True)]
    assert [row["text"] for row in rows] == texts
    assert json.loads(rows[-1]["entities"])[0]["value"] == "LK-20931"
    assert pandas.read_csv(out, sep="\t", keep_default_na=False)["text"].tolist() == texts


def test_what_cannot_be_read_is_predicted_out_of_scope(tmp_path: Path) -> None:
    out = tmp_path / "out.tsv"
    data = written(tmp_path, "text\n😀😀😀😀😀😀\n")
    done = RUN.invoke(app, ["predict", "--data", str(data), "--out", str(out)])
    assert done.exit_code == 0, done.output
    with out.open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file, delimiter="\t")
    assert (row["intent"], row["probability"], row["intents"]) == ("out_of_scope", "1.0000", "[]")


def test_predictions_are_made_a_few_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "READ_AT_ONCE", 2)
    out = tmp_path / "out.tsv"
    data = written(tmp_path, "text\na\nb\nc\nd\ne\n")
    done = RUN.invoke(app, ["predict", "--data", str(data), "--out", str(out)])
    assert done.exit_code == 0, done.output
    with out.open(encoding="utf-8", newline="") as file:
        assert [row["text"] for row in csv.DictReader(file, delimiter="\t")] == list("abcde")


def test_predict_does_not_eat_what_it_reads(tmp_path: Path) -> None:
    data = written(tmp_path, "text\nhi\n")
    done = RUN.invoke(app, ["predict", "--data", str(data), "--out", str(tmp_path / "." / "data.tsv")])
    assert done.exit_code == 1
    assert data.read_text("utf-8") == "text\nhi\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["evaluate", "--data", "DATA"],
        ["evaluate", "--data", "OTHER", "--map", "DATA"],
        ["evaluate", "--train", "DATA", "--test", "OTHER"],
        ["evaluate", "--train", "OTHER", "--test", "DATA"],
        ["compare", "--train", "DATA", "--test", "OTHER"],
        ["compare", "--train", "OTHER", "--test", "DATA"],
    ],
)
def test_figures_do_not_eat_what_is_read(tmp_path: Path, arguments: list[str]) -> None:
    data, other = written(tmp_path, LABELLED), tmp_path / "other.tsv"
    other.write_text("label\tintent\n", "utf-8")
    named = [{"DATA": str(data), "OTHER": str(other)}.get(part, part) for part in arguments]
    done = RUN.invoke(app, [*named, "--json", str(tmp_path / "." / "data.tsv")])
    assert done.exit_code == 1
    assert "would be lost" in " ".join(done.output.split())
    assert data.read_text("utf-8") == LABELLED


@pytest.mark.parametrize("command", ["evaluate", "compare"])
@pytest.mark.parametrize("seed", ["-1", str(2**32)])
def test_a_seed_that_no_generator_takes_is_told(tmp_path: Path, command: str, seed: str) -> None:
    data = str(written(tmp_path, LABELLED))
    done = RUN.invoke(app, [command, "--train", data, "--test", data, "--seed", seed])
    assert done.exit_code == 2
    assert "seed" in done.output


@pytest.mark.parametrize("mode", [0o600, 0o640])
def test_a_file_that_is_replaced_keeps_its_mode(tmp_path: Path, mode: int) -> None:
    path = written(tmp_path, "old")
    path.chmod(mode)
    with written_beside(path) as file:
        assert {stat.S_IMODE(one.stat().st_mode) for one in tmp_path.iterdir()} == {mode}
        file.write("new")
    assert (path.read_text("utf-8"), stat.S_IMODE(path.stat().st_mode)) == ("new", mode)


def test_a_file_half_written_leaves_the_old_one(tmp_path: Path) -> None:
    path = written(tmp_path, "old")
    with pytest.raises(UnicodeEncodeError), written_beside(path) as file:
        file.write("new" * 10_000 + "\ud800")
    assert path.read_text("utf-8") == "old"
    assert [one.name for one in tmp_path.iterdir()] == ["data.tsv"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["predict", "--data", "DATA", "--out", "/nowhere/x.tsv"],
        ["evaluate", "--data", "DATA", "--json", "/nowhere/x.json"],
        ["compare", "--train", "DATA", "--test", "DATA", "--json", "/nowhere/x.json"],
    ],
)
def test_a_file_that_could_not_be_written_is_told_before_any_work(
    tmp_path: Path, arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nlu.load", lambda *_: pytest.fail("worked"))
    monkeypatch.setattr(commands, "_split", lambda *_: pytest.fail("worked"))
    data = str(written(tmp_path, LABELLED))
    done = RUN.invoke(app, [data if part == "DATA" else part for part in arguments])
    assert done.exit_code == 1
    assert "there is no folder /nowhere" in " ".join(done.output.split())


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--data", "x.tsv", "--finetune"], "--finetune goes with --train"),
        (["--train", "x.tsv", "--test", "y.tsv", "--map", "z.tsv"], "--map goes with --data"),
    ],
)
def test_an_option_without_effect_is_told(arguments: list[str], told: str) -> None:
    done = RUN.invoke(app, ["evaluate", *arguments])
    assert done.exit_code == 1
    assert told in " ".join(done.output.split())


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
    from nlu.workshop.datasets import mapping

    assert mapping(name)


def test_every_intent_is_there_once() -> None:
    assert len(INTENTS) == len(set(INTENTS))
