"""Whether a question finds its answer on the shop's pages, in either language for either language.

    python -m tests.benchmarks.nlu_pages [--model FOLDER] [--part report] [--write]

`nlu_pages.tsv` holds questions worded otherwise than the headings of the demo shop's pages, each with the English
heading of the section that answers it, and questions that no page answers. The rows `tune` chose the constants of
`nlu/pages/`; the rows `report` belong to other sections and are for reporting alone. A passage counts as wrong
whenever it is not the one named, even where it answers as well.
"""

from __future__ import annotations

import argparse
import random
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import nlu
from bot.conversation.skills.pages import NEAR
from bot.conversation.texts import Texts
from kernel.arrays import Floats32
from kernel.intervals import wilson
from nlu.datafiles import read_table
from nlu.pages import Embed, MarkdownPages, Section, embedding_of, read_pages
from nlu.types import Language, Passage, Understander
from nlu.workshop.evaluation import percentiles
from tests.benchmarks.report import machine, table, today, write_section

QUESTIONS = Path(__file__).with_suffix(".tsv")
PAGES = Path(__file__).parents[2] / "bot" / "shop" / "pages"
_GENERAL = "page-question-"
FOR_PAGES = {
    name.removeprefix(_GENERAL) for name in Texts.load().variables["en"] if name.startswith(_GENERAL)
}
"""Intents that have a general passage."""
OTHER: dict[Language, Language] = {"zh": "en", "en": "zh"}
NAMES = {"zh": "Chinese", "en": "English"}
SEED = 11
SMALL, SHOPS = 3, 60
PASSAGES, SEARCHES = 1_000, 300

Key = tuple[str, int]
"""A page and a place on it: the same entry in both languages."""
Gone = tuple[Language, Key] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One row; `entry` is None where no page answers it."""

    text: str
    language: Language
    entry: Key | None


@dataclass(frozen=True, slots=True)
class Shop:
    """The demo shop's pages."""

    entries: dict[Language, dict[Key, Section]]
    introductions: list[Section]

    @classmethod
    def read(cls) -> Shop:
        """The sections that answer a question, and what introduces a page, which nobody here asks for."""
        entries: dict[Language, dict[Key, Section]] = {"zh": {}, "en": {}}
        places: Counter[tuple[Language, str]] = Counter()
        sections = read_pages(PAGES)
        for section in sections:
            if not section.introduces:
                place = section.language, section.page
                entries[section.language][section.page, places[place]] = section
                places[place] += 1
        return cls(entries, [section for section in sections if section.introduces])

    def key(self, section_title: str, page: str, language: Language) -> Key | None:
        """The entry of a passage; None for an introduction."""
        of_language = self.entries[language].items()
        return next((key for key, one in of_language if (one.page, one.title) == (page, section_title)), None)


@dataclass(slots=True)
class Outcome:
    """How often what happened."""

    hits: int = 0
    wrong: int = 0
    silent: int = 0
    chatter: int = 0
    """Questions that no page answers, answered all the same …"""
    unanswerable: int = 0
    """… of so many."""

    def add(self, wanted: Key | None, there: bool, found: Key | None) -> None:
        """`there`: whether anything was found at all."""
        if wanted is None:
            self.unanswerable += 1
            self.chatter += there
        elif not there:
            self.silent += 1
        elif found == wanted:
            self.hits += 1
        else:
            self.wrong += 1

    def cells(self) -> list[str]:
        """Shares with their intervals."""
        asked = self.hits + self.wrong + self.silent
        shares = [(self.hits, asked), (self.wrong, asked), (self.silent, asked)]
        return [_share(*pair) for pair in [*shares, (self.chatter, self.unanswerable)]]


def _share(count: int, of: int) -> str:
    if not of:
        return ""
    low, high = wilson(count, of)
    return f"{count} of {of} ({max(0.0, low):.0%}–{high:.0%})"


def questions(part: str, shop: Shop) -> list[Question]:
    """The rows of a part.

    Raises:
        KeyError: a row names a heading that the English pages don't have.
    """
    headings = {(one.page, one.title): key for key, one in shop.entries["en"].items()}
    return [
        Question(
            text=row["question"],
            language="zh" if row["language"] == "zh" else "en",
            entry=headings[row["page"], row["answer"]] if row["page"] else None,
        )
        for row in read_table(QUESTIONS, ["part", "language", "question"])
        if row["part"] == part
    ]


def remembered(embed: Embed) -> Embed:
    """Encodes every text once, however many sets of pages hold it."""
    known: dict[str, Floats32] = {}

    def look_up(texts: Sequence[str]) -> Floats32:
        new = [text for text in dict.fromkeys(texts) if text not in known]
        known.update(zip(new, embed(new), strict=True))
        return np.stack([known[text] for text in texts])

    return look_up


def ask(shop: Shop, pages: MarkdownPages, asked: Iterable[Question], outcome: Outcome) -> None:
    """Ask all and count."""
    for question in asked:
        count(shop, question, pages.search(question.text, question.language, 1), outcome)


def count(shop: Shop, question: Question, found: Sequence[Passage], outcome: Outcome) -> None:
    """Count what was found for a question."""
    key = shop.key(found[0].title, found[0].page, found[0].language) if found else None
    outcome.add(question.entry, bool(found), key)


def loaded(shop: Shop, embed: Embed, languages: Sequence[Language], without: Gone = None) -> MarkdownPages:
    """The demo shop's pages in these languages, without one entry in one of them."""
    sections = [
        section
        for language in languages
        for key, section in shop.entries[language].items()
        if (language, key) != without
    ]
    introductions = [one for one in shop.introductions if one.language in languages]
    return MarkdownPages([*sections, *introductions], embed)


