"""Where each language lies for a model: what a likeness of two texts has to be measured against."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nlu.datafiles import read_table
from nlu.heads import Floats
from nlu.pages.reading import LANGUAGES
from nlu.types import Language

Embed = Callable[[Sequence[str]], Floats]

_CORPUS = Path(__file__).parents[1] / "corpus"
_UNANSWERED = ("out_of_scope", "chitchat")
_UNANSWERED_EACH = 20


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where each language lies for a model, how far apart unlike messages lie, and messages that no page answers."""

    centres: dict[Language, Floats]
    """Shape (d,)."""
    spreads: dict[tuple[Language, Language], float]
    """Standard deviation of the cosine of messages with different intents, by their languages."""
    unanswered: dict[Language, tuple[list[str], Floats]]
    """Texts and their vectors."""

    @classmethod
    def seen_by(cls, embed: Embed) -> Surroundings:
        """The pages of a small shop are too few to tell: it is seen by a message of every intent."""
        vectors = {language: embed(_messages(language, 1)) for language in LANGUAGES}
        centres = {language: vectors[language].mean(0) for language in LANGUAGES}
        centred = {language: units(vectors[language] - centres[language]) for language in LANGUAGES}
        unlike = ~np.eye(len(vectors["zh"]), dtype=bool)
        spreads = {
            (first, second): float((centred[first] @ centred[second].T)[unlike].std())
            for first in LANGUAGES
            for second in LANGUAGES
        }
        texts = {language: _messages(language, _UNANSWERED_EACH, _UNANSWERED) for language in LANGUAGES}
        return cls(centres, spreads, {language: (said, embed(said)) for language, said in texts.items()})


def _messages(language: Language, each: int, intents: Sequence[str] = ()) -> list[str]:
    """The first messages of our corpus of each intent, or of these."""
    return [
        row["text"]
        for path in sorted((_CORPUS / language).glob("*.tsv"))
        if not intents or path.stem in intents
        for row in read_table(path, ["text"])[:each]
    ]


def units(vectors: Floats) -> Floats:
    """Vectors of unit length; nought stays nought."""
    result: Floats = vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)
    return result
