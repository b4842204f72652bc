"""Finding the shop's products in a message: an index of character grams narrows, RapidFuzz decides.

A code is also known without its hyphens and with spaces in their place, and a long name by its beginning and its end
("cloud headphones", 云朵耳机), where that fits one product only. A name without Chinese characters is made of whole
words: there is no hat in "what".
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt
from rapidfuzz import fuzz

from kernel.arrays import Floats32
from nlu.entities.spans import Span, without_overlaps
from nlu.normalise import model_text, normalise
from nlu.types import CatalogueEntry, EntityKind

ACCEPTED = 0.72
"""Likeness from which a name counts as meant."""
CANDIDATES = 24
MENTIONS = 3
_READ_AT_MOST = 240
_POSTINGS_READ = 20_000
"""Entries of the index that a search reads at most, those of the rarest grams first."""
_RUN = re.compile(r"[a-z0-9]+|[\u4e00-\u9fff]+")
_CODE = re.compile(r"(?<![a-z0-9])[a-z0-9]+(?:[-_./][a-z0-9]+)*(?![a-z0-9])")
_HAS_DIGIT = re.compile(r"\d")
_HAS_LETTER = re.compile(r"[a-z]")
_WITHIN_CODE = re.compile(r"[-_./ ]+")
_CODE_TOKEN = re.compile(r"[a-z0-9]+")
_CODE_TOKENS = 3
"""Pieces that a code may be written in: `rf 55 20`."""
_SHORTEST_CODE = 4
_LATIN_WORD = re.compile(r"[a-z][a-z0-9]*")
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_RUNS_ON = re.compile(r"[a-z]{2}|[0-9]{2}")
_SHARED = ""
"""In place of a product's id: what several products are called by names none of them."""
_PART_SCORE = 0.8
"""Score of a product that is named by the beginning and the end of its name."""
_PART_ZH = 2
"""Characters that are said of a Chinese name's beginning and of its end at least."""


class ProductIndex:
    """Products by name and code; read-only once built, so safe for several threads."""

    def __init__(self, entries: Sequence[CatalogueEntry]) -> None:
        named = [(_form(name), entry.product_id) for entry in entries for name in entry.names]
        self._names = [name for name, _ in named]
        self._ids = [product for _, product in named]
        self._codes = _owners((name, product) for name, product in named if _is_code(name))
        self._compact = _compact_codes(self._codes)
        self._index()

    def _index(self) -> None:
        postings: dict[str, list[int]] = defaultdict(list)
        for row, name in enumerate(self._names):
            for gram in _grams(name):
                postings[gram].append(row)
        count = max(1, len(self._names))
        self._postings = {gram: np.array(rows, np.int32) for gram, rows in postings.items()}
        self._weights = {gram: float(np.log1p(count / len(rows))) for gram, rows in postings.items()}
        self._totals = np.array(
            [sum(self._weights[gram] for gram in _grams(name)) for name in self._names], np.float32
        )

    def find(self, text: str) -> list[Span]:
        """Products in normalised text, surest first; the value is the product's id."""
        if not self._names:
            return []
        readable = model_text_with_digits(text[:_READ_AT_MOST])
        found = list(self._exact_codes(readable))
        taken = [(span.start, span.end) for span in found]
        near = self._nearest(_grams(readable))
        for score, row, start, end in [*self._alike(readable, near), *self._by_parts(readable, near)]:
            if len(found) >= MENTIONS:
                break
            if all(end <= other_start or start >= other_end for other_start, other_end in taken):
                taken.append((start, end))
                found.append(Span(EntityKind.PRODUCT, start, end, self._ids[row], round(score, 3)))
        return found

    def _exact_codes(self, text: str) -> list[Span]:
        """The codes that are said, the longest where they overlap, save those of several products."""
        exact = [
            Span(EntityKind.PRODUCT, match.start(), match.end(), self._codes[match[0]])
            for match in _CODE.finditer(text)
            if match[0] in self._codes
        ]
        longest_first = sorted([*exact, *self._compact_written(text)], key=lambda span: span.start - span.end)
        return [span for span in without_overlaps(longest_first) if span.value != _SHARED]

    def _compact_written(self, text: str) -> Iterator[Span]:
        """Codes without their hyphens, the longest that begins at each word: `md77`, `rf 5520`."""
        if not self._compact:
            return
        tokens = list(_CODE_TOKEN.finditer(text))
        for first in range(len(tokens)):
            longest = self._longest_compact(text, tokens[first : first + _CODE_TOKENS])
            if longest is not None:
                yield longest

    def _longest_compact(self, text: str, tokens: Sequence[re.Match[str]]) -> Span | None:
        joined, start, end = "", tokens[0].start(), tokens[0].start()
        longest = None
        for token in tokens:
            if not _WITHIN_CODE.fullmatch(text, end, token.start()) and joined:
                break
            joined, end = joined + token[0], token.end()
            if joined in self._compact:
                longest = Span(EntityKind.PRODUCT, start, end, self._compact[joined])
        return longest

    def _alike(self, text: str, near: npt.NDArray[np.int32]) -> list[tuple[float, int, int, int]]:
        """Likeness, row and place of the names that the text holds nearly whole, best and longest first."""
        scored = []
        for row in near:
            name = self._names[row]
            if len(name) < 2 or name in self._codes:
                continue
            said = _as_whole_words(name, text) or _nearly(name, text)
            if said is not None:
                score, start, end = said
                scored.append((score, int(row), start, end))
        return sorted(scored, key=lambda found: (-round(found[0], 2), -len(self._names[found[1]]), found[1]))

    def _by_parts(self, text: str, near: npt.NDArray[np.int32]) -> list[tuple[float, int, int, int]]:
        """The product of which the text says the beginning and the end, if there is only one."""
        words = list(_LATIN_WORD.finditer(text))
        found = [
            (_PART_SCORE, int(row), *place)
            for row in near
            if (place := _part_of(self._names[row], text, words)) is not None
        ]
        places: dict[tuple[int, int], set[str]] = defaultdict(set)
        for _, row, start, end in found:
            places[start, end].add(self._ids[row])
        return [part for part in found if len(places[part[2], part[3]]) == 1]

    def _nearest(self, grams: set[str]) -> npt.NDArray[np.int32]:
        known = [gram for gram in grams if gram in self._postings]
        if not known:
            return np.array([], np.int32)
        # The rare grams tell names apart; the common ones would cost the time.
        known.sort(key=lambda gram: len(self._postings[gram]))
        rows, weights, held = [], [], 0
        for gram in known:
            posting = self._postings[gram]
            if held and held + len(posting) > _POSTINGS_READ:
                break
            held += len(posting)
            rows.append(posting)
            weights.append(np.full(len(posting), self._weights[gram], np.float32))
        names, shared = _summed(np.concatenate(rows), np.concatenate(weights))
        covered = shared / np.maximum(self._totals[names], 1e-6)
        rank = covered + 0.02 * shared
        best = np.argpartition(-rank, min(CANDIDATES, len(rank) - 1))[:CANDIDATES]
        return names[best[covered[best] > 0.2]]