def measure(shop: Shop, embed: Embed, asked: Sequence[Question]) -> list[list[str]]:
    """The rows of the table."""
    rows = []
    for language, other in OTHER.items():
        mine = [question for question in asked if question.language == language]
        for name, languages in (("its own", [language]), ("the other", [other]), ("both", [language, other])):
            outcome = Outcome()
            ask(shop, loaded(shop, embed, languages), mine, outcome)
            rows.append([NAMES[language], name, *outcome.cells()])
        outcome = Outcome()
        for question in mine:
            if question.entry is not None:
                pages = loaded(shop, embed, [language, other], (language, question.entry))
                ask(shop, pages, [question], outcome)
        rows.append([NAMES[language], "both, but the answer in the other alone", *outcome.cells()])
    return rows


def measure_known(
    shop: Shop, understander: Understander, embed: Embed, asked: Sequence[Question]
) -> list[list[str]]:
    """What the bot answers where it knows by the intent that a question is one for the pages.

    The nearest passage if it is near enough, else the general one of the intent; with the bar that the bot sets for
    these and, beside it, with the threshold for questions of which nothing is known.
    """
    texts = Texts.load()
    pages = loaded(shop, embed, ["zh", "en"])
    known = [(one, understander.understand([one.text])[0].intent) for one in asked]
    rows = []
    for name, bar in (
        ("nearest by the threshold, else general", None),
        ("nearest by the bot's bar, else general", NEAR),
    ):
        outcome = Outcome()
        for question, intent in known:
            if intent in FOR_PAGES:
                spoken = question.language
                found = pages.search(question.text, spoken, 1, at_least=bar)
                count(
                    shop,
                    question,
                    found or pages.search(texts.say(spoken, f"{_GENERAL}{intent}"), spoken, 1),
                    outcome,
                )
        rows.append(["both, the intent known", name, *outcome.cells()])
    return rows


def measure_small(shop: Shop, embed: Embed, asked: Sequence[Question]) -> list[list[str]]:
    """Shops of three entries: who asks for one of them, and who asks for anything else."""
    rows = []
    keys = sorted({question.entry for question in asked if question.entry is not None})
    for name, turned in (("its own", False), ("the other", True)):
        draw, outcome = random.Random(SEED), Outcome()
        for _ in range(SHOPS):
            kept = draw.sample(keys, SMALL)
            for language in OTHER:
                of = OTHER[language] if turned else language
                pages = MarkdownPages([shop.entries[of][key] for key in kept], embed)
                ask(shop, pages, (_in_shop(one, kept) for one in asked if one.language == language), outcome)
        rows.append([f"{SHOPS} shops of {SMALL} entries", name, *outcome.cells()])
    return rows


def _in_shop(question: Question, kept: Sequence[Key]) -> Question:
    known = question.entry in kept
    return Question(text=question.text, language=question.language, entry=question.entry if known else None)


def measure_speed(shop: Shop, embed: Embed, asked: Sequence[Question]) -> tuple[float, float, float]:
    """Milliseconds of a search among a thousand passages whose question is encoded already."""
    own = [section for entries in shop.entries.values() for section in entries.values()]
    pages = MarkdownPages((own * (PASSAGES // len(own) + 1))[:PASSAGES], embed)
    took = []
    for question in (list(asked) * (SEARCHES // len(asked) + 1))[:SEARCHES]:
        vector = embed([question.text])[0]
        began = time.perf_counter()
        pages.search(question.text, question.language, 3, vector)
        took.append(1000 * (time.perf_counter() - began))
    return percentiles(took)


def section(model: Path | None, part: str) -> str:
    """The section of the page."""
    shop = Shop.read()
    understander = nlu.load(model)
    embed = remembered(embedding_of(understander))
    asked = questions(part, shop)
    answerable = sum(question.entry is not None for question in asked)
    middle, late, _ = measure_speed(shop, embed, asked)
    header = [
        "asked in",
        "pages in",
        "right passage",
        "wrong passage",
        "silent",
        "answered though no page does",
    ]
    rows = [
        *measure(shop, embed, asked),
        *measure_known(shop, understander, embed, asked),
        *measure_small(shop, embed, asked),
    ]
    return f"""### Answers from the shop's own pages

`python -m tests.benchmarks.nlu_pages`, {today()}, {machine()}. {answerable} questions in two languages, worded
otherwise than the headings of the demo shop's {len(shop.entries["en"])} entries, and {len(asked) - answerable} that no
page answers (`tests/benchmarks/nlu_pages.tsv`, rows `{part}`); 95 % intervals. A shop of {SMALL} entries is asked
everything: what it does not hold counts as unanswered by any page. Whoever is known by their intent to ask for the
pages is answered in any case, by the nearest passage or by the general one of the intent. A search among
{PASSAGES:,} passages takes {middle:.2f} ms (p95 {late:.2f}) beside the encoding.

{table(header, rows)}
"""


def main() -> None:
    """Measure and print; with --write also into docs/benchmarks.md."""
    parser = argparse.ArgumentParser(description="Questions answered from the shop's pages.")
    parser.add_argument("--model", type=Path, help="a model's folder; the shipped one by default")
    parser.add_argument("--part", choices=("report", "tune"), default="report", help="which questions")
    parser.add_argument("--write", action="store_true", help="replace the section in docs/benchmarks.md")
    options = parser.parse_args()
    report = section(options.model, options.part)
    print(report)
    if options.write:
        write_section("nlu-pages", report)


if __name__ == "__main__":
    main()
