"""Questions answered from the shop's own pages: sentence vectors and BM25 over words, combined.

A page is a Markdown file: `# title`, then sections `## question` with the answer below; a section is a passage, and so
is what stands before the first. Pages lie in one folder a language, `zh` and `en`, and in folders below it.

A question may be in the other language. Vectors of one language lie together, apart from the other's, so each is seen
from the middle of its own language. How near is near enough is not the same within a language and across, nor for two
models or for three passages and a thousand: a score counts from what messages reach that no page answers, in units of
how far apart unlike messages lie. Both come from a few messages of our own corpus.
"""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from nlu.datafiles import read_table
from nlu.errors import PagesRefused
from nlu.heads import Floats
from nlu.language import detect
from nlu.normalise import model_text, normalise
from nlu.types import Language, Passage, Understander
from nlu.words import Words

LANGUAGES: tuple[Language, ...] = ("zh", "en")
THRESHOLD = 0.42
"""Below this score nothing is said."""
ENOUGH_WITHIN, ENOUGH_ACROSS = 3.0, 2.85
"""What has this score, within a language and across: so many spreads above the floor …"""
INTRODUCES = 2.2
"""… and so many times as many for an introduction, for which no second likeness speaks."""
SAME = 5.0
"""From so many spreads on, passages in two languages that are nearest to each other say the same."""
NOISE_SHARE = 0.5
"""Where the floor is: this share of what messages reach that no page answers. With all of it, a shop of three passages
would answer whatever comes near one of them."""
HEADING_SHARE = 0.6
"""How much a section's question counts against its answer. The title of a page asks nothing and counts nothing."""
WORD_SHARE = 0.4
"""What all words of a question in common with a passage add to likeness of meaning; half of them, a quarter of it."""
_SATURATION, _LENGTH_SHARE = 1.2, 0.6
"""k1 and b of BM25 (Robertson and Zaragoza 2009)."""
_EMPTY_WORDS = frozenset((
    "的", "了", "吗", "呢", "啊", "吧", "我", "你", "你们", "我们", "是", "在", "有", "和", "就", "都", "也",
    "这", "那", "个", "请", "请问", "想", "要", "一下", "怎么", "什么", "可以", "能", "能不能", "会", "么",
    "为什么", "a", "an", "the", "i", "you", "we", "my", "your", "me", "is", "are", "was", "do", "does",
    "did", "can", "could", "will", "would", "to", "of", "for", "in", "on", "at", "it", "this", "that", "and",
    "or", "be", "have", "has", "if", "how", "what", "when", "where", "which", "please", "there", "with",
    "am", "s", "t",
))  # fmt: skip

Embed = Callable[[Sequence[str]], Floats]

_AT_ONCE = 8
_HEARD_AT_MOST = 256
_CORPUS = Path(__file__).parent / "corpus"
_UNANSWERED = ("out_of_scope", "chitchat")
_UNANSWERED_EACH = 20
_HEADING = re.compile(r"(#{1,6})\s+(\S.*?)(?:\s+#+)?\s*$")
_HIDDEN = re.compile(r"\A---\s*\n\w[\w-]*:.*?\n---\s*$|<!--.*?-->", re.DOTALL | re.MULTILINE)
"""Front matter and comments."""

log = logging.getLogger(__name__)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One passage of a page."""

    page: str
    """The file's name without its ending."""
    title: str
    """The section's question, or the page's title."""
    text: str
    language: Language
    introduces: bool = False
    """Whether it stands before the first section, under a title that names the page and asks nothing."""


def read_page(path: Path, language: Language) -> list[Section]:
    """The passages of one file; a heading deeper than the one that it stands under is part of the text.

    Raises:
        PagesRefused: the file is not UTF-8 text.
    """
    try:
        content = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as broken:
        raise PagesRefused(f"{path} cannot be read ({broken}): save it as UTF-8 text.") from broken
    sections: list[Section] = []
    level, title, body, fenced = 0, path.stem.replace("-", " "), list[str](), False

    def close() -> None:
        text = "\n".join(body).strip()
        if text:
            sections.append(
                Section(page=path.stem, title=title, text=text, language=language, introduces=level < 2)
            )
        body.clear()

    for line in _HIDDEN.sub("", content).splitlines():
        fenced ^= line.startswith("```")
        heading = None if fenced else _HEADING.match(line)
        if heading is None or 1 < level < len(heading[1]):
            body.append(line)
            continue
        close()
        level, title = len(heading[1]), heading[2]
    close()
    return sections


def read_pages(folder: Path) -> list[Section]:
    """All passages of the Markdown files below `folder/zh` and `folder/en`; other files are named in the log.

    Raises:
        PagesRefused: a file is not UTF-8 text.
    """
    pages = {
        path: language
        for language in LANGUAGES
        for path in _files(folder / language)
        if path.suffix.lower() == ".md"
    }
    for path in _files(folder):
        if path not in pages:
            log.warning("%s is not read: pages are .md files in the folders zh and en", path)
    sections = []
    for path, language in pages.items():
        found = read_page(path, language)
        if not found:
            log.warning("%s holds no text that could answer a question", path)
        sections += found
    return sections


