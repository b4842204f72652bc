"""Whether a question finds its answer on a shop's pages, on shops that nothing was learned from.

    python -m tests.benchmarks.nlu_pages [--model FOLDER] [--write]

The shops of `nlu/corpus/heldout/pages` taught nothing and chose no threshold. Each entry has questions in both
languages, worded as far from it as customers word them; some go on from the message before; some are answered nowhere.
Beside it stand the demo shop's questions of `nlu_pages.tsv` (rows `report`): a passage counts as wrong whenever it is
not the one named, even where it answers as well. Words alone are BM25 over jieba's words, with the threshold that keeps
it as rarely wrong on the shops that chose ours.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import nlu
from bot.conversation.skills.pages import NEAR
from kernel.intervals import wilson
from nlu.datafiles import read_table
from nlu.pages import MarkdownPages, PagesModel, Section, read_pages
from nlu.pages.bm25 import Bm25
from nlu.pages.searching import HEADING_TIMES
from nlu.types import Language
from nlu.workshop.evaluation import percentiles
from nlu.workshop.passages.building import TUNED_ON
from nlu.workshop.passages.calibration import UNANSWERED, WRONG
from nlu.workshop.passages.corpus import FOLDER, HELD_OUT, PagesOfShop, read_shops
from tests.benchmarks.report import machine, table, today, write_section

QUESTIONS = Path(__file__).with_suffix(".tsv")
PAGES = Path(__file__).parents[2] / "bot" / "shop" / "pages"
NAMES = {"zh": "Chinese", "en": "English"}
PASSAGES, SEARCHES = 1_000, 200

Key = tuple[str, str]
"""Title and text of a section."""
Answers = Callable[[str, str, Language], tuple[Key, float] | None]
"""A question, the message before and the language → the best section and its chance or score, however small."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked, and the sections that answer, in either language; none where nothing does."""

    text: str
    before: str
    language: Language
    right: frozenset[Key]
    answer: str = ""
    """The stretch that answers."""


@dataclass(slots=True)
class Outcome:
    """How often what happened."""

    best: int = 0
    """The nearest is right, however sure."""
    hits: int = 0
    wrong: int = 0
    answerable: int = 0
    chatter: int = 0
    """Questions that nothing answers, answered all the same …"""
    unanswerable: int = 0
    """… of so many."""

    def add(self, question: Question, found: tuple[Key, float] | None, least: float) -> None:
        """Count one."""
        said = found is not None and found[1] >= least
        right = found is not None and found[0] in question.right
        if not question.right:
            self.unanswerable += 1
            self.chatter += said
            return
        self.answerable += 1
        self.best += right
        self.hits += said and right
        self.wrong += said and not right

    def cells(self) -> list[str]:
        """Shares with their intervals."""
        silent = self.answerable - self.hits - self.wrong
        of = self.answerable
        shares = [(self.best, of), (self.hits, of), (self.wrong, of), (silent, of)]
        return [_share(*pair) for pair in [*shares, (self.chatter, self.unanswerable)]]


def _share(count: int, of: int) -> str:
    if not of:
        return ""
    low, high = wilson(count, of)
    return f"{count} of {of} ({max(0.0, low):.0%}–{high:.0%})"


def sections_of(shop: PagesOfShop) -> list[Section]:
    """A shop's entries as sections."""
    return [
        Section(page=entry.page, title=entry.title, text=entry.text, language=entry.language)
        for entry in shop.entries
    ]


def questions_of(shop: PagesOfShop) -> list[Question]:
    """A shop's questions."""
    return [
        Question(
            text=one.text,
            before=one.before,
            language=one.language,
            right=frozenset(
                (entry.title, entry.text) for entry in shop.entries if entry.number in one.entries
            ),
            answer=one.answer,
        )
        for one in shop.asked
    ]


def demo(part: str) -> tuple[list[Section], list[Question]]:
    """The demo shop's sections, and the rows of a part.

    Raises:
        KeyError: a row names a heading that the English pages don't have.
    """
    sections = read_pages(PAGES)
    entries = {
        language: [one for one in sections if one.language == language and not one.introduces]
        for language in ("zh", "en")
    }
    names = dict.fromkeys(one.page for one in entries["en"])
    ordered = {
        language: [one for name in names for one in several if one.page == name]
        for language, several in entries.items()
    }
    twins = {(one.page, one.title): place for place, one in enumerate(ordered["en"])}
    asked = []
    for row in read_table(QUESTIONS, ["part", "language", "question"]):
        if row["part"] != part:
            continue
        right = frozenset[Key]()
        if row["page"]:
            place = twins[row["page"], row["answer"]]
            right = frozenset((ordered[one][place].title, ordered[one][place].text) for one in ("zh", "en"))
        language: Language = "zh" if row["language"] == "zh" else "en"
        asked.append(Question(text=row["question"], before="", language=language, right=right))
    return sections, asked


def by_model(sections: Sequence[Section], model: PagesModel) -> Answers:
    """The search that ships."""
    pages = MarkdownPages(sections, model)

    def answers(text: str, before: str, language: Language) -> tuple[Key, float] | None:
        found = pages.search(text, language, 1, before, 0.0)
        return ((found[0].title, found[0].text), found[0].score) if found else None

    return answers


def by_words(sections: Sequence[Section], _: PagesModel) -> Answers:
    """BM25 over the sections in the language asked."""
    of_language = {language: [one for one in sections if one.language == language] for language in NAMES}
    indexes = {
        language: Bm25((one.title, HEADING_TIMES, one.text) for one in several)
        for language, several in of_language.items()
    }

    def answers(text: str, before: str, language: Language) -> tuple[Key, float] | None:
        shares = indexes[language].shares(f"{text} {before}")
        best = of_language[language][int(shares.argmax())]
        return (best.title, best.text), float(shares.max())

    return answers


