"""Questions answered from the shop's own pages.

Entries are found by vectors of their tokens and of the whole (late interaction: Khattab and Zaharia 2020) and by words
in common; the nearest are read together with the question, which tells whether one answers, and with which words.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from kernel.arrays import Floats32, Ints
from nlu.encoder import batches_by_length
from nlu.normalise import normalise
from nlu.pages.bm25 import Bm25
from nlu.pages.model import BEFORE, HEADING, MOST, QUESTION, TEXT, PagesModel, Placed
from nlu.pages.parts import Part, parts_of
from nlu.pages.reading import LANGUAGES, Section, read_pages
from nlu.pages.sentences import Sayings
from nlu.types import Language, Passage

HEADING_TIMES = 3
"""How often a word of a section's question counts where one of its answer counts once."""
READ = 5
"""Rows that are read together with the question."""
_INTRODUCES = 0.5
"""What stands before the first section names a page and seldom answers: its chance counts so much."""
_LOOKED_AT = 64
"""Rows whose tokens are compared with the question's."""
_ASKED_AT_MOST = 300
"""Characters of a question."""
_REMEMBERED = 256
_AT_ONCE = 8
"""Entries of like length: padding costs as much as words."""


@dataclass(frozen=True, slots=True)
class _Row:
    """A part of a section under one of its headings."""

    section: int
    said: Sayings
    placed: Placed
    """In 16 bits."""


