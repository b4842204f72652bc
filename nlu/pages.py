"""Questions answered from the shop's own pages: sentence vectors and BM25 over words, combined.

A page is a Markdown file: `# title`, then sections `## question` with the answer below; a section is a passage.
Pages lie in one folder a language: `zh/*.md`, `en/*.md`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from nlu.errors import PagesRefused
from nlu.heads import Floats
from nlu.normalise import model_text, normalise
from nlu.types import Language, Passage, Understander
from nlu.words import Words

LANGUAGES: tuple[Language, ...] = ("zh", "en")
THRESHOLD = 0.42
"""Below this score nothing is said."""
STANDS_IN = 0.04
"""What a passage in the other language must be better by."""
HEADING_SHARE = 0.65
"""How much the section's question counts against its answer."""
WORD_SHARE = 0.4
"""How much common words count against likeness of meaning."""
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
    """The section's question."""
    text: str
    language: Language


def read_page(path: Path, language: Language) -> list[Section]:
    """The sections of one file; what stands before the first section belongs to none.

    Raises:
        PagesRefused: the file is not UTF-8 text.
    """
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as broken:
        raise PagesRefused(f"{path} cannot be read ({broken}): save it as UTF-8 text.") from broken
    sections: list[Section] = []
    heading, body = "", list[str]()

    def close() -> None:
        text = "\n".join(body).strip()
        if heading and text:
            sections.append(Section(page=path.stem, title=heading, text=text, language=language))
        body.clear()

    for line in lines:
        if line.startswith("## "):
            close()
            heading = line[3:].strip()
        elif heading:
            body.append(line)
    close()
    return sections


def read_pages(folder: Path) -> list[Section]:
    """All sections of `folder/zh/*.md` and `folder/en/*.md`; a language without a folder has none.

    Raises:
        PagesRefused: a file is not UTF-8 text.
    """
    return [
        section
        for language in LANGUAGES
        for path in sorted((folder / language).glob("*.md"))
        for section in read_page(path, language)
    ]


class MarkdownPages:
    """The shop's pages, ready to be asked; `embed` gives unit vectors, shape (texts, d). Read-only once built."""

    def __init__(self, sections: Iterable[Section], embed: Embed) -> None:
        self._sections = tuple(sections)
        self._embed = embed
        self._words = Words()
        texts = [section.title for section in self._sections] + [section.text for section in self._sections]
        vectors = embed(texts)
        # All sentences lie in a narrow cone: without its axis, what differs counts.
        self._axis = vectors.mean(0) if len(texts) else np.zeros(vectors.shape[1], np.float32)
        centred = _units(vectors - self._axis)
        self._headings, self._answers = centred[: len(self._sections)], centred[len(self._sections) :]
        counts = [
            Counter([*self._terms(section.title) * 3, *self._terms(section.text)])
            for section in self._sections
        ]
        self._postings = _postings(counts)
        self._of_language = {
            language: np.array([section.language == language for section in self._sections])
            for language in LANGUAGES
        }
        # The bot's own questions come again and again.
        self._vector = lru_cache(_HEARD_AT_MOST)(lambda text: self._embed([text])[0])

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
        """The best passages above the threshold, best first; pages in the other language stand in."""
        text = normalise(question).text[:300]
        if not self._sections or not text:
            return []
        scores = self._scores(text, vector)
        own = self._of_language[language]
        ranked = np.argsort(-(scores - np.where(own, 0.0, STANDS_IN)), kind="stable")
        best = [int(row) for row in ranked if scores[row] >= THRESHOLD]
        # A translation of what is already given in the customer's language adds nothing.
        if any(own[row] for row in best):
            best = [row for row in best if own[row]]
        return [self._passage(row, float(scores[row])) for row in best[:n]]

    def _passage(self, row: int, score: float) -> Passage:
        section = self._sections[row]
        return Passage(
            page=section.page,
            title=section.title,
            text=section.text,
            language=section.language,
            score=round(min(1.0, score), 4),
        )

    def _scores(self, text: str, known: Floats | None) -> Floats:
        vector = _units((self._vector(text) if known is None else known) - self._axis)
        meaning = HEADING_SHARE * (self._headings @ vector) + (1 - HEADING_SHARE) * (self._answers @ vector)
        words = self._bm25(self._terms(text))
        scores: Floats = (1 - WORD_SHARE) * np.clip(meaning, 0, 1) + WORD_SHARE * words
        # Pages in the other language share no words with the question: there meaning alone decides.
        best: Floats = np.maximum(scores, np.clip(meaning, 0, 1) * (1 - WORD_SHARE / 2)).astype(np.float32)
        return best

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
