"""Searching a shop's goods by the words of a need and by its meaning, 100,000 products in a few milliseconds."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from kernel.arrays import Floats32
from nlu.products import lexicon, units
from nlu.products.concepts import Concept, is_beside, is_wished, wanted
from nlu.products.goods import Goods
from nlu.products.meaning import REFINED, VARIANTS, Meaning, best
from nlu.products.nearness import Nearness, Wish
from nlu.products.needs import Need
from nlu.types import Language

_NAME, _CATEGORY, _OPTIONS, _VALUES, _ABOUT = 2.0, 1.6, 0.7, 0.9, 0.5
"""What a word counts by where it stands; in a category, besides."""
_LONGEST_WORD = 12
"""Chinese characters of a word at most."""
_OF_KIND = 0.6
"""What a word of the lexicon counts beside the customer's own."""
_RAREST = 3.5
"""What the rarity of a word counts at most: a rare word is more often chatter than what is looked for."""
_MEANING = 1.5
"""What likeness of meaning counts beside the weight of a word."""
_NEAR = 30.0
"""What nearness by tokens counts beside the rarity of the words that are met; chosen on three invented shops."""
_MEANT = 0.5
"""From this nearness on goods are meant though no word of theirs is said; chosen there, too."""
_LINES = 12
"""Goods of which the nearest line is looked for."""
_CHINESE = re.compile(r"[\u3400-\u9fff]+")
_CHINESE_END = re.compile(r"[\u3400-\u9fff]+(?=[^\u3400-\u9fff]*$)")
_APART = re.compile(r"[,，(（;；|]|\s[-–—]\s|\b(?:with|for|of|in)\b", re.IGNORECASE)
_MEASURED = re.compile(
    rf"(?<![a-z0-9.])[0-9]{{1,6}}(?:\.[0-9]{{1,3}})?[\s-]?(?:{units.PATTERN})", re.IGNORECASE
)
"""What a name only tells versions apart by: the drill of an 18 V one."""
_TYPE = re.compile(r"\b(?:type|kind)\b|类", re.IGNORECASE)
"""Labels of what goods are: green tea."""
_PIECE = re.compile(r"[、&/+]|\band\b|(?<=[\u3400-\u9fff])\s+(?=[\u3400-\u9fff])|[和与及]", re.IGNORECASE)
_SUFFIX, _ENDING = 3, 4
"""Latin letters at least, and Chinese characters at most, of an ending that names goods: pot of a teapot."""
_FLAVOUR = "味"
"""What a Chinese word for a taste ends with: 姜味 is of ginger."""
_STEM, _INFLECTED = 4, 2
"""Letters of a Latin word that say what it means, and those at its end that may not."""

Rows: TypeAlias = tuple[npt.NDArray[np.int32], Floats32]
"""Goods, ascending, and weights."""
_NOTHING: Rows = (np.zeros(0, np.int32), np.zeros(0, np.float32))


@dataclass(frozen=True, slots=True)
class Found:
    """A product that a search finds."""

    id: str
    score: float
    """Above 0; comparable within one search."""
    worded: bool
    """Its words meet the need, or what is written of it is near enough, and not only its meaning."""
    share: float = 0.0
    """How much of what is asked for its words meet, by the words' rarity; comparable within one search."""
    of_kind: bool = False
    """It is of what is asked for by what the shop itself calls its goods."""
    near: float = 0.0
    """How near what is written of it is to what was said, token by token; 0: not known."""
    line: str = ""
    """The line of what is written of it that is nearest, besides its name; known of the first."""
    adds: float = 0.0
    """How much the line adds to the name."""


