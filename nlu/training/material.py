"""Everything that a build learns from and measures itself on."""

from __future__ import annotations

import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nlu.training import data, judged, lessons
from nlu.training.data import Example
from nlu.training.feelings import Feelings

REVIEWS = 3_000
JUDGED = 2_500
INSULTS = 2_000
FEELINGS = 6_000
"""Reviews of any length that the finished head of the feelings learns from."""
LONGEST_FEELING = 1_000
"""Characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """Everything that a build learns from and measures itself on."""

    train: list[Example]
    development: list[Example]
    lessons: list[Example]
    feelings: Feelings
    real: list[Example]
    """Messages of other shops' customers, to measure on alone."""


def gather(public: Path | None, seed: int, work: Path) -> Material:
    """Our corpus and, where their folder is given, the public sets and the judged sentences.

    Args:
        public: the folder of public sets, one folder a set.
        seed: of every random choice.
        work: a folder for what is fetched.

    Raises:
        DataRefused: a file has unknown labels, cannot be read or cannot be fetched.
    """
    return collect(public, seed, judged.examples(judged.fetched(work)) if public is not None else [])


def collect(public: Path | None, seed: int, sentences: Sequence[Example]) -> Material:
    """The same, the judged sentences given.

    Raises:
        DataRefused: a file has unknown labels or cannot be read.
    """
    learned = [example for example in sentences if not data.is_held_back(example.text)]
    random.Random(seed).shuffle(learned)
    ours = [example for language in ("zh", "en") for example in data.own_corpus(language)]
    made = [example for language in ("zh", "en") for example in data.from_templates(language, seed)]
    opinions = data.feelings_corpus()
    train = [*ours, *made, *opinions, *data.offensive_corpus(), *data.unreadable(seed)]
    development = [example for language in ("zh", "en") for example in data.held_out(language, "dev")]
    real: list[Example] = []
    feelings = Feelings()
    if public is not None:
        mapped, held_back = data.public_intents(public, seed)
        train += [*mapped, *data.reviews(public, REVIEWS), *learned[:JUDGED]]
        train += data.insults(public, INSULTS)
        development += [*held_back, *data.insults(public, 600, "dev.tsv")]
        real, _ = data.public_tests(public)
        feelings = _feelings(public, train, sentences)
    return Material(
        train=train,
        development=development,
        lessons=lessons.lessons(public, seed, learned),
        feelings=feelings,
        real=real,
    )


def _feelings(public: Path, train: Sequence[Example], sentences: Sequence[Example]) -> Feelings:
    """Reviews to learn from, and others that neither lessons nor training read."""
    every = data.reviews(public, sys.maxsize, longest=LONGEST_FEELING)
    seen = {example.text for example in train}
    apart = [e for e in every[FEELINGS:] if data.is_held_back(e.text) and e.text not in seen]
    held_back = [e for e in sentences if data.is_held_back(e.text)]
    return Feelings(
        learned=[*every[:FEELINGS], *(e for e in sentences if not data.is_held_back(e.text))],
        apart=[*apart, *(e for e in held_back if not judged.is_test(e))],
    )
