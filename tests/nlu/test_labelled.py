"""Tables to learn from: whatever is wrong with them is told with its line, before anything is learned."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from nlu.errors import DataRefused
from nlu.intents import INTENTS, can_be_intent
from nlu.workshop.classifier import label_doubts
from nlu.workshop.labelled import (
    Labelled,
    check_for_training,
    read_labelled,
    read_taught,
    remarks,
    settled,
    without_repeats,
    write_taught,
)


def _table(folder: Path, *lines: str) -> Path:
    path = folder / "mine.tsv"
    path.write_text("\n".join(("text\tlabel", *lines)) + "\n", "utf-8")
    return path


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"text\nhi\n", "line 1: column label or intent is missing"),
        (b"message\tlabel\nhi\tgreeting\n", "line 1: column text is missing"),
        (b"text\tlabel\nhi\t\n", "line 2: label is empty"),
        (b"text\tlabel\n\tgreeting\n", "line 2: text is empty"),
        (b"text\tlabel\n", "holds no message"),
        (b"text\tlabel\tcorrected_at\nhi\tgreeting\tnoon\n", "line 2: 'noon' is no time"),
        ("text\tlabel\nhi\tgreeting\n你好\tgreeting\n".encode("gb18030"), "line 3: not UTF-8"),
    ],
)
def test_a_table_that_cannot_be_read_is_told_by_line(tmp_path: Path, content: bytes, told: str) -> None:
    path = tmp_path / "mine.tsv"
    path.write_bytes(content)
    with pytest.raises(DataRefused, match=told):
        read_labelled(path)


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (["where is it\torder_status", "Where  is it\trefund_status"], r"lines 2 \(order_status\) and 3"),
        (["a\torder_staus"], "line 2: 'order_staus' looks like a slip of 'order_status'"),
        (["a\tgift wrapping"], "line 2: 'gift wrapping' can't be an intent's name"),
        (
            ["call 13800001234\tgreeting", "Call 13900001234\tgoodbye"],
            r"lines 2 \(greeting\) and 3 \(goodbye\): one text save for personal data",
        ),
        (["hi\tgreeting", "\u200b\tgreeting"], "line 3: nothing can be read in the text"),
        (["a\tgift_wrap", "b\tgift_wrap"], "line 2: 'gift_wrap' is new and needs 5 messages, not 2"),
    ],
)
def test_what_would_teach_nonsense_is_refused(tmp_path: Path, lines: list[str], told: str) -> None:
    path = _table(tmp_path, *lines)
    with pytest.raises(DataRefused, match=told) as refused:
        check_for_training(path, read_labelled(path), INTENTS, 5)
    assert len(refused.value.problems) == 1


def test_files_are_named_where_there_are_several() -> None:
    rows = [
        Labelled(text="Wrap it", label="gift_wrap", line=7, file="a.tsv"),
        Labelled(text="wrap  it", label="gift_bag", line=2, file="b.tsv"),
        Labelled(text="in paper", label="gift_wrap", line=3, file="b.tsv"),
    ]
    with pytest.raises(DataRefused) as refused:
        check_for_training("a.tsv and b.tsv", rows, INTENTS, 2)
    assert refused.value.problems == (
        "a.tsv line 7 (gift_wrap) and b.tsv line 2 (gift_bag): one text, several labels: wrap it",
        "b.tsv line 2: 'gift_bag' is new and needs 2 messages, not 1",
    )


def test_of_corrections_the_latest_counts() -> None:
    def row(label: str, line: int, hour: int | None) -> Labelled:
        at = None if hour is None else datetime(2026, 5, 1, hour, tzinfo=UTC)
        return Labelled(text="wrap it", label=label, line=line, at=at)

    early, late, late_again, written = row("a", 2, 9), row("b", 3, 11), row("b", 4, 11), row("c", 5, None)
    assert settled([early, late, late_again]) == [late, late_again]
    assert settled([late, early]) == [late]
    assert settled([early, written]) == [early, written], (
        "what the shop wrote down is not overruled in silence"
    )


def test_a_time_is_read_with_its_zone_or_as_utc(tmp_path: Path) -> None:
    path = tmp_path / "corrections.tsv"
    path.write_text(
        "text\tlabel\tcorrected_at\na\tx\t2026-05-01T09:00:00+08:00\nb\tx\t2026-05-01T01:00:00\nc\tx\t\n"
    )
    first, second, third = read_labelled(path)
    assert first.at == second.at == datetime(2026, 5, 1, 1, tzinfo=UTC)
    assert third.at is None


def test_what_was_taught_is_kept_once_and_without_personal_data(tmp_path: Path) -> None:
    path = tmp_path / "taught.tsv"
    texts = ["call 13800001234", "a\tb\nc", "A B C", '"quoted', "call 13900001234", "\x00"]
    write_taught(path, [Labelled(text=text, label="x", line=i) for i, text in enumerate(texts)])
    assert [row.text for row in read_taught(path)] == ["call [phone]", "a b c", '"quoted']
    assert read_taught(tmp_path / "none.tsv") == []


def test_what_was_taught_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "taught.tsv"
    write_taught(path, [Labelled(text='"say ""hi"""', label="x", line=2)])
    assert [row.text for row in read_taught(path)] == ['"say ""hi"""']


def test_our_intents_need_no_number_and_repeats_count_once(tmp_path: Path) -> None:
    path = _table(tmp_path, "hi\tgreeting", "HI\tgreeting", "bye\tgoodbye")
    rows = read_labelled(path)
    check_for_training(path, rows, INTENTS, 5)
    assert [(row.text, row.line) for row in without_repeats(rows)] == [("hi", 2), ("bye", 4)]


def test_a_split_is_measured_as_it_is_and_its_oddities_are_told(tmp_path: Path) -> None:
    path = _table(tmp_path, "a\tx", "a\ty", "b\ty")
    learned = read_labelled(path)
    measured = read_labelled(_table(tmp_path, "c\tz", "d\toos"))
    told = list(remarks(path, learned, measured))
    assert "several labels" in told[0]
    assert "no message of z" in told[1]
    with pytest.raises(DataRefused, match="two labels"):
        list(remarks(path, learned[:1], measured))


def test_a_split_of_which_nothing_can_be_read_is_refused(tmp_path: Path) -> None:
    path = _table(tmp_path, "\u200b\tx", "\u200b\u200b\ty", "\u200d\ty")
    learned = read_labelled(path)
    with pytest.raises(DataRefused, match="lines 2, 3, 4: nothing can be read in any text"):
        list(remarks(path, learned, learned))
    path = _table(tmp_path, "\u200b\tx", "a\ty")
    (told,) = remarks(path, read_labelled(path), learned)
    assert "nothing can be read in 1 texts: lines 2" in told


def test_names_of_our_intents_can_be_names() -> None:
    assert all(can_be_intent(name) for name in (*INTENTS, "礼品包装"))
    assert not any(can_be_intent(name) for name in ("", "two words", "a,b", "x" * 61))


def test_an_example_that_another_label_suits_is_doubted() -> None:
    labels = np.array(["a", "a", "a", "b", "b", "b"])
    probabilities = np.array(
        [[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.2, 0.8], [0.45, 0.55], [0.55, 0.45]], np.float32
    )
    (found,) = label_doubts(labels, probabilities, ["a", "b"])
    assert (found.row, found.likelier) == (2, "b")