class GoodsIndex:
    """Goods, ready to be searched. Read-only once built, save for `mean`."""

    def __init__(self, goods: Sequence[Goods]) -> None:
        self.goods = tuple(goods)
        self._groups = [one.group for one in self.goods]
        self._main, self._category = _postings(self.goods)
        self._latin = sorted(term for term in self._main if term.isascii() and term.isalpha())
        self._kinds: dict[tuple[str, ...], Rows] = {}
        self._meaning: Meaning | None = None
        self._nearness: Nearness | None = None

    def place(self, nearness: Nearness) -> None:
        """Let it be searched by the tokens of what is written of its goods, too."""
        self._nearness = nearness

    @property
    def places(self) -> bool:
        """Whether it can be searched by tokens."""
        return self._nearness is not None

    @property
    def by_tokens_alone(self) -> bool:
        """Whether so few goods are there that the tokens of all are compared."""
        return self.places and len(self.goods) <= REFINED

    def mean(self, vectors: Floats32, centres: dict[Language, Floats32]) -> None:
        """Let it be searched by meaning, too.

        Args:
            vectors: of what `spoken` gives, in its order, shape (texts, d).
            centres: of messages, by language, shape (d,) each.
        """
        self._meaning = Meaning(self.goods, vectors, centres)

    @property
    def means(self) -> bool:
        """Whether it can be searched by meaning."""
        return self._meaning is not None

    def search(
        self,
        need: Need,
        n: int,
        vector: Floats32 | None = None,
        language: Language = "en",
        wish: Wish | None = None,
    ) -> list[Found]:
        """At most `n` products, best first, of the variants of one no more than some.

        Args:
            need: what is looked for; what must hold is judged by who asks.
            n: no more than so many.
            vector: of `need.said`, unit length, shape (d,); None: by words alone.
            language: of what was said.
            wish: `need.said`, token by token; None: not by tokens.
        """
        if not self.goods:
            return []
        scores = np.zeros(len(self.goods), np.float32)
        shares = np.zeros(len(self.goods), np.float32)
        kind = np.zeros(len(self.goods), bool)
        asked = [(one, self._named(one, need.said)) for one in wanted(need)]
        if not any(len(called[0]) for _, called in asked):
            asked = [(one, self._of_its_kind(one)) for one, _ in asked]
        heads = {one for one, called in asked if len(called[0]) and not is_beside(one, need.said)}
        heads = {one for one in heads if is_wished(one, need.said)} or heads
        for concept, called in asked:
            # What the shop itself calls its goods so is what is meant: tea is no tea tray.
            rows, weights = _most([called, self._of(concept)])
            if concept in heads or not (heads or is_beside(concept, need.said)):
                kind[called[0]] = True
            elif heads and len(called[0]):
                # What goods are only for, or come beside, finds none of those that are looked for.
                continue
            if len(rows):
                many = int((weights >= _VALUES * _OF_KIND).sum())
                rarity = concept.weight * min(_RAREST, float(np.log1p(len(self.goods) / (1 + many))))
                scores[rows] += weights * rarity
                shares[rows] += rarity
        rows = best(scores, np.flatnonzero(scores), 2 * n)
        worded = set(rows.tolist())
        if vector is not None and self._meaning is not None:
            rows = np.union1d(rows, self._meaning.nearest(vector, language))
            scores[rows] += _MEANING * np.maximum(self._meaning.likeness(vector, language, rows), 0)
        rows = rows[scores[rows] > 0]
        near = np.zeros(len(self.goods), np.float32)
        if wish is not None and self._nearness is not None:
            if self.by_tokens_alone:
                rows = np.arange(len(self.goods), dtype=np.int32)
            else:
                rows = best(scores, rows.astype(np.intp), REFINED)
            near[rows] = self._nearness.to(wish, language, rows.tolist())
            together = shares[rows] + _NEAR * near[rows]
            scores[rows] = np.exp(together - together.max(initial=0.0))
            worded |= set(rows[near[rows] >= _MEANT].tolist())
        ordered = rows[np.lexsort((-near[rows], -scores[rows]))].tolist()
        kept = self._some_of_each(ordered, n)
        lines = dict[int, tuple[str, float]]()
        if wish is not None and self._nearness is not None:
            lines = {row: self._nearness.line(wish, language, row) for row in kept[:_LINES]}
        return [
            Found(
                self.goods[row].id,
                float(scores[row]),
                row in worded,
                float(shares[row]),
                bool(kind[row]),
                float(near[row]),
                *lines.get(row, ("", 0.0)),
            )
            for row in kept
        ]

    def _some_of_each(self, ordered: Sequence[int], n: int) -> list[int]:
        held, kept = Counter[str](), list[int]()
        for row in ordered:
            group = self._groups[row]
            held[group] += 1
            if held[group] <= VARIANTS:
                kept.append(row)
                if len(kept) == n:
                    break
        return kept

    def _of(self, concept: Concept) -> Rows:
        own = [self._saying(_last(word), category=True) for word in concept.own]
        kind = self._kind(concept.kinds)
        if not any(len(rows) for rows, _ in (*own, kind)):
            own = [self._akin(word) for word in concept.own]
        return _most([*own, kind])

    def _akin(self, pattern: str) -> Rows:
        """The goods that say the longest part of a word that none says: 乌龙 of 乌龙茶, orange of orangey."""
        word = pattern.strip()
        if len(word) > 1 and word[-1] in _FLAVOUR:
            return self._saying(word[:-1], category=True)
        if word.isascii():
            place = bisect_left(self._latin, word[:-_INFLECTED])
            near = self._latin[place : place + 1] if len(word) >= _STEM + _INFLECTED else []
            return _most(
                [self._saying(one, category=True) for one in near if one.startswith(word[:-_INFLECTED])]
            )
        # Longer than any word: a text without a gap, of which no part is a name for the whole.
        for length in range(len(word) - 1, 1, -1) if len(word) <= _LONGEST_WORD else ():
            parts = [word[at : at + length] for at in range(len(word) - length + 1)]
            rows = _most([self._saying(part, category=True) for part in parts])
            if len(rows[0]):
                return rows
        return _NOTHING

    def _named(self, concept: Concept, said: str) -> Rows:
        """The goods that are called what is asked for, also where that says what goods are for: 伞, for the rain.

        Where their names only end so, those by another name of the kind, too: raincoats for a coat, and jackets.
        """
        if concept.weight < 1.0 and is_beside(concept, said):
            return _NOTHING
        words = [lexicon.pattern(word).strip() for word in concept.words]
        own = _most([self._called(word) for word in words])
        just_so = any(len(self._called(f"{word}$" if word.isascii() else word)[0]) for word in words)
        if not len(own[0]):
            return own
        return _most([own, *self._of_type(words), *(() if just_so else (self._of_its_kind(concept),))])

    def _of_type(self, words: Sequence[str]) -> list[Rows]:
        """The goods that are stated to be of a type that is called so."""
        return [self._main.get(f"{word}$~", _NOTHING) for word in words]

    def _of_its_kind(self, concept: Concept) -> Rows:
        """The goods that are called what goods of a kind are called."""
        if concept.weight < 1.0:
            return _NOTHING
        words = [lexicon.pattern(word).strip() for word in concept.words]
        kind = lexicon.goods_of(*concept.kinds) if concept.kinds else ()
        return _most([*self._of_type(words), *(self._called(word) for word in kind)])

    def _called(self, pattern: str) -> Rows:
        """The goods whose name or category ends with a word."""
        return _added(*(terms.get(f"{pattern.strip()}$", _NOTHING) for terms in (self._main, self._category)))

    def _kind(self, kinds: tuple[str, ...]) -> Rows:
        known = self._kinds.get(kinds)
        if known is None:
            words = lexicon.goods_of(*kinds) if kinds else ()
            goods = any(kind[0] not in "~@" for kind in kinds)
            parts = [found for word in words if len((found := self._called(word))[0])] if goods else []
            rows, weights = _most(
                parts or [self._saying(word, category=kinds[0][0] == "@") for word in words]
            )
            known = self._kinds[kinds] = (rows, weights * np.float32(_OF_KIND))
        return known

    def _saying(self, pattern: str, *, category: bool) -> Rows:
        """The goods whose texts hold a pattern, by the terms that it is made of."""
        terms = [pattern] if pattern.endswith("$") else list(_terms(lexicon.field(pattern)))
        main = _meeting([self._main.get(term) for term in terms])
        if not category:
            return main
        return _added(main, _meeting([self._category.get(term) for term in terms]))


