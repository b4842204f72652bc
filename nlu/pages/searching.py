"""Questions answered from the shop's own pages: sentence vectors and BM25 over words, combined.

A question may be in the other language. Vectors of one language lie together, apart from the other's, so each is seen
from the middle of its own language. How near is near enough is not the same within a language and across, nor for two
models or for three passages and a thousand: a score counts from what messages reach that no page answers, in units of
how far apart unlike messages lie. Both come from a few messages of our own corpus.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from nlu.heads import Floats
from nlu.language import detect
from nlu.normalise import normalise
from nlu.pages.reading import LANGUAGES, Section, read_pages
from nlu.pages.surroundings import Embed, Surroundings, units
from nlu.pages.words_in_common import WordsInCommon
from nlu.types import Language, Passage, Understander

THRESHOLD = 0.42
"""Below this score nothing is said, where nothing else is known of a question."""
ENOUGH_WITHIN, ENOUGH_ACROSS = 3.3, 3.1
"""What has this score, within a language and across: so many spreads above the floor …"""
INTRODUCES = 2.2
"""… and so many times as many for an introduction, for which no second likeness speaks."""
SAME = 5.1
"""From so many spreads on, passages in two languages that are nearest to each other say the same."""
SAME_ON_PAGE = 4.8
"""Likewise where both are on pages of one name: of the demo shop's 650 unlike pairs there one in fifteen is so
near, of its 93 translations all but one."""
NOISE_SHARE = 0.5
"""Where the floor is: this share of what messages reach that no page answers. With all of it, a shop of three passages
would answer whatever comes near one of them."""
HEADING_SHARE = 0.6
"""How much a section's question counts against its answer. The title of a page asks nothing and counts nothing."""
HEADING_TIMES = 3
"""How often a word of a section's question counts where one of its answer counts once."""
WORD_SHARE = 0.4
"""What all words of a question in common with a passage add to likeness of meaning; half of them, a quarter of it."""
_AT_ONCE = 8
_HEARD_AT_MOST = 256


def embedding_of(understander: Understander) -> Embed:
    """Sentence vectors by an understander."""

    def embed(texts: Sequence[str]) -> Floats:
        # Few at a time: the memory of the largest batch is never given back.
        vectors = [
            meaning.vector
            for start in range(0, len(texts), _AT_ONCE)
            for meaning in understander.understand(texts[start : start + _AT_ONCE])
            if meaning.vector is not None
        ]
        return np.stack(vectors) if vectors else np.zeros((0, 1), np.float32)

    return embed


