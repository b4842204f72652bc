"""Which line of what a shop writes of a product answers a question, over invented shops that it was developed on.

    python -m tests.benchmarks.goods_facts [--write]

`fact_rows.jsonl` has a question a line, with its shop and product, and the attributes (or `description`) that answer it
by the reading of a person who saw the shop's data and nothing of the bot; none where nothing is stated.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import nlu
from bot.conversation.skills import qualities
from bot.conversation.skills.goods.facts import PERHAPS, SURE, line_of
from kernel.intervals import wilson
from nlu.pages import PagesModel
from nlu.pages.lines import LineReader
from storage.catalogue import Catalogue
from tests.benchmarks.report import machine, table, today, write_section
from tests.benchmarks.talk import stage

_HERE = Path(__file__).parent
_ROWS = _HERE / "fact_rows.jsonl"
_SHOPS = _HERE / "talk_shops"
_NAMES = {"zh": "Chinese", "en": "English"}


async def read(reader: LineReader, rows: Sequence[Mapping[str, Any]]) -> list[tuple[str, float, bool, bool]]:
    """Of each question its language, the best line's chance, whether that line answers, and whether any does."""
    found = []
    for shop in sorted({row["shop"] for row in rows}):
        async with stage(_SHOPS / shop) as open_shop, open_shop.store.read() as connection:
            for row in (one for one in rows if one["shop"] == shop):
                product = await Catalogue(connection).get(row["product"])
                if product is None:
                    raise SystemExit(f"{shop} has no product {row['product']}")
                language = row["language"]
                told = [(one.key, line_of(one)) for one in qualities.facts_of(product, language)]
                description = product.description(language)
                told += [("description", description)] if description else []
                chances = reader.shares(row["asked"], [line for _, line in told])
                chance, place = max(zip(chances, range(len(told)), strict=True))
                right = told[place][0] in row["answered_by"]
                found.append((language, chance, right, bool(row["answered_by"])))
    return found


def section(found: Sequence[tuple[str, float, bool, bool]]) -> str:
    """What was read as it is labelled, as a page."""
    lines = []
    for language, spoken in _NAMES.items():
        own = [one for one in found if one[0] == language]
        stated, unstated = [one for one in own if one[3]], [one for one in own if not one[3]]
        sure = [one for one in own if one[1] >= SURE]
        lines.append(
            [
                spoken,
                _share(sum(one[2] for one in stated), len(stated)),
                _share(sum(one[2] for one in sure), len(sure)),
                _share(sum(one[1] >= SURE for one in unstated), len(unstated)),
                _share(sum(one[1] >= PERHAPS for one in unstated), len(unstated)),
            ]
        )
    header = [
        "asked in", "the right line first", f"right of those told from {SURE} on",
        f"of nothing stated, told from {SURE} on", f"… shown with the rest from {PERHAPS} on",
    ]  # fmt: skip
    return f"""## The fact of a product that answers

`make bench-facts`, {today()}, {machine()}.

Questions of one product over three invented shops on which this was developed (none held out). A line is an attribute
with its value, or the description; it is read by itself, without the words of labels and qualities that the bot looks
at first. Intervals are 95 %.

{table(header, lines)}
"""


def _share(hits: int, of: int) -> str:
    if not of:
        return ""
    low, high = wilson(hits, of)
    return f"{hits} of {of}, {100 * hits / of:.0f} % ({100 * low:.0f} to {100 * high:.0f})"


async def main() -> None:
    """Read, count and report."""
    parser = argparse.ArgumentParser(description="Which fact of a product answers a question.")
    parser.add_argument("--write", action="store_true", help="replace the section in docs/benchmarks.md")
    given = parser.parse_args()
    understander = nlu.load()
    reader = LineReader(PagesModel.of(understander.folder, understander.encoder))
    rows = [json.loads(line) for line in _ROWS.read_text("utf-8").splitlines()]
    report = section(await read(reader, rows))
    print(report)
    if given.write:
        write_section("facts", report)


if __name__ == "__main__":
    asyncio.run(main())