def _terms(text: str) -> Iterator[str]:
    """Latin words, and single and paired Chinese characters, of a `lexicon.field`."""
    latin, _, lower = text.partition(" | ")
    yield from latin.split()
    for run in _CHINESE.findall(lower):
        if len(run) == 1:
            yield run
        else:
            yield from (run[at : at + 2] for at in range(len(run) - 1))


def _ends(text: str) -> set[str]:
    """What a name, or a category, ends with in each language, before what tells it apart: what it is."""
    found = set[str]()
    for part in (piece for one in text.split(" / ") for piece in _PIECE.split(_APART.split(one)[0])):
        bare = _MEASURED.sub(" ", part)
        words, run = lexicon.forms(bare), _CHINESE_END.search(bare)
        if words:
            found |= {f"{words[-1]}$", f"{words[-1]}$$"}
            found |= {f"{words[-1][at:]}$" for at in range(1, len(words[-1]) - _SUFFIX + 1)}
        if run is not None:
            found |= {f"{run.group()[-length:]}$" for length in range(1, min(len(run.group()), _ENDING) + 1)}
    return found


def _last(pattern: str) -> str:
    """Of a customer's words, one Chinese character names goods only where their name ends with it."""
    return f"{pattern}$" if len(pattern) == 1 and not pattern.isascii() else pattern