class MarkdownPages:
    """The shop's pages, ready to be asked. Read-only once built."""

    def __init__(self, sections: Iterable[Section], model: PagesModel) -> None:
        self._sections = tuple(sections)
        self.model = model
        """What finds and reads."""
        self._words = Bm25(
            (
                " ".join((section.title, *section.also)),
                0 if section.introduces else HEADING_TIMES,
                section.text,
            )
            for section in self._sections
        )
        self._rows = self._placed()
        self._section_of = np.array([row.section for row in self._rows], np.intp)
        self._wholes = np.array([row.placed.whole for row in self._rows], np.float32)
        self._of_language = {
            language: np.array([section.language == language for section in self._sections], bool)
            for language in LANGUAGES
        }
        self._translation_of = self._translations()
        self._read: OrderedDict[str, list[Part]] = OrderedDict()
        self._found: OrderedDict[tuple[str, str, Language], list[Passage]] = OrderedDict()

    def _placed(self) -> list[_Row]:
        encoder, rows = self.model.encoder, list[_Row]()
        for places in batches_by_length([section.text for section in self._sections], _AT_ONCE):
            group = [self._sections[place] for place in places]
            headings = [
                (place, heading) for place, one in enumerate(group) for heading in (one.title, *one.also)
            ]
            texts = parts_of([section.text for section in group], encoder)
            for (place, _), heading in zip(
                headings, parts_of([heading for _, heading in headings], encoder), strict=True
            ):
                for part in texts[place]:
                    placed = self.model.place([(heading, HEADING), ([part], TEXT)])
                    small = Placed(
                        placed.tokens.astype(np.float16),
                        placed.counts[:0],
                        placed.whole,
                        placed.upper.astype(np.float16),
                        placed.kinds.astype(np.int8),
                    )
                    said = self.model.sentences.sayings(part.vectors[: MOST[TEXT]], part.spans[: MOST[TEXT]])
                    rows.append(_Row(places[place], said, small))
        return sorted(rows, key=lambda row: row.section)

    def _translations(self) -> Ints:
        """Of each section, the one that says the same in the other language, or itself: nearest to each other."""
        translation_of = np.arange(len(self._sections))
        if not len(self._rows):
            return translation_of
        first_rows = np.unique(self._section_of, return_index=True)
        of_section = np.zeros((len(self._sections), self._wholes.shape[1]), np.float32)
        of_section[first_rows[0]] = self._wholes[first_rows[1]]
        here, there = (np.flatnonzero(self._of_language[language]) for language in LANGUAGES)
        if not len(here) or not len(there):
            return translation_of
        likeness = of_section[here] @ of_section[there].T
        nearest, back = likeness.argmax(1), likeness.argmax(0)
        rows = np.arange(len(here))
        alike = (back[nearest] == rows) & (likeness[rows, nearest] >= self.model.translation)
        translation_of[here[alike]] = there[nearest[alike]]
        translation_of[there[nearest[alike]]] = here[alike]
        return translation_of

    @classmethod
    def from_folder(cls, folder: Path, model: PagesModel) -> MarkdownPages:
        """The pages of a folder.

        Raises:
            PagesRefused: a file is not UTF-8 text.
        """
        return cls(read_pages(folder), model)

    def search(
        self,
        question: str,
        language: Language,
        n: int = 3,
        before: str = "",
        at_least: float | None = None,
    ) -> list[Passage]:
        """The best passages whose chance to answer is at least `at_least` (by default the model's), best first.

        They are in `language`; one in the other that has no translation stands in.
        """
        text, said = (normalise(one).text[:_ASKED_AT_MOST] for one in (question, before))
        if not self._rows or not any(character.isalnum() for character in text):
            return []
        key = text, said, language
        if key not in self._found:
            self._found[key] = self._search(text, said, language)
            while len(self._found) > _REMEMBERED:
                self._found.popitem(last=False)
        least = self.model.threshold if at_least is None else at_least
        return [passage for passage in self._found[key] if passage.score >= least][:n]

    def _parts(self, text: str) -> list[Part]:
        if text and text not in self._read:
            self._read[text] = parts_of([text], self.model.encoder)[0]
            while len(self._read) > _REMEMBERED:
                self._read.popitem(last=False)
        return self._read[text] if text else []

    def nearest(self, text: str, language: Language, before: str = "") -> tuple[Placed, Ints, Floats32]:
        """A question as it is placed, the rows nearest to it, and their features: what is read more closely."""
        placed = self.model.place([(self._parts(text), QUESTION), (self._parts(before), BEFORE)])
        return placed, *self._nearest(placed, self._words.shares(f"{text} {before}"), language)

    def _search(self, text: str, before: str, language: Language) -> list[Passage]:
        placed, rows, features = self.nearest(text, language, before)
        if not len(rows):
            return []
        near = [self._rows[row].placed for row in rows]
        logits = self.model.read(placed, near, features)
        in_other = ~self._of_language[language][self._section_of[rows]]
        chances = self.model.chances(logits, features, in_other)
        found: dict[int, Passage] = {}
        for place in np.argsort(-chances, kind="stable").tolist():
            row = self._rows[rows[place]]
            so_far = found.get(row.section)
            if so_far is None:
                found[row.section] = self._passage(row, float(chances[place]), text)
            else:
                # Parts of one section, or its headings, speak for it together.
                found[row.section] = replace(so_far, score=_chance(so_far.score + float(chances[place])))
        return sorted(found.values(), key=lambda passage: -passage.score)

    def _nearest(self, question: Placed, words: Floats32, language: Language) -> tuple[Ints, Floats32]:
        """The rows nearest to a question, and their features."""
        own = self._of_language[language]
        alone = self._translation_of == np.arange(len(self._sections))
        (eligible,) = np.nonzero((own | alone)[self._section_of])
        as_whole = self._wholes[eligible] @ question.whole
        in_common = words[self._section_of[eligible]]
        coarse = self.model.scores(as_whole, as_whole, in_common)
        kept = np.argsort(-coarse, kind="stable")[:_LOOKED_AT]
        rows, as_whole, in_common = eligible[kept], as_whole[kept], in_common[kept]
        by_tokens = self._by_tokens(question, rows)
        scores = self.model.scores(by_tokens, as_whole, in_common)
        leads = ahead(scores, self._section_of[rows])
        order = np.argsort(-scores, kind="stable")[:READ]
        features = np.stack([by_tokens, as_whole, in_common, leads], 1)[order]
        return rows[order], features.astype(np.float32)

    def _by_tokens(self, question: Placed, rows: Ints) -> Floats32:
        """Of each token of the question the likest of a row's, as much as it counts; (rows,)."""
        several = [self._rows[row].placed.tokens for row in rows.tolist()]
        first = np.cumsum([0, *(len(tokens) for tokens in several[:-1])])
        near = question.tokens @ np.concatenate(several).astype(np.float32).T
        by_tokens: Floats32 = question.counts @ np.maximum.reduceat(near, first, axis=1)
        return by_tokens

    def _passage(self, row: _Row, chance: float, question: str) -> Passage:
        section, sentences = self._sections[row.section], self.model.sentences
        if section.introduces:
            chance *= _INTRODUCES
        asked = np.concatenate([part.vectors for part in self._parts(question)])[: MOST[QUESTION]]
        answer, none = sentences.answer(asked, section.text, row.said)
        return Passage(
            page=section.page,
            title=section.title,
            text=section.text,
            language=section.language,
            score=_chance(chance),
            answer=answer,
            stated=none < sentences.lacking,
        )


def _chance(summed: float) -> float:
    return round(min(1.0, summed), 4)


def ahead(scores: Floats32, sections: Sequence[int] | Ints) -> Floats32:
    """By how much each score is ahead of the best of another section; 0 where there is none."""
    best: dict[int, float] = {}
    for section, score in zip(np.asarray(sections).tolist(), scores.tolist(), strict=True):
        best[section] = max(score, best.get(section, -np.inf))
    ranked = sorted(best.items(), key=lambda pair: -pair[1])[:2]
    if len(ranked) < 2:
        return np.zeros(len(scores), np.float32)
    others = np.where(np.asarray(sections) == ranked[0][0], ranked[1][1], ranked[0][1])
    return (scores - others).astype(np.float32)