def _files(folder: Path) -> list[Path]:
    """All files below a folder, without hidden ones."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )


class MarkdownPages:
    """The shop's pages, ready to be asked; `embed` gives unit vectors, shape (texts, d). Read-only once built."""

    def __init__(self, sections: Iterable[Section], embed: Embed) -> None:
        self._sections = tuple(sections)
        self._embed = embed
        self._words = Words()
        counts = [
            Counter([*self._terms(section.title) * (not section.introduces) * 3, *self._terms(section.text)])
            for section in self._sections
        ]
        self._postings = _postings(counts)
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
        surroundings = _Surroundings.seen_by(self._embed)
        self._centres = surroundings.centres
        centres = np.stack([self._centres[section.language] for section in self._sections])
        shares = [0.0 if section.introduces else HEADING_SHARE for section in self._sections]
        self._heading_shares = np.array(shares, np.float32)
        self._headings = _units(self._embed([section.title for section in self._sections]) - centres)
        self._answers = _units(self._embed([section.text for section in self._sections]) - centres)
        self._twins = self._translations(surroundings.spreads["zh", "en"])
        self._levels = {spoken: self._level(spoken, surroundings) for spoken in LANGUAGES}

    def _translations(self, spread: float) -> npt.NDArray[np.intp]:
        """Of each passage, the one that says the same in the other language, or itself: nearest to each other."""
        twins = np.arange(len(self._sections))
        first, second = (np.flatnonzero(self._of_language[language]) for language in LANGUAGES)
        if len(first) and len(second):
            likeness = HEADING_SHARE * (self._headings[first] @ self._headings[second].T)
            likeness += (1 - HEADING_SHARE) * (self._answers[first] @ self._answers[second].T)
            nearest, back = likeness.argmax(1), likeness.argmax(0)
            rows = np.arange(len(first))
            alike = (back[nearest] == rows) & (likeness[rows, nearest] >= SAME * spread)
            twins[first[alike]], twins[second[nearest[alike]]] = second[nearest[alike]], first[alike]
        return twins

    def _level(self, spoken: Language, surroundings: _Surroundings) -> _Level:
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
        self, question: str, language: Language, n: int = 3, vector: Floats | None = None
    ) -> list[Passage]:
        """The best passages above the threshold, best first, all in one language.

        It is `language`, unless no passage in it is near enough, or one in the other language that has no translation
        is nearer than all of them.
        """
        text = normalise(question).text[:300]
        if not self._sections or not text:
            return []
        scores = self._scores(text, self._vector(text) if vector is None else vector, detect(text, language))
        enough, own = scores >= THRESHOLD, self._of_language[language]
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
        centred = _units(vector - self._centres[spoken])
        shares = self._heading_shares
        meaning = shares * (self._headings @ centred) + (1 - shares) * (self._answers @ centred)
        # A word in common may be chance; most of them are not.
        likeness: Floats = (meaning + WORD_SHARE * self._bm25(self._terms(text)) ** 2).astype(np.float32)
        return likeness

    def _bm25(self, terms: Sequence[str]) -> Floats:
        """BM25 as a share of what a passage could reach that repeats every term of the question."""
        total = np.zeros(len(self._sections), np.float32)
        known = set(terms)
        if not known:
            return total
        unseen = float(np.log(1 + len(self._sections)))
        reachable = 0.0
        for term in known:
            posting = self._postings.get(term)
            if posting is None:
                reachable += unseen
            else:
                reachable += posting.rarity
                total[posting.sections] += posting.gains
        share: Floats = np.clip(total / (reachable * (_SATURATION + 1) * 0.7), 0, 1)
        return share

    def _terms(self, text: str) -> list[str]:
        words = self._words.cut(model_text(normalise(text).text))
        return [_stem(word) for word in words if word not in _EMPTY_WORDS and word[0].isalnum()]


@dataclass(frozen=True, slots=True)
class _Level:
    """What turns the likeness of each passage into a score: shape (passages,) each."""

    floors: Floats
    slopes: Floats


@dataclass(frozen=True, slots=True)
class _Surroundings:
    """Where each language lies for a model, how far apart unlike messages lie, and messages that no page answers."""

    centres: dict[Language, Floats]
    """Shape (d,)."""
    spreads: dict[tuple[Language, Language], float]
    """Standard deviation of the cosine of messages with different intents, by their languages."""
    unanswered: dict[Language, tuple[list[str], Floats]]
    """Texts and their vectors."""

    @classmethod
    def seen_by(cls, embed: Embed) -> _Surroundings:
        """The pages of a small shop are too few to tell: it is seen by a message of every intent."""
        vectors = {language: embed(_messages(language, 1)) for language in LANGUAGES}
        centres = {language: vectors[language].mean(0) for language in LANGUAGES}
        centred = {language: _units(vectors[language] - centres[language]) for language in LANGUAGES}
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


@dataclass(frozen=True, slots=True)
class _Posting:
    """A term's sections and what it adds to the score of each."""

    rarity: float
    sections: npt.NDArray[np.intp]
    gains: Floats


def _postings(counts: Sequence[Counter[str]]) -> dict[str, _Posting]:
    """BM25 of every term in every section, worked out beforehand."""
    lengths = np.array([counted.total() for counted in counts], np.float32)
    mean = max(1.0, float(lengths.mean())) if len(counts) else 1.0
    norms = _SATURATION * (1 - _LENGTH_SHARE + _LENGTH_SHARE * lengths / mean)
    found: dict[str, list[int]] = {}
    for row, counted in enumerate(counts):
        for term in counted:
            found.setdefault(term, []).append(row)
    postings = {}
    for term, rows in found.items():
        rarity = float(np.log(1 + (len(counts) - len(rows) + 0.5) / (len(rows) + 0.5)))
        often = np.array([counts[row][term] for row in rows], np.float32)
        gains = rarity * often * (_SATURATION + 1) / (often + norms[rows])
        postings[term] = _Posting(rarity, np.array(rows, np.intp), gains.astype(np.float32))
    return postings


def _stem(word: str) -> str:
    """English plurals and endings off, roughly: a shop's page is short, and a near match is a match."""
    if not word.isascii() or len(word) < 5:
        return word.removesuffix("s") if word.isascii() and len(word) == 4 else word
    for ending in ("ing", "ies", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


def _units(vectors: Floats) -> Floats:
    units: Floats = vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)
    return units