def ask(answers: Answers, asked: Iterable[Question], outcome: Outcome, least: float) -> None:
    """Ask all and count."""
    for one in asked:
        outcome.add(one, answers(one.text, one.before, one.language), least)


def least_for_words(model: PagesModel) -> float:
    """The threshold of words alone, on the shops that chose ours."""
    shops = [shop for shop in read_shops(FOLDER) if shop.name in TUNED_ON]
    levels: list[float] = np.linspace(0.0, 1.0, 101).tolist()
    outcomes = [Outcome() for _ in levels]
    for shop in shops:
        answers = by_words(sections_of(shop), model)
        for one in questions_of(shop):
            found = answers(one.text, one.before, one.language)
            for level, outcome in zip(levels, outcomes, strict=True):
                outcome.add(one, found, level)
    return next(
        level
        for level, one in zip(levels, outcomes, strict=True)
        if one.wrong <= WRONG * one.answerable and one.chatter <= UNANSWERED * one.unanswerable
    )


def rows(model: PagesModel) -> list[list[str]]:
    """The table."""
    ways = (
        ("this search", by_model, model.threshold),
        ("… where the intent is one for pages", by_model, NEAR),
        ("words alone", by_words, least_for_words(model)),
    )
    shops = [(sections_of(shop), questions_of(shop)) for shop in read_shops(HELD_OUT)]
    found = []
    for name, way, least in ways:
        for language, spoken in NAMES.items():
            outcome = Outcome()
            for sections, asked in shops:
                ask(way(sections, model), (one for one in asked if one.language == language), outcome, least)
            found.append([name, f"{len(shops)} shops, {spoken}", *outcome.cells()])
    going_on, across = Outcome(), Outcome()
    for sections, asked in shops:
        ask(by_model(sections, model), (one for one in asked if one.before), going_on, model.threshold)
        for language, other in (("zh", "en"), ("en", "zh")):
            answers = by_model([one for one in sections if one.language == other], model)
            ask(answers, (one for one in asked if one.language == language), across, model.threshold)
    found.append(["this search", "… that go on from the message before", *going_on.cells()])
    found.append(["this search", "… pages in the other language alone", *across.cells()])
    sections, asked = demo("report")
    for name, way, least in ways:
        outcome = Outcome()
        ask(way(sections, model), asked, outcome, least)
        found.append([name, "the demo shop", *outcome.cells()])
    return found


def stretches(model: PagesModel) -> tuple[int, int, int]:
    """Of the passages that are right: how often a sentence is said first, and how often it holds what answers."""
    held = first = of = 0
    for shop in read_shops(HELD_OUT):
        pages = MarkdownPages(sections_of(shop), model)
        for one in questions_of(shop):
            passages = pages.search(one.text, one.language, 1, one.before, NEAR)
            right = passages and (passages[0].title, passages[0].text) in one.right
            if right and one.answer in passages[0].text:
                of += 1
                first += bool(passages[0].answer)
                held += one.answer.rstrip("。.") in passages[0].answer
    return held, first, of


def speed(model: PagesModel) -> tuple[float, tuple[float, float, float], tuple[float, float, float]]:
    """Seconds to build an index of a thousand passages; milliseconds of a search without and with a second reading.

    All of the processor's time, one core's at a time: what else runs on the machine counts little.
    """
    shops = read_shops(FOLDER)
    own = [section for shop in shops for section in sections_of(shop)][:PASSAGES]
    began = time.process_time()
    pages = MarkdownPages(own, model)
    built = time.process_time() - began
    asked = [one for shop in read_shops(HELD_OUT) for one in questions_of(shop)][:SEARCHES]
    whole, without = [], []
    for one in asked:
        began = time.process_time()
        pages.search(one.text, one.language, 1)
        whole.append(1000 * (time.process_time() - began))
    for one in reversed(asked):
        began = time.process_time()
        pages.nearest(f"{one.text}?", one.language)
        without.append(1000 * (time.process_time() - began))
    return built, percentiles(without), percentiles(whole)


def section(model: Path | None) -> str:
    """The section of the page."""
    understander = nlu.load(model)
    reader = PagesModel.of(understander.folder, understander.encoder)
    held, first, of = stretches(reader)
    built, without, whole = speed(reader)
    header = [
        "search",
        "asked",
        "best guess right",
        "right",
        "wrong",
        "silent",
        "answered though nothing does",
    ]
    return f"""### Answers from the shop's own pages

`python -m tests.benchmarks.nlu_pages`, {today()}, {machine()}. Shops that nothing was learned from
(`nlu/corpus/heldout/pages`), asked in both languages as customers ask; beside them the demo shop
(`tests/benchmarks/nlu_pages.tsv`, rows `report`). 95 % intervals. Of {of} passages that are right {first} have a
sentence that is said first where the entry is long, and {_share(held, first)} of those hold what answers. An index of
{PASSAGES:,} entries is built in {built:.1f} s of one core's time; a question among them takes
{without[0]:.1f} ms (p95 {without[1]:.1f}) of it without the second reading and {whole[0]:.1f} ms
(p95 {whole[1]:.1f}) with it, encoding included.

{table(header, rows(reader))}
"""


def main() -> None:
    """Measure and print; with --write also into docs/benchmarks.md."""
    parser = argparse.ArgumentParser(description="Questions answered from a shop's pages.")
    parser.add_argument("--model", type=Path, help="a model's folder; the shipped one by default")
    parser.add_argument("--write", action="store_true", help="replace the section in docs/benchmarks.md")
    options = parser.parse_args()
    report = section(options.model)
    print(report)
    if options.write:
        write_section("nlu-pages", report)


if __name__ == "__main__":
    main()
