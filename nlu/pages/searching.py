"""Questions answered from the shop's own pages: sentence vectors and BM25 over words, combined.

A question may be in the other language. Vectors of one language lie together, apart from the other's, so each is seen
from the middle of its own language. How near is near enough is not the same within a language and across, nor for two
models or for three passages and a thousand: a score counts from what messages reach that no page answers, in units of
how far apart unlike messages lie. Both come from a few messages of our own corpus.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from kernel.arrays import Floats32
from nlu.datafiles import read_table
from nlu.heads import units
from nlu.language import detect
from nlu.normalise import model_text, normalise
from nlu.pages.reading import LANGUAGES, Section, read_pages
from nlu.types import Language, Passage, Understander
from nlu.words import Words

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
_CORPUS = Path(__file__).parents[1] / "corpus"
_UNANSWERED = ("out_of_scope", "chitchat")
_UNANSWERED_EACH = 20
K1, B = 1.2, 0.6
"""Of BM25: saturation, and the share of the length."""
_STOP_WORDS = frozenset((
    "的", "了", "吗", "呢", "啊", "吧", "我", "你", "你们", "我们", "是", "在", "有", "和", "就", "都", "也",
    "这", "那", "个", "请", "请问", "想", "要", "一下", "怎么", "什么", "可以", "能", "能不能", "会", "么",
    "为什么", "a", "an", "the", "i", "you", "we", "my", "your", "me", "is", "are", "was", "do", "does",
    "did", "can", "could", "will", "would", "to", "of", "for", "in", "on", "at", "it", "this", "that", "and",
    "or", "be", "have", "has", "if", "how", "what", "when", "where", "which", "please", "there", "with",
    "am", "s", "t",
))  # fmt: skip

Embed: TypeAlias = Callable[[Sequence[str]], Floats32]
"""Sentence vectors of unit length, shape (texts, d)."""


def embedding_of(understander: Understander) -> Embed:
    """Sentence vectors by an understander."""

    def embed(texts: Sequence[str]) -> Floats32:
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
        self._words = Bm25(
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
        statistics = LanguageStatistics.measured_by(self._embed)
        self._centres = statistics.centres
        centres = np.stack([self._centres[section.language] for section in self._sections])
        shares = [0.0 if section.introduces else HEADING_SHARE for section in self._sections]
        self._heading_shares = np.array(shares, np.float32)
        self._headings = units(self._embed([section.title for section in self._sections]) - centres)
        self._answers = units(self._embed([section.text for section in self._sections]) - centres)
        self._translation_of = self._translations(statistics.spreads["zh", "en"])
        self._levels = {spoken: self._level(spoken, statistics) for spoken in LANGUAGES}

    def _translations(self, spread: float) -> npt.NDArray[np.intp]:
        """Of each passage, the one that says the same in the other language, or itself: nearest to each other."""
        translation_of = np.arange(len(self._sections))
        first, second = (np.flatnonzero(self._of_language[language]) for language in LANGUAGES)
        self._pair(translation_of, first, second, SAME * spread)
        for page in sorted({section.page for section in self._sections}):
            alone = [
                row
                for row, twin in enumerate(translation_of)
                if row == twin and self._sections[row].page == page
            ]
            on_page = np.array(alone, np.intp)
            here, there = (on_page[self._of_language[language][on_page]] for language in LANGUAGES)
            self._pair(translation_of, here, there, SAME_ON_PAGE * spread)
        return translation_of

    def _pair(
        self,
        translation_of: npt.NDArray[np.intp],
        first: npt.NDArray[np.intp],
        second: npt.NDArray[np.intp],
        least: float,
    ) -> None:
        """Make translation_of of those that are nearest to each other, and at least so like."""
        if not len(first) or not len(second):
            return
        likeness = HEADING_SHARE * (self._headings[first] @ self._headings[second].T)
        likeness += (1 - HEADING_SHARE) * (self._answers[first] @ self._answers[second].T)
        nearest, back = likeness.argmax(1), likeness.argmax(0)
        rows = np.arange(len(first))
        alike = (back[nearest] == rows) & (likeness[rows, nearest] >= least)
        translation_of[first[alike]], translation_of[second[nearest[alike]]] = (
            second[nearest[alike]],
            first[alike],
        )

    def _level(self, spoken: Language, statistics: LanguageStatistics) -> tuple[Floats32, Floats32]:
        """Floors and slopes that turn the likeness of each passage into a score, shape (passages,) each."""
        noise = np.stack(
            [
                self._likeness(text, vector, spoken)
                for text, vector in zip(*statistics.unanswered[spoken], strict=True)
            ]
        )
        floors, slopes = np.zeros((2, len(self._sections)), np.float32)
        for written, rows in self._of_language.items():
            if rows.any():
                enough = ENOUGH_WITHIN if written == spoken else ENOUGH_ACROSS
                floors[rows] = NOISE_SHARE * noise[:, rows].max(1).mean()
                slopes[rows] = THRESHOLD / (enough * statistics.spreads[spoken, written])
        slopes[self._heading_shares == 0] /= INTRODUCES
        return floors, slopes

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
        vector: Floats32 | None = None,
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
        stands = np.flatnonzero(enough & ~own & (self._translation_of == np.arange(len(scores))))
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

    def _scores(self, text: str, vector: Floats32, spoken: Language) -> Floats32:
        floors, slopes = self._levels[spoken]
        scores: Floats32 = (self._likeness(text, vector, spoken) - floors) * slopes
        # What is near to the question in either language is near.
        both: Floats32 = np.maximum(scores, scores[self._translation_of])
        return both

    def _likeness(self, text: str, vector: Floats32, spoken: Language) -> Floats32:
        """Meaning and words in common, of every passage; comparable within one language of passages only."""
        centred = units(vector - self._centres[spoken])
        shares = self._heading_shares
        meaning = shares * (self._headings @ centred) + (1 - shares) * (self._answers @ centred)
        # A word in common may be chance; most of them are not.
        likeness: Floats32 = (meaning + WORD_SHARE * self._words.shares(text) ** 2).astype(np.float32)
        return likeness


@dataclass(frozen=True, slots=True)
class LanguageStatistics:
    """Where each language lies for a model, how far apart unlike messages lie, and messages that no page answers."""

    centres: dict[Language, Floats32]
    """Shape (d,)."""
    spreads: dict[tuple[Language, Language], float]
    """Standard deviation of the cosine of messages with different intents, by their languages."""
    unanswered: dict[Language, tuple[list[str], Floats32]]
    """Texts and their vectors."""

    @classmethod
    def measured_by(cls, embed: Embed) -> LanguageStatistics:
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


class Bm25:
    """BM25 over the words of passages, worked out beforehand (Robertson and Zaragoza 2009). Read-only once built."""

    def __init__(self, passages: Iterable[tuple[str, int, str]]) -> None:
        """A heading, how many times it counts, and a text, of each passage."""
        self._words = Words()
        counts = [
            Counter([*self._terms(heading) * often, *self._terms(text)]) for heading, often, text in passages
        ]
        self._passages = len(counts)
        self._postings = _postings(counts)

    def shares(self, text: str) -> Floats32:
        """BM25 as a share of what a passage could reach that repeats every term of the question; (passages,)."""
        total = np.zeros(self._passages, np.float32)
        known = set(self._terms(text))
        if not known:
            return total
        unseen = float(np.log(1 + self._passages))
        reachable = 0.0
        for term in known:
            posting = self._postings.get(term)
            if posting is None:
                reachable += unseen
            else:
                rarity, passages, gains = posting
                reachable += rarity
                total[passages] += gains
        share: Floats32 = np.clip(total / (reachable * (K1 + 1) * 0.7), 0, 1)
        return share

    def _terms(self, text: str) -> list[str]:
        words = self._words.cut(model_text(normalise(text).text))
        return [_stem(word) for word in words if word not in _STOP_WORDS and word[0].isalnum()]


def _postings(counts: Sequence[Counter[str]]) -> dict[str, tuple[float, npt.NDArray[np.intp], Floats32]]:
    """Of every term its rarity, the passages that hold it, and what it adds to the score of each."""
    lengths = np.array([counted.total() for counted in counts], np.float32)
    mean = max(1.0, float(lengths.mean())) if len(counts) else 1.0
    norms = K1 * (1 - B + B * lengths / mean)
    found: dict[str, list[int]] = {}
    for row, counted in enumerate(counts):
        for term in counted:
            found.setdefault(term, []).append(row)
    postings = {}
    for term, rows in found.items():
        rarity = float(np.log(1 + (len(counts) - len(rows) + 0.5) / (len(rows) + 0.5)))
        often = np.array([counts[row][term] for row in rows], np.float32)
        gains = rarity * often * (K1 + 1) / (often + norms[rows])
        postings[term] = rarity, np.array(rows, np.intp), gains.astype(np.float32)
    return postings


def _stem(word: str) -> str:
    """English plurals and endings off, roughly: a shop's page is short, and a near match is a match."""
    if not word.isascii() or len(word) < 5:
        return word.removesuffix("s") if word.isascii() and len(word) == 4 else word
    for ending in ("ing", "ies", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word
