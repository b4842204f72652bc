"""Which line of what is written of something answers a question."""

from __future__ import annotations

import pytest

import nlu
from nlu.pages import PagesModel
from nlu.pages.lines import LineReader


@pytest.fixture(scope="module")
def reader() -> LineReader:
    understander = nlu.load()
    return LineReader(PagesModel.of(understander.folder, understander.encoder))


@pytest.mark.parametrize(
    ("question", "lines", "answers"),
    [
        ("is it waterproof", ["Warranty: 2 years", "Water resistance: IPX4", "Colour: grey"], 1),
        ("how heavy is the thing", ["Weight: 2.3 kg", "Power: 1,200 W", "Colour: grey"], 0),
        ("能扔洗衣机洗吗", ["面料：纯棉", "版型：宽松", "洗涤：可机洗，30 度以下"], 2),
    ],
)
def test_the_line_that_answers_has_the_best_chance(
    reader: LineReader, question: str, lines: list[str], answers: int
) -> None:
    chances = reader.shares(question, lines)
    assert chances.index(max(chances)) == answers


def test_chances_are_shared_with_silence(reader: LineReader) -> None:
    chances = reader.shares("is it waterproof", ["Water resistance: IPX4", "Water resistance: IPX4"])
    assert chances[0] == chances[1]
    assert 0 < sum(chances) < 1


def test_what_says_nothing_answers_nothing(reader: LineReader) -> None:
    assert reader.shares("…", ["Colour: grey"]) == [0.0]
    assert reader.shares("which colour", ["", "  ", "…"]) == [0.0, 0.0, 0.0]
    assert reader.shares("which colour", []) == []