def _summed(rows: npt.NDArray[np.int32], weights: Floats32) -> tuple[npt.NDArray[np.int32], Floats32]:
    """The different rows and the sum of each one's weights, without an array as long as the catalogue."""
    order = np.argsort(rows)
    ordered = rows[order]
    firsts = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
    return ordered[firsts], np.add.reduceat(weights[order], firsts)


def model_text_with_digits(text: str) -> str:
    """As the encoder's text, but with the digits of long numbers kept, since codes differ in them."""
    prepared = model_text(text)
    return "".join(c if c.isdigit() else p for c, p in zip(text, prepared, strict=True))


def _form(name: str) -> str:
    return model_text_with_digits(normalise(name).text)


def _is_code(name: str) -> bool:
    return bool(_CODE.fullmatch(name) and _HAS_DIGIT.search(name) and len(name) >= 4)


def _owners(named: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The product of each name, `_SHARED` where there are several."""
    owners: dict[str, str] = {}
    for name, product in named:
        owners[name] = product if owners.get(name, product) == product else _SHARED
    return owners


def _compact_codes(codes: Mapping[str, str]) -> dict[str, str]:
    """Codes without what is written between their pieces; those that two products share are `_SHARED`.

    Without a letter (`10-24`) it would be a number like any other.
    """
    joined = ((_WITHIN_CODE.sub("", code), product) for code, product in codes.items())
    return _owners(
        (code, product)
        for code, product in joined
        if len(code) >= _SHORTEST_CODE and _HAS_LETTER.search(code)
    )


def _as_whole_words(name: str, text: str) -> tuple[float, int, int] | None:
    """Likeness and place of a Latin name that a text says letter by letter, in the singular or the plural."""
    if _CHINESE.search(name):
        return None
    own = name[slice(*_tightened(name, 0, len(name)))]
    stem, forms = _stem(own), _forms(own)
    places = (_tightened(text, at, at + len(stem)) for at in _occurrences(stem, text))
    said = [
        (fuzz.ratio(own, text[start:end]) / 100, start, end)
        for start, end in places
        if text[start:end] in forms
    ]
    return max(said, key=lambda place: place[0], default=None)


def _nearly(name: str, text: str) -> tuple[float, int, int] | None:
    """Likeness and place of a name that a text says nearly whole."""
    place = fuzz.partial_ratio_alignment(name, text, score_cutoff=100 * ACCEPTED)
    if place is None:
        return None
    start, end = (place.dest_start, place.dest_end) if len(name) <= len(text) else (0, len(text))
    start, end = _tightened(text, start, end)
    like = place.score
    if not _CHINESE.search(name):
        # The best place may begin or end within a word, which is then compared whole.
        own = name[slice(*_tightened(name, place.src_start, place.src_end))]
        like = 0.0 if _is_another_word(own, text[start:end]) else fuzz.ratio(own, text[start:end])
    # A text shorter than the name names it only as far as it covers it.
    covered = min(1.0, len(text.replace(" ", "")) / len(name.replace(" ", "")))
    score = like / 100 * (0.55 + 0.45 * covered)
    return (score, start, end) if score >= ACCEPTED and end > start else None


def _is_another_word(name: str, said: str) -> bool:
    """Whether words hold a name within other letters or digits: `what` and `hate`, but not `hats`, the `hat`."""
    stem = _stem(name)
    at = said.find(stem)
    if at < 0 or said in _forms(name):
        return False
    around = (said[:at][-1:] + stem[:1], stem[-1:] + said[at + len(stem) :][:1])
    return any(_RUNS_ON.fullmatch(edge) for edge in around)


def _stem(word: str) -> str:
    """A word without the ending of the plural."""
    return word[:-1] if len(word) > 3 and word.endswith("s") else word


def _forms(word: str) -> frozenset[str]:
    """A word in the singular and the plural, whichever of them it is."""
    forms = {word, f"{word}s", _stem(word)}
    return frozenset(forms | {f"{word}es"} if word.endswith(("s", "x", "z", "h", "o")) else forms)


def _occurrences(part: str, text: str) -> Iterator[int]:
    at = text.find(part)
    while at >= 0:
        yield at
        at = text.find(part, at + 1)


def _part_of(name: str, text: str, words: Sequence[re.Match[str]]) -> tuple[int, int] | None:
    """Where a text says the first and the last word of a name, and nothing between them but words of it in order."""
    if name[0] >= "\u4e00":
        return _chinese_part(name, text)
    own = _LATIN_WORD.findall(name)
    if len(own) < 3:
        return None
    for first in range(len(words) - 1):
        if words[first][0] != own[0]:
            continue
        at = 1
        for word in words[first + 1 :]:
            while at < len(own) and own[at].rstrip("s") != word[0].rstrip("s"):
                at += 1
            if at == len(own):
                break
            if at == len(own) - 1:
                return words[first].start(), word.end()
            at += 1
    return None


def _chinese_part(name: str, text: str) -> tuple[int, int] | None:
    if len(name) < 3 * _PART_ZH:
        return None
    places = ((start, _chinese_end(name, text, start)) for start in _occurrences(name[:_PART_ZH], text))
    return next(((start, end) for start, end in places if end is not None), None)


def _chinese_end(name: str, text: str, start: int) -> int | None:
    """Where the end of a name ends that follows its beginning at once."""
    for length in range(_PART_ZH, len(name) - 2 * _PART_ZH + 1):
        if not text.startswith(name[:length], start):
            break
        end = start + length
        for tail in range(len(name) - length - 1, _PART_ZH - 1, -1):
            if text.startswith(name[-tail:], end):
                return end + tail
    return None


def _grams(text: str) -> set[str]:
    """Pairs of Chinese characters, and triples of Latin letters and digits with their word's edges."""
    grams: set[str] = set()
    for run in _RUN.findall(text):
        if run[0] >= "\u4e00":
            grams.update(run[i : i + 2] for i in range(max(1, len(run) - 1)))
        else:
            padded = f" {run} "
            grams.update(padded[i : i + 3] for i in range(len(padded) - 2))
    return grams


def _tightened(text: str, start: int, end: int) -> tuple[int, int]:
    """The span without white space and punctuation at its ends, and with whole Latin words."""
    while (
        start > 0
        and text[start : start + 1].isascii()
        and (text[start - 1] + text[start : start + 1]).isalnum()
        and text[start - 1].isascii()
    ):
        start -= 1
    while (
        end < len(text)
        and text[end - 1].isascii()
        and text[end].isascii()
        and (text[end - 1] + text[end]).isalnum()
    ):
        end += 1
    while start < end and not text[start].isalnum():
        start += 1
    while end > start and not text[end - 1].isalnum():
        end -= 1
    return start, end
