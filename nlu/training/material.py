"""Everything that a build learns from and measures itself on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from nlu.training import data, lessons
from nlu.training.data import Example

REVIEWS = 3_000
INSULTS = 2_000
FEELINGS = 6_000
"""Reviews of any length that the finished head of the feelings learns from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """Everything that a build learns from and measures itself on."""

    train: list[Example]
    development: list[Example]
    lessons: list[Example]
    feelings: list[Example]
    """Texts of any length with a feeling; where there are none, the head stays as it was trained."""
    real: list[Example]
    """Messages of other shops' customers, to measure on alone."""


def gather(public: Path | None, seed: int) -> Material:
    """Our corpus, and the public sets where their folder is given.

    Raises:
        DataRefused: a file has unknown labels or cannot be read.
    """
    ours = [example for language in ("zh", "en") for example in data.own_corpus(language)]
    made = [example for language in ("zh", "en") for example in data.from_templates(language, seed)]
    opinions = data.feelings_corpus()
    train = [*ours, *made, *opinions, *data.offensive_corpus(), *data.unreadable(seed)]
    development = [example for language in ("zh", "en") for example in data.held_out(language, "dev")]
    real: list[Example] = []
    feelings: list[Example] = []
    if public is not None:
        mapped, held_back = data.public_intents(public, seed)
        train += [*mapped, *data.reviews(public, REVIEWS), *data.insults(public, INSULTS)]
        development += [*held_back, *data.insults(public, 600, "dev.tsv")]
        real, _ = data.public_tests(public)
        feelings = data.reviews(public, FEELINGS, longest=1_000)
    return Material(
        train=train,
        development=development,
        lessons=lessons.lessons(public, seed),
        feelings=feelings,
        real=real,
    )
