"""Asks the bot what its shops' pages, products and orders answer, and counts what of it came right.

    python -m tests.benchmarks.answers SHOPS QUESTIONS [--kind pages] [--out FOLDER] [--write]

`SHOPS` holds a folder a shop, as `tests.benchmarks.talk` plays them; `QUESTIONS` `*.jsonl` with a row a dialogue: its
shop, language, kind, customer and messages, each with groups of strings of which one has to stand in a right answer
(`must`) and strings that only a wrong one holds (`must_not`). Rows of pages name the section that answers (`entry`,
and `also`), or none; rows of needs the products that fit what was said and those that break it; rows of orders the
number that one of the answers has to hold. Strings are a floor, no grade: the transcripts that `--out` keeps are for a
reader.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import json
import re
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kernel.intervals import wilson
from nlu.pages import Section, read_pages
from tests.benchmarks.page_rankings import right_first
from tests.benchmarks.report import machine, table, today, write_section
from tests.benchmarks.stage import Stage
from tests.benchmarks.talk import stage

KINDS = ("pages", "goods", "needs", "orders")
_SENTENCE = re.compile(r"(?<=[。！？；!?;])|(?<=\.)\s|\n")
_LEAST_QUOTED = 12
_CARD = re.compile(r"^  \* (.+?) \| ", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What of a shop the answers are compared with."""

    sections: tuple[Section, ...]
    products: Mapping[str, str]
    """Ids by names, in both languages."""

    @classmethod
    def of(cls, shop: Path) -> Facts:
        """Read a shop's folder."""
        products: dict[str, str] = {}
        with (shop / "products.csv").open(encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(file):
                products |= {row[name].strip(): row["code"] for name in ("name_zh", "name_en") if row[name]}
        return cls(sections=tuple(read_pages(shop / "pages")), products=products)

    def quoted(self, answer: str) -> set[tuple[str, str]]:
        """Page and heading of each section of which a sentence stands in an answer."""
        found = set()
        for section in self.sections:
            sentences = (one.strip() for one in _SENTENCE.split(section.text))
            if any(len(one) >= _LEAST_QUOTED and one in answer for one in sentences):
                found.add((section.page, section.title))
        return found

    def shown(self, answer: str) -> set[str]:
        """Ids of the products on an answer's cards."""
        return {self.products[title] for title in _CARD.findall(answer) if title in self.products}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A row with the bot's answers."""

    row: Mapping[str, Any]
    answers: tuple[str, ...]
    came: str
    """right, wrong or silent."""
    took: float
    """Seconds for all messages."""


async def ask(stage: Stage, row: Mapping[str, Any], facts: Facts) -> Asked:
    """All messages of a row, in a conversation of their own."""
    stage.now = stage.opened_at
    address = await stage.enter(row["customer"] or "", row["language"])
    began = time.perf_counter()
    answers = tuple(
        [
            await stage.say(address, turn["say"], f"{stage.count}-{number}", row["language"])
            for number, turn in enumerate(row["turns"])
        ]
    )
    took = time.perf_counter() - began
    await stage.clear()
    return Asked(row=row, answers=answers, came=came(row, answers, facts), took=took)


def came(row: Mapping[str, Any], answers: Sequence[str], facts: Facts) -> str:
    """right, wrong or silent: by the last answer, of goods and orders by all of them."""
    last = answers[-1]
    match row["kind"]:
        case "pages":
            return _of_pages(row, last, facts)
        case "needs":
            return _of_needs(row, facts.shown(last))
        case "orders":
            about = row.get("order")
            right = holds(row["turns"], answers) and (about is None or str(about) in "\n".join(answers))
            return "right" if right else "wrong"
        case _:
            return "right" if holds(row["turns"], answers) else "wrong"


def _of_pages(row: Mapping[str, Any], answer: str, facts: Facts) -> str:
    quoted = facts.quoted(answer)
    if row["entry"] is None:
        return "wrong" if quoted else "right"
    if holds(row["turns"], [answer]):
        return "right"
    wanted = {tuple(entry) for entry in (row["entry"], *row.get("also", ()))}
    return "wrong" if quoted - wanted and not quoted & wanted else "silent"


def _of_needs(row: Mapping[str, Any], shown: set[str]) -> str:
    if shown & set(row["broken"]):
        return "wrong"
    return "right" if (shown & set(row["fits"])) or not (row["fits"] or shown) else "silent"


def holds(turns: Sequence[Mapping[str, Any]], answers: Sequence[str]) -> bool:
    """Whether every answer has what any right answer has to hold, and nothing that a wrong one holds."""
    for turn, answer in zip(turns, answers, strict=True):
        said = answer.casefold()
        if not all(any(one.casefold() in said for one in group) for group in turn.get("must", ())):
            return False
        if any(one.casefold() in said for one in turn.get("must_not", ())):
            return False
    return True


async def main() -> None:
    """Ask, count, and keep the transcripts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("shops", type=Path)
    parser.add_argument("questions", type=Path)
    parser.add_argument("--kind", choices=KINDS, help="only these")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--write", action="store_true", help="replace the section in docs/benchmarks.md")
    given = parser.parse_args()
    rows = [
        json.loads(line)
        for path in sorted(given.questions.glob("*.jsonl"))
        for line in path.read_text("utf-8").splitlines()
        if line.strip()
    ]
    if not rows:
        parser.error(f"{given.questions} holds no questions: name a folder with *.jsonl")
    asked: list[Asked] = []
    for shop in sorted({row["shop"] for row in rows}):
        facts = Facts.of(given.shops / shop)
        async with stage(given.shops / shop) as open_shop:
            for row in rows:
                if row["shop"] == shop and given.kind in (None, row["kind"]):
                    asked.append(await ask(open_shop, row, facts))
    report = section(asked)
    if given.kind in (None, "pages"):
        report += ranking_table(right_first(given.shops, rows))
    print(report)
    if given.write:
        write_section("answers", report)
    if given.out is not None:
        given.out.mkdir(parents=True, exist_ok=True)
        for kind in KINDS:
            text = "\n\n".join(transcript(one) for one in asked if one.row["kind"] == kind)
            (given.out / f"{kind}.md").write_text(text + "\n", "utf-8")


def section(asked: Sequence[Asked]) -> str:
    """What came right by kind and language, as a page."""
    rows = []
    for name, some in _groups(asked):
        counts = Counter(one.came for one in some)
        shares = [_share(counts[came], len(some)) for came in ("right", "wrong", "silent")]
        times = sorted(one.took / len(one.answers) for one in some)
        rows.append([name, str(len(some)), *shares, f"{1e3 * times[len(times) // 2]:.0f}"])
    header = ["asked of", "rows", "right", "wrong", "silent or beside it", "ms a message"]
    return f"""## Answers from what two invented shops know

`make bench-answers`, {today()}, {machine()}.

Questions by writers who saw the shops' data and nothing of the bot; those of four further shops (`development`) were
used to develop it and are not counted. The shops are those of the conversations above: pages and products of the two
that are counted, and conversations over them, may have been seen in transcripts while the bot was made. Right: the
answer holds the strings that any right answer has to hold and none of a wrong one; of orders, the order's number
stands in one of the answers, too; of what no page answers, no page is quoted; of needs, one of the products shown
fits, or none is shown where none fits, and none breaks what was said. Wrong: of pages another section is quoted, of
needs a product breaks what was said, of goods and orders all else. Strings are a floor for facts, no grade. Intervals
are 95 %.

{table(header, rows)}
"""


def ranking_table(first: Sequence[Sequence[str]]) -> str:
    """Which way of searching the pages puts the right entry first."""
    return f"""
Of the questions that an entry of the pages answers, how often it comes first, however sure; none of these ways sees
what kind of wish the message is:

{table(["search", "Chinese", "English"], first)}
"""


def _groups(asked: Sequence[Asked]) -> list[tuple[str, list[Asked]]]:
    found: dict[str, list[Asked]] = {}
    for one in asked:
        kind, language = one.row["kind"], {"zh": "Chinese", "en": "English"}[one.row["language"]]
        if kind == "pages" and one.row["entry"] is None:
            kind = "pages, answered by none"
        found.setdefault(f"{kind}, {language}", []).append(one)
    return sorted(found.items())


def _share(hits: int, count: int) -> str:
    low, high = wilson(hits, count)
    return f"{100 * hits / count:.0f} % ({100 * low:.0f} to {100 * high:.0f})"


def transcript(one: Asked) -> str:
    """A row to be read."""
    row = one.row
    wanted = {name: row[name] for name in ("entry", "also", "fits", "order", "stated") if name in row}
    lines = [f"## {one.came}: {row['kind']} ({row['shop']}, {row['customer'] or 'visitor'}) {wanted}"]
    for turn, answer in zip(row["turns"], one.answers, strict=True):
        lines += [f"C: {turn['say']}", f"   (must: {turn.get('must', [])})", f"B: {answer}"]
    return "\n".join(lines)


if __name__ == "__main__":
    asyncio.run(main())