class MarkdownPages:
    """The shop's pages, ready to be asked; `embed` gives unit vectors, shape (texts, d). Read-only once built."""

    def __init__(self, sections: Iterable[Section], embed: Embed) -> None:
        self._sections = tuple(sections)
        self._embed = embed
        self._words = WordsInCommon(
            (section.title, 0 if section.introduces else HEADING_TIMES, section.text)
            for section in self._sections
        )
        self._of_language = {
            language: np.array([section.language == language for section in self._sections], bool)
            for language in LANGUAGES
        }
        # The bot's own questions come again and again.
        self._vector = lru_cache(_HEARD_AT_MOST)(lambda text: self._embed([text])[0])
        if self._sections:
            self._place()

    def _place(self) -> None:
        """Put the passages where questions look for them, and say from where on they are near enough."""
        surroundings = Surroundings.seen_by(self._embed)
        self._centres = surroundings.centres
        centres = np.stack([self._centres[section.language] for section in self._sections])
        shares = [0.0 if section.introduces else HEADING_SHARE for section in self._sections]
        self._heading_shares = np.array(shares, np.float32)
        self._headings = units(self._embed([section.title for section in self._sections]) - centres)
        self._answers = units(self._embed([section.text for section in self._sections]) - centres)
        self._twins = self._translations(surroundings.spreads["zh", "en"])
        self._levels = {spoken: self._level(spoken, surroundings) for spoken in LANGUAGES}

    def _translations(self, spread: float) -> npt.NDArray[np.intp]:
        """Of each passage, the one that says the same in the other language, or itself: nearest to each other."""
        twins = np.arange(len(self._sections))
        first, second = (np.flatnonzero(self._of_language[language]) for language in LANGUAGES)
        self._pair(twins, first, second, SAME * spread)
        for page in sorted({section.page for section in self._sections}):
            alone = [
                row for row, twin in enumerate(twins) if row == twin and self._sections[row].page == page
            ]
            on_page = np.array(alone, np.intp)
            here, there = (on_page[self._of_language[language][on_page]] for language in LANGUAGES)
            self._pair(twins, here, there, SAME_ON_PAGE * spread)
        return twins

    def _pair(
        self,
        twins: npt.NDArray[np.intp],
        first: npt.NDArray[np.intp],
        second: npt.NDArray[np.intp],
        least: float,
    ) -> None:
        """Make twins of those that are nearest to each other, and at least so like."""
        if not len(first) or not len(second):
            return
        likeness = HEADING_SHARE * (self._headings[first] @ self._headings[second].T)
        likeness += (1 - HEADING_SHARE) * (self._answers[first] @ self._answers[second].T)
        nearest, back = likeness.argmax(1), likeness.argmax(0)
        rows = np.arange(len(first))
        alike = (back[nearest] == rows) & (likeness[rows, nearest] >= least)
        twins[first[alike]], twins[second[nearest[alike]]] = second[nearest[alike]], first[alike]

    def _level(self, spoken: Language, surroundings: Surroundings) -> _Level:
        noise = np.stack(
            [
                self._likeness(text, vector, spoken)
                for text, vector in zip(*surroundings.unanswered[spoken], strict=True)
            ]
        )
        floors, slopes = np.zeros((2, len(self._sections)), np.float32)
        for written, rows in self._of_language.items():
            if rows.any():
                enough = ENOUGH_WITHIN if written == spoken else ENOUGH_ACROSS
                floors[rows] = NOISE_SHARE * noise[:, rows].max(1).mean()
                slopes[rows] = THRESHOLD / (enough * surroundings.spreads[spoken, written])
        slopes[self._heading_shares == 0] /= INTRODUCES
        return _Level(floors, slopes)

    @classmethod
    def from_folder(cls, folder: Path, embed: Embed) -> MarkdownPages:
        """The pages of a folder.

        Raises:
            PagesRefused: a file is not UTF-8 text.
        """
        return cls(read_pages(folder), embed)

    def search(
        self,
        question: str,
        language: Language,
        n: int = 3,
        vector: Floats | None = None,
        at_least: float | None = None,
    ) -> list[Passage]:
        """The best passages above `at_least` (by default THRESHOLD), best first, all in one language.

        It is `language`, unless no passage in it is near enough, or one in the other language that has no translation
        is nearer than all of them.
        """
        text = normalise(question).text[:300]
        if not self._sections or not text:
            return []
        scores = self._scores(text, self._vector(text) if vector is None else vector, detect(text, language))
        least = THRESHOLD if at_least is None else at_least
        enough, own = scores >= least, self._of_language[language]
        rows = np.flatnonzero(enough & own)
        stands = np.flatnonzero(enough & ~own & (self._twins == np.arange(len(scores))))
        if not len(rows) or (len(stands) and scores[stands].max() > scores[rows].max()):
            rows = stands
        best = rows[np.argsort(-scores[rows], kind="stable")][:n]
        return [self._passage(row, float(scores[row])) for row in best]

    def _passage(self, row: int, score: float) -> Passage:
        section = self._sections[row]
        return Passage(
            page=section.page,
            title=section.title,
            text=section.text,
            language=section.language,
            score=round(min(1.0, score), 4),
        )

    def _scores(self, text: str, vector: Floats, spoken: Language) -> Floats:
        level = self._levels[spoken]
        scores: Floats = (self._likeness(text, vector, spoken) - level.floors) * level.slopes
        # What is near to the question in either language is near.
        both: Floats = np.maximum(scores, scores[self._twins])
        return both

    def _likeness(self, text: str, vector: Floats, spoken: Language) -> Floats:
        """Meaning and words in common, of every passage; comparable within one language of passages only."""
        centred = units(vector - self._centres[spoken])
        shares = self._heading_shares
        meaning = shares * (self._headings @ centred) + (1 - shares) * (self._answers @ centred)
        # A word in common may be chance; most of them are not.
        likeness: Floats = (meaning + WORD_SHARE * self._words.shares(text) ** 2).astype(np.float32)
        return likeness


@dataclass(frozen=True, slots=True)
class _Level:
    """What turns the likeness of each passage into a score: shape (passages,) each."""

    floors: Floats
    slopes: Floats
