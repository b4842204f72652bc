"""Fits what tells a question for the pages from one about goods, and says how often it is right in a shop left out.

    python -m tests.benchmarks.page_or_goods [--write]

The first message of every dialogue of the development shops: of pages (those that nothing answers, too), or of goods
and needs. The weights go by hand into `bot.conversation.skills.page_or_goods`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

from bot.conversation.skills.page_or_goods import HARDLY, RATHER, evidence
from kernel.arrays import Bools, Floats
from kernel.intervals import wilson
from nlu.acts import DialogueState
from nlu.types import DialogueContext
from tests.benchmarks.report import machine, table, today, write_section
from tests.benchmarks.talk import stage

_HERE = Path(__file__).parent
_ROWS, _SHOPS = _HERE / "answer_rows" / "development", _HERE / "talk_shops"
_KINDS = {"pages": True, "goods": False, "needs": False}
_NAMES = {"zh": "Chinese", "en": "English"}


async def collected() -> tuple[Floats, Bools, list[str], list[str]]:
    """What is weighed, shape (messages, 5), whether each is for the pages, its shop and its language."""
    weighed, of_pages, shops, languages = list[tuple[float, ...]](), list[bool](), list[str](), list[str]()
    for shop in sorted({path.stem.rpartition("_")[0] for path in _ROWS.glob("*_??.jsonl")}):
        if not (_SHOPS / shop).is_dir():
            continue
        async with stage(_SHOPS / shop) as standing:
            reader = standing.engine._services.reader
            for path in sorted(_ROWS.glob(f"{shop}_*.jsonl")):
                for row in map(json.loads, path.read_text("utf-8").splitlines()):
                    if row["kind"] not in _KINDS or row.get("customer"):
                        continue
                    context = DialogueContext(
                        language=row["language"],
                        previous_intents=(),
                        now=standing.now,
                        time_zone="UTC",
                        state=DialogueState(),
                    )
                    (read,) = await reader.understand([row["turns"][0]["say"]], context)
                    told = await evidence(reader, read, row["language"])
                    if told is not None:
                        weighed.append(told)
                        of_pages.append(_KINDS[row["kind"]])
                        shops.append(shop)
                        languages.append(row["language"])
    return np.array(weighed), np.array(of_pages), shops, languages


def chances(weighed: Floats, of_pages: Bools, shops: Sequence[str]) -> Floats:
    """Of each message, by a fit on the other shops."""
    found, shop_of = np.zeros(len(of_pages)), np.array(shops)
    for shop in set(shops):
        others = shop_of != shop
        found[~others] = fitted(weighed[others], of_pages[others]).predict_proba(weighed[~others])[:, 1]
    return found


def fitted(weighed: Floats, of_pages: Bools) -> LogisticRegression:
    """The regression."""
    return LogisticRegression(C=3, max_iter=3000).fit(weighed, of_pages)


def section() -> str:
    """The section of the page."""
    weighed, of_pages, shops, languages = asyncio.run(collected())
    chance, model = chances(weighed, of_pages, shops), fitted(weighed, of_pages)
    rows = []
    for language, name in _NAMES.items():
        own = np.array([one == language for one in languages])
        for kind, of_kind in (("for the pages", of_pages), ("about goods", ~of_pages)):
            mine = chance[own & of_kind]
            taken = mine >= RATHER if kind == "for the pages" else mine < RATHER
            rows.append(
                [
                    f"{name}, {kind}",
                    str(len(mine)),
                    _share(taken),
                    _share(mine < HARDLY),
                    _share(mine > 1 - HARDLY),
                ]
            )
    header = ["message", "rows", "taken for that", f"chance below {HARDLY:g}", f"chance above {1 - HARDLY:g}"]
    weights = ", ".join(f"{one:.2f}" for one in model.coef_[0])
    return f"""## For the pages, or about goods

`python -m tests.benchmarks.page_or_goods`, {today()}, {machine()}.

First messages to {len(set(shops))} invented shops on which this was developed (none held out), each judged by a fit on
the other shops. Fitted on all: constant {model.intercept_[0]:.2f}; weights {weights}. Intervals are 95 %.

{table(header, rows)}
"""


def _share(taken: Bools) -> str:
    low, high = wilson(int(taken.sum()), len(taken))
    return f"{100 * taken.mean():.0f} % ({100 * low:.0f} to {100 * high:.0f})"


def main() -> None:
    """Fit and print; with --write also into docs/benchmarks.md."""
    parser = argparse.ArgumentParser(
        description="Questions for the pages and questions about goods told apart."
    )
    parser.add_argument("--write", action="store_true", help="replace the section in docs/benchmarks.md")
    options = parser.parse_args()
    report = section()
    print(report)
    if options.write:
        write_section("page-or-goods", report)


if __name__ == "__main__":
    main()