def _held(text: str) -> set[str]:
    """The terms that are found in a text: of Chinese also each character."""
    terms = set(_terms(text))
    return terms | {character for term in terms if not term.isascii() for character in term}


def _postings(goods: Sequence[Goods]) -> tuple[dict[str, Rows], dict[str, Rows]]:
    main: dict[str, tuple[list[int], list[float]]] = {}
    category: dict[str, tuple[list[int], list[float]]] = {}
    known: dict[str, set[str]] = {}
    for row, one in enumerate(goods):
        weights: dict[str, float] = {}
        # From what counts least to what counts most.
        for text, weight in (
            (one.about, _ABOUT), (one.options, _OPTIONS), (one.values, _VALUES), (one.name, _NAME),
        ):  # fmt: skip
            weights.update(dict.fromkeys(_held(text), weight))
        for label, value in one.facts:
            if _TYPE.search(label):
                weights.update(dict.fromkeys((f"{end}~" for end in _ends(value.lower())), _VALUES))
        weights.update(dict.fromkeys(_ends(one.name.partition(" | ")[2]), _NAME))
        for term, weight in weights.items():
            rows, gains = main.setdefault(term, ([], []))
            rows.append(row)
            gains.append(weight)
        if one.category not in known:
            # A category of several kinds doesn't say of which of them goods are.
            ends = _ends(one.category.partition(" | ")[2]) if one.one_kind else set[str]()
            known[one.category] = _held(one.category) | ends
        for term in known[one.category]:
            rows, gains = category.setdefault(term, ([], []))
            rows.append(row)
            gains.append(_CATEGORY)
    return _packed(main), _packed(category)


def _packed(found: dict[str, tuple[list[int], list[float]]]) -> dict[str, Rows]:
    packed = {}
    while found:
        term, (rows, gains) = found.popitem()
        packed[term] = (np.array(rows, np.int32), np.array(gains, np.float32))
    return packed


def _meeting(parts: Sequence[Rows | None]) -> Rows:
    """The goods that hold all terms, with what the least of them counts."""
    if not parts or any(part is None for part in parts):
        return _NOTHING
    rows, weights = sorted((part for part in parts if part is not None), key=lambda part: len(part[0]))[0]
    for part in parts:
        if part is None or part[0] is rows:
            continue
        rows, left, right = np.intersect1d(rows, part[0], assume_unique=True, return_indices=True)
        weights = np.minimum(weights[left], part[1][right])
    return rows, weights


def _most(parts: Sequence[Rows]) -> Rows:
    """All goods of several findings, each with the most that it counts in one of them."""
    return _together(parts, np.maximum)


def _added(first: Rows, second: Rows) -> Rows:
    """All goods of two findings, with the sum of what they count."""
    return _together((first, second), np.add)


def _together(parts: Sequence[Rows], join: np.ufunc) -> Rows:
    """All goods of several findings, each with what it counts in them, joined by a function."""
    held = [part for part in parts if len(part[0])]
    if not held:
        return _NOTHING
    if len(held) == 1:
        return held[0]
    rows, weights = np.concatenate([part[0] for part in held]), np.concatenate([part[1] for part in held])
    order = np.argsort(rows, kind="stable")
    rows, weights = rows[order], weights[order]
    firsts = np.flatnonzero(np.concatenate(([True], rows[1:] != rows[:-1])))
    return rows[firsts], join.reduceat(weights, firsts)
